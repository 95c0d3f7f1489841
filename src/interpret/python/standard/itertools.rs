//! `itertools`.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::{Args, Value};
use super::access;
use super::bind::{self, int, unknown};
use crate::known::{Gap, Truth};
use crate::source::Span;

/// Whether a value gives items without end.
pub(crate) fn is_endless(value: &Value<'_>) -> bool {
    let Some((callee, args)) = value.as_call() else {
        return false;
    };
    match callee.as_path() {
        Some("itertools.count") => true,
        Some("itertools.repeat") => args.get(1, "times").is_none(),
        _ => false,
    }
}

/// The n-th item of what gives items without end.
pub(crate) fn nth<'a>(value: &Value<'a>, n: usize) -> Option<Value<'a>> {
    let (callee, args) = value.as_call()?;
    match callee.as_path()? {
        "itertools.count" => {
            let start = args.get(0, "start").map_or(Some(0), |a| int(&a.value))?;
            let step = args.get(1, "step").map_or(Some(1), |a| int(&a.value))?;
            let n = i64::try_from(n).ok()?;
            Some(Value::Int(start.checked_add(step.checked_mul(n)?)?))
        }
        "itertools.repeat" => Some(args.get(0, "object")?.value.clone()),
        _ => None,
    }
}

type Columns<'a> = Vec<Vec<Value<'a>>>;

/// The items of each argument from `from` on.
fn columns<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    from: usize,
    at: Span,
) -> Run<'a, Result<Columns<'a>, Gap>> {
    if let Some(gap) = &args.open {
        return Ok(Err(gap.clone()));
    }
    let mut out = Vec::new();
    for argument in args.positional.iter().skip(from) {
        if is_endless(&argument.value) {
            return Ok(Err(machine.gap(at, "items without end")));
        }
        match access::iterated(machine, &argument.value, at)? {
            Ok(items) => out.push(items),
            Err(gap) => return Ok(Err(gap)),
        }
    }
    Ok(Ok(out))
}

/// A call of a member of `itertools`.
pub(crate) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    Some(match name {
        "count" | "repeat" => {
            let times = args.get(1, "times").and_then(|a| int(&a.value));
            if name == "repeat" && args.get(1, "times").is_some() {
                let item = args.get(0, "object")?.value.clone();
                let Some(times) = times else {
                    return Some(Ok(unknown("a repetition of unknown length", at)));
                };
                let times = usize::try_from(times).unwrap_or(0);
                if let Err(stop) = machine.afford(times as u128 * 16, at) {
                    return Some(Err(stop));
                }
                return Some(Ok(machine.new_iterator(vec![item; times])));
            }
            let callee = machine.path(&format!("itertools.{name}"), at);
            Ok(machine.call_term(callee, args.clone(), at))
        }
        "islice" if args.positional.first().is_some_and(|a| is_endless(&a.value)) => {
            endless_slice(machine, args, at)
        }
        "chain"
        | "chain.from_iterable"
        | "product"
        | "permutations"
        | "combinations"
        | "islice"
        | "zip_longest"
        | "groupby"
        | "accumulate"
        | "starmap"
        | "takewhile"
        | "dropwhile"
        | "filterfalse"
        | "compress"
        | "pairwise"
        | "batched"
        | "combinations_with_replacement"
        | "tee" => match made(machine, name, args, at) {
            Ok(Ok(items)) => Ok(machine.new_iterator(items)),
            Ok(Err(gap)) => Ok(Value::unknown(gap)),
            Err(stop) => Err(stop),
        },
        _ => return None,
    })
}

fn endless_slice<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let [items, stop] = args.positional.as_slice() else {
        return Ok(unknown("a part of items without end", at));
    };
    let Some(stop) = int(&stop.value).and_then(|n| usize::try_from(n).ok()) else {
        return Ok(unknown("a part of items without end", at));
    };
    machine.afford(stop as u128 * 16, at)?;
    let all: Option<Vec<_>> = (0..stop).map(|n| nth(&items.value, n)).collect();
    Ok(match all {
        Some(all) => machine.new_iterator(all),
        None => unknown("a part of items without end", at),
    })
}

fn made<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Result<Vec<Value<'a>>, Gap>> {
    let tuple = |items: Vec<Value<'a>>| Value::Tuple(items.into());
    let first_is_function = matches!(name, "starmap" | "takewhile" | "dropwhile" | "filterfalse");
    let whole = matches!(name, "chain" | "product" | "zip_longest" | "compress");
    let mut args = args.clone();
    let options = if whole || first_is_function {
        Vec::new()
    } else {
        args.positional.split_off(args.positional.len().min(1))
    };
    let function = args.positional.first().map(|a| a.value.clone());
    let columns = match columns(machine, &args, usize::from(first_is_function), at)? {
        Ok(columns) => columns,
        Err(gap) => return Ok(Err(gap)),
    };
    let mut first = columns.first().cloned().unwrap_or_default();
    let number = options
        .first()
        .and_then(|a| int(&a.value))
        .and_then(|n| usize::try_from(n).ok());
    Ok(Ok(match name {
        "chain" => columns.into_iter().flatten().collect(),
        "chain.from_iterable" => {
            let inner = bind::positional(first, at);
            return Ok(match self::columns(machine, &inner, 0, at)? {
                Ok(columns) => Ok(columns.into_iter().flatten().collect()),
                Err(gap) => Err(gap),
            });
        }
        "product" => {
            let repeat = args.keyword("repeat").map_or(Some(1), |a| int(&a.value));
            let Some(repeat) = repeat.and_then(|n| usize::try_from(n).ok()).filter(|n| *n < 64) else {
                return Ok(Err(machine.gap(at, "a product of unknown size")));
            };
            let mut rows: Vec<Vec<Value<'a>>> = vec![Vec::new()];
            for column in columns.iter().cycle().take(columns.len() * repeat) {
                machine.afford(rows.len() as u128 * column.len() as u128 * 16, at)?;
                rows = rows
                    .iter()
                    .flat_map(|row| {
                        column.iter().map(|item| {
                            let mut row = row.clone();
                            row.push(item.clone());
                            row
                        })
                    })
                    .collect();
            }
            rows.into_iter().map(tuple).collect()
        }
        "permutations" | "combinations" | "combinations_with_replacement" => {
            let size = match (name, options.first()) {
                ("permutations", None) => first.len(),
                _ => match number {
                    Some(size) => size,
                    None => return Ok(Err(machine.gap(at, "a selection of unknown size"))),
                },
            };
            let mut rows: Vec<Vec<usize>> = vec![Vec::new()];
            for _ in 0..size {
                machine.afford(rows.len() as u128 * first.len() as u128 * 16, at)?;
                rows = rows
                    .iter()
                    .flat_map(|row| {
                        let next = (0..first.len()).filter(|i| match name {
                            "permutations" => !row.contains(i),
                            "combinations" => row.last().is_none_or(|last| last < i),
                            _ => row.last().is_none_or(|last| last <= i),
                        });
                        next.map(|i| {
                            let mut row = row.clone();
                            row.push(i);
                            row
                        })
                    })
                    .collect();
            }
            let pick =
                |row: Vec<usize>| tuple(row.into_iter().filter_map(|i| first.get(i).cloned()).collect());
            rows.into_iter().map(pick).collect()
        }
        "islice" => {
            let numbers: Option<Vec<Option<usize>>> = options
                .iter()
                .map(|a| match &a.value {
                    Value::None => Some(None),
                    value => int(value).and_then(|n| usize::try_from(n).ok()).map(Some),
                })
                .collect();
            let (start, stop, step) = match numbers.as_deref() {
                Some([stop]) => (0, *stop, 1),
                Some([start, stop]) => (start.unwrap_or(0), *stop, 1),
                Some([start, stop, step]) => (start.unwrap_or(0), *stop, step.unwrap_or(1).max(1)),
                _ => return Ok(Err(machine.gap(at, "a part of unknown size"))),
            };
            let stop = stop.unwrap_or(usize::MAX).max(start);
            first.truncate(stop);
            first.into_iter().skip(start).step_by(step).collect()
        }
        "zip_longest" => {
            let fill = args.keyword("fillvalue").map_or(Value::None, |a| a.value.clone());
            let count = columns.iter().map(Vec::len).max().unwrap_or(0);
            let row = |i: usize| {
                let items = columns
                    .iter()
                    .map(|c| c.get(i).cloned().unwrap_or_else(|| fill.clone()));
                tuple(items.collect())
            };
            (0..count).map(row).collect()
        }
        "pairwise" => first.windows(2).map(|pair| tuple(pair.to_vec())).collect(),
        "batched" => {
            let Some(size) = number.filter(|n| *n > 0) else {
                return Ok(Err(machine.gap(at, "batches of unknown size")));
            };
            first.chunks(size).map(|c| tuple(c.to_vec())).collect()
        }
        "tee" => {
            let count = if options.is_empty() { Some(2) } else { number };
            let Some(count) = count.filter(|n| *n < 64) else {
                return Ok(Err(machine.gap(at, "copies of unknown number")));
            };
            (0..count).map(|_| machine.new_iterator(first.clone())).collect()
        }
        "compress" => {
            let mut out = Vec::new();
            let choices = columns.get(1).cloned().unwrap_or_default();
            for (item, choice) in first.into_iter().zip(choices) {
                match machine.truth(&choice, at) {
                    Truth::Yes => out.push(item),
                    Truth::No => {}
                    Truth::Unknown(gap) => return Ok(Err(gap)),
                }
            }
            out
        }
        "starmap" => {
            let mut out = Vec::new();
            for item in first {
                let row = match access::iterated(machine, &item, at)? {
                    Ok(row) => row,
                    Err(gap) => return Ok(Err(gap)),
                };
                let function = function.clone().unwrap_or(Value::None);
                out.push(machine.call(&function, bind::positional(row, at), at)?);
            }
            out
        }
        "takewhile" | "dropwhile" | "filterfalse" => {
            let function = function.unwrap_or(Value::None);
            let mut out = Vec::new();
            let mut dropping = true;
            for item in first {
                if name == "dropwhile" && !dropping {
                    out.push(item);
                    continue;
                }
                let answer = match &function {
                    Value::None => item.clone(),
                    function => machine.call(function, bind::positional([item.clone()], at), at)?,
                };
                let yes = match machine.truth(&answer, at) {
                    Truth::Yes => true,
                    Truth::No => false,
                    Truth::Unknown(gap) => return Ok(Err(gap)),
                };
                match (name, yes) {
                    ("takewhile", false) => break,
                    ("takewhile", true) | ("filterfalse", false) => out.push(item),
                    ("dropwhile", false) => {
                        dropping = false;
                        out.push(item);
                    }
                    _ => {}
                }
            }
            out
        }
        "groupby" => {
            let key = args
                .keyword("key")
                .map(|a| &a.value)
                .or(options.first().map(|a| &a.value))
                .cloned();
            let mut groups: Vec<(Value<'a>, Vec<Value<'a>>)> = Vec::new();
            for item in first {
                let own = match &key {
                    None | Some(Value::None) => item.clone(),
                    Some(key) => machine.call(key, bind::positional([item.clone()], at), at)?,
                };
                let same = match groups.last() {
                    None => Truth::No,
                    Some((last, _)) => access::equal(machine, last, &own, at),
                };
                match (same, groups.last_mut()) {
                    (Truth::Yes, Some(group)) => group.1.push(item),
                    (Truth::Unknown(gap), _) => return Ok(Err(gap)),
                    _ => groups.push((own, vec![item])),
                }
            }
            let pair =
                |(key, items): (Value<'a>, Vec<Value<'a>>)| tuple(vec![key, machine.new_iterator(items)]);
            groups.into_iter().map(pair).collect()
        }
        "accumulate" => {
            let function = options.first().map(|a| a.value.clone());
            let mut out: Vec<Value<'a>> = Vec::new();
            for item in first {
                let next = match out.last().cloned() {
                    None => item,
                    Some(last) => match &function {
                        Some(function) => machine.call(function, bind::positional([last, item], at), at)?,
                        None => {
                            machine.binary(crate::syntax::python::ast::Operator::Add, &last, &item, at)?
                        }
                    },
                };
                out.push(next);
            }
            out
        }
        _ => return Ok(Err(machine.gap(at, "what itertools gives"))),
    }))
}
