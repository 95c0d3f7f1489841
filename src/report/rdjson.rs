//! Reviewdog's diagnostic format (reviewdog/proto/rdf/reviewdog.proto, `DiagnosticResult`): positions in lines and UTF-8 bytes from 1.

use serde_json::{Value, json};

use super::{Based, escape};
use crate::check::Report;
use crate::finding::{Edit, Finding, Level};
use crate::source::Span;

/// The document.
#[must_use]
pub fn render(report: &Report, files: &Based<'_>) -> String {
    let document = json!({
        "source": { "name": "schemalign" },
        "severity": "ERROR",
        "diagnostics": report.findings.iter().map(|f| diagnostic(f, files)).collect::<Vec<_>>(),
    });
    let mut out = serde_json::to_string_pretty(&document).unwrap_or_default();
    out.push('\n');
    out
}

fn diagnostic(finding: &Finding, files: &Based<'_>) -> Value {
    let related: Vec<Value> = finding
        .related
        .iter()
        .map(|r| json!({ "message": escape(&r.label), "location": location(r.span, files) }))
        .collect();
    let mut out = json!({
        "message": escape(&finding.message),
        "location": location(finding.span, files),
        "severity": severity(finding.level),
        "code": { "value": finding.rule },
        "related_locations": related,
    });
    // Each suggestion is one edit of the finding's own file, to be taken or left alone.
    if let Some([edit]) = finding.fix.as_ref().map(|fix| fix.edits.as_slice())
        && edit.span.file == finding.span.file
    {
        out["suggestions"] = json!([suggestion(edit, files)]);
    }
    out
}

fn severity(level: Level) -> &'static str {
    match level {
        Level::Error => "ERROR",
        Level::Warn => "WARNING",
        Level::Note => "INFO",
    }
}

fn suggestion(edit: &Edit, files: &Based<'_>) -> Value {
    json!({ "range": range(edit.span, files), "text": edit.text })
}

fn location(span: Span, files: &Based<'_>) -> Value {
    json!({ "path": files.path(span.file), "range": range(span, files) })
}

fn range(span: Span, files: &Based<'_>) -> Value {
    let text = files.text(span.file);
    let position = |offset: u32, line: u32| {
        let before = text.get(..offset as usize).unwrap_or(&text);
        let column = before
            .rfind('\n')
            .map_or(before.len(), |at| before.len() - at - 1)
            + 1;
        json!({ "line": line, "column": column })
    };
    json!({
        "start": position(span.start, files.start(span).line),
        "end": position(span.end, files.end(span).line),
    })
}
