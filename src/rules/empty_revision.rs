//! A revision that autogenerate wrote and that does nothing.

use super::{Check, Context, Report, Reporter, Rule};
use crate::finding::Level;

pub(super) static RULE: Rule = Rule {
    name: "empty-revision",
    summary: "A generated revision does nothing, or changes nothing.",
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
    let outcome = ctx.subject.outcome.into_iter();
    for at in outcome.flat_map(|outcome| &outcome.idle) {
        let file = ctx.subject.files.path(at.file);
        let migrations = ctx.subject.histories.iter().flat_map(|h| &h.migrations);
        let name = migrations
            .clone()
            .find(|m| m.file == at.file)
            .map_or(file, |m| m.name.as_str());
        let message =
            format!("revision {name} was generated and changes nothing: the columns are so already");
        out.send(Report::new(*at, "nothing changes", message.clone()).object(message).help(
            "what autogenerate saw is no difference to the database: take the revision out, if no database has run it, and see what \
             the model says of the column's type (`compare_type` in `env.py` can be told to leave it)",
        ));
    }
}
