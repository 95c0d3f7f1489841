//! Bounds on what is run: steps, depth, objects, and the length of what is made.

use super::library::Library;
use super::machine::{Machine, Run, Stop};
use crate::source::Span;

/// Steps that one entry point (a call from a stack) may take.
const MAX_STEPS: u64 = 2_000_000;
/// Steps that all of them may take; past it each may take a few.
const MAX_IN_ALL: u64 = 60_000_000;
const FEW_STEPS: u64 = 50_000;
/// Objects that are ever made, and items and entries in them.
const MAX_WEIGHT: u64 = 24_000_000;
/// What an object weighs besides its items.
const OBJECT: u64 = 8;
/// Calls within calls, modules within modules, expressions within expressions.
const MAX_DEPTH: u32 = 1200;
/// Bytes of one string, items of one collection that is made at once.
pub(super) const MAX_LENGTH: usize = 4 << 20;
/// Courses that one entry point may take where it cannot be told which.
const MAX_COURSES: u32 = 4_000;
/// Candidates that an unknown value may have.
pub(super) const MAX_CANDIDATES: usize = 8;

const RED_ZONE: usize = 256 << 10;
const STACK: usize = 4 << 20;

/// What a budget counts.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Budget {
    steps: u64,
    /// Of earlier entry points.
    spent: u64,
    depth: u32,
    entries: u32,
    /// Of all objects ever made.
    weight: u64,
    /// Courses of this entry point.
    courses: u32,
}

impl Budget {
    /// Counts work that cannot be refused; the next step is, once it is too much.
    pub(super) fn charge(&mut self, steps: u64) {
        self.steps = self.steps.saturating_add(steps);
    }

    /// Counts an object with so many items.
    pub(super) fn weigh(&mut self, items: usize) {
        self.weight = self.weight.saturating_add(OBJECT + items as u64);
        self.charge(1 + items as u64 / 4);
    }

    /// Whether so many more courses are followed.
    pub(super) fn another_course(&mut self, count: usize) -> bool {
        self.courses = self
            .courses
            .saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        self.courses <= MAX_COURSES
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.weight > MAX_WEIGHT
            || self.steps
                > MAX_STEPS
                    .min(MAX_IN_ALL.saturating_sub(self.spent))
                    .max(FEW_STEPS)
    }
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Takes one step.
    ///
    /// # Errors
    /// Where the budget is used up.
    pub fn tick(&mut self, at: Span) -> Run<()> {
        self.spend(1, at)
    }

    /// Takes steps in proportion to work or memory.
    ///
    /// # Errors
    /// Where the budget is used up.
    pub fn spend(&mut self, steps: u64, at: Span) -> Run<()> {
        self.budget.charge(steps);
        if self.budget.is_exhausted() {
            return Err(Stop::Exhausted(at, "takes more steps than are followed"));
        }
        Ok(())
    }

    /// Refuses to make a thing of so many bytes or items; otherwise takes steps for it.
    ///
    /// # Errors
    /// Where it is too much.
    pub fn afford(&mut self, length: u128, at: Span) -> Run<()> {
        if length > MAX_LENGTH as u128 {
            return Err(Stop::Exhausted(at, "makes more than is followed"));
        }
        self.spend(length as u64 / 16, at)
    }

    /// Runs something one level deeper.
    pub(super) fn deeper<T>(&mut self, at: Span, run: impl FnOnce(&mut Self) -> Run<T>) -> Run<T> {
        if self.budget.depth >= MAX_DEPTH {
            return Err(Stop::Exhausted(at, "goes deeper than is followed"));
        }
        self.budget.depth += 1;
        let out = stacker::maybe_grow(RED_ZONE, STACK, || run(self));
        self.budget.depth -= 1;
        out
    }

    /// Runs an entry point: with steps of its own. One within another (a module's body) has what it takes counted apart.
    pub(super) fn entry<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.budget;
        self.budget.spent = outer.spent.saturating_add(outer.steps);
        self.budget.steps = 0;
        self.budget.courses = 0;
        self.budget.entries += 1;
        let out = run(self);
        let (used, weight) = (self.budget.steps, self.budget.weight);
        self.budget = outer;
        self.budget.weight = weight;
        self.budget.spent = self.budget.spent.saturating_add(used);
        if outer.entries == 0 {
            self.budget.steps = 0;
        }
        out
    }
}
