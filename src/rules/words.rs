//! The words that rules share.

use super::Context;
use crate::change::ReferentialAction;
use crate::declared::{Expectation, Family, Field, Model, ModelKind};
use crate::name::{Name, QualifiedName};
use crate::pair::impact::{About, dependants as dependants_of};
use crate::pair::resolve;
use crate::schema::{ColumnId, ColumnWalker, Lookup, Schema, TableWalker};
use crate::sqltype::SqlType;

/// `User.email`, in backticks.
pub(crate) fn field(model: &Model, field: &Field) -> String {
    format!("`{}.{}`", model.name, field.name)
}

/// What a model is called: "model `User`".
pub(crate) fn model(model: &Model) -> String {
    match model.kind {
        ModelKind::View => format!("view `{}`", model.name),
        ModelKind::JoinTable => format!("the relation behind `{}`", model.name),
        ModelKind::Table | ModelKind::Embedded => format!("model `{}`", model.name),
    }
}

/// `public.users.email`.
pub(crate) fn column(column: ColumnWalker<'_>) -> String {
    format!("{}.{}", column.table.qualified(), column.name())
}

/// `(a, b)`.
pub(crate) fn list<N: std::fmt::Display>(names: impl IntoIterator<Item = N>) -> String {
    let names: Vec<String> = names.into_iter().map(|n| n.to_string()).collect();
    format!("({})", names.join(", "))
}

/// `(a, b)` as SQL writes it.
pub(crate) fn sql_list<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    list(names.into_iter().map(Name::quoted))
}

/// A table's name with its schema, as the database has it or would have it.
pub(crate) fn qualified(schema: Option<&Schema>, name: &QualifiedName) -> String {
    let place = name
        .schema
        .as_ref()
        .or_else(|| schema.and_then(|s| s.search_path.first()));
    match place {
        Some(place) => format!("{place}.{}", name.name),
        None => name.name.to_string(),
    }
}

/// A table's name as SQL writes it, without `public`.
pub(crate) fn sql_table(table: TableWalker<'_>) -> String {
    if table.schema.search_path.contains(table.namespace_name()) {
        table.name().quoted()
    } else {
        format!("{}.{}", table.namespace_name().quoted(), table.name().quoted())
    }
}

/// What drops the constraint or index of a name that is there.
pub(crate) fn in_the_way(table: TableWalker<'_>, name: &Name) -> Option<String> {
    let mut constraints = table.constraints();
    if constraints.any(|c| c.get().name.known() == Some(name)) {
        let table = sql_table(table);
        return Some(format!("ALTER TABLE {table} DROP CONSTRAINT {}; ", name.quoted()));
    }
    let there = table.indexes().any(|i| i.get().name.known() == Some(name));
    let namespace = table.namespace_name();
    let place = match table.schema.search_path.contains(namespace) {
        true => String::new(),
        false => format!("{}.", namespace.quoted()),
    };
    there.then(|| format!("DROP INDEX {place}{}; ", name.quoted()))
}

/// A type that a field asks for, where one is told.
pub(crate) fn wanted(schema: &Schema, ty: &Expectation<SqlType>) -> Option<String> {
    let print = |ty: &SqlType| match resolve(schema, ty) {
        Ok(Some(resolved)) => schema.format_type(&resolved),
        Ok(None) | Err(_) => schema.format_type(ty),
    };
    match ty {
        Expectation::Exactly(ty) => Some(print(ty)),
        Expectation::OneOf(many) => Some(many.iter().map(print).collect::<Vec<_>>().join(" or ")),
        Expectation::Family(family) => Some(
            match family {
                Family::Text => "text",
                Family::Integer => "integer",
                Family::Number => "numeric",
                Family::Timestamp => "timestamp",
                Family::Json => "json",
                Family::Driver(accepted) => accepted.word,
            }
            .to_owned(),
        ),
        Expectation::Anything | Expectation::Unknown(_) => None,
    }
}

/// `ON DELETE CASCADE`.
pub(crate) fn action(event: &str, action: ReferentialAction) -> String {
    format!("ON {event} {}", action.sql())
}

/// How much hangs on a column on either side besides what the finding is about, so that both ways out can be weighed.
pub(crate) fn dependants(ctx: &Context<'_>, column: ColumnWalker<'_>, about: About<'_>) -> String {
    let counts = dependants_of(&ctx.pairs, column.table, &[column.id], about);
    let (table, name) = (column.table.qualified(), column.name());
    weighed(counts, || {
        format!("the column (`schemalign impact {table}.{name}`)")
    })
}

/// The same of the columns of a key, those of them that are there.
pub(crate) fn key_dependants<'n>(
    ctx: &Context<'_>,
    table: TableWalker<'_>,
    columns: impl IntoIterator<Item = &'n Name>,
    about: About<'_>,
) -> String {
    let found = columns.into_iter().filter_map(|name| match table.column(name) {
        Lookup::Found(column) => Some(column),
        Lookup::Absent | Lookup::Unknown(_) => None,
    });
    let found: Vec<ColumnWalker<'_>> = found.collect();
    if let [one] = found.as_slice() {
        return dependants(ctx, *one, about);
    }
    let ids: Vec<ColumnId> = found.iter().map(|column| column.id).collect();
    let counts = dependants_of(&ctx.pairs, table, &ids, about);
    weighed(counts, || {
        let names = list(found.iter().map(|column| column.name()));
        format!("the columns {names} (`schemalign impact {}`)", table.qualified())
    })
}

/// `; 2 other things in the database and 1 in the models depend on the column`; nothing where nothing does.
fn weighed(counts: (usize, usize), on: impl FnOnce() -> String) -> String {
    let things = |count: usize| if count == 1 { "thing" } else { "things" };
    let others = match counts {
        (0, 0) => return String::new(),
        (held, 0) => format!("{held} other {} in the database", things(held)),
        (0, said) => format!("{said} other {} in the models", things(said)),
        (held, said) => format!(
            "{held} other {} in the database and {said} in the models",
            things(held)
        ),
    };
    let depend = if matches!(counts, (1, 0) | (0, 1)) {
        "depends"
    } else {
        "depend"
    };
    format!("; {others} {depend} on {}", on())
}

/// A name without spelling habits: case, underscores, a plural's s.
pub(crate) fn plain(name: &str) -> String {
    let name = name.replace('_', "").to_lowercase();
    name.strip_suffix('s').map(str::to_owned).unwrap_or(name)
}
