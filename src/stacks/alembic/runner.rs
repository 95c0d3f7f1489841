//! Runs the revisions of a tree as `alembic upgrade heads` does on a new database.
//!
//! Source: `MigrationContext.run_migrations`: one transaction for the whole run unless `transaction_per_migration` is set, one
//! `UPDATE alembic_version` after each revision.

use super::environment::{self, Invocation};
use super::header::Revision;
use super::history::Revisions;
use super::library::{Alembic, Python};
use super::metadata;
use crate::change::{Failure, SWALLOWED};
use crate::config::Given;
use crate::interpret::python::{Machine, Modules, Run, Stop, Value};
use crate::known::{Gap, Reach};
use crate::schema::Schema;
use crate::schema::compare::{Without, compare};
use crate::session::Session;
use crate::source::{Files, Span};
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
    let modules = Modules::new(files, &revisions.tree.roots());
    let library = Alembic::new(session, revisions.tree.clone(), given.clone());
    let mut machine = Machine::new(&modules, library);
    let environment = revisions.tree.environment(files);
    let fallback = revisions
        .run
        .first()
        .map_or(Span::new(crate::source::FileId(0), 0, 0), |first| {
            Span::new(first.file, 0, 0)
        });
    if let Some(file) = environment {
        machine.library.session.begin_environment(files.path(file));
    }
    let invocations = environment::run(&mut machine, environment, fallback);
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
    if let Some(invocation) = invocations.iter().find(named).or(invocations.first()) {
        upgrade(&mut machine, revisions, invocation, last, backs);
    }
    let gaps = machine.gaps().to_vec();
    let mut session = std::mem::replace(&mut machine.library.session, Session::new(given));
    files.let_go(machine);
    for gap in gaps {
        session.note_gap(&gap);
    }
    session
}

fn upgrade<'a>(
    machine: &mut Python<'a>,
    revisions: &Revisions,
    invocation: &Invocation<'a>,
    last: Option<usize>,
    mut backs: Option<&mut Rehearsed>,
) {
    machine.library.context = invocation.context.clone();
    let naming = metadata::naming(machine, &invocation.context, invocation.span);
    machine.library.take_naming(naming);
    let per_migration = is_set(invocation, "transaction_per_migration");
    let end = last.map_or(revisions.run.len(), |last| last + 1);
    let count = end.min(revisions.run.len());
    for (at, revision) in revisions.run.iter().take(count).enumerate() {
        let commit = per_migration || at + 1 == count;
        let Some(backs) = &mut backs else {
            match revision.alters_columns {
                Some(place) => perhaps_idle(machine, revision, invocation, commit, place),
                None => {
                    one(machine, revision, invocation, commit, Way::Up);
                }
            }
            continue;
        };
        let before = machine.library.session.database().schema().clone();
        let failed = machine.library.session.missteps().len();
        let raised = one(machine, revision, invocation, commit, Way::Up);
        if raised.is_none() && machine.library.session.missteps().len() == failed {
            let back = back(machine, revision, invocation, before, backs.again);
            backs.list.push(back);
        }
    }
}

/// Runs a revision that may leave all as it is, and notes it where it does.
fn perhaps_idle<'a>(
    machine: &mut Python<'a>,
    revision: &Revision,
    invocation: &Invocation<'a>,
    commit: bool,
    place: Span,
) {
    let before = machine.library.session.database().schema().clone();
    let failed = machine.library.session.missteps().len();
    one(machine, revision, invocation, commit, Way::Up);
    let session = &mut machine.library.session;
    let after = session.database().schema();
    if session.missteps().len() == failed
        && compare(&before, after, &Without::default()).is_equal() == Some(true)
    {
        session.note_idle(place);
    }
}

/// Runs the way back of a revision that has just run, and the revision once more; the session is then as before.
fn back<'a>(
    machine: &mut Python<'a>,
    revision: &Revision,
    invocation: &Invocation<'a>,
    before: Schema,
    again: bool,
) -> Back {
    let files = machine.modules().files();
    let text = files.text(revision.file);
    let place = back::word(files, revision.file, &["def downgrade"]);
    let between = machine.library.session.database().schema().clone();
    let way = if text.contains("downgrade") {
        back::of_program(machine, session, again, |machine, back| {
            let way = if back { Way::Down } else { Way::Up };
            one(machine, revision, invocation, true, way)
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

fn session<'m>(machine: &'m mut Python<'_>) -> &'m mut Session {
    &mut machine.library.session
}

fn is_set(invocation: &Invocation<'_>, name: &str) -> bool {
    matches!(invocation.context.option(name), Some(Value::Bool(true)))
}

/// Runs one revision.
fn one<'a>(
    machine: &mut Python<'a>,
    revision: &Revision,
    invocation: &Invocation<'a>,
    commit: bool,
    way: Way,
) -> Raised {
    let (id, at) = &revision.id;
    machine.library.session.begin_program(id, true);
    machine.library.entry = Some(*at);
    let start = machine.library.session.checkpoint();
    let mut end = call(machine, revision, invocation, way);
    if let Err(Stop::Raised(raised)) = &end
        && machine.library.session.aborted().is_none()
        && is_of_values(machine, &raised.exception)
    {
        // The history is taken to have been applied: where no rows keep it from that, there were some.
        let gap = Gap::new(raised.span, "raises an error where tables are empty", Reach::Rows);
        machine.note(&gap);
        machine.library.session.restore(start);
        machine.library.session.touch_rows_of_all();
        end = call(machine, revision, invocation, way);
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

fn call<'a>(
    machine: &mut Python<'a>,
    revision: &Revision,
    invocation: &Invocation<'a>,
    way: Way,
) -> Run<'a, Value<'a>> {
    let name = format!("{}_py", revision.id.0);
    let module = machine.run_file(revision.file, &name)?;
    match machine.attribute_if_any(&module, way.function(), revision.id.1)? {
        Some(function) => machine.call(&function, invocation.args.clone(), revision.id.1),
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
