//! The system catalogs and the information schema, answered from the simulated schema.
//!
//! What may be there beside what is known stands in the answer as rows with unknown values, so that absence is only told where
//! no gap could hide the object. Columns that are not simulated are unknown.
//!
//! Source: PostgreSQL manual, chapters 37 "The Information Schema" and 53 "System Catalogs".

mod columns;
mod constraints;
mod indexes;
mod names;
mod others;
mod relations;
mod types;

pub(super) use indexes::definition as index_definition;
pub(super) use names::is_function;

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashSet;

use super::Session;
use super::query::{Row, Table};
use super::value::{Object, Value};
use crate::known::{Gap, Presence, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::schema::{NamespaceId, Schema, TableId, TableWalker};
use crate::source::Span;

/// Whether every server has a relation of this name.
pub(super) fn is_system_relation(name: &QualifiedName) -> bool {
    match &name.schema {
        Some(schema) if *schema == "information_schema" => {
            names::has(names::INFORMATION_SCHEMA, name.name.as_str())
        }
        Some(schema) if *schema == "pg_catalog" => true,
        Some(_) => false,
        None => {
            static CATALOG: OnceLock<FxHashSet<&str>> = OnceLock::new();
            let all = CATALOG.get_or_init(|| names::CATALOG.split_ascii_whitespace().collect());
            all.contains(name.name.as_str())
        }
    }
}

impl Session {
    /// A catalog as the database stands; `None` for a name that is none.
    pub(super) fn catalog(&mut self, name: &QualifiedName, at: Span) -> Option<Arc<Table>> {
        let version = self.world.version;
        if let Some((of, Some(table))) = self.catalogs.get(name)
            && *of == version
        {
            return Some(table.clone());
        }
        let table = Arc::new(self.catalog_rows(name, &[], at)?);
        self.catalogs.insert(name.clone(), (version, Some(table.clone())));
        Some(table)
    }

    /// Of a catalog, the rows that are not known to differ from the values wanted. A database is mostly asked once before it
    /// changes: only the second question has the whole catalog made, and kept.
    pub(super) fn catalog_only(
        &mut self,
        name: &QualifiedName,
        wanted: &[(Name, Value)],
        at: Span,
    ) -> Option<Table> {
        let version = self.world.version;
        let asked = self.catalogs.get(name).is_some_and(|(of, _)| *of == version);
        if wanted.is_empty() || asked {
            return Some(self.catalog(name, at)?.only(wanted));
        }
        let table = self.catalog_rows(name, wanted, at)?;
        self.catalogs.insert(name.clone(), (version, None));
        Some(table)
    }

    /// The rows of a catalog that are not known to differ from the values wanted.
    fn catalog_rows(&self, name: &QualifiedName, wanted: &[(Name, Value)], at: Span) -> Option<Table> {
        if !is_system_relation(name) {
            return None;
        }
        let information = name.schema.as_ref().is_some_and(|s| *s == "information_schema");
        let schema = self.world.database.schema();
        let gap = Gap::new(at, format!("{name} is not wholly simulated"), Reach::Rows);
        let key = name.name.as_str();
        let mut builder = Builder {
            schema,
            columns: &[],
            rows: Vec::new(),
            gap: gap.clone(),
            wanted,
        };
        let known = if information {
            builder.information_relations(key)
                || builder.information_constraints(key)
                || builder.information_columns(key)
                || builder.information_others(key)
        } else {
            builder.pg_relations(key)
                || builder.pg_columns(key)
                || builder.pg_constraints(key)
                || builder.pg_indexes(key)
                || builder.pg_types(key)
                || builder.pg_others(key)
        };
        if !known {
            return Some(Table::unknown(&gap));
        }
        if let Some(everything) = schema.gaps.iter().find(|g| g.reach == Reach::Everything) {
            builder.rows.push(Row::any(builder.columns.len(), everything));
        }
        Some(Table {
            columns: builder.columns.iter().map(|c| Name::new(c)).collect(),
            open: Some(gap),
            rows: builder.rows,
        })
    }
}

/// Builds the rows of one catalog.
struct Builder<'a> {
    schema: &'a Schema,
    columns: &'static [&'static str],
    rows: Vec<Row>,
    gap: Gap,
    /// Values that are asked for: no row is made that is known to have others.
    wanted: &'a [(Name, Value)],
}

impl<'a> Builder<'a> {
    /// Whether no row with this value is asked for.
    fn excludes(&self, column: &str, value: &Value) -> bool {
        let mut of_column = self.wanted.iter().filter(|(name, _)| *name == column);
        of_column.any(|(_, wanted)| value.differs(wanted))
    }

    fn push(&mut self, values: Vec<Value>, maybe: Option<Gap>) {
        if !self.wanted.is_empty() {
            let mut fields = self.columns.iter().zip(&values);
            if fields.any(|(column, value)| self.excludes(column, value)) {
                return;
            }
        }
        self.rows.push(Row {
            values,
            maybe,
            many: false,
        });
    }

    /// A row of which only some columns are known; it stands for any number of rows.
    fn wild(&mut self, known: &[(&str, Value)], gap: &Gap, maybe: bool) {
        self.partly(known, gap, maybe, true);
    }

    /// The same of one row.
    fn wild_one(&mut self, known: &[(&str, Value)], gap: &Gap, maybe: bool) {
        self.partly(known, gap, maybe, false);
    }

    fn partly(&mut self, known: &[(&str, Value)], gap: &Gap, maybe: bool, many: bool) {
        if known.iter().any(|(column, value)| self.excludes(column, value)) {
            return;
        }
        let values = self
            .columns
            .iter()
            .map(|column| {
                known
                    .iter()
                    .find(|k| k.0 == *column)
                    .map_or_else(|| Value::Unknown(gap.clone()), |k| k.1.clone())
            })
            .collect();
        self.rows.push(Row {
            values,
            maybe: maybe.then(|| gap.clone()),
            many,
        });
    }

    fn unknown(&self) -> Value {
        Value::Unknown(self.gap.clone())
    }

    /// Rows for the namespaces of which it cannot be told what they hold; `column` names the namespace.
    fn namespace_gaps(&mut self, column: &str, by_oid: bool) {
        let mut found: Vec<(Value, Gap)> = Vec::new();
        for gap in &self.schema.gaps {
            if let Reach::Namespace(name) = &gap.reach {
                found.push((self.namespace_value(&Name::new(name), by_oid), gap.clone()));
            }
        }
        for (id, namespace) in self.schema.namespaces.iter() {
            let platform = namespace.system && !is_system_namespace(&namespace.name);
            let gap = match (&namespace.presumed, platform) {
                (Some(gap), _) => gap.clone(),
                (None, true) => self.gap.clone(),
                (None, false) => continue,
            };
            let value = if by_oid {
                Value::oid(Object::Namespace(id))
            } else {
                Value::name(&namespace.name)
            };
            found.push((value, gap));
        }
        for (value, gap) in found {
            self.wild(&[(column, value)], &gap, true);
        }
    }

    /// A namespace as a name or an oid.
    fn namespace_value(&self, name: &Name, by_oid: bool) -> Value {
        if !by_oid {
            return Value::name(name);
        }
        Value::oid(
            self.schema
                .namespace(name)
                .map_or_else(|| Object::Other(name.as_str().into()), Object::Namespace),
        )
    }

    fn namespace_name(&self, id: NamespaceId) -> Value {
        Value::name(&self.schema.namespaces[id].name)
    }

    /// Tables and what else has columns, as the catalogs list them: an extension's too, dropped ones not.
    fn tables(&self) -> Vec<TableWalker<'a>> {
        let schema = self.schema;
        schema
            .tables
            .iter()
            .filter(|(_, t)| t.presence.may_be() && schema.namespaces[t.namespace].presence.may_be())
            .map(|(id, _)| schema.table(id))
            .collect()
    }
}

/// Why an object may not be there.
fn doubt(presence: &Presence) -> Option<Gap> {
    match presence {
        Presence::Maybe(gap) => Some(gap.clone()),
        Presence::Present(_) | Presence::Dropped(_) => None,
    }
}

/// Why a section of a table may hold more than is listed.
///
/// Constraints and indexes of tables that a runner or an extension made bear names of their own; they are left out.
fn open_section(table: TableWalker<'_>, section: Section) -> Option<Gap> {
    if table.get().extension.is_some() && section != Section::Columns {
        return None;
    }
    let presumed = table.get().presumed.clone();
    table.open(section).cloned().or(presumed)
}

pub(super) fn is_system_namespace(name: &Name) -> bool {
    name.as_str().starts_with("pg_") || *name == "information_schema"
}

fn table_oid(id: TableId) -> Value {
    Value::oid(Object::Relation(crate::schema::Relation::Table(id)))
}
