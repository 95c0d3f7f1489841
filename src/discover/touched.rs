//! Which targets a file that is named stands for: those whose histories or models it is a file of, and those that it configures.

use super::index::is_within;
use super::{Found, NotChecked, Target};
use crate::config::Options;
use crate::source::Files;
use crate::stacks::alembic::config::trees;

/// Keeps the targets that named files belong to, and says which files belong to none.
pub(super) fn keep(files: &Files, options: &Options, found: &mut Found) {
    for path in &options.touching {
        if !found.targets.iter().any(|target| holds(files, target, path)) {
            found.not_checked.push(NotChecked {
                what: path.clone(),
                why: "it belongs to no migrations and no models that were found".to_owned(),
            });
        }
    }
    found
        .targets
        .retain(|target| options.touching.iter().any(|path| holds(files, target, path)));
}

/// Whether a file is one of a target.
fn holds(files: &Files, target: &Target, path: &str) -> bool {
    let file = files.find(path);
    let is_of_models = || {
        let mut models = target.models.iter();
        models.any(|m| file.is_some_and(|f| m.files.contains(&f)))
    };
    target.histories.iter().any(|h| {
        is_within(path, &h.path) || h.runner.name == "alembic" && leads_to_tree(files, &h.path, path)
    }) || is_of_models()
}

/// Whether a file configures a tree of revisions that a path means, or is one of its revisions, which may lie elsewhere
/// (`version_locations`), or its `env.py`.
fn leads_to_tree(files: &Files, history: &str, path: &str) -> bool {
    let means = |at: &str| at == history || files.find(history).is_some() && is_within(history, at);
    let all = trees(files);
    let mut trees = all
        .iter()
        .filter(|tree| means(&tree.folder) || tree.versions.iter().any(|folder| means(folder)));
    trees.any(|tree| {
        tree.config.is_some_and(|config| files.path(config) == path)
            || is_within(path, &tree.folder)
            || tree.versions.iter().any(|folder| is_within(path, folder))
    })
}
