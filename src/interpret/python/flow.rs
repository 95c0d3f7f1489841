//! How the run of a statement ends; courses that ended elsewhere wait for the construct that takes them up.

use super::heap::Taken;
use super::join::{either, one_of, same};
use super::library::Library;
use super::machine::{Machine, Raised, Run, Stop};
use super::value::Value;
use super::world::World;
use crate::known::Gap;
use crate::source::Span;

/// Courses that wait for the end of a loop, `try` or function.
const MAX_PARKED: usize = 64;

/// Steps that a course of its own counts for: copies of the heap, and joining them.
const FORK: u64 = 60;

/// How a statement ends.
#[derive(Debug, Clone)]
pub(crate) enum Flow<'a> {
    /// The next statement runs.
    Normal,
    Break,
    Continue,
    Return(Value<'a>),
    Raise(Box<Raised<'a>>),
    /// A budget is used up.
    Exhausted(Span, &'static str),
}

/// A course that ended so, with its world.
#[derive(Debug, Clone)]
pub(crate) struct Course<'a, S> {
    pub(crate) flow: Flow<'a>,
    pub(crate) world: World<'a>,
    pub(crate) state: S,
    pub(crate) gap: Gap,
    /// Of the courses that it has been joined with.
    pub(crate) taken: Taken<'a>,
}

impl<'a> Flow<'a> {
    /// The flow of something that gives no value.
    pub(super) fn of<T>(run: Run<'a, T>) -> Flow<'a> {
        match run {
            Ok(_) => Flow::Normal,
            Err(stop) => stop.into(),
        }
    }

    pub(super) fn is_raise(&self) -> bool {
        matches!(self, Flow::Raise(_))
    }

    /// Whether two courses that end so can be followed as one.
    pub(super) fn merges(&self, other: &Flow<'a>) -> bool {
        match (self, other) {
            (Flow::Normal, Flow::Normal)
            | (Flow::Break, Flow::Break)
            | (Flow::Continue, Flow::Continue)
            | (Flow::Return(_), Flow::Return(_)) => true,
            (Flow::Raise(a), Flow::Raise(b)) => {
                same(&a.exception, &b.exception)
                    || matches!(
                        (&a.exception, &b.exception),
                        (Value::Unknown(_), Value::Unknown(_))
                    )
            }
            _ => false,
        }
    }
}

impl<'a> From<Stop<'a>> for Flow<'a> {
    fn from(stop: Stop<'a>) -> Self {
        match stop {
            Stop::Raised(raised) => Flow::Raise(raised),
            Stop::Exhausted(at, why) => Flow::Exhausted(at, why),
            Stop::Gone => Flow::Normal,
        }
    }
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// The present world as a course; it stays in place.
    pub(super) fn course(&mut self, flow: Flow<'a>, gap: &Gap) -> Course<'a, L::State> {
        Course {
            flow,
            world: self.world.clone(),
            state: self.library.save(),
            gap: gap.clone(),
            taken: Taken::default(),
        }
    }

    /// Goes on in the world of a course.
    pub(super) fn resume(&mut self, course: Course<'a, L::State>) -> Flow<'a> {
        self.world = course.world;
        self.library.restore(course.state);
        course.flow
    }

    /// Runs each of `count` alternatives from here, and goes on with what they have in common.
    pub(super) fn fork(
        &mut self,
        gap: &Gap,
        count: usize,
        mut run: impl FnMut(&mut Self, usize) -> Flow<'a>,
    ) -> Flow<'a> {
        let base = self.course(Flow::Normal, gap);
        let mut courses = Vec::with_capacity(count);
        for alternative in 0..count {
            if alternative > 0 {
                self.resume(base.clone());
            }
            self.forks += u32::from(count > 1);
            let flow = run(self, alternative);
            self.forks -= u32::from(count > 1);
            if let Flow::Exhausted(..) = flow {
                return flow;
            }
            courses.push(self.course(flow, gap));
        }
        self.budget.charge(FORK * count as u64);
        self.merge(courses)
    }

    /// Runs alternatives that give values; the value is one of theirs.
    pub(super) fn fork_value(
        &mut self,
        gap: &Gap,
        count: usize,
        mut run: impl FnMut(&mut Self, usize) -> Run<'a, Value<'a>>,
    ) -> Run<'a, Value<'a>> {
        let flow = self.fork(gap, count, |machine, at| match run(machine, at) {
            Ok(value) => Flow::Return(value),
            Err(stop) => stop.into(),
        });
        match flow {
            Flow::Return(value) => Ok(value),
            Flow::Raise(raised) => Err(Stop::Raised(raised)),
            Flow::Exhausted(at, why) => Err(Stop::Exhausted(at, why)),
            Flow::Normal | Flow::Break | Flow::Continue => Ok(Value::unknown(gap.clone())),
        }
    }

    /// Goes on with what courses have in common; those that end otherwise wait. A course that certainly fails is dropped where no
    /// handler could see it and another goes on: what is replayed is known to have run.
    pub(super) fn merge(&mut self, courses: Vec<Course<'a, L::State>>) -> Flow<'a> {
        let mut merged: Vec<Course<'a, L::State>> = Vec::new();
        for course in courses {
            match merged.iter().position(|c| c.flow.merges(&course.flow)) {
                Some(at) => {
                    let first = merged.swap_remove(at);
                    let joined = self.join_courses(first, course);
                    merged.push(joined);
                }
                None => merged.push(course),
            }
        }
        if self.handlers == 0 && merged.iter().any(|c| !c.flow.is_raise()) {
            merged.retain(|c| !c.flow.is_raise());
        }
        let main = merged
            .iter()
            .position(|c| matches!(c.flow, Flow::Normal))
            .or_else(|| merged.iter().position(|c| !c.flow.is_raise()))
            .unwrap_or(0);
        if merged.is_empty() {
            return Flow::Normal;
        }
        let main = merged.swap_remove(main);
        for course in merged {
            self.park(course);
        }
        self.resume(main)
    }

    pub(super) fn join_courses(
        &mut self,
        mut first: Course<'a, L::State>,
        second: Course<'a, L::State>,
    ) -> Course<'a, L::State> {
        let gap = first.gap.clone();
        let mut taken = std::mem::take(&mut first.taken);
        let flow = match (first.flow.clone(), second.flow) {
            (Flow::Return(a), Flow::Return(b)) => Flow::Return(either(&a, &b, &gap)),
            (flow, _) => flow,
        };
        self.resume(first);
        let work = self.world.join(&second.world, &mut taken, &gap);
        self.library.join(second.state, &gap);
        self.budget.charge(20 + work);
        Course {
            taken,
            ..self.course(flow, &gap)
        }
    }

    /// Lets a course wait for the construct that takes it up.
    pub(super) fn park(&mut self, course: Course<'a, L::State>) {
        if course.flow.is_raise() && self.handlers == 0 {
            return;
        }
        if self.parked.len() >= MAX_PARKED
            && let Some(at) = self.parked.iter().rposition(|c| c.flow.merges(&course.flow))
        {
            let here = self.course(Flow::Normal, &course.gap);
            let first = self.parked.remove(at);
            let joined = self.join_courses(first, course);
            self.parked.push(joined);
            self.resume(here);
            return;
        }
        self.parked.push(course);
    }

    /// Takes the courses parked since `mark` that `wanted` picks.
    pub(super) fn unpark(
        &mut self,
        mark: usize,
        wanted: impl Fn(&Flow<'a>) -> bool,
    ) -> Vec<Course<'a, L::State>> {
        let mut out = Vec::new();
        let mut at = mark;
        while at < self.parked.len() {
            if wanted(&self.parked[at].flow) {
                out.push(self.parked.remove(at));
            } else {
                at += 1;
            }
        }
        out
    }

    /// Goes on with the present course, which ends in `flow`, and those parked since `mark` that `wanted` picks.
    pub(super) fn take_up(
        &mut self,
        mark: usize,
        flow: Flow<'a>,
        wanted: impl Fn(&Flow<'a>) -> bool,
        then: impl Fn(Flow<'a>) -> Flow<'a>,
    ) -> Flow<'a> {
        let mut waiting = self.unpark(mark, wanted);
        let flow = then(flow);
        if waiting.is_empty() || matches!(flow, Flow::Exhausted(..)) {
            return flow;
        }
        let gap = waiting.first().map(|c| c.gap.clone());
        for course in &mut waiting {
            course.flow = then(std::mem::replace(&mut course.flow, Flow::Normal));
        }
        if let Some(gap) = gap {
            let here = self.course(flow, &gap);
            waiting.insert(0, here);
        }
        self.merge(waiting)
    }

    /// Something is done wherever a block is left: in the present course, and in each that was parked since `mark`.
    pub(super) fn leave(
        &mut self,
        mark: usize,
        flow: Flow<'a>,
        mut run: impl FnMut(&mut Self, Flow<'a>) -> Flow<'a>,
    ) -> Flow<'a> {
        let waiting = self.unpark(mark, |_| true);
        if waiting.is_empty() || matches!(flow, Flow::Exhausted(..)) {
            return run(self, flow);
        }
        let gap = waiting[0].gap.clone();
        let flow = run(self, flow);
        let mut courses = vec![self.course(flow, &gap)];
        for course in waiting {
            let gap = course.gap.clone();
            let flow = self.resume(course);
            self.forks += 1;
            let flow = run(self, flow);
            self.forks -= 1;
            if let Flow::Exhausted(..) = flow {
                return flow;
            }
            courses.push(self.course(flow, &gap));
        }
        self.merge(courses)
    }

    /// Runs something once for each candidate, each on a copy of the world, and goes on with what the copies have in common.
    ///
    /// # Errors
    /// Where all fail, or a budget is used up.
    pub fn fork_over(
        &mut self,
        candidates: Vec<Value<'a>>,
        gap: &Gap,
        mut run: impl FnMut(&mut Self, Value<'a>) -> Run<'a, Value<'a>>,
    ) -> Run<'a, Value<'a>> {
        match <[Value<'a>; 1]>::try_from(candidates) {
            Ok([one]) => run(self, one),
            Err(candidates) => self.fork_value(gap, candidates.len(), |machine, at| {
                run(machine, candidates[at].clone())
            }),
        }
    }

    /// Runs something that may or may not run. What it gave; `other` where it does not run.
    ///
    /// # Errors
    /// Where a budget is used up.
    pub fn perhaps(
        &mut self,
        gap: &Gap,
        other: Value<'a>,
        run: impl FnOnce(&mut Self) -> Run<'a, Value<'a>>,
    ) -> Run<'a, Value<'a>> {
        let mut run = Some(run);
        self.fork_value(gap, 2, |machine, _| match run.take() {
            Some(run) => run(machine),
            None => Ok(other.clone()),
        })
    }

    /// Something here may raise an exception (`None`: any). A handler that could see it runs on a copy of the world.
    pub fn may_raise(&mut self, exception: Option<Value<'a>>, gap: &Gap, at: Span) {
        if self.handlers == 0 {
            return;
        }
        let exception = exception.unwrap_or_else(|| Value::unknown(gap.clone()));
        let course = self.course(Flow::Raise(Box::new(Raised { exception, span: at })), gap);
        self.park(course);
    }

    /// Goes through an unknown value's candidates with something that changes nothing; unknown where there are none.
    pub(super) fn each_candidate(
        &mut self,
        value: &Value<'a>,
        mut run: impl FnMut(&mut Self, &Value<'a>) -> Run<'a, Value<'a>>,
    ) -> Run<'a, Value<'a>> {
        let Value::Unknown(unknown) = value else {
            return run(self, value);
        };
        let unknown = unknown.clone();
        if unknown.candidates.is_empty() {
            return Ok(Value::unknown(unknown.gap.clone()));
        }
        let mut out = Vec::new();
        let mut failed = None;
        for candidate in &unknown.candidates {
            match run(self, candidate) {
                Ok(value) => out.push(value),
                // A candidate that fails is one that it was not, unless a handler could see it.
                Err(Stop::Raised(raised)) => failed = Some(raised),
                Err(stop) => return Err(stop),
            }
        }
        match (out.is_empty(), failed) {
            (true, Some(raised)) => Err(Stop::Raised(raised)),
            (false, Some(raised)) => {
                self.may_raise(Some(raised.exception), &unknown.gap, raised.span);
                Ok(one_of(out, &unknown.gap))
            }
            (_, None) => Ok(one_of(out, &unknown.gap)),
        }
    }
}
