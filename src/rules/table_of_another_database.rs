//! A migration that runs on several databases and needs a table that only another of them has.

use super::{Check, Context, Report, Reporter, Rule};
use crate::finding::Level;
use crate::known::Presence;
use crate::schema::TableWalker;

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
            let report = Report::new(
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
            out.send(report);
        }
    }
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
