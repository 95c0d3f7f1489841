//! A revision that autogenerate wrote and that does nothing.

use super::{Check, Context, Report, Reporter, Rule};
use crate::finding::Level;

pub(super) static RULE: Rule = Rule {
    name: "empty-revision",
    summary: "A generated revision does nothing.",
    level: Level::Note,
    page: include_str!("../../rules/empty-revision.md"),
    check: Check::Target(check),
};

fn check(ctx: &Context<'_>, out: &Reporter) {
    let events = ctx.subject.histories.iter().flat_map(|h| &h.events);
    for event in events.filter(|e| e.kind == RULE.name) {
        out.send(
            Report::new(event.span, "nothing", event.message.clone())
                .object(event.message.clone())
                .help(
                    "where models had changed, see that `env.py` imports them; where none had, take the revision out, if no \
                     database has run it",
                ),
        );
    }
}
