//! `DROP`: what goes, what goes with it, and what forbids it.
//!
//! Source: `findDependentObjects` and `reportDependentObjects` in `dependency.c`.

use rustc_hash::FxHashMap;

use super::Gone;
use super::apply::{Outcome, Step};
use super::depend::Edge;
use super::error;
use crate::change::Behaviour;
use crate::known::{ChangeId, Fact, Gap, Presence};
use crate::schema::{
    ColumnId, ConstraintId, FunctionId, IndexId, NamespaceId, Relation, RelationKind, SequenceId, TableId,
    TypeId, TypeKind,
};
use crate::source::Span;

/// Something that can be dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Object {
    Table(TableId),
    Column(TableId, ColumnId),
    /// A default, or what generates a column.
    Default(TableId, ColumnId),
    Constraint(TableId, ConstraintId),
    Index(TableId, IndexId),
    Sequence(SequenceId),
    Type(TypeId),
    /// An attribute of a composite type.
    Attribute(TypeId, u32),
    DomainCheck(TypeId, u32),
    Function(FunctionId),
    Trigger(TableId, u32),
    Namespace(NamespaceId),
    Extension(u32),
}

/// How an object came to be on the list of what is dropped.
struct Found {
    object: Object,
    /// It is named, or goes silently with something.
    silent: bool,
    /// Set while it is only perhaps on the list.
    perhaps: Option<Gap>,
    /// What it depends on.
    on: Option<Object>,
}

impl Step {
    /// Drops objects and what depends on them; with RESTRICT, refuses where that is more than what goes silently.
    pub(super) fn drop_tree(&mut self, targets: &[Object], behaviour: Behaviour, span: Span) -> Outcome {
        let found = self.collect(targets);
        if behaviour == Behaviour::Restrict {
            self.refuse_dependents(targets, &found, span)?;
        }
        let mut found = found;
        // Parts that go by their position: from the last to the first.
        found.sort_by_key(|f| match f.object {
            Object::Trigger(_, at) | Object::Attribute(_, at) | Object::DomainCheck(_, at) => u32::MAX - at,
            _ => 0,
        });
        for item in &found {
            match &item.perhaps {
                Some(gap) => self.perhaps_remove(&item.object, gap),
                None => self.remove(&item.object),
            }
        }
        Ok(())
    }

    fn collect(&self, targets: &[Object]) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        let mut at: FxHashMap<Object, usize> = FxHashMap::default();
        for &object in targets {
            at.insert(object, found.len());
            found.push(Found {
                object,
                silent: true,
                perhaps: None,
                on: None,
            });
        }
        let mut next = 0;
        while next < found.len() {
            let (object, doubt) = (found[next].object, found[next].perhaps.clone());
            next += 1;
            for (dependent, edge) in self.dependents(&object) {
                let silent = edge == Edge::Auto;
                let perhaps = match edge {
                    Edge::Perhaps(gap) => Some(gap),
                    Edge::Normal | Edge::Auto => doubt.clone(),
                };
                match at.get(&dependent) {
                    Some(&known) => {
                        found[known].silent |= silent;
                        if perhaps.is_none() {
                            found[known].perhaps = None;
                        }
                    }
                    None => {
                        at.insert(dependent, found.len());
                        found.push(Found {
                            object: dependent,
                            silent,
                            perhaps,
                            on: Some(object),
                        });
                    }
                }
            }
        }
        // What goes with a table needs no leave of its own.
        let tables: Vec<TableId> = found
            .iter()
            .filter_map(|f| match f.object {
                Object::Table(t) if f.silent => Some(t),
                _ => None,
            })
            .collect();
        let columns: Vec<(TableId, ColumnId)> = found
            .iter()
            .filter_map(|f| match f.object {
                Object::Column(t, c) if f.silent => Some((t, c)),
                _ => None,
            })
            .collect();
        for item in &mut found {
            item.silent |= owner(&item.object).is_some_and(|t| tables.contains(&t));
            item.silent |= matches!(item.object, Object::Default(t, c) if columns.contains(&(t, c)));
        }
        found
    }

    fn refuse_dependents(&mut self, targets: &[Object], found: &[Found], span: Span) -> Outcome {
        let blockers: Vec<&Found> = found.iter().filter(|f| !f.silent).collect();
        let Some(first) = blockers.first() else {
            return Ok(());
        };
        let certain = blockers
            .iter()
            .find(|f| f.perhaps.is_none() && self.is_certain(&f.object));
        let Some(_) = certain else {
            let gap = first.perhaps.clone().or_else(|| self.doubtful(&first.object));
            if let Some(gap) = gap {
                self.doubt(&gap);
            }
            return Ok(());
        };
        let named = match targets {
            [one] => format!(
                "cannot drop {} because other objects depend on it",
                self.describe(one)
            ),
            _ => "cannot drop desired object(s) because other objects depend on them".to_owned(),
        };
        let mut failure = error::failure("2BP01", named, span);
        for blocker in blockers.iter().filter(|f| f.perhaps.is_none()).take(10) {
            let on = blocker
                .on
                .map_or(String::new(), |on| format!(" depends on {}", self.describe(&on)));
            let label = format!("{}{on}", self.describe(&blocker.object));
            failure = self.related(failure, self.origin(&blocker.object), label);
        }
        Err(failure)
    }

    fn presence(&self, object: &Object) -> Option<&Presence> {
        Some(match *object {
            Object::Table(t) => &self.table(t).presence,
            Object::Column(t, c) | Object::Default(t, c) => &self.column(t, c).presence,
            Object::Constraint(t, c) => &self.table(t).constraints[c.0 as usize].presence,
            Object::Index(t, i) => &self.table(t).indexes[i.0 as usize].presence,
            Object::Sequence(s) => &self.sequence(s).presence,
            Object::Type(t) | Object::Attribute(t, _) | Object::DomainCheck(t, _) => {
                &self.schema().types[t].presence
            }
            Object::Function(f) => &self.schema().functions[f].presence,
            Object::Trigger(t, _) => &self.table(t).presence,
            Object::Namespace(n) => &self.schema().namespaces[n].presence,
            Object::Extension(e) => &self.schema().extensions.get(e as usize)?.presence,
        })
    }

    fn is_certain(&self, object: &Object) -> bool {
        let owner_certain = owner(object).is_none_or(|t| self.table(t).presence.is_present());
        owner_certain && self.presence(object).is_some_and(Presence::is_present)
    }

    fn doubtful(&self, object: &Object) -> Option<Gap> {
        let own = self.presence(object);
        let table = owner(object).map(|t| &self.table(t).presence);
        [own, table]
            .into_iter()
            .flatten()
            .find_map(|presence| match presence {
                Presence::Maybe(gap) => Some(gap.clone()),
                Presence::Present(_) | Presence::Dropped(_) => None,
            })
    }

    fn origin(&self, object: &Object) -> Option<ChangeId> {
        match *object {
            Object::Default(t, c) => self.column(t, c).default.origin(),
            _ => match self.presence(object) {
                Some(Presence::Present(change)) => Some(*change),
                _ => None,
            },
        }
    }

    /// An object as the server names it in messages.
    pub(super) fn describe(&self, object: &Object) -> String {
        let relation = |t: TableId| {
            let table = self.table(t);
            let word = match table.kind {
                RelationKind::Table | RelationKind::Partitioned => "table",
                RelationKind::View => "view",
                RelationKind::MaterializedView => "materialized view",
                RelationKind::Foreign => "foreign table",
            };
            format!("{word} {}", self.shown(table.namespace, &table.name))
        };
        let named = |name: &Fact<crate::name::Name>| {
            name.known().map_or("(unnamed)".to_owned(), |name| name.quoted())
        };
        match *object {
            Object::Table(t) => relation(t),
            Object::Column(t, c) => format!("column {} of {}", self.column(t, c).name.quoted(), relation(t)),
            Object::Default(t, c) => {
                format!(
                    "default value for column {} of {}",
                    self.column(t, c).name.quoted(),
                    relation(t)
                )
            }
            Object::Constraint(t, c) => {
                format!(
                    "constraint {} on {}",
                    named(&self.table(t).constraints[c.0 as usize].name),
                    relation(t)
                )
            }
            Object::Index(t, i) => format!("index {}", named(&self.table(t).indexes[i.0 as usize].name)),
            Object::Sequence(s) => {
                let s = self.sequence(s);
                format!("sequence {}", self.shown(s.namespace, &s.name))
            }
            Object::Type(t) => format!("type {}", self.schema().type_name(t)),
            Object::Attribute(t, _) => format!("column of composite type {}", self.schema().type_name(t)),
            Object::DomainCheck(t, _) => format!("constraint of type {}", self.schema().type_name(t)),
            Object::Function(f) => {
                let f = &self.schema().functions[f];
                let types: Vec<String> = f
                    .parameters
                    .inputs()
                    .map(|ty| self.schema().format_type(ty))
                    .collect();
                format!(
                    "function {}({})",
                    self.shown(f.namespace, &f.name),
                    types.join(",")
                )
            }
            Object::Trigger(t, at) => {
                let name = self
                    .table(t)
                    .triggers
                    .get(at as usize)
                    .map(|trigger| trigger.name.quoted());
                format!("trigger {} on {}", name.unwrap_or_default(), relation(t))
            }
            Object::Namespace(n) => format!("schema {}", self.namespace_name(n)),
            Object::Extension(e) => {
                let name = self
                    .schema()
                    .extensions
                    .get(e as usize)
                    .map(|e| e.name.to_string());
                format!("extension {}", name.unwrap_or_default())
            }
        }
    }

    /// A name with its schema unless that is on the search path.
    fn shown(&self, namespace: NamespaceId, name: &crate::name::Name) -> String {
        let schema = self.namespace_name(namespace);
        if self.schema().search_path.contains(schema) || *schema == "pg_temp" {
            name.quoted()
        } else {
            format!("{}.{}", schema.quoted(), name.quoted())
        }
    }

    /// Marks one object as gone, and frees its name.
    fn remove(&mut self, object: &Object) {
        let gone = Presence::Dropped(self.id);
        let how = Gone::Dropped(self.id);
        let origin = self.id;
        match *object {
            Object::Table(t) => self.remove_table(t),
            Object::Column(t, c) => {
                let name = self.column(t, c).name.clone();
                self.column_mut(t, c).presence = gone;
                self.log(t, Some(c), format!("column {name} dropped"));
            }
            Object::Default(t, c) => {
                self.column_mut(t, c).default = Fact::Known(None, origin);
                self.log(t, Some(c), "default dropped with what it depended on");
            }
            Object::Constraint(t, c) => self.remove_constraint(t, c, "dropped"),
            Object::Index(t, i) => self.remove_index(t, i),
            Object::Sequence(s) => {
                let (namespace, name) = (self.sequence(s).namespace, self.sequence(s).name.clone());
                self.sequence_mut(s).presence = gone;
                self.free_relation(namespace, &name, Relation::Sequence(s), how);
            }
            Object::Type(t) => {
                let ty = &mut self.db.schema.types[t];
                ty.presence = gone;
                let (namespace, name) = (ty.namespace, ty.name.clone());
                self.free_type(namespace, &name, t, how);
            }
            Object::Attribute(t, at) => {
                if let TypeKind::Composite(Fact::Known(attributes, _)) = &mut self.db.schema.types[t].kind
                    && (at as usize) < attributes.len()
                {
                    attributes.remove(at as usize);
                }
            }
            Object::DomainCheck(t, at) => {
                if let TypeKind::Domain(domain) = &mut self.db.schema.types[t].kind
                    && (at as usize) < domain.checks.len()
                {
                    domain.checks.remove(at as usize);
                }
            }
            Object::Function(f) => self.db.schema.functions[f].presence = gone,
            Object::Trigger(t, at) => {
                if (at as usize) < self.table(t).triggers.len() {
                    let trigger = self.table_mut(t).triggers.remove(at as usize);
                    self.log(t, None, format!("trigger {} dropped", trigger.name));
                }
            }
            Object::Namespace(n) => {
                let namespace = &mut self.db.schema.namespaces[n];
                namespace.presence = gone;
                let name = namespace.name.clone();
                let key = self.system_namespace("pg_catalog");
                self.db.gone_others.insert(key, name, how);
            }
            Object::Extension(e) => {
                if let Some(extension) = self.db.schema.extensions.get_mut(e as usize) {
                    extension.presence = gone;
                }
            }
        }
    }

    fn remove_table(&mut self, t: TableId) {
        let origin = self.id;
        let (namespace, name) = (self.table(t).namespace, self.table(t).name.clone());
        self.table_mut(t).presence = Presence::Dropped(origin);
        self.free_relation(namespace, &name, Relation::Table(t), Gone::Dropped(origin));
        let indexes = self.table(t).indexes.len();
        for at in 0..indexes {
            self.remove_index(t, IndexId(at as u32));
        }
        self.log(t, None, "dropped");
    }

    fn perhaps_remove(&mut self, object: &Object, gap: &Gap) {
        let maybe = Presence::Maybe(gap.clone());
        match *object {
            Object::Table(t) => self.table_mut(t).presence = maybe,
            Object::Column(t, c) => self.column_mut(t, c).presence = maybe,
            Object::Default(t, c) => self.column_mut(t, c).default = Fact::unknown(gap.clone()),
            Object::Constraint(t, c) => self.table_mut(t).constraints[c.0 as usize].presence = maybe,
            Object::Index(t, i) => self.table_mut(t).indexes[i.0 as usize].presence = maybe,
            Object::Sequence(s) => self.sequence_mut(s).presence = maybe,
            Object::Type(t) => self.db.schema.types[t].presence = maybe,
            Object::Function(f) => self.db.schema.functions[f].presence = maybe,
            Object::Namespace(n) => self.db.schema.namespaces[n].presence = maybe,
            Object::Attribute(..) | Object::DomainCheck(..) | Object::Trigger(..) | Object::Extension(_) => {}
        }
    }
}

/// The table that an object is a part of.
fn owner(object: &Object) -> Option<TableId> {
    match *object {
        Object::Column(t, _)
        | Object::Default(t, _)
        | Object::Constraint(t, _)
        | Object::Index(t, _)
        | Object::Trigger(t, _) => Some(t),
        Object::Table(_)
        | Object::Sequence(_)
        | Object::Type(_)
        | Object::Attribute(..)
        | Object::DomainCheck(..)
        | Object::Function(_)
        | Object::Namespace(_)
        | Object::Extension(_) => None,
    }
}
