//! An enum that is kept as text, in a column that is too short for one of its values.

use super::place::Fact;
use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::pair::ColumnPair;
use crate::source::Span;
use crate::sqltype::{BaseType, Builtin, Modifier};

pub(super) static RULE: Rule = Rule {
    name: "enum-longer-than-column",
    summary: "A value of an enum is longer than the column that keeps it as text.",
    level: Level::Error,
    page: include_str!("../../rules/enum-longer-than-column.md"),
    check: Check::Columns(check),
};

/// The values that are longer than the column, and how long that is.
pub(super) fn too_long<'a>(pair: &ColumnPair<'a>) -> Option<(u32, Vec<&'a (smol_str::SmolStr, Span)>)> {
    let (_, values) = pair
        .models
        .kept
        .iter()
        .find(|(span, _)| *span == pair.field.span)?;
    let ty = pair.column.get().ty.known()?;
    let (BaseType::Builtin(Builtin::Varchar | Builtin::Bpchar), Some(Modifier::Length(length)), false) =
        (&ty.base, &ty.modifier, ty.array)
    else {
        return None;
    };
    let longer = |value: &&'a (smol_str::SmolStr, Span)| value.0.chars().count() as u64 > u64::from(*length);
    let found: Vec<_> = values.iter().filter(longer).collect();
    (!found.is_empty()).then_some((*length, found))
}

fn check(ctx: &Context<'_>, pair: &ColumnPair<'_>, out: &Reporter) {
    if !pair.model.is_held() {
        return;
    }
    let Some((length, values)) = too_long(pair) else {
        return;
    };
    let column = words::column(pair.column);
    let place = ctx.column_part(pair.column, pair.column.get().ty.origin(), Fact::Type);
    let names: Vec<&str> = values.iter().map(|value| value.0.as_str()).collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let mut report = Report::new(
        pair.field.span,
        format!("{longest} characters"),
        format!(
            "{} is kept as text, and {} longer than the {length} characters of {column}: writing {} fails (SQLSTATE 22001)",
            words::field(pair.model, pair.field),
            match names.as_slice() {
                [one] => format!("the value {one} is"),
                many => format!("the values {} are", many.join(", ")),
            },
            if names.len() == 1 { "it" } else { "them" }
        ),
    )
    .table(pair.column.table.qualified())
    .column(pair.column.name())
    .expected(format!("character varying({longest})"))
    .found(pair.column.formatted_type().unwrap_or_default())
    .model(pair.field.span)
    .database(place.as_ref(), format!("{length} characters here"))
    .help(format!(
        "write a migration (`ALTER TABLE {} ALTER COLUMN {} TYPE varchar({longest})`), or shorten the values",
        words::sql_table(pair.column.table),
        pair.column.name().quoted()
    ));
    for (value, span) in values {
        report = report.related(*span, format!("{value} has {} characters", value.chars().count()));
    }
    out.send(report);
}
