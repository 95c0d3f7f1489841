//! `ALTER COLUMN`: default, NOT NULL, identity and generation.
//!
//! Source: `ATExecColumnDefault`, `ATExecAddIdentity` and their neighbours in `tablecmds.c`.

use super::apply::{Outcome, Step};
use super::drop::Object;
use super::error;
use crate::change::{Behaviour, IdentityKind, SequenceOptions};
use crate::known::Fact;
use crate::name::Name;
use crate::schema::{ColumnId, ConstraintKind, TableId};
use crate::source::Span;
use crate::sqltype::SqlType;
use crate::tree::Expr;

impl Step {
    /// `SET DEFAULT` and `DROP DEFAULT`.
    pub(super) fn alter_default(
        &mut self,
        table: TableId,
        column: &Name,
        default: Option<&Expr>,
        recurse: bool,
        span: Span,
    ) -> Outcome {
        let id = self.column_named(table, column, span)?;
        let name = self.table(table).name.clone();
        if matches!(self.column(table, id).identity, Fact::Known(Some(_), _)) {
            let message = format!("column \"{column}\" of relation \"{name}\" is an identity column");
            return Err(error::failure("42601", message, span));
        }
        if matches!(self.column(table, id).generated, Fact::Known(Some(_), _)) {
            let message = format!("column \"{column}\" of relation \"{name}\" is a generated column");
            return Err(error::failure("42601", message, span));
        }
        self.default_down(table, id, default, recurse)
    }

    fn default_down(
        &mut self,
        table: TableId,
        id: ColumnId,
        default: Option<&Expr>,
        recurse: bool,
    ) -> Outcome {
        match default {
            Some(expr) => {
                self.set_default(table, id, expr)?;
                self.log(table, Some(id), "default set");
            }
            None => {
                let origin = self.id;
                self.column_mut(table, id).default = Fact::Known(None, origin);
                self.log(table, Some(id), "default dropped");
            }
        }
        if recurse {
            for child in self.children(table) {
                if let Some(own) = self.child_column(table, id, child) {
                    self.default_down(child, own, default, true)?;
                }
            }
        }
        Ok(())
    }

    /// `SET NOT NULL` and `DROP NOT NULL`.
    pub(super) fn alter_not_null(
        &mut self,
        table: TableId,
        column: &Name,
        not_null: bool,
        recurse: bool,
        span: Span,
    ) -> Outcome {
        let id = self.column_named(table, column, span)?;
        if !not_null {
            self.refuse_nullable(table, id, span)?;
        }
        self.set_not_null(table, id, not_null, recurse);
        Ok(())
    }

    fn refuse_nullable(&self, table: TableId, id: ColumnId, span: Span) -> Outcome {
        let column = self.column(table, id);
        let name = &column.name;
        if matches!(column.identity, Fact::Known(Some(_), _)) {
            let table = &self.table(table).name;
            let message = format!("column \"{name}\" of relation \"{table}\" is an identity column");
            return Err(error::failure("42601", message, span));
        }
        let key = self.table(table).constraints.iter().find(|c| {
            c.presence.is_present()
                && matches!(c.kind, ConstraintKind::PrimaryKey(_))
                && c.columns.contains(&id)
        });
        if let Some(key) = key {
            let failure = error::failure("42P16", format!("column \"{name}\" is in a primary key"), span);
            return Err(self.related(failure, key.name.origin(), "the primary key is made here"));
        }
        if let Some(parent) = self.table(table).partition.of
            && let Some(own) = self.child_column(table, id, parent)
            && self.column(parent, own).nullable.known() == Some(&false)
        {
            let message = format!("column \"{name}\" is marked NOT NULL in parent table");
            return Err(error::failure("42P16", message, span));
        }
        Ok(())
    }

    /// `ADD GENERATED ... AS IDENTITY`.
    pub(super) fn add_identity(
        &mut self,
        table: TableId,
        column: &Name,
        kind: IdentityKind,
        options: &SequenceOptions,
        span: Span,
    ) -> Outcome {
        let id = self.column_named(table, column, span)?;
        let t = self.table(table);
        let (namespace, name, temporary) = (t.namespace, t.name.clone(), t.temporary);
        let known = self.column(table, id);
        let ty = known.ty.known().cloned();
        self.check_identity_type(ty.as_ref(), span)?;
        let refusal = if known.nullable.known() == Some(&true) {
            Some("must be declared NOT NULL before identity can be added")
        } else if matches!(known.identity, Fact::Known(Some(_), _)) {
            Some("is already an identity column")
        } else if matches!(known.default, Fact::Known(Some(_), _)) {
            Some("already has a default value")
        } else {
            None
        };
        if let Some(why) = refusal {
            let message = format!("column \"{column}\" of relation \"{name}\" {why}");
            return Err(error::failure("55000", message, span));
        }
        let ty = ty.unwrap_or(SqlType::builtin(crate::sqltype::Builtin::Int8));
        let sequence = self.column_sequence(namespace, &name, column, options, ty, temporary)?;
        self.make_identity(table, id, sequence, kind);
        self.log(table, Some(id), "made an identity column");
        Ok(())
    }

    fn not_identity(&self, table: TableId, column: &Name, span: Span) -> crate::change::Failure {
        let name = &self.table(table).name;
        let message = format!("column \"{column}\" of relation \"{name}\" is not an identity column");
        error::failure("55000", message, span)
    }

    /// `SET GENERATED` and the sequence's options.
    pub(super) fn set_identity(
        &mut self,
        table: TableId,
        column: &Name,
        kind: Option<IdentityKind>,
        options: &SequenceOptions,
        span: Span,
    ) -> Outcome {
        let id = self.column_named(table, column, span)?;
        let origin = self.id;
        match self.column(table, id).identity.known() {
            Some(None) => return Err(self.not_identity(table, column, span)),
            Some(Some(_)) => {}
            None => {
                let Some(kind) = kind else {
                    return Ok(());
                };
                self.column_mut(table, id).identity = Fact::Known(Some(kind), origin);
            }
        }
        if let Some(kind) = kind {
            self.column_mut(table, id).identity = Fact::Known(Some(kind), origin);
        }
        if let Some(sequence) = self.column(table, id).sequence {
            self.set_options(sequence, options, false);
            if let Some(kind) = kind {
                self.sequence_mut(sequence).identity = Some(kind);
            }
        }
        self.log(table, Some(id), "identity altered");
        Ok(())
    }

    /// `DROP IDENTITY`: its sequence goes too.
    pub(super) fn drop_identity(
        &mut self,
        table: TableId,
        column: &Name,
        if_exists: bool,
        span: Span,
    ) -> Outcome {
        let id = self.column_named(table, column, span)?;
        let origin = self.id;
        match self.column(table, id).identity.known() {
            Some(None) if if_exists => return Ok(()),
            Some(None) => return Err(self.not_identity(table, column, span)),
            Some(Some(_)) | None => {}
        }
        self.column_mut(table, id).identity = Fact::Known(None, origin);
        if let Some(sequence) = self.column(table, id).sequence
            && self.sequence(sequence).identity.is_some()
        {
            self.column_mut(table, id).sequence = None;
            self.sequence_mut(sequence).identity = None;
            self.sequence_mut(sequence).owner = None;
            self.drop_tree(&[Object::Sequence(sequence)], Behaviour::Restrict, span)?;
        }
        self.log(table, Some(id), "identity dropped");
        Ok(())
    }

    fn not_generated(&self, table: TableId, column: &Name, span: Span) -> crate::change::Failure {
        let name = &self.table(table).name;
        let message = format!("column \"{column}\" of relation \"{name}\" is not a stored generated column");
        error::failure("55000", message, span)
    }

    /// `SET EXPRESSION` (PostgreSQL 17).
    pub(super) fn set_expression(
        &mut self,
        table: TableId,
        column: &Name,
        expr: &Expr,
        span: Span,
    ) -> Outcome {
        let id = self.column_named(table, column, span)?;
        if self.db.version < 17 {
            return Err(error::failure(
                "42601",
                "syntax error at or near \"EXPRESSION\"",
                span,
            ));
        }
        let kind = match self.column(table, id).generated.known() {
            Some(None) => return Err(self.not_generated(table, column, span)),
            Some(Some((_, kind))) => *kind,
            None => return Ok(()),
        };
        let ty = self.column(table, id).ty.known().cloned();
        let stored = self.immutable_on(table, expr, ty.as_ref(), "generation expression is not immutable")?;
        let origin = self.id;
        self.column_mut(table, id).generated = Fact::Known(Some((stored, kind)), origin);
        self.log(table, Some(id), "generation expression set");
        Ok(())
    }

    /// `DROP EXPRESSION`.
    pub(super) fn drop_expression(
        &mut self,
        table: TableId,
        column: &Name,
        if_exists: bool,
        span: Span,
    ) -> Outcome {
        let id = self.column_named(table, column, span)?;
        match self.column(table, id).generated.known() {
            Some(None) if if_exists => return Ok(()),
            Some(None) => return Err(self.not_generated(table, column, span)),
            Some(Some(_)) | None => {}
        }
        let origin = self.id;
        self.column_mut(table, id).generated = Fact::Known(None, origin);
        self.log(table, Some(id), "generation expression dropped");
        for child in self.children(table) {
            if let Some(own) = self.child_column(table, id, child) {
                self.column_mut(child, own).generated = Fact::Known(None, origin);
            }
        }
        Ok(())
    }
}
