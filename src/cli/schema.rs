//! `schemalign schema`: the schema that the migrations give.

use serde_json::{Value, json};

use super::arguments::{SchemaArguments, SchemaFormat};
use super::outcome::{Exit, Failure};
use super::terminal;
use super::workspace::Workspace;
use crate::check::{self, Replayed};
use crate::schema::document;
use crate::source::Files;

/// Runs the command.
///
/// # Errors
/// When there is nothing to print.
pub(super) fn run(arguments: &SchemaArguments) -> Result<Exit, Failure> {
    let work = Workspace::open(&arguments.paths, &arguments.source)?;
    let (replayed, _) = check::replay(&work.files, &work.options)?;
    let mut out = String::new();
    for one in &replayed {
        match arguments.format {
            SchemaFormat::Json => {
                let document = Value::Object(json(one, &work.files));
                out.push_str(&serde_json::to_string_pretty(&document).unwrap_or_default());
                out.push('\n');
            }
            SchemaFormat::Sql => out.push_str(&document::sql(&one.outcome.schema)),
            SchemaFormat::Text => out.push_str(&document::text(&one.outcome.schema)),
        }
    }
    terminal::write(&out)?;
    Ok(Exit::Clean)
}

fn json(replayed: &Replayed, files: &Files) -> serde_json::Map<String, Value> {
    let mut out = document::json(&replayed.outcome.schema);
    let unresolved = replayed.outcome.gaps.iter().map(|gap| {
        json!({
            "file": gap.at.map(|span| files.path(span.file)),
            "line": gap.at.map(|span| files.start(span).line),
            "reason": gap.why,
        })
    });
    out.insert("unresolved".to_owned(), unresolved.collect());
    out
}
