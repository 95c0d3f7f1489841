//! The way back of a migration: where SQL runners keep it, and what came of running it on what the migration had made.

use super::history::plain;
use super::{History, dbmate, goose, node_pg_migrate, sql_migrate};
use crate::known::Gap;
use crate::replay::Tail;
use crate::schema::Schema;
use crate::session::{Migration, Misstep, RunMode, Session};
use crate::source::{FileId, Files, Span, Text};

/// What came of a migration's way back.
#[derive(Debug, Clone)]
pub struct Back {
    /// The migration's name.
    pub migration: String,
    /// Where the way back stands, or the migration, where it has none.
    pub place: Span,
    /// The schema before the migration ran.
    pub before: Schema,
    /// The schema that it made.
    pub between: Schema,
    /// What its way back is.
    pub way: Way,
}

/// A way back.
#[derive(Debug, Clone)]
pub enum Way {
    /// There is none.
    None,
    /// It says that it cannot be gone.
    Refused(Span, String),
    /// It ran.
    Ran(Box<Ran>),
}

/// What a way back made.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The schema after it.
    pub after: Schema,
    /// Whether it sent anything to the database.
    pub sent: bool,
    /// Statements of it that must fail.
    pub failures: Vec<Misstep>,
    /// Its first statement that cannot be read: what came of it is then not told.
    pub unread: Option<Gap>,
    /// Statements of the migration that must fail once it is run again, where that was asked for.
    pub again: Vec<Misstep>,
    /// Where its changes come from.
    pub tail: Tail,
}

/// The ways back of a history that ran.
#[derive(Debug, Default)]
pub struct Rehearsed {
    /// Whether a migration runs once more after its way back.
    pub again: bool,
    /// What came of each, in the order of the migrations.
    pub list: Vec<Back>,
}

impl Rehearsed {
    /// None yet.
    #[must_use]
    pub fn new(again: bool) -> Self {
        Rehearsed {
            again,
            list: Vec::new(),
        }
    }

    /// Runs the way back of a migration that has just run; the session is then as if it had not.
    pub fn add(
        &mut self,
        files: &Files,
        session: &mut Session,
        before: Schema,
        migration: &Migration,
        down: &Down,
    ) {
        let between = session.database().schema().clone();
        let (place, way) = match down {
            Down::Untold => return,
            Down::Missing => (first_line(files, migration.file), Way::None),
            Down::Text(down) => {
                let held = session.hold();
                let (sent, gaps) = (session.statements(), session.gaps_so_far());
                let failures = missteps_of(session, down);
                let sent = session.statements() > sent;
                let unread = session.unread_since(gaps).cloned();
                let after = session.database().schema().clone();
                let again = match self.again && failures.is_empty() {
                    true => missteps_of(session, migration),
                    false => Vec::new(),
                };
                let ran = Ran {
                    after,
                    sent,
                    failures,
                    unread,
                    again,
                    tail: session.put_back(held),
                };
                (first_words(files, down.text.whole()), Way::Ran(Box::new(ran)))
            }
        };
        self.list.push(Back {
            migration: migration.name.clone(),
            place,
            before,
            between,
            way,
        });
    }
}

/// A program that runs migrations, which can run something beside its course.
pub(super) trait Course {
    /// It as it was.
    type Held;
    /// Its session.
    fn session(&mut self) -> &mut Session;
    /// Keeps it as it is now.
    fn hold(&mut self) -> Self::Held;
    /// Makes it what it was, all but its session.
    fn put_back(&mut self, held: Self::Held);
}

/// Runs the way back of a migration that is a program, on what it has just made, and then, where that is asked for, the program once
/// more; all is then as if it had not run. `run` goes one way (`true`: back) and says where the program refuses.
pub(super) fn of_program<M: Course>(
    machine: &mut M,
    again: bool,
    mut run: impl FnMut(&mut M, bool) -> Option<(Span, String)>,
) -> Way {
    let held = machine.hold();
    let session = machine.session().hold();
    let mut going = |machine: &mut M, back| {
        let (from, sent) = (machine.session().missteps().len(), machine.session().statements());
        let gaps = machine.session().gaps_so_far();
        let refused = run(machine, back);
        let session = machine.session();
        let missteps = session.missteps().get(from..).unwrap_or_default().to_vec();
        let sent = session.statements() > sent;
        let unread = session.unread_since(gaps).cloned();
        (
            refused,
            missteps,
            session.database().schema().clone(),
            sent,
            unread,
        )
    };
    let (refused, failures, after, sent, unread) = going(machine, true);
    let again = match again && failures.is_empty() && refused.is_none() {
        true => going(machine, false).1,
        false => Vec::new(),
    };
    machine.put_back(held);
    let tail = machine.session().put_back(session);
    match refused {
        Some((at, what)) if failures.is_empty() => Way::Refused(at, what),
        _ => Way::Ran(Box::new(Ran {
            after,
            sent,
            failures,
            unread,
            again,
            tail,
        })),
    }
}

/// The way back of a migration that is SQL.
#[derive(Debug, Clone)]
pub enum Down {
    /// The runner knows none, or it cannot be told.
    Untold,
    /// The runner would look for one, and there is none.
    Missing,
    /// It is this.
    Text(Migration),
}

/// The way back as the runner finds it.
#[must_use]
pub fn down(files: &Files, history: &History, migration: &Migration) -> Down {
    let path = files.path(migration.file);
    let source = files.text(migration.file);
    let shared = history.migrations.iter().filter(|m| m.file == migration.file);
    if shared.count() > 1 {
        return Down::Untold;
    }
    let beside = |name: String| match files.find(&name) {
        Some(file) => Down::Text(of_file(files, migration, file)),
        None => Down::Missing,
    };
    match history.stack {
        "golang-migrate" | "sqlx" | "sql" | "node-pg-migrate" if path.ends_with(".up.sql") => {
            beside(format!("{}.down.sql", path.trim_end_matches(".up.sql")))
        }
        "diesel" | "prisma" => match path.rsplit_once('/') {
            Some((folder, _)) => match beside(format!("{folder}/down.sql")) {
                // Prisma itself runs none.
                Down::Missing if history.stack == "prisma" => Down::Untold,
                down => down,
            },
            None => Down::Untold,
        },
        "dbmate" => {
            let blocks = dbmate::history::down_blocks(&source);
            match blocks.as_slice() {
                [] => Down::Missing,
                [(range, transaction)] => {
                    let mode = if *transaction {
                        RunMode::Transaction
                    } else {
                        RunMode::OneQuery
                    };
                    Down::Text(part(migration, &source, range.clone(), mode))
                }
                _ => Down::Untold,
            }
        }
        "sql-migrate" => match sql_migrate::history::blocks(&source, "Down").as_slice() {
            [] => Down::Missing,
            [(range, transaction)] => {
                let mode = if *transaction {
                    RunMode::Transaction
                } else {
                    RunMode::Statements
                };
                Down::Text(part(migration, &source, range.clone(), mode))
            }
            _ => Down::Untold,
        },
        "goose" => match goose::history::down(&source) {
            Some(range) => Down::Text(part(migration, &source, range, migration.mode)),
            None if source.to_ascii_lowercase().contains("envsub") => Down::Untold,
            None => Down::Missing,
        },
        "node-pg-migrate" => {
            let mark = |direction| {
                let mut lines = plain::lines(&source);
                lines.find(|(_, line)| node_pg_migrate::history::is_mark(line, direction))
            };
            match (mark("up"), mark("down")) {
                (Some((up, _)), Some((down, _))) if up < down => {
                    Down::Text(part(migration, &source, down..source.len(), migration.mode))
                }
                (_, None) => Down::Missing,
                _ => Down::Untold,
            }
        }
        _ => Down::Untold,
    }
}

fn of_file(files: &Files, migration: &Migration, file: FileId) -> Migration {
    Migration {
        name: migration.name.clone(),
        file,
        text: Text::of_file(file, files.text(file)),
        mode: migration.mode,
    }
}

fn part(
    migration: &Migration,
    source: &std::sync::Arc<str>,
    range: std::ops::Range<usize>,
    mode: RunMode,
) -> Migration {
    Migration {
        name: migration.name.clone(),
        file: migration.file,
        text: Text::of_file(migration.file, source.clone()).slice(range),
        mode,
    }
}

fn missteps_of(session: &mut Session, migration: &Migration) -> Vec<Misstep> {
    let from = session.missteps().len();
    session.run(migration);
    session.missteps().get(from..).unwrap_or_default().to_vec()
}

/// The first line of a place that is not empty.
fn first_words(files: &Files, span: Span) -> Span {
    let text = files.text(span.file);
    let within = text.get(span.start as usize..span.end as usize).unwrap_or("");
    let from = within.len() - within.trim_start().len();
    let line = within.trim_start().lines().next().unwrap_or("").trim_end();
    let start = span.start as usize + from;
    Span::new(span.file, start, start + line.len())
}

/// The first line of a file.
#[must_use]
pub fn first_line(files: &Files, file: FileId) -> Span {
    let text = files.text(file);
    let end = text.find('\n').unwrap_or(text.len());
    Span::new(file, 0, text.get(..end).unwrap_or("").trim_end().len())
}

/// Where a program's text first has some words.
#[must_use]
pub fn word(files: &Files, file: FileId, words: &[&str]) -> Span {
    let text = files.text(file);
    let found = words.iter().find_map(|word| Some((text.find(word)?, word.len())));
    found.map_or_else(
        || first_line(files, file),
        |(at, length)| Span::new(file, at, at + length),
    )
}
