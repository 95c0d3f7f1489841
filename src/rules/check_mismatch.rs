//! A CHECK of the model of which the database demands something else.

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::known::Section;
use crate::name::Name;
use crate::pair::{CheckMatch, TablePair};

pub(super) static RULE: Rule = Rule {
    name: "check-mismatch",
    summary: "A CHECK demands something else in the database than in the model.",
    level: Level::Warn,
    page: include_str!("../../rules/check-mismatch.md"),
    check: Check::Tables(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((_, model, table)) = pair.both_tables() else {
        return;
    };
    if pair.model_open(Section::Checks).is_some() {
        return;
    }
    for check in pair.checks(table) {
        let CheckMatch::Differs(found) = check.found else {
            continue;
        };
        let (wanted, held) = (
            ctx.wanted_condition(table, check.declared),
            ctx.held_condition(found),
        );
        let place = ctx.of_constraint(found);
        let by = place
            .as_ref()
            .map_or_else(String::new, |p| format!(" by {}", p.by()));
        let name = found.get().name.known();
        out.send(
            Report::new(
                check.declared.span,
                format!("CHECK {wanted}"),
                format!(
                    "{} demands {wanted}, but {} is given the CHECK {held}{by}: rows that one allows the other refuses",
                    words::model(model),
                    table.qualified()
                ),
            )
            .table(table.qualified())
            .object(name.map_or_else(|| format!("check {held}"), Name::to_string))
            .expected(format!("CHECK {wanted}"))
            .found(format!("CHECK {held}"))
            .model(check.declared.span)
            .database(place.as_ref(), format!("CHECK {held} here"))
            .help("write a migration that drops the CHECK and adds the model's, or make the model say what the database demands"),
        );
    }
}
