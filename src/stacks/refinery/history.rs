//! refinery's history.
//!
//! Source: `refinery_core/src/util.rs`: files below the folder, whatever their depth, named
//! `^([U|V])(\d+(?:\.\d+)?)__(\w+)\.(rs|sql)$`; the version is a whole number, `U` only lifts the demand that versions come in
//! order. Each migration runs in a transaction of its own (`refinery_core/src/drivers/postgres.rs`).

use crate::config::Given;
use crate::session::RunMode;
use crate::source::FileId;
use crate::stacks::history::Draft;
use crate::stacks::{Folder, History};

/// Reads the migrations folder.
#[must_use]
pub fn read(folder: Folder<'_>, _: &Given) -> History {
    let mut draft = Draft::new("refinery", folder);
    let mut found: Vec<(i64, &str, FileId)> = folder
        .below()
        .filter_map(|(path, file)| {
            let name = path.rsplit('/').next().unwrap_or(path);
            Some((version(name)?, name, file))
        })
        .collect();
    found.sort();
    for (index, &(version, name, file)) in found.iter().enumerate() {
        if let Some(&(_, _, first)) = index
            .checked_sub(1)
            .and_then(|i| found.get(i))
            .filter(|p| p.0 == version)
        {
            draft.duplicate(&version.to_string(), first, file);
        }
        if name.ends_with(".rs") {
            draft.program(name, file);
        } else {
            draft.whole(name, file, RunMode::Transaction);
        }
    }
    draft.finish()
}

fn version(name: &str) -> Option<i64> {
    let stem = name.strip_suffix(".sql").or_else(|| name.strip_suffix(".rs"))?;
    let (version, description) = stem.strip_prefix(['V', 'U'])?.split_once("__")?;
    let word = !description.is_empty() && description.chars().all(|c| c.is_alphanumeric() || c == '_');
    version.parse().ok().filter(|_| word)
}
