//! What a new table takes over from the tables it inherits from or is a partition of.

use super::apply::{Outcome, Step};
use super::error;
use crate::change::{CreateTable, PartitionBound};
use crate::known::{Fact, Presence, Section};
use crate::schema::{Column, ColumnId, Constraint, ConstraintKind, RelationKind, TableId};

impl Step {
    /// `INHERITS` and `PARTITION OF`: the parents' columns come first.
    pub(super) fn take_parents(&mut self, id: TableId, spec: &CreateTable) -> Outcome<Vec<TableId>> {
        let mut parents = Vec::new();
        for parent in &spec.inherits {
            let parent_id = self.table_named(parent)?;
            if self.may_descend(id, parent_id, parent.span)? {
                self.table_mut(id).inherits.push(parent_id);
                parents.push(parent_id);
            }
        }
        if let Some((parent, bound)) = &spec.partition_of {
            let parent_id = self.table_named(parent)?;
            let kind = self.table(parent_id).kind;
            if kind != RelationKind::Partitioned && self.table(parent_id).presumed.is_none() {
                let message = format!("\"{}\" is not partitioned", parent.name.name);
                return Err(error::failure("42P17", message, parent.span));
            }
            if self.may_descend(id, parent_id, parent.span)? {
                self.table_mut(id).partition.of = Some(parent_id);
                self.set_bound(id, bound);
                parents.push(parent_id);
            }
        }
        for &parent in &parents {
            self.depend(id, parent);
            self.copy_columns(parent, id);
        }
        Ok(parents)
    }

    /// Of which values it is a partition.
    pub(super) fn set_bound(&mut self, id: TableId, bound: &PartitionBound) {
        let written = match bound {
            PartitionBound::Default => None,
            PartitionBound::Values(text) => Some(self.written(text)),
        };
        let partition = &mut self.table_mut(id).partition;
        partition.default = written.is_none();
        partition.bound = written;
    }

    pub(super) fn copy_columns(&mut self, parent: TableId, id: TableId) {
        if let Some(gap) = self.schema().table(parent).open(Section::Columns).cloned() {
            self.open_section(id, Section::Columns, &gap);
        }
        let columns: Vec<(ColumnId, Column)> = self
            .schema()
            .table(parent)
            .columns()
            .map(|c| (c.id, c.get().clone()))
            .collect();
        let origin = self.id;
        for (_, column) in &columns {
            if let Some(own) = self.find_column(id, &column.name) {
                let not_null = column.nullable.known() == Some(&false);
                let merged = self.column_mut(id, own);
                merged.inherited += 1;
                if not_null {
                    merged.nullable = Fact::Known(false, origin);
                }
                continue;
            }
            let own = Column {
                presence: match &column.presence {
                    Presence::Maybe(gap) => Presence::Maybe(gap.clone()),
                    Presence::Present(_) | Presence::Dropped(_) => Presence::Present(origin),
                },
                identity: Fact::Known(None, origin),
                sequence: None,
                inherited: 1,
                local: false,
                comment: None,
                ..column.clone()
            };
            self.add_column(id, own);
        }
        // Expressions refer to columns by number, and the numbers may differ here.
        for (_, column) in &columns {
            let Some(own) = self.find_column(id, &column.name) else {
                continue;
            };
            if self.column(id, own).inherited > 1 {
                continue;
            }
            if let Fact::Known(Some(stored), at) = &column.default {
                let default = self.translate(stored, parent, id);
                self.note_uses(id, &default.expr);
                self.column_mut(id, own).default = Fact::Known(Some(default), *at);
            }
            if let Fact::Known(Some((stored, kind)), at) = &column.generated {
                let stored = self.translate(stored, parent, id);
                self.column_mut(id, own).generated = Fact::Known(Some((stored, *kind)), *at);
            }
        }
    }

    pub(super) fn take_checks(&mut self, parent: TableId, id: TableId) {
        if let Some(gap) = self.schema().table(parent).open(Section::Checks).cloned() {
            self.open_section(id, Section::Checks, &gap);
        }
        let checks: Vec<Constraint> = self
            .table(parent)
            .constraints
            .iter()
            .filter(|c| c.presence.may_be() && !c.no_inherit && matches!(c.kind, ConstraintKind::Check(_)))
            .cloned()
            .collect();
        for check in checks {
            let span = self.at;
            // A table that is being made has no other check of this name.
            let _ = self.inherit_check(parent, id, &check, span);
        }
    }
}
