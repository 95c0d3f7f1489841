//! Logic with four values (true, false, NULL, unknown), comparison, and LIKE.

use super::value::Value;
use crate::known::{Gap, Truth};
use crate::source::Span;

pub(super) fn not(value: Value) -> Value {
    match value {
        Value::Null => Value::Null,
        other => match other.truth() {
            Truth::Yes => Value::Bool(false),
            Truth::No => Value::Bool(true),
            Truth::Unknown(gap) => Value::Unknown(gap),
        },
    }
}

pub(super) fn and(a: Value, b: Value) -> Value {
    match (&a, &b) {
        (Value::Bool(false), _) | (_, Value::Bool(false)) => Value::Bool(false),
        _ => match (a.gap(), b.gap()) {
            (Some(gap), _) | (None, Some(gap)) => Value::Unknown(gap.clone()),
            (None, None) if a.is_null() || b.is_null() => {
                if (!a.is_null() && a.truth() == Truth::No) || (!b.is_null() && b.truth() == Truth::No) {
                    Value::Bool(false)
                } else {
                    Value::Null
                }
            }
            (None, None) => Value::Bool(a.truth() == Truth::Yes && b.truth() == Truth::Yes),
        },
    }
}

pub(super) fn or(a: Value, b: Value) -> Value {
    not(and(not(a), not(b)))
}

pub(super) fn is_null(value: &Value, negated: bool) -> Value {
    match value {
        Value::Null => Value::Bool(!negated),
        // A string with holes is NULL where a hole is, and arrays with unknown elements are none.
        Value::Unknown(gap) => Value::Unknown(gap.clone()),
        Value::Partial(partial) => Value::Unknown(partial.gap.clone()),
        Value::Record(fields) => {
            // `IS NULL` holds for a row of NULLs, `IS NOT NULL` for one without.
            let mut all = Value::Bool(true);
            for (_, value) in fields.iter() {
                all = and(all, is_null(value, negated));
            }
            all
        }
        _ => Value::Bool(negated),
    }
}

pub(super) fn is_bool(value: &Value, wanted: Option<bool>, negated: bool) -> Value {
    let found = match (value, wanted) {
        (Value::Null, None) => true,
        (Value::Null, Some(_)) => false,
        (other, wanted) => match (other.truth(), wanted) {
            (Truth::Unknown(gap), _) => return Value::Unknown(gap),
            (_, None) => false,
            (Truth::Yes, Some(wanted)) => wanted,
            (Truth::No, Some(wanted)) => !wanted,
        },
    };
    Value::Bool(found != negated)
}

pub(super) fn is_distinct(a: &Value, b: &Value, negated: bool) -> Value {
    let distinct = match (a.is_null(), b.is_null()) {
        (true, true) => Value::Bool(false),
        (true, false) => is_null(b, true),
        (false, true) => is_null(a, true),
        (false, false) => not(a.equals(b)),
    };
    if negated { not(distinct) } else { distinct }
}

/// A comparison by an operator's characters.
pub(super) fn compare_op(op: &str, a: &Value, b: &Value) -> Value {
    let order = match a.compare(b) {
        Ok(Some(order)) => order,
        Ok(None) => return Value::Null,
        Err(Value::Bool(equal)) => {
            return match op {
                "=" => Value::Bool(equal),
                "<>" | "!=" => Value::Bool(!equal),
                _ => match a.gap().or(b.gap()) {
                    Some(gap) => Value::Unknown(gap.clone()),
                    None => Value::Null,
                },
            };
        }
        Err(unknown) => return unknown,
    };
    Value::Bool(match op {
        "=" => order.is_eq(),
        "<>" | "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    })
}

/// `LIKE` with `\` as escape.
pub(super) fn like(value: &Value, pattern: &Value, fold: bool, at: Span) -> Value {
    if value.is_null() || pattern.is_null() {
        return Value::Null;
    }
    if let (Value::System(gap), Some(pattern)) = (value, pattern.as_str()) {
        let head: String = pattern
            .chars()
            .take_while(|c| !matches!(c, '%' | '_' | '\\'))
            .collect();
        let may_be = "pg_".starts_with(head.as_str()) || head.starts_with("pg") || head.is_empty();
        return if may_be {
            Value::Unknown(gap.clone())
        } else {
            Value::Bool(false)
        };
    }
    if let Some(gap) = value.gap().or(pattern.gap()) {
        return Value::Unknown(gap.clone());
    }
    let (mut value, mut pattern) = (value.print(), pattern.print());
    if fold {
        value = value.to_lowercase();
        pattern = pattern.to_lowercase();
    }
    if value.len().saturating_mul(pattern.len()) > 4_000_000 {
        return Value::Unknown(Gap::new(
            at,
            "a pattern too long to be followed",
            crate::known::Reach::Rows,
        ));
    }
    Value::Bool(matches_like(&value, &pattern))
}

/// Greedy matching with one point to come back to, as `%` needs no more.
fn matches_like(value: &str, pattern: &str) -> bool {
    let value: Vec<char> = value.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    let (mut v, mut p) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while v < value.len() {
        let (token, width) = match pattern.get(p) {
            Some('\\') => (pattern.get(p + 1).map(|c| (*c, false)), 2),
            Some(c) => (Some((*c, true)), 1),
            None => (None, 0),
        };
        match token {
            Some(('%', true)) => {
                back = Some((p + 1, v));
                p += 1;
            }
            Some(('_', true)) => {
                v += 1;
                p += 1;
            }
            Some((c, _)) if c == value[v] => {
                v += 1;
                p += width;
            }
            _ => match back {
                Some((at, from)) => {
                    p = at;
                    v = from + 1;
                    back = Some((at, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|c| *c == '%')
}
