//! The findings as a JSON document, version 1. Its form is documented in the guide and kept stable.

use serde_json::{Value, json};

use crate::check::{Coverage, Report};
use crate::finding::{Cause, Finding, Fix};
use crate::known::Gap;
use crate::source::{Files, Span};

/// The version of the document.
const VERSION: u32 = 1;

/// The document, pretty-printed, with a final line end.
#[must_use]
pub fn render(report: &Report, files: &Files) -> String {
    let document = json!({
        "version": VERSION,
        "findings": report.findings.iter().map(|f| finding(f, files)).collect::<Vec<_>>(),
        "coverage": coverage(&report.coverage, files),
        "targets": report.targets.iter().map(|t| json!({
            "name": t.name, "dialect": t.dialect, "histories": t.histories, "models": t.models,
        })).collect::<Vec<_>>(),
    });
    let mut out = serde_json::to_string_pretty(&document).unwrap_or_default();
    out.push('\n');
    out
}

/// How much was followed, with every gap.
pub(super) fn coverage(coverage: &Coverage, files: &Files) -> Value {
    json!({
        "migrations": coverage.migrations,
        "statements": coverage.statements,
        "statements_opaque": coverage.statements_opaque,
        "models": coverage.models,
        "fields": coverage.fields,
        "fields_unknown": coverage.fields_unknown,
        "given_missing": coverage.given_missing,
        "not_checked": coverage.not_checked.iter().map(|n| json!({"what": n.what, "why": n.why})).collect::<Vec<_>>(),
        "gaps": coverage.gaps.iter().map(|g| gap(g, files)).collect::<Vec<_>>(),
    })
}

/// A place: lines and columns from 1, columns in Unicode characters.
#[must_use]
pub fn place(span: Span, files: &Files) -> Value {
    let (start, end) = (files.start(span), files.end(span));
    json!({
        "file": files.path(span.file), "line": start.line, "column": start.column, "end_line": end.line, "end_column": end.column,
    })
}

/// A place that belongs to a migration.
fn migration_place(span: Span, migration: Option<&str>, files: &Files) -> Value {
    let mut out = place(span, files);
    out["migration"] = migration.map_or(Value::Null, Value::from);
    out
}

/// A gap: file, line, reason and reach. File and line are null where no place causes it.
#[must_use]
pub fn gap(gap: &Gap, files: &Files) -> Value {
    json!({
        "file": gap.at.map(|span| files.path(span.file)),
        "line": gap.at.map(|span| files.start(span).line),
        "reason": gap.why,
        "reach": gap.reach.to_string(),
    })
}

/// A finding.
pub(super) fn finding(finding: &Finding, files: &Files) -> Value {
    let related: Vec<Value> = finding
        .related
        .iter()
        .map(|r| {
            let mut out = match &r.migration {
                Some(migration) => migration_place(r.span, Some(migration), files),
                None => place(r.span, files),
            };
            out["label"] = Value::from(r.label.as_str());
            out
        })
        .collect();
    let mut out = json!({
        "rule": finding.rule,
        "level": finding.level.word(),
        "message": finding.message,
        "help": finding.help,
        "key": finding.key,
        "targets": finding.targets,
        "table": finding.table,
        "column": finding.column,
        "object": finding.object,
        "expected": finding.expected,
        "found": finding.found,
        "place": place(finding.span, files),
        "model": finding.model.map(|span| place(span, files)),
        "database": finding.database.as_ref().map(|(span, migration)| migration_place(*span, migration.as_deref(), files)),
        "related": related,
        "pending": finding.pending,
        "fix": finding.fix.as_ref().map(|f| fix(f, files)),
    });
    if let Some(common) = &finding.common {
        let mut together = place(common.at, files);
        together["message"] = Value::from(common.of_all.as_str());
        out["common"] = together;
    }
    if let Some(found) = &finding.cause {
        out["cause"] = cause(found);
    }
    out
}

/// What brought a finding about.
pub(super) fn cause(cause: &Cause) -> Value {
    json!({
        "commit": cause.commit.as_ref().map(|commit| json!({
            "id": commit.id, "author": commit.author, "date": commit.date, "subject": commit.subject,
        })),
        "side": cause.side,
        "touched_migrations": cause.migrations,
        "what": cause.words,
    })
}

/// A fix: its edits replace the text of their places.
fn fix(fix: &Fix, files: &Files) -> Value {
    let edits = fix.edits.iter().map(|edit| {
        let mut out = place(edit.span, files);
        out["text"] = Value::from(edit.text.as_str());
        out
    });
    json!({
        "title": fix.title,
        "applicability": fix.applicability.word(),
        "edits": edits.collect::<Vec<_>>(),
    })
}
