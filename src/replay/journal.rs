//! Where each change comes from: migration, statement, and the chain of calls that led to it.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::change::Change;
use crate::known::ChangeId;
use crate::source::Span;

/// The place of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Index into [`Journal::migrations`].
    pub migration: u32,
    /// The statement or operation.
    pub span: Span,
    /// Calls that led to it, outermost first: the `SELECT f()` that ran a function's body.
    pub via: Vec<Span>,
}

/// All origins of a run. Shared by every fork, so that ids never collide.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    /// Names of the migrations in the order they ran.
    pub migrations: Vec<String>,
    origins: Vec<Origin>,
    /// What a program made, since its text does not say it again.
    made: FxHashMap<ChangeId, Arc<Change>>,
}

impl Journal {
    /// Begins a migration; origins recorded from now on belong to it.
    pub fn begin(&mut self, name: impl Into<String>) {
        self.migrations.push(name.into());
    }

    /// Records an origin.
    pub fn record(&mut self, span: Span, via: Vec<Span>) -> ChangeId {
        let migration = self.migrations.len().saturating_sub(1) as u32;
        self.origins.push(Origin { migration, span, via });
        ChangeId(self.origins.len() as u32 - 1)
    }

    /// Keeps a change that a program made.
    pub fn keep(&mut self, id: ChangeId, change: Change) {
        self.made.insert(id, Arc::new(change));
    }

    /// A change that a program made; what SQL made is read again from its text.
    #[must_use]
    pub fn made(&self, id: ChangeId) -> Option<&Arc<Change>> {
        self.made.get(&id)
    }

    /// Every change with its origin, in the order they were made.
    pub fn origins(&self) -> impl Iterator<Item = (ChangeId, &Origin)> {
        self.origins
            .iter()
            .zip(0..)
            .map(|(origin, id)| (ChangeId(id), origin))
    }

    /// The origin of a change.
    #[must_use]
    pub fn origin(&self, id: ChangeId) -> Option<&Origin> {
        self.origins.get(id.0 as usize)
    }

    /// The name of the migration of a change.
    #[must_use]
    pub fn migration(&self, id: ChangeId) -> Option<&str> {
        let origin = self.origin(id)?;
        self.migrations.get(origin.migration as usize).map(String::as_str)
    }
}
