//! `schemalign impact`: what a change of a table or column touches.

use serde_json::{Map, Value};

use super::arguments::{ImpactArguments, ImpactFormat};
use super::outcome::{Exit, Failure};
use super::workspace::Workspace;
use super::{progress, terminal};
use crate::check::{self, Sides};
use crate::inventory::impact::impact;
use crate::report::explain::heading;
use crate::report::inventory::{json, markdown, text};
use crate::report::object;
use crate::rules::Context;

/// Runs the command.
///
/// # Errors
/// When there is no such table or column.
pub(super) fn run(arguments: &ImpactArguments) -> Result<Exit, Failure> {
    let work = Workspace::open(&arguments.paths, &arguments.source)?;
    let runs = progress::show(&work.files, || {
        check::run(&work.files, &work.options, Sides::Both)
    })?;
    if runs.runs.iter().all(|run| run.replayed.outcome.is_none()) {
        return Err(super::check::nothing(&runs.not_checked));
    }
    let subjects = check::subjects(&work.files, &runs);
    let mut out = String::new();
    let mut documents = Vec::new();
    for (run, subject) in runs.runs.iter().zip(&subjects) {
        let ctx = Context::new(subject);
        let Some(schema) = ctx.schema() else { continue };
        for found in object::find(schema, &arguments.object) {
            let there = |id: crate::schema::ColumnId| {
                let columns = &schema.tables[found.table].columns;
                columns.get(id.0 as usize).is_some_and(|c| c.presence.may_be())
            };
            let live = schema.tables[found.table].presence.may_be() && found.column.is_none_or(there);
            if !live {
                continue;
            }
            let name = object::name(schema, found);
            let listed = impact(&ctx, found.table, found.column);
            match arguments.format {
                ImpactFormat::Text => {
                    out.push_str(&heading(&runs.runs, run));
                    out.push_str(&format!("{}\n", crate::report::escape(&name)));
                    out.push_str(&text::render(&listed, &work.files));
                }
                ImpactFormat::Markdown => {
                    out.push_str(&markdown::title(&name));
                    out.push_str(&markdown::render(&listed, &work.files));
                }
                ImpactFormat::Json => {
                    let mut document = Map::new();
                    document.insert("object".to_owned(), Value::from(name));
                    document.insert("target".to_owned(), Value::from(run.target.name.as_str()));
                    if let Value::Object(rest) = json::document(&listed, &work.files) {
                        document.extend(rest);
                    }
                    documents.push(Value::Object(document));
                }
            }
        }
    }
    if out.is_empty() && documents.is_empty() {
        return Err(super::history::unknown(&arguments.object, &runs.runs));
    }
    if arguments.format == ImpactFormat::Json {
        // One document for one object, a list where several databases have it.
        let document = match documents.len() {
            1 => documents.pop().unwrap_or_default(),
            _ => Value::Array(documents),
        };
        out = serde_json::to_string_pretty(&document).unwrap_or_default() + "\n";
    }
    terminal::write(&out)?;
    Ok(Exit::Clean)
}
