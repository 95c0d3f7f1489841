//! What a program changes of tables and columns after it has written them down: `table.append_column(column)`,
//! `column.nullable = True`.
//!
//! Source: `Table.append_column`, `Table.append_constraint`, `Column._set_parent` (`sqlalchemy/sql/schema.py`, 2.0).

use super::database::Database;
use super::objects;
use crate::interpret::python::{Args, Argument, Machine, Run, TermId, Value};
use crate::known::Gap;
use crate::source::Span;
use crate::stacks::sqlalchemy::terms;

/// Why a column is not what was written down.
const CHANGED: &str = "what the program sets of this column";

/// What `append_column` and `append_constraint` add to a table of the program's, by the table's term.
pub(super) type Appended<'a> = Vec<(TermId, Argument<'a>)>;

/// Two courses come together: what only one of them added is perhaps there. What both had before they parted is in both.
pub(super) fn join_appended<'a>(own: &mut Appended<'a>, other: Appended<'a>, gap: &Gap) {
    let id = |argument: &Argument<'a>| match &argument.value {
        Value::Term(term) => Some(term.id),
        _ => None,
    };
    let is_in = |all: &Appended<'a>, (table, argument): &(TermId, Argument<'a>)| {
        let same =
            |(t, a): &(TermId, Argument<'a>)| t == table && a.span == argument.span && id(a) == id(argument);
        all.iter().any(same)
    };
    let perhaps = |(table, argument): (TermId, Argument<'a>)| {
        let value = Value::unknown(gap.clone());
        let span = argument.span;
        (table, Argument { value, span })
    };
    let before = own.clone();
    for entry in own.iter_mut().filter(|entry| !is_in(&other, entry)) {
        *entry = perhaps(entry.clone());
    }
    for entry in other {
        let new = (!is_in(&before, &entry)).then(|| perhaps(entry));
        own.extend(new.filter(|new| !is_in(own, new)));
    }
}

/// `table.append_column(column)`, `table.append_constraint(constraint)`; `None` where the object is no table.
pub(super) fn append<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    args: &Args<'a>,
) -> Option<Run<'a, Value<'a>>> {
    terms::call_of(machine, object, "Table")?;
    let Value::Term(table) = object else { return None };
    let argument = args.positional.first()?.clone();
    let id = table.id;
    machine.library.kept().appended.push((id, argument));
    Some(Ok(Value::None))
}

/// An attribute of a column is set: what is said of the column is not what holds any more.
pub(super) fn changed<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, object: &Value<'a>, at: Span) {
    let Value::Term(term) = object else { return };
    let copied = terms::method(object).filter(|(_, name, _)| matches!(*name, "copy" | "_copy"));
    if copied.is_some() || terms::call_of(machine, object, "Column").is_some() {
        let id = term.id;
        machine.library.kept().changed.push((id, at));
        let is_it = |value: &Value<'a>| matches!(value, Value::Term(term) if term.id == id);
        let gap = machine.gap(at, CHANGED);
        let appended = machine.library.kept().appended.iter_mut();
        for (_, argument) in appended.filter(|(_, argument)| is_it(&argument.value)) {
            argument.value = Value::unknown(gap.clone());
        }
        return;
    }
    // `table.c.x.nullable = True`: of a table of the program's.
    let (of, _) = match objects::member(object) {
        Some(member) => member,
        None => return,
    };
    let Some((Value::Term(table), "c" | "columns")) = objects::member(of) else {
        return;
    };
    let id = table.id;
    let value = Value::unknown(machine.gap(at, CHANGED));
    machine
        .library
        .kept()
        .appended
        .push((id, Argument { value, span: at }));
}

/// The arguments of a call with what was changed as unknown; `None` where nothing of them was.
pub(super) fn with_changed<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
) -> Option<Args<'a>> {
    if machine.library.kept().changed.is_empty() {
        return None;
    }
    let changed = machine.library.kept().changed.clone();
    let mut out = None;
    for (at, argument) in args.positional.iter().enumerate() {
        let Value::Term(term) = &argument.value else {
            continue;
        };
        let Some((_, set)) = changed.iter().find(|(id, _)| *id == term.id) else {
            continue;
        };
        let value = Value::unknown(machine.gap(*set, CHANGED));
        let out: &mut Args<'a> = out.get_or_insert_with(|| args.clone());
        out.positional[at].value = value;
    }
    out
}
