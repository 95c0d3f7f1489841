//! Expressions as the server prints them (`pg_get_expr`, `pg_get_constraintdef`, `pg_get_indexdef`).
//!
//! Source: `ruleutils.c` of the server. An expression that was analysed (see [`crate::tree::expr`]) holds all that printing
//! needs; names are looked up in the schema as it stands, so renames show.

mod constant;
mod printer;
mod syntax;

use super::{Schema, Stored, TableId};
use crate::known::Gap;
use crate::tree::{Expr, ExprKind};
use printer::Printer;

impl Schema {
    /// The text that the server prints for an expression on `table` (`None`: on no table, as a domain's default), as
    /// `pg_get_expr(adbin, adrelid)` does: for defaults, generated columns and index predicates.
    ///
    /// # Errors
    /// The gap that keeps the spelling from being told.
    pub fn print_expr(&self, table: Option<TableId>, stored: &Stored) -> Result<String, Gap> {
        match &stored.spelling {
            Some(gap) => Err(gap.clone()),
            None => Printer::new(self, table, false).print(&stored.expr),
        }
    }

    /// An expression much as the server prints it, for a message, where its exact spelling cannot be told.
    #[must_use]
    pub fn sketch_expr(&self, table: Option<TableId>, stored: &Stored) -> Option<String> {
        Printer::new(self, table, false).print(&stored.expr).ok()
    }

    /// A CHECK as `pg_get_constraintdef` prints it, without `NO INHERIT` and `NOT VALID`: `CHECK ((a > 0))`.
    ///
    /// # Errors
    /// The gap that keeps the spelling from being told.
    pub fn print_check(&self, table: Option<TableId>, stored: &Stored) -> Result<String, Gap> {
        self.print_expr(table, stored)
            .map(|text| format!("CHECK ({text})"))
    }

    /// An index key as `pg_get_indexdef(index, key, true)` prints it: fewer parentheses, and a pair around what is no call.
    ///
    /// # Errors
    /// The gap that keeps the spelling from being told.
    pub fn print_index_key(&self, table: TableId, stored: &Stored) -> Result<String, Gap> {
        self.print_key(table, stored, true)
    }

    /// An index key as it stands in `pg_get_indexdef(index)`, or in `pg_get_partkeydef`: with all parentheses.
    ///
    /// # Errors
    /// The gap that keeps the spelling from being told.
    pub fn print_key_in_full(&self, table: TableId, stored: &Stored) -> Result<String, Gap> {
        self.print_key(table, stored, false)
    }

    fn print_key(&self, table: TableId, stored: &Stored, pretty: bool) -> Result<String, Gap> {
        // A plain column is told whatever else is not.
        let column = matches!(stored.expr.kind, ExprKind::Var(_));
        if let Some(gap) = &stored.spelling
            && !column
        {
            return Err(gap.clone());
        }
        // A collation at the top is the key's own, beside the expression.
        let mut expr = &stored.expr;
        while let ExprKind::Collate(inner, _) = &expr.kind {
            expr = inner;
        }
        let column = column || matches!(expr.kind, ExprKind::Var(_));
        let text = Printer::new(self, Some(table), pretty).print(expr)?;
        Ok(if column || is_call(expr) {
            text
        } else {
            format!("({text})")
        })
    }
}

/// Whether the grammar takes the printed form as a call, so that a key needs no parentheses (`looks_like_function`).
fn is_call(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Call(_) | ExprKind::Keyword(..) | ExprKind::Value(..) | ExprKind::AtTimeZone(..)
    )
}
