//! A unique of the model that the database does not keep.

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::known::Section;
use crate::name::Name;
use crate::pair::{TablePair, UniqueMatch, unique_over};

pub(super) static RULE: Rule = Rule {
    name: "missing-unique",
    summary: "A model declares a unique that the database does not keep.",
    level: Level::Warn,
    page: include_str!("../../rules/missing-unique.md"),
    check: Check::Pairs(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((set, model, table)) = pair.both_tables() else {
        return;
    };
    if pair.model_open(Section::Unique).is_some() {
        return;
    }
    for unique in &model.uniques {
        let columns: Vec<&Name> = unique.columns.iter().collect();
        let strict = unique.nulls_not_distinct && set.language.nulls_not_distinct;
        let (place, label, has) = match unique_over(table, &columns, strict) {
            UniqueMatch::Same(_) | UniqueMatch::Unknown(_) => continue,
            UniqueMatch::Weaker(_) if unique.predicate.is_some() => continue,
            UniqueMatch::Weaker(index) if index.get().predicate.is_some() => (
                ctx.of_index(index),
                "unique for some rows only".to_owned(),
                format!(
                    "{} is unique over them for some rows only (a partial index)",
                    table.qualified()
                ),
            ),
            UniqueMatch::Weaker(index) => (
                ctx.of_index(index),
                "NULLs are distinct here".to_owned(),
                format!("{} takes several rows that are NULL there", table.qualified()),
            ),
            UniqueMatch::Absent => match ctx.dropped_index(table, &columns, true) {
                Some(place) => {
                    let drops = format!("{} drops what kept them so", place.by());
                    (Some(place), "goes away here".to_owned(), drops)
                }
                None => (
                    ctx.of_table(table),
                    format!("{} is created here", table.qualified()),
                    format!("no migration makes {} unique over them", table.qualified()),
                ),
            },
        };
        let list = words::list(&columns);
        out.send(
            Report::new(
                unique.span,
                "unique here",
                format!(
                    "{} declares {list} unique, but {has}: two rows can be alike",
                    words::model(model)
                ),
            )
            .table(table.qualified())
            .object(
                unique
                    .name
                    .as_ref()
                    .map_or_else(|| format!("unique {list}"), Name::to_string),
            )
            .expected(format!("unique {list}"))
            .model(unique.span)
            .database(place.as_ref(), label)
            .help(format!(
                "write a migration (`CREATE UNIQUE INDEX ON {} {}`), or take the unique off the model",
                words::sql_table(table),
                words::sql_list(columns.iter().copied())
            )),
        );
    }
}
