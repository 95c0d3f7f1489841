//! A CHECK of the model of which the database demands something else.

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::declared::DeclaredCheck;
use crate::finding::Level;
use crate::known::Section;
use crate::name::Name;
use crate::pair::{CheckMatch, TablePair};
use crate::schema::{ConstraintKind, TableWalker};

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
    if pair.model_unclear(Section::Checks).is_some() {
        return;
    }
    for check in pair.checks(table) {
        let (found, effect) = match check.found {
            CheckMatch::Differs(found) => (found, ": rows that one allows the other refuses"),
            CheckMatch::Spelled(found) => (found, ", which may be something else"),
            CheckMatch::Same => {
                not_valid(ctx, pair, table, check.declared, out);
                continue;
            }
            CheckMatch::Absent | CheckMatch::Unknown(_) => continue,
        };
        let level = match check.found {
            CheckMatch::Spelled(_) => Level::Note,
            _ => Level::Warn,
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
                    "{} demands {wanted}, but {} is given the CHECK {held}{by}{effect}",
                    words::model(model),
                    table.qualified()
                ),
            )
            .level(level)
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

/// A CHECK of the model's name that was added without a look at the rows that were there.
fn not_valid(
    ctx: &Context<'_>,
    pair: &TablePair<'_>,
    table: TableWalker<'_>,
    declared: &DeclaredCheck,
    out: &Reporter,
) {
    let Some((_, model)) = pair.model else { return };
    let mut all = table.constraints().filter(|c| c.get().presence.is_present());
    let found = all.find(|c| {
        let get = c.get();
        let named = get.name.known().is_some() && get.name.known() == declared.name.as_ref();
        named && matches!(get.kind, ConstraintKind::Check(_)) && !get.validated
    });
    let Some(found) = found.filter(|_| !declared.not_valid) else {
        return;
    };
    let held = ctx.held_condition(found);
    let place = ctx.of_constraint(found);
    let by = place
        .as_ref()
        .map_or_else(String::new, |p| format!(", by {},", p.by()));
    out.send(
        Report::new(
            declared.span,
            "a CHECK here",
            format!(
                "{} demands {held}, but the CHECK of {} is NOT VALID{by} and never validated: earlier rows may break it",
                words::model(model),
                table.qualified()
            ),
        )
        .level(Level::Note)
        .table(table.qualified())
        .object(found.get().name.known().map_or_else(|| format!("check {held}"), Name::to_string))
        .expected(format!("CHECK {held}"))
        .found(format!("CHECK {held} NOT VALID"))
        .model(declared.span)
        .database(place.as_ref(), "NOT VALID here")
        .help("write a migration (`ALTER TABLE ... VALIDATE CONSTRAINT ...`)"),
    );
}
