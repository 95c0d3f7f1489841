//! The documentation: every command of the site is run, and every rule has its line.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::copy_folder;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What stands between fences of a language, in order.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let (mut out, mut open) = (Vec::new(), None::<String>);
    for line in text.lines() {
        match &mut open {
            Some(block) if line.starts_with("```") => {
                out.push(std::mem::take(block));
                open = None;
            }
            Some(block) => block.extend([line, "\n"]),
            None if line.strip_prefix("```") == Some(language) => open = Some(String::new()),
            None => {}
        }
    }
    out
}

fn git(root: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
        .args(arguments)
        .current_dir(root)
        .status()
        .unwrap();
    assert!(status.success(), "git {arguments:?}");
}

/// The commands of a page, one after the other, on one copy of the example: each runs.
#[test]
fn every_command_of_the_site_runs() {
    let mut commands = 0;
    for entry in std::fs::read_dir(project("docs/src")).unwrap().flatten() {
        let path = entry.path();
        let Some(page) = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .filter(|_| path.extension().is_some_and(|ending| ending == "md"))
        else {
            continue;
        };
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("docs-{page}"));
        let _ = std::fs::remove_dir_all(&root);
        copy_folder(&project("examples/shop"), &root);
        git(&root, &["init", "-q"]);
        git(&root, &["add", "-A"]);
        git(&root, &["commit", "-q", "-m", "an example"]);
        for block in blocks(&std::fs::read_to_string(&path).unwrap(), "sh") {
            for line in block.lines() {
                let arguments = line
                    .strip_prefix("schemalign")
                    .unwrap_or_else(|| panic!("{page}: {line}"));
                let out = Command::new("sh")
                    .args(["-c", &format!("\"$PROGRAM\" {arguments}")])
                    .env("PROGRAM", env!("CARGO_BIN_EXE_schemalign"))
                    .env_remove("CI")
                    .current_dir(&root)
                    .output()
                    .unwrap();
                let said =
                    String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
                assert!(matches!(out.status.code(), Some(0 | 1)), "{page}: {line}\n{said}");
                commands += 1;
            }
        }
    }
    assert!(commands > 25, "{commands}");
}

#[test]
fn every_rule_has_its_line() {
    let summary = std::fs::read_to_string(project("docs/src/SUMMARY.md")).unwrap();
    for entry in std::fs::read_dir(project("rules")).unwrap().flatten() {
        let file = entry.file_name();
        let line = format!("(rules/{})", file.to_string_lossy());
        assert!(
            summary.contains(&line),
            "docs/src/SUMMARY.md has no line for {line}"
        );
    }
}

/// The site as mdBook makes it, where that is installed (`MDBOOK` names it, where it is not on the path): each of its own links leads
/// somewhere.
#[test]
fn the_site_is_built_and_holds_together() {
    let program = std::env::var("MDBOOK").unwrap_or_else(|_| "mdbook".to_owned());
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("book");
    let _ = std::fs::remove_dir_all(&out);
    let built = Command::new(program)
        .arg("build")
        .arg(project("docs"))
        .arg("--dest-dir")
        .arg(&out)
        .output();
    let Ok(built) = built else {
        assert!(std::env::var_os("MDBOOK").is_none(), "MDBOOK names no program");
        println!("skipped: there is no mdbook");
        return;
    };
    let said = String::from_utf8_lossy(&built.stderr).into_owned();
    assert!(
        built.status.success() && !said.contains("ERROR") && !said.contains("WARN"),
        "{said}"
    );
    let mut wrong = Vec::new();
    let mut folders = vec![out];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder)
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
        {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "html") && !path.ends_with("404.html") {
                let text = std::fs::read_to_string(&path).unwrap();
                for link in text
                    .split("href=\"")
                    .skip(1)
                    .filter_map(|rest| rest.split('"').next())
                {
                    let target = link.split('#').next().unwrap_or(link);
                    if !target.is_empty() && !target.contains(':') && !folder.join(target).exists() {
                        wrong.push(format!("{}: {link}", path.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "these links lead nowhere: {wrong:#?}");
}
