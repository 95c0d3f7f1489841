//! The report of a stack that has no comparison of its own to be put beside: what is told of each mutation of Ecto's pair.

use std::fmt::Write as _;

use rayon::prelude::*;

use super::{Mutation, Stack, folder, told};
use crate::harness::updating;

fn cells(mutation: &Mutation) -> String {
    let (_, findings) = told(&mutation.files);
    let mut rules: Vec<String> = findings
        .iter()
        .map(|f| format!("{} `{}`", f.level.word(), f.rule))
        .collect();
    rules.dedup();
    let side = format!("{:?}", mutation.side).to_lowercase();
    let what = if rules.is_empty() {
        "nothing".to_owned()
    } else {
        rules.join(", ")
    };
    format!("| {} | {side} | {what} |", mutation.title)
}

#[test]
fn drift_of_ecto_is_reported() {
    let stack = Stack::read("ecto");
    let rows: Vec<(String, String, bool, bool)> = stack
        .mutations
        .par_iter()
        .map(|mutation| {
            let is_told = !told(&mutation.files).1.is_empty();
            (
                mutation.page.clone(),
                cells(mutation),
                is_told,
                mutation.drift.is_some(),
            )
        })
        .collect();
    let count = |page: Option<&str>, is_drift: bool, is_told: bool| {
        let of_page = rows
            .iter()
            .filter(|row| page.is_none_or(|page| row.0 == page) && row.3 == is_drift);
        of_page.filter(|row| row.2 || !is_told).count()
    };
    let share = |page: Option<&str>, is_drift: bool| {
        let (told, all) = (count(page, is_drift, true), count(page, is_drift, false));
        format!("{told} of {all} ({} %)", (told * 1000 / all.max(1) + 5) / 10)
    };
    let mut out = String::from(
        "# Seeded drift: what is told of Ecto's schemas and migrations

Each drift is one small edit of schemas or migrations in a pair that agrees; each rewrite is one after which they still do. Nothing
else compares the two, so that there is nothing to be put beside it. Written by `SCHEMALIGN_UPDATE=1 cargo test --test it drift`.

",
    );
    let _ = writeln!(
        out,
        "| | schemalign |\n|---|---|\n| drift told | {} |",
        share(None, true)
    );
    let _ = writeln!(out, "| rewrites taken for drift | {} |", share(None, false));
    let mut pages: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
    pages.dedup();
    for page in pages {
        let _ = writeln!(out, "\n## {page}\n\n| edit | of | schemalign |\n|---|---|---|");
        for row in rows.iter().filter(|row| row.0 == page) {
            let _ = writeln!(out, "{}", row.1);
        }
    }
    let path = folder("ecto").join("REPORT.md");
    if updating() {
        std::fs::write(&path, out).expect("the report can be written");
        return;
    }
    let (found, all) = (count(None, true, true), count(None, true, false));
    assert!(found * 10 >= all * 9, "{found} of {all} drifts are told");
    let old = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        old == out,
        "tests/drift/ecto/REPORT.md is not up to date: SCHEMALIGN_UPDATE=1 cargo test --test it drift"
    );
}
