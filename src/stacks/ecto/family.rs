//! The projects around one: the applications of its umbrella, and those that it depends on by a path. They share a database, or may:
//! one's schemas use tables that another's migrations make, and its migrations call modules of another.
//!
//! Source: Mix's "Umbrella projects" (`apps_path:` of the root, `in_umbrella: true` of a dependency) and `mix help deps` (`path:`).

use std::collections::BTreeSet;

use super::project::{is_beside, join};
use crate::declared::{Expectation, Model};
use crate::known::{Gap, Reach};
use crate::source::{FileId, Files, Span};

/// How many folders above those that are checked are looked at.
const HIGHEST: usize = 8;

/// What belongs together with a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Family {
    /// The folder of the umbrella's applications.
    pub applications: Option<String>,
    /// The folders of its dependencies, and of theirs, that are given by their path.
    paths: Vec<String>,
}

impl Family {
    /// What belongs to the project of a folder.
    #[must_use]
    pub fn of(files: &Files, folder: &str) -> Family {
        let above = ancestors(folder);
        let applications = above.iter().enumerate().skip(1).find_map(|(at, root)| {
            let text = files.text(files.find(&join(root, "mix.exs"))?);
            let inside = applications_path(&text)?;
            let depth = inside
                .split('/')
                .filter(|part| !matches!(*part, "" | "."))
                .count();
            above.get(at.checked_sub(depth)?).cloned()
        });
        let mut paths: Vec<String> = Vec::new();
        let mut left = vec![folder.to_owned()];
        while let Some(next) = left.pop() {
            for path in path_dependencies(files, &next) {
                if path != folder && !paths.contains(&path) {
                    paths.push(path.clone());
                    left.push(path);
                }
            }
        }
        paths.sort();
        Family { applications, paths }
    }

    /// Whether a path lies in one of them.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        let mut folders = self.applications.iter().chain(&self.paths);
        folders.any(|folder| is_within(path, folder))
    }
}

/// Whether two projects belong together, whichever of them depends on the other.
#[must_use]
pub fn belong_together(files: &Files, one: &str, other: &str) -> bool {
    Family::of(files, one).holds(other) || Family::of(files, other).holds(one)
}

/// A folder and those above it, also those above what is checked: `..`.
#[must_use]
pub fn ancestors(folder: &str) -> Vec<String> {
    let mut out = vec![folder.to_owned()];
    let mut current = folder.to_owned();
    while !current.is_empty() && !is_above(&current) {
        current = current
            .rsplit_once('/')
            .map_or(String::new(), |(above, _)| above.to_owned());
        out.push(current.clone());
    }
    for _ in 0..HIGHEST {
        current = match current.is_empty() {
            true => "..".to_owned(),
            false => format!("../{current}"),
        };
        out.push(current.clone());
    }
    out
}

/// Whether a folder is one that holds what is checked: `..`, `../..`.
fn is_above(folder: &str) -> bool {
    !folder.is_empty() && folder.split('/').all(|part| part == "..")
}

/// Whether a path lies in a folder; either may begin above what is checked.
#[must_use]
pub fn is_within(path: &str, folder: &str) -> bool {
    let climbs = |path: &str| path.split('/').take_while(|part| *part == "..").count();
    if folder.is_empty() || is_above(folder) {
        return climbs(path) <= climbs(folder);
    }
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where the applications of an umbrella are, of the text of its `mix.exs`: `apps_path: "apps"`.
#[must_use]
pub fn applications_path(text: &str) -> Option<&str> {
    let (_, said) = text.split_once("apps_path:")?;
    let (path, _) = said.trim_start().strip_prefix('"')?.split_once('"')?;
    Some(path)
}

/// What the text of a `mix.exs` names by its path.
pub fn paths(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("path: \"").filter_map(|(at, word)| {
        let (path, _) = text[at + word.len()..].split_once('"')?;
        is_below(text[..at].chars().next_back()).then_some(path)
    })
}

/// The folders that the `mix.exs` of a folder names as dependencies.
fn path_dependencies(files: &Files, folder: &str) -> Vec<String> {
    let Some(file) = files.find(&join(folder, "mix.exs")) else {
        return Vec::new();
    };
    let text = files.text(file);
    let named = paths(&text).map(|path| plain(&join(folder, path)));
    named
        .filter(|path| files.find(&join(path, "mix.exs")).is_some())
        .collect()
}

/// Whether the project of a folder depends on that of another, directly or through others: applications of an umbrella are named as
/// their folders are.
#[must_use]
pub fn depends_on(files: &Files, folder: &str, other: &str) -> bool {
    let around = projects(files, folder);
    let mut seen = vec![folder.to_owned()];
    let mut at = 0;
    while let Some(next) = seen.get(at).cloned() {
        at += 1;
        let text = files
            .find(&join(&next, "mix.exs"))
            .map(|file| files.text(file))
            .unwrap_or_default();
        let paths = path_dependencies(files, &next);
        for project in &around {
            let name = project.rsplit('/').next().unwrap_or(project);
            let named = text.contains(&format!("{{:{name},")) || paths.contains(project);
            if named && !seen.contains(project) {
                seen.push(project.clone());
            }
        }
    }
    seen.iter().skip(1).any(|project| project == other)
}

/// Whether a word begins behind a character: `path:` does in `, path:`, not in `build_path:`.
fn is_below(before: Option<char>) -> bool {
    before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
}

/// A path without `.`, and `..` only where it leads above what is checked.
fn plain(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if out.last().is_some_and(|last| *last != "..") => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out.join("/")
}

/// The projects that belong together with that of a folder, itself left out, by the folders of their `mix.exs`.
#[must_use]
pub fn projects(files: &Files, folder: &str) -> Vec<String> {
    let family = Family::of(files, folder);
    let manifests = files.importable().filter_map(|(_, entry)| {
        let at = match entry.path.strip_suffix("mix.exs")? {
            "" => "",
            at => at.strip_suffix('/')?,
        };
        (at != folder && family.holds(at) && !is_beside(at)).then(|| at.to_owned())
    });
    manifests.collect()
}

/// The migrations of projects around one that are not checked along with it.
#[must_use]
pub fn migrations_beside(files: &Files, folder: &str) -> Vec<FileId> {
    let is_beside = files.importable().any(|(_, entry)| entry.beside);
    if !is_beside {
        return Vec::new();
    }
    let family = Family::of(files, folder);
    let found = files.importable().filter(|(_, entry)| {
        entry.beside
            && entry.path.ends_with(".exs")
            && entry.path.contains("/priv/")
            && entry.path.contains("/migrations/")
            && family.holds(&entry.path)
    });
    found.map(|(file, _)| file).collect()
}

/// The migration that is not checked along with a project, of those around it, which names a table.
#[must_use]
pub fn named_beside(files: &Files, migrations: &[FileId], table: &str) -> Option<FileId> {
    let mut migrations = migrations.iter().copied();
    migrations.find(|file| mentions(&files.text(*file), table))
}

/// Why the table of a model may be made by migrations that are not checked along with it: one of them names it.
#[must_use]
pub fn made_beside(files: &Files, migrations: &[FileId], model: &Model) -> Option<Gap> {
    let Some(Expectation::Exactly(table)) = &model.table else {
        return None;
    };
    let name = table.name.as_str();
    let file = named_beside(files, migrations, name)?;
    let why = format!("the migrations of a project beside what is checked may make {name}");
    Some(Gap::new(Span::new(file, 0, 0), why, Reach::Rows))
}

/// The tables that schemas of projects around one map, which are not checked along with it: `schema "users" do`.
#[must_use]
pub fn mapped_beside(files: &Files, folder: &str) -> BTreeSet<String> {
    let mut family = None;
    let mut out = BTreeSet::new();
    for (file, entry) in files.importable() {
        let is_module = entry.beside && entry.path.ends_with(".ex");
        if is_module
            && family
                .get_or_insert_with(|| Family::of(files, folder))
                .holds(&entry.path)
        {
            let text = files.text(file);
            let named = text.split("schema \"").skip(1);
            out.extend(named.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        }
    }
    out
}

/// Whether a name stands in a text as a word.
fn mentions(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(part) && !after.starts_with(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_above_what_is_checked() {
        assert_eq!(ancestors("a/b")[..4], ["a/b", "a", "", ".."]);
        assert_eq!(ancestors("../core")[..3], ["../core", "..", "../.."]);
        assert!(is_within("lib/a.ex", "../.."));
        assert!(is_within("../core/a.ex", "../.."));
        assert!(!is_within("../../x.ex", ".."));
        assert!(!is_within("../x.ex", ""));
        assert!(is_within("../core/a.ex", "../core"));
        assert_eq!(plain("../core/../data"), "../data");
        assert_eq!(plain("a/../../b"), "../b");
    }

    #[test]
    fn an_umbrella_and_paths() {
        let files = Files::in_memory([
            ("mix.exs", "def project, do: [apps_path: \"apps\"]"),
            (
                "apps/a/mix.exs",
                "def project, do: [build_path: \"../../_build\"]",
            ),
            ("apps/b/mix.exs", ""),
            ("other/mix.exs", "{:c, path: \"../c\"}"),
            ("c/mix.exs", "{:d, path: \"../d\"}"),
            ("d/mix.exs", ""),
        ]);
        assert_eq!(projects(&files, "apps/a"), ["apps/b"]);
        assert_eq!(Family::of(&files, "other").paths, ["c", "d"]);
        assert_eq!(projects(&files, "other"), ["c", "d"]);
        assert_eq!(Family::of(&files, ""), Family::default());
    }
}
