//! The machine: the world that Python code runs in, its bounds, and what stacks call.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::budget::Budget;
use super::flow::{Course, Flow};
use super::frame::Frame;
use super::heap::{Dict, Instance, Iteration, List, Names, Object, ScopeKind, Slot};
use super::library::Library;
use super::modules::{ModuleId, Modules};
use super::value::{Args, Class, ClassId, Member, ObjectId, Term, TermId, TermKind, Value};
use super::world::World;
use crate::known::{Gap, Reach};
use crate::source::Span;

/// Why an evaluation ended without a value.
#[derive(Debug, Clone)]
pub enum Stop<'a> {
    /// An exception that certainly is raised.
    Raised(Box<Raised<'a>>),
    /// A budget is used up: the rest of the entry point is opaque.
    Exhausted(Span, &'static str),
    /// This course has ended elsewhere (it was parked for the construct that takes it up).
    Gone,
}

/// An exception.
#[derive(Debug, Clone)]
pub struct Raised<'a> {
    /// What was raised: an instance or a term (`sqlalchemy.exc.ProgrammingError(...)`); unknown where it can be any.
    pub exception: Value<'a>,
    /// Where.
    pub span: Span,
}

/// A value, or why there is none.
pub type Run<'a, T> = Result<T, Stop<'a>>;

/// The interpreter.
pub struct Machine<'a, L: Library<'a>> {
    /// The stack's part.
    pub library: L,
    pub(super) modules: &'a Modules<'a>,
    pub(super) world: World<'a>,
    pub(super) budget: Budget,
    /// The calls that run, outermost first.
    pub(super) frames: Vec<Frame<'a>>,
    /// Courses that wait for the construct that takes them up.
    pub(super) parked: Vec<Course<'a, L::State>>,
    /// `try` statements with handlers that run.
    pub(super) handlers: u32,
    /// The `try` statements of those that let any error pass, outermost first.
    pub(super) swallowing: Vec<Span>,
    /// Alternatives that run.
    pub(super) forks: u32,
    pub(super) next_object: u32,
    pub(super) next_term: u32,
    pub(super) gaps: Vec<Gap>,
    pub(super) noted: FxHashSet<Gap>,
    /// Classes in the order in which they were made, each with the namespace of its module at that time.
    pub(super) made: Vec<(ClassId, Option<ObjectId>)>,
    /// How the body of each running `with` over a generator was left.
    pub(super) pending: Vec<Option<Flow<'a>>>,
    pub(super) paths: FxHashMap<SmolStr, Value<'a>>,
    /// Class bodies that run and have asked for their own names as a dict, through which they may set them.
    pub(super) loose: FxHashMap<ObjectId, Gap>,
    /// Classes whose metaclass runs.
    pub(super) building: Vec<ClassId>,
    /// Why more modules of the repository may have been imported than were.
    pub(super) unloaded: Option<Gap>,
    /// Parts of modules that were given up.
    pub(super) lost: Vec<Lost>,
}

/// A part of a module that was given up: what it would have made is missing.
#[derive(Debug, Clone)]
pub struct Lost {
    /// From the statement that was not followed to its end, or to that of the module.
    pub span: Span,
    /// Why.
    pub gap: Gap,
}

/// A machine as it was.
#[derive(Debug)]
pub struct Held<'a, S> {
    world: World<'a>,
    library: S,
    budget: Budget,
    gaps: usize,
    made: usize,
    unloaded: Option<Gap>,
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// A machine that has run nothing yet.
    #[must_use]
    pub fn new(modules: &'a Modules<'a>, library: L) -> Self {
        Machine {
            library,
            modules,
            world: World::default(),
            budget: Budget::default(),
            frames: Vec::new(),
            parked: Vec::new(),
            handlers: 0,
            swallowing: Vec::new(),
            forks: 0,
            lost: Vec::new(),
            next_object: 0,
            next_term: 0,
            gaps: Vec::new(),
            noted: FxHashSet::default(),
            made: Vec::new(),
            pending: Vec::new(),
            paths: FxHashMap::default(),
            loose: FxHashMap::default(),
            building: Vec::new(),
            unloaded: None,
        }
    }

    /// Keeps the machine as it is now. What runs from here on is beside its course.
    pub fn hold(&mut self) -> Held<'a, L::State> {
        Held {
            world: self.world.clone(),
            library: self.library.save(),
            budget: self.budget,
            gaps: self.gaps.len(),
            made: self.made.len(),
            unloaded: self.unloaded.clone(),
        }
    }

    /// Makes it what it was.
    pub fn put_back(&mut self, held: Held<'a, L::State>) {
        self.world = held.world;
        self.library.restore(held.library);
        self.budget = held.budget;
        for gap in self.gaps.drain(held.gaps..) {
            self.noted.remove(&gap);
        }
        self.made.truncate(held.made);
        self.unloaded = held.unloaded;
    }

    /// The modules that it runs.
    #[must_use]
    pub fn modules(&self) -> &'a Modules<'a> {
        self.modules
    }

    /// Parts of modules that were given up so far.
    #[must_use]
    pub fn lost(&self) -> &[Lost] {
        &self.lost
    }

    /// What could not be followed so far.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Notes what could not be followed.
    pub fn note(&mut self, gap: &Gap) {
        if self.noted.insert(gap.clone()) {
            self.gaps.push(gap.clone());
        }
    }

    /// Whether an attribute was set on a member of a library, where all that imports it sees it.
    #[must_use]
    pub fn alters_libraries(&self) -> bool {
        let of_library = |value: &Value<'a>| matches!(value, Value::Term(term) if self.world.attributes.contains_key(&term.id));
        self.paths.values().any(of_library)
    }

    /// The calls that lead here, outermost first: where each is written.
    #[must_use]
    pub fn calls(&self) -> Vec<Span> {
        self.frames.iter().filter_map(|f| f.call).collect()
    }

    /// Whether what runs now is one of several courses: it may not have been taken. So what follows `if unknown: return`.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        self.forks > 0 || !self.parked.is_empty()
    }

    /// Whether what runs now certainly runs, and an exception that it raises is seen by no handler.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        !self.is_uncertain() && self.handlers == 0
    }

    /// The innermost `try` that runs and goes on after an error of a library.
    #[must_use]
    pub fn swallowing(&self) -> Option<Span> {
        self.swallowing.last().copied()
    }

    /// Whether a `try` with handlers runs: an exception may be seen.
    #[must_use]
    pub fn is_handled(&self) -> bool {
        self.handlers > 0
    }

    /// The modules that have run, or run now, by number.
    #[must_use]
    pub fn loaded(&self) -> Vec<ModuleId> {
        let mut out: Vec<ModuleId> = self.world.modules.keys().copied().collect();
        out.sort();
        out
    }

    /// Why more modules of the repository may have been imported than have run: one whose name cannot be told, or that is not found.
    #[must_use]
    pub fn unloaded(&self) -> Option<&Gap> {
        self.unloaded.as_ref()
    }

    /// The module whose code runs.
    #[must_use]
    pub fn module(&self) -> Option<ModuleId> {
        self.frames.last().map(|f| f.module)
    }

    /// The class body that runs, if one does, hands out its names as a dict: more members may come of it.
    pub(super) fn hands_out_names(&mut self, at: Span) {
        let Some(scope) = self.frames.last().map(|f| f.scope) else {
            return;
        };
        if self.scope(scope).is_some_and(|s| s.kind == ScopeKind::Class) {
            let gap = self.gap(at, "names that a class sets through a dict of them");
            self.note(&gap);
            self.loose.insert(scope, gap);
        }
    }

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

    /// An exception of a library or of Python (`builtins.ValueError`) that is raised.
    pub fn raise(&mut self, path: &str, message: &str, at: Span) -> Stop<'a> {
        let callee = self.path(path, at);
        let message = super::value::Argument {
            value: Value::text(message, at),
            span: at,
        };
        let args = Args {
            positional: vec![message],
            ..Args::default()
        };
        let exception = self.term(TermKind::Call(callee, args), at);
        Stop::Raised(Box::new(Raised { exception, span: at }))
    }

    /// `KeyError(key)` that is raised.
    pub(super) fn raise_key(&mut self, key: &Value<'a>, at: Span) -> Stop<'a> {
        let callee = self.path("builtins.KeyError", at);
        let exception = self.call_term(callee, Args::of(vec![key.clone()], at), at);
        Stop::Raised(Box::new(Raised { exception, span: at }))
    }

    /// Why something cannot be told. It reaches no fact of the schema by itself.
    #[must_use]
    pub fn gap(&self, at: Span, why: impl Into<String>) -> Gap {
        Gap::new(at, why, Reach::Rows)
    }

    /// Unknown, because of what is at a place.
    #[must_use]
    pub fn unknown(&self, at: Span, why: impl Into<String>) -> Value<'a> {
        Value::unknown(self.gap(at, why))
    }
}

impl<'a> List<'a> {
    pub(crate) fn of(items: Vec<Value<'a>>) -> Self {
        List {
            items: items.into_iter().map(Slot::from).collect(),
            open: None,
        }
    }
}
