//! A unique that the model does not declare.

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::declared::{Language, Model, Unique};
use crate::finding::Level;
use crate::fix;
use crate::known::Section;
use crate::name::Name;
use crate::pair::{TablePair, can_say, key_columns, same_set};
use crate::schema::{ConstraintKind, ConstraintWalker, IndexWalker};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "extra-unique",
    summary: "A unique constraint or index is not declared by the model.",
    level: Level::Note,
    page: include_str!("../../rules/extra-unique.md"),
    check: Check::Pairs(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((set, model, table)) = pair.both_tables() else {
        return;
    };
    if set.language.without_constraints
        || !ctx.pairs.is_first(pair)
        || pair.model_open(Section::Unique).is_some()
        // A unique index that could not be read may say the same.
        || pair.model_open(Section::Indexes).is_some()
    {
        return;
    }
    for index in table
        .indexes()
        .filter(|i| i.get().presence.is_present() && i.get().unique)
    {
        let Some(columns) = key_columns(index) else {
            continue;
        };
        if !sayable(&set.language, index) || is_primary(index) {
            continue;
        }
        let declared = ctx.pairs.models_of(pair).any(|m| is_declared(m, &columns));
        let stricter = stricter(&set.language, ctx.pairs.models_of(pair), &columns, index);
        if declared && stricter.is_none() {
            continue;
        }
        let place = ctx.of_index(index);
        let list = words::list(&columns);
        let name = index.get().name.known();
        let by = place
            .as_ref()
            .map_or_else(String::new, |p| format!(" by {}", p.by()));
        let fix = match stricter {
            Some(_) => None,
            None => fix::index(ctx.of(set, model), index),
        };
        let (span, label, message) = match stricter {
            Some((span, says, does)) => (
                span,
                says.to_owned(),
                format!(
                    "{} is made unique over {list} {does}{by}, and {} declares it {says}",
                    table.qualified(),
                    words::model(model)
                ),
            ),
            None => (
                model.span,
                format!("not unique over {list} here"),
                format!(
                    "{} is made unique over {list}{by}, and {} does not declare it",
                    table.qualified(),
                    words::model(model)
                ),
            ),
        };
        out.send(
            Report::new(span, label, message)
                .table(table.qualified())
                .object(name.map_or_else(|| format!("unique {list}"), Name::to_string))
                .found(format!("unique {list}"))
                .model(span)
                .database(place.as_ref(), "unique here")
                .help("declare the unique in the model, or drop it in a migration")
                .fix(fix),
        );
    }
}

fn constraint(index: IndexWalker<'_>) -> Option<ConstraintWalker<'_>> {
    let table = index.table;
    index.get().constraint.map(|id| ConstraintWalker { table, id })
}

/// The primary key has a rule of its own.
fn is_primary(index: IndexWalker<'_>) -> bool {
    constraint(index).is_some_and(|c| matches!(c.get().kind, ConstraintKind::PrimaryKey(_)))
}

fn is_declared(model: &Model, columns: &[&Name]) -> bool {
    let keys = model.primary_key.iter().map(|k| &k.columns);
    let mut all = keys.chain(model.uniques.iter().map(|u| &u.columns));
    all.any(|declared| same_set(&declared.iter().collect::<Vec<_>>(), columns))
}

/// Whether an index refuses rows that the model's uniques over its columns allow: where, how far the model goes, and how far
/// the index does.
fn stricter<'m>(
    language: &Language,
    mut models: impl Iterator<Item = &'m Model>,
    columns: &[&Name],
    index: IndexWalker<'_>,
) -> Option<(Span, &'static str, &'static str)> {
    let (model, None) = (models.next()?, models.next()) else {
        return None;
    };
    let keys = model
        .primary_key
        .iter()
        .map(|k| k.columns.iter().collect::<Vec<_>>());
    if keys.into_iter().any(|key| same_set(&key, columns)) {
        return None;
    }
    let over: Vec<_> = model
        .uniques
        .iter()
        .filter(|u| same_set(&u.columns.iter().collect::<Vec<_>>(), columns))
        .collect();
    let get = index.get();
    let (first, rest) = (over.first()?, &over[1..]);
    let all = |is: &dyn Fn(&Unique) -> bool| is(first) && rest.iter().all(|u| is(u));
    if get.predicate.is_none() && all(&|u| u.predicate.is_some()) {
        return Some((first.span, "for some rows only", "for all rows"));
    }
    let distinct = language.nulls_not_distinct && get.nulls_not_distinct && all(&|u| !u.nulls_not_distinct);
    distinct.then_some((first.span, "with NULLs distinct", "NULLS NOT DISTINCT"))
}

fn sayable(language: &Language, index: IndexWalker<'_>) -> bool {
    let deferrable = constraint(index).is_some_and(|c| c.get().deferrable);
    can_say(language, index) && (language.deferrable || !deferrable)
}
