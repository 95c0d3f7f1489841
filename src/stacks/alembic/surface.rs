//! What the members of `alembic.op`, of connections, inspectors and sessions do: the library asks here first.

use super::database::Database;
use crate::interpret::python::{Args, Machine, Run, Value};
use crate::known::{Gap, Truth};
use crate::source::Span;

/// What operations keep between calls (the operations of a batch that has not ended): copied when the world forks.
#[derive(Debug, Clone, Default)]
pub struct Kept<'a> {
    nothing: std::marker::PhantomData<Value<'a>>,
}

impl Kept<'_> {
    /// Two courses come together; this is one of them.
    pub fn join(&mut self, _other: Self, _gap: &Gap) {}
}

/// A call: `op.create_table(...)`, `bind.execute(...)`, `inspector.get_columns(...)`.
pub fn call<'a, L: Database<'a>>(
    _machine: &mut Machine<'a, L>,
    _callee: &Value<'a>,
    _args: &Args<'a>,
    _at: Span,
) -> Option<Run<'a, Value<'a>>> {
    None
}

/// An attribute: `bind.dialect`, `result.rowcount`.
pub fn attribute<'a, L: Database<'a>>(
    _machine: &mut Machine<'a, L>,
    _object: &Value<'a>,
    _name: &str,
    _at: Span,
) -> Option<Run<'a, Value<'a>>> {
    None
}

/// The items of a result.
pub fn iterate<'a, L: Database<'a>>(
    _machine: &mut Machine<'a, L>,
    _term: &Value<'a>,
    _at: Span,
) -> Option<Run<'a, Vec<Value<'a>>>> {
    None
}

/// `a[b]`.
pub fn item<'a, L: Database<'a>>(
    _machine: &mut Machine<'a, L>,
    _term: &Value<'a>,
    _key: &Value<'a>,
    _at: Span,
) -> Option<Run<'a, Value<'a>>> {
    None
}

/// One row, any, of a result whose rows cannot be told.
pub fn row<'a, L: Database<'a>>(
    _machine: &mut Machine<'a, L>,
    _term: &Value<'a>,
    _at: Span,
) -> Option<Value<'a>> {
    None
}

/// The truth of a term.
pub fn truth<'a, L: Database<'a>>(
    _machine: &mut Machine<'a, L>,
    _term: &Value<'a>,
    _at: Span,
) -> Option<Truth> {
    None
}

/// A `with` block begins: `op.batch_alter_table(...)`, `bind.begin()`, `autocommit_block()`.
pub fn enter<'a, L: Database<'a>>(
    _machine: &mut Machine<'a, L>,
    _term: &Value<'a>,
    _at: Span,
) -> Option<Run<'a, Value<'a>>> {
    None
}

/// A `with` block ends; whether it was one of these.
pub fn exit<'a, L: Database<'a>>(
    _machine: &mut Machine<'a, L>,
    _term: &Value<'a>,
    _failed: bool,
    _at: Span,
) -> bool {
    false
}

/// Whether a call that is left as a term raises nothing and changes none of its arguments.
#[must_use]
pub fn is_harmless(_callee: &Value<'_>) -> bool {
    false
}
