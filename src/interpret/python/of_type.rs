//! What a class is asked that its own type answers: `type`, or a metaclass of the repository.

use std::rc::Rc;

use super::attribute::{is_decorated, is_property};
use super::library::Library;
use super::machine::{Machine, Run};
use super::value::{Args, Class, ClassId, Value};
use crate::source::Span;

impl<'a> Class<'a> {
    /// What it answers when it is asked for `__name__`.
    pub(super) fn answer_to_name(&self) -> Value<'a> {
        let named = || Value::text(&self.name, self.span);
        self.called.clone().unwrap_or_else(named)
    }
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// An attribute that the type of a class answers before the class is looked at, because it is a data descriptor there: those of
    /// `type`, and properties of the metaclass. Source: Python's data model, "Invoking Descriptors"; `Objects/typeobject.c` of
    /// CPython 3.12, `type_getsets` and `type_members`.
    pub(super) fn descriptor_of_metaclass(
        &mut self,
        class: ClassId,
        value: &Value<'a>,
        name: &str,
        at: Span,
    ) -> Run<'a, Option<Value<'a>>> {
        let Some(own) = self.class(class) else {
            return Ok(None);
        };
        match name {
            "__name__" => return Ok(Some(own.answer_to_name())),
            "__qualname__" => {
                let given = own.members.iter().find(|m| m.name == name);
                let given = given.and_then(|m| m.value.clone());
                return Ok(Some(given.unwrap_or_else(|| Value::text(&own.name, own.span))));
            }
            "__mro__" | "__bases__" => {
                let mut found = if name == "__mro__" {
                    own.order.clone()
                } else {
                    own.bases.clone()
                };
                let is_object = |base: &Value<'a>| base.as_path() == Some("builtins.object");
                let classes = own.order.iter().all(|b| matches!(b, Value::Class(_)));
                if found.is_empty() || name == "__mro__" && classes && !found.last().is_some_and(is_object) {
                    found.push(self.path("builtins.object", at));
                }
                return Ok(Some(Value::Tuple(found.into())));
            }
            _ => {}
        }
        match self.member_of_metaclass(class, name) {
            Some(Value::Function(function)) if is_decorated(&function, is_property) => {
                let args = Args::of(vec![value.clone()], at);
                self.call(&Value::Function(function), args, at).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// What a metaclass of the repository gives a class that has no such member itself.
    pub(super) fn attribute_of_metaclass(
        &self,
        class: ClassId,
        name: &str,
        value: &Value<'a>,
    ) -> Option<Value<'a>> {
        let found = self.member_of_metaclass(class, name)?;
        Some(match found {
            Value::Function(_) => Value::Method(Rc::new((found, value.clone()))),
            _ => found,
        })
    }

    fn member_of_metaclass(&self, class: ClassId, name: &str) -> Option<Value<'a>> {
        let Some(Value::Class(meta)) = self.metaclass(class) else {
            return None;
        };
        self.lookup(meta, name)?.1.value
    }

    /// The metaclass that a class or one of its bases names.
    pub(super) fn metaclass(&self, class: ClassId) -> Option<Value<'a>> {
        self.class(class)?.order.iter().find_map(|base| {
            let Value::Class(base) = base else { return None };
            let keywords = &self.class(*base)?.keywords;
            keywords
                .iter()
                .find(|(n, _)| n == "metaclass")
                .map(|(_, a)| a.value.clone())
        })
    }

    /// `class.name = new`, where the type of the class takes it up and no member comes of it.
    pub(super) fn set_on_type(&mut self, class: ClassId, name: &str, new: &Value<'a>) -> bool {
        let Some(own) = self.class_mut(class).filter(|_| name == "__name__") else {
            return false;
        };
        own.called = Some(new.clone());
        true
    }
}
