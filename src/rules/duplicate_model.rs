//! Two models of one name, or of one table.

use super::{Check, Context, Report, Reporter, Rule};
use crate::finding::Level;

pub(super) static RULE: Rule = Rule {
    name: "duplicate-model",
    summary: "Two models have the same name or the same table.",
    level: Level::Error,
    page: include_str!("../../rules/duplicate-model.md"),
    check: Check::Target(check),
};

fn check(ctx: &Context<'_>, out: &Reporter) {
    let faults = ctx.subject.models.iter().flat_map(|set| &set.faults);
    for fault in faults.filter(|f| f.kind == RULE.name) {
        let mut report = Report::new(fault.span, "", fault.message.clone())
            .object(fault.message.clone())
            .model(fault.span)
            .help("rename one of them, or take it out");
        for (span, label) in &fault.related {
            report = report.related(*span, label.clone());
        }
        out.send(report);
    }
}
