//! What the configuration asks of a database (`[policy]`), one rule a setting; none tells anything unless its setting is there.

pub(super) mod column_type;
pub(super) mod constraint_name;
pub(super) mod foreign_key_index;
pub(super) mod key_type;
pub(super) mod metadata;
pub(super) mod server_default;
pub(super) mod time_zone;

use super::place::Fact;
use super::{Context, Report, words};
use crate::config::policy::Policy;
use crate::declared::Field;
use crate::finding::Level;
use crate::pair::{TablePair, is_bookkeeping, is_table};
use crate::schema::{ColumnWalker, Schema, TableWalker};
use crate::source::{FileId, Span, Text};
use crate::sqltype::SqlType;

/// How loud a breach is, unless the configuration says otherwise.
const LEVEL: Level = Level::Warn;

/// The policy of a target, where there is one.
fn of<'a>(ctx: &Context<'a>) -> Option<&'a Policy> {
    ctx.subject.policy.filter(|policy| !policy.is_empty())
}

/// The table of a pair that a policy is about: a table of the project's own, looked at once.
fn table<'a>(ctx: &Context<'a>, pair: &TablePair<'a>) -> Option<TableWalker<'a>> {
    let table = pair.found()?;
    let get = table.get();
    let own = is_table(table)
        && table.is_certain()
        && get.presumed.is_none()
        && get.partition.of.is_none()
        && !is_bookkeeping(table.name());
    (own && ctx.pairs.is_first(pair)).then_some(table)
}

/// Its columns that certainly are there and are its own.
fn columns<'a>(table: TableWalker<'a>) -> impl Iterator<Item = ColumnWalker<'a>> {
    table
        .columns()
        .filter(|c| c.get().presence.is_present() && c.get().inherited == 0)
}

/// A type as a policy writes it.
fn type_of(schema: &Schema, written: &str) -> Option<SqlType> {
    let text = Text::composed([(written.to_owned(), Span::new(FileId(0), 0, 0), false)]);
    let read = crate::sql::type_name(&text)?;
    crate::pair::resolve(schema, &read).ok().flatten()
}

/// Whether a column has one of the types; one without length or precision is any of its kind. `None` where that cannot be told.
fn has_type(column: ColumnWalker<'_>, wanted: &[String]) -> Option<bool> {
    let schema = column.table.schema;
    let own = column.get().ty.known()?;
    let fits = |written: &String| {
        let wanted = type_of(schema, written)?;
        let mut plain = own.clone();
        if wanted.modifier.is_none() {
            plain.modifier = None;
        }
        Some(plain == wanted)
    };
    let told: Option<Vec<bool>> = wanted.iter().map(fits).collect();
    told.map(|told| told.contains(&true))
}

/// A breach of a policy by a column: both places, where both are there.
fn breach(
    ctx: &Context<'_>,
    pair: &TablePair<'_>,
    column: ColumnWalker<'_>,
    fact: Fact,
    (label, message): (&str, String),
) -> Option<Report> {
    let get = column.get();
    let change = match fact {
        Fact::Type => get.ty.origin(),
        Fact::Null => get.nullable.origin(),
        Fact::Default => get.default.origin(),
        Fact::Column => None,
    };
    let place = ctx
        .column_part(column, change, fact)
        .or_else(|| ctx.of_column(column))?;
    let mut report = Report::new(place.span, label, message)
        .level(LEVEL)
        .table(column.table.qualified())
        .column(column.name())
        .database(Some(&place), "");
    if let Some(field) = field(ctx, pair, column) {
        report = report.model(field.span).related(field.span, "the model's field");
    }
    Some(report)
}

/// The field of a column.
fn field<'a>(ctx: &Context<'a>, pair: &TablePair<'a>, column: ColumnWalker<'_>) -> Option<&'a Field> {
    let mut models = ctx.pairs.models_of(pair);
    models.find_map(|model| model.fields.iter().find(|f| f.column == *column.name()))
}

/// `uuid` or `uuid or bigint`.
fn any_of(types: &[String]) -> String {
    types.join(" or ")
}

/// Both ways out of a breach.
fn ways(change: &str) -> String {
    format!("{change}, or change [policy] in the configuration")
}

/// A statement that changes a column.
fn alter(column: ColumnWalker<'_>, what: &str) -> String {
    format!(
        "write a migration (`ALTER TABLE {} ALTER COLUMN {} {what}`)",
        words::sql_table(column.table),
        column.name().quoted()
    )
}
