//! `value[key]` and paths into values.

use std::rc::Rc;

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::Value;
use crate::source::Span;

pub(super) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    match (name, args) {
        ("get", [of, key]) => get(of, key, &Value::nil()).map(Ok),
        ("get", [of, key, default]) => get(of, key, default).map(Ok),
        ("fetch", [of, key]) => {
            let missing = Value::atom("\u{0}");
            Some(Ok(match get(of, key, &missing)? {
                Value::Atom(found) if found == "\u{0}" => Value::atom("error"),
                found => Value::tuple(vec![Value::atom("ok"), found]),
            }))
        }
        ("fetch!", [of, key]) => {
            let missing = Value::atom("\u{0}");
            Some(match get(of, key, &missing)? {
                Value::Atom(found) if found == "\u{0}" => Err(machine.raise("KeyError", "key not found", at)),
                found => Ok(found),
            })
        }
        ("key" | "key!", [key, ..]) => Some(Ok(key.clone())),
        _ => None,
    }
}

/// `of[key]`; `None` where it cannot be told.
pub(super) fn get(of: &Value, key: &Value, default: &Value) -> Option<Value> {
    match of {
        Value::Map(map) => match map.get(key) {
            Ok(found) => Some(found.unwrap_or(default).clone()),
            Err(()) => None,
        },
        Value::List(items) => {
            for item in items.iter() {
                match item.as_tuple() {
                    Some([k, value]) => match k.identical(key) {
                        Some(true) => return Some(value.clone()),
                        Some(false) => {}
                        None => return None,
                    },
                    _ => {
                        item.gap().is_none().then_some(())?;
                    }
                }
            }
            Some(default.clone())
        }
        Value::Atom(name) if name == "nil" => Some(default.clone()),
        _ => None,
    }
}

/// `get_in`, `put_in`, `update_in`, `pop_in` with a list of keys.
pub(super) fn paths<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    let (of, path) = match args {
        [of, path, ..] => (of, path.as_list()?),
        _ => return None,
    };
    match (name, args) {
        ("get_in", [_, _]) => {
            let mut out = of.clone();
            for key in path {
                out = get(&out, key, &Value::nil())?;
            }
            Some(Ok(out))
        }
        ("put_in", [_, _, value]) => Some(put(machine, of, path, &mut |_, _| Ok(value.clone()), at)),
        ("update_in", [_, _, function]) => Some(put(
            machine,
            of,
            path,
            &mut |machine, old| machine.call_value(function, vec![old], at),
            at,
        )),
        _ => None,
    }
}

type Update<'u, 'a, L> = &'u mut dyn FnMut(&mut Machine<'a, L>, Value) -> Run<Value>;

fn put<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    of: &Value,
    path: &[Value],
    update: Update<'_, 'a, L>,
    at: Span,
) -> Run<Value> {
    let Some((key, rest)) = path.split_first() else {
        return update(machine, of.clone());
    };
    let Some(old) = get(of, key, &Value::nil()) else {
        return Ok(machine.unknown(at, "a path into a value that is not known"));
    };
    let new = machine.deeper(at, |machine| put(machine, &old, rest, update, at))?;
    Ok(match of {
        Value::Map(map) => {
            let mut map = (**map).clone();
            map.put(key.clone(), new);
            Value::Map(Rc::new(map))
        }
        Value::List(items) => super::keyword::put(items, key, new),
        _ => machine.unknown(at, "a path into what has no keys"),
    })
}
