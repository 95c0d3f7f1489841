//! One line a finding, as compilers print them: `path:line:column: level[rule] message`.

use super::{escape, text};
use crate::check::Report;
use crate::source::Files;

/// The findings, one line each, then, where asked for, the closing line.
#[must_use]
pub fn render(report: &Report, files: &Files, summary: bool) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        let start = files.start(finding.span);
        out.push_str(&format!(
            "{}:{}:{}: {}[{}] {}\n",
            escape(files.path(finding.span.file)),
            start.line,
            start.column,
            finding.level.word(),
            finding.rule,
            escape(&finding.message)
        ));
        if let Some(cause) = &finding.cause {
            out.truncate(out.trim_end_matches('\n').len());
            out.push_str(&format!("; cause: {}\n", escape(&cause.sentence())));
        }
    }
    if summary {
        out.push_str(&text::summary_of_each(report));
    }
    out
}
