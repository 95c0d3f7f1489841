//! An index of the model that the database does not have.

use super::place::Place;
use super::{Check, Context, Report, Reporter, Rule, words};
use crate::declared::DeclaredIndex;
use crate::finding::Level;
use crate::known::Section;
use crate::name::Name;
use crate::pair::{IndexMatch, TablePair};
use crate::schema::TableWalker;

pub(super) static RULE: Rule = Rule {
    name: "missing-index",
    summary: "A model declares an index that the database does not have, or has with other options.",
    level: Level::Note,
    page: include_str!("../../rules/missing-index.md"),
    check: Check::Pairs(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((_, model, table)) = pair.both_tables() else {
        return;
    };
    if pair.model_unclear(Section::Indexes).is_some() {
        return;
    }
    for paired in pair.indexes(model, table) {
        let declared = paired.declared;
        let keys = keys(ctx, declared);
        let (place, label, has) = match &paired.found {
            IndexMatch::Same(_) | IndexMatch::Unknown(_) => continue,
            IndexMatch::Near(index, what) => (
                ctx.of_index(*index),
                format!("{what} here"),
                match *what {
                    "other keys" => format!("the index of that name on {} has {what}", table.qualified()),
                    what => format!("the index over them on {} has {what}", table.qualified()),
                },
            ),
            IndexMatch::Absent => match dropped(ctx, table, declared) {
                Some(place) => {
                    let drops = format!("{} drops it", place.by());
                    (Some(place), "the index goes away here".to_owned(), drops)
                }
                None => (
                    ctx.of_table(table),
                    format!("{} is created here", table.qualified()),
                    format!("no migration makes one on {}", table.qualified()),
                ),
            },
        };
        let method = if declared.method == "btree" {
            String::new()
        } else {
            format!(" USING {}", declared.method)
        };
        let name = declared.name.as_ref();
        let before = name
            .and_then(|name| words::in_the_way(table, name))
            .unwrap_or_default();
        let name = name.map_or_else(String::new, |name| format!("{} ", name.quoted()));
        out.send(
            Report::new(
                declared.span,
                "an index here",
                format!("{} declares an index over {keys}, but {has}", words::model(model)),
            )
            .table(table.qualified())
            .object(
                declared
                    .name
                    .as_ref()
                    .map_or_else(|| format!("index {keys}"), Name::to_string),
            )
            .expected(format!("index {keys}"))
            .model(declared.span)
            .database(place.as_ref(), label)
            .help(format!(
                "write a migration (`{before}CREATE INDEX {name}ON {}{method} {keys}`), or take the index off the model",
                words::sql_table(table)
            )),
        );
    }
}

/// Where an index over the same columns was dropped.
fn dropped(ctx: &Context<'_>, table: TableWalker<'_>, index: &DeclaredIndex) -> Option<Place> {
    let columns: Option<Vec<&Name>> = index.keys.iter().map(|k| k.key.as_ref().ok()).collect();
    ctx.dropped_index(table, &columns?, false)
}

fn keys(ctx: &Context<'_>, index: &DeclaredIndex) -> String {
    words::list(index.keys.iter().map(|k| {
        let key = match &k.key {
            Ok(name) => name.quoted(),
            Err(expr) => ctx.written(expr.span),
        };
        let class = k.opclass.as_ref().map_or_else(String::new, |c| format!(" {c}"));
        format!("{key}{class}{}", if k.descending { " DESC" } else { "" })
    }))
}
