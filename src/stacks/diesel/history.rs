//! Diesel's history.
//!
//! Source: `diesel_migrations/migrations_internals/src/lib.rs` and `diesel_migrations/src/file_based_migrations.rs`: every folder
//! that is not hidden; the version is the name up to the first `_` with dashes removed, compared as text; `metadata.toml` may
//! switch the transaction off (a file without the key does, since a missing `bool` is false); the file goes to the server whole
//! (`batch_execute`).

use crate::config::Given;
use crate::session::RunMode;
use crate::source::{FileId, Files};
use crate::stacks::history::{Draft, plain};
use crate::stacks::{Folder, History, Item};

/// Reads the migrations folder.
#[must_use]
pub fn read(folder: Folder<'_>, _: &Given) -> History {
    let mut draft = Draft::new("diesel", folder);
    let mut found: Vec<(String, &str, Vec<Item<'_>>)> = folder
        .folders()
        .into_iter()
        .filter(|(name, _)| !name.starts_with('.'))
        .map(|(name, items)| (version(name), name, items))
        .collect();
    found.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    let mut last: Option<(String, FileId)> = None;
    for (version, name, items) in found {
        let Some(up) = items.iter().find(|i| i.name == "up.sql") else {
            for item in items.iter().filter(|i| plain::is_program(i.name)) {
                draft.program(name, item.file);
            }
            continue;
        };
        if let Some((_, first)) = last.as_ref().filter(|(v, _)| *v == version) {
            draft.duplicate(&version, *first, up.file);
        }
        let metadata = items.iter().find(|i| i.name == "metadata.toml");
        let mode = match metadata {
            Some(metadata) if !in_transaction(folder.files, metadata.file) => RunMode::OneQuery,
            _ => RunMode::Transaction,
        };
        draft.whole(name, up.file, mode);
        last = Some((version, up.file));
    }
    draft.finish()
}

/// The version of a folder's name: what Diesel compares, as text.
#[must_use]
pub fn version(name: &str) -> String {
    name.split('_').next().unwrap_or("").replace('-', "")
}

/// What `metadata.toml` says. One that cannot be read counts as not there.
fn in_transaction(files: &Files, file: FileId) -> bool {
    let Ok(source) = files.read(file) else { return true };
    let value = source.text.lines().find_map(|line| {
        let (key, value) = line.split('#').next()?.split_once('=')?;
        (key.trim() == "run_in_transaction").then(|| value.trim().to_owned())
    });
    value.is_some_and(|v| v == "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_by_digits() {
        let files = Files::in_memory([
            ("m/2017-08-31-100000_b/up.sql", "SELECT 2"),
            ("m/20170102131034_a/up.sql", "SELECT 1"),
            (
                "m/20170102131034_a/metadata.toml",
                "run_in_transaction = false # index",
            ),
            ("m/20170102131034_a/down.sql", ""),
            ("m/.hidden/up.sql", ""),
        ]);
        let history = read(Folder::new(&files, "m"), &Given::default());
        let names: Vec<_> = history
            .migrations
            .iter()
            .map(|m| (m.name.as_str(), m.mode))
            .collect();
        assert_eq!(
            names,
            [
                ("20170102131034_a", RunMode::OneQuery),
                ("2017-08-31-100000_b", RunMode::Transaction)
            ]
        );
    }
}
