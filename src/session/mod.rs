//! A connection to a simulated database: runs SQL text, transactions, functions and plpgsql, and notes what happened.
//!
//! A migration is a program. What its conditions ask is answered from the simulated catalogs; where the answer is unknown both
//! branches run and are joined (`fork`). A course that certainly fails outside a handler is dropped: the history is taken to
//! have been applied. For the same reason a statement that must fail is noted as a misstep, is taken back alone, and the rest of
//! its migration runs as if it had been mended (`mend`). Where statements go to the server one by one, and the text itself opened a
//! transaction, the server would have gone on after taking it back: then both are joined.
//!
//! Settings (`SET search_path`) last until the connection ends, as on one connection that runs a whole history; a runner that
//! connects anew for each migration calls [`Session::reconnect`] between them.

mod answer;
mod aside;
mod beside;
mod cast;
mod catalog;
mod checkpoint;
mod dml;
pub mod elsewhere;
mod eval;
mod flow;
mod fork;
mod functions;
mod holed_tables;
mod holes;
mod host;
mod kinds;
mod label_uses;
mod labels;
mod logic;
mod masked;
mod mend;
mod number;
mod ops;
mod parts;
mod patterns;
mod plpgsql;
mod program;
mod query;
mod reach;
mod statement;
mod transaction;
mod value;
mod world;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::Arc;

use rustc_hash::FxHasher;
use smol_str::SmolStr;

use crate::change::Failure;
use crate::config::Given;
use crate::known::{ChangeId, Gap};
use crate::name::{Name, QualifiedName};
use crate::replay::{Database, Journal};
use crate::schema::Schema;
use crate::source::{FileId, Span, Text};
use crate::sql::Read;
pub use answer::{Datum, Row, Rows};
pub use checkpoint::Checkpoint;
use flow::Raised;
use fork::Budget;
pub use masked::{HOLE_GENERATED, HOLE_NULL, HOLE_OPTIONS};
use program::Program;
pub use program::{Left, Sent, Unflushed};
pub use reach::HOLE;
use transaction::Transactions;
use world::{Course, World};

/// One migration as its runner hands it to the server.
#[derive(Debug, Clone, PartialEq)]
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
    /// Where a program sends it.
    pub sent: Option<Span>,
}

/// An operation within a handler that would let its error pass, in a transaction that an error aborts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caught {
    /// The operation.
    pub change: ChangeId,
    /// Where.
    pub operation: Span,
    /// The handler.
    pub handler: Span,
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
    /// Operations whose errors a handler of the program would let pass.
    pub caught: Vec<Caught>,
    /// Migrations that their tool wrote for a difference, and that leave all as it is: where they are.
    pub idle: Vec<Span>,
    /// Everything that could not be followed, in order.
    pub gaps: Vec<Gap>,
    /// For each migration of the journal how many gaps there were before it and after it.
    pub gaps_of: Vec<(usize, usize)>,
    /// Counts.
    pub statistics: Statistics,
    /// What was asked for and not given (`setting storage.multitenant`), sorted.
    pub given_missing: Vec<String>,
    /// Questions whose answers commands that still waited would have changed, in order.
    pub unflushed: Vec<Unflushed>,
    /// Schemas that the search path is taken to lead to, each with the first name that is looked up there, and where.
    pub presumed_path: Vec<elsewhere::Presumed>,
}

/// A text that was read before: where it stands, how long it is, and its hash.
type TextKey = (Span, usize, u64);

/// A connection.
#[derive(Debug, Clone)]
pub struct Session {
    world: World,
    given: Given,
    journal: Journal,
    missteps: Vec<Misstep>,
    caught: Vec<Caught>,
    idle: Vec<Span>,
    unflushed: Vec<Unflushed>,
    gaps: Vec<Gap>,
    /// For each migration of the journal how many there were before it and after it.
    gaps_of: Vec<(usize, usize)>,
    /// The same, to note each once.
    noted: HashSet<Gap, BuildHasherDefault<FxHasher>>,
    statistics: Statistics,
    given_missing: BTreeSet<String>,
    budget: Budget,
    transactions: Arc<Transactions>,
    /// The program that runs, where one does.
    program: Program,
    /// What held before the statement that runs.
    statement_start: Option<World>,
    last_change: Option<ChangeId>,
    /// The database that is asked for is past the statements that fail.
    mended: bool,
    /// The work on rows that runs, and whether it and every function that it calls reach rows alone, once that was asked.
    row_work: Option<(Text, Option<bool>)>,
    /// What failed statements would have made, with the misstep.
    lost: HashMap<Name, usize, BuildHasherDefault<FxHasher>>,
    /// Calls that led here, outermost first.
    via: Vec<Span>,
    /// Conditions of the handlers around, innermost last.
    handlers: Vec<Vec<SmolStr>>,
    /// Courses that wait for the construct that takes them up.
    parked: Vec<Course>,
    /// What the query that runs reads, by alias.
    aliases: Vec<Name>,
    /// Named queries of the queries that run.
    ctes: Vec<(Name, Arc<query::Table>)>,
    /// Numbers the states of the database.
    clock: u64,
    /// Catalogs as they were last asked, with the state that they describe.
    catalogs: HashMap<QualifiedName, (u64, Option<Arc<query::Table>>), BuildHasherDefault<FxHasher>>,
    blocks: HashMap<TextKey, Arc<crate::tree::plpgsql::Block>, BuildHasherDefault<FxHasher>>,
    texts: HashMap<TextKey, Arc<Vec<Read>>, BuildHasherDefault<FxHasher>>,
}

impl Session {
    /// Connects to a new database.
    #[must_use]
    pub fn new(given: &Given) -> Self {
        Session::on(Database::new(given), given)
    }

    /// Connects to the database that a replay has made; what it tells at its end is told with what was told before.
    #[must_use]
    pub fn resumed(outcome: &Outcome, given: &Given) -> Self {
        Session {
            journal: outcome.journal.clone(),
            missteps: outcome.missteps.clone(),
            caught: outcome.caught.clone(),
            idle: outcome.idle.clone(),
            unflushed: outcome.unflushed.clone(),
            gaps: outcome.gaps.clone(),
            gaps_of: outcome.gaps_of.clone(),
            noted: outcome.gaps.iter().cloned().collect(),
            statistics: outcome.statistics,
            given_missing: outcome.given_missing.iter().cloned().collect(),
            mended: true,
            ..Session::on(Database::of(outcome.schema.clone(), given), given)
        }
    }

    fn on(database: Database, given: &Given) -> Self {
        Session {
            world: World::new(database),
            given: given.clone(),
            journal: Journal::default(),
            missteps: Vec::new(),
            caught: Vec::new(),
            idle: Vec::new(),
            unflushed: Vec::new(),
            gaps: Vec::new(),
            gaps_of: Vec::new(),
            noted: HashSet::default(),
            statistics: Statistics::default(),
            given_missing: BTreeSet::new(),
            budget: Budget::default(),
            transactions: Arc::default(),
            program: Program::default(),
            statement_start: None,
            last_change: None,
            mended: false,
            row_work: None,
            lost: HashMap::default(),
            via: Vec::new(),
            handlers: Vec::new(),
            parked: Vec::new(),
            aliases: Vec::new(),
            ctes: Vec::new(),
            clock: 0,
            catalogs: HashMap::default(),
            blocks: HashMap::default(),
            texts: HashMap::default(),
        }
    }

    /// Runs one migration.
    pub fn run(&mut self, migration: &Migration) {
        self.run_parsed(migration, crate::sql::statements(&migration.text));
    }

    /// Runs one migration whose statements were read beforehand: all of them, in order.
    pub fn run_parsed(&mut self, migration: &Migration, statements: impl IntoIterator<Item = Read>) {
        self.journal.begin(migration.name.clone());
        self.begin_gaps();
        self.statistics.migrations += 1;
        self.budget = Budget::default();
        let end = migration.text.whole();
        // An implicit transaction needs to know beforehand whether there is more than one statement.
        let mut statements = statements.into_iter();
        let first: Vec<Read> = statements.by_ref().take(2).collect();
        let several = migration.mode == RunMode::OneQuery && first.len() > 1;
        self.begin_migration(migration, several);
        for read in first.into_iter().chain(statements) {
            self.statistics.statements += 1;
            self.top_level(&read);
        }
        self.end_migration(end);
        self.end_gaps();
        self.blocks.clear();
        self.texts.clear();
        self.catalogs.clear();
    }

    /// The gaps from here on are those of the migration that begins.
    fn begin_gaps(&mut self) {
        self.gaps_of.push((self.gaps.len(), self.gaps.len()));
    }

    /// The gaps from here on are none of the migration that ends.
    fn end_gaps(&mut self) {
        if let Some((_, end)) = self.gaps_of.last_mut() {
            *end = self.gaps.len();
        }
    }

    /// Runs a statement of a migration's text; one that fails is noted and leaves nothing behind.
    fn top_level(&mut self, read: &Read) {
        let gaps = self.gaps.len();
        self.budget.next_statement();
        self.statement_start = Some(self.world.clone());
        self.last_change = None;
        let result = self.run_read(read, true);
        self.parked.clear();
        self.handlers.clear();
        self.via.clear();
        self.ctes.clear();
        self.aliases.clear();
        self.world.frames.clear();
        if let Err(raised) = result {
            if let Some(before) = self.statement_start.take() {
                self.roll_back_statement(&before);
            }
            if !raised.is_budget() {
                self.fail_transaction(raised.failure.span);
            }
            let failed = (!raised.is_budget() && raised.gap().is_none()).then_some(raised.failure.sqlstate);
            self.misstep(*raised, read);
            if let Some(sqlstate) = failed.filter(|_| self.mended) {
                self.mend(sqlstate, read);
            }
        }
        self.end_statement(read.span);
        self.statement_start = None;
        if self.gaps.len() > gaps {
            self.statistics.opaque += 1;
        }
    }

    fn misstep(&mut self, raised: Raised, read: &Read) {
        if raised.is_budget() {
            let reach = self.exhausted_reach(read);
            let why = format!("this statement {}", raised.failure.message);
            self.open(Gap::new(read.span, why, reach));
        } else if let Some(gap) = raised.gap() {
            self.note(&gap.clone());
        } else {
            let change = match self.last_change {
                Some(change) => change,
                None => self.journal.record(read.span, Vec::new()),
            };
            if let Some(first) = self.consequence_of(&raised.failure) {
                let related = (
                    raised.failure.span,
                    format!("fails because of it: {}", raised.failure.message),
                );
                if let Some(misstep) = self.missteps.get_mut(first) {
                    misstep.failure.related.push(related);
                }
                return;
            }
            self.remember_lost(read);
            self.missteps.push(Misstep {
                failure: raised.failure,
                change,
                sent: self.program.sent,
            });
        }
    }

    /// What a failed statement would have made is missing from now on.
    fn remember_lost(&mut self, read: &Read) {
        if let crate::sql::Statement::Changes(changes) = &read.statement {
            let misstep = self.missteps.len();
            let names = changes.iter().flat_map(reach::made);
            for name in names {
                self.lost.entry(name).or_insert(misstep);
            }
        }
    }

    /// The misstep that another one only follows from: it lacks what the earlier statement would have made.
    fn consequence_of(&self, failure: &Failure) -> Option<usize> {
        let lacks = matches!(failure.sqlstate, "42P01" | "42703" | "42704" | "42883" | "3F000");
        if !lacks || self.lost.is_empty() {
            return None;
        }
        // What the server's messages put in quotes are names.
        let quoted = failure.message.split('"').skip(1).step_by(2);
        quoted
            .filter_map(|name| self.lost.get(&Name::new(name)))
            .min()
            .copied()
    }

    /// A migration that cannot be read runs here: what it reaches is open from now on.
    pub fn skip(&mut self, gap: Gap) {
        self.open(gap);
    }

    /// The runner connects anew: what was set on the old connection is forgotten.
    pub fn reconnect(&mut self) {
        self.world.settings = Arc::default();
        self.world.local = Arc::default();
        self.reset_search_path();
    }

    /// The runner sets the search path that it found when it connected.
    pub fn reset_search_path(&mut self) {
        let path = self.given.search_path.clone();
        self.world.database.set_search_path(path);
    }

    /// The database as it stands.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.world.database
    }

    /// The first statement since so many gaps whose text cannot be read: what it does, or that the server refuses it, is not told by
    /// what it names.
    #[must_use]
    pub fn unread_since(&self, gaps: usize) -> Option<&Gap> {
        let since = self.gaps.get(gaps..).unwrap_or_default();
        since
            .iter()
            .find(|gap| gap.why.starts_with(crate::sql::UNREADABLE))
    }

    /// How many gaps there are so far.
    #[must_use]
    pub fn gaps_so_far(&self) -> usize {
        self.gaps.len()
    }

    /// How many statements were sent so far.
    #[must_use]
    pub fn statements(&self) -> usize {
        self.statistics.statements
    }

    /// Statements that failed so far.
    #[must_use]
    pub fn missteps(&self) -> &[Misstep] {
        &self.missteps
    }

    /// Counts so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Ends the connection.
    #[must_use]
    pub fn finish(self) -> Outcome {
        Outcome {
            schema: self.world.database.schema().clone(),
            journal: self.journal,
            missteps: self.missteps,
            caught: self.caught,
            idle: self.idle,
            gaps: self.gaps,
            gaps_of: self.gaps_of,
            statistics: self.statistics,
            given_missing: self.given_missing.into_iter().collect(),
            unflushed: self.unflushed,
            presumed_path: Vec::new(),
        }
    }
}

fn text_key(text: &Text) -> TextKey {
    let hash = BuildHasherDefault::<FxHasher>::default().hash_one(text.as_str());
    (text.whole(), text.as_str().len(), hash)
}
