//! The simulated PostgreSQL database: takes changes, answers questions, forks, joins and rolls back.
//!
//! Rolling back is dropping a clone: [`Database`] is cheap to clone.

#[allow(dead_code, reason = "called as the statements that need it are replayed")]
pub(crate) mod analyse;
mod journal;

pub use journal::{Journal, Origin};

use crate::change::{Applied, Change, Question};
use crate::config::Given;
use crate::known::{ChangeId, Gap, Reach, Truth};
use crate::name::Name;
use crate::schema::Schema;
use crate::source::Span;

/// A database at one moment of a replay.
#[derive(Debug, Clone)]
pub struct Database {
    schema: Schema,
}

impl Database {
    /// A database as its server makes it, with what is given.
    #[must_use]
    pub fn new(given: &Given) -> Self {
        let schema = Schema {
            search_path: given.search_path.clone(),
            ..Schema::default()
        };
        Database { schema }
    }

    /// What it holds.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Applies one change, whole or not at all; `id` is its origin, `at` its place.
    pub fn apply(&mut self, change: &Change, id: ChangeId, at: Span) -> Applied {
        let _ = (change, id, at);
        Applied::Done
    }

    /// Answers a question about the schema as it stands.
    #[must_use]
    pub fn ask(&self, question: &Question) -> Truth {
        let _ = question;
        Truth::Unknown(Gap::not_given("not answered yet", Reach::Rows))
    }

    /// What is known when either of two courses was taken that both began at `base`.
    #[must_use]
    pub fn join(self, other: Database, base: &Database, gap: &Gap) -> Database {
        let _ = (other, base, gap);
        self
    }

    /// Sets the search path (`SET search_path`).
    pub fn set_search_path(&mut self, path: Vec<Name>) {
        self.schema.search_path = path;
    }

    /// Leaves open what a gap reaches.
    pub fn open(&mut self, gap: Gap) {
        self.schema.gaps.push(gap);
    }
}
