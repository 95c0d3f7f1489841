//! The rules' pages: each is complete, in the fixed order, and its examples are executed.

use schemalign::rules::RULES;

use crate::harness::{Document, documents, run, run_document, updating};

/// Sections of every page, in order.
const SECTIONS: [&str; 5] = ["Why it matters", "Bad", "Good", "When it stays silent", "Options"];

#[test]
fn pages_and_rules_are_the_same_set() {
    let mut rules: Vec<&str> = RULES.iter().map(|r| r.name).collect();
    rules.sort_unstable();
    let pages: Vec<String> = documents("rules").into_iter().map(|(name, _)| name).collect();
    assert_eq!(rules, pages);
}

#[test]
fn pages_have_their_sections_in_order() {
    for rule in RULES {
        let lines: Vec<&str> = rule.page.lines().collect();
        assert_eq!(
            lines.first().copied(),
            Some(format!("# {}", rule.name).as_str()),
            "{}",
            rule.name
        );
        assert_eq!(
            lines.get(2).copied(),
            Some(rule.summary),
            "{}: the first paragraph is the summary",
            rule.name
        );
        let sections: Vec<&str> = lines.iter().filter_map(|l| l.strip_prefix("## ")).collect();
        assert_eq!(sections, SECTIONS, "{}", rule.name);
    }
}

#[test]
fn examples_give_the_findings_that_are_written() {
    let mut wrong = Vec::new();
    for (_, path) in documents("rules") {
        wrong.extend(run_document(&path));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn bad_fires_and_good_does_not() {
    if updating() {
        return;
    }
    let mut wrong = Vec::new();
    for rule in RULES {
        let document = Document::read(rule.page);
        let mut of = |section: &str, fires: bool| {
            let cases = document
                .cases
                .iter()
                .filter(|c| c.heading.first().is_some_and(|h| h == section));
            let found: Vec<_> = cases.flat_map(|case| run(case).1).collect();
            let own = found.iter().any(|f| f.rule == rule.name);
            if fires != own || (!fires && !found.is_empty()) {
                wrong.push(format!(
                    "{}: {section}: {} findings, its own: {own}",
                    rule.name,
                    found.len()
                ));
            }
        };
        of("Bad", true);
        of("Good", false);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
