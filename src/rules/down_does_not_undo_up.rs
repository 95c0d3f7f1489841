//! A way back that leaves what its migration made, or does not bring back what it took.

use super::ways_back::{apart, name, place, table};
use super::{Check, Context, Report, Reporter, Rule};
use crate::finding::Level;
use crate::schema::compare::Difference;
use crate::stacks::back::Way;

/// Differences that are named.
const NAMED: usize = 3;

pub(super) static RULE: Rule = Rule {
    name: "down-does-not-undo-up",
    summary: "After a migration's way back the schema is not what it was before the migration.",
    level: Level::Warn,
    page: include_str!("../../rules/down-does-not-undo-up.md"),
    check: Check::Target(check),
};

fn check(ctx: &Context<'_>, out: &Reporter) {
    let Some(backs) = ctx.subject.backs else { return };
    for back in &backs.list {
        let Way::Ran(ran) = &back.way else { continue };
        if !ran.failures.is_empty() || ran.unread.is_some() {
            continue;
        }
        let differences = apart(ctx, &back.before, &ran.after).differences;
        let Some(first) = differences.first() else {
            continue;
        };
        // One that does nothing is another matter (irreversible-migration).
        if apart(ctx, &back.between, &ran.after).differences.is_empty() {
            continue;
        }
        let said: Vec<String> = differences.iter().take(NAMED).map(words).collect();
        let more = match differences.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let fails = ran.again.first();
        let again = match fails {
            Some(misstep) => format!(
                "; the migration then cannot run again: {} (SQLSTATE {})",
                misstep.failure.message, misstep.failure.sqlstate
            ),
            None => String::new(),
        };
        let message = format!(
            "the way back of migration {} does not undo it: it {}{more}{again}",
            back.migration,
            said.join(", ")
        );
        let level = if fails.is_some() { Level::Warn } else { Level::Note };
        let mut report = Report::new(back.place, "not undone", message)
            .level(level)
            .object(back.migration.clone())
            .help("undo all that the migration does, last to first; what other migrations lean on may stay");
        if let Some(table) = table(first) {
            report = report.table(table);
        }
        let mut seen = vec![back.place];
        for difference in differences.iter().take(NAMED) {
            let at = difference
                .right
                .as_ref()
                .or(difference.left.as_ref())
                .and_then(|said| said.at);
            if let Some(span) = place(ctx, ran, at).filter(|span| !seen.contains(span)) {
                seen.push(span);
                report = report.related(span, format!("{} is made here", name(difference)));
            }
        }
        out.send(report);
    }
}

/// `leaves type public.status`.
fn words(difference: &Difference) -> String {
    let name = name(difference);
    match (&difference.fact, &difference.left, &difference.right) {
        // Long texts are told by their number of lines.
        (Some(fact), Some(left), Some(right)) if left.text == right.text => {
            format!("leaves another {fact} of {name} ({})", right.text)
        }
        (Some(fact), Some(left), Some(right)) => {
            format!(
                "leaves the {fact} of {name} as {} (it was {})",
                right.text, left.text
            )
        }
        (_, None, _) => format!("leaves {name}"),
        (_, Some(_), _) => format!("does not bring back {name}"),
    }
}
