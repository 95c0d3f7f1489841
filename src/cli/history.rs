//! `schemalign history`: every change to a table or column.

use super::arguments::ObjectArguments;
use super::outcome::{Exit, Failure};
use super::workspace::Workspace;
use super::{progress, terminal};
use crate::check::{self, Sides};
use crate::report::explain::heading;
use crate::report::history::changes;
use crate::report::object;

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
            out.push_str(&heading(&runs.runs, run));
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
