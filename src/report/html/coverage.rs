//! How much could be followed, what was compared with what, and every gap.

use super::Section;
use crate::check::Report;
use crate::report::gaps;
use crate::report::markup::xml;
use crate::source::Files;

/// The section.
pub(super) fn section(report: &Report, files: &Files) -> Section {
    let coverage = &report.coverage;
    let mut body = String::from(
        "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Target</th><th scope=\"col\">Migrations</th><th scope=\"col\">Models</th></tr></thead><tbody>",
    );
    for target in &report.targets {
        body.push_str(&format!(
            "<tr><th scope=\"row\">{} <span class=\"quiet\">{}</span></th><td>{}</td><td>{}</td></tr>",
            xml(&target.name),
            xml(&target.dialect),
            listed(&target.histories),
            listed(&target.models)
        ));
    }
    body.push_str("</tbody></table></div><dl class=\"figures\">");
    for (name, value) in [
        ("Followed", format!("{:.1} %", coverage.per_cent())),
        ("Migrations", coverage.migrations.to_string()),
        ("Statements", coverage.statements.to_string()),
        ("… not wholly understood", coverage.statements_opaque.to_string()),
        ("Models", coverage.models.to_string()),
        ("Fields", coverage.fields.to_string()),
        (
            "… of a type that could not be told",
            coverage.fields_unknown.to_string(),
        ),
    ] {
        body.push_str(&format!("<div><dt>{name}</dt><dd>{value}</dd></div>"));
    }
    body.push_str("</dl>");
    body.push_str(&list(
        "Not checked",
        coverage
            .not_checked
            .iter()
            .map(|n| format!("{}: {}", n.what, n.why)),
    ));
    body.push_str(&list(
        "Asked for and not given",
        coverage.given_missing.iter().cloned(),
    ));
    let steps = gaps::steps(&coverage.gaps);
    let steps = steps.iter().map(|step| {
        let place = step.at.map_or(String::new(), |span| {
            format!("{}:{}: ", files.path(span.file), files.start(span).line)
        });
        format!("{place}{} ({})", step.why, step.reach())
    });
    body.push_str(&list("Could not be followed", steps));
    Section {
        id: "coverage",
        title: "Coverage",
        count: Some(format!("{:.1} %", coverage.per_cent())),
        body,
    }
}

fn listed(paths: &[String]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| xml(path)).collect();
    paths.join("<br>")
}

/// A list that is folded away.
fn list(title: &str, items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.map(|item| format!("<li>{}</li>", xml(&item))).collect();
    if items.is_empty() {
        return String::new();
    }
    format!(
        "<details><summary>{title} ({})</summary><ul>{}</ul></details>",
        items.len(),
        items.concat()
    )
}
