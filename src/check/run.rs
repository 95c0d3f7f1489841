//! What the targets of a repository are, with what their files give: histories replayed and models read, side by side. Where results
//! outlive a run, what rests on nothing that changed is shared with the run before.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::replay::{finish, led, replay, replay_with_backs};
use super::{NotChecked, at, back, dumps};
use crate::config::{Misuse, Options};
use crate::declared::Models;
use crate::discover::{self, Found, ModelSource, Target};
use crate::name::Name;
use crate::rules::{Backs, Dumped};
use crate::session::{Outcome, Session};
use crate::source::Files;
use crate::stacks::History;
use crate::stacks::back::Rehearsed;
use crate::stacks::declared_schema::{self, Created};

/// A target with what its files gave.
#[derive(Debug, Clone)]
pub struct Run {
    /// The target.
    pub target: Target,
    /// What its histories gave.
    pub replayed: Arc<Replayed>,
    /// Its models.
    pub models: Vec<Arc<Models>>,
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
    if sides == Sides::Both {
        let unled = discover::unled_models(files, options, runs.iter().map(|run| &run.target));
        not_checked.extend(unled);
    }
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
    let has = |run: &Run| at::place(files, &run.replayed.histories, at).is_some();
    if !runs.is_empty() && !runs.iter().any(has) {
        let histories = runs.iter().flat_map(|run| &run.replayed.histories);
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
                Sides::Models => Arc::default(),
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
            replayed,
            models,
        })
        .collect()
}

/// The models of each target, and where they are. Targets that share model files come one after the other, since these are read but
/// once.
fn models(files: &Files, targets: &[Target]) -> Vec<(Vec<ModelSource>, Vec<Arc<Models>>)> {
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
        let read = |m: &ModelSource| read_models(files, m);
        (*at, targets[*at].models.iter().map(read).collect())
    };
    let read = sharing
        .par_iter()
        .flat_map_iter(|group| group.iter().map(of).collect::<Vec<_>>());
    let mut read: Vec<(usize, Vec<Arc<Models>>)> = read.collect();
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
pub struct Replayed {
    /// They, as read.
    pub histories: Vec<History>,
    /// What they gave; `None` where there are none.
    pub outcome: Option<Outcome>,
    /// What other ways of arriving gave.
    pub arrivals: Vec<Arrival>,
    /// Dumps of the schema beside its history.
    pub dumps: Vec<Dumped>,
    /// What came of its migrations' ways back, where that is asked for.
    pub backs: Option<Backs>,
}

impl Replayed {
    fn of(files: &Files, target: &Target, options: &Options, sides: Sides) -> Arc<Self> {
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
        files.remember(&key, |files| replayed(files, target, options, sides))
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
    let led = Target {
        given: led(&target.given, &presumed),
        ..target.clone()
    };
    let said: Vec<&str> = led.given.search_path.iter().map(Name::as_str).collect();
    let missing = format!("search_path={}", said.join(","));
    let mut other = replay(files, &led, histories, at);
    if other.missteps.len() >= outcome.missteps.len() {
        return outcome;
    }
    other.given_missing.push(missing);
    other.presumed_path = presumed;
    other
}

/// The database that the models of a target alone would make.
#[must_use]
pub fn created(run: &Run) -> Created {
    let mut all = Models::default();
    for models in &run.models {
        let (made, enums) = models.made();
        all.models.extend(made.iter().cloned());
        all.enums.extend(enums.iter().cloned());
        all.extensions.extend(models.extensions.iter().cloned());
        all.gaps.extend(models.gaps.iter().cloned());
    }
    declared_schema::create(&all, &run.target.given)
}
