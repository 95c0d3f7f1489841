//! Functions and operators of `Kernel` that take values.

use std::cmp::Ordering;
use std::rc::Rc;

use super::super::library::Library;
use super::super::machine::{Machine, Run, Stop};
use super::super::value::{Map, Value};
use super::truth;
use crate::known::Truth;
use crate::source::Span;

/// The mark of `exit`.
pub(in super::super) const EXIT: &str = "\u{0}exit";

pub(super) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    if let Some(out) = test(machine, name, args, at) {
        return Some(Ok(out));
    }
    Some(match (name, args) {
        ("+" | "-" | "*" | "/" | "div" | "rem" | "**", [a, b]) => {
            return super::numbers::arithmetic(machine, name, a, b, at);
        }
        ("-", [Value::Integer(i)]) => match i.checked_neg() {
            Some(i) => Ok(Value::Integer(i)),
            None => Ok(machine.unknown(at, "a number of more bits than are followed")),
        },
        ("-", [Value::Float(f)]) => Ok(Value::Float(-f)),
        ("+", [number]) => Ok(number.clone()),
        ("abs" | "round" | "trunc" | "floor" | "ceil", [number]) => {
            return super::numbers::rounded(machine, name, number, at);
        }
        ("max" | "min", [a, b]) => match a.order(b) {
            Some(order) => {
                let first = if name == "max" {
                    order != Ordering::Less
                } else {
                    order != Ordering::Greater
                };
                Ok(if first { a.clone() } else { b.clone() })
            }
            None => return None,
        },
        ("!" | "not", [value]) => Ok(match machine.truth(value) {
            Truth::Yes => Value::truth(false),
            Truth::No => Value::truth(true),
            Truth::Unknown(gap) => Value::one_of(vec![Value::truth(true), Value::truth(false)], gap),
        }),
        ("to_timeout", [components]) => return timeout(components),
        ("++", [Value::List(a), Value::List(b)]) => {
            if let Err(stop) = machine.afford((a.len() + b.len()) as u128, at) {
                return Some(Err(stop));
            }
            Ok(Value::list(a.iter().chain(b.iter()).cloned().collect()))
        }
        ("--", [Value::List(a), Value::List(b)]) => return Some(without(machine, a, b, at)),
        ("<>", [_, _]) => {
            for side in args {
                if !matches!(side, Value::Text(_)) && side.gap().is_none() {
                    return Some(Err(machine.raise("ArgumentError", "expected a binary", at)));
                }
            }
            machine.concat(args)
        }
        ("..", [Value::Integer(a), Value::Integer(b)]) => {
            Ok(Value::Range(*a, *b, if a <= b { 1 } else { -1 }))
        }
        ("..//", [Value::Integer(a), Value::Integer(b), Value::Integer(step)]) => {
            Ok(Value::Range(*a, *b, *step))
        }
        ("hd", [Value::List(items)]) => match items.first() {
            Some(first) => Ok(first.clone()),
            None => Err(machine.raise("ArgumentError", "an empty list has no head", at)),
        },
        ("tl", [Value::List(items)]) => match items.split_first() {
            Some((_, rest)) => Ok(Value::list(rest.to_vec())),
            None => Err(machine.raise("ArgumentError", "an empty list has no tail", at)),
        },
        ("length", [Value::List(items)]) => Ok(Value::Integer(items.len() as i64)),
        ("elem", [Value::Tuple(items), Value::Integer(index)]) => {
            match usize::try_from(*index).ok().and_then(|i| items.get(i)) {
                Some(item) => Ok(item.clone()),
                None => Err(machine.raise("ArgumentError", "a tuple has no such element", at)),
            }
        }
        ("put_elem", [Value::Tuple(items), Value::Integer(index), value]) => {
            let mut items = items.to_vec();
            match usize::try_from(*index).ok().and_then(|i| items.get_mut(i)) {
                Some(item) => *item = value.clone(),
                None => {
                    return Some(Err(machine.raise(
                        "ArgumentError",
                        "a tuple has no such element",
                        at,
                    )));
                }
            }
            Ok(Value::tuple(items))
        }
        ("tuple_size", [Value::Tuple(items)]) => Ok(Value::Integer(items.len() as i64)),
        ("map_size", [Value::Map(map)]) => Ok(Value::Integer(map.entries().len() as i64)),
        ("byte_size", [Value::Text(text)]) => Ok(Value::Integer(text.as_str().len() as i64)),
        ("bit_size", [Value::Text(text)]) => Ok(Value::Integer(text.as_str().len() as i64 * 8)),
        ("binary_part", [Value::Text(text), Value::Integer(from), Value::Integer(length)]) => {
            let range = usize::try_from(*from).ok().zip(usize::try_from(*length).ok());
            match range.and_then(|(from, length)| {
                text.as_str()
                    .get(from..from.checked_add(length)?)
                    .map(|_| from..from + length)
            }) {
                Some(range) => Ok(Value::Text(Rc::new(text.slice(range)))),
                None => return None,
            }
        }
        ("to_string", [value]) => machine.text_of(value, at),
        ("to_charlist", [Value::List(_)]) => Ok(args.first()?.clone()),
        ("to_charlist", [value]) => match machine.text_of(value, at) {
            Ok(text) => match text.as_str() {
                Some(text) => Ok(Value::list(
                    text.chars()
                        .map(|c| Value::Integer(i64::from(u32::from(c))))
                        .collect(),
                )),
                None => return None,
            },
            Err(stop) => Err(stop),
        },
        ("inspect", [value, ..]) => Ok(match machine.inspect(value) {
            Some(text) => Value::text(&text, at),
            None => machine.unknown(at, "what inspect shows"),
        }),
        ("apply", [function, list]) => {
            let args = list.as_list()?.to_vec();
            machine.call_value(function, args, at)
        }
        ("apply", [module, function, list]) => {
            let (module, name) = (module.as_module()?, function.as_atom()?.to_owned());
            let args = list.as_list()?.to_vec();
            machine.apply(&module, &name, args, at)
        }
        ("then", [value, function]) => machine.call_value(function, vec![value.clone()], at),
        ("tap", [value, function]) => {
            let out = machine.call_value(function, vec![value.clone()], at);
            out.map(|_| value.clone())
        }
        ("struct" | "struct!", [of]) => structure(machine, of, &Value::list(Vec::new()), at),
        ("struct" | "struct!", [of, fields]) => structure(machine, of, fields, at),
        ("function_exported?" | "macro_exported?", [module, name, arity]) => {
            let module = module.as_module()?;
            let name = name.as_atom()?.to_owned();
            let arity = usize::try_from(arity.as_integer()?).ok()?;
            let has = machine.has_function(&module, &name, arity, at);
            Ok(truth(has, args, at))
        }
        // Told apart from what is thrown by a name that no program can write.
        ("exit", [value]) => Err(Stop::Thrown(
            Value::tuple(vec![Value::atom(EXIT), value.clone()]),
            at,
        )),
        ("hd" | "tl" | "length" | "elem" | "tuple_size" | "map_size" | "byte_size", [value, ..])
            if value.gap().is_none() && !matches!(value, Value::Range(..) | Value::Quoted(_)) =>
        {
            Err(machine.raise("ArgumentError", "errors were found at the given arguments", at))
        }
        ("get_in" | "put_in" | "update_in" | "pop_in", _) => {
            return super::access::paths(machine, name, args, at);
        }
        ("send", [_, message]) => Ok(message.clone()),
        ("self" | "make_ref" | "node", _) => Ok(machine.unknown(at, "a process")),
        _ => return None,
    })
}

/// Operators and questions whose answer is a truth.
fn test<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Value> {
    let ordered = |wanted: fn(Ordering) -> bool| match args {
        [a, b] => Some(truth(a.order(b).map(wanted), args, at)),
        _ => None,
    };
    match (name, args) {
        ("==", [a, b]) => Some(truth(a.same(b), args, at)),
        ("!=", [a, b]) => Some(truth(a.same(b).map(|is| !is), args, at)),
        ("===", [a, b]) => Some(truth(a.identical(b), args, at)),
        ("!==", [a, b]) => Some(truth(a.identical(b).map(|is| !is), args, at)),
        ("<", _) => ordered(|o| o == Ordering::Less),
        (">", _) => ordered(|o| o == Ordering::Greater),
        ("<=", _) => ordered(|o| o != Ordering::Greater),
        (">=", _) => ordered(|o| o != Ordering::Less),
        ("in", [value, list]) => Some(member(machine, value, list, at)),
        ("=~", [text, pattern]) => super::strings::matches(machine, text, pattern, at),
        ("is_map_key", [map, key]) => {
            let Value::Map(map) = map else { return None };
            let has = map.get(key).map(|found| found.is_some()).ok();
            Some(truth(has, args, at))
        }
        ("is_struct", [value, module]) => {
            let is = match value {
                Value::Unknown(_) | Value::Term(_) => None,
                other => Some(other.struct_name() == module.as_module()),
            };
            Some(truth(is, args, at))
        }
        ("is_function", [value, arity]) => match value {
            Value::Function(function) => {
                Some(Value::truth(Some(function.arity() as i64) == arity.as_integer()))
            }
            Value::Unknown(_) | Value::Term(_) => Some(truth(None, args, at)),
            _ => Some(Value::truth(false)),
        },
        (_, [value]) => Some(truth(is_kind(name, value)?, args, at)),
        _ => None,
    }
}

/// `is_...`: `Some(None)` where it cannot be told, `None` for no such question.
fn is_kind(name: &str, value: &Value) -> Option<Option<bool>> {
    let kind = name.strip_prefix("is_")?;
    if let Value::Unknown(unknown) = value {
        if !unknown.pattern.is_empty() {
            return Some(Some(matches!(kind, "binary" | "bitstring")));
        }
        let mut answers = unknown.candidates.iter().map(|c| is_kind(name, c));
        let first = match answers.next() {
            Some(first) => first?,
            None => None,
        };
        return Some(if answers.all(|a| a == Some(first)) {
            first
        } else {
            None
        });
    }
    if let Value::Term(_) = value {
        return Some(None);
    }
    let name_of = value.as_atom();
    Some(Some(match kind {
        "atom" => name_of.is_some(),
        "nil" => name_of == Some("nil"),
        "boolean" => matches!(name_of, Some("true" | "false")),
        "binary" | "bitstring" => matches!(value, Value::Text(_)),
        "integer" => matches!(value, Value::Integer(_)),
        "float" => matches!(value, Value::Float(_)),
        "number" => matches!(value, Value::Integer(_) | Value::Float(_)),
        "list" => matches!(value, Value::List(_)),
        "tuple" => matches!(value, Value::Tuple(_) | Value::Quoted(_)),
        "map" => matches!(value, Value::Map(_) | Value::Range(..)),
        "struct" => value.struct_name().is_some() || matches!(value, Value::Range(..)),
        "exception" => value.field("__exception__").is_some(),
        "function" => matches!(value, Value::Function(_)),
        "pid" | "port" | "reference" => false,
        _ => return None,
    }))
}

/// `value in list`.
pub(super) fn member<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value,
    list: &Value,
    at: Span,
) -> Value {
    if let (Value::Integer(i), Value::Range(first, last, step)) = (value, list) {
        let (low, high) = (first.min(last), first.max(last));
        let on = i.checked_sub(*first).is_some_and(|d| *step != 0 && d % step == 0);
        return Value::truth(low <= i && i <= high && on);
    }
    let items = match machine.items(list, at) {
        Ok(Ok(items)) => items,
        Ok(Err(gap)) => return Value::one_of(vec![Value::truth(true), Value::truth(false)], gap),
        Err(_) => return machine.unknown(at, "what something is in"),
    };
    machine.budget.charge(items.len() as u64 / 4);
    let mut sure = Some(false);
    for item in &items {
        match item.identical(value) {
            Some(true) => return Value::truth(true),
            Some(false) => {}
            None => sure = None,
        }
    }
    truth(sure, &[value.clone(), list.clone()], at)
}

fn without<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    a: &[Value],
    b: &[Value],
    at: Span,
) -> Run<Value> {
    machine.spend((a.len() as u64).saturating_mul(b.len() as u64) / 8, at)?;
    let mut out = a.to_vec();
    for item in b {
        let mut found = None;
        for (index, known) in out.iter().enumerate() {
            match known.identical(item) {
                Some(true) => {
                    found = Some(index);
                    break;
                }
                Some(false) => {}
                None => return Ok(machine.unknown(at, "a list that is not known")),
            }
        }
        if let Some(index) = found {
            out.remove(index);
        }
    }
    Ok(Value::list(out))
}

fn structure<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    of: &Value,
    fields: &Value,
    at: Span,
) -> Run<Value> {
    let mut map = match of {
        Value::Map(map) => (**map).clone(),
        Value::Atom(_) => {
            let module = of.as_module().unwrap_or_default();
            let mut map = Map::default();
            map.put(Value::atom("__struct__"), of.clone());
            let known = machine
                .module(&module, at)
                .and_then(|m| m.fields().map(<[_]>::to_vec));
            for (name, value) in known.unwrap_or_default() {
                map.put(Value::Atom(name), value);
            }
            map
        }
        other => {
            let gap = other
                .gap()
                .unwrap_or_else(|| machine.gap(at, "a struct that is not known"));
            return Ok(Value::unknown(gap));
        }
    };
    let items = match machine.items(fields, at)? {
        Ok(items) => items,
        Err(gap) => return Ok(Value::unknown(gap)),
    };
    for item in items {
        if let Some([key, value]) = item.as_tuple()
            && matches!(map.get(key), Ok(Some(_)))
        {
            map.put(key.clone(), value.clone());
        }
    }
    Ok(Value::Map(Rc::new(map)))
}

/// `to_timeout(hour: 1, minute: 30)`: milliseconds; a number of them and `:infinity` are what they are. What it raises on is not
/// followed.
///
/// Source: `Kernel.to_timeout/1` of Elixir 1.17.
fn timeout(components: &Value) -> Option<Run<Value>> {
    match components {
        Value::Atom(name) if name == "infinity" => return Some(Ok(components.clone())),
        Value::Integer(0..) => return Some(Ok(components.clone())),
        _ => {}
    }
    let mut all = 0i64;
    let mut seen: Vec<&str> = Vec::new();
    for item in components.as_list()? {
        let (unit, amount) = item.as_pair()?;
        let milliseconds: i64 = match unit {
            "week" => 604_800_000,
            "day" => 86_400_000,
            "hour" => 3_600_000,
            "minute" => 60_000,
            "second" => 1_000,
            "millisecond" => 1,
            _ => return None,
        };
        let Value::Integer(amount @ 0..) = amount else {
            return None;
        };
        if seen.contains(&unit) {
            return None;
        }
        seen.push(unit);
        all = all.checked_add(amount.checked_mul(milliseconds)?)?;
    }
    Some(Ok(Value::Integer(all)))
}
