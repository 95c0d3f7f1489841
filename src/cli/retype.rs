//! `schemalign migration --retype TABLE.COLUMN TYPE`: drafts the stages in which a key and all that refers to it get another type.

use super::arguments::MigrationArguments;
use super::migration::{stamp_in, write};
use super::outcome::{Exit, Failure};
use super::workspace::Workspace;
use super::{progress, schema, terminal};
use crate::check::{self, Sides};
use crate::draft::form::{Called, Last, files_after};
use crate::draft::retype::retype;
use crate::name::QualifiedName;
use crate::report::object;
use crate::source::{FileId, Text};
use crate::sql;

/// Runs the command.
///
/// # Errors
/// When there is no such column, the change is left to people, or a file cannot be written.
pub(super) fn run(arguments: &MigrationArguments, column: &str, ty: &str) -> Result<Exit, Failure> {
    let work = Workspace::open(&arguments.paths, &arguments.source)?;
    let mut runs = progress::show(&work.files, || {
        check::run(&work.files, &work.options, Sides::Histories)
    })?;
    runs.runs.retain(|run| run.replayed.outcome.is_some());
    if runs.runs.is_empty() {
        return Err(super::check::nothing(&runs.not_checked));
    }
    let run = schema::only(&runs.runs)?;
    let (Some(outcome), Some(history)) = (&run.replayed.outcome, run.replayed.histories.last()) else {
        return Err(Failure::new(
            "there are no migrations whose form the stages could take",
        ));
    };
    let wanted = sql::type_name(&Text::of_file(FileId(0), ty.into())).ok_or_else(|| {
        Failure::new(format!("{ty:?} is no type"))
            .help("a type is written as in SQL: bigint, uuid, varchar(36)")
    })?;
    let (table, name) = named(column, outcome)?;
    let stages = retype(&outcome.schema, &table, &name, &wanted).map_err(Failure::new)?;
    let mut last = Last::of(&work.files, history);
    let mut paths = Vec::new();
    for (stage, later) in stages.iter().zip(0..) {
        let stamp = stamp_in(later);
        let called = Called {
            name: &stage.name,
            stamp: &stamp,
        };
        let files = files_after(&stage.draft, history, &last, called).map_err(Failure::new)?;
        if let Some(first) = files.first() {
            last = Last::drafted(first, called);
            paths.push(first.path.clone());
        }
        for file in &files {
            if arguments.stdout {
                terminal::write_plain(&format!("{}\n", file.text))?;
            } else {
                write(&work.root, file)?;
            }
        }
    }
    if !arguments.stdout {
        terminal::write(&format!(
            "{}\nstages of one change: apply them one after the other, with as much time between them as you like\n",
            paths.join("\n")
        ))?;
    }
    Ok(Exit::Clean)
}

/// The table and the column that are written.
fn named(written: &str, outcome: &crate::session::Outcome) -> Result<(QualifiedName, String), Failure> {
    let found = object::find(&outcome.schema, written);
    let certain = |o: &&object::Object| {
        let there = outcome.schema.tables[o.table].presence.is_present();
        there && o.column.is_some()
    };
    let Some(object) = found.iter().find(certain) else {
        return Err(Failure::new(format!("there is no column {written}")).help(
            "a column is written TABLE.COLUMN, as users.id or public.users.id; schemalign schema lists them",
        ));
    };
    let table = outcome.schema.table(object.table);
    let column = object.column.map(|id| table.column_by_id(id).name().to_string());
    Ok((
        QualifiedName::in_schema(table.namespace_name().clone(), table.name().clone()),
        column.unwrap_or_default(),
    ))
}
