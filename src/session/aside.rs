//! What runs beside a session's course, such as the way back of a migration: the session is afterwards as if it had not run.

use super::Session;
use crate::replay::{Mark, Tail};

/// A session as it was.
#[derive(Debug)]
pub struct Held {
    session: Box<Session>,
    gaps: usize,
    journal: Mark,
}

impl Session {
    /// Keeps the session as it is now, all of it. What runs from here on is beside its course.
    pub fn hold(&mut self) -> Held {
        // What only grows is cut back to its length instead of being copied.
        let journal = std::mem::take(&mut self.journal);
        let gaps = std::mem::take(&mut self.gaps);
        let noted = std::mem::take(&mut self.noted);
        let session = Box::new(self.clone());
        let held = Held {
            session,
            gaps: gaps.len(),
            journal: journal.mark(),
        };
        self.journal = journal;
        self.gaps = gaps;
        self.noted = noted;
        held
    }

    /// Makes the session what it was; what it has recorded since.
    pub fn put_back(&mut self, held: Held) -> Tail {
        let mut journal = std::mem::take(&mut self.journal);
        let mut gaps = std::mem::take(&mut self.gaps);
        let mut noted = std::mem::take(&mut self.noted);
        for gap in gaps.drain(held.gaps..) {
            noted.remove(&gap);
        }
        let tail = journal.cut(held.journal);
        *self = *held.session;
        self.journal = journal;
        self.gaps = gaps;
        self.noted = noted;
        tail
    }
}
