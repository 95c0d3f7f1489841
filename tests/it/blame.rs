//! `check --blame`: real repositories of git, made by git itself where it is installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const SCHEMA: &str = "datasource db {\n  provider = \"postgresql\"\n}\n\nmodel User {\n  id    Int     @id\n  email String?\n}\n";
const TABLE: &str = "CREATE TABLE \"User\" (\n    \"id\" INTEGER NOT NULL,\n    \"email\" TEXT,\n    CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\")\n);\n";

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn repository(test: &str) -> Option<PathBuf> {
    if Command::new("git").arg("--version").output().is_err() {
        println!("skipped: there is no git");
        return None;
    }
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("blame-{test}"));
    let _ = std::fs::remove_dir_all(&root);
    std::fs::create_dir_all(&root).unwrap();
    write(&root, "prisma/schema.prisma", SCHEMA);
    write(&root, "prisma/migrations/1_a/migration.sql", TABLE);
    git(&root, 0, &["init", "-q"]);
    commit(&root, 1, "first");
    Some(root)
}

fn git(root: &Path, day: u32, arguments: &[&str]) -> String {
    let settings = [
        "user.name=Ann",
        "user.email=a@example.org",
        "init.defaultBranch=main",
    ];
    let date = format!("2026-01-{:02}T12:00:00Z", day + 1);
    let out = Command::new("git")
        .args(settings.iter().flat_map(|setting| ["-c", setting]))
        .args(arguments)
        .current_dir(root)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_DATE", &date)
        .env("GIT_COMMITTER_DATE", &date)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "git {arguments:?}: {error}");
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// Its id.
fn commit(root: &Path, day: u32, message: &str) -> String {
    git(root, day, &["add", "-A"]);
    git(root, day, &["commit", "-q", "--allow-empty", "-m", message]);
    git(root, day, &["rev-parse", "HEAD"])
}

/// What is told in a form. Nothing can be started: the path is empty.
fn told(root: &Path, form: &str) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_schemalign"))
        .env_remove("GITHUB_WORKSPACE")
        .env_remove("CI_PROJECT_DIR")
        .args(["check", "--blame", "--format", form])
        .current_dir(root)
        .env("PATH", "")
        .env_remove("CI")
        .output()
        .unwrap();
    assert!(
        matches!(out.status.code(), Some(0 | 1)),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).unwrap()
}

/// The causes by the findings' keys.
fn causes(root: &Path) -> Vec<(String, Value)> {
    let document: Value = serde_json::from_str(&told(root, "json")).unwrap();
    let all = document["findings"].as_array().unwrap().iter();
    all.map(|f| (f["key"].as_str().unwrap().to_owned(), f["cause"].clone()))
        .collect()
}

fn with_field(schema: &str, field: &str) -> String {
    schema.replace("  email String?\n", &format!("  email String?\n{field}\n"))
}

#[test]
fn a_model_that_was_changed_without_a_migration() {
    let Some(root) = repository("model") else { return };
    write(
        &root,
        "prisma/schema.prisma",
        &with_field(SCHEMA, "  name  String?"),
    );
    let guilty = commit(&root, 2, "feat: names");
    // Later lines above and around move the place, and are nobody's fault.
    let moved = with_field(SCHEMA, "  name  String?").replace("datasource", "// a comment\n\ndatasource");
    write(&root, "prisma/schema.prisma", &moved);
    commit(&root, 3, "docs: a comment");
    let found = causes(&root);
    assert_eq!(found.len(), 1, "{found:?}");
    let cause = &found[0].1;
    assert_eq!(cause["commit"]["id"], guilty.as_str());
    assert_eq!(cause["commit"]["date"], "2026-01-03");
    assert_eq!(cause["commit"]["author"], "Ann");
    assert_eq!(cause["side"], "model");
    assert_eq!(cause["touched_migrations"], false);
    assert_eq!(
        cause["what"],
        "this commit changed the model and shipped no migration"
    );
    let sentence = format!(
        "{} (2026-01-03, Ann: feat: names): this commit changed the model and shipped no migration",
        &guilty[..8]
    );
    for form in ["text", "concise", "github"] {
        assert!(told(&root, form).contains(&sentence), "{form}");
    }
}

#[test]
fn a_migration_that_came_after_its_model() {
    let Some(root) = repository("migration") else {
        return;
    };
    write(
        &root,
        "prisma/migrations/2_b/migration.sql",
        "ALTER TABLE \"User\" DROP COLUMN \"email\";\n",
    );
    let guilty = commit(&root, 2, "drop email");
    let found = causes(&root);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].1["commit"]["id"], guilty.as_str());
    assert_eq!(found[0].1["side"], "database");
    assert_eq!(
        found[0].1["what"],
        "this commit changed the migrations and not the model"
    );
}

#[test]
fn what_the_model_says_nothing_of() {
    let Some(root) = repository("absent") else { return };
    let first = git(&root, 2, &["rev-parse", "HEAD"]);
    write(
        &root,
        "prisma/schema.prisma",
        &SCHEMA.replace("  email String?\n", ""),
    );
    commit(&root, 2, "no email");
    let found = causes(&root);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].1["commit"]["id"], first.as_str());
    let said =
        "this commit brought it to the database; when the model lost it, if it ever had it, is not told";
    assert_eq!(found[0].1["what"], said);
}

#[test]
fn a_branch_that_was_merged() {
    let Some(root) = repository("merge") else { return };
    git(&root, 2, &["checkout", "-q", "-b", "side"]);
    write(
        &root,
        "prisma/schema.prisma",
        &with_field(SCHEMA, "  name  String?"),
    );
    write(&root, "prisma/migrations/2_b/migration.sql", "SELECT 1;\n");
    let guilty = commit(&root, 3, "on a branch");
    git(&root, 4, &["checkout", "-q", "main"]);
    write(&root, "other.txt", "x");
    commit(&root, 5, "beside it");
    git(&root, 6, &["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    let found = causes(&root);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].1["commit"]["id"], guilty.as_str());
    assert_eq!(found[0].1["touched_migrations"], true);
}

#[test]
fn a_model_that_was_moved_and_one_that_is_not_committed() {
    let Some(root) = repository("moved") else { return };
    write(
        &root,
        "prisma/schema.prisma",
        &with_field(SCHEMA, "  name  String?"),
    );
    let guilty = commit(&root, 2, "names");
    git(&root, 3, &["mv", "prisma", "db"]);
    commit(&root, 3, "move");
    let moved = with_field(&with_field(SCHEMA, "  name  String?"), "  late  Int?");
    write(&root, "db/schema.prisma", &moved);
    let found = causes(&root);
    let of = |name: &str| &found.iter().find(|(key, _)| key.ends_with(name)).unwrap().1;
    assert_eq!(of("name")["commit"]["id"], guilty.as_str());
    assert_eq!(of("late")["commit"], Value::Null);
    assert_eq!(
        of("late")["what"],
        "the model was changed, and that is not committed yet"
    );
}

#[test]
fn a_shallow_clone_says_so() {
    let Some(root) = repository("whole") else { return };
    write(
        &root,
        "prisma/schema.prisma",
        &with_field(SCHEMA, "  name  String?"),
    );
    commit(&root, 2, "names");
    write(&root, "other.txt", "x");
    let last = commit(&root, 3, "other");
    let clone = root.with_file_name("blame-shallow");
    let _ = std::fs::remove_dir_all(&clone);
    let from = format!("file://{}", root.display());
    git(
        &root,
        4,
        &["clone", "-q", "--depth", "1", &from, clone.to_str().unwrap()],
    );
    let found = causes(&clone);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].1["commit"], Value::Null);
    let said = format!(
        "which commit it was cannot be told: only the history down to {} was fetched",
        &last[..8]
    );
    assert_eq!(found[0].1["what"], said);
}
