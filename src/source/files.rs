//! The listing of a run: which files there are, their text once read, and which were read.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::memo::Memo;
use super::{FileId, LineColumn, LineIndex, Span};

/// Why a file could not be read. The words are for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError(pub String);

/// One file of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path relative to the folder that is checked, with `/`; `..` in front where it lies outside.
    pub path: String,
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
        self.0.keys().map(|path| Entry { path: path.clone() }).collect()
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
        let texts = self.texts.keys().map(|path| Entry { path: path.clone() });
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

/// A file's text. Bytes that are not UTF-8 and a byte order mark are masked one for one, so offsets are those of the file.
#[derive(Debug)]
pub struct SourceFile {
    /// Path as in [`Entry::path`].
    pub path: String,
    /// The text.
    pub text: Arc<str>,
    /// First byte that is not UTF-8, where there is one (masked as `?`).
    pub not_utf8: Option<u32>,
    lines: OnceLock<LineIndex>,
}

impl SourceFile {
    fn new(path: String, bytes: Vec<u8>) -> Result<Self, ReadError> {
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            return Err(ReadError("is UTF-16; save it as UTF-8".to_owned()));
        }
        if bytes.len() > u32::MAX as usize / 2 {
            return Err(ReadError("is larger than 2 GiB".to_owned()));
        }
        let (mut text, not_utf8) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(e) => mask(e.into_bytes()),
        };
        if text.starts_with('\u{FEFF}') {
            text.replace_range(0..3, "   ");
        }
        Ok(SourceFile {
            path,
            text: text.into(),
            not_utf8,
            lines: OnceLock::new(),
        })
    }

    /// The line index, made when first asked for.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }

    /// Line and column of a byte offset.
    #[must_use]
    pub fn at(&self, offset: u32) -> LineColumn {
        self.lines().line_column(&self.text, offset)
    }
}

/// Replaces each byte that is not UTF-8 by `?`; the place of the first is returned.
fn mask(mut bytes: Vec<u8>) -> (String, Option<u32>) {
    let mut first = None;
    let mut from = 0;
    while let Err(e) = std::str::from_utf8(&bytes[from..]) {
        let bad = from + e.valid_up_to();
        first.get_or_insert(bad as u32);
        let len = e.error_len().unwrap_or(bytes.len() - bad);
        bytes[bad..bad + len].fill(b'?');
        from = bad + len;
    }
    (String::from_utf8_lossy(&bytes).into_owned(), first)
}

/// The files of one run. Reading is lazy, happens once a file, and may happen on several threads.
pub struct Files {
    system: Box<dyn FileSystem>,
    entries: Vec<Entry>,
    /// Files that nothing finds any more, by id.
    hidden: Vec<bool>,
    read: Vec<OnceLock<Result<Arc<SourceFile>, ReadError>>>,
    memo: Memo,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files")
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

impl Files {
    /// Lists `system` once; ids follow the order of paths.
    #[must_use]
    pub fn new(system: impl FileSystem + 'static) -> Self {
        let mut entries = system.list();
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        entries.dedup_by(|a, b| a.path == b.path);
        let read = entries.iter().map(|_| OnceLock::new()).collect();
        Files {
            system: Box::new(system),
            hidden: vec![false; entries.len()],
            entries,
            read,
            memo: Memo::default(),
        }
    }

    /// Files in memory, from path and text.
    #[must_use]
    pub fn in_memory<P: Into<String>, T: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        Files::new(MemoryFiles(
            files.into_iter().map(|(p, t)| (p.into(), t.into())).collect(),
        ))
    }

    /// Takes files out of the listing: they keep their ids, and nothing finds them any more.
    pub fn hide(&mut self, hides: impl Fn(&str) -> bool) {
        for (hidden, entry) in self.hidden.iter_mut().zip(&self.entries) {
            *hidden |= hides(&entry.path);
        }
    }

    fn is_listed(&self, at: usize) -> bool {
        !self.hidden.get(at).copied().unwrap_or(true)
    }

    /// All files in path order.
    pub fn entries(&self) -> impl Iterator<Item = (FileId, &Entry)> {
        self.entries
            .iter()
            .enumerate()
            .filter(|(i, _)| self.is_listed(*i))
            .map(|(i, e)| (FileId(i as u32), e))
    }

    /// What the listing left out and a user may miss: path and why.
    #[must_use]
    pub fn skipped(&self) -> Vec<(String, String)> {
        self.system.skipped()
    }

    /// The path of a file.
    #[must_use]
    pub fn path(&self, file: FileId) -> &str {
        self.entries.get(file.0 as usize).map_or("", |e| &e.path)
    }

    /// How many bytes a file has, without reading it; 0 where that cannot be told.
    #[must_use]
    pub fn size(&self, file: FileId) -> u64 {
        match self.read.get(file.0 as usize).and_then(OnceLock::get) {
            Some(Ok(read)) => read.text.len() as u64,
            _ => self.system.size(self.path(file)),
        }
    }

    /// The file with this path, if it is listed.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.entries
            .binary_search_by(|e| e.path.as_str().cmp(path))
            .ok()
            .filter(|i| self.is_listed(*i))
            .map(|i| FileId(i as u32))
    }

    /// Files below `folder` (no trailing slash; empty for all), in path order.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (FileId, &'a Entry)> {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let from = self
            .entries
            .partition_point(|e| e.path.as_str() < prefix.as_str());
        self.entries[from..]
            .iter()
            .enumerate()
            .map(move |(i, e)| (FileId((from + i) as u32), e))
            .take_while(move |(_, e)| e.path.starts_with(&prefix))
            .filter(|(file, _)| self.is_listed(file.0 as usize))
    }

    /// A file's text.
    ///
    /// # Errors
    /// When it cannot be read or is no text; the words say why.
    pub fn read(&self, file: FileId) -> Result<&Arc<SourceFile>, &ReadError> {
        static GONE: ReadError = ReadError(String::new());
        let Some(slot) = self.read.get(file.0 as usize) else {
            return Err(&GONE);
        };
        slot.get_or_init(|| {
            let path = &self.entries[file.0 as usize].path;
            let bytes = self.system.read(path)?;
            SourceFile::new(path.clone(), bytes).map(Arc::new)
        })
        .as_ref()
    }

    /// Reads a file and keeps its text only where its bytes are `wanted`; whether they are.
    pub fn keep_if(&self, file: FileId, wanted: impl Fn(&[u8]) -> bool) -> bool {
        let Some(slot) = self.read.get(file.0 as usize) else {
            return false;
        };
        if let Some(read) = slot.get() {
            return read.as_ref().is_ok_and(|read| wanted(read.text.as_bytes()));
        }
        let path = &self.entries[file.0 as usize].path;
        match self.system.read(path) {
            Ok(bytes) if !wanted(&bytes) => false,
            read => {
                let read = read.and_then(|bytes| SourceFile::new(path.clone(), bytes).map(Arc::new));
                slot.get_or_init(|| read).is_ok()
            }
        }
    }

    /// What `make` works out of the files under a key: once a run, however often it is asked for. `make` must depend on the files
    /// and the key alone, and must not run work in parallel.
    pub fn recall<T: Any + Send + Sync>(&self, key: &str, make: impl Fn() -> T) -> Arc<T> {
        self.memo.get(key, make)
    }

    /// The text of a file that was read; empty otherwise.
    #[must_use]
    pub fn text(&self, file: FileId) -> Arc<str> {
        self.read(file).map_or_else(|_| Arc::from(""), |f| f.text.clone())
    }

    /// The characters of a span.
    #[must_use]
    pub fn slice(&self, span: Span) -> String {
        self.read(span.file)
            .ok()
            .and_then(|f| f.text.get(span.range()).map(str::to_owned))
            .unwrap_or_default()
    }

    /// Line and column of a span's start.
    #[must_use]
    pub fn start(&self, span: Span) -> LineColumn {
        self.read(span.file)
            .map_or(LineColumn { line: 1, column: 1 }, |f| f.at(span.start))
    }

    /// Line and column of a span's end.
    #[must_use]
    pub fn end(&self, span: Span) -> LineColumn {
        self.read(span.file)
            .map_or(LineColumn { line: 1, column: 1 }, |f| f.at(span.end))
    }

    /// The files that were read so far, in path order.
    pub fn were_read(&self) -> impl Iterator<Item = FileId> + '_ {
        self.read
            .iter()
            .enumerate()
            .filter(|(_, slot)| slot.get().is_some())
            .map(|(i, _)| FileId(i as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_one_for_one() {
        let files = Files::in_memory([
            ("b/latin.sql", b"\xEF\xBB\xBFa \xE9\xE8 b".to_vec()),
            ("a.sql", b"x".to_vec()),
        ]);
        let file = files.find("b/latin.sql").unwrap();
        let read = files.read(file).unwrap();
        assert_eq!(&*read.text, "   a ?? b");
        assert_eq!(read.not_utf8, Some(5));
        assert_eq!(files.below("b").count(), 1);
    }
}
