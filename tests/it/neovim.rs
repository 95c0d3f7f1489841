//! The server as a real editor uses it: Neovim without a screen opens a model, edits it, hovers, goes to the definition.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::copy_folder;

fn is_there() -> bool {
    let version = Command::new("nvim")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    let there = version.is_ok_and(|status| status.success());
    if !there {
        println!("skipped: there is no nvim");
    }
    there
}

#[test]
fn neovim_shows_what_check_says() {
    if !is_there() {
        return;
    }
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("neovim");
    let _ = std::fs::remove_dir_all(&root);
    copy_folder(&project.join("examples/shop"), &root);
    let seen = root.join("seen.json");
    let out = Command::new("nvim")
        .args(["--headless", "--clean", "-c"])
        .arg(format!(
            "luafile {}",
            project.join("tests/editors/neovim.lua").display()
        ))
        .current_dir(&root)
        .env("SEEN", &seen)
        .env("MODEL", "prisma/schema.prisma")
        .env("SCHEMALIGN", env!("CARGO_BIN_EXE_schemalign"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    let seen: Value = serde_json::from_str(&std::fs::read_to_string(&seen).expect(&said)).unwrap();
    assert_eq!(seen["problem"], Value::Null, "{said}");

    let check = Command::new(env!("CARGO_BIN_EXE_schemalign"))
        .args(["--format", "concise"])
        .current_dir(&root)
        .output()
        .unwrap();
    let text = String::from_utf8(check.stdout).unwrap();
    let expected: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("prisma/schema.prisma:"))
        .collect();
    let first = seen["first"].as_array().unwrap();
    assert_eq!(first.len(), expected.len(), "{first:#?}\n{text}");
    for (shown, line) in first.iter().zip(expected) {
        let place = format!(
            "prisma/schema.prisma:{}:{}: ",
            shown["line"].as_u64().unwrap() + 1,
            shown["column"].as_u64().unwrap() + 1
        );
        assert!(line.starts_with(&place), "{shown} is not {line}");
        assert!(
            line.contains(&format!("[{}]", shown["code"].as_str().unwrap())),
            "{shown} is not {line}"
        );
    }
    assert!(!seen["hover"].is_null(), "{seen:#}");
    assert!(!seen["definition"].is_null(), "{seen:#}");
}
