//! Questions that a migration asks while commands that would change their answers still wait in its queue: what they would have been
//! told after a flush is found by rehearsing it.

use std::rc::Rc;

use super::command::{Command, Object, Table, Word};
use super::library::{Elixir, here};
use super::queue::Queued;
use super::{ddl, repo};
use crate::interpret::elixir::Value;
use crate::session::{Checkpoint, Datum, Rows, Session, Unflushed};
use crate::source::{Span, Text};

/// What the database would be if everything that waits were sent: kept while commands are added, so that each runs once.
#[derive(Debug, Clone)]
pub struct Rehearsed {
    /// How many statements had been sent at once when it began.
    sent: u64,
    /// The commands that it holds.
    held: Vec<Rc<Queued>>,
    /// States on the way: after how many commands, and what held then.
    marks: Vec<(usize, Checkpoint)>,
}

/// How many commands lie between two marks.
const BETWEEN: usize = 16;

/// A query is about to run.
pub fn asked(machine: &mut Elixir<'_>, sql: &Value, params: Option<&Value>, at: Span) {
    let other = machine.library.given.settings.contains_key("install");
    if other || machine.library.queue.commands.is_empty() || machine.is_uncertain() {
        return;
    }
    let Ok(text) = repo::prepared(sql, params, at) else {
        return;
    };
    if !is_question(text.as_str()) {
        return;
    }
    let Some(rehearsed) = rehearse(machine) else {
        return;
    };
    let Some((_, last)) = rehearsed.marks.last() else {
        return;
    };
    let session = &mut machine.library.session;
    let present = session.checkpoint();
    let now = answer(session, &present, &text);
    let flushed = answer(session, last, &text);
    if let (Some(now), Some(flushed)) = (now, flushed)
        && now != flushed
        && let Some(queued) = culprit(machine, &rehearsed, &text, &now)
        && let Queued::Command(command, _) = &*queued
    {
        let unflushed = Unflushed {
            question: at,
            via: here(machine),
            command: ddl::place(command),
            what: named(command),
            now,
            flushed,
            migration: machine.library.migration.clone(),
        };
        machine.library.session.note_unflushed(unflushed);
    }
    machine.library.rehearsed = Some(rehearsed);
}

/// Whether a text only asks.
pub fn is_question(sql: &str) -> bool {
    let first = sql
        .trim_start()
        .split(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or("");
    first.eq_ignore_ascii_case("select") || first.eq_ignore_ascii_case("with") && !sql.contains("INSERT")
}

/// The state after everything that waits.
fn rehearse(machine: &mut Elixir<'_>) -> Option<Rehearsed> {
    let library = &mut machine.library;
    let waiting = library.queue.commands.clone();
    let fits = |kept: &Rehearsed| {
        kept.sent == library.sent
            && kept.held.len() <= waiting.len()
            && kept.held.iter().zip(&waiting).all(|(a, b)| Rc::ptr_eq(a, b))
    };
    let mut kept = match library.rehearsed.take().filter(fits) {
        Some(kept) => kept,
        None => Rehearsed {
            sent: library.sent,
            held: Vec::new(),
            marks: vec![(0, library.session.checkpoint())],
        },
    };
    for queued in waiting.iter().skip(kept.held.len()) {
        let Queued::Command(command, _) = &**queued else {
            return None;
        };
        let (_, from) = kept.marks.last()?;
        let dialect = library.dialect();
        let ((), after) = library
            .session
            .rehearse(from, |session| send(session, command, dialect));
        kept.held.push(queued.clone());
        let count = kept.held.len();
        // The last mark moves on, unless it is one to stay.
        match kept.marks.last_mut() {
            Some((at, state)) if *at % BETWEEN != 0 => (*at, *state) = (count, after),
            _ => kept.marks.push((count, after)),
        }
    }
    Some(kept)
}

fn send(session: &mut Session, command: &Command, dialect: ddl::Dialect) {
    for statement in ddl::statements(command, dialect) {
        match statement.text() {
            Some(text) => {
                session.send_text(&text, false);
            }
            None => {
                let at = ddl::place(command);
                session.send_pattern(&statement.into_parts(), "", at);
            }
        }
    }
}

/// The answer on a state; `None` where it cannot be told.
fn answer(session: &mut Session, state: &Checkpoint, text: &Text) -> Option<String> {
    let (sent, _) = session.rehearse(state, |session| session.send_text(text, true));
    if sent.doubt.is_some() {
        return None;
    }
    match sent.result {
        Ok(rows) => printed(&rows),
        Err(failure) => Some(failure.message),
    }
}

fn printed(rows: &Rows) -> Option<String> {
    if rows.open.is_some() || rows.unsure().is_some() {
        return None;
    }
    let rows: Option<Vec<String>> = rows
        .rows
        .iter()
        .map(|row| {
            let values: Option<Vec<String>> = row.values.iter().map(|datum| one(datum, 0)).collect();
            values.map(|values| values.join(", "))
        })
        .collect();
    let rows = rows?;
    Some(match rows.as_slice() {
        [] => "no row".to_owned(),
        rows => rows.join("; "),
    })
}

fn one(datum: &Datum, depth: usize) -> Option<String> {
    Some(match datum {
        Datum::Null => "NULL".to_owned(),
        Datum::Bool(yes) => yes.to_string(),
        Datum::Int(number) => number.to_string(),
        Datum::Numeric(number) => number.to_string(),
        Datum::Text(text) => text.as_str().to_owned(),
        Datum::Array(items) if depth < 4 => {
            let items: Option<Vec<String>> = items.iter().map(|item| one(item, depth + 1)).collect();
            format!("{{{}}}", items?.join(","))
        }
        Datum::Array(_) | Datum::Unknown(_) => return None,
    })
}

/// The first command after which the answer is another one.
fn culprit(machine: &mut Elixir<'_>, rehearsed: &Rehearsed, text: &Text, now: &str) -> Option<Rc<Queued>> {
    let dialect = machine.library.dialect();
    let session = &mut machine.library.session;
    let (mut low, mut high) = (0, rehearsed.marks.len().checked_sub(1)?);
    while high - low > 1 {
        let middle = usize::midpoint(low, high);
        let (_, state) = rehearsed.marks.get(middle)?;
        if answer(session, state, text).as_deref() == Some(now) {
            low = middle;
        } else {
            high = middle;
        }
    }
    let (from, state) = rehearsed.marks.get(low)?;
    let mut state = state.clone();
    for queued in rehearsed.held.get(*from..)? {
        let Queued::Command(command, _) = &**queued else {
            continue;
        };
        let ((), after) = session.rehearse(&state, |session| send(session, command, dialect));
        state = after;
        if answer(session, &state, text).as_deref() != Some(now) {
            return Some(queued.clone());
        }
    }
    None
}

/// A command as people call it.
fn named(command: &Command) -> String {
    let word = |word: &Word| word.known().unwrap_or("?").to_owned();
    let table = |table: &Table| word(&table.name);
    match command {
        Command::CreateTable { table: t, .. } => format!("create table {}", table(t)),
        Command::AlterTable(t, _) => format!("alter table {}", table(t)),
        Command::CreateIndex(index, _) => format!("create index {}", word(&index.name)),
        Command::CreateConstraint(constraint) => format!("create constraint {}", word(&constraint.name)),
        Command::Drop { object, .. } => match object {
            Object::Table(t) => format!("drop table {}", table(t)),
            Object::Index(index) => format!("drop index {}", word(&index.name)),
            Object::Constraint(constraint) => format!("drop constraint {}", word(&constraint.name)),
        },
        Command::RenameTable(t, _) | Command::RenameColumn(t, ..) => format!("rename in table {}", table(t)),
        Command::RenameIndex(index, _) => format!("rename index {}", word(&index.name)),
        Command::Sql(text) | Command::Library(text) => {
            let text = text.known().unwrap_or("?");
            let line = text.split_whitespace().take(6).collect::<Vec<_>>().join(" ");
            format!("execute {line}")
        }
    }
}
