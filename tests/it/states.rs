//! States of a schema held against each other: a real server's dumps against what was run on it, and the command's words.

use std::path::{Path, PathBuf};
use std::process::Command;

use schemalign::schema::compare::{Comparison, Without, compare};

use crate::harness::copy_folder;
use crate::judge::{Ours, for_each_case};
use crate::postgres::server;

fn told(comparison: &Comparison) -> Vec<String> {
    let all = comparison.differences.iter();
    all.map(|d| {
        let text = |said: &Option<schemalign::schema::compare::Said>| {
            said.as_ref().map_or("none".to_owned(), |s| s.text.clone())
        };
        let object = &d.object;
        format!(
            "{} {} {}: {:?}: {} | {}",
            object.table.as_deref().unwrap_or(""),
            object.kind.word(),
            object.name,
            d.fact,
            text(&d.left),
            text(&d.right)
        )
    })
    .collect()
}

/// What `pg_dump -s` says of a database is what was run on it, as far as that is known.
#[test]
fn a_dump_says_what_was_run() {
    let Some(server) = server() else { return };
    let (mut equal, mut unknown) = (0, 0);
    for_each_case(|blocks| {
        let mut ours = Ours::new();
        let mut theirs = server.database("states_dump");
        for block in blocks {
            ours.run(block);
            theirs.run(block);
        }
        // What a transaction that is still open made is not dumped.
        theirs.run("COMMIT");
        ours.run("COMMIT");
        let Some(dump) = server.dump("states_dump") else {
            return Vec::new();
        };
        let mut read = Ours::new();
        let failed = read.run(&dump);
        if !failed.is_empty() {
            return vec![format!("the dump fails with {failed:?}\n{dump}")];
        }
        let comparison = compare(ours.schema(), read.schema(), &Without::default());
        match comparison.is_equal() {
            Some(true) => equal += 1,
            Some(false) => {}
            None => unknown += 1,
        }
        told(&comparison)
    });
    println!("{equal} equal, {unknown} in part unknown");
}

fn shop(test: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("states-{test}"));
    let _ = std::fs::remove_dir_all(&root);
    copy_folder(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop"),
        &root,
    );
    root
}

fn run(root: &Path, arguments: &[&str]) -> (i32, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_schemalign"))
        .args(arguments)
        .current_dir(root)
        .env_remove("CI")
        .output()
        .unwrap();
    (
        out.status.code().unwrap(),
        String::from_utf8(out.stdout).unwrap(),
        String::from_utf8(out.stderr).unwrap(),
    )
}

const INIT: &str = "20240105090000_init";
const LATER: &str = "20240212101500_reviews";

#[test]
fn sides_are_said_in_words() {
    let root = shop("words");
    let (code, out, _) = run(&root, &["diff", &format!("@{LATER}^"), "history"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("public.reviews\n  + table\n"), "{out}");
    assert!(
        out.contains(&format!("B: prisma/migrations/{LATER}/migration.sql:17")),
        "{out}"
    );
    assert_eq!(
        run(&root, &["diff", &format!("@{INIT}"), &format!("@{LATER}^")]).0,
        0
    );
    assert_eq!(run(&root, &["diff", "history", "prisma/migrations"]).0, 0);
    let (code, out, _) = run(&root, &["diff", &format!("@{INIT}^"), "history"]);
    assert!(code == 1 && !out.contains("\n  - "), "{out}");
    // A dump that is of another time, as a document.
    let (_, sql, _) = run(&root, &["schema", "--format", "sql", "--at", INIT]);
    std::fs::write(root.join("dump.sql"), sql).unwrap();
    let (code, out, _) = run(&root, &["diff", "dump.sql", "history", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &document["equal"]), (1, &serde_json::Value::from(false)));
    let found: Vec<_> = document["differences"].as_array().unwrap().iter().collect();
    assert_eq!(found.len(), 2, "{out}");
    assert_eq!(found[0]["right_place"]["migration"], LATER);
    assert_eq!(run(&root, &["diff", "dump.sql", &format!("@{INIT}")]).0, 0);
    // What is there before the migrations run is made by a dump itself.
    let given = ["--given", "schemas=beside"];
    let init = format!("@{INIT}");
    let sides = ["diff", "dump.sql", &init];
    let (code, out, _) = run(&root, &[&sides[..], &given].concat());
    assert!(code == 1 && out.contains(" 0 not known"), "{out}");
    let sql = std::fs::read_to_string(root.join("dump.sql")).unwrap() + "\nCREATE SCHEMA beside;\n";
    std::fs::write(root.join("dump.sql"), sql).unwrap();
    assert_eq!(run(&root, &[&sides[..], &given].concat()).0, 0);
    let (code, out, _) = run(&root, &["diff", "history", "models", "--format", "markdown"]);
    assert!(
        code == 1 && out.contains("| column public.orders.user\\_id | type |"),
        "{out}"
    );
}

/// What a library's functions say is the library's own: that they are there, and what they are called with, is held against a dump.
#[test]
fn bodies_of_a_library_are_not_known() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("states-library");
    let _ = std::fs::remove_dir_all(&root);
    std::fs::create_dir_all(root.join("priv/repo/migrations")).unwrap();
    let write = |path: &str, text: &str| std::fs::write(root.join(path), text).unwrap();
    write(
        "mix.lock",
        "%{\n  \"oban\": {:hex, :oban, \"2.19.4\", \"a\", [:mix], [], \"hexpm\"},\n}\n",
    );
    write(
        "mix.exs",
        "defmodule My.MixProject do\n  def project, do: [app: :my, deps: [{:oban, \"~> 2.19\"}]]\nend\n",
    );
    write(
        "priv/repo/migrations/1_jobs.exs",
        "defmodule My.Repo.Migrations.Jobs do\n  use Ecto.Migration\n  def up, do: Oban.Migrations.up(version: 11)\nend\n",
    );
    let (code, made, error) = run(&root, &["schema", "--format", "sql"]);
    assert_eq!(code, 0, "{error}");
    let start = made
        .find("CREATE FUNCTION public.oban_jobs_notify")
        .expect("is made");
    let body = made[start..].find("BEGIN").unwrap() + start;
    let dump = format!(
        "{} BEGIN PERFORM 1; {}",
        &made[..body],
        &made[body + "BEGIN".len()..]
    );
    write("dump.sql", &dump);
    let (code, out, _) = run(&root, &["diff", "history", "dump.sql"]);
    assert!(code != 1 && out.contains("is not known"), "{code} {out}");
    write(
        "dump.sql",
        &dump
            .replace("RETURNS trigger", "RETURNS integer")
            .replace("CREATE TRIGGER", "-- "),
    );
    let (code, out, _) = run(&root, &["diff", "history", "dump.sql"]);
    assert!(code == 1 && out.contains("result"), "{code} {out}");
    // What another package makes besides hides nothing of the version that has run.
    let migration = |name: &str, up: &str| {
        format!("defmodule My.Repo.Migrations.{name} do\n  use Ecto.Migration\n  def up, do: {up}\nend\n")
    };
    write(
        "priv/repo/migrations/2_other.exs",
        &migration("Other", "Telemetry.Migrations.up()"),
    );
    write(
        "priv/repo/migrations/3_more.exs",
        &migration("More", "Oban.Migrations.up(version: 12)"),
    );
    let (_, out, _) = run(&root, &["schema"]);
    assert!(
        out.contains("non_negative_priority") && !out.contains("may not exist"),
        "{out}"
    );
}

/// Migrations that begin on tables that they do not make say nothing of what else was there before them.
#[test]
fn what_was_there_before_the_migrations_is_not_known() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("states-before");
    let _ = std::fs::remove_dir_all(&root);
    std::fs::create_dir_all(root.join("migrations")).unwrap();
    let write = |path: &str, text: &str| std::fs::write(root.join(path), text).unwrap();
    write(
        "migrations/V1__more.sql",
        "ALTER TABLE old ADD COLUMN size integer;\nCREATE TABLE new (id integer);\n",
    );
    let dump = "CREATE FUNCTION public.grow() RETURNS integer LANGUAGE sql AS 'SELECT 1';\n\
        CREATE SEQUENCE public.old_id_seq;\nCREATE TYPE public.kind AS ENUM ('a');\n\
        CREATE TABLE public.older (id integer);\nCREATE TABLE public.old (id integer, size integer);\n";
    write(
        "dump.sql",
        &format!("{dump}CREATE TABLE public.new (id integer);\n"),
    );
    let sides = ["diff", "history", "dump.sql"];
    let (code, out, error) = run(&root, &sides);
    assert_eq!(code, 2, "{out}{error}");
    for object in [
        "function public.grow()",
        "sequence public.old_id_seq",
        "type public.kind",
        "table public.older",
    ] {
        assert!(out.contains(&format!("? {object}")), "{object}: {out}");
    }
    // What the migrations make themselves must be there.
    write("dump.sql", dump);
    let (code, out, _) = run(&root, &sides);
    assert!(code == 1 && out.contains("public.new\n  - table"), "{code} {out}");
}

/// Whether a database has a type that was dropped and then used again is not known: it is past the statement that fails.
#[test]
fn a_type_that_a_failing_statement_uses_is_not_known_to_be_absent() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("states-failed-type");
    let _ = std::fs::remove_dir_all(&root);
    std::fs::create_dir_all(root.join("migrations")).unwrap();
    let write = |path: &str, text: &str| std::fs::write(root.join(path), text).unwrap();
    let begin = "CREATE TYPE kind AS ENUM ('a');\nCREATE TYPE size AS ENUM ('s');\n\
        CREATE TYPE state AS ENUM ('x');\nCREATE TABLE old (id integer);\n\
        DROP TYPE kind;\nDROP TYPE size;\nDROP TYPE state;\n";
    write("migrations/V1__first.sql", begin);
    write(
        "migrations/V2__second.sql",
        "CREATE TABLE new (id integer, kind kind);\nALTER TABLE old ALTER COLUMN id TYPE size USING id::text::size;\n",
    );
    let dump = "CREATE TYPE public.kind AS ENUM ('a');\nCREATE TYPE public.size AS ENUM ('s');\n\
        CREATE TYPE public.state AS ENUM ('x');\nCREATE TABLE public.old (id public.size);\n\
        CREATE TABLE public.new (id integer, kind public.kind);\n";
    write("dump.sql", dump);
    let (_, out, error) = run(&root, &["diff", "history", "dump.sql"]);
    for object in ["type public.kind", "type public.size"] {
        assert!(out.contains(&format!("? {object}")), "{object}: {out}{error}");
    }
    // Nothing uses this one after it was dropped.
    assert!(out.contains("public.state\n  + type"), "{out}{error}");
}

/// When a trigger runs is the same in other words of the server, and is not where a string is another.
#[test]
fn conditions_of_triggers_are_held_against_each_other() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("states-triggers");
    let _ = std::fs::remove_dir_all(&root);
    std::fs::create_dir_all(&root).unwrap();
    let write = |name: &str, first: &str, second: &str| {
        let text = format!(
            "CREATE TABLE public.t (id integer, x text);\nCREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             RETURN NEW; END $$;\nCREATE TRIGGER a BEFORE UPDATE ON public.t {first} EXECUTE FUNCTION public.f();\n\
             CREATE TRIGGER b BEFORE UPDATE ON public.t FOR EACH ROW WHEN ({second}) EXECUTE FUNCTION public.f();\n"
        );
        std::fs::write(root.join(name), text).unwrap();
    };
    write(
        "one.sql",
        "FOR EACH ROW WHEN (OLD.x IS DISTINCT FROM NEW.\"x\")",
        "NEW.x = 'A' AND (NEW.id > 1)",
    );
    write(
        "two.sql",
        "FOR EACH ROW WHEN (((old.x IS DISTINCT FROM new.x)))",
        "(NEW.x = 'A' AND (NEW.id > 1))",
    );
    assert_eq!(run(&root, &["diff", "one.sql", "two.sql"]).0, 0);
    write(
        "two.sql",
        "FOR EACH ROW WHEN (old.x IS DISTINCT FROM new.x)",
        "NEW.x = 'a' AND (NEW.id > 1)",
    );
    let (code, out, _) = run(&root, &["diff", "one.sql", "two.sql"]);
    assert!(code == 2 && out.contains(" 1 not known"), "{code} {out}");
    write(
        "two.sql",
        "FOR EACH ROW WHEN (old.x IS DISTINCT FROM new.x)",
        "NEW.x = 'A' AND NEW.id > 1",
    );
    assert_eq!(run(&root, &["diff", "one.sql", "two.sql"]).0, 2);
}

#[test]
fn what_is_no_side_is_said() {
    let root = shop("wrong");
    let (code, _, error) = run(&root, &["diff", "modls", "history"]);
    assert!(code == 2 && error.contains("help: models is near"), "{error}");
    let (code, _, error) = run(&root, &["diff", "@2024021210", "@20"]);
    assert!(
        code == 2 && error.contains(INIT) && error.contains(LATER),
        "{error}"
    );
    // Whether the folder of the tests lies in a repository is not theirs to say: either way the answer is one of git.
    let (code, _, error) = run(&root, &["diff", "history", "git:HEAD"]);
    assert!(code == 2 && error.contains("git repository"), "{error}");
}

#[test]
fn a_commit_and_a_file_of_it_are_sides() {
    if Command::new("git").arg("--version").output().is_err() {
        println!("skipped: there is no git");
        return;
    }
    let root = shop("git");
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
            .args(arguments)
            .current_dir(&root)
            .status()
            .unwrap();
        assert!(status.success(), "git {arguments:?}");
    };
    git(&["init", "-q"]);
    let (_, sql, _) = run(&root, &["schema", "--format", "sql"]);
    std::fs::create_dir_all(root.join("db")).unwrap();
    std::fs::write(root.join("db/structure.sql"), sql).unwrap();
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "first"]);
    std::fs::remove_file(root.join("db/structure.sql")).unwrap();
    // A squash: one migration in the place of two.
    let folder = root.join("prisma/migrations");
    let text = |name: &str| std::fs::read_to_string(folder.join(name).join("migration.sql")).unwrap();
    let squashed = text(INIT) + &text(LATER);
    std::fs::remove_dir_all(folder.join(LATER)).unwrap();
    std::fs::write(folder.join(INIT).join("migration.sql"), &squashed).unwrap();
    let (code, out, error) = run(&root, &["diff", "git:HEAD", "history"]);
    assert!(code == 0 && out.contains("equal: "), "{out}{error}");
    assert_eq!(run(&root, &["diff", "git:HEAD:db/structure.sql", "history"]).0, 0);
    assert_eq!(
        run(&root, &["diff", &format!("git:HEAD:@{INIT}"), "history"]).0,
        1
    );
    assert_eq!(run(&root, &["diff", "git:HEAD:models", "models"]).0, 0);
    // A folder that the commit does not know, below one whose configuration it knows.
    std::fs::write(root.join("Cargo.toml"), "[package.metadata.schemalign]\n").unwrap();
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "second"]);
    let later = root.join("later");
    copy_folder(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop"),
        &later,
    );
    let (code, _, error) = run(&later, &["diff", "history", "git:HEAD"]);
    assert!(
        code == 2 && error.contains("the commit HEAD of the git repository has no file of this folder"),
        "{error}"
    );
}

#[test]
fn models_are_held_against_other_states() {
    let root = shop("check");
    let (_, sql, _) = run(&root, &["schema", "--format", "sql", "--at", INIT]);
    std::fs::write(root.join("prod.sql"), sql).unwrap();
    let keys = |arguments: &[&str]| {
        let (_, out, error) = run(&root, &[&["check", "--format", "json-lines"], arguments].concat());
        let lines = out
            .lines()
            .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap());
        let keys = lines.filter_map(|f| f["key"].as_str().map(str::to_owned));
        (keys.collect::<Vec<_>>(), error)
    };
    let now = keys(&[]).0;
    let of_dump = keys(&["--database", "prod.sql"]).0;
    let earlier = keys(&["--at", INIT]).0;
    assert!(
        !now.iter().any(|k| k == "missing-table:public.reviews"),
        "{now:?}"
    );
    assert!(
        earlier.iter().any(|k| k == "missing-table:public.reviews"),
        "{earlier:?}"
    );
    let about_both = |keys: &[String]| {
        let mut keys = keys.to_vec();
        keys.retain(|k| k.starts_with("missing-") || k.starts_with("type-"));
        keys.sort();
        keys
    };
    assert_eq!(about_both(&of_dump), about_both(&earlier));
    assert!(keys(&["--at", "2023"]).1.contains("the nearest are"));
}

#[test]
fn models_of_a_commit_are_held_against_the_migrations_of_now() {
    if Command::new("git").arg("--version").output().is_err() {
        println!("skipped: there is no git");
        return;
    }
    let root = shop("models-at");
    let git = |arguments: &[&str]| {
        let settings = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let status = Command::new("git")
            .args(settings)
            .args(arguments)
            .current_dir(&root)
            .status();
        assert!(status.unwrap().success(), "git {arguments:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "first"]);
    let path = root.join("prisma/migrations/20250101000000_gone/migration.sql");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "ALTER TABLE reviews DROP COLUMN stars;\n").unwrap();
    // Today's models know of it.
    let models = root.join("prisma/schema.prisma");
    let text = std::fs::read_to_string(&models).unwrap();
    let without: String = text
        .lines()
        .filter(|l| !l.trim_start().starts_with("stars"))
        .map(|l| format!("{l}\n"))
        .collect();
    assert_ne!(text, without);
    std::fs::write(&models, without).unwrap();
    let key = "missing-column:public.reviews:stars";
    let today = run(&root, &["check", "--format", "json"]).1;
    assert!(!today.contains(key), "{today}");
    let (code, out, error) = run(&root, &["check", "--format", "json", "--models-at", "HEAD"]);
    assert!(code == 1 && out.contains(key), "{out}{error}");
}
