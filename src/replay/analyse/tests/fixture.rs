//! A small schema built from a catalog document, as `schema --format json` prints it, with no replay between.

use std::sync::Arc;

use smol_str::SmolStr;

use super::super::{Analysed, Scope, analyse};
use crate::known::{ChangeId, Fact, Presence};
use crate::name::{Name, QualifiedName};
use crate::schema::{
    Column, Domain, Extension, Function, Namespace, NamespaceId, Parameters, Partition, Relation,
    RelationKind, Rows, Schema, Sequence, Stored, Table, TableId, Type, TypeKind,
};
use crate::source::{FileId, Text};
use crate::sqltype::{BaseType, Builtin, SqlType, TypeId, catalog};

const ORIGIN: ChangeId = ChangeId(0);

pub(super) struct Fixture {
    pub(super) schema: Schema,
}

pub(super) fn text(sql: &str) -> Text {
    Text::of_file(FileId(0), Arc::from(sql))
}

/// What an expression of a table came to.
pub(super) enum Came {
    Printed(String),
    Refused(&'static str, String),
    Unknown(String),
}

/// Where an expression stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Default,
    Generated,
    Check,
    Predicate,
    Key,
}

impl Fixture {
    pub(super) fn new() -> Fixture {
        let schema = Schema {
            search_path: vec![Name::new("public")],
            ..Schema::default()
        };
        let mut fixture = Fixture { schema };
        fixture.namespace("public");
        fixture
    }

    pub(super) fn namespace(&mut self, name: &str) -> NamespaceId {
        let name = Name::new(name);
        if let Some(id) = self.schema.namespace(&name) {
            return id;
        }
        self.schema.namespaces.push(Namespace {
            name,
            presence: Presence::Present(ORIGIN),
            system: false,
            presumed: None,
        })
    }

    /// Installs an extension with its types.
    pub(super) fn extension(&mut self, name: &str) {
        let namespace = self.namespace("public");
        if self.schema.extensions.iter().any(|e| e.name == *name) {
            return;
        }
        self.schema.extensions.push(Extension {
            name: Name::new(name),
            namespace,
            presence: Presence::Present(ORIGIN),
        });
        let listed = catalog::extension(name).map(|c| c.types.iter().map(|t| t.name).collect::<Vec<_>>());
        let types = listed.or_else(|| catalog::unlisted_types(name).map(<[_]>::to_vec));
        for ty in types.unwrap_or_default() {
            self.ty(namespace, ty, TypeKind::Base, Some(name));
        }
    }

    fn ty(&mut self, namespace: NamespaceId, name: &str, kind: TypeKind, extension: Option<&str>) -> TypeId {
        let name = Name::new(name);
        let id = self.schema.types.push(Type {
            namespace,
            name: name.clone(),
            kind,
            presence: Presence::Present(ORIGIN),
            written: None,
            extension: extension.map(Name::new),
            comment: None,
            log: Vec::new(),
        });
        self.schema.type_names.insert(namespace, name, id);
        id
    }

    pub(super) fn enumeration(&mut self, qualified: &str, labels: &[String]) {
        let (namespace, name) = qualified.split_once('.').unwrap();
        let namespace = self.namespace(namespace);
        let labels = labels.iter().map(SmolStr::new).collect();
        self.ty(namespace, name, TypeKind::Enum(Fact::Known(labels, ORIGIN)), None);
    }

    pub(super) fn domain(&mut self, name: &str, base: &str) {
        let base = self.sql_type(base).unwrap();
        let namespace = self.namespace("public");
        let domain = Domain {
            base: Fact::Known(base, ORIGIN),
            not_null: Fact::Known(false, ORIGIN),
            default: Fact::Known(None, ORIGIN),
            collation: None,
            checks: Vec::new(),
        };
        self.ty(namespace, name, TypeKind::Domain(domain), None);
    }

    pub(super) fn function(&mut self, name: &str, args: &[&str], returns: &str, immutable: bool) {
        let namespace = self.namespace("public");
        let list = args
            .iter()
            .map(|ty| (None, self.sql_type(ty).unwrap(), true, false, None))
            .collect();
        let returns = self.sql_type(returns);
        self.schema.functions.push(Function {
            namespace,
            name: Name::new(name),
            parameters: Parameters { list },
            returns,
            set: false,
            procedure: false,
            language: SmolStr::new("sql"),
            body: None,
            immutable,
            keyword: "FUNCTION",
            written: None,
            stand_in: false,
            presence: Presence::Present(ORIGIN),
            extension: None,
        });
    }

    pub(super) fn sequence(&mut self, qualified: &QualifiedName) {
        let namespace = self.namespace(qualified.schema.as_ref().map_or("public", Name::as_str));
        if self
            .schema
            .relation_names
            .get(namespace, &qualified.name)
            .is_some()
        {
            return;
        }
        let id = self.schema.sequences.push(Sequence {
            namespace,
            name: qualified.name.clone(),
            ty: SqlType::builtin(Builtin::Int8),
            owner: None,
            identity: None,
            start: 1,
            increment: 1,
            min: 1,
            max: i64::MAX,
            cache: 1,
            cycle: false,
            open: None,
            temporary: false,
            presence: Presence::Present(ORIGIN),
            log: Vec::new(),
            used_by: Vec::new(),
        });
        self.schema
            .relation_names
            .insert(namespace, qualified.name.clone(), Relation::Sequence(id));
    }

    /// A type as `format_type` spells it; `None` for one that is not known here.
    pub(super) fn sql_type(&mut self, spelled: &str) -> Option<SqlType> {
        let ty = read::type_name(&text(spelled))?;
        let BaseType::Named(name) = &ty.base else {
            return Some(ty);
        };
        for extension in ["citext", "ltree", "hstore", "vector", "cube", "postgis"] {
            let owns = catalog::extension(extension)
                .is_some_and(|c| c.types.iter().any(|t| name.name == *t.name))
                || catalog::unlisted_types(extension).is_some_and(|t| t.contains(&name.name.as_str()));
            if owns {
                self.extension(extension);
            }
        }
        let places = match &name.schema {
            Some(schema) => vec![schema.clone()],
            None => self.schema.search_path.clone(),
        };
        let id = places
            .iter()
            .filter_map(|p| self.schema.namespace(p))
            .find_map(|n| self.schema.type_names.get(n, &name.name))?;
        Some(SqlType {
            base: BaseType::Object(id),
            ..ty
        })
    }

    pub(super) fn table(&mut self, qualified: &str, columns: &[(String, String)]) -> TableId {
        let (namespace, name) = qualified.split_once('.').unwrap();
        let namespace = self.namespace(namespace);
        let columns = columns
            .iter()
            .map(|(name, ty)| {
                let ty = self.sql_type(ty);
                column(name, ty)
            })
            .collect();
        let name = Name::new(name);
        let id = self.schema.tables.push(Table {
            namespace,
            name: name.clone(),
            kind: RelationKind::Table,
            presence: Presence::Present(ORIGIN),
            columns,
            constraints: crate::schema::List::default(),
            indexes: crate::schema::List::default(),
            triggers: Vec::new(),
            policies: Vec::new(),
            unlisted: None,
            inherits: Vec::new(),
            of_type: None,
            partition: Partition::default(),
            view: None,
            temporary: false,
            unlogged: false,
            rows: Rows::Empty,
            extension: None,
            presumed: None,
            made_later: None,
            comment: None,
            dependents: Vec::new(),
            open: Vec::new(),
            log: crate::schema::List::default(),
        });
        self.schema
            .relation_names
            .insert(namespace, name, Relation::Table(id));
        id
    }

    /// Analyses and prints one expression.
    pub(super) fn print(&self, table: TableId, column: Option<&str>, place: Place, sql: &str) -> Came {
        let expr = match read::expression(&text(sql)) {
            Ok(expr) => expr,
            Err(gap) => return Came::Unknown(format!("not read: {}", gap.why)),
        };
        let t = &self.schema.tables[table];
        let column = column.and_then(|name| t.columns.iter().find(|c| c.name == *name));
        let target = column.and_then(|c| c.ty.known());
        if column.is_some() && target.is_none() {
            return Came::Unknown("the column's type is not known".to_owned());
        }
        let boolean = SqlType::builtin(Builtin::Bool);
        let none = crate::schema::List::default();
        let scope = Scope {
            schema: &self.schema,
            table: Some(table),
            columns: if place == Place::Default {
                &none
            } else {
                &t.columns
            },
            open: None,
            target: match place {
                Place::Default | Place::Generated => target,
                Place::Check | Place::Predicate => Some(&boolean),
                Place::Key => None,
            },
            value: None,
        };
        let stored: Stored = match analyse(&scope, &expr) {
            Analysed::Done(stored) => stored,
            Analysed::Refused(failure) => return Came::Refused(failure.sqlstate, failure.message),
        };
        let printed = match place {
            Place::Check => self.schema.print_check(Some(table), &stored),
            Place::Key => self.schema.print_index_key(table, &stored),
            Place::Default | Place::Generated | Place::Predicate => {
                self.schema.print_expr(Some(table), &stored)
            }
        };
        match printed {
            Ok(text) => Came::Printed(text),
            Err(gap) => Came::Unknown(gap.why.clone()),
        }
    }
}

fn column(name: &str, ty: Option<SqlType>) -> Column {
    let gap = crate::known::Gap::not_given("the type is not known", crate::known::Reach::Rows);
    Column {
        name: Name::new(name),
        presence: Presence::Present(ORIGIN),
        ty: ty.map_or_else(|| Fact::unknown(gap), |ty| Fact::Known(ty, ORIGIN)),
        nullable: Fact::Known(true, ORIGIN),
        default: Fact::Known(None, ORIGIN),
        identity: Fact::Known(None, ORIGIN),
        generated: Fact::Known(None, ORIGIN),
        collation: None,
        sequence: None,
        inherited: 0,
        local: true,
        comment: None,
    }
}

/// Reads a query.
pub(super) fn read_query(sql: &str) -> Result<crate::tree::Query, crate::known::Gap> {
    read::query(&text(sql))
}

#[cfg(test)]
mod read {
    //! The reader of SQL is on no floor below this one.
    pub(super) use crate::sql::{expression, query, type_name};
}
