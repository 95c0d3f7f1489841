//! The configuration file, the baseline and the commands that write them, from outside.

use std::path::{Path, PathBuf};
use std::process::Command;

const SCHEMA: &str =
    "datasource db {\n  provider = \"postgresql\"\n}\n\nmodel User {\n  id    Int @id\n  email String?\n}\n";
const TABLE: &str =
    "CREATE TABLE \"User\" (\"id\" INTEGER NOT NULL, CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\"));\n";

fn folder(test: &str, more: &[(&str, &str)]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("configuration-{test}"));
    let _ = std::fs::remove_dir_all(&root);
    let usual = [
        ("prisma/schema.prisma", SCHEMA),
        ("prisma/migrations/1_a/migration.sql", TABLE),
    ];
    for (path, text) in usual.iter().chain(more) {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    root
}

/// Exit code, stdout, stderr, outside of CI.
fn run(root: &Path, arguments: &[&str]) -> (i32, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_schemalign"))
        .args(arguments)
        .current_dir(root)
        .env_remove("CI")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
}

#[test]
fn every_flaw_is_said_with_its_place() {
    let root = folder(
        "flaws",
        &[(
            "schemalign.toml",
            "exclud = []\nrequire-reason = 1\n[rules]\nmising-column = \"off\"\nmissing-table = \"loud\"\n\
             [[overrides]]\npath = []\n[given]\npostgres_version = \"new\"\n",
        )],
    );
    let (code, out, err) = run(&root, &[]);
    assert_eq!((code, out.as_str()), (2, ""));
    for part in [
        "schemalign.toml:1:1: there is no key `exclud` (did you mean `exclude`?)",
        "schemalign.toml:2:18: `require-reason` takes true or false, not an integer",
        "schemalign.toml:4:1: there is no rule `mising-column` (did you mean `missing-column`?)",
        "schemalign.toml:5:17: there is no level `loud`",
        "schemalign.toml:7:1: there is no key `path` (did you mean `paths`?)",
        "schemalign.toml:9:20: postgres_version takes a major version",
    ] {
        assert!(err.contains(part), "{part} is not in:\n{err}");
    }
    assert_eq!(run(&root, &["--no-config"]).0, 1);
    let broken = folder("broken", &[("schemalign.toml", "[rules\nx")]);
    let (code, _, err) = run(&broken, &[]);
    assert!(code == 2 && err.contains("this is no TOML"), "{err}");
    let old = folder("old", &[("schemalign.toml", "required-version = \">=99\"")]);
    assert!(run(&old, &[]).2.contains("the file wants >=99"));
}

#[test]
fn manifests_of_languages_hold_it_too() {
    for (name, head) in [
        ("pyproject.toml", "[tool.schemalign.rules]"),
        ("Cargo.toml", "[workspace.metadata.schemalign.rules]"),
        ("Cargo.toml", "[package.metadata.schemalign.rules]"),
        (".schemalign.toml", "[rules]"),
    ] {
        let text = format!("{head}\nmissing-column = \"off\"\n");
        let root = folder("manifests", &[(name, &text)]);
        assert_eq!(run(&root, &[]).0, 0, "{name}");
        assert_eq!(run(&root.join("prisma"), &[]).0, 0, "{name} from below");
    }
    // The file of the project's own goes before the manifest, whatever the manifest says.
    let root = folder(
        "both",
        &[
            (
                "pyproject.toml",
                "[tool.schemalign.rules]\nmissing-column = \"off\"\n",
            ),
            ("schemalign.toml", ""),
        ],
    );
    assert_eq!(run(&root, &[]).0, 1);
}

#[test]
fn files_and_tables_are_left_out() {
    let excluded = folder("exclude", &[("schemalign.toml", "exclude = [\"prisma\"]\n")]);
    assert_eq!(run(&excluded, &[]).0, 2, "nothing is left to check");
    let tables = folder("tables", &[("schemalign.toml", "exclude-tables = [\"User\"]\n")]);
    assert_eq!(run(&tables, &[]).0, 0);
    let levels = folder(
        "levels",
        &[(
            "schemalign.toml",
            "fail-on = \"error\"\n[rules]\nmissing-column = \"warn\"\n",
        )],
    );
    let (code, out, _) = run(&levels, &[]);
    assert!(code == 0 && out.contains("warning[missing-column]"), "{out}");
    assert_eq!(
        run(&levels, &["--fail-on", "warn"]).0,
        1,
        "the command line goes before the file"
    );
    let one = "[[overrides]]\npaths = [\"prisma/**\"]\nrules = { missing-column = \"off\" }\n";
    assert_eq!(run(&folder("override", &[("schemalign.toml", one)]), &[]).0, 0);
    let coverage = folder(
        "coverage",
        &[(
            "schemalign.toml",
            "minimum-coverage = 100\n[rules]\nmissing-column = \"off\"\n",
        )],
    );
    assert_eq!(run(&coverage, &[]).0, 0);
    std::fs::write(
        coverage.join("prisma/migrations/1_a/migration.sql"),
        format!("{TABLE}CREATE NONSENSE x;\n"),
    )
    .unwrap();
    let (code, _, err) = run(&coverage, &[]);
    assert!(code == 1 && err.contains("% are demanded"), "{err}");
}

#[test]
fn projects_are_set_by_hand() {
    let text = "[[projects]]\nname = \"shop\"\nmigrations = [\"prisma/migrations\"]\nmodels = [\"prisma/schema.prisma\"]\n";
    let root = folder("projects", &[("schemalign.toml", text)]);
    let (code, out, _) = run(&root, &["--format", "json"]);
    assert_eq!(code, 1);
    assert!(out.contains("\"name\": \"shop\""), "{out}");
    let wrong = folder(
        "no-project",
        &[("schemalign.toml", "[[projects]]\nmigrations = [\"sql\"]\n")],
    );
    let (code, _, err) = run(&wrong, &[]);
    assert!(
        code == 2 && err.contains("schemalign.toml:1: sql holds no migrations"),
        "{err}"
    );
}

#[test]
fn a_baseline_keeps_what_is_known_quiet() {
    let root = folder("baseline", &[]);
    assert_eq!(run(&root, &[]).0, 1);
    assert_eq!(run(&root, &["baseline"]).0, 0);
    let (code, out, _) = run(&root, &[]);
    assert!(code == 0 && out.contains("1 in the baseline"), "{out}");
    assert_eq!(run(&root, &["--no-baseline"]).0, 1);
    // Lines move, the finding stays known; a new one is told, and nothing else.
    let moved =
        format!("// a comment\n\n{SCHEMA}").replace("  email String?", "  email String?\n  age   Int?");
    std::fs::write(root.join("prisma/schema.prisma"), moved).unwrap();
    let (code, out, _) = run(&root, &["--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&out).unwrap();
    let keys: Vec<_> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["key"].as_str().unwrap())
        .collect();
    assert_eq!((code, keys), (1, vec!["missing-column:public.User:age"]));
    // What is mended is stale: a note at work, a failure in CI, gone after a pruning.
    std::fs::write(
        root.join("prisma/schema.prisma"),
        SCHEMA.replace("  email String?\n", ""),
    )
    .unwrap();
    assert_eq!(run(&root, &[]).0, 0);
    let (code, out, _) = run(&root, &["--ci"]);
    assert!(code == 1 && out.contains("stale-baseline"), "{out}");
    assert_eq!(run(&root, &["baseline", "--prune"]).0, 0);
    assert_eq!(run(&root, &["--ci"]).0, 0);
    std::fs::write(root.join("schemalign-baseline.txt"), "no entry at all\n").unwrap();
    assert_eq!(run(&root, &[]).0, 2);
}

#[test]
fn a_file_is_written_and_shown() {
    let root = folder("init", &[]);
    assert_eq!(run(&root, &["init"]).0, 0);
    assert_eq!(run(&root, &["init"]).0, 2, "what is there is not written over");
    let text = std::fs::read_to_string(root.join("schemalign.toml")).unwrap();
    assert!(text.contains("# migrations = [\"prisma/migrations\"]"), "{text}");
    assert_eq!(run(&root, &[]).0, 1, "the file changes nothing by itself");
    // The lines that it offers are right when they are taken.
    let taken: String = text
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|l| l.contains('=') || l.starts_with('['))
                .unwrap_or(line)
        })
        .filter(|line| !line.starts_with("exclude") && !line.starts_with("owned"))
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(root.join("schemalign.toml"), taken).unwrap();
    let (code, _, err) = run(&root, &[]);
    assert_eq!(code, 1, "{err}");
    let (code, out, _) = run(&root, &["config", "prisma/schema.prisma"]);
    assert!(
        code == 0 && out.contains("missing-index = \"off\"  # schemalign.toml:"),
        "{out}"
    );
    assert!(run(&root, &["config", "--keys"]).1.contains("exclude-tables"));
}

/// The schema that is shipped is the one that the program prints, has every key, and its examples are what the reader accepts.
#[test]
fn the_schema_says_what_is_accepted() {
    use schemalign::config::file::{KEYS, OVERRIDE_KEYS, PROJECT_KEYS};
    let root = folder("schema", &[]);
    let (code, printed, _) = run(&root, &["config", "--schema"]);
    assert_eq!(code, 0);
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/schemalign.schema.json");
    if crate::harness::updating() {
        std::fs::write(&shipped, &printed).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&shipped).unwrap_or_default(),
        printed,
        "write it anew with SCHEMALIGN_UPDATE=1"
    );
    let schema: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value["properties"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(
        keys(&schema),
        KEYS.iter().map(|(key, _)| *key).collect::<Vec<_>>()
    );
    assert_eq!(keys(&schema["properties"]["overrides"]["items"]), OVERRIDE_KEYS);
    assert_eq!(keys(&schema["properties"]["projects"]["items"]), PROJECT_KEYS);
    let rules: Vec<&str> = schemalign::rules::RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(keys(&schema["definitions"]["rules"]), rules);
    let names: Vec<&str> = schemalign::rules::RULES.iter().map(|rule| rule.name).collect();
    let flaws = |text: &str| {
        let file = schemalign::source::FileId(0);
        schemalign::config::file::read(file, "schemalign.toml", "", text, &names).1
    };
    for (key, property) in schema["properties"].as_object().unwrap() {
        let examples = property["examples"].as_array();
        assert!(
            examples.is_some_and(|list| !list.is_empty()),
            "{key} has no example"
        );
        for example in examples.unwrap() {
            let text = format!("{key} = {}\n", toml_of(example));
            assert_eq!(flaws(&text), [], "{text}");
        }
        // Of another type than any key takes.
        assert!(!flaws(&format!("{key} = 1979-05-27\n")).is_empty(), "{key}");
        for word in property["enum"].as_array().into_iter().flatten() {
            assert_eq!(flaws(&format!("{key} = {word}\n")), [], "{key}");
        }
    }
    for level in schema["definitions"]["rules"]["properties"]["extra-table"]["enum"]
        .as_array()
        .unwrap()
    {
        assert_eq!(flaws(&format!("[rules]\nextra-table = {level}\n")), []);
    }
    for dialect in schema["properties"]["projects"]["items"]["properties"]["dialect"]["enum"]
        .as_array()
        .unwrap()
    {
        assert_eq!(
            flaws(&format!("[[projects]]\nmodels = \"a\"\ndialect = {dialect}\n")),
            []
        );
    }
}

/// A JSON value as TOML.
fn toml_of(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Array(list) => {
            format!("[{}]", list.iter().map(toml_of).collect::<Vec<_>>().join(", "))
        }
        serde_json::Value::Object(table) => {
            let pairs = table
                .iter()
                .map(|(key, value)| format!("{key} = {}", toml_of(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// What the order of landing explains is a note, until the state is to be settled.
#[test]
fn what_the_order_explains_fails_no_run() {
    let order = ("schemalign.toml", "order = \"models-first\"\n");
    let root = folder("order", &[order]);
    let (code, out, _) = run(&root, &["--format", "concise"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("note") && out.contains("missing-column"), "{out}");
    assert!(out.contains("expected until its migration lands"), "{out}");
    assert_eq!(run(&root, &["--settled"]).0, 1);
    let (_, json, _) = run(&root, &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["findings"][0]["pending"], true);
    std::fs::write(root.join("schemalign.toml"), "order = \"migrations-first\"\n").unwrap();
    assert_eq!(run(&root, &[]).0, 1);
}

/// A type that nothing makes is certain to be missing from a new database: a warning of a rule whose findings else are notes.
#[test]
fn a_type_that_nothing_makes_is_louder_than_the_rule() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("configuration-louder");
    let _ = std::fs::remove_dir_all(&root);
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("alembic.ini", "[alembic]\nscript_location = migrations\n");
    write(
        "migrations/env.py",
        "from alembic import context\n\ncontext.configure(connection=object())\nwith context.begin_transaction():\n    \
         context.run_migrations()\n",
    );
    write(
        "migrations/versions/a.py",
        "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = 'a'\ndown_revision = None\n\n\ndef upgrade():\n    \
         op.create_table('tasks', sa.Column('id', sa.Integer, primary_key=True))\n    \
         op.add_column('tasks', sa.Column('state', sa.Enum('open', 'done', name='state')))\n    \
         op.create_table('a', sa.Column('id', sa.Integer, primary_key=True))\n    \
         op.create_table('b', sa.Column('id', sa.Integer, primary_key=True))\n    \
         op.create_index('others_name', 'others', ['name'])\n",
    );
    let level = |object: &str| {
        let (_, json, _) = run(&root, &["--format", "json"]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let all = json["findings"].as_array().unwrap().iter();
        let mut of = all.filter(|f| f["rule"] == "presumed-object" && f["object"] == object);
        of.next().map(|f| f["level"].as_str().unwrap().to_owned())
    };
    assert_eq!(level("public.state").as_deref(), Some("warn"));
    assert_eq!(level("public.others").as_deref(), Some("note"));
    write("schemalign.toml", "[rules]\npresumed-object = \"error\"\n");
    assert_eq!(level("public.state").as_deref(), Some("error"));
    assert_eq!(level("public.others").as_deref(), Some("error"));
    write("schemalign.toml", "[rules]\npresumed-object = \"note\"\n");
    assert_eq!(level("public.state").as_deref(), Some("note"));
    // What may have made it before.
    std::fs::remove_file(root.join("schemalign.toml")).unwrap();
    write(
        "setup/types.py",
        "def make(db):\n    db.execute('CREATE TYPE state AS ENUM (1)')\n",
    );
    assert_eq!(level("public.state").as_deref(), Some("note"));
}
