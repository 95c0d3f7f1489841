//! What a fact of either side says in a cell: its value, or why it cannot be told.

use super::{At, Cell};
use crate::declared::{Expectation, Field, Model, Models};
use crate::known::{Fact, Gap, Presence};
use crate::rules::Context;
use crate::rules::place::Place;
use crate::rules::table_of_another_database::held_by_another;
use crate::rules::words;
use crate::schema::{ColumnWalker, Lookup, Schema, TableWalker};
use crate::sqltype::SqlType;

/// A table of one database with the models that map it.
pub struct Held<'a> {
    /// The table.
    pub table: TableWalker<'a>,
    /// Its models, with the sets that they are from.
    pub models: Vec<(&'a Models, &'a Model)>,
}

/// The tables of a database, views and those that may be there too, each with its models.
/// What another database of the same migrations has, and this one is only presumed to have, is left to the other.
pub(super) fn held<'a>(all: &[Context<'a>], ctx: &Context<'a>) -> Vec<Held<'a>> {
    let Some(schema) = ctx.schema() else {
        return Vec::new();
    };
    let mut models: std::collections::BTreeMap<crate::schema::TableId, Vec<_>> = Default::default();
    for pair in &ctx.pairs.tables {
        if let (Some(id), Some(model)) = (table_of(schema, pair), pair.model) {
            models.entry(id).or_default().push(model);
        }
    }
    let elsewhere = |table: &TableWalker<'_>| {
        table.get().presumed.is_some() && held_by_another(all, ctx, &table.qualified()).is_some()
    };
    let tables = schema.live_tables().into_iter();
    tables
        .filter(|table| !elsewhere(table))
        .map(|table| Held {
            table,
            models: models.remove(&table.id).unwrap_or_default(),
        })
        .collect()
}

/// The models whose table the database has not; those of another database of the same migrations are left to that.
pub(super) fn alone<'a>(
    all: &[Context<'a>],
    ctx: &Context<'a>,
    held: &[Held<'a>],
) -> Vec<(&'a Models, &'a Model)> {
    let is_held = |model: &Model| {
        let mut models = held.iter().flat_map(|one| &one.models);
        models.any(|(_, m)| std::ptr::eq(*m, model))
    };
    let is_elsewhere = |model: &Model| {
        let name = model.table.as_ref().and_then(Expectation::exactly);
        name.is_some_and(|name| {
            let qualified = words::qualified(ctx.schema(), name);
            held_by_another(all, ctx, &qualified).is_some()
        })
    };
    let models = ctx.subject.models.iter().copied();
    let models = models.flat_map(|set| set.models.iter().map(move |model| (set, model)));
    models
        .filter(|(_, m)| m.table.is_some() && !is_held(m) && !is_elsewhere(m))
        .collect()
}

/// The table of a pair, one that only may be there too.
fn table_of(schema: &Schema, pair: &crate::pair::TablePair<'_>) -> Option<crate::schema::TableId> {
    if let Some(id) = pair.table_id() {
        return Some(id);
    }
    let (_, model) = pair.model?;
    let name = model.table.as_ref()?.exactly()?;
    match schema.table_named(name) {
        Lookup::Found(table) => Some(table.id),
        Lookup::Absent | Lookup::Unknown(_) => None,
    }
}

/// Why a fact cannot be told, with what it may be.
pub(super) fn unknown(gap: &Gap, candidates: &[String]) -> Cell {
    match candidates {
        [] => Cell::Unknown(gap.why.clone()),
        some => Cell::Unknown(format!("{}: {}", some.join(" or "), gap.why)),
    }
}

/// A fact of the database.
pub(super) fn fact<T>(fact: &Fact<T>, print: impl Fn(&T) -> Cell) -> Cell {
    match fact {
        Fact::Known(value, _) => print(value),
        Fact::Unknown { gap, candidates } => {
            let words: Vec<String> = candidates.iter().map(|(value, _)| print(value).plain()).collect();
            unknown(gap, &words)
        }
    }
}

/// The type that the database has.
pub(super) fn type_held(column: ColumnWalker<'_>) -> Cell {
    let schema = column.table.schema;
    fact(&column.get().ty, |ty| Cell::text(schema.format_type(ty)))
}

/// The type that a field asks for.
pub(super) fn type_said(schema: Option<&Schema>, field: &Field) -> Cell {
    let printed = match schema {
        Some(schema) => words::wanted(schema, &field.ty),
        None => without_schema(&field.ty),
    };
    match (&field.ty, printed) {
        (_, Some(printed)) => Cell::text(printed),
        (Expectation::Unknown(gap), None) => Cell::Unknown(gap.why.clone()),
        (_, None) => Cell::text("any"),
    }
}

fn without_schema(ty: &Expectation<SqlType>) -> Option<String> {
    words::wanted(&Schema::default(), ty)
}

/// Where something of the database was made or set.
pub(super) fn at(place: Option<Place>) -> Option<At> {
    place.map(|place| At {
        span: place.span,
        migration: place.migration,
    })
}

/// Why an object may be there or not; `None` where it is.
pub(super) fn doubt(presence: &Presence) -> Option<&Gap> {
    match presence {
        Presence::Maybe(gap) => Some(gap),
        Presence::Present(_) | Presence::Dropped(_) => None,
    }
}
