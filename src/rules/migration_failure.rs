//! A statement of a migration that the server refuses.

use super::place::Part;
use super::{Check, Context, Report, Reporter, Rule, swallowed_error};
use crate::finding::Level;

pub(super) static RULE: Rule = Rule {
    name: "migration-failure",
    summary: "A statement of a migration fails when the migrations run in order on a new database.",
    level: Level::Error,
    page: include_str!("../../rules/migration-failure.md"),
    check: Check::Target(check),
};

fn check(ctx: &Context<'_>, out: &Reporter) {
    // What a program that is a migration cannot do, whatever the database holds.
    let events = ctx.subject.histories.iter().flat_map(|h| &h.events);
    for event in events.filter(|e| e.kind == RULE.name) {
        out.send(
            Report::new(event.span, "no such name", event.message.clone())
                .object(event.message.clone())
                .help("use a name that the library has"),
        );
    }
    let missteps = ctx.subject.outcome.iter().flat_map(|o| &o.missteps);
    for misstep in missteps {
        let failure = &misstep.failure;
        // What an error that was caught has aborted has a rule of its own.
        if swallowed_error::first(failure).is_some() {
            continue;
        }
        let Some(mut place) = ctx.place(Some(misstep.change), Part::Statement) else {
            continue;
        };
        place.span = failure.span;
        if failure.sqlstate.is_empty() {
            // No error of the server's: the program ends before it asks for anything.
            let message = format!("{} fails here: {}", place.by(), failure.message);
            out.send(
                Report::new(failure.span, "it ends here", message)
                    .object(failure.message.clone())
                    .help(match ctx.subject.files.path(failure.span.file).ends_with(".py") {
                        true => "no command of Alembic runs until the program does: correct it",
                        false => "the migration fails before it sends this: correct it",
                    }),
            );
            continue;
        }
        let mut report = Report::new(
            failure.span,
            format!("SQLSTATE {}", failure.sqlstate),
            format!("{} fails here: {} (SQLSTATE {})", place.by(), failure.message, failure.sqlstate),
        )
        .found(failure.sqlstate)
        .database(Some(&place), "")
        .help(
            "a database that ran the migrations in another way may be past it; a new one cannot be made: correct the \
             statement, or the one that it depends on",
        );
        if let Some(migration) = &place.migration {
            report = report.object(format!("{migration} {}", failure.message));
        }
        for (span, label) in &failure.related {
            report = report.related(*span, label.clone());
        }
        out.send(report);
    }
}
