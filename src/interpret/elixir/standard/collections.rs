//! `Map`, `MapSet`, `List` and `Tuple`.

use std::rc::Rc;

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::{Map, Value};
use crate::source::Span;

pub(super) fn map<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    match (name, args) {
        ("new", []) => return Some(Ok(Value::Map(Rc::default()))),
        ("new", [from]) => {
            let items = match machine.items(from, at) {
                Ok(items) => items.ok()?,
                Err(stop) => return Some(Err(stop)),
            };
            return Some(machine.into(items, &Value::Map(Rc::default()), at));
        }
        ("new", [from, function]) => {
            let items = match super::enumerable::mapped(machine, from, function, at)? {
                Ok(items) => items,
                Err(stop) => return Some(Err(stop)),
            };
            let items = items.as_list()?.to_vec();
            return Some(machine.into(items, &Value::Map(Rc::default()), at));
        }
        _ => {}
    }
    let (first, more) = args.split_first()?;
    let Value::Map(map) = first else { return None };
    machine.budget.charge(map.entries().len() as u64 / 4);
    let changed = |change: &dyn Fn(&mut Map)| {
        let mut map = (**map).clone();
        change(&mut map);
        Value::Map(Rc::new(map))
    };
    let found = |key: &Value| map.get(key).ok();
    Some(Ok(match (name, more) {
        ("get", [key]) => found(key)?.cloned().unwrap_or_else(Value::nil),
        ("get", [key, default]) => found(key)?.unwrap_or(default).clone(),
        ("get_lazy", [key, function]) => match found(key)? {
            Some(value) => value.clone(),
            None => return Some(machine.call_value(function, Vec::new(), at)),
        },
        ("fetch", [key]) => match found(key)? {
            Some(value) => Value::tuple(vec![Value::atom("ok"), value.clone()]),
            None => Value::atom("error"),
        },
        ("fetch!", [key]) => match found(key)? {
            Some(value) => value.clone(),
            None => return Some(Err(machine.raise("KeyError", "key not found", at))),
        },
        ("has_key?", [key]) => Value::truth(found(key)?.is_some()),
        ("put", [key, value]) => changed(&|map| map.put(key.clone(), value.clone())),
        ("put_new", [key, value]) => match found(key)? {
            Some(_) => first.clone(),
            None => changed(&|map| map.put(key.clone(), value.clone())),
        },
        ("replace" | "replace!", [key, value]) => match found(key)? {
            Some(_) => changed(&|map| map.put(key.clone(), value.clone())),
            None if name == "replace!" => return Some(Err(machine.raise("KeyError", "key not found", at))),
            None => first.clone(),
        },
        ("delete", [key]) => {
            found(key)?;
            changed(&|map| map.remove(key))
        }
        ("pop", [key, ..]) => {
            let default = more.get(1).cloned().unwrap_or_else(Value::nil);
            let value = found(key)?.cloned().unwrap_or(default);
            Value::tuple(vec![value, changed(&|map| map.remove(key))])
        }
        ("drop" | "take" | "split", [keys]) => {
            let keys = match machine.items(keys, at) {
                Ok(keys) => keys.ok()?,
                Err(stop) => return Some(Err(stop)),
            };
            let listed = |key: &Value| keys.iter().any(|k| k.identical(key) == Some(true));
            let kept = |keep: bool| changed(&|map| map.entries.retain(|(k, _)| listed(k) == keep));
            match name {
                "drop" => kept(false),
                "take" => kept(true),
                _ => Value::tuple(vec![kept(true), kept(false)]),
            }
        }
        ("merge", [Value::Map(other)]) => changed(&|map| {
            for (key, value) in other.entries() {
                map.put(key.clone(), value.clone());
            }
        }),
        ("merge", [Value::Map(other), function]) => {
            let mut map = (**map).clone();
            for (key, value) in other.entries() {
                let old = map.get(key).ok()?.cloned();
                let value = match old {
                    Some(old) => {
                        match machine.call_value(function, vec![key.clone(), old, value.clone()], at) {
                            Ok(value) => value,
                            Err(stop) => return Some(Err(stop)),
                        }
                    }
                    None => value.clone(),
                };
                map.put(key.clone(), value);
            }
            Value::Map(Rc::new(map))
        }
        ("keys", []) => Value::list(map.entries().iter().map(|(k, _)| k.clone()).collect()),
        ("values", []) => Value::list(map.entries().iter().map(|(_, v)| v.clone()).collect()),
        ("to_list", []) => Value::list(
            map.entries()
                .iter()
                .map(|(k, v)| Value::tuple(vec![k.clone(), v.clone()]))
                .collect(),
        ),
        ("from_struct", []) => changed(&|map| map.remove(&Value::atom("__struct__"))),
        ("update!" | "update", [key, rest @ ..]) => {
            let function = rest.last()?;
            let new = match (found(key)?, rest.len()) {
                (Some(old), _) => match machine.call_value(function, vec![old.clone()], at) {
                    Ok(new) => new,
                    Err(stop) => return Some(Err(stop)),
                },
                (None, 2) => rest.first()?.clone(),
                (None, _) => return Some(Err(machine.raise("KeyError", "key not found", at))),
            };
            changed(&|map| map.put(key.clone(), new.clone()))
        }
        ("filter" | "reject", [function]) => {
            let items = match machine.items(first, at) {
                Ok(items) => items.ok()?,
                Err(stop) => return Some(Err(stop)),
            };
            match super::enumerable::filtered(machine, items, function, name == "filter", at)? {
                Ok(Value::List(items)) => {
                    return Some(machine.into(items.to_vec(), &Value::Map(Rc::default()), at));
                }
                other => return Some(other),
            }
        }
        ("equal?", [other]) => super::truth(first.identical(other), args, at),
        _ => return None,
    }))
}

pub(super) fn set<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    if name == "new" {
        let items = match args {
            [] => Vec::new(),
            [from] => match machine.items(from, at) {
                Ok(items) => items.ok()?,
                Err(stop) => return Some(Err(stop)),
            },
            _ => return None,
        };
        return Some(machine.set_of(items, at));
    }
    let (first, more) = args.split_first()?;
    let items = first.field("items")?.as_list()?.to_vec();
    let other = |machine: &mut Machine<'a, L>| match more.first().map(|o| machine.items(o, at)) {
        Some(Ok(Ok(items))) => Some(items),
        _ => None,
    };
    Some(match name {
        "member?" => Ok(super::kernel::member(
            machine,
            more.first()?,
            &Value::list(items),
            at,
        )),
        "size" => Ok(Value::Integer(items.len() as i64)),
        "to_list" => Ok(Value::list(items)),
        "put" => {
            let mut items = items;
            items.push(more.first()?.clone());
            machine.set_of(items, at)
        }
        "delete" => {
            let gone = more.first()?;
            let items = items
                .into_iter()
                .filter(|i| i.identical(gone) != Some(true))
                .collect();
            machine.set_of(items, at)
        }
        "union" => {
            let more = other(machine)?;
            machine.set_of(items.into_iter().chain(more).collect(), at)
        }
        "difference" | "intersection" => {
            let more = other(machine)?;
            let keep = name == "intersection";
            let listed = |i: &Value| more.iter().any(|m| m.identical(i) == Some(true));
            machine.set_of(items.into_iter().filter(|i| listed(i) == keep).collect(), at)
        }
        "subset?" => {
            let more = other(machine)?;
            let all = items
                .iter()
                .all(|i| more.iter().any(|m| m.identical(i) == Some(true)));
            Ok(Value::truth(all))
        }
        "disjoint?" => {
            let more = other(machine)?;
            let any = items
                .iter()
                .any(|i| more.iter().any(|m| m.identical(i) == Some(true)));
            Ok(Value::truth(!any))
        }
        "equal?" => Ok(super::truth(first.same(more.first()?), args, at)),
        _ => return None,
    })
}

/// The place of a one-based or zero-based index that may count from the end.
pub(super) fn place(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let index = if index < 0 {
        index.checked_add(length)?
    } else {
        index
    };
    usize::try_from(index).ok()
}

pub(super) fn list<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    if name == "wrap" {
        return Some(Ok(match args {
            [list @ Value::List(_)] => list.clone(),
            [nil] if nil.is_nil() => Value::list(Vec::new()),
            [other] if other.gap().is_none() => Value::list(vec![other.clone()]),
            _ => return None,
        }));
    }
    if name == "duplicate" {
        let [item, Value::Integer(count)] = args else {
            return None;
        };
        let count = usize::try_from(*count).ok()?;
        if let Err(stop) = machine.afford(count as u128 * 4, at) {
            return Some(Err(stop));
        }
        return Some(Ok(Value::list(vec![item.clone(); count])));
    }
    let (first, more) = args.split_first()?;
    let items = first.as_list()?;
    machine.budget.charge(items.len() as u64 / 4);
    let key_at = |key: &Value, index: &Value| {
        let index = usize::try_from(index.as_integer()?).ok()?;
        let is = |i: &Value| {
            i.as_tuple()
                .and_then(|t| t.get(index))
                .and_then(|k| k.identical(key))
        };
        Some(items.iter().position(|i| is(i) == Some(true)))
    };
    Some(Ok(match (name, more) {
        ("first", rest) => items.first().or(rest.first()).cloned().unwrap_or_else(Value::nil),
        ("last", rest) => items.last().or(rest.first()).cloned().unwrap_or_else(Value::nil),
        ("flatten", []) => {
            let mut out = Vec::new();
            flatten(items, &mut out)?;
            Value::list(out)
        }
        ("flatten", [tail]) => {
            let mut out = Vec::new();
            flatten(items, &mut out)?;
            out.extend(tail.as_list()?.iter().cloned());
            Value::list(out)
        }
        ("delete", [value]) => {
            return super::kernel::call(
                machine,
                "--",
                &[first.clone(), Value::list(vec![value.clone()])],
                at,
            );
        }
        ("delete_at", [Value::Integer(index)]) => {
            let mut out = items.to_vec();
            if let Some(index) = place(*index, out.len()).filter(|i| *i < out.len()) {
                out.remove(index);
            }
            Value::list(out)
        }
        ("insert_at", [Value::Integer(index), value]) => {
            let mut out = items.to_vec();
            let length = out.len();
            let index = place(*index, length + usize::from(*index < 0))
                .unwrap_or(0)
                .min(length);
            out.insert(index, value.clone());
            Value::list(out)
        }
        ("replace_at", [Value::Integer(index), value]) => {
            let mut out = items.to_vec();
            if let Some(slot) = place(*index, out.len()).and_then(|i| out.get_mut(i)) {
                *slot = value.clone();
            }
            Value::list(out)
        }
        ("update_at", [Value::Integer(index), function]) => {
            let mut out = items.to_vec();
            if let Some(slot) = place(*index, out.len()).and_then(|i| out.get_mut(i)) {
                match machine.call_value(function, vec![slot.clone()], at) {
                    Ok(value) => *slot = value,
                    Err(stop) => return Some(Err(stop)),
                }
            }
            Value::list(out)
        }
        ("pop_at", [Value::Integer(index)]) => {
            let mut out = items.to_vec();
            let popped = match place(*index, out.len()).filter(|i| *i < out.len()) {
                Some(index) => out.remove(index),
                None => Value::nil(),
            };
            Value::tuple(vec![popped, Value::list(out)])
        }
        ("keyfind", [key, index, ..]) => match key_at(key, index)? {
            Some(found) => items.get(found)?.clone(),
            None => more.get(2).cloned().unwrap_or_else(Value::nil),
        },
        ("keymember?", [key, index]) => Value::truth(key_at(key, index)?.is_some()),
        ("keydelete", [key, index]) => {
            let mut out = items.to_vec();
            if let Some(found) = key_at(key, index)? {
                out.remove(found);
            }
            Value::list(out)
        }
        ("keystore" | "keyreplace", [key, index, new]) => {
            let mut out = items.to_vec();
            match key_at(key, index)? {
                Some(found) => *out.get_mut(found)? = new.clone(),
                None if name == "keystore" => out.push(new.clone()),
                None => {}
            }
            Value::list(out)
        }
        ("to_tuple", []) => Value::tuple(items.to_vec()),
        ("to_string", []) => {
            let Value::List(items) = first else { return None };
            return Some(machine.chars_to_text(items, at));
        }
        ("to_atom", []) => {
            let Value::List(items) = first else { return None };
            return Some(
                machine
                    .chars_to_text(items, at)
                    .map(|text| machine.atom_of(&text, at)),
            );
        }
        ("starts_with?", [prefix]) => {
            let prefix = prefix.as_list()?;
            let same = prefix.len() <= items.len()
                && prefix
                    .iter()
                    .zip(items)
                    .all(|(a, b)| a.identical(b) == Some(true));
            Value::truth(same)
        }
        ("foldl", [accumulator, function]) => {
            return Some(super::gather::reduced(
                machine,
                items.to_vec(),
                accumulator.clone(),
                function,
                at,
            ));
        }
        ("foldr", [accumulator, function]) => {
            let items = items.iter().rev().cloned().collect();
            return Some(super::gather::reduced(
                machine,
                items,
                accumulator.clone(),
                function,
                at,
            ));
        }
        ("zip", []) => return super::gather::zip(machine, items, at),
        _ => return None,
    }))
}

/// `None` where an item cannot be told.
fn flatten(items: &[Value], out: &mut Vec<Value>) -> Option<()> {
    for item in items {
        match item {
            Value::List(inner) => flatten(inner, out)?,
            Value::Unknown(_) | Value::Term(_) => return None,
            other => out.push(other.clone()),
        }
    }
    Some(())
}

pub(super) fn tuple<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    let (first, more) = args.split_first()?;
    let items = first.as_tuple()?;
    let _ = (machine, at);
    Some(Ok(match (name, more) {
        ("to_list", []) => Value::list(items.to_vec()),
        ("append", [value]) => {
            let mut out = items.to_vec();
            out.push(value.clone());
            Value::tuple(out)
        }
        ("insert_at", [Value::Integer(index), value]) => {
            let mut out = items.to_vec();
            let index = usize::try_from(*index).ok().filter(|i| *i <= out.len())?;
            out.insert(index, value.clone());
            Value::tuple(out)
        }
        ("delete_at", [Value::Integer(index)]) => {
            let mut out = items.to_vec();
            let index = usize::try_from(*index).ok().filter(|i| *i < out.len())?;
            out.remove(index);
            Value::tuple(out)
        }
        _ => return None,
    }))
}
