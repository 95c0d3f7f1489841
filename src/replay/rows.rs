//! Tables made from queries, and rows that come and go.

use super::apply::{Outcome, Step};
use super::create_table::is_temp;
use super::resolve::blank_table;
use crate::change::ObjectName;
use crate::name::Name;
use crate::schema::{ConstraintKind, RelationKind, Rows};
use crate::tree::Query;

impl Step {
    /// Rows came into a table.
    pub(super) fn insert(&mut self, table: &ObjectName, certain: bool) -> Outcome {
        let id = self.table_named(table)?;
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
        query: &Query,
    ) -> Outcome {
        let temporary = temporary || is_temp(&name.name);
        let namespace = self.namespace_for(&name.name, temporary, name.span)?;
        if self.exists_already(namespace, name, if_not_exists)? {
            return Ok(());
        }
        self.claim_type_name(namespace, &name.name.name, name.span)?;
        let shape = self.shape_of(query)?;
        let mut table = blank_table(namespace, name.name.name.clone(), RelationKind::Table, self.id);
        table.temporary = temporary;
        table.rows = Rows::Unknown;
        let id = self.new_table(table);
        self.push_shape(id, columns, &shape, name)
    }
}
