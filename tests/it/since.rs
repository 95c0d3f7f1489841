//! `check --since`: real repositories of git, made by git itself where it is installed.

use std::path::{Path, PathBuf};
use std::process::Command;

const SCHEMA: &str = "datasource db {\n  provider = \"postgresql\"\n}\n\nmodel User {\n  id    Int     @id\n  email String?\n  old   String?\n}\n";
const TABLE: &str = "CREATE TABLE \"User\" (\"id\" INTEGER NOT NULL, \"email\" TEXT, CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\"));\n";

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A repository whose first commit has one finding: a field without a column.
fn repository(test: &str) -> Option<PathBuf> {
    if Command::new("git").arg("--version").output().is_err() {
        println!("skipped: there is no git");
        return None;
    }
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("since-{test}"));
    let _ = std::fs::remove_dir_all(&root);
    std::fs::create_dir_all(&root).unwrap();
    write(&root, "prisma/schema.prisma", SCHEMA);
    write(&root, "prisma/migrations/1_a/migration.sql", TABLE);
    git(&root, &["init", "-q"]);
    commit(&root, "first");
    Some(root)
}

fn git(root: &Path, arguments: &[&str]) -> String {
    let settings = [
        "user.name=t",
        "user.email=t@example.org",
        "init.defaultBranch=main",
        "protocol.file.allow=always",
    ];
    let out = Command::new("git")
        .args(settings.iter().flat_map(|setting| ["-c", setting]))
        .args(arguments)
        .current_dir(root)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "git {arguments:?}: {error}");
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

fn commit(root: &Path, message: &str) {
    git(root, &["add", "-A"]);
    git(root, &["commit", "-q", "--allow-empty", "-m", message]);
}

/// Exit code, the keys that are told, and what is said on stderr. Nothing can be started: the path is empty.
fn since(root: &Path, arguments: &[&str]) -> (i32, Vec<String>, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_schemalign"))
        .args(["check", "--format", "json-lines"])
        .args(arguments)
        .current_dir(root)
        .env("PATH", "")
        .env_remove("CI")
        .output()
        .unwrap();
    let lines = String::from_utf8(out.stdout).unwrap();
    let findings = lines
        .lines()
        .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap());
    let keys = findings.filter_map(|f| f["key"].as_str().map(str::to_owned));
    (
        out.status.code().unwrap(),
        keys.collect(),
        String::from_utf8(out.stderr).unwrap(),
    )
}

const KEY: &str = "missing-column:public.User:added";

#[test]
fn only_what_a_change_made_is_told_whichever_side_made_it() {
    let Some(root) = repository("sides") else { return };
    assert_eq!(since(&root, &[]).1, ["missing-column:public.User:old"]);
    assert_eq!(since(&root, &["--since", "HEAD"]), (0, vec![], String::new()));
    // The model, not committed, and its lines moved.
    let grown = SCHEMA
        .replace("model User", "// a line\n\nmodel User")
        .replace("  old", "  added Int?\n  old");
    write(&root, "prisma/schema.prisma", &grown);
    assert_eq!(
        since(&root, &["--since", "HEAD"]),
        (1, vec![KEY.to_owned()], String::new())
    );
    commit(&root, "second");
    assert_eq!(since(&root, &["--since", "HEAD"]).1, Vec::<String>::new());
    assert_eq!(since(&root, &["--since", "HEAD~1"]).1, [KEY]);
    // A migration, in a file that git does not know.
    write(
        &root,
        "prisma/migrations/2_b/migration.sql",
        "ALTER TABLE \"User\" DROP COLUMN \"email\";",
    );
    assert_eq!(
        since(&root, &["--since", "HEAD"]).1,
        ["missing-column:public.User:email"]
    );
    std::fs::remove_dir_all(root.join("prisma/migrations/2_b")).unwrap();
    // A migration that goes.
    std::fs::remove_dir_all(root.join("prisma/migrations")).unwrap();
    write(&root, "prisma/migrations/2_b/migration.sql", "SELECT 1;");
    assert_eq!(
        since(&root, &["--since", "HEAD"]).1,
        ["missing-table:public.User"]
    );
    // Text from standard input is part of the state of now.
    git(&root, &["checkout", "-q", "."]);
    git(&root, &["clean", "-fdq"]);
    assert_eq!(
        since(&root, &["--since", "HEAD", "prisma"]).1,
        Vec::<String>::new()
    );
}

#[test]
fn a_change_begins_where_the_branch_left() {
    let Some(root) = repository("branch") else { return };
    git(&root, &["branch", "-M", "main"]);
    git(&root, &["tag", "-a", "-m", "tag", "v1"]);
    git(&root, &["checkout", "-q", "-b", "topic"]);
    write(
        &root,
        "prisma/schema.prisma",
        &SCHEMA.replace("  old", "  added Int?\n  old"),
    );
    commit(&root, "added");
    // The other branch goes on: what it mends is no business of this one.
    git(&root, &["checkout", "-q", "main"]);
    write(
        &root,
        "prisma/migrations/2_b/migration.sql",
        "ALTER TABLE \"User\" ADD COLUMN \"old\" TEXT;",
    );
    commit(&root, "mended");
    git(&root, &["checkout", "-q", "topic"]);
    for name in [
        "main",
        "refs/heads/main",
        "v1",
        "main~1",
        &git(&root, &["rev-parse", "--short", "main"]),
    ] {
        assert_eq!(
            since(&root, &["--since", name]),
            (1, vec![KEY.to_owned()], String::new()),
            "{name}"
        );
    }
    // Objects in packs, references in one file.
    git(&root, &["gc", "-q", "--aggressive", "--prune=now"]);
    assert_eq!(since(&root, &["--since", "main"]).1, [KEY]);
    // Another working tree, one folder of it, and one behind a link.
    let other = root.with_file_name("since-branch-other");
    let _ = std::fs::remove_dir_all(&other);
    git(&root, &["worktree", "prune"]);
    git(
        &root,
        &[
            "worktree",
            "add",
            "-q",
            "-f",
            "--detach",
            &other.to_string_lossy(),
            "topic",
        ],
    );
    assert_eq!(since(&other, &["--since", "main"]).1, [KEY]);
    assert_eq!(since(&other.join("prisma"), &["--since", "main"]).1, [KEY]);
    assert_eq!(
        since(&root, &["--since", "main", &other.to_string_lossy()]).1,
        [KEY]
    );
    #[cfg(unix)]
    {
        let link = root.with_file_name("since-branch-link");
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(&other, &link).unwrap();
        assert_eq!(since(&link.join("prisma"), &["--since", "main"]).1, [KEY]);
    }
    // A clone with some of the history alone.
    let shallow = root.with_file_name("since-branch-shallow");
    let _ = std::fs::remove_dir_all(&shallow);
    let from = format!("file://{}", root.display());
    git(
        root.parent().unwrap(),
        &[
            "clone",
            "-q",
            "--depth",
            "1",
            "--no-single-branch",
            "--no-tags",
            &from,
            &shallow.to_string_lossy(),
        ],
    );
    let (code, keys, error) = since(&shallow, &["--since", "origin/main"]);
    assert!(
        code == 2 && keys.is_empty() && error.contains("in common"),
        "{error}"
    );
    assert!(error.contains("fetch more of it"), "{error}");
}

#[test]
fn what_git_keeps_otherwise_is_read_too() {
    let Some(root) = repository("kept") else { return };
    // A file that is kept although it is ignored, a link, and a submodule.
    let inner = root.with_file_name("since-kept-inner");
    let _ = std::fs::remove_dir_all(&inner);
    std::fs::create_dir_all(&inner).unwrap();
    write(
        &inner,
        "migrations/001_a.sql",
        "CREATE TABLE inner_one (id int);\nALTER TABLE gone ADD COLUMN x int;\n",
    );
    git(&inner, &["init", "-q"]);
    commit(&inner, "inner");
    git(
        &root,
        &["submodule", "add", "-q", &inner.to_string_lossy(), "inner"],
    );
    write(
        &root,
        "ignored/migrations/001_a.sql",
        "ALTER TABLE lost ADD COLUMN x int;\n",
    );
    git(&root, &["add", "-A"]);
    write(&root, ".gitignore", "/ignored\n");
    #[cfg(unix)]
    {
        write(
            &root,
            "real/001_a.sql",
            "CREATE TABLE linked (id int);\nDROP TABLE nowhere;\n",
        );
        std::fs::create_dir_all(root.join("second/migrations")).unwrap();
        std::os::unix::fs::symlink("../../real/001_a.sql", root.join("second/migrations/001_a.sql")).unwrap();
    }
    commit(&root, "second");
    assert!(since(&root, &[]).1.len() > 1);
    assert_eq!(since(&root, &["--since", "HEAD"]), (0, vec![], String::new()));
}

#[test]
fn what_git_keeps_is_read_although_it_is_ignored() {
    let Some(root) = repository("ignored") else { return };
    write(
        &root,
        "prisma/migrations/2_secret/migration.sql",
        "ALTER TABLE \"User\" ADD COLUMN \"old\" TEXT;\n",
    );
    commit(&root, "second");
    write(&root, ".gitignore", "*secret*\n");
    assert_eq!(since(&root, &[]), (0, vec![], String::new()));
    // Named by its folder too, and from within.
    assert_eq!(since(&root, &["prisma"]), (0, vec![], String::new()));
    assert_eq!(since(&root.join("prisma"), &[]), (0, vec![], String::new()));
    // What git does not keep, and what other ignore files leave out.
    write(
        &root,
        "prisma/migrations/3_secret/migration.sql",
        "ALTER TABLE \"User\" DROP COLUMN \"old\";\n",
    );
    assert_eq!(since(&root, &[]), (0, vec![], String::new()));
    write(&root, ".ignore", "2_secret\n");
    assert_eq!(since(&root, &[]).0, 1);
}

#[test]
fn baseline_ignores_and_configuration_keep_their_meaning() {
    let Some(root) = repository("settings") else {
        return;
    };
    write(
        &root,
        "schemalign-baseline.txt",
        "missing-column:public.User:gone\nmissing-column:public.User:old\n",
    );
    commit(&root, "baseline");
    // What is in the baseline stays there, and its stale line is no news.
    assert_eq!(
        since(&root, &["--since", "HEAD", "--ci"]),
        (0, vec![], String::new())
    );
    assert_eq!(
        since(&root, &["--since", "HEAD~1", "--ci"]).1,
        ["stale-baseline:missing-column:public.User:gone"]
    );
    // A second model of the same table: one more finding of a key that the baseline holds once.
    std::fs::remove_file(root.join("schemalign-baseline.txt")).unwrap();
    // A rule that is turned on makes nothing new.
    write(&root, "schemalign.toml", "[rules]\nmissing-column = \"off\"\n");
    commit(&root, "off");
    write(&root, "schemalign.toml", "");
    assert_eq!(since(&root, &["--since", "HEAD"]).1, Vec::<String>::new());
    assert_eq!(since(&root, &[]).1.len(), 1);
    // An ignore that goes does.
    write(
        &root,
        "prisma/schema.prisma",
        &SCHEMA.replace(
            "  old   String?",
            "  old   String? // schemalign: ignore[missing-column]",
        ),
    );
    commit(&root, "ignored");
    write(&root, "prisma/schema.prisma", SCHEMA);
    assert_eq!(
        since(&root, &["--since", "HEAD"]).1,
        ["missing-column:public.User:old"]
    );
}

#[test]
fn what_cannot_be_told_is_said() {
    let Some(root) = repository("errors") else { return };
    let (code, keys, error) = since(&root, &["--since", "no-such-branch"]);
    assert!(code == 2 && keys.is_empty(), "{error}");
    assert!(
        error.contains("\"no-such-branch\" names no commit") && error.contains("fetch-depth"),
        "{error}"
    );
    let (code, _, error) = since(&root, &["--since", "HEAD:prisma/schema.prisma"]);
    assert!(code == 2 && error.contains("names no commit"), "{error}");
    let unborn = root.with_file_name("since-errors-unborn");
    let _ = std::fs::remove_dir_all(&unborn);
    std::fs::create_dir_all(&unborn).unwrap();
    write(&unborn, "migrations/001_a.sql", TABLE);
    git(&unborn, &["init", "-q"]);
    let (code, _, error) = since(&unborn, &["--since", "HEAD"]);
    assert!(code == 2 && !error.contains("panicked"), "{error}");
    // Not below the project's own repository.
    let outside = std::env::temp_dir().join(format!("schemalign-no-repository-{}", std::process::id()));
    write(&outside, "migrations/001_a.sql", TABLE);
    let (code, _, error) = since(&outside, &["--since", "main"]);
    let _ = std::fs::remove_dir_all(&outside);
    assert!(
        code == 2 && error.contains("there is no git repository here"),
        "{error}"
    );
}
