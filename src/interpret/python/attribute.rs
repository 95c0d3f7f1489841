//! Attributes: of modules, classes, instances, terms; through properties and `super()`.

use super::dotted;
use std::rc::Rc;

use smol_str::SmolStr;

use super::class::is_exception_base;
use super::join::one_of;
use super::library::Library;
use super::machine::{Machine, Run};
use super::modules::ModuleId;
use super::standard;
use super::value::{Args, ClassId, Function, ObjectId, Term, TermKind, Value};
use crate::source::Span;

/// Under which name a property keeps its setter.
pub(super) const SETTER: &str = "fset";

/// Whether a function is decorated by a library's member.
pub(super) fn is_decorated(function: &Function<'_>, wanted: impl Fn(&str) -> bool) -> bool {
    function.decorators.iter().any(|decorator| {
        decorator
            .as_path()
            .or_else(|| decorator.as_call().and_then(|(callee, _)| callee.as_path()))
            .is_some_and(&wanted)
    })
}

pub(super) fn is_property(path: &str) -> bool {
    let last = dotted::last(path);
    matches!(
        last,
        "property"
            | "cached_property"
            | "hybrid_property"
            | "memoized_property"
            | "abstractproperty"
            | "computed_field"
    )
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// `value.name`.
    ///
    /// # Errors
    /// Where it certainly has none.
    pub fn attribute(&mut self, value: &Value<'a>, name: &str, at: Span) -> Run<'a, Value<'a>> {
        if let Value::Unknown(unknown) = value {
            if unknown.candidates.is_empty() {
                self.may_raise(None, &unknown.gap, at);
            }
            return self.each_candidate(value, |machine, value| machine.attribute(value, name, at));
        }
        match self.attribute_if_any(value, name, at)? {
            Some(found) => Ok(found),
            None => {
                let why = format!("{} has no attribute '{name}'", self.display(value));
                Err(self.raise("builtins.AttributeError", &why, at))
            }
        }
    }

    /// `value.name`; `None` where it certainly has no such attribute (`hasattr`, `getattr` with a default).
    ///
    /// # Errors
    /// Where a property fails, or a budget is used up.
    pub fn attribute_if_any(
        &mut self,
        value: &Value<'a>,
        name: &str,
        at: Span,
    ) -> Run<'a, Option<Value<'a>>> {
        self.tick(at)?;
        match value {
            Value::Module(module) => self.attribute_of_module(*module, name, at),
            Value::Class(class) => self.attribute_of_class(*class, value, name, at),
            Value::Instance(id) => self.attribute_of_instance(*id, value, name, at),
            Value::Function(function) => {
                if let Some(slot) = self
                    .own_attributes(function.id)
                    .and_then(|own| own.attributes.get(name))
                {
                    return Ok(Some(slot.value.clone()));
                }
                Ok(Some(match name {
                    "__name__" | "__qualname__" => Value::text(&function.name, function.span),
                    "__module__" => {
                        let module = self.modules.dotted(function.module);
                        Value::text(&module, function.span)
                    }
                    "__doc__" => Value::None,
                    _ => self.term(TermKind::Attribute(value.clone(), SmolStr::new(name)), at),
                }))
            }
            Value::Method(method) => match name {
                "__func__" => Ok(Some(method.0.clone())),
                "__self__" => Ok(Some(method.1.clone())),
                _ => {
                    let function = method.0.clone();
                    self.attribute_if_any(&function, name, at)
                }
            },
            Value::Term(term) => self.attribute_of_term(term, value, name, at),
            Value::Unknown(_) => self
                .each_candidate(value, |machine, value| machine.attribute(value, name, at))
                .map(Some),
            _ => standard::attribute(self, value, name, at).transpose(),
        }
    }

    fn attribute_of_module(&mut self, module: ModuleId, name: &str, at: Span) -> Run<'a, Option<Value<'a>>> {
        let Some(id) = self.namespace(module) else {
            return Ok(None);
        };
        let Some(scope) = self.scope(id) else {
            return Ok(None);
        };
        let (slot, open, stars) = (
            scope.names.get(name).cloned(),
            scope.open.clone(),
            scope.stars.clone(),
        );
        match slot {
            Some(slot) if slot.maybe.is_none() => return Ok(Some(slot.value)),
            Some(slot) => return Ok(Some(slot.value)),
            None => {}
        }
        let whole = self.modules.get(module);
        if whole.is_package()
            && let Some(inner) = self.modules.below_root(whole.folder(), name)
        {
            // Where it is asked for, something that is not seen from here has imported it.
            return self.load(inner, at).map(Some);
        }
        if name == "__dict__" {
            return Ok(Some(standard::namespace::of_module(self, module, at)));
        }
        if let Some(slot) = self.scope(id).and_then(|s| s.names.get("__getattr__")).cloned() {
            let args = Args::of(vec![Value::text(name, at)], at);
            return self.call(&slot.value, args, at).map(Some);
        }
        if let Some(gap) = open {
            return Ok(Some(Value::unknown(gap)));
        }
        if !stars.is_empty()
            && !standard::is_builtin(name)
            && let Some(found) = self.find_name(id, module, name, at)
        {
            return Ok(Some(found));
        }
        if !self.world.modules.get(&module).is_some_and(|l| l.done) {
            let why = format!("`{name}` is not yet defined: the modules import each other");
            return Ok(Some(self.unknown(at, why)));
        }
        Ok(None)
    }

    /// What a member of a class is to who looks it up on an instance or on the class.
    pub(super) fn bound(
        &mut self,
        member: Value<'a>,
        object: &Value<'a>,
        class: &Value<'a>,
        at: Span,
    ) -> Run<'a, Value<'a>> {
        let Value::Function(function) = &member else {
            if let Value::Unknown(unknown) = &member
                && unknown.candidates.iter().any(|c| matches!(c, Value::Function(_)))
            {
                let unknown = unknown.clone();
                let mut out = Vec::new();
                for candidate in &unknown.candidates {
                    out.push(self.bound(candidate.clone(), object, class, at)?);
                }
                return Ok(one_of(out, &unknown.gap));
            }
            return Ok(member);
        };
        if matches!(object, Value::Class(_))
            && !function.decorators.is_empty()
            && let Some(run) = L::descriptor(self, &function.clone(), object, at)
        {
            return run;
        }
        if is_decorated(function, |p| p == "builtins.staticmethod") {
            return Ok(member);
        }
        if is_decorated(function, |p| p == "builtins.classmethod")
            || matches!(function.name.as_str(), "__init_subclass__" | "__class_getitem__")
        {
            return Ok(Value::Method(Rc::new((member, class.clone()))));
        }
        if matches!(object, Value::Class(_)) {
            return Ok(member);
        }
        if is_decorated(function, is_property) {
            return self.call(&member, Args::of(vec![object.clone()], at), at);
        }
        if function.name == "__new__" {
            return Ok(member);
        }
        Ok(Value::Method(Rc::new((member, object.clone()))))
    }

    fn attribute_of_instance(
        &mut self,
        id: ObjectId,
        value: &Value<'a>,
        name: &str,
        at: Span,
    ) -> Run<'a, Option<Value<'a>>> {
        let Some(instance) = self.instance(id) else {
            return Ok(None);
        };
        let Some(class) = instance.class else {
            return Ok(None);
        };
        let (own, open) = (instance.attributes.get(name).cloned(), instance.open.clone());
        let order = self.class(class).map(|c| c.order.clone()).unwrap_or_default();
        let class_value = Value::Class(class);
        if let Some(slot) = &own
            && slot.maybe.is_none()
        {
            return Ok(Some(slot.value.clone()));
        }
        if own.is_none()
            && let Some(field) = self.left_to_settings(value, class, &order, name, at)
        {
            return Ok(Some(field));
        }
        let shared = self.through(&order, value, &class_value, name, at)?;
        if let Some(slot) = own {
            let gap = slot
                .maybe
                .clone()
                .unwrap_or_else(|| self.gap(at, "may not be set"));
            return Ok(Some(one_of([slot.value].into_iter().chain(shared), &gap)));
        }
        if shared.is_some() {
            return Ok(shared);
        }
        if let Some(run) = standard::attribute(self, value, name, at) {
            return run.map(Some);
        }
        if name == "__class__" {
            return Ok(Some(class_value));
        }
        if open.is_some()
            && order.iter().any(|b| !is_plain_base(b))
            && let Some(run) = L::attribute(self, value, name, at)
        {
            return run.map(Some);
        }
        if let Some(gap) = open.clone() {
            return Ok(Some(Value::unknown(gap)));
        }
        if let Some((_, member)) = self.lookup(class, "__getattr__")
            && let Some(function) = member.value
        {
            let args = Args::of(vec![value.clone(), Value::text(name, at)], at);
            return self.call(&function, args, at).map(Some);
        }
        if name == "__dict__" {
            return Ok(Some(
                self.unknown(at, "the attributes of an instance are not listed"),
            ));
        }
        let gap = self.class(class).and_then(|c| c.open.clone());
        self.attribute_of_bases(&order, gap, value, name, at)
    }

    fn attribute_of_term(
        &mut self,
        term: &Rc<Term<'a>>,
        value: &Value<'a>,
        name: &str,
        at: Span,
    ) -> Run<'a, Option<Value<'a>>> {
        if let Some(slot) = self
            .own_attributes(term.id)
            .and_then(|own| own.attributes.get(name))
        {
            return Ok(Some(slot.value.clone()));
        }
        if let Some((class, object)) = as_super(value) {
            return self.attribute_of_super(class, &object, name, at);
        }
        if let Some(run) = standard::attribute(self, value, name, at) {
            return run.map(Some);
        }
        if let TermKind::Path(path) = &term.kind {
            let path = dotted::join(path, name);
            if let Some(module) = self.modules.resolve(self.module(), &path)
                && self.world.modules.contains_key(&module)
            {
                return Ok(Some(Value::Module(module)));
            }
            return Ok(Some(self.path(&path, at)));
        }
        if let Some(text) = L::text(value)
            && let Some(run) = standard::attribute(self, &text, name, at)
        {
            return run.map(Some);
        }
        if let Some(run) = L::attribute(self, value, name, at) {
            return run.map(Some);
        }
        Ok(Some(self.term(
            TermKind::Attribute(value.clone(), SmolStr::new(name)),
            at,
        )))
    }

    /// `super().name`; `None` where nothing above has it.
    fn attribute_of_super(
        &mut self,
        class: ClassId,
        object: &Value<'a>,
        name: &str,
        at: Span,
    ) -> Run<'a, Option<Value<'a>>> {
        let own = match object {
            Value::Class(own) => Some(*own),
            _ => self.class_of(object),
        };
        let order = own
            .and_then(|own| self.class(own))
            .map(|c| c.order.clone())
            .unwrap_or_default();
        let place = |order: &[Value<'a>]| {
            order
                .iter()
                .position(|b| matches!(b, Value::Class(c) if *c == class))
        };
        // A method of a metaclass: the bases of the metaclass are meant.
        let order = match (object, place(&order)) {
            (Value::Class(_), None) => self.class(class).map(|c| c.order.clone()).unwrap_or_default(),
            _ => order,
        };
        let from = place(&order).map_or(0, |at| at + 1);
        let rest = order.get(from..).unwrap_or_default();
        let class_value = own.map_or(Value::None, Value::Class);
        if let Some(found) = self.through(rest, object, &class_value, name, at)? {
            return Ok(Some(found));
        }
        let opaque = rest.iter().any(|b| !is_plain_base(b));
        if name == "__init__" && !opaque && rest.iter().any(is_exception_base) {
            let function = self.path("builtins.BaseException.__init__", at);
            return Ok(Some(Value::Method(Rc::new((function, object.clone())))));
        }
        match name {
            "__new__" | "__init__" | "__init_subclass__" | "__setattr__" if !opaque => {
                let function = self.path(&dotted::join("builtins.object", name), at);
                if matches!(name, "__new__" | "__init_subclass__") {
                    return Ok(Some(function));
                }
                return Ok(Some(Value::Method(Rc::new((function, object.clone())))));
            }
            "__new__" => return Ok(Some(self.path("builtins.object.__new__", at))),
            "__call__" if matches!(object, Value::Class(_)) => {
                let function = self.path("builtins.type.__call__", at);
                return Ok(Some(Value::Method(Rc::new((function, object.clone())))));
            }
            _ if matches!(object, Value::Class(_)) && L::lacks(self, rest, name) => return Ok(None),
            _ => {}
        }
        let callee = self.path("builtins.super", at);
        let args = Args::of(vec![Value::Class(class), object.clone()], at);
        let whole = self.call_term(callee, args, at);
        if let Some(run) = L::attribute(self, &whole, name, at) {
            return run.map(Some);
        }
        Ok(Some(
            self.term(TermKind::Attribute(whole, SmolStr::new(name)), at),
        ))
    }
}

/// What every object has.
pub(super) fn is_of_object(name: &str) -> bool {
    matches!(
        name,
        "__init__"
            | "__new__"
            | "__eq__"
            | "__ne__"
            | "__lt__"
            | "__le__"
            | "__gt__"
            | "__ge__"
            | "__hash__"
            | "__repr__"
            | "__str__"
            | "__format__"
            | "__setattr__"
            | "__delattr__"
            | "__getattribute__"
            | "__init_subclass__"
            | "__subclasshook__"
            | "__reduce__"
            | "__sizeof__"
            | "__dir__"
    )
}

/// Whether exceptions of a class have attributes besides their arguments.
fn keeps_more(path: &str) -> bool {
    !matches!(
        path.strip_prefix("builtins."),
        Some(
            "BaseException"
                | "Exception"
                | "ValueError"
                | "TypeError"
                | "KeyError"
                | "IndexError"
                | "LookupError"
                | "RuntimeError"
                | "NotImplementedError"
                | "AssertionError"
                | "ArithmeticError"
                | "ZeroDivisionError"
                | "Warning"
                | "UserWarning"
        )
    )
}

/// The class and object of `super(...)`.
pub(super) fn as_super<'a>(value: &Value<'a>) -> Option<(ClassId, Value<'a>)> {
    let (callee, args) = value.as_call()?;
    if callee.as_path() != Some("builtins.super") {
        return None;
    }
    match args.positional.as_slice() {
        [class, object] => match &class.value {
            Value::Class(class) => Some((*class, object.value.clone())),
            _ => None,
        },
        _ => None,
    }
}

/// Bases that bring no attributes worth asking for: `object`, `Generic[T]`, `ABC`, `Protocol`, `Enum` (whose own are known).
pub(super) fn is_plain_base(base: &Value<'_>) -> bool {
    match base {
        Value::Class(_) => true,
        base if is_exception_base(base) => !base.as_path().is_some_and(keeps_more),
        Value::Term(term) => match &term.kind {
            TermKind::Path(path) => {
                matches!(
                    path.as_str(),
                    "builtins.object"
                        | "enum.Enum"
                        | "enum.IntEnum"
                        | "enum.StrEnum"
                        | "enum.ReprEnum"
                        | "enum.Flag"
                        | "enum.IntFlag"
                        | "abc.ABC"
                        | "typing.Generic"
                        | "typing.Protocol"
                        | "typing_extensions.Protocol"
                )
            }
            TermKind::Item(inner, _) => is_plain_base(inner),
            _ => false,
        },
        _ => false,
    }
}
