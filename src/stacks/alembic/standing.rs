//! States on the way of a history whose revisions stand alone, from which the next run goes on.

use std::sync::{Arc, Mutex, MutexGuard};

use super::header::Revision;
use super::surroundings::Surroundings;
use crate::known::Gap;
use crate::session::Session;
use crate::source::Files;
use crate::stacks::is_kept;
use crate::stacks::sqlalchemy::ddl::Memo;

/// What the last run leaves to the next.
#[derive(Debug, Default)]
pub struct Standing(Mutex<Way>);

/// The way of a run, with states on it.
#[derive(Debug, Default)]
struct Way {
    surroundings: Option<Surroundings>,
    revisions: Vec<(Revision, Arc<str>)>,
    states: Vec<State>,
}

/// The state after so many revisions.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) done: usize,
    pub(super) session: Session,
    /// The enums that `create_table` has made.
    pub(super) enums: Memo,
    pub(super) gaps: Vec<Gap>,
}

/// The states of a run, taken from those of the run before; they are the next one's when it is dropped.
pub(super) struct Course<'s> {
    way: MutexGuard<'s, Way>,
    /// How many revisions are as they were.
    common: usize,
    all: usize,
}

impl Standing {
    /// Begins a run; `None` where another one runs.
    pub(super) fn begin(
        &self,
        files: &Files,
        surroundings: &Surroundings,
        revisions: &[Revision],
    ) -> Option<Course<'_>> {
        let mut way = self.0.try_lock().ok()?;
        let now: Vec<_> = revisions
            .iter()
            .map(|revision| (revision.clone(), files.text(revision.file)))
            .collect();
        let same = way.surroundings.as_ref() == Some(surroundings);
        let common = way
            .revisions
            .iter()
            .zip(&now)
            .take_while(|(a, b)| same && a == b)
            .count();
        let all = now.len();
        way.states
            .retain(|s| s.done <= common && (s.done == common || is_kept(s.done, all)));
        way.surroundings = Some(surroundings.clone());
        way.revisions = now;
        Some(Course { way, common, all })
    }
}

impl Course<'_> {
    /// The last state that still holds.
    pub(super) fn last(&self) -> Option<State> {
        self.way.states.last().cloned()
    }

    /// Keeps the state after so many revisions, where the next run may want it and there is one that says all.
    pub(super) fn keep(&mut self, done: usize, state: impl FnOnce() -> Option<State>) {
        let newer = self.way.states.last().is_none_or(|last| last.done < done);
        if newer && (done == self.common || done == self.all || is_kept(done, self.all)) {
            self.way.states.extend(state());
        }
    }
}
