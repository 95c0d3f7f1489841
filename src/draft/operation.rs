//! What languages of migrations have words for: the plainest of the steps, without SQL.

use crate::change::ReferentialAction;
use crate::known::Fact;
use crate::name::Name;
use crate::pair::key_columns;
use crate::schema::{
    Column, ColumnWalker, ConstraintKind, ConstraintWalker, IndexWalker, Schema, TableWalker,
};
use crate::sqltype::SqlType;

/// A table: its schema where that is not on the search path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its schema.
    pub schema: Option<Name>,
    /// Its name.
    pub name: Name,
}

/// One operation on a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// A column with a type and nothing else.
    AddColumn {
        /// Where.
        table: Table,
        /// Its name.
        column: Name,
        /// Its type.
        ty: SqlType,
        /// Whether it allows NULL.
        nullable: bool,
    },
    /// `SET NOT NULL`, `DROP NOT NULL`.
    SetNullable {
        /// Where.
        table: Table,
        /// Which.
        column: Name,
        /// Whether it is to allow NULL.
        nullable: bool,
    },
    /// A btree over columns.
    CreateIndex {
        /// Where.
        table: Table,
        /// Its name.
        name: Name,
        /// In order.
        columns: Vec<Name>,
        /// Whether it is unique.
        unique: bool,
    },
    /// A unique constraint.
    AddUnique {
        /// Where.
        table: Table,
        /// Its name.
        name: Name,
        /// In order.
        columns: Vec<Name>,
    },
    /// A foreign key.
    AddForeignKey {
        /// Where.
        table: Table,
        /// Its name.
        name: Name,
        /// In order.
        columns: Vec<Name>,
        /// The table that it refers to.
        target: Table,
        /// In order.
        referenced: Vec<Name>,
        /// `ON DELETE`.
        on_delete: ReferentialAction,
        /// `ON UPDATE`.
        on_update: ReferentialAction,
    },
}

impl Table {
    pub(super) fn of(table: TableWalker<'_>, held: &Schema) -> Table {
        let namespace = table.namespace_name();
        Table {
            schema: (!held.search_path.contains(namespace)).then(|| namespace.clone()),
            name: table.name().clone(),
        }
    }
}

impl Operation {
    /// A column, where it has no more than a type.
    pub(super) fn add_column(table: Table, column: ColumnWalker<'_>) -> Option<Operation> {
        let get = column.get();
        is_bare(get).then_some(Operation::AddColumn {
            table,
            column: column.name().clone(),
            ty: get.ty.known()?.clone(),
            nullable: *get.nullable.known()?,
        })
    }

    /// An index of the plainest kind.
    pub(super) fn create_index(index: IndexWalker<'_>, held: &Schema) -> Option<Operation> {
        let get = index.get();
        let plain = |key: &crate::schema::IndexKey| {
            key.collation.is_none() && key.opclass.is_none() && !key.descending && !key.nulls_first
        };
        let bare = get.method == "btree"
            && get.predicate.is_none()
            && get.include.is_empty()
            && !get.nulls_not_distinct
            && get.keys.iter().all(plain);
        bare.then_some(Operation::CreateIndex {
            table: Table::of(index.table, held),
            name: get.name.known()?.clone(),
            columns: key_columns(index)?.into_iter().cloned().collect(),
            unique: get.unique,
        })
    }

    /// A unique constraint or foreign key without more.
    pub(super) fn add(constraint: ConstraintWalker<'_>, held: &Schema) -> Option<Operation> {
        let get = constraint.get();
        if get.deferrable || !get.validated || get.no_inherit {
            return None;
        }
        let table = Table::of(constraint.table, held);
        let name = get.name.known()?.clone();
        let columns: Vec<Name> = constraint.columns().map(|c| c.name().clone()).collect();
        match &get.kind {
            ConstraintKind::Unique(index) => {
                let index = constraint.table.get().indexes.get(index.0 as usize)?;
                let bare = index.include.is_empty() && !index.nulls_not_distinct;
                bare.then_some(Operation::AddUnique { table, name, columns })
            }
            ConstraintKind::ForeignKey(key) => {
                let target = constraint.table.schema.table(key.table);
                let referenced = key
                    .columns
                    .iter()
                    .map(|id| target.column_by_id(*id).name().clone());
                (!key.match_full && key.set_columns.is_empty()).then(|| Operation::AddForeignKey {
                    table,
                    name,
                    columns,
                    target: Table::of(target, held),
                    referenced: referenced.collect(),
                    on_delete: key.on_delete,
                    on_update: key.on_update,
                })
            }
            ConstraintKind::PrimaryKey(_) | ConstraintKind::Check(_) | ConstraintKind::Exclude(..) => None,
        }
    }
}

fn is_bare(column: &Column) -> bool {
    matches!(column.default, Fact::Known(None, _))
        && matches!(column.identity, Fact::Known(None, _))
        && matches!(column.generated, Fact::Known(None, _))
        && column.collation.is_none()
        && column.sequence.is_none()
}
