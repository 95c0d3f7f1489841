//! Checkstyle's XML, which many code review tools read: one `file` a path, one `error` a finding.

use super::Based;
use super::markup::xml;
use crate::check::Report;
use crate::finding::Level;

/// The document.
#[must_use]
pub fn render(report: &Report, files: &Based<'_>) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n");
    // The findings are in the order of their paths.
    for group in report.findings.chunk_by(|a, b| a.span.file == b.span.file) {
        let path = group.first().map_or(String::new(), |f| files.path(f.span.file));
        out.push_str(&format!("  <file name=\"{}\">\n", xml(&path)));
        for finding in group {
            let start = files.start(finding.span);
            let severity = match finding.level {
                Level::Error => "error",
                Level::Warn => "warning",
                Level::Note => "info",
            };
            out.push_str(&format!(
                "    <error line=\"{}\" column=\"{}\" severity=\"{severity}\" message=\"{}\" source=\"schemalign.{}\"/>\n",
                start.line,
                start.column,
                xml(&finding.message),
                xml(finding.rule)
            ));
        }
        out.push_str("  </file>\n");
    }
    out.push_str("</checkstyle>\n");
    out
}
