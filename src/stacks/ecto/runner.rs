//! Runs migrations as `mix ecto.migrate` does on a new database.
//!
//! Source: `Ecto.Migrator` and `Ecto.Migration.Runner` (`ecto_sql` 3.13): each migration in a transaction of its own, unless
//! `@disable_ddl_transaction` is set; `up/0`, or else `change/0`.

use std::rc::Rc;

use super::application;
use super::command::{Command, Object};
use super::ddl;
use super::history::Migrations;
use super::install::{self, Install};
use super::library::{Ecto, Elixir, State, Way, send};
use super::program;
use super::queue::{Queue, Queued};
use crate::config::Given;
use crate::interpret::elixir::{Held, Machine, Modules, Run, Stop, Value};
use crate::known::{Gap, Reach};
use crate::schema::Schema;
use crate::session::{Migration, Session};
use crate::source::{Files, Span, Text};
use crate::stacks::back::{self, Back, Rehearsed};

/// Runs all migrations, or those up to the one with an index.
pub fn run(
    migrations: &Migrations,
    all: &[Migration],
    session: Session,
    files: &Files,
    given: &Given,
    last: Option<usize>,
    mut backs: Option<&mut Rehearsed>,
) -> Session {
    let modules = Modules::new(files, &migrations.project.folder);
    let library = Ecto::new(session, migrations.project.clone(), given.clone());
    let mut machine = Machine::new(&modules, library);
    application::configure(&mut machine);
    own_table(&mut machine, migrations, all);
    if let Some(entry) = migrations.entry {
        let said = given
            .settings
            .get("install")
            .and_then(|install| Install::parse(install));
        machine.library.hosted = true;
        install::run(&mut machine, entry, &said.unwrap_or(Install::Fresh));
        program::open(&mut machine);
        return ended(machine);
    }
    let count = last.map_or(all.len(), |last| last + 1);
    for (migration, step) in all.iter().zip(&migrations.steps).take(count) {
        if step.is_structure {
            machine.library.session.run(migration);
            machine.library.session.reconnect();
        } else if let Some(backs) = &mut backs {
            let before = machine.library.session.database().schema().clone();
            let failed = machine.library.session.missteps().len();
            let raised = one(&mut machine, migration, Way::Up);
            if raised.is_none() && machine.library.session.missteps().len() == failed {
                let back = back(&mut machine, migration, before, backs.again);
                backs.list.push(back);
            }
        } else {
            one(&mut machine, migration, Way::Up);
        }
    }
    program::open(&mut machine);
    ended(machine)
}

/// Runs further migrations on a database in which all before them have run.
pub fn go_on(
    migrations: &Migrations,
    rest: &[Migration],
    session: Session,
    files: &Files,
    given: &Given,
) -> Session {
    let modules = Modules::new(files, &migrations.project.folder);
    let library = Ecto::new(session, migrations.project.clone(), given.clone());
    let mut machine = Machine::new(&modules, library);
    application::configure(&mut machine);
    for migration in rest {
        one(&mut machine, migration, Way::Up);
    }
    ended(machine)
}

/// Runs the way back of a migration that has just run, and the migration once more; all is then as if it had not run.
fn back(machine: &mut Elixir<'_>, migration: &Migration, before: Schema, again: bool) -> Back {
    let files = machine.modules().files();
    let place = back::word(files, migration.file, &["def down", "def change"]);
    let between = machine.library.session.database().schema().clone();
    let way = back::of_program(machine, again, |machine, back| {
        let way = if back { Way::Down } else { Way::Up };
        one(machine, migration, way)
    });
    Back {
        migration: migration.name.clone(),
        place,
        before,
        between,
        way,
    }
}

impl<'a> back::Course for Elixir<'a> {
    type Held = Held<State>;

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

fn ended(machine: Elixir<'_>) -> Session {
    let gaps = machine.gaps().to_vec();
    let mut session = machine.library.session;
    for gap in gaps {
        session.note_gap(&gap);
    }
    session
}

/// The table in which the migrator keeps its books; a dump brings its own.
fn own_table(machine: &mut Elixir<'_>, migrations: &Migrations, all: &[Migration]) {
    if migrations.steps.iter().any(|step| step.is_structure) {
        return;
    }
    let Some(first) = all.first() else { return };
    let name = machine.library.repo_config("migration_source");
    let name = name.as_ref().and_then(|name| name.as_str().map(str::to_owned));
    let name = name.unwrap_or_else(|| "schema_migrations".to_owned());
    let seconds = if machine.library.project.whole_seconds() {
        "(0)"
    } else {
        ""
    };
    let text = format!(
        "CREATE TABLE IF NOT EXISTS \"{name}\" (\"version\" bigint, \"inserted_at\" timestamp{seconds}, PRIMARY KEY (\"version\"))"
    );
    let at = Span::new(first.file, 0, 0);
    let session = &mut machine.library.session;
    session.begin_environment("schema_migrations");
    session.send_text(&Text::composed([(text, at, false)]), false);
    session.end_program(true, at);
}

/// How Ecto words what it cannot turn round.
pub(super) const CANNOT_REVERSE: &str = "Ecto cannot reverse the command";

/// What a migration raised by itself, in words, and where.
type Raised = Option<(Span, String)>;

/// Runs one migration, up, or down by whatever it has for that.
fn one(machine: &mut Elixir<'_>, migration: &Migration, way: Way) -> Raised {
    let at = Span::new(migration.file, 0, 0);
    let names = machine.compile_file(migration.file);
    let module = names
        .iter()
        .find(|name| machine.uses(name, "Ecto.Migration", at))
        .cloned();
    let Some(module) = module.or_else(|| names.last().cloned()) else {
        let gap = Gap::new(
            at,
            "the file defines no migration that could be read",
            reach_of(machine, at, 0),
        );
        machine.library.session.begin_program(&migration.name, true);
        machine.library.session.open_gap(gap);
        machine.library.session.end_program(true, at);
        return None;
    };
    let compiled = machine.module(&module, at);
    let place = compiled.as_ref().map_or(at, |module| module.span);
    let apart = compiled
        .as_ref()
        .and_then(|module| module.attribute("disable_ddl_transaction").cloned());
    let transaction = apart
        .and_then(|value| value.as_atom().map(|name| name != "true"))
        .unwrap_or(true);
    let has = |name: &str| {
        compiled
            .as_ref()
            .is_some_and(|module| module.definition(name, 0).is_some())
    };
    machine
        .library
        .session
        .begin_program(&migration.name, transaction);
    machine.library.entry = Some(place);
    machine.library.queue = Queue::default();
    machine.library.migration.clone_from(&migration.name);
    machine.library.refused = None;
    machine.library.way = match way {
        Way::Down if !has("down") && has("change") => Way::Reversed,
        way => way,
    };
    let mut end = Ok(());
    if transaction && has("after_begin") {
        end = callback(machine, &module, "after_begin", place);
    }
    if end.is_ok() {
        end = if way != Way::Up && has("down") {
            callback(machine, &module, "down", place)
        } else if way != Way::Up && !has("change") {
            machine.library.refused = Some((place, "it has no down/0".to_owned()));
            Ok(())
        } else if way == Way::Up && has("up") {
            callback(machine, &module, "up", place)
        } else if has("change") {
            callback(machine, &module, "change", place)
        } else {
            let reach = reach_of(machine, place, 0);
            let gap = Gap::new(
                place,
                "the migration has neither up/0 nor change/0 that could be read",
                reach,
            );
            machine.library.session.open_gap(gap);
            Ok(())
        };
    }
    if end.is_ok() && transaction && has("before_commit") {
        end = callback(machine, &module, "before_commit", place);
    }
    let mut raised = machine.library.refused.take();
    if let Err(Stop::Raised(error, at)) = &end
        && machine.library.session.aborted().is_none()
    {
        raised = raised.or(Some((*at, self::raised(error))));
    }
    if let Err(stop) = end {
        stopped(machine, &stop, place);
    }
    machine.library.way = Way::Up;
    if let Some(gap) = compiled.as_ref().and_then(|module| module.open.clone()) {
        machine.note(&gap);
    }
    machine.library.session.called_from(Vec::new());
    machine.library.session.end_program(true, place);
    raised
}

fn callback(machine: &mut Elixir<'_>, module: &str, name: &str, at: Span) -> Run<()> {
    machine.call_function(module, name, Vec::new(), at)?;
    flush(machine)
}

/// The program ended before its end: what the rest of it would have done is not known.
pub fn stopped(machine: &mut Elixir<'_>, stop: &Stop, at: Span) {
    let (why, place) = match stop {
        Stop::Raised(error, place) => (raised(error), *place),
        Stop::Thrown(_, place) => ("the program ends itself".to_owned(), *place),
        Stop::Exhausted(place, why) => (format!("the program {why}"), *place),
        Stop::Gone => ("every course of the program ends".to_owned(), at),
    };
    let why = format!("{why}: the rest of the migration is not followed");
    let from = if place.file == at.file {
        place.start as usize
    } else {
        0
    };
    let reach = reach_of(machine, at, from);
    machine.library.session.open_gap(Gap::new(place, why, reach));
}

fn raised(error: &Value) -> String {
    let name = error.struct_name();
    let message = error
        .field("message")
        .and_then(|message| message.as_str().map(str::to_owned));
    match (name, message) {
        (Some(name), Some(message)) => format!("{name} is raised ({message})"),
        (Some(name), None) => format!("{name} is raised"),
        _ => "an exception is raised".to_owned(),
    }
}

/// What the rest of a file may reach, by its words.
fn reach_of(machine: &Elixir<'_>, at: Span, from: usize) -> Reach {
    let text = machine.modules().files().text(at.file);
    let rest = text.get(from..).unwrap_or(&text);
    let rest = rest.split("def down").next().unwrap_or(rest);
    let words = ["create", "alter", "drop", "execute", "rename", "query", "migrat"];
    if words.iter().any(|word| rest.contains(word)) {
        Reach::Everything
    } else {
        Reach::Rows
    }
}

/// Runs everything that waits, first to last; what that adds waits again.
pub fn flush(machine: &mut Elixir<'_>) -> Run<()> {
    let waiting = std::mem::take(&mut machine.library.queue.commands);
    machine.library.sent += 1;
    run_all(machine, &waiting)
}

/// The command that undoes one (`Ecto.Migration.Runner.reverse/1`, ecto_sql 3.13); the parts of `alter` were turned round as they
/// came. `None` where Ecto knows none.
fn reversed(command: &Command) -> Option<Command> {
    let dropped = |object: Object, if_exists: bool| Command::Drop {
        object,
        if_exists,
        cascade: false,
    };
    Some(match command {
        Command::CreateTable {
            table, if_not_exists, ..
        } => dropped(Object::Table(table.clone()), *if_not_exists),
        Command::CreateIndex(index, if_not_exists) => dropped(Object::Index(index.clone()), *if_not_exists),
        Command::CreateConstraint(constraint) => dropped(Object::Constraint(constraint.clone()), false),
        Command::Drop {
            object: Object::Index(index),
            if_exists,
            ..
        } => Command::CreateIndex(index.clone(), *if_exists),
        Command::Drop { .. } => return None,
        Command::RenameTable(table, to) => {
            let mut turned = table.clone();
            turned.name = to.clone();
            Command::RenameTable(turned, table.name.clone())
        }
        Command::RenameColumn(table, from, to) => {
            Command::RenameColumn(table.clone(), to.clone(), from.clone())
        }
        Command::RenameIndex(index, to) => {
            let mut turned = index.clone();
            turned.name = to.clone();
            Command::RenameIndex(turned, index.name.clone())
        }
        Command::AlterTable(..) | Command::Sql(_) | Command::Library(_) => command.clone(),
    })
}

fn run_all(machine: &mut Elixir<'_>, waiting: &[Rc<Queued>]) -> Run<()> {
    // What waits was put there last to first where it is turned round.
    let turned = machine.library.way == Way::Reversed;
    let order: Vec<&Rc<Queued>> = if turned {
        waiting.iter().rev().collect()
    } else {
        waiting.iter().collect()
    };
    for queued in order {
        if machine.library.refused.is_some() {
            break;
        }
        match &**queued {
            Queued::Command(command, calls) => {
                let command = match turned {
                    false => command.clone(),
                    true => match reversed(command) {
                        Some(command) => Box::new(command),
                        None => {
                            let at = ddl::place(command);
                            machine.library.refused = Some((at, CANNOT_REVERSE.to_owned()));
                            break;
                        }
                    },
                };
                let command = &command;
                for statement in ddl::statements(command, machine.library.dialect()) {
                    execute(machine, statement, calls, ddl::place(command), command)?;
                }
            }
            Queued::Function(function, place) => {
                machine.call_value(function, Vec::new(), *place)?;
            }
            Queued::Either(gap, first, second) => {
                machine.fork(
                    gap,
                    |machine| run_all(machine, first).map(|()| Value::nil()),
                    |machine| run_all(machine, second).map(|()| Value::nil()),
                )?;
            }
            Queued::Unknown(gap) => machine.library.session.open_gap(gap.clone()),
        }
    }
    Ok(())
}

fn execute(
    machine: &mut Elixir<'_>,
    statement: super::sql::Sql,
    calls: &[Span],
    at: Span,
    command: &Command,
) -> Run<()> {
    let made = !matches!(command, Command::Sql(_) | Command::Library(_));
    if let Some(text) = statement.text() {
        send(machine, at, Some(calls), |session, handled| match command {
            Command::Sql(_) => session.send_text(&text, handled),
            Command::Library(_) => session.send_stand_in(&text, handled),
            _ => session.send_made(&text, handled),
        })?;
        return Ok(());
    }
    let why = statement.gap().map_or_else(String::new, |gap| gap.why.clone());
    machine.library.session.called_from(calls.to_vec());
    let session = &mut machine.library.session;
    if made {
        session.send_made_pattern(&statement.into_parts(), &why, at);
    } else {
        session.send_pattern(&statement.into_parts(), &why, at);
    }
    Ok(())
}
