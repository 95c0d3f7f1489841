//! The listing of a run: which files there are, their text once read, and which were read.

mod later;

use std::any::Any;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use super::memo::Memo;
use super::seen::{LOOKED_AT, READ, Seen};
use super::{Entry, FileSystem, MemoryFiles, ReadError, SourceFile};
use super::{FileId, LineColumn, Span};

/// The files of one run. Reading is lazy, happens once a file, and may happen on several threads.
///
/// What a run works out of files may outlive it, in a service that runs again and again: each such result is worked out through a
/// view of its own (`Files` too), which notes the files that it looks at, and holds until one of these changes.
pub struct Files {
    listed: Arc<Listed>,
    /// Files that nothing finds any more, by id.
    hidden: Arc<Vec<bool>>,
    memo: Arc<Memo>,
    seen: Arc<Seen>,
    /// Results may outlive the run.
    lasting: bool,
    /// The process ends with the run.
    last: bool,
    /// Texts are kept though nothing is found in them at first.
    keeps: bool,
}

/// What all views of a run share.
struct Listed {
    system: Box<dyn FileSystem>,
    /// By id.
    entries: Arc<Vec<Entry>>,
    /// Their ids, by path.
    by_path: Arc<Vec<u32>>,
    read: Vec<OnceLock<Result<Arc<SourceFile>, ReadError>>>,
    /// What was asked of each by [`Files::look`].
    said: Vec<AtomicU8>,
}

impl Listed {
    /// Where the entry of a path stands.
    fn position(&self, path: &str) -> Option<usize> {
        let at = self
            .by_path
            .binary_search_by(|id| self.path(*id).cmp(path))
            .ok()?;
        self.by_path.get(at).map(|id| *id as usize)
    }

    fn path(&self, id: u32) -> &str {
        self.entries.get(id as usize).map_or("", |entry| &entry.path)
    }

    /// The entries from so many on, by path.
    fn from(&self, first: usize) -> impl Iterator<Item = (FileId, &Entry)> {
        let ids = self.by_path.get(first..).unwrap_or_default();
        ids.iter()
            .filter_map(|id| Some((FileId(*id), self.entries.get(*id as usize)?)))
    }
}

/// The bit of what was asked.
const ASKED: u8 = 1 << 7;

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files")
            .field("entries", &self.listed.entries.len())
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
            hidden: Arc::new(vec![false; entries.len()]),
            seen: Arc::new(Seen::new(entries.len(), None)),
            listed: Arc::new(Listed {
                system: Box::new(system),
                said: entries.iter().map(|_| AtomicU8::new(0)).collect(),
                by_path: Arc::new((0..entries.len() as u32).collect()),
                entries: Arc::new(entries),
                read,
            }),
            memo: Arc::default(),
            lasting: false,
            last: false,
            keeps: false,
        }
    }

    /// Lets results outlive the run: for a service that runs again.
    #[must_use]
    pub fn lasting(mut self) -> Self {
        self.lasting = true;
        self
    }

    /// The process ends with the run: what it lets go of need not be taken apart.
    pub fn end_with_process(&mut self) {
        self.last = true;
    }

    /// What is looked at is asked for again later in the run: its text is kept, whatever it says.
    pub fn keep_texts(&mut self) {
        self.keeps = true;
    }

    /// Lets go of what a run has worked with. Large graphs take long to take apart, which is of no use where the process ends.
    pub fn let_go<T>(&self, value: T) {
        if self.last {
            std::mem::forget(value);
        }
    }

    /// The same files; what is looked at through it is noted for itself, and here too.
    fn view(&self) -> Files {
        Files {
            listed: self.listed.clone(),
            hidden: self.hidden.clone(),
            memo: self.memo.clone(),
            seen: Arc::new(Seen::new(self.listed.entries.len(), Some(self.seen.clone()))),
            lasting: self.lasting,
            last: self.last,
            keeps: self.keeps,
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
        for (hidden, entry) in Arc::make_mut(&mut self.hidden)
            .iter_mut()
            .zip(&*self.listed.entries)
        {
            *hidden |= hides(&entry.path);
        }
    }

    fn is_listed(&self, at: usize) -> bool {
        !self.hidden.get(at).copied().unwrap_or(true)
    }

    /// All files that are checked, in path order.
    pub fn entries(&self) -> impl Iterator<Item = (FileId, &Entry)> {
        self.importable().filter(|(_, entry)| !entry.beside)
    }

    /// The same with the files beside them that programs may import.
    pub fn importable(&self) -> impl Iterator<Item = (FileId, &Entry)> {
        self.listed
            .from(0)
            .filter(|(file, _)| self.is_listed(file.0 as usize))
    }

    /// How many ids there are: those of hidden files too.
    #[must_use]
    pub fn ids(&self) -> usize {
        self.listed.entries.len()
    }

    /// What the listing left out and a user may miss: path and why.
    #[must_use]
    pub fn skipped(&self) -> Vec<(String, String)> {
        self.listed.system.skipped()
    }

    /// The path of a file.
    #[must_use]
    pub fn path(&self, file: FileId) -> &str {
        self.listed.entries.get(file.0 as usize).map_or("", |e| &e.path)
    }

    /// How many bytes a file has, without reading it; 0 where that cannot be told.
    #[must_use]
    pub fn size(&self, file: FileId) -> u64 {
        self.seen.note(file.0 as usize, LOOKED_AT);
        match self.listed.read.get(file.0 as usize).and_then(OnceLock::get) {
            Some(Ok(read)) => read.text.len() as u64,
            _ => self.listed.system.size(self.path(file)),
        }
    }

    /// The file with this path, if it is listed.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<FileId> {
        let at = self.listed.position(path)?;
        self.is_listed(at).then_some(FileId(at as u32))
    }

    /// Files below `folder` (no trailing slash; empty for all), in path order.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (FileId, &'a Entry)> {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let listed = &self.listed;
        let before = |id: &u32| listed.path(*id) < prefix.as_str();
        let from = listed.by_path.partition_point(before);
        listed
            .from(from)
            .take_while(move |(_, e)| e.path.starts_with(&prefix))
            .filter(|(file, entry)| self.is_listed(file.0 as usize) && !entry.beside)
    }

    /// A file's text.
    ///
    /// # Errors
    /// When it cannot be read or is no text; the words say why.
    pub fn read(&self, file: FileId) -> Result<&Arc<SourceFile>, &ReadError> {
        static GONE: ReadError = ReadError(String::new());
        let at = file.0 as usize;
        let (Some(slot), Some(entry)) = (self.listed.read.get(at), self.listed.entries.get(at)) else {
            return Err(&GONE);
        };
        self.seen.note(at, READ);
        slot.get_or_init(|| {
            let path = &entry.path;
            let bytes = self.listed.system.read(path)?;
            SourceFile::new(path.clone(), bytes).map(Arc::new)
        })
        .as_ref()
    }

    /// What a file says, as `classify` tells from its bytes in seven bits: asked once, as long as the file stays as it is, so that it
    /// must always be the same function. The text of a file that says nothing is not kept. One that cannot be read says nothing.
    pub fn look(&self, file: FileId, classify: fn(&[u8]) -> u8) -> u8 {
        let at = file.0 as usize;
        let listed = &self.listed;
        let (Some(slot), Some(entry), Some(said)) =
            (listed.read.get(at), listed.entries.get(at), listed.said.get(at))
        else {
            return 0;
        };
        self.seen.note(at, LOOKED_AT);
        let known = said.load(Ordering::Relaxed);
        let bits = if known & ASKED != 0 {
            known & !ASKED
        } else {
            let bits = match slot.get() {
                Some(read) => read.as_ref().map_or(0, |read| classify(read.text.as_bytes())),
                None => match listed.system.read(&entry.path) {
                    Ok(bytes) => {
                        let bits = classify(&bytes) & !ASKED;
                        if bits != 0 || self.keeps {
                            let path = entry.path.clone();
                            slot.get_or_init(|| SourceFile::new(path, bytes).map(Arc::new));
                        }
                        bits
                    }
                    Err(_) => 0,
                },
            };
            let readable = slot.get().is_none_or(Result::is_ok);
            let bits = if readable { bits & !ASKED } else { 0 };
            said.store(bits | ASKED, Ordering::Relaxed);
            bits
        };
        if bits != 0 {
            self.seen.note(at, READ);
        }
        bits
    }

    /// A file whose bytes are `wanted`; the text of another is not kept.
    pub fn read_if(&self, file: FileId, wanted: impl Fn(&[u8]) -> bool) -> Option<&Arc<SourceFile>> {
        let at = file.0 as usize;
        let (slot, entry) = (self.listed.read.get(at)?, self.listed.entries.get(at)?);
        self.seen.note(at, LOOKED_AT);
        if slot.get().is_none() {
            let bytes = self.listed.system.read(&entry.path).ok()?;
            if !wanted(&bytes) {
                return None;
            }
            slot.get_or_init(|| SourceFile::new(entry.path.clone(), bytes).map(Arc::new));
        }
        let read = slot.get()?.as_ref().ok()?;
        let is_wanted = wanted(read.text.as_bytes());
        if is_wanted {
            self.seen.note(at, READ);
        }
        is_wanted.then_some(read)
    }

    /// What `make` works out of the files under a key: once a run, however often it is asked for. `make` must depend on the files
    /// that it is given and the key alone, and must not run work in parallel.
    pub fn recall<T: Any + Send + Sync>(&self, key: &str, make: impl Fn(&Files) -> T) -> Arc<T> {
        let (value, seen) = self.memo.once(key, true, || {
            let view = self.view();
            (make(&view), view.seen)
        });
        self.seen.note_all(&seen);
        value
    }

    /// The same for what one run alone shares, such as slots that fill as the run goes on.
    pub fn share<T: Any + Send + Sync>(&self, key: &str, make: impl Fn() -> T) -> Arc<T> {
        let empty = || (make(), Arc::new(Seen::new(0, None)));
        self.memo.once(key, false, empty).0
    }

    /// What `make` works out of the files that it is given and the key alone, by long work that may run in parallel. Where results
    /// outlive the run it is not worked out again until a file that it looked at changes.
    pub fn remember<T: Any + Send + Sync>(&self, key: &str, make: impl FnOnce(&Files) -> T) -> Arc<T> {
        if !self.lasting {
            return Arc::new(make(self));
        }
        if let Some((value, seen)) = self.memo.find(key) {
            self.seen.note_all(&seen);
            return value;
        }
        let view = self.view();
        let value = Arc::new(make(&view));
        self.memo.put(key, value.clone(), view.seen);
        value
    }

    /// What outlives every change, and whose owner tells what of it still holds; `None` where nothing outlives the run.
    pub fn standing<T: Any + Send + Sync + Default>(&self, key: &str) -> Option<Arc<T>> {
        let nothing = || (T::default(), Arc::new(Seen::new(0, None)));
        self.lasting.then(|| self.memo.once(key, true, nothing).0)
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
        self.seen.all_read().map(|at| FileId(at as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_packages_may_be_utf_16() {
        let wide = |text: &str| {
            text.encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<u8>>()
        };
        let marked = [b"\xFF\xFE".to_vec(), wide("psycopg2==2.9\r\n")].concat();
        let files = Files::in_memory([("requirements.txt", marked.clone()), ("a.sql", marked)]);
        let text = |path: &str| {
            files
                .read(files.find(path).unwrap())
                .map(|file| file.text.clone())
        };
        assert_eq!(&*text("requirements.txt").unwrap(), "psycopg2==2.9\r\n");
        assert!(text("a.sql").is_err());
    }

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
