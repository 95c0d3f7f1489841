//! A column whose name asks for another type than it has.

use super::{LEVEL, any_of, breach, columns, has_type, table, ways};
use crate::pair::TablePair;
use crate::rules::place::Fact;
use crate::rules::{Check, Context, Reporter, Rule};

pub(in crate::rules) static RULE: Rule = Rule {
    name: "column-type-policy",
    summary: "A column has another type than the policy asks of its name.",
    level: LEVEL,
    page: include_str!("../../../rules/column-type-policy.md"),
    check: Check::Tables(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((policy, table)) = super::of(ctx).zip(table(ctx, pair)) else {
        return;
    };
    for column in columns(table) {
        let named = policy
            .columns
            .iter()
            .find(|(pattern, _)| pattern.fits_path(column.name().as_str()));
        let Some((pattern, wanted)) = named else { continue };
        if has_type(column, wanted) != Some(false) {
            continue;
        }
        let held = column.formatted_type().unwrap_or_default();
        let message = format!(
            "{}.{} is {held}, and the policy asks for {} in columns that are called {:?}",
            table.qualified(),
            column.name(),
            any_of(wanted),
            pattern.as_str()
        );
        if let Some(report) = breach(ctx, pair, column, Fact::Type, (&format!("{held} here"), message)) {
            let change = super::alter(
                column,
                &format!("TYPE {}", wanted.first().map_or("", String::as_str)),
            );
            out.send(report.expected(any_of(wanted)).found(held).help(ways(&change)));
        }
    }
}
