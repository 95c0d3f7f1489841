//! A column that one side computes from others, and the other side does not or otherwise.

use super::place::Fact;
use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::known::Verdict;
use crate::pair::{ColumnPair, GeneratedDifference, Sureness, is_table};
use crate::schema::Stored;

pub(super) static RULE: Rule = Rule {
    name: "generated-mismatch",
    summary: "A column is computed from others on one side alone, or from another expression.",
    level: Level::Error,
    page: include_str!("../../rules/generated-mismatch.md"),
    check: Check::Columns(check),
};

fn check(ctx: &Context<'_>, pair: &ColumnPair<'_>, out: &Reporter) {
    if !pair.model.is_held() || !is_table(pair.column.table) || !pair.models.language.generated {
        return;
    }
    let Verdict::Differs(difference) = pair.generated_verdict() else {
        return;
    };
    let get = pair.column.get();
    let table = pair.column.table;
    let (name, column) = (words::field(pair.model, pair.field), words::column(pair.column));
    let print = |stored: &Stored| {
        let printed = table.schema.print_expr(Some(table.id), stored);
        // What a program puts together is nowhere written as it comes out.
        printed.unwrap_or_else(|_| {
            let written = ctx.written(stored.expr.span);
            let path = ctx.subject.files.path(stored.expr.span.file);
            let composed = !path.ends_with(".sql") && written.contains(['"', '{', '\\']);
            let sketch = composed.then(|| table.schema.sketch_expr(Some(table.id), stored));
            sketch.flatten().unwrap_or(written)
        })
    };
    let (level, expected, found, message) = match difference {
        GeneratedDifference::Plain(wanted) => {
            let wanted = ctx.written(wanted.span);
            let fails = get.nullable.known() == Some(&false) && pair.fills_itself() == Some(false);
            let (level, effect) = if fails {
                (Level::Error, "nobody gives it a value, and every insert fails")
            } else {
                (Level::Warn, "nobody gives it a value")
            };
            let message = format!(
                "{name} is computed as {wanted} in the model, but {column} is a plain column: {effect}"
            );
            (level, wanted, "a plain column".to_owned(), message)
        }
        GeneratedDifference::Generated(found) => {
            let found = print(found);
            let level = if pair.field.written {
                Level::Error
            } else {
                Level::Note
            };
            let message = format!(
                "{name} is a plain column in the model, but {column} is computed as {found}: writing a value fails"
            );
            (level, "a plain column".to_owned(), found, message)
        }
        GeneratedDifference::Other(wanted, found, sure) => {
            let (wanted, found) = (ctx.written(wanted.span), print(found));
            let level = match sure {
                Sureness::Meaning => Level::Warn,
                Sureness::Spelling => Level::Note,
            };
            let message = format!("{name} is computed as {wanted} in the model, but {column} as {found}");
            (level, wanted, found, message)
        }
    };
    let place = ctx
        .column_part(pair.column, get.generated.origin(), Fact::Default)
        .or_else(|| ctx.of_column(pair.column));
    let label = format!("{found} here");
    out.send(
        Report::new(
            pair.field.default_span.unwrap_or(pair.field.span),
            format!("{expected} here"),
            message,
        )
        .level(level)
        .table(table.qualified())
        .column(pair.column.name())
        .expected(expected)
        .found(found)
        .model(pair.field.span)
        .database(place.as_ref(), label)
        .help("write a migration that drops the column and adds it anew, or say in the model what the database does"),
    );
}
