//! Constraints and indexes.

use std::fmt::Write;

use super::{Item, Script};
use crate::known::{Fact, Presence};
use crate::name::{Name, QualifiedName};
use crate::schema::document::check_definition;
use crate::schema::{
    ColumnId, Constraint, ConstraintKind, ConstraintWalker, ForeignKey, Index, IndexKey, IndexWalker,
    RelationKind, TableId,
};
use crate::tree::ExprKind;

impl Script<'_> {
    /// Everything on tables but foreign keys.
    pub(super) fn constraints(&mut self, tables: &[TableId]) {
        let tables: Vec<TableId> = tables
            .iter()
            .copied()
            .filter(|&t| !self.is_view(t) && self.want(Item::Table(t)))
            .collect();
        for &id in &tables {
            for constraint in self.schema.table(id).constraints() {
                if !matches!(constraint.get().kind, ConstraintKind::ForeignKey(_)) {
                    self.constraint(constraint);
                }
            }
        }
        for &id in &tables {
            self.indexes(id);
        }
        self.attach_indexes(&tables);
    }

    /// Whether a CHECK is there because a parent has it. A partition has none of its own beside such a one.
    fn comes_from_above(&self, table: TableId, constraint: &Constraint) -> bool {
        let partition = self.schema.tables[table].partition.of.is_some();
        constraint.inherited > 0 && (partition || !constraint.local)
    }

    pub(super) fn constraint_is_printed(&self, constraint: ConstraintWalker<'_>) -> bool {
        self.keys.contains(&(constraint.table.id, constraint.id))
    }

    /// The name of a constraint that is certainly there, with all its columns.
    fn told<'s>(&mut self, constraint: ConstraintWalker<'s>) -> Option<&'s Name> {
        let (table, c) = (constraint.table.id, constraint.get());
        let shown = format!("constraint {}", self.shown_table(table));
        let name = match (&c.presence, &c.name) {
            (Presence::Maybe(gap), _) | (Presence::Present(_), Fact::Unknown { gap, .. }) => {
                self.note(&shown, &gap.why);
                return None;
            }
            (Presence::Dropped(_), _) => return None,
            (Presence::Present(_), Fact::Known(name, _)) => name,
        };
        if !self.columns_printed(table, &c.columns) {
            self.note(&format!("{shown}.{name}"), "a column of it is not known");
            return None;
        }
        Some(name)
    }

    fn columns_printed(&self, table: TableId, columns: &[ColumnId]) -> bool {
        columns
            .iter()
            .all(|&column| self.columns.contains(&(table, column)))
    }

    fn column_list(&self, table: TableId, columns: &[ColumnId]) -> String {
        let table = self.schema.table(table);
        columns
            .iter()
            .map(|&c| table.column_by_id(c).name().quoted())
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn constraint(&mut self, constraint: ConstraintWalker<'_>) {
        let (table, c) = (constraint.table.id, constraint.get());
        let Some(name) = self.told(constraint) else { return };
        let shown = format!("constraint {}.{name}", self.shown_table(table));
        let body = match &c.kind {
            // The parent's brings it along.
            ConstraintKind::Check(_) if self.comes_from_above(table, c) => {
                self.keys.insert((table, constraint.id));
                return;
            }
            ConstraintKind::Check(condition) => {
                if !self.want_expr(Some(table), &condition.expr) {
                    self.note(&shown, "something that it names is not known");
                    return;
                }
                match check_definition(constraint, condition) {
                    Ok(definition) => Some(definition),
                    Err(gap) => {
                        self.note(&shown, &gap.why);
                        None
                    }
                }
            }
            ConstraintKind::PrimaryKey(index) | ConstraintKind::Unique(index) => {
                let (index_id, index) = (*index, &constraint.table.get().indexes[index.0 as usize]);
                self.indexes.insert((table, index_id));
                let word = match &c.kind {
                    ConstraintKind::PrimaryKey(_) => "PRIMARY KEY",
                    _ if index.nulls_not_distinct => "UNIQUE NULLS NOT DISTINCT",
                    _ => "UNIQUE",
                };
                let columns = self.column_list(table, &c.columns);
                Some(format!("{word} ({columns}){}", self.include(table, index)))
            }
            ConstraintKind::Exclude(index_id, operators) => {
                let index = &constraint.table.get().indexes[index_id.0 as usize];
                let body = self.exclusion(table, index, operators, &shown);
                if body.is_some() {
                    self.indexes.insert((table, *index_id));
                }
                body
            }
            ConstraintKind::ForeignKey(_) => None,
        };
        let Some(body) = body else { return };
        let only = if matches!(c.kind, ConstraintKind::Check(_)) {
            ""
        } else {
            "ONLY "
        };
        let statement = format!(
            "ALTER TABLE {only}{} ADD CONSTRAINT {} {body}{}",
            self.table_name(table),
            name.quoted(),
            deferrable(c)
        );
        self.say(&statement);
        self.keys.insert((table, constraint.id));
    }

    fn exclusion(
        &mut self,
        table: TableId,
        index: &Index,
        operators: &[smol_str::SmolStr],
        shown: &str,
    ) -> Option<String> {
        let mut elements = Vec::new();
        for (key, operator) in index.keys.iter().zip(operators) {
            elements.push(format!("{} WITH {operator}", self.key(table, key, shown)?));
        }
        let predicate = self.predicate(table, index, shown)?;
        Some(format!(
            "EXCLUDE USING {} ({}){}{predicate}",
            index.method,
            elements.join(", "),
            self.include(table, index)
        ))
    }

    fn include(&self, table: TableId, index: &Index) -> String {
        if index.include.is_empty() {
            return String::new();
        }
        format!(" INCLUDE ({})", self.column_list(table, &index.include))
    }

    /// ` WHERE (...)`, or nothing; `None` where it is left out.
    fn predicate(&mut self, table: TableId, index: &Index, shown: &str) -> Option<String> {
        let Some(stored) = &index.predicate else {
            return Some(String::new());
        };
        let text = self.expr(Some(table), stored, shown)?;
        Some(format!(" WHERE ({text})"))
    }

    fn key(&mut self, table: TableId, key: &IndexKey, shown: &str) -> Option<String> {
        if !self.want_expr(Some(table), &key.expr.expr) {
            self.note(shown, "something that it names is not known");
            return None;
        }
        let mut out = match self.schema.print_index_key(table, &key.expr) {
            Ok(text) => text,
            Err(gap) => {
                self.note(shown, &gap.why);
                return None;
            }
        };
        if !matches!(key.expr.expr.kind, ExprKind::Var(_)) {
            out = format!("({out})");
        }
        let name = |n: &QualifiedName| {
            let place = n
                .schema
                .as_ref()
                .map_or(String::new(), |s| format!("{}.", s.quoted()));
            format!("{place}{}", n.name.quoted())
        };
        if let Some(collation) = &key.collation {
            let _ = write!(out, " COLLATE {}", name(collation));
        }
        if let Some(opclass) = &key.opclass {
            let _ = write!(out, " {}", name(opclass));
            if let Some(options) = &key.opclass_options {
                let _ = write!(out, " ({options})");
            }
        }
        match (key.descending, key.nulls_first) {
            (false, false) => {}
            (false, true) => out.push_str(" NULLS FIRST"),
            (true, true) => out.push_str(" DESC"),
            (true, false) => out.push_str(" DESC NULLS LAST"),
        }
        Some(out)
    }

    /// The indexes of a table or materialized view that back no constraint.
    pub(super) fn indexes(&mut self, id: TableId) {
        for index in self.schema.table(id).indexes() {
            if index.get().constraint.is_none() {
                self.index(index);
            }
        }
    }

    fn index(&mut self, index: IndexWalker<'_>) {
        let (table, i) = (index.table.id, index.get());
        let shown = format!("index {}", self.shown_table(table));
        let name = match (&i.presence, &i.name) {
            (Presence::Maybe(gap), _) | (Presence::Present(_), Fact::Unknown { gap, .. }) => {
                self.note(&shown, &gap.why);
                return;
            }
            (Presence::Dropped(_), _) => return,
            (Presence::Present(_), Fact::Known(name, _)) => name,
        };
        let shown = format!("{shown}.{name}");
        if !self.columns_printed(table, &i.include) {
            self.note(&shown, "a column of it is not known");
            return;
        }
        let mut keys = Vec::new();
        for key in &i.keys {
            match self.key(table, key, &shown) {
                Some(key) => keys.push(key),
                None => return,
            }
        }
        let Some(predicate) = self.predicate(table, i, &shown) else {
            return;
        };
        let unique = if i.unique { "UNIQUE " } else { "" };
        let only = match index.table.get().kind {
            RelationKind::Partitioned => "ONLY ",
            _ => "",
        };
        let nulls = if i.nulls_not_distinct {
            " NULLS NOT DISTINCT"
        } else {
            ""
        };
        let statement = format!(
            "CREATE {unique}INDEX {} ON {only}{} USING {} ({}){}{nulls}{predicate}",
            name.quoted(),
            self.table_name(table),
            i.method,
            keys.join(", "),
            self.include(table, i),
        );
        self.say(&statement);
        self.indexes.insert((table, index.id));
    }

    /// Foreign keys, those of partitions first: the one above finds them then and takes them for its own.
    pub(super) fn foreign_keys(&mut self, tables: &[TableId]) {
        let mut tables: Vec<TableId> = tables.iter().copied().filter(|&t| !self.is_view(t)).collect();
        tables.sort_by_key(|&t| std::cmp::Reverse(self.generation(t)));
        for id in tables {
            for constraint in self.schema.table(id).constraints() {
                if let ConstraintKind::ForeignKey(key) = &constraint.get().kind {
                    self.foreign_key(constraint, key);
                }
            }
        }
    }

    /// How many tables a partition is below.
    fn generation(&self, table: TableId) -> usize {
        let mut at = table;
        (0..super::DEPTH)
            .take_while(|_| match self.schema.tables[at].partition.of {
                Some(above) => {
                    at = above;
                    true
                }
                None => false,
            })
            .count()
    }

    /// Whether a foreign key comes along with another: the one of the table above under the same name, or the one on the
    /// table above of what it references.
    fn comes_along(&self, table: TableId, constraint: &Constraint, key: &ForeignKey) -> bool {
        if constraint.inherited == 0 || constraint.local {
            return false;
        }
        let own = self.column_list(table, &constraint.columns);
        let above = self.schema.tables[table].partition.of;
        let clone = above.and_then(|above| {
            self.schema.tables[above].constraints.iter().find(|c| {
                c.presence.is_present()
                    && matches!(&c.kind, ConstraintKind::ForeignKey(other) if other.table == key.table)
                    && self.column_list(above, &c.columns) == own
            })
        });
        clone.is_none_or(|c| c.name.known() == constraint.name.known())
    }

    fn foreign_key(&mut self, constraint: ConstraintWalker<'_>, key: &ForeignKey) {
        let (table, c) = (constraint.table.id, constraint.get());
        if !self.want(Item::Table(table)) {
            return;
        }
        let Some(name) = self.told(constraint) else { return };
        let shown = format!("constraint {}.{name}", self.shown_table(table));
        if self.comes_along(table, c, key) {
            self.keys.insert((table, constraint.id));
            return;
        }
        if !self.want(Item::Table(key.table)) || !self.is_unique(key.table, &key.columns) {
            self.note(&shown, "the key that it references is not known");
            return;
        }
        let matched = if key.match_full { " MATCH FULL" } else { "" };
        let valid = if c.validated { "" } else { " NOT VALID" };
        let set = if key.set_columns.is_empty() {
            String::new()
        } else {
            format!(" ({})", self.column_list(table, &key.set_columns))
        };
        let statement = format!(
            "ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}){matched} ON DELETE {}{set} ON UPDATE {}{}{valid}",
            self.table_name(table),
            name.quoted(),
            self.column_list(table, &c.columns),
            self.table_name(key.table),
            self.column_list(key.table, &key.columns),
            key.on_delete.sql(),
            key.on_update.sql(),
            deferrable(c),
        );
        self.say(&statement);
        self.keys.insert((table, constraint.id));
    }

    /// Whether a printed unique index has these columns.
    fn is_unique(&self, table: TableId, columns: &[ColumnId]) -> bool {
        let walker = self.schema.table(table);
        !columns.is_empty()
            && walker.indexes().any(|index| {
                let i = index.get();
                let keys: Option<Vec<ColumnId>> = (0..i.keys.len()).map(|k| i.key_column(k)).collect();
                i.unique
                    && i.predicate.is_none()
                    && self.indexes.contains(&(table, index.id))
                    && keys.is_some_and(|keys| {
                        keys.len() == columns.len() && columns.iter().all(|column| keys.contains(column))
                    })
            })
    }
}

fn deferrable(constraint: &Constraint) -> &'static str {
    match (constraint.deferrable, constraint.initially_deferred) {
        (false, _) => "",
        (true, false) => " DEFERRABLE",
        (true, true) => " DEFERRABLE INITIALLY DEFERRED",
    }
}
