//! Attributes of modules: read, set, gathered (manual, "Module attributes").

use std::rc::Rc;

use smol_str::SmolStr;

use super::library::Library;
use super::machine::{Machine, Run};
use super::scope::Scope;
use super::value::Value;
use crate::source::Span;
use crate::syntax::elixir::{Callee, Form, FormKind};

/// Attributes that say nothing to a program that runs.
const NOTES: [&str; 12] = [
    "doc",
    "moduledoc",
    "typedoc",
    "spec",
    "type",
    "typep",
    "opaque",
    "callback",
    "macrocallback",
    "impl",
    "dialyzer",
    "compile",
];

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// `@name`, `@name value`.
    pub(super) fn attribute_form(&mut self, form: &Form, at: Span, scope: &mut Scope) -> Run<Value> {
        match &form.kind {
            FormKind::Variable(name, _) => Ok(self.read_attribute(name, at, scope)),
            FormKind::Call(call) => match (&call.callee, &call.args[..]) {
                (Callee::Local(name), [value]) if !NOTES.contains(&name.as_str()) => {
                    let value = self.eval(value, scope)?;
                    self.set_attribute(name, value.clone());
                    Ok(value)
                }
                _ => Ok(Value::nil()),
            },
            _ => Ok(self.unknown(at, "an attribute that is not known")),
        }
    }

    pub(super) fn read_attribute(&mut self, name: &str, at: Span, scope: &Scope) -> Value {
        let found = match &scope.lexical.attributes {
            Some(then) => then.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()),
            None => self.attribute(name),
        };
        if let Some(value) = found {
            return value;
        }
        let own = scope.module().cloned().unwrap_or_default();
        match self.module(&own, at).and_then(|m| m.open.clone()) {
            Some(gap) => Value::unknown(gap),
            None if NOTES.contains(&name) => self.unknown(at, format!("the attribute {name}")),
            None => Value::nil(),
        }
    }

    /// `Module.put_attribute` in the module whose body runs.
    pub fn set_attribute(&mut self, name: &str, value: Value) {
        self.weigh(1);
        let Some(module) = self.building() else { return };
        let accumulates = module.accumulate.iter().any(|n| n == name)
            || matches!(name, "before_compile" | "after_compile" | "behaviour" | "derive");
        let attributes = Rc::make_mut(&mut module.attributes);
        match attributes.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) if accumulates => {
                let mut items = vec![value];
                items.extend(old.as_list().unwrap_or(&[]).iter().cloned());
                *old = Value::list(items);
            }
            Some((_, old)) => *old = value,
            None if accumulates => attributes.push((SmolStr::new(name), Value::list(vec![value]))),
            None => attributes.push((SmolStr::new(name), value)),
        }
    }

    /// `Module.delete_attribute` in the module whose body runs.
    pub(super) fn delete_attribute(&mut self, name: &str) {
        if let Some(module) = self.building() {
            Rc::make_mut(&mut module.attributes).retain(|(n, _)| n != name);
        }
    }

    /// `Module.register_attribute(__MODULE__, name, accumulate: true)` in the module whose body runs.
    pub fn accumulate_attribute(&mut self, name: &str) {
        if let Some(module) = self.building() {
            module.accumulate.push(SmolStr::new(name));
            if module.attribute(name).is_none() {
                Rc::make_mut(&mut module.attributes).push((SmolStr::new(name), Value::list(Vec::new())));
            }
        }
    }
}
