//! A statement of a migration's way back that must fail.

use super::{Check, Context, Report, Reporter, Rule};
use crate::finding::Level;
use crate::stacks::back::Way;

pub(super) static RULE: Rule = Rule {
    name: "failing-down",
    summary: "A migration's way back fails on the schema that the migration leaves.",
    level: Level::Warn,
    page: include_str!("../../rules/failing-down.md"),
    check: Check::Target(check),
};

fn check(ctx: &Context<'_>, out: &Reporter) {
    let Some(backs) = ctx.subject.backs else { return };
    for back in &backs.list {
        let Way::Ran(ran) = &back.way else { continue };
        // What comes after it only follows.
        let Some(misstep) = ran.failures.first() else {
            continue;
        };
        let failure = &misstep.failure;
        let message = format!(
            "the way back of migration {} fails here: {} (SQLSTATE {})",
            back.migration, failure.message, failure.sqlstate
        );
        let mut report = Report::new(failure.span, format!("SQLSTATE {}", failure.sqlstate), message)
            .object(back.migration.clone())
            .help("nobody notices until a deploy has to be taken back: correct the statement, or say that there is no way back");
        for (span, label) in failure.related.iter().filter(|(span, _)| *span != failure.span) {
            report = report.related(*span, label.clone());
        }
        out.send(report);
    }
}
