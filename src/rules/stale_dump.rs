//! A dump of the schema that the repository keeps is not what its migrations make.

use super::ways_back::name;
use super::{Check, Context, Dumped, Report, Reporter, Rule};
use crate::finding::Level;
use crate::name::Name;
use crate::schema::compare::{Difference, Without, compare};
use crate::session::Outcome;
use crate::source::Span;

/// Differences that are named.
const NAMED: usize = 3;

pub(super) static RULE: Rule = Rule {
    name: "stale-dump",
    summary: "A dump of the schema is not what the migrations make.",
    level: Level::Warn,
    page: include_str!("../../rules/stale-dump.md"),
    check: Check::Target(check),
};

fn check(ctx: &Context<'_>, out: &Reporter) {
    let Some(outcome) = ctx.subject.outcome else {
        return;
    };
    for dumped in ctx.subject.dumps {
        let differences = differences(ctx, outcome, dumped);
        if let Some(first) = differences.first() {
            out.send(report(ctx, outcome, dumped, &differences, first));
        }
    }
}

fn differences(ctx: &Context<'_>, outcome: &Outcome, dumped: &Dumped) -> Vec<Difference> {
    let books = crate::stacks::RUNNERS.iter().filter_map(|r| r.table);
    let without = Without {
        tables: books.chain(["schema_migrations"]).map(Name::new).collect(),
        comments: true,
        ..Without::default()
    };
    let mut out = compare(&dumped.outcome.schema, &outcome.schema, &without).differences;
    // Where the first tables come from elsewhere, the history does not tell what else there is.
    let begun = outcome.schema.begins_elsewhere().is_some()
        || !outcome.given_missing.is_empty()
        || ctx.subject.histories.len() != 1;
    out.retain(|d| !begun || d.left.is_none());
    out
}

fn report(
    ctx: &Context<'_>,
    outcome: &Outcome,
    dumped: &Dumped,
    differences: &[Difference],
    first: &Difference,
) -> Report {
    let path = ctx.subject.files.path(dumped.file);
    let said: Vec<String> = differences.iter().take(NAMED).map(words).collect();
    let more = match differences.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let since = since(outcome, dumped);
    let origin = |d: &Difference| {
        let at = d.left.as_ref()?.at?;
        dumped.outcome.journal.origin(at).map(|origin| origin.span)
    };
    let text = ctx.subject.files.text(dumped.file);
    let line = Span::new(dumped.file, 0, text.find('\n').unwrap_or(text.len()));
    let span = differences.iter().find_map(origin).unwrap_or(line);
    let message = format!(
        "{path} is not what the migrations make: {}{more}{since}",
        said.join(", ")
    );
    let mut report = Report::new(span, "not of today", message)
        .object(path.to_owned())
        .help("dump the schema anew after the migrations have run: databases made from the file (tests, new machines) are not those that \
               the migrations make");
    for difference in differences.iter().take(NAMED) {
        let at = difference.right.as_ref().and_then(|said| said.at);
        if let Some(origin) = at.and_then(|at| outcome.journal.origin(at)) {
            report = report.related(origin.span, format!("{} is made here", name(difference)));
        }
    }
    match super::ways_back::table(first) {
        Some(table) => report.table(table),
        None => report,
    }
}

fn words(difference: &Difference) -> String {
    let name = name(difference);
    match (&difference.fact, &difference.left, &difference.right) {
        (Some(fact), Some(left), Some(right)) => {
            format!(
                "the {fact} of {name} is {} in it, and they make it {}",
                left.text, right.text
            )
        }
        (_, None, _) => format!("it lacks {name}"),
        (_, Some(_), _) => format!("{name} is only in it"),
    }
}

/// The migrations that the dump does not say it holds.
fn since(outcome: &Outcome, dumped: &Dumped) -> String {
    if dumped.versions.is_empty() {
        return String::new();
    }
    let number = |name: &str| name.chars().take_while(char::is_ascii_digit).collect::<String>();
    let held = |name: &&String| !dumped.versions.contains(&number(name));
    let all = outcome
        .journal
        .migrations
        .iter()
        .filter(|name| !number(name).is_empty());
    match all.filter(held).count() {
        0 => String::new(),
        1 => "; one migration came since it was made".to_owned(),
        many => format!("; {many} migrations came since it was made"),
    }
}
