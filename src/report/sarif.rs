//! SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), which code scanning services and editors read.

use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use super::Based;
use super::gitlab::numbered;
use super::markup::uri;
use crate::check::{Coverage, Report};
use crate::finding::{Finding, Fix, Level};
use crate::known::Gap;
use crate::rules;
use crate::source::Span;

/// The log: one run, whose notifications are what could not be followed.
#[must_use]
pub fn render(report: &Report, files: &Based<'_>) -> String {
    let mut names: Vec<&'static str> = report.findings.iter().map(|f| f.rule).collect();
    names.sort_unstable();
    names.dedup();
    let mut seen = FxHashMap::default();
    let results: Vec<Value> = report
        .findings
        .iter()
        .map(|f| result(f, &names, numbered(&f.key, &mut seen), files))
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "schemalign",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": names.iter().filter_map(|n| rules::find(n)).map(descriptor).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications(&report.coverage, files),
            }],
            "results": results,
        }],
    });
    let mut out = serde_json::to_string_pretty(&log).unwrap_or_default();
    out.push('\n');
    out
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Note => "note",
    }
}

fn descriptor(rule: &rules::Rule) -> Value {
    json!({
        "id": rule.name,
        "shortDescription": { "text": rule.summary },
        "help": { "text": rule.summary, "markdown": rule.page },
        "defaultConfiguration": { "level": level(rule.level) },
    })
}

fn result(finding: &Finding, names: &[&str], fingerprint: String, files: &Based<'_>) -> Value {
    let related: Vec<Value> = finding
        .related
        .iter()
        .zip(1..)
        .map(|(r, id)| {
            let mut place = location(r.span, files);
            place["id"] = Value::from(id);
            place["message"] = json!({ "text": r.label });
            place
        })
        .collect();
    let mut text = finding.message.clone();
    if let Some(help) = &finding.help {
        text.push_str(&format!(". {help}"));
    }
    let mut out = json!({
        "ruleId": finding.rule,
        "ruleIndex": names.binary_search(&finding.rule).unwrap_or_default(),
        "level": level(finding.level),
        "message": { "text": text },
        "locations": [location(finding.span, files)],
        "relatedLocations": related,
        "partialFingerprints": { "schemalign/v1": fingerprint },
    });
    if let Some(cause) = &finding.cause {
        out["properties"] = json!({ "cause": super::json::cause(cause) });
    }
    if let Some(fix) = &finding.fix {
        out["fixes"] = json!([fixed(fix, files)]);
    }
    out
}

fn fixed(fix: &Fix, files: &Based<'_>) -> Value {
    let changes: Vec<Value> = fix
        .edits
        .iter()
        .map(|edit| {
            json!({
                "artifactLocation": { "uri": uri(&files.path(edit.span.file)) },
                "replacements": [{
                    "deletedRegion": region(edit.span, files),
                    "insertedContent": { "text": edit.text },
                }],
            })
        })
        .collect();
    json!({ "description": { "text": fix.title }, "artifactChanges": changes })
}

fn location(span: Span, files: &Based<'_>) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&files.path(span.file)) },
        "region": region(span, files),
    }})
}

fn region(span: Span, files: &Based<'_>) -> Value {
    let (start, end) = (files.start(span), files.end(span));
    json!({ "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column })
}

/// What was not followed: a run without results that could not read half of its input is not a clean one.
fn notifications(coverage: &Coverage, files: &Based<'_>) -> Vec<Value> {
    let gap = |gap: &Gap| {
        let mut out = json!({
            "level": "note",
            "message": { "text": format!("{}; not known because of it: {}", gap.why, gap.reach) },
        });
        if let Some(span) = gap.at {
            out["locations"] = json!([location(span, files)]);
        }
        out
    };
    let unchecked = coverage.not_checked.iter().map(|seen| {
        json!({ "level": "warning", "message": { "text": format!("not checked: {}: {}", seen.what, seen.why) } })
    });
    unchecked.chain(coverage.gaps.iter().map(gap)).collect()
}
