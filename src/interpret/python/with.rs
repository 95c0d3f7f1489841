//! `with`: context managers of the repository (classes, generators), of the standard library, and of libraries.

use super::exec::get;
use super::flow::Flow;
use super::frame::{Frame, Yields};
use super::heap::{Iteration, List, Object};
use super::library::Library;
use super::machine::{Machine, Run, Stop};
use super::standard;
use super::value::{Code, ObjectId, TermKind, Value};
use crate::known::Truth;
use crate::source::Span;
use crate::syntax::python::{Ranged, ast};
use smol_str::SmolStr;

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// The items of a `with` statement from one on, then its body.
    pub(super) fn with_statement(&mut self, s: &'a ast::StmtWith, item: usize) -> Flow<'a> {
        let Some(context) = s.items.get(item) else {
            return self.exec_block(&s.body);
        };
        let manager = get!(self.eval(&context.context_expr));
        let at = self.span(context.context_expr.range());
        self.with_manager(s, item, &manager, at)
    }

    fn with_manager(&mut self, s: &'a ast::StmtWith, item: usize, manager: &Value<'a>, at: Span) -> Flow<'a> {
        match manager {
            Value::Unknown(unknown) if !unknown.candidates.is_empty() => {
                let unknown = unknown.clone();
                self.fork(&unknown.gap, unknown.candidates.len(), |machine, i| {
                    machine.with_manager(s, item, &unknown.candidates[i], at)
                })
            }
            Value::Iterator(id) => match self.world.heap.get(*id) {
                Some(Object::Iterator(Iteration::Generator(function, scope))) => {
                    let (id, function, scope) = (*id, function.clone(), *scope);
                    self.with_generator(s, item, id, &function, scope, at)
                }
                _ => self.with_library(s, item, manager, at),
            },
            Value::Instance(_) => {
                for (enter, exit) in [("__enter__", "__exit__"), ("__aenter__", "__aexit__")] {
                    match self.method_of_class(manager, enter, at) {
                        Ok(Some(method)) => {
                            return self.with_instance(s, item, manager, &method, exit, at);
                        }
                        Ok(None) => {}
                        Err(stop) => return stop.into(),
                    }
                }
                self.with_library(s, item, manager, at)
            }
            _ => self.with_library(s, item, manager, at),
        }
    }

    /// Binds what the manager gives, and runs the rest of the statement.
    fn with_rest(&mut self, s: &'a ast::StmtWith, item: usize, value: Value<'a>) -> Flow<'a> {
        if let Some(target) = s.items.get(item).and_then(|i| i.optional_vars.as_deref()) {
            get!(self.assign(target, value));
        }
        match self.deeper(self.span(s.range()), |machine| {
            Ok(machine.with_statement(s, item + 1))
        }) {
            Ok(flow) => flow,
            Err(stop) => stop.into(),
        }
    }

    fn with_instance(
        &mut self,
        s: &'a ast::StmtWith,
        item: usize,
        manager: &Value<'a>,
        enter: &Value<'a>,
        exit: &str,
        at: Span,
    ) -> Flow<'a> {
        let value = get!(self.call(enter, super::value::Args::default(), at));
        let value = get!(self.awaited(value, at));
        let mark = self.parked.len();
        self.handlers += 1;
        let flow = self.with_rest(s, item, value);
        self.handlers -= 1;
        self.leave(mark, flow, |machine, flow| {
            let values = match &flow {
                Flow::Exhausted(..) => return flow,
                Flow::Raise(raised) => {
                    let of_library = raised.exception.as_call().map(|(callee, _)| callee.clone());
                    let class = machine.class_of(&raised.exception).map(Value::Class);
                    let class = class
                        .or(of_library)
                        .unwrap_or_else(|| machine.unknown(at, "is a class of exceptions"));
                    vec![class, raised.exception.clone(), Value::None]
                }
                _ => vec![Value::None, Value::None, Value::None],
            };
            let Some(run) = machine.call_method_of_class(manager, exit, values, at) else {
                return flow;
            };
            let answer = get!(run.and_then(|answer| machine.awaited(answer, at)));
            if !flow.is_raise() {
                return flow;
            }
            machine.swallowed(flow, &answer, at)
        })
    }

    /// An exception that `__exit__` has answered to.
    fn swallowed(&mut self, flow: Flow<'a>, answer: &Value<'a>, at: Span) -> Flow<'a> {
        match self.truth(answer, at) {
            Truth::Yes => Flow::Normal,
            Truth::No => flow,
            Truth::Unknown(gap) => self.fork(&gap, 2, |_, alternative| match alternative {
                0 => Flow::Normal,
                _ => flow.clone(),
            }),
        }
    }

    fn with_library(&mut self, s: &'a ast::StmtWith, item: usize, manager: &Value<'a>, at: Span) -> Flow<'a> {
        let of_standard = standard::enter(self, manager, at);
        let known = of_standard.is_some();
        let value = match of_standard.or_else(|| L::enter(self, manager, at)) {
            Some(run) => get!(run),
            None => match manager {
                Value::Unknown(unknown) => Value::unknown(unknown.gap.clone()),
                _ => {
                    let name = SmolStr::new_static("__enter__");
                    let enter = self.term(TermKind::Attribute(manager.clone(), name), at);
                    self.call_term(enter, super::value::Args::default(), at)
                }
            },
        };
        let mark = self.parked.len();
        self.handlers += u32::from(known);
        let flow = self.with_rest(s, item, value);
        self.handlers -= u32::from(known);
        self.leave(mark, flow, |machine, flow| {
            let raised = match &flow {
                Flow::Exhausted(..) => return flow,
                Flow::Raise(raised) => Some(raised.exception.clone()),
                _ => None,
            };
            if known {
                return match standard::exit(machine, manager, raised.as_ref(), at) {
                    Some(Truth::Yes) if raised.is_some() => Flow::Normal,
                    Some(Truth::Unknown(gap)) if raised.is_some() => {
                        let answer = super::ops::maybe_bool(gap);
                        machine.swallowed(flow, &answer, at)
                    }
                    _ => flow,
                };
            }
            L::exit(machine, manager, raised.is_some(), at);
            flow
        })
    }

    /// A generator as a context manager: the body runs where it yields.
    fn with_generator(
        &mut self,
        s: &'a ast::StmtWith,
        item: usize,
        id: ObjectId,
        function: &Value<'a>,
        scope: ObjectId,
        at: Span,
    ) -> Flow<'a> {
        let (Value::Function(function), Some(own)) = (function, self.frames.last().cloned()) else {
            return Flow::Normal;
        };
        let Code::Def(def) = function.code else {
            return Flow::Normal;
        };
        let used = Iteration::Items(List::default());
        self.world.heap.put(id, Object::Iterator(used));
        let frame = self.generator_frame(function, scope, Yields::With(Box::new(own), s, item), at);
        self.pending.push(None);
        let run = self.deeper(at, |machine| {
            machine.within(frame, |machine| machine.run_body(def))
        });
        let pending = self.pending.pop().flatten();
        match run {
            Ok(_) => pending.unwrap_or(Flow::Normal),
            Err(stop) => stop.into(),
        }
    }

    /// The generator has yielded: the body of the `with` statement runs in its own frame. An exception of the body comes out of
    /// `yield`; another way of leaving it waits until the generator has ended.
    pub(super) fn with_body_at_yield(
        &mut self,
        frame: Frame<'a>,
        s: &'a ast::StmtWith,
        item: usize,
        value: Value<'a>,
    ) -> Run<'a, Value<'a>> {
        let flow = self.within(frame, |machine| machine.with_rest(s, item, value));
        match flow {
            Flow::Normal => Ok(Value::None),
            Flow::Raise(raised) => Err(Stop::Raised(raised)),
            Flow::Exhausted(at, why) => Err(Stop::Exhausted(at, why)),
            other => {
                if let Some(pending) = self.pending.last_mut() {
                    *pending = Some(other);
                }
                Ok(Value::None)
            }
        }
    }
}
