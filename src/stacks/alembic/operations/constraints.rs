//! Operations that add constraints: each is made as SQLAlchemy's own object, attached to a table of which nothing else is known.

use smol_str::SmolStr;

use super::arguments::Given;
use super::drops::lacking;
use super::naming;
use super::tables::{each, place, refused};
use crate::change::ObjectName;
use crate::interpret::python::{Args, Argument, Machine, Run, Value};
use crate::source::Span;
use crate::stacks::alembic::database::Database;
use crate::stacks::sqlalchemy::ddl;
use crate::stacks::sqlalchemy::expression::Scope;
use crate::stacks::sqlalchemy::table::{self, TableDef};

const NAME: &[&str] = &["constraint_name", "name"];
const TABLE: &[&str] = &["table_name", "source", "tablename", "source_table"];

/// Adds a constraint that SQLAlchemy's class of this name is, made with these arguments.
fn add<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    given: &Given<'_, 'a>,
    table: &ObjectName,
    class: &str,
    args: Args<'a>,
) -> Run<'a, Value<'a>> {
    let at = given.at;
    let mut def = TableDef::new(
        Ok(table.name.name.clone()),
        Ok(table.name.schema.clone()),
        table.span,
        at,
    );
    let callee = machine.path(class, at);
    let item = Argument {
        value: machine.call_term(callee, args, at),
        span: at,
    };
    table::add_item(machine, &mut def, &item, &Scope::default());
    let conventions = naming::conventions(machine, at);
    def.finish(machine, &conventions);
    refused(machine, &def)?;
    let schema = place(machine);
    let mut changes = Vec::new();
    for constraint in def.constraints.iter().filter(|c| c.term.is_some()) {
        changes.extend(ddl::add_constraint(table, constraint, &schema));
    }
    for (_, gap) in &def.open {
        machine.note(gap);
    }
    each(machine, changes, given.hole.as_ref())
}

/// The name and the options of the construct, as its keywords.
fn keywords<'a>(given: &mut Given<'_, 'a>, taken: &[&str]) -> Vec<(SmolStr, Argument<'a>)> {
    let mut out = Vec::new();
    if let Some(name) = given.get(0, NAME) {
        out.push((SmolStr::new_static("name"), name.clone()));
    }
    let mut skip: Vec<&str> = NAME.iter().chain(TABLE).copied().collect();
    skip.extend(taken);
    skip.push("schema");
    out.extend(given.others(&skip));
    out
}

/// The items of a list of columns as arguments of a construct; where they cannot be told the construct is open.
fn spread<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &mut Args<'a>,
    columns: Option<&Argument<'a>>,
) -> Run<'a, ()> {
    let Some(columns) = columns else { return Ok(()) };
    match machine.items(&columns.value, columns.span)? {
        Ok(items) => args.positional.extend(items.into_iter().map(|value| Argument {
            value,
            span: columns.span,
        })),
        Err(gap) => args.open = args.open.take().or(Some(gap)),
    }
    Ok(())
}

pub(super) fn create_unique<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut given = Given::new(args, at);
    let Some(table) = given.object(machine, 1, TABLE, &["schema"]) else {
        return lacking(machine, "table_name", at);
    };
    let columns = given.get(2, &["columns", "local_cols"]);
    let mut inner = Args {
        keywords: keywords(&mut given, &["columns", "local_cols"]),
        open: args.open.clone(),
        ..Args::default()
    };
    spread(machine, &mut inner, columns)?;
    add(machine, &given, &table, "sqlalchemy.UniqueConstraint", inner)
}

pub(super) fn create_primary_key<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut given = Given::new(args, at);
    let Some(table) = given.object(machine, 1, TABLE, &["schema"]) else {
        return lacking(machine, "table_name", at);
    };
    let columns = given.get(2, &["columns", "cols"]);
    let mut inner = Args {
        keywords: keywords(&mut given, &["columns", "cols"]),
        open: args.open.clone(),
        ..Args::default()
    };
    spread(machine, &mut inner, columns)?;
    add(machine, &given, &table, "sqlalchemy.PrimaryKeyConstraint", inner)
}

pub(super) fn create_check<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut given = Given::new(args, at);
    let Some(table) = given.object(machine, 1, TABLE, &["schema"]) else {
        return lacking(machine, "table_name", at);
    };
    let Some(condition) = given.get(2, &["condition", "sqltext"]) else {
        return lacking(machine, "condition", at);
    };
    let inner = Args {
        positional: vec![condition.clone()],
        keywords: keywords(&mut given, &["condition", "sqltext"]),
        open: args.open.clone(),
    };
    add(machine, &given, &table, "sqlalchemy.CheckConstraint", inner)
}

pub(super) fn create_exclude<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut given = Given::new(args, at);
    let Some(table) = given.object(machine, 1, TABLE, &["schema"]) else {
        return lacking(machine, "table_name", at);
    };
    let elements = args.positional.iter().skip(2).cloned().collect();
    let inner = Args {
        positional: elements,
        keywords: keywords(&mut given, &[]),
        open: args.open.clone(),
    };
    let class = "sqlalchemy.dialects.postgresql.ExcludeConstraint";
    add(machine, &given, &table, class, inner)
}

pub(super) fn create_foreign_key<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut given = Given::new(args, at);
    let Some(table) = given.object(
        machine,
        1,
        &["source_table", "source", "table_name"],
        &["source_schema"],
    ) else {
        return lacking(machine, "source_table", at);
    };
    let referent = given.object(machine, 2, &["referent_table", "referent"], &["referent_schema"]);
    let Some(referent) = referent else {
        return lacking(machine, "referent_table", at);
    };
    let local = given.get(3, &["local_cols"]);
    let remote = given.get(4, &["remote_cols"]);
    let taken = [
        "referent_table",
        "referent",
        "local_cols",
        "remote_cols",
        "source_schema",
        "referent_schema",
    ];
    let mut inner = Args {
        keywords: keywords(&mut given, &taken),
        open: args.open.clone(),
        ..Args::default()
    };
    let place = referent
        .name
        .schema
        .as_ref()
        .map(|s| format!("{s}."))
        .unwrap_or_default();
    let target = format!("{place}{}", referent.name.name);
    for (columns, prefix) in [(local, None), (remote, Some(target))] {
        let Some(columns) = columns else { continue };
        let list = match machine.items(&columns.value, columns.span)? {
            Ok(items) => {
                let names = items.into_iter().map(|item| match (&prefix, item.as_str()) {
                    (Some(table), Some(column)) => Value::text(&format!("{table}.{column}"), columns.span),
                    _ => item,
                });
                let names = names.collect();
                machine.new_list(names)
            }
            Err(gap) => machine.open_list(gap),
        };
        inner.positional.push(Argument {
            value: list,
            span: columns.span,
        });
    }
    add(machine, &given, &table, "sqlalchemy.ForeignKeyConstraint", inner)
}
