//! What a migration asks of its repository: SQL runs at once and its rows come from the simulated database; queries of Ecto give rows
//! that are not known.
//!
//! Source: `Ecto.Repo`, `Ecto.Adapters.SQL` (`ecto_sql` 3.13) and `Postgrex.Result`.

use smol_str::SmolStr;

use super::functions::REPO;
use super::library::{Elixir, send};
use crate::interpret::elixir::{Called, Run, Stop, Value};
use crate::known::{Gap, Reach};
use crate::session::{Datum, Rows};
use crate::source::{Span, Text};

/// What `import Ecto.Query` brings that matters here.
pub const QUERY_NAMES: &[&str] = &[
    "from",
    "where",
    "or_where",
    "select",
    "select_merge",
    "join",
    "order_by",
    "group_by",
    "having",
    "limit",
    "offset",
    "preload",
    "update",
    "distinct",
    "dynamic",
    "subquery",
    "lock",
    "exclude",
    "first",
    "last",
    "union",
    "union_all",
    "windows",
    "with_cte",
    "reverse_order",
];

/// Functions that every repository has.
const FUNCTIONS: &[&str] = &[
    "query",
    "query!",
    "query_many",
    "query_many!",
    "all",
    "one",
    "one!",
    "get",
    "get!",
    "get_by",
    "get_by!",
    "exists?",
    "aggregate",
    "stream",
    "preload",
    "reload",
    "insert",
    "insert!",
    "insert_all",
    "insert_or_update",
    "insert_or_update!",
    "update",
    "update!",
    "update_all",
    "delete",
    "delete!",
    "delete_all",
    "transaction",
    "transact",
    "rollback",
    "in_transaction?",
    "checkout",
    "config",
    "__adapter__",
    "start_link",
    "put_dynamic_repo",
    "get_dynamic_repo",
    "default_options",
    "to_sql",
    "explain",
];

/// Whether a call goes to a repository.
pub fn is_repo(machine: &mut Elixir<'_>, module: &str, called: &Called<'_>) -> bool {
    let own = machine
        .library
        .project
        .repo
        .as_ref()
        .is_some_and(|repo| repo.module == module);
    FUNCTIONS.contains(&called.name)
        && (own
            || module == REPO
            || machine.modules().may_have(module) && machine.uses(module, "Ecto.Repo", called.span))
}

/// A function of a repository.
pub fn call<'a>(machine: &mut Elixir<'a>, called: &Called<'_>) -> Option<Run<Value>> {
    let at = called.span;
    if let Some(value) = super::query::of_nothing(machine, called) {
        return Some(Ok(value));
    }
    Some(match (called.name, called.args) {
        ("query" | "query!" | "query_many" | "query_many!", [sql, rest @ ..]) => {
            query(machine, sql, rest.first(), called.name.ends_with('!'), at)
        }
        ("config", []) => Ok(config(machine, at)),
        ("__adapter__", []) => Ok(Value::module("Ecto.Adapters.Postgres")),
        ("in_transaction?", []) => Ok(Value::truth(machine.library.session.is_in_transaction())),
        ("transaction" | "transact" | "checkout", [function, ..]) => {
            within(machine, called.name, function, at)
        }
        ("insert_all" | "update_all" | "delete_all", _) => {
            machine.library.session.touch_rows_of_all();
            let count = machine.unknown(at, "how many rows there are");
            let rows = match super::query::gives_rows(called) {
                true => machine.unknown(at, "the rows that are written"),
                false => Value::nil(),
            };
            Ok(Value::tuple(vec![count, rows]))
        }
        (name, _)
            if name.starts_with("insert") || name.starts_with("update") || name.starts_with("delete") =>
        {
            machine.library.session.touch_rows_of_all();
            let row = machine.unknown(at, "a row that is written");
            Ok(if name.ends_with('!') {
                row
            } else {
                Value::tuple(vec![Value::atom("ok"), row])
            })
        }
        _ => Ok(machine.unknown(at, "what a query of Ecto gives")),
    })
}

/// A function of `Ecto.Adapters.SQL`, whose first argument is the repository.
pub fn adapter<'a>(machine: &mut Elixir<'a>, called: &Called<'_>) -> Option<Run<Value>> {
    let at = called.span;
    match (called.name, called.args) {
        ("query" | "query!" | "query_many" | "query_many!", [_, sql, rest @ ..]) => {
            Some(query(machine, sql, rest.first(), called.name.ends_with('!'), at))
        }
        ("table_exists?", [_, table, ..]) => {
            let sql = "SELECT true FROM information_schema.tables WHERE table_name = $1 AND \
                       table_schema = current_schema() LIMIT 1";
            let table = Value::list(vec![super::structs::name(table, at)]);
            let result = query(machine, &Value::text(sql, at), Some(&table), true, at);
            Some(result.map(
                |result| match result.field("num_rows").and_then(Value::as_integer) {
                    Some(count) => Value::truth(count > 0),
                    None => machine.unknown(at, "whether there is such a table"),
                },
            ))
        }
        _ => None,
    }
}

/// `repo.config()`.
fn config(machine: &mut Elixir<'_>, at: Span) -> Value {
    let own = machine.library.project.repo.as_ref();
    let set = own.and_then(|repo| machine.library.settings.of_repo(&repo.module));
    let set = set.cloned().unwrap_or_else(|| Value::list(Vec::new()));
    match set.as_list() {
        // One that runs has a database, whatever says which: the configuration, a URL, `init/2` (`Ecto.Repo.Supervisor.init_config`).
        Some(items) if set.keyword("database").is_none() => {
            let mut items = items.to_vec();
            let name = machine.unknown(at, "the database's name is not given");
            items.push(Value::tuple(vec![Value::atom("database"), name]));
            Value::list(items)
        }
        _ => set,
    }
}

/// `repo.transaction(function)`: within a migration it is part of the one that runs.
fn within(machine: &mut Elixir<'_>, name: &str, function: &Value, at: Span) -> Run<Value> {
    let Value::Function(callee) = function else {
        // Anything but a description of steps is code.
        if let Value::Unknown(_) = function {
            return Ok(machine.unknown_code(at, "what runs in a transaction is not known"));
        }
        machine.library.session.touch_rows_of_all();
        return Ok(machine.unknown(at, "what a transaction gives"));
    };
    let args = match callee.arity() {
        0 => Vec::new(),
        _ => vec![super::functions::repo(machine)],
    };
    let value = machine.call_value(function, args, at)?;
    Ok(match name {
        "transaction" => Value::tuple(vec![Value::atom("ok"), value]),
        _ => value,
    })
}

/// SQL that runs at once.
fn query(
    machine: &mut Elixir<'_>,
    sql: &Value,
    params: Option<&Value>,
    raises: bool,
    at: Span,
) -> Run<Value> {
    super::questions::asked(machine, sql, params, at);
    let rows = match run(machine, sql, params, at) {
        Ok(rows) => rows,
        Err(stop @ Stop::Raised(..)) if !raises => {
            return match stop {
                Stop::Raised(error, _) => Ok(Value::tuple(vec![Value::atom("error"), error])),
                stop => Err(stop),
            };
        }
        Err(stop) => return Err(stop),
    };
    let result = result(&rows, at);
    Ok(if raises {
        result
    } else {
        Value::tuple(vec![Value::atom("ok"), result])
    })
}

/// Sends a query.
pub(super) fn run(machine: &mut Elixir<'_>, sql: &Value, params: Option<&Value>, at: Span) -> Run<Rows> {
    let prepared = prepared(sql, params, at);
    if !prepared
        .as_ref()
        .is_ok_and(|text| super::questions::is_question(text.as_str()))
    {
        machine.library.sent += 1;
    }
    match prepared {
        Ok(text) => send(machine, at, None, |session, handled| {
            session.send_text(&text, handled)
        }),
        Err((parts, gap)) => {
            machine.library.session.send_pattern(&parts, &gap.why, at);
            Ok(Rows::unknown(gap))
        }
    }
}

/// The text of a query with its parameters in place; or its known parts.
pub(super) fn prepared(
    sql: &Value,
    params: Option<&Value>,
    at: Span,
) -> Result<Text, (Vec<Option<Text>>, Gap)> {
    let (parts, mut gap) = match sql {
        Value::Text(text) => (vec![Some((**text).clone())], None),
        Value::Unknown(unknown) if !unknown.pattern.is_empty() => {
            (unknown.pattern.clone(), Some(unknown.gap.clone()))
        }
        other => (
            vec![None],
            Some(
                other
                    .gap()
                    .unwrap_or_else(|| Gap::new(at, "which SQL is sent cannot be told", Reach::Rows)),
            ),
        ),
    };
    let values = params.and_then(Value::as_list).unwrap_or(&[]);
    let mut out = Vec::new();
    for part in parts {
        match part {
            Some(text) if !values.is_empty() || params.is_some_and(|p| p.gap().is_some()) => {
                substitute(&text, values, params, at, &mut out, &mut gap);
            }
            part => out.push(part),
        }
    }
    match gap {
        Some(gap) => Err((out, gap)),
        None => Ok(Text::composed(
            out.iter().flatten().flat_map(Text::runs).collect::<Vec<_>>(),
        )),
    }
}

/// Puts literals in the place of `$1`, `$2`, ...
fn substitute(
    text: &Text,
    values: &[Value],
    params: Option<&Value>,
    at: Span,
    out: &mut Vec<Option<Text>>,
    gap: &mut Option<Gap>,
) {
    let source = text.as_str();
    let mut from = 0;
    let mut quoted = false;
    let bytes = source.as_bytes();
    let mut i = 0;
    while let Some(&byte) = bytes.get(i) {
        quoted ^= byte == b'\'';
        let digits = bytes[i + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        if byte != b'$' || digits == 0 || quoted {
            i += 1;
            continue;
        }
        let end = i + 1 + digits;
        let number: usize = source[i + 1..end].parse().unwrap_or(0);
        if from < i {
            out.push(Some(text.slice(from..i)));
        }
        let value = number.checked_sub(1).and_then(|index| values.get(index));
        match value.and_then(|value| literal(value, 0)) {
            Some(literal) => out.push(Some(Text::composed([(literal, at, false)]))),
            None => {
                let why = value.or(params).and_then(Value::gap);
                gap.get_or_insert_with(|| {
                    why.unwrap_or_else(|| {
                        Gap::new(at, "a parameter of the query cannot be told", Reach::Rows)
                    })
                });
                out.push(None);
            }
        }
        from = end;
        i = end;
    }
    if from < source.len() {
        out.push(Some(text.slice(from..source.len())));
    }
}

fn literal(value: &Value, depth: usize) -> Option<String> {
    Some(match value {
        Value::Text(text) => format!("'{}'", text.as_str().replace('\'', "''")),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => super::json::float(*number),
        Value::Atom(name) if name == "nil" => "NULL".to_owned(),
        Value::Atom(name) if name == "true" || name == "false" => name.to_string(),
        Value::List(items) if depth < 2 => {
            let items: Option<Vec<String>> = items.iter().map(|item| literal(item, depth + 1)).collect();
            format!("ARRAY[{}]", items?.join(", "))
        }
        _ => return None,
    })
}

/// `Postgrex.Result` of rows.
fn result(rows: &Rows, at: Span) -> Value {
    let gap = rows.open.clone().or_else(|| rows.unsure());
    let columns = rows
        .columns
        .iter()
        .map(|name| Value::text(name.as_str(), at))
        .collect();
    let all = |count: usize| {
        let rows = rows.rows.iter().take(count);
        Value::list(
            rows.map(|row| Value::list(row.values.iter().map(|datum| value(datum, at)).collect()))
                .collect(),
        )
    };
    let (list, count) = match gap {
        // The one row that there is may be missing.
        Some(gap) => match rows.rows.as_slice() {
            [row] if !row.many && rows.open.is_none() => (
                Value::one_of(vec![all(1), all(0)], gap.clone()),
                Value::one_of(vec![Value::Integer(1), Value::Integer(0)], gap),
            ),
            _ => (Value::unknown(gap.clone()), Value::unknown(gap)),
        },
        None if !rows.returns => (Value::nil(), Value::Integer(0)),
        None => (all(rows.rows.len()), Value::Integer(rows.rows.len() as i64)),
    };
    let fields = [
        ("columns", Value::list(columns)),
        ("rows", list),
        ("num_rows", count),
        ("messages", Value::list(Vec::new())),
    ];
    Value::structure(
        "Postgrex.Result",
        fields.into_iter().map(|(key, value)| (SmolStr::new(key), value)),
    )
}

/// A value that the server sends, as Postgrex decodes it.
fn value(datum: &Datum, at: Span) -> Value {
    match datum {
        Datum::Null => Value::nil(),
        Datum::Bool(yes) => Value::truth(*yes),
        Datum::Int(number) => Value::Integer(*number),
        Datum::Numeric(_) => Value::unknown(Gap::new(at, "a number of a query", Reach::Rows)),
        Datum::Text(text) => Value::Text(std::rc::Rc::new(text.clone())),
        Datum::Array(items) => Value::list(items.iter().map(|item| value(item, at)).collect()),
        Datum::Unknown(gap) => Value::unknown(gap.clone()),
    }
}
