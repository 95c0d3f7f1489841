//! `schemalign explain`: a rule's page, or what both sides say of a table or column.

use super::arguments::ObjectArguments;
use super::outcome::{Exit, Failure};
use super::workspace::Workspace;
use super::{history, progress, terminal};
use crate::check::{self, Sides};
use crate::config::file::nearest;
use crate::report::explain::explain;
use crate::rules;

/// Runs the command.
///
/// # Errors
/// When there is no such rule or object.
pub(super) fn run(arguments: &ObjectArguments) -> Result<Exit, Failure> {
    terminal::set_colour(arguments.source.color);
    if let Some(rule) = rules::find(&arguments.object) {
        terminal::write(rule.page)?;
        return Ok(Exit::Clean);
    }
    let work = Workspace::open(&arguments.paths, &arguments.source)?;
    let (runs, findings) = progress::show(&work.files, || {
        let runs = check::run(&work.files, &work.options, Sides::Both)?;
        let findings = check::report(&work.files, &work.options, &runs)?.findings;
        Ok::<_, Failure>((runs, findings))
    })?;
    let out = explain(&arguments.object, &runs, &findings, &work.files);
    if out.is_empty() {
        let unknown = history::unknown(&arguments.object, &runs.runs);
        let names: Vec<_> = rules::RULES.iter().map(|r| r.name).collect();
        let near = nearest(&arguments.object, &names);
        return Err(unknown.details(near.map(|near| format!("there is a rule {near}"))));
    }
    terminal::write(&out)?;
    Ok(Exit::Clean)
}
