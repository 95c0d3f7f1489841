//! The disk: the only place where files are listed and read.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ignore::{WalkBuilder, WalkState};

use super::kept::{Hidden, Kept};
use super::revision::slashed;
use crate::source::{Entry, FileSystem, ReadError};

/// Folders that hold nothing of the user's own: dependencies, build products, caches.
const NEVER: &[&str] = &[
    "node_modules",
    "bower_components",
    "jspm_packages",
    "vendor",
    "target",
    "dist",
    "build",
    "out",
    "venv",
    "virtualenv",
    "site-packages",
    "__pycache__",
    "deps",
    "_build",
    "Pods",
    "DerivedData",
    "CMakeFiles",
];

/// Longest file that is read.
const LIMIT: u64 = 1 << 30;

/// After so long a time of its last change tells a file from what it is when it is written again.
const SETTLED: Duration = Duration::from_secs(2);

/// Files below a folder, and files that were named beside it.
#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
    /// The root without links.
    real: PathBuf,
    entries: BTreeSet<String>,
    /// Those that lie beside what is checked.
    beside: BTreeSet<String>,
    skipped: BTreeSet<(String, String)>,
    /// Texts that stand in the place of the disk's.
    held: BTreeMap<String, Vec<u8>>,
    /// What was walked.
    walked: Vec<PathBuf>,
    /// What git keeps, where there is a repository.
    kept: Option<Kept>,
}

/// What the walk came upon.
#[derive(Debug)]
enum Found {
    /// A file.
    File(String),
    /// What is left out, and why.
    Skipped(String, String),
}

/// What one thread of the walk came upon; given to the others' when it is done.
struct Batch<'w>(Vec<Found>, &'w Mutex<Vec<Found>>);

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let mut all = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        all.append(&mut self.0);
    }
}

impl Disk {
    /// Lists what is below `root`, or only `within` (absolute paths) of it; `named` paths (absolute) are listed whatever ignores
    /// them.
    #[must_use]
    pub(super) fn new(root: PathBuf, within: &[PathBuf], named: &[PathBuf]) -> Self {
        let mut disk = Disk {
            real: root.canonicalize().unwrap_or_else(|_| root.clone()),
            root,
            entries: BTreeSet::new(),
            beside: BTreeSet::new(),
            skipped: BTreeSet::new(),
            held: BTreeMap::new(),
            walked: within.to_vec(),
            kept: within.first().and_then(|folder| Kept::around(folder)),
        };
        for path in within {
            disk.walk(path, false);
        }
        for path in named {
            disk.walk(path, true);
        }
        disk
    }

    /// Lists the files of a language below a folder too, where any are listed already: programs may import those.
    pub(super) fn add_beside(&mut self, around: &Path, is_module: fn(&str) -> bool) {
        if !self.entries.iter().any(|path| is_module(path)) {
            return;
        }
        let (checked, skipped) = (self.entries.clone(), self.skipped.clone());
        self.walk(around, false);
        self.skipped = skipped;
        let found = self.entries.iter().filter(|path| is_module(path));
        self.beside
            .extend(found.filter(|path| !checked.contains(*path)).cloned());
        self.entries = checked;
        self.entries.extend(self.beside.iter().cloned());
    }

    fn walk(&mut self, from: &Path, named: bool) {
        let start = from.to_path_buf();
        // Folders whose files cannot be reached, though their names can be listed.
        let closed: Arc<Mutex<BTreeSet<PathBuf>>> = Arc::default();
        let noted = closed.clone();
        let mut walk = WalkBuilder::new(from);
        // Git's ignore files are for what it does not keep; without git, as in an unpacked archive, nothing says what that is.
        walk.require_git(true)
            .hidden(!named)
            .ignore(!named)
            .git_ignore(!named)
            .git_global(false)
            .git_exclude(!named)
            .parents(!named)
            .filter_entry(move |entry| {
                if !entry.file_type().is_some_and(|t| t.is_dir()) {
                    return true;
                }
                let never = match is_never(entry.path()) {
                    Ok(never) => never,
                    Err(_) => {
                        let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
                        noted.insert(entry.path().to_owned());
                        false
                    }
                };
                !never || entry.path() == start
            });
        let found = Mutex::new(Vec::new());
        let (disk, taken, closed) = (&*self, &found, &*closed);
        walk.build_parallel().run(|| {
            let mut batch = Batch(Vec::new(), taken);
            Box::new(move |entry| {
                batch.0.extend(match entry {
                    Ok(entry) => disk.take(&entry, closed),
                    Err(error) => vec![disk.skip_error(from, &error)],
                });
                WalkState::Continue
            })
        });
        for found in found.into_inner().unwrap_or_else(PoisonError::into_inner) {
            match found {
                Found::File(path) => {
                    self.entries.insert(path);
                }
                Found::Skipped(path, why) => {
                    self.skipped.insert((path, why));
                }
            }
        }
        if !named {
            self.list_kept(from);
        }
    }

    /// Lists the files below a folder that git keeps although `.gitignore` names them.
    fn list_kept(&mut self, from: &Path) {
        let (Some(kept), from) = (&self.kept, real(from)) else {
            return;
        };
        let mut hidden = Hidden::default();
        let mut found = Vec::new();
        let is_root = from == self.real;
        for (file, inside) in kept.below(&from) {
            // Nearly all are listed already, as they are called there.
            if !is_walked(inside) || is_root && self.entries.contains(inside) {
                continue;
            }
            let file = file();
            let name = self.name_of_real(&file);
            if self.entries.contains(&name) || hidden.leaves_out(&file) {
                continue;
            }
            let folders = file.ancestors().skip(1).take_while(|folder| *folder != from);
            let never = folders
                .into_iter()
                .any(|folder| !matches!(is_never(folder), Ok(false)));
            if !never && file.symlink_metadata().is_ok_and(|data| data.is_file()) {
                found.push(name);
            }
        }
        self.entries.extend(found);
    }

    /// Lists files of these names in the folders above a path, up to the root or to the repository's own root where the path lies
    /// outside.
    pub(super) fn add_above(&mut self, path: &Path, names: &[&str]) {
        for folder in path.ancestors() {
            for name in names {
                let file = folder.join(name);
                if let Ok(data) = file.metadata()
                    && data.is_file()
                {
                    let path = self.name(&file);
                    self.entries.insert(path);
                }
            }
            if folder == self.root || folder.join(".git").exists() {
                break;
            }
        }
    }

    /// Lists files of these names in a folder and all above it, up to the repository's own root.
    pub(super) fn add_all_above(&mut self, path: &Path, names: &[&str]) {
        for folder in path.ancestors() {
            for name in names {
                let file = folder.join(name);
                if let Ok(data) = file.metadata()
                    && data.is_file()
                {
                    let path = self.name(&file);
                    self.entries.insert(path);
                }
            }
            if folder.join(".git").exists() {
                break;
            }
        }
    }

    /// Takes a text in the place of a file's on the disk; a file that is there and not listed stays left out.
    pub(super) fn hold(&mut self, path: &Path, text: Vec<u8>) {
        let name = self.name(path);
        if self.entries.contains(&name) || !path.exists() {
            self.entries.insert(name.clone());
            self.held.insert(name, text);
        }
    }

    fn take(&self, entry: &ignore::DirEntry, closed: &Mutex<BTreeSet<PathBuf>>) -> Vec<Found> {
        let Some(kind) = entry.file_type() else {
            return Vec::new();
        };
        if kind.is_dir() {
            return Vec::new();
        }
        let path = self.name(entry.path());
        let is_reached = |parent: &Path| {
            let closed = closed.lock().unwrap_or_else(PoisonError::into_inner);
            closed.is_empty() || !closed.contains(parent)
        };
        if kind.is_file() && entry.path().parent().is_some_and(is_reached) {
            return vec![Found::File(path)];
        }
        // Through a link, what it leads to counts; a folder behind a link is found where it lies. What cannot be read is listed
        // too, so that a history that holds it knows of it.
        match entry.path().metadata() {
            Ok(data) if data.is_file() => vec![Found::File(path)],
            Ok(data) if data.is_dir() => {
                let real = entry.path().canonicalize().ok();
                if real.is_none_or(|real| !real.starts_with(&self.real)) {
                    let why = "leads out of the folder that is checked, and is not followed";
                    return vec![Found::Skipped(path, why.to_owned())];
                }
                Vec::new()
            }
            Ok(_) => vec![
                Found::File(path.clone()),
                Found::Skipped(path, "is no regular file".to_owned()),
            ],
            Err(error) => {
                let why = match error.kind() {
                    ErrorKind::NotFound => "is a link that leads nowhere".to_owned(),
                    _ => format!("cannot be read: {}", words(&error)),
                };
                vec![Found::File(path.clone()), Found::Skipped(path, why)]
            }
        }
    }

    fn skip_error(&self, from: &Path, error: &ignore::Error) -> Found {
        let (path, error) = unwrap(error);
        let path = self.name(path.unwrap_or(from));
        let why = error
            .io_error()
            .map_or_else(|| error.to_string(), |e| format!("cannot be read: {}", words(e)));
        Found::Skipped(path, why)
    }

    /// Whether a path of the listing is there.
    pub(super) fn lists(&self, name: &str) -> bool {
        self.entries.contains(name)
    }

    /// Whether the walk would come to a path (absolute, without links) that is not there now, were it: where ignore files do not
    /// leave it out.
    pub(super) fn would_walk(&self, path: &Path) -> bool {
        let shown = |folder: &Path| {
            path.strip_prefix(real(folder))
                .is_ok_and(|inside| is_walked(&slashed(inside)))
        };
        self.walked.iter().any(|folder| shown(folder))
    }

    /// Where a path of the listing lies, with no link in the way to the root.
    pub(super) fn real_path(&self, name: &str) -> PathBuf {
        normal(&self.real.join(name)).unwrap_or_else(|_| self.real.join(name))
    }

    /// A path without links as the listing names it.
    pub(super) fn name_of_real(&self, path: &Path) -> String {
        relative(&self.real, path)
    }

    /// A file as the listing has it.
    pub(super) fn entry(&self, name: &str) -> Entry {
        Entry {
            beside: self.beside.contains(name),
            ..Entry::new(name)
        }
    }

    /// A path as the listing names it.
    #[must_use]
    pub(super) fn name(&self, path: &Path) -> String {
        relative(&self.root, path)
    }
}

impl FileSystem for Disk {
    fn list(&self) -> Vec<Entry> {
        self.entries.iter().map(|path| self.entry(path)).collect()
    }

    fn size(&self, path: &str) -> u64 {
        if let Some(text) = self.held.get(path) {
            return text.len() as u64;
        }
        self.root.join(path).metadata().map_or(0, |data| data.len())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the disk")]
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        if let Some(text) = self.held.get(path) {
            return Ok(text.clone());
        }
        if !self.entries.contains(path) {
            return Err(ReadError("is not in the listing".to_owned()));
        }
        let full = self.root.join(path);
        // The listing may be old: a pipe in the file's place would block for ever.
        match full.metadata() {
            Ok(data) if data.is_file() && data.len() > LIMIT => {
                Err(ReadError(format!("is larger than {} MiB", LIMIT >> 20)))
            }
            Ok(data) if data.is_file() => {
                std::fs::read(&full).map_err(|e| ReadError(format!("cannot be read: {}", words(&e))))
            }
            Ok(_) => Err(ReadError("is no regular file".to_owned())),
            Err(error) => Err(ReadError(format!("cannot be read: {}", words(&error)))),
        }
    }

    fn stamp(&self, path: &str) -> Option<u128> {
        let data = self.root.join(path).metadata().ok()?;
        let modified = data.modified().ok()?;
        // A file that was just written may be written again within one tick of its clock.
        if modified.elapsed().is_ok_and(|age| age < SETTLED) {
            return None;
        }
        let since = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some((since.as_nanos() << 40) ^ u128::from(data.len()))
    }

    fn skipped(&self) -> Vec<(String, String)> {
        self.skipped.iter().cloned().collect()
    }
}

/// Whether a walk comes to a file below its start, by the names that lead to it.
fn is_walked(inside: &str) -> bool {
    let (folders, file) = inside.rsplit_once('/').unwrap_or(("", inside));
    let is_closed = |part: &str| part.starts_with('.') || NEVER.contains(&part);
    !file.is_empty() && !file.starts_with('.') && !folders.split('/').any(is_closed)
}

/// A path without links, where it is there.
pub(super) fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// Whether a folder is never walked: by its name, or as a Python environment by the file that marks one. An error where its files
/// cannot be reached.
fn is_never(path: &Path) -> std::io::Result<bool> {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
    if NEVER.contains(&name) {
        return Ok(true);
    }
    path.join("pyvenv.cfg").try_exists()
}

/// `to` as seen from `from`, both absolute and normal, with `/`.
fn relative(from: &Path, to: &Path) -> String {
    #[cfg(unix)]
    if let Ok(below) = to.strip_prefix(from) {
        return below.to_string_lossy().into_owned();
    }
    let (a, b): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let common = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let up = a[common..].iter().map(|_| "..".into());
    let down = b[common..].iter().map(|c| c.as_os_str().to_string_lossy());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// An absolute path without `.` and `..`, by its text alone.
///
/// # Errors
/// When the working folder cannot be told.
pub(super) fn normal(path: &Path) -> std::io::Result<PathBuf> {
    let mut out = PathBuf::new();
    for part in std::path::absolute(path)?.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => out.push(part),
        }
    }
    Ok(out)
}

/// The words for an error, the same on every system.
pub(super) fn words(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::Other => error.to_string(),
        ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        kind => kind.to_string(),
    }
}

/// The path and the innermost error.
fn unwrap(error: &ignore::Error) -> (Option<&Path>, &ignore::Error) {
    match error {
        ignore::Error::WithPath { path, err } => {
            let (inner, err) = unwrap(err);
            (inner.or(Some(path)), err)
        }
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => unwrap(err),
        ignore::Error::Partial(_)
        | ignore::Error::Loop { .. }
        | ignore::Error::Io(_)
        | ignore::Error::Glob { .. }
        | ignore::Error::UnrecognizedFileType(_)
        | ignore::Error::InvalidDefinition => (None, error),
    }
}

/// The bytes of a file that is named and of no listing.
#[expect(clippy::disallowed_methods, reason = "this is the disk")]
pub(super) fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}

/// Writes a file, making the folders above it.
pub(super) fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}
