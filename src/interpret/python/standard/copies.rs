//! `copy`, `textwrap`, `fnmatch`.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::methods::text;
use super::super::value::{Args, Value};
use super::bind::{bind, pure, unknown};
use super::{access, paths};
use crate::source::Span;

/// How deep collections within collections are copied.
const DEPTH: u32 = 32;

/// A call of a member of these modules.
pub(crate) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    path: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    match path {
        "copy.copy" | "copy.deepcopy" => {
            let value = args.positional.first()?.value.clone();
            let depth = if path == "copy.copy" { 1 } else { DEPTH };
            Some(copied(machine, &value, depth, at))
        }
        "textwrap.dedent" => pure(machine, &Value::None, args, at, |_, _, args| {
            let value = &args.get(0, "text")?.value;
            Some(Ok(match value {
                Value::Str(t) => access::str(text::dedent(t)),
                _ => unknown("dedented text", at),
            }))
        }),
        "textwrap.indent" => pure(machine, &Value::None, args, at, |_, _, args| {
            let [Some(Value::Str(t)), Some(Value::Str(prefix))] = bind(args, ["text", "prefix"])? else {
                return Some(Ok(unknown("indented text", at)));
            };
            let mut parts = Vec::new();
            for line in text::lines(t, true) {
                if !line.as_str().trim().is_empty() {
                    parts.push((**prefix).clone());
                }
                parts.push(line);
            }
            Some(Ok(access::str(text::concat(parts.iter(), at))))
        }),
        "fnmatch.fnmatch" | "fnmatch.fnmatchcase" => pure(machine, &Value::None, args, at, |_, _, args| {
            let [Some(name), Some(pattern)] = bind(args, ["name", "pat"])? else {
                return None;
            };
            let fits = paths::fnmatch(pattern.as_str()?, name.as_str()?);
            Some(Ok(fits.map_or_else(
                || unknown("whether a name fits a pattern", at),
                Value::Bool,
            )))
        }),
        _ => None,
    }
}

/// A copy of a collection and, deeper, of the collections in it. Instances are not followed.
fn copied<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    depth: u32,
    at: Span,
) -> Run<'a, Value<'a>> {
    machine.tick(at)?;
    if depth == 0 {
        return Ok(value.clone());
    }
    let inner = |machine: &mut Machine<'a, L>, value: &Value<'a>| match (depth, value) {
        (1, _) => Ok(value.clone()),
        (_, Value::List(_) | Value::Dict(_) | Value::Set(_) | Value::Tuple(_) | Value::Instance(_))
            if depth == 2 =>
        {
            Ok(unknown("a copy of what lies deeper than is followed", at))
        }
        _ => copied(machine, value, depth - 1, at),
    };
    match value {
        Value::List(_) | Value::Set(_) => {
            let copy = match value {
                Value::List(_) => access::copy_list(machine, value),
                _ => access::copy_set(machine, value),
            };
            let items = machine.list(&copy).map(|l| l.items.clone()).unwrap_or_default();
            machine.spend(items.len() as u64 / 4, at)?;
            let mut out = Vec::with_capacity(items.len());
            for mut slot in items {
                slot.value = inner(machine, &slot.value)?;
                out.push(slot);
            }
            if let Some(list) = machine.list_mut(&copy) {
                list.items = out;
            }
            Ok(copy)
        }
        Value::Dict(_) => {
            let copy = access::copy_dict(machine, value);
            let entries = machine.dict(&copy).map(|d| d.entries.clone()).unwrap_or_default();
            machine.spend(entries.len() as u64 / 4, at)?;
            let mut out = Vec::with_capacity(entries.len());
            for (key, mut slot) in entries {
                slot.value = inner(machine, &slot.value)?;
                out.push((key, slot));
            }
            if let Some(dict) = machine.dict_mut(&copy) {
                dict.entries = out;
            }
            Ok(copy)
        }
        Value::Tuple(items) => {
            let mut out = Vec::with_capacity(items.len());
            for item in items.iter() {
                out.push(inner(machine, item)?);
            }
            Ok(Value::Tuple(out.into()))
        }
        Value::Instance(_) if super::enums::kind_is(machine, value) => Ok(value.clone()),
        Value::Instance(_) | Value::Iterator(_) => Ok(unknown("a copy of an object", at)),
        Value::Term(_) if value.as_path().is_none() => Ok(unknown("a copy of a library's object", at)),
        _ => Ok(value.clone()),
    }
}
