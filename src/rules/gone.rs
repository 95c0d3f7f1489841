//! Keys and indexes that a table had: what dropped them, so that a message does not say that they never were.

use super::Context;
use super::place::{Part, Place};
use crate::known::{Fact, Presence};
use crate::name::Name;
use crate::pair::same_set;
use crate::schema::{ConstraintKind, IndexId, IndexWalker, TableWalker};

impl Context<'_> {
    /// Where the last foreign key over these columns was dropped.
    pub(super) fn dropped_foreign_key(&self, table: TableWalker<'_>, columns: &[&Name]) -> Option<Place> {
        let mut constraints = table.get().constraints.iter().rev();
        constraints.find_map(|constraint| {
            let held: Vec<&Name> = constraint
                .columns
                .iter()
                .map(|&id| table.column_by_id(id).name())
                .collect();
            let is = matches!(constraint.kind, ConstraintKind::ForeignKey(_)) && same_set(&held, columns);
            is.then(|| self.dropped(&constraint.presence, &constraint.name))?
        })
    }

    /// Where the last primary key was dropped, by itself or with a column of it.
    pub(super) fn dropped_primary_key(&self, table: TableWalker<'_>) -> Option<Place> {
        let mut constraints = table.get().constraints.iter().rev();
        constraints.find_map(|constraint| {
            let is = matches!(constraint.kind, ConstraintKind::PrimaryKey(_));
            is.then(|| self.dropped(&constraint.presence, &constraint.name))?
        })
    }

    /// Where the last CHECK of this name was dropped.
    pub(super) fn dropped_check(&self, table: TableWalker<'_>, name: Option<&Name>) -> Option<Place> {
        let name = name?;
        let mut constraints = table.get().constraints.iter().rev();
        constraints.find_map(|constraint| {
            let is =
                matches!(constraint.kind, ConstraintKind::Check(_)) && constraint.name.known() == Some(name);
            is.then(|| self.dropped(&constraint.presence, &constraint.name))?
        })
    }

    /// Where the last index over these columns was dropped: a unique one, in any order, or any, in this order.
    pub(super) fn dropped_index(
        &self,
        table: TableWalker<'_>,
        columns: &[&Name],
        unique: bool,
    ) -> Option<Place> {
        let indexes = &table.get().indexes;
        (0..indexes.len()).rev().find_map(|i| {
            let index = indexes.get(i)?;
            let walker = IndexWalker {
                table,
                id: IndexId(u32::try_from(i).ok()?),
            };
            let held = crate::pair::key_columns(walker)?;
            let is = if unique {
                index.unique && index.predicate.is_none() && same_set(&held, columns)
            } else {
                index.predicate.is_none() && held == columns
            };
            is.then(|| self.dropped(&index.presence, &index.name))?
        })
    }

    fn dropped(&self, presence: &Presence, name: &Fact<Name>) -> Option<Place> {
        let Presence::Dropped(change) = presence else {
            return None;
        };
        self.place(Some(*change), name.known().map_or(Part::Statement, Part::Dropped))
    }
}
