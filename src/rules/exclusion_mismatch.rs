//! An EXCLUDE constraint that one side has alone, or that demands something else.

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::known::Section;
use crate::name::Name;
use crate::pair::{ExclusionMatch, TablePair};

pub(super) static RULE: Rule = Rule {
    name: "exclusion-mismatch",
    summary: "A model and its table do not have the same EXCLUDE constraints.",
    level: Level::Warn,
    page: include_str!("../../rules/exclusion-mismatch.md"),
    check: Check::Pairs(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((set, model, table)) = pair.both_tables() else {
        return;
    };
    if !set.language.exclusions || pair.model_open(Section::Checks).is_some() {
        return;
    }
    let model_name = words::model(model);
    for (declared, found) in pair.exclusions(table) {
        let wanted = ctx.written(declared.span);
        let (place, why, label) = match found {
            ExclusionMatch::Same | ExclusionMatch::Unknown(_) => continue,
            ExclusionMatch::Differs(held) => (
                ctx.of_constraint(held),
                format!(
                    "but the one of this name on {} demands something else",
                    table.qualified()
                ),
                "another EXCLUDE here",
            ),
            ExclusionMatch::Absent => (
                ctx.of_table(table),
                format!("but {} has no such constraint", table.qualified()),
                "the table is made here",
            ),
        };
        let name = declared
            .name
            .as_ref()
            .map_or_else(|| "EXCLUDE".to_owned(), Name::to_string);
        out.send(
            Report::new(
                declared.span,
                "EXCLUDE here",
                format!("{model_name} declares the EXCLUDE constraint {name}, {why}: rows that it rules out are taken"),
            )
            .table(table.qualified())
            .object(name)
            .expected(wanted)
            .model(declared.span)
            .database(place.as_ref(), label)
            .help("write a migration that adds the constraint, or take it off the model"),
        );
    }
    if !ctx.pairs.is_first(pair) || ctx.pairs.models_of(pair).nth(1).is_some() {
        return;
    }
    for held in pair.extra_exclusions(table) {
        let place = ctx.of_constraint(held);
        let by = place
            .as_ref()
            .map_or_else(String::new, |p| format!(" by {}", p.by()));
        let name = held
            .get()
            .name
            .known()
            .map_or_else(|| "EXCLUDE".to_owned(), Name::to_string);
        out.send(
            Report::new(
                model.span,
                "no such EXCLUDE here",
                format!(
                    "{} is given the EXCLUDE constraint {name}{by}, and {model_name} does not declare it",
                    table.qualified()
                ),
            )
            .level(Level::Note)
            .table(table.qualified())
            .object(name)
            .model(model.span)
            .database(place.as_ref(), "EXCLUDE here")
            .help("declare the constraint in the model, or drop it in a migration"),
        );
    }
}
