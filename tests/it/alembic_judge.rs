//! Real Alembic judges the replay of Alembic histories: each case of `tests/alembic/*.md` is a folder of files; both sides upgrade
//! an empty database with it, and every fact is compared. Unknown is allowed, wrong never.
//!
//! A case that gives no `alembic.ini` or `migrations/env.py` gets the plain ones below. Where real Alembic fails with a server's
//! error the replay must have told the same SQLSTATE. "Unknown: key" lines name facts that the case leaves open on purpose;
//! other unknown facts fail. The interpreter is the one that `SCHEMALIGN_PYTHON` names, else `python3`, if it has Alembic
//! (`pip install -r tests/judge/requirements.txt`).

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use schemalign::check::{Sides, run};
use schemalign::config::Options;
use schemalign::schema::document::facts;
use schemalign::source::Files;

use crate::harness::{Case, Document, documents};
use crate::judge::compare;
use crate::postgres::{Server, server};

pub(crate) const INI: &str = "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n";
pub(crate) const ENV: &str = "from alembic import context
from sqlalchemy import create_engine

engine = create_engine(context.config.get_main_option(\"sqlalchemy.url\"))
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
";

/// Alembic's own table is no part of what is compared, wherever it lies.
const DROP_VERSION: &str = "DO $$ DECLARE t regclass; BEGIN
  FOR t IN SELECT oid::regclass FROM pg_class WHERE relname = 'alembic_version' LOOP
    EXECUTE format('DROP TABLE %s', t);
  END LOOP;
END $$";

/// A process that runs real Alembic, case by case.
pub(crate) struct Alembic {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// A Python that has Alembic and what belongs to it.
pub(crate) fn python() -> Option<String> {
    let python = std::env::var("SCHEMALIGN_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python)
        .args(["-c", "import alembic, sqlalchemy, sqlmodel, psycopg2"])
        .stderr(Stdio::null())
        .status();
    if !has.is_ok_and(|status| status.success()) {
        let off = std::env::var_os("SCHEMALIGN_ALEMBIC").is_some_and(|v| v == "off");
        assert!(
            std::env::var_os("CI").is_none() || off,
            "CI needs a Python with tests/judge/requirements.txt (SCHEMALIGN_PYTHON names it)"
        );
        eprintln!("skipped: {python} has no Alembic (pip install -r tests/judge/requirements.txt)");
        return None;
    }
    Some(python)
}

impl Alembic {
    pub(crate) fn start() -> Option<Alembic> {
        let python = python()?;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judge/alembic_upgrade.py");
        let mut child = Command::new(&python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let input = child.stdin.take()?;
        let output = BufReader::new(child.stdout.take()?);
        Some(Alembic { child, input, output })
    }

    /// Upgrades a database with a folder, by some steps or `all`: the server's error code, or what else went wrong.
    pub(crate) fn upgrade(&mut self, folder: &Path, url: &str, steps: &str) -> Option<String> {
        let case = serde_json::json!({"folder": folder, "url": url, "steps": steps});
        writeln!(self.input, "{case}").expect("the judge takes a case");
        self.input.flush().expect("the judge takes a case");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the judge answers");
        let answer: serde_json::Value = serde_json::from_str(&line).expect("the judge answers with JSON");
        answer["error"].as_str().map(str::to_owned)
    }
}

impl Drop for Alembic {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The files of a case, with the plain configuration where it has none of its own.
fn files(case: &Case) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = case.files.iter().map(|f| (f.path.clone(), f.text())).collect();
    for (path, text) in [("alembic.ini", INI), ("migrations/env.py", ENV)] {
        let name = path.rsplit('/').next().unwrap_or(path);
        if !out.iter().any(|(p, _)| p.rsplit('/').next() == Some(name)) {
            out.push((path.to_owned(), text.to_owned()));
        }
    }
    out
}

fn lay_out(files: &[(String, String)], number: usize) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("schemalign-alembic-{}-{number}", std::process::id()));
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file of a case");
    }
    folder
}

/// What differs between the replay of a case and real Alembic.
fn judge(case: &Case, open: &[String], number: usize, server: &Server, alembic: &mut Alembic) -> Vec<String> {
    let files = files(case);
    let in_memory = Files::in_memory(files.iter().cloned());
    let runs = run(&in_memory, &Options::default(), Sides::Histories).expect("the options fit");
    let Some(outcome) = runs.runs.first().and_then(|run| run.replayed.outcome.as_ref()) else {
        return vec![format!("no history is found: {:?}", runs.not_checked)];
    };
    let name = format!("judge_alembic_{number}");
    let mut connection = server.database(&name);
    let folder = lay_out(&files, number);
    let error = alembic.upgrade(&folder, &server.url(&name), "all");
    let _ = std::fs::remove_dir_all(&folder);
    let told: Vec<&str> = outcome.missteps.iter().map(|m| m.failure.sqlstate).collect();
    if let Some(error) = error {
        return match told.first() {
            Some(first) if *first == error => Vec::new(),
            _ => vec![format!("Alembic fails with {error}, ours told {told:?}")],
        };
    }
    connection.run(DROP_VERSION);
    let ours = facts(&outcome.schema);
    let theirs = connection.facts();
    let (mut wrong, _) = compare(&ours, &theirs);
    if !told.is_empty() {
        wrong.push(format!("Alembic runs it, ours told {told:?}"));
    }
    let named = |key: &str| open.iter().any(|prefix| key.starts_with(prefix.as_str()));
    for key in theirs.keys().filter(|key| !named(key)) {
        let listed = matches!(ours.facts.get(key), Some(Some(_)));
        if !listed && !wrong.iter().any(|w| w.starts_with(&format!("{key}:"))) {
            wrong.push(format!("{key}: unknown"));
        }
    }
    if !wrong.is_empty() {
        let gaps = outcome
            .gaps
            .iter()
            .map(|gap| format!("gap: {} ({})", gap.why, gap.reach));
        wrong.extend(gaps);
    }
    wrong
}

/// The keys that a case leaves open, by heading.
pub(crate) fn left_open(document: &Document, heading: &str) -> Vec<String> {
    let mut inside = false;
    let mut out = Vec::new();
    for line in &document.lines {
        if line.starts_with("##") {
            inside = line.trim_start_matches('#').trim() == heading;
        } else if inside && let Some(key) = line.strip_prefix("Unknown: ") {
            out.push(key.to_owned());
        }
    }
    out
}

#[test]
fn alembic_cases() {
    let Some(server) = server() else { return };
    let Some(mut alembic) = Alembic::start() else {
        return;
    };
    let only = std::env::var("SCHEMALIGN_CASE").ok();
    let mut wrong = Vec::new();
    let mut number = 0;
    for (document, path) in documents("tests/alembic") {
        let read = Document::open(&path);
        for case in &read.cases {
            let title = case.heading.last().map_or("", String::as_str);
            let name = format!("{document}: {title}");
            if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
                continue;
            }
            number += 1;
            let open = left_open(&read, title);
            let differs = judge(case, &open, number, server, &mut alembic);
            if !differs.is_empty() {
                wrong.push(format!("{name}\n  {}", differs.join("\n  ")));
            }
        }
    }
    assert!(number > 0 || only.is_some(), "tests/alembic holds no case");
    println!("{number} Alembic cases judged");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
