//! A schema for people: one line a column, what hangs on a table below it.

use std::fmt::Write;

use super::{check_definition, referenced};
use crate::change::IdentityKind;
use crate::known::{Fact, Presence, Section};
use crate::schema::{ColumnWalker, ConstraintKind, RelationKind, Schema, TableWalker, TypeKind};

/// The text. What is not known shows as `?`.
#[must_use]
pub fn text(schema: &Schema) -> String {
    let mut out = String::new();
    for table in schema.live_tables() {
        write_table(&mut out, table);
    }
    let mut enums: Vec<String> = schema
        .types
        .iter()
        .filter(|(_, t)| t.presence.may_be() && t.extension.is_none())
        .filter_map(|(_, t)| {
            let TypeKind::Enum(labels) = &t.kind else {
                return None;
            };
            let labels = labels.known().map_or("?".to_owned(), |l| l.join(", "));
            Some(format!(
                "enum {}.{}: {labels}\n",
                schema.namespaces[t.namespace].name, t.name
            ))
        })
        .collect();
    enums.sort();
    out.extend(enums);
    out
}

fn write_table(out: &mut String, table: TableWalker<'_>) {
    let kind = match table.get().kind {
        RelationKind::Table => "table",
        RelationKind::Partitioned => "partitioned table",
        RelationKind::View => "view",
        RelationKind::MaterializedView => "materialized view",
        RelationKind::Foreign => "foreign table",
    };
    let note = match (&table.get().presumed, &table.get().presence) {
        (Some(_), _) => "  (presumed: nothing here creates it)",
        (None, Presence::Maybe(_)) => "  (may not exist)",
        (None, _) => "",
    };
    let _ = writeln!(out, "{kind} {}{note}", table.qualified());
    let width = table
        .columns()
        .map(|c| c.name().as_str().chars().count())
        .max()
        .unwrap_or(0);
    for column in table.columns() {
        let _ = writeln!(
            out,
            "  {:width$}  {}",
            column.name().as_str(),
            column_text(column)
        );
    }
    for constraint in table.constraints() {
        let columns = constraint
            .columns()
            .map(|c| c.name().to_string())
            .collect::<Vec<_>>()
            .join(", ");
        let name = constraint.get().name.known().map_or("?", |n| n.as_str());
        let rest = match &constraint.get().kind {
            ConstraintKind::PrimaryKey(_) => format!("primary key ({columns})"),
            ConstraintKind::Unique(_) => format!("unique ({columns})"),
            ConstraintKind::ForeignKey(key) => {
                let target = table.schema.table(key.table);
                let to = key
                    .columns
                    .iter()
                    .map(|&c| target.column_by_id(c).name().to_string())
                    .collect::<Vec<_>>()
                    .join(", ");
                let named = referenced(table.schema, &constraint.get().kind).unwrap_or_default();
                format!(
                    "foreign key ({columns}) references {named} ({to}) on delete {} on update {}",
                    key.on_delete.sql().to_lowercase(),
                    key.on_update.sql().to_lowercase()
                )
            }
            ConstraintKind::Check(condition) => check_definition(constraint, condition)
                .map_or("check ?".to_owned(), |d| d.replacen("CHECK", "check", 1)),
            ConstraintKind::Exclude(..) => format!("exclude ({columns})"),
        };
        let _ = writeln!(out, "  {name}: {rest}");
    }
    for index in table.indexes().filter(|i| i.get().constraint.is_none()) {
        let i = index.get();
        let keys = i
            .keys
            .iter()
            .map(|k| {
                table
                    .schema
                    .print_index_key(table.id, &k.expr)
                    .unwrap_or("?".to_owned())
            })
            .collect::<Vec<_>>()
            .join(", ");
        let name = i.name.known().map_or("?", |n| n.as_str());
        let unique = if i.unique { "unique index" } else { "index" };
        let predicate = i.predicate.as_ref().map_or(String::new(), |p| {
            format!(
                " where {}",
                table
                    .schema
                    .print_expr(Some(table.id), p)
                    .unwrap_or("?".to_owned())
            )
        });
        let _ = writeln!(out, "  {name}: {unique} {} ({keys}){predicate}", i.method);
    }
    let open: Vec<&str> = Section::ALL
        .into_iter()
        .filter(|&s| table.open(s).is_some())
        .map(Section::key)
        .collect();
    if !open.is_empty() {
        let _ = writeln!(out, "  more may exist: {}", open.join(", "));
    }
    out.push('\n');
}

fn column_text(column: ColumnWalker<'_>) -> String {
    let (schema, c) = (column.table.schema, column.get());
    let mut out = column.formatted_type().unwrap_or_else(|| "?".to_owned());
    match c.nullable {
        Fact::Known(true, _) => {}
        Fact::Known(false, _) => out.push_str(" not null"),
        Fact::Unknown { .. } => out.push_str(" null?"),
    }
    let print = |stored| {
        schema
            .print_expr(Some(column.table.id), stored)
            .unwrap_or_else(|_| "?".to_owned())
    };
    match c.default.known() {
        Some(None) => {}
        Some(Some(stored)) => out.push_str(&format!(" default {}", print(stored))),
        None => out.push_str(" default?"),
    }
    if let Some(Some((stored, _))) = c.generated.known() {
        out.push_str(&format!(" generated ({})", print(stored)));
    }
    match c.identity.known() {
        Some(Some(IdentityKind::Always)) => out.push_str(" identity always"),
        Some(Some(IdentityKind::ByDefault)) => out.push_str(" identity by default"),
        Some(None) => {}
        None => out.push_str(" identity?"),
    }
    if let Presence::Maybe(_) = c.presence {
        out.push_str("  (may not exist)");
    }
    out
}
