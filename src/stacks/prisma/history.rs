//! Prisma's history: one folder a migration, its SQL in `migration.sql`.
//!
//! Source: `schema-engine/connectors/schema-connector/src/migrations_directory.rs` of prisma-engines. `list_migrations` takes
//! every folder in the migrations folder, whatever its name, and sorts by name; files beside the folders
//! (`migration_lock.toml`) are no migrations. The script goes to the server as one simple query (`raw_cmd`).

use crate::config::Given;
use crate::session::RunMode;
use crate::stacks::history::{Draft, plain};
use crate::stacks::{Folder, History};

/// The file of a migration.
const SCRIPT: &str = "migration.sql";

/// Reads the migrations folder.
#[must_use]
pub fn read(folder: Folder<'_>, _: &Given) -> History {
    let mut draft = Draft::new("prisma", folder);
    for (name, items) in folder.folders() {
        if let Some(script) = items.iter().find(|i| i.name == SCRIPT) {
            draft.whole(name, script.file, RunMode::OneQuery);
            continue;
        }
        // A folder without a script belongs to a wrapper of Prisma's (data migrations in the host language), or is a leftover
        // that Prisma refuses to run with.
        let mut programs: Vec<_> = items.iter().filter(|i| plain::is_program(i.name)).collect();
        programs.sort_by_key(|i| !(i.name.starts_with("migration.") || i.name.starts_with("index.")));
        let programs: Vec<_> = programs.iter().map(|i| i.file).collect();
        draft.programs(name, &programs);
        if programs.is_empty()
            && let Some(item) = items.first()
        {
            draft.event(
                "broken-revision-chain",
                draft.start_of(item.file),
                format!("migration folder {name:?} holds no {SCRIPT}"),
            );
        }
    }
    draft.finish()
}
