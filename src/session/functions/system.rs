//! Functions on objects of the database: `to_regclass`, `format_type`, `pg_get_serial_sequence` and the like.

use super::Args;
use crate::known::{Gap, Presence, Section};
use crate::name::{Name, QualifiedName};
use crate::schema::document::constraint_definition;
use crate::schema::{Lookup, Relation, TableId};
use crate::session::Session;
use crate::session::catalog::index_definition;
use crate::session::flow::{Raised, Run};
use crate::session::value::{Object, Value};
use crate::source::Span;
use crate::sqltype::BaseType;

/// Functions that are simulated here; all give NULL for NULL.
pub(super) static KNOWN: &[&str] = &[
    "to_regclass",
    "to_regtype",
    "to_regnamespace",
    "to_regproc",
    "to_regprocedure",
    "to_regrole",
    "pg_get_serial_sequence",
    "format_type",
    "pg_table_is_visible",
    "pg_type_is_visible",
    "pg_get_constraintdef",
    "pg_get_indexdef",
    "pg_get_expr",
    "pg_get_viewdef",
    "pg_get_functiondef",
    "has_table_privilege",
    "has_schema_privilege",
    "col_description",
    "obj_description",
];

impl Session {
    pub(super) fn system_function(&mut self, name: &str, args: &Args<'_>) -> Option<Run<Value>> {
        if !KNOWN.contains(&name) {
            return None;
        }
        let at = args.at;
        let first = args.get(0);
        if let (Some(gap), true) = (first.gap(), !matches!(first, Value::System(_))) {
            return Some(Ok(Value::Unknown(gap.clone())));
        }
        Some(Ok(match name {
            "to_regclass" => self.regclass(&first.print(), at),
            "to_regtype" => self.regtype(&first.print(), at),
            "to_regnamespace" => match self.regnamespace(&first.print(), at) {
                Value::Unknown(_) if self.world.database.schema().gaps.is_empty() => Value::Null,
                other => other,
            },
            "to_regproc" | "to_regprocedure" => self.regproc(&first.print(), at),
            "pg_get_serial_sequence" => self.serial_sequence(args),
            "format_type" => match &first {
                Value::Oid(oid) => self
                    .object_name(&oid.object)
                    .map_or_else(|| self.unknown(at, "a type"), Value::text),
                _ => self.unknown(at, "a type"),
            },
            "pg_get_indexdef" if args.len() == 1 => self.index_text(&first, at),
            "pg_get_constraintdef" if args.len() == 1 => self.constraint_text(&first, at),
            "pg_table_is_visible" | "pg_type_is_visible" => self.is_visible(&first, at),
            "obj_description" => self.obj_description(&first, at),
            _ => self.unknown(at, format!("{name}() is not followed")),
        }))
    }

    /// `obj_description`: the comment on a table.
    fn obj_description(&self, of: &Value, at: Span) -> Value {
        let Value::Oid(oid) = of else {
            return match of {
                Value::Null => Value::Null,
                _ => self.unknown(at, "the comment on an object"),
            };
        };
        let Object::Relation(Relation::Table(id)) = &oid.object else {
            return self.unknown(at, "the comment on an object");
        };
        let table = &self.world.database.schema().tables[*id];
        match &table.comment {
            Some(comment) => Value::text(comment.as_str()),
            // Courses that came together may have had several.
            None if table.open.is_empty() && table.presumed.is_none() => Value::Null,
            None => self.unknown(at, "the comment on a table"),
        }
    }

    fn index_text(&self, value: &Value, at: Span) -> Value {
        let Value::Oid(oid) = value else {
            return self.unknown(at, "an index");
        };
        let Object::Relation(Relation::Index(table, index)) = oid.object else {
            return self.unknown(at, "an index");
        };
        let table = self.world.database.schema().table(table);
        let text = table.get().indexes.get(index.0 as usize);
        match text.map(|index| index_definition(table, index)) {
            Some(Ok(Some(text))) => Value::text(text),
            Some(Err(gap)) => Value::Unknown(gap),
            Some(Ok(None)) | None => self.unknown(at, "the parameters of an index are not kept"),
        }
    }

    fn constraint_text(&self, value: &Value, at: Span) -> Value {
        let Value::Oid(oid) = value else {
            return self.unknown(at, "a constraint");
        };
        let Object::Constraint(table, constraint) = oid.object else {
            return self.unknown(at, "a constraint");
        };
        let table = self.world.database.schema().table(table);
        let found = table.constraints().find(|c| c.id == constraint);
        match found.map(constraint_definition) {
            Some(Ok(text)) => Value::text(text),
            Some(Err(gap)) => Value::Unknown(gap),
            None => self.unknown(at, "a constraint"),
        }
    }

    /// A relation of the database by name; with a gap where it may be there.
    pub(in crate::session) fn relation(&self, name: &QualifiedName) -> Lookup<(Relation, Option<Gap>)> {
        let schema = self.world.database.schema();
        let places: Vec<&Name> = match &name.schema {
            Some(place) => vec![place],
            None => schema.search_path.iter().collect(),
        };
        for place in &places {
            let Some(namespace) = schema.namespace(place) else {
                continue;
            };
            let Some(relation) = schema.relation_names.get(namespace, &name.name) else {
                continue;
            };
            return match self.relation_presence(relation) {
                Presence::Present(_) => Lookup::Found((relation, None)),
                Presence::Maybe(gap) => Lookup::Found((relation, Some(gap))),
                Presence::Dropped(_) => continue,
            };
        }
        let presumed = places.iter().find_map(|p| {
            let id = schema.namespace(p)?;
            schema.namespaces[id].presumed.clone()
        });
        match presumed.or_else(|| schema.hiding_gap(&places).cloned()) {
            Some(gap) => Lookup::Unknown(gap),
            None => Lookup::Absent,
        }
    }

    pub(in crate::session) fn relation_presence(&self, relation: Relation) -> Presence {
        let schema = self.world.database.schema();
        match relation {
            Relation::Table(id) => schema.tables[id].presence.clone(),
            Relation::Sequence(id) => schema.sequences[id].presence.clone(),
            Relation::Index(table, index) => {
                let table = &schema.tables[table];
                match (&table.presence, table.indexes.get(index.0 as usize)) {
                    (Presence::Present(_), Some(index)) => index.presence.clone(),
                    (other, _) => other.clone(),
                }
            }
        }
    }

    /// The error of using a relation that the history dropped or renamed away; nothing where it was never made here.
    pub(in crate::session) fn dropped_relation(&self, name: &QualifiedName, at: Span) -> Option<Box<Raised>> {
        if !matches!(self.relation(name), Lookup::Absent) {
            return None;
        }
        let schema = self.world.database.schema();
        let places: Vec<&Name> = match &name.schema {
            Some(place) => vec![place],
            None => schema.search_path.iter().collect(),
        };
        let dropped = places
            .iter()
            .filter_map(|p| schema.dropped_table(schema.namespace(p)?, &name.name))
            .next()?;
        let mut raised = Raised::certain("42P01", format!("relation \"{name}\" does not exist"), at);
        if let Presence::Dropped(id) = &dropped.get().presence
            && let Some(origin) = self.journal.origin(*id)
        {
            raised
                .failure
                .related
                .push((origin.span, "dropped here".to_owned()));
        }
        Some(raised)
    }

    /// The name that a `reg...` value prints: qualified where it is not on the search path.
    pub(in crate::session) fn object_name(&self, object: &Object) -> Option<String> {
        let schema = self.world.database.schema();
        let qualified = |namespace, name: &Name| {
            let place = &schema.namespaces[namespace].name;
            if schema.search_path.contains(place) {
                name.quoted()
            } else {
                format!("{}.{}", place.quoted(), name.quoted())
            }
        };
        Some(match object {
            Object::Relation(Relation::Table(id)) | Object::RowType(id, false) => {
                let table = &schema.tables[*id];
                qualified(table.namespace, &table.name)
            }
            Object::RowType(id, true) => {
                let table = &schema.tables[*id];
                format!("{}[]", qualified(table.namespace, &table.name))
            }
            Object::Relation(Relation::Sequence(id)) => {
                let sequence = &schema.sequences[*id];
                qualified(sequence.namespace, &sequence.name)
            }
            Object::Relation(Relation::Index(table, index)) => {
                let table = &schema.tables[*table];
                let name = table.indexes.get(index.0 as usize)?.name.known()?;
                qualified(table.namespace, name)
            }
            Object::Namespace(id) => schema.namespaces[*id].name.quoted(),
            Object::Type(ty) => schema.format_type(ty),
            Object::Function(id) => {
                let function = &schema.functions[*id];
                qualified(function.namespace, &function.name)
            }
            Object::SystemRelation(name) | Object::Other(name) => name.to_string(),
            Object::Constraint(..) => return None,
        })
    }

    fn is_visible(&self, value: &Value, at: Span) -> Value {
        let Value::Oid(oid) = value else {
            return self.unknown(at, "visibility");
        };
        let schema = self.world.database.schema();
        let namespace = match &oid.object {
            Object::Relation(Relation::Table(id) | Relation::Index(id, _)) | Object::RowType(id, _) => {
                schema.tables[*id].namespace
            }
            Object::Relation(Relation::Sequence(id)) => schema.sequences[*id].namespace,
            Object::Type(ty) => match ty.base {
                BaseType::Object(id) => schema.types[id].namespace,
                BaseType::Builtin(_) => return Value::Bool(true),
                BaseType::Named(_) => return self.unknown(at, "visibility"),
            },
            _ => return self.unknown(at, "visibility"),
        };
        let name = &schema.namespaces[namespace].name;
        // The first on the path that has the name is the visible one; two of a name are rare and left open.
        match schema.search_path.iter().position(|p| p == name) {
            Some(0) => Value::Bool(true),
            Some(_) => self.unknown(at, "visibility"),
            None => Value::Bool(false),
        }
    }

    fn regproc(&self, text: &str, at: Span) -> Value {
        let bare = text.split('(').next().unwrap_or(text);
        let Some(name) = crate::sql::qualified_name(bare) else {
            return self.unknown(at, "the name of a function");
        };
        let found = self.functions_named(&name);
        match found.as_slice() {
            [] if crate::session::catalog::is_function(name.name.as_str()) => {
                self.unknown(at, "a built-in function")
            }
            [] => match self.world.database.schema().gaps.first() {
                Some(gap) => Value::Unknown(gap.clone()),
                None => Value::Null,
            },
            [id] if !text.contains('(') => Value::Oid(Box::new(crate::session::value::Oid {
                object: Object::Function(*id),
                reg: true,
            })),
            _ => self.unknown(at, "a function with overloads"),
        }
    }

    fn serial_sequence(&mut self, args: &Args<'_>) -> Value {
        let at = args.at;
        let Some(name) = crate::sql::qualified_name(&args.text(0)) else {
            return self.unknown(at, "the name of a table");
        };
        let Lookup::Found((Relation::Table(table), None)) = self.relation(&name) else {
            return self.unknown(at, format!("table {name}"));
        };
        let column = Name::new(&args.text(1));
        self.owned_sequence(table, &column, at)
    }

    fn owned_sequence(&self, table: TableId, column: &Name, at: Span) -> Value {
        let schema = self.world.database.schema();
        let walker = schema.table(table);
        match walker.column(column) {
            Lookup::Found(column) => {
                let owned = schema
                    .sequences
                    .iter()
                    .find(|(_, s)| s.owner == Some((table, column.id)) && s.presence.may_be());
                match owned {
                    Some((_, s)) if s.presence.is_present() => {
                        let place = schema.namespaces[s.namespace].name.quoted();
                        Value::text(format!("{place}.{}", s.name.quoted()))
                    }
                    Some(_) => self.unknown(at, "a sequence that may be there"),
                    None if walker.get().presumed.is_some() || walker.open(Section::Columns).is_some() => {
                        self.unknown(at, "the sequence of a column")
                    }
                    None => Value::Null,
                }
            }
            Lookup::Absent | Lookup::Unknown(_) => self.unknown(at, "the sequence of a column"),
        }
    }
}
