//! One JSON object a line: each finding as in the findings document, then `{"coverage": ...}`.

use serde_json::json;

use super::json;
use crate::check::Report;
use crate::source::Files;

/// The lines.
#[must_use]
pub fn render(report: &Report, files: &Files) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        out.push_str(&json::finding(finding, files).to_string());
        out.push('\n');
    }
    out.push_str(&json!({ "coverage": json::coverage(&report.coverage, files) }).to_string());
    out.push('\n');
    out
}
