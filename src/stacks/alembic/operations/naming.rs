//! Names of what operations make and drop, through the naming convention of the target metadata.
//!
//! Source: `SchemaObjects.metadata` of Alembic (the convention alone is taken over), `sqlalchemy/sql/naming.py`.

use super::arguments::Given;
use crate::change::ObjectName;
use crate::interpret::python::dotted;
use crate::interpret::python::{Argument, Machine, Run, Value};
use crate::name::Name;
use crate::session::HOLE;
use crate::source::Span;
use crate::stacks::alembic::database::{Database, Naming};
use crate::stacks::sqlalchemy::listeners::Listened;
use crate::stacks::sqlalchemy::naming::{self, Column, Kind};
use crate::stacks::sqlalchemy::table::Conventions;
use crate::stacks::sqlalchemy::terms;

/// The naming convention that operations follow.
pub(in crate::stacks::alembic) fn conventions<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    at: Span,
) -> Conventions<'a> {
    let mut conventions = match machine.library.context().naming.clone() {
        Naming::None => Conventions::default(),
        Naming::Known(entries) => {
            let dict = machine.new_dict(entries);
            Conventions::read(machine, &dict, at)
        }
        Naming::Unknown(gap) => Conventions::unknown(gap),
    };
    for (listened, gap) in machine.library.context().heard.clone() {
        if let Listened::Names(kinds) = listened {
            conventions.rename(kinds, gap);
        }
    }
    conventions
}

/// Whether a name is not to be given to a convention again: `op.f(...)`, `conv(...)`.
fn is_final(value: &Value<'_>) -> bool {
    let path = value.as_call().and_then(|(callee, _)| callee.as_path());
    path.is_some_and(|path| path == "alembic.op.f" || dotted::last(path) == "conv")
}

/// The name that a statement holds for a construct without columns of its own (one that is dropped); `None` where it has none. What
/// cannot be told is a hole.
///
/// # Errors
/// The exception of SQLAlchemy for a name that is too long.
pub(super) fn dropped<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    given: &mut Given<'_, 'a>,
    argument: Option<&Argument<'a>>,
    kind: Option<Kind>,
    table: Option<&ObjectName>,
) -> Run<'a, Option<(Name, Span)>> {
    let (own, span) = match argument {
        None => (naming::Given::None, given.at),
        Some(argument) => match terms::text(machine, &argument.value, argument.span) {
            Ok(text) if is_final(&argument.value) => {
                (naming::Given::Final(text.as_str().into()), text.whole())
            }
            Ok(text) => (naming::Given::Plain(text.as_str().into()), text.whole()),
            Err(gap) => {
                given.hole.get_or_insert(gap);
                return Ok(Some((Name::new(HOLE), argument.span)));
            }
        },
    };
    let convention = match kind {
        None => Ok(None),
        Some(_) if matches!(own, naming::Given::Final(_)) => Ok(None),
        Some(kind) => conventions(machine, given.at).of(kind),
    };
    let convention = match convention {
        Ok(convention) => convention,
        Err(gap) => {
            given.hole.get_or_insert(gap);
            return Ok(Some((Name::new(HOLE), span)));
        }
    };
    // `DropIndexOp.to_index` makes an index of one column.
    let columns = [Column {
        name: "x",
        key: "x",
        referred: None,
    }];
    let subject = naming::Subject {
        schema: table.and_then(|t| t.name.schema.as_ref()).map(Name::as_str),
        table: table.map_or("no_table", |t| t.name.name.as_str()),
        columns: if kind == Some(Kind::Index) { &columns } else { &[] },
        referred_table: None,
        given: &[],
    };
    let Ok(made) = naming::name(&own, convention.as_deref(), &subject) else {
        let gap = machine.gap(span, "the naming convention asks for what is not told here");
        given.hole.get_or_insert(gap);
        return Ok(Some((Name::new(HOLE), span)));
    };
    match naming::rendered(&made) {
        Ok(name) => Ok(name.map(|name| (Name::new(&name), span))),
        Err(name) => {
            let message = format!("Identifier '{name}' exceeds maximum length of 63 characters");
            Err(machine.raise("sqlalchemy.exc.IdentifierError", &message, span))
        }
    }
}
