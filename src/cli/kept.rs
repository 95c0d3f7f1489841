//! What git keeps: a file in its index is the repository's, whatever `.gitignore` says of it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use gix::index::entry::{Mode, Stage};
use ignore::gitignore::Gitignore;

use super::revision::discover;

/// The files of a repository's index. Ignore files are for what git does not keep yet: "files already tracked by Git are not
/// affected" (gitignore(5)).
#[derive(Debug)]
pub(super) struct Kept {
    /// The working tree, without links.
    top: PathBuf,
    /// Paths below it, with `/`.
    files: Vec<String>,
}

/// Files named `.ignore`, which are for tools that search and hold for kept files too; by their folder.
#[derive(Default)]
pub(super) struct Hidden(HashMap<PathBuf, Option<Gitignore>>);

impl Kept {
    /// The index of the repository that a folder lies in, if it can be read.
    pub(super) fn around(folder: &Path) -> Option<Kept> {
        let repository = discover(folder).ok()?;
        let top = repository.workdir()?.canonicalize().ok()?;
        let index = repository.try_index().ok()??;
        let entries = index.entries().iter();
        let is_file = |mode: Mode| matches!(mode, Mode::FILE | Mode::FILE_EXECUTABLE);
        let files = entries
            .filter(|entry| is_file(entry.mode) && entry.stage() == Stage::Unconflicted)
            .map(|entry| entry.path(&index).to_string())
            .collect();
        Some(Kept { top, files })
    }

    /// The files below a folder (absolute, without links): what makes their full paths, and the parts that lead to each from the folder.
    pub(super) fn below<'k>(
        &'k self,
        folder: &'k Path,
    ) -> impl Iterator<Item = (impl Fn() -> PathBuf + use<'k>, &'k str)> {
        // The folder lies in the working tree, or the working tree in it.
        let inside = folder.strip_prefix(&self.top).ok().map(super::revision::slashed);
        let holds_all = self.top.starts_with(folder);
        self.files.iter().filter_map(move |path| {
            let rest = match &inside {
                Some(inside) if !inside.is_empty() => {
                    path.strip_prefix(inside.as_str())?.strip_prefix('/')?
                }
                Some(_) => path.as_str(),
                None if holds_all => path.as_str(),
                None => return None,
            };
            Some((move || self.top.join(path), rest))
        })
    }
}

impl Hidden {
    /// Whether an `.ignore` beside a file or above it leaves it out.
    pub(super) fn leaves_out(&mut self, file: &Path) -> bool {
        for folder in file.ancestors().skip(1) {
            let held = self.0.entry(folder.to_owned()).or_insert_with(|| {
                let path = folder.join(".ignore");
                path.is_file().then(|| Gitignore::new(path).0)
            });
            let matched = held
                .as_ref()
                .map(|ignore| ignore.matched_path_or_any_parents(file, false));
            match matched {
                Some(matched) if matched.is_ignore() => return true,
                Some(matched) if matched.is_whitelist() => return false,
                _ => {}
            }
        }
        false
    }
}
