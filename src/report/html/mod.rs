//! The report for people who did not run the tool: one HTML file with everything in it, that asks for nothing from anywhere. What stands
//! in it is written here, escaped; the script only filters it and draws the diagram.

mod coverage;
mod diagram;
mod findings;
pub mod inventory;

use crate::check::{Report, Runs};
use crate::report::markup::xml;
use crate::source::Files;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A part of the page with a heading of its own.
#[derive(Debug, Clone)]
pub struct Section {
    /// What links to it: a word.
    pub id: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// A word beside its name in the list of sections, such as how many it lists.
    pub count: Option<String>,
    /// Its HTML, in which all that comes from files is escaped.
    pub body: String,
}

/// The sections that every report has.
#[must_use]
pub fn sections(report: &Report, runs: &Runs, files: &Files) -> Vec<Section> {
    vec![
        findings::section(report, files),
        diagram::section(report, runs),
        coverage::section(report, files),
    ]
}

/// The page: `title` is what was checked.
#[must_use]
pub fn page(title: &str, report: &Report, sections: &[Section]) -> String {
    let links = sections.iter().map(|section| {
        let count = section.count.as_ref();
        let count = count.map_or(String::new(), |count| {
            format!(" <span class=count>{}</span>", xml(count))
        });
        format!("<a href=\"#{}\">{}{count}</a>", section.id, xml(section.title))
    });
    let bodies = sections.iter().map(|section| {
        format!(
            "<section id=\"{0}\" aria-labelledby=\"{0}-title\"><h2 id=\"{0}-title\">{1}</h2>\n{2}</section>\n",
            section.id,
            xml(section.title),
            section.body
        )
    });
    let parts = [
        ("title", xml(title)),
        ("summary", findings::summary(report)),
        ("links", links.collect::<String>()),
        ("sections", bodies.collect::<String>()),
        ("version", xml(env!("CARGO_PKG_VERSION"))),
        ("style", STYLE.to_owned()),
        ("script", SCRIPT.to_owned()),
    ];
    filled(PAGE, &parts)
}

/// A template with its `{{names}}` replaced, each once: what is put in is not looked into.
fn filled(template: &str, parts: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            break;
        };
        let part = parts.iter().find(|(known, _)| *known == name);
        out.push_str(part.map_or("", |(_, part)| part));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_not_looked_into() {
        let parts = [("a", "{{b}}".to_owned()), ("b", "x".to_owned())];
        assert_eq!(filled("1{{a}}2{{b}}3", &parts), "1{{b}}2x3");
    }
}
