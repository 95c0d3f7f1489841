//! `try`: handlers take up the exceptions that certainly come, and the courses on which one may come.

use super::exec::get;
use super::flow::{Course, Flow};
use super::library::Library;
use super::machine::{Machine, Raised};
use crate::known::Truth;
use crate::source::Span;
use crate::syntax::python::{Ranged, ast};

/// Classes that hold the errors of a database (`sqlalchemy/exc.py`).
const WIDE: &[&str] = &[
    "Exception",
    "BaseException",
    "SQLAlchemyError",
    "DBAPIError",
    "DatabaseError",
    "ProgrammingError",
    "OperationalError",
    "InternalError",
];

impl<'a, L: Library<'a>> Machine<'a, L> {
    pub(super) fn try_statement(&mut self, s: &'a ast::StmtTry) -> Flow<'a> {
        let mark = self.parked.len();
        let flow = self.try_with_handlers(s);
        if s.finalbody.is_empty() {
            return flow;
        }
        self.leave(mark, flow, |machine, flow| {
            if let Flow::Exhausted(..) = flow {
                return flow;
            }
            match machine.exec_block(&s.finalbody) {
                Flow::Normal => flow,
                other => other,
            }
        })
    }

    fn try_with_handlers(&mut self, s: &'a ast::StmtTry) -> Flow<'a> {
        if s.handlers.is_empty() {
            return self.exec_block(&s.body);
        }
        let mark = self.parked.len();
        let swallows = self.swallows(s);
        self.handlers += 1;
        self.swallowing.extend(swallows);
        let flow = self.exec_block(&s.body);
        self.handlers -= 1;
        if swallows.is_some() {
            self.swallowing.pop();
        }
        let waiting = self.unpark(mark, Flow::is_raise);
        let flow = match flow {
            Flow::Exhausted(..) => return flow,
            Flow::Normal => self.exec_block(&s.orelse),
            Flow::Raise(raised) => self.handle(&s.handlers, raised),
            other => other,
        };
        if waiting.is_empty() || matches!(flow, Flow::Exhausted(..)) {
            return flow;
        }
        let gap = waiting[0].gap.clone();
        let mut courses = vec![self.course(flow, &gap)];
        for course in self.merge_raising(waiting) {
            let gap = course.gap.clone();
            let flow = self.resume(course);
            self.forks += 1;
            let flow = match flow {
                Flow::Raise(raised) => self.handle(&s.handlers, raised),
                other => other,
            };
            self.forks -= 1;
            if let Flow::Exhausted(..) = flow {
                return flow;
            }
            courses.push(self.course(flow, &gap));
        }
        self.merge(courses)
    }

    /// The `except` that lets any error pass: it is of a wide class, raises nothing, and rolls nothing back.
    fn swallows(&self, s: &'a ast::StmtTry) -> Option<Span> {
        let handler = s.handlers.iter().find_map(|handler| {
            let ast::ExceptHandler::ExceptHandler(handler) = handler;
            let said = |span: Span| self.modules.files().slice(span);
            let class = handler.type_.as_ref().map(|class| said(self.span(class.range())));
            let is_wide = class.is_none_or(|class| {
                let mut words = class.split(|c: char| !c.is_alphanumeric() && c != '_');
                words.any(|word| WIDE.contains(&word))
            });
            is_wide.then(|| self.span(handler.range()))
        })?;
        let body = self.modules.files().slice(handler).to_lowercase();
        let mut words = body.split(|c: char| !c.is_alphanumeric() && c != '_');
        let mends = words.any(|word| matches!(word, "raise" | "rollback" | "exit" | "abort"));
        (!mends).then_some(handler)
    }

    /// Courses that end in the same exception go on as one.
    fn merge_raising(&mut self, waiting: Vec<Course<'a, L::State>>) -> Vec<Course<'a, L::State>> {
        let mut out: Vec<Course<'a, L::State>> = Vec::new();
        for course in waiting {
            match out.iter().position(|c| c.flow.merges(&course.flow)) {
                Some(at) => {
                    let first = out.swap_remove(at);
                    let joined = self.join_courses(first, course);
                    out.push(joined);
                }
                None => out.push(course),
            }
        }
        out
    }

    /// Runs the handler that takes an exception; one that perhaps takes it runs on a copy.
    fn handle(&mut self, handlers: &'a [ast::ExceptHandler], raised: Box<Raised<'a>>) -> Flow<'a> {
        let Some((ast::ExceptHandler::ExceptHandler(handler), rest)) = handlers.split_first() else {
            return Flow::Raise(raised);
        };
        let truth = match &handler.type_ {
            None => Truth::Yes,
            Some(class) => {
                let at = self.span(class.range());
                let class = get!(self.eval(class));
                self.is_exception(&raised.exception, &class, at)
            }
        };
        match truth {
            Truth::Yes => self.run_handler(handler, raised),
            Truth::No => self.handle(rest, raised),
            Truth::Unknown(gap) => self.fork(&gap, 2, |machine, alternative| match alternative {
                0 => machine.run_handler(handler, raised.clone()),
                _ => machine.handle(rest, raised.clone()),
            }),
        }
    }

    fn run_handler(
        &mut self,
        handler: &'a ast::ExceptHandlerExceptHandler,
        raised: Box<Raised<'a>>,
    ) -> Flow<'a> {
        if let Some(name) = &handler.name {
            let at = self.span(name.range());
            self.bind_name(name, raised.exception.clone(), at);
        }
        let caught = self
            .frames
            .last_mut()
            .and_then(|f| f.caught.replace(raised.exception));
        let flow = self.exec_block(&handler.body);
        if let Some(frame) = self.frames.last_mut() {
            frame.caught = caught;
        }
        flow
    }
}
