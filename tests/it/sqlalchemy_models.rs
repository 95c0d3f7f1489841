//! SQLAlchemy's models, by cases in `tests/models/sqlalchemy/*.md`: the database that we make of a `python` block must be the one
//! that the DDL in its `sql` block makes, which is what SQLAlchemy's own `create_all` prints.
//!
//! Where the Python that `SCHEMALIGN_PYTHON` names, else `python3`, has SQLAlchemy (`pip install -r tests/judge/requirements.txt`),
//! the `sql` blocks are asked of it again. Lines `Unknown: key` name facts that the models leave open.

use std::path::PathBuf;
use std::process::Command;

use schemalign::config::Given;
use schemalign::schema::document::facts;
use schemalign::source::Files;
use schemalign::stacks::declared_schema::create;
use schemalign::stacks::sqlalchemy::models;

use crate::judge::{Ours, compare};

fn documents() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/sqlalchemy");
    let mut out: Vec<_> = std::fs::read_dir(folder)
        .expect("tests/models/sqlalchemy")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    out.sort();
    out
}

fn block<'t>(part: &'t str, language: &str) -> &'t str {
    let start = format!("\n```{language}\n");
    let rest = part.split_once(start.as_str()).map_or("", |(_, rest)| rest);
    rest.split("```").next().unwrap_or_default()
}

/// What differs between the models of a case and its DDL.
fn wrong(part: &str) -> Vec<String> {
    let files = Files::in_memory([("models.py", block(part, "python"))]);
    let all: Vec<_> = files.find("models.py").into_iter().collect();
    let read = models::read(&files, &all, "models.py", None);
    let created = create(&read, &Given::default());
    let mut out: Vec<String> = created
        .failures
        .iter()
        .map(|f| format!("refused: {} {}", f.sqlstate, f.message))
        .collect();
    let ours = facts(created.database.schema());
    let mut made = Ours::new();
    out.extend(
        made.run(block(part, "sql"))
            .iter()
            .map(|code| format!("the DDL fails: {code}")),
    );
    let theirs = made.facts();
    let told = theirs
        .facts
        .into_iter()
        .filter_map(|(k, v)| Some((k, v?)))
        .collect();
    // Models hold neither comments nor the options of sequences.
    let is_held = |line: &str| !line.starts_with("sequence ") && !line.contains(" comment: ");
    out.extend(compare(&ours, &told).0.into_iter().filter(|line| is_held(line)));
    let open: Vec<&str> = part.lines().filter_map(|l| l.strip_prefix("Unknown: ")).collect();
    for (key, value) in told
        .iter()
        .filter(|(key, _)| !key.starts_with("sequence ") && !key.ends_with(" comment"))
    {
        let said =
            open.iter().any(|o| key.starts_with(o)) || out.iter().any(|l| l.starts_with(&format!("{key}: ")));
        if !said && ours.facts.get(key).is_none_or(Option::is_none) {
            out.push(format!("{key}: unknown, is {value:?}"));
        }
    }
    out
}

#[test]
fn models_make_what_create_all_makes() {
    let only = std::env::var("SCHEMALIGN_CASE").ok();
    let (mut count, mut failed) = (0, Vec::new());
    for path in documents() {
        let text = std::fs::read_to_string(&path).expect("a document of cases");
        let file = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        for part in text.split("\n## ").skip(1) {
            let name = format!("{file}: {}", part.lines().next().unwrap_or_default());
            if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
                continue;
            }
            count += 1;
            let wrong = wrong(part);
            if !wrong.is_empty() {
                failed.push(format!("{name}\n  {}", wrong.join("\n  ")));
            }
        }
    }
    assert!(count > 0, "no case");
    assert!(
        failed.is_empty(),
        "{} of {count} cases\n{}",
        failed.len(),
        failed.join("\n")
    );
}

#[test]
fn sqlalchemy_still_says_so() {
    let python = std::env::var("SCHEMALIGN_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = |module: &str| {
        let run = Command::new(&python)
            .args(["-c", &format!("import {module}")])
            .output();
        run.is_ok_and(|output| output.status.success())
    };
    if !["sqlalchemy", "sqlmodel", "flask_sqlalchemy", "psycopg2"]
        .iter()
        .all(|m| has(m))
    {
        println!("skipped: {python} has no SQLAlchemy with its companions");
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judge/sqlalchemy_ddl.py");
    let output = Command::new(&python)
        .arg(script)
        .args(documents())
        .output()
        .expect("Python runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Tables of a library's metadata have no line of their own: they stand where `env.py` hands that over.
#[test]
fn tables_that_a_library_brings_stand_where_they_are_handed_over() {
    let handed = "target_metadata = [own, ResultModelBase.metadata]";
    let environment = format!(
        "from alembic import context\nfrom celery.backends.database.session import ResultModelBase\nfrom sqlalchemy import MetaData\n\
         own = MetaData()\n{handed}\ncontext.configure(target_metadata=target_metadata)\ncontext.run_migrations()\n"
    );
    let files = Files::in_memory([
        (
            "alembic.ini",
            "[alembic]\nscript_location = migrations\n".to_owned(),
        ),
        ("migrations/env.py", environment),
        (
            "migrations/versions/0001_init.py",
            "revision = \"0001\"\ndown_revision = None\n".to_owned(),
        ),
    ]);
    let read = models::read(&files, &[], "", Some("migrations"));
    let places: Vec<String> = read.models.iter().map(|model| files.slice(model.span)).collect();
    assert_eq!(places, [handed, handed]);
}
