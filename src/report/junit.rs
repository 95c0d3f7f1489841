//! JUnit's XML, which every CI server reads: a finding that fails a run is a failed test case, a note is one that passed and says so.

use super::markup::xml;
use crate::check::Report;
use crate::finding::{Finding, Level};
use crate::source::Files;

/// The document: one suite a target; findings of several targets are in the first of them.
#[must_use]
pub fn render(report: &Report, files: &Files) -> String {
    let failures = report.findings.iter().filter(|f| f.level != Level::Note).count();
    // A suite without a case is taken for a run that broke.
    let tests = report.findings.len().max(1);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"schemalign\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n  \
         <testsuite name=\"schemalign\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">\n"
    );
    for finding in &report.findings {
        out.push_str(&case(finding, files));
    }
    if report.findings.is_empty() {
        out.push_str("    <testcase name=\"models and migrations agree\" classname=\"schemalign\"/>\n");
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn case(finding: &Finding, files: &Files) -> String {
    let start = files.start(finding.span);
    let path = files.path(finding.span.file);
    let mut body = format!("{path}:{}:{}: {}", start.line, start.column, finding.message);
    for related in &finding.related {
        let at = files.start(related.span);
        let path = files.path(related.span.file);
        body.push_str(&format!(" | {path}:{}:{}: {}", at.line, at.column, related.label));
    }
    let inner = match finding.level {
        Level::Note => format!("<system-out>{}</system-out>", xml(&body)),
        Level::Error | Level::Warn => format!(
            "<failure message=\"{}\" type=\"{}\">{}</failure>",
            xml(&finding.message),
            finding.level.word(),
            xml(&body)
        ),
    };
    format!(
        "    <testcase name=\"{}\" classname=\"{}\" file=\"{}\" line=\"{}\">{inner}</testcase>\n",
        xml(&finding.key),
        xml(path),
        xml(path),
        start.line
    )
}
