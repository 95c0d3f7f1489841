//! Python that is broken, endless, huge or of another time, in a history of Alembic: a message with its place, what stands around
//! it is still replayed, no panic, no hang.

use std::time::{Duration, Instant};

use schemalign::check::{Sides, check, run};
use schemalign::config::Options;
use schemalign::schema::document::facts;
use schemalign::source::Files;

const ENV: &str = "from alembic import context
from app import models
context.configure(target_metadata=getattr(models, 'metadata', None))
with context.begin_transaction():
    context.run_migrations()
";

fn revision(id: &str, parent: &str, body: &str) -> Vec<u8> {
    format!("from alembic import op\nimport sqlalchemy as sa\nrevision = \"{id}\"\ndown_revision = {parent}\n{body}").into_bytes()
}

fn table(name: &str) -> String {
    format!(
        "def upgrade():\n    op.create_table(\"{name}\", sa.Column(\"id\", sa.Integer, primary_key=True))\n"
    )
}

/// A history whose second revision is hostile. `models`: what `env.py` imports.
fn files(hostile: Vec<u8>, models: &str) -> Files {
    Files::in_memory([
        (
            "alembic.ini",
            b"[alembic]\nscript_location = migrations\n".to_vec(),
        ),
        ("migrations/env.py", ENV.as_bytes().to_vec()),
        ("migrations/versions/a.py", revision("a", "None", &table("first"))),
        ("migrations/versions/b.py", hostile),
        ("migrations/versions/c.py", revision("c", "\"b\"", &table("last"))),
        ("app/__init__.py", Vec::new()),
        ("app/models.py", models.as_bytes().to_vec()),
    ])
}

/// Both tables that stand around the hostile revision are there, or said to be perhaps there; something is told of its file.
fn survives(what: &str, hostile: Vec<u8>, models: &str) {
    let files = files(hostile, models);
    let began = Instant::now();
    let runs = run(&files, &Options::default(), Sides::Histories).expect("the options fit");
    let outcome = runs.runs.first().and_then(|run| run.replayed.outcome.as_ref());
    let outcome = outcome.unwrap_or_else(|| panic!("{what}: no history is found: {:?}", runs.not_checked));
    let report = check(&files, &Options::default()).expect("nothing is misused");
    // Not a measurement: far above anything but a hang.
    assert!(
        began.elapsed() < Duration::from_secs(300),
        "{what}: took {:?}",
        began.elapsed()
    );
    let facts = facts(&outcome.schema).facts;
    for name in ["first", "last"] {
        let there = facts.keys().any(|key| key.contains(&format!("public.{name}")));
        assert!(
            there,
            "{what}: the table {name} is lost: {:?}",
            facts.keys().collect::<Vec<_>>()
        );
    }
    let hostile = ["migrations/versions/b.py", "app/models.py"].map(|path| files.find(path));
    let gaps = outcome.gaps.iter().chain(&report.coverage.gaps);
    let told = gaps
        .clone()
        .any(|gap| gap.at.is_some_and(|at| hostile.contains(&Some(at.file))))
        || report
            .findings
            .iter()
            .any(|f| hostile.contains(&Some(f.span.file)));
    assert!(told, "{what}: nothing is told: {:?}", gaps.collect::<Vec<_>>());
}

fn upgrade(body: &str) -> Vec<u8> {
    let body = body
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect::<String>();
    revision("b", "\"a\"", &format!("def upgrade():\n{body}"))
}

#[test]
fn upgrades_that_never_end() {
    for (what, body) in [
        ("a loop", "while True:\n    pass"),
        ("a loop over itself", "l = [1]\nfor i in l:\n    l.append(i)"),
        ("recursion", "def f(n):\n    return f(n + 1)\nf(0)"),
        ("a comprehension", "x = [i for i in range(10**12)]"),
        (
            "a product",
            "import itertools\nx = list(itertools.product(range(99), repeat=50))",
        ),
        ("a doubling text", "s = 'x'\nwhile True:\n    s += s"),
        (
            "a decorator",
            "def d(f):\n    while True:\n        f = d\n@d\ndef g():\n    pass",
        ),
        (
            "statements",
            "i = 0\nwhile True:\n    op.execute(f'CREATE TABLE t{i} (id int)')\n    i += 1",
        ),
    ] {
        survives(what, upgrade(body), "");
    }
}

#[test]
fn modules_that_never_end() {
    let plain = || revision("b", "\"a\"", &table("middle"));
    for (what, models) in [
        ("a loop", "while True:\n    pass\n"),
        ("a class", "class A:\n    def __init__(self):\n        A()\nA()\n"),
        ("a large text", "x = 'x' * 10 ** 10\nwhile True:\n    pass\n"),
    ] {
        survives(what, plain(), models);
    }
}

#[test]
fn python_that_cannot_be_read() {
    for (what, body) in [
        ("Python 2", "print \"x\"\nexec \"y\"\nraise ValueError, \"z\""),
        ("Python of tomorrow", "x = a ?? b\nlazy import y"),
        ("half a call", "op.create_table(\"x\","),
        ("tabs", "if True:\n\tx = 1\n        y = 2"),
    ] {
        survives(what, upgrade(body), "");
    }
    let mut bytes = upgrade("op.execute('SELECT 1')");
    bytes.extend_from_slice(b"\n# \xff\xfe\xe9\nx = '\xe9'\n");
    survives("bytes of another encoding", bytes, "x = (");
}

#[test]
fn deep_nesting() {
    let deep = |open: &str, close: &str| format!("x = {}1{}", open.repeat(20_000), close.repeat(20_000));
    for (what, body) in [
        ("parentheses", deep("(", ")")),
        ("lists", deep("[", "]")),
        ("calls", deep("f(", ")")),
        ("operators", format!("x = {}1", "-".repeat(100_000))),
        ("a sum", format!("x = {}1", "1 + ".repeat(100_000))),
        ("attributes", format!("x = a{}", ".a".repeat(100_000))),
        (
            "blocks",
            (0..1000)
                .map(|n| format!("{}if a:\n", " ".repeat(n)))
                .collect::<String>(),
        ),
    ] {
        survives(what, upgrade(&body), "");
    }
}
