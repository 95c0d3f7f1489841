//! Operations that drop: tables, columns, indexes, constraints.

use super::arguments::Given;
use super::naming;
use super::send;
use crate::change::{AlterTable, Behaviour, Change, ObjectKind, ObjectName, TableAction};
use crate::interpret::python::{Args, Machine, Run, Value};
use crate::name::{Name, QualifiedName};
use crate::source::{Span, Text};
use crate::stacks::alembic::database::{Connection, Database};
use crate::stacks::sqlalchemy::naming::Kind;

const TABLE: &[&str] = &["table_name", "tablename", "source", "name"];

/// A change to a table of one action.
pub(super) fn alter(name: ObjectName, action: TableAction, at: Span) -> Change {
    Change::AlterTable(Box::new(AlterTable {
        kind: ObjectKind::Table,
        name,
        if_exists: false,
        only: false,
        actions: vec![action],
        span: at,
    }))
}

/// What a call lacks that it must have: Alembic refuses it.
pub(super) fn lacking<'a, L: Database<'a>, T>(
    machine: &mut Machine<'a, L>,
    what: &str,
    at: Span,
) -> Run<'a, T> {
    Err(machine.raise(
        "builtins.TypeError",
        &format!("missing a required argument: '{what}'"),
        at,
    ))
}

pub(super) fn drop_table<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut given = Given::new(args, at);
    let Some(name) = given.object(machine, 0, TABLE, &["schema"]) else {
        return lacking(machine, "table_name", at);
    };
    let change = Change::Drop {
        kind: ObjectKind::Table,
        names: vec![name],
        if_exists: given.flag(machine, &["if_exists"]),
        behaviour: Behaviour::Restrict,
        routines: Vec::new(),
    };
    send(machine, &[change], at, given.hole.as_ref())
}

pub(super) fn drop_column<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut given = Given::new(args, at);
    let Some(table) = given.object(machine, 0, TABLE, &["schema"]) else {
        return lacking(machine, "table_name", at);
    };
    let Some((name, span)) = given.name(machine, 1, &["column_name"]) else {
        return lacking(machine, "column_name", at);
    };
    let action = TableAction::DropColumn {
        name,
        if_exists: given.flag(machine, &["if_exists"]),
        behaviour: Behaviour::Restrict,
        span,
    };
    send(machine, &[alter(table, action, at)], at, given.hole.as_ref())
}

pub(super) fn drop_index<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut given = Given::new(args, at);
    let argument = given.get(0, &["index_name", "name"]);
    let table = given.object(machine, 1, &["table_name", "tablename"], &["schema"]);
    let schema = given.name(machine, usize::MAX, &["schema"]).map(|s| s.0);
    let found = naming::dropped(machine, &mut given, argument, Some(Kind::Index), table.as_ref())?;
    let Some((name, span)) = found else {
        return lacking(machine, "index_name", at);
    };
    // However it is dropped, it is gone: what cannot be told here leaves nothing open.
    let said = given.get(usize::MAX, &["postgresql_concurrently"]);
    let concurrently = said.is_some_and(|argument| {
        matches!(
            machine.truth(&argument.value, argument.span),
            crate::known::Truth::Yes
        )
    });
    let object = ObjectName {
        name: match schema {
            Some(schema) if !schema.as_str().is_empty() => QualifiedName::in_schema(schema, name),
            _ => QualifiedName::bare(name),
        },
        span,
    };
    let if_exists = given.flag(machine, &["if_exists"]);
    if concurrently && given.hole.is_none() {
        // As text: the server looks at the word before anything else.
        let clause = if if_exists { "IF EXISTS " } else { "" };
        let place = object
            .name
            .schema
            .as_ref()
            .map(|s| format!("{}.", s.quoted()))
            .unwrap_or_default();
        let runs = [
            (format!("DROP INDEX CONCURRENTLY {clause}{place}"), at, false),
            (object.name.name.quoted(), span, false),
        ];
        L::run_sql(machine, &Text::composed(runs), at, Connection::Own)?;
        return Ok(Value::None);
    }
    let change = Change::Drop {
        kind: ObjectKind::Index,
        names: vec![object],
        if_exists,
        behaviour: Behaviour::Restrict,
        routines: Vec::new(),
    };
    send(machine, &[change], at, given.hole.as_ref())
}

pub(super) fn drop_constraint<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut given = Given::new(args, at);
    let argument = given.get(0, &["constraint_name", "name"]);
    let Some(table) = given.object(machine, 1, &["table_name", "tablename"], &["schema"]) else {
        return lacking(machine, "table_name", at);
    };
    let kind = given.name(machine, 2, &["type_", "type"]).map(|k| k.0);
    let kind = match kind.as_ref().map(Name::as_str) {
        Some("foreignkey") => Some(Kind::ForeignKey),
        Some("primary") => Some(Kind::PrimaryKey),
        Some("unique") => Some(Kind::Unique),
        Some("check") => Some(Kind::Check),
        _ => None,
    };
    let found = naming::dropped(machine, &mut given, argument, kind, Some(&table))?;
    let Some((name, span)) = found else {
        let message = "Can't emit DROP CONSTRAINT for constraint; it has no name";
        return Err(machine.raise("sqlalchemy.exc.CompileError", message, at));
    };
    let action = TableAction::DropConstraint {
        name,
        if_exists: given.flag(machine, &["if_exists"]),
        behaviour: Behaviour::Restrict,
        span,
    };
    send(machine, &[alter(table, action, at)], at, given.hole.as_ref())
}
