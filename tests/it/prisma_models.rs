//! Prisma's models, by cases in `tests/models/prisma/*.md`: the database that we make of a `prisma` block must be the one that
//! the DDL in its `sql` block makes, which is what Prisma's own engine answers.
//!
//! The DDL runs on our replay and, where PostgreSQL is installed, on a server. With `SCHEMALIGN_PRISMA` naming a folder with the
//! engine (`npm i @prisma/schema-engine-wasm`), the `sql` blocks are asked of the engine again. A case may hold a `faults` block
//! (line, kind, message of each) and lines `Unknown: key` for facts that the models leave open. "Prisma 5." is its version.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "reads the cases and asks the engine"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use schemalign::config::Given;
use schemalign::schema::document::{Facts, facts};
use schemalign::source::Files;
use schemalign::stacks::declared_schema::create;
use schemalign::stacks::prisma::{PrismaConfig, models};

use crate::judge::{Ours, compare};
use crate::postgres::server;

struct Case {
    name: String,
    schema: String,
    sql: Option<String>,
    faults: Option<String>,
    unknown: Vec<String>,
    config: PrismaConfig,
}

impl Case {
    /// Whether the case says that a fact is unknown.
    fn leaves_open(&self, key: &str) -> bool {
        self.unknown
            .iter()
            .any(|unknown| key.starts_with(unknown.as_str()))
    }
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/prisma"))
}

fn documents() -> Vec<PathBuf> {
    let mut out: Vec<_> = std::fs::read_dir(folder())
        .expect("tests/models/prisma")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    out.sort();
    out
}

fn cases() -> Vec<Case> {
    let only = std::env::var("SCHEMALIGN_CASE").ok();
    let mut out = Vec::new();
    for path in documents() {
        let text = std::fs::read_to_string(&path).expect("a document of cases");
        let file = path.file_stem().unwrap_or_default().to_string_lossy();
        for part in text.split("\n## ").skip(1) {
            let title = part.lines().next().unwrap_or_default();
            let name = format!("{file}: {title}");
            if only.as_ref().is_none_or(|only| name.contains(only.as_str())) {
                out.push(case(name, part));
            }
        }
    }
    out
}

fn case(name: String, part: &str) -> Case {
    let block = |language: &str| {
        let (_, rest) = part.split_once(&format!("\n```{language}\n"))?;
        Some(rest.split("```").next().unwrap_or_default().to_owned())
    };
    let version = if part.lines().any(|l| l == "Prisma 5.") {
        5
    } else {
        6
    };
    Case {
        schema: block("prisma").unwrap_or_else(|| panic!("{name} has no schema")),
        sql: block("sql"),
        faults: block("faults"),
        unknown: part
            .lines()
            .filter_map(|l| l.strip_prefix("Unknown: "))
            .map(str::to_owned)
            .collect(),
        config: PrismaConfig {
            version: Some(version),
            ..PrismaConfig::default()
        },
        name,
    }
}

/// What the models make, and the faults in them as lines.
fn made(case: &Case) -> (Facts, String, Vec<String>) {
    let files = Files::in_memory([("schema.prisma", case.schema.as_str())]);
    let schema: Vec<_> = files.find("schema.prisma").into_iter().collect();
    let models = models::read(&files, &schema, &case.config);
    let created = create(&models, &Given::default());
    let mut faults = String::new();
    for fault in &models.faults {
        let line = files.start(fault.span).line;
        let _ = writeln!(faults, "{line} {}: {}", fault.kind, fault.message);
    }
    let failures = created
        .failures
        .iter()
        .map(|f| format!("refused: {} {}", f.sqlstate, f.message))
        .collect();
    (facts(created.database.schema()), faults, failures)
}

/// What differs between our facts and others; a fact that is unknown counts, unless the case says that it is.
fn differences(case: &Case, ours: &Facts, theirs: &BTreeMap<String, String>) -> Vec<String> {
    let mut out = compare(ours, theirs).0;
    for (key, value) in theirs.iter().filter(|(key, _)| !case.leaves_open(key)) {
        let listed = out.iter().any(|line| line.starts_with(&format!("{key}: ")));
        if !listed && ours.facts.get(key).is_none_or(Option::is_none) {
            out.push(format!("{key}: unknown, is {value:?}"));
        }
    }
    out
}

fn report(failed: &[String], count: usize) {
    assert!(count > 0, "no case");
    assert!(
        failed.is_empty(),
        "{} of {count} cases\n{}",
        failed.len(),
        failed.join("\n")
    );
}

#[test]
fn models_make_what_the_engine_makes() {
    let (mut count, mut failed) = (0, Vec::new());
    for case in cases() {
        count += 1;
        let (ours, faults, mut wrong) = made(&case);
        if let Some(sql) = &case.sql {
            let mut engine = Ours::new();
            wrong.extend(
                engine
                    .run(sql)
                    .iter()
                    .map(|code| format!("the DDL fails: {code}")),
            );
            let theirs = engine.facts();
            let unknown = theirs
                .facts
                .iter()
                .filter(|(k, v)| v.is_none() && !case.leaves_open(k))
                .map(|(k, _)| k.clone());
            wrong.extend(unknown.map(|key| format!("{key}: unknown after the DDL")));
            let told = theirs
                .facts
                .into_iter()
                .filter_map(|(k, v)| Some((k, v?)))
                .collect();
            wrong.extend(differences(&case, &ours, &told));
        }
        if case.faults.clone().unwrap_or_default() != faults {
            wrong.push(format!("faults:\n{faults}"));
        }
        if !wrong.is_empty() {
            failed.push(format!("{}\n  {}", case.name, wrong.join("\n  ")));
        }
    }
    report(&failed, count);
}

#[test]
fn a_server_holds_what_the_models_make() {
    let Some(server) = server() else { return };
    let (mut count, mut failed) = (0, Vec::new());
    for case in cases() {
        let Some(sql) = &case.sql else { continue };
        count += 1;
        let mut connection = server.database("prisma_case");
        let mut wrong: Vec<String> = connection
            .run(sql)
            .into_iter()
            .filter(|line| line.starts_with("ERROR"))
            .collect();
        wrong.extend(differences(&case, &made(&case).0, &connection.facts()));
        if !wrong.is_empty() {
            failed.push(format!("{}\n  {}", case.name, wrong.join("\n  ")));
        }
    }
    report(&failed, count);
}

#[test]
fn the_engine_still_says_so() {
    let Ok(packages) = std::env::var("SCHEMALIGN_PRISMA") else {
        eprintln!("skipped: SCHEMALIGN_PRISMA names no folder with Prisma's schema engine");
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judge/prisma-ddl.mjs");
    let output = std::process::Command::new("node")
        .args([script, "--packages", &packages, "--cases", "--check"])
        .args(documents())
        .output()
        .expect("node runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
