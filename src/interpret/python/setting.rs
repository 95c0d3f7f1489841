//! Attributes that are set and deleted, through setters of properties and `__setattr__`.

use smol_str::SmolStr;

use super::attribute::SETTER;
use super::heap::Object;
use super::library::Library;
use super::machine::{Machine, Run};
use super::value::{Args, Member, TermKind, Value};
use crate::source::Span;

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// `value.name = new`.
    ///
    /// # Errors
    /// Where the repository's own `__setattr__` fails.
    pub fn set_attribute(&mut self, value: &Value<'a>, name: &str, new: Value<'a>, at: Span) -> Run<'a, ()> {
        if let Value::Unknown(unknown) = value {
            for candidate in &unknown.clone().candidates {
                self.open(candidate, &unknown.gap);
            }
            return Ok(());
        }
        if let Value::Instance(_) = value {
            if let Some(setter) = self.setter_of(value, name) {
                return self
                    .call(&setter, Args::of(vec![value.clone(), new], at), at)
                    .map(|_| ());
            }
            let args = vec![Value::text(name, at), new.clone()];
            if let Some(run) = self.call_method_of_class(value, "__setattr__", args, at) {
                return run.map(|_| ());
            }
        }
        self.store_attribute(value, name, new, at);
        Ok(())
    }

    /// What `@name.setter` decorates.
    fn setter_of(&self, value: &Value<'a>, name: &str) -> Option<Value<'a>> {
        let (_, member) = self.lookup(self.class_of(value)?, name)?;
        let Some(Value::Function(function)) = member.value else {
            return None;
        };
        let own = self.own_attributes(function.id)?.attributes.get(SETTER)?;
        Some(own.value.clone())
    }

    pub(super) fn store_attribute(&mut self, value: &Value<'a>, name: &str, new: Value<'a>, at: Span) {
        match value {
            Value::Instance(id) => {
                if let Some(Object::Instance(instance)) = self.world.heap.get_mut(*id) {
                    instance.attributes.set(SmolStr::new(name), new.into());
                }
            }
            Value::Class(class) if self.set_on_type(*class, name, &new) => {}
            Value::Class(class) => {
                let whole = self.frames.last().map_or(at, |f| f.statement);
                let Some(own) = self.class_mut(*class) else { return };
                match own.members.iter_mut().find(|m| m.name == name) {
                    Some(member) => {
                        member.value = Some(new.clone());
                        member.maybe = None;
                    }
                    None => own.members.push(Member {
                        name: SmolStr::new(name),
                        value: Some(new.clone()),
                        annotation: None,
                        span: at,
                        whole,
                        maybe: None,
                    }),
                }
                L::set_attribute(self, value, name, &new, at);
            }
            Value::Module(module) => {
                if let Some(scope) = self.namespace(*module) {
                    self.bind_in(scope, name, new);
                }
            }
            Value::Term(term) => {
                let id = term.id;
                if !L::set_attribute(self, value, name, &new, at) {
                    self.set_further(value, name, &new, at);
                    self.set_own_attribute(id, name, new);
                }
            }
            Value::Function(function) => self.set_own_attribute(function.id, name, new),
            _ => {}
        }
    }

    /// What is set on an attribute that a library gives an object is kept by the object too, under the path to it: the attribute is
    /// another term each time that it is asked for.
    fn set_further(&mut self, value: &Value<'a>, name: &str, new: &Value<'a>, at: Span) {
        let (mut owner, mut path) = (value, SmolStr::new(name));
        let mut further = false;
        while let Value::Term(term) = owner
            && let TermKind::Attribute(object, name) = &term.kind
        {
            path = smol_str::format_smolstr!("{name}.{path}");
            (owner, further) = (object, true);
        }
        match owner {
            _ if !further => {}
            Value::Term(term) => self.set_own_attribute(term.id, &path, new.clone()),
            Value::Instance(_) => self.store_attribute(owner, &path, new.clone(), at),
            Value::Class(class) => {
                let whole = self.frames.last().map_or(at, |f| f.statement);
                let Some(own) = self.class_mut(*class) else { return };
                own.members.retain(|m| m.name != path);
                own.members.push(Member {
                    name: path,
                    value: Some(new.clone()),
                    annotation: None,
                    span: at,
                    whole,
                    maybe: None,
                });
            }
            _ => {}
        }
    }

    /// What was set on an attribute of an object, by the path to it: `metadata.schema`.
    pub fn set_on(&self, owner: &Value<'a>, path: &str) -> Option<Value<'a>> {
        match owner {
            Value::Term(term) => Some(self.own_attributes(term.id)?.attributes.get(path)?.value.clone()),
            Value::Instance(id) => Some(self.instance(*id)?.attributes.get(path)?.value.clone()),
            Value::Class(class) => self.lookup(*class, path)?.1.value,
            _ => None,
        }
    }

    /// What was set on a member of a library; unknown where it perhaps was.
    pub fn set_on_path(&self, path: &str, name: &str) -> Option<Value<'a>> {
        let Value::Term(term) = self.paths.get(path)? else {
            return None;
        };
        let slot = self.own_attributes(term.id)?.attributes.get(name)?;
        Some(match &slot.maybe {
            Some(gap) => Value::unknown(gap.clone()),
            None => slot.value.clone(),
        })
    }

    /// Whether a member of a library was spoken of.
    pub fn knows_path(&self, path: &str) -> bool {
        self.paths.contains_key(path)
    }

    /// `del value.name`.
    pub(super) fn delete_attribute(&mut self, value: &Value<'a>, name: &str) {
        match value {
            Value::Instance(id) => {
                if let Some(Object::Instance(instance)) = self.world.heap.get_mut(*id) {
                    instance.attributes.remove(name);
                }
            }
            Value::Class(class) => {
                if let Some(own) = self.class_mut(*class) {
                    own.members.retain(|m| m.name != name);
                }
            }
            Value::Module(module) => {
                if let Some(scope) = self.namespace(*module).and_then(|id| self.scope_mut(id)) {
                    scope.names.remove(name);
                }
            }
            _ => {}
        }
    }
}
