//! sqlx's history.
//!
//! Source: `sqlx-core/src/migrate/source.rs`: files `VERSION_description.sql` with `VERSION` an `i64`, compared as a number;
//! `.down.sql` is the way back; a file that begins with `-- no-transaction` runs outside one; others are ignored. The whole file
//! goes to the server as one simple query (`sqlx-postgres/src/migrate.rs`).

use crate::config::Given;
use crate::session::RunMode;
use crate::source::FileId;
use crate::stacks::history::Draft;
use crate::stacks::{Folder, History};

/// Reads the migrations folder.
#[must_use]
pub fn read(folder: Folder<'_>, _: &Given) -> History {
    let mut draft = Draft::new("sqlx", folder);
    let mut found: Vec<(i64, &str, FileId)> = Vec::new();
    for item in folder.items() {
        let Some((version, rest)) = item.name.split_once('_') else {
            continue;
        };
        if !rest.ends_with(".sql") {
            continue;
        }
        match version.parse() {
            Ok(_) if rest.ends_with(".down.sql") => {}
            Ok(version) => found.push((version, item.name, item.file)),
            Err(_) => draft.event(
                "broken-revision-chain",
                draft.start_of(item.file),
                format!(
                    "{} does not begin with a number, so that sqlx refuses the whole folder",
                    item.name
                ),
            ),
        }
    }
    found.sort();
    for (index, &(version, name, file)) in found.iter().enumerate() {
        if let Some(&(_, _, first)) = index
            .checked_sub(1)
            .and_then(|i| found.get(i))
            .filter(|p| p.0 == version)
        {
            draft.duplicate(&version.to_string(), first, file);
        }
        if let Some(text) = draft.text(name, file) {
            let alone = text.as_str().starts_with("-- no-transaction");
            let mode = if alone {
                RunMode::OneQuery
            } else {
                RunMode::Transaction
            };
            draft.part(name, file, text, mode);
        }
    }
    draft.finish()
}
