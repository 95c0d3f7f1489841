//! Where files are for the programs that take reports up: those begin at a repository's root, whatever folder was checked.

use std::ops::Deref;

use crate::source::{FileId, Files};

/// The files of a run, with paths that begin at another folder than the one that was checked.
#[derive(Debug)]
pub struct Based<'f> {
    files: &'f Files,
    /// The folder that was checked, from there; empty where it is the same.
    folder: String,
}

impl<'f> Based<'f> {
    /// Paths that begin where `folder` leads to the one that was checked: `backend` where that is the one above.
    #[must_use]
    pub fn new(files: &'f Files, folder: &str) -> Self {
        Based {
            files,
            folder: folder.to_owned(),
        }
    }

    /// The path of a file.
    #[must_use]
    pub fn path(&self, file: FileId) -> String {
        let mut folder = self.folder.as_str();
        let mut path = self.files.path(file);
        while let Some(rest) = path.strip_prefix("../").filter(|_| !folder.is_empty()) {
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
            path = rest;
        }
        match folder {
            "" => path.to_owned(),
            folder => format!("{folder}/{path}"),
        }
    }
}

impl Deref for Based<'_> {
    type Target = Files;

    fn deref(&self) -> &Files {
        self.files
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_elsewhere() {
        let files = Files::in_memory([("../lib/b.py", ""), ("a.py", "")]);
        let of = |folder: &str, path: &str| Based::new(&files, folder).path(files.find(path).unwrap());
        assert_eq!(of("", "a.py"), "a.py");
        assert_eq!(of("server/app", "a.py"), "server/app/a.py");
        assert_eq!(of("server/app", "../lib/b.py"), "server/lib/b.py");
        assert_eq!(of("", "../lib/b.py"), "../lib/b.py");
    }
}
