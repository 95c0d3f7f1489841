//! Markdown for the comment of a pull or merge request: what fails in a table, the notes folded away, the closing line.

use super::alike::{self, Told};
use super::markup::markdown;
use super::text;
use crate::check::Report;
use crate::finding::{Finding, Level};
use crate::source::Files;

/// Rows printed of one table: the hosts refuse comments of more than 65,536 characters.
const ROWS: usize = 100;

/// The comment.
#[must_use]
pub fn render(report: &Report, files: &Files) -> String {
    let (notes, loud): (Vec<_>, Vec<_>) = report.findings.iter().partition(|f| f.level == Level::Note);
    let mut out = String::from("### schemalign\n\n");
    if loud.is_empty() {
        out.push_str("No difference between models and migrations that a query or a write would feel.\n\n");
    } else {
        table(&loud, files, &mut out);
    }
    if !notes.is_empty() {
        out.push_str(&format!("<details><summary>{} notes</summary>\n\n", notes.len()));
        table(&notes, files, &mut out);
        out.push_str("</details>\n\n");
    }
    for line in text::summary(report).lines() {
        out.push_str(&markdown(line));
        out.push_str("  \n");
    }
    out
}

/// The message, and what brought it about where that was asked for.
fn told(finding: &Finding) -> String {
    match &finding.cause {
        Some(cause) => format!("{}; cause: {}", finding.message, cause.sentence()),
        None => finding.message.clone(),
    }
}

/// Where those of the same cause are.
fn others(told: &Told<'_>, files: &Files) -> String {
    let places = told.places_of_others(files, |file| files.path(file).to_owned());
    let lines: Vec<&str> = places.lines().map(str::trim).collect();
    match lines.as_slice() {
        [] => String::new(),
        lines => format!("; also {}", lines.join("; ")),
    }
}

fn table(findings: &[&Finding], files: &Files, out: &mut String) {
    out.push_str("| | rule | model | database | |\n|---|---|---|---|---|\n");
    let all = alike::by_cause(findings.iter().copied());
    for one in all.iter().take(ROWS) {
        let finding = &*one.finding;
        let place = |span| {
            let start = files.start(span);
            markdown(&format!("{}:{}", files.path(span.file), start.line))
        };
        let model = finding.model.map(place).unwrap_or_default();
        let database = finding
            .database
            .as_ref()
            .map(|(span, _)| place(*span))
            .unwrap_or_default();
        let (model, database) = match (model.is_empty(), database.is_empty()) {
            (true, true) => (place(finding.span), database),
            _ => (model, database),
        };
        out.push_str(&format!(
            "| {} | {} | {model} | {database} | {} |\n",
            finding.level.word(),
            markdown(finding.rule),
            markdown(&format!("{}{}", told(finding), others(one, files)))
        ));
    }
    if all.len() > ROWS {
        out.push_str(&format!("\nand {} more.\n", all.len() - ROWS));
    }
    out.push('\n');
}
