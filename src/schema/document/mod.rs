//! A schema as a document: JSON for programs, DDL for a server, text for people.

mod facts;
mod json;
mod sql;
mod text;

pub use facts::{Facts, constraint_definition, facts, index_definition};
pub use json::json;
pub use sql::{NOT_KNOWN, sql};
pub use text::text;

use super::{Constraint, ConstraintKind, ConstraintWalker, Schema, Stored, TableWalker};
use crate::known::Gap;

/// The text of a CHECK as `pg_get_constraintdef` prints it.
///
/// # Errors
/// The gap that keeps the spelling from being told.
pub fn check_definition(constraint: ConstraintWalker<'_>, condition: &Stored) -> Result<String, Gap> {
    let Constraint {
        no_inherit,
        validated,
        ..
    } = constraint.get();
    let condition = constraint
        .table
        .schema
        .print_expr(Some(constraint.table.id), condition)?;
    let inherit = if *no_inherit { " NO INHERIT" } else { "" };
    let valid = if *validated { "" } else { " NOT VALID" };
    Ok(format!("CHECK ({condition}){inherit}{valid}"))
}

/// The name of a table that a foreign key refers to, as `public.users`.
fn referenced(schema: &Schema, kind: &ConstraintKind) -> Option<String> {
    match kind {
        ConstraintKind::ForeignKey(key) => Some(schema.table(key.table).qualified()),
        ConstraintKind::PrimaryKey(_)
        | ConstraintKind::Unique(_)
        | ConstraintKind::Check(_)
        | ConstraintKind::Exclude(..) => None,
    }
}

/// Tables that a document lists: real tables that are certainly there.
fn listed(schema: &Schema) -> impl Iterator<Item = TableWalker<'_>> {
    use super::RelationKind::{Foreign, MaterializedView, Partitioned, Table, View};
    schema.live_tables().into_iter().filter(|t| match t.get().kind {
        Table | Partitioned => t.is_certain(),
        View | MaterializedView | Foreign => false,
    })
}
