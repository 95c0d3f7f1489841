//! Methods of dicts.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::standard::access::{self, Found};
use super::super::standard::bind::{bind, one_of, unknown};
use super::super::value::{Args, Value};
use crate::source::Span;

/// The methods of dicts, sorted.
pub(crate) const NAMES: &[&str] = &[
    "clear",
    "copy",
    "elements",
    "fromkeys",
    "get",
    "items",
    "keys",
    "most_common",
    "move_to_end",
    "pop",
    "popitem",
    "setdefault",
    "update",
    "values",
];

/// A call of a method of a dict.
pub(crate) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    dict: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    NAMES.binary_search(&name).ok()?;
    if let Some(gap) = args.open.clone() {
        if !matches!(name, "get" | "copy" | "items" | "keys" | "values") {
            access::blur_dict(machine, dict, &gap);
        }
        return Some(Ok(Value::unknown(gap)));
    }
    Some(match name {
        "get" => get(machine, dict, args, at),
        "setdefault" => set_default(machine, dict, args, at),
        "pop" => pop(machine, dict, args, at),
        "popitem" => pop_last(machine, dict, at),
        "update" => update(machine, dict, args, at).map(|()| Value::None),
        "clear" => {
            access::clear_dict(machine, dict);
            Ok(Value::None)
        }
        "copy" => Ok(access::copy_dict(machine, dict)),
        "keys" | "values" | "items" => Ok(view(machine, dict, name)),
        "fromkeys" => return super::super::standard::collections::from_keys(machine, args, at),
        _ => return None,
    })
}

fn get<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    dict: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some([Some(key), default]) = bind(args, ["key", "default"]) else {
        return Ok(unknown("dict.get with these arguments", at));
    };
    let default = default.cloned().unwrap_or(Value::None);
    Ok(match access::dict_get(machine, dict, key) {
        Found::Yes(value) => value,
        Found::No => default,
        // Perhaps there: one of the two.
        Found::Perhaps(value, gap) => match value {
            Value::Unknown(u) if u.candidates.is_empty() => Value::Unknown(u),
            value => one_of(vec![value, default], gap),
        },
        Found::Unknown(gap) => Value::unknown(gap),
    })
}

fn set_default<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    dict: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some([Some(key), default]) = bind(args, ["key", "default"]) else {
        return Ok(unknown("dict.setdefault with these arguments", at));
    };
    let default = default.cloned().unwrap_or(Value::None);
    Ok(match access::dict_get(machine, dict, key) {
        Found::Yes(value) => value,
        Found::No => {
            access::dict_set(machine, dict, key.clone(), default.clone());
            default
        }
        Found::Perhaps(value, gap) => {
            let value = one_of(vec![value, default], gap);
            access::dict_set(machine, dict, key.clone(), value.clone());
            value
        }
        Found::Unknown(gap) => {
            access::blur_dict(machine, dict, &gap);
            Value::unknown(gap)
        }
    })
}

fn pop<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    dict: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some([Some(key), default]) = bind(args, ["key", "default"]) else {
        return Ok(unknown("dict.pop with these arguments", at));
    };
    match (access::dict_get(machine, dict, key), default) {
        (Found::Yes(value), _) => {
            access::dict_remove(machine, dict, key);
            Ok(value)
        }
        (Found::No, Some(default)) => Ok(default.clone()),
        (Found::No, None) => Err(access::raise_key(machine, key, at)),
        (Found::Perhaps(value, gap), default) => {
            access::dict_remove(machine, dict, key);
            Ok(match default {
                Some(default) => one_of(vec![value, default.clone()], gap),
                None => value,
            })
        }
        (Found::Unknown(gap), _) => {
            access::blur_dict(machine, dict, &gap);
            Ok(Value::unknown(gap))
        }
    }
}

fn pop_last<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    dict: &Value<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    match access::entries(machine, dict) {
        Ok(entries) => match entries.last() {
            Some((key, value)) => {
                access::dict_remove(machine, dict, key);
                Ok(Value::Tuple([key.clone(), value.clone()].into()))
            }
            None => Err(access::raise(
                machine,
                "KeyError",
                "popitem(): dictionary is empty",
                at,
            )),
        },
        Err(gap) => {
            access::blur_dict(machine, dict, &gap);
            Ok(Value::unknown(gap))
        }
    }
}

/// `update`, `|=`, and what a constructor is given: a mapping or pairs, then names.
pub(crate) fn update<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    dict: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, ()> {
    let pairs = match args.positional.first().map(|a| a.value.clone()) {
        None => Ok(Vec::new()),
        Some(from) => pairs(machine, &from, at)?,
    };
    match pairs {
        Ok(pairs) => {
            machine.spend(pairs.len() as u64, at)?;
            for (key, value) in pairs {
                access::dict_set(machine, dict, key, value);
            }
        }
        Err(gap) => access::blur_dict(machine, dict, &gap),
    }
    for (name, argument) in &args.keywords {
        let key = Value::text(name, argument.span);
        access::dict_set(machine, dict, key, argument.value.clone());
    }
    Ok(())
}

type Pairs<'a> = Vec<(Value<'a>, Value<'a>)>;

fn pairs<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    from: &Value<'a>,
    at: Span,
) -> Run<'a, Result<Pairs<'a>, crate::known::Gap>> {
    if let Value::Dict(_) = from {
        return Ok(access::entries(machine, from));
    }
    let items = match access::iterated(machine, from, at)? {
        Ok(items) => items,
        Err(gap) => return Ok(Err(gap)),
    };
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        match access::iterated(machine, &item, at)? {
            Ok(pair) => {
                let Ok([key, value]) = <[Value<'a>; 2]>::try_from(pair) else {
                    let why = "dictionary update sequence element has another length; 2 is required";
                    return Err(access::raise(machine, "ValueError", why, at));
                };
                out.push((key, value));
            }
            Err(gap) => return Ok(Err(gap)),
        }
    }
    Ok(Ok(out))
}

/// Keys, values or pairs, as they are now: as a list, which suffices where the dict is not changed under it.
fn view<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, dict: &Value<'a>, name: &str) -> Value<'a> {
    access::dict_view(machine, dict, name)
}
