//! The heap: every thing that can be changed, in chunks that copies share until one of them writes.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::modules::ModuleId;
use super::value::{Annotation, Class, ObjectId, Value};
use crate::known::Gap;
use crate::source::Span;

const CHUNK: usize = 16;

/// A value that is there, or perhaps there.
#[derive(Debug, Clone)]
pub(crate) struct Slot<'a> {
    pub(crate) value: Value<'a>,
    /// Why it cannot be told whether it is there.
    pub(crate) maybe: Option<Gap>,
}

impl<'a> From<Value<'a>> for Slot<'a> {
    fn from(value: Value<'a>) -> Self {
        Slot { value, maybe: None }
    }
}

/// Names and their values, in the order of their first binding.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names<'a> {
    entries: Vec<(SmolStr, Option<Slot<'a>>)>,
    /// Where they stand, where they are many. Copies share it until one of them takes another name in.
    index: Rc<FxHashMap<SmolStr, u32>>,
}

/// Few names are found fastest one by one.
const FEW: usize = 12;

impl<'a> Names<'a> {
    /// Places taken, by names that are gone too.
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn position(&self, name: &str) -> Option<usize> {
        if self.entries.len() <= FEW {
            return self.entries.iter().position(|(n, _)| n == name);
        }
        self.index.get(name).map(|at| *at as usize)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Slot<'a>> {
        self.entries.get(self.position(name)?)?.1.as_ref()
    }

    pub(crate) fn set(&mut self, name: SmolStr, slot: Slot<'a>) {
        if let Some(entry) = self.position(&name).and_then(|at| self.entries.get_mut(at)) {
            entry.1 = Some(slot);
            return;
        }
        self.entries.push((name, Some(slot)));
        let count = self.entries.len();
        if count == FEW + 1 {
            let places = (0u32..).zip(&self.entries).map(|(i, e)| (e.0.clone(), i));
            self.index = Rc::new(places.collect());
        } else if count > FEW
            && let Some((name, _)) = self.entries.last()
        {
            Rc::make_mut(&mut self.index).insert(name.clone(), count as u32 - 1);
        }
    }

    /// The slot of a name that most likely stands at a place.
    fn get_at(&self, at: usize, name: &SmolStr) -> Option<&Slot<'a>> {
        match self.entries.get(at) {
            Some((there, slot)) if there == name => slot.as_ref(),
            _ => self.get(name),
        }
    }

    /// The names of both: what becomes of a slot that both have, and of one that one of them has alone.
    pub(crate) fn joined(
        &self,
        other: &Self,
        both: impl Fn(&mut Slot<'a>, &Slot<'a>),
        alone: impl Fn(&mut Slot<'a>),
    ) -> Self {
        let mut out = Names::default();
        if self.entries.iter().all(|(_, slot)| slot.is_some()) {
            out.clone_from(self);
        } else {
            for (name, slot) in self.iter() {
                out.set(name.clone(), slot.clone());
            }
        }
        for (at, (name, slot)) in out.entries.iter_mut().enumerate() {
            match (slot, other.get_at(at, name)) {
                (Some(slot), Some(other)) => both(slot, other),
                (Some(slot), None) => alone(slot),
                (None, _) => {}
            }
        }
        for (at, (name, slot)) in other.entries.iter().enumerate() {
            if let Some(slot) = slot
                && self.get_at(at, name).is_none()
            {
                let mut slot = slot.clone();
                alone(&mut slot);
                out.set(name.clone(), slot);
            }
        }
        out
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Slot<'a>> {
        let at = self.position(name)?;
        self.entries.get_mut(at)?.1.take()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&SmolStr, &Slot<'a>)> {
        self.entries
            .iter()
            .filter_map(|(name, slot)| slot.as_ref().map(|slot| (name, slot)))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&SmolStr, &mut Slot<'a>)> {
        self.entries
            .iter_mut()
            .filter_map(|(name, slot)| slot.as_mut().map(|slot| (&*name, slot)))
    }
}

/// A list, or what an iterator still holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct List<'a> {
    pub(crate) items: Vec<Slot<'a>>,
    /// Why it may hold other items, or these in another order.
    pub(crate) open: Option<Gap>,
}

/// A dict in insertion order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dict<'a> {
    pub(crate) entries: Vec<(Value<'a>, Slot<'a>)>,
    /// Where keys that are text stand; used where there are many.
    pub(crate) index: FxHashMap<Rc<str>, u32>,
    /// The same for keys that are integers.
    pub(crate) numbers: FxHashMap<i64, u32>,
    pub(crate) open: Option<Gap>,
    /// What makes the value of a missing key (`defaultdict`).
    pub(crate) default: Option<Value<'a>>,
    /// It is of another class than `dict` (`OrderedDict`, `defaultdict`), and writes itself otherwise.
    pub(crate) odd: bool,
}

/// What a scope belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    Module,
    Function,
    Class,
    /// A comprehension: `:=` binds outside of it.
    Comprehension,
}

/// The names of a module, of a call of a function, or of a class body that runs.
#[derive(Debug, Clone)]
pub(crate) struct Scope<'a> {
    pub(crate) kind: ScopeKind,
    pub(crate) module: ModuleId,
    pub(crate) names: Names<'a>,
    pub(crate) parent: Option<ObjectId>,
    /// Names declared `global` here.
    pub(crate) globals: Vec<SmolStr>,
    /// Names declared `nonlocal` here.
    pub(crate) nonlocals: Vec<SmolStr>,
    /// Libraries whose names were all imported.
    pub(crate) stars: Vec<SmolStr>,
    /// Annotations and places of names, in order (classes, modules).
    pub(crate) notes: Vec<Note<'a>>,
    /// Why it may hold other names.
    pub(crate) open: Option<Gap>,
}

/// Where a name was first bound or annotated.
#[derive(Debug, Clone)]
pub(crate) struct Note<'a> {
    pub(crate) name: SmolStr,
    pub(crate) annotation: Option<Annotation<'a>>,
    pub(crate) span: Span,
    pub(crate) whole: Span,
}

/// An instance, or the attributes of a term or function.
#[derive(Debug, Clone)]
pub(crate) struct Instance<'a> {
    /// `None` for the attributes of a term or function.
    pub(crate) class: Option<ObjectId>,
    pub(crate) attributes: Names<'a>,
    pub(crate) open: Option<Gap>,
}

/// An iterator.
#[derive(Debug, Clone)]
pub(crate) enum Iteration<'a> {
    /// A generator that has not begun: the function, and the scope with its parameters.
    Generator(Value<'a>, ObjectId),
    /// A call of an `async` function, which runs when it is awaited: the function, and the scope with its parameters.
    Coroutine(Value<'a>, ObjectId),
    /// What is still to come.
    Items(List<'a>),
}

/// A thing on the heap.
#[derive(Debug, Clone)]
pub(crate) enum Object<'a> {
    List(List<'a>),
    Dict(Dict<'a>),
    Set(List<'a>),
    Scope(Box<Scope<'a>>),
    Class(Box<Class<'a>>),
    Instance(Instance<'a>),
    Iterator(Iteration<'a>),
}

/// The copies of objects that those of a heap have taken in last, where nothing has changed these since.
pub(crate) type Taken<'a> = FxHashMap<ObjectId, Rc<Object<'a>>>;

type Chunk<'a> = Vec<Option<Rc<Object<'a>>>>;
type Group<'a> = Vec<Rc<Chunk<'a>>>;

/// All objects, in chunks, and these in groups. A copy costs one count, and the first change of a copy its own group and chunk; ids
/// are never given twice, in no copy.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heap<'a> {
    groups: Rc<Vec<Rc<Group<'a>>>>,
}

/// Whether a chunk holds all that another one does: the very same objects.
fn holds(all: &Chunk<'_>, some: &Chunk<'_>) -> bool {
    some.iter().enumerate().all(|(at, own)| {
        let Some(own) = own else { return true };
        all.get(at)
            .and_then(Option::as_ref)
            .is_some_and(|object| Rc::ptr_eq(own, object))
    })
}

/// Group, chunk, and the place in it.
fn place(id: ObjectId) -> (usize, usize, usize) {
    let (chunk, at) = (id.0 as usize / CHUNK, id.0 as usize % CHUNK);
    (chunk / CHUNK, chunk % CHUNK, at)
}

/// The item of a list at a place, made if it is not there.
fn grown<T: Clone + Default>(items: &mut Rc<Vec<T>>, at: usize) -> Option<&mut T> {
    let items = Rc::make_mut(items);
    if items.len() <= at {
        items.resize_with(at + 1, T::default);
    }
    items.get_mut(at)
}

impl<'a> Heap<'a> {
    pub(crate) fn get(&self, id: ObjectId) -> Option<&Object<'a>> {
        let (group, chunk, at) = place(id);
        self.groups.get(group)?.get(chunk)?.get(at)?.as_deref()
    }

    pub(crate) fn get_mut(&mut self, id: ObjectId) -> Option<&mut Object<'a>> {
        let (group, chunk, at) = place(id);
        self.get(id)?;
        let group = Rc::make_mut(&mut self.groups).get_mut(group)?;
        let chunk = Rc::make_mut(group).get_mut(chunk)?;
        let slot = Rc::make_mut(chunk).get_mut(at)?;
        slot.as_mut().map(Rc::make_mut)
    }

    pub(crate) fn put(&mut self, id: ObjectId, object: Object<'a>) {
        self.put_shared(id, Rc::new(object));
    }

    fn put_shared(&mut self, id: ObjectId, object: Rc<Object<'a>>) {
        let (group, chunk, at) = place(id);
        let slot = grown(&mut self.groups, group)
            .and_then(|group| grown(group, chunk))
            .and_then(|chunk| grown(chunk, at));
        if let Some(slot) = slot {
            *slot = Some(object);
        }
    }

    /// Goes on with what both hold: `join` says what an object is that differs. An object that one of them made is kept, and so is
    /// one that has taken in the same copy before. How much was looked at is given back.
    pub(crate) fn join(
        &mut self,
        other: &Heap<'a>,
        taken: &mut Taken<'a>,
        mut join: impl FnMut(&Object<'a>, &Object<'a>) -> Object<'a>,
    ) -> u64 {
        if Rc::ptr_eq(&self.groups, &other.groups) {
            return 0;
        }
        let mut work = self.groups.len() / CHUNK;
        let (mut changed, mut adopted) = (Vec::new(), Vec::new());
        for (c, ours, theirs) in self.differing(other) {
            work += CHUNK / 8;
            if ours.is_none_or(|ours| holds(theirs, ours)) {
                adopted.push((c, theirs.clone()));
                continue;
            }
            for (at, object) in theirs.iter().enumerate() {
                let Some(object) = object else { continue };
                let id = ObjectId((c * CHUNK + at) as u32);
                match ours.and_then(|ours| ours.get(at)).and_then(Option::as_ref) {
                    Some(own) if Rc::ptr_eq(own, object) => {}
                    Some(_) if taken.get(&id).is_some_and(|taken| Rc::ptr_eq(taken, object)) => {}
                    Some(own) => {
                        taken.insert(id, object.clone());
                        work += OBJECT_WORK + own.size() + object.size();
                        changed.push((id, Rc::new(join(own, object))));
                    }
                    None => changed.push((id, object.clone())),
                }
            }
        }
        for (id, object) in changed {
            self.put_shared(id, object);
        }
        for (c, chunk) in adopted {
            let group = grown(&mut self.groups, c / CHUNK);
            if let Some(slot) = group.and_then(|group| grown(group, c % CHUNK)) {
                *slot = chunk;
            }
        }
        work as u64
    }

    /// The chunks of another heap that are not the very same here, with their numbers and what is here instead.
    fn differing<'h>(
        &'h self,
        other: &'h Heap<'a>,
    ) -> impl Iterator<Item = (usize, Option<&'h Chunk<'a>>, &'h Rc<Chunk<'a>>)> {
        let groups = other.groups.iter().enumerate().filter_map(|(g, theirs)| {
            let ours = self.groups.get(g);
            let same = ours.is_some_and(|ours| Rc::ptr_eq(ours, theirs));
            (!same).then_some((g, ours, theirs))
        });
        groups.flat_map(|(g, ours, theirs)| {
            theirs.iter().enumerate().filter_map(move |(c, theirs)| {
                let ours = ours.and_then(|ours| ours.get(c));
                let same = ours.is_some_and(|ours| Rc::ptr_eq(ours, theirs));
                (!same).then(|| (g * CHUNK + c, ours.map(|ours| &**ours), theirs))
            })
        })
    }
}

/// What it takes to join two copies of an object, besides what they hold.
const OBJECT_WORK: usize = 8;

impl Object<'_> {
    /// How many values it holds.
    fn size(&self) -> usize {
        match self {
            Object::List(list) | Object::Set(list) | Object::Iterator(Iteration::Items(list)) => {
                list.items.len()
            }
            Object::Dict(dict) => dict.entries.len(),
            Object::Scope(scope) => scope.names.len() + scope.notes.len(),
            Object::Class(class) => class.members.len(),
            Object::Instance(instance) => instance.attributes.len(),
            Object::Iterator(_) => 1,
        }
    }
}

/// Few entries are found fastest one by one.
const FEW_ENTRIES: usize = 8;

impl<'a> Dict<'a> {
    /// Where a key stands that is the same value. Numbers and truths that Python holds equal are one key.
    pub(crate) fn find_same(&self, key: &Value<'a>) -> Option<usize> {
        if self.entries.len() > FEW_ENTRIES {
            match (key, whole_number(key)) {
                (Value::Str(text), _) => return self.index.get(text.as_str()).map(|at| *at as usize),
                (_, Some(number)) => return self.numbers.get(&number).map(|at| *at as usize),
                _ => {}
            }
        }
        self.entries.iter().position(|(k, _)| same_key(k, key))
    }

    /// Puts an entry at the end; the key is known not to be there.
    pub(crate) fn push(&mut self, key: Value<'a>, slot: Slot<'a>) {
        let count = self.entries.len();
        if count >= FEW_ENTRIES {
            self.note(&key, count as u32);
        }
        self.entries.push((key, slot));
        if count == FEW_ENTRIES {
            self.reindex();
        }
    }

    /// Puts an entry in its place, or at the end.
    pub(crate) fn set(&mut self, key: Value<'a>, slot: Slot<'a>) {
        match self.find_same(&key).and_then(|at| self.entries.get_mut(at)) {
            Some(entry) => entry.1 = slot,
            None => self.push(key, slot),
        }
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, at: usize) -> Slot<'a> {
        let (_, slot) = self.entries.remove(at);
        self.reindex();
        slot
    }

    fn note(&mut self, key: &Value<'a>, at: u32) {
        if let Value::Str(text) = key {
            self.index.insert(Rc::from(text.as_str()), at);
        } else if let Some(number) = whole_number(key) {
            self.numbers.insert(number, at);
        }
    }

    /// Finds the places of the keys again.
    pub(crate) fn reindex(&mut self) {
        self.index.clear();
        self.numbers.clear();
        if self.entries.len() <= FEW_ENTRIES {
            return;
        }
        for at in 0..self.entries.len() {
            let key = self.entries[at].0.clone();
            self.note(&key, at as u32);
        }
    }

    /// Takes all entries out.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.index.clear();
        self.numbers.clear();
    }
}

/// The integer that a key is: `1`, `1.0`, `True`. Floats beyond the integers that they tell apart are none.
fn whole_number(key: &Value<'_>) -> Option<i64> {
    match key {
        Value::Int(i) => Some(*i),
        Value::Bool(b) => Some(i64::from(*b)),
        Value::Float(f) if f.fract() == 0.0 && f.abs() < 9e15 => Some(*f as i64),
        _ => None,
    }
}

/// Whether two values are one key: `1 == 1.0 == True`.
pub(crate) fn same_key(a: &Value<'_>, b: &Value<'_>) -> bool {
    let number = |v: &Value<'_>| match v {
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::Int(i) => Some(*i as f64),
        Value::Float(f) => Some(*f),
        _ => None,
    };
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Tuple(a), Value::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same_key(a, b))
        }
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => a == b,
            _ => super::join::same(a, b),
        },
    }
}
