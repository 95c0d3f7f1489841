//! The pipeline, one function over files and settings: the command line, the editor and every test call it.

use crate::finding::Finding;
use crate::known::Gap;

/// What a run found, and how much of the input it could follow.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// In the order of path, offset and rule.
    pub findings: Vec<Finding>,
    /// What was followed and what was not.
    pub coverage: Coverage,
    /// What was compared with what.
    pub targets: Vec<TargetSummary>,
}

/// How much of the input was followed: silence must never be mistaken for health.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// Migrations run.
    pub migrations: usize,
    /// Statements read.
    pub statements: usize,
    /// Of those, not or not wholly understood.
    pub statements_opaque: usize,
    /// Models read.
    pub models: usize,
    /// Their stored fields.
    pub fields: usize,
    /// Of those, with a type that could not be told.
    pub fields_unknown: usize,
    /// What was asked for and not given, sorted.
    pub given_missing: Vec<String>,
    /// What was seen and not checked at all.
    pub not_checked: Vec<NotChecked>,
    /// Everything that could not be followed, by place.
    pub gaps: Vec<Gap>,
}

/// Something that was seen and is not supported.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotChecked {
    /// What, with its place: `backend/migrations (Django)`.
    pub what: String,
    /// Why.
    pub why: String,
}

/// One database: what runs on it and which models use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSummary {
    /// Its name.
    pub name: String,
    /// `postgres`, ...
    pub dialect: String,
    /// Paths of its histories.
    pub histories: Vec<String>,
    /// Paths of its model sets.
    pub models: Vec<String>,
}
