//! `ALTER TABLE`: its actions in the order that the server runs them, whatever the order they are written in.
//!
//! Source: the `AT_PASS_*` constants, `ATPrepCmd` and `ATRewriteCatalogs` in `tablecmds.c`.

use super::apply::{Outcome, Step};
use super::create_table::column_constraints;
use super::drop::Object;
use super::error;
use super::resolve::Missing;
use crate::change::{
    AlterTable, Behaviour, ColumnSpec, ConstraintBody, ConstraintSpec, ObjectKind, TableAction,
};
use crate::known::{Gap, Reach, Section};
use crate::name::Name;
use crate::schema::{ColumnId, Relation, RelationKind, TableId};
use crate::source::Span;

/// When a part of the statement runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pass {
    Drop,
    AlterType,
    AddColumn,
    SetExpression,
    ColumnAttributes,
    AddIndexConstraint,
    AddIndex,
    AddOtherConstraint,
    Misc,
}

const PASSES: [Pass; 9] = [
    Pass::Drop,
    Pass::AlterType,
    Pass::AddColumn,
    Pass::SetExpression,
    Pass::ColumnAttributes,
    Pass::AddIndexConstraint,
    Pass::AddIndex,
    Pass::AddOtherConstraint,
    Pass::Misc,
];

/// A part of the statement.
enum Work<'a> {
    Action(&'a TableAction),
    /// A constraint of a column that is added.
    Constraint(&'a ConstraintSpec, &'a ColumnSpec),
}

/// Whether a statement is refused for anything but a table.
fn needs_table(spec: &AlterTable) -> bool {
    let is_of_any =
        |action: &TableAction| matches!(action, TableAction::NoSchemaEffect(_) | TableAction::Opaque(_));
    spec.kind == ObjectKind::Table && !spec.actions.iter().all(is_of_any)
}

impl Step {
    pub(super) fn alter_table(&mut self, spec: &AlterTable) -> Outcome {
        let Some(relation) = self.altered_relation(spec)? else {
            return Ok(());
        };
        // `ALTER TABLE i RENAME` and some others are taken for an index too.
        let instead = match needs_table(spec) {
            true => self.table_instead(relation, &spec.name),
            false => None,
        };
        let relation = instead.map_or(relation, Relation::Table);
        let table = match relation {
            Relation::Table(table) => table,
            Relation::Sequence(_) | Relation::Index(..) => return self.alter_other(spec, relation),
        };
        self.check_kind(table, spec)?;
        let mut work: Vec<(Pass, Work<'_>)> = Vec::with_capacity(spec.actions.len());
        for action in &spec.actions {
            if let TableAction::SetType {
                column,
                ty,
                using,
                is_enum,
                span,
                ..
            } = action
            {
                // The server looks at these before it runs anything.
                if *is_enum && using.is_none() {
                    self.refuse_unmade_enum(table, column, ty, *span)?;
                }
                self.prepare_type(table, column, ty, using.as_ref(), *span)?;
            }
            work.push((pass(action), Work::Action(action)));
            if let TableAction::AddColumn { column, .. } = action {
                for constraint in column_constraints(column) {
                    work.push((constraint_pass(constraint), Work::Constraint(constraint, column)));
                }
            }
        }
        let mut skipped: Vec<Name> = Vec::new();
        for pass in PASSES {
            for (own, part) in &work {
                if *own == pass {
                    self.run_part(table, spec, part, &mut skipped)?;
                }
            }
        }
        Ok(())
    }

    /// The relation; `None` where `IF EXISTS` leaves nothing to do.
    fn altered_relation(&mut self, spec: &AlterTable) -> Outcome<Option<Relation>> {
        let found = self.find_relation(&spec.name.name);
        if spec.if_exists {
            return Ok(found);
        }
        match found {
            Some(relation) => {
                if let Relation::Table(id) = relation {
                    self.touch(id);
                }
                Ok(Some(relation))
            }
            None => match spec.kind {
                ObjectKind::Index => match self.missing_relation(&spec.name.name) {
                    Missing::Gone(gone) => Err(self.undefined_relation(&spec.name, gone)),
                    Missing::Hidden(_) | Missing::Never => Ok(None),
                },
                ObjectKind::Sequence => self
                    .sequence_named(&spec.name)
                    .map(|s| Some(Relation::Sequence(s))),
                _ => self.relation_named(&spec.name).map(Some),
            },
        }
    }

    fn check_kind(&self, table: TableId, spec: &AlterTable) -> Outcome {
        let t = self.table(table);
        let wanted = match (spec.kind, t.kind) {
            _ if t.presumed.is_some() => None,
            (ObjectKind::View, kind) if kind != RelationKind::View => Some("a view"),
            (ObjectKind::MaterializedView, kind) if kind != RelationKind::MaterializedView => {
                Some("a materialized view")
            }
            (ObjectKind::ForeignTable, kind) if kind != RelationKind::Foreign => Some("a foreign table"),
            _ => None,
        };
        match wanted {
            Some(wanted) => Err(error::wrong_kind(&t.name, wanted, spec.name.span)),
            None => Ok(()),
        }
    }

    /// `ALTER TABLE` on an index or a sequence.
    fn alter_other(&mut self, spec: &AlterTable, relation: Relation) -> Outcome {
        for action in &spec.actions {
            if !matches!(action, TableAction::NoSchemaEffect(_) | TableAction::Opaque(_)) {
                let wanted = match relation {
                    Relation::Table(_) => continue,
                    Relation::Index(..) | Relation::Sequence(_) => "a table",
                };
                return Err(error::wrong_kind(&spec.name.name.name, wanted, spec.name.span));
            }
        }
        Ok(())
    }

    fn run_part(
        &mut self,
        table: TableId,
        spec: &AlterTable,
        part: &Work<'_>,
        skipped: &mut Vec<Name>,
    ) -> Outcome {
        match part {
            Work::Action(TableAction::AddColumn {
                column,
                if_not_exists,
            }) => {
                if self.column_may_exist(table, column, *if_not_exists) {
                    skipped.push(column.name.clone());
                    return Ok(());
                }
                self.alter_add_column(table, column, !spec.only)
            }
            Work::Action(action) => self.run_action(table, spec, action),
            Work::Constraint(constraint, column) => {
                if skipped.contains(&column.name) {
                    return Ok(());
                }
                self.add_constraint(table, constraint, !spec.only)
            }
        }
    }

    fn run_action(&mut self, table: TableId, spec: &AlterTable, action: &TableAction) -> Outcome {
        let recurse = !spec.only;
        match action {
            TableAction::AddColumn { .. } => Ok(()),
            TableAction::DropColumn {
                name,
                if_exists,
                behaviour,
                span,
            } => self.drop_column(table, name, *if_exists, *behaviour, recurse, *span),
            TableAction::RenameColumn { from, to, span } => self.rename_column(table, from, to, *span),
            TableAction::SetType {
                column,
                ty,
                collation,
                using: _,
                is_enum: _,
                span,
            } => self.set_type(table, column, ty, collation.as_ref(), *span),
            TableAction::SetDefault {
                column,
                default,
                span,
            } => self.alter_default(table, column, default.as_ref(), recurse, *span),
            TableAction::SetNotNull {
                column,
                not_null,
                span,
            } => self.alter_not_null(table, column, *not_null, recurse, *span),
            TableAction::AddIdentity {
                column,
                kind,
                options,
                span,
            } => self.add_identity(table, column, *kind, options, *span),
            TableAction::SetIdentity {
                column,
                kind,
                options,
                span,
            } => self.set_identity(table, column, *kind, options, *span),
            TableAction::DropIdentity {
                column,
                if_exists,
                span,
            } => self.drop_identity(table, column, *if_exists, *span),
            TableAction::SetExpression { column, expr, span } => {
                self.set_expression(table, column, expr, *span)
            }
            TableAction::DropExpression {
                column,
                if_exists,
                span,
            } => self.drop_expression(table, column, *if_exists, *span),
            TableAction::TouchColumn { column, span } => self.column_named(table, column, *span).map(drop),
            TableAction::AddConstraint(constraint) => self.add_constraint(table, constraint, recurse),
            TableAction::AlterConstraint {
                name,
                deferrable,
                initially_deferred,
                span,
            } => self.touch_constraint(
                table,
                name,
                *span,
                |constraint| {
                    constraint.initially_deferred = initially_deferred.unwrap_or(false);
                    constraint.deferrable = deferrable.unwrap_or(false) || constraint.initially_deferred;
                },
                true,
            ),
            TableAction::ValidateConstraint { name, span } => self.touch_constraint(
                table,
                name,
                *span,
                |constraint| constraint.validated = true,
                false,
            ),
            TableAction::DropConstraint {
                name,
                if_exists,
                behaviour,
                span,
            } => self.drop_constraint(table, name, *if_exists, *behaviour, *span),
            TableAction::RenameConstraint { from, to, span } => {
                self.rename_constraint(table, from, to, *span)
            }
            TableAction::Inherit { parent, inherit } => self.set_inherit(table, parent, *inherit),
            TableAction::AttachPartition { child, bound } => self.attach_partition(table, child, bound),
            TableAction::DetachPartition { child } => self.detach_partition(table, child),
            TableAction::SetLogged { logged, span } => self.set_logged(table, *logged, *span),
            TableAction::OfType(_) | TableAction::NoSchemaEffect(_) => Ok(()),
            TableAction::Opaque(gap) => {
                self.doubt(gap);
                self.open_action(table, gap);
                Ok(())
            }
        }
    }

    /// An action that could not be read: as far as its gap reaches, at most this table.
    fn open_action(&mut self, table: TableId, gap: &Gap) {
        match &gap.reach {
            Reach::Rows => {}
            Reach::Fact(_) | Reach::Section(..) | Reach::OthersOf(..) => self.db.open(gap.clone()),
            Reach::Object(_) | Reach::Namespace(_) | Reach::Others(_) | Reach::Everything => {
                let name = self.qualified(table);
                self.db.open(gap.reaching(Reach::Object(name)));
                self.touch(table);
            }
        }
    }

    /// `DROP COLUMN`.
    fn drop_column(
        &mut self,
        table: TableId,
        name: &Name,
        if_exists: bool,
        behaviour: Behaviour,
        recurse: bool,
        span: Span,
    ) -> Outcome {
        let id = match self.find_column(table, name) {
            Some(id) => id,
            None if if_exists && !self.hides_column(table, name) => return Ok(()),
            None => self.column_named(table, name, span)?,
        };
        let column = self.column(table, id);
        if column.inherited > 0 {
            return Err(error::failure(
                "42P16",
                format!("cannot drop inherited column \"{name}\""),
                span,
            ));
        }
        if self.table(table).partition.key.contains(&id) {
            let table = &self.table(table).name;
            let message = format!(
                "cannot drop column \"{name}\" because it is part of the partition key of relation \"{table}\""
            );
            return Err(error::failure("42P16", message, span));
        }
        let mut targets = vec![Object::Column(table, id)];
        self.child_columns(table, id, recurse, &mut targets);
        self.drop_tree(&targets, behaviour, span)
    }

    fn hides_column(&self, table: TableId, name: &Name) -> bool {
        self.schema().table(table).open(Section::Columns).is_some() && !self.dropped_since(table, name)
    }

    /// Children's columns that go with the parent's; those that are also the child's own stay.
    fn child_columns(&mut self, table: TableId, id: ColumnId, recurse: bool, out: &mut Vec<Object>) {
        for child in self.children(table) {
            let Some(own) = self.child_column(table, id, child) else {
                continue;
            };
            let column = self.column_mut(child, own);
            column.inherited = column.inherited.saturating_sub(1);
            if column.inherited == 0 && !column.local && recurse {
                out.push(Object::Column(child, own));
                self.child_columns(child, own, recurse, out);
            } else {
                self.column_mut(child, own).local |= !recurse;
            }
        }
    }
}

fn pass(action: &TableAction) -> Pass {
    match action {
        TableAction::DropColumn { .. }
        | TableAction::DropConstraint { .. }
        | TableAction::DropIdentity { .. }
        | TableAction::DropExpression { .. }
        | TableAction::SetDefault { default: None, .. }
        | TableAction::SetNotNull { not_null: false, .. } => Pass::Drop,
        TableAction::SetType { .. } => Pass::AlterType,
        TableAction::AddColumn { .. } => Pass::AddColumn,
        TableAction::SetExpression { .. } => Pass::SetExpression,
        TableAction::SetNotNull { .. } | TableAction::SetIdentity { .. } => Pass::ColumnAttributes,
        TableAction::AddConstraint(constraint) => constraint_pass(constraint),
        TableAction::SetDefault { .. } | TableAction::AddIdentity { .. } => Pass::AddOtherConstraint,
        TableAction::RenameColumn { .. }
        | TableAction::TouchColumn { .. }
        | TableAction::AlterConstraint { .. }
        | TableAction::ValidateConstraint { .. }
        | TableAction::RenameConstraint { .. }
        | TableAction::Inherit { .. }
        | TableAction::AttachPartition { .. }
        | TableAction::DetachPartition { .. }
        | TableAction::OfType(_)
        | TableAction::SetLogged { .. }
        | TableAction::NoSchemaEffect(_)
        | TableAction::Opaque(_) => Pass::Misc,
    }
}

fn constraint_pass(constraint: &ConstraintSpec) -> Pass {
    match constraint.body {
        ConstraintBody::UsingIndex { .. } => Pass::AddIndexConstraint,
        ConstraintBody::PrimaryKey { .. }
        | ConstraintBody::Unique { .. }
        | ConstraintBody::Exclude { .. } => Pass::AddIndex,
        ConstraintBody::ForeignKey(_) | ConstraintBody::Check(_) | ConstraintBody::NotNull { .. } => {
            Pass::AddOtherConstraint
        }
    }
}
