//! Runs histories on a simulated database. Where results outlive a run, from the last state on the way that still holds.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::at::Last;
use crate::config::Given;
use crate::discover::Target;
use crate::known::{Gap, Reach};
use crate::session::elsewhere::Presumed;
use crate::session::{Migration, Outcome, Session};
use crate::source::Files;
use crate::sql;
use crate::stacks::back::{Rehearsed, down};
use crate::stacks::{Forgets, History, Runner, is_kept};

/// Migrations that are parsed at once, before the first of them runs.
const BATCH: usize = 64;
/// A longer text is parsed while it runs, statement by statement, so that memory stays bounded.
const LONG: usize = 1 << 20;

/// What is done to a database, in order.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    /// A migration that is text.
    Run {
        /// What the runner makes its connection forget before it.
        forgets: Forgets,
        migration: Migration,
    },
    /// A migration that cannot be read.
    Skip(Gap),
    /// The history of this index is a program, run up to and with the migration of that index.
    Program(usize, Option<usize>),
}

/// States on the way, after so many steps.
type States = Vec<(usize, Session)>;

/// The way of the last run, with states on it.
#[derive(Default)]
struct Way(Mutex<(Vec<Step>, States)>);

/// Runs a history on a new database, and the way back of each migration on what it has made.
pub(super) fn replay_with_backs(
    files: &Files,
    target: &Target,
    history: &History,
    rehearsed: &mut Rehearsed,
) -> Outcome {
    let histories = std::slice::from_ref(history);
    let steps = steps(files, target, histories, None);
    let rehearsed = Some(rehearsed);
    finish(run(
        (files, target, histories, &steps),
        new_session(target),
        0,
        rehearsed,
        &mut |_, _| {},
    ))
}

fn new_session(target: &Target) -> Session {
    let mut session = Session::new(&target.given);
    session.assume_mended();
    session
}

/// Runs histories on one new database, up to a migration where one is named.
pub(super) fn replay(files: &Files, target: &Target, histories: &[History], at: Option<&str>) -> Outcome {
    let steps = steps(files, target, histories, at);
    let new = || new_session(target);
    let runs = |session: Session, from: usize, kept: &mut dyn FnMut(usize, &Session)| {
        run((files, target, histories, &steps), session, from, None, kept)
    };
    let Some(way) = files.standing::<Way>(&format!("{} {:?}", target.name, target.given)) else {
        return finish(runs(new(), 0, &mut |_, _| {}));
    };
    let mut way = way.0.lock().unwrap_or_else(PoisonError::into_inner);
    let (before, states) = std::mem::take(&mut *way);
    // A program may ask for more than its text.
    let same = |(a, b): &(&Step, &Step)| a == b && !matches!(a, Step::Program(..));
    let common = steps.iter().zip(&before).take_while(same).count();
    let mut states: States = states
        .into_iter()
        .filter(|(done, _)| *done <= common && (*done == common || is_kept(*done, steps.len())))
        .collect();
    let (from, session) = states.last().cloned().unwrap_or_else(|| (0, new()));
    let session = runs(session, from, &mut |done, session| {
        if done > from && (done == common || is_kept(done, steps.len())) {
            states.push((done, session.clone()));
        }
    });
    *way = (steps, states);
    drop(way);
    finish(session)
}

/// Runs on what the histories of a target have made those migrations that `history`, read from `files`, has besides those of the last
/// of them; `before` are the files without them. `None` where that cannot be told from what they have made.
pub(super) fn go_on(
    (before, last, outcome): (&Files, &History, &Outcome),
    (files, history): (&Files, &History),
    target: &Target,
) -> Option<Outcome> {
    let from = last.migrations.len();
    let alike =
        history.migrations.get(..from) == Some(last.migrations.as_slice()) && history.gaps == last.gaps;
    if !alike {
        return None;
    }
    let given = led(&target.given, &outcome.presumed_path);
    let mut session = Session::resumed(outcome, &given);
    if let Some(program) = &history.program {
        session = program.go_on(session, from, before, files, &given)?;
    } else {
        let runner = target.histories.last().map(|history| history.runner);
        let forgets = runner.map_or(Forgets::Nothing, Runner::forgets);
        for migration in history.migrations.iter().skip(from) {
            forgets.apply(&mut session);
            session.run(migration);
        }
    }
    Some(Outcome {
        presumed_path: outcome.presumed_path.clone(),
        ..finish(session)
    })
}

/// What is given, with a search path that leads to schemas besides.
pub(super) fn led(given: &Given, presumed: &[Presumed]) -> Given {
    let mut given = given.clone();
    given
        .search_path
        .extend(presumed.iter().map(|p| p.schema.clone()));
    given
}

/// The outcome, names being looked up as on a new connection.
pub(super) fn finish(mut session: Session) -> Outcome {
    session.reconnect();
    session.finish()
}

/// What is to be done, up to a migration where one is named.
fn steps(files: &Files, target: &Target, histories: &[History], at: Option<&str>) -> Vec<Step> {
    let last = at.map(|at| super::at::place(files, histories, at).unwrap_or(Last::None));
    let mut out = Vec::new();
    for (h, history) in histories.iter().enumerate() {
        let mut gaps = history.gaps.iter().peekable();
        let skip = |(_, gap): &(usize, Gap)| Step::Skip(qualified(gap, target));
        if history.program.is_some() {
            let end = match last {
                Some(Last::None) => return out,
                Some(Last::Of(until, _)) if until < h => return out,
                Some(Last::Of(until, m)) if until == h => Some(m),
                _ => None,
            };
            out.extend(gaps.map(skip));
            out.push(Step::Program(h, end));
            continue;
        }
        let runner = target.histories.get(h).map(|history| history.runner);
        let forgets = runner.map_or(Forgets::Nothing, Runner::forgets);
        for (m, migration) in history.migrations.iter().enumerate() {
            if last.is_some_and(|last| Last::Of(h, m) > last) {
                return out;
            }
            while let Some(gap) = gaps.next_if(|(at, _)| *at <= m) {
                out.push(skip(gap));
            }
            out.push(Step::Run {
                forgets,
                migration: migration.clone(),
            });
        }
        out.extend(gaps.map(skip));
    }
    out
}

/// Does the steps from one on; `kept` sees the state before each. Ways back are rehearsed of one history alone.
fn run(
    (files, target, histories, steps): (&Files, &Target, &[History], &[Step]),
    mut session: Session,
    from: usize,
    mut rehearsed: Option<&mut Rehearsed>,
    kept: &mut dyn FnMut(usize, &Session),
) -> Session {
    let rest = steps.get(from..).unwrap_or_default();
    let mut done = from;
    for batch in rest.chunks(BATCH) {
        let reads: Vec<_> = batch.par_iter().map(read_ahead).collect();
        for (step, reads) in batch.iter().zip(reads) {
            kept(done, &session);
            done += 1;
            match step {
                Step::Skip(gap) => session.skip(gap.clone()),
                Step::Program(history, end) => {
                    if let Some(program) = histories.get(*history).and_then(|h| h.program.as_ref()) {
                        session = match &mut rehearsed {
                            Some(backs) => program.run_with_backs(session, files, &target.given, backs),
                            None => program.run(session, files, &target.given, *end),
                        };
                    }
                }
                Step::Run { forgets, migration } => {
                    forgets.apply(&mut session);
                    let before = rehearsed.as_ref().map(|_| session.database().schema().clone());
                    let failed = session.missteps().len();
                    match reads {
                        Some(reads) => session.run_parsed(migration, reads),
                        None => session.run(migration),
                    }
                    if let (Some(backs), Some(before), [history]) = (&mut rehearsed, before, histories)
                        && session.missteps().len() == failed
                    {
                        let down = down(files, history, migration);
                        backs.add(files, &mut session, before, migration, &down);
                    }
                }
            }
        }
    }
    session
}

/// The statements of a migration; `None` where its text is long.
fn read_ahead(step: &Step) -> Option<Vec<sql::Read>> {
    match step {
        Step::Run { migration, .. } if migration.text.as_str().len() < LONG => {
            Some(sql::read(&migration.text))
        }
        _ => None,
    }
}

/// An object that a gap names without a schema is where the search path leads.
pub(super) fn qualified(gap: &Gap, target: &Target) -> Gap {
    let path = target.given.search_path.iter().find(|s| s.as_str() != "$user");
    match (&gap.reach, path) {
        (Reach::Object(name), Some(schema)) if !name.contains('.') => {
            gap.reaching(Reach::Object(format!("{schema}.{name}")))
        }
        _ => gap.clone(),
    }
}
