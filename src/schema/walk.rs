//! Reading a schema: `Copy` walkers that hold an id and the schema, and lookups that keep absence and ignorance apart.

use super::{
    Column, ColumnId, Constraint, ConstraintId, ConstraintKind, Index, IndexId, NamespaceId, Relation,
    Schema, Table, TableId, TypeKind,
};
use crate::known::{Gap, Presence, Section};
use crate::name::{Name, QualifiedName};
use crate::sqltype::{SqlType, TypeId};

/// The answer to "is there such an object": absence is only told where no gap could hide it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T> {
    /// It is there, or may be (see its presence).
    Found(T),
    /// It is not there.
    Absent,
    /// It cannot be told.
    Unknown(Gap),
}

/// A table of a schema.
#[derive(Clone, Copy)]
pub struct TableWalker<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// The table.
    pub id: TableId,
}

/// A column of a schema.
#[derive(Clone, Copy)]
pub struct ColumnWalker<'a> {
    /// Its table.
    pub table: TableWalker<'a>,
    /// The column.
    pub id: ColumnId,
}

/// A constraint of a schema.
#[derive(Clone, Copy)]
pub struct ConstraintWalker<'a> {
    /// Its table.
    pub table: TableWalker<'a>,
    /// The constraint.
    pub id: ConstraintId,
}

/// An index of a schema.
#[derive(Clone, Copy)]
pub struct IndexWalker<'a> {
    /// Its table.
    pub table: TableWalker<'a>,
    /// The index.
    pub id: IndexId,
}

impl Schema {
    /// Whether a function bears a name in any namespace: `row.name` may call it ("Using Composite Types in Queries").
    #[must_use]
    pub fn has_function_named(&self, name: &Name) -> bool {
        self.functions.iter().any(|(_, function)| function.name == *name)
    }

    /// Adds a gap, once: what cannot be followed is often met again and again.
    pub fn add_gap(&mut self, gap: Gap) {
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }

    /// The namespace of a name, dropped ones left out.
    #[must_use]
    pub fn namespace(&self, name: &Name) -> Option<NamespaceId> {
        self.namespaces
            .iter()
            .find(|(_, n)| n.name == *name && n.presence.may_be())
            .map(|(id, _)| id)
    }

    /// A walker.
    #[must_use]
    pub fn table(&self, id: TableId) -> TableWalker<'_> {
        TableWalker { schema: self, id }
    }

    /// The gap of the first table that nothing makes: where there is one, more may have been there before all that is told. A runner's
    /// own table is none of these.
    #[must_use]
    pub fn begins_elsewhere(&self) -> Option<&Gap> {
        let mut tables = self.tables.iter().filter(|(_, t)| t.extension.is_none());
        tables.find_map(|(_, t)| t.presumed.as_ref())
    }

    /// Tables that are or may be there, system and extension ones left out, ordered by qualified name.
    #[must_use]
    pub fn live_tables(&self) -> Vec<TableWalker<'_>> {
        let mut out: Vec<_> = self
            .tables
            .iter()
            .filter(|(_, t)| {
                t.presence.may_be()
                    && t.extension.is_none()
                    && !t.temporary
                    && !self.namespaces[t.namespace].system
            })
            .map(|(id, _)| self.table(id))
            .collect();
        out.sort_by_cached_key(|t| (t.namespace_name().clone(), t.name().clone()));
        out
    }

    /// The table or view of this name; a name without a schema is looked up on the search path.
    #[must_use]
    pub fn table_named(&self, name: &QualifiedName) -> Lookup<TableWalker<'_>> {
        let places: Vec<&Name> = name
            .schema
            .as_ref()
            .map_or_else(|| self.search_path.iter().collect(), |s| vec![s]);
        for place in &places {
            if let Some(namespace) = self.namespace(place)
                && let Some(Relation::Table(id)) = self.relation_names.get(namespace, &name.name)
            {
                return Lookup::Found(self.table(id));
            }
        }
        match self.hiding_gap(&places) {
            Some(gap) => Lookup::Unknown(gap.clone()),
            None => Lookup::Absent,
        }
    }

    /// The gap that could hide an object in one of these namespaces.
    #[must_use]
    pub fn hiding_gap(&self, places: &[&Name]) -> Option<&Gap> {
        use crate::known::Reach;
        self.gaps.iter().find(|gap| match &gap.reach {
            Reach::Everything => true,
            Reach::Namespace(name) | Reach::Others(name) => places.iter().any(|p| p.as_str() == name),
            Reach::Rows | Reach::Fact(_) | Reach::Section(..) | Reach::OthersOf(..) | Reach::Object(_) => {
                false
            }
        })
    }

    /// The last table of this name that was dropped or renamed away, for messages.
    #[must_use]
    pub fn dropped_table(&self, namespace: NamespaceId, name: &Name) -> Option<TableWalker<'_>> {
        let found = self
            .tables
            .iter()
            .filter(|(_, t)| t.namespace == namespace && t.name == *name && t.presence.is_dropped());
        found.last().map(|(id, _)| self.table(id))
    }

    /// A type as `format_type` prints it.
    #[must_use]
    pub fn format_type(&self, ty: &SqlType) -> String {
        ty.print(&|id| self.type_name(id))
    }

    /// A user-defined type's name, quoted where needed; with its schema unless that is on the search path.
    #[must_use]
    pub fn type_name(&self, id: TypeId) -> String {
        let ty = &self.types[id];
        let (namespace, name) = match ty.kind {
            TypeKind::Row(table) => (self.tables[table].namespace, &self.tables[table].name),
            _ => (ty.namespace, &ty.name),
        };
        let namespace = &self.namespaces[namespace].name;
        let name = name.quoted();
        if self.search_path.contains(namespace) {
            name
        } else {
            format!("{}.{name}", namespace.quoted())
        }
    }
}

impl<'a> TableWalker<'a> {
    /// The table itself.
    #[must_use]
    pub fn get(self) -> &'a Table {
        &self.schema.tables[self.id]
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'a Name {
        &self.get().name
    }

    /// The name of its namespace.
    #[must_use]
    pub fn namespace_name(self) -> &'a Name {
        &self.schema.namespaces[self.get().namespace].name
    }

    /// `public.users`.
    #[must_use]
    pub fn qualified(self) -> String {
        format!("{}.{}", self.namespace_name(), self.name())
    }

    /// The gap that leaves a section open, if any.
    #[must_use]
    pub fn open(self, section: Section) -> Option<&'a Gap> {
        self.get()
            .open
            .iter()
            .find(|(s, _)| *s == section)
            .map(|(_, gap)| gap)
    }

    /// Columns that are or may be there, in order.
    pub fn columns(self) -> impl Iterator<Item = ColumnWalker<'a>> {
        let columns = self.get().columns.iter().enumerate();
        columns
            .filter(|(_, c)| c.presence.may_be())
            .map(move |(i, _)| ColumnWalker {
                table: self,
                id: ColumnId(i as u32),
            })
    }

    /// The column of this name.
    #[must_use]
    pub fn column(self, name: &Name) -> Lookup<ColumnWalker<'a>> {
        match self.columns().find(|c| c.get().name == *name) {
            Some(column) => Lookup::Found(column),
            None => self
                .open(Section::Columns)
                .map_or(Lookup::Absent, |gap| Lookup::Unknown(gap.clone())),
        }
    }

    /// A column by number.
    #[must_use]
    pub fn column_by_id(self, id: ColumnId) -> ColumnWalker<'a> {
        ColumnWalker { table: self, id }
    }

    /// Constraints that are or may be there, in the order they were made.
    pub fn constraints(self) -> impl Iterator<Item = ConstraintWalker<'a>> {
        let constraints = self.get().constraints.iter().enumerate();
        constraints
            .filter(|(_, c)| c.presence.may_be())
            .map(move |(i, _)| ConstraintWalker {
                table: self,
                id: ConstraintId(i as u32),
            })
    }

    /// The primary key, if it is there.
    #[must_use]
    pub fn primary_key(self) -> Option<ConstraintWalker<'a>> {
        self.constraints()
            .find(|c| matches!(c.get().kind, ConstraintKind::PrimaryKey(_)))
    }

    /// Indexes that are or may be there, in the order they were made, those of constraints included.
    pub fn indexes(self) -> impl Iterator<Item = IndexWalker<'a>> {
        let indexes = self.get().indexes.iter().enumerate();
        indexes
            .filter(|(_, i)| i.presence.may_be())
            .map(move |(i, _)| IndexWalker {
                table: self,
                id: IndexId(i as u32),
            })
    }

    /// Whether a trigger may give the columns of a new row values of its own: one that runs before it is written, for the row
    /// (PostgreSQL manual 37.1).
    #[must_use]
    pub fn may_fill_new_rows(self) -> bool {
        self.get().triggers.iter().any(|trigger| {
            let events = trigger.text.events.to_ascii_lowercase();
            trigger.text.each_row && events.contains("before") && events.contains("insert")
        })
    }

    /// Whether it is certainly there.
    #[must_use]
    pub fn is_certain(self) -> bool {
        matches!(self.get().presence, Presence::Present(_))
    }
}

impl<'a> ColumnWalker<'a> {
    /// The column itself.
    #[must_use]
    pub fn get(self) -> &'a Column {
        &self.table.get().columns[self.id.0 as usize]
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'a Name {
        &self.get().name
    }

    /// Its type as `format_type` prints it, where known.
    #[must_use]
    pub fn formatted_type(self) -> Option<String> {
        self.get().ty.known().map(|ty| self.table.schema.format_type(ty))
    }
}

impl<'a> ConstraintWalker<'a> {
    /// The constraint itself.
    #[must_use]
    pub fn get(self) -> &'a Constraint {
        &self.table.get().constraints[self.id.0 as usize]
    }

    /// Its columns.
    pub fn columns(self) -> impl Iterator<Item = ColumnWalker<'a>> {
        self.get()
            .columns
            .iter()
            .map(move |&id| self.table.column_by_id(id))
    }
}

impl<'a> IndexWalker<'a> {
    /// The index itself.
    #[must_use]
    pub fn get(self) -> &'a Index {
        &self.table.get().indexes[self.id.0 as usize]
    }
}
