//! `ALTER TABLE`: its actions in the order that the server runs them, whatever the order they are written in.
//!
//! Source: the `AT_PASS_*` constants, `ATPrepCmd` and `ATRewriteCatalogs` in `tablecmds.c`.

use super::apply::{Outcome, Step};
use super::create_table::column_constraints;
use super::drop::Object;
use super::error;
use super::resolve::Missing;
use crate::change::{
    AlterTable, Behaviour, ColumnOption, ColumnSpec, ConstraintBody, ConstraintSpec, ObjectKind, TableAction,
};
use crate::known::{Fact, Gap, Presence, Reach, Section};
use crate::name::Name;
use crate::schema::{ColumnId, Relation, RelationKind, Rows, TableId};
use crate::source::Span;
use crate::sqltype::{Builtin, Modifier};
use crate::tree::{ExprKind, SqlValue};

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

impl Step {
    pub(super) fn alter_table(&mut self, spec: &AlterTable) -> Outcome {
        let Some(relation) = self.altered_relation(spec)? else {
            return Ok(());
        };
        let table = match relation {
            Relation::Table(table) => table,
            Relation::Sequence(_) | Relation::Index(..) => return self.alter_other(spec, relation),
        };
        self.check_kind(table, spec)?;
        let mut work: Vec<(Pass, Work<'_>)> = Vec::with_capacity(spec.actions.len());
        for action in &spec.actions {
            if let TableAction::SetType { column, span, .. } = action {
                // The server looks for the column before it runs anything.
                self.column_named(table, column, *span)?;
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
                using,
                span,
            } => self.set_type(table, column, ty, collation.as_ref(), using.as_ref(), *span),
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
            TableAction::AttachPartition { child, bound } => self.attach_partition(table, child, *bound),
            TableAction::DetachPartition { child } => self.detach_partition(table, child),
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
            Reach::Fact(_) | Reach::Section(..) => self.db.open(gap.clone()),
            Reach::Object(_) | Reach::Namespace(_) | Reach::Everything => {
                let name = self.qualified(table);
                self.db.open(gap.reaching(Reach::Object(name)));
                self.touch(table);
            }
        }
    }

    /// Whether `IF NOT EXISTS` leaves nothing to do, or nothing that can be told.
    fn column_may_exist(&mut self, table: TableId, spec: &ColumnSpec, if_not_exists: bool) -> bool {
        if !if_not_exists {
            return false;
        }
        if let Some(id) = self.find_column(table, &spec.name) {
            let Presence::Maybe(gap) = self.column(table, id).presence.clone() else {
                return true;
            };
            // It is there now: as it was, or as it is written here.
            let origin = self.id;
            self.column_mut(table, id).presence = Presence::Present(origin);
            self.join_definition(table, id, spec, &gap);
            return true;
        }
        if let Some(gap) = self.schema().table(table).open(Section::Columns).cloned()
            && !self.dropped_since(table, &spec.name)
        {
            let reach = Reach::Fact(format!("{}.{}", self.qualified(table), spec.name));
            let gap = gap.reaching(reach);
            let presence = Presence::Present(self.id);
            let column = super::resolve::unknown_column(spec.name.clone(), presence, &gap);
            let id = self.add_column(table, column);
            self.log(table, Some(id), "created unless it was there");
            for section in Section::ALL {
                self.open_section(table, section, &gap);
            }
            return true;
        }
        false
    }

    /// The facts of a column are what they were or what a definition says.
    fn join_definition(&mut self, table: TableId, id: ColumnId, spec: &ColumnSpec, gap: &Gap) {
        let mut other = Step {
            db: self.db.clone(),
            id: self.id,
            at: self.at,
            uncertain: None,
        };
        other.column_mut(table, id).presence = Presence::Dropped(self.id);
        let fresh = other.push_column(table, spec);
        let Ok(fresh) = fresh else {
            return;
        };
        let _ = other.finish_column(table, fresh, spec);
        let made = other.column(table, fresh).clone();
        let own = self.column_mut(table, id);
        own.ty = own.ty.join(&made.ty, gap);
        own.nullable = own.nullable.join(&made.nullable, gap);
        own.default = own.default.join(&made.default, gap);
        own.identity = own.identity.join(&made.identity, gap);
        own.generated = own.generated.join(&made.generated, gap);
        for section in [
            Section::PrimaryKey,
            Section::Unique,
            Section::ForeignKeys,
            Section::Checks,
        ] {
            if column_constraints(spec).next().is_some() {
                self.open_section(table, section, gap);
            }
        }
    }

    fn alter_add_column(&mut self, table: TableId, spec: &ColumnSpec, recurse: bool) -> Outcome {
        if let Some(existing) = self.find_column(table, &spec.name) {
            match self.column(table, existing).presence.clone() {
                Presence::Maybe(gap) => {
                    self.doubt(&gap);
                    let origin = self.id;
                    self.column_mut(table, existing).presence = Presence::Dropped(origin);
                }
                Presence::Present(origin) => {
                    let failure =
                        error::duplicate_column(&spec.name, &self.table(table).name, spec.name_span);
                    let label = format!("column \"{}\" is added here", spec.name);
                    return Err(self.related(failure, Some(origin), label));
                }
                Presence::Dropped(_) => {}
            }
        }
        let partition = self.table(table).partition.of;
        if partition.is_some() {
            return Err(error::failure(
                "42809",
                "cannot add column to a partition",
                spec.span,
            ));
        }
        let kind = self.table(table).kind;
        if matches!(kind, RelationKind::View | RelationKind::MaterializedView) {
            let message = format!(
                "ALTER action ADD COLUMN cannot be performed on relation \"{}\"",
                self.table(table).name
            );
            return Err(error::failure("42809", message, spec.span));
        }
        let id = self.push_column(table, spec)?;
        self.finish_column(table, id, spec)?;
        self.check_length(table, id, spec.span)?;
        self.check_rows(table, id, spec)?;
        let shown = self
            .column(table, id)
            .ty
            .known()
            .map(|ty| format!(" {}", self.schema().format_type(ty)))
            .unwrap_or_default();
        self.log(table, Some(id), format!("column {} added:{shown}", spec.name));
        if recurse {
            for child in self.children(table) {
                self.add_inherited_column(table, id, child, spec)?;
            }
        }
        Ok(())
    }

    /// The server works out the default of a column that it adds: a text longer than the type takes is refused at once.
    fn check_length(&self, table: TableId, id: ColumnId, span: Span) -> Outcome {
        let column = self.column(table, id);
        let (Some(ty), Some(Some(default))) = (column.ty.known(), column.default.known()) else {
            return Ok(());
        };
        let (Some(Modifier::Length(limit)), Some(Builtin::Varchar | Builtin::Bpchar)) =
            (&ty.modifier, ty.as_builtin())
        else {
            return Ok(());
        };
        let mut inner = &default.expr;
        while let ExprKind::Cast(value, _, style) = &inner.kind {
            if !style.is_implicit() {
                return Ok(());
            }
            inner = value;
        }
        let least = match &inner.kind {
            ExprKind::Const(Some(text), _) => text.trim_end_matches(' ').chars().count(),
            ExprKind::Bool(value) => value.to_string().len(),
            // 2026-01-01 00:00:00+00
            ExprKind::Value(SqlValue::CurrentTimestamp, None) => 22,
            ExprKind::Call(call) if call.name.name == "now" && call.args.is_empty() => 22,
            _ => return Ok(()),
        };
        if least > *limit as usize {
            let message = format!("value too long for type {}", self.schema().format_type(ty));
            return Err(error::failure("22001", message, span));
        }
        Ok(())
    }

    /// A column without a value for rows that are there cannot be NOT NULL.
    fn check_rows(&self, table: TableId, id: ColumnId, spec: &ColumnSpec) -> Outcome {
        let column = self.column(table, id);
        let primary = column_constraints(spec).any(|c| matches!(c.body, ConstraintBody::PrimaryKey { .. }));
        let not_null = column.nullable.known() == Some(&false) || primary;
        let valued = column.default.known() != Some(&None)
            || column.identity.known() != Some(&None)
            || !matches!(column.generated, Fact::Known(None, _))
            || column.ty.known().is_none_or(|ty| self.is_domain(ty));
        let null_default = spec
            .options
            .iter()
            .any(|o| matches!(o, ColumnOption::Default(e) if e.kind == ExprKind::Null));
        if self.table(table).rows == Rows::Some && not_null && (!valued || null_default) {
            let name = &self.table(table).name;
            let message = format!(
                "column \"{}\" of relation \"{name}\" contains null values",
                spec.name
            );
            return Err(error::failure("23502", message, spec.span));
        }
        Ok(())
    }

    fn add_inherited_column(
        &mut self,
        parent: TableId,
        id: ColumnId,
        child: TableId,
        spec: &ColumnSpec,
    ) -> Outcome {
        if let Some(own) = self.find_column(child, &spec.name) {
            self.column_mut(child, own).inherited += 1;
            return Ok(());
        }
        let source = self.column(parent, id).clone();
        let default = match &source.default {
            Fact::Known(Some(stored), at) => {
                let stored = self.translate(stored, parent, child);
                self.note_uses(child, &stored.expr);
                Fact::Known(Some(stored), *at)
            }
            other => other.clone(),
        };
        let own = self.add_column(
            child,
            crate::schema::Column {
                inherited: 1,
                local: false,
                sequence: None,
                default,
                ..source.clone()
            },
        );
        if let Fact::Known(Some((stored, kind)), at) = &source.generated {
            let stored = self.translate(stored, parent, child);
            self.column_mut(child, own).generated = Fact::Known(Some((stored, *kind)), *at);
        }
        self.log(
            child,
            Some(own),
            format!("column {} added with the parent's", spec.name),
        );
        for grandchild in self.children(child) {
            self.add_inherited_column(child, own, grandchild, spec)?;
        }
        Ok(())
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
