//! `schemalign schema`: the schema that the migrations give.

use serde_json::{Map, Value, json};

use super::arguments::{SchemaArguments, SchemaFormat};
use super::outcome::{Exit, Failure};
use super::workspace::Workspace;
use super::{progress, terminal};
use crate::check::{self, Run, Sides};
use crate::config::Given;
use crate::known::Gap;
use crate::name::Name;
use crate::report::explain::heading;
use crate::report::{dot, escape, mermaid};
use crate::schema::{Schema, document};
use crate::session::Outcome;
use crate::source::Files;

/// Runs the command.
///
/// # Errors
/// When there is nothing to print.
pub(super) fn run(arguments: &SchemaArguments) -> Result<Exit, Failure> {
    let mut work = Workspace::open(&arguments.paths, &arguments.source)?;
    work.options.at.clone_from(&arguments.at);
    if let Some(install) = &arguments.install {
        work.options.given.push(("install".to_owned(), install.clone()));
    }
    let mut runs = progress::show(&work.files, || {
        check::run(&work.files, &work.options, Sides::Histories)
    })?;
    let seen = std::mem::take(&mut runs.not_checked);
    runs.runs.retain(|run| run.replayed.outcome.is_some());
    if runs.runs.is_empty() {
        return Err(super::check::nothing(&seen));
    }
    let mut out = String::new();
    match arguments.format {
        SchemaFormat::Json => {
            let run = only(&runs.runs)?;
            if let Some(outcome) = &run.replayed.outcome {
                let document = Value::Object(document(outcome, &run.target.given, &work.files));
                out = serde_json::to_string_pretty(&document).unwrap_or_default() + "\n";
            }
        }
        SchemaFormat::Sql => {
            let run = only(&runs.runs)?;
            if let Some(outcome) = &run.replayed.outcome {
                out = document::sql(&as_connected(outcome, &run.target.given));
            }
        }
        SchemaFormat::Mermaid | SchemaFormat::Dot => {
            let run = only(&runs.runs)?;
            if let Some(outcome) = &run.replayed.outcome {
                let schema = as_connected(outcome, &run.target.given);
                out = match arguments.format {
                    SchemaFormat::Dot => dot::render(&schema),
                    _ => mermaid::render(&schema),
                };
            }
        }
        SchemaFormat::Text => {
            for run in &runs.runs {
                out.push_str(&heading(&runs.runs, run));
                if let Some(outcome) = &run.replayed.outcome {
                    out.push_str(&lines(&document::text(&outcome.schema)));
                }
            }
        }
    }
    terminal::write(&out)?;
    Ok(Exit::Clean)
}

/// The one target that a document is for.
///
/// # Errors
/// When there are several.
pub(super) fn only(runs: &[Run]) -> Result<&Run, Failure> {
    match runs {
        [one] => Ok(one),
        several => Err(
            Failure::new("there are several targets, and a document is for one")
                .details(several.iter().map(|r| r.target.name.clone()))
                .help("name one with --target NAME"),
        ),
    }
}

/// Text whose lines are ours and whose words are from files.
pub(super) fn lines(text: &str) -> String {
    text.split('\n').map(escape).collect::<Vec<_>>().join("\n")
}

/// As a fresh connection sees it, whatever search path the migrations ran with; a platform sets the path of every one.
fn as_connected(outcome: &Outcome, given: &Given) -> Schema {
    let mut schema = outcome.schema.clone();
    if given.platform_schemas.is_empty() {
        schema.search_path = vec![Name::new("public")];
    }
    schema
}

fn document(outcome: &Outcome, given: &Given, files: &Files) -> Map<String, Value> {
    let mut out = document::json(&as_connected(outcome, given));
    out.insert("unresolved".to_owned(), unresolved(&outcome.gaps, files));
    out
}

/// The steps that could not be followed.
pub(super) fn unresolved<'a>(gaps: impl IntoIterator<Item = &'a Gap>, files: &Files) -> Value {
    let steps = gaps.into_iter().map(|gap| {
        json!({
            "file": gap.at.map(|span| files.path(span.file)),
            "line": gap.at.map(|span| files.start(span).line),
            "reason": gap.why,
        })
    });
    steps.collect()
}
