//! `LIKE other INCLUDING ...`.
//!
//! Source: `transformTableLikeClause` and `expandTableLikeClause` in `parse_utilcmd.c`.

use super::apply::{Outcome, Step};
use super::constraint::blank_constraint;
use crate::change::{CreateTable, LikeSpec, SequenceOptions, TableElement};
use crate::known::{Fact, Presence, Section};
use crate::name::Name;
use crate::schema::{
    Column, ColumnId, Constraint, ConstraintId, ConstraintKind, Index, IndexId, Relation, TableId,
};
use crate::sqltype::{Builtin, SqlType};

impl Step {
    /// Columns with types and NOT NULL; defaults, generation, identity and CHECKs where included.
    pub(super) fn like_columns(&mut self, table: TableId, like: &LikeSpec) -> Outcome {
        let source = self.table_named(&like.table)?;
        if let Some(gap) = self.schema().table(source).open(Section::Columns).cloned() {
            self.open_section(table, Section::Columns, &gap);
        }
        let columns: Vec<(ColumnId, Column)> = self
            .schema()
            .table(source)
            .columns()
            .map(|c| (c.id, c.get().clone()))
            .collect();
        for (_, column) in &columns {
            if self.find_column(table, &column.name).is_some() {
                let message = format!("column \"{}\" specified more than once", column.name);
                return Err(super::error::failure("42701", message, like.table.span));
            }
            self.like_column(table, column, like)?;
        }
        for (_, column) in &columns {
            self.like_expressions(source, table, column, like);
        }
        if like.options.constraints {
            self.like_checks(source, table);
        }
        Ok(())
    }

    fn like_column(&mut self, table: TableId, column: &Column, like: &LikeSpec) -> Outcome {
        let origin = self.id;
        let own = Column {
            presence: match &column.presence {
                Presence::Maybe(gap) => Presence::Maybe(gap.clone()),
                Presence::Present(_) | Presence::Dropped(_) => Presence::Present(origin),
            },
            default: Fact::Known(None, origin),
            generated: Fact::Known(None, origin),
            identity: Fact::Known(None, origin),
            sequence: None,
            inherited: 0,
            local: true,
            comment: column.comment.clone().filter(|_| like.options.comments),
            ..column.clone()
        };
        let id = self.add_column(table, own);
        let Some(&Some(kind)) = column.identity.known() else {
            return Ok(());
        };
        if like.options.identity {
            let t = self.table(table);
            let (namespace, name, temporary) = (t.namespace, t.name.clone(), t.temporary);
            let options = column
                .sequence
                .map_or_else(SequenceOptions::default, |s| self.sequence_options(s));
            if let Some(ty) = column.ty.known().cloned() {
                let sequence =
                    self.column_sequence(namespace, &name, &column.name, &options, ty, temporary)?;
                self.make_identity(table, id, sequence, kind);
            }
        }
        Ok(())
    }

    fn sequence_options(&self, id: crate::schema::SequenceId) -> SequenceOptions {
        let s = self.sequence(id);
        SequenceOptions {
            // The server does not copy the type: the limits tell it all.
            ty: Some(SqlType::builtin(Builtin::Int8)),
            start: Some(s.start),
            increment: Some(s.increment),
            min: Some(Some(s.min)),
            max: Some(Some(s.max)),
            cache: Some(s.cache),
            cycle: Some(s.cycle),
            owned_by: None,
            name: None,
        }
    }

    fn like_expressions(&mut self, source: TableId, table: TableId, column: &Column, like: &LikeSpec) {
        let Some(own) = self.find_column(table, &column.name) else {
            return;
        };
        let origin = self.id;
        if like.options.defaults {
            let default = match &column.default {
                Fact::Known(Some(stored), _) => {
                    let stored = self.translate(stored, source, table);
                    self.note_uses(table, &stored.expr);
                    Fact::Known(Some(stored), origin)
                }
                other => other.clone(),
            };
            self.column_mut(table, own).default = default;
        }
        if like.options.generated {
            let generated = match &column.generated {
                Fact::Known(Some((stored, kind)), _) => {
                    Fact::Known(Some((self.translate(stored, source, table), *kind)), origin)
                }
                other => other.clone(),
            };
            self.column_mut(table, own).generated = generated;
        }
    }

    fn like_checks(&mut self, source: TableId, table: TableId) {
        if let Some(gap) = self.schema().table(source).open(Section::Checks).cloned() {
            self.open_section(table, Section::Checks, &gap);
        }
        let constraints = self.table(source).constraints.clone();
        for constraint in constraints.iter().filter(|c| c.presence.may_be()) {
            let ConstraintKind::Check(stored) = &constraint.kind else {
                continue;
            };
            let stored = self.translate(stored, source, table);
            let columns = stored.expr.vars().into_iter().map(ColumnId).collect();
            let copy = Constraint {
                no_inherit: constraint.no_inherit,
                ..blank_constraint(
                    constraint.name.clone(),
                    ConstraintKind::Check(stored),
                    columns,
                    self.id,
                )
            };
            self.table_mut(table).constraints.push(copy);
        }
    }

    /// Indexes and keys of `INCLUDING INDEXES`, under names of their own.
    pub(super) fn like_indexes(&mut self, table: TableId, spec: &CreateTable) -> Outcome {
        for element in &spec.elements {
            if let TableElement::Like(like) = element
                && like.options.indexes
            {
                let source = self.table_named(&like.table)?;
                for section in [Section::PrimaryKey, Section::Unique, Section::Indexes] {
                    if let Some(gap) = self.schema().table(source).open(section).cloned() {
                        self.open_section(table, section, &gap);
                    }
                }
                let indexes = self.table(source).indexes.clone();
                for index in indexes.iter().filter(|i| i.presence.may_be()) {
                    self.like_index(source, table, index);
                }
            }
        }
        Ok(())
    }

    fn like_index(&mut self, source: TableId, table: TableId, index: &Index) {
        let own = self.translate_index(index, source, table);
        let Some(constraint) = index.constraint else {
            self.push_index(table, own, None);
            return;
        };
        let constraint = self.table(source).constraints[constraint.0 as usize].clone();
        let (label, primary) = match constraint.kind {
            ConstraintKind::PrimaryKey(_) => ("pkey", true),
            ConstraintKind::Unique(_) => ("key", false),
            ConstraintKind::Exclude(..) => ("excl", false),
            ConstraintKind::ForeignKey(_) | ConstraintKind::Check(_) => return,
        };
        let t = self.table(table);
        let (namespace, table_name) = (t.namespace, t.name.clone());
        let middle = super::naming::join_columns(own.attributes.iter().map(String::as_str));
        let middle = (!primary).then_some(middle.as_str());
        let name = self.choose_relation_name(namespace, &table_name, middle, label, true);
        let index_id = IndexId(self.table(table).indexes.len() as u32);
        let constraint_id = ConstraintId(self.table(table).constraints.len() as u32);
        let kind = match constraint.kind {
            ConstraintKind::PrimaryKey(_) => ConstraintKind::PrimaryKey(index_id),
            ConstraintKind::Exclude(_, operators) => ConstraintKind::Exclude(index_id, operators),
            _ => ConstraintKind::Unique(index_id),
        };
        let columns = (0..own.keys.len()).filter_map(|k| own.key_column(k)).collect();
        let copy = Constraint {
            deferrable: constraint.deferrable,
            initially_deferred: constraint.initially_deferred,
            ..blank_constraint(name.clone(), kind, columns, self.id)
        };
        let own = Index {
            name: name.clone(),
            constraint: Some(constraint_id),
            ..own
        };
        self.table_mut(table).constraints.push(copy);
        self.table_mut(table).indexes.push(own);
        if let Some(name) = name.known() {
            let name: Name = name.clone();
            self.bind_relation(namespace, &name, Relation::Index(table, index_id));
        }
    }
}
