//! Types and enum labels: `pg_type`, `pg_enum`.

use super::columns::fact;
use super::{Builder, doubt};
use crate::name::Name;
use crate::schema::TypeKind;
use crate::session::value::{Object, Value};
use crate::sqltype::{BaseType, Builtin, SqlType, TypeId};

impl Builder<'_> {
    pub(super) fn pg_types(&mut self, key: &str) -> bool {
        match key {
            "pg_type" => self.pg_type(),
            "pg_enum" => self.pg_enum(),
            _ => return false,
        }
        true
    }

    fn pg_type(&mut self) {
        self.columns = &["oid", "typname", "typnamespace", "typtype", "typrelid", "typelem"];
        for (id, ty) in self.schema.types.iter().filter(|(_, t)| t.presence.may_be()) {
            let kind = match &ty.kind {
                TypeKind::Row(_) => continue,
                TypeKind::Enum(_) => Value::text("e"),
                TypeKind::Domain(_) => Value::text("d"),
                TypeKind::Composite(_) => Value::text("c"),
                TypeKind::Range(_) => Value::text("r"),
                TypeKind::Base => Value::text("b"),
                TypeKind::Presumed(gap) => Value::Unknown(gap.clone()),
            };
            let namespace = Value::oid(Object::Namespace(ty.namespace));
            self.type_rows(
                object(id, false),
                object(id, true),
                &ty.name,
                namespace,
                kind,
                Value::Int(0),
            );
            let maybe = doubt(&ty.presence);
            let from = self.rows.len().saturating_sub(2);
            for row in self.rows.iter_mut().skip(from) {
                row.maybe = maybe.clone();
            }
        }
        for table in self.tables() {
            let namespace = Value::oid(Object::Namespace(table.get().namespace));
            let (own, array) = (Object::RowType(table.id, false), Object::RowType(table.id, true));
            let relation = super::table_oid(table.id);
            self.type_rows(own, array, table.name(), namespace, Value::text("c"), relation);
            let maybe = doubt(&table.get().presence);
            let from = self.rows.len().saturating_sub(2);
            for row in self.rows.iter_mut().skip(from) {
                row.maybe = maybe.clone();
            }
        }
        let system = self.namespace_value(&Name::new("pg_catalog"), true);
        for builtin in Builtin::ALL {
            let ty = SqlType::builtin(*builtin);
            let (own, array) = (Object::Type(ty.clone()), Object::Type(ty.array_of()));
            let name = Name::new(builtin.typname());
            self.type_rows(own, array, &name, system.clone(), self.unknown(), Value::Int(0));
        }
        let gap = self.gap.clone();
        self.wild(
            &[("typname", Value::System(gap.clone())), ("typnamespace", system)],
            &gap,
            false,
        );
        self.namespace_gaps("typnamespace", true);
    }

    /// A type and its array.
    fn type_rows(
        &mut self,
        own: Object,
        array: Object,
        name: &Name,
        namespace: Value,
        kind: Value,
        relation: Value,
    ) {
        let oid = Value::oid(own);
        let array_name = Name::new(&format!("_{name}"));
        self.push(
            vec![
                oid.clone(),
                Value::name(name),
                namespace.clone(),
                kind,
                relation,
                Value::Int(0),
            ],
            None,
        );
        self.push(
            vec![
                Value::oid(array),
                Value::name(&array_name),
                namespace,
                Value::text("b"),
                Value::Int(0),
                oid,
            ],
            None,
        );
    }

    fn pg_enum(&mut self) {
        self.columns = &["oid", "enumtypid", "enumlabel", "enumsortorder"];
        for (id, ty) in self.schema.types.iter().filter(|(_, t)| t.presence.may_be()) {
            let oid = Value::oid(object(id, false));
            match &ty.kind {
                TypeKind::Enum(labels) => {
                    let maybe = doubt(&ty.presence);
                    match fact(labels, |_| Value::Null).gap() {
                        Some(gap) => self.wild(&[("enumtypid", oid)], &gap.clone(), true),
                        None => {
                            for (i, label) in labels.known().into_iter().flatten().enumerate() {
                                let order = Value::Int(i as i64 + 1);
                                let values =
                                    vec![self.unknown(), oid.clone(), Value::text(label.clone()), order];
                                self.push(values, maybe.clone());
                            }
                        }
                    }
                }
                TypeKind::Presumed(gap) => self.wild(&[("enumtypid", oid)], gap, true),
                TypeKind::Base if ty.extension.is_some() => {}
                TypeKind::Row(_)
                | TypeKind::Domain(_)
                | TypeKind::Composite(_)
                | TypeKind::Range(_)
                | TypeKind::Base => {}
            }
        }
        self.any_gap();
    }
}

fn object(id: TypeId, array: bool) -> Object {
    Object::Type(SqlType {
        base: BaseType::Object(id),
        modifier: None,
        array,
    })
}
