//! Expressions that are stored on a table: resolved, checked for where they stand, and their uses noted.

use super::analyse::{Analysed, Scope, analyse_volatile, type_of};
use super::apply::{Outcome, Step};
use super::error;
use super::resolve::Missing;
use crate::change::ObjectName;
use crate::known::Section;
use crate::name::{Name, QualifiedName};
use crate::schema::{Stored, TableId};
use crate::sqltype::catalog::Volatility;
use crate::sqltype::{BaseType, Builtin, SqlType};
use crate::tree::{Expr, ExprKind};

impl Step {
    /// Resolves an expression on a table; `target` is what it is coerced to.
    pub(super) fn analyse_on(
        &mut self,
        table: TableId,
        expr: &Expr,
        target: Option<&SqlType>,
    ) -> Outcome<Stored> {
        self.resolve_on(table, expr, target).map(|(stored, _)| stored)
    }

    fn resolve_on(
        &mut self,
        table: TableId,
        expr: &Expr,
        target: Option<&SqlType>,
    ) -> Outcome<(Stored, Option<Volatility>)> {
        self.presume_columns(table, expr);
        self.check_sequences(expr)?;
        let schema = self.schema();
        let t = &schema.tables[table];
        let scope = Scope {
            schema,
            table: Some(table),
            columns: &t.columns,
            open: schema.table(table).open(Section::Columns),
            target,
            value: None,
        };
        match analyse_volatile(&scope, expr) {
            (Analysed::Done(stored), volatility) => {
                if stored.spelling.is_some() {
                    self.check_gone_types(expr)?;
                }
                self.note_uses(table, &stored.expr);
                Ok((stored, volatility))
            }
            (Analysed::Refused(mut failure), _) => {
                if failure.related.is_empty()
                    && failure.sqlstate == "42703"
                    && let Some(name) = failure.message.split('"').nth(1).map(Name::new)
                {
                    failure = self.explain_column(failure, table, &name);
                }
                Err(failure)
            }
        }
    }

    /// An expression that must give the same for ever; `message` where it does not.
    pub(super) fn immutable_on(
        &mut self,
        table: TableId,
        expr: &Expr,
        target: Option<&SqlType>,
        message: &str,
    ) -> Outcome<Stored> {
        let (stored, volatility) = self.resolve_on(table, expr, target)?;
        match volatility {
            Some(Volatility::Stable | Volatility::Volatile) if !self.calls_own(&stored.expr) => {
                Err(error::failure("42P17", message, expr.span))
            }
            Some(_) | None => Ok(stored),
        }
    }

    /// Whether an expression calls a function of the history's that is not declared immutable. That says little: the server
    /// looks into functions in SQL, and a declaration can be altered.
    fn calls_own(&self, expr: &Expr) -> bool {
        let mut found = false;
        expr.walk(&mut |e| {
            if let ExprKind::Call(call) = &e.kind {
                found |= self
                    .schema()
                    .functions
                    .iter()
                    .any(|(_, f)| f.name == call.name.name && !f.immutable && f.presence.may_be());
            }
        });
        found
    }

    /// A condition; `clause` is what the server calls it.
    pub(super) fn condition_on(&mut self, table: TableId, expr: &Expr, clause: &str) -> Outcome<Stored> {
        let stored = self.analyse_on(table, expr, None)?;
        self.check_condition(table, &stored, clause)?;
        Ok(stored)
    }

    /// The condition of a partial index.
    pub(super) fn predicate_on(&mut self, table: TableId, expr: &Expr) -> Outcome<Stored> {
        let message = "functions in index predicate must be marked IMMUTABLE";
        let stored = self.immutable_on(table, expr, None, message)?;
        self.check_condition(table, &stored, "WHERE")?;
        Ok(stored)
    }

    fn check_condition(&self, table: TableId, stored: &Stored, clause: &str) -> Outcome {
        let Some(ty) = type_of(self.schema(), &self.table(table).columns, &stored.expr) else {
            return Ok(());
        };
        let boolean = match ty.base {
            BaseType::Builtin(builtin) => !ty.array && matches!(builtin, Builtin::Bool | Builtin::Unknown),
            // A domain over boolean will do.
            BaseType::Object(_) | BaseType::Named(_) => true,
        };
        if boolean || stored.spelling.is_some() {
            return Ok(());
        }
        let shown = self.schema().format_type(&SqlType { modifier: None, ..ty });
        let message = format!("argument of {clause} must be type boolean, not type {shown}");
        Err(error::failure("42804", message, stored.expr.span))
    }

    /// Columns that an expression uses and that an open table does not list.
    fn presume_columns(&mut self, table: TableId, expr: &Expr) {
        if self.schema().table(table).open(Section::Columns).is_none() {
            return;
        }
        let mut names = Vec::new();
        expr.walk(&mut |e| {
            if let ExprKind::Column(column) = &e.kind {
                names.push(column.name.clone());
            }
        });
        let at = expr.span;
        for name in names {
            // A failure shows again, better worded, when the expression is resolved.
            let _ = self.column_named(table, &name, at);
        }
    }

    /// Types that an expression casts to and that the history dropped or renamed.
    fn check_gone_types(&mut self, expr: &Expr) -> Outcome {
        let mut named = Vec::new();
        expr.walk(&mut |e| {
            if let ExprKind::Cast(_, ty, _) = &e.kind
                && let BaseType::Named(name) = &ty.base
            {
                named.push((name.clone(), ty.clone(), e.span));
            }
        });
        for (name, ty, span) in named {
            if self.find_type(&name).is_none()
                && self.find_relation(&name).is_none()
                && matches!(self.missing_type(&name), Missing::Gone(_))
            {
                self.resolve_type(&ty, span)?;
            }
        }
        Ok(())
    }

    /// Sequences that an expression names in text: presumed where nothing made them, refused where the history freed the name.
    fn check_sequences(&mut self, expr: &Expr) -> Outcome {
        let mut named = Vec::new();
        expr.walk(&mut |e| {
            if let ExprKind::Call(call) = &e.kind
                && matches!(call.name.name.as_str(), "nextval" | "currval" | "setval")
                && let Some(first) = call.args.first()
            {
                let literal = match &first.kind {
                    ExprKind::Cast(inner, ty, _) if ty.as_builtin() == Some(Builtin::Regclass) => &inner.kind,
                    other => other,
                };
                if let ExprKind::String(text) = literal {
                    named.push((text.clone(), first.span));
                }
            }
        });
        for (text, span) in named {
            let Some(name) = written_name(&text) else {
                continue;
            };
            if self.find_relation(&name).is_some() {
                continue;
            }
            let object = ObjectName { name, span };
            match self.missing_relation(&object.name) {
                Missing::Gone(gone) => return Err(self.undefined_relation(&object, gone)),
                Missing::Hidden(_) => {}
                Missing::Never => {
                    self.sequence_named(&object)?;
                }
            }
        }
        Ok(())
    }
}

/// A name as `regclass` reads it: parts between dots, folded unless quoted.
fn written_name(text: &str) -> Option<QualifiedName> {
    let mut parts = Vec::new();
    let (mut part, mut quoted) = (String::new(), false);
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                part.push(c);
            }
            '.' if !quoted => parts.push(std::mem::take(&mut part)),
            c => part.push(c),
        }
    }
    parts.push(part);
    let name = |part: &String| Name::from_sql(part.trim());
    match parts.as_slice() {
        [bare] => Some(QualifiedName::bare(name(bare))),
        [schema, bare] => Some(QualifiedName::in_schema(name(schema), name(bare))),
        _ => None,
    }
}
