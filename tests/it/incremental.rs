//! A service that checks again after each change finds what a run over everything would: each case and page is edited, line by line of
//! some, and what is kept of the run before must not show.

use std::collections::BTreeSet;

use schemalign::check::{self, Report, Sides, configure};
use schemalign::config::{Downs, Options};
use schemalign::source::{Files, MemoryFiles};
use schemalign::stacks::back::{Back, Way};

use crate::harness::{Case, Document, documents};

/// Edits of one case.
const EDITS: usize = 5;

fn cold(texts: &MemoryFiles) -> String {
    let mut files = Files::new(texts.clone());
    said(finish(&mut files, None).as_ref())
}

/// Configures, takes over what holds of the run before, and checks.
fn finish(files: &mut Files, before: Option<(&Files, &BTreeSet<String>)>) -> Option<Report> {
    let mut options = Options::default();
    configure(files, &mut options, Vec::new()).ok()?;
    if let Some((before, changed)) = before {
        files.take_over(before, changed);
    }
    check::check(files, &options).ok()
}

fn said(report: Option<&Report>) -> String {
    report.map_or("nothing".to_owned(), |report| {
        let Report {
            findings,
            coverage,
            targets,
            silenced,
        } = report;
        format!("{findings:#?}\n{coverage:#?}\n{targets:#?}\n{silenced:#?}")
    })
}

/// A line is taken out, or written twice.
fn edited(text: &str, at: usize) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return "\n".to_owned();
    }
    let line = (at * 7 + 3) % lines.len();
    if at.is_multiple_of(2) {
        lines.remove(line);
    } else {
        lines.insert(line, lines[line]);
    }
    lines.join("\n") + "\n"
}

fn is_of_programs(path: &str) -> bool {
    let ending = path.rsplit('.').next().unwrap_or("");
    matches!(ending, "py" | "sql" | "prisma" | "ex" | "exs")
        && !path.ends_with("mix.exs")
        && !path.ends_with("setup.py")
}

fn wrong(case: &Case, salt: usize) -> Vec<String> {
    let original = MemoryFiles(
        case.files
            .iter()
            .map(|f| (f.path.clone(), f.text().into_bytes()))
            .collect(),
    );
    let editable: Vec<&String> = original.0.keys().filter(|path| is_of_programs(path)).collect();
    if editable.is_empty() {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut texts = original.clone();
    let mut before = Files::new(texts.clone()).lasting();
    let first = said(finish(&mut before, None).as_ref());
    if first != cold(&texts) {
        out.push(format!("{}: the first run differs", case.heading.join(": ")));
    }
    for at in 0..EDITS {
        let path = editable[(at + salt) % editable.len()];
        // What was edited before is as it was again, so that two files change at a time.
        let mut changed: BTreeSet<String> = texts
            .0
            .keys()
            .filter(|p| texts.0[*p] != original.0[*p])
            .cloned()
            .collect();
        texts = original.clone();
        let text = String::from_utf8_lossy(&original.0[path]).into_owned();
        texts
            .0
            .insert(path.clone(), edited(&text, at + salt).into_bytes());
        changed.insert(path.clone());
        let mut files = before.next(texts.clone(), &changed);
        let warm = said(finish(&mut files, Some((&before, &changed))).as_ref());
        let cold = cold(&texts);
        if warm != cold {
            let differs = warm.lines().zip(cold.lines()).find(|(a, b)| a != b);
            out.push(format!(
                "{}: after an edit of {path}: {differs:?}",
                case.heading.join(": ")
            ));
        }
        before = files;
    }
    out
}

#[test]
fn edits_find_what_a_whole_run_finds() {
    let all: Vec<Case> = ["tests/cases", "rules"]
        .iter()
        .flat_map(|folder| documents(folder))
        .flat_map(|(_, path)| Document::open(&path).cases)
        .collect();
    assert!(all.len() > 200, "there are few cases");
    let wrong: Vec<String> = all
        .iter()
        .enumerate()
        .flat_map(|(at, case)| wrong(case, at))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A history that is long enough for states to be kept on the way, edited at its end, in its middle and at its beginning.
#[test]
fn states_on_the_way_of_a_history_hold_for_what_has_not_changed() {
    let path = |at: usize| format!("prisma/migrations/{at:03}_m/migration.sql");
    let text = |at: usize, ty: &str| format!("CREATE TABLE \"T{at}\" (\"id\" {ty} PRIMARY KEY);\n");
    let mut texts = MemoryFiles::default();
    let mut models = "datasource db {\n  provider = \"postgresql\"\n}\n".to_owned();
    for at in 0..40 {
        texts.0.insert(path(at), text(at, "INTEGER").into_bytes());
        models += &format!("model T{at} {{\n  id Int @id\n}}\n");
    }
    texts
        .0
        .insert("prisma/schema.prisma".to_owned(), models.into_bytes());
    let mut before = Files::new(texts.clone()).lasting();
    finish(&mut before, None);
    for (at, ty) in [
        (39, "TEXT"),
        (39, "BIGINT"),
        (39, "INTEGER"),
        (20, "TEXT"),
        (20, "INTEGER"),
        (0, "TEXT"),
        (38, "TEXT"),
        (0, "INTEGER"),
        (39, ""),
    ] {
        texts.0.insert(path(at), text(at, ty).into_bytes());
        let changed = BTreeSet::from([path(at)]);
        let mut files = before.next(texts.clone(), &changed);
        let warm = said(finish(&mut files, Some((&before, &changed))).as_ref());
        assert_eq!(warm, cold(&texts), "migration {at} with {ty:?}");
        before = files;
    }
}

/// The same for revisions, whose surroundings change too: the naming convention of the models' metadata, what `env.py` does to the
/// database, a revision that uses code of the repository.
#[test]
fn states_on_the_way_of_revisions_hold_for_what_they_can_see() {
    let path = |at: usize| format!("migrations/versions/{at:03}_m.py");
    let text = |at: usize, body: &str| {
        let before = at
            .checked_sub(1)
            .map_or("None".to_owned(), |before| format!("\"r{before:03}\""));
        format!(
            "import sqlalchemy as sa\nfrom alembic import op\nrevision = \"r{at:03}\"\ndown_revision = {before}\n\n\n\
             def upgrade():\n    kind = sa.Enum(\"a\", \"b\", name=\"kind\")\n    op.create_table(\"t{at}\", sa.Column(\"id\", sa.Integer()), \
             sa.Column(\"kind\", kind), sa.UniqueConstraint(\"kind\"))\n{body}"
        )
    };
    let models = |convention: &str, column: &str| {
        let mut out = format!(
            "import sqlalchemy as sa\nfrom sqlalchemy.orm import declarative_base\n\
             Base = declarative_base(metadata=sa.MetaData(naming_convention={convention}))\n"
        );
        for at in 0..12 {
            out += &format!(
                "\n\nclass T{at}(Base):\n    __tablename__ = \"t{at}\"\n    id = sa.Column(sa.{column}, primary_key=True)\n"
            );
        }
        out.into_bytes()
    };
    let environment = |more: &str| {
        format!(
            "from alembic import context\nfrom app.models import Base\ntarget_metadata = Base.metadata\n\n\ndef run(connection):\n\
             {more}    context.configure(connection=connection, target_metadata=target_metadata)\n    with context.begin_transaction():\n\
             \x20       context.run_migrations()\n\n\nrun(context.config.attributes[\"connection\"])\n"
        )
        .into_bytes()
    };
    let plain = "None";
    let named = "{\"uq\": \"uq_%(table_name)s\"}";
    let mut texts = MemoryFiles::default();
    texts.0.insert(
        "alembic.ini".to_owned(),
        b"[alembic]\nscript_location = migrations\n".to_vec(),
    );
    texts.0.insert("migrations/env.py".to_owned(), environment(""));
    texts.0.insert("app/__init__.py".to_owned(), Vec::new());
    texts.0.insert("app/sizes.py".to_owned(), b"SIZE = 7\n".to_vec());
    texts
        .0
        .insert("app/models.py".to_owned(), models(plain, "Integer"));
    for at in 0..12 {
        texts.0.insert(path(at), text(at, "").into_bytes());
    }
    let mut before = Files::new(texts.clone()).lasting();
    assert_eq!(said(finish(&mut before, None).as_ref()), cold(&texts));
    let uses =
        "    from app.sizes import SIZE\n    op.add_column(\"t11\", sa.Column(\"name\", sa.String(SIZE)))\n";
    let takes = "    op.drop_constraint(\"uq_t11\", \"t11\")\n";
    let asks = "    connection.execute(sa.text(\"CREATE SCHEMA other\"))\n";
    let edits: Vec<(&str, Vec<u8>)> = vec![
        ("app/models.py", models(plain, "String")),
        ("app/models.py", models(named, "String")),
        ("migrations/versions/011_m.py", text(11, takes).into_bytes()),
        ("app/models.py", models(plain, "Integer")),
        ("migrations/versions/011_m.py", text(11, uses).into_bytes()),
        ("app/sizes.py", b"SIZE = 8\n".to_vec()),
        (
            "migrations/versions/005_m.py",
            text(5, "    op.drop_table(\"t4\")\n").into_bytes(),
        ),
        ("migrations/versions/011_m.py", text(11, "").into_bytes()),
        ("migrations/versions/005_m.py", text(5, "").into_bytes()),
        ("migrations/env.py", environment(asks)),
        (
            "migrations/versions/010_m.py",
            text(10, "    op.drop_table(\"t4\")\n").into_bytes(),
        ),
        ("migrations/env.py", environment("")),
        (
            "migrations/versions/000_m.py",
            text(0, "    op.add_column(\"t0\", sa.Column(\"x\", sa.Text()))\n").into_bytes(),
        ),
        (
            "migrations/versions/011_m.py",
            text(11, "    op.drop_table(\"t3\")\n").into_bytes(),
        ),
        // What a revision sets on a library, those after it see.
        (
            "migrations/versions/005_m.py",
            text(5, "    op.extra = \"extra\"\n").into_bytes(),
        ),
        (
            "migrations/versions/011_m.py",
            text(11, "    op.add_column(\"t11\", sa.Column(op.extra, sa.Text()))\n").into_bytes(),
        ),
        (
            "migrations/versions/011_m.py",
            text(11, "    op.add_column(\"t10\", sa.Column(op.extra, sa.Text()))\n").into_bytes(),
        ),
    ];
    for (step, (path, text)) in edits.into_iter().enumerate() {
        texts.0.insert(path.to_owned(), text);
        let changed = BTreeSet::from([path.to_owned()]);
        let mut files = before.next(texts.clone(), &changed);
        let warm = said(finish(&mut files, Some((&before, &changed))).as_ref());
        assert_eq!(warm, cold(&texts), "edit {step}, of {path}");
        before = files;
    }
}

/// Ways back run beside the migrations: what these give is the same to the last change.
#[test]
fn ways_back_leave_no_trace() {
    let outcomes = |texts: &MemoryFiles, downs: Downs| {
        let mut files = Files::new(texts.clone());
        let mut options = Options {
            downs,
            ..Options::default()
        };
        configure(&mut files, &mut options, Vec::new()).ok()?;
        let runs = check::run(&files, &options, Sides::Histories).ok()?.runs;
        let went = runs.iter().filter_map(|run| run.replayed.backs.as_ref());
        let ran = |back: &&Back| matches!(back.way, Way::Ran(_));
        let count = went.map(|backs| backs.list.iter().filter(ran).count()).sum();
        let said = runs.iter().map(|run| format!("{:?}", run.replayed.outcome));
        Some((said.collect::<Vec<_>>(), count))
    };
    let folders = ["tests/cases", "tests/alembic", "tests/ecto", "rules"];
    let documents = folders.iter().flat_map(|folder| documents(folder));
    let mut rehearsed: usize = 0;
    for case in documents.flat_map(|(_, path)| Document::open(&path).cases) {
        let files = case.files.iter();
        let texts = MemoryFiles(files.map(|f| (f.path.clone(), f.text().into_bytes())).collect());
        let plain = outcomes(&texts, Downs::Left).map(|(said, _)| said);
        for downs in [Downs::Run, Downs::Told] {
            let with = outcomes(&texts, downs);
            rehearsed += with.as_ref().map_or(0, |(_, count)| *count);
            let with = with.map(|(said, _)| said);
            let differs = plain
                .iter()
                .flatten()
                .zip(with.iter().flatten())
                .find_map(|(a, b)| {
                    let at = a.bytes().zip(b.bytes()).position(|(a, b)| a != b)?;
                    let near = |text: &str| {
                        text.get(at.saturating_sub(200)..at + 60)
                            .unwrap_or(text)
                            .to_owned()
                    };
                    Some(format!("{}\n{}", near(a), near(b)))
                });
            assert!(plain == with, "{}: {differs:?}", case.heading.join(": "));
        }
    }
    assert!(rehearsed > 100, "few ways back ran: {rehearsed}");
}

/// Which lines of revisions are run changes with an edit: a state that was kept of other lines is none of these.
#[test]
fn edits_of_lines_find_what_a_whole_run_finds() {
    let cases = documents("tests/cases")
        .into_iter()
        .flat_map(|(_, path)| Document::open(&path).cases);
    let of_lines: Vec<Case> = cases
        .filter(|case| case.heading.iter().any(|h| h.contains("are stamped with")))
        .collect();
    assert!(!of_lines.is_empty(), "the case of lines is gone");
    let wrong: Vec<String> = of_lines
        .iter()
        .flat_map(|case| (0..24).flat_map(|salt| wrong(case, salt)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
