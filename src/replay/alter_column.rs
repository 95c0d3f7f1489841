//! `ALTER COLUMN`: type, default, NOT NULL, identity and generation.
//!
//! Source: `ATPrepAlterColumnType`, `ATExecAlterColumnType` and their neighbours in `tablecmds.c`.

use super::analyse::{Analysed, CastContext, Scope, analyse, castable};
use super::apply::{Outcome, Step};
use super::depend::Edge;
use super::drop::Object;
use super::error;
use crate::change::{Behaviour, IdentityKind, SequenceOptions};
use crate::known::Fact;
use crate::name::{Name, QualifiedName};
use crate::schema::{ColumnId, ConstraintKind, Stored, TableId};
use crate::source::Span;
use crate::sqltype::SqlType;
use crate::tree::{CastStyle, Expr, ExprKind};

impl Step {
    /// `ALTER COLUMN ... TYPE`.
    pub(super) fn set_type(
        &mut self,
        table: TableId,
        column: &Name,
        ty: &SqlType,
        collation: Option<&QualifiedName>,
        using: Option<&Expr>,
        span: Span,
    ) -> Outcome {
        let id = self.column_named(table, column, span)?;
        if self.column(table, id).inherited > 0 {
            let message = format!("cannot alter inherited column \"{column}\"");
            return Err(error::failure("42P16", message, span));
        }
        if self.table(table).partition.key.contains(&id) {
            let name = &self.table(table).name;
            let message = format!(
                "cannot alter column \"{column}\" because it is part of the partition key of relation \"{name}\""
            );
            return Err(error::failure("42P16", message, span));
        }
        let ty = self.resolve_type(ty, span)?;
        if let Some(using) = using {
            // Only to see whether the server takes it.
            self.analyse_on(table, using, None)?;
        }
        self.retype(table, id, &ty, collation, using.is_some(), span)
    }

    fn retype(
        &mut self,
        table: TableId,
        id: ColumnId,
        ty: &SqlType,
        collation: Option<&QualifiedName>,
        using: bool,
        span: Span,
    ) -> Outcome {
        let old = self.column(table, id).ty.clone();
        if matches!(self.column(table, id).identity, Fact::Known(Some(_), _)) {
            self.check_identity_type(Some(ty), span)?;
        }
        if let (Some(from), false) = (old.known(), using) {
            self.check_cast(table, id, from, ty, span)?;
        }
        let default = self.recast_default(table, id, ty, span)?;
        self.refuse_type_users(table, id, span)?;
        let origin = self.id;
        let shown = self.schema().format_type(ty);
        let column = self.column_mut(table, id);
        column.ty = Fact::Known(ty.clone(), origin);
        column.collation = collation.filter(|c| c.name != "default").cloned();
        column.default = default;
        if let (Some(sequence), Some(_)) = (column.sequence, column.identity.known().copied().flatten()) {
            let options = SequenceOptions {
                ty: Some(ty.clone()),
                ..SequenceOptions::default()
            };
            self.set_options(sequence, &options, false);
        }
        self.log(table, Some(id), format!("type set to {shown}"));
        self.rebuild(table, id, span)?;
        for child in self.children(table) {
            if let Some(own) = self.child_column(table, id, child) {
                self.retype(child, own, ty, collation, using, span)?;
            }
        }
        Ok(())
    }

    /// Views and generated columns forbid it.
    fn refuse_type_users(&mut self, table: TableId, id: ColumnId, span: Span) -> Outcome {
        for (object, edge) in self.dependents(&Object::Column(table, id)) {
            let what = match object {
                Object::Table(_) => "a view or rule",
                Object::Column(..) => "a generated column",
                _ => continue,
            };
            if let Edge::Perhaps(gap) = edge {
                self.doubt(&gap);
                continue;
            }
            let message = format!("cannot alter type of a column used by {what}");
            let failure = error::failure("0A000", message, span);
            let origin = match object {
                Object::Table(view) => self.table(view).log.first().map(|entry| entry.change),
                _ => None,
            };
            let label = format!(
                "{} depends on column \"{}\"",
                self.describe(&object),
                self.column(table, id).name
            );
            return Err(self.related(failure, origin, label));
        }
        Ok(())
    }

    fn check_cast(&self, table: TableId, id: ColumnId, from: &SqlType, to: &SqlType, span: Span) -> Outcome {
        if castable(self.schema(), from, to, CastContext::Assignment) != Some(false) {
            return Ok(());
        }
        let column = self.column(table, id);
        let shown = self.schema().format_type(to);
        let message = format!(
            "column \"{}\" cannot be cast automatically to type {shown}",
            column.name
        );
        let failure = error::failure("42804", message, span);
        let label = format!("\"{}\" is {}", column.name, self.schema().format_type(from));
        Err(self.related(failure, column.ty.origin(), label))
    }

    /// The default as it is after the column's type has changed.
    fn recast_default(
        &self,
        table: TableId,
        id: ColumnId,
        ty: &SqlType,
        span: Span,
    ) -> Outcome<Fact<Option<Stored>>> {
        let column = self.column(table, id);
        let Fact::Known(Some(stored), origin) = &column.default else {
            return Ok(column.default.clone());
        };
        let mut inner = stored.expr.clone();
        while let Some(value) = implicit(&inner) {
            inner = value;
        }
        let schema = self.schema();
        let t = self.table(table);
        let scope = Scope {
            schema,
            table: Some(table),
            columns: &t.columns,
            open: None,
            target: Some(ty),
            value: None,
        };
        match analyse(&scope, &inner) {
            Analysed::Done(recast) => {
                let spelling = stored.spelling.clone().or(recast.spelling);
                Ok(Fact::Known(
                    Some(Stored {
                        expr: recast.expr,
                        spelling,
                    }),
                    *origin,
                ))
            }
            Analysed::Refused(_) => {
                let shown = self.schema().format_type(ty);
                let message = format!(
                    "default for column \"{}\" cannot be cast automatically to type {shown}",
                    column.name
                );
                let failure = error::failure("42804", message, span);
                Err(self.related(failure, Some(*origin), "the default is set here"))
            }
        }
    }

    /// CHECKs, expression indexes and predicates that read a column are made anew from their text; foreign keys are checked.
    fn rebuild(&mut self, table: TableId, id: ColumnId, span: Span) -> Outcome {
        for at in 0..self.table(table).constraints.len() {
            let constraint = &self.table(table).constraints[at];
            if !constraint.presence.may_be() {
                continue;
            }
            match &constraint.kind {
                ConstraintKind::Check(stored) if reads(stored, id) => {
                    let stored = self.again(table, &stored.clone())?;
                    self.table_mut(table).constraints[at].kind = ConstraintKind::Check(stored);
                }
                ConstraintKind::ForeignKey(key) if constraint.columns.contains(&id) => {
                    let (columns, key) = (constraint.columns.clone(), key.clone());
                    let name = constraint.name.known().cloned();
                    self.check_types(table, &columns, key.table, &key.columns, name.as_ref(), span)?;
                }
                _ => {}
            }
        }
        for other in self.table(table).dependents.clone() {
            let keys: Vec<_> = self
                .table(other)
                .constraints
                .iter()
                .filter(|c| c.presence.is_present() && self.table(other).presence.is_present())
                .filter_map(|c| match &c.kind {
                    ConstraintKind::ForeignKey(key) if key.table == table && key.columns.contains(&id) => {
                        Some((c.columns.clone(), key.columns.clone(), c.name.known().cloned()))
                    }
                    _ => None,
                })
                .collect();
            for (columns, target, name) in keys {
                self.check_types(other, &columns, table, &target, name.as_ref(), span)?;
            }
        }
        self.rebuild_indexes(table, id, span)
    }

    fn rebuild_indexes(&mut self, table: TableId, id: ColumnId, span: Span) -> Outcome {
        for at in 0..self.table(table).indexes.len() {
            let index_id = crate::schema::IndexId(at as u32);
            if !self.table(table).indexes[at].presence.may_be() || !self.index_reads(table, index_id, id) {
                continue;
            }
            let mut index = self.table(table).indexes[at].clone();
            for key in &mut index.keys {
                if key.expr.expr.kind == ExprKind::Var(id.0) {
                    if key.opclass.is_none() {
                        self.check_opclass(table, id, &index.method, span)?;
                    }
                } else if reads(&key.expr, id) {
                    key.expr = self.again(table, &key.expr)?;
                }
            }
            if let Some(predicate) = &index.predicate
                && reads(predicate, id)
            {
                index.predicate = Some(self.again(table, predicate)?);
            }
            self.table_mut(table).indexes[at] = index;
        }
        Ok(())
    }

    /// An expression as the server makes it from its own text: what it printed as a cast is written now.
    fn again(&mut self, table: TableId, stored: &Stored) -> Outcome<Stored> {
        let mut written = stored.expr.clone();
        written.walk_mut(&mut |e| {
            if let ExprKind::Cast(_, _, style) = &mut e.kind {
                *style = CastStyle::Explicit;
            }
        });
        self.analyse_on(table, &written, None)
    }

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

/// What the server casts without being told to.
fn implicit(expr: &Expr) -> Option<Expr> {
    match &expr.kind {
        ExprKind::Cast(value, _, style) if style.is_implicit() => Some((**value).clone()),
        _ => None,
    }
}

fn reads(stored: &Stored, column: ColumnId) -> bool {
    stored.expr.vars().contains(&column.0)
}
