//! Alembic histories: which revisions a tree has, in which order they run, and what is wrong with their chain.

use std::sync::Arc;

use rayon::prelude::*;

use super::config::{self, Tree};
use super::graph;
use super::header::{self, Revision};
use super::heads;
use super::lines;
use super::program;
use super::runner;
use crate::config::Given;
use crate::known::{Gap, Reach};
use crate::session::{Migration, RunMode, Session};
use crate::source::{FileId, Files, Span, Text};
use crate::stacks::back::Rehearsed;
use crate::stacks::{Chain, Folder, History, HistoryEvent, Link, Program};
use crate::syntax::python::Trees;

/// The revisions of a tree in the order in which they run.
#[derive(Debug)]
pub struct Revisions {
    /// The tree.
    pub tree: Tree,
    /// In order.
    pub run: Vec<Revision>,
}

impl Program for Revisions {
    fn run(&self, session: Session, files: &Files, given: &Given, last: Option<usize>) -> Session {
        runner::run(self, session, files, given, last, None)
    }

    fn run_with_backs(
        &self,
        session: Session,
        files: &Files,
        given: &Given,
        backs: &mut Rehearsed,
    ) -> Session {
        runner::run(self, session, files, given, None, Some(backs))
    }

    fn go_on(
        &self,
        session: Session,
        from: usize,
        before: &Files,
        files: &Files,
        given: &Given,
    ) -> Option<Session> {
        runner::go_on(self, session, from, before, files, given)
    }

    fn chain(&self, files: &Files) -> Option<Chain> {
        let names = |written: &[header::Written]| written.iter().map(|(name, _)| name.to_string()).collect();
        let link = |revision: &Revision| Link {
            parents: names(&revision.parents),
            labels: names(&revision.labels),
            depends_on: names(&revision.depends_on),
        };
        let mut options = String::new();
        let base = self.tree.base.as_str();
        let within = |path| match base {
            "" => path,
            base => path_below(path, base).unwrap_or(path),
        };
        match self.tree.config.map(|file| within(files.path(file))) {
            Some("alembic.ini") | None => {}
            Some(path) => options.push_str(&format!("-c {path} ")),
        }
        if !matches!(self.tree.section.as_str(), "alembic" | "") {
            options.push_str(&format!("-n {} ", self.tree.section));
        }
        Some(Chain {
            folder: base.to_owned(),
            options,
            links: self.run.iter().map(link).collect(),
        })
    }
}

fn path_below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    path.strip_prefix(folder)?.strip_prefix('/')
}

/// Reads a tree: its script folder, a folder of revisions, or its configuration.
#[must_use]
pub fn read(folder: Folder<'_>, given: &Given) -> History {
    let mut history = History {
        stack: "alembic",
        root: folder.path.to_owned(),
        migrations: Vec::new(),
        events: Vec::new(),
        gaps: Vec::new(),
        program: None,
    };
    let files = folder.files;
    let Some(tree) = config::tree_at(files, folder.path) else {
        return history;
    };
    let trees = Trees::of(files);
    let read: Vec<Read> = tree
        .revisions(files)
        .into_par_iter()
        .map(|file| read_one(files, &trees, file))
        .collect();
    let mut revisions = Vec::new();
    for read in read {
        match read {
            Read::Revision(revision, events) => {
                revisions.push(*revision);
                history.events.extend(events);
            }
            Read::None(event) => history.events.push(event),
            Read::Unreadable(gap) => history.gaps.push((0, gap)),
        }
    }
    for (name, span) in revisions.iter().flat_map(|r| &r.unclear) {
        let why = format!("{name} is computed, and what it is cannot be told");
        history.gaps.push((0, Gap::new(*span, why, Reach::Rows)));
    }
    let located = std::cell::OnceCell::new();
    let elsewhere = |name: &str| {
        *located.get_or_init(|| config::is_located_by_program(files)) || is_of_another(files, &tree, name)
    };
    let order = graph::order(&revisions, longest_id(files, &tree), &elsewhere);
    for (name, span) in &order.elsewhere {
        let why = format!("what revision {name} makes, which lies elsewhere, is not known");
        history.gaps.push((0, Gap::new(*span, why, Reach::Everything)));
    }
    let is_whole = order.events.is_empty() && order.elsewhere.is_empty();
    if is_whole {
        history
            .events
            .extend(heads::check(files, &revisions, &order.heads));
    }
    let (run, gaps) = if is_whole {
        lines::held(files, given, &tree, &revisions, &order)
    } else {
        (order.run, Vec::new())
    };
    history.gaps.extend(gaps.into_iter().map(|gap| (0, gap)));
    history.events.extend(order.events);
    let run: Vec<Revision> = run.iter().filter_map(|at| revisions.get(*at).cloned()).collect();
    history.migrations = run
        .iter()
        .map(|revision| Migration {
            name: revision.id.0.to_string(),
            file: revision.file,
            text: Text::of_file(revision.file, files.text(revision.file)),
            mode: RunMode::Transaction,
        })
        .collect();
    history.program = Some(Arc::new(Revisions { tree, run }));
    history
}

/// Whether a revision is one of another tree of the listing: several trees can be run as one.
fn is_of_another(files: &Files, tree: &Tree, name: &str) -> bool {
    let trees = Trees::of(files);
    let others = config::trees(files);
    let mut revisions = others
        .iter()
        .filter(|other| other.folder != tree.folder)
        .flat_map(|other| other.revisions(files));
    revisions.any(|file| {
        files.text(file).contains(name)
            && header::read(file, trees.get(files, file)).is_some_and(|r| r.id.0 == name)
    })
}

/// Characters that `version_num` holds: 32, unless `env.py` or a revision makes it wider.
fn longest_id(files: &Files, tree: &Tree) -> usize {
    let mut longest = graph::MAX_ID;
    for file in tree.environment(files).into_iter().chain(tree.revisions(files)) {
        let text = files.text(file);
        for (at, word) in text.match_indices("version_num") {
            let after: String = text
                .get(at + word.len()..)
                .unwrap_or("")
                .chars()
                .take(120)
                .collect();
            longest = longest.max(width(&after).unwrap_or(0));
        }
    }
    longest
}

/// The first width of a type of text: `VARCHAR(64)`, `String(length=64)`, `TEXT`.
fn width(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    let found = ["varchar", "character varying", "string", "text"]
        .iter()
        .filter_map(|word| Some((lower.find(word)?, *word)))
        .min()?;
    if found.1 == "text" {
        return Some(usize::MAX);
    }
    let rest = lower.get(found.0 + found.1.len()..)?.trim_start();
    let inner = rest.strip_prefix('(')?.trim_start().trim_start_matches("length=");
    let digits: String = inner.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// What one file of the folder of revisions is.
enum Read {
    /// A revision, with what is wrong with it.
    Revision(Box<Revision>, Vec<HistoryEvent>),
    /// None.
    None(HistoryEvent),
    /// It cannot be read.
    Unreadable(Gap),
}

fn read_one(files: &Files, trees: &Trees, file: FileId) -> Read {
    if let Err(error) = files.read(file) {
        let why = format!("revision file {} {}", files.path(file), error.0);
        return Read::Unreadable(Gap::new(Span::new(file, 0, 0), why, Reach::Everything));
    }
    let parsed = trees.get(files, file);
    let refused = parsed.refused.as_ref().map(no_python);
    let Some(mut revision) = header::read(file, parsed) else {
        return Read::None(refused.unwrap_or_else(|| no_revision(files, file)));
    };
    let text = files.text(file);
    let mut events = program::check(files, &revision, parsed, &text);
    events.extend(refused);
    revision.alters_columns = program::alters_columns(&revision, parsed, &text);
    let name = files.path(file).rsplit('/').next().unwrap_or("");
    revision.stem = name.trim_end_matches(".py").into();
    Read::Revision(Box::new(revision), events)
}

/// Alembic imports each file of the folder before it runs any (`ScriptDirectory._load_revisions`).
fn no_python((why, span): &(String, Span)) -> HistoryEvent {
    HistoryEvent {
        kind: "broken-revision-chain",
        span: *span,
        message: format!(
            "this file lies among the revisions and is no Python ({why}), so Alembic refuses to load any of them"
        ),
        related: Vec::new(),
    }
}

/// Alembic refuses a folder with such a file (`Script._from_filename`).
fn no_revision(files: &Files, file: FileId) -> HistoryEvent {
    let text = files.text(file);
    let end = text.find('\n').unwrap_or(text.len());
    HistoryEvent {
        kind: "broken-revision-chain",
        span: Span::new(file, 0, end),
        message: "this file lies among the revisions and says no revision id, so Alembic refuses to load any of them"
            .to_owned(),
        related: Vec::new(),
    }
}
