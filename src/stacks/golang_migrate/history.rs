//! golang-migrate's history.
//!
//! Source: `source/parse.go` (`^([0-9]+)_(.*)\.(down|up)\.(.*)$`, the version an unsigned number), `source/iofs/iofs.go` (other
//! files are ignored, two files of one version and direction are an error), `database/postgres/postgres.go` (the file goes to the
//! server whole unless `x-multi-statement` is set). A program among them (`1_name.up.go`) it would send to the server: the runner is the
//! repository's own, and which of two of one version runs first is not told.

use crate::config::Given;
use crate::session::RunMode;
use crate::source::FileId;
use crate::stacks::history::Draft;
use crate::stacks::{Folder, History};

/// Reads the migrations folder.
#[must_use]
pub fn read(folder: Folder<'_>, _: &Given) -> History {
    let mut draft = Draft::new("golang-migrate", folder);
    let mut found: Vec<(u64, &str, FileId)> = folder
        .items()
        .filter(|i| i.name.ends_with(".up.sql") || i.name.ends_with(".up.go"))
        .filter_map(|i| Some((i.name.split_once('_')?.0.parse().ok()?, i.name, i.file)))
        .collect();
    found.sort();
    let own = found.iter().any(|(_, name, _)| name.ends_with(".go"));
    for (index, &(version, name, file)) in found.iter().enumerate() {
        if let Some(&(_, _, first)) = index
            .checked_sub(1)
            .and_then(|i| found.get(i))
            .filter(|p| p.0 == version && !own)
        {
            draft.duplicate(&version.to_string(), first, file);
        }
        if name.ends_with(".go") {
            draft.program(name, file);
        } else {
            draft.whole(name, file, RunMode::OneQuery);
        }
    }
    draft.finish()
}
