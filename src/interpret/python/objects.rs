//! Values that lie on the heap: made, and looked at.

use std::rc::Rc;

use smol_str::SmolStr;

use super::heap::{Dict, Instance, Iteration, List, Names, Object};
use super::library::Library;
use super::machine::Machine;
use super::value::{Args, Class, ClassId, Member, ObjectId, Term, TermId, TermKind, Value};
use crate::known::Gap;
use crate::source::Span;

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Puts an object on the heap.
    pub(super) fn allocate(&mut self, object: Object<'a>) -> ObjectId {
        let id = ObjectId(self.next_object);
        self.next_object = self.next_object.saturating_add(1);
        let items = match &object {
            Object::List(list) | Object::Set(list) | Object::Iterator(Iteration::Items(list)) => {
                list.items.len()
            }
            Object::Dict(dict) => dict.entries.len(),
            Object::Scope(_) | Object::Class(_) => 16,
            Object::Instance(_) | Object::Iterator(_) => 4,
        };
        self.budget.weigh(items);
        self.world.heap.put(id, object);
        id
    }

    pub(super) fn heap(&self) -> &super::heap::Heap<'a> {
        &self.world.heap
    }

    pub(super) fn heap_mut(&mut self) -> &mut super::heap::Heap<'a> {
        &mut self.world.heap
    }

    pub(super) fn term_id(&mut self) -> TermId {
        let id = TermId(self.next_term);
        self.next_term = self.next_term.saturating_add(1);
        id
    }

    /// A new term.
    pub fn term(&mut self, kind: TermKind<'a>, span: Span) -> Value<'a> {
        let depth = match &kind {
            TermKind::Path(_) => 0,
            TermKind::Attribute(inner, _) => inner.depth(),
            TermKind::Call(callee, args) => {
                let keywords = args.keywords.iter().map(|(_, a)| a);
                let given = args.positional.iter().chain(keywords).map(|a| a.value.depth());
                given.chain([callee.depth()]).max().unwrap_or(0)
            }
            TermKind::Item(inner, key) => inner.depth().max(key.depth()),
            TermKind::Operation(_, operands) => operands.iter().map(Value::depth).max().unwrap_or(0),
        };
        if depth >= super::value::MAX_DEPTH {
            return self.unknown(span, "nested deeper than is followed");
        }
        let id = self.term_id();
        let depth = depth + 1;
        Value::Term(Rc::new(Term {
            id,
            kind,
            span,
            depth,
        }))
    }

    /// A value that is no deeper nested than is followed.
    pub(super) fn bounded(&self, value: Value<'a>, at: Span) -> Value<'a> {
        if matches!(value, Value::Tuple(_)) && value.depth() >= super::value::MAX_DEPTH {
            return self.unknown(at, "nested deeper than is followed");
        }
        value
    }

    /// The member of a library with this path.
    pub fn path(&mut self, path: &str, span: Span) -> Value<'a> {
        if let Some(known) = self.paths.get(path) {
            return known.clone();
        }
        let path = SmolStr::new(path);
        let value = self.term(TermKind::Path(path.clone()), span);
        self.paths.insert(path, value.clone());
        value
    }

    /// A call of a term that does nothing but say what was called with what.
    pub fn call_term(&mut self, callee: Value<'a>, args: Args<'a>, at: Span) -> Value<'a> {
        self.term(TermKind::Call(callee, args), at)
    }

    /// A new list.
    pub fn new_list(&mut self, items: Vec<Value<'a>>) -> Value<'a> {
        let list = List::of(items);
        Value::List(self.allocate(Object::List(list)))
    }

    /// A list whose items cannot be told.
    pub fn open_list(&mut self, gap: Gap) -> Value<'a> {
        let list = List {
            items: Vec::new(),
            open: Some(gap),
        };
        Value::List(self.allocate(Object::List(list)))
    }

    /// A new set of items; those that are equal must be left out before.
    pub fn new_set(&mut self, items: Vec<Value<'a>>) -> Value<'a> {
        let list = List::of(items);
        Value::Set(self.allocate(Object::Set(list)))
    }

    /// A new dict; a key given twice keeps its place and has the later value.
    pub fn new_dict(&mut self, entries: Vec<(Value<'a>, Value<'a>)>) -> Value<'a> {
        let mut dict = Dict::default();
        for (key, value) in entries {
            self.dict_put(&mut dict, key, value);
        }
        Value::Dict(self.allocate(Object::Dict(dict)))
    }

    /// A dict whose contents cannot be told.
    pub fn open_dict(&mut self, gap: Gap) -> Value<'a> {
        let dict = Dict {
            open: Some(gap),
            ..Dict::default()
        };
        Value::Dict(self.allocate(Object::Dict(dict)))
    }

    /// An iterator over items.
    pub fn new_iterator(&mut self, items: Vec<Value<'a>>) -> Value<'a> {
        let items = Iteration::Items(List::of(items));
        Value::Iterator(self.allocate(Object::Iterator(items)))
    }

    /// An instance of a class, without running `__init__`.
    pub fn new_instance(&mut self, class: ClassId, attributes: Vec<(SmolStr, Value<'a>)>) -> Value<'a> {
        let mut names = Names::default();
        for (name, value) in attributes {
            names.set(name, value.into());
        }
        Value::Instance(self.allocate(Object::Instance(Instance {
            class: Some(class),
            attributes: names,
            open: None,
        })))
    }

    /// A class.
    #[must_use]
    pub fn class(&self, id: ClassId) -> Option<&Class<'a>> {
        match self.world.heap.get(id) {
            Some(Object::Class(class)) => Some(class),
            _ => None,
        }
    }

    /// Changes a class.
    pub fn class_mut(&mut self, id: ClassId) -> Option<&mut Class<'a>> {
        match self.world.heap.get_mut(id) {
            Some(Object::Class(class)) => Some(class),
            _ => None,
        }
    }

    /// All classes, in the order in which they were made. Those of a run of their module that another course has replaced are left
    /// out.
    #[must_use]
    pub fn classes(&self) -> Vec<ClassId> {
        let is_current = |(id, scope): &&(ClassId, Option<ObjectId>)| {
            self.class(*id)
                .is_some_and(|class| self.namespace(class.module) == *scope)
        };
        self.made.iter().filter(is_current).map(|made| made.0).collect()
    }

    /// A member of a class, looked for through its linearised bases, and the class that has it.
    #[must_use]
    pub fn lookup(&self, class: ClassId, name: &str) -> Option<(ClassId, Member<'a>)> {
        let order = &self.class(class)?.order;
        order.iter().find_map(|base| {
            let Value::Class(base) = base else { return None };
            let member = self.class(*base)?.members.iter().find(|m| m.name == name)?;
            Some((*base, member.clone()))
        })
    }

    /// The class of an instance.
    #[must_use]
    pub fn class_of(&self, value: &Value<'a>) -> Option<ClassId> {
        match value {
            Value::Instance(id) => self.instance(*id)?.class,
            _ => None,
        }
    }

    /// What an object holds itself under a name, where that is certain.
    #[must_use]
    pub fn own_attribute(&self, object: &Value<'a>, name: &str) -> Option<Value<'a>> {
        let Value::Instance(id) = object else { return None };
        let slot = self.instance(*id)?.attributes.get(name)?;
        Some(match &slot.maybe {
            Some(gap) => Value::unknown(gap.clone()),
            None => slot.value.clone(),
        })
    }

    pub(super) fn instance(&self, id: ObjectId) -> Option<&Instance<'a>> {
        match self.world.heap.get(id) {
            Some(Object::Instance(instance)) => Some(instance),
            _ => None,
        }
    }

    /// The list, set or iterator behind a value; `None` for other values.
    pub(super) fn list(&self, value: &Value<'a>) -> Option<&List<'a>> {
        match value {
            Value::List(id) | Value::Set(id) => match self.world.heap.get(*id) {
                Some(Object::List(list) | Object::Set(list)) => Some(list),
                _ => None,
            },
            Value::Iterator(id) => match self.world.heap.get(*id) {
                Some(Object::Iterator(Iteration::Items(list))) => Some(list),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn list_mut(&mut self, value: &Value<'a>) -> Option<&mut List<'a>> {
        self.budget.weigh(0);
        match value {
            Value::List(id) | Value::Set(id) => match self.world.heap.get_mut(*id) {
                Some(Object::List(list) | Object::Set(list)) => Some(list),
                _ => None,
            },
            Value::Iterator(id) => match self.world.heap.get_mut(*id) {
                Some(Object::Iterator(Iteration::Items(list))) => Some(list),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn dict(&self, value: &Value<'a>) -> Option<&Dict<'a>> {
        match value {
            Value::Dict(id) => match self.world.heap.get(*id) {
                Some(Object::Dict(dict)) => Some(dict),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn dict_mut(&mut self, value: &Value<'a>) -> Option<&mut Dict<'a>> {
        self.budget.weigh(0);
        match value {
            Value::Dict(id) => match self.world.heap.get_mut(*id) {
                Some(Object::Dict(dict)) => Some(dict),
                _ => None,
            },
            _ => None,
        }
    }

    /// The entries of a dict, where all are known.
    #[must_use]
    pub fn dict_items(&self, value: &Value<'a>) -> Option<Vec<(Value<'a>, Value<'a>)>> {
        let dict = self.dict(value)?;
        if dict.open.is_some() {
            return None;
        }
        dict.entries
            .iter()
            .map(|(key, slot)| slot.maybe.is_none().then(|| (key.clone(), slot.value.clone())))
            .collect()
    }

    /// The items of a list, tuple, set or iterator, where all are known. Takes nothing from an iterator.
    #[must_use]
    pub fn known_items(&self, value: &Value<'a>) -> Option<Vec<Value<'a>>> {
        if let Value::Tuple(items) = value {
            return Some(items.to_vec());
        }
        let list = self.list(value)?;
        if list.open.is_some() {
            return None;
        }
        list.items
            .iter()
            .map(|slot| slot.maybe.is_none().then(|| slot.value.clone()))
            .collect()
    }
}
