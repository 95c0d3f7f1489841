//! What a model's validations ask of a value is more, or less, than what the column asks.

use super::place::Fact;
use super::unwritten_required_column::must_be_written;
use super::{Check, Context, Report, Reporter, Rule, words};
use crate::change::ReferentialAction;
use crate::declared::{Model, Says, Validation};
use crate::finding::Level;
use crate::pair::{ColumnPair, TablePair};
use crate::schema::{ColumnWalker, ConstraintKind, TableWalker};
use crate::sqltype::{BaseType, Builtin, Modifier};

pub(super) static RULE: Rule = Rule {
    name: "validation-mismatch",
    summary: "A changeset lets pass what the column refuses, or asks for a value that the column may lack.",
    level: Level::Note,
    page: include_str!("../../rules/validation-mismatch.md"),
    check: Check::Pairs(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((set, model, table)) = pair.both_tables() else {
        return;
    };
    if !model.is_held() {
        return;
    }
    let mut free = Vec::new();
    for &said in ctx.said.validations(set, &model.name) {
        let Some(column) = pair.columns.iter().find(|column| column.field.name == said.field) else {
            continue;
        };
        match said.says {
            Says::AtMost(most) => too_long(ctx, column, said, most, out),
            Says::Optional => refused(ctx, column, said, out),
            Says::Required
                if may_lack_value(table, column.column) && is_asked_by_others(ctx, pair, model, column) =>
            {
                free.push((said, column));
            }
            Says::Required => {}
        }
    }
    required(ctx, model, table, &free, out);
}

/// Whether the other models of the table ask for a value of the column too: rows of one that does not may lack it.
fn is_asked_by_others(
    ctx: &Context<'_>,
    pair: &TablePair<'_>,
    model: &Model,
    column: &ColumnPair<'_>,
) -> bool {
    let is_other = |other: &&Model| other.name != model.name && other.is_held();
    let mut others = ctx.pairs.models_of(pair).filter(is_other);
    others.all(|other| {
        let sets = ctx.subject.models.iter();
        let said: Vec<&Validation> = sets
            .flat_map(|set| ctx.said.validations(set, &other.name))
            .copied()
            .collect();
        let field = other
            .fields
            .iter()
            .find(|field| field.column == *column.column.name());
        field.is_some_and(|field| {
            let asks = |said: &&Validation| said.field == field.name && said.says == Says::Required;
            said.is_empty() || said.iter().any(asks)
        })
    })
}

/// Text passes that the column cannot hold.
fn too_long(ctx: &Context<'_>, pair: &ColumnPair<'_>, said: &Validation, most: u64, out: &Reporter) {
    let Some(ty) = pair.column.get().ty.known() else {
        return;
    };
    let (BaseType::Builtin(Builtin::Varchar | Builtin::Bpchar), Some(Modifier::Length(length)), false) =
        (&ty.base, &ty.modifier, ty.array)
    else {
        return;
    };
    if most <= u64::from(*length) {
        return;
    }
    let place = ctx.column_part(pair.column, pair.column.get().ty.origin(), Fact::Type);
    out.send(
        Report::new(
            said.span,
            format!("up to {most} characters pass"),
            format!(
                "changesets of {} let {most} characters of {} pass, but {} holds {length}: longer text is refused by the \
                 database and raises (SQLSTATE 22001)",
                pair.model.name,
                pair.field.name,
                words::column(pair.column)
            ),
        )
        .table(pair.column.table.qualified())
        .column(pair.column.name())
        .expected(format!("at most {length} characters"))
        .found(format!("at most {most} characters"))
        .model(said.span)
        .database(place.as_ref(), format!("{length} characters here"))
        .help(format!(
            "validate a length of at most {length}, or write a migration that widens the column (`ALTER TABLE {} ALTER COLUMN \
             {} TYPE varchar({most})`)",
            words::sql_table(pair.column.table),
            pair.column.name().quoted()
        )),
    );
}

/// No value passes, and the column must have one.
fn refused(ctx: &Context<'_>, pair: &ColumnPair<'_>, said: &Validation, out: &Reporter) {
    if !must_be_written(pair.column) || pair.column.table.may_fill_new_rows() {
        return;
    }
    let place = ctx.column_part(pair.column, pair.column.get().nullable.origin(), Fact::Null);
    out.send(
        Report::new(
            said.span,
            format!("{} may be left out", pair.field.name),
            format!(
                "a changeset of {} takes {} and none asks for a value, but {} is NOT NULL without a default: where none is given, \
                 the database's error is raised (SQLSTATE 23502), and no changeset with it is returned",
                pair.model.name,
                pair.field.name,
                words::column(pair.column)
            ),
        )
        .table(pair.column.table.qualified())
        .column(pair.column.name())
        .expected("a required field")
        .found("not null")
        .model(said.span)
        .database(place.as_ref(), "NOT NULL here")
        .help(format!(
            "add :{} to `validate_required`, or write a migration that gives the column a default or allows NULL",
            pair.field.name
        )),
    );
}

/// Every changeset asks for values that the columns may lack: told once for a model.
fn required(
    ctx: &Context<'_>,
    model: &Model,
    table: TableWalker<'_>,
    free: &[(&Validation, &ColumnPair<'_>)],
    out: &Reporter,
) {
    let Some((first, column)) = free.first() else {
        return;
    };
    let names: Vec<String> = free
        .iter()
        .map(|(_, pair)| pair.column.name().to_string())
        .collect();
    let place = ctx.of_column(column.column);
    let mut report = Report::new(
        first.span,
        "required here",
        format!(
            "every changeset of {} asks for {}, but {} may be NULL in {}: what writes past the changesets leaves rows that the \
             code does not expect",
            model.name,
            words::list(&names),
            if names.len() == 1 { "it" } else { "they" },
            table.qualified(),
        ),
    )
    .table(table.qualified())
    .object(names.join(","))
    .expected("not null")
    .found("null allowed")
    .model(first.span)
    .database(place.as_ref(), "NULL is allowed here")
    .help(format!(
        "write a migration that sets NOT NULL, once no row lacks a value (`ALTER TABLE {} ALTER COLUMN {} SET NOT NULL`)",
        words::sql_table(table),
        column.column.name().quoted()
    ));
    for (said, pair) in free.iter().skip(1).filter(|(said, _)| said.span != first.span) {
        report = report.related(said.span, format!("{} is required here", pair.field.name));
    }
    out.send(report);
}

/// Whether NULL is certainly allowed, and nothing in the database sets it, or refuses it by a check.
fn may_lack_value(table: TableWalker<'_>, column: ColumnWalker<'_>) -> bool {
    let minds_null = table.constraints().any(|constraint| {
        let constraint = constraint.get();
        match &constraint.kind {
            ConstraintKind::ForeignKey(key) => {
                let sets = key.on_delete == ReferentialAction::SetNull
                    || key.on_update == ReferentialAction::SetNull;
                sets && constraint.columns.contains(&column.id)
            }
            ConstraintKind::Check(_) => constraint.columns.contains(&column.id),
            ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_) | ConstraintKind::Exclude(..) => false,
        }
    });
    column.get().nullable.known() == Some(&true) && !minds_null
}
