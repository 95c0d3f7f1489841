//! Indexes: `pg_index`, `pg_indexes`.

use super::columns::fact;
use super::{Builder, doubt, open_section, table_oid};
use crate::known::{Fact, Gap, Section};
use crate::schema::document::index_definition;
use crate::schema::{ConstraintKind, Index, IndexWalker, Relation, TableWalker};
use crate::session::value::{Object, Value};

impl Builder<'_> {
    pub(super) fn pg_indexes(&mut self, key: &str) -> bool {
        match key {
            "pg_indexes" => {
                self.columns = &["schemaname", "tablename", "indexname", "tablespace", "indexdef"];
                for table in self.tables() {
                    let known = [
                        ("schemaname", Value::name(table.namespace_name())),
                        ("tablename", Value::name(table.name())),
                    ];
                    for index in table.indexes() {
                        let values = vec![
                            known[0].1.clone(),
                            known[1].1.clone(),
                            index_name(index.get()),
                            Value::Null,
                            self.index_text(table, index.get()),
                        ];
                        let maybe = doubt(&table.get().presence).or_else(|| doubt(&index.get().presence));
                        self.push(values, maybe);
                    }
                    self.open_indexes(table, &known);
                }
                self.namespace_gaps("schemaname", false);
                let gap = self.gap.clone();
                let known = [
                    ("schemaname", Value::text("pg_catalog")),
                    ("tablename", Value::System(gap.clone())),
                    ("indexname", Value::System(gap.clone())),
                ];
                self.wild(&known, &gap, false);
            }
            "pg_index" => {
                self.columns = &[
                    "indexrelid",
                    "indrelid",
                    "indisunique",
                    "indisprimary",
                    "indkey",
                    "indnatts",
                    "indnkeyatts",
                    "indisvalid",
                    "indpred",
                    "indexprs",
                ];
                for table in self.tables() {
                    for index in table.indexes() {
                        let values = self.pg_index(table, index);
                        let maybe = doubt(&table.get().presence).or_else(|| doubt(&index.get().presence));
                        self.push(values, maybe);
                    }
                    self.open_indexes(table, &[("indrelid", table_oid(table.id))]);
                }
                self.any_gap();
                let gap = self.gap.clone();
                let system = [("indrelid", Value::oid(Object::SystemRelation("pg_class".into())))];
                self.wild(&system, &gap, false);
            }
            _ => return false,
        }
        true
    }

    fn index_text(&self, table: TableWalker<'_>, index: &Index) -> Value {
        match definition(table, index) {
            Ok(Some(text)) => Value::text(text),
            Ok(None) => self.unknown(),
            Err(gap) => Value::Unknown(gap),
        }
    }

    fn open_indexes(&mut self, table: TableWalker<'_>, known: &[(&str, Value)]) {
        for section in [Section::Indexes, Section::Unique, Section::PrimaryKey] {
            if let Some(gap) = open_section(table, section) {
                self.wild(known, &gap, true);
            }
        }
    }

    fn pg_index(&self, table: TableWalker<'_>, index: IndexWalker<'_>) -> Vec<Value> {
        let get = index.get();
        let primary = get
            .constraint
            .and_then(|c| table.get().constraints.get(c.0 as usize))
            .is_some_and(|c| matches!(c.kind, ConstraintKind::PrimaryKey(_)));
        let keys: Vec<Value> = (0..get.keys.len())
            .map(|k| Value::Int(get.key_column(k).map_or(0, |c| i64::from(c.0) + 1)))
            .chain(get.include.iter().map(|c| Value::Int(i64::from(c.0) + 1)))
            .collect();
        let expressions = (0..get.keys.len()).any(|k| get.key_column(k).is_none());
        vec![
            Value::oid(Object::Relation(Relation::Index(table.id, index.id))),
            table_oid(table.id),
            Value::Bool(get.unique),
            Value::Bool(primary),
            Value::array(keys),
            Value::Int((get.keys.len() + get.include.len()) as i64),
            Value::Int(get.keys.len() as i64),
            Value::Bool(true),
            if get.predicate.is_some() {
                Value::text("...")
            } else {
                Value::Null
            },
            if expressions {
                Value::text("...")
            } else {
                Value::Null
            },
        ]
    }
}

/// An index as `pg_get_indexdef` prints it; `None` where parts of it are not kept.
pub(in crate::session) fn definition(table: TableWalker<'_>, index: &Index) -> Result<Option<String>, Gap> {
    let kept = !index.parameters && index.keys.iter().all(|k| k.opclass_options.is_none());
    match &index.name {
        _ if !kept => Ok(None),
        Fact::Known(name, _) => index_definition(table, name, index).map(Some),
        Fact::Unknown { gap, .. } => Err(gap.clone()),
    }
}

pub(super) fn index_name(index: &Index) -> Value {
    fact(&index.name, Value::name)
}
