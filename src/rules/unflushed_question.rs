//! A migration asks the database while commands that change the answer still wait in its queue.

use super::{Check, Context, Report, Reporter, Rule};
use crate::finding::Level;
use crate::session::Unflushed;
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "unflushed-question",
    summary: "A migration asks the database while commands that would change the answer still wait in its queue.",
    level: Level::Warn,
    page: include_str!("../../rules/unflushed-question.md"),
    check: Check::Target(check),
};

/// How many commands one finding names.
const MOST: usize = 12;

fn check(ctx: &Context<'_>, out: &Reporter) {
    let all: Vec<&Unflushed> = ctx.subject.outcome.iter().flat_map(|o| &o.unflushed).collect();
    let mut told: Vec<Span> = Vec::new();
    for first in &all {
        let place = place(first);
        if told.contains(&place) {
            continue;
        }
        told.push(place);
        let same: Vec<&&Unflushed> = all.iter().filter(|other| self::place(other) == place).collect();
        let mut commands: Vec<&&Unflushed> = Vec::new();
        for other in same {
            if !commands.iter().any(|known| known.what == other.what) {
                commands.push(other);
            }
        }
        let what: Vec<String> = commands
            .iter()
            .take(MOST)
            .map(|c| format!("`{}`", c.what))
            .collect();
        let more = commands.len().saturating_sub(MOST);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let mut report = Report::new(
            place,
            format!("answered {:?}", first.now),
            format!(
                "the answer to this question is {:?}, but {}{more} still wait{} in the queue: after a flush it is {:?}",
                first.now,
                what.join(", "),
                if commands.len() == 1 { "s" } else { "" },
                first.flushed
            ),
        )
        .object(format!("{} {}", first.migration, first.what))
        .found(first.now.clone())
        .expected(first.flushed.clone())
        .help("call `flush()` before the question, so that it sees what the migration has done so far");
        if place != first.question {
            report = report.related(first.question, "the question is asked here");
        }
        for command in commands.iter().take(MOST) {
            report = report.related(command.command, format!("{} waits", command.what));
        }
        out.send(report);
    }
}

/// Where a question is asked from: the call of the function that asks it, where it is in a helper.
fn place(unflushed: &Unflushed) -> Span {
    unflushed.via.last().copied().unwrap_or(unflushed.question)
}
