//! Folders of revisions that no configuration of Alembic leads to: a program runs them by itself, as those of its plugins. Models that
//! lie beside such a folder are not held against another history, which knows nothing of what is done to their tables there.

use std::collections::BTreeSet;

use super::config::trees;
use crate::declared::{Model, Models};
use crate::known::{Gap, Reach};
use crate::source::Files;

/// A folder whose models have revisions of their own, and where those lie.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Stray {
    beside: String,
    revisions: String,
}

/// Marks the models that have revisions of their own.
pub(in crate::stacks) fn mark(files: &Files, models: &mut Models) {
    let strays = files.recall("stray revisions", find);
    if strays.is_empty() {
        return;
    }
    let is_beside = |model: &Model, stray: &Stray| is_below(files.path(model.span.file), &stray.beside);
    // Where all models lie, the history that leads to them is theirs, and the revisions are old ones.
    let is_apart = |stray: &&Stray| !models.models.iter().all(|model| is_beside(model, stray));
    let strays: Vec<&Stray> = strays.iter().filter(is_apart).collect();
    for model in &mut models.models {
        let Some(stray) = strays.iter().find(|stray| is_beside(model, stray)) else {
            continue;
        };
        let why = format!(
            "{} is not held against the migrations: revisions of its own lie in {}, and what runs them is not followed",
            model.name, stray.revisions
        );
        model.elsewhere = Some(Gap::new(model.span, why, Reach::Rows));
    }
}

fn find(files: &Files) -> Vec<Stray> {
    let trees = trees(files);
    let mut folders: BTreeSet<&str> = BTreeSet::new();
    for (file, entry) in files.entries() {
        let Some((folder, name)) = entry.path.rsplit_once('/') else {
            continue;
        };
        if folders.contains(folder) || !is_of_migrations(folder) || !is_revision(name) {
            continue;
        }
        let text = files.text(file);
        let says = |word: &str| text.lines().any(|line| line.starts_with(word));
        if says("revision") && says("down_revision") {
            folders.insert(folder);
        }
    }
    let followed = |folder: &str| {
        let mut all = trees
            .iter()
            .flat_map(|tree| tree.versions.iter().chain([&tree.folder]));
        all.any(|own| is_below(folder, own) || is_below(own, folder))
    };
    let strays = folders.iter().filter(|folder| !followed(folder));
    let strays = strays.filter_map(|folder| {
        let outer = folder.strip_suffix("/versions").unwrap_or(folder);
        let (beside, _) = outer.rsplit_once('/')?;
        // A history that lies there too is that of the whole folder.
        let is_shared = trees.iter().any(|tree| is_below(&tree.folder, beside));
        (!is_shared).then(|| Stray {
            beside: beside.to_owned(),
            revisions: (*folder).to_owned(),
        })
    });
    strays.collect()
}

/// Whether a folder is named as one of migrations, or is the `versions` of one.
fn is_of_migrations(folder: &str) -> bool {
    let outer = folder.strip_suffix("/versions").unwrap_or(folder);
    let last = outer.rsplit('/').next().unwrap_or(outer);
    last.contains("migrat") || last == "alembic"
}

/// Whether a file is named as Alembic names revisions: `ae1027a6acf_add_column.py`.
fn is_revision(name: &str) -> bool {
    let id = name.strip_suffix(".py").and_then(|bare| bare.split('_').next());
    id.is_some_and(|id| id.len() >= 8 && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || folder.is_empty() || rest.starts_with('/'))
}
