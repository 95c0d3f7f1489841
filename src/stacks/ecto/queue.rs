//! The queue of a migration's runner: commands wait in it until they are flushed.
//!
//! Source: `Ecto.Migration.Runner` (`ecto_sql` 3.13, lib/ecto/migration/runner.ex).

use std::rc::Rc;

use super::command::{Command, Part, Table};
use crate::interpret::elixir::Value;
use crate::known::Gap;
use crate::source::Span;

/// What waits.
#[derive(Debug, Clone)]
pub enum Queued {
    /// A command, and the calls that led to it, outermost first.
    Command(Box<Command>, Vec<Span>),
    /// A function that is called when its turn comes.
    Function(Value, Span),
    /// One of two rows of commands: it cannot be told which.
    Either(Gap, Vec<Rc<Queued>>, Vec<Rc<Queued>>),
    /// What was given cannot be told: anything.
    Unknown(Gap),
}

/// The runner's state.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    /// What waits, in order.
    pub commands: Vec<Rc<Queued>>,
    /// The block of `create` or `alter` that runs.
    pub block: Option<Block>,
}

/// A block that runs.
#[derive(Debug, Clone)]
pub struct Block {
    /// `create` (`Some`, whether `if_not_exists`) or `alter`.
    pub create: Option<bool>,
    /// Its table.
    pub table: Table,
    /// Its parts so far; several rows where it cannot be told which of them holds, and why.
    pub courses: Vec<Vec<Rc<Part>>>,
    /// Why there are several.
    pub gap: Option<Gap>,
    /// Why there may be parts that are not told.
    pub open: Option<Gap>,
}

impl Queue {
    /// Adds a command.
    pub fn push(&mut self, queued: Queued) {
        self.commands.push(Rc::new(queued));
    }

    /// Something that is not known happens. Where a block runs, it may have added parts to it.
    pub fn unknown(&mut self, gap: Gap) {
        if let Some(block) = &mut self.block {
            block.open.get_or_insert_with(|| gap.clone());
        }
        self.push(Queued::Unknown(gap));
    }

    /// Adds a part to the block that runs; whether one runs.
    pub fn part(&mut self, part: Part) -> bool {
        let Some(block) = &mut self.block else {
            return false;
        };
        let part = Rc::new(part);
        for course in &mut block.courses {
            course.push(part.clone());
        }
        true
    }

    /// The block ends: its command waits; its parts in the other order where it is turned round.
    pub fn end_block(&mut self, calls: &[Span], turned: bool) {
        let Some(block) = self.block.take() else { return };
        let command = |parts: &Vec<Rc<Part>>| {
            let mut parts: Vec<Part> = parts.iter().map(|part| (**part).clone()).collect();
            if turned {
                parts.reverse();
            }
            let table = block.table.clone();
            let command = match block.create {
                Some(if_not_exists) => Command::CreateTable {
                    table,
                    if_not_exists,
                    parts,
                },
                None => Command::AlterTable(table, parts),
            };
            Rc::new(Queued::Command(Box::new(command), calls.to_vec()))
        };
        let mut courses = block.courses.iter().map(command);
        let Some(first) = courses.next() else { return };
        let whole = courses.fold(first, |all, next| match &block.gap {
            Some(gap) => Rc::new(Queued::Either(gap.clone(), vec![all], vec![next])),
            None => all,
        });
        self.commands.push(whole);
        if let Some(gap) = block.open {
            self.push(Queued::Unknown(gap.reaching(block.table.reach())));
        }
    }

    /// Two courses come together; this is one of them.
    pub fn join(&mut self, other: Queue, gap: &Gap) {
        let same = self
            .commands
            .iter()
            .zip(&other.commands)
            .take_while(|(a, b)| Rc::ptr_eq(a, b))
            .count();
        let ours = self.commands.split_off(same.min(self.commands.len()));
        let theirs: Vec<Rc<Queued>> = other.commands.into_iter().skip(same).collect();
        if !ours.is_empty() || !theirs.is_empty() {
            self.push(Queued::Either(gap.clone(), ours, theirs));
        }
        if let (Some(block), Some(other)) = (&mut self.block, other.block) {
            for course in other.courses {
                let known = block.courses.iter().any(|ours| {
                    ours.len() == course.len() && ours.iter().zip(&course).all(|(a, b)| Rc::ptr_eq(a, b))
                });
                if !known {
                    block.gap.get_or_insert_with(|| gap.clone());
                    block.courses.push(course);
                }
            }
            // More than this is no longer told apart: each doubles what is run.
            if block.courses.len() > MOST_COURSES {
                block.courses.truncate(MOST_COURSES);
                block.open.get_or_insert_with(|| gap.clone());
            }
            if block.open.is_none() {
                block.open = other.open;
            }
        }
    }
}

/// How many rows of parts of one block are kept.
const MOST_COURSES: usize = 8;
