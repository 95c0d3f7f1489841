//! Models of SQLAlchemy that no history leads to: said, for nothing holds them against a database.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::python::{common_folder, left};
use super::unsupported::shown;
use super::{NotChecked, Target};
use crate::interpret::python::spoken::is_of_tests;
use crate::source::{FileId, Files};

/// What only a class of SQLAlchemy or its kin says.
static CLASSES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^\s+__tablename__\s*[:=]|^class \w+\((?:.*,\s*)?\w+\.Model\b|^class .*\btable ?= ?True")
        .ok()
});

/// Models of a repository in which some history has none and may be theirs.
pub(super) fn find(files: &Files, targets: &[&Target]) -> Option<NotChecked> {
    let sets = || targets.iter().flat_map(|target| &target.models);
    let is_alone = |target: &Target| target.models.is_empty() && !target.histories.is_empty();
    let is_alembic = |target: &Target| target.histories.iter().any(|h| h.runner.name == "alembic");
    let others = sets().any(|models| models.stack != "sqlalchemy");
    let may_be_theirs =
        |target: &Target| is_alone(target) && (is_alembic(target) || !others && sets().next().is_none());
    if !targets.iter().any(|target| may_be_theirs(target)) {
        return None;
    }
    let taken: BTreeSet<FileId> = sets().flat_map(|models| models.files.iter().copied()).collect();
    let says = |file: &FileId| {
        let text = files.text(*file);
        !is_of_tests(files.path(*file))
            && CLASSES
                .as_ref()
                .is_some_and(|words| words.is_match(text.as_bytes()))
    };
    let found: Vec<FileId> = left(files, &taken).into_iter().filter(says).collect();
    if found.is_empty() {
        return None;
    }
    let place = common_folder(files, &found);
    let count = match found.len() {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    Some(NotChecked {
        what: format!("{} (SQLAlchemy models in {count})", shown(&place)),
        why: "no migrations lead to them, so that they are held against none; `migrations` and `models` of a project in the \
              configuration, or --migrations and --models, say which belong together"
            .to_owned(),
    })
}
