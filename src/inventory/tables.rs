//! Every column of every table, as the database has it, beside the fields that use it, with the migrations that last set it.

use super::cells::{self, Held};
use super::{At, Cell, Inventory, Sheet};
use crate::declared::{Expectation, Field, Model};
use crate::known::{ChangeId, Fact as Known, Section};
use crate::pair::open;
use crate::rules::place::Fact;
use crate::rules::{Context, Subject};
use crate::schema::{ColumnWalker, Lookup, RelationKind};

const COLUMNS: &[&str] = &[
    "target",
    "+table",
    "-relation",
    "column",
    "type",
    "nullable",
    "default",
    "-type_set_by",
    "-nullable_set_by",
    "-default_set_by",
    "last_set_by",
    "fields",
    "field_type",
    "note",
    "set",
    "declared",
];

/// The tables of all databases.
#[must_use]
pub fn tables(subjects: &[Subject<'_>]) -> Inventory {
    let mut sheet = Sheet::new("tables", "Columns by table", COLUMNS);
    let mut count = 0;
    let contexts: Vec<Context<'_>> = subjects.iter().map(Context::new).collect();
    for ctx in &contexts {
        let held = cells::held(&contexts, ctx);
        count += held.len();
        for one in &held {
            of_table(ctx, one, &mut sheet);
        }
        count += alone(&contexts, ctx, &held, &mut sheet);
    }
    let of = |key: &str, is: &dyn Fn(&Cell) -> bool| {
        let rows = sheet.rows.iter();
        rows.filter(|row| sheet.cell(row, key).is_some_and(is)).count()
    };
    let note = |word: &'static str| of("note", &move |c| c.plain().contains(word));
    let unknown = sheet.rows.iter().filter(|row| row.iter().any(Cell::is_unknown));
    let totals = vec![
        ("tables".to_owned(), count),
        ("columns".to_owned(), of("type", &|c| *c != Cell::Empty)),
        ("columns that no field uses".to_owned(), note("no field")),
        (
            "fields without a column".to_owned(),
            note("no column") + note("no table"),
        ),
        ("with something unknown".to_owned(), unknown.count()),
    ];
    Inventory {
        name: "tables",
        sheets: vec![sheet],
        totals,
    }
}

fn of_table(ctx: &Context<'_>, one: &Held<'_>, sheet: &mut Sheet) {
    let table = one.table;
    let row = |column: Cell| {
        let mut row = vec![Cell::Empty; COLUMNS.len()];
        row[0] = Cell::text(ctx.subject.target);
        row[1] = Cell::text(table.qualified());
        row[2] = Cell::text(relation(table.get().kind));
        row[3] = column;
        row
    };
    for column in table.columns() {
        let mut cells = row(Cell::text(column.name().as_str()));
        database(ctx, column, &mut cells);
        let fields: Vec<(&Model, &Field)> = one
            .models
            .iter()
            .filter_map(|(_, m)| Some((*m, m.fields.iter().find(|f| f.column == *column.name())?)))
            .collect();
        said(ctx, &fields, &mut cells);
        let mut notes = Vec::new();
        if fields.is_empty() && !one.models.is_empty() {
            notes.push("no field uses it".to_owned());
        }
        if let Some(gap) = cells::doubt(&column.get().presence) {
            notes.push(format!("it may not be there: {}", gap.why));
        }
        if let Some(gap) = cells::doubt(&table.get().presence) {
            notes.push(format!("the table may not be there: {}", gap.why));
        }
        put(&mut cells, "note", Cell::text(notes.join("; ")));
        sheet.rows.push(cells);
    }
    if let Some(gap) = open(table, Section::Columns) {
        let mut cells = row(Cell::Unknown(gap.why.clone()));
        put(&mut cells, "note", Cell::text("there may be more"));
        put(&mut cells, "set", Cell::place(gap.at.map(At::new)));
        sheet.rows.push(cells);
    }
    for (_, model) in &one.models {
        for field in &model.fields {
            let found = table.column(&field.column);
            if matches!(found, Lookup::Found(_)) {
                continue;
            }
            let mut cells = row(Cell::text(field.column.as_str()));
            said(ctx, &[(model, field)], &mut cells);
            let note = match found {
                Lookup::Unknown(gap) => format!("whether there is a column cannot be told: {}", gap.why),
                Lookup::Absent | Lookup::Found(_) => "no column".to_owned(),
            };
            put(&mut cells, "note", Cell::text(note));
            sheet.rows.push(cells);
        }
    }
}

fn put(row: &mut [Cell], key: &str, cell: Cell) {
    let at = COLUMNS
        .iter()
        .position(|c| c.trim_start_matches(['+', '-']) == key);
    if let Some(slot) = at.and_then(|at| row.get_mut(at)) {
        *slot = cell;
    }
}

fn database(ctx: &Context<'_>, column: ColumnWalker<'_>, row: &mut [Cell]) {
    let get = column.get();
    put(row, "type", cells::type_held(column));
    put(row, "nullable", cells::fact(&get.nullable, |n| Cell::Is(*n)));
    put(row, "default", default(column));
    let by =
        |id: Option<ChangeId>| Cell::maybe(id.and_then(|id| Some(ctx.journal()?.migration(id)?.to_owned())));
    put(row, "type_set_by", by(origin(&get.ty)));
    put(row, "nullable_set_by", by(origin(&get.nullable)));
    put(row, "default_set_by", by(origin(&get.default)));
    let facts = [
        (origin(&get.ty), Fact::Type),
        (origin(&get.nullable), Fact::Null),
        (origin(&get.default), Fact::Default),
        (crate::rules::place::made(&get.presence), Fact::Column),
    ];
    // The first of those that were set together.
    let last = facts
        .into_iter()
        .filter_map(|(id, fact)| Some((id?, fact)))
        .reduce(|a, b| if b.0 > a.0 { b } else { a });
    put(row, "last_set_by", by(last.map(|(id, _)| id)));
    let place = last.and_then(|(id, fact)| ctx.column_part(column, Some(id), fact));
    put(row, "set", Cell::place(cells::at(place)));
}

fn origin<T>(fact: &Known<T>) -> Option<ChangeId> {
    match fact {
        Known::Known(_, id) => Some(*id),
        Known::Unknown { .. } => None,
    }
}

/// The default, or what fills the column otherwise.
fn default(column: ColumnWalker<'_>) -> Cell {
    let get = column.get();
    let schema = column.table.schema;
    let stored = |stored: &crate::schema::Stored| match schema.print_expr(Some(column.table.id), stored) {
        Ok(text) => Cell::text(text),
        Err(gap) => Cell::Unknown(gap.why.clone()),
    };
    match &get.identity {
        Known::Known(None, _) => {}
        Known::Known(Some(kind), _) => {
            let word = match kind {
                crate::change::IdentityKind::Always => "identity, always",
                crate::change::IdentityKind::ByDefault => "identity, by default",
            };
            return Cell::text(word);
        }
        Known::Unknown { gap, .. } => return Cell::Unknown(gap.why.clone()),
    }
    match &get.generated {
        Known::Known(None, _) => {}
        Known::Known(Some((expr, _)), _) => {
            return match stored(expr) {
                Cell::Text(text) => Cell::Text(format!("generated: {text}")),
                other => other,
            };
        }
        Known::Unknown { gap, .. } => return Cell::Unknown(gap.why.clone()),
    }
    cells::fact(&get.default, |default| {
        default.as_ref().map_or(Cell::Empty, stored)
    })
}

fn said(ctx: &Context<'_>, fields: &[(&Model, &Field)], row: &mut [Cell]) {
    let names = fields.iter().map(|(m, f)| match f.declared.as_deref() {
        Some(declared) => format!("{}.{}: {declared}", m.name, f.name),
        None => format!("{}.{}", m.name, f.name),
    });
    put(row, "fields", Cell::list(names));
    let mut types: Vec<Cell> = fields
        .iter()
        .map(|(_, f)| cells::type_said(ctx.schema(), f))
        .collect();
    types.dedup();
    let types = match types.as_slice() {
        [] => Cell::Empty,
        [one] => one.clone(),
        _ => Cell::Each(types),
    };
    put(row, "field_type", types);
    let places: Vec<At> = fields.iter().map(|(_, f)| At::new(f.span)).collect();
    if !places.is_empty() {
        put(row, "declared", Cell::Places(places));
    }
}

/// The fields of models whose tables the database has not.
fn alone<'a>(all: &[Context<'a>], ctx: &Context<'a>, held: &[Held<'a>], sheet: &mut Sheet) -> usize {
    let mut count = 0;
    for (_, model) in cells::alone(all, ctx, held) {
        let Some(named) = &model.table else { continue };
        let (table, why) = match named {
            Expectation::Exactly(name) => {
                let lookup = ctx.schema().map(|s| s.table_named(name));
                let why = match lookup {
                    Some(Lookup::Unknown(gap)) => {
                        format!("whether there is a table cannot be told: {}", gap.why)
                    }
                    Some(Lookup::Absent | Lookup::Found(_)) => "no table".to_owned(),
                    None => "there are no migrations".to_owned(),
                };
                let name = ctx.schema().map_or_else(
                    || name.to_string(),
                    |schema| super::names::qualified(schema, name),
                );
                (Cell::text(name), why)
            }
            Expectation::Unknown(gap) => (Cell::Unknown(gap.why.clone()), "the table is not told".to_owned()),
            _ => (
                Cell::Unknown("its name is left open".to_owned()),
                "the table is not told".to_owned(),
            ),
        };
        count += 1;
        for field in &model.fields {
            let mut row = vec![Cell::Empty; COLUMNS.len()];
            put(&mut row, "target", Cell::text(ctx.subject.target));
            put(&mut row, "table", table.clone());
            put(&mut row, "column", Cell::text(field.column.as_str()));
            put(&mut row, "note", Cell::text(why.clone()));
            said(ctx, &[(model, field)], &mut row);
            sheet.rows.push(row);
        }
    }
    count
}

fn relation(kind: RelationKind) -> &'static str {
    match kind {
        RelationKind::Table => "table",
        RelationKind::Partitioned => "partitioned table",
        RelationKind::View => "view",
        RelationKind::MaterializedView => "materialized view",
        RelationKind::Foreign => "foreign table",
    }
}
