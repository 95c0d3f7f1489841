//! `ALTER COLUMN ... TYPE`: what it refuses, and what is made anew after it.
//!
//! Source: `ATPrepAlterColumnType`, `ATExecAlterColumnType` and their neighbours in `tablecmds.c`.

use super::analyse::{Analysed, CastContext, Scope, analyse, castable, type_of};
use super::apply::{Outcome, Step};
use super::depend::Edge;
use super::drop::Object;
use super::error;
use super::naming::{index_column_names, key_name};
use super::resolve::Missing;
use crate::change::SequenceOptions;
use crate::known::Fact;
use crate::name::{Name, QualifiedName};
use crate::schema::{ColumnId, ConstraintKind, Index, Stored, TableId, TypeKind};
use crate::source::Span;
use crate::sqltype::{BaseType, SqlType};
use crate::tree::{CastStyle, ColumnName, Expr, ExprKind};

impl Step {
    /// `ALTER COLUMN ... TYPE`.
    pub(super) fn set_type(
        &mut self,
        table: TableId,
        column: &Name,
        ty: &SqlType,
        collation: Option<&QualifiedName>,
        span: Span,
    ) -> Outcome {
        let id = self.column_named(table, column, span)?;
        let ty = self.resolve_type(ty, span)?;
        self.retype(table, id, &ty, collation, span)
    }

    /// What is looked at before any action runs, in the server's order: `USING` as such, the column, its standing, the type, and
    /// whether the values can be converted.
    pub(super) fn prepare_type(
        &mut self,
        table: TableId,
        column: &Name,
        ty: &SqlType,
        using: Option<&Expr>,
        span: Span,
    ) -> Outcome {
        let given = match using {
            Some(using) => Some(self.analyse_on(table, using, None)?),
            None => None,
        };
        let id = self.column_named(table, column, span)?;
        if matches!(self.column(table, id).identity, Fact::Known(Some(_), _)) {
            let ty = self.resolve_type(ty, span)?;
            self.check_identity_type(Some(&ty), span)?;
        }
        self.refuse_retyping(table, id, using.is_some(), span)?;
        let ty = self.resolve_type(ty, span)?;
        let (Some(given), Some(using)) = (given, using) else {
            return match self.column(table, id).ty.known().cloned() {
                Some(from) => self.check_cast(table, id, &from, &ty, span),
                None => Ok(()),
            };
        };
        let columns = &self.table(table).columns;
        match type_of(self.schema(), columns, &given.expr).filter(|_| given.spelling.is_none()) {
            Some(from) if castable(self.schema(), &from, &ty, CastContext::Assignment) == Some(false) => {
                let shown = self.schema().format_type(&ty);
                let message = format!(
                    "result of USING clause for column \"{column}\" cannot be cast automatically to type {shown}"
                );
                Err(error::failure("42804", message, span))
            }
            Some(_) => Ok(()),
            // A literal is read as the type at once.
            None => self.analyse_on(table, using, Some(&ty)).map(drop),
        }
    }

    /// An enum that nothing makes: it is not there; and if something else makes it, no cast leads to it without USING.
    pub(super) fn refuse_unmade_enum(
        &mut self,
        table: TableId,
        column: &Name,
        ty: &SqlType,
        span: Span,
    ) -> Outcome {
        let BaseType::Named(name) = &ty.base else {
            return Ok(());
        };
        let id = self.column_named(table, column, span)?;
        let is_builtin = |ty: &SqlType| matches!(ty.base, BaseType::Builtin(_));
        if !self.column(table, id).ty.known().is_some_and(is_builtin) {
            return Ok(());
        }
        match self.find_type(name) {
            None if matches!(self.missing_type(name), Missing::Never) => {
                Err(error::undefined_type(name, span))
            }
            Some(found) if matches!(self.schema().types[found].kind, TypeKind::Presumed(_)) => {
                let message = format!(
                    "column \"{column}\" cannot be cast automatically to type {}",
                    name.name
                );
                Err(error::failure("42804", message, span))
            }
            _ => Ok(()),
        }
    }

    fn refuse_retyping(&self, table: TableId, id: ColumnId, using: bool, span: Span) -> Outcome {
        let column = &self.column(table, id).name;
        if using && matches!(self.column(table, id).generated, Fact::Known(Some(_), _)) {
            let message = "cannot specify USING when altering type of generated column";
            return Err(error::failure("42611", message, span));
        }
        if self.column(table, id).inherited > 0 {
            let message = format!("cannot alter inherited column \"{column}\"");
            return Err(error::failure("42P16", message, span));
        }
        if self.table(table).partition.key.contains(&id) {
            let name = &self.table(table).name;
            let message = format!(
                "cannot alter column \"{column}\" because it is part of the partition key of relation \"{name}\""
            );
            return Err(error::failure("42P16", message, span));
        }
        Ok(())
    }

    fn retype(
        &mut self,
        table: TableId,
        id: ColumnId,
        ty: &SqlType,
        collation: Option<&QualifiedName>,
        span: Span,
    ) -> Outcome {
        let default = self.recast_default(table, id, ty, span)?;
        self.refuse_type_users(table, id, span)?;
        let origin = self.id;
        let shown = self.schema().format_type(ty);
        let column = self.column_mut(table, id);
        column.ty = Fact::Known(ty.clone(), origin);
        column.collation = collation.filter(|c| c.name != "default").cloned();
        column.default = default;
        if let (Some(sequence), Some(_)) = (column.sequence, column.identity.known().copied().flatten()) {
            let options = SequenceOptions {
                ty: Some(ty.clone()),
                ..SequenceOptions::default()
            };
            self.set_options(sequence, &options, false);
        }
        self.log(table, Some(id), format!("type set to {shown}"));
        self.rebuild(table, id, span)?;
        for child in self.children(table) {
            if let Some(own) = self.child_column(table, id, child) {
                self.retype(child, own, ty, collation, span)?;
            }
        }
        Ok(())
    }

    /// Views and generated columns forbid it.
    fn refuse_type_users(&mut self, table: TableId, id: ColumnId, span: Span) -> Outcome {
        for (object, edge) in self.dependents(&Object::Column(table, id)) {
            let what = match object {
                Object::Table(_) => "a view or rule",
                Object::Column(..) => "a generated column",
                _ => continue,
            };
            if let Edge::Perhaps(gap) = edge {
                self.doubt(&gap);
                continue;
            }
            let message = format!("cannot alter type of a column used by {what}");
            let failure = error::failure("0A000", message, span);
            let origin = match object {
                Object::Table(view) => self.table(view).log.first().map(|entry| entry.change),
                _ => None,
            };
            let label = format!(
                "{} depends on column \"{}\"",
                self.describe(&object),
                self.column(table, id).name
            );
            return Err(self.related(failure, origin, label));
        }
        Ok(())
    }

    fn check_cast(&self, table: TableId, id: ColumnId, from: &SqlType, to: &SqlType, span: Span) -> Outcome {
        if castable(self.schema(), from, to, CastContext::Assignment) != Some(false) {
            return Ok(());
        }
        let column = self.column(table, id);
        let shown = self.schema().format_type(to);
        let message = format!(
            "column \"{}\" cannot be cast automatically to type {shown}",
            column.name
        );
        let failure = error::failure("42804", message, span);
        let label = format!("\"{}\" is {}", column.name, self.schema().format_type(from));
        Err(self.related(failure, column.ty.origin(), label))
    }

    /// The default as it is after the column's type has changed.
    fn recast_default(
        &self,
        table: TableId,
        id: ColumnId,
        ty: &SqlType,
        span: Span,
    ) -> Outcome<Fact<Option<Stored>>> {
        let column = self.column(table, id);
        let Fact::Known(Some(stored), origin) = &column.default else {
            return Ok(column.default.clone());
        };
        let mut inner = stored.expr.clone();
        while let Some(value) = implicit(&inner) {
            inner = value;
        }
        let schema = self.schema();
        let t = self.table(table);
        let scope = Scope {
            schema,
            table: Some(table),
            columns: &t.columns,
            open: None,
            target: Some(ty),
            value: None,
        };
        match analyse(&scope, &inner) {
            Analysed::Done(recast) => {
                let spelling = stored.spelling.clone().or(recast.spelling);
                Ok(Fact::Known(
                    Some(Stored {
                        expr: recast.expr,
                        spelling,
                    }),
                    *origin,
                ))
            }
            Analysed::Refused(_) => {
                let shown = self.schema().format_type(ty);
                let message = format!(
                    "default for column \"{}\" cannot be cast automatically to type {shown}",
                    column.name
                );
                let failure = error::failure("42804", message, span);
                Err(self.related(failure, Some(*origin), "the default is set here"))
            }
        }
    }

    /// CHECKs, expression indexes and predicates that read a column are made anew from their text; foreign keys are checked.
    fn rebuild(&mut self, table: TableId, id: ColumnId, span: Span) -> Outcome {
        // Indexes before constraints (`AT_PASS_OLD_INDEX`, `AT_PASS_OLD_CONSTR`).
        self.rebuild_indexes(table, id, span)?;
        for at in 0..self.table(table).constraints.len() {
            let constraint = &self.table(table).constraints[at];
            if !constraint.presence.may_be() {
                continue;
            }
            match &constraint.kind {
                ConstraintKind::Check(stored) if reads(stored, id) => {
                    let stored = self.condition_on(table, &written(stored), "CHECK")?;
                    self.table_mut(table).constraints[at].kind = ConstraintKind::Check(stored);
                }
                ConstraintKind::ForeignKey(key) if constraint.columns.contains(&id) => {
                    let (columns, key) = (constraint.columns.clone(), key.clone());
                    let name = constraint.name.known().cloned();
                    self.check_types(table, &columns, key.table, &key.columns, name.as_ref(), span)?;
                }
                _ => {}
            }
        }
        for other in self.table(table).dependents.clone() {
            let keys: Vec<_> = self
                .table(other)
                .constraints
                .iter()
                .filter(|c| c.presence.is_present() && self.table(other).presence.is_present())
                .filter_map(|c| match &c.kind {
                    ConstraintKind::ForeignKey(key) if key.table == table && key.columns.contains(&id) => {
                        Some((c.columns.clone(), key.columns.clone(), c.name.known().cloned()))
                    }
                    _ => None,
                })
                .collect();
            for (columns, target, name) in keys {
                self.check_types(other, &columns, table, &target, name.as_ref(), span)?;
            }
        }
        Ok(())
    }

    fn rebuild_indexes(&mut self, table: TableId, id: ColumnId, span: Span) -> Outcome {
        for at in 0..self.table(table).indexes.len() {
            let index_id = crate::schema::IndexId(at as u32);
            if !self.table(table).indexes[at].presence.may_be() || !self.index_reads(table, index_id, id) {
                continue;
            }
            let mut index = self.table(table).indexes[at].clone();
            for key in &mut index.keys {
                if key.expr.expr.kind == ExprKind::Var(id.0) {
                    if key.opclass.is_none() {
                        self.check_opclass(table, id, &index.method, span)?;
                    }
                } else if reads(&key.expr, id) {
                    let message = "functions in index expression must be marked IMMUTABLE";
                    key.expr = self.immutable_on(table, &written(&key.expr), None, message)?;
                }
            }
            if let Some(predicate) = &index.predicate
                && reads(predicate, id)
            {
                index.predicate = Some(self.predicate_on(table, &written(predicate))?);
            }
            index.attributes = self.key_names(table, &index);
            self.table_mut(table).indexes[at] = index;
        }
        Ok(())
    }

    /// What the keys of an index that is made anew from its text are called.
    fn key_names(&self, table: TableId, index: &Index) -> Vec<String> {
        let name = |column: ColumnId| self.column(table, column).name.clone();
        let keys = index.keys.iter().map(|key| {
            let mut expr = written(&key.expr);
            expr.walk_mut(&mut |e| {
                if let ExprKind::Var(number) = e.kind
                    && (number as usize) < self.table(table).columns.len()
                {
                    e.kind = ExprKind::Column(ColumnName {
                        qualifiers: Vec::new(),
                        name: name(ColumnId(number)),
                    });
                }
            });
            key_name(&expr)
        });
        let include = index.include.iter().map(|&column| name(column).to_string());
        index_column_names(keys.chain(include))
    }
}

/// What the server casts without being told to.
fn implicit(expr: &Expr) -> Option<Expr> {
    match &expr.kind {
        ExprKind::Cast(value, _, style) if style.is_implicit() => Some((**value).clone()),
        _ => None,
    }
}

/// An expression as its own text gives it: what the server printed as a cast is written now.
fn written(stored: &Stored) -> Expr {
    let mut written = stored.expr.clone();
    written.walk_mut(&mut |e| {
        if let ExprKind::Cast(_, _, style) = &mut e.kind {
            *style = CastStyle::Explicit;
        }
    });
    written
}

fn reads(stored: &Stored, column: ColumnId) -> bool {
    stored.expr.vars().contains(&column.0)
}
