//! A real server judges the replay: the same statements run on both, and every fact is compared. Unknown is allowed, wrong never.

use std::collections::BTreeMap;

use schemalign::config::Given;
use schemalign::schema::document::{Facts, facts};
use schemalign::session::{Migration, RunMode, Session};
use schemalign::source::{FileId, Text};

use crate::postgres::{Connection, server};

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

    /// Runs text as psql would; the SQLSTATEs of what failed.
    pub(crate) fn run(&mut self, sql: &str) -> Vec<&'static str> {
        let text = Text::of_file(FileId(0), sql.into());
        let before = self.session.missteps().len();
        self.session.run(&Migration {
            name: "case".to_owned(),
            file: FileId(0),
            text,
            mode: RunMode::Statements,
        });
        self.session.missteps()[before..]
            .iter()
            .map(|m| m.failure.sqlstate)
            .collect()
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
            (Some(a), Some(b)) if **a == b.as_str() => {}
            _ => wrong.push(format!("{statement}\n    server {theirs:?}, ours {mine:?}")),
        }
    }
    let (facts, unknown) = compare(&ours.facts(), &connection.facts());
    wrong.extend(facts);
    (wrong, unknown)
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

#[test]
#[expect(clippy::disallowed_methods, reason = "reads the cases")]
fn replay_cases() {
    let Some(server) = server() else { return };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/replay");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("tests/replay")
        .flatten()
        .map(|e| e.path())
        .collect();
    files.sort();
    let only = std::env::var("SCHEMALIGN_CASE").ok();
    let (mut count, mut unknown, mut failed) = (0, 0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a case file");
        for (title, blocks) in cases(&text) {
            if only.as_ref().is_some_and(|only| !title.contains(only.as_str())) {
                continue;
            }
            count += 1;
            let mut connection = server.database("judge_case");
            let (wrong, open) = judge(&mut connection, &blocks);
            unknown += open;
            if !wrong.is_empty() {
                failed.push(format!(
                    "{} / {title}\n  {}",
                    file.file_name().unwrap_or_default().to_string_lossy(),
                    wrong.join("\n  ")
                ));
            }
        }
    }
    println!("{count} replay cases judged, {unknown} facts unknown");
    assert!(
        failed.is_empty(),
        "{} of {count} cases are wrong:\n{}",
        failed.len(),
        failed.join("\n")
    );
    assert!(count > 0 || only.is_some(), "no case found");
}
