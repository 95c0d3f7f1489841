//! Drizzle's history.
//!
//! Source: `drizzle-orm/src/migrator.ts` (`meta/_journal.json` lists the files, `entries[].tag` in order; each is cut at
//! `--> statement-breakpoint`) and `drizzle-orm/src/pg-core/dialect.ts` (all of them in one transaction).

use serde_json::Value;

use crate::config::Given;
use crate::session::RunMode;
use crate::stacks::history::Draft;
use crate::stacks::{Folder, History};

/// Where the journal lies in the migrations folder.
pub const JOURNAL: &str = "meta/_journal.json";

/// Reads the migrations folder.
#[must_use]
pub fn read(folder: Folder<'_>, _: &Given) -> History {
    let mut draft = Draft::new("drizzle", folder);
    let journal = folder.file(JOURNAL);
    let text = journal.map(|file| folder.files.text(file)).unwrap_or_default();
    let tags: Vec<String> = serde_json::from_str::<Value>(&text)
        .ok()
        .and_then(|journal| Some(journal.get("entries")?.as_array()?.clone()))
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| Some(entry.get("tag")?.as_str()?.to_owned()))
        .collect();
    for tag in tags {
        let name = format!("{tag}.sql");
        match (folder.file(&name), journal) {
            (Some(file), _) => draft.whole(&name, file, RunMode::Transaction),
            (None, Some(journal)) => draft.event(
                "broken-revision-chain",
                draft.start_of(journal),
                format!("the journal names {name}, which is not there"),
            ),
            (None, None) => {}
        }
    }
    draft.finish()
}

/// The dialect that the journal names.
#[must_use]
pub fn dialect(journal: &str) -> Option<String> {
    let journal: Value = serde_json::from_str(journal).ok()?;
    Some(journal.get("dialect")?.as_str()?.to_owned())
}
