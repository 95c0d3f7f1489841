//! Class statements: bodies, linearised bases, instances.

use smol_str::SmolStr;

use super::attribute::is_plain_base;
use super::flow::Flow;
use super::frame::Frame;
use super::heap::{Object, ScopeKind};
use super::join::same;
use super::library::Library;
use super::machine::{Machine, Run};
use super::standard;
use super::value::{Args, Class, ClassId, Member, ObjectId, TermKind, Value};
use crate::source::Span;
use crate::syntax::python::{Ranged, ast};

/// Bases that one class may have after they are linearised.
const MAX_BASES: usize = 200;

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// `class name(bases): body`.
    pub(super) fn class_statement(&mut self, statement: &'a ast::StmtClassDef) -> Run<'a, Value<'a>> {
        let span = self.span(statement.name.range());
        let whole = self.span(statement.range());
        let mut decorators = Vec::new();
        for decorator in &statement.decorator_list {
            let at = self.span(decorator.range());
            decorators.push((self.eval(&decorator.expression)?, at));
        }
        let outer = self.type_parameters(statement.type_params.as_deref());
        let run = self.class_inner(statement, decorators, span, whole);
        if let (Some(outer), Some(frame)) = (outer, self.frames.last_mut()) {
            frame.scope = outer;
        }
        run
    }

    fn class_inner(
        &mut self,
        statement: &'a ast::StmtClassDef,
        decorators: Vec<(Value<'a>, Span)>,
        span: Span,
        whole: Span,
    ) -> Run<'a, Value<'a>> {
        let args = match &statement.arguments {
            Some(arguments) => self.arguments(arguments)?,
            None => Args::default(),
        };
        let Some(frame) = self.frames.last() else {
            return Ok(Value::None);
        };
        let module = frame.module;
        let id = self.reserve();
        let scope = self.new_scope(ScopeKind::Class, module, Some(frame_scope(&self.frames)));
        let mut inner = Frame::new(module, scope, whole);
        inner.class = Some(id);
        inner.caught = self.frames.last().and_then(|f| f.caught.clone());
        let mark = self.parked.len();
        let flow = self.deeper(whole, |machine| {
            Ok(machine.within(inner, |machine| machine.exec_block(&statement.body)))
        })?;
        let flow = self.leave_class_body(mark, flow);
        match flow {
            Flow::Raise(raised) => return Err(super::machine::Stop::Raised(raised)),
            Flow::Exhausted(at, why) => return Err(super::machine::Stop::Exhausted(at, why)),
            _ => {}
        }
        let bases: Vec<Value<'a>> = args.positional.iter().map(|a| a.value.clone()).collect();
        let mut class = Class {
            called: None,
            name: SmolStr::new(statement.name.as_str()),
            module,
            span,
            whole,
            order: Vec::new(),
            open: args
                .open
                .clone()
                .or_else(|| self.loose.remove(&scope))
                .or_else(|| self.cut(statement.range())),
            members: self.members_of(scope),
            decorators: decorators
                .iter()
                .filter(|d| matches!(d.0, Value::Term(_)))
                .map(|d| d.0.clone())
                .collect(),
            keywords: args.keywords,
            bases,
        };
        class.order = self.linearise(id, &class.bases);
        self.make_class(id, class)?;
        self.decorate(decorators, Value::Class(id))
    }

    /// What happens once a class's body is there; its bases are linearised.
    fn make_class(&mut self, id: ClassId, mut class: Class<'a>) -> Run<'a, ()> {
        let (module, whole) = (class.module, class.whole);
        let gap = class.bases.iter().find_map(|b| b.gap().cloned());
        class.open = class.open.or(gap);
        for base in class.order.iter().skip(1) {
            if let Value::Class(base) = base {
                let inherited = self.class(*base).and_then(|c| c.open.clone());
                class.open = class.open.or(inherited);
            }
        }
        self.world.heap.put(id, Object::Class(Box::new(class)));
        let namespace = self.namespace(module);
        self.made.push((id, namespace));
        self.run_metaclass(id, "__new__", whole)?;
        standard::class_made(self, id)?;
        self.init_subclass(id, whole)?;
        self.run_metaclass(id, "__init__", whole)?;
        L::class_made(self, id);
        Ok(())
    }

    /// `type(name, bases, namespace)`; `None` where the bases cannot be told.
    pub(super) fn class_of_call(&mut self, args: &Args<'a>, at: Span) -> Option<Run<'a, Value<'a>>> {
        let [name, bases, namespace] = args.positional.as_slice() else {
            return None;
        };
        let Value::Tuple(bases) = &bases.value else {
            return None;
        };
        let bases = bases.to_vec();
        let (name, namespace) = (name.value.clone(), namespace.value.clone());
        let listed = self.dict_items(&namespace);
        let mut open = args.open.clone();
        if listed.is_none() {
            let gap = self.dict(&namespace).and_then(|d| d.open.clone());
            open = open.or(gap).or_else(|| namespace.gap().cloned());
            open = open.or_else(|| Some(self.gap(at, "what a class is made of is not known")));
        }
        let mut members = Vec::new();
        for (key, value) in listed.unwrap_or_default() {
            let Some(key) = key.as_str() else {
                open = open.or_else(|| Some(self.gap(at, "what a class is made of is not known")));
                continue;
            };
            members.push(Member {
                name: SmolStr::new(key),
                value: Some(value),
                annotation: None,
                span: at,
                whole: at,
                maybe: None,
            });
        }
        let module = self.module()?;
        let id = self.reserve();
        let class = Class {
            called: name.as_str().is_none().then(|| name.clone()),
            name: SmolStr::new(name.as_str().unwrap_or("class")),
            module,
            span: at,
            whole: at,
            order: self.linearise(id, &bases),
            open,
            members,
            decorators: Vec::new(),
            keywords: args.keywords.clone(),
            bases,
        };
        Some(self.make_class(id, class).map(|()| Value::Class(id)))
    }

    /// Nothing but exceptions leaves a class body.
    fn leave_class_body(&mut self, mark: usize, flow: Flow<'a>) -> Flow<'a> {
        self.take_up(mark, flow, |f| matches!(f, Flow::Return(_)), |f| f)
    }

    /// An id for a thing that is made later.
    fn reserve(&mut self) -> ObjectId {
        let id = ObjectId(self.next_object);
        self.next_object = self.next_object.saturating_add(1);
        id
    }

    /// The members that a class body has left, in the order of their first appearance.
    fn members_of(&mut self, scope: ObjectId) -> Vec<Member<'a>> {
        let Some(scope) = self.scope(scope) else {
            return Vec::new();
        };
        let member = |note: &super::heap::Note<'a>| {
            let slot = scope.names.get(&note.name);
            if slot.is_none() && note.annotation.is_none() {
                return None;
            }
            Some(Member {
                name: note.name.clone(),
                value: slot.map(|s| s.value.clone()),
                annotation: note.annotation,
                span: note.span,
                whole: note.whole,
                maybe: slot.and_then(|s| s.maybe.clone()),
            })
        };
        scope.notes.iter().filter_map(member).collect()
    }

    /// `__new__` or `__init__` of a metaclass of the repository.
    fn run_metaclass(&mut self, id: ClassId, method: &str, at: Span) -> Run<'a, ()> {
        let Some(meta @ Value::Class(meta_id)) = self.metaclass(id) else {
            return Ok(());
        };
        let Some(function @ Value::Function(_)) = self.lookup(meta_id, method).and_then(|(_, m)| m.value)
        else {
            return Ok(());
        };
        let Some(class) = self.class(id) else {
            return Ok(());
        };
        let (name, span, bases) = (class.name.clone(), class.span, class.bases.clone());
        let members = class.members.iter();
        let entries = members
            .filter_map(|m| Some((Value::text(&m.name, m.span), m.value.clone()?)))
            .collect();
        let keywords = class
            .keywords
            .iter()
            .filter(|(n, _)| n != "metaclass")
            .cloned()
            .collect();
        let namespace = self.new_dict(entries);
        let first = if method == "__new__" {
            meta
        } else {
            Value::Class(id)
        };
        let values = vec![
            first,
            Value::text(&name, span),
            Value::Tuple(bases.into()),
            namespace,
        ];
        let mut args = Args::of(values, at);
        args.keywords = keywords;
        self.building.push(id);
        let run = self.call(&function, args, at);
        self.building.pop();
        run.map(|_| ())
    }

    /// `super().__new__(metaclass, name, bases, namespace)`: the class that is being made, with the names that are given now.
    pub(super) fn new_class_of_metaclass(&mut self, args: &Args<'a>) -> Option<Value<'a>> {
        let id = *self.building.last()?;
        let namespace = args.positional.get(3)?.value.clone();
        let Some(entries) = self.dict_items(&namespace) else {
            let gap = self.dict(&namespace).and_then(|d| d.open.clone());
            if let (Some(gap), Some(class)) = (gap, self.class_mut(id)) {
                class.open.get_or_insert(gap);
            }
            return Some(Value::Class(id));
        };
        let at = args.positional.first().map(|a| a.span)?;
        let class = self.class_mut(id)?;
        class
            .members
            .retain(|m| m.value.is_none() || entries.iter().any(|(k, _)| k.as_str() == Some(&m.name)));
        for (key, value) in entries {
            let Some(name) = key.as_str() else { continue };
            match class.members.iter_mut().find(|m| m.name == name) {
                Some(member) => member.value = Some(value),
                None => class.members.push(Member {
                    name: SmolStr::new(name),
                    value: Some(value),
                    annotation: None,
                    span: at,
                    whole: at,
                    maybe: None,
                }),
            }
        }
        Some(Value::Class(id))
    }

    /// `__init_subclass__` of the nearest base that has one.
    fn init_subclass(&mut self, id: ClassId, at: Span) -> Run<'a, ()> {
        let Some(class) = self.class(id) else {
            return Ok(());
        };
        let found = class.order.iter().skip(1).find_map(|base| {
            let Value::Class(base) = base else { return None };
            let members = &self.class(*base)?.members;
            members
                .iter()
                .find(|m| m.name == "__init_subclass__")?
                .value
                .clone()
        });
        let Some(function @ Value::Function(_)) = found else {
            return Ok(());
        };
        let mut args = Args::of(vec![Value::Class(id)], at);
        args.keywords = class
            .keywords
            .iter()
            .filter(|(n, _)| n != "metaclass")
            .cloned()
            .collect();
        self.call(&function, args, at).map(|_| ())
    }

    /// The linearised bases (C3), the class itself first.
    fn linearise(&self, id: ClassId, bases: &[Value<'a>]) -> Vec<Value<'a>> {
        let mut sequences: Vec<Vec<Value<'a>>> = Vec::new();
        let mut direct = Vec::new();
        for base in bases {
            let base = origin(base);
            match base {
                Value::Class(class) => {
                    sequences.push(self.class(*class).map(|c| c.order.clone()).unwrap_or_default());
                }
                Value::Term(_) => sequences.push(vec![base.clone()]),
                _ => continue,
            }
            direct.push(base.clone());
        }
        sequences.push(direct);
        let mut out = vec![Value::Class(id)];
        while out.len() < MAX_BASES {
            sequences.retain(|s| !s.is_empty());
            let heads: Vec<&Value<'a>> = sequences.iter().filter_map(|s| s.first()).collect();
            let free = heads.iter().find(|head| {
                !sequences
                    .iter()
                    .any(|s| s.iter().skip(1).any(|other| same(other, head)))
            });
            // Python refuses an order that contradicts itself; here the first base goes first.
            let Some(next) = free.or(heads.first()).map(|v| (*v).clone()) else {
                break;
            };
            for sequence in &mut sequences {
                sequence.retain(|other| !same(other, &next));
            }
            out.push(next);
        }
        out
    }

    /// `Class(args)`.
    pub(super) fn instantiate(&mut self, class: ClassId, args: &Args<'a>, at: Span) -> Run<'a, Value<'a>> {
        if let Some(run) = standard::instantiate(self, class, args, at) {
            return run;
        }
        let this = Value::Class(class);
        if let Some(method) = self.method_of_class(&this, "__call__", at)? {
            return self.call(&method, args.clone(), at);
        }
        self.make_instance(class, args, at)
    }

    /// `type.__call__`: an instance by `__new__` and `__init__`.
    pub(super) fn make_instance(&mut self, class: ClassId, args: &Args<'a>, at: Span) -> Run<'a, Value<'a>> {
        let this = Value::Class(class);
        let opaque = self
            .class(class)
            .is_some_and(|c| c.open.is_some() || is_remade(c) || c.order.iter().any(|b| !is_plain_base(b)));
        if opaque && let Some(run) = L::call(self, &this, args, at) {
            return run;
        }
        let mut instance = None;
        if let Some((_, member)) = self.lookup(class, "__new__")
            && let Some(function @ Value::Function(_)) = member.value
        {
            let mut all = args.clone();
            let first = super::value::Argument {
                value: this.clone(),
                span: at,
            };
            all.positional.insert(0, first);
            let made = self.call(&function, all, at)?;
            match &made {
                Value::Instance(_) if self.class_of(&made) == Some(class) => instance = Some(made),
                _ => return Ok(made),
            }
        }
        let instance = instance.unwrap_or_else(|| self.new_instance(class, Vec::new()));
        let raisable = self.is_raisable(class);
        if raisable {
            self.set_exception_args(&instance, args);
        }
        match self.lookup(class, "__init__").and_then(|(_, m)| m.value) {
            Some(function) => {
                let method = Value::Method(std::rc::Rc::new((function, instance.clone())));
                self.call(&method, args.clone(), at)?;
                if opaque {
                    self.set_from_keywords(&instance, &Args::default(), at);
                }
            }
            None if opaque => self.set_from_keywords(&instance, args, at),
            None if raisable => {}
            None if !args.positional.is_empty() || !args.keywords.is_empty() => {
                let name = self.class(class).map(|c| c.name.clone()).unwrap_or_default();
                let why = format!("{name}() takes no arguments");
                return Err(self.raise("builtins.TypeError", &why, at));
            }
            None => {}
        }
        Ok(instance)
    }

    /// Whether a class is one of exceptions.
    pub(super) fn is_raisable(&self, class: ClassId) -> bool {
        let order = self.class(class).map(|c| c.order.as_slice()).unwrap_or_default();
        order.iter().any(is_exception_base)
    }

    /// `BaseException.__new__` and `__init__`: the arguments are kept.
    pub(super) fn set_exception_args(&mut self, instance: &Value<'a>, args: &Args<'a>) {
        let Value::Instance(id) = instance else { return };
        let arguments = match &args.open {
            Some(gap) => Value::unknown(gap.clone()),
            None => super::eval::tuple(args.positional.iter().map(|a| a.value.clone()).collect()),
        };
        if let Some(Object::Instance(own)) = self.world.heap.get_mut(*id) {
            own.attributes.set(SmolStr::new("args"), arguments.into());
        }
    }

    /// A base of a library makes the instance: keywords become its attributes as models and settings classes do it; anything else
    /// about it cannot be told.
    pub(super) fn set_from_keywords(&mut self, instance: &Value<'a>, args: &Args<'a>, at: Span) {
        let gap = self.gap(at, "an instance is made by a library");
        let Value::Instance(id) = instance else { return };
        let given = match &args.open {
            Some(gap) => Value::unknown(gap.clone()),
            None => super::eval::tuple(args.positional.iter().map(|a| a.value.clone()).collect()),
        };
        if let Some(Object::Instance(own)) = self.world.heap.get_mut(*id) {
            // What the library's own `__init__` was given by position, for who knows what it does with that.
            if own.attributes.get(GIVEN).is_none() {
                own.attributes.set(SmolStr::new(GIVEN), given.into());
            }
            for (name, argument) in &args.keywords {
                own.attributes.set(name.clone(), argument.value.clone().into());
            }
            own.open = own.open.take().or(args.open.clone()).or(Some(gap));
        }
    }

    /// `[T, *Ts, **P]`: names for them in a scope of their own. The scope to go back to.
    pub(super) fn type_parameters(&mut self, parameters: Option<&'a ast::TypeParams>) -> Option<ObjectId> {
        let parameters = parameters?;
        let frame = self.frames.last()?;
        let (outer, module) = (frame.scope, frame.module);
        let scope = self.new_scope(ScopeKind::Function, module, Some(outer));
        for parameter in &parameters.type_params {
            let (name, kind) = match parameter {
                ast::TypeParam::TypeVar(p) => (&p.name, "typing.TypeVar"),
                ast::TypeParam::TypeVarTuple(p) => (&p.name, "typing.TypeVarTuple"),
                ast::TypeParam::ParamSpec(p) => (&p.name, "typing.ParamSpec"),
            };
            let at = self.span(name.range());
            let callee = self.path(kind, at);
            let value = self.call_term(callee, Args::of(vec![Value::text(name, at)], at), at);
            self.bind_in(scope, name, value);
        }
        // Names of the statement itself are bound outside: the frame goes back before that.
        let frame = self.frames.last_mut()?;
        frame.scope = scope;
        Some(outer)
    }
}

/// The attribute that holds what a library's `__init__` was given by position.
const GIVEN: &str = "__arguments__";

/// Whether a base is one of Python's own exceptions.
pub(super) fn is_exception_base(base: &Value<'_>) -> bool {
    base.as_path()
        .and_then(|path| path.strip_prefix("builtins."))
        .is_some_and(standard::is_exception)
}

/// Whether a decorator of a library may have made another class of it.
pub(super) fn is_remade(class: &Class<'_>) -> bool {
    const PLAIN: &[&str] = &[
        "typing.",
        "typing_extensions.",
        "dataclasses.",
        "functools.",
        "enum.",
        "abc.",
    ];
    class.decorators.iter().any(|decorator| {
        let path = decorator
            .as_path()
            .or_else(|| decorator.as_call().and_then(|(callee, _)| callee.as_path()));
        !path.is_some_and(|p| PLAIN.iter().any(|plain| p.starts_with(plain)))
    })
}

fn frame_scope(frames: &[Frame<'_>]) -> ObjectId {
    frames.last().map_or(ObjectId(0), |f| f.scope)
}

/// The class of `Base[int]`, the member of `Generic[T]`.
fn origin<'v, 'a>(base: &'v Value<'a>) -> &'v Value<'a> {
    match base {
        Value::Term(term) => match &term.kind {
            TermKind::Item(inner, _) => origin(inner),
            _ => base,
        },
        _ => base,
    }
}
