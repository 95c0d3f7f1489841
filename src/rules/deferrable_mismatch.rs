//! A constraint that the database checks at another moment than the model says.

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::known::Section;
use crate::name::Name;
use crate::pair::{ForeignKeyMatch, TablePair, UniqueMatch, unique_over};
use crate::schema::ConstraintWalker;
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "deferrable-mismatch",
    summary: "A constraint is checked at another moment in the database than the model says.",
    level: Level::Warn,
    page: include_str!("../../rules/deferrable-mismatch.md"),
    check: Check::Pairs(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((set, model, table)) = pair.both_tables() else {
        return;
    };
    if !set.language.deferrable {
        return;
    }
    let model_name = words::model(model);
    if pair.model_unclear(Section::ForeignKeys).is_none() {
        for wanted in &model.foreign_keys {
            if let ForeignKeyMatch::Same(held) = pair.foreign_key_match(table, wanted) {
                let what = format!("the foreign key over {}", words::list(&wanted.columns));
                compare(
                    ctx,
                    (&model_name, &what, wanted.span),
                    wanted.deferrable,
                    held,
                    out,
                );
            }
        }
    }
    if pair.model_unclear(Section::Unique).is_none() {
        for wanted in model.uniques.iter().filter(|u| !u.index) {
            let columns: Vec<&Name> = wanted.columns.iter().collect();
            if let UniqueMatch::Same(index) = unique_over(table, &columns, false)
                && let Some(id) = index.get().constraint
            {
                let what = format!("the unique over {}", words::list(&wanted.columns));
                let held = ConstraintWalker { table, id };
                compare(
                    ctx,
                    (&model_name, &what, wanted.span),
                    wanted.deferrable,
                    held,
                    out,
                );
            }
        }
    }
}

fn compare(
    ctx: &Context<'_>,
    (model, what, span): (&str, &str, Span),
    wanted: Option<(bool, bool)>,
    held: ConstraintWalker<'_>,
    out: &Reporter,
) {
    let get = held.get();
    let wanted = wanted.unwrap_or_default();
    let found = (get.deferrable, get.initially_deferred);
    if wanted == found {
        return;
    }
    let (should, does) = (word(wanted), word(found));
    // What relies on a later check fails; what relies on an early one learns of its fault later.
    let (level, effect) = if moment(found) < moment(wanted) {
        (Level::Warn, "a transaction that relies on the later check fails")
    } else {
        (Level::Note, "it is checked later")
    };
    let place = ctx.of_constraint(held);
    let by = place
        .as_ref()
        .map_or_else(String::new, |p| format!(" by {}", p.by()));
    out.send(
        Report::new(
            span,
            format!("{should} here"),
            format!(
                "{model} says {should} for {what}, but {} makes it {does}{by}: {effect}",
                held.table.qualified()
            ),
        )
        .level(level)
        .table(held.table.qualified())
        .object(get.name.known().map_or_else(|| what.to_owned(), Name::to_string))
        .expected(should)
        .found(does)
        .model(span)
        .database(place.as_ref(), format!("{does} here"))
        .help("write a migration (`ALTER TABLE ... ALTER CONSTRAINT ...`, or drop and add it), or say in the model what the database does"),
    );
}

fn word((deferrable, deferred): (bool, bool)) -> &'static str {
    match (deferrable, deferred) {
        (_, true) => "INITIALLY DEFERRED",
        (true, false) => "DEFERRABLE",
        (false, false) => "NOT DEFERRABLE",
    }
}

fn moment((deferrable, deferred): (bool, bool)) -> u8 {
    u8::from(deferrable) + u8::from(deferred)
}
