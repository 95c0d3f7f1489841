//! Drafts of migrations: drafted for every rule page and case, replayed, and what they answer is gone; and the command that writes them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use schemalign::check::{Report, Runs, Sides, Wanted, configure, report, run};
use schemalign::config::Options;
use schemalign::draft::form::Called;
use schemalign::draft::{Effect, draft};
use schemalign::source::{Files, MemoryFiles};

use crate::harness::{Case, Document, documents};
use crate::postgres::server;

type Texts = BTreeMap<String, String>;

fn checked(texts: &Texts) -> (Files, Options, Runs, Report) {
    let mut files = Files::in_memory(texts.clone());
    let mut options = Options::default();
    configure(&mut files, &mut options, Vec::new()).expect("the configuration is right");
    let runs = run(&files, &options, Sides::Both).expect("the options fit");
    let found = report(&files, &options, &runs).expect("the options fit");
    (files, options, runs, found)
}

fn counts(report: &Report) -> BTreeMap<&str, usize> {
    let mut out = BTreeMap::new();
    for key in &report.silenced.keys {
        *out.entry(key.as_str()).or_default() += 1;
    }
    out
}

/// What was drafted, by rule: answered, in comments, left, and refused because it did not hold.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    answered: usize,
    asked: usize,
    left: usize,
    refused: usize,
}

fn round_trip(case: &Case, tally: &mut BTreeMap<String, Tally>) -> Vec<String> {
    let texts: Texts = case.files.iter().map(|f| (f.path.clone(), f.text())).collect();
    let (files, options, runs, before) = checked(&texts);
    let mut wrong = Vec::new();
    for target in &runs.runs {
        let memory = texts
            .iter()
            .map(|(path, text)| (path.clone(), text.clone().into_bytes()));
        let wanted = Wanted {
            system: Arc::new(MemoryFiles(memory.collect())),
            files: &files,
            options: &options,
            runs: &runs.runs,
            run: target,
            report: &before,
            called: Called {
                name: "Align with models",
                stamp: "20990102030405",
            },
        };
        let Ok(drafted) = wanted.draft() else { continue };
        let (Some(outcome), created) = (&target.replayed.outcome, schemalign::check::created(target)) else {
            continue;
        };
        let own = before
            .findings
            .iter()
            .filter(|f| f.targets.is_empty() || f.targets.contains(&target.target.name));
        let first = draft(
            &outcome.schema,
            created.database.schema(),
            &target.models,
            &own.collect::<Vec<_>>(),
        );
        let rule = |key: &str| key.split(':').next().unwrap_or("").to_owned();
        for key in drafted.draft.answers() {
            tally.entry(rule(key)).or_default().answered += 1;
        }
        for step in drafted
            .draft
            .steps
            .iter()
            .filter(|s| s.effect == Effect::Destroys)
        {
            tally.entry(rule(&step.key)).or_default().asked += 1;
        }
        for key in &first.left {
            tally.entry(rule(key)).or_default().left += 1;
        }
        for key in drafted.draft.left.iter().filter(|key| !first.left.contains(key)) {
            tally.entry(rule(key)).or_default().refused += 1;
            println!("refused: {} > {key}", case.heading.join(" > "));
        }
        let mut with = texts.clone();
        with.extend(drafted.files.iter().map(|f| (f.path.clone(), f.text.clone())));
        let (.., after) = checked(&with);
        let (was, is) = (counts(&before), counts(&after));
        let stays: Vec<&str> = drafted
            .draft
            .answers()
            .filter(|key| is.get(key).copied().unwrap_or(0) >= was.get(key).copied().unwrap_or(0))
            .collect();
        if !stays.is_empty() {
            let text = drafted.files.first().map_or("", |f| &f.text);
            wrong.push(format!(
                "{}: still there: {stays:?}\n{text}",
                case.heading.join(" > ")
            ));
        }
    }
    wrong
}

#[test]
fn what_a_draft_answers_is_gone_once_it_has_run() {
    let mut wrong = Vec::new();
    let mut tally = BTreeMap::new();
    for (name, path) in documents("rules").into_iter().chain(documents("tests/cases")) {
        for case in &Document::open(&path).cases {
            wrong.extend(
                round_trip(case, &mut tally)
                    .into_iter()
                    .map(|w| format!("{name}: {w}")),
            );
        }
    }
    for (rule, tally) in &tally {
        println!("{rule}: {tally:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for rule in [
        "missing-table",
        "missing-column",
        "type-mismatch",
        "nullability-mismatch",
        "default-mismatch",
        "missing-unique",
        "missing-index",
        "missing-foreign-key",
        "foreign-key-mismatch",
        "missing-check",
        "enum-mismatch",
        "name-mismatch",
    ] {
        assert!(
            tally.get(rule).is_some_and(|t| t.answered > 0),
            "no draft answers {rule}"
        );
    }
}

/// Drafts of SQL run on a real server after the migrations that they follow.
#[test]
fn a_server_runs_what_is_drafted() {
    let Some(server) = server() else { return };
    let mut wrong = Vec::new();
    let mut ran = 0;
    for (name, path) in documents("rules").into_iter().chain(documents("tests/cases")) {
        for case in &Document::open(&path).cases {
            let texts: Texts = case.files.iter().map(|f| (f.path.clone(), f.text())).collect();
            let (files, options, runs, found) = checked(&texts);
            for target in &runs.runs {
                let [history] = target.replayed.histories.as_slice() else {
                    continue;
                };
                if history.program.is_some() {
                    continue;
                }
                let memory = texts
                    .iter()
                    .map(|(path, text)| (path.clone(), text.clone().into_bytes()));
                let wanted = Wanted {
                    system: Arc::new(MemoryFiles(memory.collect())),
                    files: &files,
                    options: &options,
                    runs: &runs.runs,
                    run: target,
                    report: &found,
                    called: Called {
                        name: "Align with models",
                        stamp: "20990102030405",
                    },
                };
                let Some(file) = wanted.draft().ok().and_then(|d| d.files.into_iter().next()) else {
                    continue;
                };
                let mut database = server.database("drafts");
                let mut before = history.migrations.iter();
                if before.any(|m| database.error(m.text.as_str()).is_some()) {
                    continue;
                }
                ran += 1;
                let said = database.run(&file.text);
                let failed: Vec<_> = said.iter().filter(|line| line.starts_with("ERROR:")).collect();
                if !failed.is_empty() {
                    wrong.push(format!(
                        "{name}: {}: {failed:?}\n{}",
                        case.heading.join(" > "),
                        file.text
                    ));
                }
            }
        }
    }
    println!("{ran} drafts ran");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran > 20, "only {ran} drafts ran");
}

const SCHEMA: &str = "datasource db {\n  provider = \"postgresql\"\n}\n\nenum Role {\n  admin\n  guest\n}\n\nmodel User {\n  id    Int     @id\n  \
                      email String  @unique\n  role  Role?\n  size  Int\n}\n";
const TABLE: &str = "CREATE TABLE \"User\" (\"id\" INTEGER NOT NULL, \"size\" TEXT NOT NULL, \"old\" TEXT, CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\"));\n";

fn folder(test: &str, listing: &[(&str, &str)]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("drafts-{test}"));
    let _ = std::fs::remove_dir_all(&root);
    for (path, text) in listing {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    root
}

/// Exit code and output of both kinds.
fn command(root: &Path, arguments: &[&str]) -> (i32, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_schemalign"))
        .args(arguments)
        .current_dir(root)
        .env_remove("CI")
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap();
    (out.status.code().unwrap(), text)
}

#[test]
fn a_draft_is_written_in_the_form_of_its_stack() {
    let root = folder(
        "prisma",
        &[
            ("prisma/schema.prisma", SCHEMA),
            ("prisma/migrations/20250101000000_a/migration.sql", TABLE),
        ],
    );
    let (code, text) = command(&root, &["migration", "--stdout"]);
    assert_eq!(code, 0);
    let statements = "CREATE TYPE \"Role\" AS ENUM ('admin', 'guest');\n\
                      -- fails while a row has no value for it: give it a default, or fill it in between\n\
                      ALTER TABLE \"User\" ADD COLUMN email text NOT NULL;\n\
                      ALTER TABLE \"User\" ADD COLUMN role \"Role\";\n\
                      CREATE UNIQUE INDEX \"User_email_key\" ON public.\"User\" USING btree (email);\n\
                      \n-- Not done unless you say so:\n";
    assert!(
        text.starts_with("-- A draft by schemalign") && text.contains(statements),
        "{text}"
    );
    assert!(
        text.contains("\n-- ALTER TABLE \"User\" ALTER COLUMN size TYPE integer USING size::integer;\n"),
        "{text}"
    );
    assert!(
        text.contains("\n-- ALTER TABLE \"User\" DROP COLUMN old;\n"),
        "{text}"
    );
    let (code, said) = command(&root, &["migration", "--name", "Add e-mail"]);
    assert!(
        code == 0 && said.contains("_add_e_mail/migration.sql: a draft that answers"),
        "{said}"
    );
    let (code, said) = command(&root, &["--format", "concise"]);
    assert!(
        code == 1 && said.contains("type-mismatch") && !said.contains("missing-"),
        "{said}"
    );
}

/// The draft of a case of `tests/cases/drafts.md`.
fn drafted(heading: &str) -> String {
    let (_, path) = documents("tests/cases")
        .into_iter()
        .find(|(name, _)| name == "drafts")
        .unwrap();
    let document = Document::open(&path);
    let case = document.cases.iter().find(|c| c.heading == [heading]).unwrap();
    let texts: Vec<(String, String)> = case.files.iter().map(|f| (f.path.clone(), f.text())).collect();
    let listing: Vec<(&str, &str)> = texts.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let root = folder(&heading.to_ascii_lowercase(), &listing);
    let (code, text) = command(&root, &["migration", "--stdout", "--name", "Catch up"]);
    assert_eq!(code, 0, "{text}");
    text
}

#[test]
fn languages_of_migrations_say_it_in_their_own_words() {
    let alembic = drafted("Alembic");
    for line in [
        "import sqlalchemy as sa",
        "down_revision = \"0001\"",
        "    op.execute(\"CREATE TYPE mood AS ENUM ('good', 'bad')\")",
        "    op.add_column(\"people\", sa.Column(\"age\", sa.Integer(), nullable=False))",
        "    op.alter_column(\"people\", \"note\", nullable=False)",
        "    op.create_index(\"ix_people_age\", \"people\", [\"age\"])",
        "    op.create_unique_constraint(\"people_name_key\", \"people\", [\"name\"])",
        "    op.create_foreign_key(\"people_team_id_fkey\", \"people\", \"teams\", [\"team_id\"], [\"id\"], ondelete=\"CASCADE\")",
    ] {
        assert!(alembic.lines().any(|l| l == line), "{line} is not in:\n{alembic}");
    }
    let ecto = drafted("Ecto");
    for line in [
        "defmodule Shop.Repo.Migrations.CatchUp do",
        "    alter table(:users) do",
        "      add :email, :string",
        "      add :seen_at, :utc_datetime",
    ] {
        assert!(ecto.lines().any(|l| l == line), "{line} is not in:\n{ecto}");
    }
    assert!(
        ecto.contains(
            "CREATE TABLE orders (\n    id uuid NOT NULL,\n    total numeric,\n    user_id bigint,"
        ),
        "{ecto}"
    );
}

#[test]
fn where_no_draft_can_be_it_is_said() {
    let none = folder("none", &[("prisma/schema.prisma", SCHEMA)]);
    let (code, said) = command(&none, &["migration"]);
    assert!(code == 2 && said.contains("no migrations whose form"), "{said}");
    let clean = folder(
        "clean",
        &[
            (
                "prisma/schema.prisma",
                "datasource db {\n  provider = \"postgresql\"\n}\n\nmodel User {\n  id Int @id\n}\n",
            ),
            (
                "prisma/migrations/1_a/migration.sql",
                "CREATE TABLE \"User\" (\"id\" INTEGER NOT NULL, CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\"));\n",
            ),
        ],
    );
    let (code, said) = command(&clean, &["migration"]);
    assert!(code == 0 && said.contains("nothing that was found"), "{said}");
}
