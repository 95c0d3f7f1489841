//! Numbers, atoms, ranges.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::Value;
use crate::source::Span;

/// `+ - * / div rem **`.
pub(super) fn arithmetic<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    a: &Value,
    b: &Value,
    at: Span,
) -> Option<Run<Value>> {
    if let (Value::Integer(a), Value::Integer(b)) = (a, b) {
        if *b == 0 && matches!(name, "/" | "div" | "rem") {
            return Some(Err(machine.raise(
                "ArithmeticError",
                "bad argument in arithmetic expression",
                at,
            )));
        }
        let out = match name {
            "+" => a.checked_add(*b),
            "-" => a.checked_sub(*b),
            "*" => a.checked_mul(*b),
            "div" => a.checked_div(*b),
            "rem" => a.checked_rem(*b),
            "**" => u32::try_from(*b).ok().and_then(|b| a.checked_pow(b)),
            _ => return Some(Ok(Value::Float(*a as f64 / *b as f64))),
        };
        return Some(Ok(match out {
            Some(i) => Value::Integer(i),
            None => machine.unknown(at, "a number of more bits than are followed"),
        }));
    }
    let (Some(x), Some(y)) = (float(a), float(b)) else {
        if a.gap().is_some() || b.gap().is_some() {
            return None;
        }
        return Some(Err(machine.raise(
            "ArithmeticError",
            "bad argument in arithmetic expression",
            at,
        )));
    };
    let out = match name {
        "+" => x + y,
        "-" => x - y,
        "*" => x * y,
        "/" => x / y,
        "**" => x.powf(y),
        _ => {
            return Some(Err(machine.raise(
                "ArithmeticError",
                "bad argument in arithmetic expression",
                at,
            )));
        }
    };
    Some(if out.is_finite() {
        Ok(Value::Float(out))
    } else {
        Err(machine.raise("ArithmeticError", "bad argument in arithmetic expression", at))
    })
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(i) => Some(*i as f64),
        Value::Float(f) => Some(*f),
        _ => None,
    }
}

/// `abs`, `round`, `trunc`, `floor`, `ceil`.
pub(super) fn rounded<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    number: &Value,
    at: Span,
) -> Option<Run<Value>> {
    Some(Ok(match (number, name) {
        (Value::Integer(i), "abs") => match i.checked_abs() {
            Some(i) => Value::Integer(i),
            None => machine.unknown(at, "a number of more bits than are followed"),
        },
        (Value::Integer(_), _) => number.clone(),
        (Value::Float(f), "abs") => Value::Float(f.abs()),
        (Value::Float(f), _) => {
            let f = match name {
                "round" => f.round(),
                "trunc" => f.trunc(),
                "floor" => f.floor(),
                _ => f.ceil(),
            };
            if f.abs() < 9.0e15 {
                Value::Integer(f as i64)
            } else {
                machine.unknown(at, "a number of more bits than are followed")
            }
        }
        _ => return None,
    }))
}

pub(super) fn bitwise<'a, L: Library<'a>>(
    _machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    _at: Span,
) -> Option<Run<Value>> {
    let out = match (name, args) {
        ("band" | "&&&", [Value::Integer(a), Value::Integer(b)]) => a & b,
        ("bor" | "|||", [Value::Integer(a), Value::Integer(b)]) => a | b,
        ("bxor", [Value::Integer(a), Value::Integer(b)]) => a ^ b,
        ("bnot", [Value::Integer(a)]) => !a,
        ("bsl" | "<<<", [Value::Integer(a), Value::Integer(b)]) => {
            let b = u32::try_from(*b).ok().filter(|b| *b < 62)?;
            a.checked_mul(1i64 << b)?
        }
        ("bsr" | ">>>", [Value::Integer(a), Value::Integer(b)]) => {
            let b = u32::try_from(*b).ok().filter(|b| *b < 63)?;
            a >> b
        }
        _ => return None,
    };
    Some(Ok(Value::Integer(out)))
}

pub(super) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    module: &str,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    Some(Ok(match (module, name, args) {
        ("Integer", "to_string", [Value::Integer(i)]) => Value::text(&i.to_string(), at),
        ("Integer", "to_charlist", [Value::Integer(i)]) => Value::list(
            i.to_string()
                .bytes()
                .map(|b| Value::Integer(i64::from(b)))
                .collect(),
        ),
        ("Integer", "parse", [Value::Text(text)]) => {
            let digits = text.as_str();
            let end = digits
                .char_indices()
                .find(|(i, c)| !(c.is_ascii_digit() || (*i == 0 && (*c == '-' || *c == '+'))))
                .map_or(digits.len(), |(i, _)| i);
            match digits[..end].parse::<i64>() {
                Ok(i) => {
                    let rest = Value::Text(std::rc::Rc::new(text.slice(end..digits.len())));
                    Value::tuple(vec![Value::Integer(i), rest])
                }
                Err(_) if end < 2 => Value::atom("error"),
                Err(_) => return None,
            }
        }
        ("Integer", "digits", [Value::Integer(i)]) => Value::list(
            i.unsigned_abs()
                .to_string()
                .bytes()
                .map(|b| Value::Integer(i64::from(b - b'0')))
                .collect(),
        ),
        ("Integer", "floor_div", [Value::Integer(a), Value::Integer(b)]) if *b != 0 => {
            Value::Integer(a.checked_div_euclid(*b).filter(|_| *b > 0)?)
        }
        ("Integer", "mod", [Value::Integer(a), Value::Integer(b)]) if *b > 0 => {
            Value::Integer(a.rem_euclid(*b))
        }
        ("Integer", "pow", [a, b]) => return arithmetic(machine, "**", a, b, at),
        ("Float", "round", [Value::Float(f)]) => Value::Float(f.round()),
        ("Float", "to_string", [Value::Float(f)]) => Value::text(&super::super::inspect::float(*f), at),
        ("Float", "ceil" | "floor", [Value::Float(f)]) => {
            Value::Float(if name == "ceil" { f.ceil() } else { f.floor() })
        }
        ("Atom", "to_string", [Value::Atom(name)]) => Value::text(name, at),
        ("Atom", "to_charlist", [Value::Atom(name)]) => Value::list(
            name.chars()
                .map(|c| Value::Integer(i64::from(u32::from(c))))
                .collect(),
        ),
        ("Range", "new", [Value::Integer(a), Value::Integer(b)]) => {
            Value::Range(*a, *b, if a <= b { 1 } else { -1 })
        }
        ("Range", "new", [Value::Integer(a), Value::Integer(b), Value::Integer(step)]) => {
            Value::Range(*a, *b, *step)
        }
        ("Range", "size", [range @ Value::Range(..)]) => match machine.items(range, at) {
            Ok(Ok(items)) => Value::Integer(items.len() as i64),
            Ok(Err(_)) => return None,
            Err(stop) => return Some(Err(stop)),
        },
        ("Base", "encode16", [Value::Text(text)]) => Value::text(
            &text
                .as_str()
                .bytes()
                .map(|b| format!("{b:02X}"))
                .collect::<String>(),
            at,
        ),
        _ => return None,
    }))
}
