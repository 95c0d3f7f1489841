//! What runs now: a module, a function, a class body.

use super::dotted;
use super::heap::{Instance, Names, Note, Object, Scope, ScopeKind, Slot};
use super::join::one_of;
use super::library::Library;
use super::machine::{Machine, Run};
use super::modules::ModuleId;
use super::standard;
use super::value::{Annotation, Args, ClassId, ObjectId, TermId, Value};
use crate::known::Gap;
use crate::source::{FileId, Span};
use crate::syntax::python::{TextRange, ast, span};
use smol_str::SmolStr;

/// A module, function or class body that runs.
#[derive(Debug, Clone)]
pub(crate) struct Frame<'a> {
    pub(crate) module: ModuleId,
    pub(crate) scope: ObjectId,
    /// Where it was called.
    pub(crate) call: Option<Span>,
    /// The class whose method it is, and the method's first argument: for `super()`.
    pub(crate) class: Option<ObjectId>,
    pub(crate) first: Option<Value<'a>>,
    /// The function that runs.
    pub(crate) function: Option<TermId>,
    /// What takes a value that is yielded.
    pub(crate) yields: Yields<'a>,
    /// The exception that a handler has caught, for a bare `raise`.
    pub(crate) caught: Option<Value<'a>>,
    /// The statement that runs.
    pub(crate) statement: Span,
    /// Where code in quotes stands: its own ranges are not the file's.
    pub(crate) quoted: Option<Span>,
    /// What the library had done when it began.
    pub(crate) done: usize,
    /// Why a call of itself further in was not followed, and what that was given.
    pub(crate) cut: Option<(Gap, Args<'a>)>,
}

/// What happens where a generator yields.
#[derive(Debug, Clone)]
pub(crate) enum Yields<'a> {
    /// It is no generator.
    None,
    /// The values are collected in a list on the heap.
    Collect(Value<'a>),
    /// The body of the `with` statement that asked for it runs at once, in the frame that it stands in.
    With(Box<Frame<'a>>, &'a ast::StmtWith, usize),
}

impl<'a> Frame<'a> {
    pub(super) fn new(module: ModuleId, scope: ObjectId, at: Span) -> Self {
        Frame {
            module,
            scope,
            call: None,
            class: None,
            first: None,
            function: None,
            yields: Yields::None,
            caught: None,
            statement: at,
            quoted: None,
            done: 0,
            cut: None,
        }
    }
}

/// What a name is now that only Python 2 has among its own: code that uses it without a definition runs there alone.
fn of_python_2(name: &str) -> Option<&'static str> {
    Some(match name {
        "unicode" | "basestring" => "builtins.str",
        "long" => "builtins.int",
        "xrange" => "builtins.range",
        "unichr" => "builtins.chr",
        "raw_input" => "builtins.input",
        "reduce" => "functools.reduce",
        _ => return None,
    })
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// The place of a node of the code that runs.
    pub(super) fn span(&self, range: TextRange) -> Span {
        match self.frames.last() {
            Some(Frame { quoted: Some(at), .. }) => *at,
            Some(frame) => span(self.modules.get(frame.module).file, range),
            None => Span::new(FileId(0), 0, 0),
        }
    }

    /// Runs something in a frame.
    pub(super) fn within<T>(&mut self, frame: Frame<'a>, run: impl FnOnce(&mut Self) -> T) -> T {
        self.frames.push(frame);
        let out = run(self);
        self.frames.pop();
        out
    }

    pub(super) fn scope(&self, id: ObjectId) -> Option<&Scope<'a>> {
        match self.world.heap.get(id) {
            Some(Object::Scope(scope)) => Some(scope),
            _ => None,
        }
    }

    pub(super) fn scope_mut(&mut self, id: ObjectId) -> Option<&mut Scope<'a>> {
        match self.world.heap.get_mut(id) {
            Some(Object::Scope(scope)) => Some(scope),
            _ => None,
        }
    }

    pub(super) fn new_scope(
        &mut self,
        kind: ScopeKind,
        module: ModuleId,
        parent: Option<ObjectId>,
    ) -> ObjectId {
        self.allocate(Object::Scope(Box::new(Scope {
            kind,
            module,
            names: Names::default(),
            parent,
            globals: Vec::new(),
            nonlocals: Vec::new(),
            stars: Vec::new(),
            notes: Vec::new(),
            open: None,
        })))
    }

    /// The namespace of a module that runs or has run.
    pub(super) fn namespace(&self, module: ModuleId) -> Option<ObjectId> {
        self.world.modules.get(&module).map(|l| l.scope)
    }

    /// Whether a class is what its name in its module surely stands for: one that only some courses have made is not.
    pub fn is_surely_made(&self, class: ClassId) -> bool {
        let Some(own) = self.class(class) else {
            return false;
        };
        let scope = self.namespace(own.module).and_then(|id| self.scope(id));
        let slot = scope.and_then(|scope| scope.names.get(own.name.as_str()));
        slot.is_some_and(|slot| slot.maybe.is_none() && matches!(slot.value, Value::Class(id) if id == class))
    }

    /// What a name means in the code that runs.
    pub(super) fn name(&mut self, name: &str, at: Span) -> Run<'a, Value<'a>> {
        let Some(frame) = self.frames.last() else {
            return Ok(self.path(&dotted::join("builtins", name), at));
        };
        let (scope, module) = (frame.scope, frame.module);
        match self.find_name(scope, module, name, at) {
            Some(value) => Ok(value),
            None => match L::unbound(self, name, at) {
                Some(value) => Ok(value),
                None if let Some(path) = of_python_2(name) => Ok(self.path(path, at)),
                None => Err(self.raise("builtins.NameError", &format!("name '{name}' is not defined"), at)),
            },
        }
    }

    /// What a name means in a scope; `None` where nothing has that name.
    pub(super) fn find_name(
        &mut self,
        scope: ObjectId,
        module: ModuleId,
        name: &str,
        at: Span,
    ) -> Option<Value<'a>> {
        let mut perhaps: Vec<Slot<'a>> = Vec::new();
        let mut open: Option<Gap> = None;
        let mut next = Some(scope);
        let mut first = true;
        let mut found = None;
        while let Some(id) = next {
            let Some(scope) = self.scope(id) else { break };
            next = scope.parent;
            if scope.globals.iter().any(|g| g == name) {
                next = self.namespace(module);
                first = false;
                continue;
            }
            if first || scope.kind != ScopeKind::Class {
                match scope.names.get(name) {
                    Some(slot) if slot.maybe.is_none() => {
                        found = Some(slot.value.clone());
                        break;
                    }
                    Some(slot) => perhaps.push(slot.clone()),
                    None if open.is_none() => open = scope.open.clone(),
                    None => {}
                }
            }
            // A comprehension in a class body sees the class's names only through its first iterable; it is read as if it saw all.
            first = first && scope.kind == ScopeKind::Comprehension;
        }
        if found.is_none() && open.is_none() {
            found = self.name_of_library(module, name, at);
        }
        if perhaps.is_empty() && open.is_none() {
            return found;
        }
        let gap = open
            .clone()
            .or_else(|| perhaps.iter().find_map(|s| s.maybe.clone()))
            .unwrap_or_else(|| self.gap(at, "may not be bound"));
        let rest = found.or_else(|| open.map(Value::unknown));
        Some(one_of(perhaps.into_iter().map(|s| s.value).chain(rest), &gap))
    }

    /// A name that `from library import *` has brought, or a builtin.
    fn name_of_library(&mut self, module: ModuleId, name: &str, at: Span) -> Option<Value<'a>> {
        let stars = self
            .namespace(module)
            .and_then(|id| self.scope(id))
            .map(|s| s.stars.clone())
            .unwrap_or_default();
        let builtin = standard::is_builtin(name);
        let mut open = Vec::new();
        for star in stars.iter().rev() {
            let path = dotted::join(star, name);
            match L::exports(star, name) {
                Some(true) => return Some(self.path(&path, at)),
                Some(false) => {}
                None if !builtin && !name.starts_with('_') => open.push(self.path(&path, at)),
                None => {}
            }
        }
        if builtin {
            return Some(self.path(&dotted::join("builtins", name), at));
        }
        if open.is_empty() {
            return None;
        }
        let gap = self.gap(at, format!("`{name}` may come from several libraries"));
        Some(one_of(open, &gap))
    }

    /// Binds a name in the code that runs.
    pub(super) fn bind_name(&mut self, name: &str, value: Value<'a>, at: Span) {
        let Some(frame) = self.frames.last() else { return };
        let (scope, whole) = (frame.scope, frame.statement);
        let target = self.scope_that_binds(scope, name, false);
        self.note_name(target, name, at, whole, None);
        self.bind_in(target, name, value);
    }

    /// Binds a name by `:=`: outside of comprehensions.
    pub(super) fn bind_walrus(&mut self, name: &str, value: Value<'a>, at: Span) {
        let Some(frame) = self.frames.last() else { return };
        let (scope, whole) = (frame.scope, frame.statement);
        let target = self.scope_that_binds(scope, name, true);
        self.note_name(target, name, at, whole, None);
        self.bind_in(target, name, value);
    }

    pub(super) fn bind_in(&mut self, scope: ObjectId, name: &str, value: Value<'a>) {
        if let Some(scope) = self.scope_mut(scope) {
            scope.names.set(SmolStr::new(name), value.into());
        }
    }

    /// Keeps where a name of a class or module is bound first, and its annotation.
    pub(super) fn note_name(
        &mut self,
        scope: ObjectId,
        name: &str,
        at: Span,
        whole: Span,
        annotation: Option<Annotation<'a>>,
    ) {
        let wanted = |s: &&Scope<'a>| matches!(s.kind, ScopeKind::Class | ScopeKind::Module);
        let Some(known) = self.scope(scope).filter(wanted) else {
            return;
        };
        // A module binds many names; only annotated ones are asked for.
        if known.kind == ScopeKind::Module && annotation.is_none() {
            return;
        }
        let place = known.notes.iter().position(|n| n.name == name);
        if place.is_some() && annotation.is_none() {
            return;
        }
        let Some(scope) = self.scope_mut(scope) else {
            return;
        };
        match place.and_then(|at| scope.notes.get_mut(at)) {
            Some(note) => note.annotation = annotation,
            None => scope.notes.push(Note {
                name: SmolStr::new(name),
                annotation,
                span: at,
                whole,
            }),
        }
    }

    /// The scope that a binding of a name goes to.
    pub(super) fn scope_that_binds(&self, from: ObjectId, name: &str, walrus: bool) -> ObjectId {
        let Some(own) = self.scope(from) else { return from };
        if walrus && own.kind == ScopeKind::Comprehension {
            return own
                .parent
                .map_or(from, |parent| self.scope_that_binds(parent, name, true));
        }
        if own.globals.iter().any(|n| n == name) {
            return self.namespace(own.module).unwrap_or(from);
        }
        if !own.nonlocals.iter().any(|n| n == name) {
            return from;
        }
        let mut next = own.parent;
        while let Some(id) = next {
            let Some(scope) = self.scope(id) else { break };
            if scope.kind == ScopeKind::Function && scope.names.get(name).is_some() {
                return id;
            }
            next = scope.parent;
        }
        from
    }

    /// The attributes that were set on a term or function.
    pub(super) fn own_attributes(&self, id: TermId) -> Option<&Instance<'a>> {
        self.instance(*self.world.attributes.get(&id)?)
    }

    pub(super) fn set_own_attribute(&mut self, id: TermId, name: &str, value: Value<'a>) {
        let object = match self.world.attributes.get(&id) {
            Some(object) => *object,
            None => {
                let object = self.allocate(Object::Instance(Instance {
                    class: None,
                    attributes: Names::default(),
                    open: None,
                }));
                std::rc::Rc::make_mut(&mut self.world.attributes).insert(id, object);
                object
            }
        };
        if let Some(Object::Instance(instance)) = self.world.heap.get_mut(object) {
            instance.attributes.set(SmolStr::new(name), value.into());
        }
    }
}
