//! The same table, column by column, in several databases.

use std::collections::BTreeMap;

use super::table_of_another_database::{failing, is_made_by, strangers};
use super::{Check, Context, Report, Reporter, Rule};
use crate::finding::Level;
use crate::known::Section;
use crate::name::Name;
use crate::pair::{is_bookkeeping, is_table, open};
use crate::schema::TableWalker;

pub(super) static RULE: Rule = Rule {
    name: "table-in-several-databases",
    summary: "The migrations of several databases make the same table with the same columns.",
    level: Level::Note,
    page: include_str!("../../rules/table-in-several-databases.md"),
    check: Check::Repository(check),
};

/// A table's name and its columns' names.
type Shape<'a> = (String, Vec<&'a Name>);

fn check(targets: &[Context<'_>], out: &Reporter) {
    if targets.len() < 2 {
        return;
    }
    let mut copies: BTreeMap<Shape<'_>, Vec<(usize, TableWalker<'_>)>> = BTreeMap::new();
    for (i, ctx) in targets.iter().enumerate() {
        if targets[..i].iter().any(|other| is_copy(ctx, other)) {
            continue;
        }
        let tables = ctx.schema().map(|s| s.live_tables()).unwrap_or_default();
        let (strangers, failing) = (strangers(targets, ctx), failing(targets, ctx));
        // What a migration that fails has made is taken back.
        let stays = |t: &TableWalker<'_>| !strangers.contains(&t.id) && !is_made_by(ctx, *t, &failing);
        let own = tables.into_iter().filter(stays);
        for table in own.filter(|t| counts(*t)) {
            let mut columns: Vec<&Name> = table.columns().map(|c| c.name()).collect();
            columns.sort();
            copies
                .entry((table.qualified(), columns))
                .or_default()
                .push((i, table));
        }
    }
    for ((name, _), held) in copies {
        let Some((first, rest)) = held.split_first().filter(|(_, rest)| !rest.is_empty()) else {
            continue;
        };
        let ctx = &targets[first.0];
        let Some(place) = ctx.of_table(first.1) else {
            continue;
        };
        let names: Vec<&str> = held.iter().map(|(i, _)| targets[*i].subject.target).collect();
        let mut report = Report::new(
            place.span,
            format!("made in {}", ctx.subject.target),
            format!("the table {name} is made in several databases with the same columns: {}", names.join(", ")),
        )
        .table(&name)
        .database(Some(&place), "")
        .help("if each database has rows of its own, nothing is wrong; otherwise only one of them should make the table");
        for (i, table) in rest {
            let other = &targets[*i];
            report = report.at(
                other.of_table(*table).as_ref(),
                format!("made in {}", other.subject.target),
            );
        }
        out.send(report.targets(names));
    }
}

/// Whether two targets are one database as far as can be told: the same migrations, word for word, and one address.
fn is_copy(one: &Context<'_>, other: &Context<'_>) -> bool {
    let migrations = |ctx: &Context<'_>| -> Vec<(String, String)> {
        let all = ctx.subject.histories.iter().flat_map(|h| &h.migrations);
        all.map(|m| (m.name.clone(), m.text.as_str().to_owned()))
            .collect()
    };
    one.subject.address.is_some()
        && one.subject.address == other.subject.address
        && migrations(one) == migrations(other)
}

/// A table of its own with columns that are all known. One of a single column is no copy of another.
fn counts(table: TableWalker<'_>) -> bool {
    let get = table.get();
    is_table(table)
        && table.is_certain()
        && get.partition.of.is_none()
        && get.inherits.is_empty()
        && !is_bookkeeping(table.name())
        && open(table, Section::Columns).is_none()
        && table.columns().count() > 1
}
