//! Fields of settings classes (`pydantic_settings.BaseSettings`): what the environment says, not what the class says. What they are
//! where it says nothing, their defaults tell.

use super::dotted;
use smol_str::SmolStr;

use super::heap::Object;
use super::library::Library;
use super::machine::Machine;
use super::value::{Annotation, Args, ClassId, Value};
use crate::known::{Gap, Reach};
use crate::source::Span;

/// An attribute of an instance that is a field of settings itself: its own fields come from the environment, too
/// (`env_nested_delimiter`).
const NESTED: &str = "__settings__";

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// A field of a settings class, read from an instance that has none of its own by that name.
    pub(super) fn left_to_settings(
        &mut self,
        instance: &Value<'a>,
        class: ClassId,
        order: &[Value<'a>],
        name: &str,
        at: Span,
    ) -> Option<Value<'a>> {
        if !is_settings(order) && !self.is_nested(instance) {
            return None;
        }
        let (_, member) = self.lookup(class, name)?;
        let annotation = member.annotation?;
        let default = match &member.value {
            Some(value) => self.default_of(value, at),
            None => None,
        };
        let default = match default {
            None if member.value.is_none() => self.settings_inside(&annotation, at),
            default => default,
        };
        if let Some(inner) = default.as_ref().filter(|value| self.is_model(value)) {
            self.set_own(inner, NESTED, Value::Bool(true));
            self.set_own(instance, name, inner.clone());
            return default;
        }
        let gap = Gap::new(
            member.span,
            format!("`{name}` is a setting that the environment gives"),
            Reach::Rows,
        );
        let usual = default.and_then(|value| match value {
            Value::Dict(_) => Some(value),
            value => value.usual(),
        });
        Some(Value::unknown(gap).usually(usual))
    }

    fn is_nested(&self, instance: &Value<'a>) -> bool {
        let Value::Instance(id) = instance else {
            return false;
        };
        self.instance(*id)
            .is_some_and(|own| own.attributes.get(NESTED).is_some())
    }

    /// The default of a field: its value, or what `Field(...)` says.
    fn default_of(&mut self, value: &Value<'a>, at: Span) -> Option<Value<'a>> {
        let Some((callee, args)) = value.as_call() else {
            return Some(value.clone());
        };
        if dotted::last(callee.as_path()?) != "Field" {
            return None;
        }
        if let Some(default) = args.get(0, "default") {
            return (!matches!(default.value, Value::Ellipsis)).then(|| default.value.clone());
        }
        let factory = args.keyword("default_factory")?.value.clone();
        self.call(&factory, Args::default(), at).ok()
    }

    /// Settings that a field without a default holds: an instance of the class that it is annotated with.
    fn settings_inside(&mut self, annotation: &Annotation<'a>, at: Span) -> Option<Value<'a>> {
        let Ok(Value::Class(class)) = self.annotation(annotation) else {
            return None;
        };
        let order = &self.class(class)?.order;
        if !is_settings(order) && !is_pydantic(order) {
            return None;
        }
        self.call(&Value::Class(class), Args::default(), at).ok()
    }

    /// Whether a value is an instance of a class of pydantic.
    fn is_model(&self, value: &Value<'a>) -> bool {
        let class = match value {
            Value::Instance(_) => self.class_of(value).and_then(|class| self.class(class)),
            _ => None,
        };
        class.is_some_and(|class| is_settings(&class.order) || is_pydantic(&class.order))
    }

    fn set_own(&mut self, instance: &Value<'a>, name: &str, value: Value<'a>) {
        if let Value::Instance(id) = instance
            && let Some(Object::Instance(own)) = self.world.heap.get_mut(*id)
        {
            own.attributes.set(SmolStr::new(name), value.into());
        }
    }
}

fn is_settings(order: &[Value<'_>]) -> bool {
    has_base(order, "BaseSettings")
}

fn is_pydantic(order: &[Value<'_>]) -> bool {
    has_base(order, "BaseModel")
}

/// Whether a class has a base of a library by this name.
fn has_base(order: &[Value<'_>], name: &str) -> bool {
    order
        .iter()
        .any(|base| base.as_path().is_some_and(|p| dotted::last(p) == name))
}
