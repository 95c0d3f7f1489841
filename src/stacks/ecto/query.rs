//! Queries of Ecto as far as a migration's course hangs on them: a table that certainly has no rows gives none.
//!
//! Source: `Ecto.Query` (Ecto 3.13, lib/ecto/query.ex).

use smol_str::SmolStr;

use super::library::Elixir;
use crate::interpret::elixir::{Called, Run, Scope, Value, Written};
use crate::source::{Span, Text};
use crate::syntax::elixir::{Form, FormKind};

/// What stands for a query whose rows come from one table alone.
const QUERY: &str = "Ecto.Query";
const TABLE: &str = "__table__";
/// Whether it says what it selects.
const SELECTS: &str = "__selects__";

/// What can give rows where the first table has none.
const OTHERS: &[&str] = &[
    "right_join",
    "full_join",
    "union",
    "union_all",
    "except",
    "except_all",
    "intersect",
    "intersect_all",
    "with_cte",
    "dynamic",
];

/// Functions in `select` that give a row of no rows.
const AGGREGATES: &[&str] = &[
    "count", "sum", "avg", "min", "max", "coalesce", "fragment", "over", "type",
];

/// A macro of `Ecto.Query`.
pub fn expand(machine: &mut Elixir<'_>, written: &Written<'_>, scope: &mut Scope) -> Run<Value> {
    let unknown = machine.unknown(written.span, "what a query of Ecto selects");
    let Some((first, rest)) = written.args.split_first() else {
        return Ok(unknown);
    };
    let beyond = OTHERS.contains(&written.name)
        || rest.iter().any(|form| {
            let pairs = form.as_list().unwrap_or(&[]).iter().filter_map(Form::as_pair);
            pairs
                .into_iter()
                .any(|(key, value)| OTHERS.contains(&key.as_str()) || key == "select" && aggregates(value, 0))
        })
        || matches!(written.name, "select" | "select_merge") && rest.iter().any(|form| aggregates(form, 0))
        || written.name == "join"
            && rest
                .iter()
                .any(|form| form.as_atom().is_some_and(|a| a == "right" || a == "full"));
    let source = first.args_of("in").and_then(<[Form]>::last).unwrap_or(first);
    let value = machine.eval(source, scope)?;
    if beyond {
        return Ok(unknown);
    }
    let own = matches!(written.name, "select" | "select_merge")
        || rest
            .iter()
            .any(|form| form.keyword("select").is_some() || form.keyword("select_merge").is_some());
    let selects = own || selects(&value);
    Ok(match table(machine, &value, written.span) {
        Some(table) => Value::structure(
            QUERY,
            [
                (SmolStr::new(TABLE), Value::text(&table, written.span)),
                (SmolStr::new(SELECTS), Value::truth(selects)),
            ],
        ),
        None => unknown,
    })
}

/// Whether a queryable may say what it selects: a query that is not known may, a table does not.
fn selects(value: &Value) -> bool {
    match value.field(SELECTS) {
        Some(said) => said.as_atom() != Some("false"),
        None => value.gap().is_some(),
    }
}

/// Whether `insert_all`, `update_all`, `delete_all` may give rows, not `nil`, beside their count: where `returning:` or the query's
/// `select` asks for them (`Ecto.Repo`, Ecto 3.13).
#[must_use]
pub fn gives_rows(called: &Called<'_>) -> bool {
    match (called.name, called.args) {
        ("insert_all", [_, _, options]) => match options.as_keywords() {
            Some(_) => options
                .keyword("returning")
                .is_some_and(|fields| fields.as_atom() != Some("false")),
            None => options.as_list().is_none_or(|items| !items.is_empty()),
        },
        ("update_all" | "delete_all", [query, ..]) => selects(query),
        _ => false,
    }
}

fn aggregates(form: &Form, depth: usize) -> bool {
    if depth > 64 {
        return true;
    }
    match &form.kind {
        FormKind::List(items) | FormKind::Tuple(items) => {
            items.iter().any(|item| aggregates(item, depth + 1))
        }
        FormKind::Call(call) => {
            let named = form
                .as_local()
                .is_some_and(|(name, _)| AGGREGATES.contains(&name.as_str()));
            named || call.args.iter().any(|arg| aggregates(arg, depth + 1))
        }
        _ => false,
    }
}

/// The table, with its schema, that a queryable reads first.
fn table(machine: &mut Elixir<'_>, value: &Value, at: Span) -> Option<String> {
    if let Some(known) = value.field(TABLE) {
        return known.as_str().map(str::to_owned);
    }
    let quoted = |prefix: Option<&str>, name: &str| match prefix {
        Some(prefix) => format!("\"{prefix}\".\"{name}\""),
        None => format!("\"{name}\""),
    };
    match value {
        Value::Text(text) => Some(quoted(None, text.as_str())),
        Value::Tuple(items) => match &items[..] {
            [name, _] => name.as_str().map(|name| quoted(None, name)),
            _ => None,
        },
        Value::Atom(_) => {
            let module = value.as_module()?;
            machine.module(&module, at)?;
            let made = machine
                .library
                .schemas
                .made
                .iter()
                .find(|schema| schema.module == module)?;
            let name = made.source.as_ref()?.as_str()?;
            let prefix = match &made.prefix {
                prefix if prefix.is_nil() => None,
                prefix => Some(prefix.as_str().or_else(|| prefix.as_atom())?),
            };
            Some(quoted(prefix, name))
        }
        _ => None,
    }
}

/// Whether what a queryable reads certainly has no rows.
fn is_empty(machine: &mut Elixir<'_>, value: &Value, at: Span) -> bool {
    let Some(table) = table(machine, value, at) else {
        return false;
    };
    let text = Text::composed([(format!("SELECT 1 FROM {table} LIMIT 1"), at, false)]);
    let session = &mut machine.library.session;
    let present = session.checkpoint();
    let (sent, _) = session.rehearse(&present, |session| session.send_text(&text, true));
    match (sent.result, sent.doubt) {
        (Ok(rows), None) => rows.open.is_none() && rows.rows.is_empty() && rows.returns,
        _ => false,
    }
}

/// What a repository's function gives for rows that there are none of; `None` where there may be some.
pub fn of_nothing(machine: &mut Elixir<'_>, called: &Called<'_>) -> Option<Value> {
    let first = called.args.first()?;
    let nothing = first.is_nil() || first.as_list().is_some_and(<[Value]>::is_empty);
    if called.name == "preload" {
        return nothing.then(|| first.clone());
    }
    let given = match called.name {
        "all" | "stream" => Value::list(Vec::new()),
        "one" | "get" | "get_by" => Value::nil(),
        "exists?" => Value::truth(false),
        "aggregate" if called.args.get(1).and_then(Value::as_atom) == Some("count") => Value::Integer(0),
        "update_all" | "delete_all" if selects(first) => {
            Value::tuple(vec![Value::Integer(0), Value::list(Vec::new())])
        }
        "update_all" | "delete_all" => Value::tuple(vec![Value::Integer(0), Value::nil()]),
        _ => return None,
    };
    is_empty(machine, first, called.span).then_some(given)
}
