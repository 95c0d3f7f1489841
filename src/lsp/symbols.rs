//! Symbols: the models of a file with their fields, the tables that a migration makes, and all of them by name.

use std::path::Path;

use lsp_types::{Location, SymbolInformation, SymbolKind};

use super::lookup::last_change;
use super::position::location;
use crate::check::Runs;
use crate::report::object::Object;
use crate::source::{FileId, Files};

/// The symbols of one file.
pub(super) fn of_file(root: &Path, runs: &Runs, files: &Files, file: FileId) -> Vec<SymbolInformation> {
    all(root, runs, files, |found| found == file, true)
}

/// Models and tables whose name holds a text.
pub(super) fn named(root: &Path, runs: &Runs, files: &Files, query: &str) -> Vec<SymbolInformation> {
    let query = query.to_lowercase();
    let mut out = all(root, runs, files, |_| true, false);
    out.retain(|symbol| symbol.name.to_lowercase().contains(&query));
    out
}

fn all(
    root: &Path,
    runs: &Runs,
    files: &Files,
    wants: impl Fn(FileId) -> bool,
    fields: bool,
) -> Vec<SymbolInformation> {
    let mut out: Vec<SymbolInformation> = Vec::new();
    let mut push = |name: &str, kind, at: Option<Location>, container: Option<String>| {
        if let Some(at) = at
            && !out.iter().any(|s| s.location == at && s.name == name)
        {
            out.push(symbol(name, kind, at, container));
        }
    };
    for run in &runs.runs {
        for model in run
            .models
            .iter()
            .flat_map(|set| &set.models)
            .filter(|m| wants(m.span.file))
        {
            push(
                &model.name,
                SymbolKind::CLASS,
                location(root, files, model.whole),
                None,
            );
            for field in model.fields.iter().filter(|f| fields && wants(f.span.file)) {
                push(
                    &field.name,
                    SymbolKind::FIELD,
                    location(root, files, field.span),
                    Some(model.name.to_string()),
                );
            }
        }
        let Some(outcome) = &run.replayed.outcome else {
            continue;
        };
        for table in outcome.schema.live_tables() {
            let made = last_change(
                run,
                Object {
                    table: table.id,
                    column: None,
                },
            );
            if let Some(span) = made.filter(|span| wants(span.file)) {
                push(
                    &table.qualified(),
                    SymbolKind::STRUCT,
                    location(root, files, span),
                    Some(run.target.name.clone()),
                );
            }
        }
    }
    out
}

#[allow(deprecated, reason = "the protocol keeps the field")]
fn symbol(
    name: &str,
    kind: SymbolKind,
    location: Location,
    container_name: Option<String>,
) -> SymbolInformation {
    SymbolInformation {
        name: name.to_owned(),
        kind,
        tags: None,
        deprecated: None,
        location,
        container_name,
    }
}
