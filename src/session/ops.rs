//! Operators: comparison, arithmetic, concatenation, patterns, subscripts.

use std::sync::Arc;

use super::Session;
use super::flow::{Raised, Run};
use super::functions::parse_array;
use super::logic::{compare_op, like, not};
use super::number::Decimal;
use super::query::Env;
use super::value::{MAX_ARRAY, MAX_TEXT, Object, Oid, Partial, Str, Value};
use crate::source::{Span, Text};
use crate::tree::Expr;

impl Session {
    pub(super) fn binary(&mut self, op: &str, a: &Expr, b: &Expr, env: &Env<'_>, at: Span) -> Run<Value> {
        let (left, right) = (self.eval(a, env)?, self.eval(b, env)?);
        match op {
            "=" | "<>" | "!=" | "<" | "<=" | ">" | ">=" => self.compare_values(op, &left, &right, at),
            "||" => self.concatenate(left, a.span, right, b.span, at),
            "+" | "-" | "*" | "/" | "%" => self.arithmetic(op, &left, &right, at),
            "~" | "~*" | "!~" | "!~*" => Ok(self.matches(op, &left, &right, at)),
            "~~" => Ok(like(&left, &right, false, at)),
            "~~*" => Ok(like(&left, &right, true, at)),
            "!~~" => Ok(not(like(&left, &right, false, at))),
            "!~~*" => Ok(not(like(&left, &right, true, at))),
            _ if left.is_null() || right.is_null() => Ok(Value::Null),
            _ => Ok(match left.gap().or(right.gap()) {
                Some(gap) => Value::Unknown(gap.clone()),
                None => self.unknown(at, format!("the operator {op} is not followed")),
            }),
        }
    }

    /// A comparison; a string beside an object is read as the object's name.
    pub(super) fn compare_values(&mut self, op: &str, a: &Value, b: &Value, at: Span) -> Run<Value> {
        Ok(match (a, b) {
            (Value::Oid(oid), Value::Text(text)) if oid.reg => {
                let other = self.as_object(&oid.object, text.as_str(), at);
                compare_op(op, a, &other)
            }
            (Value::Text(text), Value::Oid(oid)) if oid.reg => {
                let other = self.as_object(&oid.object, text.as_str(), at);
                compare_op(op, &other, b)
            }
            (Value::Oid(_), Value::Int(0)) | (Value::Int(0), Value::Oid(_)) => {
                compare_op(op, &Value::Int(1), &Value::Int(0))
            }
            (Value::Oid(_), Value::Oid(_) | Value::System(_)) | (Value::System(_), Value::Oid(_))
                if matches!(op, "=" | "<>" | "!=") =>
            {
                compare_op(op, a, b)
            }
            (Value::Oid(_), other) | (other, Value::Oid(_)) if !other.is_null() => match other.gap() {
                Some(gap) => Value::Unknown(gap.clone()),
                None => self.unknown(at, "numbers of objects are not followed"),
            },
            (Value::Array(_), Value::Text(text)) => match parse_array(text.as_str()) {
                Some(array) => compare_op(op, a, &array),
                None => self.unknown(at, "an array"),
            },
            (Value::Text(text), Value::Array(_)) => match parse_array(text.as_str()) {
                Some(array) => compare_op(op, &array, b),
                None => self.unknown(at, "an array"),
            },
            // Strings are ordered by a collation that is not known, unless they are equal.
            (Value::Text(x), Value::Text(y)) if matches!(op, "<" | "<=" | ">" | ">=") && !plain(x, y) => {
                self.unknown(at, "the order of strings depends on the collation")
            }
            (Value::Text(x), Value::Int(_) | Value::Numeric(_)) if Decimal::parse(x.as_str()).is_none() => {
                self.unknown(at, "a string beside a number")
            }
            (Value::Int(_) | Value::Numeric(_), Value::Text(y)) if Decimal::parse(y.as_str()).is_none() => {
                self.unknown(at, "a string beside a number")
            }
            _ => compare_op(op, a, b),
        })
    }

    fn as_object(&mut self, like: &Object, text: &str, at: Span) -> Value {
        match like {
            Object::Relation(_) | Object::SystemRelation(_) => self.regclass(text, at),
            _ => self.unknown(at, "an object's name"),
        }
    }

    pub(super) fn unary(&mut self, op: &str, value: Value, at: Span) -> Value {
        if value.is_null() {
            return Value::Null;
        }
        match (op, &value) {
            ("-", Value::Int(n)) => n
                .checked_neg()
                .map_or_else(|| self.unknown(at, "overflow"), Value::Int),
            ("-", Value::Numeric(text)) => match text.strip_prefix('-') {
                Some(positive) => Value::Numeric(positive.into()),
                None => Value::Numeric(format!("-{text}").into()),
            },
            ("+", Value::Int(_) | Value::Numeric(_)) => value,
            _ => match value.gap() {
                Some(gap) => Value::Unknown(gap.clone()),
                None => self.unknown(at, format!("the operator {op} is not followed")),
            },
        }
    }

    pub(super) fn arithmetic(&mut self, op: &str, a: &Value, b: &Value, at: Span) -> Run<Value> {
        if a.is_null() || b.is_null() {
            return Ok(Value::Null);
        }
        if let Some(gap) = a.gap().or(b.gap()) {
            return Ok(Value::Unknown(gap.clone()));
        }
        let number = |v: &Value| matches!(v, Value::Int(_) | Value::Numeric(_));
        if !number(a) && !number(b) {
            return Ok(self.unknown(at, format!("the operator {op} is not followed here")));
        }
        if let (Some(a), Some(b), true) = (a.as_int(), b.as_int(), whole(a) && whole(b)) {
            if b == 0 && matches!(op, "/" | "%") {
                return Err(Raised::certain("22012", "division by zero", at));
            }
            let result = match op {
                "+" => a.checked_add(b),
                "-" => a.checked_sub(b),
                "*" => a.checked_mul(b),
                "/" => a.checked_div(b),
                _ => a.checked_rem(b),
            };
            return Ok(result.map_or_else(
                || self.unknown(at, "a number too large to be followed"),
                Value::Int,
            ));
        }
        let both = Decimal::parse(&a.print()).zip(Decimal::parse(&b.print()));
        Ok(match both.and_then(|(a, b)| a.apply(op, b)) {
            Some(decimal) => Value::Numeric(decimal.print().into()),
            None => self.unknown(at, "arithmetic that is not followed"),
        })
    }

    /// `||` of strings, arrays and elements.
    fn concatenate(&mut self, a: Value, a_at: Span, b: Value, b_at: Span, at: Span) -> Run<Value> {
        match (&a, &b) {
            (Value::Array(x), Value::Array(y)) => {
                let items = x.iter().chain(y.iter()).cloned().collect();
                self.array_of(items, at)
            }
            (Value::Array(x), Value::Text(y)) if parse_array(y.as_str()).is_some() => {
                let other = parse_array(y.as_str()).unwrap_or(Value::Null);
                let items = x.iter().cloned().chain(elements(&other)).collect();
                self.array_of(items, at)
            }
            (Value::Array(x), Value::Null) | (Value::Null, Value::Array(x)) => Ok(Value::Array(x.clone())),
            (Value::Array(_), Value::Unknown(gap)) | (Value::Unknown(gap), Value::Array(_)) => {
                Ok(Value::Unknown(gap.clone()))
            }
            (Value::Array(x), other) => {
                let items = x.iter().cloned().chain([other.clone()]).collect();
                self.array_of(items, at)
            }
            (other, Value::Array(y)) => {
                let items = std::iter::once(other.clone()).chain(y.iter().cloned()).collect();
                self.array_of(items, at)
            }
            (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
            _ => self.join_text(vec![(a, a_at), (b, b_at)], at),
        }
    }

    pub(super) fn array_of(&mut self, items: Vec<Value>, at: Span) -> Run<Value> {
        self.spend(items.len() as u64 / 8, at)?;
        if items.len() > MAX_ARRAY {
            return Ok(self.unknown(at, "an array too long to be followed"));
        }
        Ok(Value::array(items))
    }

    /// One string of several values, none of them NULL; what is unknown becomes a hole.
    pub(super) fn join_text(&mut self, parts: Vec<(Value, Span)>, at: Span) -> Run<Value> {
        let mut runs: Vec<(Option<String>, Span, bool)> = Vec::new();
        let mut gap = None;
        for (value, span) in parts {
            match &value {
                Value::Text(Str::Placed(text)) => {
                    runs.extend(text.runs().map(|(text, span, exact)| (Some(text), span, exact)));
                }
                Value::Partial(partial) => {
                    gap.get_or_insert_with(|| partial.gap.clone());
                    runs.extend(partial.runs.iter().cloned());
                }
                other => match self.print(other) {
                    Some(text) if text.is_empty() => {}
                    Some(text) => runs.push((Some(text), span, false)),
                    None => {
                        let why = other
                            .gap()
                            .cloned()
                            .unwrap_or_else(|| self.gap(span, "a string that cannot be told"));
                        gap.get_or_insert(why);
                        runs.push((None, span, false));
                    }
                },
            }
        }
        let length: usize = runs.iter().filter_map(|r| r.0.as_ref()).map(String::len).sum();
        self.spend(length as u64 / 64 + runs.len() as u64 / 8, at)?;
        if length > MAX_TEXT || runs.len() > 10_000 {
            return Ok(self.unknown(at, "a string too long to be followed"));
        }
        Ok(match gap {
            Some(gap) => Value::Partial(Arc::new(Partial { runs, gap })),
            None => {
                let runs = runs
                    .into_iter()
                    .map(|(text, span, exact)| (text.unwrap_or_default(), span, exact));
                Value::Text(Str::Placed(Text::composed(runs)))
            }
        })
    }

    /// The text of a known value, as a cast to `text` gives it.
    pub(super) fn print(&self, value: &Value) -> Option<String> {
        match value {
            Value::Oid(oid) => self.print_object(oid),
            Value::Bool(b) => Some(if *b { "true" } else { "false" }.to_owned()),
            Value::Array(items) if items.iter().any(|i| matches!(i, Value::Oid(_))) => None,
            other if other.gap().is_some() => None,
            other => Some(other.print()),
        }
    }

    fn print_object(&self, oid: &Oid) -> Option<String> {
        if !oid.reg {
            return None;
        }
        self.object_name(&oid.object)
    }

    /// `~` and its kin, for patterns that are plain text and anchors.
    fn matches(&mut self, op: &str, value: &Value, pattern: &Value, at: Span) -> Value {
        if value.is_null() || pattern.is_null() {
            return Value::Null;
        }
        if let Some(gap) = value.gap().or(pattern.gap()) {
            return Value::Unknown(gap.clone());
        }
        let (mut value, mut pattern) = (value.print(), pattern.print());
        if op.ends_with('*') {
            value = value.to_lowercase();
            pattern = pattern.to_lowercase();
        }
        match super::functions::simple_match(&value, &pattern) {
            Some(found) => Value::Bool(found != op.starts_with('!')),
            None => self.unknown(at, "a regular expression that is not followed"),
        }
    }

    pub(super) fn subscript(
        &mut self,
        array: Value,
        low: Option<Value>,
        high: Option<Value>,
        slice: bool,
        at: Span,
    ) -> Value {
        let array = match &array {
            Value::Text(text) => parse_array(text.as_str()).unwrap_or(array),
            _ => array,
        };
        let Value::Array(items) = &array else {
            return match &array {
                Value::Null => Value::Null,
                other => match other.gap() {
                    Some(gap) => Value::Unknown(gap.clone()),
                    None => self.unknown(at, "a subscript that is not followed"),
                },
            };
        };
        let bound = |value: &Option<Value>, otherwise: i64| match value {
            None => Ok(Some(otherwise)),
            Some(Value::Null) => Ok(None),
            Some(value) => value.as_int().map(Some).ok_or_else(|| value.gap().cloned()),
        };
        let bounds = bound(&low, 1).and_then(|l| Ok((l, bound(&high, items.len() as i64)?)));
        let (low, high) = match bounds {
            Ok((Some(low), Some(high))) => (low, high),
            Ok(_) => return Value::Null,
            Err(Some(gap)) => return Value::Unknown(gap),
            Err(None) => return self.unknown(at, "a subscript"),
        };
        let index = |n: i64| usize::try_from(n - 1).ok();
        if slice {
            let from = index(low.max(1)).unwrap_or(0).min(items.len());
            let to = usize::try_from(high).unwrap_or(0).min(items.len());
            return Value::array(items.get(from..to).unwrap_or_default().to_vec());
        }
        index(low)
            .and_then(|i| items.get(i))
            .cloned()
            .unwrap_or(Value::Null)
    }
}

/// Whether the order of two strings is the same under every collation that is in use: digits of equal length, equal strings.
fn plain(a: &Str, b: &Str) -> bool {
    let (a, b) = (a.as_str(), b.as_str());
    let lower = |s: &str| s.bytes().all(|c| c.is_ascii_lowercase()) || s.bytes().all(|c| c.is_ascii_digit());
    a == b || (lower(a) && lower(b)) || dated(a) && dated(b)
}

/// `2024-05-01` and the like: digits and separators at the same places.
fn dated(text: &str) -> bool {
    text.len() >= 10
        && text
            .bytes()
            .all(|c| c.is_ascii_digit() || matches!(c, b'-' | b':' | b' ' | b'.'))
}

fn whole(value: &Value) -> bool {
    match value {
        Value::Int(_) => true,
        Value::Text(text) => text.as_str().trim().parse::<i64>().is_ok(),
        _ => false,
    }
}

fn elements(array: &Value) -> Vec<Value> {
    match array {
        Value::Array(items) => items.to_vec(),
        _ => Vec::new(),
    }
}
