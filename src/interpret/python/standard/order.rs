//! Order: comparisons, `sorted`, `min`, `max`.

use std::cmp::Ordering;

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::{Args, Value};
use super::{access, bind, enums, paths};
use crate::known::{Gap, Truth};
use crate::source::Span;

const DEPTH: u32 = 24;

/// How two values compare by `<`; the gap where that cannot be told (or Python would refuse). `None` in it: neither (a float that
/// is no number).
pub(crate) fn compare<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    a: &Value<'a>,
    b: &Value<'a>,
    at: Span,
) -> Result<Option<Ordering>, Gap> {
    compare_to(machine, a, b, DEPTH, at)
}

fn compare_to<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    a: &Value<'a>,
    b: &Value<'a>,
    depth: u32,
    at: Span,
) -> Result<Option<Ordering>, Gap> {
    if let Some(gap) = a.gap().or_else(|| b.gap()) {
        return Err(gap.clone());
    }
    if depth == 0 {
        return Err(machine.gap(at, "a comparison of things too deep to follow"));
    }
    let plain = |machine: &Machine<'a, L>, v: &Value<'a>| {
        enums::plain(machine, v).or_else(|| paths::text(v).map(|t| access::str(t.clone())))
    };
    let (x, y) = (plain(machine, a), plain(machine, b));
    let (paths_a, paths_b) = (paths::text(a), paths::text(b));
    if let (Some(a), Some(b)) = (paths_a, paths_b) {
        return Ok(Some(a.as_str().split('/').cmp(b.as_str().split('/'))));
    }
    let (a, b) = (x.as_ref().unwrap_or(a), y.as_ref().unwrap_or(b));
    if let (Some(a), Some(b)) = (bind::int(a), bind::int(b)) {
        return Ok(Some(a.cmp(&b)));
    }
    let float = |v: &Value<'a>| match v {
        Value::Float(x) => Some(*x),
        v => bind::int(v)
            .filter(|n| n.unsigned_abs() < 1 << 53)
            .map(|n| n as f64),
    };
    if let (Some(a), Some(b)) = (float(a), float(b)) {
        return Ok(a.partial_cmp(&b));
    }
    match (a, b) {
        (Value::Str(a), Value::Str(b)) => Ok(Some(a.as_str().cmp(b.as_str()))),
        (Value::Bytes(a), Value::Bytes(b)) => Ok(Some(a.cmp(b))),
        (Value::Tuple(_), Value::Tuple(_)) | (Value::List(_), Value::List(_)) => {
            let (a, b) = (access::known_list(machine, a)?, access::known_list(machine, b)?);
            for (a, b) in a.iter().zip(&b) {
                match access::equal(machine, a, b, at) {
                    Truth::Yes => {}
                    Truth::No => return compare_to(machine, a, b, depth - 1, at),
                    Truth::Unknown(gap) => return Err(gap),
                }
            }
            Ok(Some(a.len().cmp(&b.len())))
        }
        _ => Err(machine.gap(at, "a comparison of things whose order is not known")),
    }
}

/// `sorted(items, key=, reverse=)`.
pub(crate) fn sorted<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    items: Vec<Value<'a>>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Result<Vec<Value<'a>>, Gap>> {
    let reverse = match args.keyword("reverse") {
        None => false,
        Some(argument) => match machine.truth(&argument.value, at) {
            Truth::Yes => true,
            Truth::No => false,
            Truth::Unknown(gap) => return Ok(Err(gap)),
        },
    };
    let keys = match keys(machine, &items, args.keyword("key").map(|a| &a.value), at)? {
        Ok(keys) => keys,
        Err(gap) => return Ok(Err(gap)),
    };
    let mut pairs: Vec<_> = keys.into_iter().zip(items).collect();
    let length = pairs.len() as u64;
    machine.spend(
        length.saturating_mul(u64::from(64 - length.leading_zeros())) / 4,
        at,
    )?;
    let mut failed = None;
    // Insertion is stable, as Python's sort is; a merge sort of the library calls back in no order that matters.
    pairs.sort_by(|a, b| {
        if failed.is_some() {
            return Ordering::Equal;
        }
        match compare(machine, &a.0, &b.0, at) {
            Ok(Some(order)) if reverse => order.reverse(),
            Ok(Some(order)) => order,
            Ok(None) => {
                failed = Some(machine.gap(at, "the order of a float that is no number"));
                Ordering::Equal
            }
            Err(gap) => {
                failed = Some(gap);
                Ordering::Equal
            }
        }
    });
    Ok(match failed {
        Some(gap) => Err(gap),
        None => Ok(pairs.into_iter().map(|(_, item)| item).collect()),
    })
}

/// What `key=` makes of each item.
fn keys<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    items: &[Value<'a>],
    key: Option<&Value<'a>>,
    at: Span,
) -> Run<'a, Result<Vec<Value<'a>>, Gap>> {
    let Some(key) = key.filter(|k| !matches!(k, Value::None)) else {
        return Ok(Ok(items.to_vec()));
    };
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        let key = machine.call(key, bind::positional([item.clone()], at), at)?;
        if let Some(gap) = key.gap() {
            return Ok(Err(gap.clone()));
        }
        out.push(key);
    }
    Ok(Ok(out))
}

/// `min` and `max`.
pub(crate) fn extreme<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    greatest: bool,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    if let Some(gap) = &args.open {
        return Ok(Value::unknown(gap.clone()));
    }
    let items = match args.positional.as_slice() {
        [one] => match access::iterated(machine, &one.value, at)? {
            Ok(items) => items,
            Err(gap) => return Ok(Value::unknown(gap)),
        },
        several => several.iter().map(|a| a.value.clone()).collect(),
    };
    machine.spend(items.len() as u64, at)?;
    let keys = match keys(machine, &items, args.keyword("key").map(|a| &a.value), at)? {
        Ok(keys) => keys,
        Err(gap) => return Ok(Value::unknown(gap)),
    };
    let mut best: Option<usize> = None;
    for (i, key) in keys.iter().enumerate() {
        let Some(at_best) = best.and_then(|b| keys.get(b)) else {
            best = Some(i);
            continue;
        };
        let wanted = if greatest {
            Ordering::Greater
        } else {
            Ordering::Less
        };
        match compare(machine, key, at_best, at) {
            Ok(Some(order)) if order == wanted => best = Some(i),
            Ok(Some(_)) => {}
            Ok(None) => return Ok(machine.unknown(at, "the order of a float that is no number")),
            Err(gap) => return Ok(Value::unknown(gap)),
        }
    }
    match (
        best.and_then(|b| items.into_iter().nth(b)),
        args.keyword("default"),
    ) {
        (Some(item), _) => Ok(item),
        (None, Some(default)) => Ok(default.value.clone()),
        (None, None) => Err(access::raise(
            machine,
            "ValueError",
            "arg is an empty sequence",
            at,
        )),
    }
}
