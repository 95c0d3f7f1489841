//! Partitions, late parents and typed tables: what is said once the tables are there.

use super::{Item, Script};
use crate::schema::{IndexId, RelationKind, TableId, TypeKind};

impl Script<'_> {
    /// `ATTACH PARTITION`, `INHERIT` and `OF`.
    pub(super) fn descend(&mut self, tables: &[TableId]) {
        // The default partition comes last: it takes what the others leave.
        let mut ordered = tables.to_vec();
        ordered.sort_by_key(|&id| self.schema.tables[id].partition.default);
        for id in ordered {
            let table = &self.schema.tables[id];
            if self.is_view(id) || !self.want(Item::Table(id)) {
                continue;
            }
            let name = self.table_name(id);
            let shown = format!("table {} parents", self.shown_table(id));
            if let Some(parent) = table.partition.of {
                self.attach(id, parent, &name, &shown);
            }
            if !table.inherits.is_empty() && !self.inherits_at_once(id) {
                self.own_columns(id);
                for &parent in &table.inherits {
                    if self.want(Item::Table(parent)) {
                        let parent = self.table_name(parent);
                        self.say(&format!("ALTER TABLE {name} INHERIT {parent}"));
                    } else {
                        self.note(&shown, "a parent is not known");
                    }
                }
            }
            if let Some(of) = table.of_type {
                let of_name = self.schema.type_name(of);
                let composite = matches!(
                    self.schema.types.get(of).map(|t| &t.kind),
                    Some(TypeKind::Composite(_))
                );
                if composite && self.want(Item::Type(of)) {
                    self.say(&format!("ALTER TABLE {name} OF {of_name}"));
                } else {
                    self.note(&shown, "the type that it is of is not known");
                }
            }
        }
    }

    /// A parent that is named late leaves the columns the table's own: they stay when the parent drops them.
    fn own_columns(&mut self, id: TableId) {
        for column in self.schema.table(id).columns() {
            if column.get().inherited > 0 && !column.get().local && self.columns.contains(&(id, column.id)) {
                let shown = format!("column {}.{} parents", self.shown_table(id), column.name());
                self.note(
                    &shown,
                    "no statement gives a column to a parent alone and keeps its place",
                );
            }
        }
    }

    fn attach(&mut self, id: TableId, parent: TableId, name: &str, shown: &str) {
        let partition = &self.schema.tables[id].partition;
        let above = &self.schema.tables[parent];
        if !self.want(Item::Table(parent))
            || above.kind != RelationKind::Partitioned
            || above.partition.by.is_none()
        {
            self.note(shown, "the table that it is a partition of is not known");
            return;
        }
        let above = self.table_name(parent);
        match &partition.bound {
            _ if partition.default => {
                self.say(&format!("ALTER TABLE {above} ATTACH PARTITION {name} DEFAULT"))
            }
            Some(bound) => {
                let statement = format!("ALTER TABLE {above} ATTACH PARTITION {name} {}", bound.text);
                self.want_routines(&bound.text);
                self.say_on(bound, &statement);
            }
            None => self.note(shown, "of which values it is a partition is not known"),
        }
    }

    /// Indexes of partitions become part of those of the tables above.
    pub(super) fn attach_indexes(&mut self, tables: &[TableId]) {
        for &id in tables {
            let table = self.schema.table(id);
            for index in table.indexes() {
                let Some((parent, above)) = index.get().parent else {
                    continue;
                };
                if !self.indexes.contains(&(id, index.id)) || !self.indexes.contains(&(parent, above)) {
                    continue;
                }
                let (Some(own), Some(above)) =
                    (self.index_name(id, index.id), self.index_name(parent, above))
                else {
                    continue;
                };
                self.say(&format!("ALTER INDEX {above} ATTACH PARTITION {own}"));
            }
        }
    }

    pub(super) fn index_name(&self, table: TableId, index: IndexId) -> Option<String> {
        let t = &self.schema.tables[table];
        let name = t.indexes.get(index.0 as usize)?.name.known()?;
        Some(self.qualified(t.namespace, name))
    }
}
