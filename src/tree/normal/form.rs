//! Brings an expression to its normal form.

use smol_str::SmolStr;

use super::kinds::is_constant;
use super::literal::{coerce, constant, decimal};
use super::{Norm, Place};
use crate::name::{Name, QualifiedName};
use crate::sqltype::{Builtin, Modifier, SqlType};
use crate::tree::expr::Call;
use crate::tree::{CastStyle, ColumnName, Expr, ExprKind, Quantifier, SqlValue};

/// Deeper expressions stay opaque.
const MAX_DEPTH: u32 = 200;

pub(super) struct Form<'a> {
    place: Place<'a>,
    depth: u32,
}

impl<'a> Form<'a> {
    pub(super) fn new(place: Place<'a>) -> Self {
        Form { place, depth: 0 }
    }

    /// A whole expression, in the type of its place.
    pub(super) fn top(&mut self, expr: &Expr) -> Norm {
        let norm = self.norm(expr);
        match self.place.target {
            Some(ty) if norm != Norm::Opaque => coerce(norm, ty),
            _ => norm,
        }
    }

    fn norm(&mut self, expr: &Expr) -> Norm {
        if self.depth >= MAX_DEPTH {
            return Norm::Opaque;
        }
        self.depth += 1;
        let norm = self.kind(expr);
        self.depth -= 1;
        norm
    }

    fn all(&mut self, items: &[Expr]) -> Vec<Norm> {
        items.iter().map(|item| self.norm(item)).collect()
    }

    fn kind(&mut self, expr: &Expr) -> Norm {
        match &expr.kind {
            ExprKind::Null | ExprKind::Const(None, _) => Norm::Null,
            ExprKind::Bool(value) => Norm::Bool(*value),
            ExprKind::Number(digits) => decimal(digits).map_or(Norm::Opaque, Norm::Number),
            ExprKind::String(text) => Norm::Raw(text.clone()),
            ExprKind::BitString(digits, true) => Norm::Typed(digits.clone(), Builtin::Varbit, false),
            ExprKind::BitString(_, false) => Norm::Opaque,
            ExprKind::Const(Some(text), ty) => constant(text, ty),
            ExprKind::Relation(relation) => Norm::Relation(*relation),
            ExprKind::Column(ColumnName { qualifiers, name }) => {
                Norm::Column(qualifiers.clone(), name.clone())
            }
            ExprKind::Var(number) => match self.place.column.and_then(|column| column(*number)) {
                Some((name, _)) => Norm::Column(Vec::new(), name),
                None => Norm::Var(*number),
            },
            ExprKind::Value(value, precision) => keyword_value(*value, *precision),
            ExprKind::Binary(operator, left, right) => {
                let (left, right) = (self.norm(left), self.norm(right));
                let right = self.like_column(&left, right);
                let left = self.like_column(&right, left);
                operation(operator, left, right)
            }
            ExprKind::Unary(operator, operand) => unary(operator, self.norm(operand)),
            ExprKind::Not(operand) => not(self.norm(operand)),
            ExprKind::And(items) => list(self.all(items), true),
            ExprKind::Or(items) => list(self.all(items), false),
            ExprKind::IsNull(operand, negated) => {
                let test = Norm::IsNull(Box::new(self.norm(operand)));
                if *negated { not(test) } else { test }
            }
            ExprKind::IsBool(operand, value, negated) => {
                let word = match value {
                    Some(true) => "is true",
                    Some(false) => "is false",
                    None => "is unknown",
                };
                let test = Norm::Other(word.into(), vec![self.norm(operand)]);
                if *negated { not(test) } else { test }
            }
            ExprKind::IsDistinct(left, right, negated) => {
                let test = Norm::Op("is distinct from".into(), vec![self.norm(left), self.norm(right)]);
                if *negated { not(test) } else { test }
            }
            ExprKind::Between(value, low, high, false, negated) => {
                let (value, low, high) = (self.norm(value), self.norm(low), self.norm(high));
                let (low, high) = (self.like_column(&value, low), self.like_column(&value, high));
                between(value, low, high, *negated)
            }
            ExprKind::In(value, items, negated) => {
                let value = self.norm(value);
                let items = self.all(items);
                let items = items
                    .into_iter()
                    .map(|item| self.like_column(&value, item))
                    .collect();
                membership(value, items, *negated)
            }
            ExprKind::Quantified(value, operator, quantifier, array) => {
                let value = self.norm(value);
                let array = self.norm(array);
                match self.like_array(&value, array) {
                    Norm::Array(items) => {
                        let items = items
                            .into_iter()
                            .map(|item| self.like_column(&value, item))
                            .collect();
                        set(value, operator, *quantifier, items)
                    }
                    array => {
                        let word = match quantifier {
                            Quantifier::Any => "any",
                            Quantifier::All => "all",
                        };
                        Norm::Other(SmolStr::new(format!("{operator} {word}")), vec![value, array])
                    }
                }
            }
            ExprKind::Like(value, word, pattern, None, negated) => self.like(value, word, pattern, *negated),
            ExprKind::Case(subject, whens, otherwise) => {
                self.case(subject.as_deref(), whens, otherwise.as_deref())
            }
            ExprKind::Call(call) => self.call(call),
            ExprKind::Keyword(word, args) => Norm::Call(
                QualifiedName::bare(Name::new(&word.to_ascii_lowercase())),
                self.all(args),
            ),
            ExprKind::Cast(operand, _, CastStyle::Implicit | CastStyle::ImplicitCall) => self.norm(operand),
            ExprKind::Cast(operand, ty, CastStyle::Explicit | CastStyle::ExplicitCall) => {
                match self.norm(operand) {
                    Norm::Opaque => Norm::Opaque,
                    operand => coerce(operand, ty),
                }
            }
            ExprKind::Collate(operand, name) => {
                let word = SmolStr::new(format!("collate {}", name.name));
                Norm::Other(word, vec![self.norm(operand)])
            }
            ExprKind::AtTimeZone(value, zone) => Norm::Call(
                QualifiedName::bare(Name::new("timezone")),
                vec![self.norm(zone), self.norm(value)],
            ),
            ExprKind::Array(items) => Norm::Array(self.all(items)),
            ExprKind::Row(items) => Norm::Other("row".into(), self.all(items)),
            ExprKind::Subscript(base, Some(index), None, false) => {
                Norm::Other("subscript".into(), vec![self.norm(base), self.norm(index)])
            }
            ExprKind::Field(base, name) => {
                Norm::Other(SmolStr::new(format!("field {name}")), vec![self.norm(base)])
            }
            ExprKind::Between(..)
            | ExprKind::Like(..)
            | ExprKind::Subscript(..)
            | ExprKind::Default
            | ExprKind::Star(_)
            | ExprKind::Param(_)
            | ExprKind::InQuery(..)
            | ExprKind::QuantifiedQuery(..)
            | ExprKind::Exists(_)
            | ExprKind::Subquery(_)
            | ExprKind::ArrayQuery(_)
            | ExprKind::Opaque(_) => Norm::Opaque,
        }
    }

    /// The type of a column without its modifier.
    fn type_of(&self, norm: &Norm) -> Option<SqlType> {
        let Norm::Column(_, name) = norm else {
            return None;
        };
        let ty = self.place.named.and_then(|named| named(name))?;
        Some(SqlType { modifier: None, ..ty })
    }

    /// A literal of no type beside a column has the column's type.
    fn like_column(&self, beside: &Norm, literal: Norm) -> Norm {
        match (literal, self.type_of(beside)) {
            (Norm::Raw(text), Some(ty)) => coerce(Norm::Raw(text), &ty),
            (literal, _) => literal,
        }
    }

    /// A literal of no type that a column is looked up in is an array of the column's type.
    fn like_array(&self, beside: &Norm, literal: Norm) -> Norm {
        match (literal, self.type_of(beside)) {
            (Norm::Raw(text), Some(ty)) if !ty.array => coerce(Norm::Raw(text), &ty.array_of()),
            (literal, _) => literal,
        }
    }

    fn like(&mut self, value: &Expr, word: &str, pattern: &Expr, negated: bool) -> Norm {
        let operator = match word {
            "LIKE" => "~~",
            "ILIKE" => "~~*",
            _ => return Norm::Opaque,
        };
        let (value, pattern) = (self.norm(value), self.norm(pattern));
        let pattern = self.like_column(&value, pattern);
        let test = operation(operator, value, pattern);
        if negated { not(test) } else { test }
    }

    fn case(&mut self, subject: Option<&Expr>, whens: &[(Expr, Expr)], otherwise: Option<&Expr>) -> Norm {
        let mut parts: Vec<Norm> = subject.map(|subject| self.norm(subject)).into_iter().collect();
        for (when, then) in whens {
            parts.push(self.norm(when));
            parts.push(self.norm(then));
        }
        parts.push(otherwise.map_or(Norm::Null, |otherwise| self.norm(otherwise)));
        let word = if subject.is_some() { "case of" } else { "case" };
        Norm::Other(word.into(), parts)
    }

    fn call(&mut self, call: &Call) -> Norm {
        let plain = call.named.is_empty()
            && !call.star
            && !call.distinct
            && !call.variadic
            && !call.over
            && call.filter.is_none()
            && call.order_by.is_empty();
        if !plain {
            return Norm::Opaque;
        }
        let mut name = call.name.clone();
        if name.schema.as_ref().is_some_and(|schema| *schema == "pg_catalog") {
            name.schema = None;
        }
        let args = self.all(&call.args);
        if name.schema.is_none() {
            match (name.name.as_str(), args.as_slice()) {
                ("now" | "transaction_timestamp", []) => return Norm::Now,
                (word, _) => {
                    if let Some(other) = synonym(word) {
                        name.name = Name::new(other);
                    }
                }
            }
        }
        Norm::Call(name, args)
    }
}

/// Functions of one meaning, by the name that is kept.
fn synonym(name: &str) -> Option<&'static str> {
    Some(match name {
        "character_length" | "char_length" => "length",
        "pow" => "power",
        "ceiling" => "ceil",
        "substr" => "substring",
        "strpos" => "position",
        _ => return None,
    })
}

fn keyword_value(value: SqlValue, precision: Option<u8>) -> Norm {
    let now = |builtin| {
        let modifier = precision.map(Modifier::Seconds);
        let ty = SqlType {
            modifier,
            ..SqlType::builtin(builtin)
        };
        coerce(Norm::Now, &ty)
    };
    match value {
        SqlValue::CurrentTimestamp => now(Builtin::Timestamptz),
        SqlValue::LocalTimestamp => now(Builtin::Timestamp),
        SqlValue::CurrentDate => now(Builtin::Date),
        SqlValue::CurrentTime => now(Builtin::Timetz),
        SqlValue::LocalTime => now(Builtin::Time),
        SqlValue::CurrentRole | SqlValue::User | SqlValue::CurrentUser => Norm::Value(SqlValue::CurrentUser),
        SqlValue::SessionUser | SqlValue::CurrentCatalog | SqlValue::CurrentSchema => Norm::Value(value),
    }
}

fn unary(operator: &str, operand: Norm) -> Norm {
    match (operator, operand) {
        ("+", operand) => operand,
        ("-", Norm::Number(number)) => {
            let negated = match number.strip_prefix('-') {
                Some(positive) => SmolStr::new(positive),
                None if number == "0" => number,
                None => SmolStr::new(format!("-{number}")),
            };
            Norm::Number(negated)
        }
        (operator, operand) => Norm::Op(SmolStr::new(format!("prefix {operator}")), vec![operand]),
    }
}

fn operation(operator: &str, left: Norm, right: Norm) -> Norm {
    match operator {
        ">" => comparison("<", right, left),
        ">=" => comparison("<=", right, left),
        "!~~" => not(comparison("~~", left, right)),
        "!~~*" => not(comparison("~~*", left, right)),
        "=" => equality(left, right, true),
        "<>" => equality(left, right, false),
        _ => comparison(operator, left, right),
    }
}

fn comparison(operator: &str, left: Norm, right: Norm) -> Norm {
    Norm::Op(operator.into(), vec![left, right])
}

/// `x = constant` is a set of one; `x = true` is `x`.
fn equality(left: Norm, right: Norm, equal: bool) -> Norm {
    let (value, other) = if is_constant(&left) && !is_constant(&right) {
        (right, left)
    } else {
        (left, right)
    };
    match other {
        Norm::Bool(wanted) if !is_constant(&value) => {
            if wanted == equal {
                value
            } else {
                not(value)
            }
        }
        other if is_constant(&other) => {
            let (operator, quantifier) = if equal {
                ("=", Quantifier::Any)
            } else {
                ("<>", Quantifier::All)
            };
            set(value, operator, quantifier, vec![other])
        }
        other => comparison(if equal { "=" } else { "<>" }, value, other),
    }
}

fn set(value: Norm, operator: &str, quantifier: Quantifier, items: Vec<Norm>) -> Norm {
    Norm::OfSet(
        Box::new(value),
        operator.into(),
        quantifier == Quantifier::Any,
        items,
    )
}

fn membership(value: Norm, items: Vec<Norm>, negated: bool) -> Norm {
    if negated {
        set(value, "<>", Quantifier::All, items)
    } else {
        set(value, "=", Quantifier::Any, items)
    }
}

fn between(value: Norm, low: Norm, high: Norm, negated: bool) -> Norm {
    if negated {
        let below = comparison("<", value.clone(), low);
        let above = comparison("<", high, value);
        list(vec![below, above], false)
    } else {
        let from = comparison("<=", low, value.clone());
        let to = comparison("<=", value, high);
        list(vec![from, to], true)
    }
}

fn not(operand: Norm) -> Norm {
    match operand {
        Norm::Opaque => Norm::Opaque,
        Norm::Not(inner) => *inner,
        Norm::Bool(value) => Norm::Bool(!value),
        Norm::OfSet(value, operator, true, items) if operator == "=" => {
            Norm::OfSet(value, "<>".into(), false, items)
        }
        Norm::OfSet(value, operator, false, items) if operator == "<>" => {
            Norm::OfSet(value, "=".into(), true, items)
        }
        operand => Norm::Not(Box::new(operand)),
    }
}

/// AND and OR take lists of their own kind in, and equalities of one value become one set.
fn list(items: Vec<Norm>, and: bool) -> Norm {
    let mut out: Vec<Norm> = Vec::new();
    for item in items {
        match item {
            Norm::And(inner) if and => out.extend(inner),
            Norm::Or(inner) if !and => out.extend(inner),
            item => out.push(item),
        }
    }
    let mut merged: Vec<Norm> = Vec::new();
    for item in out {
        merge(&mut merged, item, and);
    }
    if merged.len() == 1
        && let Some(only) = merged.pop()
    {
        return only;
    }
    if and { Norm::And(merged) } else { Norm::Or(merged) }
}

/// `x = a OR x = b` is `x IN (a, b)`, `x <> a AND x <> b` is `x NOT IN (a, b)`.
fn merge(out: &mut Vec<Norm>, item: Norm, and: bool) {
    if let Norm::OfSet(value, operator, any, items) = &item
        && *any != and
    {
        for other in out.iter_mut() {
            if let Norm::OfSet(other_value, other_operator, other_any, other_items) = other
                && other_value == value
                && other_operator == operator
                && other_any == any
            {
                other_items.extend(items.iter().cloned());
                return;
            }
        }
    }
    out.push(item);
}
