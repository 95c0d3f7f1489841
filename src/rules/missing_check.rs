//! A CHECK of the model that the database does not have.

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::known::Section;
use crate::name::Name;
use crate::pair::{CheckMatch, TablePair};

pub(super) static RULE: Rule = Rule {
    name: "missing-check",
    summary: "A model declares a CHECK that the database does not have.",
    level: Level::Warn,
    page: include_str!("../../rules/missing-check.md"),
    check: Check::Tables(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((_, model, table)) = pair.both_tables() else {
        return;
    };
    if pair.model_unclear(Section::Checks).is_some() {
        return;
    }
    for check in pair.checks(table) {
        let CheckMatch::Absent = check.found else {
            continue;
        };
        let condition = ctx.wanted_condition(table, check.declared);
        let gone = ctx.dropped_check(table, check.declared.name.as_ref());
        let (why, label) = match &gone {
            Some(place) => (
                format!("but {} drops it", place.by()),
                "the CHECK goes away here".to_owned(),
            ),
            None => (
                format!("but no migration makes one on {}", table.qualified()),
                format!("{} is created here", table.qualified()),
            ),
        };
        let place = gone.or_else(|| ctx.of_table(table));
        out.send(
            Report::new(
                check.declared.span,
                "a CHECK here",
                format!(
                    "{} declares the CHECK {condition}, {why}: rows that break it are taken",
                    words::model(model)
                ),
            )
            .table(table.qualified())
            .object(check.declared.name.as_ref().map_or_else(|| format!("check {condition}"), Name::to_string))
            .expected(format!("CHECK {condition}"))
            .model(check.declared.span)
            .database(place.as_ref(), label)
            .help(format!(
                "write a migration (`ALTER TABLE {} ADD {}CHECK {condition}`), or take the CHECK off the model",
                words::sql_table(table),
                check.declared.name.as_ref().map_or_else(String::new, |name| format!("CONSTRAINT {} ", name.quoted())),
            )),
        );
    }
}
