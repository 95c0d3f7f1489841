//! Their objects in our numbers.

use super::Join;
use super::parts::PartPlaces;
use crate::known::Fact;
use crate::schema::{
    Column, ColumnId, ConstraintKind, ForeignKey, Function, IndexId, Sequence, SequenceId, Stored, Table,
    TableId, Type, TypeKind,
};
use crate::sqltype::{BaseType, SqlType};
use crate::tree::{Expr, ExprKind, RelationRef};

impl Join<'_> {
    fn parts(&self, theirs: TableId) -> PartPlaces {
        self.places.parts.get(&theirs).cloned().unwrap_or_default()
    }

    fn remap_sql_type(&self, ty: &mut SqlType) {
        if let BaseType::Object(id) = &mut ty.base {
            *id = self.places.types.get(*id);
        }
    }

    fn remap_fact<T>(&self, fact: &mut Fact<T>, change: &mut dyn FnMut(&mut T)) {
        match fact {
            Fact::Known(value, _) => change(value),
            Fact::Unknown { candidates, .. } => candidates.iter_mut().for_each(|c| change(&mut c.0)),
        }
    }

    fn remap_expr(&self, expr: &mut Expr, parts: Option<&PartPlaces>) {
        expr.walk_mut(&mut |e| match &mut e.kind {
            ExprKind::Var(n) => {
                if let Some(parts) = parts {
                    *n = parts.column(ColumnId(*n)).0;
                }
            }
            ExprKind::Const(_, ty) | ExprKind::Cast(_, ty, _) => self.remap_sql_type(ty),
            ExprKind::Relation(relation) => {
                *relation = match *relation {
                    RelationRef::Table(t) => RelationRef::Table(self.places.tables.get(TableId(t)).0),
                    RelationRef::Index(t, i) => RelationRef::Index(
                        self.places.tables.get(TableId(t)).0,
                        self.parts(TableId(t)).index(IndexId(i)).0,
                    ),
                    RelationRef::Sequence(s) => {
                        RelationRef::Sequence(self.places.sequences.get(SequenceId(s)).0)
                    }
                };
            }
            _ => {}
        });
    }

    fn remap_stored(&self, stored: &mut Stored, parts: Option<&PartPlaces>) {
        self.remap_expr(&mut stored.expr, parts);
    }

    pub(super) fn remap_type(&self, ty: &mut Type) {
        if self.places.moves_nothing {
            return;
        }
        ty.namespace = self.places.namespace(ty.namespace);
        match &mut ty.kind {
            TypeKind::Composite(attributes) => self.remap_fact(attributes, &mut |list| {
                list.iter_mut().for_each(|(_, ty)| self.remap_sql_type(ty));
            }),
            TypeKind::Domain(domain) => {
                self.remap_fact(&mut domain.base, &mut |ty| self.remap_sql_type(ty));
                self.remap_fact(&mut domain.default, &mut |default| {
                    default.iter_mut().for_each(|d| self.remap_stored(d, None));
                });
                domain
                    .checks
                    .iter_mut()
                    .for_each(|(_, check)| self.remap_stored(check, None));
            }
            TypeKind::Range(Some(subtype)) => self.remap_sql_type(subtype),
            TypeKind::Row(table) => *table = self.places.tables.get(*table),
            TypeKind::Enum(_) | TypeKind::Range(None) | TypeKind::Base | TypeKind::Presumed(_) => {}
        }
    }

    pub(super) fn remap_sequence(&self, sequence: &mut Sequence) {
        if self.places.moves_nothing {
            return;
        }
        sequence.namespace = self.places.namespace(sequence.namespace);
        if let Some((table, column)) = &mut sequence.owner {
            *column = self.parts(*table).column(*column);
            *table = self.places.tables.get(*table);
        }
        sequence
            .used_by
            .iter_mut()
            .for_each(|t| *t = self.places.tables.get(*t));
    }

    pub(super) fn remap_function(&self, function: &mut Function) {
        if self.places.moves_nothing {
            return;
        }
        function.namespace = self.places.namespace(function.namespace);
        function
            .parameters
            .list
            .iter_mut()
            .for_each(|p| self.remap_sql_type(&mut p.1));
        function.returns.iter_mut().for_each(|ty| self.remap_sql_type(ty));
    }

    pub(super) fn remap_table(&self, theirs: TableId, table: &mut Table) {
        if self.places.moves_nothing {
            return;
        }
        let parts = self.parts(theirs);
        table.namespace = self.places.namespace(table.namespace);
        table
            .columns
            .iter_mut()
            .for_each(|column| self.remap_column(column, &parts));
        for constraint in &mut table.constraints {
            constraint.columns.iter_mut().for_each(|c| *c = parts.column(*c));
            match &mut constraint.kind {
                ConstraintKind::PrimaryKey(index)
                | ConstraintKind::Unique(index)
                | ConstraintKind::Exclude(index, _) => *index = parts.index(*index),
                ConstraintKind::ForeignKey(key) => self.remap_foreign_key(key, &parts),
                ConstraintKind::Check(stored) => self.remap_stored(stored, Some(&parts)),
            }
        }
        for index in &mut table.indexes {
            index
                .keys
                .iter_mut()
                .for_each(|key| self.remap_stored(&mut key.expr, Some(&parts)));
            index.include.iter_mut().for_each(|c| *c = parts.column(*c));
            index
                .predicate
                .iter_mut()
                .for_each(|p| self.remap_stored(p, Some(&parts)));
            index.constraint = index.constraint.map(|c| parts.constraint(c));
            if let Some((parent, own)) = &mut index.parent {
                *own = self.parts(*parent).index(*own);
                *parent = self.places.tables.get(*parent);
            }
        }
        table
            .inherits
            .iter_mut()
            .for_each(|t| *t = self.places.tables.get(*t));
        table
            .dependents
            .iter_mut()
            .for_each(|t| *t = self.places.tables.get(*t));
        table.of_type = table.of_type.map(|ty| self.places.types.get(ty));
        table.partition.of = table.partition.of.map(|t| self.places.tables.get(t));
        table.partition.key.iter_mut().for_each(|c| *c = parts.column(*c));
        for (table, column) in table.view.iter_mut().flat_map(|view| view.reads.iter_mut()) {
            *column = column.map(|c| self.parts(*table).column(c));
            *table = self.places.tables.get(*table);
        }
        for at in 0..table.log.len() {
            // Written only where it differs: what is not written stays shared.
            let moved = table.log[at].column.map(|c| parts.column(c));
            if moved != table.log[at].column {
                table.log[at].column = moved;
            }
        }
    }

    fn remap_column(&self, column: &mut Column, parts: &PartPlaces) {
        self.remap_fact(&mut column.ty, &mut |ty| self.remap_sql_type(ty));
        self.remap_fact(&mut column.default, &mut |default| {
            default.iter_mut().for_each(|d| self.remap_stored(d, Some(parts)));
        });
        self.remap_fact(&mut column.generated, &mut |generated| {
            generated
                .iter_mut()
                .for_each(|g| self.remap_stored(&mut g.0, Some(parts)));
        });
        column.sequence = column.sequence.map(|s| self.places.sequences.get(s));
    }

    fn remap_foreign_key(&self, key: &mut ForeignKey, own: &PartPlaces) {
        let parts = self.parts(key.table);
        key.columns.iter_mut().for_each(|c| *c = parts.column(*c));
        key.index = key.index.map(|i| parts.index(i));
        key.set_columns.iter_mut().for_each(|c| *c = own.column(*c));
        key.table = self.places.tables.get(key.table);
    }
}
