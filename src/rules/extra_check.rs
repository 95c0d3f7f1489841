//! A CHECK that the model does not declare.

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::known::Section;
use crate::name::Name;
use crate::pair::TablePair;

pub(super) static RULE: Rule = Rule {
    name: "extra-check",
    summary: "A CHECK is not declared by the model.",
    level: Level::Note,
    page: include_str!("../../rules/extra-check.md"),
    check: Check::Tables(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((set, model, table)) = pair.both_tables() else {
        return;
    };
    if !set.language.checks || !ctx.pairs.is_first(pair) || pair.model_open(Section::Checks).is_some() {
        return;
    }
    // Where several models map the table, which of them should declare it cannot be told.
    if ctx.pairs.models_of(pair).nth(1).is_some() {
        return;
    }
    let extra = pair.extra_checks(table).into_iter().map(|found| (found, None));
    let repeated = pair.repeated_checks(table).into_iter();
    for (found, beside) in extra.chain(repeated.map(|(found, kept)| (found, Some(kept)))) {
        let place = ctx.of_constraint(found);
        let held = ctx.held_condition(found);
        let by = place
            .as_ref()
            .map_or_else(String::new, |p| format!(" by {}", p.by()));
        let name = found.get().name.known();
        let (label, what, help) = match beside {
            Some(kept) => {
                let kept = kept.get().name.known();
                let kept = kept.map_or_else(|| "another".to_owned(), Name::to_string);
                (
                    "one such CHECK here",
                    format!(
                        " a second time, beside {kept}, and {} declares one",
                        words::model(model)
                    ),
                    "drop one of the two in a migration, or declare both",
                )
            }
            None => (
                "no such CHECK here",
                format!(", and {} does not declare it", words::model(model)),
                "declare the CHECK in the model, or drop it in a migration",
            ),
        };
        out.send(
            Report::new(
                model.span,
                label,
                format!("{} is given the CHECK {held}{by}{what}", table.qualified()),
            )
            .table(table.qualified())
            .object(name.map_or_else(|| format!("check {held}"), Name::to_string))
            .found(format!("CHECK {held}"))
            .model(model.span)
            .database(place.as_ref(), "the CHECK is made here")
            .help(help),
        );
    }
}
