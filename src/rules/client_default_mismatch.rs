//! A default that the client fills in, and another that the database does.

use super::place::Fact;
use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::pair::{ColumnPair, is_table};

pub(super) static RULE: Rule = Rule {
    name: "client-default-mismatch",
    summary: "A field's client fills in one value, and the database another.",
    level: Level::Note,
    page: include_str!("../../rules/client-default-mismatch.md"),
    check: Check::Columns(check),
};

fn check(ctx: &Context<'_>, pair: &ColumnPair<'_>, out: &Reporter) {
    if !pair.model.is_held() || !is_table(pair.column.table) {
        return;
    }
    let Some((wanted, stored)) = pair.client_difference() else {
        return;
    };
    let table = pair.column.table;
    let printed = table.schema.print_expr(Some(table.id), stored);
    let found = printed.unwrap_or_else(|_| ctx.written(stored.expr.span));
    let place = ctx
        .column_part(pair.column, pair.column.get().default.origin(), Fact::Default)
        .or_else(|| ctx.of_column(pair.column));
    let written = ctx.written(wanted.span);
    let by = place
        .as_ref()
        .map_or_else(String::new, |p| format!(" by {}", p.by()));
    let message = format!(
        "{} is filled with {written} by the client, but {} is given {found}{by} where an insert names no value",
        words::field(pair.model, pair.field),
        words::column(pair.column)
    );
    out.send(
        Report::new(wanted.span, format!("{written} from the client"), message)
            .table(table.qualified())
            .column(pair.column.name())
            .expected(written)
            .found(found.clone())
            .model(pair.field.span)
            .database(place.as_ref(), format!("{found} from the database"))
            .help("give both the same value; where the database's is there for rows of before only, drop it once they are filled"),
    );
}
