//! The JSON form of a schema: facts as a server's catalog would print them, and `unknown` wherever a fact could not be followed.

use serde_json::{Map, Value, json};

use super::{check_definition, listed, referenced};
use crate::change::IdentityKind;
use crate::known::{Fact, Presence, Section};
use crate::name::Name;
use crate::schema::{
    ColumnWalker, ConstraintKind, ConstraintWalker, IndexWalker, Schema, TableWalker, TypeKind,
};

/// The document, without `unresolved` (which the caller adds, since places need files).
#[must_use]
pub fn json(schema: &Schema) -> Map<String, Value> {
    let mut out = Map::new();
    let tables: Map<_, _> = listed(schema).map(|t| (t.qualified(), table(t))).collect();
    out.insert("tables".to_owned(), Value::Object(tables));
    out.insert("enums".to_owned(), Value::Object(enums(schema)));
    if !schema.gaps.is_empty() || schema.live_tables().iter().any(|t| !t.is_certain()) {
        out.insert("incomplete".to_owned(), Value::Bool(true));
    }
    out
}

fn enums(schema: &Schema) -> Map<String, Value> {
    let mut out: Vec<(String, Value)> = Vec::new();
    for (_, ty) in schema.types.iter() {
        let TypeKind::Enum(labels) = &ty.kind else {
            continue;
        };
        if ty.extension.is_some() || ty.presence.is_dropped() || schema.namespaces[ty.namespace].system {
            continue;
        }
        let labels = match (labels, &ty.presence) {
            (Fact::Known(labels, _), Presence::Present(_)) => {
                json!(labels.iter().map(|l| l.as_str()).collect::<Vec<_>>())
            }
            _ => Value::Null,
        };
        out.push((
            format!("{}.{}", schema.namespaces[ty.namespace].name, ty.name),
            labels,
        ));
    }
    out.sort_by(|a, b| a.0.cmp(&b.0));
    out.into_iter().collect()
}

fn table(table: TableWalker<'_>) -> Value {
    let mut unknown: Vec<&'static str> = Section::ALL
        .into_iter()
        .filter(|&s| table.open(s).is_some())
        .map(Section::key)
        .collect();
    let mut open = |section: Section| {
        if !unknown.contains(&section.key()) {
            unknown.push(section.key());
        }
    };
    let mut out = Map::new();
    let columns: Vec<Value> = table
        .columns()
        .filter(|c| certain(&c.get().presence, || open(Section::Columns)))
        .map(column)
        .collect();
    out.insert("columns".to_owned(), Value::Array(columns));
    let mut primary_key = Value::Null;
    let (mut unique, mut foreign_keys, mut checks) = (Vec::new(), Vec::new(), Vec::new());
    for constraint in table.constraints() {
        let section = match constraint.get().kind {
            ConstraintKind::PrimaryKey(_) => Section::PrimaryKey,
            ConstraintKind::Unique(_) => Section::Unique,
            ConstraintKind::ForeignKey(_) => Section::ForeignKeys,
            ConstraintKind::Check(_) | ConstraintKind::Exclude(..) => Section::Checks,
        };
        if !certain(&constraint.get().presence, || open(section)) {
            continue;
        }
        match &constraint.get().kind {
            ConstraintKind::PrimaryKey(_) => primary_key = names(constraint),
            ConstraintKind::Unique(_) => unique.push(json!({"name": name(&constraint.get().name), "columns": names(constraint)})),
            ConstraintKind::ForeignKey(_) => foreign_keys.push(foreign_key(constraint)),
            ConstraintKind::Check(condition) => match constraint.get().name.known() {
                Some(name) => checks.push(json!({"name": name.as_str(), "definition": check_definition(constraint, condition).ok()})),
                None => open(Section::Checks),
            },
            ConstraintKind::Exclude(..) => {}
        }
    }
    let indexes = indexes(table, &mut open);
    for list in [&mut unique, &mut foreign_keys, &mut checks] {
        list.sort_by_key(|item| item["name"].as_str().unwrap_or("").to_owned());
    }
    out.insert("primary_key".to_owned(), primary_key);
    out.insert("unique".to_owned(), Value::Array(unique));
    out.insert("foreign_keys".to_owned(), Value::Array(foreign_keys));
    out.insert("checks".to_owned(), Value::Array(checks));
    out.insert("indexes".to_owned(), Value::Array(indexes));
    if !unknown.is_empty() {
        out.insert("unknown".to_owned(), json!(unknown));
    }
    Value::Object(out)
}

/// Whether an object is certainly there; where it only may be, its section is left open.
fn certain(presence: &Presence, open: impl FnOnce()) -> bool {
    if matches!(presence, Presence::Maybe(_)) {
        open();
    }
    presence.is_present()
}

fn name(name: &Fact<Name>) -> Value {
    name.known().map_or(Value::Null, |n| json!(n.as_str()))
}

fn names(constraint: ConstraintWalker<'_>) -> Value {
    json!(
        constraint
            .columns()
            .map(|c| c.name().as_str())
            .collect::<Vec<_>>()
    )
}

fn column(column: ColumnWalker<'_>) -> Value {
    let (schema, table, c) = (column.table.schema, column.table.id, column.get());
    let mut unknown = Vec::new();
    let mut value = |key: &'static str, value: Option<Value>| {
        value.unwrap_or_else(|| {
            unknown.push(key);
            Value::Null
        })
    };
    let ty = value("type", column.formatted_type().map(Value::String));
    let nullable = value("nullable", c.nullable.known().map(|&n| Value::Bool(n)));
    let default = match c.default.known() {
        None => None,
        Some(None) => Some(Value::Null),
        Some(Some(stored)) => schema.print_expr(Some(table), stored).ok().map(Value::String),
    };
    let default = value("default", default);
    let identity = value(
        "identity",
        c.identity.known().map(|i| match i {
            None => Value::Null,
            Some(IdentityKind::Always) => json!("a"),
            Some(IdentityKind::ByDefault) => json!("d"),
        }),
    );
    let generated = match c.generated.known() {
        None => None,
        Some(None) => Some(Value::Null),
        Some(Some((stored, _))) => schema.print_expr(Some(table), stored).ok().map(Value::String),
    };
    let generated = value("generated", generated);
    let mut out = json!({
        "name": c.name.as_str(), "type": ty, "nullable": nullable, "default": default, "identity": identity, "generated": generated,
    });
    if !unknown.is_empty() {
        out["unknown"] = json!(unknown);
    }
    out
}

fn foreign_key(constraint: ConstraintWalker<'_>) -> Value {
    let ConstraintKind::ForeignKey(key) = &constraint.get().kind else {
        return Value::Null;
    };
    let schema = constraint.table.schema;
    let target = schema.table(key.table);
    json!({
        "name": name(&constraint.get().name),
        "columns": names(constraint),
        "ref_table": referenced(schema, &constraint.get().kind),
        "ref_columns": key.columns.iter().map(|&c| target.column_by_id(c).name().as_str()).collect::<Vec<_>>(),
        "on_delete": key.on_delete.sql(),
        "on_update": key.on_update.sql(),
    })
}

fn indexes(table: TableWalker<'_>, open: &mut impl FnMut(Section)) -> Vec<Value> {
    let mut out = Vec::new();
    for index in table.indexes().filter(|i| i.get().constraint.is_none()) {
        if !certain(&index.get().presence, || open(Section::Indexes)) {
            continue;
        }
        match index_value(index) {
            Some(value) => out.push(value),
            None => open(Section::Indexes),
        }
    }
    out.sort_by_key(|item| item["name"].as_str().unwrap_or("").to_owned());
    out
}

/// An index; `None` where its name or a key cannot be told. A predicate that cannot be spelled is there with an empty text.
fn index_value(index: IndexWalker<'_>) -> Option<Value> {
    let (schema, i) = (index.table.schema, index.get());
    let keys: Option<Vec<String>> = i
        .keys
        .iter()
        .map(|k| schema.print_index_key(index.table.id, &k.expr).ok())
        .collect();
    let predicate = match &i.predicate {
        None => Value::Null,
        Some(stored) => json!(schema.print_expr(Some(index.table.id), stored).ok()?),
    };
    Some(json!({
        "name": i.name.known()?.as_str(), "unique": i.unique, "method": i.method.as_str(), "columns": keys?, "where": predicate,
    }))
}
