//! Attributes of classes, through their bases.

use super::attribute::{is_of_object, is_plain_base};
use super::dotted;
use std::rc::Rc;

use smol_str::SmolStr;

use super::class::is_remade;
use super::join::one_of;
use super::library::Library;
use super::machine::{Machine, Run};
use super::standard;
use super::value::{ClassId, TermKind, Value};
use crate::known::Gap;
use crate::source::Span;

impl<'a, L: Library<'a>> Machine<'a, L> {
    pub(super) fn attribute_of_class(
        &mut self,
        class: ClassId,
        value: &Value<'a>,
        name: &str,
        at: Span,
    ) -> Run<'a, Option<Value<'a>>> {
        if let Some(found) = self.descriptor_of_metaclass(class, value, name, at)? {
            return Ok(Some(found));
        }
        let order = self.class(class).map(|c| c.order.clone()).unwrap_or_default();
        if let Some(found) = self.through(&order, value, value, name, at)? {
            return Ok(Some(found));
        }
        if let Some(run) = standard::attribute(self, value, name, at) {
            return run.map(Some);
        }
        if let Some(found) = self.attribute_of_metaclass(class, name, value) {
            return Ok(Some(found));
        }
        let Some(own) = self.class(class) else {
            return Ok(None);
        };
        let (span, module, open) = (own.span, own.module, own.open.clone());
        match name {
            "__module__" => {
                let dotted = self.modules.dotted(module);
                return Ok(Some(Value::text(&dotted, span)));
            }
            "__doc__" => return Ok(Some(Value::None)),
            "__class__" => return Ok(Some(self.path("builtins.type", at))),
            "__annotations__" | "__dict__" => {
                return Ok(Some(self.unknown(at, "the names of a class are not listed")));
            }
            _ => {}
        }
        self.attribute_of_bases(&order, open, value, name, at)
    }

    /// A member found through linearised bases, as it is to `object`.
    pub(super) fn through(
        &mut self,
        order: &[Value<'a>],
        object: &Value<'a>,
        class: &Value<'a>,
        name: &str,
        at: Span,
    ) -> Run<'a, Option<Value<'a>>> {
        let mut perhaps: Vec<Value<'a>> = Vec::new();
        let mut gap: Option<Gap> = None;
        for base in order {
            let Value::Class(base) = base else { continue };
            let found = self
                .class(*base)
                .and_then(|c| c.members.iter().find(|m| m.name == name))
                .and_then(|m| Some((m.value.clone()?, m.maybe.clone())));
            let Some((found, maybe)) = found else { continue };
            let found = match (&found, object) {
                (Value::Term(_), Value::Class(own)) if own != base => {
                    let inherited = L::inherited(self, &found, object, name, at);
                    inherited.unwrap_or(found)
                }
                _ => self.bound(found, object, class, at)?,
            };
            perhaps.push(found);
            match maybe {
                Some(why) => gap = gap.or(Some(why)),
                None => break,
            }
        }
        Ok(match (perhaps.len(), gap) {
            (0, _) => None,
            (_, Some(gap)) => Some(one_of(perhaps, &gap)),
            (_, None) => perhaps.into_iter().next(),
        })
    }

    pub(super) fn attribute_of_bases(
        &mut self,
        order: &[Value<'a>],
        open: Option<Gap>,
        value: &Value<'a>,
        name: &str,
        at: Span,
    ) -> Run<'a, Option<Value<'a>>> {
        let opaque: Vec<&Value<'a>> = order.iter().filter(|b| !is_plain_base(b)).collect();
        if !opaque.is_empty()
            && let Some(run) = L::attribute(self, value, name, at)
        {
            return run.map(Some);
        }
        if let Some(gap) = open {
            return Ok(Some(Value::unknown(gap)));
        }
        let remade = order.iter().any(|base| match base {
            Value::Class(base) => self.class(*base).is_some_and(is_remade),
            _ => false,
        });
        if opaque.is_empty() && !remade {
            if !is_of_object(name) {
                return Ok(None);
            }
            let function = self.path(&dotted::join("builtins.object", name), at);
            return Ok(Some(match value {
                Value::Instance(_) => Value::Method(Rc::new((function, value.clone()))),
                _ => function,
            }));
        }
        if matches!(value, Value::Class(_)) && !remade && L::lacks(self, order, name) {
            return Ok(None);
        }
        Ok(Some(self.term(
            TermKind::Attribute(value.clone(), SmolStr::new(name)),
            at,
        )))
    }

    /// A method that a class of the repository defines for its instances, bound.
    pub(super) fn method_of_class(
        &mut self,
        object: &Value<'a>,
        name: &str,
        at: Span,
    ) -> Run<'a, Option<Value<'a>>> {
        let (class, class_value) = match object {
            Value::Instance(_) => match self.class_of(object) {
                Some(class) => (class, Value::Class(class)),
                None => return Ok(None),
            },
            Value::Class(own) => match self.metaclass(*own) {
                Some(Value::Class(meta)) => (meta, Value::Class(meta)),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let Some((_, member)) = self.lookup(class, name) else {
            return Ok(None);
        };
        match member.value {
            Some(function @ Value::Function(_)) => {
                if matches!(object, Value::Class(_)) {
                    return Ok(Some(Value::Method(Rc::new((function, object.clone())))));
                }
                self.bound(function, object, &class_value, at).map(Some)
            }
            other => Ok(other),
        }
    }
}
