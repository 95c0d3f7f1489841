//! What a `DROP` statement names.

use super::Gone;
use super::apply::{Outcome, Step};
use super::drop::Object;
use super::error;
use super::resolve::Missing;
use crate::change::{Behaviour, Failure, ObjectKind, ObjectName};
use crate::known::{Fact, Presence};
use crate::schema::{IndexId, Relation, RelationKind, TableId, TypeKind};
use crate::tree::plpgsql::RoutineName;

impl Step {
    /// `DROP` of any kind of object.
    pub(super) fn drop_objects(
        &mut self,
        kind: ObjectKind,
        names: &[ObjectName],
        routines: &[RoutineName],
        if_exists: bool,
        behaviour: Behaviour,
    ) -> Outcome {
        let mut targets = Vec::new();
        match kind {
            ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine | ObjectKind::Aggregate => {
                for routine in routines {
                    targets.extend(
                        self.routine_to_drop(routine, kind, if_exists)?
                            .map(Object::Function),
                    );
                }
            }
            _ => {
                for name in names {
                    targets.extend(self.object_to_drop(kind, name, if_exists)?);
                }
            }
        }
        targets.dedup();
        if targets.is_empty() {
            return Ok(());
        }
        let span = names
            .first()
            .map(|n| n.span)
            .or_else(|| routines.first().map(|r| r.span));
        self.drop_tree(&targets, behaviour, span.unwrap_or(self.at))
    }

    pub(super) fn object_to_drop(
        &mut self,
        kind: ObjectKind,
        name: &ObjectName,
        if_exists: bool,
    ) -> Outcome<Option<Object>> {
        match kind {
            ObjectKind::Table
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::ForeignTable
            | ObjectKind::Index
            | ObjectKind::Sequence => self.relation_to_drop(kind, name, if_exists),
            ObjectKind::Type | ObjectKind::Domain => self.type_to_drop(kind, name, if_exists),
            ObjectKind::Schema => self.schema_to_drop(name, if_exists),
            ObjectKind::Extension => self.extension_to_drop(name, if_exists),
            ObjectKind::Collation => {
                self.db
                    .schema
                    .collations
                    .retain(|c| c.name.name != name.name.name);
                Ok(None)
            }
            ObjectKind::Function
            | ObjectKind::Procedure
            | ObjectKind::Routine
            | ObjectKind::Aggregate
            | ObjectKind::Other => Ok(None),
        }
    }

    pub(super) fn relation_to_drop(
        &mut self,
        kind: ObjectKind,
        name: &ObjectName,
        if_exists: bool,
    ) -> Outcome<Option<Object>> {
        let Some(relation) = self.find_relation(&name.name) else {
            return self.missing_to_drop(kind, name, if_exists);
        };
        let instead = match kind {
            ObjectKind::Table => self.table_instead(relation, name),
            _ => None,
        };
        let relation = instead.map_or(relation, Relation::Table);
        let wanted = match kind {
            ObjectKind::View => "a view",
            ObjectKind::MaterializedView => "a materialized view",
            ObjectKind::ForeignTable => "a foreign table",
            ObjectKind::Index => "an index",
            ObjectKind::Sequence => "a sequence",
            _ => "a table",
        };
        let fits = match relation {
            Relation::Table(t) => {
                let presumed = self.table(t).presumed.is_some();
                match self.table(t).kind {
                    RelationKind::Table | RelationKind::Partitioned => {
                        kind == ObjectKind::Table
                            || presumed && !matches!(kind, ObjectKind::Index | ObjectKind::Sequence)
                    }
                    RelationKind::View => kind == ObjectKind::View,
                    RelationKind::MaterializedView => kind == ObjectKind::MaterializedView,
                    RelationKind::Foreign => kind == ObjectKind::ForeignTable,
                }
            }
            Relation::Index(..) => kind == ObjectKind::Index,
            Relation::Sequence(_) => kind == ObjectKind::Sequence,
        };
        if !fits {
            return Err(error::wrong_kind(&name.name.name, wanted, name.span));
        }
        match relation {
            Relation::Table(t) => Ok(Some(Object::Table(t))),
            Relation::Index(t, i) => self.index_to_drop(t, i, name).map(Some),
            Relation::Sequence(s) => {
                if self.sequence(s).identity.is_some()
                    && let Some((table, column)) = self.sequence(s).owner
                {
                    let message = format!(
                        "cannot drop {} because column {} of table {} requires it",
                        self.describe(&Object::Sequence(s)),
                        self.column(table, column).name.quoted(),
                        self.table(table).name.quoted()
                    );
                    return Err(error::failure("2BP01", message, name.span));
                }
                Ok(Some(Object::Sequence(s)))
            }
        }
    }

    pub(super) fn index_to_drop(&mut self, t: TableId, i: IndexId, name: &ObjectName) -> Outcome<Object> {
        let index = &self.table(t).indexes[i.0 as usize];
        let required = if let Some(constraint) = index.constraint {
            Some(self.describe(&Object::Constraint(t, constraint)))
        } else {
            index
                .parent
                .map(|(parent, id)| self.describe(&Object::Index(parent, id)))
        };
        match required {
            Some(required) if index.presence.is_present() => {
                let origin = match index.presence {
                    Presence::Present(change) => Some(change),
                    _ => None,
                };
                let message = format!(
                    "cannot drop {} because {required} requires it",
                    self.describe(&Object::Index(t, i))
                );
                let failure = error::failure("2BP01", message, name.span);
                Err(self.related(failure, origin, format!("{required} is made here")))
            }
            _ => Ok(Object::Index(t, i)),
        }
    }

    /// A relation that is not there: a failure where the history freed its name, else taken to have been there.
    pub(super) fn missing_to_drop(
        &mut self,
        kind: ObjectKind,
        name: &ObjectName,
        if_exists: bool,
    ) -> Outcome<Option<Object>> {
        if !if_exists
            && let Missing::Gone(gone) = self.missing_relation(&name.name)
            && !self.unknown_name(kind, name)
        {
            let word = match kind {
                ObjectKind::View => "view",
                ObjectKind::MaterializedView => "materialized view",
                ObjectKind::ForeignTable => "foreign table",
                ObjectKind::Index => "index",
                ObjectKind::Sequence => "sequence",
                _ => "table",
            };
            let message = format!("{word} \"{}\" does not exist", name.name);
            let code = if kind == ObjectKind::Index {
                "42704"
            } else {
                "42P01"
            };
            let failure = error::failure(code, message, name.span);
            return Err(self.gone(failure, gone, &format!("\"{}\"", name.name.name)));
        }
        if kind == ObjectKind::Index {
            if !if_exists && !self.unknown_name(kind, name) && self.indexes_known(&name.name) {
                let message = format!("index \"{}\" does not exist", name.name);
                return Err(error::failure("42704", message, name.span));
            }
            self.drop_unnamed_index(name);
        }
        // From here on the name is certainly free.
        let gone = Gone::Dropped(self.id);
        if let Ok(namespace) = self.namespace_for(&name.name, false, name.span)
            && self
                .schema()
                .relation_names
                .get(namespace, &name.name.name)
                .is_none()
        {
            self.db
                .gone_relations
                .insert(namespace, name.name.name.clone(), gone);
        }
        Ok(None)
    }

    /// Whether an index whose name is not known may be the one.
    pub(super) fn unknown_name(&self, kind: ObjectKind, name: &ObjectName) -> bool {
        kind == ObjectKind::Index
            && self.schema().tables.iter().any(|(_, t)| {
                t.indexes.iter().any(|i| {
                    i.presence.may_be()
                        && matches!(&i.name, Fact::Unknown { candidates, .. }
                            if candidates.is_empty() || candidates.iter().any(|c| c.0 == name.name.name))
                })
            })
    }

    pub(super) fn drop_unnamed_index(&mut self, name: &ObjectName) {
        let mut found = Vec::new();
        for (table, t) in self.schema().tables.iter() {
            for (at, index) in t.indexes.iter().enumerate() {
                if let Fact::Unknown { gap, candidates } = &index.name
                    && index.presence.may_be()
                    && candidates.iter().any(|c| c.0 == name.name.name)
                {
                    found.push((table, at, gap.clone()));
                }
            }
        }
        for (table, at, gap) in found {
            self.table_mut(table).indexes[at].presence = Presence::Maybe(gap);
        }
    }

    pub(super) fn type_to_drop(
        &mut self,
        kind: ObjectKind,
        name: &ObjectName,
        if_exists: bool,
    ) -> Outcome<Option<Object>> {
        let Some(id) = self.find_type(&name.name) else {
            if let Some(Relation::Table(t)) = self.find_relation(&name.name)
                && self.table(t).presumed.is_none()
            {
                let table = &self.table(t).name;
                let message = format!("cannot drop type {} because table {table} requires it", name.name);
                return Err(error::failure("2BP01", message, name.span));
            }
            if !if_exists && let Missing::Gone(gone) = self.missing_type(&name.name) {
                let failure = error::undefined_type(&name.name, name.span);
                return Err(self.gone(failure, gone, &format!("type \"{}\"", name.name.name)));
            }
            if let Ok(namespace) = self.namespace_for(&name.name, false, name.span) {
                let gone = Gone::Dropped(self.id);
                self.db.gone_types.insert(namespace, name.name.name.clone(), gone);
            }
            return Ok(None);
        };
        let ty = &self.schema().types[id];
        let domain = matches!(ty.kind, TypeKind::Domain(_) | TypeKind::Presumed(_));
        if kind == ObjectKind::Domain && !domain {
            let message = format!("\"{}\" is not a domain", name.name);
            return Err(error::failure("42809", message, name.span));
        }
        if let Some(extension) = &ty.extension
            && !matches!(ty.kind, TypeKind::Presumed(_))
        {
            let message = format!(
                "cannot drop type {} because extension {extension} requires it",
                name.name
            );
            return Err(error::failure("2BP01", message, name.span));
        }
        Ok(Some(Object::Type(id)))
    }

    pub(super) fn schema_to_drop(&mut self, name: &ObjectName, if_exists: bool) -> Outcome<Option<Object>> {
        if let Some(id) = self.schema().namespace(&name.name.name) {
            return Ok(Some(Object::Namespace(id)));
        }
        let key = self.system_namespace("pg_catalog");
        if !if_exists && let Some(gone) = self.db.gone_others.get(key, &name.name.name) {
            let failure = error::undefined_schema(&name.name.name, name.span);
            return Err(self.gone(failure, gone, &format!("schema {}", name.name.name)));
        }
        let gone = Gone::Dropped(self.id);
        self.db.gone_others.insert(key, name.name.name.clone(), gone);
        Ok(None)
    }

    pub(super) fn extension_to_drop(
        &mut self,
        name: &ObjectName,
        if_exists: bool,
    ) -> Outcome<Option<Object>> {
        let wanted = &name.name.name;
        let at = self
            .schema()
            .extensions
            .iter()
            .position(|e| e.name == *wanted && e.presence.may_be());
        if let Some(at) = at {
            return Ok(Some(Object::Extension(at as u32)));
        }
        let gone = self
            .schema()
            .extensions
            .iter()
            .rev()
            .find_map(|e| match e.presence {
                Presence::Dropped(change) if e.name == *wanted => Some(change),
                _ => None,
            });
        match gone {
            Some(change) if !if_exists => {
                let failure: Failure = error::failure(
                    "42704",
                    format!("extension \"{wanted}\" does not exist"),
                    name.span,
                );
                Err(self.related(
                    failure,
                    Some(change),
                    format!("extension {wanted} is dropped here"),
                ))
            }
            _ => Ok(None),
        }
    }
}
