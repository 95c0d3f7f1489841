//! The session as a program in a host language uses it: a migration is begun, sends statements as it runs, and is ended; between
//! them its whole state may be kept, put back, and joined with that of another course.

use std::sync::Arc;

use smol_str::SmolStr;

use super::answer::{Rows, rows};
use super::checkpoint::Checkpoint;
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

/// What a session keeps of the program that runs on it.
#[derive(Debug, Clone, Default)]
pub(super) struct Program {
    /// The last checkpoint that the present course went through.
    pub(super) last: Option<Checkpoint>,
    pub(super) aborted: Option<Failure>,
    /// Calls that lead to what is sent, outermost first.
    pub(super) calls: Vec<Span>,
    /// Where the program sends what runs.
    pub(super) sent: Option<Span>,
    /// The driver opens a transaction before a statement where none is open, as PEP 249 has it.
    pub(super) begins: bool,
    /// The driver takes one to be open, whatever was said in SQL since (psycopg2).
    pub(super) started: bool,
    /// The runner's own transaction was rolled back by the program.
    pub(super) undone: bool,
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

    /// Notes a question whose answer commands that still wait would change.
    pub fn note_unflushed(&mut self, unflushed: Unflushed) {
        if !self.unflushed.contains(&unflushed) {
            self.unflushed.push(unflushed);
        }
    }
}
