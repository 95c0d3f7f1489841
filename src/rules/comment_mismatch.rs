//! A table or column whose comment is another one in the database.

use std::cell::LazyCell;

use smol_str::SmolStr;

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::declared::{Expectation, Models};
use crate::finding::Level;
use crate::pair::TablePair;
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "comment-mismatch",
    summary: "A table or column has another comment in the database than in the model.",
    level: Level::Note,
    page: include_str!("../../rules/comment-mismatch.md"),
    check: Check::Pairs(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((set, model, table)) = pair.both_tables() else {
        return;
    };
    // Comments are followed, and what could not be followed may have set one.
    let is_open =
        !table.get().open.is_empty() || table.get().presumed.is_some() || !table.schema.gaps.is_empty();
    if is_open || !set.language.comments || ctx.pairs.models_of(pair).nth(1).is_some() {
        return;
    }
    let name = format!("model `{}`", model.name);
    let report = difference(
        &model.comment,
        table.get().comment.as_ref(),
        &name,
        &table.qualified(),
        model.span,
    );
    let used = LazyCell::new(|| uses(set));
    if let Some(report) = report.filter(|_| *used) {
        let place = ctx.of_table(table);
        out.send(
            report
                .table(table.qualified())
                .database(place.as_ref(), "the table is made here"),
        );
    }
    let mut found_all = Vec::new();
    for columns in &pair.columns {
        let (field, column) = (columns.field, columns.column);
        let found = column.get().comment.as_ref();
        let (name, place) = (words::field(model, field), ctx.of_column(column));
        let report = difference(&field.comment, found, &name, &words::column(column), field.span);
        if let Some(report) = report.filter(|_| *used) {
            let report = report
                .table(table.qualified())
                .column(column.name())
                .database(place.as_ref(), "the column is made here");
            found_all.push((column.name(), report));
        }
    }
    if found_all.len() < 2 {
        found_all.into_iter().for_each(|(_, report)| out.send(report));
        return;
    }
    // One cause mostly, and one finding.
    let place = ctx.of_table(table);
    let columns = words::list(found_all.iter().map(|(column, _)| *column));
    out.send(
        Report::new(
            model.span,
            "other comments here",
            format!(
                "the comments of {} columns of {} are others than those of {}: {columns}",
                found_all.len(),
                table.qualified(),
                words::model(model)
            ),
        )
        .table(table.qualified())
        .object("comments")
        .model(model.span)
        .database(place.as_ref(), "the table is made here")
        .help("write a migration (`COMMENT ON COLUMN ...`), or say in the model what the database says"),
    );
}

/// Whether the models have comments at all. Where they have none, those of the database are written elsewhere.
fn uses(set: &Models) -> bool {
    let says = |comment: &Expectation<Option<SmolStr>>| matches!(comment, Expectation::Exactly(Some(_)));
    let mut models = set.models.iter();
    models.any(|m| says(&m.comment) || m.fields.iter().any(|f| says(&f.comment)))
}

fn difference(
    wanted: &Expectation<Option<SmolStr>>,
    found: Option<&SmolStr>,
    name: &str,
    object: &str,
    span: Span,
) -> Option<Report> {
    let Expectation::Exactly(wanted) = wanted else {
        return None;
    };
    let wanted = wanted.as_ref().filter(|text| !text.is_empty());
    if wanted == found {
        return None;
    }
    let word = |text: Option<&SmolStr>| {
        text.map_or_else(|| "no comment".to_owned(), |t| format!("the comment {t:?}"))
    };
    let (wanted, found) = (word(wanted), word(found));
    let report = Report::new(
        span,
        format!("{wanted} here"),
        format!("{name} has {wanted}, but {object} has {found}"),
    );
    Some(
        report
            .object("comment")
            .expected(wanted)
            .found(found)
            .model(span)
            .help("write a migration (`COMMENT ON ...`), or say in the model what the database says"),
    )
}
