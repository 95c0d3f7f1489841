//! The schema as an entity diagram, for Mermaid and for Graphviz: tables, columns, keys, and foreign keys as lines. Views and the
//! partitions of a table are left out.

use crate::known::Fact;
use crate::schema::{ColumnWalker, ConstraintKind, ConstraintWalker, RelationKind, Schema, TableWalker};

/// The tables that a diagram draws.
pub(super) fn tables(schema: &Schema) -> Vec<TableWalker<'_>> {
    let mut out = schema.live_tables();
    out.retain(|table| match table.get().kind {
        RelationKind::Table | RelationKind::Partitioned | RelationKind::Foreign => {
            table.get().partition.of.is_none()
        }
        RelationKind::View | RelationKind::MaterializedView => false,
    });
    out
}

/// The name of a table: without its schema where that is on the search path.
pub(super) fn title(table: TableWalker<'_>) -> String {
    let namespace = table.namespace_name();
    match table.schema.search_path.contains(namespace) {
        true => table.name().to_string(),
        false => table.qualified(),
    }
}

/// `PK`, `FK`, `UK`: the keys that a column is of.
pub(super) fn keys(column: ColumnWalker<'_>) -> Vec<&'static str> {
    let mut out = Vec::new();
    for constraint in column.table.constraints() {
        let columns = &constraint.get().columns;
        let word = match &constraint.get().kind {
            _ if !columns.contains(&column.id) => continue,
            ConstraintKind::PrimaryKey(_) => "PK",
            ConstraintKind::ForeignKey(_) => "FK",
            ConstraintKind::Unique(_) if columns.len() == 1 => "UK",
            ConstraintKind::Unique(_) | ConstraintKind::Check(_) | ConstraintKind::Exclude(..) => continue,
        };
        if !out.contains(&word) {
            out.push(word);
        }
    }
    out.sort_by_key(|word| ["PK", "FK", "UK"].iter().position(|w| w == word));
    out
}

/// A column's type, or `?`.
pub(super) fn type_of(column: ColumnWalker<'_>) -> String {
    column.formatted_type().unwrap_or_else(|| "?".to_owned())
}

/// A foreign key as a line of the diagram.
pub(super) struct Line<'a> {
    /// The table that holds it.
    pub(super) from: TableWalker<'a>,
    /// The table that it refers to.
    pub(super) to: TableWalker<'a>,
    /// Its name.
    pub(super) name: String,
    /// Whether a row may refer to nothing.
    pub(super) optional: bool,
    /// Whether at most one row refers to the same.
    pub(super) single: bool,
}

/// The foreign keys of a table to tables that are drawn.
pub(super) fn lines<'a>(table: TableWalker<'a>, drawn: &[TableWalker<'a>]) -> Vec<Line<'a>> {
    let lines = table.constraints().filter_map(|constraint| {
        let ConstraintKind::ForeignKey(key) = &constraint.get().kind else {
            return None;
        };
        let to = drawn.iter().find(|t| t.id == key.table)?;
        let nullable = |c: ColumnWalker<'_>| !matches!(c.get().nullable, Fact::Known(false, _));
        Some(Line {
            from: table,
            to: *to,
            name: constraint
                .get()
                .name
                .known()
                .map_or("?", |n| n.as_str())
                .to_owned(),
            optional: constraint.columns().any(nullable),
            single: is_unique(table, constraint),
        })
    });
    lines.collect()
}

/// Whether a primary key or unique constraint or index lies wholly within these columns.
fn is_unique(table: TableWalker<'_>, of: ConstraintWalker<'_>) -> bool {
    let columns = &of.get().columns;
    table.indexes().any(|index| {
        let index = index.get();
        let mut keys = 0..index.keys.len();
        index.unique
            && index.predicate.is_none()
            && !index.keys.is_empty()
            && keys.all(|at| index.key_column(at).is_some_and(|c| columns.contains(&c)))
    })
}
