//! The house's own rules: floors, what every file opens with, sizes, and links.

#![expect(clippy::disallowed_methods, reason = "reads the project's own files")]

use std::path::{Path, PathBuf};

/// Modules by floor, lowest first. A module imports only from floors below its own.
const FLOORS: &[&[&str]] = &[
    &["source"],
    &["name", "known", "finding"],
    &["sqltype"],
    &["syntax", "tree", "config", "suppress"],
    &["change"],
    &["declared", "schema"],
    &["sql", "replay"],
    &["session", "interpret"],
    &["stacks", "pair"],
    &["fix", "draft"],
    &["rules", "discover"],
    &["inventory"],
    &["check"],
    &["report"],
    &["lsp"],
    &["cli"],
    &["main", "lib"],
];

/// Imports that the table forbids and that stay: from, to, why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[(
    "tree",
    "change",
    "plpgsql bodies hold statements, which are lowered when they run",
)];

/// Files that may have more than [`MAX_LINES`] lines, and why.
const LONG: &[(&str, &str)] = &[];

/// About 500 is the aim; a file that has grown past this holds more than one topic.
const MAX_LINES: usize = 700;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files below a folder, by path.
fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                let name = path
                    .strip_prefix(root())
                    .unwrap_or(&path)
                    .to_string_lossy()
                    .replace('\\', "/");
                out.push((name, std::fs::read_to_string(&path).unwrap_or_default()));
            }
        }
    }
    out.sort();
    assert!(!out.is_empty(), "{folder} holds no .{extension} file");
    out
}

/// `src/schema/walk.rs` is of the module `schema`.
fn module(path: &str) -> &str {
    let rest = path.strip_prefix("src/").unwrap_or(path);
    rest.split(['/', '.']).next().unwrap_or(rest)
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// A text without the tests below it.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod ").next().unwrap_or(text)
}

/// The modules that a text names by `crate::`; tests below the code may look anywhere.
fn imports(text: &str) -> Vec<String> {
    let code = code(text).lines().filter(|l| !l.trim_start().starts_with("//"));
    let mut out: Vec<String> = code
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        })
        .filter(|name: &String| !name.is_empty())
        .collect();
    out.sort();
    out.dedup();
    out
}

#[test]
fn modules_import_only_from_floors_below() {
    let mut wrong = Vec::new();
    let tests = |path: &str| path.contains("/tests/") || path.ends_with("/tests.rs");
    for (path, text) in files("src", "rs").into_iter().filter(|(path, _)| !tests(path)) {
        let own = module(&path);
        let Some(level) = floor(own) else {
            wrong.push(format!("{path}: {own} has no floor; add it to the table"));
            continue;
        };
        for other in imports(&text) {
            let allowed = other == own
                || floor(&other).is_some_and(|other| other < level)
                || EXCEPTIONS
                    .iter()
                    .any(|(from, to, _)| *from == own && *to == other);
            if !allowed {
                wrong.push(format!(
                    "{path} imports crate::{other}, which is no floor below {own}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_syntax_names_the_parser() {
    let named: Vec<String> = files("src", "rs")
        .into_iter()
        .filter(|(path, _)| !path.starts_with("src/syntax/"))
        .filter(|(_, text)| {
            ["squawk_syntax", "ruff_python_parser", "tree_sitter"]
                .iter()
                .any(|name| text.contains(name))
        })
        .map(|(path, _)| path)
        .collect();
    assert!(named.is_empty(), "these name the parser's crate: {named:?}");
}

#[test]
fn only_replay_changes_a_schema() {
    let named: Vec<String> = files("src", "rs")
        .into_iter()
        .filter(|(path, _)| !path.starts_with("src/replay/") && !path.starts_with("src/schema/"))
        .filter(|(_, text)| text.contains("&mut Schema") || text.contains(".get_mut(TableId"))
        .map(|(path, _)| path)
        .collect();
    assert!(named.is_empty(), "these change a schema: {named:?}");
}

#[test]
fn files_say_what_they_are_for() {
    let all = files("src", "rs").into_iter().chain(files("tests", "rs"));
    let wrong: Vec<String> = all
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path)
        .collect();
    assert!(wrong.is_empty(), "these do not open with `//!`: {wrong:?}");
}

#[test]
fn files_are_short() {
    let all = files("src", "rs").into_iter().chain(files("tests", "rs"));
    let long: Vec<String> = all
        .map(|(path, text)| (path, code(&text).lines().count()))
        .filter(|(path, lines)| *lines > MAX_LINES && LONG.iter().all(|(long, _)| long != path))
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "split these by topic: {long:#?}");
}

#[test]
fn links_lead_somewhere() {
    let top = std::fs::read_dir(root())
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path());
    let top = top.filter(|p| p.extension().is_some_and(|e| e == "md"));
    let top = top.filter_map(|p| {
        Some((
            p.file_name()?.to_str()?.to_owned(),
            std::fs::read_to_string(&p).ok()?,
        ))
    });
    let mut wrong = Vec::new();
    let below = ["rules", "docs", "editors"].map(|folder| files(folder, "md"));
    for (path, text) in below.into_iter().flatten().chain(top) {
        let folder = Path::new(&path).parent().unwrap_or(Path::new(""));
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or(link);
            let outside = target.is_empty() || target.contains("://") || target.contains(char::is_whitespace);
            if !outside && !root().join(folder).join(target).exists() {
                wrong.push(format!("{path}: {link}"));
            }
        }
    }
    assert!(wrong.is_empty(), "these links lead nowhere: {wrong:#?}");
}

#[test]
fn the_project_speaks_of_itself_alone() {
    // Folders of one machine, and what was left for later.
    let words = ["/home/", "/root/", "/Users/", "/tmp/", "TODO", "FIXME", "XXX"];
    let mut wrong = Vec::new();
    for (path, text) in files("src", "rs").into_iter().chain(files("rules", "md")) {
        for word in words.iter().filter(|w| text.contains(**w)) {
            wrong.push(format!("{path}: {word}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
