//! `create_table`, `rename_table`.

use super::arguments::Given;
use super::drops::lacking;
use super::{send, send_each};
use crate::change::{Change, ObjectKind};
use crate::interpret::python::{Args, Argument, Machine, Run, Value};
use crate::source::Span;
use crate::stacks::alembic::database::{Connection, Database};
use crate::stacks::alembic::execute;
use crate::stacks::sqlalchemy::ddl::Making;
use crate::stacks::sqlalchemy::expression::Scope;
use crate::stacks::sqlalchemy::listeners::Listened;
use crate::stacks::sqlalchemy::{naming, table};

/// The schema of names without one.
pub(in crate::stacks::alembic) fn place<'a, L: Database<'a>>(machine: &Machine<'a, L>) -> String {
    let first = machine.library.schema().search_path.first();
    first.map_or_else(|| "public".to_owned(), ToString::to_string)
}

/// What SQLAlchemy refuses of a definition, as the exception that it raises.
pub(in crate::stacks::alembic) fn refused<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    def: &table::TableDef<'a>,
) -> Run<'a, ()> {
    if let Some((span, message)) = def.refused.first() {
        return Err(machine.raise("sqlalchemy.exc.ArgumentError", message, *span));
    }
    let constraints = def.constraints.iter().map(|c| (&c.name, c.span));
    let indexes = def.indexes.iter().map(|i| (&i.name, i.span));
    for (name, span) in constraints.chain(indexes) {
        if let Ok(name) = name
            && let Err(name) = naming::rendered(name)
        {
            let message = format!("Identifier '{name}' exceeds maximum length of 63 characters");
            return Err(machine.raise("sqlalchemy.exc.IdentifierError", &message, span));
        }
    }
    Ok(())
}

pub(super) fn create_table<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut def = table::table(machine, args, 1, &Scope::default(), at);
    let conventions = super::naming::conventions(machine, at);
    for (listened, gap) in &machine.library.context().heard {
        if let Listened::Tables(sections) = listened {
            def.open
                .extend(sections.iter().map(|section| (*section, gap.clone())));
        }
    }
    def.finish(machine, &conventions);
    let makings = machine.library.context().makings.clone();
    execute::hear(&mut def, &makings);
    refused(machine, &def)?;
    let mut given = Given::new(args, at);
    let making = Making {
        schema: &place(machine),
        if_not_exists: given.flag(machine, &["if_not_exists"]),
        whole: false,
    };
    execute::make_table(machine, &def, &making, Connection::Own)?;
    Ok(as_table(machine, args, at))
}

/// The `Table` that the operation gives.
fn as_table<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, args: &Args<'a>, at: Span) -> Value<'a> {
    let metadata = machine.path("sqlalchemy.MetaData", at);
    let metadata = machine.call_term(metadata, Args::default(), at);
    let mut args = args.clone();
    let argument = Argument {
        value: metadata,
        span: at,
    };
    args.positional.insert(args.positional.len().min(1), argument);
    let callee = machine.path("sqlalchemy.Table", at);
    machine.call_term(callee, args, at)
}

pub(super) fn rename_table<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut given = Given::new(args, at);
    let Some(name) = given.object(machine, 0, &["old_table_name"], &["schema"]) else {
        return lacking(machine, "old_table_name", at);
    };
    let Some((to, _)) = given.name(machine, 1, &["new_table_name"]) else {
        return lacking(machine, "new_table_name", at);
    };
    let change = Change::Rename {
        kind: ObjectKind::Table,
        name,
        to,
        if_exists: false,
    };
    send(machine, &[change], at, given.hole.as_ref())
}

/// Sends changes one by one.
pub(super) fn each<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    changes: Vec<(Change, Span)>,
    hole: Option<&crate::known::Gap>,
) -> Run<'a, Value<'a>> {
    send_each(machine, &changes, hole, Connection::Own)?;
    Ok(Value::None)
}
