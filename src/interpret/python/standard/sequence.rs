//! Builtins that make or walk collections: `list`, `dict`, `range`, `zip`, `map`, `sum`, `any` and their kin.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::methods;
use super::super::value::{Args, Value};
use super::bind::{self, bind, exactly, int, unknown};
use super::{access, order};
use crate::known::{Gap, Truth};
use crate::source::Span;

/// A `range`: kept as a call, because it may be long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    start: i64,
    stop: i64,
    step: i64,
}

impl Range {
    /// How many numbers it gives.
    pub(crate) fn length(self) -> u128 {
        let (start, stop, step) = (
            i128::from(self.start),
            i128::from(self.stop),
            i128::from(self.step),
        );
        let span = if step > 0 { stop - start } else { start - stop };
        if span <= 0 {
            return 0;
        }
        let step = step.unsigned_abs();
        (span.unsigned_abs()).div_ceil(step)
    }

    /// Whether a number is one of it.
    pub(crate) fn holds(self, n: i64) -> bool {
        let (n, start, stop, step) = (
            i128::from(n),
            i128::from(self.start),
            i128::from(self.stop),
            i128::from(self.step),
        );
        let within = if step > 0 {
            start <= n && n < stop
        } else {
            stop < n && n <= start
        };
        within && (n - start) % step == 0
    }

    fn nth(self, n: u128) -> Option<i64> {
        if n >= self.length() {
            return None;
        }
        let n = i128::try_from(n).ok()?;
        i64::try_from(i128::from(self.start) + n * i128::from(self.step)).ok()
    }
}

/// The range that a term is.
pub(crate) fn range_of(value: &Value<'_>) -> Option<Range> {
    let (callee, args) = value.as_call()?;
    if callee.as_path()? != "builtins.range" {
        return None;
    }
    let numbers: Option<Vec<i64>> = args.positional.iter().map(|a| int(&a.value)).collect();
    let (start, stop, step) = match numbers?.as_slice() {
        [stop] => (0, *stop, 1),
        [start, stop] => (*start, *stop, 1),
        [start, stop, step] if *step != 0 => (*start, *stop, *step),
        _ => return None,
    };
    Some(Range { start, stop, step })
}

/// The numbers of a range.
pub(crate) fn range_items<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    range: Range,
    at: Span,
) -> Run<'a, Vec<Value<'a>>> {
    let length = range.length();
    machine.afford(length.saturating_mul(16), at)?;
    let mut out = Vec::new();
    let mut n = 0;
    while let Some(number) = range.nth(n) {
        out.push(Value::Int(number));
        n += 1;
    }
    Ok(out)
}

/// `range[i]`.
pub(crate) fn range_item<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    range: Range,
    key: &Value<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some(index) = int(key) else {
        return Ok(unknown("an item of a range", at));
    };
    let length = range.length();
    let place = if index < 0 {
        length.checked_sub(u128::from(index.unsigned_abs()))
    } else {
        u128::try_from(index).ok()
    };
    match place.and_then(|p| range.nth(p)) {
        Some(n) => Ok(Value::Int(n)),
        None => Err(access::raise(
            machine,
            "IndexError",
            "range object index out of range",
            at,
        )),
    }
}

/// A call; `None` where it is none of these.
pub(crate) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if let Some(gap) = &args.open
        && !matches!(name, "dict")
    {
        let ours = matches!(
            name,
            "list"
                | "tuple"
                | "set"
                | "frozenset"
                | "range"
                | "enumerate"
                | "zip"
                | "reversed"
                | "sorted"
                | "sum"
                | "any"
                | "all"
                | "iter"
                | "next"
        );
        return ours.then(|| Ok(Value::unknown(gap.clone())));
    }
    Some(match name {
        "list" | "tuple" | "set" | "frozenset" => collection(machine, name, args, at),
        "dict" => dict(machine, args, at),
        "range" => range(machine, args, at),
        "enumerate" => enumerate(machine, args, at),
        "zip" => zip(machine, args, at),
        "map" | "filter" => return lazy(machine, name, args, at),
        "reversed" => reversed(machine, args, at),
        "sorted" => sorted(machine, args, at),
        "sum" => sum(machine, args, at),
        "any" | "all" => any(machine, name == "any", args, at),
        "iter" => return iter(machine, args, at),
        "next" => return next(machine, args, at),
        _ => return None,
    })
}

fn collection<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    kind: &str,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let items = match args.positional.first() {
        None => Ok(Vec::new()),
        Some(argument) => {
            let value = argument.value.clone();
            // A copy keeps what is known of a collection that is not wholly known.
            if let (Value::List(_) | Value::Set(_), true) = (&value, machine.known_items(&value).is_none()) {
                return Ok(match kind {
                    "list" => access::copy_list(machine, &value),
                    "set" | "frozenset" => access::copy_set(machine, &value),
                    _ => match access::known_list(machine, &value) {
                        Ok(items) => Value::Tuple(items.into()),
                        Err(gap) => Value::unknown(gap),
                    },
                });
            }
            if let (Value::Tuple(_), "tuple") = (&value, kind) {
                return Ok(value);
            }
            access::iterated(machine, &value, at)?
        }
    };
    let items = match items {
        Ok(items) => items,
        Err(gap) => {
            return Ok(match kind {
                "list" => machine.open_list(gap),
                _ => Value::unknown(gap),
            });
        }
    };
    machine.spend(items.len() as u64, at)?;
    Ok(match kind {
        "list" => machine.new_list(items),
        "tuple" => Value::Tuple(items.into()),
        _ => match methods::unique(machine, &items, at) {
            Ok(items) => machine.new_set(items),
            Err(gap) => {
                let set = machine.new_set(Vec::new());
                access::blur_list(machine, &set, &gap);
                set
            }
        },
    })
}

fn dict<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, args: &Args<'a>, at: Span) -> Run<'a, Value<'a>> {
    let dict = match args.positional.first() {
        Some(argument) if matches!(argument.value, Value::Dict(_)) => {
            access::copy_dict(machine, &argument.value)
        }
        _ => machine.new_dict(Vec::new()),
    };
    if let Some(new) = machine.dict_mut(&dict) {
        new.default = None;
        new.odd = false;
    }
    let mut rest = args.clone();
    if args
        .positional
        .first()
        .is_some_and(|a| matches!(a.value, Value::Dict(_)))
    {
        rest.positional.clear();
    }
    if let Some(gap) = &args.open {
        access::blur_dict(machine, &dict, gap);
        return Ok(dict);
    }
    methods::dict_update(machine, &dict, &rest, at)?;
    Ok(dict)
}

fn range<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, args: &Args<'a>, at: Span) -> Run<'a, Value<'a>> {
    for argument in &args.positional {
        match &argument.value {
            Value::Int(_) | Value::Bool(_) => {}
            Value::Unknown(u) => return Ok(Value::unknown(u.gap.clone())),
            Value::Float(_) | Value::Str(_) | Value::None => {
                let why = "object cannot be interpreted as an integer";
                return Err(access::raise(machine, "TypeError", why, at));
            }
            _ => return Ok(unknown("a range of something else", at)),
        }
    }
    let callee = machine.path("builtins.range", at);
    let range = machine.call_term(callee, args.clone(), at);
    if range_of(&range).is_none() {
        return Ok(unknown("a range with these arguments", at));
    }
    Ok(range)
}

fn enumerate<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some([Some(items), start]) = bind(args, ["iterable", "start"]) else {
        return Ok(unknown("enumerate() with these arguments", at));
    };
    let Some(start) = start.map_or(Some(0), int) else {
        return Ok(unknown("enumerate() from an unknown number", at));
    };
    let items = match access::iterated(machine, items, at)? {
        Ok(items) => items,
        Err(gap) => return Ok(Value::unknown(gap)),
    };
    machine.spend(items.len() as u64, at)?;
    let items = (start..)
        .zip(items)
        .map(|(i, item)| Value::Tuple([Value::Int(i), item].into()))
        .collect();
    Ok(machine.new_iterator(items))
}

fn zip<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, args: &Args<'a>, at: Span) -> Run<'a, Value<'a>> {
    let mut columns: Vec<Option<Vec<Value<'a>>>> = Vec::new();
    for argument in &args.positional {
        if super::itertools::is_endless(&argument.value) {
            columns.push(None);
            continue;
        }
        match access::iterated(machine, &argument.value, at)? {
            Ok(items) => columns.push(Some(items)),
            Err(gap) => return Ok(Value::unknown(gap)),
        }
    }
    let count = columns.iter().flatten().map(Vec::len).min();
    let Some(count) = count else {
        return Ok(if columns.is_empty() {
            machine.new_iterator(Vec::new())
        } else {
            unknown("zip() of endless iterators", at)
        });
    };
    let strict = args
        .keyword("strict")
        .is_some_and(|a| matches!(a.value, Value::Bool(true)));
    if strict && columns.iter().flatten().any(|c| c.len() != count) {
        return Err(access::raise(
            machine,
            "ValueError",
            "zip() argument is longer or shorter",
            at,
        ));
    }
    machine.spend(count as u64 * columns.len() as u64, at)?;
    let mut out = Vec::with_capacity(count);
    for i in 0..count {
        let row: Option<Vec<_>> = columns
            .iter()
            .zip(&args.positional)
            .map(|(column, argument)| match column {
                Some(column) => column.get(i).cloned(),
                None => super::itertools::nth(&argument.value, i),
            })
            .collect();
        match row {
            Some(row) => out.push(Value::Tuple(row.into())),
            None => return Ok(unknown("zip() with these arguments", at)),
        }
    }
    Ok(machine.new_iterator(out))
}

/// `map` and `filter`: what they call runs when they are walked, so they stay terms, except where a builtin is called.
fn lazy<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let callee = machine.path(&format!("builtins.{name}"), at);
    let term = machine.call_term(callee, args.clone(), at);
    let function = &args.positional.first()?.value;
    let pure =
        matches!(function, Value::None) || function.as_path().is_some_and(|p| p.starts_with("builtins."));
    if !pure {
        return Some(Ok(term));
    }
    Some(match lazy_items(machine, &term, at)? {
        Ok(Ok(items)) => Ok(machine.new_iterator(items)),
        Ok(Err(gap)) => Ok(Value::unknown(gap)),
        Err(stop) => Err(stop),
    })
}

/// What a `map` or `filter` that stayed a term gives.
pub(crate) fn lazy_items<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    term: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Result<Vec<Value<'a>>, Gap>>> {
    let (callee, args) = term.as_call()?;
    let name = callee.as_path()?.strip_prefix("builtins.")?;
    if !matches!(name, "map" | "filter") || args.open.is_some() {
        return None;
    }
    let (function, args) = (args.positional.first()?.value.clone(), args.clone());
    Some(if name == "map" {
        map(machine, &function, &args, at)
    } else {
        filter(machine, &function, &args, at)
    })
}

fn map<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    function: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Result<Vec<Value<'a>>, Gap>> {
    let mut columns = Vec::new();
    for argument in args.positional.iter().skip(1) {
        match access::iterated(machine, &argument.value, at)? {
            Ok(items) => columns.push(items),
            Err(gap) => return Ok(Err(gap)),
        }
    }
    let count = columns.iter().map(Vec::len).min().unwrap_or(0);
    let mut out = Vec::with_capacity(count);
    for i in 0..count {
        let row = columns.iter().filter_map(|c| c.get(i).cloned());
        let args = bind::positional(row, at);
        out.push(machine.call(function, args, at)?);
    }
    Ok(Ok(out))
}

fn filter<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    function: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Result<Vec<Value<'a>>, Gap>> {
    let Some(items) = args.positional.get(1) else {
        return Err(access::raise(
            machine,
            "TypeError",
            "filter expected 2 arguments",
            at,
        ));
    };
    let items = match access::iterated(machine, &items.value, at)? {
        Ok(items) => items,
        Err(gap) => return Ok(Err(gap)),
    };
    let mut out = Vec::new();
    for item in items {
        let answer = match function {
            Value::None => item.clone(),
            function => machine.call(function, bind::positional([item.clone()], at), at)?,
        };
        match machine.truth(&answer, at) {
            Truth::Yes => out.push(item),
            Truth::No => {}
            Truth::Unknown(gap) => return Ok(Err(gap)),
        }
    }
    Ok(Ok(out))
}

fn reversed<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some([items]) = exactly(args) else {
        return Ok(unknown("reversed() with these arguments", at));
    };
    Ok(match access::iterated(machine, items, at)? {
        Ok(mut items) => {
            items.reverse();
            machine.new_iterator(items)
        }
        Err(gap) => Value::unknown(gap),
    })
}

fn sorted<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, args: &Args<'a>, at: Span) -> Run<'a, Value<'a>> {
    let Some(items) = args.positional.first() else {
        return Err(access::raise(
            machine,
            "TypeError",
            "sorted expected 1 argument",
            at,
        ));
    };
    let items = match access::iterated(machine, &items.value, at)? {
        Ok(items) => items,
        Err(gap) => return Ok(machine.open_list(gap)),
    };
    Ok(match order::sorted(machine, items, args, at)? {
        Ok(items) => machine.new_list(items),
        Err(gap) => machine.open_list(gap),
    })
}

fn sum<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, args: &Args<'a>, at: Span) -> Run<'a, Value<'a>> {
    let Some([Some(items), start]) = bind(args, ["iterable", "start"]) else {
        return Ok(unknown("sum() with these arguments", at));
    };
    let items = match access::iterated(machine, items, at)? {
        Ok(items) => items,
        Err(gap) => return Ok(Value::unknown(gap)),
    };
    machine.spend(items.len() as u64, at)?;
    if let Some(list @ (Value::List(_) | Value::Tuple(_))) = start {
        let mut all = match access::known_list(machine, list) {
            Ok(all) => all,
            Err(gap) => return Ok(Value::unknown(gap)),
        };
        for item in &items {
            match access::contents(machine, item) {
                Some(Ok(more)) => all.extend(more),
                Some(Err(gap)) => return Ok(Value::unknown(gap)),
                None => return Ok(unknown("sum() of these", at)),
            }
        }
        return Ok(match list {
            Value::Tuple(_) => Value::Tuple(all.into()),
            _ => machine.new_list(all),
        });
    }
    let mut whole = Some(start.map_or(Some(0), int).unwrap_or(0));
    let mut float = matches!(start, Some(Value::Float(_)));
    if start.is_some_and(|s| int(s).is_none()) {
        return Ok(unknown("sum() from this start", at));
    }
    for item in &items {
        match item {
            Value::Float(_) => float = true,
            item => match int(item) {
                Some(n) => whole = whole.and_then(|w| w.checked_add(n)),
                None => return Ok(unknown("sum() of these", at)),
            },
        }
    }
    // Floats are summed with compensation since Python 3.12: their last digits are not told.
    Ok(match whole {
        Some(n) if !float => Value::Int(n),
        _ => unknown("sum() of floats", at),
    })
}

fn any<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    any: bool,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some([items]) = exactly(args) else {
        return Ok(unknown("any() with these arguments", at));
    };
    let (items, open) = access::slots(machine, items, at)?;
    machine.spend(items.len() as u64, at)?;
    let decides = if any { Truth::Yes } else { Truth::No };
    let mut gap = open;
    for slot in items {
        match machine.truth(&slot.value, at) {
            truth if truth == decides && slot.maybe.is_none() => return Ok(Value::Bool(any)),
            truth if truth == decides => gap = gap.or(slot.maybe),
            Truth::Unknown(why) => gap = gap.or(Some(why)),
            Truth::Yes | Truth::No => {}
        }
    }
    Ok(match gap {
        Some(gap) => Value::unknown(gap),
        None => Value::Bool(!any),
    })
}

fn iter<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let [items] = exactly(args)?;
    if matches!(items, Value::Iterator(_)) || super::itertools::is_endless(items) {
        return Some(Ok(items.clone()));
    }
    Some(access::iterated(machine, items, at).map(|items| match items {
        Ok(items) => machine.new_iterator(items),
        Err(gap) => Value::unknown(gap),
    }))
}

fn next<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let [iterator, default] = bind(args, ["iterator", "default"])?;
    let (iterator, default) = (iterator?.clone(), default.cloned());
    match &iterator {
        Value::Iterator(_) => Some(access::take_first(machine, &iterator, default, at)),
        Value::Unknown(u) => Some(Ok(Value::unknown(u.gap.clone()))),
        Value::Term(_) if lazy_items(machine, &iterator, at).is_none() => None,
        // The place in it would have to be kept.
        _ => Some(Ok(unknown("the next item", at))),
    }
}
