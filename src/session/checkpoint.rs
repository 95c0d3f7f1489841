//! States of a session that a program keeps, puts back and joins.

//! them its whole state may be kept, put back, and joined with that of another course.

use std::sync::Arc;

use super::Session;
use super::transaction::Transactions;
use super::world::World;
use crate::change::Failure;
use crate::known::Gap;
use crate::source::Span;

/// Everything of a session that one course of a program may change. Cheap to copy.
#[derive(Debug, Clone)]
pub struct Checkpoint(Arc<Node>);

#[derive(Debug)]
struct Node {
    world: World,
    transactions: Arc<Transactions>,
    /// A transaction whose statement failed takes no other until it is rolled back; a handler saw the failure.
    aborted: Option<Failure>,
    begins: bool,
    started: bool,
    undone: bool,
    /// What this course came from.
    parent: Option<Checkpoint>,
    depth: u32,
}

impl Drop for Node {
    /// One after the other: a long course would overflow the stack.
    fn drop(&mut self) {
        let mut next = self.parent.take();
        while let Some(Checkpoint(node)) = next {
            next = Arc::try_unwrap(node).ok().and_then(|mut node| node.parent.take());
        }
    }
}

impl Session {
    /// What holds where the statement that has run since `start` fails instead.
    pub(super) fn failed_course(&self, start: Checkpoint, gap: &Gap, at: Span) -> Checkpoint {
        let aborted = self.in_transaction_block().then(|| Failure {
            sqlstate: "XX000",
            message: gap.why.clone(),
            span: at,
            related: Vec::new(),
        });
        Checkpoint(Arc::new(Node {
            world: start.0.world.clone(),
            transactions: start.0.transactions.clone(),
            aborted,
            begins: start.0.begins,
            started: start.0.started,
            undone: start.0.undone,
            depth: start.0.depth + 1,
            parent: Some(start),
        }))
    }

    /// Keeps the present state.
    pub fn checkpoint(&mut self) -> Checkpoint {
        if let Some(last) = self.program.last.clone().filter(|last| self.is_at(last)) {
            return last;
        }
        let node = Node {
            world: self.world.clone(),
            transactions: self.transactions.clone(),
            aborted: self.program.aborted.clone(),
            begins: self.program.begins,
            started: self.program.started,
            undone: self.program.undone,
            depth: self.program.last.as_ref().map_or(0, |last| last.0.depth + 1),
            parent: self.program.last.clone(),
        };
        let checkpoint = Checkpoint(Arc::new(node));
        self.program.last = Some(checkpoint.clone());
        checkpoint
    }

    /// Whether the present state is the one that was kept.
    fn is_at(&self, checkpoint: &Checkpoint) -> bool {
        let (node, program) = (&checkpoint.0, &self.program);
        self.world.is_still(&node.world)
            && Arc::ptr_eq(&self.transactions, &node.transactions)
            && (program.aborted.is_none() && node.aborted.is_none())
            && (program.begins, program.started, program.undone) == (node.begins, node.started, node.undone)
    }

    /// The present course has gone back to what held at a version: checkpoints since then do not lead to it.
    pub(super) fn step_back(&mut self) {
        while let Some(last) = self.program.last.take() {
            if last.0.world.version <= self.world.version {
                self.program.last = Some(last);
                return;
            }
            self.program.last.clone_from(&last.0.parent);
        }
    }

    /// Puts a state back.
    pub fn restore(&mut self, checkpoint: Checkpoint) {
        if self.is_at(&checkpoint) {
            self.program.last = Some(checkpoint);
            return;
        }
        self.world = checkpoint.0.world.clone();
        self.transactions = checkpoint.0.transactions.clone();
        self.program.aborted.clone_from(&checkpoint.0.aborted);
        self.program.begins = checkpoint.0.begins;
        self.program.started = checkpoint.0.started;
        self.program.undone = checkpoint.0.undone;
        self.program.last = Some(checkpoint);
    }

    /// Runs something on a state to see what would come of it, and goes on as if it had not run: nothing of it is noted.
    pub fn rehearse<T>(&mut self, from: &Checkpoint, run: impl FnOnce(&mut Session) -> T) -> (T, Checkpoint) {
        let last = self.program.last.clone();
        let now = self.checkpoint();
        let (missteps, gaps, statistics) = (self.missteps.len(), self.gaps.len(), self.statistics);
        let (lost, caught) = (self.lost.clone(), self.caught.len());
        self.restore(from.clone());
        let out = run(self);
        let after = self.checkpoint();
        self.restore(now);
        self.program.last = last;
        self.missteps.truncate(missteps);
        for gap in self.gaps.drain(gaps..) {
            self.noted.remove(&gap);
        }
        self.caught.truncate(caught);
        self.statistics = statistics;
        self.lost = lost;
        (out, after)
    }

    /// The present course and another come together: what agrees stays known, the rest is unknown because of `gap`.
    pub fn join(&mut self, other: Checkpoint, gap: &Gap) {
        // A transaction that takes no more statements cannot have been the one that was committed.
        match (&self.program.aborted, &other.0.aborted) {
            (None, Some(_)) => return,
            (Some(_), None) => return self.restore(other),
            _ => {}
        }
        // Nor one whose transaction was rolled back. SQLAlchemy 2.0 refuses what would be sent next
        // (`Connection._invalid_transaction` in `engine/base.py`), and Alembic does not find the note of the revision before
        // (`HeadMaintainer._update_version` in `runtime/migration.py`, 1.16).
        match (self.program.undone, other.0.undone) {
            (false, true) => return,
            (true, false) => return self.restore(other),
            _ => {}
        }
        if self.world.is_still(&other.0.world) {
            self.program.last = self.program.last.take().and_then(|last| common(last, other));
            return;
        }
        let ours = self.checkpoint();
        let base = common(ours.clone(), other.clone());
        let base_world = base.as_ref().map_or(&ours.0.world, |base| &base.0.world).clone();
        self.world = self.join_worlds(ours.0.world.clone(), other.0.world.clone(), &base_world, gap);
        self.program.last = base;
    }
}

/// The nearest state that both courses came from.
fn common(mut a: Checkpoint, mut b: Checkpoint) -> Option<Checkpoint> {
    loop {
        if Arc::ptr_eq(&a.0, &b.0) {
            return Some(a);
        }
        if a.0.depth > b.0.depth {
            a = a.0.parent.clone()?;
        } else if b.0.depth > a.0.depth {
            b = b.0.parent.clone()?;
        } else {
            a = a.0.parent.clone()?;
            b = b.0.parent.clone()?;
        }
    }
}
