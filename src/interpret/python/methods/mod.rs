//! The methods of Python's own values: text, lists, dicts, sets, tuples, numbers.

mod dict;
mod list;
mod number;
mod set;
mod str;
pub(super) mod text;

pub(super) use dict::update as dict_update;

pub(super) use set::unique;

use super::library::Library;
use super::machine::{Machine, Run};
use super::standard::bind::{self, pure};
use super::value::{Args, Value};
use crate::source::Span;

/// A call of a method of a value that is no term, class, instance or module; `None` where there is no such method.
pub(super) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    receiver: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    match receiver {
        Value::List(_) => list::call(machine, receiver, name, args, at),
        Value::Dict(_) => dict::call(machine, receiver, name, args, at),
        Value::Set(_) => set::call(machine, receiver, name, args, at),
        // What is joined may be known in part.
        Value::Str(t) if matches!(name, "join" | "format" | "format_map") => {
            str::call(machine, t, name, args, at)
        }
        Value::Str(_)
        | Value::Bytes(_)
        | Value::Tuple(_)
        | Value::Int(_)
        | Value::Bool(_)
        | Value::Float(_) => {
            if !has(receiver, name) {
                return None;
            }
            pure(machine, receiver, args, at, |machine, receiver, args| {
                known(machine, receiver, name, args, at)
            })
        }
        Value::Unknown(u)
            if !u.candidates.is_empty() && u.candidates.iter().all(|c| has(c, name) && !changes(c)) =>
        {
            pure(machine, receiver, args, at, |machine, receiver, args| {
                known(machine, receiver, name, args, at)
            })
        }
        Value::Iterator(_) => iterator(machine, receiver, name, args, at),
        _ => None,
    }
}

/// Whether methods may change the value.
fn changes(value: &Value<'_>) -> bool {
    matches!(value, Value::List(_) | Value::Dict(_) | Value::Set(_))
}

fn known<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    receiver: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let out = match receiver {
        Value::Str(t) => return str::call(machine, t, name, args, at),
        Value::Tuple(_) => return Some(list::seek(machine, receiver, name, args, at)),
        Value::Bytes(b) => number::bytes(machine, b, name, args, at),
        Value::Int(_) | Value::Bool(_) | Value::Float(_) => number::call(receiver, name, args),
        _ => return None,
    };
    Some(Ok(out.unwrap_or_else(|| {
        bind::unknown(format!("the method {name} with these arguments"), at)
    })))
}

/// `close` and `send` of a generator that is not followed further, `__next__`.
fn iterator<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    receiver: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    match name {
        "close" => Some(Ok(Value::None)),
        "__next__" if args.positional.is_empty() => {
            let args = bind::positional([receiver.clone()], at);
            super::standard::call(machine, "builtins.next", &args, at)
        }
        _ => None,
    }
}

/// Whether such a value has a method of this name.
pub(super) fn has(receiver: &Value<'_>, name: &str) -> bool {
    let names = match receiver {
        Value::Str(_) => str::NAMES,
        Value::List(_) => list::NAMES,
        Value::Tuple(_) => list::TUPLE,
        Value::Dict(_) => dict::NAMES,
        Value::Set(_) => set::NAMES,
        Value::Int(_) | Value::Bool(_) => number::INT,
        Value::Float(_) => number::FLOAT,
        Value::Bytes(_) => number::BYTES,
        Value::Iterator(_) => return matches!(name, "close" | "__next__"),
        Value::Unknown(u) => return !u.candidates.is_empty() && u.candidates.iter().all(|c| has(c, name)),
        _ => return false,
    };
    names.binary_search(&name).is_ok()
}
