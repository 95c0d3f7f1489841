//! The machine: the world that Python code runs in, its bounds, and what stacks call.

use super::library::Library;
use super::modules::Modules;
use super::value::Value;
use crate::source::Span;

/// Why an evaluation ended without a value.
#[derive(Debug)]
pub enum Stop<'a> {
    /// An exception that certainly is raised.
    Raised(Box<Raised<'a>>),
    /// A budget is used up: the rest of the entry point is opaque.
    Exhausted(Span, &'static str),
    /// This course has ended elsewhere (it was parked for the construct that takes it up).
    Gone,
}

/// An exception.
#[derive(Debug)]
pub struct Raised<'a> {
    /// What was raised: an instance or a term (`sqlalchemy.exc.ProgrammingError(...)`).
    pub exception: Value<'a>,
    /// Where.
    pub span: Span,
}

/// A value, or why there is none.
pub type Run<'a, T> = Result<T, Stop<'a>>;

/// The interpreter.
pub struct Machine<'a, L: Library<'a>> {
    /// The stack's part.
    pub library: L,
    pub(super) modules: &'a Modules<'a>,
}
