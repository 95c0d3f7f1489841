//! Expressions as the server prints them (`pg_get_expr`, `pg_get_constraintdef`, `pg_get_indexdef`).

use super::{Schema, Stored, TableId};
use crate::known::Gap;

impl Schema {
    /// The text that the server prints for an expression on `table` (`None`: on no table, as a domain's default).
    ///
    /// # Errors
    /// The gap that keeps the spelling from being told.
    pub fn print_expr(&self, table: Option<TableId>, stored: &Stored) -> Result<String, Gap> {
        let _ = table;
        Err(stored
            .spelling
            .clone()
            .unwrap_or_else(|| Gap::not_given("not printed yet", crate::known::Reach::Rows)))
    }

    /// The text of an index key as `pg_get_indexdef(index, key, true)` prints it: a column's quoted name, or an expression.
    ///
    /// # Errors
    /// The gap that keeps the spelling from being told.
    pub fn print_index_key(&self, table: TableId, stored: &Stored) -> Result<String, Gap> {
        if let crate::tree::ExprKind::Var(column) = stored.expr.kind
            && let Some(column) = self.tables[table].columns.get(column as usize)
        {
            return Ok(column.name.quoted());
        }
        self.print_expr(Some(table), stored)
    }
}
