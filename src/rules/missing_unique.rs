//! A unique of the model that the database does not keep.

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::declared::{Model, Unique};
use crate::finding::Level;
use crate::known::{Section, Verdict};
use crate::name::Name;
use crate::pair::{Sureness, TablePair, UniqueMatch, key_columns, same_rows, same_set, unique_over};
use crate::replay::as_stored;
use crate::schema::{IndexWalker, TableWalker};

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
    if pair.model_unclear(Section::Unique).is_some() {
        return;
    }
    for unique in &model.uniques {
        let columns: Vec<&Name> = unique.columns.iter().collect();
        let strict = unique.nulls_not_distinct && set.language.nulls_not_distinct;
        let mut is_sure = true;
        let (place, label, has) = match unique_over(table, &columns, strict) {
            UniqueMatch::Unknown(_) => continue,
            UniqueMatch::Same(_) => {
                order(ctx, model, table, unique, out);
                continue;
            }
            UniqueMatch::Weaker(_) if unique.predicate.is_some() => match other_rows(table, unique) {
                Some((index, sure)) => {
                    let rows = match sure {
                        Sureness::Meaning => "for other rows (the predicate is another one)",
                        Sureness::Spelling => "by a predicate that is spelled otherwise",
                    };
                    is_sure = sure == Sureness::Meaning;
                    (
                        ctx.of_index(index),
                        "unique for other rows".to_owned(),
                        format!("{} is unique over them {rows}", table.qualified()),
                    )
                }
                None => continue,
            },
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
                    "{} declares {list} unique, but {has}{}",
                    words::model(model),
                    if is_sure {
                        ": two rows can be alike"
                    } else {
                        ", which may be for other rows"
                    }
                ),
            )
            .level(if is_sure { Level::Warn } else { Level::Note })
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
                "write a migration (`{}`), or take the unique off the model",
                statement(table, unique, strict)
            )),
        );
    }
}

/// What makes it as the model declares it: a constraint or an index, by its name.
fn statement(table: TableWalker<'_>, unique: &Unique, strict: bool) -> String {
    let on = words::sql_table(table);
    let nulls = if strict { "NULLS NOT DISTINCT " } else { "" };
    let name = unique.name.as_ref().map(Name::quoted);
    let before = unique
        .name
        .as_ref()
        .and_then(|name| words::in_the_way(table, name));
    let before = before.unwrap_or_default();
    if !unique.index && unique.predicate.is_none() {
        let name = name.map_or_else(String::new, |name| format!("CONSTRAINT {name} "));
        let deferrable = match unique.deferrable {
            Some((_, true)) => " DEFERRABLE INITIALLY DEFERRED",
            Some((true, false)) => " DEFERRABLE",
            Some((false, false)) | None => "",
        };
        let columns = words::sql_list(&unique.columns);
        return format!("{before}ALTER TABLE {on} ADD {name}UNIQUE {nulls}{columns}{deferrable}");
    }
    let keys = unique.columns.iter().enumerate().map(|(at, column)| {
        let descending = unique.descending.get(at) == Some(&true);
        format!("{}{}", column.quoted(), if descending { " DESC" } else { "" })
    });
    let keys = words::list(keys);
    let name = name.map_or_else(String::new, |name| format!("{name} "));
    let nulls = nulls.trim_end();
    let nulls = if nulls.is_empty() {
        String::new()
    } else {
        format!(" {nulls}")
    };
    let rows = unique.predicate.as_ref().map_or_else(String::new, |wanted| {
        let stored = as_stored(table.schema, table.id, None, wanted);
        let printed = stored.and_then(|stored| table.schema.print_expr(Some(table.id), &stored).ok());
        printed.map_or_else(|| " WHERE ...".to_owned(), |printed| format!(" WHERE {printed}"))
    });
    format!("{before}CREATE UNIQUE INDEX {name}ON {on} {keys}{nulls}{rows}")
}

/// The unique indexes over the columns of a unique that certainly are there.
fn over<'a>(table: TableWalker<'a>, unique: &Unique) -> Vec<IndexWalker<'a>> {
    let wanted: Vec<&Name> = unique.columns.iter().collect();
    let is_over = |index: &IndexWalker<'a>| {
        index.get().unique
            && index.get().presence.is_present()
            && key_columns(*index).is_some_and(|held| same_set(&held, &wanted))
    };
    table.indexes().filter(is_over).collect()
}

/// The partial unique index that stands for a model's, where all of them are over other rows, or may be.
fn other_rows<'a>(table: TableWalker<'a>, unique: &Unique) -> Option<(IndexWalker<'a>, Sureness)> {
    let wanted = unique.predicate.as_ref()?;
    let mut out = None;
    for index in over(table, unique) {
        let named = index.get().name.known().is_some() && index.get().name.known() == unique.name.as_ref();
        match same_rows(table, wanted, index.get().predicate.as_ref()?) {
            Verdict::Differs(Sureness::Meaning) => out = out.or(Some((index, Sureness::Meaning))),
            Verdict::Differs(Sureness::Spelling) if named => out = Some((index, Sureness::Spelling)),
            Verdict::Differs(Sureness::Spelling) | Verdict::Same | Verdict::Unknown(_) => return None,
        }
    }
    out
}

/// The same columns in another order: as unique, and of use to other queries.
fn order(ctx: &Context<'_>, model: &Model, table: TableWalker<'_>, unique: &Unique, out: &Reporter) {
    let wanted: Vec<&Name> = unique.columns.iter().collect();
    let all = over(table, unique);
    let in_order = |index: &IndexWalker<'_>| key_columns(*index).is_some_and(|held| held == wanted);
    let Some(found) = all.first().filter(|_| !all.iter().any(in_order)) else {
        return;
    };
    let Some(held) = key_columns(*found) else { return };
    let (list, held) = (words::list(&wanted), words::list(held));
    let place = ctx.of_index(*found);
    out.send(
        Report::new(
            unique.span,
            "in this order here",
            format!(
                "{} declares {list} unique, and {} keeps {held} so: the same columns in another order",
                words::model(model),
                table.qualified()
            ),
        )
        .level(Level::Note)
        .table(table.qualified())
        .object(
            unique
                .name
                .as_ref()
                .map_or_else(|| format!("unique {list}"), Name::to_string),
        )
        .expected(format!("unique {list}"))
        .found(format!("unique {held}"))
        .model(unique.span)
        .database(place.as_ref(), "in this order here")
        .help("name the columns in the same order on both sides: queries by the first of them use the index"),
    );
}
