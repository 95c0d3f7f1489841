//! Courses of a program: both branches of what cannot be told run on copies of the world, and `try` takes up what was raised.

use std::rc::Rc;

use super::clauses::{Arm, arm};
use super::library::Library;
use super::machine::{Machine, Parked, Run, Stop, World};
use super::matching::Matching;
use super::module::Module;
use super::scope::Scope;
use super::value::Value;
use crate::known::Gap;
use crate::source::Span;
use crate::syntax::elixir::{Form, FormKind};

/// Alternatives within alternatives.
const MAX_FORKS: u32 = 12;
/// Courses that one `try` keeps.
pub(super) const MAX_PARKED: usize = 16;

/// A course that has come to its end.
struct Course<S> {
    out: Run<Value>,
    world: World,
    state: S,
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Runs two courses of which one is taken, it cannot be told which, on copies of the world; what they agree in stays known. A
    /// course that certainly raises is dropped, unless a `try` may see it: then that goes on with both.
    ///
    /// # Errors
    /// Where both raise, or a budget is used up.
    pub fn fork(
        &mut self,
        gap: &Gap,
        first: impl FnOnce(&mut Self) -> Run<Value>,
        second: impl FnOnce(&mut Self) -> Run<Value>,
    ) -> Run<Value> {
        if let Some(gap) = self.too_many(gap, 2) {
            return Ok(Value::unknown(gap));
        }
        let (world, state) = (self.world.clone(), self.library.save());
        self.forks += 1;
        let a = first(self);
        let a = Course {
            out: a,
            world: std::mem::replace(&mut self.world, world),
            state: self.library.save(),
        };
        self.library.restore(state);
        let b = second(self);
        self.forks -= 1;
        let b = Course {
            out: b,
            world: std::mem::take(&mut self.world),
            state: self.library.save(),
        };
        self.together(vec![a, b], gap)
    }

    /// The same for any number of courses, by their index.
    pub(super) fn fork_many(
        &mut self,
        gap: &Gap,
        count: usize,
        mut run: impl FnMut(&mut Self, usize) -> Run<Value>,
    ) -> Run<Value> {
        if count == 1 {
            return run(self, 0);
        }
        if let Some(gap) = self.too_many(gap, count) {
            return Ok(Value::unknown(gap));
        }
        let (world, state) = (self.world.clone(), self.library.save());
        self.forks += 1;
        let mut courses = Vec::with_capacity(count);
        for index in 0..count {
            if index > 0 {
                self.world = world.clone();
                self.library.restore(state.clone());
            }
            let out = run(self, index);
            let exhausted = matches!(out, Err(Stop::Exhausted(..)));
            courses.push(Course {
                out,
                world: std::mem::take(&mut self.world),
                state: self.library.save(),
            });
            if exhausted {
                break;
            }
        }
        self.forks -= 1;
        self.together(courses, gap)
    }

    /// Why no more courses are followed, once there are too many.
    fn too_many(&mut self, gap: &Gap, count: usize) -> Option<Gap> {
        if self.forks < MAX_FORKS && self.budget.another_course(count) {
            return None;
        }
        let at = gap.at.unwrap_or_else(|| self.here());
        let gap = self.code_gap(at, "more alternatives than are followed");
        self.note_code(&gap);
        L::opaque(self, &gap, None);
        Some(gap)
    }

    /// Goes on with what several courses have in common.
    fn together(&mut self, courses: Vec<Course<L::State>>, gap: &Gap) -> Run<Value> {
        let mut values = Vec::new();
        let mut ended: Vec<(World, L::State)> = Vec::new();
        let mut stopped: Vec<(Stop, World, L::State)> = Vec::new();
        for course in courses {
            match course.out {
                Ok(value) => {
                    values.push(value);
                    ended.push((course.world, course.state));
                }
                Err(stop @ Stop::Exhausted(..)) => {
                    self.world = course.world;
                    self.library.restore(course.state);
                    return Err(stop);
                }
                Err(Stop::Gone) => {}
                Err(stop) => stopped.push((stop, course.world, course.state)),
            }
        }
        let Some((world, state)) = ended.pop() else {
            return self.all_stopped(stopped, gap);
        };
        if self.is_handled() {
            for (stop, world, state) in stopped {
                self.park(stop, world, state, gap);
            }
        }
        self.world = world;
        self.library.restore(state);
        for (world, state) in ended {
            self.library.join(state, gap);
            self.world.join(world, gap);
        }
        Ok(Value::one_of(values, gap.clone()))
    }

    fn park(&mut self, stop: Stop, world: World, state: L::State, gap: &Gap) {
        if let Some(tried) = self.tries.last_mut()
            && tried.len() < MAX_PARKED
        {
            tried.push(Parked {
                stop,
                world,
                state,
                gap: gap.clone(),
            });
        }
    }

    /// No course goes on.
    fn all_stopped(&mut self, mut stopped: Vec<(Stop, World, L::State)>, gap: &Gap) -> Run<Value> {
        let Some((stop, world, state)) = stopped.pop() else {
            return Err(Stop::Gone);
        };
        if self.is_handled() {
            for (stop, world, state) in stopped {
                self.park(stop, world, state, gap);
            }
            self.world = world;
            self.library.restore(state);
            return Err(stop);
        }
        self.world = world;
        self.library.restore(state);
        let raised = stopped.into_iter().map(|(stop, ..)| stop).chain([stop.clone()]);
        let exceptions: Vec<Value> = raised
            .filter_map(|stop| match stop {
                Stop::Raised(value, _) => Some(value),
                _ => None,
            })
            .collect();
        match stop {
            Stop::Raised(_, at) => Err(Stop::Raised(Value::one_of(exceptions, gap.clone()), at)),
            other => Err(other),
        }
    }

    /// Runs something that may run or not.
    pub(super) fn perhaps(&mut self, gap: &Gap, run: impl FnOnce(&mut Self) -> Run<Value>) -> Run<Value> {
        self.fork(gap, run, |_| Ok(Value::nil()))
    }

    /// `try do ... rescue ... catch ... else ... after ... end`.
    pub(super) fn try_block(&mut self, block: &Form, at: Span, scope: &mut Scope) -> Run<Value> {
        let handled = block.keyword("rescue").is_some() || block.keyword("catch").is_some();
        if handled {
            self.tries.push(Vec::new());
        }
        let mut own = scope.clone();
        let out = match block.keyword("do") {
            Some(body) => self.eval(body, &mut own),
            None => Ok(Value::nil()),
        };
        let parked = if handled {
            self.tries.pop().unwrap_or_default()
        } else {
            Vec::new()
        };
        let out = if parked.is_empty() {
            self.after_body(out, block, at, scope)
        } else {
            self.take_up(out, parked, block, at, scope)
        };
        if let Some(after) = block.keyword("after") {
            self.eval(after, &mut scope.clone())?;
        }
        out
    }

    fn take_up(
        &mut self,
        out: Run<Value>,
        parked: Vec<Parked<L::State>>,
        block: &Form,
        at: Span,
        scope: &mut Scope,
    ) -> Run<Value> {
        let gap = parked
            .first()
            .map_or_else(|| self.gap(at, "what is raised"), |p| p.gap.clone());
        self.forks += 1;
        let mut courses = Vec::new();
        let last = self.after_body(out, block, at, scope);
        courses.push(Course {
            out: last,
            world: std::mem::take(&mut self.world),
            state: self.library.save(),
        });
        for course in parked {
            self.world = course.world;
            self.library.restore(course.state);
            let out = self.after_body(Err(course.stop), block, at, scope);
            courses.push(Course {
                out,
                world: std::mem::take(&mut self.world),
                state: self.library.save(),
            });
        }
        self.forks -= 1;
        self.together(courses, &gap)
    }

    /// What a `try` does with how its body ended.
    fn after_body(&mut self, out: Run<Value>, block: &Form, at: Span, scope: &mut Scope) -> Run<Value> {
        match out {
            Ok(value) => match block.keyword("else").and_then(Form::as_list) {
                Some(clauses) => {
                    let arms = super::clauses::arms(clauses);
                    self.choose(&arms, &[value], scope, at, "TryClauseError")
                }
                None => Ok(value),
            },
            Err(Stop::Raised(exception, place)) => self.rescue(block, exception, place, at, scope),
            Err(Stop::Thrown(value, place)) => {
                let stop = Stop::Thrown(value.clone(), place);
                match value.as_pair() {
                    Some((kind, inner)) if kind == super::standard::EXIT => {
                        self.catch(block, Value::atom("exit"), inner.clone(), stop, at, scope)
                    }
                    _ => self.catch(block, Value::atom("throw"), value, stop, at, scope),
                }
            }
            Err(stop) => Err(stop),
        }
    }

    fn rescue(
        &mut self,
        block: &Form,
        exception: Value,
        place: Span,
        at: Span,
        scope: &mut Scope,
    ) -> Run<Value> {
        let clauses = block.keyword("rescue").and_then(Form::as_list).unwrap_or(&[]);
        let arms: Vec<Arm<'_>> = clauses.iter().filter_map(arm).collect();
        self.rescue_from(&arms, block, exception, place, at, scope)
    }

    fn rescue_from(
        &mut self,
        arms: &[Arm<'_>],
        block: &Form,
        exception: Value,
        place: Span,
        at: Span,
        scope: &mut Scope,
    ) -> Run<Value> {
        for (index, arm) in arms.iter().enumerate() {
            let Some(pattern) = arm.patterns.first() else {
                continue;
            };
            let mut own = scope.clone();
            match self.rescues(pattern, &exception, &mut own)? {
                Matching::No => {}
                Matching::Yes => return self.eval(arm.body, &mut own),
                Matching::Maybe(gap) => {
                    let rest = &arms[index + 1..];
                    let other = exception.clone();
                    return self.fork(
                        &gap,
                        |machine| machine.eval(arm.body, &mut own),
                        |machine| machine.rescue_from(rest, block, other, place, at, scope),
                    );
                }
            }
        }
        let stop = Stop::Raised(exception.clone(), place);
        self.catch(block, Value::atom("error"), exception, stop, at, scope)
    }

    /// `e`, `e in Module`, `e in [A, B]`, `Module`, `[A, B]`.
    fn rescues(&mut self, pattern: &Form, exception: &Value, scope: &mut Scope) -> Run<Matching> {
        let (variable, modules) = match pattern.args_of("in") {
            Some([variable, modules]) => (Some(variable), Some(modules)),
            _ => match &pattern.kind {
                FormKind::Variable(..) => (Some(pattern), None),
                _ => (None, Some(pattern)),
            },
        };
        if let Some(variable) = variable {
            self.match_one(variable, exception, scope)?;
        }
        let Some(modules) = modules else {
            return Ok(Matching::Yes);
        };
        let modules = match self.eval(modules, scope)? {
            Value::List(items) => items.to_vec(),
            one => vec![one],
        };
        let Some(raised) = exception.struct_name() else {
            let gap = exception
                .gap()
                .unwrap_or_else(|| self.gap(pattern.span, "which exception is raised"));
            return Ok(Matching::Maybe(gap));
        };
        let is = modules.iter().any(|m| m.as_module().as_ref() == Some(&raised));
        Ok(if is { Matching::Yes } else { Matching::No })
    }

    /// `catch value`, `catch kind, value`.
    fn catch(
        &mut self,
        block: &Form,
        kind: Value,
        value: Value,
        stop: Stop,
        at: Span,
        scope: &mut Scope,
    ) -> Run<Value> {
        let clauses = block.keyword("catch").and_then(Form::as_list).unwrap_or(&[]);
        let is_throw = kind.as_atom() == Some("throw");
        for clause in clauses.iter().filter_map(arm) {
            let mut own = scope.clone();
            let values = match clause.patterns.len() {
                1 if is_throw => vec![value.clone()],
                2 => vec![kind.clone(), value.clone()],
                _ => continue,
            };
            match self.enter(clause.patterns, clause.guard, &values, &mut own)? {
                Matching::No => {}
                Matching::Yes => return self.eval(clause.body, &mut own),
                Matching::Maybe(gap) => {
                    return self.fork(&gap, |machine| machine.eval(clause.body, &mut own), |_| Err(stop));
                }
            }
        }
        let _ = at;
        Err(stop)
    }
}

impl World {
    /// What this world and another have in common.
    fn join(&mut self, other: World, gap: &Gap) {
        if !Rc::ptr_eq(&self.dictionary, &other.dictionary) {
            let mut dictionary = (*self.dictionary).clone();
            for (key, value) in &mut dictionary {
                let theirs = other
                    .dictionary
                    .iter()
                    .find(|(k, _)| k.identical(key) == Some(true));
                let theirs = theirs.map_or_else(Value::nil, |(_, v)| v.clone());
                *value = Value::one_of(vec![value.clone(), theirs], gap.clone());
            }
            for (key, value) in other.dictionary.iter() {
                if !dictionary.iter().any(|(k, _)| k.identical(key) == Some(true)) {
                    let value = Value::one_of(vec![value.clone(), Value::nil()], gap.clone());
                    dictionary.push((key.clone(), value));
                }
            }
            self.dictionary = Rc::new(dictionary);
        }
        for (own, theirs) in self.building.iter_mut().zip(&other.building) {
            if !Rc::ptr_eq(own, theirs) {
                Rc::make_mut(own).join(theirs, gap);
            }
        }
    }
}

impl Module {
    /// What this module and its other course have in common: what only one has is there perhaps.
    fn join(&mut self, other: &Module, gap: &Gap) {
        for (name, theirs) in &other.definitions {
            let own = self.definitions.entry(name.clone()).or_default();
            if own.is_empty() {
                self.order.push(name.clone());
            }
            for definition in theirs {
                match own.iter_mut().find(|d| d.arity == definition.arity) {
                    Some(mine) if Rc::ptr_eq(mine, definition) => {}
                    Some(mine) => {
                        let mine = Rc::make_mut(mine);
                        let same = mine.clauses.len() == definition.clauses.len()
                            && mine
                                .clauses
                                .iter()
                                .zip(&definition.clauses)
                                .all(|(a, b)| a.whole == b.whole);
                        if !same {
                            mine.maybe = Some(gap.clone());
                            mine.other.get_or_insert_with(|| definition.clone());
                        }
                    }
                    None => {
                        let mut theirs = (**definition).clone();
                        theirs.maybe = Some(gap.clone());
                        own.push(Rc::new(theirs));
                    }
                }
            }
        }
        for (name, own) in &mut self.definitions {
            for definition in own {
                let theirs = other
                    .definitions
                    .get(name)
                    .is_some_and(|t| t.iter().any(|d| d.arity == definition.arity));
                if !theirs {
                    Rc::make_mut(definition).maybe = Some(gap.clone());
                }
            }
        }
        self.join_attributes(other, gap);
        for used in &other.uses {
            if !self
                .uses
                .iter()
                .any(|u| u.module == used.module && u.span == used.span)
            {
                self.uses.push(used.clone());
            }
        }
        if self.open.is_none() {
            self.open.clone_from(&other.open);
        }
        if self.fields.is_none() {
            self.fields.clone_from(&other.fields);
        }
    }

    fn join_attributes(&mut self, other: &Module, gap: &Gap) {
        if Rc::ptr_eq(&self.attributes, &other.attributes) {
            return;
        }
        let attributes = Rc::make_mut(&mut self.attributes);
        for (name, value) in attributes.iter_mut() {
            let theirs = other.attribute(name).cloned().unwrap_or_else(Value::nil);
            *value = Value::one_of(vec![value.clone(), theirs], gap.clone());
        }
        for (name, theirs) in other.attributes.iter() {
            if !attributes.iter().any(|(n, _)| n == name) {
                let value = Value::one_of(vec![Value::nil(), theirs.clone()], gap.clone());
                attributes.push((name.clone(), value));
            }
        }
    }
}
