//! A migration that changes the schema and has no way back, among others that have one.

use super::ways_back::{apart, name, table};
use super::{Check, Context, Report, Reporter, Rule};
use crate::finding::Level;
use crate::stacks::back::{Back, Way};

pub(super) static RULE: Rule = Rule {
    name: "irreversible-migration",
    summary: "A migration changes the schema and cannot be taken back.",
    level: Level::Note,
    page: include_str!("../../rules/irreversible-migration.md"),
    check: Check::Target(check),
};

fn check(ctx: &Context<'_>, out: &Reporter) {
    let Some(backs) = ctx.subject.backs else { return };
    let goes_back = |back: &Back| !matches!(back.way, Way::None);
    if !backs.list.iter().any(goes_back) {
        return;
    }
    for back in &backs.list {
        let (span, why) = match &back.way {
            Way::None => (back.place, "it has no way back".to_owned()),
            Way::Refused(span, what) => (*span, format!("its way back refuses: {what}")),
            Way::Ran(ran) => {
                let still = ran.failures.is_empty() && ran.unread.is_none() && {
                    let since = apart(ctx, &back.between, &ran.after);
                    since.differences.is_empty() && since.untold.is_empty()
                };
                if !still {
                    continue;
                }
                (back.place, "its way back changes nothing".to_owned())
            }
        };
        let changed = apart(ctx, &back.before, &back.between).differences;
        let Some(first) = changed.first() else { continue };
        let message = format!(
            "migration {} changes {} and cannot be taken back: {why}",
            back.migration,
            name(first)
        );
        let mut report = Report::new(span, "no way back", message)
            .object(back.migration.clone())
            .help("where that is meant, nothing is to be done: a deploy with it is taken back by a later migration");
        if let Some(table) = table(first) {
            report = report.table(table);
        }
        out.send(report);
    }
}
