//! Several courses at once: an unknown condition runs both branches, and what agrees afterwards stays known.

use std::sync::Arc;

use super::Session;
use super::flow::{Flow, Raised, RaisedKind, Run};
use super::reach::HOLE;
use super::world::{Course, World};
use crate::known::{Gap, Reach};
use crate::source::Span;

/// Steps that one statement of a migration's text may take.
const MAX_STEPS: u64 = 1_000_000;
/// Steps that all of them may take; past it each may take a few.
const MAX_IN_ALL: u64 = 2_000_000;
const FEW_STEPS: u64 = 20_000;
/// Tables that a change in a body passes over in one step.
const TABLES_A_STEP: u64 = 16;
/// Calls within calls.
pub(super) const MAX_DEPTH: u32 = 24;
/// Courses that wait for the end of a loop, block or function.
const MAX_PARKED: usize = 64;

/// What a budget counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Budget {
    steps: u64,
    /// Of earlier statements.
    spent: u64,
    pub(super) depth: u32,
}

impl Budget {
    /// A new statement begins.
    pub(super) fn next_statement(&mut self) {
        self.spent = self.spent.saturating_add(self.steps);
        self.steps = 0;
        self.depth = 0;
    }

    fn is_exhausted(&self) -> bool {
        self.steps
            > MAX_STEPS
                .min(MAX_IN_ALL.saturating_sub(self.spent))
                .max(FEW_STEPS)
    }
}

impl Session {
    /// Takes one step.
    pub(super) fn tick(&mut self, at: Span) -> Run<()> {
        self.spend(1, at)
    }

    /// Takes steps in proportion to work or memory.
    pub(super) fn spend(&mut self, steps: u64, at: Span) -> Run<()> {
        self.budget.steps = self.budget.steps.saturating_add(steps);
        if self.budget.is_exhausted() {
            return Err(exhausted("takes more steps than are followed", at));
        }
        Ok(())
    }

    /// Counts work that cannot be refused; the next step is, once it is too much.
    pub(super) fn charge(&mut self, steps: u64) {
        self.budget.steps = self.budget.steps.saturating_add(steps);
    }

    /// Counts what a change looks at besides its own object. A loop that makes tables without end would take a time that grows with
    /// their square; the text of a migration is as long as it is.
    pub(super) fn charge_for_tables(&mut self) {
        if !self.world.frames.is_empty() {
            self.charge(self.world.database.schema().tables.len() as u64 / TABLES_A_STEP);
        }
    }

    /// Enters a call or a nested query.
    pub(super) fn descend(&mut self, at: Span) -> Run<()> {
        if self.budget.depth >= MAX_DEPTH {
            return Err(exhausted("has calls that go deeper than is followed", at));
        }
        self.budget.depth += 1;
        Ok(())
    }

    pub(super) fn ascend(&mut self) {
        self.budget.depth = self.budget.depth.saturating_sub(1);
    }

    /// A value or condition that cannot be told.
    pub(super) fn gap(&self, at: Span, why: impl Into<String>) -> Gap {
        Gap::new(at, why, Reach::Rows)
    }

    /// Notes for the coverage what could not be followed.
    pub(super) fn note(&mut self, gap: &Gap) {
        if self.noted.insert(gap.clone()) {
            self.gaps.push(gap.clone());
        }
    }

    /// Leaves open what a gap reaches.
    pub(super) fn open(&mut self, gap: Gap) {
        // An object of which the name is not known may be any.
        let gap = match &gap.reach {
            Reach::Fact(name)
            | Reach::Section(name, _)
            | Reach::OthersOf(name, _)
            | Reach::Object(name)
            | Reach::Namespace(name)
            | Reach::Others(name)
                if name.contains(HOLE) =>
            {
                gap.reaching(Reach::Everything)
            }
            _ => gap,
        };
        self.note(&gap);
        if gap.reach != Reach::Rows {
            self.charge_for_tables();
            self.world.database.open(gap);
            self.touch_schema();
        }
    }

    /// Runs something that may or may not run.
    pub(super) fn perhaps(&mut self, gap: &Gap, run: impl FnOnce(&mut Session) -> Flow) -> Flow {
        let base = self.world.clone();
        let flow = run(self);
        if flow == Flow::Normal && self.world.version == base.version && self.world.frames.is_empty() {
            return Flow::Normal;
        }
        let taken = Course {
            flow,
            world: std::mem::replace(&mut self.world, base.clone()),
            gap: gap.clone(),
        };
        let skipped = Course {
            flow: Flow::Normal,
            world: base.clone(),
            gap: gap.clone(),
        };
        self.merge(&base, vec![taken, skipped])
    }

    /// Takes the present world as a course and goes back to `base`.
    pub(super) fn end_course(&mut self, base: &World, flow: Flow, gap: &Gap) -> Course {
        Course {
            flow,
            world: std::mem::replace(&mut self.world, base.clone()),
            gap: gap.clone(),
        }
    }

    /// Goes on with what courses have in common; those that end otherwise wait in `parked`.
    pub(super) fn merge(&mut self, base: &World, courses: Vec<Course>) -> Flow {
        let mut merged: Vec<Course> = Vec::new();
        for course in courses {
            if let Flow::Raise(raised) = &course.flow
                && raised.is_budget()
            {
                self.world = course.world;
                return course.flow;
            }
            if self.budget.is_exhausted() {
                let at = course.gap.at.unwrap_or(Span::new(crate::source::FileId(0), 0, 0));
                return Flow::Raise(exhausted("takes more steps than are followed", at));
            }
            match merged.iter().position(|c| c.flow.merges(&course.flow)) {
                Some(at) => {
                    let first = merged.swap_remove(at);
                    merged.push(self.join_courses(base, first, course));
                }
                None => merged.push(course),
            }
        }
        let goes_on = |c: &Course| !matches!(c.flow, Flow::Raise(_));
        if self.handlers.is_empty() && merged.iter().any(goes_on) {
            merged.retain(goes_on);
        }
        let main = merged
            .iter()
            .position(|c| c.flow == Flow::Normal)
            .or_else(|| merged.iter().position(goes_on))
            .unwrap_or(0);
        if merged.is_empty() {
            return Flow::Normal;
        }
        let main = merged.swap_remove(main);
        for course in merged {
            self.park(base, course);
        }
        self.world = main.world;
        main.flow
    }

    fn join_courses(&mut self, base: &World, first: Course, second: Course) -> Course {
        let gap = first.gap;
        Course {
            flow: first.flow,
            world: self.join_worlds(first.world, second.world, base, &gap),
            gap,
        }
    }

    /// Two courses that go on as one.
    pub(super) fn join_worlds(&mut self, first: World, second: World, base: &World, gap: &Gap) -> World {
        // A course that has rolled back does not come from `base` any more, but from what the statement began with.
        let from_base = first.same_commits(base) && second.same_commits(base);
        let start = self.statement_start.clone().filter(|_| !from_base);
        let base = start.as_ref().unwrap_or(base);
        let lasting = self.join_committed(&first, &second, base, gap);
        let (same, same_schema) = (first.version == second.version, first.same_schema(&second));
        if !same {
            // A join looks at every object, and at every part of those that differ.
            let (ours, theirs) = (&first.database.schema().tables, &second.database.schema().tables);
            let differ = ours.iter().filter(|(id, _)| !ours.shares(theirs, *id));
            let parts: usize = differ.map(|(_, t)| t.parts()).sum();
            let objects = base.database.schema().tables.len() as u64;
            self.charge(200 + objects + parts as u64);
        }
        if !same_schema {
            self.note(gap);
        }
        let mut world = first.join(second, base, gap);
        if !same {
            self.clock += 1;
            world.version = self.clock;
        }
        if !same_schema {
            world.schema_version = self.clock;
        }
        world.committed = lasting;
        world
    }

    /// What lasts of two courses when the one that they become is rolled back.
    fn join_committed(
        &mut self,
        first: &World,
        second: &World,
        base: &World,
        gap: &Gap,
    ) -> Option<Arc<World>> {
        if first.same_commits(second) {
            return first.committed.clone();
        }
        let lasting = |world: &World| world.committed.as_deref().unwrap_or(base).clone();
        let (mut first, mut second) = (lasting(first), lasting(second));
        first.committed = None;
        second.committed = None;
        let mut base = base.clone();
        base.committed = None;
        Some(Arc::new(self.join_worlds(first, second, &base, gap)))
    }

    /// The database has changed.
    pub(super) fn touch(&mut self) {
        self.clock += 1;
        self.world.version = self.clock;
    }

    /// More than rows has changed.
    pub(super) fn touch_schema(&mut self) {
        self.touch();
        self.world.schema_version = self.clock;
    }

    /// Lets a course wait for the construct that takes it up.
    pub(super) fn park(&mut self, base: &World, course: Course) {
        if let Flow::Raise(_) = course.flow
            && self.handlers.is_empty()
        {
            return;
        }
        if self.parked.len() >= MAX_PARKED
            && let Some(at) = self.parked.iter().rposition(|c| c.flow.merges(&course.flow))
        {
            let first = self.parked.remove(at);
            let joined = self.join_courses(base, first, course);
            self.parked.push(joined);
            return;
        }
        self.parked.push(course);
    }

    /// Parks the course on which an error comes here, where a handler could see it.
    pub(super) fn may_raise(&mut self, kind: RaisedKind, gap: &Gap, at: Span) {
        if self.handlers.is_empty() {
            return;
        }
        let course = Course {
            flow: Flow::Raise(Raised::possible(kind, at)),
            world: self.world.clone(),
            gap: gap.clone(),
        };
        let base = self.world.clone();
        self.park(&base, course);
    }

    /// Takes the courses parked since `mark` that `wanted` picks.
    pub(super) fn unpark(&mut self, mark: usize, wanted: impl Fn(&Flow) -> bool) -> Vec<Course> {
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
}

fn exhausted(why: &str, at: Span) -> Box<Raised> {
    let mut raised = Raised::certain("54000", why, at);
    raised.kind = RaisedKind::Budget;
    raised
}
