//! What an interpreter speaks to: something that takes changes, answers questions and runs SQL text.

use smol_str::SmolStr;

use super::{Change, ObjectKind};
use crate::known::{Gap, Truth};
use crate::name::{Name, QualifiedName};
use crate::source::{Span, Text};

/// A statement that the server would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The SQLSTATE, five characters (manual, appendix A).
    pub sqlstate: &'static str,
    /// The server's message, as it words it.
    pub message: String,
    /// Where it fails.
    pub span: Span,
    /// Places that explain it: what dropped the object, what made the other one; with a label.
    pub related: Vec<(Span, String)>,
}

/// How the label of the first error begins, where one that a handler caught makes a later statement fail; its message follows.
pub const SWALLOWED: &str = "fails, and the handler cannot undo it: ";

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// It was applied, or was known to have nothing to do.
    Done,
    /// The server refuses it; the database is as before.
    Failed(Failure),
    /// It cannot be told whether it succeeds; its effects are in the database as unknown facts.
    Uncertain(Gap),
}

/// A question about the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Is there an object of this kind? (`to_regclass`, `has_table`, `IF NOT EXISTS`)
    Exists(ObjectKind, QualifiedName),
    /// Has the table a column?
    HasColumn(QualifiedName, Name),
    /// Has the table a constraint of this name?
    HasConstraint(QualifiedName, Name),
    /// Has the enum this label?
    HasLabel(QualifiedName, SmolStr),
}

/// The simulated database as a program of migrations sees it. `session::Session` is the one for PostgreSQL.
pub trait Host {
    /// Applies one change at once; `at` is the statement or call.
    fn apply(&mut self, change: &Change, at: Span) -> Applied;
    /// Answers a question about the schema as it stands.
    fn ask(&self, question: &Question, at: Span) -> Truth;
    /// Runs SQL text: one or more statements.
    fn run_sql(&mut self, text: &Text) -> Applied;
}
