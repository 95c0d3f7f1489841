//! Methods of sets and frozensets.

use super::super::heap::Slot;
use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::standard::access;
use super::super::standard::bind::{exactly, unknown};
use super::super::value::{Args, Value};
use super::list::position;
use crate::known::Gap;
use crate::source::Span;

/// The methods of sets, sorted.
pub(crate) const NAMES: &[&str] = &[
    "add",
    "clear",
    "copy",
    "difference",
    "difference_update",
    "discard",
    "intersection",
    "intersection_update",
    "isdisjoint",
    "issubset",
    "issuperset",
    "pop",
    "remove",
    "symmetric_difference",
    "symmetric_difference_update",
    "union",
    "update",
];

/// A call of a method of a set.
pub(crate) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    set: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    NAMES.binary_search(&name).ok()?;
    if let Some(gap) = args.open.clone() {
        access::blur_list(machine, set, &gap);
        return Some(Ok(Value::unknown(gap)));
    }
    Some(match name {
        "add" => add(machine, set, args, at),
        "discard" | "remove" => take(machine, set, name, args, at),
        "clear" => {
            access::set_items(machine, set, Vec::new());
            Ok(Value::None)
        }
        "copy" => Ok(access::copy_set(machine, set)),
        "pop" => {
            let gap = machine.gap(at, "which item a set gives first");
            match access::known_list(machine, set) {
                Ok(items) if items.is_empty() => {
                    return Some(Err(access::raise(
                        machine,
                        "KeyError",
                        "pop from an empty set",
                        at,
                    )));
                }
                Ok(items) if items.len() == 1 => {
                    access::set_items(machine, set, Vec::new());
                    return items.into_iter().next().map(Ok);
                }
                _ => {}
            }
            access::blur_list(machine, set, &gap);
            Ok(Value::unknown(gap))
        }
        "isdisjoint" | "issubset" | "issuperset" => compare(machine, set, name, args, at),
        _ => combine(machine, set, name, args, at),
    })
}

fn add<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    set: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some([item]) = exactly(args) else {
        return Err(access::raise(
            machine,
            "TypeError",
            "set.add() takes exactly one argument",
            at,
        ));
    };
    machine.tick(at)?;
    let items: Vec<_> = machine
        .list(set)
        .map(|l| l.items.iter().map(|s| s.value.clone()).collect())
        .unwrap_or_default();
    match position(machine, &items, item, at) {
        Ok(Some(i)) => {
            if let Some(slot) = machine.list_mut(set).and_then(|l| l.items.get_mut(i)) {
                slot.maybe = None;
            }
        }
        Ok(None) => {
            if let Some(list) = machine.list_mut(set) {
                list.items.push(Slot::from(item.clone()));
            }
        }
        Err(gap) => access::open_list(machine, set, &gap),
    }
    Ok(Value::None)
}

fn take<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    set: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some([item]) = exactly(args) else {
        return Err(access::raise(
            machine,
            "TypeError",
            "set.remove() takes exactly one argument",
            at,
        ));
    };
    let items = access::known_list(machine, set);
    match items.and_then(|items| Ok((position(machine, &items, item, at)?, items))) {
        Ok((Some(i), mut items)) => {
            items.remove(i);
            access::set_items(machine, set, items);
        }
        Ok((None, _)) if name == "remove" => return Err(access::raise_key(machine, item, at)),
        Ok((None, _)) => {}
        Err(gap) => access::blur_list(machine, set, &gap),
    }
    Ok(Value::None)
}

fn compare<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    set: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some([other]) = exactly(args) else {
        return Ok(unknown("a comparison of sets with these arguments", at));
    };
    let theirs = access::iterated(machine, other, at)?;
    let (ours, theirs) = match (access::known_list(machine, set), theirs) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(gap), _) | (_, Err(gap)) => return Ok(Value::unknown(gap)),
    };
    let cost = ours.len().saturating_mul(theirs.len()) as u64 / 64;
    machine.spend(cost, at)?;
    let answer = match name {
        "issubset" => all_in(machine, &ours, &theirs, at),
        "issuperset" => all_in(machine, &theirs, &ours, at),
        _ => split(machine, &ours, &theirs, at).map(|(_, both)| both.is_empty()),
    };
    Ok(answer.map_or_else(Value::unknown, Value::Bool))
}

/// Whether every item of one is in the other.
pub(crate) fn all_in<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    some: &[Value<'a>],
    all: &[Value<'a>],
    at: Span,
) -> Result<bool, Gap> {
    for item in some {
        if position(machine, all, item, at)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The items of `ours` that are not in `theirs`, and those that are.
fn split<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    ours: &[Value<'a>],
    theirs: &[Value<'a>],
    at: Span,
) -> Result<(Vec<Value<'a>>, Vec<Value<'a>>), Gap> {
    let (mut without, mut both) = (Vec::new(), Vec::new());
    for item in ours {
        if position(machine, theirs, item, at)?.is_some() {
            both.push(item.clone());
        } else {
            without.push(item.clone());
        }
    }
    Ok((without, both))
}

/// `union`, `difference`, `intersection` and their kin, also as `update`.
fn combine<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    set: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let changes = name.ends_with("update");
    let kind = name.strip_suffix("_update").unwrap_or(name);
    let mut items = access::known_list(machine, set);
    for argument in &args.positional {
        let theirs = access::iterated(machine, &argument.value, at)?;
        items = match (items, theirs) {
            (Ok(ours), Ok(theirs)) => {
                let cost = ours.len().saturating_mul(theirs.len()) as u64 / 64;
                machine.spend(cost + 1, at)?;
                combined(machine, kind, &ours, &theirs, at)
            }
            (Err(gap), _) | (_, Err(gap)) => Err(gap),
        };
    }
    Ok(match (items, changes) {
        (Ok(items), true) => {
            access::set_items(machine, set, items);
            Value::None
        }
        (Ok(items), false) => machine.new_set(items),
        (Err(gap), true) => {
            access::blur_list(machine, set, &gap);
            Value::None
        }
        (Err(gap), false) => Value::unknown(gap),
    })
}

/// Two collections by the name of an operation on sets.
pub(crate) fn combined<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    kind: &str,
    ours: &[Value<'a>],
    theirs: &[Value<'a>],
    at: Span,
) -> Result<Vec<Value<'a>>, Gap> {
    match kind {
        "difference" => Ok(split(machine, ours, theirs, at)?.0),
        "intersection" => Ok(split(machine, ours, theirs, at)?.1),
        "symmetric_difference" => {
            let mut out = split(machine, ours, theirs, at)?.0;
            let theirs = unique(machine, theirs, at)?;
            out.extend(split(machine, &theirs, ours, at)?.0);
            Ok(out)
        }
        _ => {
            let all: Vec<_> = ours.iter().chain(theirs).cloned().collect();
            unique(machine, &all, at)
        }
    }
}

/// Items without those that equal an earlier one.
pub(crate) fn unique<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    items: &[Value<'a>],
    at: Span,
) -> Result<Vec<Value<'a>>, Gap> {
    let mut out: Vec<Value<'a>> = Vec::with_capacity(items.len());
    let mut texts = rustc_hash::FxHashSet::default();
    let all_text = items.iter().all(|i| matches!(i, Value::Str(_)));
    for item in items {
        if let (true, Value::Str(t)) = (all_text, item) {
            if texts.insert(t.as_str().to_owned()) {
                out.push(item.clone());
            }
            continue;
        }
        if matches!(item, Value::Unknown(_)) {
            return Err(item
                .gap()
                .cloned()
                .unwrap_or_else(|| Gap::not_given("an item that is not known", crate::known::Reach::Rows)));
        }
        if position(machine, &out, item, at)?.is_none() {
            out.push(item.clone());
        }
    }
    Ok(out)
}
