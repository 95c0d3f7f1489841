//! Models in Elixir: which modules declare schemas, and the history that they belong to.

use super::index::{Index, is_within};
use super::{Found, ModelSource};
use crate::source::{FileId, Files};
use crate::stacks::ecto::project::{Project, is_beside, join};

/// Gives each history of Ecto the schemas of its project. Where a project has several repositories, which schema belongs to which is
/// not written down: each has all of them.
pub(super) fn add(index: &Index<'_>, found: &mut Found) {
    for target in &mut found.targets {
        let [history] = target.histories.as_slice() else {
            continue;
        };
        if history.runner.name != "ecto" || !target.models.is_empty() {
            continue;
        }
        let folder = Project::of(index.files, &history.path).folder;
        let files = schemas(index.files, &folder);
        if files.is_empty() {
            continue;
        }
        target.models.push(ModelSource {
            stack: "ecto",
            path: if folder.is_empty() {
                "lib".to_owned()
            } else {
                join(&folder, "lib")
            },
            files,
            history: Some(history.path.clone()),
        });
    }
}

/// The modules of a project that may declare schemas: in `lib` and `web`, as Mix compiles them.
fn schemas(files: &Files, folder: &str) -> Vec<FileId> {
    let roots = [join(folder, "lib"), join(folder, "web")];
    let inside = |path: &str| roots.iter().any(|root| is_within(path, root));
    let found = files
        .entries()
        .filter(|(_, e)| e.path.ends_with(".ex") && inside(&e.path));
    found
        .filter(|(_, e)| !is_beside(e.path.strip_prefix(folder).unwrap_or(&e.path)))
        .map(|(file, _)| file)
        .filter(|file| declares(&files.text(*file)))
        .collect()
}

/// Whether a module may declare a schema.
fn declares(text: &str) -> bool {
    ["schema \"", "schema(", "schema @", "schema do"]
        .iter()
        .any(|word| text.contains(word))
}

/// The Elixir modules at a path: the file, or all below the folder.
pub(super) fn files_at(files: &Files, path: &str) -> Vec<FileId> {
    let folder = path.trim_end_matches('/').trim_start_matches("./");
    let folder = if folder == "." { "" } else { folder };
    if let Some(file) = files.find(folder) {
        return if folder.ends_with(".ex") {
            vec![file]
        } else {
            Vec::new()
        };
    }
    let found = files.entries().filter(|(_, e)| e.path.ends_with(".ex"));
    found
        .filter(|(_, e)| is_within(&e.path, folder))
        .map(|(file, _)| file)
        .filter(|file| declares(&files.text(*file)))
        .collect()
}
