//! What runs now: a module, a function, a class body.

use super::heap::Scope;
use super::modules::ModuleId;
use super::value::{ObjectId, Value};
use crate::source::Span;
use crate::syntax::python::ast;

/// A module, function or class body that runs.
#[derive(Debug, Clone)]
pub(crate) struct Frame<'a> {
    pub(crate) module: ModuleId,
    pub(crate) scope: ObjectId,
    /// Where it was called.
    pub(crate) call: Option<Span>,
    /// The class whose method it is, and the method's first argument: for `super()`.
    pub(crate) class: Option<ObjectId>,
    pub(crate) first: Option<Value<'a>>,
    /// What takes a value that is yielded.
    pub(crate) yields: Yields<'a>,
    /// The exception that a handler has caught, for a bare `raise`.
    pub(crate) caught: Option<Value<'a>>,
}

/// What happens where a generator yields.
#[derive(Debug, Clone)]
pub(crate) enum Yields<'a> {
    /// It is no generator.
    None,
    /// The values are collected in a list on the heap.
    Collect(ObjectId),
    /// The body of the `for` or `with` statement that asked for it runs at once, in the frame that it stands in.
    Body(Box<Body<'a>>),
}

/// The body that runs at each `yield`.
#[derive(Debug, Clone)]
pub(crate) struct Body<'a> {
    /// How many frames deep it runs.
    pub(crate) frames: usize,
    pub(crate) target: Option<&'a ast::Expr>,
    pub(crate) kind: BodyKind<'a>,
}

/// What a body is of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum BodyKind<'a> {
    /// The rest of a `with` statement: its further items, its body.
    With(&'a ast::StmtWith, usize),
}

/// A scope on the heap, ready to be filled.
pub(crate) type NewScope<'a> = Scope<'a>;
