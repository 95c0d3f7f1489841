//! A column that the database should fill in itself and does not.

use super::{LEVEL, breach, columns, table, ways};
use crate::known::Fact as Known;
use crate::pair::TablePair;
use crate::rules::place::Fact;
use crate::rules::{Check, Context, Reporter, Rule};

pub(in crate::rules) static RULE: Rule = Rule {
    name: "server-default-policy",
    summary: "A column has no server default, and the policy asks for one.",
    level: LEVEL,
    page: include_str!("../../../rules/server-default-policy.md"),
    check: Check::Tables(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((policy, table)) = super::of(ctx).zip(table(ctx, pair)) else {
        return;
    };
    for column in columns(table) {
        let get = column.get();
        let empty = matches!(get.default, Known::Known(None, _))
            && matches!(get.identity, Known::Known(None, _))
            && matches!(get.generated, Known::Known(None, _));
        let mut patterns = policy.server_defaults.iter();
        let Some(pattern) = patterns
            .find(|p| p.fits_path(column.name().as_str()))
            .filter(|_| empty)
        else {
            continue;
        };
        let message = format!(
            "{}.{} has no server default, and the policy asks for one in columns that are called {:?}",
            table.qualified(),
            column.name(),
            pattern.as_str()
        );
        if let Some(report) = breach(ctx, pair, column, Fact::Default, ("without a default", message)) {
            out.send(report.help(ways(&super::alter(column, "SET DEFAULT ..."))));
        }
    }
}
