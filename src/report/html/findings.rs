//! The findings, each a block with what it says and its places, which the script filters by what their attributes say.

use std::collections::BTreeSet;

use super::Section;
use crate::check::Report;
use crate::finding::{Finding, Level};
use crate::report::markup::xml;
use crate::source::{Files, Span};

/// How many there are of each level, as chips at the head of the page.
pub(super) fn summary(report: &Report) -> String {
    let chip = |level: Level, one: &str, several: &str| {
        let count = report.findings.iter().filter(|f| f.level == level).count();
        let word = if count == 1 { one } else { several };
        format!(
            "<span class=\"chip {}\"><b>{count}</b> {word}</span>",
            level.word()
        )
    };
    let mut out = chip(Level::Error, "error", "errors")
        + &chip(Level::Warn, "warning", "warnings")
        + &chip(Level::Note, "note", "notes")
        + &format!(
            "<span class=\"chip\"><b>{:.1} %</b> followed</span>",
            report.coverage.per_cent()
        );
    for (count, what) in [
        (report.silenced.ignored, "ignored"),
        (report.silenced.known, "in the baseline"),
    ] {
        if count > 0 {
            out.push_str(&format!("<span class=\"chip\"><b>{count}</b> {what}</span>"));
        }
    }
    out
}

/// The findings and what filters them.
pub(super) fn section(report: &Report, files: &Files) -> Section {
    let findings = &report.findings;
    let body = if findings.is_empty() {
        "<p class=\"none\">Nothing is found: models and migrations agree, as far as both could be followed.</p>".to_owned()
    } else {
        // The loudest first, those of one level as they lie in the files.
        let mut loudest: Vec<&Finding> = findings.iter().collect();
        loudest.sort_by_key(|finding| std::cmp::Reverse(finding.level));
        let list = loudest.into_iter().map(|finding| block(finding, files));
        format!(
            "{}<div id=\"list\">{}</div>",
            filters(findings, files),
            list.collect::<String>()
        )
    };
    Section {
        id: "findings",
        title: "Findings",
        count: Some(findings.len().to_string()),
        body,
    }
}

fn filters(findings: &[Finding], files: &Files) -> String {
    let all = |of: &dyn Fn(&Finding) -> Option<String>| -> BTreeSet<String> {
        findings.iter().filter_map(of).collect()
    };
    let select = |name: &str, title: &str, values: BTreeSet<String>| {
        let options = values.iter().map(|v| format!("<option>{}</option>", xml(v)));
        format!(
            "<label>{title} <select data-filter=\"{name}\"><option value=\"\">all</option>{}</select></label>",
            options.collect::<String>()
        )
    };
    let levels = [Level::Error, Level::Warn, Level::Note].map(|level| {
        let word = level.word();
        format!(
            "<label class=\"check\"><input type=\"checkbox\" data-level=\"{word}\" checked> {word}</label>"
        )
    });
    format!(
        "<form class=\"filters\" role=\"search\" hidden><label class=\"wide\">Search <input type=\"search\" data-search placeholder=\"/\"></label>{}{}{}<span class=\"levels\" role=\"group\" aria-label=\"Level\">{}</span><button type=\"reset\">Clear</button><output aria-live=\"polite\"></output></form>",
        select("rule", "Rule", all(&|f| Some(f.rule.to_owned()))),
        select("table", "Table", all(&|f| f.table.clone())),
        select("file", "File", all(&|f| Some(files.path(f.span.file).to_owned()))),
        levels.concat()
    )
}

fn block(finding: &Finding, files: &Files) -> String {
    let level = finding.level.word();
    let attribute = |name: &str, value: &str| format!(" data-{name}=\"{}\"", xml(value));
    let mut out = format!("<article class=\"finding {level}\" data-level=\"{level}\"");
    out.push_str(&attribute("rule", finding.rule));
    out.push_str(&attribute("table", finding.table.as_deref().unwrap_or("")));
    out.push_str(&attribute("file", files.path(finding.span.file)));
    out.push_str(&format!(
        "><h3><span class=\"chip {level}\">{level}</span> <code>{}</code></h3><p>{}</p>",
        xml(finding.rule),
        xml(&finding.message)
    ));
    if finding.expected.is_some() || finding.found.is_some() {
        let side = |name: &str, value: &Option<String>| {
            let value = value.as_deref().map_or("–".to_owned(), xml);
            format!("<div><dt>{name}</dt><dd><code>{value}</code></dd></div>")
        };
        out.push_str("<dl class=\"sides\">");
        out.push_str(&side("Models", &finding.expected));
        out.push_str(&side("Database", &finding.found));
        out.push_str("</dl>");
    }
    out.push_str("<ul class=\"places\">");
    out.push_str(&place(finding.span, &finding.label, None, files));
    for related in &finding.related {
        out.push_str(&place(
            related.span,
            &related.label,
            related.migration.as_deref(),
            files,
        ));
    }
    out.push_str("</ul>");
    if let Some(help) = &finding.help {
        out.push_str(&format!("<p class=\"help\">{}</p>", xml(help)));
    }
    out + "</article>\n"
}

/// A place, with the line that stands there.
fn place(span: Span, label: &str, migration: Option<&str>, files: &Files) -> String {
    let start = files.start(span);
    let migration = migration.map_or(String::new(), |m| {
        format!(" <span class=\"quiet\">migration {}</span>", xml(m))
    });
    let text = files.text(span.file);
    let at = (span.start as usize).min(text.len());
    let from = text.get(..at).and_then(|t| t.rfind('\n')).map_or(0, |at| at + 1);
    let line = text
        .get(from..)
        .and_then(|t| t.lines().next())
        .unwrap_or("")
        .trim();
    let line: String = line.chars().take(LONGEST_LINE).collect();
    format!(
        "<li><span class=\"where\">{}:{}:{}</span> {}{migration}<pre><code>{}</code></pre></li>",
        xml(files.path(span.file)),
        start.line,
        start.column,
        xml(label),
        xml(&line)
    )
}

/// Characters that are shown of a line.
const LONGEST_LINE: usize = 200;
