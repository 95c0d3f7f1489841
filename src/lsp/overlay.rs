//! Files as the editor shows them: unsaved buffers over the disk, whose files are read once until something changes there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::source::{Entry, FileSystem, ReadError};

type Held = Result<Vec<u8>, ReadError>;

/// The disk's files, read at most once.
#[derive(Clone)]
pub(super) struct Kept {
    disk: Arc<dyn FileSystem>,
    read: Arc<Mutex<BTreeMap<String, Arc<Held>>>>,
}

impl Kept {
    pub(super) fn new(disk: Arc<dyn FileSystem>) -> Self {
        Kept {
            disk,
            read: Arc::default(),
        }
    }

    fn read(&self, path: &str) -> Held {
        let held = |map: &BTreeMap<String, Arc<Held>>| map.get(path).cloned();
        if let Some(held) = self.read.lock().ok().and_then(|map| held(&map)) {
            return (*held).clone();
        }
        let read = self.disk.read(path);
        if let Ok(mut map) = self.read.lock() {
            map.insert(path.to_owned(), Arc::new(read.clone()));
        }
        read
    }
}

/// What one check sees.
pub(super) struct Overlay {
    /// The disk below.
    pub(super) kept: Kept,
    /// Buffers by the listing's path.
    pub(super) buffers: BTreeMap<String, Arc<str>>,
}

impl FileSystem for Overlay {
    fn list(&self) -> Vec<Entry> {
        let on_disk = self.kept.disk.list();
        let on_disk = on_disk
            .into_iter()
            .filter(|entry| !self.buffers.contains_key(&entry.path));
        let open = self.buffers.keys().map(|path| Entry { path: path.clone() });
        on_disk.chain(open).collect()
    }

    fn size(&self, path: &str) -> u64 {
        match self.buffers.get(path) {
            Some(text) => text.len() as u64,
            None => self.kept.disk.size(path),
        }
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        match self.buffers.get(path) {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => self.kept.read(path),
        }
    }

    fn skipped(&self) -> Vec<(String, String)> {
        self.kept.disk.skipped()
    }
}
