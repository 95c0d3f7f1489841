//! A handler that catches the error of a statement in a transaction, which the error has aborted.

use super::place::Part;
use super::{Check, Context, Report, Reporter, Rule};
use crate::change::{Failure, SWALLOWED};
use crate::finding::Level;
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "swallowed-error",
    summary: "A migration catches the error of a statement in a transaction, and nothing can run after it.",
    level: Level::Error,
    page: include_str!("../../rules/swallowed-error.md"),
    check: Check::Target(check),
};

/// The error that was caught, where that is why a statement fails: its place and its message.
pub(super) fn first(failure: &Failure) -> Option<(Span, &str)> {
    let mut labels = failure.related.iter();
    labels.find_map(|(span, label)| Some((*span, label.strip_prefix(SWALLOWED)?)))
}

fn check(ctx: &Context<'_>, out: &Reporter) {
    let Some(outcome) = ctx.subject.outcome else {
        return;
    };
    let mut told: Vec<Span> = Vec::new();
    for misstep in &outcome.missteps {
        let Some((at, message)) = first(&misstep.failure) else {
            continue;
        };
        told.push(at);
        let Some(place) = ctx.place(Some(misstep.change), Part::Statement) else {
            continue;
        };
        let mut report = Report::new(
            at,
            "fails, and is caught",
            format!(
                "{} catches an error here ({message}), but its transaction is aborted by it: nothing after it runs \
                 (SQLSTATE {})",
                place.by(),
                misstep.failure.sqlstate
            ),
        )
        .found(misstep.failure.sqlstate)
        .database(Some(&place), "this fails because of it")
        .help(HELP);
        if let Some(migration) = &place.migration {
            report = report.object(format!("{migration} {message}"));
        }
        for (span, label) in misstep.failure.related.iter().filter(|(span, _)| *span != at) {
            report = report.related(*span, label.clone());
        }
        out.send(report);
    }
    cannot_help(ctx, outcome, &told, out);
}

/// Handlers whose statements are not known to fail: one finding for each handler.
fn cannot_help(ctx: &Context<'_>, outcome: &crate::session::Outcome, told: &[Span], out: &Reporter) {
    let mut handlers: Vec<Span> = Vec::new();
    for caught in &outcome.caught {
        let same = |c: &&crate::session::Caught| c.handler == caught.handler;
        let is_told = outcome
            .caught
            .iter()
            .filter(same)
            .any(|c| told.iter().any(|at| c.operation.contains(*at)));
        if is_told || handlers.contains(&caught.handler) {
            continue;
        }
        handlers.push(caught.handler);
        let Some(place) = ctx.place(Some(caught.change), Part::Statement) else {
            continue;
        };
        let mut report = Report::new(
            caught.handler,
            "goes on after an error",
            format!(
                "{} catches any error of the statements before this, but PostgreSQL aborts the transaction with the first: \
                 the handler cannot help",
                place.by()
            ),
        )
        .level(Level::Note)
        .related(caught.operation, "an error of this")
        .help(HELP);
        if let Some(migration) = &place.migration {
            let operation: String = ctx.written(caught.operation).chars().take(60).collect();
            report = report.object(format!("{migration} {operation}"));
        }
        out.send(report);
    }
}

const HELP: &str =
    "ask before (`IF EXISTS`, an inspector), or run it within `begin_nested()`, which sets a savepoint";
