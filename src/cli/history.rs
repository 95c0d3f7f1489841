//! `schemalign history`: every change to a table or column.

use super::arguments::ObjectArguments;
use super::object::{self, Object};
use super::outcome::{Exit, Failure};
use super::workspace::Workspace;
use super::{progress, schema, terminal};
use crate::check::{self, Sides};
use crate::report::escape;
use crate::session::Outcome;
use crate::source::Files;

/// Runs the command.
///
/// # Errors
/// When there is no such object.
pub(super) fn run(arguments: &ObjectArguments) -> Result<Exit, Failure> {
    let work = Workspace::open(&arguments.paths, &arguments.source)?;
    let runs = progress::show(&work.files, || {
        check::run(&work.files, &work.options, Sides::Histories)
    })?;
    if runs.runs.iter().all(|r| r.outcome.is_none()) {
        return Err(super::check::nothing(&runs.not_checked));
    }
    let mut out = String::new();
    for run in &runs.runs {
        let Some(outcome) = &run.outcome else { continue };
        let found = object::find(&outcome.schema, &arguments.object);
        if !found.is_empty() {
            out.push_str(&schema::heading(&runs.runs, run));
        }
        for one in found {
            out.push_str(&changes(one, outcome, &work.files));
        }
    }
    if out.is_empty() {
        return Err(unknown(&arguments.object));
    }
    terminal::write(&out)?;
    Ok(Exit::Clean)
}

/// No table or column of this name was ever made.
pub(super) fn unknown(name: &str) -> Failure {
    Failure::new(format!("no migration made a table or column {name}"))
        .help("schemalign schema lists the tables; names are written as in SQL: users, public.users, \"Users\".email")
}

fn changes(object: Object, outcome: &Outcome, files: &Files) -> String {
    let schema = &outcome.schema;
    let mut out = format!("{}\n", escape(&object::name(schema, object)));
    let log = schema.tables[object.table].log.iter();
    let of = log.filter(|entry| object.column.is_none() || entry.column == object.column);
    for entry in of {
        let column = match (object.column, entry.column) {
            (None, Some(id)) => schema.tables[object.table]
                .columns
                .get(id.0 as usize)
                .map(|c| format!("{}: ", c.name)),
            _ => None,
        };
        let what = format!("{}{}", column.unwrap_or_default(), entry.what);
        let place = object::place(entry.change, &outcome.journal, files);
        out.push_str(&format!("  {place}: {}\n", escape(&what)));
    }
    out
}
