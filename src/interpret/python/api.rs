//! Stubs of what stacks call, until the engine behind them is whole.

use super::heap::{Dict, Object, Slot};
use super::library::Library;
use super::machine::{Machine, Run, Stop};
use super::modules::ModuleId;
use super::value::{Annotation, Args, Value};
use crate::known::{Gap, Truth};
use crate::source::{FileId, Span};

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Imports a module as Python would: its packages first, each once. The module.
    pub fn run_module(&mut self, module: ModuleId) -> Run<'a, Value<'a>> {
        Ok(Value::Module(module))
    }

    /// Runs a file by its path, as a migration or script is loaded, under a name.
    pub fn run_file(&mut self, file: FileId, _name: &str) -> Run<'a, Value<'a>> {
        self.modules
            .of_file(file)
            .map(Value::Module)
            .ok_or(Stop::Exhausted(Span::new(file, 0, 0), "is no Python file"))
    }

    /// `value.name`.
    pub fn attribute(&mut self, _value: &Value<'a>, _name: &str, at: Span) -> Run<'a, Value<'a>> {
        Ok(self.unknown(at, "is not followed"))
    }

    /// `value.name`; `None` where it certainly has no such attribute (`hasattr`, `getattr` with a default).
    pub fn attribute_if_any(
        &mut self,
        value: &Value<'a>,
        name: &str,
        at: Span,
    ) -> Run<'a, Option<Value<'a>>> {
        self.attribute(value, name, at).map(Some)
    }

    /// `value.name = new`.
    pub fn set_attribute(
        &mut self,
        _value: &Value<'a>,
        _name: &str,
        _new: Value<'a>,
        _at: Span,
    ) -> Run<'a, ()> {
        Ok(())
    }

    /// `value(*args)`.
    pub fn call(&mut self, _value: &Value<'a>, _args: Args<'a>, at: Span) -> Run<'a, Value<'a>> {
        Ok(self.unknown(at, "is not followed"))
    }

    /// The items of whatever can be iterated over, or why they cannot be told. An iterator is used up.
    pub fn items(&mut self, value: &Value<'a>, at: Span) -> Run<'a, Result<Vec<Value<'a>>, Gap>> {
        Ok(self
            .known_items(value)
            .ok_or_else(|| self.gap(at, "is not followed")))
    }

    /// `value[key]`.
    pub fn item(&mut self, _value: &Value<'a>, _key: &Value<'a>, at: Span) -> Run<'a, Value<'a>> {
        Ok(self.unknown(at, "is not followed"))
    }

    /// Whether a value is true.
    pub fn truth(&mut self, _value: &Value<'a>, at: Span) -> Truth {
        Truth::Unknown(self.gap(at, "is not followed"))
    }

    /// What an annotation says; text in quotes is read as an expression.
    pub fn annotation(&mut self, annotation: &Annotation<'a>) -> Run<'a, Value<'a>> {
        Ok(self.unknown(annotation.span, "is not followed"))
    }

    /// A value in words, for messages.
    #[must_use]
    pub fn display(&self, value: &Value<'a>) -> String {
        format!("{value:?}")
    }

    /// Runs something once for each candidate, each on a copy of the world, and goes on with what the copies have in common.
    pub fn fork_over(
        &mut self,
        _candidates: Vec<Value<'a>>,
        gap: &Gap,
        _run: impl FnMut(&mut Self, Value<'a>) -> Run<'a, Value<'a>>,
    ) -> Run<'a, Value<'a>> {
        Ok(Value::unknown(gap.clone()))
    }

    /// Runs something that may or may not run. What it gave; `other` where it does not run.
    pub fn perhaps(
        &mut self,
        gap: &Gap,
        _other: Value<'a>,
        _run: impl FnOnce(&mut Self) -> Run<'a, Value<'a>>,
    ) -> Run<'a, Value<'a>> {
        Ok(Value::unknown(gap.clone()))
    }

    /// Something here may raise an exception (`None`: any). A handler that could see it runs on a copy of the world.
    pub fn may_raise(&mut self, _exception: Option<Value<'a>>, _gap: &Gap, _at: Span) {}

    /// `a == b`.
    pub fn equal(&mut self, _a: &Value<'a>, _b: &Value<'a>, at: Span) -> Truth {
        Truth::Unknown(self.gap(at, "is not followed"))
    }

    /// Puts an entry into a dict that is not on the heap.
    pub(super) fn dict_put(&mut self, dict: &mut Dict<'a>, key: Value<'a>, value: Value<'a>) {
        dict.entries.push((key, Slot::from(value)));
    }

    /// Whether a value of the heap can be told wholly.
    pub fn is_open(&self, value: &Value<'a>) -> Option<&Gap> {
        match value {
            Value::Instance(id) => match self.heap().get(*id) {
                Some(Object::Instance(instance)) => instance.open.as_ref(),
                _ => None,
            },
            _ => self
                .list(value)
                .and_then(|l| l.open.as_ref())
                .or_else(|| self.dict(value).and_then(|d| d.open.as_ref())),
        }
    }
}
