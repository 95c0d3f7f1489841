//! `bulk_insert`, which makes rows, and `run_async`, which runs a function on the connection.

use smol_str::SmolStr;

use super::arguments::Given;
use crate::change::{Change, ObjectName};
use crate::interpret::python::{Args, Argument, Machine, Run, Value};
use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::stacks::alembic::bind;
use crate::stacks::alembic::database::{Connection, Database};
use crate::stacks::sqlalchemy::terms;

pub(super) fn bulk_insert<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut given = Given::new(args, at);
    let rows = match given.get(1, &["rows"]) {
        Some(rows) => machine.items(&rows.value, rows.span)?.ok(),
        None => None,
    };
    if rows.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Value::None);
    }
    let table = given.get(0, &["table"]).cloned();
    let multiple = given
        .get(usize::MAX, &["multiinsert"])
        .map(|argument| argument.value.clone());
    let columns = table.as_ref().and_then(|table| columns(machine, &table.value));
    let named = rows.as_deref().and_then(|rows| names(machine, rows));
    if let (Some(columns), Some(named)) = (&columns, &named)
        && let Some((exception, message)) = refused(columns, named, multiple.as_ref())
    {
        L::refuse(machine, exception, &message, at)?;
        // A database that is past it has rows.
        L::touch_rows(machine);
        return Ok(Value::None);
    }
    let filled = match (&table, rows.as_deref(), &columns) {
        (Some(_), Some(_), Some(columns)) => named.as_deref().map(|named| of_first(columns, named)),
        (Some(table), Some([first, ..]), None) => filled(machine, &table.value, first),
        _ => None,
    };
    match table.and_then(|table| name_of(machine, &table)) {
        Some(table) => {
            let change = Change::Insert {
                table,
                certain: rows.is_some(),
                given: filled,
            };
            L::apply(machine, &[change], at, Connection::Own)?;
        }
        None => L::touch_rows(machine),
    }
    let gap = machine.gap(at, "work on rows may fail");
    machine.may_raise(None, &gap, at);
    Ok(Value::None)
}

/// A column of a table that is written out, and whether the client fills it.
struct Member {
    name: SmolStr,
    client: bool,
}

/// The columns of a table whose columns are all written out, by their own names; `None` where any may be otherwise.
fn columns<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, table: &Value<'a>) -> Option<Vec<Member>> {
    let (member, args) = terms::call(machine, table)?;
    let is_plain = |argument: &&str| matches!(*argument, "schema" | "comment");
    if !matches!(member.name(), "Table" | "table" | "TableClause")
        || args.open.is_some()
        || !args.keywords.iter().all(|(key, _)| is_plain(&key.as_str()))
    {
        return None;
    }
    let first = if member.name() == "Table" { 2 } else { 1 };
    let items: Vec<Value<'a>> = args
        .positional
        .iter()
        .skip(first)
        .map(|a| a.value.clone())
        .collect();
    let mut out = Vec::new();
    for item in items {
        let (member, args) = terms::call(machine, &item)?;
        match member.name() {
            "Column" | "column" => {}
            "PrimaryKeyConstraint"
            | "UniqueConstraint"
            | "ForeignKeyConstraint"
            | "CheckConstraint"
            | "Index" => continue,
            _ => return None,
        }
        if args.open.is_some() || args.keyword("key").is_some() {
            return None;
        }
        let name = SmolStr::from(args.get(0, "name")?.value.as_str()?);
        let client = args.keyword("default").is_some();
        let positional: Vec<Value<'a>> = args.positional.iter().map(|a| a.value.clone()).collect();
        let client = client || positional.iter().any(|value| fills(machine, value));
        out.push(Member { name, client });
    }
    (!out.is_empty()).then_some(out)
}

/// Whether what stands in a column gives it a value in every `INSERT`.
fn fills<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, value: &Value<'a>) -> bool {
    terms::call(machine, value).is_some_and(|(member, _)| {
        matches!(
            member.name(),
            "Sequence" | "Identity" | "Computed" | "FetchedValue"
        )
    })
}

/// The keys of rows that are all told.
fn names<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, rows: &[Value<'a>]) -> Option<Vec<Vec<SmolStr>>> {
    let mut of_row = |row: &Value<'a>| -> Option<Vec<SmolStr>> {
        let entries = machine.dict_items(row)?;
        let named = entries.iter().map(|(key, _)| key.as_str().map(SmolStr::from));
        named.collect()
    };
    rows.iter().map(&mut of_row).collect()
}

/// What SQLAlchemy refuses before it sends anything, as exception and message. Rows that are sent one by one are `values(**row)`, and may
/// name no column that the table has not (`_get_crud_params` of `sql/crud.py`); of several that are sent at once the first names the
/// columns, which all others must have, and what else they name is passed over (`SQLCompiler.construct_params`). Seen with SQLAlchemy
/// 2.0.
fn refused(
    columns: &[Member],
    rows: &[Vec<SmolStr>],
    multiple: Option<&Value<'_>>,
) -> Option<(&'static str, String)> {
    match multiple {
        None | Some(Value::Bool(true)) => {
            let (first, others) = rows.split_first()?;
            let asked = || {
                columns
                    .iter()
                    .map(|column| &column.name)
                    .filter(|name| first.contains(name))
            };
            let lacking = |row: &Vec<SmolStr>| asked().find(|name| !row.contains(name)).cloned();
            let (group, name) = others
                .iter()
                .enumerate()
                .find_map(|(at, row)| Some((at + 1, lacking(row)?)))?;
            let message =
                format!("A value is required for bind parameter '{name}', in parameter group {group}");
            Some(("sqlalchemy.exc.StatementError", message))
        }
        Some(Value::Bool(false)) => {
            let is_column = |name: &SmolStr| columns.iter().any(|column| column.name == *name);
            rows.iter().find_map(|row| {
                let unknown = row.iter().filter(|name| !is_column(name));
                let unknown: Vec<&str> = unknown.map(SmolStr::as_str).collect();
                let message = || format!("Unconsumed column names: {}", unknown.join(", "));
                (!unknown.is_empty()).then(|| ("sqlalchemy.exc.CompileError", message()))
            })
        }
        Some(_) => None,
    }
}

/// Those that the first row names and that the table has, and those that the client fills.
fn of_first(columns: &[Member], rows: &[Vec<SmolStr>]) -> Vec<Name> {
    let first = rows.first();
    let is_filled =
        |column: &&Member| column.client || first.is_some_and(|first| first.contains(&column.name));
    let filled = columns.iter().filter(is_filled);
    filled.map(|column| Name::new(&column.name)).collect()
}

/// The columns that get a value: those that the first row names, and those that the client fills; `None` where that is not told
/// (`DefaultImpl.bulk_insert`, and `crud.py` of SQLAlchemy: the first of several rows names the columns).
fn filled<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    table: &Value<'a>,
    first: &Value<'a>,
) -> Option<Vec<Name>> {
    let entries = machine.dict_items(first)?;
    let named = entries.iter().map(|(key, _)| key.as_str().map(Name::new));
    let mut out: Vec<Name> = named.collect::<Option<_>>()?;
    let (_, args) = terms::call(machine, table)?;
    if args.open.is_some() {
        return None;
    }
    let items: Vec<Value<'a>> = args.positional.iter().skip(1).map(|a| a.value.clone()).collect();
    for item in items {
        let Some((member, args)) = terms::call(machine, &item) else {
            continue;
        };
        if !matches!(member.name(), "Column" | "column") {
            continue;
        }
        if args.open.is_some() || args.keyword("key").is_some() {
            return None;
        }
        let by_default = args.keyword("default").is_some();
        let name = args.get(0, "name").map(|name| name.value.clone());
        let positional: Vec<Value<'a>> = args.positional.iter().map(|a| a.value.clone()).collect();
        if by_default || positional.iter().any(|value| fills(machine, value)) {
            out.push(Name::new(name?.as_str()?));
        }
    }
    Some(out)
}

/// The name of a `Table(...)` or `table(...)`.
fn name_of<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, table: &Argument<'a>) -> Option<ObjectName> {
    let (member, args) = terms::call(machine, &table.value)?;
    if !matches!(member.name(), "Table" | "table" | "TableClause") {
        return None;
    }
    let args = args.clone();
    let name = terms::maybe_name(machine, &args, 0, "name").ok()??;
    let schema = terms::maybe_name(machine, &args, usize::MAX, "schema").ok()?;
    Some(ObjectName {
        name: QualifiedName { schema, name },
        span: table.span,
    })
}

/// `op.run_async(function, *args)`.
pub(super) fn run_async<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some((function, rest)) = args.positional.split_first() else {
        return Ok(Value::None);
    };
    let connection = Argument {
        value: bind::own(machine, at),
        span: at,
    };
    let mut inner = Args {
        positional: vec![connection],
        keywords: args.keywords.clone(),
        open: args.open.clone(),
    };
    inner.positional.extend(rest.iter().cloned());
    machine.call(&function.value, inner, at)
}
