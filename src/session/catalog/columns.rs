//! Columns: `information_schema.columns`, `pg_attribute`, `pg_attrdef`.

use super::{Builder, doubt, names, open_section, table_oid};
use crate::change::IdentityKind;
use crate::known::{Fact, Presence, Section};
use crate::schema::{ColumnWalker, Stored, TableWalker, TypeKind};
use crate::session::value::{Object, Value};
use crate::sqltype::{BaseType, Builtin, Modifier, SqlType};

impl Builder<'_> {
    pub(super) fn information_columns(&mut self, key: &str) -> bool {
        if key != "columns" {
            return false;
        }
        self.columns = &[
            "table_catalog",
            "table_schema",
            "table_name",
            "column_name",
            "ordinal_position",
            "column_default",
            "is_nullable",
            "data_type",
            "character_maximum_length",
            "numeric_precision",
            "numeric_scale",
            "datetime_precision",
            "udt_schema",
            "udt_name",
            "is_identity",
            "identity_generation",
            "is_generated",
        ];
        for table in self.tables() {
            if table.get().kind == crate::schema::RelationKind::MaterializedView
                || self.excludes("table_name", &Value::name(table.name()))
            {
                continue;
            }
            for column in table.columns() {
                if self.excludes("column_name", &Value::name(column.name())) {
                    continue;
                }
                let values = self.information_column(table, column);
                let maybe = doubt(&table.get().presence).or_else(|| doubt(&column.get().presence));
                self.push(values, maybe);
            }
            if let Some(gap) = open_section(table, Section::Columns) {
                let known = [
                    ("table_schema", Value::name(table.namespace_name())),
                    ("table_name", Value::name(table.name())),
                ];
                self.wild(&known, &gap, true);
            }
        }
        self.namespace_gaps("table_schema", false);
        let gap = self.gap.clone();
        for (place, list) in [
            ("pg_catalog", names::CATALOG),
            ("information_schema", names::INFORMATION_SCHEMA),
        ] {
            for table in list.split_ascii_whitespace() {
                let known = [
                    ("table_schema", Value::text(place)),
                    ("table_name", Value::text(table)),
                ];
                self.wild(&known, &gap, false);
            }
        }
        true
    }

    fn information_column(&self, table: TableWalker<'_>, column: ColumnWalker<'_>) -> Vec<Value> {
        let get = column.get();
        let ty = self.base_type(&get.ty);
        let of_type = |f: &dyn Fn(&SqlType) -> Value| match &ty {
            Ok(ty) => f(ty),
            Err(value) => value.clone(),
        };
        vec![
            self.unknown(),
            Value::name(table.namespace_name()),
            Value::name(table.name()),
            Value::name(column.name()),
            Value::Int(i64::from(column.id.0) + 1),
            self.default_text(table, &get.default),
            fact(&get.nullable, |n| Value::yes_no(*n)),
            of_type(&|ty| Value::text(data_type(ty))),
            of_type(&|ty| match &ty.modifier {
                _ if ty.array => Value::Null,
                Some(Modifier::Length(n)) => Value::Int(i64::from(*n)),
                _ => Value::Null,
            }),
            of_type(&|ty| self.number(ty, numeric_precision(ty))),
            of_type(&|ty| self.number(ty, numeric_scale(ty))),
            of_type(&|ty| self.number(ty, datetime_precision(ty))),
            of_type(&|ty| match &ty.base {
                BaseType::Builtin(_) => Value::text("pg_catalog"),
                BaseType::Object(id) => self.namespace_name(self.schema.types[*id].namespace),
                BaseType::Named(_) => self.unknown(),
            }),
            of_type(&|ty| self.typname(ty)),
            fact(&get.identity, |i| Value::yes_no(i.is_some())),
            fact(&get.identity, |i| match i {
                None => Value::Null,
                Some(IdentityKind::Always) => Value::text("ALWAYS"),
                Some(IdentityKind::ByDefault) => Value::text("BY DEFAULT"),
            }),
            fact(&get.generated, |g| {
                Value::text(if g.is_some() { "ALWAYS" } else { "NEVER" })
            }),
        ]
    }

    /// The type, or the type that a domain is based on, as the information schema shows it.
    fn base_type(&self, ty: &Fact<SqlType>) -> Result<SqlType, Value> {
        let ty = match ty {
            Fact::Known(ty, _) => ty,
            Fact::Unknown { gap, .. } => return Err(Value::Unknown(gap.clone())),
        };
        if let (BaseType::Object(id), false) = (&ty.base, ty.array)
            && let TypeKind::Domain(domain) = &self.schema.types[*id].kind
        {
            return match &domain.base {
                Fact::Known(base, _) => Ok(base.clone()),
                Fact::Unknown { gap, .. } => Err(Value::Unknown(gap.clone())),
            };
        }
        Ok(ty.clone())
    }

    fn number(&self, ty: &SqlType, number: Option<i64>) -> Value {
        match &ty.base {
            BaseType::Named(_) => self.unknown(),
            BaseType::Builtin(_) | BaseType::Object(_) => number.map_or(Value::Null, Value::Int),
        }
    }

    pub(super) fn typname(&self, ty: &SqlType) -> Value {
        let name = match &ty.base {
            BaseType::Builtin(builtin) => builtin.typname().to_owned(),
            BaseType::Object(id) => match &self.schema.types[*id].kind {
                TypeKind::Row(table) => self.schema.tables[*table].name.to_string(),
                _ => self.schema.types[*id].name.to_string(),
            },
            BaseType::Named(_) => return self.unknown(),
        };
        Value::text(if ty.array { format!("_{name}") } else { name })
    }

    fn default_text(&self, table: TableWalker<'_>, default: &Fact<Option<Stored>>) -> Value {
        fact(default, |default| match default {
            None => Value::Null,
            Some(stored) => match self.schema.print_expr(Some(table.id), stored) {
                Ok(text) => Value::text(text),
                Err(gap) => Value::Unknown(gap),
            },
        })
    }

    pub(super) fn pg_columns(&mut self, key: &str) -> bool {
        match key {
            "pg_attribute" => self.pg_attribute(),
            "pg_attrdef" => {
                self.columns = &["adrelid", "adnum"];
                for table in self.tables() {
                    for column in table.columns() {
                        let doubted = match &column.get().default {
                            Fact::Known(None, _) => continue,
                            Fact::Known(Some(_), _) => None,
                            Fact::Unknown { gap, .. } => Some(gap.clone()),
                        };
                        let values = vec![table_oid(table.id), Value::Int(i64::from(column.id.0) + 1)];
                        let maybe = doubted.or_else(|| doubt(&table.get().presence));
                        self.push(values, maybe.or_else(|| doubt(&column.get().presence)));
                    }
                    if let Some(gap) = open_section(table, Section::Columns) {
                        self.wild(&[("adrelid", table_oid(table.id))], &gap, true);
                    }
                }
                self.any_gap();
            }
            _ => return false,
        }
        true
    }

    fn pg_attribute(&mut self) {
        self.columns = &[
            "attrelid",
            "attname",
            "atttypid",
            "attnum",
            "attnotnull",
            "atthasdef",
            "attisdropped",
            "attidentity",
            "attgenerated",
        ];
        for table in self.tables() {
            for (i, column) in table.get().columns.iter().enumerate() {
                let number = i as i64 + 1;
                let values = if let Presence::Dropped(_) = column.presence {
                    vec![
                        table_oid(table.id),
                        Value::text(format!("........pg.dropped.{number}........")),
                        Value::Int(0),
                        Value::Int(number),
                        Value::Bool(false),
                        Value::Bool(false),
                        Value::Bool(true),
                        Value::text(""),
                        Value::text(""),
                    ]
                } else {
                    vec![
                        table_oid(table.id),
                        Value::name(&column.name),
                        fact(&column.ty, |ty| Value::oid(Object::Type(bare(ty)))),
                        Value::Int(number),
                        fact(&column.nullable, |n| Value::Bool(!n)),
                        fact(&column.default, |d| Value::Bool(d.is_some())),
                        Value::Bool(false),
                        fact(&column.identity, |i| {
                            Value::text(match i {
                                None => "",
                                Some(IdentityKind::Always) => "a",
                                Some(IdentityKind::ByDefault) => "d",
                            })
                        }),
                        fact(&column.generated, |g| {
                            Value::text(if g.is_some() { "s" } else { "" })
                        }),
                    ]
                };
                let maybe = doubt(&table.get().presence).or_else(|| doubt(&column.presence));
                self.push(values, maybe);
            }
            let gap = self.gap.clone();
            self.wild(
                &[
                    ("attrelid", table_oid(table.id)),
                    ("attname", Value::System(gap.clone())),
                    ("attnum", Value::Int(-1)),
                    ("attisdropped", Value::Bool(false)),
                ],
                &gap,
                false,
            );
            if let Some(gap) = open_section(table, Section::Columns) {
                self.wild(&[("attrelid", table_oid(table.id))], &gap, true);
            }
        }
        self.any_gap();
        let gap = self.gap.clone();
        for list in [names::CATALOG, names::INFORMATION_SCHEMA] {
            for table in list.split_ascii_whitespace() {
                let oid = Value::oid(Object::SystemRelation(table.into()));
                self.wild(&[("attrelid", oid)], &gap, false);
            }
        }
    }
}

/// A fact as a value.
pub(super) fn fact<T>(fact: &Fact<T>, known: impl FnOnce(&T) -> Value) -> Value {
    match fact {
        Fact::Known(value, _) => known(value),
        Fact::Unknown { gap, .. } => Value::Unknown(gap.clone()),
    }
}

/// A type without its modifier, as `atttypid` says it.
fn bare(ty: &SqlType) -> SqlType {
    SqlType {
        modifier: None,
        ..ty.clone()
    }
}

/// `numeric_precision` of the information schema (`information_schema._pg_numeric_precision`).
fn numeric_precision(ty: &SqlType) -> Option<i64> {
    Some(match (ty.as_builtin()?, &ty.modifier) {
        (Builtin::Int2, _) => 16,
        (Builtin::Int4, _) => 32,
        (Builtin::Int8, _) => 64,
        (Builtin::Float4, _) => 24,
        (Builtin::Float8, _) => 53,
        (Builtin::Numeric, Some(Modifier::Numeric { precision, .. })) => i64::from(*precision),
        _ => return None,
    })
}

/// `numeric_scale` (`information_schema._pg_numeric_scale`).
fn numeric_scale(ty: &SqlType) -> Option<i64> {
    match (ty.as_builtin()?, &ty.modifier) {
        (Builtin::Int2 | Builtin::Int4 | Builtin::Int8, _) => Some(0),
        (Builtin::Numeric, Some(Modifier::Numeric { scale, .. })) => Some(i64::from(*scale)),
        _ => None,
    }
}

/// `datetime_precision` (`information_schema._pg_datetime_precision`).
fn datetime_precision(ty: &SqlType) -> Option<i64> {
    match (ty.as_builtin()?, &ty.modifier) {
        (Builtin::Date, _) => Some(0),
        (_, Some(Modifier::Seconds(n))) => Some(i64::from(*n)),
        (Builtin::Interval, Some(Modifier::Interval { seconds: Some(n), .. })) => Some(i64::from(*n)),
        (
            Builtin::Time | Builtin::Timetz | Builtin::Timestamp | Builtin::Timestamptz | Builtin::Interval,
            _,
        ) => Some(6),
        _ => None,
    }
}

/// `data_type` of the information schema.
fn data_type(ty: &SqlType) -> String {
    match &ty.base {
        _ if ty.array => "ARRAY".to_owned(),
        BaseType::Builtin(builtin) => builtin.name().to_owned(),
        BaseType::Object(_) | BaseType::Named(_) => "USER-DEFINED".to_owned(),
    }
}
