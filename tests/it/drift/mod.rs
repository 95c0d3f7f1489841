//! Seeded drift: `tests/drift/<stack>/base.md` is a pair of models and history that agrees, each case beside it a small edit of one
//! of the two. What is told of each is written down below it, and is neither more nor less.
//!
//! * A case of `rewrites.md` changes no database: nothing is told of it.
//! * Any other case says on a line `Drift: object` what it changes. A line `Told: level rule, path: "place"` stands for each
//!   finding, its places in the order in which they are shown; a line `Untold: why` is a miss that is known.
//! * A hunk of a `diff` block replaces its lines with ` ` and `-` by those with ` ` and `+`; `@@` parts hunks.
//!
//! With `SCHEMALIGN_UPDATE=1` the `Told:` lines are written anew: read them before they are kept. `judge.rs` has real SQLAlchemy and
//! Alembic on a real server say the same of each case; `REPORT.md` is what came of it.

mod judge;
mod plain;
mod report;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use schemalign::check::check;
use schemalign::config::Options;
use schemalign::finding::{Finding, Level};
use schemalign::source::{Files, Span};

use crate::harness::{Document, documents, updating};

/// An edit of the pair.
pub(crate) struct Mutation {
    /// The page that it is on.
    pub(crate) page: String,
    pub(crate) title: String,
    /// The object that it changes; none for a rewrite.
    pub(crate) drift: Option<String>,
    /// All files after it.
    pub(crate) files: Vec<(String, String)>,
    /// Which side it changes.
    pub(crate) side: Side,
    /// A rewrite of both sides: the other one.
    pub(crate) also: Option<Side>,
    /// Lines are taken away or replaced.
    takes_away: bool,
    /// Lines that are new, from 1, by path.
    new: BTreeSet<(String, u32)>,
    told: Vec<String>,
    untold: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Models,
    History,
}

/// A stack's pair and its mutations.
pub(crate) struct Stack {
    pub(crate) base: Vec<(String, String)>,
    pub(crate) mutations: Vec<Mutation>,
}

/// The stacks that have a pair.
const STACKS: [&str; 2] = ["alembic", "ecto"];

/// Where the mutations of a stack are.
pub(crate) fn folder(stack: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/drift")
        .join(stack)
}

impl Stack {
    pub(crate) fn read(stack: &str) -> Stack {
        let path = folder(stack).join("base.md");
        let base: Vec<(String, String)> = Document::open(&path).cases[0]
            .files
            .iter()
            .map(|file| (file.path.clone(), file.text()))
            .collect();
        let mut mutations = Vec::new();
        for (page, path) in documents(&format!("tests/drift/{stack}")) {
            if page == "base" || page == "REPORT" {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a page of mutations");
            for part in text.split("\n## ").skip(1) {
                mutations.push(mutation(&page, part, &base));
            }
        }
        Stack { base, mutations }
    }
}

fn mutation(page: &str, part: &str, base: &[(String, String)]) -> Mutation {
    let title = part.lines().next().unwrap_or_default().to_owned();
    let line = |word: &str| part.lines().find_map(|l| l.strip_prefix(word)).map(str::to_owned);
    let mut files = base.to_vec();
    let mut new = BTreeSet::new();
    let mut edited = Vec::new();
    for (path, diff) in blocks(part) {
        let at = files.iter().position(|(p, _)| p == path);
        let before = at.map(|at| files[at].1.as_str());
        let after = apply(before, &diff, &format!("{page}: {title}: {path}"));
        let old: BTreeSet<&str> = before.unwrap_or_default().lines().collect();
        for (number, _) in after.lines().enumerate().filter(|(_, line)| !old.contains(line)) {
            new.insert((path.to_owned(), u32::try_from(number).unwrap_or(0) + 1));
        }
        edited.push(path.to_owned());
        match at {
            Some(at) => files[at].1 = after,
            None => files.push((path.to_owned(), after)),
        }
    }
    assert!(!edited.is_empty(), "{page}: {title} edits nothing");
    let of_history = edited.iter().any(|path| path.contains("migrations/"));
    let of_models = edited.iter().any(|path| !path.contains("migrations/"));
    Mutation {
        page: page.to_owned(),
        drift: line("Drift: "),
        also: (of_history && of_models).then_some(Side::Models),
        files,
        side: if of_history { Side::History } else { Side::Models },
        takes_away: blocks(part)
            .iter()
            .any(|(_, diff)| diff.lines().any(|line| line.starts_with('-'))),
        new,
        told: part
            .lines()
            .filter_map(|l| l.strip_prefix("Told: "))
            .map(str::to_owned)
            .collect(),
        untold: line("Untold: "),
        title,
    }
}

/// The `diff` blocks of a case, each with the path above it.
fn blocks(part: &str) -> Vec<(&str, String)> {
    let mut out = Vec::new();
    let mut path = "";
    let mut lines = part.lines();
    while let Some(line) = lines.next() {
        if line == "```diff" {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            out.push((path, block.join("\n")));
        } else if let Some(named) = line.strip_prefix('`').and_then(|l| l.strip_suffix('`')) {
            path = named;
        }
    }
    out
}

/// The text after a diff. A hunk may end within a line: behind its last word the line goes on as it was.
fn apply(before: Option<&str>, diff: &str, name: &str) -> String {
    let mut text = format!("\n{}", before.unwrap_or_default());
    for hunk in diff.split("\n@@\n") {
        let side = |keep: char| -> String {
            let kept = hunk
                .lines()
                .filter(|line| line.is_empty() || line.starts_with([' ', keep]));
            kept.map(|line| format!("\n{}", line.get(1..).unwrap_or_default()))
                .collect()
        };
        let within = hunk.lines().last().is_some_and(|line| line.starts_with(' '));
        let end = if within { "" } else { "\n" };
        let (old, new) = (side('-') + end, side('+') + end);
        if before.is_none() {
            text = new;
            continue;
        }
        assert_eq!(
            text.matches(&old).count(),
            1,
            "{name}: the place of this hunk is not one:{old}"
        );
        text = text.replacen(&old, &new, 1);
    }
    text.split_off(1)
}

/// What is told of files.
pub(crate) fn told(files: &[(String, String)]) -> (Files, Vec<Finding>) {
    let files = Files::in_memory(files.iter().cloned());
    let findings = check(&files, &Options::default())
        .expect("the options fit")
        .findings;
    (files, findings)
}

/// `warn type-mismatch, app/models.py: "Integer", migrations/versions/1.py: "sa.BigInteger()"`.
fn line(files: &Files, finding: &Finding) -> String {
    let place = |span: Span| {
        let text = files.slice(span);
        let first = text.lines().next().unwrap_or_default();
        let text: String = first.chars().take(60).collect();
        format!(", {}: {text:?}", files.path(span.file))
    };
    let others = finding.related.iter().map(|related| place(related.span));
    let places: String = std::iter::once(place(finding.span)).chain(others).collect();
    format!("{} {}{places}", finding.level.word(), finding.rule)
}

/// Whether a finding names the object: `schema.table`, `schema.table.column`, a type or a sequence.
fn names(finding: &Finding, object: &str) -> bool {
    let Some((table, column)) = object.rsplit_once('.') else {
        return false;
    };
    let says = |column: &str| {
        let mut words = finding.message.split(|c: char| !c.is_alphanumeric() && c != '_');
        finding.column.as_deref() == Some(column) || words.any(|word| word == column)
    };
    let of = finding.table.as_deref();
    of == Some(object) || (of == Some(table) && says(column)) || finding.message.contains(object)
}

/// Whether a finding shows a line that is new. Of what an edit takes away there may be no line to show.
fn shows(files: &Files, finding: &Finding, mutation: &Mutation) -> bool {
    let spans = std::iter::once(finding.span).chain(finding.related.iter().map(|r| r.span));
    mutation.takes_away
        || spans.into_iter().any(|span| {
            let (path, first, last) = (
                files.path(span.file),
                files.start(span).line,
                files.end(span).line,
            );
            (first..=last).any(|line| mutation.new.contains(&(path.to_owned(), line)))
        })
}

/// What is wrong with what is told of a mutation.
fn wrong(mutation: &Mutation) -> Vec<String> {
    let (files, findings) = told(&mutation.files);
    let lines: Vec<String> = findings.iter().map(|finding| line(&files, finding)).collect();
    let mut out: Vec<String> = Vec::new();
    out.extend(
        mutation
            .told
            .iter()
            .filter(|l| !lines.contains(l))
            .map(|l| format!("not told: {l}")),
    );
    out.extend(
        lines
            .iter()
            .filter(|l| !mutation.told.contains(l))
            .map(|l| format!("not written: {l}")),
    );
    let Some(object) = &mutation.drift else { return out };
    if findings.is_empty() && mutation.untold.is_none() {
        out.push("nothing is told".to_owned());
    }
    if !findings.is_empty() && !findings.iter().any(|finding| names(finding, object)) {
        out.push(format!("{object} is not named"));
    }
    if !findings.is_empty() && !findings.iter().any(|finding| shows(&files, finding, mutation)) {
        out.push("the edit is not shown".to_owned());
    }
    out
}

/// The page with the `Told:` lines that the findings call for.
fn rewrite(text: &str, mutations: &[Mutation]) -> String {
    let mut parts = text.split("\n## ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let title = part.lines().next().unwrap_or_default();
        let mutation = mutations
            .iter()
            .find(|m| m.title == title)
            .expect("a mutation of this title");
        let kept: Vec<&str> = part.lines().filter(|l| !l.starts_with("Told: ")).collect();
        let (files, findings) = told(&mutation.files);
        let told: String = findings
            .iter()
            .map(|f| format!("Told: {}\n", line(&files, f)))
            .collect();
        out = format!("{}\n\n## {}\n", out.trim_end(), kept.join("\n").trim_end());
        if !told.is_empty() {
            out = format!("{out}\n{told}");
        }
    }
    format!("{}\n", out.trim_end())
}

#[test]
fn nothing_is_told_of_the_pair() {
    for stack in STACKS {
        let (_, findings) = told(&Stack::read(stack).base);
        let messages: Vec<&str> = findings.iter().map(|f| f.message.as_str()).collect();
        assert!(messages.is_empty(), "{stack}: {messages:#?}");
    }
}

#[test]
fn each_drift_is_told_where_it_is() {
    for stack in STACKS {
        each_is_told(stack);
    }
}

fn each_is_told(name: &str) {
    let stack = Stack::read(name);
    if updating() {
        for (page, path) in documents(&format!("tests/drift/{name}")) {
            let of_page: Vec<Mutation> = Stack::read(name)
                .mutations
                .into_iter()
                .filter(|m| m.page == page)
                .collect();
            if !of_page.is_empty() {
                let text = std::fs::read_to_string(&path).expect("a page");
                std::fs::write(&path, rewrite(&text, &of_page)).expect("the page can be written");
            }
        }
        return;
    }
    let only = std::env::var("SCHEMALIGN_CASE").unwrap_or_default();
    let judge = |mutation: &Mutation| {
        let name = format!("{}: {}", mutation.page, mutation.title);
        let wrong = if name.contains(&only) {
            wrong(mutation)
        } else {
            Vec::new()
        };
        (!wrong.is_empty()).then(|| format!("{name}\n  {}", wrong.join("\n  ")))
    };
    let failed: Vec<String> = stack.mutations.par_iter().filter_map(judge).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn nothing_is_told_of_rewrites() {
    for stack in STACKS {
        no_rewrite_is_told(&Stack::read(stack));
    }
}

fn no_rewrite_is_told(stack: &Stack) {
    let rewrites: Vec<&Mutation> = stack.mutations.iter().filter(|m| m.drift.is_none()).collect();
    assert!(rewrites.len() >= 16, "{} rewrites", rewrites.len());
    let loud: Vec<&str> = rewrites
        .iter()
        .filter(|m| !m.told.is_empty())
        .map(|m| m.title.as_str())
        .collect();
    assert!(loud.is_empty(), "{loud:#?}");
}

/// The loudest level that is told of a mutation.
pub(crate) fn loudest(findings: &[Finding]) -> Option<Level> {
    findings.iter().map(|finding| finding.level).max()
}
