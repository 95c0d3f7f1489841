//! Fixes: each that a rule page or a case offers is applied, and the finding is gone and no other is there; and the command line that
//! applies them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use schemalign::check::{Report, apply, check, configure};
use schemalign::config::Options;
use schemalign::source::Files;

use crate::harness::{Case, Document, documents};

fn report(texts: &BTreeMap<String, String>) -> (Files, Report) {
    let mut files = Files::in_memory(texts.clone());
    let mut options = Options::default();
    configure(&mut files, &mut options, Vec::new()).expect("the configuration is right");
    let report = check(&files, &options).expect("the options fit");
    (files, report)
}

fn counts(report: &Report) -> BTreeMap<&str, usize> {
    let mut out = BTreeMap::new();
    for key in &report.silenced.keys {
        *out.entry(key.as_str()).or_default() += 1;
    }
    out
}

/// Applies each fix of a case alone; what went wrong, and the rules that offered one.
fn round_trip(case: &Case, offered: &mut BTreeMap<(&'static str, String), usize>) -> Vec<String> {
    let texts: BTreeMap<String, String> = case.files.iter().map(|f| (f.path.clone(), f.text())).collect();
    let (files, before) = report(&texts);
    let mut wrong = Vec::new();
    for finding in &before.findings {
        let Some(fix) = &finding.fix else { continue };
        let path = files.path(fix.edits[0].span.file);
        let ending = path.rsplit('.').next().unwrap_or("").to_owned();
        *offered.entry((finding.rule, ending)).or_default() += 1;
        let mut mended = texts.clone();
        let changed = apply(&files, &fix.edits).expect("the edits fit");
        let shown = changed.get(path).cloned().unwrap_or_default();
        mended.extend(changed);
        let (_, after) = report(&mended);
        let (was, is) = (counts(&before), counts(&after));
        let gone = is.get(finding.key.as_str()).copied().unwrap_or(0) < was[finding.key.as_str()];
        let new: Vec<_> = is
            .iter()
            .filter(|(key, n)| **n > was.get(*key).copied().unwrap_or(0))
            .collect();
        let gaps = after.coverage.gaps.len() > before.coverage.gaps.len()
            || after.coverage.fields != before.coverage.fields;
        if !gone || !new.is_empty() || gaps {
            wrong.push(format!(
                "{}: {} ({}): gone: {gone}, new: {new:?}, less followed: {gaps}\n{shown}",
                case.heading.join(" > "),
                finding.message,
                fix.title
            ));
        }
    }
    wrong
}

#[test]
fn an_applied_fix_mends_its_finding_and_makes_no_other() {
    let mut wrong = Vec::new();
    let mut offered = BTreeMap::new();
    for (name, path) in documents("rules").into_iter().chain(documents("tests/cases")) {
        for case in &Document::open(&path).cases {
            wrong.extend(
                round_trip(case, &mut offered)
                    .into_iter()
                    .map(|w| format!("{name}: {w}")),
            );
        }
    }
    println!("{offered:#?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (rule, ending) in [
        ("type-mismatch", "prisma"),
        ("nullability-mismatch", "prisma"),
        ("extra-index", "prisma"),
        ("extra-unique", "prisma"),
        ("name-mismatch", "prisma"),
        ("type-mismatch", "py"),
        ("nullability-mismatch", "py"),
        ("type-mismatch", "ex"),
    ] {
        assert!(
            offered.contains_key(&(rule, ending.to_owned())),
            "no page of {rule} offers a fix of .{ending}"
        );
    }
}

const SCHEMA: &str = "datasource db {\n  provider = \"postgresql\"\n}\n\nmodel User {\n  id    Int @id\n  email String?\n  age   Int\n}\n";
const TABLE: &str = "CREATE TABLE \"User\" (\"id\" INTEGER NOT NULL, \"email\" TEXT NOT NULL, \"age\" BIGINT NOT NULL,\n\
                     CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\"));\nCREATE UNIQUE INDEX \"User_email_key\" ON \"User\"(\"email\");\n";

fn folder(test: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fixes-{test}"));
    let _ = std::fs::remove_dir_all(&root);
    for (path, text) in [
        ("prisma/schema.prisma", SCHEMA),
        ("prisma/migrations/1_a/migration.sql", TABLE),
    ] {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    root
}

/// Exit code, stdout, stderr.
fn run(root: &Path, arguments: &[&str]) -> (i32, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_schemalign"))
        .env_remove("GITHUB_WORKSPACE")
        .env_remove("CI_PROJECT_DIR")
        .args(arguments)
        .current_dir(root)
        .env_remove("CI")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
}

#[test]
fn safe_fixes_add_and_unsafe_ones_change() {
    let root = folder("apply");
    let schema = || std::fs::read_to_string(root.join("prisma/schema.prisma")).unwrap();
    let (code, out, _) = run(&root, &["--diff"]);
    assert_eq!(code, 1);
    assert_eq!(
        out,
        "--- a/prisma/schema.prisma\n+++ b/prisma/schema.prisma\n@@ -4,6 +4,6 @@\n \n model User {\n   id    Int @id\n-  email String?\n\
         +  email String? @unique\n   age   Int\n }\n"
    );
    assert_eq!(schema(), SCHEMA, "--diff changes nothing");
    let (code, out, err) = run(&root, &["--fix"]);
    assert!(code == 1 && err.contains("mended 1 finding in 1 file"), "{err}");
    assert!(
        !out.contains("extra-unique") && out.contains("type-mismatch"),
        "{out}"
    );
    let (code, out, err) = run(&root, &["--unsafe-fixes"]);
    assert!(
        code == 0 && err.contains("mended 2 findings in 1 file"),
        "{out}{err}"
    );
    let expected = SCHEMA
        .replace("String?", "String @unique")
        .replace("age   Int", "age   BigInt");
    assert_eq!(schema(), expected);
    assert_eq!(
        run(&root, &["--diff", "--unsafe-fixes"]),
        (0, String::new(), String::new())
    );
}

#[test]
fn a_file_that_is_not_plain_text_is_left_alone() {
    let root = folder("bytes");
    let path = root.join("prisma/schema.prisma");
    let bytes: Vec<u8> = [b"\xEF\xBB\xBF".as_slice(), SCHEMA.as_bytes()].concat();
    std::fs::write(&path, &bytes).unwrap();
    let (code, _, err) = run(&root, &["--unsafe-fixes"]);
    assert_eq!((code, err.as_str()), (1, ""));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    // Lines that end as on Windows stay so.
    std::fs::write(&path, SCHEMA.replace('\n', "\r\n")).unwrap();
    assert_eq!(run(&root, &["--unsafe-fixes"]).0, 0);
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
}

#[test]
fn documents_carry_fixes() {
    let root = folder("documents");
    let json: serde_json::Value = serde_json::from_str(&run(&root, &["--format", "json"]).1).unwrap();
    let fixes: Vec<_> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["fix"].clone())
        .collect();
    assert!(
        fixes
            .iter()
            .any(|f| f["applicability"] == "safe" && f["edits"][0]["text"] == " @unique"),
        "{fixes:?}"
    );
    assert!(
        fixes
            .iter()
            .any(|f| f["applicability"] == "unsafe" && f["edits"][0]["text"] == "BigInt"),
        "{fixes:?}"
    );
    let sarif: serde_json::Value = serde_json::from_str(&run(&root, &["--format", "sarif"]).1).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let fixed = results
        .iter()
        .filter(|r| r["fixes"][0]["description"]["text"].is_string())
        .count();
    assert_eq!(fixed, 3);
}
