//! Calls: of functions of the repository, of classes, of terms, of what is not known.

use super::dotted;
use std::cell::OnceCell;
use std::rc::Rc;

use smol_str::SmolStr;

use super::attribute::as_super;
use super::compare::names_a_class;
use super::flow::Flow;
use super::frame::{Frame, Yields};
use super::heap::{Iteration, List, Object, ScopeKind, Slot};
use super::library::Library;
use super::machine::{Machine, Run, Stop};
use super::standard;
use super::value::{Args, Argument, Code, Function, ObjectId, TermKind, Value};
use crate::known::{Gap, Reach};
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
    fn call_unknown(&mut self, gap: &Gap, args: Args<'a>, at: Span) -> Run<'a, Value<'a>> {
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

    /// A function is defined: its defaults are evaluated.
    pub(super) fn function(
        &mut self,
        name: SmolStr,
        code: Code<'a>,
        parameters: Option<&'a ast::Parameters>,
        span: Span,
    ) -> Run<'a, Value<'a>> {
        let mut defaults = Vec::new();
        for parameter in parameters.into_iter().flat_map(|p| p.iter_non_variadic_params()) {
            if let Some(default) = &parameter.default {
                let value = self.eval(default)?;
                defaults.push((SmolStr::new(parameter.parameter.name.as_str()), value));
            }
        }
        let id = self.term_id();
        let frame = self.frames.last();
        let class = frame.and_then(|f| f.class);
        let mut scope = frame.map(|f| f.scope);
        let module = frame.map_or(super::modules::ModuleId(0), |f| f.module);
        // A class body's names are not seen by its methods.
        while let Some(own) = scope.and_then(|s| self.scope(s))
            && own.kind == ScopeKind::Class
        {
            scope = own.parent;
        }
        Ok(Value::Function(Rc::new(Function {
            id,
            name,
            module,
            span,
            code,
            scope,
            defaults,
            class,
            yields: OnceCell::new(),
            decorators: Vec::new(),
        })))
    }

    /// The scope of a call, with its parameters.
    fn bind_parameters(
        &mut self,
        function: &Rc<Function<'a>>,
        args: Args<'a>,
        at: Span,
    ) -> Run<'a, (ObjectId, Option<Value<'a>>)> {
        let scope = self.new_scope(ScopeKind::Function, function.module, function.scope);
        let first = args.positional.first().map(|a| a.value.clone());
        let parameters = match function.code {
            Code::Def(def) => Some(&*def.parameters),
            Code::Lambda(lambda) => lambda.parameters.as_deref(),
        };
        let Some(parameters) = parameters else {
            return Ok((scope, first));
        };
        let mut positional = args.positional.into_iter();
        let mut keywords = args.keywords;
        let mut missing = None;
        let named = parameters.posonlyargs.iter().chain(&parameters.args);
        for (parameter, by_position) in named
            .map(|p| (p, true))
            .chain(parameters.kwonlyargs.iter().map(|p| (p, false)))
        {
            let name = parameter.parameter.name.as_str();
            let mut value = if by_position {
                positional.next().map(|a| a.value)
            } else {
                None
            };
            if value.is_none()
                && let Some(at) = keywords.iter().position(|(n, _)| n == name)
            {
                value = Some(keywords.remove(at).1.value);
            }
            let value = value.or_else(|| match &args.open {
                Some(gap) => Some(Value::unknown(gap.clone())),
                None => function
                    .defaults
                    .iter()
                    .find(|(n, _)| n == name)
                    .map(|(_, v)| v.clone()),
            });
            match value {
                Some(value) => self.bind_in(scope, name, value),
                None => missing = missing.or(Some(name)),
            }
        }
        let rest: Vec<Value<'a>> = positional.map(|a| a.value).collect();
        if let Some(parameter) = &parameters.vararg {
            let value = match &args.open {
                Some(gap) => Value::unknown(gap.clone()),
                None => self.bounded(Value::Tuple(rest.into()), at),
            };
            self.bind_in(scope, parameter.name.as_str(), value);
        } else if !rest.is_empty() {
            let why = format!("{}() takes fewer positional arguments", function.name);
            return Err(self.raise("builtins.TypeError", &why, at));
        }
        if let Some(parameter) = &parameters.kwarg {
            let dict = self.new_dict(
                keywords
                    .into_iter()
                    .map(|(n, a)| (Value::text(&n, a.span), a.value))
                    .collect(),
            );
            if let (Some(gap), Some(dict)) = (&args.open, self.dict_mut(&dict)) {
                dict.open = Some(gap.clone());
            }
            self.bind_in(scope, parameter.name.as_str(), dict);
        } else if let Some((name, _)) = keywords.first() {
            let why = format!("{}() got an unexpected keyword argument '{name}'", function.name);
            return Err(self.raise("builtins.TypeError", &why, at));
        }
        if let Some(name) = missing {
            let why = format!("{}() missing a required argument: '{name}'", function.name);
            return Err(self.raise("builtins.TypeError", &why, at));
        }
        Ok((scope, first))
    }

    pub(super) fn call_function(
        &mut self,
        function: &Rc<Function<'a>>,
        args: Args<'a>,
        at: Span,
    ) -> Run<'a, Value<'a>> {
        if !function.is_generator()
            && let Some(gap) = self.endless_recursion(function, &args, at)
        {
            // Whether it ends cannot be told, so that it is not followed any deeper.
            let mut args = args;
            args.positional.push(Argument {
                value: Value::Function(function.clone()),
                span: at,
            });
            return self.call_unknown(&gap, args, at);
        }
        // A decorator of a library may hand the function more than its callers give (`wrapt.decorator`).
        let given = super::decorate::is_under_library(function).then(|| args.clone());
        let (scope, first) = match (self.bind_parameters(function, args, at), given) {
            (Err(Stop::Raised(_)), Some(given)) => {
                let gap = self.gap(at, format!("a decorator of a library calls {}()", function.name));
                return self.call_unknown(&gap, given, at);
            }
            (bound, _) => bound?,
        };
        if function.is_generator() {
            let held = Iteration::Generator(Value::Function(function.clone()), scope);
            return Ok(Value::Iterator(self.allocate(Object::Iterator(held))));
        }
        if matches!(function.code, Code::Def(def) if def.is_async) {
            let held = Iteration::Coroutine(Value::Function(function.clone()), scope);
            return Ok(Value::Iterator(self.allocate(Object::Iterator(held))));
        }
        let mut frame = Frame::new(function.module, scope, function.span);
        frame.call = Some(at);
        frame.class = function.class;
        frame.first = first;
        frame.function = Some(function.id);
        frame.done = L::done(self);
        self.within(frame, |machine| {
            let out = match function.code {
                Code::Lambda(lambda) => machine.eval(&lambda.body),
                Code::Def(def) => machine.run_body(&def.body),
            };
            machine.end_recursion();
            out
        })
    }

    /// A function that has called itself many times because of something unknown: nothing known would end that. What it does further in
    /// is what it does here: where that leaves a library's part of the world as it is, so does the rest, which is seen when the first of
    /// its calls ends.
    fn endless_recursion(&mut self, function: &Function<'a>, args: &Args<'a>, at: Span) -> Option<Gap> {
        if self.forks == 0 {
            return None;
        }
        let running = self
            .frames
            .iter()
            .filter(|f| f.function == Some(function.id))
            .count();
        let most = if is_unsure(args) {
            RECURSIONS_OVER_UNKNOWN
        } else {
            RECURSIONS
        };
        if running < most {
            return None;
        }
        let why = format!("`{}` calls itself an unknown number of times", function.name);
        let gap = Gap::new(at, why, Reach::Rows);
        if !self.only_computes(function) {
            let first = self.frames.iter_mut().find(|f| f.function == Some(function.id));
            if let Some(first) = first.filter(|first| first.cut.is_none()) {
                first.cut = Some((gap.reaching(Reach::Everything), args.clone()));
            }
        }
        Some(gap)
    }

    /// The function that runs ends: what a call of itself may have done that was not followed.
    fn end_recursion(&mut self) {
        let frame = self.frames.last_mut();
        let Some((done, (gap, args))) = frame.and_then(|f| Some((f.done, f.cut.take()?))) else {
            return;
        };
        if L::done(self) != done {
            L::opaque(self, &gap, &args);
        }
    }

    /// `await value`.
    pub(super) fn awaited(&mut self, value: Value<'a>, at: Span) -> Run<'a, Value<'a>> {
        let Value::Iterator(id) = &value else {
            return Ok(value);
        };
        let Some(Object::Iterator(Iteration::Coroutine(Value::Function(function), scope))) =
            self.world.heap.get(*id)
        else {
            return Ok(value);
        };
        let (function, scope) = (function.clone(), *scope);
        let Code::Def(def) = function.code else {
            return Ok(value);
        };
        let used = Iteration::Items(List::default());
        self.world.heap.put(*id, Object::Iterator(used));
        if let Some(gap) = self.endless_recursion(&function, &Args::default(), at) {
            return self.call_unknown(&gap, Args::default(), at);
        }
        let mut frame = self.generator_frame(&function, scope, Yields::None, at);
        frame.function = Some(function.id);
        frame.done = L::done(self);
        self.deeper(at, |machine| {
            machine.within(frame, |machine| {
                let out = machine.run_body(&def.body);
                machine.end_recursion();
                out
            })
        })
    }

    /// Runs a function's body: what it returns.
    pub(super) fn run_body(&mut self, body: &'a [ast::Stmt]) -> Run<'a, Value<'a>> {
        let mark = self.parked.len();
        let flow = self.exec_read(body);
        let flow = self.take_up(
            mark,
            flow,
            |f| matches!(f, Flow::Return(_)),
            |f| match f {
                Flow::Normal | Flow::Break | Flow::Continue => Flow::Return(Value::None),
                other => other,
            },
        );
        match flow {
            Flow::Return(value) => Ok(value),
            Flow::Raise(raised) => Err(Stop::Raised(raised)),
            Flow::Exhausted(at, why) => Err(Stop::Exhausted(at, why)),
            Flow::Normal | Flow::Break | Flow::Continue => Ok(Value::None),
        }
    }

    /// The frame of a generator's body.
    pub(super) fn generator_frame(
        &self,
        function: &Function<'a>,
        scope: ObjectId,
        yields: Yields<'a>,
        at: Span,
    ) -> Frame<'a> {
        let mut frame = Frame::new(function.module, scope, function.span);
        frame.call = Some(at);
        frame.class = function.class;
        frame.yields = yields;
        frame.first = self.first_of(function, scope);
        frame
    }

    fn first_of(&self, function: &Function<'a>, scope: ObjectId) -> Option<Value<'a>> {
        let Code::Def(def) = function.code else {
            return None;
        };
        let parameter = def
            .parameters
            .posonlyargs
            .first()
            .or(def.parameters.args.first())?;
        let slot = self.scope(scope)?.names.get(parameter.parameter.name.as_str())?;
        Some(slot.value.clone())
    }

    /// Runs a generator to its end: what it yields.
    pub(super) fn run_generator(
        &mut self,
        function: &Value<'a>,
        scope: ObjectId,
        at: Span,
    ) -> Run<'a, List<'a>> {
        let (Value::Function(function), collected) = (function.clone(), self.new_list(Vec::new())) else {
            return Ok(List::default());
        };
        let Code::Def(def) = function.code else {
            return Ok(List::default());
        };
        let frame = self.generator_frame(&function, scope, Yields::Collect(collected.clone()), at);
        self.deeper(at, |machine| {
            machine.within(frame, |machine| machine.run_body(&def.body))
        })?;
        Ok(self.list(&collected).cloned().unwrap_or_default())
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

/// Whether an argument is unknown.
fn is_unsure(args: &Args<'_>) -> bool {
    args.open.is_some() || args.positional.iter().any(|a| a.value.gap().is_some())
}

/// How often a function may have called itself in a course that may not be taken; and where an argument is unknown besides.
const RECURSIONS: usize = 40;
const RECURSIONS_OVER_UNKNOWN: usize = 2;

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
