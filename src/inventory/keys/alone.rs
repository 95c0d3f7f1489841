//! Keys that the models alone have, and columns that refer by name.

use super::{Key, each, held_type, index, say};
use crate::declared::{Expectation, Model, Models};
use crate::inventory::names::{self, ByName};
use crate::inventory::{At, Cell, cells};
use crate::name::Name;
use crate::rules::Context;
use crate::schema::Lookup;

/// The keys of a model whose table the database has not.
pub(super) fn in_model(ctx: &Context<'_>, set: &Models, model: &Model, out: &mut Vec<Key>) {
    let why = match &model.table {
        Some(Expectation::Unknown(gap)) => Some(gap.why.clone()),
        _ => None,
    };
    let name = model.table.as_ref().and_then(Expectation::exactly);
    let table = match (name, ctx.schema()) {
        (Some(name), Some(schema)) => names::qualified(schema, name),
        (Some(name), None) => name.to_string(),
        (None, _) => format!("? ({})", model.name),
    };
    let unsure = name.and_then(|name| match ctx.schema()?.table_named(name) {
        Lookup::Unknown(gap) => Some(gap.why.clone()),
        Lookup::Found(_) | Lookup::Absent => None,
    });
    let new = |kind| Key {
        target: ctx.subject.target.to_owned(),
        kind,
        table: table.clone(),
        side: unsure
            .clone()
            .map_or_else(|| Cell::text("models"), Cell::Unknown)
            .into(),
        notes: why
            .iter()
            .map(|why| format!("the table is not told: {why}"))
            .collect(),
        ..Key::default()
    };
    let types = |names: &[Name]| {
        let of = |name: &Name| model.fields.iter().find(|f| f.column == *name);
        each(
            names
                .iter()
                .map(|n| of(n).map_or(Cell::Empty, |f| cells::type_said(ctx.schema(), f))),
        )
    };
    if let Some(declared) = &model.primary_key {
        let mut key = new("primary");
        key.concept = Cell::text(table.clone()).into();
        key.columns = Cell::list(declared.columns.iter().map(Name::as_str)).into();
        key.composite = declared.columns.len() > 1;
        key.model_type = types(&declared.columns).into();
        key.declared = Cell::place(Some(At::new(declared.span))).into();
        out.push(key);
    }
    for declared in &model.foreign_keys {
        let mut key = new("foreign");
        say(ctx, &set.language, declared, &mut key);
        key.model_type = types(&declared.columns).into();
        out.push(key);
    }
}

pub(super) fn by_name(ctx: &Context<'_>, named: &ByName<'_>) -> Key {
    let schema = ctx.schema();
    let mut key = Key {
        target: ctx.subject.target.to_owned(),
        kind: "by name",
        table: named.table.clone(),
        columns: Cell::list([named.column.as_str()]).into(),
        ..Key::default()
    };
    if let Some(column) = named.held {
        key.ty = each([cells::type_held(column)]).into();
        let made = ctx.of_column(column);
        key.made = Cell::place(cells::at(made)).into();
        key.index = index(column.table, &[column.name()]).into();
        if let Some(gap) = cells::doubt(&column.get().presence) {
            key.notes.push(format!("it may not be there: {}", gap.why));
        }
    }
    if let Some((_, field)) = named.declared.first() {
        key.model_type = each([cells::type_said(schema, field)]).into();
        key.declared = Cell::place(Some(At::new(field.span))).into();
    }
    key.side = match (named.held.is_some(), named.declared.is_empty()) {
        (true, true) => Cell::text("database"),
        (true, false) => Cell::text("both"),
        (false, _) => Cell::text("models"),
    }
    .into();
    match &named.target {
        Some(to) => {
            key.concept = Cell::text(to.table.clone()).into();
            key.references = Cell::text(to.table.clone()).into();
            key.referenced = Cell::list([to.column.as_str()]).into();
            key.target_type = each([type_at(ctx, &to.table, &to.column)]).into();
        }
        None => {
            let why = "no foreign key, association or table's name tells what it refers to";
            key.concept = Cell::Unknown(why.to_owned()).into();
            key.references = Cell::Unknown(why.to_owned()).into();
        }
    }
    if let Some(association) = named.association {
        key.notes.push(format!(
            "the association {} says what it refers to",
            association.name
        ));
    }
    key
}

/// The type of a column of a table, by the table's name as printed.
fn type_at(ctx: &Context<'_>, table: &str, column: &Name) -> Cell {
    let found = ctx.pairs.tables.iter().find_map(|pair| {
        let found = pair.found().filter(|t| t.qualified() == table)?;
        Some(held_type(found, column))
    });
    let said = || {
        let models = ctx.subject.models.iter().flat_map(|set| &set.models);
        let mut of = models.filter(|m| {
            let name = m.table.as_ref().and_then(Expectation::exactly);
            name.zip(ctx.schema())
                .is_some_and(|(name, schema)| names::qualified(schema, name) == table)
        });
        let field = of.find_map(|m| m.fields.iter().find(|f| f.column == *column))?;
        Some(cells::type_said(ctx.schema(), field))
    };
    found.or_else(said).unwrap_or(Cell::Empty)
}
