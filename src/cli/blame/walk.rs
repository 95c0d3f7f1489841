//! Which commit brought a line: a walk from the newest commit back, on which lines go on to whatever parent had them already.

use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
use std::sync::Arc;

use gix::ObjectId;

use super::lines::kept;

/// Commits that are looked at; what none of them brought is not told.
const MOST: usize = 200_000;

/// A file whose lines are asked for.
pub(super) struct Asked {
    /// Its path in the repository.
    pub(super) path: String,
    /// Its text as it lies there.
    pub(super) text: String,
    /// Its lines, from 0.
    pub(super) lines: Vec<usize>,
}

/// What brought a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Brought {
    /// A commit.
    By(ObjectId),
    /// Nothing yet: it is not committed.
    Uncommitted,
    /// It cannot be told.
    Unknown(String),
}

/// Lines of a file that a commit has.
struct Item {
    file: usize,
    path: Arc<str>,
    /// The line that was asked for, and where the commit has it.
    lines: Vec<(usize, usize)>,
}

/// A walk over one repository.
pub(super) struct Walk<'r> {
    repository: &'r gix::Repository,
    shallow: HashSet<ObjectId>,
    /// Entries of trees.
    entries: HashMap<(ObjectId, String), Option<ObjectId>>,
    texts: HashMap<ObjectId, Arc<str>>,
}

impl<'r> Walk<'r> {
    pub(super) fn new(repository: &'r gix::Repository) -> Self {
        let shallow = repository.shallow_commits().ok().flatten();
        Walk {
            repository,
            shallow: shallow
                .iter()
                .flat_map(|commits| commits.iter().copied())
                .collect(),
            entries: HashMap::new(),
            texts: HashMap::new(),
        }
    }

    /// What brought each line that is asked for.
    pub(super) fn brought(&mut self, head: ObjectId, asked: &[Asked]) -> Vec<BTreeMap<usize, Brought>> {
        let mut out: Vec<BTreeMap<usize, Brought>> = vec![BTreeMap::new(); asked.len()];
        let mut waiting: HashMap<ObjectId, Vec<Item>> = HashMap::new();
        for (file, one) in asked.iter().enumerate() {
            let item = self.at_head(head, file, one, &mut out);
            waiting.entry(head).or_default().extend(item);
        }
        let mut queue: BinaryHeap<(i64, ObjectId)> = BinaryHeap::from([(0, head)]);
        let mut left = MOST;
        while let Some((_, commit)) = queue.pop() {
            let Some(items) = waiting.remove(&commit).filter(|items| !items.is_empty()) else {
                continue;
            };
            left = left.saturating_sub(1);
            let parents = if left > 0 {
                self.parents(commit)
            } else {
                Err("the history is longer than is looked at".to_owned())
            };
            match parents {
                Err(why) => {
                    for item in items {
                        give(&item.lines, &Brought::Unknown(why.clone()), item.file, &mut out);
                    }
                }
                Ok(parents) => {
                    for item in items {
                        self.step(commit, &parents, item, &mut waiting, &mut out);
                    }
                    for (parent, time) in parents {
                        if waiting.contains_key(&parent) {
                            queue.push((time, parent));
                        }
                    }
                }
            }
        }
        out
    }

    /// The lines of a file that the newest commit has.
    fn at_head(
        &mut self,
        head: ObjectId,
        file: usize,
        asked: &Asked,
        out: &mut [BTreeMap<usize, Brought>],
    ) -> Option<Item> {
        let all: Vec<(usize, usize)> = asked.lines.iter().map(|line| (*line, *line)).collect();
        let blob = self.tree(head).and_then(|tree| self.find(tree, &asked.path));
        let Some(before) = blob.map(|blob| self.text(blob)) else {
            give(&all, &Brought::Uncommitted, file, out);
            return None;
        };
        let had = kept(&split(&before), &split(&asked.text));
        let (there, new): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|(line, _)| had.get(*line).copied().flatten().is_some());
        give(&new, &Brought::Uncommitted, file, out);
        let lines = there
            .into_iter()
            .filter_map(|(line, _)| Some((line, (*had.get(line)?)?)));
        Some(Item {
            file,
            path: asked.path.as_str().into(),
            lines: lines.collect(),
        })
    }

    /// Hands the lines of a commit on to its parents; what none had, it brought.
    fn step(
        &mut self,
        commit: ObjectId,
        parents: &[(ObjectId, i64)],
        mut item: Item,
        waiting: &mut HashMap<ObjectId, Vec<Item>>,
        out: &mut [BTreeMap<usize, Brought>],
    ) {
        let own = self.tree(commit).and_then(|tree| self.find(tree, &item.path));
        for (parent, _) in parents {
            let there = self.tree(*parent).and_then(|tree| self.find(tree, &item.path));
            if there.is_some() && there == own {
                waiting.entry(*parent).or_default().push(item);
                return;
            }
        }
        let Some(text) = own.map(|blob| self.text(blob)) else {
            give(&item.lines, &Brought::By(commit), item.file, out);
            return;
        };
        for (parent, _) in parents {
            let Some(tree) = self.tree(*parent) else { continue };
            let found = match self.find(tree, &item.path) {
                Some(blob) => Some((item.path.clone(), blob)),
                None => self.renamed(commit, tree, &item.path, own, &text),
            };
            let Some((path, blob)) = found else { continue };
            let before = self.text(blob);
            let had = kept(&split(&before), &split(&text));
            let (passed, rest): (Vec<_>, Vec<_>) = item
                .lines
                .iter()
                .partition(|(_, at)| had.get(*at).copied().flatten().is_some());
            let passed: Vec<(usize, usize)> = passed
                .into_iter()
                .filter_map(|(line, at)| Some((line, (*had.get(at)?)?)))
                .collect();
            item.lines = rest;
            if !passed.is_empty() {
                waiting.entry(*parent).or_default().push(Item {
                    file: item.file,
                    path,
                    lines: passed,
                });
            }
        }
        give(&item.lines, &Brought::By(commit), item.file, out);
    }

    /// A file of a parent that the commit has no more, and that is this one under another name: the same bytes, or the same last name and
    /// most of its lines.
    fn renamed(
        &mut self,
        commit: ObjectId,
        parent: ObjectId,
        path: &str,
        own: Option<ObjectId>,
        text: &str,
    ) -> Option<(Arc<str>, ObjectId)> {
        let now = self.tree(commit)?;
        let last = path.rsplit('/').next().unwrap_or(path);
        let all = self.files(parent);
        let mut gone = Vec::new();
        for (other, blob) in all {
            let alike = Some(blob) == own || other.rsplit('/').next() == Some(last);
            if alike && self.find(now, &other).is_none() {
                gone.push((other, blob));
            }
        }
        if let Some((other, blob)) = gone.iter().find(|(_, blob)| Some(*blob) == own) {
            return Some((other.as_str().into(), *blob));
        }
        let [(other, blob)] = gone.as_slice() else {
            return None;
        };
        let before = self.text(*blob);
        let lines = split(text);
        let same = kept(&split(&before), &lines).iter().flatten().count();
        (same * 2 > lines.len()).then(|| (other.as_str().into(), *blob))
    }

    fn files(&self, tree: ObjectId) -> Vec<(String, ObjectId)> {
        let Ok(tree) = self.repository.find_tree(tree) else {
            return Vec::new();
        };
        let files = tree.traverse().breadthfirst.files().unwrap_or_default();
        let blobs = files.into_iter().filter(|entry| entry.mode.is_blob());
        blobs
            .map(|entry| (entry.filepath.to_string(), entry.oid))
            .collect()
    }

    /// The parents of a commit with their times.
    fn parents(&self, commit: ObjectId) -> Result<Vec<(ObjectId, i64)>, String> {
        if self.shallow.contains(&commit) {
            return Err(format!("only the history down to {} was fetched", short(commit)));
        }
        let gone = |id: ObjectId| format!("the commit {} is not here", short(id));
        let found = self.repository.find_commit(commit).map_err(|_| gone(commit))?;
        let ids: Vec<ObjectId> = found.parent_ids().map(gix::Id::detach).collect();
        ids.into_iter()
            .map(|id| {
                let parent = self.repository.find_commit(id).map_err(|_| gone(id))?;
                Ok((id, parent.time().map_or(0, |time| time.seconds)))
            })
            .collect()
    }

    /// Whether a commit changed anything below paths: it differs there from each of its parents.
    pub(super) fn touches(&mut self, commit: ObjectId, paths: &[String]) -> Option<bool> {
        let parents = self.parents(commit).ok()?;
        let tree = self.tree(commit)?;
        for path in paths {
            let own = self.find(tree, path);
            let mut differs = own.is_some() || !parents.is_empty();
            for (parent, _) in &parents {
                let parent = self.tree(*parent)?;
                differs &= self.find(parent, path) != own;
            }
            if differs {
                return Some(true);
            }
        }
        Some(false)
    }

    fn tree(&self, commit: ObjectId) -> Option<ObjectId> {
        let commit = self.repository.find_commit(commit).ok()?;
        commit.tree_id().ok().map(gix::Id::detach)
    }

    /// What a tree holds at a path: a file, or a folder.
    fn find(&mut self, tree: ObjectId, path: &str) -> Option<ObjectId> {
        let mut at = tree;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let key = (at, part.to_owned());
            at = match self.entries.get(&key) {
                Some(known) => (*known)?,
                None => {
                    let found = self.entry(at, part);
                    self.entries.insert(key, found);
                    found?
                }
            };
        }
        Some(at)
    }

    fn entry(&self, tree: ObjectId, name: &str) -> Option<ObjectId> {
        let tree = self.repository.find_tree(tree).ok()?;
        let entries = tree.iter().filter_map(Result::ok);
        let mut found = entries.filter(|entry| entry.filename() == name);
        found.next().map(|entry| entry.object_id())
    }

    fn text(&mut self, blob: ObjectId) -> Arc<str> {
        if let Some(text) = self.texts.get(&blob) {
            return text.clone();
        }
        let found = self.repository.find_object(blob);
        let text = found.map_or_else(
            |_| String::new(),
            |blob| String::from_utf8_lossy(&blob.data).into_owned(),
        );
        let text: Arc<str> = text.into();
        self.texts.insert(blob, text.clone());
        text
    }
}

fn give(lines: &[(usize, usize)], what: &Brought, file: usize, out: &mut [BTreeMap<usize, Brought>]) {
    if let Some(of) = out.get_mut(file) {
        of.extend(lines.iter().map(|(line, _)| (*line, what.clone())));
    }
}

/// Lines without what ends them: a checkout may have written it anew.
fn split(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// A commit as people name it.
pub(super) fn short(id: ObjectId) -> String {
    id.to_string().chars().take(8).collect()
}
