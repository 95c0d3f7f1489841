//! The printer of analysed expressions: `get_rule_expr` of `ruleutils.c`.

use super::super::{Schema, TableId};
use crate::known::{Gap, Reach};
use crate::sqltype::{Builtin, SqlType};
use crate::tree::{CastStyle, Expr, ExprKind, Quantifier};

/// Deepest nesting that is printed; the lowering bounds it too.
const MAX_DEPTH: u32 = 400;

/// Spaces per level of CASE.
const INDENT: usize = 4;

pub(super) struct Printer<'a> {
    pub(super) schema: &'a Schema,
    table: Option<TableId>,
    pretty: bool,
    indent: usize,
    depth: u32,
    pub(super) out: String,
}

/// What encloses an operand, as far as parentheses hang on it in the pretty form (`isSimpleNode`).
#[derive(Clone, Copy)]
pub(super) enum Parent<'a> {
    /// An operator.
    Operator(&'a Expr),
    /// AND, OR, NOT.
    Bool(&'a Expr),
    /// A cast, a test, COLLATE, AT TIME ZONE.
    Other,
}

impl<'a> Printer<'a> {
    pub(super) fn new(schema: &'a Schema, table: Option<TableId>, pretty: bool) -> Self {
        Printer {
            schema,
            table,
            pretty,
            indent: 0,
            depth: 0,
            out: String::new(),
        }
    }

    pub(super) fn print(mut self, expr: &Expr) -> Result<String, Gap> {
        self.expr(expr, false)?;
        Ok(self.out)
    }

    pub(super) fn unknown(&self, expr: &Expr, why: &str) -> Gap {
        Gap::new(
            expr.span,
            why,
            Reach::Fact("the spelling of an expression".to_owned()),
        )
    }

    fn open(&mut self) {
        if !self.pretty {
            self.out.push('(');
        }
    }

    fn close(&mut self) {
        if !self.pretty {
            self.out.push(')');
        }
    }

    /// `get_rule_expr`; `implicit`: whether an implicit cast at the top is shown.
    pub(super) fn expr(&mut self, expr: &Expr, implicit: bool) -> Result<(), Gap> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.unknown(expr, "nested too deeply"));
        }
        let done = self.node(expr, implicit);
        self.depth -= 1;
        done
    }

    /// `get_rule_expr_paren`.
    pub(super) fn operand(&mut self, expr: &Expr, implicit: bool, parent: Parent<'_>) -> Result<(), Gap> {
        let parentheses = self.pretty && !is_simple(expr, parent);
        if parentheses {
            self.out.push('(');
        }
        self.expr(expr, implicit)?;
        if parentheses {
            self.out.push(')');
        }
        Ok(())
    }

    pub(super) fn list(&mut self, items: &[Expr]) -> Result<(), Gap> {
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            self.expr(item, true)?;
        }
        Ok(())
    }

    fn node(&mut self, expr: &Expr, implicit: bool) -> Result<(), Gap> {
        match &expr.kind {
            ExprKind::Var(number) => self.column(expr, *number),
            ExprKind::Column(name) if name.qualifiers.is_empty() && name.name == *"value" => {
                self.out.push_str("VALUE");
                Ok(())
            }
            ExprKind::Bool(value) => {
                self.out.push_str(if *value { "true" } else { "false" });
                Ok(())
            }
            ExprKind::Null => {
                self.out.push_str("NULL::unknown");
                Ok(())
            }
            ExprKind::String(text) => {
                self.literal(text);
                Ok(())
            }
            ExprKind::Const(text, ty) => {
                self.constant(text.as_deref(), ty, true);
                Ok(())
            }
            ExprKind::Relation(relation) => {
                let name = self.relation(expr, *relation)?;
                self.literal(&name);
                self.out.push_str("::regclass");
                Ok(())
            }
            ExprKind::Value(value, precision) => {
                self.value(*value, *precision);
                Ok(())
            }
            ExprKind::Binary(operator, left, right) => {
                let operator = self.operator(operator);
                self.open();
                self.operand(left, true, Parent::Operator(expr))?;
                self.out.push_str(&format!(" {operator} "));
                self.operand(right, true, Parent::Operator(expr))?;
                self.close();
                Ok(())
            }
            ExprKind::Unary(operator, operand) => {
                let operator = self.operator(operator);
                self.open();
                self.out.push_str(&format!("{operator} "));
                self.operand(operand, true, Parent::Operator(expr))?;
                self.close();
                Ok(())
            }
            ExprKind::Not(operand) => {
                self.open();
                self.out.push_str("NOT ");
                self.operand(operand, false, Parent::Bool(expr))?;
                self.close();
                Ok(())
            }
            ExprKind::And(items) => self.junction(expr, items, " AND "),
            ExprKind::Or(items) => self.junction(expr, items, " OR "),
            ExprKind::IsNull(operand, negated) => {
                let tail = if *negated { " IS NOT NULL" } else { " IS NULL" };
                self.test(operand, true, tail)
            }
            ExprKind::IsBool(operand, value, negated) => {
                let not = if *negated { "NOT " } else { "" };
                let value = match value {
                    Some(true) => "TRUE",
                    Some(false) => "FALSE",
                    None => "UNKNOWN",
                };
                self.test(operand, false, &format!(" IS {not}{value}"))
            }
            ExprKind::IsDistinct(left, right, false) => {
                self.open();
                self.operand(left, true, Parent::Other)?;
                self.out.push_str(" IS DISTINCT FROM ");
                self.operand(right, true, Parent::Other)?;
                self.close();
                Ok(())
            }
            ExprKind::Quantified(left, operator, quantifier, right) => {
                let operator = self.operator(operator);
                self.open();
                self.operand(left, true, Parent::Other)?;
                let word = match quantifier {
                    Quantifier::Any => "ANY",
                    Quantifier::All => "ALL",
                };
                self.out.push_str(&format!(" {operator} {word} ("));
                self.operand(right, true, Parent::Other)?;
                self.out.push(')');
                self.close();
                Ok(())
            }
            ExprKind::Case(subject, whens, otherwise) => {
                self.case(subject.as_deref(), whens, otherwise.as_deref(), expr)
            }
            ExprKind::Call(call) => self.call(expr, call),
            ExprKind::Keyword(keyword, args) => {
                self.out.push_str(&format!("{keyword}("));
                self.list(args)?;
                self.out.push(')');
                Ok(())
            }
            ExprKind::Cast(inner, ty, style) => self.cast(inner, ty, *style, implicit),
            ExprKind::Collate(inner, collation) => {
                self.open();
                self.operand(inner, implicit, Parent::Other)?;
                let visible = collation
                    .schema
                    .as_ref()
                    .filter(|s| *s != "pg_catalog" && !self.schema.search_path.contains(s));
                let schema = visible.map_or(String::new(), |s| format!("{}.", s.quoted()));
                self.out
                    .push_str(&format!(" COLLATE {schema}{}", collation.name.quoted()));
                self.close();
                Ok(())
            }
            ExprKind::AtTimeZone(value, zone) => {
                self.out.push('(');
                self.operand(value, false, Parent::Other)?;
                self.out.push_str(" AT TIME ZONE ");
                self.operand(zone, false, Parent::Other)?;
                self.out.push(')');
                Ok(())
            }
            ExprKind::Array(items) => {
                self.out.push_str("ARRAY[");
                self.list(items)?;
                self.out.push(']');
                Ok(())
            }
            ExprKind::Row(items) => {
                self.out.push_str("ROW(");
                self.list(items)?;
                self.out.push(')');
                Ok(())
            }
            ExprKind::Subscript(container, low, high, slice) => {
                self.subscript(container, low.as_deref(), high.as_deref(), *slice, implicit)
            }
            ExprKind::Field(inner, name) => {
                let bare = matches!(inner.kind, ExprKind::Subscript(..) | ExprKind::Field(..));
                if !bare {
                    self.out.push('(');
                }
                self.expr(inner, true)?;
                if !bare {
                    self.out.push(')');
                }
                self.out.push_str(&format!(".{}", name.quoted()));
                Ok(())
            }
            ExprKind::Number(_)
            | ExprKind::BitString(..)
            | ExprKind::Default
            | ExprKind::Column(_)
            | ExprKind::Star(_)
            | ExprKind::Param(_)
            | ExprKind::IsDistinct(..)
            | ExprKind::Between(..)
            | ExprKind::In(..)
            | ExprKind::InQuery(..)
            | ExprKind::QuantifiedQuery(..)
            | ExprKind::Like(..)
            | ExprKind::Exists(_)
            | ExprKind::Subquery(_)
            | ExprKind::ArrayQuery(_)
            | ExprKind::Opaque(_) => Err(self.unknown(expr, "not resolved")),
        }
    }

    fn column(&mut self, expr: &Expr, number: u32) -> Result<(), Gap> {
        let column = self
            .table
            .and_then(|id| self.schema.tables.get(id))
            .and_then(|t| t.columns.get(number as usize));
        match column {
            Some(column) => {
                self.out.push_str(&column.name.quoted());
                Ok(())
            }
            None => Err(self.unknown(expr, "the column is not known")),
        }
    }

    fn junction(&mut self, expr: &Expr, items: &[Expr], word: &str) -> Result<(), Gap> {
        self.open();
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.out.push_str(word);
            }
            self.operand(item, false, Parent::Bool(expr))?;
        }
        self.close();
        Ok(())
    }

    fn test(&mut self, operand: &Expr, implicit: bool, tail: &str) -> Result<(), Gap> {
        self.open();
        self.operand(operand, implicit, Parent::Other)?;
        self.out.push_str(tail);
        self.close();
        Ok(())
    }

    /// An operator's characters; one outside `pg_catalog` is kept as `OPERATOR(schema.op)` and shown so where the search path
    /// does not find it.
    fn operator(&self, operator: &str) -> String {
        let Some((schema, name)) = operator
            .strip_prefix("OPERATOR(")
            .and_then(|o| o.strip_suffix(')'))
            .and_then(|o| o.rsplit_once('.'))
        else {
            return operator.to_owned();
        };
        let found = self.schema.search_path.iter().any(|s| s.quoted() == schema);
        if found {
            name.to_owned()
        } else {
            operator.to_owned()
        }
    }

    /// `get_coercion_expr` and the casts that lead to it.
    fn cast(&mut self, inner: &Expr, ty: &SqlType, style: CastStyle, implicit: bool) -> Result<(), Gap> {
        if style.is_implicit() && !implicit {
            return self.operand(inner, false, Parent::Other);
        }
        // An empty ARRAY[] needs its type, which is no cast.
        if let ExprKind::Array(items) = &inner.kind
            && items.is_empty()
        {
            self.out.push_str("ARRAY[]");
            self.type_label(ty);
            return Ok(());
        }
        match &inner.kind {
            ExprKind::Const(text, of)
                if of.modifier.is_none() && of.base == ty.base && of.array == ty.array =>
            {
                self.constant(text.as_deref(), of, false);
            }
            ExprKind::Bool(value) if ty.as_builtin() == Some(Builtin::Bool) => {
                self.out.push_str(if *value { "true" } else { "false" });
            }
            _ => {
                self.open();
                self.operand(inner, false, Parent::Other)?;
                self.close();
            }
        }
        self.type_label(ty);
        Ok(())
    }

    fn subscript(
        &mut self,
        container: &Expr,
        low: Option<&Expr>,
        high: Option<&Expr>,
        slice: bool,
        implicit: bool,
    ) -> Result<(), Gap> {
        // a[1][2] is one node of the server's.
        let bare = matches!(
            container.kind,
            ExprKind::Var(_) | ExprKind::Field(..) | ExprKind::Subscript(..)
        );
        if !bare {
            self.out.push('(');
        }
        self.expr(container, implicit)?;
        if !bare {
            self.out.push(')');
        }
        self.out.push('[');
        if let Some(low) = low {
            self.expr(low, false)?;
        }
        if slice {
            self.out.push(':');
            if let Some(high) = high {
                self.expr(high, false)?;
            }
        }
        self.out.push(']');
        Ok(())
    }

    fn case(
        &mut self,
        subject: Option<&Expr>,
        whens: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
        expr: &Expr,
    ) -> Result<(), Gap> {
        self.keyword("CASE");
        self.indent += INDENT;
        if let Some(subject) = subject {
            self.out.push(' ');
            self.expr(subject, true)?;
        }
        for (when, then) in whens {
            self.keyword("WHEN ");
            self.expr(when, false)?;
            self.out.push_str(" THEN ");
            self.expr(then, true)?;
        }
        let otherwise = otherwise.ok_or_else(|| self.unknown(expr, "not resolved"))?;
        self.keyword("ELSE ");
        self.expr(otherwise, true)?;
        self.indent = self.indent.saturating_sub(INDENT);
        self.keyword("END");
        Ok(())
    }

    /// `appendContextKeyword`: a keyword of CASE stands on a line of its own, pretty or not.
    fn keyword(&mut self, word: &str) {
        let kept = self.out.trim_end_matches(' ').len();
        self.out.truncate(kept);
        self.out.push('\n');
        // The server wraps deeper levels around in smaller steps.
        let spaces = if self.indent < 40 {
            self.indent
        } else {
            (40 + (self.indent - 40) / 4) % 40
        };
        self.out.extend(std::iter::repeat_n(' ', spaces));
        self.out.push_str(word);
    }

    pub(super) fn search_path_has(&self, name: &crate::name::Name) -> bool {
        self.schema.search_path.contains(name)
    }
}

/// `isSimpleNode`: whether the pretty form needs no parentheses around it.
fn is_simple(expr: &Expr, parent: Parent<'_>) -> bool {
    match &expr.kind {
        ExprKind::Binary(..) | ExprKind::Unary(..) => match parent {
            Parent::Operator(parent) => binds_tighter(expr, parent),
            Parent::Bool(_) => true,
            Parent::Other => false,
        },
        ExprKind::IsNull(..) | ExprKind::IsBool(..) | ExprKind::IsDistinct(..) => {
            matches!(parent, Parent::Bool(_))
        }
        ExprKind::Not(_) | ExprKind::And(_) => match parent {
            Parent::Bool(parent) => !matches!(parent.kind, ExprKind::Not(_)),
            _ => false,
        },
        ExprKind::Or(_) => matches!(parent, Parent::Bool(p) if matches!(p.kind, ExprKind::Or(_))),
        ExprKind::Cast(inner, _, style) => match style {
            CastStyle::ExplicitCall | CastStyle::ImplicitCall => true,
            CastStyle::Explicit | CastStyle::Implicit => {
                matches!(&inner.kind, ExprKind::Array(items) if items.is_empty())
                    || is_simple(inner, Parent::Other)
            }
        },
        ExprKind::Quantified(..) | ExprKind::Collate(..) => false,
        _ => true,
    }
}

/// The four basic operators leave out parentheses by their precedence.
fn binds_tighter(expr: &Expr, parent: &Expr) -> bool {
    let (ExprKind::Binary(operator, ..), ExprKind::Binary(above, left, _)) = (&expr.kind, &parent.kind)
    else {
        return false;
    };
    let rank = |o: &str| match o {
        "+" | "-" => Some(0),
        "*" | "/" | "%" => Some(1),
        _ => None,
    };
    match (rank(operator), rank(above)) {
        (Some(inner), Some(outer)) if inner != outer => inner > outer,
        (Some(_), Some(_)) => std::ptr::eq(&**left, expr),
        _ => false,
    }
}
