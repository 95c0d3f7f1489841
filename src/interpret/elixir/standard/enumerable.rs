//! `Enum`: what calls a function for each item. `Stream` does the same at once, as far as it has an end.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::Value;
use crate::known::{Gap, Truth};
use crate::source::Span;

/// The items, or why there is nothing more to do: they are not known, or something stopped.
macro_rules! items {
    ($machine:expr, $value:expr, $at:expr) => {
        match $machine.items($value, $at) {
            Ok(Ok(items)) => items,
            Ok(Err(_)) => return None,
            Err(stop) => return Some(Err(stop)),
        }
    };
}

/// The value of a run, or its end.
macro_rules! run {
    ($out:expr) => {
        match $out {
            Ok(value) => value,
            Err(stop) => return Some(Err(stop)),
        }
    };
}

pub(super) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    let (first, more) = args.split_first()?;
    if let Some(gap) = first.gap()
        && more.iter().any(|a| matches!(a, Value::Function(_)))
    {
        return Some(over_unknown(machine, &gap, more, at));
    }
    match (name, more) {
        ("each", [function]) => {
            for item in items!(machine, first, at) {
                run!(machine.call_value(function, vec![item], at));
            }
            Some(Ok(Value::atom("ok")))
        }
        ("map", [function]) => mapped(machine, first, function, at),
        ("flat_map", [function]) => {
            let items = items!(machine, first, at);
            let (mut out, mut open) = (Vec::new(), None);
            for item in items {
                let inner = run!(machine.call_value(function, vec![item], at));
                match run!(machine.items(&inner, at)) {
                    Ok(items) => out.extend(items),
                    Err(gap) => open = open.or(Some(gap)),
                }
            }
            Some(Ok(open.map_or_else(|| Value::list(out), Value::unknown)))
        }
        ("map_join", [function]) => map_join(machine, first, &Value::text("", at), function, at),
        ("map_join", [joiner, function]) => map_join(machine, first, joiner, function, at),
        ("filter" | "reject", [function]) => {
            let items = items!(machine, first, at);
            filtered(machine, items, function, name == "filter", at)
        }
        ("split_with" | "partition", [function]) => {
            let items = items!(machine, first, at);
            let yes = run!(filtered(machine, items.clone(), function, true, at)?);
            let no = run!(filtered(machine, items, function, false, at)?);
            Some(Ok(Value::tuple(vec![yes, no])))
        }
        ("find" | "find_index" | "find_value", _) => find(machine, name, first, more, at),
        ("any?" | "all?", rest) => {
            let items = items!(machine, first, at);
            Some(quantified(machine, name == "any?", items, rest.first(), at))
        }
        ("take_while" | "drop_while" | "split_while", [function]) => {
            let items = items!(machine, first, at);
            let mut end = items.len();
            for (index, item) in items.iter().enumerate() {
                let out = run!(machine.call_value(function, vec![item.clone()], at));
                match machine.truth(&out) {
                    Truth::Yes => {}
                    Truth::No => {
                        end = index;
                        break;
                    }
                    Truth::Unknown(gap) => {
                        let rest = items.get(index + 1..).unwrap_or_default();
                        run!(perhaps_each(machine, rest, function, &gap, at));
                        return Some(Ok(Value::unknown(gap)));
                    }
                }
            }
            let (front, rest) = items.split_at(end);
            let (front, rest) = (Value::list(front.to_vec()), Value::list(rest.to_vec()));
            Some(Ok(match name {
                "take_while" => front,
                "drop_while" => rest,
                _ => Value::tuple(vec![front, rest]),
            }))
        }
        ("uniq_by", [function]) => {
            let items = items!(machine, first, at);
            let (mut keys, mut out): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
            for item in items {
                let key = run!(machine.call_value(function, vec![item.clone()], at));
                machine.budget.charge(keys.len() as u64 / 4);
                if !keys.iter().any(|k| k.identical(&key) == Some(true)) {
                    keys.push(key);
                    out.push(item);
                }
            }
            Some(Ok(Value::list(out)))
        }
        ("count", [function]) => {
            let items = items!(machine, first, at);
            match run!(filtered(machine, items, function, true, at)?) {
                Value::List(items) => Some(Ok(Value::Integer(items.len() as i64))),
                other => Some(Ok(other)),
            }
        }
        _ => None,
    }
}

/// A function is called any number of times, with anything: once is tried.
fn over_unknown<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    gap: &Gap,
    more: &[Value],
    at: Span,
) -> Run<Value> {
    for function in more {
        let Value::Function(made) = function else { continue };
        let args = vec![Value::unknown(gap.clone()); made.arity()];
        machine.perhaps(gap, |machine| {
            machine.call_value(function, args, at)?;
            Ok(Value::nil())
        })?;
    }
    Ok(Value::unknown(gap.clone()))
}

/// A function is called for each of the items, up to one that cannot be told.
fn perhaps_each<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    items: &[Value],
    function: &Value,
    gap: &Gap,
    at: Span,
) -> Run<()> {
    let Some((item, rest)) = items.split_first() else {
        return Ok(());
    };
    let run = |machine: &mut Machine<'a, L>| {
        machine.call_value(function, vec![item.clone()], at)?;
        machine.deeper(at, |machine| perhaps_each(machine, rest, function, gap, at))?;
        Ok(Value::nil())
    };
    machine.perhaps(gap, run).map(|_| ())
}

/// `Enum.map`.
pub(super) fn mapped<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    of: &Value,
    function: &Value,
    at: Span,
) -> Option<Run<Value>> {
    let items = items!(machine, of, at);
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        out.push(run!(machine.call_value(function, vec![item], at)));
    }
    machine.weigh(out.len());
    Some(Ok(Value::list(out)))
}

fn map_join<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    of: &Value,
    joiner: &Value,
    function: &Value,
    at: Span,
) -> Option<Run<Value>> {
    let items = run!(mapped(machine, of, function, at)?);
    super::gather::joined(machine, items.as_list()?, joiner, at)
}

/// `Enum.filter`, `Enum.reject`: unknown where one item's fate is.
pub(super) fn filtered<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    items: Vec<Value>,
    function: &Value,
    keep: bool,
    at: Span,
) -> Option<Run<Value>> {
    let mut out = Vec::new();
    let mut open = None;
    for item in items {
        let verdict = run!(machine.call_value(function, vec![item.clone()], at));
        match machine.truth(&verdict) {
            Truth::Yes if keep => out.push(item),
            Truth::No if !keep => out.push(item),
            Truth::Yes | Truth::No => {}
            Truth::Unknown(gap) => open = Some(gap),
        }
    }
    Some(Ok(match open {
        Some(gap) => Value::unknown(gap),
        None => Value::list(out),
    }))
}

fn find<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    of: &Value,
    more: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    let (default, function) = match more {
        [function] => (Value::nil(), function),
        [default, function] => (default.clone(), function),
        _ => return None,
    };
    let items = items!(machine, of, at);
    for (index, item) in items.iter().cloned().enumerate() {
        let out = run!(machine.call_value(function, vec![item.clone()], at));
        match machine.truth(&out) {
            Truth::Yes => {
                return Some(Ok(match name {
                    "find" => item,
                    "find_index" => Value::Integer(index as i64),
                    _ => out,
                }));
            }
            Truth::No => {}
            Truth::Unknown(gap) => {
                let rest = items.get(index + 1..).unwrap_or_default();
                run!(perhaps_each(machine, rest, function, &gap, at));
                return Some(Ok(Value::unknown(gap)));
            }
        }
    }
    Some(Ok(default))
}

fn quantified<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    any: bool,
    items: Vec<Value>,
    function: Option<&Value>,
    at: Span,
) -> Run<Value> {
    let mut unknown = None;
    for (index, item) in items.iter().enumerate() {
        let out = match function {
            Some(function) => machine.call_value(function, vec![item.clone()], at)?,
            None => item.clone(),
        };
        match machine.truth(&out) {
            Truth::Yes if any => return Ok(Value::truth(true)),
            Truth::No if !any => return Ok(Value::truth(false)),
            Truth::Yes | Truth::No => {}
            Truth::Unknown(gap) => match function {
                Some(function) => {
                    let rest = items.get(index + 1..).unwrap_or_default();
                    perhaps_each(machine, rest, function, &gap, at)?;
                    unknown = Some(gap);
                    break;
                }
                None => unknown = Some(gap),
            },
        }
    }
    Ok(match unknown {
        Some(gap) => Value::one_of(vec![Value::truth(true), Value::truth(false)], gap),
        None => Value::truth(!any),
    })
}

/// `Stream`: what has an end is done at once.
pub(super) fn stream<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    match name {
        "cycle" | "iterate" | "repeatedly" | "unfold" | "resource" | "interval" | "timer" => {
            let gap = machine.gap(at, "a stream that may have no end");
            let called = machine.call_back(args, &gap, at);
            Some(called.map(|()| Value::unknown(gap)))
        }
        "run" => {
            let _ = items!(machine, args.first()?, at);
            Some(Ok(Value::atom("ok")))
        }
        "each" => {
            let out = call(machine, "each", args, at)?;
            Some(out.map(|_| args.first().cloned().unwrap_or_else(Value::nil)))
        }
        _ => call(machine, name, args, at)
            .or_else(|| super::gather::call(machine, name, args, at))
            .or_else(|| super::ordering::call(machine, name, args, at)),
    }
}
