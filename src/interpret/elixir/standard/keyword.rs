//! `Keyword`.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::Value;
use crate::source::Span;

/// A keyword list with one value for a key: the first place that had it is taken.
pub(super) fn put(items: &[Value], key: &Value, value: Value) -> Value {
    let pair = Value::tuple(vec![key.clone(), value]);
    let mut out = vec![pair];
    out.extend(items.iter().filter(|item| !has(item, key)).cloned());
    Value::list(out)
}

fn has(item: &Value, key: &Value) -> bool {
    matches!(item.as_tuple(), Some([k, _]) if k.identical(key) == Some(true))
}

/// Whether every item is a pair whose key is known.
fn pairs(value: &Value) -> Option<&[Value]> {
    let items = value.as_list()?;
    items
        .iter()
        .all(|i| matches!(i.as_tuple(), Some([Value::Atom(_), _])))
        .then_some(items)
}

fn in_list(key: &Value, list: &[Value]) -> bool {
    list.iter().any(|k| k.identical(key) == Some(true))
}

pub(super) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    if name == "keyword?" {
        let [value] = args else { return None };
        if value.gap().is_some() {
            return None;
        }
        return Some(Ok(Value::truth(pairs(value).is_some())));
    }
    if name == "new" && args.is_empty() {
        return Some(Ok(Value::list(Vec::new())));
    }
    let (first, more) = args.split_first()?;
    if name == "new" {
        return made(machine, first, more, at);
    }
    let items = pairs(first)?;
    machine.budget.charge(items.len() as u64 / 4);
    let find = |key: &Value| {
        let found = items.iter().find(|i| has(i, key))?;
        found.as_tuple().and_then(|pair| pair.get(1)).cloned()
    };
    Some(Ok(match (name, more) {
        ("get", [key]) => find(key).unwrap_or_else(Value::nil),
        ("get", [key, default]) => find(key).unwrap_or_else(|| default.clone()),
        ("get_lazy", [key, function]) => match find(key) {
            Some(value) => value,
            None => return Some(machine.call_value(function, Vec::new(), at)),
        },
        ("fetch", [key]) => match find(key) {
            Some(value) => Value::tuple(vec![Value::atom("ok"), value]),
            None => Value::atom("error"),
        },
        ("fetch!", [key]) => match find(key) {
            Some(value) => value,
            None => {
                let message = format!("key :{} not found", key.as_atom().unwrap_or("?"));
                return Some(Err(machine.raise("KeyError", &message, at)));
            }
        },
        ("has_key?", [key]) => Value::truth(find(key).is_some()),
        ("get_values", [key]) => Value::list(
            items
                .iter()
                .filter(|i| has(i, key))
                .filter_map(|i| i.as_tuple()?.get(1).cloned())
                .collect(),
        ),
        ("put", [key, value]) => put(items, key, value.clone()),
        ("put_new", [key, value]) => match find(key) {
            Some(_) => first.clone(),
            None => put(items, key, value.clone()),
        },
        ("put_new_lazy", [key, function]) => match find(key) {
            Some(_) => first.clone(),
            None => match machine.call_value(function, Vec::new(), at) {
                Ok(value) => put(items, key, value),
                Err(stop) => return Some(Err(stop)),
            },
        },
        ("replace" | "replace!", [key, value]) => match find(key) {
            Some(_) => replaced(items, key, value.clone()),
            None if name == "replace" => first.clone(),
            None => return Some(Err(machine.raise("KeyError", "key not found", at))),
        },
        ("delete", [key]) => Value::list(items.iter().filter(|i| !has(i, key)).cloned().collect()),
        ("pop", [key]) => popped(items, key, find(key).unwrap_or_else(Value::nil)),
        ("pop", [key, default]) => popped(items, key, find(key).unwrap_or_else(|| default.clone())),
        ("pop!", [key]) => match find(key) {
            Some(value) => popped(items, key, value),
            None => return Some(Err(machine.raise("KeyError", "key not found", at))),
        },
        ("pop_first", [key]) => {
            let rest = without_first(items, key);
            Value::tuple(vec![find(key).unwrap_or_else(Value::nil), rest])
        }
        ("delete_first", [key]) => without_first(items, key),
        ("take", [keys]) => kept(items, keys.as_list()?, true),
        ("drop", [keys]) => kept(items, keys.as_list()?, false),
        ("split", [keys]) => {
            let keys = keys.as_list()?;
            Value::tuple(vec![kept(items, keys, true), kept(items, keys, false)])
        }
        ("merge", [other]) => {
            let other = pairs(other)?;
            let keys: Vec<Value> = other
                .iter()
                .filter_map(|i| i.as_tuple()?.first().cloned())
                .collect();
            let mut out: Vec<Value> = kept(items, &keys, false).as_list()?.to_vec();
            out.extend(other.iter().cloned());
            Value::list(out)
        }
        ("merge", [other, function]) => return merged(machine, items, pairs(other)?, function, at),
        ("keys", []) => Value::list(
            items
                .iter()
                .filter_map(|i| i.as_tuple()?.first().cloned())
                .collect(),
        ),
        ("values", []) => Value::list(
            items
                .iter()
                .filter_map(|i| i.as_tuple()?.get(1).cloned())
                .collect(),
        ),
        ("to_list", []) => first.clone(),
        ("update!" | "update", [key, rest @ ..]) => {
            let function = rest.last()?;
            match (find(key), rest.len()) {
                (Some(old), _) => match machine.call_value(function, vec![old], at) {
                    Ok(new) => replaced(items, key, new),
                    Err(stop) => return Some(Err(stop)),
                },
                (None, 2) => {
                    let pair = Value::tuple(vec![key.clone(), rest.first()?.clone()]);
                    Value::list(items.iter().cloned().chain([pair]).collect())
                }
                (None, _) => return Some(Err(machine.raise("KeyError", "key not found", at))),
            }
        }
        ("validate", [allowed]) => Value::tuple(vec![Value::atom("ok"), defaults(items, allowed.as_list()?)]),
        ("validate!", [allowed]) => defaults(items, allowed.as_list()?),
        ("equal?", [other]) => {
            let same = sorted_same(items, pairs(other)?);
            super::truth(same, args, at)
        }
        ("filter" | "reject", [function]) => {
            return super::enumerable::filtered(machine, items.to_vec(), function, name == "filter", at);
        }
        ("map", [function]) => {
            let mut out = Vec::new();
            for item in items {
                let Some([key, value]) = item.as_tuple() else {
                    continue;
                };
                let _ = value;
                match machine.call_value(function, vec![item.clone()], at) {
                    Ok(value) => out.push(Value::tuple(vec![key.clone(), value])),
                    Err(stop) => return Some(Err(stop)),
                }
            }
            Value::list(out)
        }
        _ => return None,
    }))
}

/// One value for a key, where its first stands.
fn replaced(items: &[Value], key: &Value, value: Value) -> Value {
    let at = items.iter().position(|i| has(i, key)).unwrap_or(items.len());
    let (before, rest) = items.split_at(at);
    let mut out = before.to_vec();
    out.push(Value::tuple(vec![key.clone(), value]));
    out.extend(rest.iter().filter(|i| !has(i, key)).cloned());
    Value::list(out)
}

fn without_first(items: &[Value], key: &Value) -> Value {
    let mut out = items.to_vec();
    if let Some(at) = out.iter().position(|i| has(i, key)) {
        out.remove(at);
    }
    Value::list(out)
}

fn popped(items: &[Value], key: &Value, value: Value) -> Value {
    let rest = items.iter().filter(|i| !has(i, key)).cloned().collect();
    Value::tuple(vec![value, Value::list(rest)])
}

fn kept(items: &[Value], keys: &[Value], keep: bool) -> Value {
    let wanted = |item: &&Value| match item.as_tuple() {
        Some([key, _]) => in_list(key, keys) == keep,
        _ => false,
    };
    Value::list(items.iter().filter(wanted).cloned().collect())
}

/// `Keyword.validate!`: the given ones, and defaults for those that are not; each is put in front of the ones before.
fn defaults(items: &[Value], allowed: &[Value]) -> Value {
    let mut out: Vec<Value> = items.iter().rev().cloned().collect();
    for one in allowed {
        if let Some([key, _]) = one.as_tuple()
            && !items.iter().any(|i| has(i, key))
        {
            out.insert(0, one.clone());
        }
    }
    Value::list(out)
}

fn sorted_same(a: &[Value], b: &[Value]) -> Option<bool> {
    let sort = |items: &[Value]| super::ordering::sorted(items.to_vec()).map(Value::list);
    sort(a)?.same(&sort(b)?)
}

fn merged<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    items: &[Value],
    other: &[Value],
    function: &Value,
    at: Span,
) -> Option<Run<Value>> {
    let mut out = items.to_vec();
    for item in other {
        let Some([key, new]) = item.as_tuple() else {
            continue;
        };
        let old = out
            .iter()
            .find(|i| has(i, key))
            .and_then(|i| i.as_tuple()?.get(1).cloned());
        let value = match old {
            Some(old) => match machine.call_value(function, vec![key.clone(), old, new.clone()], at) {
                Ok(value) => value,
                Err(stop) => return Some(Err(stop)),
            },
            None => new.clone(),
        };
        out.retain(|i| !has(i, key));
        out.push(Value::tuple(vec![key.clone(), value]));
    }
    Some(Ok(Value::list(out)))
}

fn made<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    from: &Value,
    more: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    let items = match machine.items(from, at) {
        Ok(Ok(items)) => items,
        Ok(Err(_)) => return None,
        Err(stop) => return Some(Err(stop)),
    };
    let mut out: Vec<Value> = Vec::new();
    for item in items {
        let item = match more.first() {
            Some(function) => match machine.call_value(function, vec![item], at) {
                Ok(item) => item,
                Err(stop) => return Some(Err(stop)),
            },
            None => item,
        };
        let Some([key, _]) = item.as_tuple() else {
            return None;
        };
        out.retain(|i| !has(i, key));
        out.push(item);
    }
    Some(Ok(Value::list(out)))
}
