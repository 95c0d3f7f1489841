//! A foreign key of the model that the database does not have.

use super::table_of_another_database::held_by_another;
use super::{Check, Context, Report, Reporter, Rule, loudest, words};
use crate::change::ReferentialAction;
use crate::declared::{DeclaredForeignKey, Expectation};
use crate::finding::Level;
use crate::known::Section;
use crate::name::{Name, QualifiedName};
use crate::pair::impact::About;
use crate::pair::{ForeignKeyMatch, TablePair};
use crate::schema::{Lookup, TableWalker};

pub(super) static RULE: Rule = Rule {
    name: "missing-foreign-key",
    summary: "A model declares a foreign key that the database does not have.",
    level: Level::Warn,
    page: include_str!("../../rules/missing-foreign-key.md"),
    check: Check::Repository(check),
};

fn check(targets: &[Context<'_>], out: &Reporter) {
    for ctx in targets {
        for pair in &ctx.pairs.tables {
            out.cap(loudest(pair.model.map(|(_, model)| model)));
            check_pair(targets, ctx, pair, out);
        }
    }
}

fn check_pair(targets: &[Context<'_>], ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((_, model, table)) = pair.both_tables() else {
        return;
    };
    if pair.model_unclear(Section::ForeignKeys).is_some() {
        return;
    }
    for key in &model.foreign_keys {
        let ForeignKeyMatch::Absent = pair.foreign_key_match(table, key) else {
            continue;
        };
        let Expectation::Exactly(target) = &key.table else {
            continue;
        };
        let other = elsewhere(targets, ctx, target);
        // A table that is not there is one finding.
        if other.is_none() && matches!(table.schema.table_named(target), Lookup::Absent) {
            continue;
        }
        let gone = ctx.dropped_foreign_key(table, &key.columns.iter().collect::<Vec<_>>());
        let (why, label) = match (&other, &gone) {
            (Some((other, _)), _) => (
                format!(
                    "which is in {}: no foreign key leads to another database",
                    other.subject.target
                ),
                format!("{} is created here", table.qualified()),
            ),
            (None, Some(place)) => (
                format!("but {} drops it", place.by()),
                "the foreign key goes away here".to_owned(),
            ),
            (None, None) => (
                format!("but no migration makes one on {}", table.qualified()),
                format!("{} is created here", table.qualified()),
            ),
        };
        let place = gone.filter(|_| other.is_none()).or_else(|| ctx.of_table(table));
        let own = words::list(&key.columns);
        let target = words::qualified(Some(table.schema), target);
        let help = match &other {
            Some((other, _)) => format!(
                "take the foreign key off the model, or keep the two tables in one database: {} has {target}",
                other.subject.target
            ),
            None => help(table, key, &target),
        };
        let mut report = Report::new(
            key.span,
            "a foreign key here",
            format!(
                "{} declares a foreign key from {own} to {target}, {why}: nothing keeps the rows that it leads to",
                words::model(model)
            ),
        );
        report = report
            .targets([ctx.subject.target])
            .table(table.qualified())
            .object(
                key.name
                    .as_ref()
                    .map_or_else(|| format!("foreign key {own}"), Name::to_string),
            )
            .expected(format!(
                "{own} references {target} {}",
                words::list(&key.referenced)
            ))
            .model(key.span)
            .database(place.as_ref(), label)
            .help(help + &words::key_dependants(ctx, table, &key.columns, About::Reference(model, key)));
        if let Some((other, held)) = &other {
            report = report.at(other.of_table(*held).as_ref(), format!("{target} is made here"));
        }
        out.send(report);
    }
}

/// The database of the same migrations that has the referenced table, where this one has it not.
fn elsewhere<'t, 'a>(
    targets: &'t [Context<'a>],
    ctx: &Context<'a>,
    target: &QualifiedName,
) -> Option<(&'t Context<'a>, TableWalker<'a>)> {
    let schema = ctx.schema()?;
    match schema.table_named(target) {
        Lookup::Found(table) if table.get().presumed.is_none() => return None,
        Lookup::Unknown(_) => return None,
        Lookup::Found(_) | Lookup::Absent => {}
    }
    held_by_another(targets, ctx, &words::qualified(Some(schema), target))
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
