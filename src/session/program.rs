//! The session as a program in a host language uses it: a migration is begun, sends statements as it runs, and is ended; between
//! them its whole state may be kept, put back, and joined with that of another course.

use std::sync::Arc;

use smol_str::SmolStr;

use super::answer::{Rows, rows};
use super::flow::{Flow, Run};
use super::fork::Budget;
use super::query::Table;
use super::transaction::Transactions;
use super::world::World;
use super::{Caught, Misstep, Session};
use crate::change::{Change, Failure, SWALLOWED};
use crate::known::{Gap, Reach};
use crate::source::{FileId, Span, Text};
use crate::sql::{Read, Statement, Transaction};

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

/// What a session keeps of the program that runs on it.
#[derive(Debug, Clone, Default)]
pub(super) struct Program {
    /// The last checkpoint that the present course went through.
    last: Option<Checkpoint>,
    aborted: Option<Failure>,
    /// Calls that lead to what is sent, outermost first.
    pub(super) calls: Vec<Span>,
    /// Where the program sends what runs.
    pub(super) sent: Option<Span>,
    /// The driver opens a transaction before a statement where none is open, as PEP 249 has it.
    begins: bool,
    /// The driver takes one to be open, whatever was said in SQL since (psycopg2).
    started: bool,
    /// The runner's own transaction was rolled back by the program.
    undone: bool,
    /// What runs is the program around the migrations: how its connection is set up is not followed, and drivers open a transaction.
    pub(super) environment: bool,
    /// The text that runs has holes, and why.
    pub(super) holed: Option<String>,
    /// What is applied is made by the program itself, not written as SQL.
    pub(super) makes: bool,
    /// Bodies of functions stand for a library's own, whose text is not known.
    pub(super) stand_ins: bool,
}

/// A connection's transaction while another connection sends something.
#[derive(Debug)]
pub struct Left {
    transactions: Arc<Transactions>,
    begins: bool,
    started: bool,
    aborted: Option<Failure>,
}

/// A question that a program asked at once, while commands that change its answer waited to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unflushed {
    /// The question.
    pub question: Span,
    /// The calls that led to it, outermost first.
    pub via: Vec<Span>,
    /// The first command that would have changed the answer.
    pub command: Span,
    /// What it makes or changes, for people: `create table a`.
    pub what: String,
    /// The answer that it got.
    pub now: String,
    /// The answer that it would have got.
    pub flushed: String,
    /// The migration that ran.
    pub migration: String,
}

/// What became of a statement that a program sent.
#[derive(Debug)]
pub struct Sent {
    /// The rows that it gave; or the error that the server gives, and the state is that after the error.
    pub result: Result<Rows, Failure>,
    /// It may fail instead: why, and what then holds. Told only where a handler could see it.
    pub doubt: Option<(Gap, Checkpoint)>,
}

impl Session {
    /// A program's migration begins. `transaction`: within a transaction that the runner opens for it, unless one is open still.
    pub fn begin_program(&mut self, name: &str, transaction: bool) {
        self.journal.begin(name);
        self.begin_gaps();
        self.statistics.migrations += 1;
        self.budget = Budget::default();
        self.program.last = None;
        self.program.begins = transaction;
        self.begin_as_driver();
        self.checkpoint();
    }

    /// What runs before the migrations of a program, and belongs to none of them.
    pub fn begin_environment(&mut self, name: &str) {
        self.journal.begin(name);
        self.begin_gaps();
        self.budget = Budget::default();
        self.program.last = None;
        self.program.environment = true;
        self.checkpoint();
    }

    /// It ends; `commit` where its transaction does.
    pub fn end_program(&mut self, commit: bool, at: Span) {
        self.program = Program {
            started: self.program.started && !commit,
            ..Program::default()
        };
        if commit {
            self.end_migration(at);
        }
        self.end_gaps();
        self.blocks.clear();
        self.texts.clear();
        self.catalogs.clear();
    }

    /// Calls that lead to what is sent next, outermost first.
    pub fn called_from(&mut self, calls: Vec<Span>) {
        self.program.calls = calls;
        self.program.sent = None;
    }

    /// Where the program sends what is sent next.
    pub fn sent_from(&mut self, at: Span) {
        self.program.sent = Some(at);
    }

    /// Sends changes as one statement. `handled`: the program has a handler that could see an error; otherwise a statement that
    /// must fail is noted as a misstep, and the program goes on as if it had been mended.
    pub fn send_changes(&mut self, changes: &[Change], at: Span, handled: bool) -> Sent {
        let alone = |change: &Change| matches!(change, Change::CreateIndex(index) if index.concurrently);
        // What may not run in a transaction is told by its words.
        let words = if changes.iter().any(alone) {
            "CREATE INDEX CONCURRENTLY"
        } else {
            ""
        };
        let read = Read {
            span: at,
            text: Text::composed([(words.to_owned(), at, false)]),
            statement: Statement::Changes(changes.to_vec()),
        };
        self.program.makes = true;
        let sent = self.send(&read, handled);
        self.program.makes = false;
        sent
    }

    /// Sends SQL text: one or more statements, none of which runs once one has failed. The rows are those of the last.
    pub fn send_text(&mut self, text: &Text, handled: bool) -> Sent {
        let reads = self.reads(text);
        let mut out = Sent {
            result: Ok(Rows::default()),
            doubt: None,
        };
        for read in reads.iter() {
            let sent = self.send(read, handled);
            out.result = sent.result;
            out.doubt = out.doubt.or(sent.doubt);
            if out.result.is_err() {
                break;
            }
        }
        out
    }

    /// The same for text that a library made of what the program told it: no file holds it.
    pub fn send_made(&mut self, text: &Text, handled: bool) -> Sent {
        self.program.makes = true;
        let sent = self.send_text(text, handled);
        self.program.makes = false;
        sent
    }

    /// The same for text in words of our own for what a library sends: what bodies of functions say stands for what the library's do.
    pub fn send_stand_in(&mut self, text: &Text, handled: bool) -> Sent {
        self.program.stand_ins = true;
        let sent = self.send_text(text, handled);
        self.program.stand_ins = false;
        sent
    }

    /// A function of [`Session::send_stand_in`].
    pub(super) fn stand_in(&self, change: &Change) -> Option<Change> {
        let Change::CreateFunction(function) = change else {
            return None;
        };
        let mut function = self.program.stand_ins.then(|| function.clone())?;
        function.stand_in = true;
        Some(Change::CreateFunction(function))
    }

    /// Begins, commits or rolls back: what a connection's methods do.
    pub fn send_control(&mut self, control: Transaction, at: Span, handled: bool) -> Sent {
        let read = Read {
            span: at,
            text: Text::composed([(String::new(), at, false)]),
            statement: Statement::Transaction(control.clone()),
        };
        self.program.undone |= control == Transaction::Rollback && self.in_transaction_block();
        let sent = self.send(&read, handled);
        if matches!(control, Transaction::Commit | Transaction::Rollback) {
            self.program.started = false;
        }
        sent
    }

    /// Something could not be followed: what it reaches is open from now on.
    pub fn open_gap(&mut self, gap: Gap) {
        self.open(gap);
    }

    /// The files whose statements have run, and those of the calls that led to them.
    #[must_use]
    pub fn ran(&self) -> std::collections::BTreeSet<FileId> {
        let mut out = std::collections::BTreeSet::new();
        for (_, origin) in self.journal.origins() {
            out.insert(origin.span.file);
            out.extend(origin.via.iter().map(|call| call.file));
        }
        out
    }

    /// Notes for the coverage what could not be followed and reaches nothing.
    pub fn note_gap(&mut self, gap: &Gap) {
        self.note(gap);
    }

    /// Rows of any table may have come or gone.
    pub fn touch_rows_of_all(&mut self) {
        self.touch_all_rows();
        self.touch();
    }

    /// Whether nothing has run on it, and nothing was left out.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.gaps_of.is_empty() && self.gaps.is_empty() && self.clock == 0
    }

    /// Notes that an error ended the program: what ran before it stands.
    pub fn note_failure(&mut self, failure: Failure) {
        let change = self.journal.record(failure.span, self.program.calls.clone());
        self.missteps.push(Misstep {
            failure,
            change,
            sent: None,
        });
    }

    /// Notes a migration that its tool wrote for a difference, and that leaves all as it is.
    pub fn note_idle(&mut self, at: Span) {
        self.idle.push(at);
    }

    /// Notes that a handler would let an error of what is sent next pass, where that error would abort the transaction.
    pub fn note_caught(&mut self, operation: Span, handler: Span) {
        let known = |c: &Caught| c.operation == operation && c.handler == handler;
        if !self.in_transaction_block() || self.has_savepoint() || self.caught.iter().any(known) {
            return;
        }
        let change = self.journal.record(operation, self.program.calls.clone());
        self.caught.push(Caught {
            change,
            operation,
            handler,
        });
    }

    /// Whether a transaction block is open.
    #[must_use]
    pub fn is_in_transaction(&self) -> bool {
        self.in_transaction_block()
    }

    /// The error after which the open transaction takes no statement.
    #[must_use]
    pub fn aborted(&self) -> Option<&Failure> {
        self.program.aborted.as_ref()
    }

    /// A block in which each statement is committed alone begins, or ends; the open transaction is committed before it.
    pub fn autocommit(&mut self, begins: bool, at: Span) {
        self.program.begins = !begins;
        self.program.started = false;
        if begins {
            self.end_transaction(at);
        }
    }

    /// Another connection sends something, outside of the open transaction.
    pub fn leave_transaction(&mut self) -> Left {
        Left {
            transactions: std::mem::take(&mut self.transactions),
            begins: std::mem::take(&mut self.program.begins),
            started: std::mem::take(&mut self.program.started),
            aborted: self.program.aborted.take(),
        }
    }

    /// The connection of before goes on.
    pub fn reenter_transaction(&mut self, left: Left) {
        self.transactions = left.transactions;
        self.program.begins = left.begins;
        self.program.started = left.started;
        self.program.aborted = left.aborted;
    }

    /// The driver begins a transaction before a statement, unless it takes one to be open.
    fn begin_as_driver(&mut self) {
        if self.program.begins && !self.program.started {
            self.program.started = true;
            if !self.in_transaction_block() {
                // What a rollback goes back to is then on the line of checkpoints.
                self.checkpoint();
                self.open_transaction();
            }
        }
    }

    pub(super) fn send(&mut self, read: &Read, handled: bool) -> Sent {
        self.statistics.statements += 1;
        self.budget.next_statement();
        let gaps = self.gaps.len();
        if let Some(failure) = self.refused_as_aborted(read, handled) {
            return Sent {
                result: Err(failure),
                doubt: None,
            };
        }
        self.begin_as_driver();
        let start = handled.then(|| self.checkpoint());
        let before = self.world.clone();
        self.statement_start = Some(before.clone());
        self.last_change = None;
        self.via.clone_from(&self.program.calls);
        if handled {
            self.handlers.push(vec![SmolStr::new_static("others")]);
        }
        let result = self.run_read(read, true);
        let parked = std::mem::take(&mut self.parked);
        self.handlers.clear();
        self.via.clear();
        self.ctes.clear();
        self.aliases.clear();
        self.world.frames.clear();
        let mut sent = self.after(result, read, &before, handled);
        self.end_statement(read.span);
        if self.gaps.len() > gaps {
            self.statistics.opaque += 1;
        }
        if let (Some(start), true) = (start, sent.result.is_ok()) {
            let fails = parked.iter().find(|course| matches!(course.flow, Flow::Raise(_)));
            sent.doubt = fails
                .map(|fails| fails.gap.clone())
                .map(|gap| (gap.clone(), self.failed_course(start, &gap, read.span)));
        }
        sent
    }

    fn after(&mut self, result: Run<Option<Table>>, read: &Read, before: &World, handled: bool) -> Sent {
        let raised = match result {
            Ok(table) => {
                if let Statement::Transaction(Transaction::Rollback | Transaction::RollbackTo(_)) =
                    read.statement
                {
                    self.program.aborted = None;
                }
                return Sent {
                    result: Ok(table.map_or_else(Rows::default, rows)),
                    doubt: None,
                };
            }
            Err(raised) => raised,
        };
        self.roll_back_statement(before);
        let certain = !raised.is_budget() && raised.gap().is_none();
        if handled && certain {
            let failure = raised.failure;
            if self.in_transaction_block() {
                self.program.aborted = Some(failure.clone());
            }
            return Sent {
                result: Err(failure),
                doubt: None,
            };
        }
        let sqlstate = certain.then_some(raised.failure.sqlstate);
        self.misstep(*raised, read);
        if let Some(sqlstate) = sqlstate {
            self.mend(sqlstate, read);
        }
        // Mended it may give rows.
        let gap = Gap::new(read.span, "the rows of a statement that fails", Reach::Rows);
        Sent {
            result: Ok(Rows::unknown(gap)),
            doubt: None,
        }
    }

    /// The error that a transaction answers with once a statement of it has failed. Where no handler sees it, it is noted, and the
    /// program goes on as if the first statement had been mended.
    fn refused_as_aborted(&mut self, read: &Read, handled: bool) -> Option<Failure> {
        let first = self.program.aborted.clone()?;
        if let Statement::Transaction(
            Transaction::Rollback | Transaction::RollbackTo(_) | Transaction::Commit,
        ) = read.statement
        {
            return None;
        }
        let failure = Failure {
            sqlstate: "25P02",
            message: "current transaction is aborted, commands ignored until end of transaction block"
                .to_owned(),
            span: read.span,
            related: vec![(first.span, format!("{SWALLOWED}{}", first.message))],
        };
        if handled {
            return Some(failure);
        }
        self.program.aborted = None;
        self.note_failure(failure);
        None
    }

    /// What holds where the statement that has run since `start` fails instead.
    fn failed_course(&self, start: Checkpoint, gap: &Gap, at: Span) -> Checkpoint {
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

    /// Notes a question whose answer commands that still wait would change.
    pub fn note_unflushed(&mut self, unflushed: Unflushed) {
        if !self.unflushed.contains(&unflushed) {
            self.unflushed.push(unflushed);
        }
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
