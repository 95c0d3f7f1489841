//! Namespaces, tables, views, sequences.

use super::{Builder, doubt, names, table_oid};
use crate::known::{Gap, Section};
use crate::name::Name;
use crate::schema::{IndexId, NamespaceId, Relation, RelationKind, TableWalker};
use crate::session::value::{Object, Value};

impl Builder<'_> {
    pub(super) fn information_relations(&mut self, key: &str) -> bool {
        match key {
            "tables" => {
                self.columns = &[
                    "table_catalog",
                    "table_schema",
                    "table_name",
                    "table_type",
                    "is_insertable_into",
                ];
                for table in self.tables() {
                    let kind = match table.get().kind {
                        RelationKind::MaterializedView => continue,
                        RelationKind::View => "VIEW",
                        RelationKind::Foreign => "FOREIGN",
                        RelationKind::Table | RelationKind::Partitioned if table.get().temporary => {
                            "LOCAL TEMPORARY"
                        }
                        RelationKind::Table | RelationKind::Partitioned => "BASE TABLE",
                    };
                    let values = vec![
                        self.unknown(),
                        Value::name(table.namespace_name()),
                        Value::name(table.name()),
                        Value::text(kind),
                        self.unknown(),
                    ];
                    self.push(values, doubt(&table.get().presence));
                }
                self.namespace_gaps("table_schema", false);
                self.system_tables("table_schema", "table_name", false);
            }
            "views" => {
                self.columns = &["table_catalog", "table_schema", "table_name", "view_definition"];
                for table in self.tables() {
                    if table.get().kind == RelationKind::View {
                        let values = vec![
                            self.unknown(),
                            Value::name(table.namespace_name()),
                            Value::name(table.name()),
                            self.unknown(),
                        ];
                        self.push(values, doubt(&table.get().presence));
                    }
                }
                self.namespace_gaps("table_schema", false);
                self.system_tables("table_schema", "table_name", true);
            }
            "schemata" => {
                self.columns = &["catalog_name", "schema_name", "schema_owner"];
                self.namespaces(&|b, name, _| vec![b.unknown(), name, b.unknown()]);
            }
            "sequences" => {
                self.columns = &[
                    "sequence_catalog",
                    "sequence_schema",
                    "sequence_name",
                    "data_type",
                    "start_value",
                    "increment",
                ];
                // Sequences of identity columns are not listed.
                for (_, s) in self
                    .schema
                    .sequences
                    .iter()
                    .filter(|(_, s)| s.presence.may_be() && s.identity.is_none())
                {
                    let values = vec![
                        self.unknown(),
                        self.namespace_name(s.namespace),
                        Value::name(&s.name),
                        Value::text(self.schema.format_type(&s.ty)),
                        Value::text(s.start.to_string()),
                        Value::text(s.increment.to_string()),
                    ];
                    self.push(values, doubt(&s.presence));
                }
                self.namespace_gaps("sequence_schema", false);
            }
            _ => return false,
        }
        true
    }

    pub(super) fn pg_relations(&mut self, key: &str) -> bool {
        match key {
            "pg_namespace" => {
                self.columns = &["oid", "nspname", "nspowner"];
                self.namespaces(&|b, name, oid| vec![oid, name, b.unknown()]);
            }
            "pg_class" => self.pg_class(),
            "pg_tables" => {
                self.columns = &["schemaname", "tablename"];
                self.named_tables(&[RelationKind::Table, RelationKind::Partitioned]);
                self.namespace_gaps("schemaname", false);
                self.system_tables("schemaname", "tablename", true);
            }
            "pg_views" => {
                self.columns = &["schemaname", "viewname"];
                self.named_tables(&[RelationKind::View]);
                self.namespace_gaps("schemaname", false);
                self.system_tables("schemaname", "viewname", true);
            }
            "pg_matviews" => {
                self.columns = &["schemaname", "matviewname"];
                self.named_tables(&[RelationKind::MaterializedView]);
                self.namespace_gaps("schemaname", false);
            }
            "pg_sequences" | "pg_sequence" => {
                let by_oid = key == "pg_sequence";
                self.columns = if by_oid {
                    &["seqrelid", "seqtypid"]
                } else {
                    &["schemaname", "sequencename"]
                };
                for (id, s) in self.schema.sequences.iter().filter(|(_, s)| s.presence.may_be()) {
                    let values = if by_oid {
                        vec![
                            Value::oid(Object::Relation(Relation::Sequence(id))),
                            Value::oid(Object::Type(s.ty.clone())),
                        ]
                    } else {
                        vec![self.namespace_name(s.namespace), Value::name(&s.name)]
                    };
                    self.push(values, doubt(&s.presence));
                }
                if by_oid {
                    self.any_gap();
                } else {
                    self.namespace_gaps("schemaname", false);
                }
            }
            _ => return false,
        }
        true
    }

    fn named_tables(&mut self, kinds: &[RelationKind]) {
        for table in self.tables() {
            if kinds.contains(&table.get().kind) {
                let values = vec![Value::name(table.namespace_name()), Value::name(table.name())];
                self.push(values, doubt(&table.get().presence));
            }
        }
    }

    fn namespaces(&mut self, row: &dyn Fn(&Self, Value, Value) -> Vec<Value>) {
        for (id, namespace) in self.schema.namespaces.iter() {
            if namespace.presence.may_be() {
                let values = row(
                    self,
                    Value::name(&namespace.name),
                    Value::oid(Object::Namespace(id)),
                );
                self.push(values, doubt(&namespace.presence));
            }
        }
        for name in ["pg_catalog", "information_schema", "pg_toast"] {
            if self.schema.namespace(&Name::new(name)).is_none() {
                let values = row(self, Value::text(name), Value::oid(Object::Other(name.into())));
                self.push(values, None);
            }
        }
        // Schemas of temporary tables.
        let values = row(self, Value::System(self.gap.clone()), self.unknown());
        self.rows.push(crate::session::query::Row {
            values,
            maybe: Some(self.gap.clone()),
            many: true,
        });
    }

    /// Rows for what any gap beyond a table may hide, where the catalog names no namespace.
    pub(super) fn any_gap(&mut self) {
        let hidden = self
            .schema
            .gaps
            .iter()
            .find(|g| matches!(g.reach, crate::known::Reach::Namespace(_)));
        let presumed = self
            .schema
            .namespaces
            .iter()
            .find_map(|(_, n)| n.presumed.clone());
        if let Some(gap) = hidden.cloned().or(presumed) {
            self.wild(&[], &gap, true);
        }
    }

    /// The relations that every server has.
    fn system_tables(&mut self, schema: &str, name: &str, maybe: bool) {
        let gap = self.gap.clone();
        for (place, list) in [
            ("pg_catalog", names::CATALOG),
            ("information_schema", names::INFORMATION_SCHEMA),
        ] {
            for table in list.split_ascii_whitespace() {
                self.wild(
                    &[(schema, Value::text(place)), (name, Value::text(table))],
                    &gap,
                    maybe,
                );
            }
        }
    }

    fn pg_class(&mut self) {
        self.columns = &[
            "oid",
            "relname",
            "relnamespace",
            "relkind",
            "relpersistence",
            "relispartition",
            "reltype",
            "relhasindex",
            "relnatts",
        ];
        // What is not known of the indexes of one table is not known of those of the others: one row stands for all in a schema.
        let mut open: Vec<NamespaceId> = Vec::new();
        for table in self.tables() {
            self.class_of_table(table);
            let namespace = table.get().namespace;
            if !open.contains(&namespace)
                && let Some(gap) = unknown_indexes(table)
            {
                let known = [
                    ("relnamespace", Value::oid(Object::Namespace(namespace))),
                    ("relkind", Value::text("i")),
                ];
                self.wild(&known, &gap, true);
                open.push(namespace);
            }
        }
        for (id, s) in self.schema.sequences.iter().filter(|(_, s)| s.presence.may_be()) {
            let values = vec![
                Value::oid(Object::Relation(Relation::Sequence(id))),
                Value::name(&s.name),
                Value::oid(Object::Namespace(s.namespace)),
                Value::text("S"),
                Value::text(if s.temporary { "t" } else { "p" }),
                Value::Bool(false),
                Value::Int(0),
                Value::Bool(false),
                Value::Int(3),
            ];
            self.push(values, doubt(&s.presence));
        }
        self.namespace_gaps("relnamespace", true);
        let gap = self.gap.clone();
        for (place, list) in [
            ("pg_catalog", names::CATALOG),
            ("information_schema", names::INFORMATION_SCHEMA),
        ] {
            let namespace = self.namespace_value(&Name::new(place), true);
            for name in list.split_ascii_whitespace() {
                let known = [
                    ("oid", Value::oid(Object::SystemRelation(name.into()))),
                    ("relname", Value::text(name)),
                    ("relnamespace", namespace.clone()),
                ];
                self.wild(&known, &gap, false);
            }
        }
        for (place, kind) in [("pg_catalog", "i"), ("pg_toast", "t")] {
            let known = [
                ("relname", Value::System(gap.clone())),
                ("relnamespace", self.namespace_value(&Name::new(place), true)),
                ("relkind", Value::text(kind)),
            ];
            self.wild(&known, &gap, false);
        }
    }

    fn class_of_table(&mut self, table: TableWalker<'_>) {
        let get = table.get();
        let namespace = Value::oid(Object::Namespace(get.namespace));
        let kind = match get.kind {
            RelationKind::Table => "r",
            RelationKind::Partitioned => "p",
            RelationKind::View => "v",
            RelationKind::MaterializedView => "m",
            RelationKind::Foreign => "f",
        };
        let persistence = match (get.temporary, get.unlogged) {
            (true, _) => "t",
            (false, true) => "u",
            (false, false) => "p",
        };
        let values = vec![
            table_oid(table.id),
            Value::name(table.name()),
            namespace.clone(),
            Value::text(kind),
            Value::text(persistence),
            Value::Bool(get.partition.of.is_some()),
            Value::oid(Object::RowType(table.id, false)),
            self.unknown(),
            self.unknown(),
        ];
        self.push(values, doubt(&get.presence));
        for index in table.indexes() {
            let name = super::indexes::index_name(index.get());
            let values = vec![
                Value::oid(Object::Relation(Relation::Index(table.id, IndexId(index.id.0)))),
                name,
                namespace.clone(),
                Value::text(if get.kind == RelationKind::Partitioned {
                    "I"
                } else {
                    "i"
                }),
                Value::text(persistence),
                self.unknown(),
                Value::Int(0),
                Value::Bool(false),
                self.unknown(),
            ];
            let maybe = doubt(&get.presence).or_else(|| doubt(&index.get().presence));
            self.push(values, maybe);
        }
    }
}

/// Why a table may have other indexes than those that are known.
fn unknown_indexes(table: TableWalker<'_>) -> Option<Gap> {
    let sections = [Section::Indexes, Section::Unique, Section::PrimaryKey];
    let mut gaps = sections
        .into_iter()
        .filter_map(|section| super::open_section(table, section));
    gaps.next()
}
