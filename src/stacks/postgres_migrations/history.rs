//! The history of the npm package postgres-migrations.
//!
//! Source: `src/file-name-parser.ts` (`^(-?\d+)[-_]?(.*).(sql|js)$`), `src/files-loader.ts` (by number, which must be consecutive
//! from 1), `src/run-migration.ts` (the file whole, in a transaction unless it holds
//! `-- postgres-migrations disable-transaction`).

use crate::config::Given;
use crate::session::RunMode;
use crate::source::FileId;
use crate::stacks::history::{Draft, plain};
use crate::stacks::{Folder, History};

/// Reads the migrations folder.
#[must_use]
pub fn read(folder: Folder<'_>, _: &Given) -> History {
    let mut draft = Draft::new("postgres-migrations", folder);
    let mut found: Vec<(u128, &str, FileId)> = folder
        .items()
        .filter(|i| matches!(plain::ending(i.name).to_ascii_lowercase().as_str(), "sql" | "js"))
        .filter_map(|i| Some((plain::number(i.name)?, i.name, i.file)))
        .collect();
    found.sort();
    for (index, &(id, name, file)) in found.iter().enumerate() {
        match index.checked_sub(1).and_then(|i| found.get(i)) {
            Some(&(before, _, first)) if before == id => draft.duplicate(&id.to_string(), first, file),
            Some(&(before, earlier, _)) if id != before + 1 => draft.event(
                "broken-revision-chain",
                draft.start_of(file),
                format!("{name} follows {earlier}; the numbers must be consecutive"),
            ),
            _ => {}
        }
        if name.ends_with(".js") {
            draft.program(name, file);
        } else if let Some(text) = draft.text(name, file) {
            let alone = text
                .as_str()
                .contains("-- postgres-migrations disable-transaction");
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
