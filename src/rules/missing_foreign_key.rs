//! A foreign key of the model that the database does not have.

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::change::ReferentialAction;
use crate::declared::{DeclaredForeignKey, Expectation};
use crate::finding::Level;
use crate::known::Section;
use crate::name::Name;
use crate::pair::{ForeignKeyMatch, TablePair};
use crate::schema::TableWalker;

pub(super) static RULE: Rule = Rule {
    name: "missing-foreign-key",
    summary: "A model declares a foreign key that the database does not have.",
    level: Level::Warn,
    page: include_str!("../../rules/missing-foreign-key.md"),
    check: Check::Pairs(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((_, model, table)) = pair.both_tables() else {
        return;
    };
    if pair.model_open(Section::ForeignKeys).is_some() {
        return;
    }
    for key in &model.foreign_keys {
        let ForeignKeyMatch::Absent = pair.foreign_key_match(table, key) else {
            continue;
        };
        let Expectation::Exactly(target) = &key.table else {
            continue;
        };
        // A table that is not there is one finding.
        if matches!(table.schema.table_named(target), crate::schema::Lookup::Absent) {
            continue;
        }
        let gone = ctx.dropped_foreign_key(table, &key.columns.iter().collect::<Vec<_>>());
        let (why, label) = match &gone {
            Some(place) => (
                format!("but {} drops it", place.by()),
                "the foreign key goes away here".to_owned(),
            ),
            None => (
                format!("but no migration makes one on {}", table.qualified()),
                format!("{} is created here", table.qualified()),
            ),
        };
        let place = gone.or_else(|| ctx.of_table(table));
        let own = words::list(&key.columns);
        let target = words::qualified(Some(table.schema), target);
        out.send(
            Report::new(
                key.span,
                "a foreign key here",
                format!(
                    "{} declares a foreign key from {own} to {target}, {why}: nothing keeps the rows that it leads to",
                    words::model(model)
                ),
            )
            .table(table.qualified())
            .object(key.name.as_ref().map_or_else(|| format!("foreign key {own}"), Name::to_string))
            .expected(format!("{own} references {target} {}", words::list(&key.referenced)))
            .model(key.span)
            .database(place.as_ref(), label)
            .help(help(table, key, &target)),
        );
    }
}

fn help(table: TableWalker<'_>, key: &DeclaredForeignKey, target: &str) -> String {
    let referenced = if key.referenced.is_empty() {
        String::new()
    } else {
        format!(" {}", words::sql_list(&key.referenced))
    };
    let action = |event: &str, action: &Expectation<ReferentialAction>| match action.exactly() {
        Some(ReferentialAction::NoAction) | None => String::new(),
        Some(action) => format!(" {}", words::action(event, *action)),
    };
    let actions = action("DELETE", &key.on_delete) + &action("UPDATE", &key.on_update);
    format!(
        "write a migration (`ALTER TABLE {} ADD FOREIGN KEY {} REFERENCES {target}{referenced}{actions}`), or take the \
         foreign key off the model",
        words::sql_table(table),
        words::sql_list(&key.columns),
    )
}
