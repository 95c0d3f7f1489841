//! Models in Elixir: which modules declare schemas, and the history that they belong to.

use std::collections::BTreeSet;

use super::index::{Index, is_within};
use super::unsupported::shown;
use super::{Found, ModelSource, NotChecked};
use crate::source::{FileId, Files};
use crate::stacks::ecto::family::{self, Family};
use crate::stacks::ecto::project::{Project, is_beside, join, place, repos};

/// Gives each history of Ecto the schemas of its project, and those of the projects around it that have no history and no repository
/// of their own. Where a project has several repositories, which schema belongs to which is not written down: each has all of them.
pub(super) fn add(index: &Index<'_>, found: &mut Found) {
    let mut homes: Vec<(usize, String)> = Vec::new();
    for (at, target) in found.targets.iter().enumerate() {
        if let [history] = target.histories.as_slice()
            && history.runner.name == "ecto"
            && target.models.is_empty()
        {
            homes.push((at, Project::of(index.files, &history.path).folder));
        }
    }
    let (joining, untold) = joining(index, &homes);
    found.not_checked.extend(untold);
    for (at, folder) in homes {
        let Some(target) = found.targets.get_mut(at) else {
            continue;
        };
        let mut files = schemas(index.files, &folder);
        let mut path = join(&folder, "lib");
        for (_, joins) in joining.iter().filter(|(home, _)| *home == folder) {
            files.extend(schemas(index.files, joins));
            path = Family::of(index.files, joins).applications.unwrap_or(path);
        }
        if files.is_empty() {
            continue;
        }
        target.models.push(ModelSource {
            stack: "ecto",
            path,
            files,
            history: target.histories.first().map(|history| history.path.clone()),
        });
    }
}

/// The projects without a history of their own whose schemas are those of another's: that project's folder, and theirs. Which
/// schemas are of no history that is checked is said.
fn joining(index: &Index<'_>, homes: &[(usize, String)]) -> (Vec<(String, String)>, Vec<NotChecked>) {
    let (mut out, mut untold) = (Vec::new(), Vec::new());
    let homes: BTreeSet<&str> = homes.iter().map(|(_, folder)| folder.as_str()).collect();
    for folder in projects(index) {
        let is_history = |path: &str| place(path).is_some_and(|(of, _)| of == folder);
        let has_own = homes.contains(folder) || index.folders().any(|(path, _)| is_history(path));
        let files = schemas(index.files, folder);
        let maps = files.iter().find(|file| maps_table(&index.files.text(**file)));
        if has_own || maps.is_none() {
            continue;
        }
        let own = repos(index.files, folder);
        let together = |home: &&str| family::belong_together(index.files, folder, home);
        let mut around: Vec<&str> = homes.iter().copied().filter(together).collect();
        if around.len() > 1 {
            let used = |home: &&str| family::depends_on(index.files, folder, home);
            let used: Vec<&str> = around.iter().copied().filter(used).collect();
            around = if used.is_empty() { around } else { used };
        }
        let why = match (own.first(), around.as_slice()) {
            (None, [home]) => {
                out.push(((*home).to_owned(), folder.to_owned()));
                continue;
            }
            (Some(repo), _) => format!("no migrations of its repository {} were found", repo.module),
            (None, []) => match family::migrations_beside(index.files, folder).first() {
                Some(file) => format!(
                    "the migrations around it lie beside what is checked, as {}; check the folder that holds both",
                    index.files.path(*file)
                ),
                None => "no migrations were found for its schemas".to_owned(),
            },
            (None, several) => format!(
                "which migrations make its tables is not told: those of {} may",
                several.join(", ")
            ),
        };
        untold.push(NotChecked {
            what: format!("{} (Ecto schemas)", shown(&join(folder, "lib"))),
            why,
        });
    }
    (out, untold)
}

/// The folders of the projects that are checked.
fn projects<'i>(index: &'i Index<'_>) -> impl Iterator<Item = &'i str> {
    let folders = index.folders();
    let own = folders.filter(|(path, inside)| inside.file("mix.exs").is_some() && !is_beside(path));
    own.map(|(path, _)| path)
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

/// Whether a module may map a table.
fn maps_table(text: &str) -> bool {
    let mut places = text
        .match_indices("schema \"")
        .chain(text.match_indices("schema @"));
    places.any(|(at, _)| text[..at].chars().next_back().is_none_or(char::is_whitespace))
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
