//! Notes for people: one line each. Of many of one rule the rule is said once, above them, and each line says what differs.

use std::collections::BTreeMap;

use super::escape;
use crate::finding::Finding;
use crate::rules;
use crate::source::{Files, Span};

/// More notes of one rule than this are listed below the rule.
const MANY: usize = 5;

/// All notes: those of rules with few of them in their order, then rule by rule those with many.
pub(super) fn render(notes: &[&Finding], files: &Files) -> String {
    let mut out = String::new();
    let mut many: Vec<(&str, Vec<&Finding>)> = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in notes {
        *counts.entry(finding.rule).or_default() += 1;
    }
    for finding in notes.iter().copied() {
        if counts.get(finding.rule).is_none_or(|count| *count <= MANY) {
            out.push_str(&whole(finding, files));
            continue;
        }
        match many.iter_mut().find(|(rule, _)| *rule == finding.rule) {
            Some((_, findings)) => findings.push(finding),
            None => many.push((finding.rule, vec![finding])),
        }
    }
    for (rule, findings) in many {
        let summary = rules::find(rule).map_or("", |rule| rule.summary);
        out.push_str(&format!("note[{rule}]: {} times: {summary}\n", findings.len()));
        for finding in findings {
            out.push_str(&short(finding, files));
        }
    }
    out
}

/// `path:line:column`.
pub(super) fn at(span: Span, files: &Files) -> String {
    let start = files.start(span);
    format!(
        "{}:{}:{}",
        escape(files.path(span.file)),
        start.line,
        start.column
    )
}

/// A note: one line, its other side in brackets.
fn whole(finding: &Finding, files: &Files) -> String {
    let other = finding.related.first().map_or(String::new(), |r| {
        format!(" ({}: {})", escape(&r.label), at(r.span, files))
    });
    format!(
        "note[{}]: {}: {}{other}{}\n",
        finding.rule,
        at(finding.span, files),
        escape(&finding.message),
        cause(finding)
    )
}

/// What differs from other notes of the rule: the object, and what both sides say of it.
fn short(finding: &Finding, files: &Files) -> String {
    let subject = match (&finding.table, &finding.column, &finding.object) {
        (Some(table), Some(column), _) => format!("{table}.{column}"),
        (Some(table), None, Some(object)) if object != table => format!("{table}, {object}"),
        (Some(only), None, _) | (None, _, Some(only)) => only.clone(),
        (None, ..) => return format!("  {}: {}\n", at(finding.span, files), escape(&finding.message)),
    };
    let sides = match (&finding.expected, &finding.found) {
        (Some(expected), Some(found)) => format!(": expected {expected}, found {found}"),
        _ if finding.label.is_empty() => String::new(),
        _ => format!(": {}", finding.label),
    };
    format!(
        "  {}: {}{}\n",
        at(finding.span, files),
        escape(&(subject + &sides)),
        cause(finding)
    )
}

/// What brought it about, where that was asked for.
fn cause(finding: &Finding) -> String {
    let cause = finding.cause.as_ref();
    cause.map_or(String::new(), |cause| {
        format!("; cause: {}", escape(&cause.sentence()))
    })
}
