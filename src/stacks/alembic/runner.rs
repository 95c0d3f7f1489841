//! Runs the revisions of a tree as `alembic upgrade heads` does on a new database.
//!
//! Source: `MigrationContext.run_migrations`: one transaction for the whole run unless `transaction_per_migration` is set, one
//! `UPDATE alembic_version` after each revision.

use super::environment::{self, Invocation};
use super::handed::{Surrounding, handed};
use super::header::Revision;
use super::history::Revisions;
use super::library::{self, Alembic, Python};
use super::metadata;
use super::standing::{self, Standing, State};
use super::surroundings::{Surroundings, heard, makings, stands_alone};
use crate::change::{Failure, SWALLOWED};
use crate::config::Given;
use crate::interpret::python::{Args, Held, Machine, Modules, Run, Stop, Value};
use crate::known::{Gap, Reach};
use crate::schema::Schema;
use crate::schema::compare::{Without, compare};
use crate::session::Session;
use crate::source::{FileId, Files, Span};
use crate::stacks::back::{self, Back, Rehearsed};

/// Which function of a revision runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

impl Way {
    fn function(self) -> &'static str {
        match self {
            Way::Up => "upgrade",
            Way::Down => "downgrade",
        }
    }
}

/// What a revision's function raised by itself, in words, and where.
type Raised = Option<(Span, String)>;

/// Runs all revisions, or those up to the one with an index; where ways back are asked for, the way back of each after it.
pub fn run(
    revisions: &Revisions,
    session: Session,
    files: &Files,
    given: &Given,
    last: Option<usize>,
    backs: Option<&mut Rehearsed>,
) -> Session {
    let keeps = session.is_new() && last.is_none() && backs.is_none();
    let end = last.map_or(revisions.run.len(), |last| last + 1);
    run_to(revisions, session, (files, given), end, keeps, backs)
}

/// Runs all revisions to see what comes of them: no state is kept, for they may not be all that a history has.
pub fn try_out(revisions: &Revisions, session: Session, files: &Files, given: &Given) -> Session {
    run_to(
        revisions,
        session,
        (files, given),
        revisions.run.len(),
        false,
        None,
    )
}

/// Runs the revisions before one with an index; `keeps`: states are kept to go on from, and gone on from.
fn run_to(
    revisions: &Revisions,
    session: Session,
    (files, given): (&Files, &Given),
    end: usize,
    keeps: bool,
    backs: Option<&mut Rehearsed>,
) -> Session {
    let modules = Modules::new(files, &revisions.tree.roots());
    let library = Alembic::new(session, revisions.tree.clone(), given.clone());
    let mut machine = Machine::new(&modules, library);
    let Some(begun) = begin(&mut machine, revisions, &revisions.run, files) else {
        return ended(machine, files, Vec::new());
    };
    let mut course = Course {
        revisions: revisions.run.get(..end).unwrap_or(&revisions.run),
        args: begun.args,
        per_migration: begun.per_migration,
        backs,
    };
    let standing = files.standing::<Standing>(&format!("{} {given:?}", revisions.tree.folder));
    let standing = standing.as_ref().filter(|_| keeps).zip(begun.surroundings);
    let mut standing =
        standing.and_then(|(standing, surroundings)| standing.begin(files, &surroundings, &revisions.run));
    course.run(&mut machine, standing.as_mut());
    ended(machine, files, begun.gaps)
}

/// Runs the revisions from one on, on what those before them have made, where they stand alone.
pub fn go_on(
    revisions: &Revisions,
    session: Session,
    from: usize,
    before: &Files,
    files: &Files,
    given: &Given,
) -> Option<Session> {
    let modules = Modules::new(files, &revisions.tree.roots());
    let rest = revisions.run.get(from..)?;
    if !rest
        .iter()
        .all(|revision| stands_alone(files, &modules, revision))
    {
        return None;
    }
    let library = Alembic::new(session, revisions.tree.clone(), given.clone());
    let mut machine = Machine::new(&modules, library);
    let begun = begin(&mut machine, revisions, rest, before)?;
    let mut course = Course {
        revisions: rest,
        args: begun.args,
        per_migration: begun.per_migration,
        backs: None,
    };
    course.run(&mut machine, None);
    Some(ended(machine, files, begun.gaps))
}

/// What `env.py` leaves to the revisions that it runs.
struct Begun<'a> {
    /// What each `upgrade` is called with.
    args: Args<'a>,
    per_migration: bool,
    /// What could not be followed of it.
    gaps: Vec<Gap>,
    /// All of it, where it need not run for them.
    surroundings: Option<Surroundings>,
}

/// Runs `env.py`, or takes what it leaves behind from a run of it alone, where that is all that the revisions can see of it. `None`
/// where it runs none. `known` are files of which that run may have been made already.
fn begin<'a>(
    machine: &mut Python<'a>,
    revisions: &Revisions,
    run: &[Revision],
    known: &Files,
) -> Option<Begun<'a>> {
    let modules = machine.modules();
    let files = modules.files();
    let given = machine.library.given.clone();
    let environment = revisions.tree.environment(files);
    let fallback = place_of(run);
    if let Some(file) = environment {
        machine.library.session.begin_environment(files.path(file));
    }
    // Asked first: whether it may need not run is known only once it has run alone.
    if run.iter().all(|revision| stands_alone(files, modules, revision))
        && let Some((surroundings, gaps)) = surroundings(known, revisions, &given)
    {
        machine.library.session.end_program(true, fallback);
        machine
            .library
            .take_naming(surroundings.naming(), Vec::new(), Vec::new());
        return Some(Begun {
            args: Args::default(),
            per_migration: surroundings.per_migration,
            gaps,
            surroundings: Some(surroundings),
        });
    }
    let invocations = environment::run(machine, environment, fallback);
    machine.library.session.end_program(true, fallback);
    let named = |invocation: &&Invocation<'_>| {
        let mut words = invocation
            .args
            .keywords
            .iter()
            .filter_map(|(_, a)| a.value.as_str());
        given
            .database
            .as_deref()
            .is_some_and(|name| words.any(|word| word == name))
    };
    let invocation = invocations.iter().find(named).or(invocations.first())?;
    machine.library.context = invocation.context.clone();
    let naming = metadata::naming(machine, &invocation.context, invocation.span);
    let heard = heard(machine);
    let makings = makings(machine);
    machine.library.take_naming(naming, heard, makings);
    Some(Begun {
        args: invocation.args.clone(),
        per_migration: invocation.is_set("transaction_per_migration"),
        gaps: Vec::new(),
        surroundings: None,
    })
}

/// What `env.py` leaves to revisions that stand alone, and what could not be followed of it. It is run for what it hands over without
/// anything that is given.
fn surroundings(files: &Files, revisions: &Revisions, given: &Given) -> Option<Surrounding> {
    if given.database.is_some() || !given.settings.is_empty() {
        return None;
    }
    handed(files, &revisions.tree).surroundings.clone()
}

/// Where the first of some revisions stands.
fn place_of(revisions: &[Revision]) -> Span {
    let file = revisions.first().map_or(FileId(0), |first| first.file);
    Span::new(file, 0, 0)
}

/// The session of a machine that has run, which takes up what could not be followed.
fn ended(mut machine: Python<'_>, files: &Files, mut gaps: Vec<Gap>) -> Session {
    gaps.extend(machine.gaps().iter().cloned());
    let session = Session::new(&Given::default());
    let mut session = std::mem::replace(&mut machine.library.session, session);
    files.let_go(machine);
    for gap in gaps {
        session.note_gap(&gap);
    }
    session
}

/// A run of revisions.
struct Course<'r, 'a> {
    revisions: &'r [Revision],
    /// What each `upgrade` is called with.
    args: Args<'a>,
    per_migration: bool,
    backs: Option<&'r mut Rehearsed>,
}

impl<'a> Course<'_, 'a> {
    /// Runs them, from the last state that still holds, where states outlive the run.
    fn run(&mut self, machine: &mut Python<'a>, mut standing: Option<&mut standing::Course<'_>>) {
        let count = self.revisions.len();
        let from = standing.as_ref().and_then(|standing| standing.last());
        let mut done = 0;
        if let Some(state) = from {
            done = state.done;
            machine.library.session = state.session;
            *machine.library.enums() = state.enums;
            state.gaps.iter().for_each(|gap| machine.note(gap));
        }
        for (at, revision) in self.revisions.iter().enumerate().skip(done) {
            self.one(machine, revision, self.per_migration || at + 1 == count);
            if let Some(standing) = &mut standing {
                // What a revision does to a library is not in a state.
                standing.keep(at + 1, || {
                    let plain = !machine.alters_libraries() && !machine.library.has_operations();
                    plain.then(|| State {
                        done: at + 1,
                        session: machine.library.session.clone(),
                        enums: machine.library.enums().clone(),
                        gaps: machine.gaps().to_vec(),
                    })
                });
            }
        }
    }

    /// Runs one of them, notes it where it leaves all as it is and is not to, and runs its way back where that is asked for.
    fn one(&mut self, machine: &mut Python<'a>, revision: &Revision, commit: bool) {
        let is_watched = revision.alters_columns.is_some() || self.backs.is_some();
        let before = is_watched.then(|| machine.library.session.database().schema().clone());
        let failed = machine.library.session.missteps().len();
        let raised = one(machine, revision, &self.args, commit, Way::Up);
        let session = &mut machine.library.session;
        let Some(before) = before.filter(|_| session.missteps().len() == failed) else {
            return;
        };
        if let Some(place) = revision.alters_columns {
            let after = session.database().schema();
            if compare(&before, after, &Without::default()).is_equal() == Some(true) {
                session.note_idle(place);
            }
        }
        if let Some(backs) = self.backs.as_mut().filter(|_| raised.is_none()) {
            let back = back(machine, revision, &self.args, before, backs.again);
            backs.list.push(back);
        }
    }
}

/// Runs the way back of a revision that has just run, and the revision once more; all is then as if it had not run.
fn back<'a>(
    machine: &mut Python<'a>,
    revision: &Revision,
    args: &Args<'a>,
    before: Schema,
    again: bool,
) -> Back {
    let files = machine.modules().files();
    let text = files.text(revision.file);
    let place = back::word(files, revision.file, &["def downgrade"]);
    let between = machine.library.session.database().schema().clone();
    let way = if text.contains("downgrade") {
        back::of_program(machine, again, |machine, back| {
            let way = if back { Way::Down } else { Way::Up };
            one(machine, revision, args, true, way)
        })
    } else {
        back::Way::None
    };
    Back {
        migration: revision.id.0.to_string(),
        place,
        before,
        between,
        way,
    }
}

impl<'a> back::Course for Python<'a> {
    type Held = Held<'a, library::State<'a>>;

    fn session(&mut self) -> &mut Session {
        &mut self.library.session
    }

    fn hold(&mut self) -> Self::Held {
        Machine::hold(self)
    }

    fn put_back(&mut self, held: Self::Held) {
        Machine::put_back(self, held);
    }
}

/// Runs one revision.
fn one<'a>(machine: &mut Python<'a>, revision: &Revision, args: &Args<'a>, commit: bool, way: Way) -> Raised {
    let (id, at) = &revision.id;
    machine.library.session.begin_program(id, true);
    machine.library.entry = Some(*at);
    machine.library.goes_back = matches!(way, Way::Down);
    let start = machine.library.session.checkpoint();
    let mut end = call(machine, revision, args, way);
    if let Err(Stop::Raised(raised)) = &end
        && machine.library.session.aborted().is_none()
        && is_of_values(machine, &raised.exception)
    {
        // The history is taken to have been applied: where no rows keep it from that, there were some.
        let gap = Gap::new(raised.span, "raises an error where tables are empty", Reach::Rows);
        machine.note(&gap);
        machine.library.session.restore(start);
        machine.library.session.touch_rows_of_all();
        end = call(machine, revision, args, way);
    }
    machine.library.session.called_from(Vec::new());
    let aborted = machine.library.session.aborted().cloned();
    let raised = matches!(end, Err(Stop::Raised(_)));
    let mut of_itself = None;
    if let Err(Stop::Raised(raised)) = &end
        && aborted.is_none()
    {
        of_itself = Some((raised.span, machine.display(&raised.exception)));
    }
    if let Err(stop) = end {
        stopped(machine, &stop, *at, way);
    }
    if let Some(first) = aborted.clone().filter(|_| raised) {
        // Every course fails.
        machine.library.session.note_failure(first);
    } else if let Some(first) = aborted {
        // The runner's own UPDATE of its table.
        machine.library.session.note_failure(Failure {
            sqlstate: "25P02",
            message: "current transaction is aborted, commands ignored until end of transaction block"
                .to_owned(),
            span: first.span,
            related: vec![
                (first.span, format!("{SWALLOWED}{}", first.message)),
                (*at, "the migration cannot be recorded after it".to_owned()),
            ],
        });
    }
    machine.library.session.end_program(commit, *at);
    of_itself
}

/// Whether an exception is one that a value of another kind than expected raises, such as the None of a query that gives no row.
fn is_of_values<'a>(machine: &Python<'a>, exception: &Value<'a>) -> bool {
    let shown = machine.display(exception);
    [
        "TypeError",
        "AttributeError",
        "IndexError",
        "ValueError",
        "StopIteration",
    ]
    .iter()
    .any(|kind| shown.starts_with(kind))
}

fn call<'a>(machine: &mut Python<'a>, revision: &Revision, args: &Args<'a>, way: Way) -> Run<'a, Value<'a>> {
    let name = format!("{}_py", revision.id.0);
    let module = machine.run_file(revision.file, &name)?;
    match machine.attribute_if_any(&module, way.function(), revision.id.1)? {
        Some(function) => machine.call(&function, args.clone(), revision.id.1),
        None => Ok(Value::None),
    }
}

/// A revision's program ended before its end: what the rest of it would have done is not known.
fn stopped<'a>(machine: &mut Python<'a>, stop: &Stop<'a>, at: Span, way: Way) {
    let gap = environment::why_stopped(machine, stop, at.file);
    let why = format!("{}: the rest of the revision is not followed", gap.why);
    let place = gap.at.unwrap_or(at);
    let files = machine.modules().files();
    let text = files.text(at.file);
    // What is not followed is the rest of the file where it stopped there, else all of it.
    let from = if place.file == at.file {
        place.start as usize
    } else {
        0
    };
    let rest = text.get(from..).unwrap_or(&text);
    let rest = match way {
        Way::Up => rest.split("\ndef downgrade").next().unwrap_or(rest),
        Way::Down => rest,
    };
    let reach = if may_change_schema(rest) {
        Reach::Everything
    } else {
        Reach::Rows
    };
    machine.library.session.open_gap(Gap::new(place, why, reach));
}

/// Whether a program's text has words with which a schema is changed.
fn may_change_schema(text: &str) -> bool {
    ["op.", "op)", "execute", "create", "drop", "alter", "op,"]
        .iter()
        .any(|word| text.contains(word))
}
