//! The rows of a statement: what the methods of results, rows and queries give.

use crate::interpret::python::{Args, Machine, Run, Value};
use crate::source::Span;
use crate::stacks::alembic::database::Database;
use crate::stacks::alembic::execute;
use crate::stacks::alembic::objects::{self, Kind, make};

pub(super) fn result<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    held: &[Value<'a>],
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some(list) = held.first().cloned() else {
        return Ok(machine.unknown(at, "rows of a query"));
    };
    Ok(match name {
        "fetchall" | "all" => list,
        "fetchmany" | "partitions" => match machine.items_of_list(&list) {
            (items, None) if items.is_empty() => machine.new_list(Vec::new()),
            _ => {
                let gap = machine.gap(at, "some rows of a query");
                machine.open_list(gap)
            }
        },
        "fetchone" => match machine.take_first(&list) {
            Some(row) => row,
            None => execute::first(machine, &list, at),
        },
        "first" | "one_or_none" => execute::first(machine, &list, at),
        "one" => match execute::first(machine, &list, at) {
            Value::None => {
                let message = "No row was found when one was required";
                return Err(machine.raise("sqlalchemy.exc.NoResultFound", message, at));
            }
            row => narrowed(row),
        },
        "scalar" | "scalar_one_or_none" => execute::scalar(machine, &list, at),
        "scalar_one" => match machine.items_of_list(&list) {
            (items, None) if items.is_empty() => {
                let message = "No row was found when one was required";
                return Err(machine.raise("sqlalchemy.exc.NoResultFound", message, at));
            }
            _ => narrowed(execute::scalar(machine, &list, at)),
        },
        "scalars" | "columns" => {
            let index = args.positional.first().map(|a| &a.value);
            let list = match index {
                None | Some(Value::Int(0)) => execute::items(machine, &list, at),
                Some(_) => {
                    let gap = machine.gap(at, "a column of a query");
                    machine.open_list(gap)
                }
            };
            make(machine, Kind::Result, vec![list], at)
        }
        "keys" => match held.get(1) {
            Some(Value::Tuple(names)) if !names.is_empty() => machine.new_list(names.to_vec()),
            Some(names @ Value::List(_)) => names.clone(),
            _ => {
                let gap = machine.gap(at, "the columns of a query");
                machine.open_list(gap)
            }
        },
        "mappings" | "unique" | "tuples" | "yield_per" | "freeze" | "merge" | "__enter__" => object.clone(),
        "close" | "__exit__" => Value::None,
        "rowcount" => machine.unknown(at, "how many rows there are"),
        _ => machine.unknown(at, format!("what `{name}` of a result gives")),
    })
}

/// What certainly is no `None`.
fn narrowed(value: Value<'_>) -> Value<'_> {
    match &value {
        Value::Unknown(unknown) if unknown.candidates.iter().any(|c| matches!(c, Value::None)) => {
            let mut rest: Vec<Value<'_>> = unknown
                .candidates
                .iter()
                .filter(|c| !matches!(c, Value::None))
                .cloned()
                .collect();
            match rest.len() {
                1 => rest.remove(0),
                _ => Value::one_of(rest, unknown.gap.clone()),
            }
        }
        _ => value,
    }
}

pub(super) fn row_method<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    Ok(match name {
        "get" | "__getitem__" => match args.positional.first() {
            Some(key) => row_item(machine, object, &key.value, at)
                .or_else(|| args.positional.get(1).map(|a| a.value.clone()))
                .unwrap_or(Value::None),
            None => Value::None,
        },
        "_asdict" => as_dict(machine, object, at),
        "items" | "keys" | "values" => {
            let dict = as_dict(machine, object, at);
            let method = machine.attribute(&dict, name, at)?;
            return machine.call(&method, Args::default(), at);
        }
        _ => machine.unknown(at, format!("what `{name}` of a row gives")),
    })
}

fn as_dict<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, row: &Value<'a>, at: Span) -> Value<'a> {
    let Some((_, _, args)) = objects::object(row) else {
        return machine.unknown(at, "a row");
    };
    if let Some(gap) = &args.open {
        let gap = gap.clone();
        return machine.open_dict(gap);
    }
    let entries = args
        .keywords
        .iter()
        .map(|(name, argument)| (Value::text(name, at), argument.value.clone()))
        .collect();
    machine.new_dict(entries)
}

/// A value of a row, by number or name; `None` where there is no such.
pub(in crate::stacks::alembic) fn row_item<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    row: &Value<'a>,
    key: &Value<'a>,
    at: Span,
) -> Option<Value<'a>> {
    let (_, _, args) = objects::object(row)?;
    let found = match key {
        Value::Int(number) => {
            let count = args.positional.len() as i64;
            let index = if *number < 0 { number + count } else { *number };
            usize::try_from(index).ok().and_then(|i| args.positional.get(i))
        }
        Value::Str(name) => args.keyword(name.as_str()),
        _ => None,
    };
    match (found, &args.open) {
        (Some(found), _) => Some(found.value.clone()),
        (None, Some(gap)) => Some(Value::unknown(gap.clone())),
        (None, None) => {
            let is_slice = !matches!(key, Value::Int(_) | Value::Str(_));
            is_slice.then(|| machine.unknown(at, "a part of a row"))
        }
    }
}

pub(super) fn query<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let _ = args;
    let gap = machine.gap(at, "the rows of a query");
    Ok(match name {
        "all" | "fetchall" => {
            machine.may_raise(None, &gap, at);
            machine.open_list(gap)
        }
        "first" | "one" | "one_or_none" | "scalar" | "get" | "count" | "exists" | "values" | "value" => {
            machine.may_raise(None, &gap, at);
            Value::unknown(gap)
        }
        "update" | "delete" => {
            L::touch_rows(machine);
            machine.may_raise(None, &gap, at);
            Value::unknown(gap)
        }
        _ => object.clone(),
    })
}
