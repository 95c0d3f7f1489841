//! The code quality report of GitLab (docs.gitlab.com, "Code Quality", "Code Quality report format"): a subset of Code Climate's.

use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use super::{Based, escape};
use crate::check::Report;
use crate::finding::Level;

/// The report: one entry a finding.
#[must_use]
pub fn render(report: &Report, files: &Based<'_>) -> String {
    let mut seen: FxHashMap<&str, u32> = FxHashMap::default();
    let entries: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            let (start, end) = (files.start(finding.span), files.end(finding.span));
            let severity = match finding.level {
                Level::Error => "critical",
                Level::Warn => "major",
                Level::Note => "info",
            };
            json!({
                "description": escape(&finding.message),
                "check_name": finding.rule,
                "fingerprint": numbered(&finding.key, &mut seen),
                "severity": severity,
                "location": {
                    "path": files.path(finding.span.file),
                    "lines": { "begin": start.line, "end": end.line },
                },
            })
        })
        .collect();
    let mut out = serde_json::to_string_pretty(&entries).unwrap_or_default();
    out.push('\n');
    out
}

/// A key that no other entry bears: GitLab takes entries of one fingerprint for one.
pub(super) fn numbered<'a>(key: &'a str, seen: &mut FxHashMap<&'a str, u32>) -> String {
    let count = seen.entry(key).or_default();
    *count += 1;
    match *count {
        1 => key.to_owned(),
        n => format!("{key}#{n}"),
    }
}
