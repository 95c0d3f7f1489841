//! A constraint or index that both sides have under different names.

use super::place::Place;
use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::fix;
use crate::known::Fact;
use crate::name::Name;
use crate::pair::{ForeignKeyMatch, IndexMatch, TablePair, UniqueMatch, same_set, unique_over};
use crate::schema::TableWalker;
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "name-mismatch",
    summary: "A constraint or index has another name in the database than in the model.",
    level: Level::Note,
    page: include_str!("../../rules/name-mismatch.md"),
    check: Check::Pairs(check),
};

/// What a model names.
struct Named<'a> {
    of: fix::Of<'a>,
    kind: &'static str,
    columns: String,
    wanted: &'a Name,
    span: Span,
}

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((set, model, table)) = pair.both_tables() else {
        return;
    };
    let of = ctx.of(set, model);
    keys(ctx, of, table, out);
    for key in &model.foreign_keys {
        if let (Some(wanted), ForeignKeyMatch::Same(held)) = (&key.name, pair.foreign_key_match(table, key)) {
            let named = Named {
                of,
                kind: "foreign key",
                columns: words::list(&key.columns),
                wanted,
                span: key.span,
            };
            compare(table, &named, &held.get().name, || ctx.of_constraint(held), out);
        }
    }
    for check in &model.checks {
        if let (Some(wanted), Some(held)) = (&check.name, pair.renamed_check(table, check)) {
            let named = Named {
                of,
                kind: "CHECK",
                columns: words::list(held.columns().map(|c| c.name())),
                wanted,
                span: check.span,
            };
            compare(table, &named, &held.get().name, || ctx.of_constraint(held), out);
        }
    }
    for paired in pair.indexes(model, table) {
        // An index that a key stands in for has no name to compare.
        if let (Some(wanted), IndexMatch::Same(held)) = (&paired.declared.name, &paired.found)
            && !held.get().unique
        {
            let columns = paired.declared.keys.iter().filter_map(|k| k.key.as_ref().ok());
            let named = Named {
                of,
                kind: "index",
                columns: words::list(columns),
                wanted,
                span: paired.declared.span,
            };
            compare(table, &named, &held.get().name, || ctx.of_index(*held), out);
        }
    }
}

/// Primary key and uniques.
fn keys(ctx: &Context<'_>, of: fix::Of<'_>, table: TableWalker<'_>, out: &Reporter) {
    let model = of.model;
    if let (Some(key), Some(held)) = (&model.primary_key, table.primary_key())
        && let Some(wanted) = &key.name
        && held.get().presence.is_present()
        && same_set(
            &key.columns.iter().collect::<Vec<_>>(),
            &held.columns().map(|c| c.name()).collect::<Vec<_>>(),
        )
    {
        let named = Named {
            of,
            kind: "primary key",
            columns: words::list(&key.columns),
            wanted,
            span: key.span,
        };
        compare(table, &named, &held.get().name, || ctx.of_constraint(held), out);
    }
    for unique in &model.uniques {
        let columns: Vec<&Name> = unique.columns.iter().collect();
        // Several uniques over the same columns: one of the model's name is the one.
        let by_name = |wanted: &Name| {
            let mut held = table.indexes().filter(|i| i.get().presence.may_be());
            held.any(|i| i.get().unique && i.get().name.known() == Some(wanted))
        };
        if let (Some(wanted), UniqueMatch::Same(held)) = (&unique.name, unique_over(table, &columns, false))
            && !by_name(wanted)
            && table
                .primary_key()
                .is_none_or(|key| held.get().constraint != Some(key.id))
        {
            let named = Named {
                of,
                kind: "unique",
                columns: words::list(&columns),
                wanted,
                span: unique.span,
            };
            compare(table, &named, &held.get().name, || ctx.of_index(held), out);
        }
    }
}

fn compare(
    table: TableWalker<'_>,
    named: &Named<'_>,
    found: &Fact<Name>,
    place: impl FnOnce() -> Option<Place>,
    out: &Reporter,
) {
    let Some(found) = found.known().filter(|f| *f != named.wanted) else {
        return;
    };
    let Named {
        of,
        kind,
        columns,
        wanted,
        span,
    } = named;
    let place = place();
    let by = place
        .as_ref()
        .map_or_else(String::new, |p| format!(", made by {}", p.by()));
    out.send(
        Report::new(
            *span,
            format!("{wanted} here"),
            format!(
                "the {kind} over {columns} of {} is named {wanted} by the model, but {found} in the database{by}",
                table.qualified()
            ),
        )
        .table(table.qualified())
        .object(wanted.to_string())
        .expected(wanted.to_string())
        .found(found.to_string())
        .model(*span)
        .database(place.as_ref(), format!("{found} here"))
        .help("rename it in a migration, or give the name in the model")
        .fix(fix::constraint_name(*of, *span, found)),
    );
}
