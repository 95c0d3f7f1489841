//! Operations in the words of Alembic and of Ecto; `None` where they have none and the SQL is sent.

use super::operation::{Operation, Table};
use crate::change::ReferentialAction;
use crate::name::Name;
use crate::sqltype::{BaseType, Builtin, Modifier, SqlType};
use crate::stacks::sqlalchemy::generic::generic;

/// A call of `op`.
pub(super) fn alembic(operation: &Operation) -> Option<String> {
    let schema = |table: &Table, word: &str| match &table.schema {
        Some(schema) => format!(", {word}={}", text(schema)),
        None => String::new(),
    };
    let list = |names: &[Name]| format!("[{}]", names.iter().map(text).collect::<Vec<_>>().join(", "));
    Some(match operation {
        Operation::AddColumn {
            table,
            column,
            ty,
            nullable,
        } => {
            let (name, args, _) = generic(ty)?;
            format!(
                "op.add_column({}, sa.Column({}, sa.{name}({args}), nullable={}){})",
                text(&table.name),
                text(column),
                truth(*nullable),
                schema(table, "schema")
            )
        }
        Operation::SetNullable {
            table,
            column,
            nullable,
        } => format!(
            "op.alter_column({}, {}, nullable={}{})",
            text(&table.name),
            text(column),
            truth(*nullable),
            schema(table, "schema")
        ),
        Operation::CreateIndex {
            table,
            name,
            columns,
            unique,
        } => format!(
            "op.create_index({}, {}, {}{}{})",
            text(name),
            text(&table.name),
            list(columns),
            if *unique { ", unique=True" } else { "" },
            schema(table, "schema")
        ),
        Operation::AddUnique { table, name, columns } => format!(
            "op.create_unique_constraint({}, {}, {}{})",
            text(name),
            text(&table.name),
            list(columns),
            schema(table, "schema")
        ),
        Operation::AddForeignKey {
            table,
            name,
            columns,
            target,
            referenced,
            on_delete,
            on_update,
        } => format!(
            "op.create_foreign_key({}, {}, {}, {}, {}{}{}{}{})",
            text(name),
            text(&table.name),
            text(&target.name),
            list(columns),
            list(referenced),
            action("ondelete", *on_delete),
            action("onupdate", *on_update),
            schema(table, "source_schema"),
            schema(target, "referent_schema")
        ),
    })
}

fn truth(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

fn action(word: &str, action: ReferentialAction) -> String {
    match action {
        ReferentialAction::NoAction => String::new(),
        other => format!(", {word}=\"{}\"", other.sql()),
    }
}

/// A name as a literal of Python.
fn text(name: &Name) -> String {
    super::form::python(name.as_str())
}

/// A command of a migration, of one or more lines.
pub(super) fn ecto(operation: &Operation) -> Option<String> {
    let place = |table: &Table| match &table.schema {
        Some(schema) => format!(", prefix: {}", super::form::elixir(schema.as_str())),
        None => String::new(),
    };
    match operation {
        Operation::AddColumn {
            table,
            column,
            ty,
            nullable,
        } => {
            let null = if *nullable { "" } else { ", null: false" };
            let (ty, options) = of_ecto(ty)?;
            Some(format!(
                "alter table({}{}) do\n  add {}, {ty}{options}{null}\nend",
                atom(&table.name)?,
                place(table),
                atom(column)?
            ))
        }
        Operation::CreateIndex {
            table,
            name,
            columns,
            unique,
        } => {
            let columns: Vec<String> = columns.iter().map(atom).collect::<Option<_>>()?;
            let word = if *unique { "unique_index" } else { "index" };
            let usual = {
                let names: Vec<&str> = columns.iter().map(|c| c.trim_start_matches(':')).collect();
                format!("{}_{}_index", table.name, names.join("_"))
            };
            let named = match usual == name.as_str() {
                true => String::new(),
                false => format!(", name: {}", super::form::elixir(name.as_str())),
            };
            Some(format!(
                "create {word}({}, [{}]{named}{})",
                atom(&table.name)?,
                columns.join(", "),
                place(table)
            ))
        }
        // Its words for these say the type again, or make an index where a constraint is meant.
        Operation::SetNullable { .. } | Operation::AddUnique { .. } | Operation::AddForeignKey { .. } => None,
    }
}

/// `:users`, where the name needs no quotes.
fn atom(name: &Name) -> Option<String> {
    let name = name.as_str();
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    let plain = begins && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain.then(|| format!(":{name}"))
}

/// A type of Ecto's migrations and its options (`column_type` and `ecto_to_db` of ecto_sql's Postgres connection).
fn of_ecto(ty: &SqlType) -> Option<(&'static str, String)> {
    let BaseType::Builtin(builtin) = ty.base else {
        return None;
    };
    if ty.array {
        return None;
    }
    let none = String::new();
    Some(match (builtin, &ty.modifier) {
        (Builtin::Text, None) => (":text", none),
        (Builtin::Varchar, Some(Modifier::Length(255))) => (":string", none),
        (Builtin::Varchar, Some(Modifier::Length(length))) => (":string", format!(", size: {length}")),
        (Builtin::Int4, None) => (":integer", none),
        (Builtin::Int8, None) => (":bigint", none),
        (Builtin::Bool, None) => (":boolean", none),
        (Builtin::Uuid, None) => (":uuid", none),
        (Builtin::Jsonb, None) => (":map", none),
        (Builtin::Numeric, None) => (":decimal", none),
        (Builtin::Numeric, Some(Modifier::Numeric { precision, scale })) => {
            (":decimal", format!(", precision: {precision}, scale: {scale}"))
        }
        (Builtin::Float8, None) => (":float", none),
        (Builtin::Date, None) => (":date", none),
        (Builtin::Time, Some(Modifier::Seconds(0))) => (":time", none),
        (Builtin::Timestamp, Some(Modifier::Seconds(0))) => (":utc_datetime", none),
        (Builtin::Timestamp, None) => (":utc_datetime_usec", none),
        (Builtin::Bytea, None) => (":binary", none),
        _ => return None,
    })
}

/// The column type that Ecto's own generators and documents give a field of this type (`field :name, :string` with
/// `add :name, :string`).
pub(super) fn of_field(declared: &str) -> Option<SqlType> {
    let plain = SqlType::builtin;
    let with = |builtin, modifier| SqlType {
        modifier: Some(modifier),
        ..SqlType::builtin(builtin)
    };
    if let Some(inner) = declared
        .strip_prefix("{:array, ")
        .and_then(|d| d.strip_suffix('}'))
    {
        return Some(of_field(inner.trim())?.array_of());
    }
    Some(match declared {
        ":string" => with(Builtin::Varchar, Modifier::Length(255)),
        ":integer" => plain(Builtin::Int4),
        ":id" => plain(Builtin::Int8),
        ":binary_id" | "Ecto.UUID" => plain(Builtin::Uuid),
        ":boolean" => plain(Builtin::Bool),
        ":map" => plain(Builtin::Jsonb),
        ":decimal" => plain(Builtin::Numeric),
        ":float" => plain(Builtin::Float8),
        ":date" => plain(Builtin::Date),
        ":time" => with(Builtin::Time, Modifier::Seconds(0)),
        ":time_usec" => plain(Builtin::Time),
        ":utc_datetime" | ":naive_datetime" => with(Builtin::Timestamp, Modifier::Seconds(0)),
        ":utc_datetime_usec" | ":naive_datetime_usec" => plain(Builtin::Timestamp),
        ":binary" => plain(Builtin::Bytea),
        _ => return None,
    })
}
