//! A primary key of another type than the policy asks for.

use super::{LEVEL, any_of, breach, has_type, table, ways};
use crate::pair::TablePair;
use crate::rules::place::Fact;
use crate::rules::{Check, Context, Reporter, Rule};
use crate::schema::ConstraintKind;

pub(in crate::rules) static RULE: Rule = Rule {
    name: "key-type-policy",
    summary: "A primary key has another type than the policy asks for.",
    level: LEVEL,
    page: include_str!("../../../rules/key-type-policy.md"),
    check: Check::Tables(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((policy, table)) = super::of(ctx).zip(table(ctx, pair)) else {
        return;
    };
    let wanted = &policy.key_type;
    let Some(key) = table
        .primary_key()
        .filter(|key| !wanted.is_empty() && key.get().presence.is_present())
    else {
        return;
    };
    // The columns of a composite key are keys of other tables, or none of their own.
    let columns: Vec<_> = key.columns().collect();
    let [column] = columns.as_slice() else { return };
    let refers = table
        .constraints()
        .any(|c| matches!(c.get().kind, ConstraintKind::ForeignKey(_)) && c.get().columns == [column.id]);
    if refers || has_type(*column, wanted) != Some(false) {
        return;
    }
    let held = column.formatted_type().unwrap_or_default();
    let message = format!(
        "the primary key {}.{} is {held}, and the policy asks for {}",
        table.qualified(),
        column.name(),
        any_of(wanted)
    );
    if let Some(report) = breach(ctx, pair, *column, Fact::Type, (&format!("{held} here"), message)) {
        let change = "move the key to another type (`schemalign impact` lists what refers to it)";
        out.send(report.expected(any_of(wanted)).found(held).help(ways(change)));
    }
}
