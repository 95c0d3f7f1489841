//! Comments on tables and columns.

use super::arguments::Given;
use super::drops::lacking;
use super::send;
use crate::change::{Change, CommentSub, ObjectKind, ObjectName};
use crate::interpret::python::{Args, Machine, Run, Value};
use crate::stacks::alembic::database::Database;
use crate::stacks::sqlalchemy::terms;

/// `COMMENT ON TABLE`, or on a column of it.
pub(super) fn comment(name: ObjectName, sub: CommentSub, text: Option<&str>) -> Change {
    Change::CommentOn {
        kind: ObjectKind::Table,
        name,
        sub,
        text: text.filter(|t| !t.is_empty()).map(Into::into),
    }
}

pub(super) fn create_table_comment<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: crate::source::Span,
) -> Run<'a, Value<'a>> {
    let mut given = Given::new(args, at);
    let Some(table) = given.object(machine, 0, &["table_name"], &["schema"]) else {
        return lacking(machine, "table_name", at);
    };
    let text = match given.get(1, &["comment"]) {
        None => None,
        Some(argument) => match terms::text(machine, &argument.value, argument.span) {
            Ok(text) => Some(text),
            Err(gap) => {
                L::open(machine, gap);
                return Ok(Value::None);
            }
        },
    };
    let change = comment(table, CommentSub::None, text.as_ref().map(|t| t.as_str()));
    send(machine, &[change], at, given.hole.as_ref())
}

pub(super) fn drop_table_comment<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: crate::source::Span,
) -> Run<'a, Value<'a>> {
    let mut given = Given::new(args, at);
    let Some(table) = given.object(machine, 0, &["table_name"], &["schema"]) else {
        return lacking(machine, "table_name", at);
    };
    send(
        machine,
        &[comment(table, CommentSub::None, None)],
        at,
        given.hole.as_ref(),
    )
}
