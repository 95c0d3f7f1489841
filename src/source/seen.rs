//! Which files were looked at, and which of them read: by a run, and by each piece of work whose result may outlive it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// The file's size or bytes were looked at.
pub(super) const LOOKED_AT: u8 = 1;
/// Its text was taken.
pub(super) const READ: u8 = 3;

/// A mark for each file.
pub(super) struct Seen {
    marks: Vec<AtomicU8>,
    /// Who asked for the work: sees all that it sees.
    above: Option<Arc<Seen>>,
}

impl Seen {
    /// Nothing of so many files yet.
    pub(super) fn new(files: usize, above: Option<Arc<Seen>>) -> Self {
        Seen {
            marks: (0..files).map(|_| AtomicU8::new(0)).collect(),
            above,
        }
    }

    /// Notes a file. Only marks are shared between threads, so no order is asked for.
    pub(super) fn note(&self, file: usize, mark: u8) {
        let mut seen = self;
        while let Some(known) = seen.marks.get(file) {
            if known.load(Ordering::Relaxed) & mark == mark {
                return;
            }
            known.fetch_or(mark, Ordering::Relaxed);
            match &seen.above {
                Some(above) => seen = above,
                None => return,
            }
        }
    }

    /// Notes what another has seen.
    pub(super) fn note_all(&self, other: &Seen) {
        for (file, mark) in other.marks.iter().enumerate() {
            let mark = mark.load(Ordering::Relaxed);
            if mark != 0 {
                self.note(file, mark);
            }
        }
    }

    /// Whether a file was looked at.
    pub(super) fn has(&self, file: usize) -> bool {
        self.marks
            .get(file)
            .is_some_and(|mark| mark.load(Ordering::Relaxed) != 0)
    }

    /// The files that were read.
    pub(super) fn all_read(&self) -> impl Iterator<Item = usize> + '_ {
        let marks = self.marks.iter().enumerate();
        marks
            .filter(|(_, mark)| mark.load(Ordering::Relaxed) & READ == READ)
            .map(|(at, _)| at)
    }
}
