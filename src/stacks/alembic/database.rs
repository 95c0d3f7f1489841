//! What operations and connections need of the library beneath them: the simulated database, and what `env.py` has configured.

use super::surface::Kept;
use crate::change::{Change, Question};
use crate::interpret::python::{Library, Machine, Run, Value};
use crate::known::{Gap, Truth};
use crate::schema::Schema;
use crate::session::Rows;
use crate::source::{Span, Text};
use crate::sql::Transaction;
use crate::stacks::sqlalchemy::creation::Listener;
use crate::stacks::sqlalchemy::listeners::Listened;

/// What `context.configure` was given, by the environment of the history that runs.
#[derive(Debug, Clone, Default)]
pub struct Context<'a> {
    /// Its arguments by name (`target_metadata`, `render_as_batch`, `version_table`, ...), those of the last call.
    pub options: Vec<(smol_str::SmolStr, Value<'a>)>,
    /// Why there may be others.
    pub open: Option<Gap>,
    /// The naming convention of the target metadata.
    pub naming: Naming<'a>,
    /// Functions that hear of the constructs that operations make, too.
    pub heard: Vec<(Listened, Gap)>,
    /// What is done when a table is made or dropped, by operations too.
    pub makings: Vec<Listener<'a>>,
    /// The call that configured it.
    pub configured: Option<Span>,
}

impl<'a> Context<'a> {
    /// An argument of `context.configure`.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&Value<'a>> {
        self.options
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value)
    }
}

/// What is known of a naming convention.
#[derive(Debug, Clone, Default)]
pub enum Naming<'a> {
    /// There is none beside SQLAlchemy's own.
    #[default]
    None,
    /// Its entries: kinds of constraint, and patterns.
    Known(Vec<(Value<'a>, Value<'a>)>),
    /// It cannot be told.
    Unknown(Gap),
}

/// Which connection a statement is sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// The one that the migrations run on.
    Own,
    /// Another one (`engine.connect()`, a session of the project): each statement is committed alone.
    Apart,
}

/// A library with a simulated database. Functions that send something raise the exception that the driver raises, where the program
/// has a handler that could see it; where it has none, a statement that must fail is noted, and the program goes on as if it had
/// been mended.
pub trait Database<'a>: Library<'a> {
    /// What the database holds.
    fn schema(&self) -> &Schema;
    /// What the environment has configured.
    fn context(&self) -> &Context<'a>;
    /// The URL of the database, where it is known: one tree may run on several, which its revisions tell apart by it.
    fn address(&self) -> Option<String>;
    /// What operations keep between calls.
    fn kept(&mut self) -> &mut Kept<'a>;

    /// Sends changes as one statement; `at` is the operation that makes them.
    ///
    /// # Errors
    /// The exception that the program sees.
    fn apply(machine: &mut Machine<'a, Self>, changes: &[Change], at: Span, on: Connection) -> Run<'a, ()>;
    /// Answers a question about what the database holds.
    fn ask(machine: &Machine<'a, Self>, question: &Question) -> Truth;
    /// Sends changes of which some names are not known ([`crate::session::HOLE`] stands for them): what the rest allows them to reach
    /// is open from now on.
    ///
    /// # Errors
    /// The exception that the program may see.
    fn apply_holed(machine: &mut Machine<'a, Self>, changes: &[Change], why: &str, at: Span) -> Run<'a, ()>;
    /// Sends SQL text; the rows of its last statement.
    ///
    /// # Errors
    /// The exception that the program sees.
    fn run_sql(machine: &mut Machine<'a, Self>, text: &Text, at: Span, on: Connection) -> Run<'a, Rows>;
    /// Sends SQL text of which parts (`None`) are not known: what the rest allows it to reach is open from now on.
    ///
    /// # Errors
    /// The exception that the program may see.
    fn run_pattern(
        machine: &mut Machine<'a, Self>,
        parts: &[Option<Text>],
        why: &str,
        at: Span,
        on: Connection,
    ) -> Run<'a, Rows>;
    /// Begins, commits or rolls back, sets savepoints.
    ///
    /// # Errors
    /// The exception that the program sees.
    fn control(
        machine: &mut Machine<'a, Self>,
        control: Transaction,
        at: Span,
        on: Connection,
    ) -> Run<'a, ()>;
    /// `autocommit_block()` begins (`true`) or ends (`false`): the transaction so far is committed, and each statement is alone.
    fn autocommit(machine: &mut Machine<'a, Self>, begins: bool, at: Span);
    /// What a library refuses before it sends anything.
    ///
    /// # Errors
    /// The library's exception, where the program could see it or may not come here; it is noted otherwise.
    fn refuse(machine: &mut Machine<'a, Self>, exception: &str, message: &str, at: Span) -> Run<'a, ()>;
    /// Something was not followed: what its gap reaches is open from now on.
    fn open(machine: &mut Machine<'a, Self>, gap: Gap);
    /// Rows of any table may have come or gone.
    fn touch_rows(machine: &mut Machine<'a, Self>);
}
