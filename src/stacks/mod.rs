//! One folder a framework: what its histories and models are. Same file names in every stack.

mod folder;
pub mod history;
pub mod prisma;
pub mod sql_folder;

pub use folder::{Folder, Item};

use crate::known::Gap;
use crate::session::Migration;
use crate::source::Span;

/// Migrations in the order their runner applies them.
#[derive(Debug, Clone)]
pub struct History {
    /// The stack's name: `prisma`, `diesel`, `sqlx`, ...
    pub stack: &'static str,
    /// The folder or file.
    pub root: String,
    /// In order.
    pub migrations: Vec<Migration>,
    /// Things that are wrong with the history itself.
    pub events: Vec<HistoryEvent>,
    /// What could not be read (a migration in a language that is not followed, ...), placed where it stands in the order: before
    /// the migration with this index.
    pub gaps: Vec<(usize, Gap)>,
}

/// Something about the order or the files of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEvent {
    /// `broken-revision-chain`, ...: the rule that words it.
    pub kind: &'static str,
    /// Where.
    pub span: Span,
    /// What, in one sentence.
    pub message: String,
    /// Places that explain it.
    pub related: Vec<(Span, String)>,
}
