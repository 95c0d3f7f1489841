//! Files as the editor shows them: unsaved buffers over the disk, whose files are read once until something changes there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::source::{Entry, FileSystem, ReadError};

type Held = Result<Vec<u8>, ReadError>;

/// What was read, and the stamp that it bore before.
type Read = (Arc<Held>, Option<u128>);

/// The disk's files, read at most once.
#[derive(Clone)]
pub(super) struct Kept {
    disk: Arc<dyn FileSystem>,
    read: Arc<Mutex<BTreeMap<String, Read>>>,
    sizes: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Kept {
    pub(super) fn new(disk: Arc<dyn FileSystem>) -> Self {
        Kept {
            disk,
            read: Arc::default(),
            sizes: Arc::default(),
        }
    }

    /// The files as they lie on the disk now, and which of those that were looked at are not what they were. What bears the same
    /// stamp is not read again.
    pub(super) fn anew(&self, disk: Arc<dyn FileSystem>) -> (Self, BTreeSet<String>) {
        let mut changed = BTreeSet::new();
        let mut read = locked(&self.read).clone();
        read.retain(|path, (_, stamp)| {
            let same = stamp.is_some() && disk.stamp(path) == *stamp;
            if !same {
                changed.insert(path.clone());
            }
            same
        });
        for (path, size) in &*locked(&self.sizes) {
            if disk.size(path) != *size {
                changed.insert(path.clone());
            }
        }
        let kept = Kept {
            disk,
            read: Arc::new(Mutex::new(read)),
            sizes: self.sizes.clone(),
        };
        (kept, changed)
    }

    fn read(&self, path: &str) -> Held {
        if let Some((held, _)) = locked(&self.read).get(path) {
            return (**held).clone();
        }
        // Taken first: what is written meanwhile then bears another.
        let stamp = self.disk.stamp(path);
        let read = self.disk.read(path);
        locked(&self.read).insert(path.to_owned(), (Arc::new(read.clone()), stamp));
        read
    }

    fn size(&self, path: &str) -> u64 {
        let size = self.disk.size(path);
        locked(&self.sizes).insert(path.to_owned(), size);
        size
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Buffers by the listing's path.
pub(super) type Buffers = BTreeMap<String, Arc<str>>;

/// The buffers that are not what they were, those that were opened and closed too.
pub(super) fn changed(before: &Buffers, now: &Buffers) -> BTreeSet<String> {
    let same = |path: &String| match (before.get(path), now.get(path)) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        _ => false,
    };
    let all = before.keys().chain(now.keys());
    all.filter(|path| !same(path)).cloned().collect()
}

/// What one check sees.
#[derive(Clone)]
pub(super) struct Overlay {
    /// The disk below.
    pub(super) kept: Kept,
    /// What lies above it.
    pub(super) buffers: Buffers,
}

impl FileSystem for Overlay {
    fn list(&self) -> Vec<Entry> {
        let on_disk = self.kept.disk.list();
        let on_disk = on_disk
            .into_iter()
            .filter(|entry| !self.buffers.contains_key(&entry.path));
        let open = self.buffers.keys().map(|path| Entry::new(path.clone()));
        on_disk.chain(open).collect()
    }

    fn size(&self, path: &str) -> u64 {
        match self.buffers.get(path) {
            Some(text) => text.len() as u64,
            None => self.kept.size(path),
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
