//! A connection to a simulated database: runs SQL text, transactions, functions and plpgsql, and notes what happened.

use crate::change::Failure;
use crate::config::Given;
use crate::known::{ChangeId, Gap};
use crate::replay::{Database, Journal};
use crate::schema::Schema;
use crate::source::{FileId, Text};

/// One migration as its runner hands it to the server.
#[derive(Debug, Clone)]
pub struct Migration {
    /// What people call it: the folder's or file's name.
    pub name: String,
    /// Its file.
    pub file: FileId,
    /// What runs: the up part.
    pub text: Text,
    /// How the runner sends it.
    pub mode: RunMode,
}

/// How a runner sends a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunMode {
    /// The whole text as one simple query: one implicit transaction, unless the text has transaction control of its own.
    OneQuery,
    /// Within a transaction that the runner opens.
    Transaction,
    /// Statement by statement, each committed alone.
    Statements,
}

/// A statement that must fail.
#[derive(Debug, Clone)]
pub struct Misstep {
    /// What the server would say.
    pub failure: Failure,
    /// Which statement.
    pub change: ChangeId,
}

/// Counts for the coverage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Migrations run.
    pub migrations: usize,
    /// Statements read at top level.
    pub statements: usize,
    /// Of those, not or not wholly understood.
    pub opaque: usize,
}

/// What a replay gives.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The schema at the end.
    pub schema: Schema,
    /// Where each change came from.
    pub journal: Journal,
    /// Statements that must fail, in order.
    pub missteps: Vec<Misstep>,
    /// Everything that could not be followed, in order.
    pub gaps: Vec<Gap>,
    /// Counts.
    pub statistics: Statistics,
    /// What was asked for and not given (`setting storage.multitenant`), sorted.
    pub given_missing: Vec<String>,
}

/// A connection.
#[derive(Debug)]
pub struct Session {
    database: Database,
    journal: Journal,
    missteps: Vec<Misstep>,
    gaps: Vec<Gap>,
    statistics: Statistics,
    given_missing: Vec<String>,
}

impl Session {
    /// Connects to a new database.
    #[must_use]
    pub fn new(given: &Given) -> Self {
        Session {
            database: Database::new(given),
            journal: Journal::default(),
            missteps: Vec::new(),
            gaps: Vec::new(),
            statistics: Statistics::default(),
            given_missing: Vec::new(),
        }
    }

    /// Runs one migration.
    pub fn run(&mut self, migration: &Migration) {
        self.journal.begin(migration.name.clone());
        self.statistics.migrations += 1;
        for read in crate::sql::read(&migration.text) {
            self.statistics.statements += 1;
            if let crate::sql::Statement::Changes(changes) = &read.statement {
                let id = self.journal.record(read.span, Vec::new());
                for change in changes {
                    self.database.apply(change, id, read.span);
                }
            }
        }
    }

    /// A migration that cannot be read runs here: what it reaches is open from now on.
    pub fn skip(&mut self, gap: Gap) {
        if gap.reach != crate::known::Reach::Rows {
            self.database.open(gap.clone());
        }
        self.gaps.push(gap);
    }

    /// The database as it stands.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Statements that failed so far.
    #[must_use]
    pub fn missteps(&self) -> &[Misstep] {
        &self.missteps
    }

    /// Ends the connection.
    #[must_use]
    pub fn finish(self) -> Outcome {
        Outcome {
            schema: self.database.schema().clone(),
            journal: self.journal,
            missteps: self.missteps,
            gaps: self.gaps,
            statistics: self.statistics,
            given_missing: self.given_missing,
        }
    }
}
