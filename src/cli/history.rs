//! `schemalign history`: every change to a table or column.

use super::arguments::ObjectArguments;
use super::outcome::{Exit, Failure};
use super::workspace::Workspace;
use super::{progress, terminal};
use crate::check::{self, Run, Sides};
use crate::config::file::nearest;
use crate::report::explain::heading;
use crate::report::history::changes;
use crate::report::object;
use crate::schema::Schema;

/// Runs the command.
///
/// # Errors
/// When there is no such object.
pub(super) fn run(arguments: &ObjectArguments) -> Result<Exit, Failure> {
    let work = Workspace::open(&arguments.paths, &arguments.source)?;
    let runs = progress::show(&work.files, || {
        check::run(&work.files, &work.options, Sides::Histories)
    })?;
    if runs.runs.iter().all(|r| r.replayed.outcome.is_none()) {
        return Err(super::check::nothing(&runs.not_checked));
    }
    let mut out = String::new();
    for run in &runs.runs {
        let Some(outcome) = &run.replayed.outcome else {
            continue;
        };
        let found = object::find(&outcome.schema, &arguments.object);
        if !found.is_empty() {
            out.push_str(&heading(&runs.runs, run));
        }
        for one in found {
            out.push_str(&changes(one, outcome, &work.files));
        }
    }
    if out.is_empty() {
        return Err(unknown(&arguments.object, &runs.runs));
    }
    terminal::write(&out)?;
    Ok(Exit::Clean)
}

/// No table or column of this name was ever made.
pub(super) fn unknown(name: &str, runs: &[Run]) -> Failure {
    let schemas = || {
        runs.iter()
            .filter_map(|run| run.replayed.outcome.as_ref())
            .map(|o| &o.schema)
    };
    let mut known: Vec<String> = Vec::new();
    for table in schemas().flat_map(Schema::live_tables) {
        known.extend([table.name().quoted(), table.qualified()]);
        if name.contains('.') {
            let columns = table.columns();
            known.extend(
                columns.map(|column| format!("{}.{}", table.name().quoted(), column.name().quoted())),
            );
        }
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let near = nearest(name, &known).map_or(String::new(), |near| format!("did you mean {near}? "));
    Failure::new(format!("no migration made a table or column {name}")).help(format!(
        "{near}schemalign schema lists the tables; names are written as in SQL: users, public.users, \"Users\".email"
    ))
}
