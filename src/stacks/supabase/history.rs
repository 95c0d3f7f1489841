//! Supabase's history.
//!
//! Source: the command line's `pkg/migration/list.go` (files `^([0-9]+)_(.*)\.sql$` in name order; a first file
//! `<14 digits>_init.sql` older than 2021-12-09 is skipped), `pkg/migration/apply.go` (settings are reset before each file),
//! `pkg/migration/file.go` (the statements of a file in one implicit transaction).

use crate::config::Given;
use crate::name::Name;
use crate::session::RunMode;
use crate::stacks::history::{Draft, plain};
use crate::stacks::{Folder, History};

/// What the platform gives before the first migration: its schemas, the extensions that its image installs
/// (`init-scripts/00000000000000-initial-schema.sql` of supabase/postgres) and the search path of its role.
#[must_use]
pub fn preset(mut given: Given) -> Given {
    given.search_path = ["$user", "public", "extensions"].map(Name::new).to_vec();
    given.schemas = vec![Name::new("extensions")];
    given.extensions = ["uuid-ossp", "pgcrypto"]
        .map(|name| (Name::new(name), Name::new("extensions")))
        .to_vec();
    given.platform_schemas = [
        "auth",
        "storage",
        "realtime",
        "vault",
        "graphql",
        "graphql_public",
        "pgbouncer",
        "supabase_functions",
        "supabase_migrations",
    ]
    .map(Name::new)
    .to_vec();
    given
}

/// Reads the migrations folder.
#[must_use]
pub fn read(folder: Folder<'_>, _: &Given) -> History {
    let mut draft = Draft::new("supabase", folder);
    for (index, item) in folder.items().enumerate() {
        if !is_migration(item.name) || index == 0 && is_old_init(item.name) {
            continue;
        }
        let Some(text) = draft.text(item.name, item.file) else {
            continue;
        };
        draft.part(item.name, item.file, text, RunMode::OneQuery);
    }
    draft.finish()
}

/// Whether a file is a migration.
#[must_use]
pub fn is_migration(name: &str) -> bool {
    plain::number(name).is_some()
        && name.ends_with(".sql")
        && name
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .starts_with('_')
}

/// The schema dump that early versions made: the runner never applies it.
fn is_old_init(name: &str) -> bool {
    name.strip_suffix("_init.sql")
        .filter(|digits| digits.len() == 14)
        .and_then(|digits| digits.parse::<u64>().ok())
        .is_some_and(|stamp| stamp < 20_211_209_000_000)
}
