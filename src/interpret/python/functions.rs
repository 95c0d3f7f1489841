//! Functions of the repository: how they are defined, how their parameters are bound, how their bodies run.

use std::cell::OnceCell;
use std::rc::Rc;

use smol_str::SmolStr;

use super::flow::Flow;
use super::frame::{Frame, Yields};
use super::heap::{Iteration, List, Object, ScopeKind};
use super::library::Library;
use super::machine::{Machine, Run, Stop};
use super::value::{Args, Argument, Code, Function, ObjectId, Value};
use crate::known::{Gap, Reach};
use crate::source::Span;
use crate::syntax::python::ast;

impl<'a, L: Library<'a>> Machine<'a, L> {
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
                Code::Def(def) => machine.run_body(def),
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
                let out = machine.run_body(def);
                machine.end_recursion();
                out
            })
        })
    }

    /// Runs a function's body: what it returns.
    pub(super) fn run_body(&mut self, def: &'a ast::StmtFunctionDef) -> Run<'a, Value<'a>> {
        let mark = self.parked.len();
        let flow = self.exec_read(def);
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
            machine.within(frame, |machine| machine.run_body(def))
        })?;
        Ok(self.list(&collected).cloned().unwrap_or_default())
    }
}

/// Whether an argument is unknown.
fn is_unsure(args: &Args<'_>) -> bool {
    args.open.is_some() || args.positional.iter().any(|a| a.value.gap().is_some())
}

/// How often a function may have called itself in a course that may not be taken; and where an argument is unknown besides.
const RECURSIONS: usize = 40;
const RECURSIONS_OVER_UNKNOWN: usize = 2;
