//! An earlier state of a repository, read out of git's own files by a library: nothing is started.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use gix::ObjectId;
use gix::object::tree::EntryKind;

use super::disk::Disk;
use super::outcome::Failure;
use crate::source::{Entry, FileSystem, ReadError};

/// Links that lead to links are followed this far.
const LINKS: usize = 8;

/// The files of a commit, as far as the disk would list them. What the repository does not keep (files beside it, submodules) is as
/// it lies on the disk.
pub(super) struct Revision {
    repository: Mutex<gix::Repository>,
    kept: BTreeMap<String, ObjectId>,
    disk: Arc<Disk>,
    /// Files of the disk that are not the repository's.
    beside: Vec<Entry>,
}

/// A tree of a commit.
#[derive(Default)]
struct Tree {
    files: BTreeMap<String, ObjectId>,
    links: BTreeMap<String, ObjectId>,
    submodules: Vec<String>,
}

impl Revision {
    /// The state that a change since `name` began at: the best common ancestor of that commit and the one that is checked out, as
    /// `git diff name...` takes it.
    ///
    /// # Errors
    /// Where there is no repository, no such commit, or nothing in common.
    pub(super) fn open(root: &Path, name: &str, disk: Arc<Disk>) -> Result<Self, Failure> {
        let repository = discover(root)?;
        let base = base(&repository, name)?;
        Revision::of(repository, base, name, disk)
    }

    /// The state of a commit itself.
    ///
    /// # Errors
    /// Where there is no repository, no such commit, or nothing of this folder in it.
    pub(super) fn exactly(root: &Path, name: &str, disk: Arc<Disk>) -> Result<Self, Failure> {
        let repository = discover(root)?;
        let commit = commit(&repository, name)?;
        let state = Revision::of(repository, commit, name, disk)?;
        // Files above the folder are listed too, for what they configure.
        if state.kept.keys().all(|path| path.starts_with("../")) {
            return Err(Failure::new(format!(
                "the commit {name} of the git repository has no file of this folder"
            ))
            .help("name a commit in which the folder was there already, or commit it"));
        }
        Ok(state)
    }

    fn of(repository: gix::Repository, base: ObjectId, name: &str, disk: Arc<Disk>) -> Result<Self, Failure> {
        let Some(top) = repository.workdir() else {
            return Err(Failure::new(
                "the git repository has no working tree, so there is no change in it",
            ));
        };
        let top = top.canonicalize().unwrap_or_else(|_| top.to_path_buf());
        let tree = Tree::read(&repository, base)
            .map_err(|error| Failure::new(format!("the files of {name} cannot be read: {error}")))?;
        let kept = tree.listed(&top, &disk);
        let of_repository = |entry: &Entry| {
            let path = disk.real_path(&entry.path);
            let inside = path.strip_prefix(&top).ok().map(slashed);
            inside.is_some_and(|inside| !tree.submodules.iter().any(|sub| is_below(&inside, sub)))
        };
        let beside = disk
            .list()
            .into_iter()
            .filter(|entry| !of_repository(entry))
            .collect();
        Ok(Revision {
            repository: Mutex::new(repository),
            kept,
            disk,
            beside,
        })
    }
}

/// The repository that a folder lies in. Nothing but its own configuration is read: neither the environment nor the user's, and no
/// program is asked where that would be.
pub(super) fn discover(root: &Path) -> Result<gix::Repository, Failure> {
    let isolated = || gix::open::Options::isolated();
    let trust = gix::sec::trust::Mapping {
        full: isolated(),
        reduced: isolated(),
    };
    let found = gix::ThreadSafeRepository::discover_opts(root, Default::default(), trust);
    let repository = found.map_err(|error| {
        Failure::new("there is no git repository here, so what a commit holds cannot be told")
            .details([error.to_string()])
            .help("the folder has to be in a repository of git")
    })?;
    Ok(repository.to_thread_local())
}

/// What to do where a commit is not found.
const FETCH: &str = "name a branch, a tag or a commit that is here; in CI fetch it first (`fetch-depth: 0`, `GIT_DEPTH: 0`), and \
                     name a branch as origin/main";

/// The commit of a name.
fn commit(repository: &gix::Repository, name: &str) -> Result<ObjectId, Failure> {
    let wrong = |error: String| {
        Failure::new(format!("{name:?} names no commit of the git repository"))
            .details([error])
            .help(FETCH)
    };
    let id = repository
        .rev_parse_single(name)
        .map_err(|error| wrong(error.to_string()))?;
    let commit = id
        .object()
        .and_then(gix::Object::peel_to_commit)
        .map_err(|error| wrong(error.to_string()))?;
    Ok(commit.id)
}

/// The commit that the change began at.
fn base(repository: &gix::Repository, name: &str) -> Result<ObjectId, Failure> {
    let commit = commit(repository, name)?;
    let head = repository
        .head_commit()
        .map_err(|error| Failure::new("nothing is committed yet").details([error.to_string()]))?;
    let base = repository.merge_base(commit, head.id);
    match base {
        Ok(Some(base)) => Ok(base.detach()),
        Ok(None) => Err(
            Failure::new(format!("{name} and what is checked out have no commit in common"))
                .help("where only some of the history was fetched, fetch more of it"),
        ),
        Err(error) => Err(Failure::new(format!(
            "what {name} and what is checked out have in common cannot be told"
        ))
        .details([error.to_string()])
        .help(FETCH)),
    }
}

impl Tree {
    fn read(repository: &gix::Repository, commit: ObjectId) -> Result<Tree, String> {
        let words = |error: gix::Error| error.to_string();
        let commit = repository.find_commit(commit).map_err(words)?;
        let tree = commit.tree().map_err(words)?;
        let mut out = Tree::default();
        for entry in tree.traverse().breadthfirst.files().map_err(words)? {
            let path = entry.filepath.to_string();
            match entry.mode.kind() {
                EntryKind::Blob | EntryKind::BlobExecutable => drop(out.files.insert(path, entry.oid)),
                EntryKind::Link => drop(out.links.insert(path, entry.oid)),
                EntryKind::Commit => out.submodules.push(path),
                EntryKind::Tree => {}
            }
        }
        out.follow_links(repository);
        Ok(out)
    }

    /// A link to a file of the tree is that file.
    fn follow_links(&mut self, repository: &gix::Repository) {
        let leads = |path: &str| {
            let target = repository.find_object(*self.links.get(path)?).ok()?;
            let target = String::from_utf8_lossy(&target.data).into_owned();
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            joined(folder, &target)
        };
        let mut found = Vec::new();
        for link in self.links.keys() {
            let mut path = link.clone();
            for _ in 0..LINKS {
                let Some(next) = leads(&path) else { break };
                if let Some(id) = self.files.get(&next) {
                    found.push((link.clone(), *id));
                    break;
                }
                path = next;
            }
        }
        self.files.extend(found);
    }

    /// The files that the disk would list, by the listing's names.
    fn listed(&self, top: &Path, disk: &Disk) -> BTreeMap<String, ObjectId> {
        let mut out = BTreeMap::new();
        for (path, id) in &self.files {
            let full = top.join(path);
            let name = disk.name_of_real(&full);
            if disk.lists(&name) || (full.symlink_metadata().is_err() && disk.would_walk(&full)) {
                out.insert(name, *id);
            }
        }
        out
    }
}

/// A relative path from a folder, both with `/`; `None` where it leads out of the tree.
fn joined(folder: &str, target: &str) -> Option<String> {
    let mut out: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    if target.starts_with('/') {
        return None;
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(out.pop()?),
            part => out.push(part),
        }
    }
    Some(out.join("/"))
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with('/'))
}

pub(super) fn slashed(path: &Path) -> String {
    let parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

impl FileSystem for Revision {
    fn list(&self) -> Vec<Entry> {
        let kept = self.kept.keys().map(|path| self.disk.entry(path));
        kept.chain(self.beside.iter().cloned()).collect()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let Some(id) = self.kept.get(path) else {
            return self.disk.read(path);
        };
        let repository = self.repository.lock().unwrap_or_else(PoisonError::into_inner);
        let blob = repository.find_object(*id);
        blob.map(|mut blob| std::mem::take(&mut blob.data))
            .map_err(|error| ReadError(format!("cannot be read: {error}")))
    }
}
