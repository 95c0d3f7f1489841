//! `ADD COLUMN`.

use super::apply::{Outcome, Step};
use super::create_table::column_constraints;
use super::error;
use crate::change::{ColumnOption, ColumnSpec, ConstraintBody};
use crate::known::{Fact, Gap, Presence, Reach, Section};
use crate::schema::{ColumnId, RelationKind, Rows, TableId};
use crate::source::Span;
use crate::sqltype::{Builtin, Modifier};
use crate::tree::{ExprKind, SqlValue};

impl Step {
    /// Whether `IF NOT EXISTS` leaves nothing to do, or nothing that can be told.
    pub(super) fn column_may_exist(
        &mut self,
        table: TableId,
        spec: &ColumnSpec,
        if_not_exists: bool,
    ) -> bool {
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
    pub(super) fn join_definition(&mut self, table: TableId, id: ColumnId, spec: &ColumnSpec, gap: &Gap) {
        let mut other = Step::new(self.db.clone(), self.id, self.at);
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

    pub(super) fn alter_add_column(&mut self, table: TableId, spec: &ColumnSpec, recurse: bool) -> Outcome {
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
        self.refuse_many_columns(table, spec.name_span)?;
        if recurse {
            for child in self.children(table) {
                self.add_inherited_column(table, id, child, spec)?;
            }
        }
        Ok(())
    }

    /// The server works out the default of a column that it adds: a text longer than the type takes is refused at once.
    pub(super) fn check_length(&self, table: TableId, id: ColumnId, span: Span) -> Outcome {
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
    pub(super) fn check_rows(&self, table: TableId, id: ColumnId, spec: &ColumnSpec) -> Outcome {
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

    pub(super) fn add_inherited_column(
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
}
