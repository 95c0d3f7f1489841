//! Methods of lists and tuples.

use super::super::heap::Slot;
use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::standard::access;
use super::super::standard::bind::{bind, exactly, int, unknown};
use super::super::value::{Args, Value};
use crate::known::{Gap, Truth};
use crate::source::Span;

/// The methods of lists, sorted.
pub(crate) const NAMES: &[&str] = &[
    "append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort",
];
/// The methods of tuples, sorted.
pub(crate) const TUPLE: &[&str] = &["count", "index"];

/// A call of a method of a list.
pub(crate) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    list: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    NAMES.binary_search(&name).ok()?;
    if let Some(gap) = args.open.clone() {
        access::blur_list(machine, list, &gap);
        return Some(Ok(Value::unknown(gap)));
    }
    Some(match name {
        "append" => append(machine, list, args, at),
        "extend" => extend(machine, list, args, at),
        "insert" => insert(machine, list, args, at),
        "pop" => pop(machine, list, args, at),
        "remove" => remove(machine, list, args, at),
        "clear" => {
            access::set_items(machine, list, Vec::new());
            Ok(Value::None)
        }
        "reverse" => {
            if let Some(list) = machine.list_mut(list) {
                list.items.reverse();
            }
            Ok(Value::None)
        }
        "sort" => sort(machine, list, args, at),
        "copy" => Ok(access::copy_list(machine, list)),
        _ => seek(machine, list, name, args, at),
    })
}

fn append<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    list: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some([item]) = exactly(args) else {
        return Err(access::raise(
            machine,
            "TypeError",
            "list.append() takes exactly one argument",
            at,
        ));
    };
    machine.tick(at)?;
    if let Some(list) = machine.list_mut(list) {
        list.items.push(Slot::from(item.clone()));
    }
    Ok(Value::None)
}

/// `extend` and `+=`.
pub(crate) fn extend<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    list: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some([items]) = exactly(args) else {
        return Err(access::raise(
            machine,
            "TypeError",
            "list.extend() takes exactly one argument",
            at,
        ));
    };
    if let Some(other) = machine.list(items).cloned() {
        machine.spend(other.items.len() as u64, at)?;
        if let Some(list) = machine.list_mut(list) {
            list.items.extend(other.items);
            if list.open.is_none() {
                list.open = other.open;
            }
        }
        if let Value::Iterator(_) = items {
            access::use_up(machine, items);
        }
        return Ok(Value::None);
    }
    match access::iterated(machine, items, at)? {
        Ok(items) => {
            machine.spend(items.len() as u64, at)?;
            if let Some(list) = machine.list_mut(list) {
                list.items.extend(items.into_iter().map(Slot::from));
            }
        }
        Err(gap) => access::open_list(machine, list, &gap),
    }
    Ok(Value::None)
}

fn insert<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    list: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some([index, item]) = exactly(args) else {
        return Err(access::raise(
            machine,
            "TypeError",
            "insert expected 2 arguments",
            at,
        ));
    };
    machine.tick(at)?;
    let (index, item) = (int(index), item.clone());
    match (index, access::known_list(machine, list)) {
        (Some(index), Ok(mut items)) => {
            let count = items.len() as i64;
            let index = if index < 0 {
                (index + count).max(0)
            } else {
                index.min(count)
            };
            items.insert(index as usize, item);
            access::set_items(machine, list, items);
        }
        (_, Err(gap)) => {
            if let Some(list) = machine.list_mut(list) {
                list.items.push(Slot::from(item));
            }
            access::open_list(machine, list, &gap);
        }
        (None, _) => {
            let gap = machine.gap(at, "a list with an item at an unknown place");
            access::blur_list(machine, list, &gap);
        }
    }
    Ok(Value::None)
}

fn pop<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    list: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let index = match bind(args, ["index"]) {
        Some([None]) => Some(-1),
        Some([Some(index)]) => int(index),
        None => None,
    };
    match (index, access::known_list(machine, list)) {
        (Some(index), Ok(mut items)) => {
            let count = items.len() as i64;
            if count == 0 {
                return Err(access::raise(machine, "IndexError", "pop from empty list", at));
            }
            let index = if index < 0 { index + count } else { index };
            if !(0..count).contains(&index) {
                return Err(access::raise(machine, "IndexError", "pop index out of range", at));
            }
            let item = items.remove(index as usize);
            access::set_items(machine, list, items);
            Ok(item)
        }
        (_, Err(gap)) => {
            access::blur_list(machine, list, &gap);
            Ok(Value::unknown(gap))
        }
        (None, _) => {
            let gap = machine.gap(at, "a list from which an item at an unknown place was taken");
            access::blur_list(machine, list, &gap);
            Ok(Value::unknown(gap))
        }
    }
}

fn remove<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    list: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some([item]) = exactly(args) else {
        return Err(access::raise(
            machine,
            "TypeError",
            "list.remove() takes exactly one argument",
            at,
        ));
    };
    let items = access::known_list(machine, list);
    let found = items.and_then(|items| Ok((position(machine, &items, item, at)?, items)));
    match found {
        Ok((Some(i), mut items)) => {
            items.remove(i);
            access::set_items(machine, list, items);
            Ok(Value::None)
        }
        Ok((None, _)) => Err(access::raise(
            machine,
            "ValueError",
            "list.remove(x): x not in list",
            at,
        )),
        Err(gap) => {
            access::blur_list(machine, list, &gap);
            Ok(Value::None)
        }
    }
}

/// Where the first item stands that equals a value.
pub(crate) fn position<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    items: &[Value<'a>],
    item: &Value<'a>,
    at: Span,
) -> Result<Option<usize>, Gap> {
    for (i, other) in items.iter().enumerate() {
        match access::equal(machine, other, item, at) {
            Truth::Yes => return Ok(Some(i)),
            Truth::No => {}
            Truth::Unknown(gap) => return Err(gap),
        }
    }
    Ok(None)
}

/// `index` and `count` of lists and tuples.
pub(crate) fn seek<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    list: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some([Some(item), start, end]) = bind(args, ["value", "start", "stop"]) else {
        return Ok(unknown("a search with these arguments", at));
    };
    let items = match access::known_list(machine, list) {
        Ok(items) => items,
        Err(gap) => return Ok(Value::unknown(gap)),
    };
    machine.spend(items.len() as u64 / 8, at)?;
    if name == "count" {
        let mut count = 0;
        for other in &items {
            match access::equal(machine, other, item, at) {
                Truth::Yes => count += 1,
                Truth::No => {}
                Truth::Unknown(gap) => return Ok(Value::unknown(gap)),
            }
        }
        return Ok(Value::Int(count));
    }
    let size = items.len() as i64;
    let clamp = |value: Option<&Value<'a>>, default: i64| match value {
        None => Some(default),
        Some(value) => int(value).map(|n| if n < 0 { (n + size).max(0) } else { n.min(size) }),
    };
    let (Some(start), Some(end)) = (clamp(start, 0), clamp(end, size)) else {
        return Ok(unknown("a search from an unknown place", at));
    };
    let part = items.get(start as usize..end.max(start) as usize).unwrap_or(&[]);
    match position(machine, part, item, at) {
        Ok(Some(i)) => Ok(Value::Int(i as i64 + start)),
        Ok(None) => Err(access::raise(
            machine,
            "ValueError",
            "the value is not in the list",
            at,
        )),
        Err(gap) => Ok(Value::unknown(gap)),
    }
}

fn sort<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    list: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let items = match access::known_list(machine, list) {
        Ok(items) => items,
        Err(gap) => {
            access::blur_list(machine, list, &gap);
            return Ok(Value::None);
        }
    };
    match access::sorted(machine, items, args, at)? {
        Ok(items) => access::set_items(machine, list, items),
        Err(gap) => access::unordered(machine, list, &gap),
    }
    Ok(Value::None)
}
