//! Questions that a migration asks while commands that would change their answers still wait in its queue.

use super::library::Elixir;
use crate::interpret::elixir::Value;
use crate::source::Span;

/// A query is about to run.
pub fn asked(_machine: &mut Elixir<'_>, _sql: &Value, _params: Option<&Value>, _at: Span) {}
