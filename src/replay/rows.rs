//! Tables made from queries, and rows that come and go.

use super::apply::{Outcome, Step};
use super::create_table::is_temp;
use super::resolve::blank_table;
use super::{Database, error};
use crate::change::{Failure, ObjectName};
use crate::known::{Fact, Section};
use crate::name::Name;
use crate::schema::{Column, ConstraintKind, RelationKind, Rows, TableId, TypeKind};
use crate::source::Span;
use crate::sqltype::BaseType;
use crate::tree::Query;

impl Database {
    /// Why a row fails that is given values for some columns alone: another one may not be NULL, and nothing fills it (`ExecConstraints`
    /// of the server). `None` too where that cannot be told.
    #[must_use]
    pub fn unfilled(&self, id: TableId, given: &[Name], at: Span) -> Option<Failure> {
        let table = &self.schema.tables[id];
        let plain = table.kind == RelationKind::Table
            && table.presence.is_present()
            && table.presumed.is_none()
            && table.partition.of.is_none()
            && table.triggers.is_empty()
            && !self.rewrites
            && table.open.iter().all(|(section, _)| *section != Section::Columns);
        if !plain {
            return None;
        }
        let is_filled = |column: &Column| {
            let ty = column.ty.known();
            column.nullable.known() != Some(&false)
                || column.default.known() != Some(&None)
                || column.identity.known() != Some(&None)
                || !matches!(column.generated, Fact::Known(None, _))
                || ty.is_none_or(|ty| match ty.base {
                    BaseType::Builtin(_) => false,
                    BaseType::Object(id) => !matches!(self.schema.types[id].kind, TypeKind::Enum(_)),
                    BaseType::Named(_) => true,
                })
        };
        let lacking = table.columns.iter().find(|column| {
            column.presence.is_present() && !given.contains(&column.name) && !is_filled(column)
        })?;
        let message = format!(
            "null value in column \"{}\" of relation \"{}\" violates not-null constraint",
            lacking.name, table.name
        );
        Some(error::failure("23502", message, at))
    }
}

impl Step {
    /// Rows came into a table.
    pub(super) fn insert(&mut self, table: &ObjectName, certain: bool, given: Option<&[Name]>) -> Outcome {
        let id = self.table_named(table)?;
        if let Some(failure) = given.and_then(|given| self.db.unfilled(id, given, table.span)) {
            return Err(failure);
        }
        let rows = &self.table(id).rows;
        let next = match (rows, certain) {
            (Rows::Some, _) => return Ok(()),
            (_, true) => Rows::Some,
            (Rows::Unknown, false) => return Ok(()),
            (Rows::Empty, false) => Rows::Unknown,
        };
        let partitioned = self.partitions(id);
        self.table_mut(id).rows = next;
        for partition in partitioned {
            if self.table(partition).rows == Rows::Empty {
                self.table_mut(partition).rows = Rows::Unknown;
            }
        }
        Ok(())
    }

    /// Tables are emptied.
    pub(super) fn truncate(&mut self, tables: &[ObjectName], cascade: bool) -> Outcome {
        let mut ids = Vec::new();
        for table in tables {
            ids.push(self.table_named(table)?);
        }
        let mut next = 0;
        while let Some(&id) = ids.get(next) {
            next += 1;
            let more = self.children(id);
            ids.extend(more.into_iter().filter(|m| !ids.contains(m)).collect::<Vec<_>>());
            if cascade {
                for dependent in self.table(id).dependents.clone() {
                    let refers = self.table(dependent).constraints.iter().any(|c| {
                        c.presence.is_present()
                            && matches!(&c.kind, ConstraintKind::ForeignKey(key) if key.table == id)
                    });
                    if refers && !ids.contains(&dependent) {
                        ids.push(dependent);
                    }
                }
            }
        }
        for id in ids {
            if self.table(id).rows != Rows::Empty {
                self.table_mut(id).rows = Rows::Empty;
            }
        }
        Ok(())
    }

    /// `CREATE TABLE AS` and `SELECT INTO`.
    pub(super) fn create_table_as(
        &mut self,
        name: &ObjectName,
        if_not_exists: bool,
        temporary: bool,
        columns: &[Name],
        (query, variables): (&Query, &[Name]),
    ) -> Outcome {
        let temporary = temporary || is_temp(&name.name);
        let namespace = self.namespace_for(&name.name, temporary, name.span)?;
        if self.exists_already(namespace, name, if_not_exists)? {
            return Ok(());
        }
        self.claim_type_name(namespace, &name.name.name, name.span)?;
        let shape = self.shape_of(query, variables)?;
        let mut table = blank_table(namespace, name.name.name.clone(), RelationKind::Table, self.id);
        table.temporary = temporary;
        table.rows = Rows::Unknown;
        let id = self.new_table(table);
        self.push_shape(id, columns, &shape, name)
    }
}
