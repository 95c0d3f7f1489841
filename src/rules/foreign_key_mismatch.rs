//! A foreign key that leads elsewhere, or does something else, than the model says.

use super::place::Place;
use super::{Check, Context, Report, Reporter, Rule, words};
use crate::change::ReferentialAction;
use crate::declared::{DeclaredForeignKey, Expectation, Fault, Model, Models};
use crate::finding::Level;
use crate::known::Section;
use crate::pair::{ForeignKeyMatch, TablePair, column_pairs, foreign_keys};
use crate::schema::{ConstraintWalker, ForeignKey, TableWalker};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "foreign-key-mismatch",
    summary: "A foreign key leads to other columns, or does something else on delete or update, than the model says.",
    level: Level::Error,
    page: include_str!("../../rules/foreign-key-mismatch.md"),
    check: Check::Pairs(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((set, model, table)) = pair.both_tables() else {
        return;
    };
    if pair.model_unclear(Section::ForeignKeys).is_some() {
        return;
    }
    for wanted in &model.foreign_keys {
        match pair.foreign_key_match(table, wanted) {
            ForeignKeyMatch::Absent | ForeignKeyMatch::Unknown(_) => {}
            // What the database holds is told where the model is told to lead to nothing.
            ForeignKeyMatch::Elsewhere(_) if dangles(set, wanted) => {}
            ForeignKeyMatch::Elsewhere(held) => elsewhere(ctx, model, table, wanted, held, out),
            ForeignKeyMatch::Same(held) => {
                if let Some((_, key)) = foreign_keys(table).find(|(c, _)| c.id == held.id) {
                    actions(ctx, model, table, wanted, (held, key), out);
                    other(ctx, set, model, wanted, (held, key), out);
                }
            }
        }
    }
}

fn dangles(set: &Models, wanted: &DeclaredForeignKey) -> bool {
    let mut faults = set.faults.iter();
    faults.any(|fault| fault.kind == Fault::DANGLING && fault.span == wanted.span)
}

/// What the database has in place of the foreign key that a model writes at a place: where it was made, and to what it leads.
pub(super) fn held_elsewhere(ctx: &Context<'_>, at: Span) -> Option<(Place, String)> {
    ctx.pairs.tables.iter().find_map(|pair| {
        let (_, model, table) = pair.both_tables()?;
        let wanted = model.foreign_keys.iter().find(|key| key.span == at)?;
        let ForeignKeyMatch::Elsewhere(held) = pair.foreign_key_match(table, wanted) else {
            return None;
        };
        let (_, key) = foreign_keys(table).find(|(c, _)| c.id == held.id)?;
        Some((ctx.of_constraint(held)?, target(held, key)))
    })
}

/// To what a foreign key of the database leads.
fn target(held: ConstraintWalker<'_>, key: &ForeignKey) -> String {
    let referenced: Vec<_> = column_pairs(held, key).iter().map(|p| p.1).collect();
    format!(
        "{} {}",
        held.table.schema.table(key.table).qualified(),
        words::list(&referenced)
    )
}

fn elsewhere(
    ctx: &Context<'_>,
    model: &Model,
    table: TableWalker<'_>,
    wanted: &DeclaredForeignKey,
    held: ConstraintWalker<'_>,
    out: &Reporter,
) {
    let Expectation::Exactly(written) = &wanted.table else {
        return;
    };
    let Some((_, key)) = foreign_keys(table).find(|(c, _)| c.id == held.id) else {
        return;
    };
    let place = ctx.of_constraint(held);
    let own = words::list(&wanted.columns);
    let should = format!(
        "{}{}",
        words::qualified(Some(table.schema), written),
        if wanted.referenced.is_empty() {
            String::new()
        } else {
            format!(" {}", words::list(&wanted.referenced))
        }
    );
    let does = target(held, key);
    let by = by(place.as_ref());
    out.send(
        Report::new(
            wanted.span,
            format!("to {should} here"),
            format!(
                "{} leads from {own} to {should}, but the foreign key that {} has leads to {does}{by}: writing a row that \
                 the model allows fails",
                words::model(model),
                table.qualified()
            ),
        )
        .table(table.qualified())
        .object(object(held, &own))
        .expected(should)
        .found(does.clone())
        .model(wanted.span)
        .database(place.as_ref(), format!("to {does} here"))
        .help("write a migration that replaces the foreign key, or correct the relation in the model"),
    );
}

fn actions(
    ctx: &Context<'_>,
    model: &Model,
    table: TableWalker<'_>,
    wanted: &DeclaredForeignKey,
    (held, key): (ConstraintWalker<'_>, &ForeignKey),
    out: &Reporter,
) {
    let sides = [
        ("DELETE", &wanted.on_delete, key.on_delete),
        ("UPDATE", &wanted.on_update, key.on_update),
    ];
    let differing: Vec<_> = sides
        .into_iter()
        .filter_map(|(event, should, found)| match should {
            Expectation::Exactly(should) if *should != found => Some((event, *should, found)),
            _ => None,
        })
        .collect();
    // RESTRICT and NO ACTION differ in the moment of the check alone (manual, 5.4.5).
    let refuses = |a| matches!(a, ReferentialAction::NoAction | ReferentialAction::Restrict);
    let hardly = differing
        .iter()
        .all(|(_, should, found)| refuses(*should) && refuses(*found));
    let level = if hardly { Level::Note } else { Level::Warn };
    let said = |action: &dyn Fn(&(&str, ReferentialAction, ReferentialAction)) -> String| {
        differing.iter().map(action).collect::<Vec<_>>().join(" ")
    };
    // One foreign key is replaced once, whatever it says otherwise.
    if let Some((event, ..)) = differing.first() {
        let place = ctx.of_constraint(held);
        let own = words::list(&wanted.columns);
        let should_text = said(&|(event, should, _)| words::action(event, *should));
        let does = said(&|(event, _, found)| words::action(event, *found));
        let by = by(place.as_ref());
        out.send(
            Report::new(
                wanted.span,
                format!("{should_text} here"),
                format!(
                    "{} says {should_text} for {own}, but the foreign key of {} says {does}{by}",
                    words::model(model),
                    table.qualified()
                ),
            )
            .level(level)
            .table(table.qualified())
            .object(format!("{} {}", object(held, &own), event.to_lowercase()))
            .expected(should_text)
            .found(does.clone())
            .model(wanted.span)
            .database(place.as_ref(), format!("{does} here"))
            .help(
                "write a migration that replaces the foreign key, or say in the model what the database does",
            ),
        );
    }
}

/// What else a foreign key says: whether a key that is NULL in part is refused, whether earlier rows were looked at.
fn other(
    ctx: &Context<'_>,
    set: &Models,
    model: &Model,
    wanted: &DeclaredForeignKey,
    (held, key): (ConstraintWalker<'_>, &ForeignKey),
    out: &Reporter,
) {
    let table = held.table;
    let own = words::list(&wanted.columns);
    let place = ctx.of_constraint(held);
    let by = by(place.as_ref());
    let send = |level, should: &str, does: &str, effect: &str| {
        out.send(
            Report::new(
                wanted.span,
                format!("{should} here"),
                format!(
                    "{} says {should} for {own}, but the foreign key of {} is {does}{by}: {effect}",
                    words::model(model),
                    table.qualified()
                ),
            )
            .level(level)
            .table(table.qualified())
            .object(format!("{} {}", object(held, &own), does.to_lowercase()))
            .expected(should)
            .found(does)
            .model(wanted.span)
            .database(place.as_ref(), format!("{does} here"))
            .help("write a migration that brings the foreign key in line, or say in the model what the database does"),
        );
    };
    if set.language.match_full && wanted.columns.len() > 1 && wanted.match_full != key.match_full {
        let effect = "one takes a key that is NULL in part, the other refuses it";
        if wanted.match_full {
            send(Level::Warn, "MATCH FULL", "MATCH SIMPLE", effect);
        } else {
            send(Level::Warn, "MATCH SIMPLE", "MATCH FULL", effect);
        }
    }
    if !held.get().validated && !wanted.not_valid {
        send(
            Level::Note,
            "a foreign key",
            "NOT VALID",
            "earlier rows may lead nowhere",
        );
    }
}

fn by(place: Option<&Place>) -> String {
    place.map_or_else(String::new, |p| format!(", made by {}", p.by()))
}

fn object(held: ConstraintWalker<'_>, own: &str) -> String {
    held.get()
        .name
        .known()
        .map_or_else(|| format!("foreign key {own}"), ToString::to_string)
}
