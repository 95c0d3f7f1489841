//! Something in the models' source that the framework itself refuses.

use super::{Check, Context, Report, Reporter, Rule, duplicate_model, foreign_key_mismatch};
use crate::declared::Fault;
use crate::finding::Level;

pub(super) static RULE: Rule = Rule {
    name: "invalid-model",
    summary: "The models' source has a fault for which the framework refuses it or passes over a part.",
    level: Level::Error,
    page: include_str!("../../rules/invalid-model.md"),
    check: Check::Target(check),
};

fn check(ctx: &Context<'_>, out: &Reporter) {
    let faults = ctx.subject.models.iter().flat_map(|set| &set.faults);
    for fault in faults.filter(|f| !duplicate_model::is_of(f.kind)) {
        let mut report = Report::new(fault.span, fault.kind.replace('-', " "), fault.message.clone())
            .object(fault.message.clone())
            .model(fault.span);
        match fault.kind {
            // A newer version of the framework may know it.
            "unknown-attribute" => report = report.level(Level::Note),
            // The framework passes over it, or does not do what a history does in its place.
            "unread-setting" | "name-taken" => report = report.level(Level::Warn),
            Fault::DANGLING => {
                if let Some((place, leads)) = foreign_key_mismatch::held_elsewhere(ctx, fault.span) {
                    report = report.database(Some(&place), format!("the database's leads to {leads}"));
                }
            }
            _ => {}
        }
        for (span, label) in &fault.related {
            report = report.related(*span, label.clone());
        }
        out.send(report);
    }
}
