//! Decorators: those of the repository are called; under those of libraries a function or class stays what it is.

use std::rc::Rc;

use super::library::Library;
use super::machine::{Machine, Run};
use super::value::{Args, Function, TermKind, Value};
use crate::source::Span;

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Applies decorators, innermost first.
    pub(super) fn decorate(
        &mut self,
        decorators: Vec<(Value<'a>, Span)>,
        mut value: Value<'a>,
    ) -> Run<'a, Value<'a>> {
        for (decorator, at) in decorators.into_iter().rev() {
            value = self.apply_decorator(&decorator, value, at)?;
        }
        Ok(value)
    }

    fn apply_decorator(&mut self, decorator: &Value<'a>, value: Value<'a>, at: Span) -> Run<'a, Value<'a>> {
        let Value::Term(term) = decorator else {
            if let (Value::Unknown(_), Value::Class(_)) = (decorator, &value) {
                return Ok(value);
            }
            // A generator that is a context manager runs around each call.
            if let Value::Iterator(_) = decorator {
                return Ok(self.unknown(at, "a function that a context manager decorates"));
            }
            return self.call(decorator, Args::of(vec![value], at), at);
        };
        // `@name.setter`: the property stays what it is.
        if let TermKind::Attribute(original @ Value::Function(_), name) = &term.kind
            && matches!(
                name.as_str(),
                "setter"
                    | "deleter"
                    | "getter"
                    | "expression"
                    | "comparator"
                    | "update_expression"
                    | "inplace"
            )
        {
            if let (Value::Function(function), "setter") = (original, name.as_str()) {
                self.set_own_attribute(function.id, super::attribute::SETTER, value);
            }
            return Ok(original.clone());
        }
        let kept = decorator.as_path().or_else(|| {
            let (callee, _) = decorator.as_call()?;
            callee.as_path()
        });
        if !kept.is_some_and(stays_a_function)
            && let Some(run) = L::call(self, decorator, &Args::of(vec![value.clone()], at), at)
        {
            let made = run?;
            if !matches!(made, Value::None) {
                return Ok(made);
            }
        }
        if let Value::Function(function) = &value {
            return Ok(under(function, decorator.clone()));
        }
        Ok(value)
    }
}

/// A function under one decorator more.
pub(super) fn under<'a>(function: &Function<'a>, decorator: Value<'a>) -> Value<'a> {
    let mut decorators = vec![decorator];
    decorators.extend(function.decorators.iter().cloned());
    Value::Function(Rc::new(Function {
        decorators,
        ..function.clone()
    }))
}

/// Whether a decorator that is not followed may have made something else of a function.
pub(super) fn is_under_library(function: &Function<'_>) -> bool {
    function.decorators.iter().any(|decorator| {
        let callee = decorator.as_call().map(|(callee, _)| callee);
        let path = decorator.as_path().or_else(|| callee?.as_path());
        path.is_some_and(|path| !stays_a_function(path))
    })
}

/// Decorators of the standard library under which a function stays a function: attribute access and calls look at them.
fn stays_a_function(path: &str) -> bool {
    matches!(
        path,
        "builtins.property"
            | "builtins.staticmethod"
            | "builtins.classmethod"
            | "contextlib.contextmanager"
            | "contextlib.asynccontextmanager"
            | "functools.cached_property"
            | "functools.lru_cache"
            | "functools.cache"
            | "functools.wraps"
    ) || path.starts_with("abc.")
        || path.starts_with("typing.")
        || path.starts_with("typing_extensions.")
}
