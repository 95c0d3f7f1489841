//! Where files come from: a disk, memory, an editor's texts over a disk.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Why a file could not be read. The words are for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError(pub String);

/// One file of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path relative to the folder that is checked, with `/`; `..` in front where it lies outside.
    pub path: String,
    /// Programs may import it, and nothing is looked for in it: it lies beside what is checked.
    pub beside: bool,
}

impl Entry {
    /// A file of what is checked.
    #[must_use]
    pub fn new(path: impl Into<String>) -> Self {
        Entry {
            path: path.into(),
            beside: false,
        }
    }
}

/// Where file contents come from: a disk, the editor's unsaved buffers over a disk, or memory.
pub trait FileSystem: Send + Sync {
    /// Every file that may be read, in any order. Ignored folders are not in it.
    fn list(&self) -> Vec<Entry>;
    /// The bytes of a file of the listing.
    ///
    /// # Errors
    /// When it cannot be read; the text says why.
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError>;
    /// How many bytes a file of the listing has; 0 where that cannot be told.
    fn size(&self, path: &str) -> u64 {
        self.read(path).map_or(0, |bytes| bytes.len() as u64)
    }
    /// What tells a file from what it was before it was last written; `None` where that cannot be told for certain.
    fn stamp(&self, _path: &str) -> Option<u128> {
        None
    }
    /// What the listing left out and a user may miss (an unreadable folder, a pipe): path and why.
    fn skipped(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

impl<T: FileSystem + ?Sized> FileSystem for Arc<T> {
    fn list(&self) -> Vec<Entry> {
        (**self).list()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        (**self).read(path)
    }

    fn size(&self, path: &str) -> u64 {
        (**self).size(path)
    }

    fn skipped(&self) -> Vec<(String, String)> {
        (**self).skipped()
    }
}

/// Files in memory: for tests, and for text that comes by standard input.
#[derive(Debug, Default, Clone)]
pub struct MemoryFiles(pub BTreeMap<String, Vec<u8>>);

impl FileSystem for MemoryFiles {
    fn list(&self) -> Vec<Entry> {
        self.0.keys().map(|path| Entry::new(path.clone())).collect()
    }

    fn size(&self, path: &str) -> u64 {
        self.0.get(path).map_or(0, |bytes| bytes.len() as u64)
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.0
            .get(path)
            .cloned()
            .ok_or_else(|| ReadError("no such file".to_owned()))
    }
}

/// Texts over other files.
#[derive(Clone)]
pub struct Overlay {
    /// What lies below.
    pub below: Arc<dyn FileSystem>,
    /// Texts by path.
    pub texts: BTreeMap<String, String>,
}

impl FileSystem for Overlay {
    fn list(&self) -> Vec<Entry> {
        let below = self.below.list().into_iter();
        let below = below.filter(|entry| !self.texts.contains_key(&entry.path));
        let texts = self.texts.keys().map(|path| Entry::new(path.clone()));
        below.chain(texts).collect()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        match self.texts.get(path) {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => self.below.read(path),
        }
    }

    fn size(&self, path: &str) -> u64 {
        match self.texts.get(path) {
            Some(text) => text.len() as u64,
            None => self.below.size(path),
        }
    }

    fn skipped(&self) -> Vec<(String, String)> {
        self.below.skipped()
    }
}
