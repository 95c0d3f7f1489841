//! Where each change comes from: migration, statement, and the chain of calls that led to it.

use std::collections::BTreeMap;
use std::sync::Arc;

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
    made: BTreeMap<ChangeId, Arc<Change>>,
}

/// How long a journal was.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    migrations: usize,
    origins: usize,
}

/// The end of a journal that was cut off it: where changes come from that what is left does not know.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    first: usize,
    origins: Vec<Origin>,
}

impl Tail {
    /// The origin of a change, by the journal that this was cut off or by this.
    #[must_use]
    pub fn origin<'t>(&'t self, journal: &'t Journal, id: ChangeId) -> Option<&'t Origin> {
        match (id.0 as usize).checked_sub(self.first) {
            Some(at) => self.origins.get(at),
            None => journal.origin(id),
        }
    }
}

impl Journal {
    /// How long it is.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            migrations: self.migrations.len(),
            origins: self.origins.len(),
        }
    }

    /// Takes away what came after a mark.
    pub fn cut(&mut self, mark: Mark) -> Tail {
        self.migrations.truncate(mark.migrations);
        let first = mark.origins.min(self.origins.len());
        let origins = self.origins.split_off(first);
        self.made.split_off(&ChangeId(first as u32));
        Tail { first, origins }
    }

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
