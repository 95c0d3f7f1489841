//! Functions, triggers, policies, extensions, inheritance.

use super::{Builder, doubt, names, table_oid};
use crate::name::Name;
use crate::schema::RelationKind;
use crate::session::value::{Object, Value};

impl Builder<'_> {
    pub(super) fn information_others(&mut self, key: &str) -> bool {
        match key {
            "routines" => {
                self.columns = &[
                    "routine_schema",
                    "routine_name",
                    "routine_type",
                    "specific_schema",
                ];
                for (_, f) in self.schema.functions.iter().filter(|(_, f)| f.presence.may_be()) {
                    let place = self.namespace_name(f.namespace);
                    let kind = if f.procedure { "PROCEDURE" } else { "FUNCTION" };
                    let values = vec![place.clone(), Value::name(&f.name), Value::text(kind), place];
                    self.push(values, doubt(&f.presence));
                }
                self.builtin_functions("routine_schema", "routine_name", false);
                self.namespace_gaps("routine_schema", false);
                self.extension_functions("routine_schema", false);
            }
            "triggers" => {
                self.columns = &[
                    "trigger_schema",
                    "trigger_name",
                    "event_object_schema",
                    "event_object_table",
                    "event_manipulation",
                ];
                for table in self.tables() {
                    let place = Value::name(table.namespace_name());
                    for trigger in &table.get().triggers {
                        // One row an event; which events there are is not kept.
                        let known = [
                            ("trigger_schema", place.clone()),
                            ("trigger_name", Value::name(&trigger.name)),
                            ("event_object_schema", place.clone()),
                            ("event_object_table", Value::name(table.name())),
                        ];
                        let gap = self.gap.clone();
                        let maybe = doubt(&table.get().presence);
                        self.wild(&known, maybe.as_ref().unwrap_or(&gap), maybe.is_some());
                    }
                    self.presumed_rows(
                        table,
                        &[
                            ("event_object_schema", place),
                            ("event_object_table", Value::name(table.name())),
                        ],
                    );
                }
                self.namespace_gaps("event_object_schema", false);
            }
            _ => return false,
        }
        true
    }

    fn presumed_rows(&mut self, table: crate::schema::TableWalker<'_>, known: &[(&str, Value)]) {
        if let Some(gap) = &table.get().presumed {
            self.wild(known, gap, true);
        }
    }

    pub(super) fn pg_others(&mut self, key: &str) -> bool {
        match key {
            "pg_proc" => {
                self.columns = &["oid", "proname", "pronamespace", "prokind", "pronargs"];
                for (id, f) in self.schema.functions.iter().filter(|(_, f)| f.presence.may_be()) {
                    let values = vec![
                        Value::oid(Object::Function(id)),
                        Value::name(&f.name),
                        Value::oid(Object::Namespace(f.namespace)),
                        Value::text(if f.procedure { "p" } else { "f" }),
                        Value::Int(f.parameters.inputs().count() as i64),
                    ];
                    self.push(values, doubt(&f.presence));
                }
                self.builtin_functions("pronamespace", "proname", true);
                self.namespace_gaps("pronamespace", true);
                self.extension_functions("pronamespace", true);
            }
            "pg_trigger" => {
                self.columns = &["oid", "tgrelid", "tgname", "tgisinternal"];
                for table in self.tables() {
                    for trigger in &table.get().triggers {
                        let values = vec![
                            self.unknown(),
                            table_oid(table.id),
                            Value::name(&trigger.name),
                            Value::Bool(false),
                        ];
                        self.push(values, doubt(&table.get().presence));
                    }
                    let gap = self.gap.clone();
                    let internal = [
                        ("tgrelid", table_oid(table.id)),
                        ("tgname", Value::System(gap.clone())),
                        ("tgisinternal", Value::Bool(true)),
                    ];
                    self.wild(&internal, &gap, true);
                    self.presumed_rows(table, &[("tgrelid", table_oid(table.id))]);
                }
                self.any_gap();
            }
            "pg_policies" | "pg_policy" => {
                let by_oid = key == "pg_policy";
                self.columns = if by_oid {
                    &["polrelid", "polname"]
                } else {
                    &["schemaname", "tablename", "policyname"]
                };
                for table in self.tables() {
                    let mut known = vec![Value::name(table.namespace_name()), Value::name(table.name())];
                    if by_oid {
                        known = vec![table_oid(table.id)];
                    }
                    for policy in &table.get().policies {
                        let mut values = known.clone();
                        values.push(Value::name(policy));
                        self.push(values, doubt(&table.get().presence));
                    }
                    let named: Vec<(&str, Value)> = self.columns.iter().copied().zip(known).collect();
                    self.presumed_rows(table, &named);
                }
                if by_oid {
                    self.any_gap();
                } else {
                    self.namespace_gaps("schemaname", false);
                }
            }
            "pg_extension" => {
                self.columns = &["oid", "extname", "extnamespace"];
                for extension in self.schema.extensions.iter().filter(|e| e.presence.may_be()) {
                    let values = vec![
                        self.unknown(),
                        Value::name(&extension.name),
                        Value::oid(Object::Namespace(extension.namespace)),
                    ];
                    self.push(values, doubt(&extension.presence));
                }
                if !self.schema.extensions.iter().any(|e| e.name == "plpgsql") {
                    let namespace = self.namespace_value(&Name::new("pg_catalog"), true);
                    let values = vec![self.unknown(), Value::text("plpgsql"), namespace];
                    self.push(values, None);
                }
                self.any_gap();
            }
            "pg_inherits" => {
                self.columns = &["inhrelid", "inhparent"];
                for table in self.tables() {
                    let parents: Vec<_> = table
                        .get()
                        .inherits
                        .iter()
                        .copied()
                        .chain(table.get().partition.of)
                        .collect();
                    for parent in parents {
                        let values = vec![table_oid(table.id), table_oid(parent)];
                        self.push(values, doubt(&table.get().presence));
                    }
                    self.presumed_rows(table, &[("inhrelid", table_oid(table.id))]);
                }
                // Indexes of partitions are listed too.
                let gap = self.gap.clone();
                if self
                    .tables()
                    .iter()
                    .any(|t| t.get().kind == RelationKind::Partitioned)
                {
                    let index = Value::oid(Object::Other("an index".into()));
                    self.wild(&[("inhrelid", index.clone()), ("inhparent", index)], &gap, true);
                }
                self.any_gap();
            }
            "pg_partitioned_table" => {
                self.columns = &["partrelid", "partstrat"];
                for table in self.tables() {
                    if table.get().kind == RelationKind::Partitioned {
                        let values = vec![table_oid(table.id), self.unknown()];
                        self.push(values, doubt(&table.get().presence));
                    }
                    self.presumed_rows(table, &[("partrelid", table_oid(table.id))]);
                }
                self.any_gap();
            }
            _ => return false,
        }
        true
    }

    fn builtin_functions(&mut self, schema: &str, name: &str, by_oid: bool) {
        let gap = self.gap.clone();
        let place = self.namespace_value(&Name::new("pg_catalog"), by_oid);
        for function in names::FUNCTIONS.split_ascii_whitespace() {
            self.wild(
                &[(schema, place.clone()), (name, Value::text(function))],
                &gap,
                false,
            );
        }
    }

    /// The functions of extensions are not listed: where one is installed, more may be in its schema.
    fn extension_functions(&mut self, schema: &str, by_oid: bool) {
        let gap = self.gap.clone();
        let places: Vec<Value> = self
            .schema
            .extensions
            .iter()
            .filter(|e| e.presence.may_be() && e.name != "plpgsql")
            .map(|e| {
                if by_oid {
                    Value::oid(Object::Namespace(e.namespace))
                } else {
                    self.namespace_name(e.namespace)
                }
            })
            .collect();
        for place in places {
            self.wild(&[(schema, place)], &gap, true);
        }
    }
}
