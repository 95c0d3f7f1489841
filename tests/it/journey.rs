//! The first days with the program, as its user has them, with the program as it is installed: `SCHEMALIGN_INSTALLED` names it, else it
//! is the one that was just built.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// Models of the old repository.
const TABLES: usize = 60;

fn program() -> PathBuf {
    let installed = std::env::var_os("SCHEMALIGN_INSTALLED");
    installed.map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_schemalign")), PathBuf::from)
}

/// A repository in which nobody has looked for long: each table lacks a column, has one that allows NULL, and an index that no model has.
fn old_repository() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("journey");
    let _ = std::fs::remove_dir_all(&root);
    let mut models = "datasource db {\n  provider = \"postgresql\"\n}\n".to_owned();
    let mut script = String::new();
    for at in 0..TABLES {
        models.push_str(&format!(
            "\nmodel Thing{at} {{\n  id    Int     @id\n  name  String\n  size  BigInt\n  extra String?\n}}\n"
        ));
        script.push_str(&format!(
            "CREATE TABLE \"Thing{at}\" (\"id\" INTEGER NOT NULL, \"name\" TEXT, \"size\" INTEGER NOT NULL, CONSTRAINT \"Thing{at}_pkey\" PRIMARY KEY (\"id\"));\nCREATE INDEX \"Thing{at}_name_idx\" ON \"Thing{at}\" (\"name\");\n"
        ));
    }
    write(&root, "prisma/schema.prisma", &models);
    write(
        &root,
        "prisma/migrations/20200101000000_init/migration.sql",
        &script,
    );
    write(
        &root,
        "prisma/migrations/migration_lock.toml",
        "provider = \"postgresql\"\n",
    );
    git(&root, &["init", "-q", "-b", "main"]);
    commit(&root, "old");
    root
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn edit(root: &Path, path: &str, from: &str, to: &str) {
    let path = root.join(path);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

fn git(root: &Path, arguments: &[&str]) {
    let settings = [
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.org",
        "-c",
        "commit.gpgsign=false",
    ];
    let out = Command::new("git")
        .args(settings)
        .args(arguments)
        .current_dir(root)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
}

fn commit(root: &Path, message: &str) {
    git(root, &["add", "-A"]);
    git(root, &["commit", "-q", "-m", message]);
}

/// Exit status and what is written, both kinds.
fn run(root: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(program());
    let out = command
        .args(arguments)
        .current_dir(root)
        .env_remove("CI")
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap();
    (out.status.code().unwrap(), text)
}

/// Exit status and `rule column` of every finding.
fn check(root: &Path, arguments: &[&str]) -> (i32, Vec<String>) {
    let (code, text) = run(root, &[&["check", "--format", "json"], arguments].concat());
    let document: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let findings = document["findings"].as_array().unwrap().iter();
    let told = findings.map(|f| {
        let word = |key: &str| f[key].as_str().unwrap_or("");
        format!("{} {}.{}", word("rule"), word("table"), word("column"))
    });
    (code, told.collect())
}

/// What an editor shows of a file when it is opened.
fn shown(root: &Path, path: &str) -> Vec<String> {
    let mut child = Command::new(program())
        .arg("lsp")
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let at = |path: &Path| format!("file://{}", path.display());
    let text = std::fs::read_to_string(root.join(path)).unwrap();
    let document = json!({ "uri": at(&root.join(path)), "languageId": "plain", "version": 0, "text": text });
    send(
        &mut child,
        json!({ "id": 1, "method": "initialize", "params": { "rootUri": at(root), "capabilities": {} } }),
    );
    send(&mut child, json!({ "method": "initialized", "params": {} }));
    send(
        &mut child,
        json!({ "method": "textDocument/didOpen", "params": { "textDocument": document } }),
    );
    send(&mut child, json!({ "id": 2, "method": "shutdown" }));
    let mut told = Vec::new();
    loop {
        let message = receive(&mut out);
        if message["id"] == 2 {
            break;
        }
        if message["method"] == "textDocument/publishDiagnostics" {
            let list = message["params"]["diagnostics"].as_array().unwrap().iter();
            told = list.map(|d| d["code"].as_str().unwrap().to_owned()).collect();
        }
    }
    send(&mut child, json!({ "method": "exit" }));
    assert!(child.wait().unwrap().success());
    told
}

fn send(child: &mut Child, mut message: Value) {
    message["jsonrpc"] = "2.0".into();
    let text = message.to_string();
    let input = child.stdin.as_mut().unwrap();
    write!(input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
    input.flush().unwrap();
}

fn receive(out: &mut impl BufRead) -> Value {
    let mut length = 0;
    loop {
        let mut line = String::new();
        assert!(out.read_line(&mut line).unwrap() > 0, "the server is gone");
        match line.trim().split_once(": ") {
            Some((_, value)) => length = value.parse().unwrap(),
            None => break,
        }
    }
    let mut text = vec![0; length];
    out.read_exact(&mut text).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn from_the_first_run_to_the_first_fix() {
    const SCHEMA: &str = "prisma/schema.prisma";
    let root = old_repository();
    // The first run tells all of it, and each can be asked for.
    let (code, old) = check(&root, &[]);
    assert_eq!((code, old.len()), (1, TABLES * 4), "{old:?}");
    let (code, text) = run(&root, &["explain", "missing-column"]);
    assert!(code == 0 && text.contains("missing-column"), "{text}");
    let (code, text) = run(&root, &["explain", "Thing0.size"]);
    assert!(
        code == 0 && text.contains("bigint") && text.contains("integer"),
        "{text}"
    );
    // One is as it should be, and says so.
    let kept = "  // schemalign: ignore[missing-column] computed by the client\n  extra String?\n";
    edit(&root, SCHEMA, "  extra String?\n", kept);
    let (code, rest) = check(&root, &[]);
    assert_eq!((code, rest.len()), (1, old.len() - 1));
    // The others are for later.
    let (code, text) = run(&root, &["baseline"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(check(&root, &[]), (0, vec![]));
    commit(&root, "schemalign");
    // A change of today is told alone: by a check, against the commit before, without the baseline too, and in the editor.
    edit(
        &root,
        SCHEMA,
        "  extra String?\n}\n\nmodel Thing8 ",
        "  extra String?\n  email String?\n}\n\nmodel Thing8 ",
    );
    commit(&root, "email");
    let today = (1, vec!["missing-column public.Thing7.email".to_owned()]);
    assert_eq!(check(&root, &[]), today);
    assert_eq!(check(&root, &["--since", "HEAD~1"]), today);
    assert_eq!(check(&root, &["--since", "HEAD~1", "--no-baseline"]), today);
    assert_eq!(shown(&root, SCHEMA), ["missing-column"]);
    // The migration that it waits for is drafted, and answers it.
    let (code, text) = run(&root, &["migration", "--name", "add email"]);
    assert_eq!(code, 0, "{text}");
    let drafts = std::fs::read_dir(root.join("prisma/migrations")).unwrap();
    assert_eq!(drafts.count(), 3, "{text}");
    assert_eq!(check(&root, &["--since", "HEAD~1"]), (0, vec![]));
    commit(&root, "add email");
    // What a migration adds and no model says is put into the model.
    let index = "CREATE INDEX \"Thing9_size_idx\" ON \"Thing9\" (\"size\");\n";
    write(
        &root,
        "prisma/migrations/29990101000000_index/migration.sql",
        index,
    );
    let (_, told) = check(&root, &[]);
    assert_eq!(told, ["extra-index public.Thing9."]);
    let (_, text) = run(&root, &["check", "--fix"]);
    assert_eq!(check(&root, &[]).1, Vec::<String>::new(), "{text}");
    let models = std::fs::read_to_string(root.join(SCHEMA)).unwrap();
    assert_eq!(models.matches("@@index([size])").count(), 1, "{models}");
}
