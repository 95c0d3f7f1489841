//! An expression of a model as the server would store it on a table, so that both sides of a comparison are of one form.

use super::analyse::{Analysed, Scope, analyse};
use crate::schema::{Schema, Stored, TableId};
use crate::sqltype::SqlType;
use crate::tree::Expr;

/// The expression resolved on `table` and, where it is a default, coerced to `target`. `None` where that cannot be told.
#[must_use]
pub fn as_stored(schema: &Schema, table: TableId, target: Option<&SqlType>, expr: &Expr) -> Option<Stored> {
    let held = schema.tables.get(table)?;
    let scope = Scope {
        schema,
        table: Some(table),
        columns: &held.columns,
        open: None,
        target,
        value: None,
    };
    match analyse(&scope, expr) {
        Analysed::Done(stored) if stored.spelling.is_none() => Some(stored),
        Analysed::Done(_) | Analysed::Refused(_) => None,
    }
}
