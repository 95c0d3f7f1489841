//! A field whose column no migration makes.

use rustc_hash::FxHashMap;

use super::place::{Fact, Part, Place};
use super::{Check, Context, Report, Reporter, Rule, words};
use crate::declared::{Field, Model};
use crate::finding::Level;
use crate::known::Presence;
use crate::name::Name;
use crate::pair::TablePair;
use crate::pair::impact::About;
use crate::schema::{ColumnId, TableWalker};

pub(super) static RULE: Rule = Rule {
    name: "missing-column",
    summary: "A field's column is made by no migration, or was dropped.",
    level: Level::Error,
    page: include_str!("../../rules/missing-column.md"),
    check: Check::Pairs(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((_, model, table)) = pair.both() else {
        return;
    };
    if pair.missing.is_empty() {
        return;
    }
    let columns = table
        .columns()
        .map(|c| (words::plain(c.name().as_str()), c.name()));
    let similar: FxHashMap<String, &Name> = columns.collect();
    for field in &pair.missing {
        let name = words::field(model, field);
        let column = format!("{}.{}", table.qualified(), field.column);
        let (why, place) = gone(ctx, table, field);
        let label = match place {
            Some(_) => format!("{column} goes away here"),
            None => format!("{} is created here, without {}", table.qualified(), field.column),
        };
        let place = place.or_else(|| ctx.of_table(table));
        let mut report = Report::new(
            field.span,
            format!("no column {}", field.column),
            format!("{name} needs the column {column}, {why}"),
        )
        .table(table.qualified())
        .column(&field.column)
        .model(field.span)
        .database(place.as_ref(), label)
        .help(help(ctx, model, table, field, &similar) + &going_by(ctx, model, field));
        if let Some(ty) = words::wanted(table.schema, &field.ty) {
            report = report.expected(ty);
        }
        if field.ignored {
            report = report.level(Level::Note);
        }
        out.send(report);
    }
}

/// What became of the column, and where.
fn gone(ctx: &Context<'_>, table: TableWalker<'_>, field: &Field) -> (String, Option<Place>) {
    for column in table
        .get()
        .columns
        .iter()
        .rev()
        .filter(|c| c.name == field.column)
    {
        if let Presence::Dropped(change) = column.presence
            && let Some(place) = ctx.place(Some(change), Part::Of(Fact::Column, &[&field.column]))
        {
            return (format!("which {} drops", place.by()), Some(place));
        }
    }
    let renamed = format!("renamed from {}", field.column);
    let entry = table
        .get()
        .log
        .iter()
        .rev()
        .find(|e| e.column.is_some() && e.what == renamed);
    if let Some(entry) = entry
        && let Some(ColumnId(id)) = entry.column
        && let Some(now) = table.get().columns.get(id as usize)
        && let Some(place) = ctx.place(Some(entry.change), Part::Of(Fact::Column, &[&field.column]))
    {
        return (
            format!("which {} renames to {}", place.by(), now.name),
            Some(place),
        );
    }
    ("which no migration creates".to_owned(), None)
}

/// What of the models goes by a field that has no column.
fn going_by(ctx: &Context<'_>, model: &Model, field: &Field) -> String {
    match crate::pair::impact::going_by(&ctx.pairs, model, field) {
        0 => String::new(),
        1 => "; a key or relation of the models goes by the field, nothing in the database can".to_owned(),
        many => {
            format!("; {many} keys and relations of the models go by the field, nothing in the database can")
        }
    }
}

fn help(
    ctx: &Context<'_>,
    model: &Model,
    table: TableWalker<'_>,
    field: &Field,
    similar: &FxHashMap<String, &Name>,
) -> String {
    if let Some(column) = similar.get(&words::plain(field.column.as_str())) {
        return format!(
            "map the field to the column {column} that the migrations make, or write a migration that adds {}{}",
            field.column,
            words::key_dependants(ctx, table, [*column], About::Field(model))
        );
    }
    let required = field.nullable.exactly() == Some(&false);
    let add = words::wanted(table.schema, &field.ty).map(|ty| {
        format!(
            "ALTER TABLE {} ADD COLUMN {} {ty}{}",
            words::sql_table(table),
            field.column.quoted(),
            if required { " NOT NULL" } else { "" }
        )
    });
    match add {
        Some(add) if required => format!(
            "write a migration (`{add}`, with a value for the rows that are there), or remove the field"
        ),
        Some(add) => format!("write a migration (`{add}`), or remove the field"),
        None => "write a migration that adds the column, or remove the field".to_owned(),
    }
}
