//! Prints expressions and queries as SQL, names not resolved.
//!
//! What is printed reads back as the same tree: every operand that is not a single word or bracket stands in parentheses. The
//! server's own spelling of stored expressions is another matter (`schema::deparse`).

mod query;

use crate::name::QualifiedName;
use crate::sqltype::{BaseType, SqlType};
use crate::tree::expr::{Call, ColumnName};
use crate::tree::{Expr, ExprKind, OrderBy, Quantifier, Query, SqlValue};

/// An expression as SQL; `None` where a part of it was not kept, or has been resolved.
#[must_use]
pub fn expr(expr: &Expr) -> Option<String> {
    let mut printer = Printer::default();
    printer.expr(expr);
    printer.finish()
}

/// A query as SQL; `None` where a part of it was not kept, or has been resolved.
#[must_use]
pub fn query(query: &Query) -> Option<String> {
    let mut printer = Printer::default();
    printer.query(query);
    printer.finish()
}

/// An expression for a message: what cannot be printed is `...`.
#[must_use]
pub fn brief(expr: &Expr) -> String {
    let mut printer = Printer::default();
    printer.expr(expr);
    printer.out
}

/// A string as a literal.
#[must_use]
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[derive(Default)]
struct Printer {
    out: String,
    /// Something was left out.
    lacks: bool,
}

impl Printer {
    fn finish(self) -> Option<String> {
        (!self.lacks).then_some(self.out)
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// What cannot be printed.
    fn lack(&mut self) {
        self.lacks = true;
        self.push("...");
    }

    /// Items with a separator between them.
    fn list<T>(&mut self, items: &[T], separator: &str, mut print: impl FnMut(&mut Self, &T)) {
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.push(separator);
            }
            print(self, item);
        }
    }

    fn exprs(&mut self, items: &[Expr]) {
        self.list(items, ", ", Self::expr);
    }

    /// An operand: in parentheses where it is more than one word or bracket.
    fn operand(&mut self, expr: &Expr) {
        if is_closed(&expr.kind) {
            self.expr(expr);
        } else {
            self.push("(");
            self.expr(expr);
            self.push(")");
        }
    }

    fn infix(&mut self, left: &Expr, operator: &str, right: &Expr) {
        self.operand(left);
        self.push(" ");
        self.push(operator);
        self.push(" ");
        self.operand(right);
    }

    /// `x <words>`.
    fn postfix(&mut self, operand: &Expr, words: &str) {
        self.operand(operand);
        self.push(" ");
        self.push(words);
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::BitString(..)
            | ExprKind::Const(..)
            | ExprKind::Default
            | ExprKind::Param(_)
            | ExprKind::Value(..)
            | ExprKind::Opaque(_) => self.constant(&expr.kind),
            ExprKind::Column(column) => self.column(column),
            ExprKind::Var(_) | ExprKind::Relation(_) => self.lack(),
            ExprKind::Star(qualifiers) => {
                for qualifier in qualifiers {
                    self.push(&qualifier.quoted());
                    self.push(".");
                }
                self.push("*");
            }
            ExprKind::Binary(operator, left, right) => self.infix(left, operator, right),
            ExprKind::Unary(operator, operand) => {
                self.push(operator);
                self.push(" ");
                self.operand(operand);
            }
            ExprKind::Not(operand) => {
                self.push("NOT ");
                self.operand(operand);
            }
            ExprKind::And(items) => self.list(items, " AND ", Self::operand),
            ExprKind::Or(items) => self.list(items, " OR ", Self::operand),
            ExprKind::IsNull(..) | ExprKind::IsBool(..) | ExprKind::IsDistinct(..) => self.test(&expr.kind),
            ExprKind::Between(..) | ExprKind::In(..) | ExprKind::InQuery(..) | ExprKind::Like(..) => {
                self.comparison(&expr.kind);
            }
            ExprKind::Quantified(..) | ExprKind::QuantifiedQuery(..) => self.quantified(&expr.kind),
            ExprKind::Exists(query) => self.bracketed("EXISTS (", query),
            ExprKind::Subquery(query) => self.bracketed("(", query),
            ExprKind::ArrayQuery(query) => self.bracketed("ARRAY(", query),
            ExprKind::Case(subject, whens, otherwise) => {
                self.case(subject.as_deref(), whens, otherwise.as_deref());
            }
            ExprKind::Call(call) => self.call(call),
            ExprKind::Keyword(word, args) => {
                self.push(word);
                self.push("(");
                self.exprs(args);
                self.push(")");
            }
            ExprKind::Cast(operand, ty, _) => {
                self.operand(operand);
                self.push("::");
                self.ty(ty);
            }
            ExprKind::Collate(operand, name) => {
                self.postfix(operand, "COLLATE ");
                self.qualified(name);
            }
            ExprKind::AtTimeZone(value, zone) => self.infix(value, "AT TIME ZONE", zone),
            ExprKind::Array(items) => {
                self.push("ARRAY[");
                self.exprs(items);
                self.push("]");
            }
            ExprKind::Row(items) => {
                self.push("ROW(");
                self.exprs(items);
                self.push(")");
            }
            ExprKind::Subscript(base, low, high, slice) => {
                self.subscript(base, low.as_deref(), high.as_deref(), *slice);
            }
            ExprKind::Field(base, name) => {
                self.push("(");
                self.expr(base);
                self.push(").");
                self.push(&name.quoted());
            }
        }
    }

    fn constant(&mut self, kind: &ExprKind) {
        match kind {
            ExprKind::Null | ExprKind::Const(None, _) => self.push("NULL"),
            ExprKind::Bool(true) => self.push("true"),
            ExprKind::Bool(false) => self.push("false"),
            ExprKind::Number(digits) => self.push(digits),
            ExprKind::String(text) => self.push(&literal(text)),
            ExprKind::BitString(digits, bits) => {
                self.push(if *bits { "B" } else { "X" });
                self.push(&literal(digits));
            }
            ExprKind::Const(Some(text), ty) => {
                self.push(&literal(text));
                self.push("::");
                self.ty(ty);
            }
            ExprKind::Default => self.push("DEFAULT"),
            ExprKind::Param(number) => self.push(&format!("${number}")),
            ExprKind::Value(value, precision) => {
                self.push(word(*value));
                if let Some(digits) = precision {
                    self.push(&format!("({digits})"));
                }
            }
            ExprKind::Opaque(text) => self.push(text),
            _ => self.lack(),
        }
    }

    fn column(&mut self, column: &ColumnName) {
        for qualifier in &column.qualifiers {
            self.push(&qualifier.quoted());
            self.push(".");
        }
        self.push(&column.name.quoted());
    }

    fn qualified(&mut self, name: &QualifiedName) {
        if let Some(schema) = &name.schema {
            self.push(&schema.quoted());
            self.push(".");
        }
        self.push(&name.name.quoted());
    }

    fn ty(&mut self, ty: &SqlType) {
        if matches!(ty.base, BaseType::Object(_)) {
            self.lack();
        } else {
            self.push(&ty.to_string());
        }
    }

    fn test(&mut self, kind: &ExprKind) {
        let not = |negated: bool| if negated { "NOT " } else { "" };
        match kind {
            ExprKind::IsNull(operand, negated) => {
                self.postfix(operand, &format!("IS {}NULL", not(*negated)));
            }
            ExprKind::IsBool(operand, value, negated) => {
                let value = match value {
                    Some(true) => "TRUE",
                    Some(false) => "FALSE",
                    None => "UNKNOWN",
                };
                self.postfix(operand, &format!("IS {}{value}", not(*negated)));
            }
            ExprKind::IsDistinct(left, right, negated) => {
                self.infix(left, &format!("IS {}DISTINCT FROM", not(*negated)), right);
            }
            _ => self.lack(),
        }
    }

    fn comparison(&mut self, kind: &ExprKind) {
        let not = |negated: bool| if negated { "NOT " } else { "" };
        match kind {
            ExprKind::Between(value, low, high, symmetric, negated) => {
                let symmetric = if *symmetric { " SYMMETRIC" } else { "" };
                self.infix(value, &format!("{}BETWEEN{symmetric}", not(*negated)), low);
                self.push(" AND ");
                self.operand(high);
            }
            ExprKind::In(value, items, negated) => {
                self.postfix(value, &format!("{}IN (", not(*negated)));
                self.exprs(items);
                self.push(")");
            }
            ExprKind::InQuery(value, query, negated) => {
                self.operand(value);
                self.bracketed(&format!(" {}IN (", not(*negated)), query);
            }
            ExprKind::Like(value, word, pattern, escape, negated) => {
                self.infix(value, &format!("{}{word}", not(*negated)), pattern);
                if let Some(escape) = escape {
                    self.push(" ESCAPE ");
                    self.operand(escape);
                }
            }
            _ => self.lack(),
        }
    }

    fn quantified(&mut self, kind: &ExprKind) {
        let word = |quantifier: &Quantifier| match quantifier {
            Quantifier::Any => "ANY",
            Quantifier::All => "ALL",
        };
        match kind {
            ExprKind::Quantified(value, operator, quantifier, array) => {
                // A query in parentheses would be read as a set of rows.
                if matches!(array.kind, ExprKind::Subquery(_)) {
                    self.lack();
                }
                self.postfix(value, &format!("{operator} {} (", word(quantifier)));
                self.expr(array);
                self.push(")");
            }
            ExprKind::QuantifiedQuery(value, operator, quantifier, query) => {
                self.operand(value);
                self.bracketed(&format!(" {operator} {} (", word(quantifier)), query);
            }
            _ => self.lack(),
        }
    }

    /// A query after an opening bracket.
    fn bracketed(&mut self, open: &str, query: &Query) {
        self.push(open);
        self.query(query);
        self.push(")");
    }

    fn case(&mut self, subject: Option<&Expr>, whens: &[(Expr, Expr)], otherwise: Option<&Expr>) {
        self.push("CASE");
        if let Some(subject) = subject {
            self.push(" ");
            self.operand(subject);
        }
        for (when, then) in whens {
            self.push(" WHEN ");
            self.operand(when);
            self.push(" THEN ");
            self.operand(then);
        }
        if let Some(otherwise) = otherwise {
            self.push(" ELSE ");
            self.operand(otherwise);
        }
        self.push(" END");
    }

    fn subscript(&mut self, base: &Expr, low: Option<&Expr>, high: Option<&Expr>, slice: bool) {
        match base.kind {
            // `a[1][2]` is one element; parentheses would take it from an element.
            ExprKind::Subscript(..) | ExprKind::Column(_) | ExprKind::Param(_) => self.expr(base),
            _ => {
                self.push("(");
                self.expr(base);
                self.push(")");
            }
        }
        self.push("[");
        if let Some(low) = low {
            self.expr(low);
        }
        if slice {
            self.push(":");
        }
        if let Some(high) = high {
            self.expr(high);
        }
        self.push("]");
    }

    fn call(&mut self, call: &Call) {
        if call.sql_syntax {
            self.sql_syntax(call);
            return;
        }
        self.qualified(&call.name);
        self.push("(");
        if call.star {
            self.push("*");
        }
        if call.distinct {
            self.push("DISTINCT ");
        }
        let last = call.args.len().saturating_sub(1);
        for (i, arg) in call.args.iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            if i == last && call.variadic && call.named.is_empty() {
                self.push("VARIADIC ");
            }
            self.expr(arg);
        }
        for (i, (name, value)) in call.named.iter().enumerate() {
            if i > 0 || !call.args.is_empty() {
                self.push(", ");
            }
            if call.variadic && i + 1 == call.named.len() {
                self.push("VARIADIC ");
            }
            self.push(&name.quoted());
            self.push(" => ");
            self.expr(value);
        }
        if !call.within_group && !call.order_by.is_empty() {
            self.push(" ");
            self.order_by(&call.order_by);
        }
        self.push(")");
        if call.within_group {
            self.push(" WITHIN GROUP (");
            self.order_by(&call.order_by);
            self.push(")");
        }
        if let Some(filter) = &call.filter {
            self.push(" FILTER (WHERE ");
            self.expr(filter);
            self.push(")");
        }
        // The window's definition was not kept.
        if call.over {
            self.push(" OVER ");
            self.lack();
        }
    }

    /// The grammar's own forms; arguments are in the order of the server's function.
    fn sql_syntax(&mut self, call: &Call) {
        match (call.name.name.as_str(), call.args.as_slice()) {
            ("extract", [field, source]) => self.words(&[("EXTRACT(", field), (" FROM ", source)]),
            ("substring", [source, from]) => self.words(&[("SUBSTRING(", source), (" FROM ", from)]),
            ("substring", [source, from, count]) => {
                self.words(&[("SUBSTRING(", source), (" FROM ", from), (" FOR ", count)]);
            }
            ("position", [whole, part]) => self.words(&[("POSITION(", part), (" IN ", whole)]),
            ("overlay", [source, new, from]) => {
                self.words(&[("OVERLAY(", source), (" PLACING ", new), (" FROM ", from)]);
            }
            ("overlay", [source, new, from, count]) => self.words(&[
                ("OVERLAY(", source),
                (" PLACING ", new),
                (" FROM ", from),
                (" FOR ", count),
            ]),
            ("btrim", [source]) => self.words(&[("TRIM(BOTH FROM ", source)]),
            ("ltrim", [source]) => self.words(&[("TRIM(LEADING FROM ", source)]),
            ("rtrim", [source]) => self.words(&[("TRIM(TRAILING FROM ", source)]),
            ("btrim", [source, off]) => self.words(&[("TRIM(BOTH ", off), (" FROM ", source)]),
            ("ltrim", [source, off]) => self.words(&[("TRIM(LEADING ", off), (" FROM ", source)]),
            ("rtrim", [source, off]) => self.words(&[("TRIM(TRAILING ", off), (" FROM ", source)]),
            _ => self.lack(),
        }
    }

    /// Words, each before its operand, and the closing bracket.
    fn words(&mut self, parts: &[(&str, &Expr)]) {
        for (word, operand) in parts {
            self.push(word);
            self.operand(operand);
        }
        self.push(")");
    }

    fn order_by(&mut self, keys: &[OrderBy]) {
        self.push("ORDER BY ");
        self.list(keys, ", ", |printer, key| {
            printer.expr(&key.expr);
            if key.descending {
                printer.push(" DESC");
            }
            match key.nulls_first {
                Some(true) => printer.push(" NULLS FIRST"),
                Some(false) => printer.push(" NULLS LAST"),
                None => {}
            }
        });
    }
}

/// Whether an operand needs no parentheses.
fn is_closed(kind: &ExprKind) -> bool {
    match kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::BitString(..)
        | ExprKind::Default
        | ExprKind::Column(_)
        | ExprKind::Var(_)
        | ExprKind::Relation(_)
        | ExprKind::Star(_)
        | ExprKind::Param(_)
        | ExprKind::Value(..)
        | ExprKind::Exists(_)
        | ExprKind::Subquery(_)
        | ExprKind::ArrayQuery(_)
        | ExprKind::Keyword(..)
        | ExprKind::Array(_)
        | ExprKind::Row(_)
        | ExprKind::Case(..) => true,
        ExprKind::Call(call) => !call.over,
        ExprKind::Const(..)
        | ExprKind::Binary(..)
        | ExprKind::Unary(..)
        | ExprKind::Not(_)
        | ExprKind::And(_)
        | ExprKind::Or(_)
        | ExprKind::IsNull(..)
        | ExprKind::IsBool(..)
        | ExprKind::IsDistinct(..)
        | ExprKind::Between(..)
        | ExprKind::In(..)
        | ExprKind::InQuery(..)
        | ExprKind::Quantified(..)
        | ExprKind::QuantifiedQuery(..)
        | ExprKind::Like(..)
        | ExprKind::Cast(..)
        | ExprKind::Collate(..)
        | ExprKind::AtTimeZone(..)
        | ExprKind::Subscript(..)
        | ExprKind::Field(..)
        | ExprKind::Opaque(_) => false,
    }
}

/// The keyword of a keyword value.
fn word(value: SqlValue) -> &'static str {
    match value {
        SqlValue::CurrentDate => "CURRENT_DATE",
        SqlValue::CurrentTime => "CURRENT_TIME",
        SqlValue::CurrentTimestamp => "CURRENT_TIMESTAMP",
        SqlValue::LocalTime => "LOCALTIME",
        SqlValue::LocalTimestamp => "LOCALTIMESTAMP",
        SqlValue::CurrentRole => "CURRENT_ROLE",
        SqlValue::CurrentUser => "CURRENT_USER",
        SqlValue::User => "USER",
        SqlValue::SessionUser => "SESSION_USER",
        SqlValue::CurrentCatalog => "CURRENT_CATALOG",
        SqlValue::CurrentSchema => "CURRENT_SCHEMA",
    }
}
