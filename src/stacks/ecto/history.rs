//! Ecto's history: which migrations a project has and in which order they run.
//!
//! Source: `Ecto.Migrator` (`ecto_sql` 3.13): every `**/*.exs` below `priv/<repo>/migrations` whose name begins with an integer and
//! `_`, in the order of the integers. `mix ecto.load` loads `structure.sql` first; the versions that it lists do not run again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::project::{self, Project};
use super::{install, runner, structure};
use crate::config::Given;
use crate::session::{Migration, RunMode, Session};
use crate::source::{FileId, Files, Span, Text};
use crate::stacks::back::Rehearsed;
use crate::stacks::{Folder, History, HistoryEvent, Program};

/// The migrations of a repository.
#[derive(Debug)]
pub struct Migrations {
    /// Its project.
    pub project: Project,
    /// What each of them is.
    pub steps: Vec<Step>,
    /// The module whose `up/1` walks versions, where no files do.
    pub entry: Option<FileId>,
    all: Vec<Migration>,
}

/// What a step of the history is.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The dump that is loaded first.
    pub is_structure: bool,
}

impl Program for Migrations {
    fn run(&self, session: Session, files: &Files, given: &Given, last: Option<usize>) -> Session {
        runner::run(self, &self.all, session, files, given, last, None)
    }

    fn run_with_backs(
        &self,
        session: Session,
        files: &Files,
        given: &Given,
        backs: &mut Rehearsed,
    ) -> Session {
        runner::run(self, &self.all, session, files, given, None, Some(backs))
    }

    fn go_on(
        &self,
        session: Session,
        from: usize,
        _before: &Files,
        files: &Files,
        given: &Given,
    ) -> Option<Session> {
        let rest = self.all.get(from..).filter(|_| self.entry.is_none())?;
        Some(runner::go_on(self, rest, session, files, given))
    }

    fn other_ways(&self, files: &Files, given: &Given) -> Vec<(String, Given)> {
        match self.entry {
            Some(file) if !given.settings.contains_key("install") => {
                install::other_ways(&self.project, file, files, given)
            }
            _ => Vec::new(),
        }
    }
}

/// Reads a folder of migrations.
#[must_use]
pub fn read(folder: Folder<'_>, _given: &Given) -> History {
    let mut history = History {
        stack: "ecto",
        root: folder.path.to_owned(),
        migrations: Vec::new(),
        events: Vec::new(),
        gaps: Vec::new(),
        program: None,
    };
    let files = folder.files;
    let project = Project::of(files, folder.path);
    if let Some(file) = files.find(folder.path) {
        return entry(history, files, project, file);
    }
    let mut steps = Vec::new();
    let dump = project.structure(files).map(|file| (file, files.text(file)));
    let all = together(folder);
    let listed = dump
        .as_ref()
        .and_then(|(_, text)| structure::versions(text, "schema_migrations"))
        .filter(|listed| is_loaded(files, &project) || !is_complete(listed, &all));
    if let (Some((file, text)), Some(_)) = (&dump, &listed) {
        steps.push(Step { is_structure: true });
        history.migrations.push(Migration {
            name: "structure.sql".to_owned(),
            file: *file,
            text: structure::loaded(&Text::of_file(*file, text.clone())),
            mode: RunMode::Statements,
        });
    }
    let mut first: BTreeMap<i64, FileId> = BTreeMap::new();
    for (version, name, file) in all {
        if let Some(other) = first.insert(version, file) {
            history.events.push(duplicate(files, version, other, file));
        }
        if listed.as_ref().is_some_and(|listed| listed.contains(&version)) {
            continue;
        }
        steps.push(Step { is_structure: false });
        history.migrations.push(Migration {
            name: name.trim_end_matches(".exs").to_owned(),
            file,
            text: Text::of_file(file, files.text(file)),
            mode: RunMode::Transaction,
        });
    }
    if !history.migrations.is_empty() {
        history.program = Some(Arc::new(Migrations {
            project,
            steps,
            entry: None,
            all: history.migrations.clone(),
        }));
    }
    history
}

/// Whether the project's own commands load a dump.
fn is_loaded(files: &Files, project: &Project) -> bool {
    let mut above = project.folder.as_str();
    loop {
        let file = files.find(&project::join(above, "mix.exs"));
        if file.is_some_and(|file| files.text(file).contains("ecto.load")) {
            return true;
        }
        if above.is_empty() {
            return false;
        }
        above = above.rsplit_once('/').map_or("", |(above, _)| above);
    }
}

/// Whether every version that a dump lists has a file: then the dump is only written, `mix ecto.migrate` makes it all.
fn is_complete(listed: &BTreeSet<i64>, all: &[(i64, String, FileId)]) -> bool {
    let files: BTreeSet<i64> = all.iter().map(|(version, ..)| *version).collect();
    listed.is_subset(&files)
}

/// A module that brings migrations, in place of files.
fn entry(mut history: History, files: &Files, project: Project, file: FileId) -> History {
    let path = files.path(file);
    history.migrations.push(Migration {
        name: path.rsplit('/').next().unwrap_or(path).to_owned(),
        file,
        text: Text::of_file(file, files.text(file)),
        mode: RunMode::Transaction,
    });
    history.program = Some(Arc::new(Migrations {
        project,
        steps: vec![Step { is_structure: false }],
        entry: Some(file),
        all: history.migrations.clone(),
    }));
    history
}

/// The migrations of a folder and of those that run together with it, by version.
fn together(folder: Folder<'_>) -> Vec<(i64, String, FileId)> {
    let mut out = found(folder);
    for path in project::beside(folder.files, folder.path) {
        out.extend(found(Folder::new(folder.files, &path)));
    }
    out.sort();
    out
}

/// The migrations of a folder by version.
#[must_use]
pub fn found(folder: Folder<'_>) -> Vec<(i64, String, FileId)> {
    let mut out: Vec<(i64, String, FileId)> = folder
        .below()
        .filter_map(|(path, file)| {
            let name = path.rsplit('/').next().unwrap_or(path);
            Some((version(name)?, name.to_owned(), file))
        })
        .collect();
    out.sort();
    out
}

/// The version of a file of this name.
#[must_use]
pub fn version(name: &str) -> Option<i64> {
    let (number, rest) = name.strip_suffix(".exs")?.split_once('_')?;
    if rest.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse().ok()
}

fn duplicate(files: &Files, version: i64, first: FileId, second: FileId) -> HistoryEvent {
    let start = |file: FileId| {
        let text = files.text(file);
        let end = text.find('\n').unwrap_or(text.len());
        Span::new(file, 0, text[..end].trim_end().len())
    };
    HistoryEvent {
        kind: "broken-revision-chain",
        span: start(second),
        message: format!("two migrations have the version {version}"),
        related: vec![(start(first), "the other one".to_owned())],
    }
}
