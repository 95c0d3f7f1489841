//! Which targets, histories and model sets a repository holds, from the markers that stacks leave.

mod by_hand;
mod dialect;
mod elixir;
mod functions;
mod guess;
mod histories;
mod index;
mod pairing;
mod prisma;
mod projects;
mod python;
mod releases;
#[cfg(test)]
mod tests;
mod touched;
mod unled;
mod unsupported;

pub use guess::MANIFESTS;

use std::collections::BTreeSet;

use crate::config::{Dialect, Given, Misuse, Options};
use crate::declared::Models;
use crate::interpret::python::read_ahead;
use crate::name::Name;
use crate::source::{FileId, Files};
use crate::stacks::{Folder, History, Runner, alembic, ecto, prisma as prisma_stack, sql_folder, sqlalchemy};

/// A database: what is given, the histories that run on it, the models that use it.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name: the folder that it was found in.
    pub name: String,
    /// Its dialect.
    pub dialect: Dialect,
    /// What it is given.
    pub given: Given,
    /// Histories in the order they run.
    pub histories: Vec<HistorySource>,
    /// Model sets.
    pub models: Vec<ModelSource>,
    /// It has those besides that its history leads to: [`with_models`] looks for them.
    pub leads_to_models: bool,
    /// Where the database is, as its models' source writes it; `None` where that is not told.
    pub address: Option<String>,
}

/// Where a history lies and who runs it.
#[derive(Debug, Clone)]
pub struct HistorySource {
    /// Its runner.
    pub runner: &'static Runner,
    /// The folder or file.
    pub path: String,
}

impl HistorySource {
    /// Reads it.
    #[must_use]
    pub fn read(&self, files: &Files, given: &Given) -> History {
        let program = matches!(self.runner.name, "alembic" | "ecto");
        if let Some(file) = files.find(&self.path).filter(|_| !program) {
            return sql_folder::history::read_file(Folder::new(files, ""), file, given);
        }
        (self.runner.read)(Folder::new(files, &self.path), given)
    }
}

/// A set of models.
#[derive(Debug, Clone)]
pub struct ModelSource {
    /// The stack's name.
    pub stack: &'static str,
    /// The folder or file that people know it by.
    pub path: String,
    /// Its files in order.
    pub files: Vec<FileId>,
    /// The history that tells which of its metadata counts.
    pub history: Option<String>,
}

impl ModelSource {
    /// Parses its files, and what they import, on all cores.
    pub fn read_ahead(&self, files: &Files) {
        if self.stack == "sqlalchemy" {
            let tree = self
                .history
                .as_ref()
                .and_then(|path| alembic::config::tree_at(files, path));
            let roots = tree.map_or_else(Vec::new, |tree| tree.roots());
            read_ahead(files, &roots, self.files.iter().copied());
        }
    }

    /// Reads it.
    #[must_use]
    pub fn read(&self, files: &Files) -> Models {
        if self.stack == "sqlalchemy" {
            return sqlalchemy::models::read(files, &self.files, &self.path, self.history.as_deref());
        }
        if self.stack == "ecto" {
            return ecto::models::read(files, &self.files, &self.path, self.history.as_deref());
        }
        let config = prisma_stack::PrismaConfig::near(files, &self.files);
        prisma_stack::models::read(files, &self.files, &config)
    }
}

/// Something that was seen and is not checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotChecked {
    /// What, with its place: `backend/migrations (Django)`.
    pub what: String,
    /// Why.
    pub why: String,
}

/// What a repository holds.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Targets in the order of their names.
    pub targets: Vec<Target>,
    /// What is not checked, sorted.
    pub not_checked: Vec<NotChecked>,
}

/// Finds targets, or takes what is set by hand.
///
/// # Errors
/// When what is set by hand does not fit.
pub fn discover(files: &Files, options: &Options) -> Result<Found, Misuse> {
    let mut found = histories(files, options)?;
    with_models(files, &mut found.targets);
    found
        .not_checked
        .extend(unled_models(files, options, &found.targets));
    Ok(found)
}

/// Endings of the files that histories, models and what leads to them are read from.
const READ: &[&str] = &[
    "cfg", "ex", "exs", "ini", "js", "json", "lock", "mjs", "prisma", "py", "rs", "sql", "toml", "ts", "txt",
    "yaml", "yml",
];

/// Whether what cannot be read may be a side or lead to one: a folder, or a file in a language that is read. A page of
/// documentation that a dead link stands for is nobody's loss here.
fn may_hold_sides(files: &Files, path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    let ending = file.rsplit_once('.');
    files.find(path).is_none() || ending.is_none_or(|(_, e)| READ.contains(&e.to_ascii_lowercase().as_str()))
}

/// The same, but for the models that a history leads to: the history need not wait for them.
///
/// # Errors
/// When what is set by hand does not fit.
pub fn histories(files: &Files, options: &Options) -> Result<Found, Misuse> {
    let mut found = if options.migrations.is_empty() && options.models.is_empty() {
        let mut found = automatic(files, options)?;
        projects::add(files, options, &mut found)?;
        found
    } else {
        by_hand::take(files, options)?
    };
    let lost = files
        .skipped()
        .into_iter()
        .filter(|(path, _)| may_hold_sides(files, path));
    found
        .not_checked
        .extend(lost.map(|(what, why)| NotChecked { what, why }));
    found.not_checked.sort();
    found.not_checked.dedup();
    found.targets = std::mem::take(&mut found.targets)
        .into_iter()
        .flat_map(|target| by_database(files, target))
        .collect();
    if let Some(wanted) = &options.target {
        select(&mut found, wanted)?;
    }
    if !options.touching.is_empty() {
        with_models(files, &mut found.targets);
        touched::keep(files, options, &mut found);
    }
    for target in &mut found.targets {
        let tables = target.histories.iter().filter_map(|h| h.runner.table);
        target.given.runner_tables = tables.map(Name::new).collect();
    }
    Ok(found)
}

/// Looks for the models that histories lead to.
pub fn with_models(files: &Files, targets: &mut [Target]) {
    python::find(files, targets);
}

/// Python modules that may declare tables, where there are models of SQLAlchemy, and that belong to no target.
#[must_use]
pub fn left_models<'t>(files: &Files, targets: impl IntoIterator<Item = &'t Target>) -> Vec<FileId> {
    let models = targets.into_iter().flat_map(|target| &target.models);
    let taken: BTreeSet<FileId> = models
        .filter(|models| models.stack == "sqlalchemy")
        .flat_map(|models| models.files.iter().copied())
        .collect();
    match taken.is_empty() {
        true => Vec::new(),
        false => python::left(files, &taken),
    }
}

/// Models of SQLAlchemy that no history leads to, where the models that histories lead to have been looked for and nobody has said
/// by hand what belongs together.
#[must_use]
pub fn unled_models<'t>(
    files: &Files,
    options: &Options,
    targets: impl IntoIterator<Item = &'t Target>,
) -> Option<NotChecked> {
    let by_hand = !options.migrations.is_empty()
        || !options.models.is_empty()
        || options.database.is_some()
        || options.target.is_some()
        || !options.touching.is_empty()
        || options.configuration.all().any(|s| !s.projects.is_empty());
    if by_hand {
        return None;
    }
    unled::find(files, &targets.into_iter().collect::<Vec<_>>())
}

/// Parses on all cores what the histories of targets are made of.
pub fn read_histories_ahead(files: &Files, targets: &[Target]) {
    python::read_histories_ahead(files, targets);
}

/// One target for each of the databases that a history runs on.
fn by_database(files: &Files, target: Target) -> Vec<Target> {
    let tree = match target.histories.as_slice() {
        [one] if one.runner.name == "alembic" => alembic::config::tree_at(files, &one.path),
        _ => None,
    };
    let databases = tree.map_or_else(Vec::new, |tree| alembic::databases::databases(files, &tree));
    if databases.is_empty() {
        return vec![target];
    }
    let of = |database: String| {
        let mut one = target.clone();
        one.name.clone_from(&database);
        one.given.database = Some(database);
        one
    };
    databases.into_iter().map(of).collect()
}

fn automatic(files: &Files, options: &Options) -> Result<Found, Misuse> {
    let index = index::Index::new(files);
    let roots = histories::find(&index);
    let (schemas, untold) = prisma::find(&index);
    let mut found = pairing::pair(&index, &roots, schemas, options.dialect);
    python::add(&index, &mut found, options.dialect);
    elixir::add(&index, &mut found);
    found.not_checked.extend(untold);
    found.not_checked.extend(unsupported::find(&index, &roots));
    if found.not_checked.is_empty() {
        found.not_checked.extend(python::without_history(&found.targets));
    }
    for target in &mut found.targets {
        let given = std::mem::take(&mut target.given);
        target.given = options.given(projects::place(target), given)?;
    }
    found.targets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Keeps one target.
fn select(found: &mut Found, wanted: &str) -> Result<(), Misuse> {
    let names: Vec<String> = found.targets.iter().map(|t| t.name.clone()).collect();
    found.targets.retain(|t| t.name == wanted);
    if found.targets.is_empty() {
        return Err(Misuse {
            what: format!("there is no target {wanted:?}"),
            help: match names.as_slice() {
                [] => "no target was found".to_owned(),
                names => format!("the targets are: {}", names.join(", ")),
            },
        });
    }
    Ok(())
}
