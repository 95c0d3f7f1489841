//! The pipeline, one function over files and settings: the command line, the editor and every test call it.

mod around;
mod at;
mod back;
mod draft;
mod dumps;
mod ignores;
mod mend;
mod order;
mod replay;
mod run;
mod settle;
mod sift;
mod since;
mod trials;

use std::sync::Arc;

use crate::config::file::Flaw;
use crate::config::{Configuration, Misuse, Options};
use crate::declared::{Expectation, Model, Models};
pub use crate::discover::NotChecked;
use crate::discover::Target;
use crate::finding::Finding;
use crate::known::Gap;
use crate::rules::{self, Subject};
use crate::schema::Lookup;
use crate::source::Files;
use crate::suppress::baseline::Baseline;
pub use draft::{Drafted, Wanted};
pub use mend::{Mended, apply, mend};
use replay::finish;
pub use run::{Arrival, Replayed, Run, Runs, Sides, created, run};
pub use trials::is_of_programs;

/// What a run found, and how much of the input it could follow.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// In the order of path, offset and rule.
    pub findings: Vec<Finding>,
    /// What was followed and what was not.
    pub coverage: Coverage,
    /// What was compared with what.
    pub targets: Vec<TargetSummary>,
    /// What is left out of the findings.
    pub silenced: Silenced,
}

/// What is found and not told, because the repository says so.
#[derive(Debug, Clone, Default)]
pub struct Silenced {
    /// How many an ignore comment silences.
    pub ignored: usize,
    /// How many the baseline holds.
    pub known: usize,
    /// How many were there at an earlier state already.
    pub earlier: usize,
    /// The keys of all that would be told without a baseline.
    pub keys: Vec<String>,
    /// The baseline, with what was used of it.
    pub baseline: Option<Baseline>,
}

/// How much of the input was followed: silence must never be mistaken for health.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// Migrations run.
    pub migrations: usize,
    /// Statements read.
    pub statements: usize,
    /// Of those, not or not wholly understood.
    pub statements_opaque: usize,
    /// Models read.
    pub models: usize,
    /// Their stored fields.
    pub fields: usize,
    /// Of those, with a type that could not be told.
    pub fields_unknown: usize,
    /// What was asked for and not given, sorted.
    pub given_missing: Vec<String>,
    /// What was seen and not checked at all.
    pub not_checked: Vec<NotChecked>,
    /// Everything that could not be followed, by place.
    pub gaps: Vec<Gap>,
}

impl Coverage {
    /// How much of the statements and fields was followed, in per cent.
    #[must_use]
    pub fn per_cent(&self) -> f64 {
        let all = self.statements + self.fields;
        let unknown = self.statements_opaque + self.fields_unknown;
        match all {
            0 => 100.0,
            all => 100.0 * all.saturating_sub(unknown) as f64 / all as f64,
        }
    }
}

/// One database: what runs on it and which models use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSummary {
    /// Its name.
    pub name: String,
    /// `postgres`, ...
    pub dialect: String,
    /// Paths of its histories.
    pub histories: Vec<String>,
    /// Paths of its model sets.
    pub models: Vec<String>,
}

/// Reads the configuration files of a listing into the options, and takes out of the listing what they exclude. `above` names the
/// folders that lead to the listing's root.
///
/// # Errors
/// The flaws of the configuration files.
pub fn configure(files: &mut Files, options: &mut Options, above: Vec<String>) -> Result<(), Vec<Flaw>> {
    let names: Vec<&str> = rules::RULES.iter().map(|rule| rule.name).collect();
    let (configuration, flaws) = Configuration::read(files, above, &names);
    if !flaws.is_empty() {
        return Err(flaws);
    }
    files.hide(|path| configuration.excludes(path));
    options.configuration = configuration;
    Ok(())
}

/// Whether what is found of ways back is told: where it is asked for on the command line, or by a rule that is on.
#[must_use]
pub fn tells_ways_back(options: &Options) -> bool {
    back::are_told(options, Sides::Both)
}

/// Checks a repository.
///
/// # Errors
/// When the options or the baseline do not fit the files.
pub fn check(files: &Files, options: &Options) -> Result<Report, Misuse> {
    let runs = run(files, options, Sides::Both)?;
    let report = report(files, options, &runs);
    files.let_go(runs);
    report
}

/// The findings and the coverage of what was run.
///
/// # Errors
/// When the baseline cannot be read.
pub fn report(files: &Files, options: &Options, runs: &Runs) -> Result<Report, Misuse> {
    let mut subjects = subjects(files, runs);
    for (subject, run) in subjects.iter_mut().zip(&runs.runs) {
        let governing = options.configuration.governing(place(&run.target));
        subject.policy = governing.map(|(settings, _)| &settings.policy);
    }
    let settled = settle::settle(files, options, rules::run(&subjects))?;
    Ok(Report {
        findings: settled.findings,
        coverage: coverage(files, runs),
        targets: runs.runs.iter().map(|run| summary(&run.target)).collect(),
        silenced: settled.silenced,
    })
}

/// What was run, as rules and inventories take it: one for each target.
#[must_use]
pub fn subjects<'a>(files: &'a Files, runs: &'a Runs) -> Vec<Subject<'a>> {
    runs.runs.iter().map(|run| subject(files, run)).collect()
}

fn subject<'a>(files: &'a Files, run: &'a Run) -> Subject<'a> {
    Subject {
        files,
        target: &run.target.name,
        dialect: run.target.dialect.word(),
        outcome: run.replayed.outcome.as_ref(),
        arrivals: run
            .replayed
            .arrivals
            .iter()
            .map(|a| (a.ways.as_slice(), &a.outcome))
            .collect(),
        histories: run.replayed.histories.iter().collect(),
        models: run.models.iter().map(Arc::as_ref).collect(),
        dumps: &run.replayed.dumps,
        backs: run.replayed.backs.as_ref(),
        address: run.target.address.as_deref(),
        policy: None,
    }
}

/// The path by which a configuration file governs a target.
fn place(target: &Target) -> &str {
    let history = target.histories.first().map(|h| h.path.as_str());
    let models = target.models.first().map(|m| m.path.as_str());
    history.or(models).unwrap_or("")
}

fn summary(target: &Target) -> TargetSummary {
    TargetSummary {
        name: target.name.clone(),
        dialect: target.dialect.word().to_owned(),
        histories: target.histories.iter().map(|h| h.path.clone()).collect(),
        models: target.models.iter().map(|m| m.path.clone()).collect(),
    }
}

/// Why tables that are not there may be in schemas that are chosen when the program runs.
fn wandering(run: &Run) -> Vec<Gap> {
    let schema = run.replayed.outcome.as_ref().map(|outcome| &outcome.schema);
    let absent = |model: &Model| match (&model.table, schema) {
        (Some(Expectation::Exactly(name)), Some(schema)) => {
            matches!(schema.table_named(name), Lookup::Absent)
        }
        _ => false,
    };
    let of_set = |set: &Arc<Models>| -> Vec<Gap> {
        let absent = set.models.iter().filter(|model| absent(model));
        absent
            .filter_map(|model| set.wandering.get(&model.name).cloned())
            .collect()
    };
    run.models.iter().flat_map(of_set).collect()
}

fn coverage(files: &Files, runs: &Runs) -> Coverage {
    let mut out = Coverage {
        not_checked: runs.not_checked.clone(),
        ..Coverage::default()
    };
    for outcome in runs.runs.iter().filter_map(|r| r.replayed.outcome.as_ref()) {
        out.migrations += outcome.statistics.migrations;
        out.statements += outcome.statistics.statements;
        out.statements_opaque += outcome.statistics.opaque;
        out.given_missing.extend(outcome.given_missing.iter().cloned());
        out.gaps.extend(outcome.gaps.iter().cloned());
    }
    for models in runs.runs.iter().flat_map(|r| &r.models) {
        let fields = || models.models.iter().flat_map(|m| &m.fields);
        out.models += models.models.len();
        out.fields += fields().count();
        out.fields_unknown += fields()
            .filter(|f| matches!(f.ty, Expectation::Unknown(_)))
            .count();
        out.gaps.extend(models.gaps.iter().cloned());
        out.gaps.extend(models.perhaps.iter().map(|(_, gap)| gap.clone()));
        let open = models.models.iter().flat_map(|model| &model.open);
        out.gaps.extend(open.map(|(_, gap)| gap.clone()));
        out.gaps
            .extend(models.models.iter().filter_map(|model| model.elsewhere.clone()));
    }
    out.gaps.extend(runs.runs.iter().flat_map(wandering));
    out.gaps.extend(around::made_around(files, runs));
    out.given_missing.sort();
    out.given_missing.dedup();
    out.gaps.sort();
    out.gaps.dedup();
    out
}
