//! What a stack gives the interpreter: the meaning of a library's terms, and the part of the world that lies outside Python.

use super::machine::{Machine, Run};
use super::value::{Args, ClassId, Function, Operator, Value};
use crate::known::{Gap, Truth};
use crate::source::Span;

/// The meaning of libraries. Each function may answer or leave the term as it is (`None`). They are associated functions over
/// the machine, so that they can call back into Python (`machine.library` is the value itself).
pub trait Library<'a>: Sized {
    /// The part of the world that it keeps (the simulated database): copied when the world forks.
    type State: Clone;

    /// Its part of the world as it stands.
    fn save(&mut self) -> Self::State;
    /// Puts a copy in place.
    fn restore(&mut self, state: Self::State);
    /// Two courses come together: what agrees stays known, the rest is unknown because of `gap`. The current state is one of them.
    fn join(&mut self, other: Self::State, gap: &Gap);

    /// An attribute of a term (not of a path: those are paths), or of a class or instance that has none of its own and whose bases
    /// include terms.
    fn attribute(
        machine: &mut Machine<'a, Self>,
        object: &Value<'a>,
        name: &str,
        at: Span,
    ) -> Option<Run<'a, Value<'a>>>;
    /// A call of a term (`callee` is a path, or an attribute of something). Effects happen here.
    fn call(
        machine: &mut Machine<'a, Self>,
        callee: &Value<'a>,
        args: &Args<'a>,
        at: Span,
    ) -> Option<Run<'a, Value<'a>>>;
    /// The items of a term that is iterated over.
    fn iterate(
        machine: &mut Machine<'a, Self>,
        term: &Value<'a>,
        at: Span,
    ) -> Option<Run<'a, Vec<Value<'a>>>>;
    /// `a[b]` of a term.
    fn item(
        machine: &mut Machine<'a, Self>,
        term: &Value<'a>,
        key: &Value<'a>,
        at: Span,
    ) -> Option<Run<'a, Value<'a>>>;
    /// The truth of a term.
    fn truth(machine: &mut Machine<'a, Self>, term: &Value<'a>, at: Span) -> Option<Truth>;
    /// `with term as name:` begins: what `name` is.
    fn enter(machine: &mut Machine<'a, Self>, term: &Value<'a>, at: Span) -> Option<Run<'a, Value<'a>>>;
    /// `with term:` ends; `failed` where an exception leaves it.
    fn exit(machine: &mut Machine<'a, Self>, term: &Value<'a>, failed: bool, at: Span);
    /// An attribute of a term is set (`metadata.naming_convention = ...`); `true` where that is all there is to it.
    fn set_attribute(
        machine: &mut Machine<'a, Self>,
        term: &Value<'a>,
        name: &str,
        value: &Value<'a>,
        at: Span,
    ) -> bool;
    /// A class statement of the repository has run.
    fn class_made(machine: &mut Machine<'a, Self>, class: ClassId);
    /// Something that is not known was called, or could not be followed: what it may do to the library's part of the world. Code
    /// that is not there has a gap that reaches everything; a method of a value that is only data (a setting, a time) one that
    /// reaches nothing.
    fn opaque(machine: &mut Machine<'a, Self>, gap: &Gap, args: &Args<'a>);

    /// A part of a function that is running could not be read: what it does is not known. The texts are that of
    /// the part and that of the whole body.
    fn unread(_machine: &mut Machine<'a, Self>, _gap: &Gap, _part: &str, _body: &str) {}

    /// A variable of the environment that is known, because it was given.
    fn variable(_machine: &mut Machine<'a, Self>, _name: &str, _at: Span) -> Option<Value<'a>> {
        None
    }

    /// A variable of the environment that is not given, where the program has a default for it.
    fn variable_or(
        _machine: &mut Machine<'a, Self>,
        _name: &str,
        _default: &Value<'a>,
        _at: Span,
    ) -> Option<Value<'a>> {
        None
    }

    /// A function that a class or one of its bases has, looked up on the class: what it is there, where a decorator of the library
    /// makes it something else (`declared_attr`).
    fn descriptor(
        _machine: &mut Machine<'a, Self>,
        _function: &std::rc::Rc<Function<'a>>,
        _class: &Value<'a>,
        _at: Span,
    ) -> Option<Run<'a, Value<'a>>> {
        None
    }

    /// The text that an object of a class of the library is which derives from `str`.
    fn text(_object: &Value<'a>) -> Option<Value<'a>> {
        None
    }

    /// A number that grows with all that is done to the library's part of the world, whichever way is gone.
    fn done(_machine: &Machine<'a, Self>) -> usize {
        0
    }

    /// A term that a class has from a base, looked up on the class: what it is there (a column of a mixin is the class's own column).
    fn inherited(
        _machine: &mut Machine<'a, Self>,
        _member: &Value<'a>,
        _class: &Value<'a>,
        _name: &str,
        _at: Span,
    ) -> Option<Value<'a>> {
        None
    }

    /// Whether the bases of a class, those of the repository among them, certainly have no such attribute.
    fn lacks(_machine: &Machine<'a, Self>, _order: &[Value<'a>], _name: &str) -> bool {
        false
    }

    /// Whether an object of the library, or an attribute of a class that derives from its bases, is of one of its classes; `None` where
    /// that is not known.
    fn is_instance(_machine: &mut Machine<'a, Self>, _value: &Value<'a>, _class: &Value<'a>) -> Option<bool> {
        None
    }

    /// A name that nothing gives in the code that runs: what the program goes on with; `None` where it raises a `NameError`.
    fn unbound(_machine: &mut Machine<'a, Self>, _name: &str, _at: Span) -> Option<Value<'a>> {
        None
    }

    /// Whether a library's module has a public name, for `from library import *`; `None` where that is not known.
    fn exports(_module: &str, _name: &str) -> Option<bool> {
        None
    }

    /// Whether a call of a library's member that [`Library::call`] leaves as it is can be taken to raise nothing and to change none
    /// of its arguments: a constructor of a type, `text("...")`.
    fn is_harmless(_callee: &Value<'a>) -> bool {
        false
    }

    /// An operation with a term among its operands; `None` leaves it a term.
    fn operation(
        _machine: &mut Machine<'a, Self>,
        _operator: Operator,
        _operands: &[Value<'a>],
        _at: Span,
    ) -> Option<Run<'a, Value<'a>>> {
        None
    }

    /// An item of a term is set (`config["x"] = 1`).
    fn set_item(
        _machine: &mut Machine<'a, Self>,
        _term: &Value<'a>,
        _key: &Value<'a>,
        _value: &Value<'a>,
        _at: Span,
    ) {
    }

    /// One item, any of them, of a term whose items cannot be told (a row of a query); `None`: anything.
    fn row(_machine: &mut Machine<'a, Self>, _term: &Value<'a>, _at: Span) -> Option<Value<'a>> {
        None
    }
}
