//! Workflow commands of GitHub Actions, which become annotations of a pull request's lines
//! (docs.github.com, "Workflow commands for GitHub Actions", "Setting an error message").

use super::alike::{self, Told};
use super::{Based, escape, text};
use crate::check::Report;
use crate::finding::Level;

/// One command for what has one cause, since the host shows few of a step; then, where asked for, the closing line.
#[must_use]
pub fn render(report: &Report, files: &Based<'_>, summary: bool) -> String {
    let told = alike::by_cause(&report.findings);
    let mut out: String = told.iter().map(|told| command(told, files)).collect();
    if summary {
        out.push_str(&text::summary(report));
    }
    out
}

fn command(told: &Told<'_>, files: &Based<'_>) -> String {
    let finding = &*told.finding;
    let word = match finding.level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Note => "notice",
    };
    let (start, end) = (files.start(finding.span), files.end(finding.span));
    // The runner wants columns only where one line is meant.
    let columns = if start.line == end.line {
        format!(",col={},endColumn={}", start.column, end.column)
    } else {
        String::new()
    };
    let mut message = escape(&finding.message);
    for related in &finding.related {
        let at = files.start(related.span);
        let path = escape(&files.path(related.span.file));
        message.push_str(&format!("\n{path}:{}: {}", at.line, escape(&related.label)));
    }
    let others = told.places_of_others(files, |file| files.path(file));
    if !others.is_empty() {
        message.push_str(&format!("\nalso\n{}", others.trim_end()));
    }
    if let Some(cause) = &finding.cause {
        message.push_str(&format!("\ncause: {}", escape(&cause.sentence())));
    }
    if let Some(help) = &finding.help {
        message.push_str(&format!("\nhelp: {}", escape(help)));
    }
    format!(
        "::{word} file={},line={},endLine={}{columns},title={}::{}\n",
        property(&files.path(finding.span.file)),
        start.line,
        end.line,
        property(finding.rule),
        data(&message)
    )
}

/// The runner's own escapes of a message (actions/toolkit, packages/core/src/command.ts, `escapeData`).
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The same for a property, where `:` and `,` end it (`escapeProperty`).
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(data("50%\r\n::error::x"), "50%25%0D%0A::error::x");
        assert_eq!(property("a,b:c\n"), "a%2Cb%3Ac%0A");
    }
}
