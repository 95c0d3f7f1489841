//! A field and its column have different server defaults.

use super::place::Fact;
use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::known::Verdict;
use crate::pair::{ColumnPair, DefaultDifference, is_sequence, is_table};
use crate::schema::Stored;
use crate::source::Span;
use crate::tree::{Expr, ExprKind};

pub(super) static RULE: Rule = Rule {
    name: "default-mismatch",
    summary: "A field and its column have different server defaults.",
    level: Level::Error,
    page: include_str!("../../rules/default-mismatch.md"),
    check: Check::Columns(check),
};

fn check(ctx: &Context<'_>, pair: &ColumnPair<'_>, out: &Reporter) {
    let (field, get) = (pair.field, pair.column.get());
    if !pair.model.is_held()
        || !is_table(pair.column.table)
        || field.serial.is_some()
        || get.identity.known().is_none_or(Option::is_some)
    {
        return;
    }
    let Verdict::Differs(difference) = pair.default_verdict() else {
        return;
    };
    let name = words::field(pair.model, field);
    let column = words::column(pair.column);
    let place = ctx
        .column_part(pair.column, get.default.origin(), Fact::Default)
        .or_else(|| ctx.of_column(pair.column));
    let by = place
        .as_ref()
        .map_or_else(String::new, |p| format!(" by {}", p.by()));
    let print = |stored: &Stored| spelled(ctx, pair, stored);
    let mend = match difference {
        DefaultDifference::Extra(_) => "DROP DEFAULT",
        DefaultDifference::Missing(_) | DefaultDifference::Other(..) => "SET DEFAULT ...",
    };
    let (level, expected, found, message) = match difference {
        DefaultDifference::Missing(wanted) => {
            let wanted_text = declared(ctx, wanted);
            let is_written =
                field.client_default || pair.models.language.writes_defaults && is_simple(wanted);
            // A trigger may fill it.
            let triggers = pair.column.table.may_fill_new_rows();
            let fails = !is_written && !triggers && get.nullable.known() == Some(&false);
            let effect = if fails {
                ": an insert without a value fails"
            } else {
                ""
            };
            (
                match (fails, field.client_default) {
                    (true, _) => Level::Error,
                    (false, true) => Level::Note,
                    (false, false) => Level::Warn,
                },
                wanted_text.clone(),
                "none".to_owned(),
                format!("{name} has the default {wanted_text} in the model, but {column} has none{effect}"),
            )
        }
        DefaultDifference::Extra(found) if is_sequence(&found.expr) => return,
        DefaultDifference::Extra(found) => {
            let found = print(found);
            (
                Level::Note,
                "none".to_owned(),
                found.clone(),
                format!("{name} has no server default in the model, but {column} is given {found}{by}"),
            )
        }
        // A sequence on the database's side alone is told as counting.
        DefaultDifference::Other(wanted, found) if is_sequence(&found.expr) && !is_sequence(wanted) => return,
        DefaultDifference::Other(wanted, found) => {
            let (wanted, found) = (declared(ctx, wanted), print(found));
            (
                // The client writes its own default: what the database has is for others.
                if field.client_default {
                    Level::Note
                } else {
                    Level::Warn
                },
                wanted.clone(),
                found.clone(),
                format!("{name} has the default {wanted} in the model, but {column} is given {found}{by}"),
            )
        }
    };
    let label = format!("default {found} here").replace("default none here", "made here, without a default");
    out.send(
        Report::new(field.default_span.unwrap_or(field.span), format!("default {expected}"), message)
            .level(level)
            .table(pair.column.table.qualified())
            .column(pair.column.name())
            .expected(expected)
            .found(found)
            .model(field.span)
            .database(place.as_ref(), label)
            .help(format!(
                "write a migration (`ALTER TABLE {} ALTER COLUMN {} {mend}`), or say in the model what the database does",
                words::sql_table(pair.column.table),
                pair.column.name().quoted()
            )),
    );
}

/// A literal or the time of the insert: what a client that writes defaults fills in itself when a row is made.
fn is_simple(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call(call) => call.name.name == "now",
        ExprKind::Cast(inner, ..) | ExprKind::Unary(_, inner) => is_simple(inner),
        ExprKind::Array(items) => items.iter().all(is_simple),
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::BitString(..)
        | ExprKind::Const(..)
        | ExprKind::Value(..) => true,
        _ => false,
    }
}

/// A default of a model as it is written; a text that its program puts together, as it comes out.
fn declared(ctx: &Context<'_>, expr: &Expr) -> String {
    let written = ctx.written(expr.span);
    match &expr.kind {
        ExprKind::String(text) if !written.contains(text.as_str()) && !text.contains('\n') => {
            format!("'{}'", text.replace('\'', "''"))
        }
        _ => written,
    }
}

/// A default of the database as the server spells it, else as the migration does.
fn spelled(ctx: &Context<'_>, pair: &ColumnPair<'_>, stored: &Stored) -> String {
    let table = pair.column.table;
    table
        .schema
        .print_expr(Some(table.id), stored)
        .unwrap_or_else(|_| ctx.written(stored.expr.span))
}

impl Context<'_> {
    /// What is written at a place, on one line.
    pub(super) fn written(&self, span: Span) -> String {
        let text = self.subject.files.slice(span);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
