//! What stands between the program and where it is used: hooks of pre-commit, files for CI, completions, the manual page, text from
//! standard input, diagrams. Judged by the real consumer where it is installed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SCHEMA: &str =
    "datasource db {\n  provider = \"postgresql\"\n}\n\nmodel User {\n  id    Int @id\n  email String?\n}\n";
const TABLE: &str =
    "CREATE TABLE \"User\" (\"id\" INTEGER NOT NULL, CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\"));\n";
const EMAIL: &str = "ALTER TABLE \"User\" ADD COLUMN \"email\" TEXT;\n";

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn write(root: &Path, listing: &[(&str, &str)]) {
    for (path, text) in listing {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn folder(test: &str, listing: &[(&str, &str)]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("adoption-{test}"));
    let _ = std::fs::remove_dir_all(&root);
    std::fs::create_dir_all(&root).unwrap();
    write(&root, listing);
    root
}

/// Exit code and output of both kinds.
fn run(root: &Path, arguments: &[&str], input: &str) -> (i32, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_schemalign"))
        .args(arguments)
        .current_dir(root)
        .env_remove("CI")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A run that reads nothing may have closed its end.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let out = child.wait_with_output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap();
    (out.status.code().unwrap(), text)
}

/// Whether a program is there.
fn has(program: &str, argument: &str) -> bool {
    let status = Command::new(program)
        .arg(argument)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// The command that runs a Python program of `tests/judge/requirements.txt`: a module, or its script.
fn judge(module: &str, script: &str) -> Option<Vec<String>> {
    let python = std::env::var("SCHEMALIGN_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let imports = Command::new(&python)
        .args(["-c", &format!("import {module}")])
        .stderr(Stdio::null())
        .status();
    if imports.is_ok_and(|status| status.success()) {
        return Some(vec![python, "-m".to_owned(), module.to_owned()]);
    }
    if has(script, "--version") {
        return Some(vec![script.to_owned()]);
    }
    let off = std::env::var_os("SCHEMALIGN_ALEMBIC").is_some_and(|v| v == "off");
    assert!(
        std::env::var_os("CI").is_none() || off,
        "CI needs a Python with tests/judge/requirements.txt (SCHEMALIGN_PYTHON names it)"
    );
    println!("skipped: there is no {script} (pip install -r tests/judge/requirements.txt)");
    None
}

fn git(root: &Path, arguments: &[&str]) -> String {
    let out = Command::new("git")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .current_dir(root)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "git {arguments:?}: {error}");
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// Where pre-commit keeps what it has fetched: beside the folders of the tests, not beside the project.
fn pre_commit_home() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("adoption-pre-commit-home")
}

/// Exit code and output of pre-commit, with the program that was built first in the path.
fn pre_commit(root: &Path, command: &[String], arguments: &[&str]) -> (i32, String) {
    let bin = Path::new(env!("CARGO_BIN_EXE_schemalign")).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(bin.to_path_buf()).chain(std::env::split_paths(&path));
    let out = Command::new(&command[0])
        .args(&command[1..])
        .args(arguments)
        .current_dir(root)
        .env("PATH", std::env::join_paths(paths).unwrap())
        .env("PRE_COMMIT_HOME", pre_commit_home())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env_remove("CI")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    (out.status.code().unwrap(), text)
}

#[test]
fn pre_commit_runs_the_hook_when_it_concerns_it() {
    let Some(command) = judge("pre_commit", "pre-commit").filter(|_| has("git", "--version")) else {
        return;
    };
    let manifest = std::fs::read_to_string(project(".pre-commit-hooks.yaml")).unwrap();
    let hooks = folder("hooks", &[(".pre-commit-hooks.yaml", &manifest)]);
    git(&hooks, &["init", "-q"]);
    git(&hooks, &["add", "."]);
    git(&hooks, &["commit", "-q", "-m", "hooks"]);
    let revision = git(&hooks, &["rev-parse", "HEAD"]);
    let configuration = format!(
        "repos:\n- repo: {}\n  rev: {revision}\n  hooks:\n  - id: schemalign-system\n",
        hooks.display()
    );
    let root = folder(
        "hooked",
        &[
            (".pre-commit-config.yaml", &configuration),
            ("prisma/schema.prisma", SCHEMA),
            ("prisma/migrations/1_a/migration.sql", TABLE),
        ],
    );
    let _ = std::fs::remove_dir_all(pre_commit_home());
    git(&root, &["init", "-q"]);
    git(&root, &["add", "."]);
    let (code, out) = pre_commit(&root, &command, &["run"]);
    assert!(code == 1 && out.contains("missing-column"), "{out}");
    // The whole repository is checked when one file is committed.
    git(&root, &["commit", "-q", "-m", "first"]);
    write(&root, &[("prisma/migrations/2_b/migration.sql", EMAIL)]);
    git(&root, &["add", "."]);
    let (code, out) = pre_commit(&root, &command, &["run"]);
    assert!(code == 0 && out.contains("Passed"), "{out}");
    git(&root, &["commit", "-q", "-m", "second"]);
    // A commit of neither models nor migrations starts nothing.
    write(&root, &[("README.md", "text")]);
    git(&root, &["add", "."]);
    let (code, out) = pre_commit(&root, &command, &["run"]);
    assert!(code == 0 && out.contains("Skipped"), "{out}");
}

#[test]
fn files_for_ci_are_what_their_readers_expect() {
    if let Some(command) = judge("pre_commit", "pre-commit") {
        let manifest = project(".pre-commit-hooks.yaml");
        let (code, out) = pre_commit(
            &project("."),
            &command,
            &["validate-manifest", &manifest.to_string_lossy()],
        );
        assert_eq!(code, 0, "{out}");
    }
    let Some(command) = judge("check_jsonschema", "check-jsonschema") else {
        return;
    };
    let judged = [
        (vec!["--builtin-schema", "vendor.github-actions"], "action.yml"),
        (
            vec![
                "--builtin-schema",
                "vendor.gitlab-ci",
                "--data-transform",
                "gitlab-ci",
            ],
            "templates/schemalign.yml",
        ),
    ];
    for (arguments, file) in judged {
        let out = Command::new(&command[0])
            .args(&command[1..])
            .args(arguments)
            .arg(project(file))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{file}: {said}");
    }
}

/// The script of the action, run as its runner does: what inputs hold is never a command.
#[test]
fn inputs_of_the_action_are_never_commands() {
    if !has("bash", "--version") {
        println!("skipped: there is no bash");
        return;
    }
    let action = std::fs::read_to_string(project("action.yml")).unwrap();
    let scripts: Vec<&str> = action.split("run: ").skip(1).collect();
    assert!(
        scripts
            .iter()
            .all(|s| !s.split("shell:").next().unwrap().contains("${{")),
        "{action}"
    );
    let script = action.split("run: |\n").nth(1).unwrap();
    let root = folder(
        "action",
        &[
            ("prisma/schema.prisma", SCHEMA),
            ("prisma/migrations/1_a/migration.sql", TABLE),
        ],
    );
    let out = Command::new("bash")
        .args(["-eo", "pipefail", "-c", script])
        .current_dir(&root)
        .env_remove("CI")
        .env("PROGRAM", env!("CARGO_BIN_EXE_schemalign"))
        .env(
            "ARGUMENTS",
            "--coverage $(touch owned) `touch owned`; touch owned --exit-zero",
        )
        .env("SARIF", "$(touch owned).sarif")
        .env("SUMMARY", "true")
        .env("GITHUB_STEP_SUMMARY", root.join("summary.md"))
        .output()
        .unwrap();
    assert!(!root.join("owned").exists());
    assert_eq!(
        out.status.code(),
        Some(2),
        "the words are folders that do not exist"
    );
    let out = Command::new("bash")
        .args(["-eo", "pipefail", "-c", script])
        .current_dir(&root)
        .env_remove("CI")
        .env("PROGRAM", env!("CARGO_BIN_EXE_schemalign"))
        .env("ARGUMENTS", "--fail-on error")
        .env("SARIF", "out.sarif")
        .env("SUMMARY", "true")
        .env("GITHUB_STEP_SUMMARY", root.join("summary.md"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(
        out.status.code() == Some(1) && said.starts_with("::error"),
        "{said}"
    );
    assert!(root.join("summary.md").exists() && root.join("out.sarif").exists());
}

#[test]
fn completions_are_of_their_shell() {
    let root = folder("completions", &[]);
    for (shell, option) in [
        ("bash", "-n"),
        ("zsh", "-n"),
        ("fish", "-n"),
        ("elvish", ""),
        ("powershell", ""),
    ] {
        let (code, out) = run(&root, &["completions", shell], "");
        assert!(
            code == 0 && out.contains("schemalign") && out.contains("fail-on"),
            "{shell}: {out}"
        );
        if option.is_empty() || !has(shell, "--version") {
            continue;
        }
        write(&root, &[(shell, &out)]);
        let read = Command::new(shell).arg(option).arg(root.join(shell)).status();
        assert!(
            read.is_ok_and(|status| status.success()),
            "{shell} does not read its completions"
        );
    }
    assert_eq!(run(&root, &["completions", "cmd"], "").0, 2);
}

#[test]
fn manual_pages_are_read_without_a_warning() {
    let root = folder("manual", &[]);
    let (_, help) = run(&root, &["--help"], "");
    let commands = help
        .split("Commands:")
        .nth(1)
        .unwrap()
        .split("Arguments:")
        .next()
        .unwrap();
    let named = commands
        .lines()
        .filter(|l| l.starts_with("  ") && !l.starts_with("   "));
    let commands: Vec<&str> = named.filter_map(|l| l.split_whitespace().next()).collect();
    assert!(
        commands.contains(&"check") && commands.contains(&"manpage"),
        "{commands:?}"
    );
    for command in std::iter::once(None).chain(commands.into_iter().map(Some)) {
        let arguments: Vec<&str> = std::iter::once("manpage").chain(command).collect();
        let (code, out) = run(&root, &arguments, "");
        assert!(code == 0 && out.contains(".TH schemalign"), "{command:?}: {out}");
        assert!(out.contains("EXIT STATUS"), "{command:?}");
        if !has("groff", "--version") {
            continue;
        }
        write(&root, &[("page.1", &out)]);
        let read = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww", "-z"])
            .arg(root.join("page.1"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&read.stderr).into_owned();
        assert!(read.status.success() && said.is_empty(), "{command:?}: {said}");
    }
    assert_eq!(run(&root, &["manpage", "no-such-command"], "").0, 2);
}

#[test]
fn standard_input_stands_for_a_file() {
    let root = folder(
        "stdin",
        &[
            ("prisma/schema.prisma", SCHEMA),
            ("prisma/migrations/1_a/migration.sql", TABLE),
            ("node_modules/x/prisma/schema.prisma", SCHEMA),
        ],
    );
    let schema = ["check", "--stdin-filename", "prisma/schema.prisma"];
    let plain = SCHEMA.replace("  email String?\n", "");
    assert_eq!(run(&root, &schema, SCHEMA).0, 1);
    assert_eq!(run(&root, &schema, &plain).0, 0);
    assert_eq!(
        run(&root, &["--stdin-filename=prisma/schema.prisma", "."], &plain).0,
        0
    );
    let migration = ["--stdin-filename", "prisma/migrations/1_a/migration.sql"];
    assert_eq!(run(&root, &migration, &(TABLE.to_owned() + EMAIL)).0, 0);
    // A file that is not there yet, and one that is never looked at.
    let new = ["--stdin-filename", "./prisma/migrations/2_b/migration.sql"];
    assert_eq!(run(&root, &new, EMAIL).0, 0);
    let (code, out) = run(
        &root,
        &["--stdin-filename", "node_modules/x/prisma/schema.prisma"],
        SCHEMA,
    );
    assert!(code != 1 && out.contains("belongs to no migrations"), "{out}");
    // Bytes that are no text are said as for a file of the disk.
    assert_eq!(
        run(&root, &schema, "\u{feff}model").0,
        run(&root, &schema, "model").0
    );
}

#[test]
fn diagrams_hold_names_that_nobody_chooses() {
    let sql = "CREATE TABLE \"a\"\"%<b>\\\" (pk int PRIMARY KEY, \"x y\"\"z\" numeric(10,2) NOT NULL);\n\
               CREATE TABLE b (id int PRIMARY KEY REFERENCES \"a\"\"%<b>\\\", other int REFERENCES \"a\"\"%<b>\\\", \"\u{1b}[31m\" text[]);\n\
               CREATE TABLE empty ();\nCREATE SCHEMA s;\nCREATE TABLE s.b (id int);\nCREATE VIEW v AS SELECT 1 AS one;\n";
    let root = folder("diagrams", &[("migrations/001_a.sql", sql)]);
    let (code, mermaid) = run(&root, &["schema", "--format", "mermaid"], "");
    assert_eq!(code, 0);
    let expected = "erDiagram\n    \"a???b??\" {\n        integer _pk PK \"pk, not null\"\n        \
                    numeric(10,2) x_y_z \"x y?z, not null\"\n    }\n    \"b\" {\n        integer id PK, FK \"not null\"\n        \
                    integer other FK\n        text[] _[31m \"?[31m\"\n    }\n    \"empty\"\n    \"s.b\" {\n        integer id\n    }\n    \
                    \"a???b??\" ||--o| \"b\" : \"b_id_fkey\"\n    \"a???b??\" |o--o{ \"b\" : \"b_other_fkey\"\n";
    assert_eq!(mermaid, expected);
    let (code, dot) = run(&root, &["schema", "--format", "dot"], "");
    assert_eq!(code, 0);
    assert!(
        !dot.contains('\u{1b}') && dot.contains("a&quot;%&lt;b&gt;\\"),
        "{dot}"
    );
    assert!(
        dot.contains("\"public.b\" -> \"public.a\\\"%<b>\\\\\" [label=\"b_id_fkey\""),
        "{dot}"
    );
    if has("dot", "-V") {
        write(&root, &[("schema.dot", &dot)]);
        let read = Command::new("dot")
            .args(["-Tsvg", "-o"])
            .args([root.join("schema.svg"), root.join("schema.dot")])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&read.stderr).into_owned();
        assert!(read.status.success() && said.is_empty(), "{said}");
    }
}
