//! Listings that follow another: the next run's of a service, and the same with files that are not written yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use super::{Entry, FileSystem, Files, Listed, ReadError, Seen};

/// Texts beside the files of a listing.
struct Beside {
    listed: Arc<Listed>,
    texts: BTreeMap<String, String>,
}

impl FileSystem for Beside {
    fn list(&self) -> Vec<Entry> {
        let texts = self.texts.keys().map(|path| Entry::new(path.clone()));
        self.listed.entries.iter().cloned().chain(texts).collect()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        match self.texts.get(path) {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => self.listed.system.read(path),
        }
    }

    fn size(&self, path: &str) -> u64 {
        match self.texts.get(path) {
            Some(text) => text.len() as u64,
            None => self.listed.system.size(path),
        }
    }

    fn skipped(&self) -> Vec<(String, String)> {
        self.listed.system.skipped()
    }
}

impl Files {
    /// The files of the next run, where `system` lists what this run's did: what was read and has not changed is not read again.
    #[must_use]
    pub fn next(&self, system: impl FileSystem + 'static, changed: &BTreeSet<String>) -> Self {
        let kept = |(entry, slot): (&Entry, &OnceLock<_>)| match changed.contains(&entry.path) {
            true => OnceLock::new(),
            false => slot.clone(),
        };
        let said = |(entry, said): (&Entry, &AtomicU8)| match changed.contains(&entry.path) {
            true => AtomicU8::new(0),
            false => AtomicU8::new(said.load(Ordering::Relaxed)),
        };
        let entries = self.listed.entries.clone();
        Files {
            hidden: Arc::new(vec![false; entries.len()]),
            seen: Arc::new(Seen::new(entries.len(), None)),
            listed: Arc::new(Listed {
                system: Box::new(system),
                read: entries.iter().zip(&self.listed.read).map(kept).collect(),
                said: entries.iter().zip(&self.listed.said).map(said).collect(),
                entries,
                by_path: self.listed.by_path.clone(),
            }),
            memo: Arc::default(),
            lasting: self.lasting,
            last: self.last,
            keeps: self.keeps,
        }
    }

    /// Takes over the results of the run before that rest on nothing that changed. The listing and what is hidden of it must be the
    /// same.
    pub fn take_over(&mut self, before: &Files, changed: &BTreeSet<String>) {
        if !before.lasting || self.listed.entries != before.listed.entries || self.hidden != before.hidden {
            return;
        }
        let at = |path: &String| self.listed.position(path);
        let changed: Vec<usize> = changed.iter().filter_map(at).collect();
        self.memo = Arc::new(before.memo.holding(&changed));
    }

    /// Whether both list the same files.
    #[must_use]
    pub fn lists_as(&self, other: &Files) -> bool {
        self.listed.entries == other.listed.entries
    }

    /// The same files with others beside them, whose ids come after all: the ids of those that are here stay what they are, and what
    /// was read of them is not read again. `None` where one of them is listed already.
    #[must_use]
    pub fn with(&self, texts: BTreeMap<String, String>) -> Option<Files> {
        if texts.keys().any(|path| self.listed.position(path).is_some()) {
            return None;
        }
        let mut entries = (*self.listed.entries).clone();
        entries.extend(texts.keys().map(|path| Entry::new(path.clone())));
        let mut by_path: Vec<u32> = (0..entries.len() as u32).collect();
        by_path.sort_by(|a, b| entries[*a as usize].path.cmp(&entries[*b as usize].path));
        let mut hidden = (*self.hidden).clone();
        hidden.resize(entries.len(), false);
        let mut read = self.listed.read.clone();
        read.resize(entries.len(), OnceLock::new());
        let said = self.listed.said.iter().map(|said| said.load(Ordering::Relaxed));
        let said = said
            .map(AtomicU8::new)
            .chain(texts.keys().map(|_| AtomicU8::new(0)));
        Some(Files {
            hidden: Arc::new(hidden),
            memo: Arc::default(),
            seen: Arc::new(Seen::new(entries.len(), None)),
            listed: Arc::new(Listed {
                said: said.collect(),
                entries: Arc::new(entries),
                by_path: Arc::new(by_path),
                read,
                system: Box::new(Beside {
                    listed: self.listed.clone(),
                    texts,
                }),
            }),
            lasting: false,
            last: self.last,
            keeps: self.keeps,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_beside_others_stand_in_the_order_of_paths_and_leave_ids_as_they_are() {
        let files = Files::in_memory([("a/1.sql", "one"), ("a/3.sql", "three"), ("b.sql", "b")]);
        let ids = ["a/1.sql", "a/3.sql", "b.sql"].map(|path| files.find(path));
        let texts = BTreeMap::from([("a/2.sql".to_owned(), "two".to_owned())]);
        let later = files.with(texts.clone()).unwrap();
        assert_eq!(ids, ["a/1.sql", "a/3.sql", "b.sql"].map(|path| later.find(path)));
        let below: Vec<_> = later
            .below("a")
            .map(|(file, entry)| (later.text(file), entry.path.as_str()))
            .collect();
        let below: Vec<_> = below.iter().map(|(text, path)| (&**text, *path)).collect();
        assert_eq!(
            below,
            [("one", "a/1.sql"), ("two", "a/2.sql"), ("three", "a/3.sql")]
        );
        assert!(later.with(texts).is_none());
    }
}
