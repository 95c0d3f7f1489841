//! A table or column as an argument names it, and where a change to it was made.

use super::escape;
use crate::known::ChangeId;
use crate::name::Name;
use crate::replay::Journal;
use crate::schema::{ColumnId, Schema, TableId};
use crate::source::Files;

/// A table or column of a replayed schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object {
    /// The table.
    pub table: TableId,
    /// Its column, where one is meant.
    pub column: Option<ColumnId>,
}

/// What `users`, `users.email`, `public.users` and `public.users.email` may mean, those that were dropped included.
#[must_use]
pub fn find(schema: &Schema, written: &str) -> Vec<Object> {
    let mut out = Vec::new();
    for parts in readings(written) {
        match parts.as_slice() {
            [table] => out.extend(tables(schema, None, table)),
            [first, second] => {
                out.extend(tables(schema, Some(first), second));
                out.extend(columns(schema, None, first, second));
            }
            [namespace, table, column] => out.extend(columns(schema, Some(namespace), table, column)),
            _ => {}
        }
        if !out.is_empty() {
            break;
        }
    }
    out
}

/// The readings of what is written: folded as SQL folds, and taken as it stands.
#[must_use]
pub fn readings(written: &str) -> [Vec<Name>; 2] {
    let parts = split(written);
    [
        parts.iter().map(|p| Name::from_sql(p)).collect(),
        parts.iter().map(|p| Name::new(p.trim_matches('"'))).collect(),
    ]
}

/// Parts between dots; dots in quotes do not count.
fn split(written: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    for c in written.chars() {
        quoted ^= c == '"';
        match out.last_mut() {
            Some(last) if c != '.' || quoted => last.push(c),
            _ => out.push(String::new()),
        }
    }
    out
}

fn tables(schema: &Schema, namespace: Option<&Name>, name: &Name) -> Vec<Object> {
    let found = schema.tables.iter().filter(|(_, t)| {
        t.name == *name && namespace.is_none_or(|n| schema.namespaces[t.namespace].name == *n)
    });
    found.map(|(table, _)| Object { table, column: None }).collect()
}

fn columns(schema: &Schema, namespace: Option<&Name>, table: &Name, column: &Name) -> Vec<Object> {
    let mut out = Vec::new();
    for found in tables(schema, namespace, table) {
        let columns = schema.tables[found.table].columns.iter().zip(0..);
        out.extend(columns.filter(|(c, _)| c.name == *column).map(|(_, id)| Object {
            column: Some(ColumnId(id)),
            ..found
        }));
    }
    out
}

/// Its name as printed.
#[must_use]
pub fn name(schema: &Schema, object: Object) -> String {
    let table = schema.table(object.table).qualified();
    let column = object
        .column
        .and_then(|id| schema.tables[object.table].columns.get(id.0 as usize));
    match column {
        Some(column) => format!("{table}.{}", column.name),
        None => table,
    }
}

/// `migrations/1_init/migration.sql:3 (1_init)`.
#[must_use]
pub fn place(change: ChangeId, journal: &Journal, files: &Files) -> String {
    let Some(origin) = journal.origin(change) else {
        return "before the first migration".to_owned();
    };
    let line = files.start(origin.span).line;
    let via: Vec<String> = origin
        .via
        .iter()
        .map(|span| {
            format!(
                ", called from {}:{}",
                escape(files.path(span.file)),
                files.start(*span).line
            )
        })
        .collect();
    let migration = journal.migration(change).unwrap_or("");
    let path = escape(files.path(origin.span.file));
    let named = if path.contains(migration) {
        String::new()
    } else {
        format!(" ({})", escape(migration))
    };
    format!("{path}:{line}{named}{}", via.concat())
}
