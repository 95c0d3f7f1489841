//! The missing migration: what would make the database as the models say, step by step, each with the finding that it answers. A
//! draft is read, tried and changed by people; nothing here is ever run on a server.

mod constraints;
pub mod form;
mod native;
mod operation;
pub mod retype;
mod spell;
mod steps;

pub use operation::Operation;

use std::sync::Arc;

use crate::declared::Models;
use crate::finding::Finding;
use crate::schema::Schema;

/// What one step does to the data that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Every row stays as it is; it may fail where rows do not fit.
    Keeps,
    /// Data, or something that guards it, goes away.
    Destroys,
}

/// When a step is made, among the steps of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Schemas, extensions and types.
    Types,
    /// New tables.
    Tables,
    /// Columns.
    Columns,
    /// Keys, uniques and CHECKs.
    Constraints,
    /// Indexes.
    Indexes,
    /// Foreign keys, which lean on all of these.
    ForeignKeys,
    /// Names.
    Names,
}

/// Statements that answer one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The key of the finding.
    pub key: String,
    /// When.
    pub phase: Phase,
    /// What it does to data.
    pub effect: Effect,
    /// SQL, without the final semicolon.
    pub statements: Vec<String>,
    /// The same as one operation that languages of migrations have a word for, where it is one.
    pub operation: Option<Operation>,
    /// What to think of before it is applied.
    pub note: Option<&'static str>,
}

/// The steps of a migration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// In the order to run.
    pub steps: Vec<Step>,
    /// Findings that no step answers, by key.
    pub left: Vec<String>,
    /// What it does, where it answers no findings.
    pub about: Vec<String>,
}

impl Draft {
    /// Keys of the findings that are gone once the migration has run.
    pub fn answers(&self) -> impl Iterator<Item = &str> {
        let kept = self.steps.iter().filter(|step| step.effect == Effect::Keeps);
        kept.map(|step| step.key.as_str())
    }

    /// Leaves out the steps of a finding.
    pub fn refuse(&mut self, key: &str) {
        self.steps.retain(|step| step.key != key);
        if !self.left.iter().any(|left| left == key) {
            self.left.push(key.to_owned());
        }
    }
}

/// What answers the findings of one target: `held` is the database as it is, `wanted` the one that the models alone would make.
#[must_use]
pub fn draft(held: &Schema, wanted: &Schema, models: &[Arc<Models>], findings: &[&Finding]) -> Draft {
    let mut out = Draft::default();
    let maker = steps::Maker { held, wanted, models };
    for finding in findings {
        let steps = maker.answer(finding);
        if steps.is_empty() {
            out.left.push(finding.key.clone());
        }
        for step in steps {
            let known = |other: &Step| other.statements == step.statements;
            // Two findings that the same statement answers: it is said once, and both are gone.
            match out.steps.iter().position(known) {
                Some(at) => {
                    let empty = Step {
                        statements: Vec::new(),
                        operation: None,
                        ..step
                    };
                    out.steps.insert(at + 1, empty);
                }
                None => out.steps.push(step),
            }
        }
    }
    out.steps.sort_by_key(|step| step.phase);
    out
}
