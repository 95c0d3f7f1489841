//! The listing by folders: which files and folders each holds. Made once a run from names alone.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::source::{FileId, Files};
use crate::stacks::Item;

/// All folders of a listing.
#[derive(Debug)]
pub(super) struct Index<'a> {
    /// The listing.
    pub(super) files: &'a Files,
    folders: BTreeMap<&'a str, Inside<'a>>,
}

/// What lies in one folder.
#[derive(Debug, Default)]
pub(super) struct Inside<'a> {
    /// Files by name.
    pub(super) items: Vec<Item<'a>>,
    /// Names of folders.
    pub(super) folders: BTreeSet<&'a str>,
}

impl<'a> Index<'a> {
    pub(super) fn new(files: &'a Files) -> Self {
        let mut folders: FxHashMap<&str, Inside<'_>> = FxHashMap::default();
        for (file, entry) in files.entries() {
            let (folder, name) = split(&entry.path);
            let known = folders.contains_key(folder);
            folders.entry(folder).or_default().items.push(Item { name, file });
            let mut below = folder;
            while !known && !below.is_empty() {
                let (above, name) = split(below);
                if !folders.entry(above).or_default().folders.insert(name) {
                    break;
                }
                below = above;
            }
        }
        let folders = folders.into_iter().collect();
        Index { files, folders }
    }

    /// All folders in path order.
    pub(super) fn folders(&self) -> impl Iterator<Item = (&'a str, &Inside<'a>)> {
        self.folders.iter().map(|(path, inside)| (*path, inside))
    }

    /// The file of a name in a folder.
    pub(super) fn file(&self, folder: &str, name: &str) -> Option<FileId> {
        self.files.find(&join(folder, name))
    }

    /// The nearest folder at or above a path that holds one of these files.
    pub(super) fn nearest<'p>(&self, path: &'p str, names: &[&str]) -> Option<&'p str> {
        super::guess::ancestors(path).find(|above| names.iter().any(|n| self.file(above, n).is_some()))
    }
}

impl Inside<'_> {
    /// The file of a name.
    pub(super) fn file(&self, name: &str) -> Option<FileId> {
        self.items.iter().find(|i| i.name == name).map(|i| i.file)
    }
}

/// A path's folder and its last name.
pub(super) fn split(path: &str) -> (&str, &str) {
    let slash = path.bytes().rposition(|byte| byte == b'/');
    slash.map_or(("", path), |at| (&path[..at], &path[at + 1..]))
}

/// A name in a folder.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// Whether `path` is `folder` or lies below it.
pub(super) fn is_within(path: &str, folder: &str) -> bool {
    folder.is_empty() && !path.starts_with("../")
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
