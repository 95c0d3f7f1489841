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
    let table = &schema.tables[object.table];
    let mut out = format!("{}\n", escape(&object::name(schema, object)));
    let mut line = |change, what: &str| {
        let place = object::place(change, &outcome.journal, files);
        out.push_str(&format!("  {place}: {}\n", escape(what)));
    };
    let column = object.column.and_then(|id| table.columns.get(id.0 as usize));
    // A column that came with its table has no entry of its own.
    let own = table
        .log
        .iter()
        .any(|e| e.column == object.column && e.what.contains("added"));
    if column.is_some()
        && !own
        && let Some(first) = table.log.first()
    {
        line(first.change, "came with the table");
    }
    for entry in &table.log {
        let of = entry.column.and_then(|id| table.columns.get(id.0 as usize));
        match (column, of) {
            (None, Some(of)) if !entry.what.contains(of.name.as_str()) => {
                line(entry.change, &format!("{}: {}", of.name, entry.what));
            }
            (None, _) => line(entry.change, &entry.what),
            (Some(_), _) if entry.column == object.column => line(entry.change, &entry.what),
            (Some(_), _) => {}
        }
    }
    out
}
