//! What servers printed must come back as it is: set `SCHEMALIGN_CATALOGS` to a folder of catalog documents.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::fixture::{Came, Fixture, Place};
use crate::name::{Name, QualifiedName};

#[derive(Default)]
struct Count {
    exact: usize,
    unknown: usize,
    wrong: Vec<String>,
    reasons: std::collections::BTreeMap<String, (usize, String)>,
}

#[test]
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test on files that are not in the repository"
)]
fn what_servers_print_comes_back() {
    let Some(folder) = std::env::var_os("SCHEMALIGN_CATALOGS") else {
        return;
    };
    let mut count = Count::default();
    for file in documents(&PathBuf::from(folder)) {
        let text = std::fs::read_to_string(&file).unwrap();
        let Ok(document) = serde_json::from_str::<Value>(&text) else {
            continue;
        };
        catalog(&document, &file.display().to_string(), &mut count);
    }
    eprintln!(
        "exact {}, unknown {}, wrong {}",
        count.exact,
        count.unknown,
        count.wrong.len()
    );
    let mut reasons: Vec<_> = count.reasons.iter().collect();
    reasons.sort_by_key(|(_, (n, _))| std::cmp::Reverse(*n));
    for (reason, (n, example)) in reasons {
        eprintln!("  {n} x {reason}: {example}");
    }
    assert!(count.wrong.is_empty(), "{}", count.wrong.join("\n"));
}

fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(documents(&path));
        } else if path
            .file_name()
            .is_some_and(|n| n.to_string_lossy().starts_with("catalog"))
            && path.extension().is_some_and(|e| e == "json")
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn catalog(document: &Value, file: &str, count: &mut Count) {
    let mut fixture = Fixture::new();
    fixture.extension("uuid-ossp");
    fixture.extension("pg_trgm");
    let empty = serde_json::Map::new();
    for (name, labels) in document.get("enums").and_then(Value::as_object).unwrap_or(&empty) {
        let labels: Vec<String> = labels
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|l| l.as_str().map(str::to_owned))
            .collect();
        fixture.enumeration(name, &labels);
    }
    let tables = document
        .get("tables")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    for (name, table) in tables {
        let columns: Vec<(String, String)> = items(table, "columns")
            .map(|c| (string(c, "name").to_owned(), string(c, "type").to_owned()))
            .collect();
        // Other systems' documents are of no use here.
        if !name.contains('.')
            || columns.iter().any(|c| {
                c.1.contains("unsigned") || c.1.chars().any(|c| c.is_ascii_uppercase()) && !c.1.contains('"')
            })
        {
            return;
        }
        let id = fixture.table(name, &columns);
        let mut check = |fixture: &Fixture, column: Option<&str>, place: Place, printed: &str, sql: &str| {
            // Read again, the cast of an array moves to its elements: without it the server adds it again as it was.
            let sql = sql.replace("(ARRAY[", "ARRAY[").replace("])::text[]", "]");
            let came = fixture.print(id, column, place, &sql);
            let at = format!("{file} {name}: {printed}");
            match came {
                Came::Printed(text) if text == printed => count.exact += 1,
                Came::Printed(text) => count.wrong.push(format!("{at}\n    {text}")),
                Came::Refused(sqlstate, message) => {
                    count.wrong.push(format!("{at}\n    {sqlstate} {message}"))
                }
                Came::Unknown(why) => {
                    count.unknown += 1;
                    count
                        .reasons
                        .entry(why)
                        .or_insert_with(|| (0, printed.to_owned()))
                        .0 += 1;
                }
            }
        };
        for column in items(table, "columns") {
            let of = string(column, "name");
            for (key, place) in [("default", Place::Default), ("generated", Place::Generated)] {
                let printed = string(column, key);
                if printed.is_empty() {
                    continue;
                }
                if let Some(sequence) = printed
                    .strip_prefix("nextval('")
                    .and_then(|p| p.split('\'').next())
                {
                    let sequence = sequence.replace('"', "");
                    let name = match sequence.split_once('.') {
                        Some((schema, name)) => QualifiedName::in_schema(Name::new(schema), Name::new(name)),
                        None => QualifiedName::bare(Name::new(&sequence)),
                    };
                    fixture.sequence(&name);
                }
                check(&fixture, Some(of), place, printed, printed);
            }
        }
        for constraint in items(table, "checks") {
            let printed = string(constraint, "definition");
            let bare = printed
                .trim_end_matches(" NOT VALID")
                .trim_end_matches(" NO INHERIT");
            if let Some(sql) = bare.strip_prefix("CHECK (").and_then(|p| p.strip_suffix(')')) {
                check(&fixture, None, Place::Check, bare, sql);
            }
        }
        for index in items(table, "indexes") {
            let printed = string(index, "where");
            if !printed.is_empty() {
                check(&fixture, None, Place::Predicate, printed, printed);
            }
            for key in items(index, "columns").filter_map(Value::as_str) {
                check(&fixture, None, Place::Key, key, key);
            }
        }
    }
}
