//! `Enum`: sorting, and the greatest and smallest.

use std::cmp::Ordering;

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::Value;
use crate::known::Truth;
use crate::source::Span;

/// Why a sort came to no end.
enum Failed {
    Unknown,
    Stopped(super::super::machine::Stop),
}

/// Items in the order of terms; `None` where that cannot be told.
pub(super) fn sorted(items: Vec<Value>) -> Option<Vec<Value>> {
    let keyed = items.into_iter().map(|i| (i.clone(), i)).collect();
    let order = &mut |a: &Value, b: &Value| match a.order(b) {
        Some(order) => Ok(order != Ordering::Greater),
        None => Err(Failed::Unknown),
    };
    merge_sort(keyed, order).ok().map(values)
}

fn values(keyed: Vec<(Value, Value)>) -> Vec<Value> {
    keyed.into_iter().map(|(_, v)| v).collect()
}

/// Stable; `before` says whether the first may stand before the second. A comparison of the program's own may be inconsistent.
fn merge_sort(
    mut items: Vec<(Value, Value)>,
    before: &mut dyn FnMut(&Value, &Value) -> Result<bool, Failed>,
) -> Result<Vec<(Value, Value)>, Failed> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    let left = merge_sort(items, before)?;
    let right = merge_sort(right, before)?;
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        if before(&a.0, &b.0)? {
            out.extend(left.next());
        } else {
            out.extend(right.next());
        }
    }
    out.extend(left);
    out.extend(right);
    Ok(out)
}

pub(super) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    if !matches!(
        name,
        "sort"
            | "sort_by"
            | "max"
            | "min"
            | "max_by"
            | "min_by"
            | "min_max"
            | "dedup"
            | "group_by"
            | "frequencies"
    ) {
        return None;
    }
    let (first, more) = args.split_first()?;
    let items = match machine.items(first, at) {
        Ok(items) => items.ok()?,
        Err(stop) => return Some(Err(stop)),
    };
    machine.budget.charge(items.len() as u64);
    match (name, more) {
        ("sort", rest) => {
            let keyed = items.into_iter().map(|i| (i.clone(), i)).collect();
            sort(machine, keyed, rest.first(), at)
        }
        ("sort_by", [function, rest @ ..]) => {
            let mut keyed = Vec::with_capacity(items.len());
            for item in items {
                match machine.call_value(function, vec![item.clone()], at) {
                    Ok(key) => keyed.push((key, item)),
                    Err(stop) => return Some(Err(stop)),
                }
            }
            sort(machine, keyed, rest.first(), at)
        }
        ("max" | "min", rest) if rest.iter().all(|r| matches!(r, Value::Function(_))) => {
            if items.is_empty() {
                return Some(match rest.first() {
                    Some(default) => machine.call_value(default, Vec::new(), at),
                    None => Err(machine.raise("Enum.EmptyError", "empty error", at)),
                });
            }
            let sorted = sorted(items)?;
            let one = if name == "max" {
                sorted.last()
            } else {
                sorted.first()
            };
            one.cloned().map(Ok)
        }
        ("max_by" | "min_by", [function]) => {
            let mut best: Option<(Value, Value)> = None;
            for item in items {
                let key = match machine.call_value(function, vec![item.clone()], at) {
                    Ok(key) => key,
                    Err(stop) => return Some(Err(stop)),
                };
                let better = match &best {
                    None => true,
                    Some((known, _)) => {
                        let order = key.order(known)?;
                        order
                            == if name == "max_by" {
                                Ordering::Greater
                            } else {
                                Ordering::Less
                            }
                    }
                };
                if better {
                    best = Some((key, item));
                }
            }
            Some(match best {
                Some((_, item)) => Ok(item),
                None => Err(machine.raise("Enum.EmptyError", "empty error", at)),
            })
        }
        ("min_max", []) => {
            let sorted = sorted(items)?;
            Some(Ok(Value::tuple(vec![
                sorted.first()?.clone(),
                sorted.last()?.clone(),
            ])))
        }
        ("dedup", []) => {
            let mut out: Vec<Value> = Vec::new();
            for item in items {
                match out.last().map(|last| last.identical(&item)) {
                    Some(Some(true)) => {}
                    Some(None) => return None,
                    _ => out.push(item),
                }
            }
            Some(Ok(Value::list(out)))
        }
        ("group_by", [key, rest @ ..]) => group(machine, items, key, rest.first(), at),
        ("frequencies", []) => {
            let mut map = super::super::value::Map::default();
            for item in items {
                let count = map.get(&item).ok()?.and_then(Value::as_integer).unwrap_or(0);
                map.put(item, Value::Integer(count + 1));
            }
            Some(Ok(Value::Map(std::rc::Rc::new(map))))
        }
        _ => None,
    }
}

fn sort<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    keyed: Vec<(Value, Value)>,
    how: Option<&Value>,
    at: Span,
) -> Option<Run<Value>> {
    let descending = how.and_then(Value::as_atom) == Some("desc");
    let function = how.filter(|h| matches!(h, Value::Function(_)));
    if how.is_some_and(|h| !matches!(h, Value::Function(_)) && !matches!(h.as_atom(), Some("asc" | "desc"))) {
        return None;
    }
    let before = &mut |a: &Value, b: &Value| -> Result<bool, Failed> {
        if let Some(function) = function {
            let out = machine
                .call_value(function, vec![a.clone(), b.clone()], at)
                .map_err(Failed::Stopped)?;
            return match machine.truth(&out) {
                Truth::Yes => Ok(true),
                Truth::No => Ok(false),
                Truth::Unknown(_) => Err(Failed::Unknown),
            };
        }
        match a.order(b) {
            Some(order) if descending => Ok(order != Ordering::Less),
            Some(order) => Ok(order != Ordering::Greater),
            None => Err(Failed::Unknown),
        }
    };
    match merge_sort(keyed, before) {
        Ok(items) => Some(Ok(Value::list(values(items)))),
        Err(Failed::Stopped(stop)) => Some(Err(stop)),
        Err(Failed::Unknown) => Some(Ok(machine.unknown(at, "an order that cannot be told"))),
    }
}

fn group<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    items: Vec<Value>,
    key: &Value,
    value: Option<&Value>,
    at: Span,
) -> Option<Run<Value>> {
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for item in items {
        let name = match machine.call_value(key, vec![item.clone()], at) {
            Ok(name) => name,
            Err(stop) => return Some(Err(stop)),
        };
        if !name.is_known() {
            return Some(Ok(machine.unknown(at, "groups that are not known")));
        }
        let item = match value {
            Some(function) => match machine.call_value(function, vec![item], at) {
                Ok(item) => item,
                Err(stop) => return Some(Err(stop)),
            },
            None => item,
        };
        machine.budget.charge(groups.len() as u64 / 4);
        match groups.iter_mut().find(|(n, _)| n.identical(&name) == Some(true)) {
            Some((_, all)) => all.push(item),
            None => groups.push((name, vec![item])),
        }
    }
    let mut map = super::super::value::Map::default();
    for (name, all) in groups {
        map.put(name, Value::list(all));
    }
    Some(Ok(Value::Map(std::rc::Rc::new(map))))
}
