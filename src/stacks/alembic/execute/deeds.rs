//! What the repository does when a table is made or dropped: statements are sent, what functions do is not known.

use std::rc::Rc;

use super::parameters::Parameters;
use crate::interpret::python::{Args, Argument, Machine, Run, Value};
use crate::known::Reach;
use crate::stacks::alembic::database::{Connection, Database};
use crate::stacks::alembic::operations::tables::place;
use crate::stacks::sqlalchemy::creation::{self, Deed, Event, Listener, What};
use crate::stacks::sqlalchemy::table::TableDef;

/// Gives a table that no module holds what is done when it is made.
pub(in crate::stacks::alembic) fn hear(def: &mut TableDef<'_>, listeners: &[Listener<'_>]) {
    let name = def.name.clone().ok();
    let deeds = creation::of_table(listeners, name.as_ref().map(crate::name::Name::as_str), &[]);
    creation::take(def, deeds);
}

/// Does what is done at an event.
pub(super) fn run<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    deeds: &[Deed],
    event: Event,
    table: Option<&TableDef<'a>>,
    on: Connection,
) -> Run<'a, ()> {
    for deed in deeds.iter().filter(|deed| deed.event == event) {
        let Some(at) = deed.gap.at else { continue };
        match &deed.what {
            What::Statement(text) => {
                // `DDL._expand`: the names of the table are given to every statement.
                let names = table.and_then(|def| def.qualified().ok());
                let names = names.map(|name| {
                    let schema = name.schema.as_ref().map(ToString::to_string).unwrap_or_default();
                    [
                        ("table", name.name.to_string()),
                        ("schema", schema),
                        ("fullname", name.to_string()),
                    ]
                });
                let entries = names.into_iter().flatten();
                let entries = entries.map(|(key, name)| (Value::text(key, at), Value::text(&name, at)));
                let context = machine.new_dict(entries.collect());
                let callee = machine.path("sqlalchemy.DDL", at);
                let mut args = Args::of(vec![Value::Str(Rc::new(text.clone()))], at);
                let argument = Argument {
                    value: context,
                    span: at,
                };
                args.keywords.push(("context".into(), argument));
                let statement = machine.call_term(callee, args, at);
                super::run(machine, &statement, &Parameters::default(), text.whole(), at, on)?;
            }
            What::Anything { .. } | What::Template(_) => {
                L::touch_rows(machine);
                let reach = Reach::Namespace(place(machine));
                L::open(machine, deed.gap.reaching(reach));
            }
            What::Constraints | What::Column(_) | What::Type(_) | What::Table => {}
        }
    }
    Ok(())
}
