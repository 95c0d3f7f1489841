//! `REPORT.md`: what is told of each mutation here, and by Alembic's own comparison on a real server.

use std::fmt::Write as _;

use rayon::prelude::*;

use super::{Stack, folder, loudest, told};
use crate::harness::updating;

/// What Alembic tells of the pair that agrees, and whether it tells each mutation: as it comes, and with all of its options.
pub(super) type Beside<'a> = ((usize, usize), &'a [(bool, bool)]);

/// A row: the cells before those of Alembic, and its two.
struct Row {
    page: String,
    ours: String,
    theirs: Option<(bool, bool)>,
    is_told: bool,
    is_drift: bool,
}

/// Compares the report with what is so now, or writes it. Without Alembic its cells stay what they are.
pub(super) fn check(stack: &Stack, beside: Option<Beside<'_>>) {
    let path = folder("alembic").join("REPORT.md");
    let old = std::fs::read_to_string(&path).unwrap_or_default();
    let rows: Vec<Row> = stack
        .mutations
        .par_iter()
        .enumerate()
        .map(|(at, mutation)| {
            let (_, findings) = told(&mutation.files);
            let mut rules: Vec<String> = findings
                .iter()
                .map(|f| format!("{} `{}`", f.level.word(), f.rule))
                .collect();
            rules.dedup();
            let what = if rules.is_empty() {
                "nothing".to_owned()
            } else {
                rules.join(", ")
            };
            let ours = format!("| {} | {:?} | {what} |", mutation.title, mutation.side)
                .replace("Models |", "models |")
                .replace("History |", "history |");
            Row {
                page: mutation.page.clone(),
                theirs: beside
                    .and_then(|(_, all)| all.get(at).copied())
                    .or_else(|| written(&old, &ours)),
                ours,
                is_told: loudest(&findings).is_some(),
                is_drift: mutation.drift.is_some(),
            }
        })
        .collect();
    let unmutated = beside
        .map(|(n, _)| n)
        .or_else(|| written_unmutated(&old))
        .unwrap_or_default();
    let new = render(&rows, unmutated);
    if updating() {
        std::fs::write(&path, new).expect("the report can be written");
        return;
    }
    assert!(
        old == new,
        "tests/drift/alembic/REPORT.md is not up to date: SCHEMALIGN_UPDATE=1 cargo test --test it drift"
    );
}

/// The cells that a report has for Alembic behind those of a row.
fn written(report: &str, ours: &str) -> Option<(bool, bool)> {
    let rest = report.lines().find_map(|line| line.strip_prefix(ours))?;
    let mut cells = rest.split('|').map(|cell| cell.trim() == "told");
    Some((cells.next()?, cells.next()?))
}

/// The cells of the row of the pair that agrees.
fn written_unmutated(report: &str) -> Option<(usize, usize)> {
    let rest = report.lines().find_map(|line| line.strip_prefix(UNMUTATED))?;
    let mut cells = rest
        .split('|')
        .map(|cell| cell.trim().parse().unwrap_or_default());
    // What is before the first bar, and our own.
    cells.nth(1)?;
    Some((cells.next()?, cells.next()?))
}

const UNMUTATED: &str = "| findings on the pair that agrees ";

fn render(rows: &[Row], (default, all): (usize, usize)) -> String {
    let drift: Vec<&Row> = rows.iter().filter(|row| row.is_drift).collect();
    let rewrites: Vec<&Row> = rows.iter().filter(|row| !row.is_drift).collect();
    let count = |rows: &[&Row], is: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| is(row)).count();
    let of_default = |row: &Row| row.theirs.is_some_and(|t| t.0);
    let of_all = |row: &Row| row.theirs.is_some_and(|t| t.1);
    let mut out = String::from(
        "# Seeded drift: what is told

Each drift is one small edit of models or history in a pair that agrees, and changes the database that a real server makes of it;
each rewrite is one that does not. \"alembic\" is `compare_metadata`, the engine of `alembic check`, on a real server at head, as it
comes; \"all options\" adds `compare_server_default` and the plugin that compares CHECKs by name. It tells a drift where it says
something else than of the pair that agrees. Versions are those of `tests/judge/requirements.txt`. Written by
`SCHEMALIGN_UPDATE=1 cargo test --test it drift`.

| | schemalign | alembic | all options |
|---|---|---|---|
",
    );
    let percent = |n: usize, of: usize| format!("{n} of {of} ({} %)", (n * 1000 / of.max(1) + 5) / 10);
    let row = |out: &mut String, what: &str, rows: &[&Row]| {
        let (ours, theirs, most) = (
            count(rows, &|r| r.is_told),
            count(rows, &of_default),
            count(rows, &of_all),
        );
        let cells = [ours, theirs, most].map(|n| percent(n, rows.len()));
        let _ = writeln!(out, "| {what} | {} |", cells.join(" | "));
    };
    row(&mut out, "drift told", &drift);
    row(&mut out, "rewrites taken for drift", &rewrites);
    let _ = writeln!(out, "{UNMUTATED}| 0 | {default} | {all} |");
    let mut pages: Vec<&str> = rows.iter().map(|row| row.page.as_str()).collect();
    pages.dedup();
    let _ = writeln!(
        out,
        "\n| page | schemalign | alembic | all options |\n|---|---|---|---|"
    );
    for page in pages.iter().filter(|page| **page != "rewrites") {
        let of_page: Vec<&Row> = drift.iter().filter(|row| row.page == *page).copied().collect();
        row(&mut out, &format!("[{page}]({page}.md)"), &of_page);
    }
    for page in pages {
        let _ = writeln!(
            out,
            "\n## {page}\n\n| edit | of | schemalign | alembic | all options |\n|---|---|---|---|---|"
        );
        for row in rows.iter().filter(|row| row.page == page) {
            let word = |told: Option<bool>| match told {
                Some(true) => "told",
                Some(false) => "-",
                None => "?",
            };
            let (first, second) = (word(row.theirs.map(|t| t.0)), word(row.theirs.map(|t| t.1)));
            let _ = writeln!(out, "{} {first} | {second} |", row.ours);
        }
    }
    out
}
