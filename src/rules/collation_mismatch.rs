//! A column that sorts and compares by another collation than the model says.

use super::place::Fact;
use super::{Check, Context, Report, Reporter, Rule, words};
use crate::declared::Expectation;
use crate::finding::Level;
use crate::name::QualifiedName;
use crate::pair::{ColumnPair, is_table};

pub(super) static RULE: Rule = Rule {
    name: "collation-mismatch",
    summary: "A field and its column have different collations.",
    level: Level::Warn,
    page: include_str!("../../rules/collation-mismatch.md"),
    check: Check::Columns(check),
};

fn check(ctx: &Context<'_>, pair: &ColumnPair<'_>, out: &Reporter) {
    let get = pair.column.get();
    if !pair.model.is_held()
        || !is_table(pair.column.table)
        || !pair.models.language.collations
        || pair.domain().is_some()
    {
        return;
    }
    // Where the type is not known on either side its collation is not.
    let (Expectation::Exactly(_), Some(_)) = (&pair.field.ty, get.ty.known()) else {
        return;
    };
    let (wanted, found) = (own(pair.field.collation.as_ref()), own(get.collation.as_ref()));
    if wanted == found {
        return;
    }
    let word = |collation: Option<&str>| collation.unwrap_or("the database's own").to_owned();
    let (wanted, found) = (word(wanted), word(found));
    let place = ctx
        .column_part(pair.column, get.ty.origin(), Fact::Type)
        .or_else(|| ctx.of_column(pair.column));
    let by = place
        .as_ref()
        .map_or_else(String::new, |p| format!(" by {}", p.by()));
    let column = words::column(pair.column);
    out.send(
        Report::new(
            pair.field.type_span,
            format!("collation {wanted}"),
            format!(
                "{} has the collation {wanted} in the model, but {column} {found}{by}: they sort and compare otherwise",
                words::field(pair.model, pair.field)
            ),
        )
        .table(pair.column.table.qualified())
        .column(pair.column.name())
        .expected(wanted)
        .found(found.clone())
        .model(pair.field.span)
        .database(place.as_ref(), format!("collation {found}"))
        .help(format!(
            "write a migration (`ALTER TABLE {} ALTER COLUMN {} SET DATA TYPE ... COLLATE ...`), or say in the model what \
             the database does",
            words::sql_table(pair.column.table),
            pair.column.name().quoted()
        )),
    );
}

/// `default` is what a column has that says nothing.
fn own(collation: Option<&QualifiedName>) -> Option<&str> {
    collation
        .map(|c| c.name.as_str())
        .filter(|name| *name != "default")
}
