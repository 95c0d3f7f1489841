//! A field and its column do not allow NULL alike.

use std::collections::BTreeSet;

use super::place::Fact;
use super::{Check, Context, Report, Reporter, Rule, words};
use crate::declared::KeptIn;
use crate::finding::Level;
use crate::fix;
use crate::known::Verdict;
use crate::name::Name;
use crate::pair::impact::About;
use crate::pair::{ColumnPair, NullDifference};

pub(super) static RULE: Rule = Rule {
    name: "nullability-mismatch",
    summary: "A field and its column do not allow NULL alike.",
    level: Level::Error,
    page: include_str!("../../rules/nullability-mismatch.md"),
    check: Check::Columns(check),
};

fn check(ctx: &Context<'_>, pair: &ColumnPair<'_>, out: &Reporter) {
    let Verdict::Differs(difference) = pair.null_verdict() else {
        return;
    };
    let (model, field, get) = (pair.model, pair.field, pair.column.get());
    if !model.is_held() || field.ignored || get.generated.known().is_none_or(Option::is_some) {
        return;
    }
    if difference == NullDifference::FieldAllows && is_of_another_key(pair) {
        return;
    }
    let name = words::field(model, field);
    // What its annotation asks for is not what its column says.
    let demanded = ctx
        .subject
        .models
        .iter()
        .any(|set| set.demanded.contains(&field.span));
    let column = words::column(pair.column);
    let place = ctx.column_part(pair.column, get.nullable.origin(), Fact::Null);
    let by = place
        .as_ref()
        .map_or_else(String::new, |p| format!(" by {}", p.by()));
    let alter = format!(
        "ALTER TABLE {} ALTER COLUMN {}",
        words::sql_table(pair.column.table),
        pair.column.name().quoted()
    );
    let (level, sides, labels, message, help) = match difference {
        NullDifference::ColumnAllows => (
            Level::Warn,
            ("not null", "nullable"),
            ("required here", "without NOT NULL"),
            format!("{name} is required, but {column} allows NULL{by}: a row without a value fails to load"),
            format!(
                "fill the rows that are NULL and write a migration (`{alter} SET NOT NULL`), or make the field optional"
            ),
        ),
        NullDifference::FieldAllows => {
            // A trigger may fill it.
            let triggers = pair.column.table.may_fill_new_rows();
            let filled = pair.fills_itself() != Some(false) || field.client_default || triggers;
            let of_association = is_of_association(ctx, pair);
            let what = match (filled || demanded, of_association) {
                (true, _) => "writing NULL fails",
                (false, true) => "an INSERT by hand that leaves it out fails",
                (false, false) => "writing a row without a value fails",
            };
            (
                match filled || of_association || demanded {
                    true => Level::Warn,
                    false => Level::Error,
                },
                ("nullable", "not null"),
                (
                    if demanded {
                        "may be NULL here"
                    } else {
                        "optional here"
                    },
                    "NOT NULL here",
                ),
                if demanded {
                    format!("the column of {name} may be NULL, but {column} is made NOT NULL{by}: {what}")
                } else {
                    format!("{name} is optional, but {column} is made NOT NULL{by}: {what}")
                },
                if demanded {
                    format!(
                        "give the column in the model `nullable=False`, or write a migration (`{alter} DROP NOT NULL`)"
                    )
                } else {
                    format!("make the field required, or write a migration (`{alter} DROP NOT NULL`)")
                },
            )
        }
    };
    out.send(
        Report::new(field.nullable_span.unwrap_or(field.type_span), labels.0, message)
            .level(level)
            .table(pair.column.table.qualified())
            .column(pair.column.name())
            .expected(sides.0)
            .found(sides.1)
            .model(field.span)
            .database(place.as_ref(), labels.1)
            .help(help + &words::dependants(ctx, pair.column, About::Field(pair.model)))
            .fix(fix::nullability(ctx.subject.files, pair)),
    );
}

/// Whether the column leads from an association table of mapped classes that has none of its own: SQLAlchemy writes such a row with both
/// of its keys (SQLAlchemy 2.0, `orm/dependency.py`, `ManyToManyDP`), and only an INSERT by hand can leave one out. A program that maps
/// no class writes all of its rows by hand.
fn is_of_association(ctx: &Context<'_>, pair: &ColumnPair<'_>) -> bool {
    let is_own = |kept: &KeptIn| kept.model == pair.model.span;
    let mut sets = ctx.subject.models.iter().map(|set| &set.kept_in);
    let is_bare = sets
        .any(|set| set.iter().any(|kept| is_own(kept) && !kept.mapped) && set.iter().any(|kept| kept.mapped));
    let single = pair
        .model
        .foreign_keys
        .iter()
        .filter(|key| key.columns.len() == 1);
    let columns: BTreeSet<&Name> = single.flat_map(|key| &key.columns).collect();
    is_bare && columns.len() > 1 && columns.contains(&pair.field.column)
}

/// Whether the column is NOT NULL as a part of a primary key that is not the model's, of which `primary-key-mismatch` tells.
fn is_of_another_key(pair: &ColumnPair<'_>) -> bool {
    let Some(key) = &pair.model.primary_key else {
        return false;
    };
    let held = pair.column.table.primary_key();
    held.is_some_and(|held| held.columns().any(|column| column.id == pair.column.id))
        && !key.columns.contains(&pair.field.column)
}
