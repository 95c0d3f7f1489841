//! What a table holds depends on the way in which an installation arrived.

use super::{Check, Context, Report, Reporter, Rule, Subject, words};
use crate::finding::Level;
use crate::pair::open;
use crate::schema::{ColumnWalker, Schema, TableWalker};
use crate::session::Outcome;
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "install-divergence",
    summary: "What a table holds depends on the versions at which an installation began.",
    level: Level::Warn,
    page: include_str!("../../rules/install-divergence.md"),
    check: Check::Target(check),
};

/// A table that one way has and another has not, or not alike.
struct Difference<'a> {
    table: String,
    /// Columns that a fresh installation lacks, and where they are made elsewhere.
    lacks: Vec<(ColumnWalker<'a>, Option<Span>)>,
    /// Columns that it alone has.
    alone: Vec<ColumnWalker<'a>>,
    place: Option<Span>,
}

fn check(ctx: &Context<'_>, out: &Reporter) {
    let Some(fresh) = ctx.subject.outcome else { return };
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for (ways, other) in &ctx.subject.arrivals {
        let subject = Subject {
            files: ctx.subject.files,
            target: ctx.subject.target,
            dialect: ctx.subject.dialect,
            outcome: Some(other),
            arrivals: Vec::new(),
            histories: Vec::new(),
            models: Vec::new(),
            dumps: &[],
            backs: None,
            address: None,
            policy: None,
        };
        let theirs = Context::new(&subject);
        for difference in differences(ctx, fresh, &theirs, other) {
            let names = |columns: &mut dyn Iterator<Item = String>| columns.collect::<Vec<_>>();
            let lacks = names(&mut difference.lacks.iter().map(|(c, _)| c.name().to_string()));
            let alone = names(&mut difference.alone.iter().map(|c| c.name().to_string()));
            let key = (difference.table.clone(), [lacks.clone(), alone.clone()].concat());
            if told.contains(&key) {
                continue;
            }
            told.push(key);
            report(&difference, &lacks, &alone, ways, out);
        }
    }
}

fn report(difference: &Difference<'_>, lacks: &[String], alone: &[String], ways: &[String], out: &Reporter) {
    let Some(place) = difference.place else { return };
    let way = ways.first().map_or("another way", String::as_str);
    let more = match ways.len() {
        0 | 1 => String::new(),
        many => format!(" and {} more", many - 1),
    };
    let mut what = Vec::new();
    if !lacks.is_empty() {
        what.push(format!("a fresh installation lacks {}", words::list(lacks)));
    }
    if !alone.is_empty() {
        what.push(format!("only a fresh installation has {}", words::list(alone)));
    }
    let mut report = Report::new(
        place,
        "not alike on every way",
        format!(
            "what {} holds depends on how an installation arrived: beside the way {way}{more}, {}",
            difference.table,
            what.join(", and ")
        ),
    )
    .table(difference.table.clone())
    .object(format!("{} by {way}", difference.table))
    .expected(words::list(lacks))
    .found(words::list(alone))
    .help("see to it that each version does the same whether the versions before it ran in the same run or in an earlier one");
    for (column, span) in difference.lacks.iter().take(8) {
        if let Some(span) = span {
            report = report.related(*span, format!("{} is made here on the way {way}", column.name()));
        }
    }
    out.send(report);
}

/// How the tables that both ways certainly know differ.
fn differences<'a>(
    ctx: &Context<'_>,
    fresh: &'a Outcome,
    theirs_ctx: &Context<'_>,
    other: &'a Outcome,
) -> Vec<Difference<'a>> {
    let mut out = Vec::new();
    let known = |schema: &Schema| schema.gaps.is_empty();
    if !known(&fresh.schema) || !known(&other.schema) {
        return out;
    }
    for table in fresh.schema.live_tables() {
        let theirs = other
            .schema
            .live_tables()
            .into_iter()
            .find(|t| t.qualified() == table.qualified());
        let Some(theirs) = theirs else { continue };
        if !is_told(table) || !is_told(theirs) {
            continue;
        }
        let lacks: Vec<_> = present(theirs)
            .filter(|column| !present(table).any(|own| own.name() == column.name()))
            .map(|column| (column, theirs_ctx.of_column(column).map(|place| place.span)))
            .collect();
        let alone: Vec<_> = present(table)
            .filter(|column| !present(theirs).any(|own| own.name() == column.name()))
            .collect();
        if lacks.is_empty() && alone.is_empty() {
            continue;
        }
        out.push(Difference {
            table: table.qualified(),
            place: ctx.of_table(table).map(|place| place.span),
            lacks,
            alone,
        });
    }
    out
}

fn is_told(table: TableWalker<'_>) -> bool {
    table.is_certain() && open(table, crate::known::Section::Columns).is_none()
}

fn present(table: TableWalker<'_>) -> impl Iterator<Item = ColumnWalker<'_>> {
    table
        .columns()
        .filter(|column| column.get().presence.is_present())
}
