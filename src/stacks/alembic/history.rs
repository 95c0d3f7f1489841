//! Alembic histories: which revisions a tree has, in which order they run, and what is wrong with their chain.

use std::sync::Arc;

use super::config::{self, Tree};
use super::graph;
use super::header::{self, Revision};
use super::heads;
use super::runner;
use crate::config::Given;
use crate::known::{Gap, Reach};
use crate::session::{Migration, RunMode, Session};
use crate::source::{Files, Span, Text};
use crate::stacks::{Folder, History, HistoryEvent, Program};
use crate::syntax::python;

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
        runner::run(self, session, files, given, last)
    }
}

/// Reads a tree: its script folder, a folder of revisions, or its configuration.
#[must_use]
pub fn read(folder: Folder<'_>, _given: &Given) -> History {
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
    let mut revisions = Vec::new();
    for file in tree.revisions(files) {
        let source = match files.read(file) {
            Ok(source) => source,
            Err(error) => {
                let why = format!("revision file {} {}", files.path(file), error.0);
                let gap = Gap::new(Span::new(file, 0, 0), why, Reach::Everything);
                history.gaps.push((0, gap));
                continue;
            }
        };
        match header::read(file, &python::parse(file, &source.text)) {
            Some(mut revision) => {
                let name = files.path(file).rsplit('/').next().unwrap_or("");
                revision.stem = name.trim_end_matches(".py").into();
                revisions.push(revision);
            }
            None => history.events.push(no_revision(files, file)),
        }
    }
    for (name, span) in revisions.iter().flat_map(|r| &r.unclear) {
        let why = format!("{name} is computed, and what it is cannot be told");
        history.gaps.push((0, Gap::new(*span, why, Reach::Rows)));
    }
    let order = graph::order(&revisions);
    history.events.extend(order.events);
    history
        .events
        .extend(heads::check(files, &revisions, &order.heads));
    let run: Vec<Revision> = order
        .run
        .iter()
        .filter_map(|at| revisions.get(*at).cloned())
        .collect();
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

/// Alembic refuses a folder with such a file (`Script._from_filename`).
fn no_revision(files: &Files, file: crate::source::FileId) -> HistoryEvent {
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
