//! A folder of the listing, as the histories' readers see it: its files and its folders by name.

use std::collections::BTreeMap;

use crate::source::{FileId, Files};

/// A folder of the listing.
#[derive(Debug, Clone, Copy)]
pub struct Folder<'a> {
    /// The listing.
    pub files: &'a Files,
    /// Its path, no slash at its end; empty for the folder that is checked.
    pub path: &'a str,
}

/// A file of a folder.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// Its name without folders.
    pub name: &'a str,
    /// The file.
    pub file: FileId,
}

impl<'a> Folder<'a> {
    /// A folder by its path.
    #[must_use]
    pub fn new(files: &'a Files, path: &'a str) -> Self {
        Folder { files, path }
    }

    /// Everything below it: path from here, and file; in path order.
    pub fn below(self) -> impl Iterator<Item = (&'a str, FileId)> {
        let skip = if self.path.is_empty() {
            0
        } else {
            self.path.len() + 1
        };
        self.files
            .below(self.path)
            .map(move |(file, entry)| (entry.path.get(skip..).unwrap_or(""), file))
    }

    /// The files that lie in the folder itself, in name order.
    pub fn items(self) -> impl Iterator<Item = Item<'a>> {
        self.below()
            .filter(|(path, _)| !path.contains('/'))
            .map(|(name, file)| Item { name, file })
    }

    /// The folders in it, each with the files that lie directly in it; in name order (by bytes).
    #[must_use]
    pub fn folders(self) -> BTreeMap<&'a str, Vec<Item<'a>>> {
        let mut out: BTreeMap<&str, Vec<Item<'_>>> = BTreeMap::new();
        for (path, file) in self.below() {
            let mut parts = path.splitn(3, '/');
            if let (Some(folder), Some(name)) = (parts.next(), parts.next()) {
                let items = out.entry(folder).or_default();
                if parts.next().is_none() {
                    items.push(Item { name, file });
                }
            }
        }
        out
    }

    /// The file of this name in the folder.
    #[must_use]
    pub fn file(self, name: &str) -> Option<FileId> {
        self.files.find(&self.join(name))
    }

    /// The path of a name in this folder.
    #[must_use]
    pub fn join(self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", self.path)
        }
    }
}
