//! Drizzle's history.
//!
//! Source: `drizzle-orm/src/migrator.ts` (`meta/_journal.json` lists the files, `entries[].tag` in order; each is cut at
//! `--> statement-breakpoint`) and `drizzle-orm/src/pg-core/dialect.ts` (all of them in one transaction).

use serde_json::Value;

use crate::config::Given;
use crate::known::{Gap, Reach};
use crate::session::RunMode;
use crate::stacks::history::{Draft, plain};
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
    let tags_told = !tags.is_empty();
    for tag in &tags {
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
    if !tags_told {
        return draft.finish();
    }
    for item in folder.items().filter(|item| item.name.ends_with(".sql")) {
        let name = item.name;
        let known = name
            .strip_suffix(".sql")
            .is_some_and(|tag| tags.iter().any(|t| t == tag));
        if known || !plain::may_change_schema(&folder.files.text(item.file)) {
            continue;
        }
        let start = draft.start_of(item.file);
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            let message = format!("the journal does not name {name}: Drizzle never runs it");
            draft.event("broken-revision-chain", start, message);
        } else {
            let why =
                "the journal does not name this file: Drizzle does not run it, and what else may is not told";
            draft.gap(Gap::new(start, why, Reach::Rows));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Files;

    #[test]
    fn what_the_journal_does_not_name() {
        let files = Files::in_memory([
            (
                "d/meta/_journal.json",
                "{\"entries\": [{\"tag\": \"0000_a\"}, {\"tag\": \"0001_b\"}]}",
            ),
            ("d/0000_a.sql", "CREATE TABLE a (id int);"),
            ("d/0002_c.sql", "CREATE TABLE c (id int);"),
            ("d/policies.sql", "CREATE TABLE p (id int);"),
            ("d/0003_rows.sql", "INSERT INTO a VALUES (1);"),
        ]);
        let history = read(Folder::new(&files, "d"), &Given::default());
        let said: Vec<&str> = history.events.iter().map(|e| e.message.as_str()).collect();
        assert_eq!(
            said,
            [
                "the journal names 0001_b.sql, which is not there",
                "the journal does not name 0002_c.sql: Drizzle never runs it",
            ]
        );
        assert_eq!(history.migrations.len(), 1);
        assert_eq!(history.gaps.len(), 1);
    }
}
