//! `Enum`: what puts items together, takes them apart, or folds them.

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
    let (first, more) = args.split_first()?;
    if name == "zip" && more.is_empty() {
        return zip(machine, first.as_list()?, at);
    }
    if name == "zip" || name == "zip_with" {
        return zip_two(machine, name, first, more, at);
    }
    let items = match machine.items(first, at) {
        Ok(items) => items.ok()?,
        Err(stop) => return Some(Err(stop)),
    };
    machine.budget.charge(items.len() as u64 / 4);
    let length = items.len();
    let at_index = |index: i64| super::collections::place(index, length);
    Some(match (name, more) {
        ("to_list", []) => Ok(Value::list(items)),
        ("count", []) => Ok(Value::Integer(length as i64)),
        ("empty?", []) => Ok(Value::truth(length == 0)),
        ("member?", [value]) => Ok(super::kernel::member(machine, value, &Value::list(items), at)),
        ("join", []) => return joined(machine, &items, &Value::text("", at), at),
        ("join", [joiner]) => return joined(machine, &items, joiner, at),
        ("reverse", []) => Ok(Value::list(items.into_iter().rev().collect())),
        ("reverse", [tail]) => {
            let tail = tail.as_list()?;
            Ok(Value::list(
                items.into_iter().rev().chain(tail.iter().cloned()).collect(),
            ))
        }
        ("concat", []) => {
            let mut out = Vec::new();
            for item in items {
                match machine.items(&item, at) {
                    Ok(Ok(inner)) => out.extend(inner),
                    Ok(Err(gap)) => return Some(Ok(Value::unknown(gap))),
                    Err(stop) => return Some(Err(stop)),
                }
            }
            Ok(Value::list(out))
        }
        ("concat", [other]) => match machine.items(other, at) {
            Ok(Ok(other)) => Ok(Value::list(items.into_iter().chain(other).collect())),
            Ok(Err(gap)) => Ok(Value::unknown(gap)),
            Err(stop) => Err(stop),
        },
        ("uniq", []) => machine.unique(items, at).map(Value::list),
        ("at", [Value::Integer(index)]) => Ok(at_index(*index)
            .and_then(|i| items.get(i))
            .cloned()
            .unwrap_or_else(Value::nil)),
        ("at", [Value::Integer(index), default]) => Ok(at_index(*index)
            .and_then(|i| items.get(i))
            .unwrap_or(default)
            .clone()),
        ("fetch!", [Value::Integer(index)]) => match at_index(*index).and_then(|i| items.get(i)) {
            Some(item) => Ok(item.clone()),
            None => Err(machine.raise("Enum.OutOfBoundsError", "out of bounds error", at)),
        },
        ("fetch", [Value::Integer(index)]) => Ok(match at_index(*index).and_then(|i| items.get(i)) {
            Some(item) => Value::tuple(vec![Value::atom("ok"), item.clone()]),
            None => Value::atom("error"),
        }),
        ("take" | "drop" | "split", [Value::Integer(count)]) => {
            let end = if *count < 0 {
                length.saturating_sub(usize::try_from(count.unsigned_abs()).ok()?)
            } else {
                usize::try_from(*count).ok()?.min(length)
            };
            let (front, rest) = items.split_at(end);
            let (front, rest) = (Value::list(front.to_vec()), Value::list(rest.to_vec()));
            Ok(match (name, *count < 0) {
                ("split", _) => Value::tuple(vec![front, rest]),
                ("take", false) | ("drop", true) => front,
                _ => rest,
            })
        }
        ("slice", [Value::Integer(from), Value::Integer(count)]) => {
            let from = at_index(*from).unwrap_or(length).min(length);
            let count = usize::try_from(*count).unwrap_or(0);
            Ok(Value::list(items.into_iter().skip(from).take(count).collect()))
        }
        ("slice", [Value::Range(from, to, _)]) => {
            let (from, to) = (at_index(*from), at_index(*to));
            Ok(match (from, to) {
                (Some(from), Some(to)) if from <= to => {
                    Value::list(items.into_iter().skip(from).take(to - from + 1).collect())
                }
                _ => Value::list(Vec::new()),
            })
        }
        ("with_index", rest) => return indexed(machine, items, rest.first(), at),
        ("sum" | "product", []) => {
            let sum = name == "sum";
            let mut out = Value::Integer(i64::from(!sum));
            for item in &items {
                out = match super::numbers::arithmetic(machine, if sum { "+" } else { "*" }, &out, item, at)?
                {
                    Ok(value) => value,
                    Err(stop) => return Some(Err(stop)),
                };
            }
            Ok(out)
        }
        ("reduce", [function]) => {
            let mut items = items.into_iter();
            match items.next() {
                Some(head) => reduced(machine, items.collect(), head, function, at),
                None => Err(machine.raise("Enum.EmptyError", "empty error", at)),
            }
        }
        ("reduce", [accumulator, function]) => reduced(machine, items, accumulator.clone(), function, at),
        ("reduce_while", [accumulator, function]) => {
            reduced_while(machine, items, accumulator.clone(), function, at)
        }
        ("map_reduce" | "flat_map_reduce", [accumulator, function]) => map_reduced(
            machine,
            items,
            accumulator.clone(),
            function,
            name == "flat_map_reduce",
            at,
        ),
        ("scan", [accumulator, function]) => {
            let (mut out, mut value) = (Vec::new(), accumulator.clone());
            for item in items {
                value = match machine.call_value(function, vec![item, value], at) {
                    Ok(value) => value,
                    Err(stop) => return Some(Err(stop)),
                };
                out.push(value.clone());
            }
            Ok(Value::list(out))
        }
        ("into", [into]) => machine.into(items, into, at),
        ("into", [into, function]) => match super::enumerable::mapped(machine, first, function, at)? {
            Ok(items) => machine.into(items.as_list()?.to_vec(), into, at),
            Err(stop) => Err(stop),
        },
        ("chunk_every", [Value::Integer(size), ..]) => {
            let size = usize::try_from(*size)
                .ok()
                .filter(|s| *s > 0 && more.len() == 1)?;
            Ok(Value::list(
                items.chunks(size).map(|c| Value::list(c.to_vec())).collect(),
            ))
        }
        ("intersperse", [between]) => {
            let mut out = Vec::with_capacity(length * 2);
            for (index, item) in items.into_iter().enumerate() {
                if index > 0 {
                    out.push(between.clone());
                }
                out.push(item);
            }
            Ok(Value::list(out))
        }
        ("unzip", []) => {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            for item in &items {
                let [x, y] = item.as_tuple()? else { return None };
                a.push(x.clone());
                b.push(y.clone());
            }
            Ok(Value::tuple(vec![Value::list(a), Value::list(b)]))
        }
        ("random" | "shuffle" | "take_random", _) => Ok(machine.unknown(at, "what is drawn by lot")),
        _ => return None,
    })
}

/// `Enum.join`.
pub(super) fn joined<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    items: &[Value],
    joiner: &Value,
    at: Span,
) -> Option<Run<Value>> {
    let mut parts = Vec::with_capacity(items.len() * 2);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            parts.push(joiner.clone());
        }
        match machine.text_of(item, at) {
            Ok(text) => parts.push(text),
            Err(stop) => return Some(Err(stop)),
        }
    }
    if parts.is_empty() {
        return Some(Ok(Value::text("", at)));
    }
    Some(machine.concat(&parts))
}

fn indexed<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    items: Vec<Value>,
    how: Option<&Value>,
    at: Span,
) -> Option<Run<Value>> {
    let offset = match how {
        None => 0,
        Some(Value::Integer(offset)) => *offset,
        Some(_) => 0,
    };
    let mut out = Vec::with_capacity(items.len());
    for (index, item) in (offset..).zip(items) {
        match how {
            Some(function @ Value::Function(_)) => {
                match machine.call_value(function, vec![item, Value::Integer(index)], at) {
                    Ok(value) => out.push(value),
                    Err(stop) => return Some(Err(stop)),
                }
            }
            Some(other) if other.as_integer().is_none() => return None,
            _ => out.push(Value::tuple(vec![item, Value::Integer(index)])),
        }
    }
    machine.weigh(out.len());
    Some(Ok(Value::list(out)))
}

/// `Enum.reduce`.
pub(super) fn reduced<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    items: Vec<Value>,
    mut accumulator: Value,
    function: &Value,
    at: Span,
) -> Run<Value> {
    for item in items {
        accumulator = machine.call_value(function, vec![item, accumulator], at)?;
    }
    Ok(accumulator)
}

fn reduced_while<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    items: Vec<Value>,
    mut accumulator: Value,
    function: &Value,
    at: Span,
) -> Run<Value> {
    let mut items = items.into_iter();
    while let Some(item) = items.next() {
        let out = machine.call_value(function, vec![item, accumulator], at)?;
        match out.as_pair() {
            Some(("cont", value)) => accumulator = value.clone(),
            Some(("halt", value)) => return Ok(value.clone()),
            _ => {
                let gap = out
                    .gap()
                    .unwrap_or_else(|| machine.gap(at, "whether a reduction goes on"));
                let (rest, unknown) = (items.collect(), Value::unknown(gap.clone()));
                let more = |machine: &mut Machine<'a, L>| {
                    machine.deeper(at, |machine| reduced_while(machine, rest, unknown, function, at))
                };
                machine.perhaps(&gap, more)?;
                return Ok(Value::unknown(gap));
            }
        }
    }
    Ok(accumulator)
}

fn map_reduced<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    items: Vec<Value>,
    mut accumulator: Value,
    function: &Value,
    flat: bool,
    at: Span,
) -> Run<Value> {
    let (mut mapped, mut open) = (Vec::new(), None);
    for item in items {
        let out = machine.call_value(function, vec![item, accumulator], at)?;
        match out.as_tuple() {
            Some([value, next]) => {
                accumulator = next.clone();
                match value {
                    Value::List(items) if flat => mapped.extend(items.iter().cloned()),
                    Value::Atom(halt) if flat && halt == "halt" => break,
                    value if flat => open = open.or_else(|| value.gap()),
                    value => mapped.push(value.clone()),
                }
            }
            _ => {
                let gap = out
                    .gap()
                    .unwrap_or_else(|| machine.gap(at, "what a reduction gives"));
                accumulator = Value::unknown(gap.clone());
                open = open.or(Some(gap));
            }
        }
    }
    let mapped = open.map_or_else(|| Value::list(mapped), Value::unknown);
    Ok(Value::tuple(vec![mapped, accumulator]))
}

/// `Enum.zip(lists)`.
pub(super) fn zip<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    lists: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    let mut all = Vec::new();
    for list in lists {
        match machine.items(list, at) {
            Ok(items) => all.push(items.ok()?),
            Err(stop) => return Some(Err(stop)),
        }
    }
    let length = all.iter().map(Vec::len).min().unwrap_or(0);
    let row = |index: usize| Value::tuple(all.iter().filter_map(|l| l.get(index).cloned()).collect());
    Some(Ok(Value::list((0..length).map(row).collect())))
}

fn zip_two<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    first: &Value,
    more: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    let (lists, function) = match (name, more) {
        ("zip", [second]) => (vec![first.clone(), second.clone()], None),
        ("zip_with", [second, function]) => (vec![first.clone(), second.clone()], Some(function)),
        ("zip_with", [function]) => (first.as_list()?.to_vec(), Some(function)),
        _ => return None,
    };
    let rows = match zip(machine, &lists, at)? {
        Ok(rows) => rows,
        Err(stop) => return Some(Err(stop)),
    };
    let Some(function) = function else {
        return Some(Ok(rows));
    };
    let mut out = Vec::new();
    for row in rows.as_list()? {
        let items = row.as_tuple()?.to_vec();
        let args = if more.len() == 2 {
            items
        } else {
            vec![Value::list(items)]
        };
        match machine.call_value(function, args, at) {
            Ok(value) => out.push(value),
            Err(stop) => return Some(Err(stop)),
        }
    }
    Some(Ok(Value::list(out)))
}
