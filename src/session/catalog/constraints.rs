//! Constraints: `pg_constraint` and the views of the information schema on it.

use super::columns::fact;
use super::{Builder, doubt, open_section, table_oid};
use crate::change::ReferentialAction;
use crate::known::{Gap, Section};
use crate::schema::{ColumnId, Constraint, ConstraintKind, ConstraintWalker, Relation, TableId, TableWalker};
use crate::session::value::{Object, Value};

/// Sections that hold constraints, with `contype` and the information schema's word.
const SECTIONS: [(Section, &str, &str); 4] = [
    (Section::PrimaryKey, "p", "PRIMARY KEY"),
    (Section::Unique, "u", "UNIQUE"),
    (Section::ForeignKeys, "f", "FOREIGN KEY"),
    (Section::Checks, "c", "CHECK"),
];

impl Builder<'_> {
    pub(super) fn information_constraints(&mut self, key: &str) -> bool {
        match key {
            "table_constraints" => self.table_constraints(),
            "key_column_usage" => self.column_usage(false),
            "constraint_column_usage" => self.column_usage(true),
            "referential_constraints" => self.referential_constraints(),
            "check_constraints" => {
                self.columns = &["constraint_schema", "constraint_name", "check_clause"];
                for table in self.tables() {
                    for constraint in table.constraints() {
                        if matches!(constraint.get().kind, ConstraintKind::Check(_)) {
                            let values = vec![
                                Value::name(table.namespace_name()),
                                name(constraint.get()),
                                self.unknown(),
                            ];
                            self.push(values, maybe(table, constraint.get()));
                        }
                    }
                    if let Some(gap) = open_section(table, Section::Checks) {
                        let known = [("constraint_schema", Value::name(table.namespace_name()))];
                        self.wild(&known, &gap, true);
                    }
                }
                self.namespace_gaps("constraint_schema", false);
                self.system_constraints("constraint_name");
            }
            _ => return false,
        }
        true
    }

    fn table_constraints(&mut self) {
        self.columns = &[
            "constraint_catalog",
            "constraint_schema",
            "constraint_name",
            "table_catalog",
            "table_schema",
            "table_name",
            "constraint_type",
            "is_deferrable",
            "initially_deferred",
        ];
        for table in self.tables() {
            let place = Value::name(table.namespace_name());
            for constraint in table.constraints() {
                let get = constraint.get();
                let Some(word) = word(&get.kind) else { continue };
                let values = vec![
                    self.unknown(),
                    place.clone(),
                    name(get),
                    self.unknown(),
                    place.clone(),
                    Value::name(table.name()),
                    Value::text(word),
                    Value::yes_no(get.deferrable),
                    Value::yes_no(get.initially_deferred),
                ];
                self.push(values, maybe(table, get));
            }
            let known = [
                ("constraint_schema", place.clone()),
                ("table_schema", place.clone()),
                ("table_name", Value::name(table.name())),
            ];
            for (section, _, word) in SECTIONS {
                if let Some(gap) = open_section(table, section) {
                    let mut known = known.to_vec();
                    known.push(("constraint_type", Value::text(word)));
                    self.wild(&known, &gap, true);
                }
            }
            // Each NOT NULL is listed as a check with a name made of numbers.
            let gap = self.gap.clone();
            let mut known = known.to_vec();
            known.push(("constraint_type", Value::text("CHECK")));
            known.push(("constraint_name", Value::System(gap.clone())));
            self.wild(&known, &gap, true);
        }
        self.namespace_gaps("table_schema", false);
    }

    /// `key_column_usage`, or `constraint_column_usage`, which names the columns that are referenced or checked.
    fn column_usage(&mut self, used: bool) {
        self.columns = &[
            "constraint_catalog",
            "constraint_schema",
            "constraint_name",
            "table_catalog",
            "table_schema",
            "table_name",
            "column_name",
            "ordinal_position",
        ];
        for table in self.tables() {
            let place = Value::name(table.namespace_name());
            for constraint in table.constraints() {
                let get = constraint.get();
                let (holder, columns) = match (&get.kind, used) {
                    (ConstraintKind::ForeignKey(key), true) => (key.table, &key.columns),
                    (ConstraintKind::Check(_), false) | (ConstraintKind::Exclude(..), _) => continue,
                    _ => (table.id, &get.columns),
                };
                for (i, column) in columns.iter().enumerate() {
                    let values = vec![
                        self.unknown(),
                        place.clone(),
                        name(get),
                        self.unknown(),
                        Value::name(self.schema.table(holder).namespace_name()),
                        Value::name(self.schema.table(holder).name()),
                        self.column_name(holder, *column),
                        Value::Int(i as i64 + 1),
                    ];
                    self.push(values, maybe(table, get));
                }
            }
            for (section, _, _) in SECTIONS {
                if let Some(gap) = open_section(table, section) {
                    let mut known = vec![("constraint_schema", place.clone())];
                    if !used {
                        known.push(("table_schema", place.clone()));
                        known.push(("table_name", Value::name(table.name())));
                    }
                    self.wild(&known, &gap, true);
                }
            }
        }
        self.namespace_gaps("constraint_schema", false);
    }

    fn column_name(&self, table: TableId, column: ColumnId) -> Value {
        let columns = &self.schema.tables[table].columns;
        columns
            .get(column.0 as usize)
            .map_or_else(|| self.unknown(), |c| Value::name(&c.name))
    }

    fn referential_constraints(&mut self) {
        self.columns = &[
            "constraint_catalog",
            "constraint_schema",
            "constraint_name",
            "unique_constraint_schema",
            "unique_constraint_name",
            "match_option",
            "update_rule",
            "delete_rule",
        ];
        for table in self.tables() {
            for constraint in table.constraints() {
                let get = constraint.get();
                let ConstraintKind::ForeignKey(key) = &get.kind else {
                    continue;
                };
                let referenced = self.schema.table(key.table);
                let unique = key
                    .index
                    .and_then(|i| referenced.get().indexes.get(i.0 as usize))
                    .map_or_else(|| self.unknown(), super::indexes::index_name);
                let values = vec![
                    self.unknown(),
                    Value::name(table.namespace_name()),
                    name(get),
                    Value::name(referenced.namespace_name()),
                    unique,
                    Value::text(if key.match_full { "FULL" } else { "NONE" }),
                    Value::text(key.on_update.sql()),
                    Value::text(key.on_delete.sql()),
                ];
                self.push(values, maybe(table, get));
            }
            if let Some(gap) = open_section(table, Section::ForeignKeys) {
                let known = [("constraint_schema", Value::name(table.namespace_name()))];
                self.wild(&known, &gap, true);
            }
        }
        self.namespace_gaps("constraint_schema", false);
    }

    /// Constraints of the system's own tables and domains.
    fn system_constraints(&mut self, column: &str) {
        let gap = self.gap.clone();
        self.wild(&[(column, Value::System(gap.clone()))], &gap, false);
    }

    pub(super) fn pg_constraints(&mut self, key: &str) -> bool {
        if key != "pg_constraint" {
            return false;
        }
        self.columns = &[
            "oid",
            "conname",
            "connamespace",
            "contype",
            "conrelid",
            "confrelid",
            "conkey",
            "confkey",
            "conindid",
            "convalidated",
            "condeferrable",
            "condeferred",
            "confdeltype",
            "confupdtype",
            "contypid",
        ];
        for table in self.tables() {
            for constraint in table.constraints() {
                let values = self.pg_constraint(table, constraint);
                self.push(values, maybe(table, constraint.get()));
            }
            for (section, kind, _) in SECTIONS {
                if let Some(gap) = open_section(table, section) {
                    let known = [
                        ("conrelid", table_oid(table.id)),
                        (
                            "connamespace",
                            Value::oid(Object::Namespace(table.get().namespace)),
                        ),
                        ("contype", Value::text(kind)),
                        ("contypid", Value::Int(0)),
                    ];
                    self.wild(&known, &gap, true);
                }
            }
        }
        self.domain_checks();
        self.namespace_gaps("connamespace", true);
        self.system_keys();
        true
    }

    /// The constraints of the system's own tables are keys and CHECKs of two domains, and refer to nothing.
    fn system_keys(&mut self) {
        let gap = self.gap.clone();
        let place = |builder: &Self, name: &str| builder.namespace_value(&crate::name::Name::new(name), true);
        for kind in ["p", "u"] {
            let known = [
                ("conname", Value::System(gap.clone())),
                ("connamespace", place(self, "pg_catalog")),
                ("contype", Value::text(kind)),
                ("conrelid", Value::System(gap.clone())),
                ("confrelid", Value::Int(0)),
                ("contypid", Value::Int(0)),
            ];
            self.wild(&known, &gap, false);
        }
        for name in ["cardinal_number_domain_check", "yes_or_no_check"] {
            let known = [
                ("conname", Value::text(name)),
                ("connamespace", place(self, "information_schema")),
                ("contype", Value::text("c")),
                ("conrelid", Value::Int(0)),
                ("confrelid", Value::Int(0)),
            ];
            self.wild_one(&known, &gap, false);
        }
    }

    fn domain_checks(&mut self) {
        for (id, ty) in self.schema.types.iter().filter(|(_, t)| t.presence.may_be()) {
            let crate::schema::TypeKind::Domain(domain) = &ty.kind else {
                continue;
            };
            for (name, _) in &domain.checks {
                let known = [
                    ("conname", Value::name(name)),
                    ("connamespace", Value::oid(Object::Namespace(ty.namespace))),
                    ("contype", Value::text("c")),
                    ("conrelid", Value::Int(0)),
                    ("confrelid", Value::Int(0)),
                    (
                        "contypid",
                        Value::oid(Object::Type(crate::sqltype::SqlType {
                            base: crate::sqltype::BaseType::Object(id),
                            modifier: None,
                            array: false,
                        })),
                    ),
                ];
                let gap = self.gap.clone();
                let maybe = doubt(&ty.presence);
                self.wild_one(&known, maybe.as_ref().unwrap_or(&gap), maybe.is_some());
            }
        }
    }

    fn pg_constraint(&self, table: TableWalker<'_>, constraint: ConstraintWalker<'_>) -> Vec<Value> {
        let get = constraint.get();
        let numbers = |columns: &[ColumnId]| {
            Value::array(columns.iter().map(|c| Value::Int(i64::from(c.0) + 1)).collect())
        };
        let (kind, key, index) = match &get.kind {
            ConstraintKind::PrimaryKey(index) => ("p", None, Some((table.id, *index))),
            ConstraintKind::Unique(index) => ("u", None, Some((table.id, *index))),
            ConstraintKind::ForeignKey(key) => ("f", Some(key), key.index.map(|i| (key.table, i))),
            ConstraintKind::Check(_) => ("c", None, None),
            ConstraintKind::Exclude(index, _) => ("x", None, Some((table.id, *index))),
        };
        let action = |of: Option<ReferentialAction>| {
            Value::text(match of {
                None => " ",
                Some(ReferentialAction::NoAction) => "a",
                Some(ReferentialAction::Restrict) => "r",
                Some(ReferentialAction::Cascade) => "c",
                Some(ReferentialAction::SetNull) => "n",
                Some(ReferentialAction::SetDefault) => "d",
            })
        };
        vec![
            Value::oid(Object::Constraint(table.id, constraint.id)),
            name(get),
            Value::oid(Object::Namespace(table.get().namespace)),
            Value::text(kind),
            table_oid(table.id),
            key.map_or(Value::Int(0), |k| table_oid(k.table)),
            numbers(&get.columns),
            key.map_or(Value::Null, |k| numbers(&k.columns)),
            index.map_or_else(
                || {
                    if kind == "c" {
                        Value::Int(0)
                    } else {
                        self.unknown()
                    }
                },
                |(t, i)| Value::oid(Object::Relation(Relation::Index(t, i))),
            ),
            Value::Bool(get.validated),
            Value::Bool(get.deferrable),
            Value::Bool(get.initially_deferred),
            action(key.map(|k| k.on_delete)),
            action(key.map(|k| k.on_update)),
            Value::Int(0),
        ]
    }
}

fn name(constraint: &Constraint) -> Value {
    fact(&constraint.name, Value::name)
}

fn maybe(table: TableWalker<'_>, constraint: &Constraint) -> Option<Gap> {
    doubt(&table.get().presence).or_else(|| doubt(&constraint.presence))
}

/// `constraint_type`; exclusion constraints are not listed.
fn word(kind: &ConstraintKind) -> Option<&'static str> {
    Some(match kind {
        ConstraintKind::PrimaryKey(_) => "PRIMARY KEY",
        ConstraintKind::Unique(_) => "UNIQUE",
        ConstraintKind::ForeignKey(_) => "FOREIGN KEY",
        ConstraintKind::Check(_) => "CHECK",
        ConstraintKind::Exclude(..) => return None,
    })
}
