//! A column that every insert must name and that the model does not know.

use super::place::Fact;
use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::pair::{TablePair, fills_itself};
use crate::schema::ColumnWalker;

pub(super) static RULE: Rule = Rule {
    name: "unwritten-required-column",
    summary: "A column is NOT NULL without a default, and no field writes it.",
    level: Level::Error,
    page: include_str!("../../rules/unwritten-required-column.md"),
    check: Check::Pairs(check),
};

/// Whether an insert that leaves the column out certainly fails, triggers aside.
pub(super) fn must_be_written(column: ColumnWalker<'_>) -> bool {
    column.get().nullable.known() == Some(&false) && fills_itself(column) == Some(false)
}

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((_, model, table)) = pair.both_tables() else {
        return;
    };
    for &column in pair.extra.iter().filter(|c| must_be_written(**c)) {
        let name = words::column(column);
        let place = ctx.of_column(column);
        let null = ctx.column_part(column, column.get().nullable.origin(), Fact::Null);
        let by = null
            .as_ref()
            .map_or_else(String::new, |p| format!(" by {}", p.by()));
        let triggers = table.may_fill_new_rows();
        let unless = if triggers {
            ", unless a trigger fills it"
        } else {
            ""
        };
        let mut report = Report::new(
            model.span,
            format!("no field writes {}", column.name()),
            format!(
                "{name} is made NOT NULL without a default{by}, and {} has no field for it: every insert fails{unless}",
                words::model(model)
            ),
        )
        .level(if triggers { Level::Warn } else { Level::Error })
        .table(table.qualified())
        .column(column.name())
        .model(model.span)
        .database(place.as_ref(), format!("{} must have a value", column.name()))
        .help(format!(
            "add a field for the column, or write a migration that gives it a default or drops it (`ALTER TABLE {} DROP \
             COLUMN {}`)",
            words::sql_table(table),
            column.name().quoted()
        ));
        if let Some(ty) = column.formatted_type() {
            report = report.found(format!("{ty} not null"));
        }
        out.send(report);
    }
}
