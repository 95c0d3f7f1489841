//! A migration that runs on several databases and needs a table that only another of them has.

use std::collections::{BTreeMap, BTreeSet};

use super::place::{Part, Place};
use super::{Check, Context, Report, Reporter, Rule};
use crate::finding::Level;
use crate::known::{ChangeId, Presence};
use crate::pair::foreign_keys;
use crate::schema::{TableId, TableWalker};

pub(super) static RULE: Rule = Rule {
    name: "table-of-another-database",
    summary: "A migration uses a table that the same migrations make in another database only.",
    level: Level::Error,
    page: include_str!("../../rules/table-of-another-database.md"),
    check: Check::Repository(check),
};

fn check(targets: &[Context<'_>], out: &Reporter) {
    for ctx in targets {
        let Some(schema) = ctx.schema() else { continue };
        for (id, table) in schema.tables.iter() {
            let Some(gap) = table.presumed.as_ref().filter(|_| table.presence.may_be()) else {
                continue;
            };
            let name = schema.table(id).qualified();
            let (Some(at), Some((other, made))) = (gap.at, held_by_another(targets, ctx, &name)) else {
                continue;
            };
            let (here, there) = (ctx.subject.target, other.subject.target);
            let mut report = Report::new(
                at,
                "first used here",
                format!(
                    "the table {name} is made in {there} only, and this runs on {here} too: it fails there"
                ),
            )
            .table(&name)
            .targets([here])
            .database(other.of_table(made).as_ref(), format!("made in {there}"))
            .help(format!(
                "keep the migration from running on {here}, as others of its kind are kept"
            ));
            for place in also_used(ctx, schema.table(id), at) {
                report = report.at(Some(&place), "used here too");
            }
            out.send(report);
        }
    }
}

/// The first place of each further migration that uses a table.
fn also_used(ctx: &Context<'_>, table: TableWalker<'_>, first: crate::source::Span) -> Vec<Place> {
    let mut by_migration: BTreeMap<u32, ChangeId> = BTreeMap::new();
    let journal = ctx.journal();
    let of = |change: ChangeId| journal.and_then(|j| j.origin(change));
    for change in uses(table) {
        if let Some(origin) = of(change) {
            let known = by_migration.entry(origin.migration).or_insert(change);
            *known = (*known).min(change);
        }
    }
    let mut out = Vec::new();
    for change in by_migration.into_values() {
        let place = ctx.place(Some(change), Part::Object);
        // Parts of one statement may stand further down in the same file.
        let is_first = |place: &Place| place.span.file == first.file;
        out.extend(place.filter(|place| !is_first(place)));
    }
    out
}

/// The changes that use a table: to itself, its indexes and constraints, and foreign keys that lead to it.
fn uses(table: TableWalker<'_>) -> Vec<ChangeId> {
    let mut out: Vec<ChangeId> = table.get().log.iter().map(|entry| entry.change).collect();
    let made = |presence: &Presence| match presence {
        Presence::Present(change) | Presence::Dropped(change) => Some(*change),
        Presence::Maybe(_) => None,
    };
    out.extend(table.get().indexes.iter().filter_map(|i| made(&i.presence)));
    out.extend(table.get().constraints.iter().filter_map(|c| made(&c.presence)));
    for other in table.get().dependents.iter().map(|&id| table.schema.table(id)) {
        let leading = foreign_keys(other).filter(|(_, key)| key.table == table.id);
        out.extend(leading.filter_map(|(constraint, _)| made(&constraint.get().presence)));
    }
    out
}

/// Tables that the simulated database has, and the real one has not: those of another database, and those that a migration
/// makes which fails for want of one, where another database has them.
pub(super) fn strangers(targets: &[Context<'_>], ctx: &Context<'_>) -> BTreeSet<TableId> {
    let mut out = wanting(targets, ctx);
    let Some(schema) = ctx.schema().filter(|_| !out.is_empty()) else {
        return out;
    };
    let own = failing_for(ctx, &out);
    for table in schema.live_tables() {
        if !is_made_by(ctx, table, &own) {
            continue;
        }
        let held = held_by_another(targets, ctx, &table.qualified());
        if held.is_some_and(|(other, there)| !is_made_by(other, there, &failing(targets, other))) {
            out.insert(table.id);
        }
    }
    out
}

/// Tables that migrations use and that only another database has.
fn wanting(targets: &[Context<'_>], ctx: &Context<'_>) -> BTreeSet<TableId> {
    let tables = ctx.schema().map(|s| s.live_tables()).unwrap_or_default();
    let presumed = tables.into_iter().filter(|t| t.get().presumed.is_some());
    let elsewhere = presumed.filter(|t| held_by_another(targets, ctx, &t.qualified()).is_some());
    elsewhere.map(|table| table.id).collect()
}

/// The migrations, by their place in the journal, that fail: for want of a table that only another database has, or for any other
/// reason.
pub(super) fn failing(targets: &[Context<'_>], ctx: &Context<'_>) -> BTreeSet<u32> {
    failing_for(ctx, &wanting(targets, ctx))
}

fn failing_for(ctx: &Context<'_>, tables: &BTreeSet<TableId>) -> BTreeSet<u32> {
    let (Some(schema), Some(journal)) = (ctx.schema(), ctx.journal()) else {
        return BTreeSet::new();
    };
    let used = tables.iter().flat_map(|&id| uses(schema.table(id)));
    let missteps = ctx.subject.outcome.iter().flat_map(|o| &o.missteps);
    let all = used.chain(missteps.map(|misstep| misstep.change));
    all.filter_map(|change| Some(journal.origin(change)?.migration))
        .collect()
}

/// Whether one of some migrations makes a table.
pub(super) fn is_made_by(ctx: &Context<'_>, table: TableWalker<'_>, migrations: &BTreeSet<u32>) -> bool {
    let Presence::Present(change) = table.get().presence else {
        return false;
    };
    let origin = ctx.journal().and_then(|journal| journal.origin(change));
    origin.is_some_and(|origin| migrations.contains(&origin.migration))
}

/// The database of the same migrations that has a table for certain.
pub(crate) fn held_by_another<'t, 'a>(
    targets: &'t [Context<'a>],
    ctx: &Context<'a>,
    name: &str,
) -> Option<(&'t Context<'a>, TableWalker<'a>)> {
    others_of(targets, ctx)
        .filter_map(|other| {
            let table = other.schema()?.live_tables().into_iter().find(|table| {
                let is_made = matches!(table.get().presence, Presence::Present(_));
                is_made && table.get().presumed.is_none() && table.qualified() == name
            })?;
            Some((other, table))
        })
        .next()
}

/// The other databases that the same migrations make.
pub(super) fn others_of<'t, 'a>(
    targets: &'t [Context<'a>],
    ctx: &Context<'a>,
) -> impl Iterator<Item = &'t Context<'a>> {
    let roots = |ctx: &Context<'a>| -> Vec<&'a str> {
        let programs = ctx.subject.histories.iter().filter(|h| h.program.is_some());
        programs.map(|h| h.root.as_str()).collect()
    };
    let (own, target) = (roots(ctx), ctx.subject.target);
    targets
        .iter()
        .filter(move |other| other.subject.target != target && !own.is_empty() && roots(other) == own)
}
