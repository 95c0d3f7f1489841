//! Inheritance and partitions: what a parent's columns, constraints and indexes do to its children.

use super::apply::{Outcome, Step};
use super::constraint::{Key, blank_constraint};
use super::error;
use crate::change::{ConstraintBody, ConstraintSpec, ObjectName, PartitionBound};
use crate::known::{Fact, Presence, Section};
use crate::name::Name;
use crate::schema::{
    ColumnId, Constraint, ConstraintKind, ForeignKey, Index, IndexId, Partition, RelationKind, Stored,
    TableId,
};
use crate::source::Span;
use crate::tree::{Expr, ExprKind};

impl Step {
    /// Tables that inherit from a table, its partitions included, in the order they were made.
    pub(super) fn children(&self, table: TableId) -> Vec<TableId> {
        let mut out: Vec<TableId> = self
            .table(table)
            .dependents
            .iter()
            .copied()
            .filter(|&id| {
                let child = self.table(id);
                child.presence.may_be()
                    && (child.partition.of == Some(table) || child.inherits.contains(&table))
            })
            .collect();
        out.sort();
        out
    }

    /// The partitions of a table.
    pub(super) fn partitions(&self, table: TableId) -> Vec<TableId> {
        if self.table(table).kind != RelationKind::Partitioned {
            return Vec::new();
        }
        let mut out = self.children(table);
        out.retain(|&id| self.table(id).partition.of == Some(table));
        out
    }

    /// The child's column of the same name.
    pub(super) fn child_column(&self, table: TableId, column: ColumnId, child: TableId) -> Option<ColumnId> {
        self.find_column(child, &self.column(table, column).name)
    }

    /// An expression of one table as it reads on another: columns go by name. Without a counterpart the number stays.
    pub(super) fn translate(&self, stored: &Stored, from: TableId, to: TableId) -> Stored {
        let mut out = stored.clone();
        out.expr.walk_mut(&mut |e: &mut Expr| {
            if let ExprKind::Var(n) = &mut e.kind
                && (*n as usize) < self.table(from).columns.len()
                && let Some(id) = self.child_column(from, ColumnId(*n), to)
            {
                *n = id.0;
            }
        });
        out
    }

    /// An index of one table as it is on another, attached to nothing.
    pub(super) fn translate_index(&self, index: &Index, from: TableId, to: TableId) -> Index {
        let mut out = index.clone();
        for key in &mut out.keys {
            key.expr = self.translate(&key.expr, from, to);
        }
        out.predicate = index.predicate.as_ref().map(|p| self.translate(p, from, to));
        let columns = index.include.iter();
        out.include = columns.filter_map(|&c| self.child_column(from, c, to)).collect();
        out.constraint = None;
        out.parent = None;
        out.presence = Presence::Present(self.id);
        out.comment = None;
        out
    }

    fn translate_columns(&self, columns: &[ColumnId], from: TableId, to: TableId) -> Vec<ColumnId> {
        columns
            .iter()
            .filter_map(|&c| self.child_column(from, c, to))
            .collect()
    }

    /// A parent's CHECK on a child: merged with one of the same name, else added; and so on down.
    pub(super) fn inherit_check(
        &mut self,
        parent: TableId,
        child: TableId,
        constraint: &Constraint,
        span: Span,
    ) -> Outcome {
        let ConstraintKind::Check(stored) = &constraint.kind else {
            return Ok(());
        };
        let wanted = self.translate(stored, parent, child);
        let existing = constraint
            .name
            .known()
            .and_then(|name| self.find_constraint(child, name));
        if let Some(existing) = existing {
            let found = &mut self.table_mut(child).constraints[existing.0 as usize];
            let same = matches!(&found.kind, ConstraintKind::Check(other) if other.expr == wanted.expr);
            found.inherited += 1;
            if let (false, ConstraintKind::Check(other), Some(name)) =
                (same, &found.kind, constraint.name.known())
                && other.spelling.is_none()
                && wanted.spelling.is_none()
            {
                return Err(error::duplicate_constraint(name, &self.table(child).name, span));
            }
            return Ok(());
        }
        let columns = self.translate_columns(&constraint.columns, parent, child);
        let own = Constraint {
            validated: constraint.validated,
            inherited: 1,
            local: false,
            ..blank_constraint(
                constraint.name.clone(),
                ConstraintKind::Check(wanted),
                columns,
                self.id,
            )
        };
        self.table_mut(child).constraints.push(own.clone());
        for grandchild in self.children(child) {
            self.inherit_check(child, grandchild, &own, span)?;
        }
        Ok(())
    }

    /// A partitioned table's foreign key on a partition, under the same name where that is free there.
    pub(super) fn inherit_foreign_key(
        &mut self,
        parent: TableId,
        child: TableId,
        constraint: &Constraint,
    ) -> Outcome {
        let ConstraintKind::ForeignKey(key) = &constraint.kind else {
            return Ok(());
        };
        let columns = self.translate_columns(&constraint.columns, parent, child);
        let same = self.table(child).constraints.iter().position(|c| {
            c.presence.is_present()
                && c.inherited == 0
                && c.columns == columns
                && matches!(&c.kind, ConstraintKind::ForeignKey(other)
                    if other.table == key.table
                        && other.columns == key.columns
                        && other.on_delete == key.on_delete
                        && other.on_update == key.on_update)
                && c.deferrable == constraint.deferrable
        });
        if let Some(at) = same {
            self.table_mut(child).constraints[at].inherited = 1;
            return Ok(());
        }
        let used = constraint
            .name
            .known()
            .is_some_and(|name| self.find_constraint(child, name).is_some());
        let name = if used {
            let names: Vec<Name> = columns
                .iter()
                .map(|&c| self.column(child, c).name.clone())
                .collect();
            let middle = super::naming::join_columns(names.iter().map(Name::as_str));
            let (namespace, table_name) = (self.table(child).namespace, self.table(child).name.clone());
            self.choose_constraint_name(namespace, &table_name, Some(&middle), "fkey")
        } else {
            constraint.name.clone()
        };
        let set_columns = self.translate_columns(&key.set_columns, parent, child);
        let own = Constraint {
            name,
            columns,
            kind: ConstraintKind::ForeignKey(ForeignKey {
                set_columns,
                ..key.clone()
            }),
            presence: Presence::Present(self.id),
            inherited: 1,
            local: false,
            comment: None,
            ..constraint.clone()
        };
        self.push_foreign_key(child, own)
    }

    /// A foreign key to a partitioned table has a twin for each partition, named by the server.
    pub(super) fn reference_partitions(&mut self, table: TableId, constraint: &Constraint) {
        let ConstraintKind::ForeignKey(key) = &constraint.kind else {
            return;
        };
        for partition in self.partitions(key.table) {
            self.reference_partition(table, constraint, key, partition);
        }
        // Partitions that are not listed have twins, too.
        let other = self.table(key.table);
        let place = self.schema().namespaces[other.namespace].name.clone();
        if other.partition.by.is_some()
            && let Some(gap) = self.schema().hiding_gap(&[&place]).cloned()
        {
            self.open_section(table, Section::ForeignKeys, &gap);
        }
    }

    fn reference_partition(
        &mut self,
        table: TableId,
        constraint: &Constraint,
        key: &ForeignKey,
        partition: TableId,
    ) {
        let names: Vec<Name> = constraint
            .columns
            .iter()
            .map(|&c| self.column(table, c).name.clone())
            .collect();
        let middle = super::naming::join_columns(names.iter().map(Name::as_str));
        let (namespace, table_name) = (self.table(table).namespace, self.table(table).name.clone());
        let name = self.choose_constraint_name(namespace, &table_name, Some(&middle), "fkey");
        let index = key.index.and_then(|index| {
            let indexes = &self.table(partition).indexes;
            let at = indexes
                .iter()
                .position(|i| i.parent == Some((key.table, index)) && i.presence.may_be())?;
            Some(IndexId(at as u32))
        });
        let own_key = ForeignKey {
            table: partition,
            columns: self.translate_columns(&key.columns, key.table, partition),
            index,
            ..key.clone()
        };
        let twin = Constraint {
            name,
            kind: ConstraintKind::ForeignKey(own_key.clone()),
            inherited: 1,
            local: false,
            ..constraint.clone()
        };
        self.depend(table, partition);
        self.table_mut(table).constraints.push(twin.clone());
        for deeper in self.partitions(partition) {
            self.reference_partition(table, &twin, &own_key, deeper);
        }
    }

    /// Everything that a new or attached partition takes from its parent: indexes, keys, foreign keys.
    pub(super) fn take_from_parent(&mut self, parent: TableId, child: TableId, span: Span) -> Outcome {
        let indexes: Vec<(IndexId, Index)> = self
            .table(parent)
            .indexes
            .iter()
            .enumerate()
            .filter(|(_, i)| i.presence.is_present())
            .map(|(at, i)| (IndexId(at as u32), i.clone()))
            .collect();
        for (id, index) in indexes {
            match index.constraint {
                Some(constraint) => {
                    let constraint = self.table(parent).constraints[constraint.0 as usize].clone();
                    self.take_key(parent, id, &index, &constraint, child, span)?;
                }
                None => self.take_index(parent, id, &index, child)?,
            }
        }
        let foreign: Vec<Constraint> = self
            .table(parent)
            .constraints
            .iter()
            .filter(|c| c.presence.is_present() && matches!(c.kind, ConstraintKind::ForeignKey(_)))
            .cloned()
            .collect();
        for constraint in foreign {
            // Twins for the referenced side's partitions come along with the key itself.
            if constraint.local || constraint.inherited == 0 || self.is_copy(parent, &constraint) {
                self.inherit_foreign_key(parent, child, &constraint)?;
            }
        }
        self.referenced_by(parent, child);
        self.take_triggers(parent, child, span)
    }

    /// Foreign keys of other tables to the parent get a twin for its new partition.
    fn referenced_by(&mut self, parent: TableId, child: TableId) {
        let tables = self.table(parent).dependents.clone();
        for table in tables {
            let keys: Vec<Constraint> = self
                .table(table)
                .constraints
                .iter()
                .filter(|c| {
                    c.presence.is_present()
                        && matches!(&c.kind, ConstraintKind::ForeignKey(key) if key.table == parent)
                        && !self.is_copy(table, c)
                })
                .cloned()
                .collect();
            for constraint in keys {
                if let ConstraintKind::ForeignKey(key) = &constraint.kind {
                    self.reference_partition(table, &constraint, key, child);
                }
            }
        }
    }

    /// A partition's copy of its parent's key: the parent's own gets the twin (`CloneFkReferenced`).
    fn is_copy(&self, table: TableId, copy: &Constraint) -> bool {
        let ConstraintKind::ForeignKey(own) = &copy.kind else {
            return false;
        };
        let Some(of) = self.table(table).partition.of.filter(|_| copy.inherited > 0) else {
            return false;
        };
        self.table(of).constraints.iter().any(|c| {
            c.presence.is_present()
                && matches!(&c.kind, ConstraintKind::ForeignKey(key) if key.table == own.table)
                && self.translate_columns(&c.columns, of, table) == copy.columns
        })
    }

    fn take_index(&mut self, parent: TableId, id: IndexId, index: &Index, child: TableId) -> Outcome {
        let wanted = self.translate_index(index, parent, child);
        if let Some(existing) = self.same_index(child, &wanted, false) {
            self.table_mut(child).indexes[existing.0 as usize].parent = Some((parent, id));
            return Ok(());
        }
        let own = Index {
            parent: Some((parent, id)),
            ..wanted
        };
        let own_id = self.push_index(child, own, None);
        for grandchild in self.partitions(child) {
            let own = self.table(child).indexes[own_id.0 as usize].clone();
            self.take_index(child, own_id, &own, grandchild)?;
        }
        Ok(())
    }

    fn take_key(
        &mut self,
        parent: TableId,
        id: IndexId,
        index: &Index,
        constraint: &Constraint,
        child: TableId,
        span: Span,
    ) -> Outcome {
        let (label, primary, operators) = match &constraint.kind {
            ConstraintKind::PrimaryKey(_) => ("pkey", true, None),
            ConstraintKind::Unique(_) => ("key", false, None),
            ConstraintKind::Exclude(_, operators) => ("excl", false, Some(operators.clone())),
            ConstraintKind::ForeignKey(_) | ConstraintKind::Check(_) => return Ok(()),
        };
        let spec = ConstraintSpec {
            name: None,
            body: ConstraintBody::Unique {
                columns: Vec::new(),
                include: Vec::new(),
                nulls_not_distinct: false,
            },
            deferrable: constraint.deferrable,
            initially_deferred: constraint.initially_deferred,
            not_valid: false,
            no_inherit: false,
            span,
        };
        let key = Key {
            spec: &spec,
            label,
            primary,
            nulls_not_distinct: index.nulls_not_distinct,
            method: index.method.clone(),
            keys: index.keys.clone(),
            include: index.include.clone(),
            predicate: index.predicate.clone(),
            operators,
            key_names: Vec::new(),
            alone: false,
        };
        self.key_on_partition(parent, id, child, &key)
    }

    /// `ATTACH PARTITION`.
    pub(super) fn attach_partition(
        &mut self,
        parent: TableId,
        child: &ObjectName,
        bound: &PartitionBound,
    ) -> Outcome {
        let child_id = self.table_named(child)?;
        if self.table(child_id).partition.of.is_some() {
            return Err(error::wrong_kind_of_partition(&child.name.name, child.span));
        }
        if !self.may_descend(child_id, parent, child.span)? {
            return Ok(());
        }
        self.table_mut(child_id).partition.of = Some(parent);
        self.set_bound(child_id, bound);
        self.depend(child_id, parent);
        self.inherit_columns(parent, child_id, child.span)?;
        self.take_from_parent(parent, child_id, child.span)?;
        let name = self.table(parent).name.clone();
        self.log(child_id, None, format!("attached to {name}"));
        Ok(())
    }

    /// Columns and CHECKs of a parent are on the child already; they count as inherited from now on.
    pub(super) fn inherit_columns(&mut self, parent: TableId, child: TableId, span: Span) -> Outcome {
        let columns: Vec<ColumnId> = self.schema().table(parent).columns().map(|c| c.id).collect();
        for column in columns {
            let name = self.column(parent, column).name.clone();
            let own = self.column_or(child, &name, |_| {
                let message = format!("child table is missing column \"{name}\"");
                error::failure("42804", message, span)
            })?;
            self.column_mut(child, own).inherited += 1;
        }
        let checks: Vec<Constraint> = self
            .table(parent)
            .constraints
            .iter()
            .filter(|c| {
                c.presence.is_present() && !c.no_inherit && matches!(c.kind, ConstraintKind::Check(_))
            })
            .cloned()
            .collect();
        for check in checks {
            if let Some(name) = check.name.known()
                && let Some(own) = self.find_constraint(child, name)
            {
                self.table_mut(child).constraints[own.0 as usize].inherited += 1;
            }
        }
        Ok(())
    }

    /// `DETACH PARTITION`: what came from the parent stays and is the table's own.
    pub(super) fn detach_partition(&mut self, parent: TableId, child: &ObjectName) -> Outcome {
        let child_id = self.table_named(child)?;
        if self.table(child_id).partition.of != Some(parent) {
            if self.table(child_id).presumed.is_some() {
                return Ok(());
            }
            let message = format!(
                "relation \"{}\" is not a partition of relation \"{}\"",
                child.name.name,
                self.table(parent).name
            );
            return Err(error::failure("42P01", message, child.span));
        }
        let (by, key) = {
            let partition = &self.table(child_id).partition;
            (partition.by.clone(), partition.key.clone())
        };
        let t = self.table_mut(child_id);
        t.partition = Partition {
            by,
            key,
            of: None,
            bound: None,
            default: false,
        };
        for column in &mut t.columns {
            column.inherited = column.inherited.saturating_sub(1);
            column.local = true;
        }
        for constraint in &mut t.constraints {
            constraint.inherited = constraint.inherited.saturating_sub(1);
            constraint.local = true;
        }
        for index in &mut t.indexes {
            index.parent = None;
        }
        self.lose_triggers(parent, child_id);
        self.forget_twins(parent, child_id);
        let name = self.table(parent).name.clone();
        self.log(child_id, None, format!("detached from {name}"));
        Ok(())
    }

    /// Twins of foreign keys for a partition that is one no more.
    fn forget_twins(&mut self, _parent: TableId, child: TableId) {
        let gone = Presence::Dropped(self.id);
        for table in self.table(child).dependents.clone() {
            for constraint in &mut self.table_mut(table).constraints {
                if let ConstraintKind::ForeignKey(key) = &constraint.kind
                    && key.table == child
                    && !constraint.local
                {
                    constraint.presence = gone.clone();
                }
            }
        }
    }

    /// `INHERIT` and `NO INHERIT`.
    pub(super) fn set_inherit(&mut self, table: TableId, parent: &ObjectName, inherit: bool) -> Outcome {
        let parent_id = self.table_named(parent)?;
        if inherit {
            if !self.may_descend(table, parent_id, parent.span)? {
                return Ok(());
            }
            self.table_mut(table).inherits.push(parent_id);
            self.depend(table, parent_id);
            return self.inherit_columns(parent_id, table, parent.span);
        }
        self.table_mut(table).inherits.retain(|&id| id != parent_id);
        let names: Vec<Name> = self
            .schema()
            .table(parent_id)
            .columns()
            .map(|c| c.name().clone())
            .collect();
        let checks: Vec<Name> = self
            .table(parent_id)
            .constraints
            .iter()
            .filter(|c| c.presence.may_be() && matches!(c.kind, ConstraintKind::Check(_)))
            .filter_map(|c| c.name.known().cloned())
            .collect();
        let t = self.table_mut(table);
        for column in t.columns.iter_mut().filter(|c| names.contains(&c.name)) {
            column.inherited = column.inherited.saturating_sub(1);
            column.local |= column.inherited == 0;
        }
        for constraint in &mut t.constraints {
            if constraint.name.known().is_some_and(|name| checks.contains(name)) {
                constraint.inherited = constraint.inherited.saturating_sub(1);
                constraint.local |= constraint.inherited == 0;
            }
        }
        Ok(())
    }

    /// Sets or drops NOT NULL on a column and, going down, on the children's.
    pub(super) fn set_not_null(&mut self, table: TableId, column: ColumnId, not_null: bool, recurse: bool) {
        if self.column(table, column).nullable.known() != Some(&!not_null) {
            let origin = self.id;
            self.column_mut(table, column).nullable = Fact::Known(!not_null, origin);
            self.log(
                table,
                Some(column),
                if not_null {
                    "made NOT NULL"
                } else {
                    "made nullable"
                },
            );
        }
        if recurse {
            for child in self.children(table) {
                if let Some(own) = self.child_column(table, column, child) {
                    self.set_not_null(child, own, not_null, true);
                }
            }
        }
    }
}
