//! A real server judges the replay: the same statements run on both, and every fact is compared. Unknown is allowed, wrong never.

use std::collections::BTreeMap;

use schemalign::config::Given;
use schemalign::schema::document::{Facts, facts};
use schemalign::session::{Migration, RunMode, Session};
use schemalign::source::{FileId, Text};

use crate::postgres::{Connection, server};

/// The failure of a statement that lacks what an earlier failed one would have made: one of the SQLSTATEs of missing objects.
const FOLLOWS: &str = "follows";
const MISSING: [&str; 5] = ["42P01", "42703", "42704", "42883", "3F000"];

/// A session that is fed statement by statement.
pub(crate) struct Ours {
    session: Session,
}

impl Ours {
    pub(crate) fn new() -> Ours {
        Ours {
            session: Session::new(&Given::default()),
        }
    }

    /// Runs text as psql would; the SQLSTATEs of what failed. A failure that only follows from an earlier one is told beside
    /// that one, and is [`FOLLOWS`] here.
    pub(crate) fn run(&mut self, sql: &str) -> Vec<&'static str> {
        let text = Text::of_file(FileId(0), sql.into());
        let following = |session: &Session| {
            session
                .missteps()
                .iter()
                .map(|m| m.failure.related.len())
                .sum::<usize>()
        };
        let (before, followed) = (self.session.missteps().len(), following(&self.session));
        self.session.run(&Migration {
            name: "case".to_owned(),
            file: FileId(0),
            text,
            mode: RunMode::Statements,
        });
        let new = &self.session.missteps()[before..];
        let explained: usize = new.iter().map(|m| m.failure.related.len()).sum();
        if new.is_empty() && following(&self.session) > followed + explained {
            return vec![FOLLOWS];
        }
        new.iter().map(|m| m.failure.sqlstate).collect()
    }

    pub(crate) fn schema(&self) -> &schemalign::schema::Schema {
        self.session.database().schema()
    }

    pub(crate) fn facts(&self) -> Facts {
        facts(self.session.database().schema())
    }
}

/// What is wrong in our facts, and how many are unknown.
pub(crate) fn compare(ours: &Facts, theirs: &BTreeMap<String, String>) -> (Vec<String>, usize) {
    let mut wrong = Vec::new();
    let mut unknown = 0;
    for (key, value) in theirs {
        match ours.facts.get(key) {
            Some(Some(mine)) if mine == value => {}
            Some(Some(mine)) => wrong.push(format!("{key}: server {value:?}, ours {mine:?}")),
            Some(None) => unknown += 1,
            None if ours.open.iter().any(|prefix| key.starts_with(prefix.as_str())) => unknown += 1,
            None => wrong.push(format!("{key}: server {value:?}, ours lacks it")),
        }
    }
    for (key, mine) in &ours.facts {
        if !theirs.contains_key(key) && mine.is_some() {
            wrong.push(format!("{key}: ours {mine:?}, server lacks it"));
        }
    }
    (wrong, unknown)
}

/// Runs `sql` statement by statement on both sides; what differs.
pub(crate) fn judge(connection: &mut Connection, statements: &[String]) -> (Vec<String>, usize) {
    let mut ours = Ours::new();
    let mut wrong = Vec::new();
    for statement in statements {
        let mine = ours.run(statement);
        let theirs = connection.error(statement);
        match (&mine.first(), &theirs) {
            (None, None) => {}
            (Some(a), Some(b)) if **a == b.as_str() || **a == FOLLOWS && MISSING.contains(&b.as_str()) => {}
            _ => wrong.push(format!("{statement}\n    server {theirs:?}, ours {mine:?}")),
        }
    }
    let (facts, unknown) = compare(&ours.facts(), &connection.facts());
    wrong.extend(facts);
    (wrong, unknown)
}

/// What became of a case's printed DDL.
#[derive(Default)]
struct Printed {
    /// Cases whose printed DDL gives the whole catalog.
    equal: usize,
    /// Cases whose printed DDL says what it lacks.
    incomplete: usize,
}

/// What the catalog of a database made from our printed DDL lacks or has besides and does not say.
fn reprinted(
    ours: &Ours,
    first: &mut Connection,
    again: &mut Connection,
    count: &mut Printed,
) -> Vec<String> {
    let schema = ours.session.database().schema();
    let ddl = schemalign::schema::document::sql(schema);
    let mut wrong: Vec<String> = Vec::new();
    if let Some(code) = again.error(&ddl) {
        wrong.push(format!("the printed DDL fails with {code}:\n{ddl}"));
    }
    let notes: Vec<&str> = ddl
        .lines()
        .filter_map(|line| line.strip_prefix(schemalign::schema::document::NOT_KNOWN))
        .collect();
    let whole = |first: &mut Connection| {
        let mut facts = first.facts();
        facts.extend(first.facts_of(include_str!("../judge/printed.sql")));
        facts
    };
    let (theirs, printed) = (whole(first), whole(again));
    for (key, value) in theirs.iter().filter(|(key, _)| !said(&notes, key)) {
        match printed.get(key) {
            Some(mine) if mine == value => {}
            Some(mine) if rereads_as(again, key, value, mine) => {}
            other => wrong.push(format!("{key}: first {value:?}, from the printed DDL {other:?}")),
        }
    }
    for key in printed
        .keys()
        .filter(|key| !theirs.contains_key(*key) && !said(&notes, key))
    {
        wrong.push(format!("{key}: only in the database of the printed DDL"));
    }
    if !wrong.is_empty() {
        wrong.push(ddl);
    } else if notes.is_empty() {
        count.equal += 1;
    } else {
        count.incomplete += 1;
        println!("{}", notes.join("\n"));
    }
    wrong
}

/// Whether a note says that a fact may be otherwise: it names the object, or a table that the fact is about.
fn said(notes: &[&str], key: &str) -> bool {
    let object = |text: &str| text.split(' ').nth(1).map(str::to_owned);
    let Some(of) = object(key) else { return false };
    notes.iter().any(|note| {
        let noted = note.split(": ").next().unwrap_or(note);
        noted == "everything"
            || noted
                .strip_prefix("schema ")
                .is_some_and(|schema| of.starts_with(&format!("{schema}.")))
            || object(noted).is_some_and(|noted| of == noted || of.starts_with(&format!("{noted}.")))
    })
}

/// Whether the server itself reads back its own `text` of a constraint as `other`: some casts of arrays print alike and read
/// back differently, with the server's own dumps too.
pub(crate) fn rereads_as(connection: &mut Connection, key: &str, text: &str, other: &str) -> bool {
    let Some((table, _)) = key.strip_prefix("constraint ").and_then(|k| k.rsplit_once('.')) else {
        return false;
    };
    connection.run(&format!("ALTER TABLE {table} ADD CONSTRAINT judge_again {text}"));
    let read = connection
        .facts()
        .get(&format!("constraint {table}.judge_again"))
        .cloned();
    connection.run(&format!("ALTER TABLE {table} DROP CONSTRAINT judge_again"));
    read.as_deref() == Some(other)
}

/// Cases in Markdown: a heading is a case, each `sql` block a text that both sides run as one.
fn cases(markdown: &str) -> Vec<(String, Vec<String>)> {
    let mut out: Vec<(String, Vec<String>)> = Vec::new();
    let mut block: Option<String> = None;
    for line in markdown.lines() {
        match &mut block {
            Some(_) if line == "```" => {
                let text = block.take().unwrap_or_default();
                if let Some(case) = out.last_mut() {
                    case.1.push(text);
                }
            }
            Some(text) => {
                text.push_str(line);
                text.push('\n');
            }
            None if line == "```sql" => block = Some(String::new()),
            None => {
                if let Some(title) = line.strip_prefix("## ") {
                    out.push((title.to_owned(), Vec::new()));
                }
            }
        }
    }
    out
}

/// Runs `each` over every case; what it says is wrong, by case.
#[expect(clippy::disallowed_methods, reason = "reads the cases")]
pub(crate) fn for_each_case(mut each: impl FnMut(&[String]) -> Vec<String>) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/replay");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("tests/replay")
        .flatten()
        .map(|e| e.path())
        .collect();
    files.sort();
    let only = std::env::var("SCHEMALIGN_CASE").ok();
    let (mut count, mut failed) = (0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a case file");
        for (title, blocks) in cases(&text) {
            if only.as_ref().is_some_and(|only| !title.contains(only.as_str())) {
                continue;
            }
            count += 1;
            let wrong = each(&blocks);
            if !wrong.is_empty() {
                let file = file.file_name().unwrap_or_default().to_string_lossy();
                failed.push(format!("{file} / {title}\n  {}", wrong.join("\n  ")));
            }
        }
    }
    println!("{count} cases judged");
    assert!(
        failed.is_empty(),
        "{} of {count} cases are wrong:\n{}",
        failed.len(),
        failed.join("\n")
    );
    assert!(count > 0 || only.is_some(), "no case found");
}

#[test]
fn replay_cases() {
    let Some(server) = server() else { return };
    let mut unknown = 0;
    for_each_case(|blocks| {
        let (wrong, open) = judge(&mut server.database("judge_case"), blocks);
        unknown += open;
        wrong
    });
    println!("{unknown} facts unknown");
}

#[test]
fn printed_ddl_gives_the_same_catalog() {
    let Some(server) = server() else { return };
    let mut count = Printed::default();
    for_each_case(|blocks| {
        let mut ours = Ours::new();
        let mut first = server.database("judge_print_first");
        for block in blocks {
            ours.run(block);
            first.run(block);
        }
        let mut again = server.database("judge_print_again");
        reprinted(&ours, &mut first, &mut again, &mut count)
    });
    println!(
        "{} equal, {} said to be incomplete",
        count.equal, count.incomplete
    );
}
