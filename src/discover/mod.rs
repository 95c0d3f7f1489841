//! Which targets, histories and model sets a repository holds, from the markers that stacks leave.

use crate::config::{Dialect, Given, Options};
use crate::source::{FileId, Files};
use crate::stacks::{Folder, History, Runner, sql_folder};

mod guess;

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
        if let Some(file) = files.find(&self.path) {
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
}

/// Something that was seen and is not checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotChecked {
    /// What: a folder or file and what it is.
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
/// When what is set by hand does not fit; the text says what and what to do.
pub fn discover(files: &Files, options: &Options) -> Result<Found, String> {
    let given = options.given(Given::default())?;
    let histories = options
        .migrations
        .iter()
        .map(|path| HistorySource {
            runner: guess::runner(Folder::new(files, path)),
            path: path.clone(),
        })
        .collect();
    Ok(Found {
        targets: vec![Target {
            name: "default".to_owned(),
            dialect: options.dialect.unwrap_or(Dialect::Postgres),
            given,
            histories,
            models: Vec::new(),
        }],
        not_checked: Vec::new(),
    })
}
