//! How the run of a statement ends, and courses that ended elsewhere.

use super::machine::Raised;
use super::value::Value;
use super::world::World;
use crate::known::Gap;
use crate::source::Span;

/// How a statement ends.
#[derive(Debug, Clone)]
pub(crate) enum Flow<'a> {
    /// The next statement runs.
    Normal,
    Break,
    Continue,
    Return(Value<'a>),
    Raise(Box<Raised<'a>>),
    /// A budget is used up.
    Exhausted(Span, &'static str),
}

/// A course that ended so, with its world.
#[derive(Debug, Clone)]
pub(crate) struct Course<'a, S> {
    pub(crate) flow: Flow<'a>,
    pub(crate) world: World<'a>,
    pub(crate) state: S,
    pub(crate) gap: Gap,
}
