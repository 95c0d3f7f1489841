//! Calls: of functions of the repository, of classes, of terms, of what is not known.

use super::dotted;

use smol_str::SmolStr;

use super::attribute::as_super;
use super::compare::names_a_class;
use super::heap::Slot;
use super::library::Library;
use super::machine::{Machine, Run};
use super::standard;
use super::value::{Args, Argument, TermKind, Value};
use crate::known::Gap;
use crate::source::Span;
use crate::syntax::python::{Ranged, ast};

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// A call as written.
    pub(super) fn call_expression(&mut self, call: &'a ast::ExprCall, at: Span) -> Run<'a, Value<'a>> {
        if let ast::Expr::Attribute(attribute) = &*call.func {
            let receiver = self.eval(&attribute.value)?;
            let args = self.arguments(&call.arguments)?;
            return self.call_method(&receiver, &attribute.attr, args, at);
        }
        let callee = self.eval(&call.func)?;
        let args = self.arguments(&call.arguments)?;
        self.call(&callee, args, at)
    }

    /// `receiver.name(args)`.
    pub(super) fn call_method(
        &mut self,
        receiver: &Value<'a>,
        name: &str,
        args: Args<'a>,
        at: Span,
    ) -> Run<'a, Value<'a>> {
        let own = match receiver {
            Value::Instance(id) => {
                let instance = self.instance(*id);
                let class = instance.and_then(|i| i.class);
                instance.is_some_and(|i| i.attributes.get(name).is_some())
                    || class.is_some_and(|c| self.lookup(c, name).is_some())
            }
            Value::Class(class) => self.lookup(*class, name).is_some(),
            Value::Module(_) | Value::Function(_) | Value::Method(_) => true,
            Value::Unknown(unknown) if !unknown.candidates.is_empty() => {
                let unknown = unknown.clone();
                return self.fork_over(unknown.candidates.clone(), &unknown.gap, |machine, candidate| {
                    machine.call_method(&candidate, name, args.clone(), at)
                });
            }
            _ => false,
        };
        if !own {
            if let Some(run) = standard::method(self, receiver, name, &args, at) {
                return run;
            }
            if let Value::Unknown(unknown) = receiver {
                let gap = unknown.gap.clone();
                let usual = self.usual_of_method(receiver, name, &args, at);
                return Ok(self.call_unknown(&gap, args, at)?.usually(usual));
            }
        }
        let callee = self.attribute(receiver, name, at)?;
        self.call(&callee, args, at)
    }

    /// The arguments of a call.
    pub(super) fn arguments(&mut self, arguments: &'a ast::Arguments) -> Run<'a, Args<'a>> {
        let mut args = Args {
            positional: Vec::with_capacity(arguments.args.len()),
            keywords: Vec::with_capacity(arguments.keywords.len()),
            open: None,
        };
        for argument in &arguments.args {
            let span = self.span(argument.range());
            if let ast::Expr::Starred(starred) = argument {
                let value = self.eval(&starred.value)?;
                let (slots, open) = self.slots(&value, span)?;
                let open = open.or_else(|| slots.iter().find_map(|s| s.maybe.clone()));
                let is_number = |slot: &Slot<'a>| matches!(slot.value, Value::Int(_) | Value::Bool(_));
                match open {
                    // Hashes differ from run to run, but for those of numbers.
                    None if matches!(value, Value::Set(_))
                        && slots.len() > 1
                        && !slots.iter().all(is_number) =>
                    {
                        let gap = self.gap(span, "the order of a set");
                        let all: Vec<Value<'a>> = slots.into_iter().map(|s| s.value).collect();
                        let count = all.len();
                        let value = Value::one_of(all, gap);
                        args.positional
                            .extend(std::iter::repeat_n(Argument { value, span }, count));
                    }
                    Some(gap) => args.open = args.open.or(Some(gap)),
                    None => args
                        .positional
                        .extend(slots.into_iter().map(|s| Argument { value: s.value, span })),
                }
            } else {
                let value = self.eval(argument)?;
                args.positional.push(Argument { value, span });
            }
        }
        for keyword in &arguments.keywords {
            let value = self.eval(&keyword.value)?;
            let span = self.span(keyword.value.range());
            match &keyword.arg {
                Some(name) => {
                    let name = SmolStr::new(name.as_str());
                    args.keywords.push((name, Argument { value, span }));
                }
                None => self.spread(&mut args, &value, span)?,
            }
        }
        Ok(args)
    }

    fn spread(&mut self, args: &mut Args<'a>, value: &Value<'a>, span: Span) -> Run<'a, ()> {
        match self.entries(value, span)? {
            Ok((entries, open)) => {
                for (key, slot) in entries {
                    match (key.as_str(), slot.maybe) {
                        (Some(name), None) => {
                            let argument = Argument {
                                value: slot.value,
                                span,
                            };
                            args.keywords.push((SmolStr::new(name), argument));
                        }
                        (_, gap) => {
                            let gap = gap.unwrap_or_else(|| self.gap(span, "a keyword is no text"));
                            args.open.get_or_insert(gap);
                        }
                    }
                }
                args.open = args.open.take().or(open);
            }
            Err(gap) => args.open = args.open.take().or(Some(gap)),
        }
        Ok(())
    }

    /// `value(*args)`.
    ///
    /// # Errors
    /// Where it certainly fails, or a budget is used up.
    pub fn call(&mut self, value: &Value<'a>, args: Args<'a>, at: Span) -> Run<'a, Value<'a>> {
        if self.frames.is_empty() {
            return self.entry(|machine| machine.call_inner(value, args, at));
        }
        self.call_inner(value, args, at)
    }

    fn call_inner(&mut self, value: &Value<'a>, args: Args<'a>, at: Span) -> Run<'a, Value<'a>> {
        self.tick(at)?;
        match value {
            Value::Function(function) => {
                let function = function.clone();
                self.deeper(at, |machine| machine.call_function(&function, args, at))
            }
            Value::Method(method) => {
                let method = method.clone();
                let mut args = args;
                let receiver = Argument {
                    value: method.1.clone(),
                    span: at,
                };
                args.positional.insert(0, receiver);
                self.deeper(at, |machine| machine.call_inner(&method.0, args, at))
            }
            Value::Class(class) => {
                let class = *class;
                self.deeper(at, |machine| machine.instantiate(class, &args, at))
            }
            Value::Term(term) => {
                let term = term.clone();
                self.deeper(at, |machine| machine.call_of_term(value, &term.kind, args, at))
            }
            Value::Instance(_) => {
                if let Some(method) = self.method_of_class(value, "__call__", at)? {
                    return self.deeper(at, |machine| machine.call_inner(&method, args, at));
                }
                if let Some(run) = L::call(self, value, &args, at) {
                    return run;
                }
                Ok(self.call_term(value.clone(), args, at))
            }
            Value::Unknown(unknown) => {
                let unknown = unknown.clone();
                if unknown.candidates.is_empty() {
                    return self.call_unknown(&unknown.gap, args, at);
                }
                self.fork_over(unknown.candidates.clone(), &unknown.gap, |machine, candidate| {
                    machine.call_inner(&candidate, args.clone(), at)
                })
            }
            _ => Err(self.raise("builtins.TypeError", "object is not callable", at)),
        }
    }

    fn call_of_term(
        &mut self,
        value: &Value<'a>,
        kind: &TermKind<'a>,
        args: Args<'a>,
        at: Span,
    ) -> Run<'a, Value<'a>> {
        match kind {
            TermKind::Path(path) => {
                if let Some(run) = self.call_special(path, &args, at) {
                    return run;
                }
                if let Some(run) = standard::call(self, path, &args, at) {
                    return run.map(|value| self.bounded(value, at));
                }
            }
            TermKind::Attribute(receiver, name) => {
                if let Some(run) = standard::method(self, receiver, name, &args, at) {
                    return run;
                }
                if name == "__init__"
                    && let Some((_, instance)) = as_super(receiver)
                {
                    self.set_from_keywords(&instance, &args, at);
                }
            }
            TermKind::Call(..) => {
                if let Some(run) = standard::apply(self, value, &args, at) {
                    return run;
                }
            }
            TermKind::Item(..) | TermKind::Operation(..) => {}
        }
        if let Some(run) = L::call(self, value, &args, at) {
            self.budget.charge(LIBRARY);
            return run;
        }
        if !is_plain_call(value) && !L::is_harmless(value) {
            let what = self.display(value);
            let gap = self.gap(at, format!("`{what}` is not followed"));
            self.may_raise(None, &gap, at);
            self.open_arguments(&args, &gap);
        }
        Ok(self.call_term(value.clone(), args, at))
    }

    /// Builtins that belong to the machine itself.
    fn call_special(&mut self, path: &str, args: &Args<'a>, at: Span) -> Option<Run<'a, Value<'a>>> {
        match path {
            "builtins.super" if args.positional.is_empty() && args.open.is_none() => {
                let frame = self.frames.iter().rev().find(|f| f.first.is_some())?;
                let (class, first) = (Value::Class(frame.class?), frame.first.clone()?);
                let callee = self.path("builtins.super", at);
                Some(Ok(self.call_term(callee, Args::of(vec![class, first], at), at)))
            }
            "builtins.object.__new__" | "builtins.type.__new__" if args.positional.len() > 2 => {
                self.new_class_of_metaclass(args).map(Ok)
            }
            "builtins.type.__call__" => match args.positional.first().map(|a| &a.value) {
                Some(Value::Class(class)) => {
                    let (class, mut rest) = (*class, args.clone());
                    rest.positional.remove(0);
                    Some(self.deeper(at, |machine| machine.make_instance(class, &rest, at)))
                }
                _ => None,
            },
            "builtins.object.__new__" => match args.positional.first().map(|a| &a.value) {
                Some(Value::Class(class)) => Some(Ok(self.new_instance(*class, Vec::new()))),
                _ => None,
            },
            "builtins.BaseException.__init__" => {
                let (this, mut rest) = (args.positional.first()?.value.clone(), args.clone());
                rest.positional.remove(0);
                self.set_exception_args(&this, &rest);
                Some(Ok(Value::None))
            }
            "builtins.object.__init__"
            | "builtins.object.__init_subclass__"
            | "builtins.object.__setattr__" => {
                if let [object, name, value] = args.positional.as_slice()
                    && path.ends_with("setattr__")
                    && let Some(name) = name.value.as_str()
                {
                    self.store_attribute(&object.value, name, value.value.clone(), at);
                }
                Some(Ok(Value::None))
            }
            _ => None,
        }
    }

    /// A call of what is not known: it may do anything to its arguments, and to the library's part of the world.
    pub(super) fn call_unknown(&mut self, gap: &Gap, args: Args<'a>, at: Span) -> Run<'a, Value<'a>> {
        self.tick(at)?;
        self.open_arguments(&args, gap);
        L::opaque(self, gap, &args);
        self.may_raise(None, gap, at);
        Ok(Value::unknown(gap.clone()))
    }

    fn open_arguments(&mut self, args: &Args<'a>, gap: &Gap) {
        let keywords = args.keywords.iter().map(|(_, a)| a);
        for argument in args.positional.iter().chain(keywords) {
            self.open(&argument.value, gap);
        }
    }

    /// Calls a method that the class of an instance (or the metaclass of a class) of the repository defines.
    pub(super) fn call_method_of_class(
        &mut self,
        object: &Value<'a>,
        name: &str,
        values: Vec<Value<'a>>,
        at: Span,
    ) -> Option<Run<'a, Value<'a>>> {
        if !matches!(object, Value::Instance(_) | Value::Class(_)) {
            return None;
        }
        match self.method_of_class(object, name, at) {
            Ok(Some(method)) => Some(self.call(&method, Args::of(values, at), at)),
            Ok(None) => None,
            Err(stop) => Some(Err(stop)),
        }
    }
}

/// Steps that a call counts for which a library follows: a statement that is sent to the database.
const LIBRARY: u64 = 100;

/// Calls that make a thing and do nothing else, as far as names tell: constructors, and members of packages that describe schemas.
fn is_plain_call(callee: &Value<'_>) -> bool {
    let root = |path: &str| {
        let top = dotted::first(path);
        matches!(
            top,
            "builtins"
                | "sqlalchemy"
                | "sqlmodel"
                | "alembic"
                | "sqlalchemy_utils"
                | "pydantic"
                | "pydantic_settings"
                | "typing"
                | "typing_extensions"
                | "dataclasses"
                | "logging"
                | "warnings"
                | "structlog"
                | "loguru"
        )
    };
    match callee {
        Value::Term(term) => match &term.kind {
            TermKind::Path(path) => root(path) || names_a_class(path),
            TermKind::Attribute(inner, _) | TermKind::Call(inner, _) | TermKind::Item(inner, _) => {
                is_plain_call(inner)
            }
            TermKind::Operation(_, operands) => operands.iter().any(is_plain_call),
        },
        _ => false,
    }
}
