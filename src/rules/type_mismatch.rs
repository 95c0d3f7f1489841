//! A field and its column have different types.

use super::place::{Fact, Part, Place};
use super::{Check, Context, Report, Reporter, Rule, enum_longer_than_column, words};
use crate::finding::Level;
use crate::fix;
use crate::known::{Fact as Known, Verdict};
use crate::pair::impact::About;
use crate::pair::{ColumnPair, Conversion, TypeDifference};
use crate::sqltype::{BaseType, Fit};

pub(super) static RULE: Rule = Rule {
    name: "type-mismatch",
    summary: "A field and its column have different types.",
    level: Level::Error,
    page: include_str!("../../rules/type-mismatch.md"),
    check: Check::Columns(check),
};

fn check(ctx: &Context<'_>, pair: &ColumnPair<'_>, out: &Reporter) {
    // An enum's values that the column is too short for have a rule of their own.
    if !pair.model.is_held() || enum_longer_than_column::too_long(pair).is_some() {
        return;
    }
    let Verdict::Differs(difference) = pair.type_verdict() else {
        return;
    };
    let TypeDifference {
        wanted,
        found,
        fit,
        origin,
        absent,
        bare,
        cast,
        conversion,
    } = difference;
    let column = words::column(pair.column);
    let place = ctx.column_part(pair.column, origin, Fact::Type);
    let effect = match fit {
        Fit::Same => return,
        Fit::Holds => "which holds all of its values",
        Fit::Loses if bare => "which drivers that send the type along refuse (asyncpg; psycopg2 does not)",
        Fit::Loses => "which does not take or give back every value alike",
        Fit::Cannot if cast => {
            "which text is neither written to nor compared with: the driver sends it as `VARCHAR`, and the server does not cast that"
        }
        Fit::Cannot => "which cannot stand for it",
    };
    let by = place
        .as_ref()
        .map_or_else(String::new, |p| format!(" by {}", p.by()));
    let message = format!(
        "{} is {wanted} in the model, but {column} is {found}{by}, {effect}",
        words::field(pair.model, pair.field)
    );
    let mut report = Report::new(pair.field.type_span, format!("{wanted} here"), message)
        .table(pair.column.table.qualified())
        .column(pair.column.name())
        .expected(&wanted)
        .found(&found)
        .model(pair.field.span)
        .database(place.as_ref(), format!("{found} here"))
        .level(match fit {
            Fit::Same | Fit::Holds => Level::Note,
            Fit::Loses => Level::Warn,
            Fit::Cannot => Level::Error,
        });
    if let Some(renamed) = renamed(ctx, pair) {
        report = report.at(Some(&renamed), format!("{found} is named so here"));
    }
    if pair.field.ignored {
        report = report.level(Level::Note);
    }
    report = report.fix(fix::column_type(ctx.subject.files, pair));
    let help = match absent {
        Some(name) => format!(
            "no migration makes the type {name}: write one that creates it and changes the column, or declare the field as \
             {found}"
        ),
        None => format!(
            "{}, or declare the field as {found}",
            migration(pair, &wanted, &found, conversion)
        ),
    };
    out.send(report.help(help + &words::dependants(ctx, pair.column, About::Field(pair.model))));
}

/// The migration that gives a column the type that the model asks for.
fn migration(pair: &ColumnPair<'_>, wanted: &str, found: &str, conversion: Option<Conversion>) -> String {
    let (table, column) = (words::sql_table(pair.column.table), pair.column.name().quoted());
    let using = match conversion {
        None => return format!("write a migration that gives {column} a type that holds {wanted}"),
        Some(Conversion::Never) => {
            return format!(
                "write a migration that puts a column of {wanted} in its place (PostgreSQL casts no {found} to it)"
            );
        }
        Some(Conversion::Plain) => {
            return format!("write a migration (`ALTER TABLE {table} ALTER COLUMN {column} TYPE {wanted}`)");
        }
        Some(Conversion::Cast) => format!("{column}::{wanted}"),
        Some(Conversion::Text) => format!("{column}::text::{wanted}"),
    };
    // What a default is of is not converted with the column.
    let default = &pair.column.get().default;
    let (drop, anew) = if matches!(default, Known::Known(None, _)) {
        (String::new(), "")
    } else {
        (
            format!("ALTER COLUMN {column} DROP DEFAULT, "),
            ", and give it its default anew",
        )
    };
    format!(
        "write a migration (`ALTER TABLE {table} {drop}ALTER COLUMN {column} TYPE {wanted} USING {using}`{anew})"
    )
}

/// Where the type of a column was given the name that it has, other than where it was made.
fn renamed(ctx: &Context<'_>, pair: &ColumnPair<'_>) -> Option<Place> {
    let BaseType::Object(id) = pair.column.get().ty.known()?.base else {
        return None;
    };
    let ty = pair.column.table.schema.types.get(id)?;
    let renamed = ty
        .log
        .iter()
        .rev()
        .find(|entry| entry.what.starts_with("renamed from "))?;
    ctx.place(Some(renamed.change), Part::Object)
}
