//! The output formats: what their consumers need is there, and nothing that a file holds is read as the format's own syntax.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Names as nobody chooses them: a workflow command, markup, a terminal's escape sequence, a mention, a table cell's end.
const SCHEMA: &str = r##"datasource db {
  provider = "postgresql"
}

model User {
  id   Int    @id
  name String
  @@map("x|<script>alert(1)</script> @all ::error::y `z` ##[add-mask]w")
}

model Post {
  id    Int    @id
  title String
  @@map("posts")
}
"##;
const MIGRATION: &str = "CREATE TABLE \"posts\" (\"id\" INTEGER NOT NULL, \"\u{1b}[31m<b>&\" TEXT, \"a%0A::warning::b\" INTEGER NOT NULL,\n\
                         CONSTRAINT \"posts_pkey\" PRIMARY KEY (\"id\"));\n";

fn folder(test: &str) -> PathBuf {
    let schema = ("prisma/schema.prisma", SCHEMA);
    folder_of(
        test,
        &[schema, ("prisma/migrations/1_a,b:c/migration.sql", MIGRATION)],
    )
}

fn folder_of(test: &str, files: &[(&str, &str)]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("formats-{test}"));
    let _ = std::fs::remove_dir_all(&root);
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    root
}

fn program(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_schemalign"));
    command
        .env_remove("GITHUB_WORKSPACE")
        .env_remove("CI_PROJECT_DIR")
        .args(arguments)
        .current_dir(root);
    command
}

fn run(root: &Path, arguments: &[&str]) -> (i32, String) {
    let out = program(root, arguments).output().unwrap();
    (out.status.code().unwrap(), String::from_utf8(out.stdout).unwrap())
}

const FORMS: [&str; 11] = [
    "text",
    "concise",
    "json",
    "json-lines",
    "sarif",
    "junit",
    "github",
    "gitlab",
    "checkstyle",
    "rdjson",
    "markdown",
];

#[test]
fn no_form_lets_text_of_files_act() {
    let root = folder("hostile");
    for form in FORMS {
        let (code, out) = run(&root, &["--format", form]);
        assert_eq!(code, 1, "{form}");
        assert!(!out.contains('\u{1b}'), "{form} prints a raw escape sequence");
        assert!(
            !out.contains("##[add-mask]") || form.contains("json") || form == "sarif" || form == "gitlab",
            "{form}: {out}"
        );
        // `::: path` heads the second file of a snippet: no command has a name that begins with a colon.
        let command =
            |line: &&str| line.trim_start().starts_with("::") && !line.trim_start().starts_with("::: ");
        for line in out.lines().filter(command) {
            assert!(
                form == "github" && line.starts_with("::"),
                "{form} prints a workflow command: {line}"
            );
            let (word, _) = line[2..].split_once(' ').unwrap();
            assert!(matches!(word, "error" | "warning" | "notice"), "{line}");
            assert_eq!(
                line.split("title=")
                    .nth(1)
                    .and_then(|t| t.split("::").next())
                    .map(|t| t.contains('-')),
                Some(true),
                "{line}"
            );
        }
        if matches!(form, "junit" | "checkstyle" | "markdown") {
            assert!(!out.contains("<script>") && !out.contains("<b>"), "{form}: {out}");
        }
        if form == "markdown" {
            assert!(!out.contains("@all") && !out.contains("`z`"), "{out}");
            let columns = |line: &str| line.replace("\\|", "").matches('|').count();
            for line in out.lines().filter(|line| line.starts_with('|')) {
                assert_eq!(columns(line), 6, "{line}");
            }
        }
    }
}

/// What reads these reports looks for files from the repository's root.
#[test]
fn paths_begin_at_the_root_of_the_repository() {
    let root = folder("within/backend").parent().unwrap().to_path_buf();
    let forms = ["github", "gitlab", "sarif", "checkstyle", "rdjson"];
    for form in forms {
        let (_, out) = run(&root, &["check", "backend", "--format", form]);
        assert!(out.contains("backend/prisma/schema.prisma"), "{form}: {out}");
        let (_, out) = run(&root.join("backend"), &["check", "--format", form]);
        assert!(!out.contains("backend/prisma/schema.prisma"), "{form}: {out}");
        for variable in ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"] {
            let out = program(&root.join("backend"), &["check", "--format", form])
                .env(variable, &root)
                .output()
                .unwrap();
            let out = String::from_utf8(out.stdout).unwrap();
            assert!(out.contains("backend/prisma/schema.prisma"), "{form}: {out}");
        }
    }
}

#[test]
fn documents_are_what_their_readers_take() {
    let root = folder("documents");
    let json = |form: &str| -> serde_json::Value {
        serde_json::from_str(&run(&root, &["--format", form]).1).unwrap_or_else(|e| panic!("{form}: {e}"))
    };
    let findings = json("json")["findings"].as_array().unwrap().len();
    assert!(findings >= 3, "{findings}");
    let sarif = json("sarif");
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), findings);
    for result in results {
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(
            result["ruleId"],
            sarif["runs"][0]["tool"]["driver"]["rules"][at]["id"]
        );
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            .as_str()
            .unwrap();
        assert!(
            uri.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)),
            "{uri}"
        );
    }
    let gitlab = json("gitlab");
    let prints: std::collections::BTreeSet<_> = gitlab
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["fingerprint"].to_string())
        .collect();
    assert_eq!(prints.len(), findings);
    assert_eq!(json("rdjson")["diagnostics"].as_array().unwrap().len(), findings);
    let lines = run(&root, &["--format", "json-lines"]).1;
    assert_eq!(lines.lines().count(), findings + 1);
    assert!(
        lines
            .lines()
            .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
    );
    let (_, junit) = run(&root, &["--format", "junit"]);
    assert_eq!(junit.matches("<testcase ").count(), findings);
    let (_, github) = run(&root, &["--format", "github"]);
    assert_eq!(
        github.lines().filter(|line| line.starts_with("::")).count(),
        findings
    );
}

/// Libraries that others read such reports with take them, of plain names and of hostile ones, and see each finding.
#[test]
fn readers_of_others_take_the_documents() {
    let python = std::env::var("SCHEMALIGN_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let imports = "import junitparser, markdown_it, sarif_pydantic";
    let has = Command::new(&python).args(["-c", imports]).output();
    if !has.is_ok_and(|out| out.status.success()) {
        let off = std::env::var_os("SCHEMALIGN_ALEMBIC").is_some_and(|v| v == "off");
        assert!(
            std::env::var_os("CI").is_none() || off,
            "CI needs a Python with tests/judge/requirements.txt (SCHEMALIGN_PYTHON names it)"
        );
        println!("skipped: there are no readers of reports (pip install -r tests/judge/requirements.txt)");
        return;
    }
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let forms = ["sarif", "junit", "checkstyle", "markdown", "rdjson", "gitlab"];
    let hostile = folder("readers");
    for root in [&manifest.join("examples/shop"), &hostile] {
        let out = hostile.join("reports");
        let _ = std::fs::remove_dir_all(&out);
        std::fs::create_dir_all(&out).unwrap();
        let mut arguments = vec!["--format".to_owned(), "json".to_owned()];
        for form in forms {
            arguments.push("--output".to_owned());
            arguments.push(format!("{form}={}", out.join(form).display()));
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (_, json) = run(root, &arguments);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let findings = json["findings"].as_array().unwrap().len();
        let read = Command::new(&python)
            .arg(manifest.join("tests/judge/formats.py"))
            .arg(&out)
            .output()
            .unwrap();
        let said = String::from_utf8(read.stdout).unwrap();
        let error = String::from_utf8_lossy(&read.stderr).into_owned();
        assert!(read.status.success(), "{}: {said}{error}", root.display());
        for form in forms {
            assert!(
                said.lines().any(|line| line == format!("{form} {findings}")),
                "{form}: {said}"
            );
        }
    }
}

#[test]
fn several_forms_go_to_files_in_one_run() {
    let root = folder("files");
    let (code, out) = run(
        &root,
        &[
            "--output",
            "sarif=out/a.sarif",
            "--output",
            "junit=b.xml",
            "--format",
            "concise",
        ],
    );
    assert_eq!(code, 1);
    assert!(out.lines().next().unwrap().starts_with("prisma/"), "{out}");
    assert!(
        std::fs::read_to_string(root.join("out/a.sarif"))
            .unwrap()
            .contains("\"2.1.0\"")
    );
    assert!(
        std::fs::read_to_string(root.join("b.xml"))
            .unwrap()
            .starts_with("<?xml")
    );
    assert_eq!(run(&root, &["--output", "sarif"]).0, 2);
    assert_eq!(run(&root, &["--output", "poem=x"]).0, 2);
    assert_eq!(run(&root, &["--output", "json=prisma"]).0, 2);
}

#[test]
fn what_fails_a_run_can_be_set() {
    let root = folder("fail");
    assert_eq!(run(&root, &["--exit-zero"]).0, 0);
    assert_eq!(run(&root, &["--max-findings", "1000"]).0, 0);
    assert_eq!(run(&root, &["--fail-on", "error"]).0, 1);
    let (_, quiet) = run(&root, &["--quiet", "--format", "concise"]);
    assert!(!quiet.contains("note[") && !quiet.contains("followed"), "{quiet}");
    let (code, counts) = run(&root, &["--statistics"]);
    assert_eq!(code, 1);
    assert!(counts.contains("missing-table"), "{counts}");
}

/// Many models without a table are one fault: the first is shown whole, the others by a line each.
#[test]
fn many_errors_alike_are_told_together() {
    let listed = |models: usize| {
        let root = folder(&format!("alike-{models}"));
        let mut schema = SCHEMA.to_owned();
        for at in 0..models {
            schema += &format!("model M{at} {{\n  id Int @id\n  @@map(\"m{at}\")\n}}\n");
        }
        std::fs::write(root.join("prisma/schema.prisma"), schema).unwrap();
        let (code, text) = run(&root, &["check"]);
        assert_eq!(code, 1);
        text
    };
    let few = listed(4);
    assert_eq!(few.matches("no table public.").count(), 5, "{few}");
    assert!(!few.contains("more like it"), "{few}");
    let many = listed(9);
    assert_eq!(many.matches("no table public.").count(), 1, "{many}");
    assert!(
        many.contains(
            "error[missing-table]: 9 more like it:\n  prisma/schema.prisma:18:9: model `M0` needs the table public.m0, which no migration \
             creates\n  prisma/schema.prisma:22:9: "
        ),
        "{many}"
    );
    assert!(many.contains("12 errors"), "{many}");
}

/// A field of a mixin is shown once, with each table that it is of.
#[test]
fn what_one_line_gives_to_several_tables_is_told_together() {
    let models = "from datetime import datetime\nfrom sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\n\n\
        class Base(DeclarativeBase):\n    pass\n\n\n\
        class Dated:\n    made_at: Mapped[datetime] = mapped_column(nullable=True)\n\n\n\
        class Boat(Dated, Base):\n    __tablename__ = \"boats\"\n    id: Mapped[int] = mapped_column(primary_key=True)\n\n\n\
        class Crew(Dated, Base):\n    __tablename__ = \"crews\"\n    id: Mapped[int] = mapped_column(primary_key=True)\n";
    let revision = "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"1\"\ndown_revision = None\n\n\n\
        def upgrade():\n    for name in (\"boats\", \"crews\"):\n        op.create_table(\n            name,\n\
        \x20           sa.Column(\"id\", sa.Integer, primary_key=True),\n\
        \x20           sa.Column(\"made_at\", sa.DateTime, nullable=False),\n        )\n";
    let env = "from alembic import context\nfrom models import Base\n\ncontext.configure(target_metadata=Base.metadata)\n\
        with context.begin_transaction():\n    context.run_migrations()\n";
    let root = folder_of(
        "one-line",
        &[
            (
                "alembic.ini",
                "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n",
            ),
            ("models.py", models),
            ("migrations/env.py", env),
            ("migrations/versions/1_init.py", revision),
        ],
    );
    let (code, text) = run(&root, &["check"]);
    assert_eq!(code, 1);
    assert_eq!(text.matches("optional here").count(), 1, "{text}");
    assert!(
        text.contains(
            "error[nullability-mismatch]: 1 more like it:\n  migrations/versions/1_init.py:13:56: `Crew.made_at` is optional, but \
             public.crews.made_at is made NOT NULL by migration 1"
        ),
        "{text}"
    );
    assert!(text.contains("2 errors"), "{text}");
}
