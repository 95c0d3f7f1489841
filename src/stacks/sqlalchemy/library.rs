//! The library that runs modules of models: SQLAlchemy's constructs, and nothing of the world outside.

use crate::interpret::python::dotted;
use std::rc::Rc;

use super::attached;
use super::made;
use super::registry::{Registered, Registry};
use super::semantics;
use crate::interpret::python::{Args, ClassId, Function, Library, Machine, Run, Value};
use crate::known::{Gap, Truth};
use crate::source::Span;

/// What reading models keeps.
#[derive(Debug, Default)]
pub struct Reading<'a> {
    /// Shared with the courses of the run until one of them changes it.
    registry: Rc<Registry<'a>>,
}

impl<'a> Registered<'a> for Reading<'a> {
    fn registry(&self) -> &Registry<'a> {
        &self.registry
    }

    fn registry_mut(&mut self) -> &mut Registry<'a> {
        Rc::make_mut(&mut self.registry)
    }
}

/// Packages whose calls make objects and do nothing else that models could see.
const HARMLESS: &[&str] = &[
    "sqlalchemy",
    "sqlmodel",
    "flask_sqlalchemy",
    "sqlalchemy_utils",
    "sqlalchemy_searchable",
    "pgvector",
    "geoalchemy2",
    "fastapi_users_db_sqlalchemy",
    "advanced_alchemy",
    "pydantic",
    "pydantic_settings",
    "typing",
    "typing_extensions",
    "logging",
    "structlog",
    "loguru",
    "uuid",
    "datetime",
];

/// The top package of a path.
pub(super) fn is_harmless_path(path: &str) -> bool {
    HARMLESS.contains(&dotted::first(path))
}

impl<'a> Library<'a> for Reading<'a> {
    type State = Rc<Registry<'a>>;

    fn save(&mut self) -> Self::State {
        self.registry.clone()
    }

    fn restore(&mut self, state: Self::State) {
        self.registry = state;
    }

    fn join(&mut self, other: Self::State, gap: &Gap) {
        if !Rc::ptr_eq(&self.registry, &other) {
            self.registry_mut().join(Rc::unwrap_or_clone(other), gap);
        }
    }

    fn attribute(
        machine: &mut Machine<'a, Self>,
        object: &Value<'a>,
        name: &str,
        at: Span,
    ) -> Option<Run<'a, Value<'a>>> {
        attached::attribute(machine, object, name, at)
            .or_else(|| semantics::attribute(machine, object, name, at))
    }

    fn call(
        machine: &mut Machine<'a, Self>,
        callee: &Value<'a>,
        args: &Args<'a>,
        at: Span,
    ) -> Option<Run<'a, Value<'a>>> {
        attached::call(machine, callee, args, at).or_else(|| semantics::call(machine, callee, args, at))
    }

    fn iterate(_: &mut Machine<'a, Self>, term: &Value<'a>, _: Span) -> Option<Run<'a, Vec<Value<'a>>>> {
        attached::iterate(term)
    }

    fn item(
        machine: &mut Machine<'a, Self>,
        term: &Value<'a>,
        key: &Value<'a>,
        at: Span,
    ) -> Option<Run<'a, Value<'a>>> {
        attached::item(machine, term, key, at)
    }

    fn truth(machine: &mut Machine<'a, Self>, term: &Value<'a>, _: Span) -> Option<Truth> {
        made::truth(machine, term)
    }

    fn enter(_: &mut Machine<'a, Self>, _: &Value<'a>, _: Span) -> Option<Run<'a, Value<'a>>> {
        None
    }

    fn exit(_: &mut Machine<'a, Self>, _: &Value<'a>, _: bool, _: Span) {}

    fn set_attribute(_: &mut Machine<'a, Self>, _: &Value<'a>, _: &str, _: &Value<'a>, _: Span) -> bool {
        false
    }

    fn text(object: &Value<'a>) -> Option<Value<'a>> {
        made::text(object)
    }

    fn class_made(_: &mut Machine<'a, Self>, _: ClassId) {}

    fn opaque(_: &mut Machine<'a, Self>, _: &Gap, _: &Args<'a>) {}

    fn is_harmless(callee: &Value<'a>) -> bool {
        match callee {
            Value::Term(_) => root(callee).is_some_and(|path| is_harmless_path(&path)),
            _ => false,
        }
    }

    /// What models leave to the environment is as they have it by default.
    fn variable_or(_: &mut Machine<'a, Self>, _: &str, default: &Value<'a>, _: Span) -> Option<Value<'a>> {
        Some(default.clone())
    }

    fn inherited(
        machine: &mut Machine<'a, Self>,
        member: &Value<'a>,
        class: &Value<'a>,
        name: &str,
        at: Span,
    ) -> Option<Value<'a>> {
        semantics::inherited(machine, member, class, name, at)
    }

    fn lacks(machine: &Machine<'a, Self>, order: &[Value<'a>], name: &str) -> bool {
        semantics::lacks(machine, order, name)
    }

    fn is_instance(machine: &mut Machine<'a, Self>, value: &Value<'a>, class: &Value<'a>) -> Option<bool> {
        attached::is_instance(value, class).or_else(|| semantics::is_instance(machine, value, class))
    }

    fn descriptor(
        machine: &mut Machine<'a, Self>,
        function: &Rc<Function<'a>>,
        class: &Value<'a>,
        at: Span,
    ) -> Option<Run<'a, Value<'a>>> {
        semantics::descriptor(machine, function, class, at)
    }
}

/// The path that a term goes back to.
pub(super) fn root(value: &Value<'_>) -> Option<String> {
    use crate::interpret::python::TermKind;
    let mut value = value;
    for _ in 0..32 {
        let Value::Term(term) = value else { return None };
        match &term.kind {
            TermKind::Path(path) => return Some(path.to_string()),
            TermKind::Attribute(inner, _) | TermKind::Call(inner, _) | TermKind::Item(inner, _) => {
                value = inner
            }
            TermKind::Operation(_, operands) => value = operands.first()?,
        }
    }
    None
}
