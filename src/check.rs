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
mod settle;
mod since;

use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::config::file::Flaw;
use crate::config::{Configuration, Misuse, Options};
use crate::declared::{Expectation, Model, Models};
pub use crate::discover::NotChecked;
use crate::discover::{self, Found, ModelSource, Target};
use crate::finding::Finding;
use crate::known::Gap;
use crate::name::Name;
use crate::rules::{self, Backs, Dumped, Subject};
use crate::schema::Lookup;
use crate::session::{Outcome, Session};
use crate::source::Files;
use crate::stacks::History;
use crate::stacks::back::Rehearsed;
use crate::stacks::declared_schema::{self, Created};
use crate::suppress::baseline::Baseline;
pub use draft::{Drafted, Wanted};
pub use mend::{Mended, apply, mend};
use replay::{replay, replay_with_backs};

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

/// A target with what its files gave.
#[derive(Debug)]
pub struct Run {
    /// The target.
    pub target: Target,
    /// Its histories as read.
    pub histories: Vec<History>,
    /// What they gave; `None` where it has none.
    pub outcome: Option<Outcome>,
    /// What other ways of arriving gave.
    pub arrivals: Vec<Arrival>,
    /// Dumps of the schema beside its history.
    pub dumps: Vec<Dumped>,
    /// What came of its migrations' ways back, where that is asked for.
    pub backs: Option<Backs>,
    /// Its models.
    pub models: Vec<Models>,
}

/// Ways of arriving at the newest migration that all give the same schema.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Their names.
    pub ways: Vec<String>,
    /// What they gave.
    pub outcome: Outcome,
}

/// All targets of a repository.
#[derive(Debug, Default)]
pub struct Runs {
    /// By name.
    pub runs: Vec<Run>,
    /// What is not checked, sorted.
    pub not_checked: Vec<NotChecked>,
}

/// Which sides of a target are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sides {
    /// Histories and models.
    Both,
    /// Histories alone.
    Histories,
    /// Models alone.
    Models,
}

/// Finds the targets and reads and replays their sides.
///
/// # Errors
/// When the options do not fit the files.
pub fn run(files: &Files, options: &Options, sides: Sides) -> Result<Runs, Misuse> {
    // What is set by the options is the same in every run that may take a result over.
    let found = files.remember("histories", |files| discover::histories(files, options));
    let Found {
        targets,
        mut not_checked,
    } = Arc::unwrap_or_clone(found)?;
    if options.database.is_some() && targets.len() > 1 {
        let names: Vec<&str> = targets.iter().map(|t| t.name.as_str()).collect();
        return Err(Misuse {
            what: "there are several targets, and a dump is of one database".to_owned(),
            help: format!("name one with --target NAME: {}", names.join(", ")),
        });
    }
    let mut runs = run_targets(files, targets, options, sides);
    if let Some(at) = options.at.as_deref().filter(|_| sides != Sides::Models) {
        keep_those_with(files, at, &mut runs, &mut not_checked)?;
    }
    Ok(Runs { runs, not_checked })
}

/// Keeps the targets whose histories have a migration; that others have none is said.
fn keep_those_with(
    files: &Files,
    at: &str,
    runs: &mut Vec<Run>,
    not_checked: &mut Vec<NotChecked>,
) -> Result<(), Misuse> {
    let has = |run: &Run| at::place(files, &run.histories, at).is_some();
    if !runs.is_empty() && !runs.iter().any(has) {
        let histories = runs.iter().flat_map(|run| &run.histories);
        return Err(at::missing(files, histories, at));
    }
    let without = runs.iter().filter(|run| !has(run));
    not_checked.extend(without.map(|run| NotChecked {
        what: run.target.name.clone(),
        why: format!("it has no migration {at}"),
    }));
    runs.retain(has);
    Ok(())
}

/// Looks for models and reads them, and replays histories, side by side.
fn run_targets(files: &Files, targets: Vec<Target>, options: &Options, sides: Sides) -> Vec<Run> {
    discover::read_histories_ahead(files, &targets);
    let (models, replayed) = rayon::join(
        || match sides {
            Sides::Both | Sides::Models => models(files, &targets),
            Sides::Histories => targets.iter().map(|_| (Vec::new(), Vec::new())).collect(),
        },
        || {
            let replayed = targets.par_iter().map(|target| match sides {
                Sides::Both | Sides::Histories => Replayed::of(files, target, options, sides),
                Sides::Models => Replayed::default(),
            });
            replayed.collect::<Vec<_>>()
        },
    );
    targets
        .into_iter()
        .zip(models)
        .zip(replayed)
        .map(|((target, (sources, models)), replayed)| Run {
            target: Target {
                models: sources,
                ..target
            },
            histories: replayed.histories,
            outcome: replayed.outcome,
            arrivals: replayed.arrivals,
            dumps: replayed.dumps,
            backs: replayed.backs,
            models,
        })
        .collect()
}

/// The models of each target, and where they are. Targets that share model files come one after the other, since these are read but
/// once.
fn models(files: &Files, targets: &[Target]) -> Vec<(Vec<ModelSource>, Vec<Models>)> {
    let mut targets = targets.to_vec();
    // Most likely the models are where they were.
    let last = files.standing::<Mutex<Vec<ModelSource>>>("models");
    let before = last.as_ref().map_or_else(Vec::new, |last| {
        last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    });
    rayon::join(
        || discover::with_models(files, &mut targets),
        || {
            before
                .par_iter()
                .for_each(|source| drop(read_models(files, source)))
        },
    );
    let all = targets.iter().flat_map(|target| &target.models);
    all.clone().for_each(|models| models.read_ahead(files));
    if let Some(last) = last {
        *last.lock().unwrap_or_else(PoisonError::into_inner) = all.cloned().collect();
    }
    let mut sharing: Vec<Vec<usize>> = Vec::new();
    let set = |at: usize| targets[at].models.iter().map(|m| (m.stack, &m.files));
    for at in 0..targets.len() {
        match sharing.iter_mut().find(|group| set(group[0]).eq(set(at))) {
            Some(group) => group.push(at),
            None => sharing.push(vec![at]),
        }
    }
    let of = |at: &usize| {
        let read = |m: &ModelSource| Arc::unwrap_or_clone(read_models(files, m));
        (*at, targets[*at].models.iter().map(read).collect())
    };
    let read = sharing
        .par_iter()
        .flat_map_iter(|group| group.iter().map(of).collect::<Vec<_>>());
    let mut read: Vec<(usize, Vec<Models>)> = read.collect();
    read.sort_by_key(|(at, _)| *at);
    let sources = targets.into_iter().map(|target| target.models);
    sources.zip(read.into_iter().map(|(_, models)| models)).collect()
}

fn read_models(files: &Files, source: &ModelSource) -> Arc<Models> {
    let ModelSource {
        stack, path, history, ..
    } = source;
    let key = format!("{stack} {path} {:?} {history:?}", source.files);
    files.remember(&key, |files| source.read(files))
}

/// What the histories of a target gave.
#[derive(Debug, Clone, Default)]
struct Replayed {
    histories: Vec<History>,
    outcome: Option<Outcome>,
    arrivals: Vec<Arrival>,
    dumps: Vec<Dumped>,
    backs: Option<Backs>,
}

impl Replayed {
    fn of(files: &Files, target: &Target, options: &Options, sides: Sides) -> Self {
        let histories: Vec<_> = target
            .histories
            .iter()
            .map(|h| (h.runner.name, &h.path))
            .collect();
        let key = format!(
            "{} {histories:?} {:?} {:?} {:?} {:?} {sides:?}",
            target.name,
            target.given,
            options.at,
            options.database,
            (back::are_wanted(options, sides), back::are_told(options, sides))
        );
        let replayed = files.remember(&key, |files| replayed(files, target, options, sides));
        Arc::unwrap_or_clone(replayed)
    }
}

fn replayed(files: &Files, target: &Target, options: &Options, sides: Sides) -> Replayed {
    let of_dump = options
        .database
        .as_deref()
        .map(|path| with_database(target, path));
    let target = of_dump.as_ref().unwrap_or(target);
    let histories: Vec<History> = target
        .histories
        .iter()
        .map(|h| h.read(files, &target.given))
        .collect();
    let at = options.at.as_deref();
    let is_now = at.is_none() && options.database.is_none();
    // Several histories on one database are not taken back one by one.
    let backed = (histories.as_slice(), is_now && back::are_wanted(options, sides));
    let (outcome, backs) = match backed {
        ([], _) => (None, None),
        ([history], true) => {
            let mut backs = Rehearsed::new(back::are_told(options, sides));
            let outcome = replay_with_backs(files, target, history, &mut backs);
            (Some(outcome), Some(backs))
        }
        _ => (Some(replay(files, target, &histories, at)), None),
    };
    let backs = backs.zip(outcome.as_ref()).map(|(backs, outcome)| Backs {
        list: backs.list,
        journal: outcome.journal.clone(),
    });
    let outcome = outcome.map(|outcome| led_elsewhere(files, target, &histories, at, outcome));
    let whole = sides == Sides::Both && is_now;
    let mut out = Replayed {
        outcome,
        ..Replayed::default()
    };
    if whole {
        (out.arrivals, out.dumps) = rayon::join(
            || arrivals(files, target, &histories),
            || dumps::dumps(files, target, &histories),
        );
    }
    out.backs = backs;
    out.histories = histories;
    out
}

/// Whether what is found of ways back is told: where it is asked for on the command line, or by a rule that is on.
#[must_use]
pub fn tells_ways_back(options: &Options) -> bool {
    back::are_told(options, Sides::Both)
}

/// The target with a dump in the place of its histories.
fn with_database(target: &Target, path: &str) -> Target {
    Target {
        histories: vec![discover::HistorySource {
            runner: &crate::stacks::SQL_FOLDER,
            path: path.to_owned(),
        }],
        ..target.clone()
    }
}

/// What other ways of arriving give; those that give the same are one.
fn arrivals(files: &Files, target: &Target, histories: &[History]) -> Vec<Arrival> {
    let [history] = histories else { return Vec::new() };
    let Some(program) = &history.program else {
        return Vec::new();
    };
    let outcomes: Vec<(String, Outcome)> = program
        .other_ways(files, &target.given)
        .into_par_iter()
        .map(|(way, given)| {
            let mut session = Session::new(&given);
            session.assume_mended();
            (way, finish(program.run(session, files, &given, None)))
        })
        .collect();
    let mut out: Vec<(String, Arrival)> = Vec::new();
    for (way, outcome) in outcomes {
        let printed = crate::schema::document::text(&outcome.schema);
        match out.iter_mut().find(|(known, _)| *known == printed) {
            Some((_, arrival)) => arrival.ways.push(way),
            None => out.push((
                printed,
                Arrival {
                    ways: vec![way],
                    outcome,
                },
            )),
        }
    }
    out.into_iter().map(|(_, arrival)| arrival).collect()
}

/// The outcome with a search path that leads where names without a schema are found, if with it less fails: a history is taken to
/// have been run.
fn led_elsewhere(
    files: &Files,
    target: &Target,
    histories: &[History],
    at: Option<&str>,
    outcome: Outcome,
) -> Outcome {
    let presumed = outcome.elsewhere(&target.given);
    if presumed.is_empty() {
        return outcome;
    }
    let mut led = target.clone();
    let path = &mut led.given.search_path;
    path.extend(presumed.iter().map(|p| p.schema.clone()));
    let said: Vec<&str> = path.iter().map(Name::as_str).collect();
    let missing = format!("search_path={}", said.join(","));
    let mut other = replay(files, &led, histories, at);
    if other.missteps.len() >= outcome.missteps.len() {
        return outcome;
    }
    other.given_missing.push(missing);
    other.presumed_path = presumed;
    other
}

/// The outcome, names being looked up as on a new connection.
fn finish(mut session: Session) -> Outcome {
    session.reconnect();
    session.finish()
}

/// The database that the models of a target alone would make.
#[must_use]
pub fn created(run: &Run) -> Created {
    let mut all = Models::default();
    for models in &run.models {
        all.models.extend(models.models.iter().cloned());
        all.enums.extend(models.enums.iter().cloned());
        all.extensions.extend(models.extensions.iter().cloned());
        all.gaps.extend(models.gaps.iter().cloned());
    }
    declared_schema::create(&all, &run.target.given)
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
        outcome: run.outcome.as_ref(),
        arrivals: run
            .arrivals
            .iter()
            .map(|a| (a.ways.as_slice(), &a.outcome))
            .collect(),
        histories: run.histories.iter().collect(),
        models: run.models.iter().collect(),
        dumps: &run.dumps,
        backs: run.backs.as_ref(),
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
    let schema = run.outcome.as_ref().map(|outcome| &outcome.schema);
    let absent = |model: &Model| match (&model.table, schema) {
        (Some(Expectation::Exactly(name)), Some(schema)) => {
            matches!(schema.table_named(name), Lookup::Absent)
        }
        _ => false,
    };
    let of_set = |set: &Models| -> Vec<Gap> {
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
    for outcome in runs.runs.iter().filter_map(|r| r.outcome.as_ref()) {
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
