//! A timestamp without a time zone.

use super::{LEVEL, alter, breach, columns, table, ways};
use crate::pair::TablePair;
use crate::rules::place::Fact;
use crate::rules::{Check, Context, Reporter, Rule};
use crate::sqltype::Builtin;

pub(in crate::rules) static RULE: Rule = Rule {
    name: "time-zone-policy",
    summary: "A timestamp has no time zone, and the policy asks for one.",
    level: LEVEL,
    page: include_str!("../../../rules/time-zone-policy.md"),
    check: Check::Tables(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((_, table)) = super::of(ctx).filter(|p| p.time_zones).zip(table(ctx, pair)) else {
        return;
    };
    for column in columns(table) {
        let without = [Builtin::Timestamp, Builtin::Time];
        let Some(ty) = column.get().ty.known() else {
            continue;
        };
        if !ty.as_builtin().is_some_and(|b| without.contains(&b)) {
            continue;
        }
        let held = table.schema.format_type(ty);
        let message = format!(
            "{}.{} is {held}: the policy asks for a time zone",
            table.qualified(),
            column.name()
        );
        if let Some(report) = breach(ctx, pair, column, Fact::Type, ("without a time zone", message)) {
            let wanted = held.replace("without time zone", "with time zone");
            let change = alter(
                column,
                &format!(
                    "TYPE {wanted} USING {} AT TIME ZONE 'UTC'",
                    column.name().quoted()
                ),
            );
            out.send(report.expected(wanted).found(held).help(ways(&change)));
        }
    }
}
