//! A column that no field of the model stands for.

use super::unwritten_required_column::must_be_written;
use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::pair::TablePair;

pub(super) static RULE: Rule = Rule {
    name: "extra-column",
    summary: "A column has no field in its model.",
    level: Level::Note,
    page: include_str!("../../rules/extra-column.md"),
    check: Check::Pairs(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((_, model, table)) = pair.both() else {
        return;
    };
    for &column in pair
        .extra
        .iter()
        .filter(|c| pair.both_tables().is_none() || !must_be_written(**c))
    {
        let name = words::column(column);
        let place = ctx.of_column(column);
        let by = place
            .as_ref()
            .map_or_else(String::new, |p| format!(", made by {}", p.by()));
        let mut report = Report::new(
            model.span,
            format!("no field for {}", column.name()),
            format!("{} has no field for the column {name}{by}", words::model(model)),
        )
        .table(table.qualified())
        .column(column.name())
        .model(model.span)
        .database(place.as_ref(), format!("{} is made here", column.name()))
        .help(format!(
            "add a field, or drop the column in a migration (`ALTER TABLE {} DROP COLUMN {}`)",
            words::sql_table(table),
            column.name().quoted()
        ));
        if let Some(ty) = column.formatted_type() {
            report = report.found(ty);
        }
        out.send(report);
    }
}
