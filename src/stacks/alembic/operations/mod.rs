//! `alembic.op`: each operation as the changes that Alembic's statements for PostgreSQL make.
//!
//! Source: `alembic/operations/ops.py` (arguments), `toimpl.py` (what is run), `ddl/impl.py`, `ddl/postgresql.py` (statements).

pub(super) mod arguments;
mod columns;
mod comments;
mod constraints;
mod custom;
mod drops;
mod entities;
mod enums;
mod indexes;
pub(super) mod naming;
mod objects;
mod rows;
mod spatial;
pub(super) mod tables;

use super::database::{Connection, Database};
use super::{bind, execute};
use crate::change::Change;
use crate::interpret::python::{Args, Argument, Machine, Run, Value};
use crate::known::{Gap, Reach};
use crate::source::Span;

pub(super) use custom::registered;
pub(super) use entities::attribute as entity_attribute;

/// Alternatives of one argument that are run one by one.
const MAX_ALTERNATIVES: usize = 8;
/// Arguments with alternatives in one call.
const MAX_FORKED: usize = 3;

/// Runs the operation of a name; `None` where Alembic has none of it and nothing registers one.
pub(super) fn run<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    run_forked(machine, name, args, at, MAX_FORKED)
}

fn run_forked<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
    forks: usize,
) -> Option<Run<'a, Value<'a>>> {
    if forks > 0
        && name != "f"
        && let Some((place, alternatives, gap)) = undecided(args)
    {
        return Some(machine.fork_over(alternatives, &gap, |machine, value| {
            let mut args = args.clone();
            if let Some(argument) = argument_mut(&mut args, place) {
                argument.value = value;
            }
            run_forked(machine, name, &args, at, forks - 1).unwrap_or(Ok(Value::None))
        }));
    }
    Some(match name {
        "create_table" => tables::create_table(machine, args, at),
        "drop_table" => drops::drop_table(machine, args, at),
        "rename_table" => tables::rename_table(machine, args, at),
        "add_column" => columns::add_column(machine, args, at),
        "drop_column" => drops::drop_column(machine, args, at),
        "alter_column" => columns::alter_column(machine, args, at),
        "create_index" => indexes::create_index(machine, args, at),
        "drop_index" => drops::drop_index(machine, args, at),
        "create_unique_constraint" => constraints::create_unique(machine, args, at),
        "create_primary_key" => constraints::create_primary_key(machine, args, at),
        "create_foreign_key" => constraints::create_foreign_key(machine, args, at),
        "create_check_constraint" => constraints::create_check(machine, args, at),
        "create_exclude_constraint" => constraints::create_exclude(machine, args, at),
        "drop_constraint" => drops::drop_constraint(machine, args, at),
        "create_table_comment" => comments::create_table_comment(machine, args, at),
        "drop_table_comment" => comments::drop_table_comment(machine, args, at),
        "bulk_insert" => rows::bulk_insert(machine, args, at),
        "execute" => execute::execute(machine, args, at, Connection::Own),
        "f" => {
            let conv = machine.path("sqlalchemy.sql.elements.conv", at);
            Ok(machine.call_term(conv, args.clone(), at))
        }
        "inline_literal" => Ok(args.positional.first().map_or(Value::None, |a| a.value.clone())),
        "get_bind" => Ok(bind::own(machine, at)),
        "get_context" => Ok(bind::context(machine, at)),
        "batch_alter_table" => {
            let kind = super::objects::Kind::Batch;
            Ok(super::objects::make_with(machine, kind, args.clone(), at))
        }
        "run_async" => rows::run_async(machine, args, at),
        "invoke" => custom::invoke(machine, args, at),
        "implementation_for" | "register_operation" => return None,
        _ => {
            return custom::run(machine, name, args, at)
                .or_else(|| entities::run(machine, name, args, at))
                .or_else(|| enums::run(machine, name, args, at))
                .or_else(|| spatial::run(machine, name, args, at));
        }
    })
}

/// Which argument: a position, or the place among the keywords.
#[derive(Clone, Copy)]
enum Place {
    Position(usize),
    Keyword(usize),
}

/// An argument that is one of few values for certain.
fn undecided<'a>(args: &Args<'a>) -> Option<(Place, Vec<Value<'a>>, Gap)> {
    let positional = args
        .positional
        .iter()
        .enumerate()
        .map(|(i, a)| (Place::Position(i), a));
    let keywords = args
        .keywords
        .iter()
        .enumerate()
        .map(|(i, (_, a))| (Place::Keyword(i), a));
    positional.chain(keywords).find_map(|(place, argument)| {
        let Value::Unknown(unknown) = &argument.value else {
            return None;
        };
        let count = unknown.candidates.len();
        (count > 0 && count <= MAX_ALTERNATIVES)
            .then(|| (place, unknown.candidates.clone(), unknown.gap.clone()))
    })
}

fn argument_mut<'v, 'a>(args: &'v mut Args<'a>, place: Place) -> Option<&'v mut Argument<'a>> {
    match place {
        Place::Position(i) => args.positional.get_mut(i),
        Place::Keyword(i) => args.keywords.get_mut(i).map(|(_, argument)| argument),
    }
}

/// Sends the changes of one statement; where a name in them is not known, what they can reach is open from then on.
pub(super) fn send<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    changes: &[Change],
    at: Span,
    hole: Option<&Gap>,
) -> Run<'a, Value<'a>> {
    match hole {
        None => L::apply(machine, changes, at, Connection::Own)?,
        Some(gap) => L::apply_holed(machine, changes, &gap.why, at)?,
    }
    Ok(Value::None)
}

/// The arguments of an operation on the table of a batch, as those of the operation itself.
pub(super) fn in_batch<'a>(name: &str, args: &Args<'a>, batch: &Args<'a>) -> Args<'a> {
    let mut out = args.clone();
    let name = spatial::plain(name).unwrap_or(name);
    let place = match name {
        "add_column" | "drop_column" | "alter_column" | "create_table_comment" | "drop_table_comment" => 0,
        "create_index"
        | "drop_index"
        | "create_unique_constraint"
        | "create_primary_key"
        | "create_foreign_key"
        | "create_check_constraint"
        | "create_exclude_constraint"
        | "drop_constraint" => 1,
        _ => return out,
    };
    let key = if name == "create_foreign_key" {
        "source_table"
    } else {
        "table_name"
    };
    if let Some(table) = batch.get(0, "table_name") {
        if out.positional.len() >= place {
            out.positional.insert(place, table.clone());
        } else {
            out.keywords.push((key.into(), table.clone()));
        }
    }
    if let Some(schema) = batch.get(1, "schema") {
        let key = if name == "create_foreign_key" {
            "source_schema"
        } else {
            "schema"
        };
        out.keywords.push((key.into(), schema.clone()));
    }
    out.keywords
        .retain(|(name, _)| !matches!(name.as_str(), "insert_before" | "insert_after"));
    out
}

/// Sends changes one by one, each with the place that makes it.
pub(super) fn send_each<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    changes: &[(Change, Span)],
    hole: Option<&Gap>,
    on: Connection,
) -> Run<'a, ()> {
    for (change, at) in changes {
        let change = std::slice::from_ref(change);
        match hole {
            None => L::apply(machine, change, *at, on)?,
            Some(gap) => L::apply_holed(machine, change, &gap.why, *at)?,
        }
    }
    Ok(())
}

/// A batch with `recreate="always"` has copied its table: what reflection does not see is gone, and its columns may have moved.
pub(super) fn recreated<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, batch: &Args<'a>, at: Span) {
    let mut given = arguments::Given::new(batch, at);
    let table = given.object(machine, 0, &["table_name"], &["schema"]);
    let place = tables::place(machine);
    let why = "this batch makes its table anew";
    let Some(table) = table.filter(|_| given.hole.is_none()) else {
        L::open(machine, Gap::new(at, why, Reach::Everything));
        return;
    };
    // The sequences of the new table have the name that it was made with.
    let schema = machine.library.schema();
    let mut renamed = Vec::new();
    if let crate::schema::Lookup::Found(found) = schema.table_named(&table.name) {
        let made: String = format!("_alembic_tmp_{}", table.name.name)
            .chars()
            .take(50)
            .collect();
        for (_, sequence) in schema.sequences.iter().filter(|(_, s)| s.presence.may_be()) {
            let Some((owner, column)) = sequence.owner else {
                continue;
            };
            if owner != found.id {
                continue;
            }
            let column = found.column_by_id(column).name().to_string();
            let name = crate::change::ObjectName {
                name: crate::name::QualifiedName::in_schema(
                    schema.namespaces[sequence.namespace].name.clone(),
                    sequence.name.clone(),
                ),
                span: at,
            };
            let change = Change::Rename {
                kind: crate::change::ObjectKind::Sequence,
                name,
                to: crate::name::make_object_name(&made, Some(&column), Some("seq")),
                if_exists: false,
            };
            renamed.push((change, at));
        }
    }
    // What the server would refuse of it, it has not been asked.
    let _ = send_each(machine, &renamed, None, Connection::Own);
    let place = table.name.schema.map_or(place, |s| s.to_string());
    let reach = Reach::Object(format!("{place}.{}", table.name.name));
    L::open(machine, Gap::new(at, why, reach));
}
