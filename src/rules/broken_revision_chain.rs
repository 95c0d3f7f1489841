//! Migrations whose order is broken.

use super::{Check, Context, Report, Reporter, Rule};
use crate::finding::Level;

pub(super) static RULE: Rule = Rule {
    name: "broken-revision-chain",
    summary: "The order of the migrations is broken: two have the same version, or one is missing.",
    level: Level::Error,
    page: include_str!("../../rules/broken-revision-chain.md"),
    check: Check::Target(check),
};

fn check(ctx: &Context<'_>, out: &Reporter) {
    let events = ctx.subject.histories.iter().flat_map(|h| &h.events);
    for event in events.filter(|e| e.kind == RULE.name) {
        let mut report = Report::new(event.span, "", event.message.clone()).object(event.message.clone());
        for (span, label) in &event.related {
            report = report.related(*span, label.clone());
        }
        out.send(report);
    }
}
