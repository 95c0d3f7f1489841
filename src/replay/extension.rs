//! Extensions: what the well-known ones bring, and what installing one does.

use super::Gone;
use super::apply::{Outcome, Step};
use super::error;
use super::resolve::blank_table;
use crate::change::ObjectName;
use crate::known::{Gap, Presence, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::schema::{Extension, NamespaceId, RelationKind, Rows, TypeKind};
use crate::source::Span;
use crate::sqltype::catalog;

/// Operator classes of extensions whose contents are not listed.
static OPCLASSES: &[(&str, &str)] = &[
    ("vector_l2_ops", "vector"),
    ("vector_ip_ops", "vector"),
    ("vector_cosine_ops", "vector"),
    ("vector_l1_ops", "vector"),
    ("halfvec_l2_ops", "vector"),
    ("halfvec_ip_ops", "vector"),
    ("halfvec_cosine_ops", "vector"),
];

/// Access methods.
static METHODS: &[(&str, &str)] = &[
    ("bloom", "bloom"),
    ("hnsw", "vector"),
    ("ivfflat", "vector"),
    ("pgroonga", "pgroonga"),
    ("rum", "rum"),
    ("bm25", "pg_search"),
];

/// What `CASCADE` installs too.
static REQUIRES: &[(&str, &str)] = &[
    ("earthdistance", "cube"),
    ("postgis_raster", "postgis"),
    ("postgis_topology", "postgis"),
    ("postgis_sfcgal", "postgis"),
    ("postgis_tiger_geocoder", "fuzzystrmatch"),
    ("vchord", "vector"),
    ("vectorscale", "vector"),
];

/// Whether an extension cannot be without another one.
pub(super) fn requires(extension: &Name, other: &Name) -> bool {
    REQUIRES.contains(&(extension.as_str(), other.as_str()))
}

/// The well-known extension that brings a type.
pub(super) fn bringing_type(name: &Name) -> Option<&'static str> {
    catalog::extension_of_type(name.as_str())
}

/// Whether an extension brings an operator class.
pub(super) fn brings_opclass(extension: &Name, opclass: &Name) -> bool {
    let listed = catalog::extension(extension.as_str());
    listed.is_some_and(|c| c.opclasses.iter().any(|o| opclass == o.name))
        || OPCLASSES.contains(&(opclass.as_str(), extension.as_str()))
}

/// Whether an extension that may be installed brings a function.
pub(super) fn brings_function(extension: &Name, function: &Name) -> bool {
    let listed = catalog::extension(extension.as_str());
    listed.is_some_and(|c| !c.functions(function.as_str()).is_empty())
}

/// The extension that brings an access method.
pub(super) fn bringing_method(name: &str) -> Option<&'static str> {
    METHODS.iter().find(|(method, _)| *method == name).map(|m| m.1)
}

impl Step {
    pub(super) fn create_extension(
        &mut self,
        name: &Name,
        if_not_exists: bool,
        schema: Option<&Name>,
        cascade: bool,
        span: Span,
    ) -> Outcome {
        let existing = self
            .schema()
            .extensions
            .iter()
            .find(|e| e.name == *name && e.presence.may_be());
        if *name == "plpgsql" && if_not_exists {
            return Ok(());
        }
        match existing.map(|e| e.presence.clone()) {
            Some(Presence::Present(_)) if if_not_exists => return Ok(()),
            Some(Presence::Present(origin)) => {
                let failure = error::failure("42710", format!("extension \"{name}\" already exists"), span);
                return Err(self.related(failure, Some(origin), "it is installed here"));
            }
            Some(Presence::Maybe(gap)) => {
                self.doubt(&gap);
                let origin = self.id;
                for extension in self.db.schema.extensions.iter_mut().filter(|e| e.name == *name) {
                    extension.presence = Presence::Present(origin);
                }
                return Ok(());
            }
            Some(Presence::Dropped(_)) | None => {}
        }
        if cascade {
            let required = REQUIRES.iter().filter(|(own, _)| *own == name.as_str());
            for (_, other) in required {
                self.create_extension(&Name::new(other), true, schema, true, span)?;
            }
        }
        let namespace = match schema {
            Some(schema) => self.namespace_named(schema, span)?,
            None => self.namespace_for(&QualifiedName::bare(name.clone()), false, span)?,
        };
        self.db.schema.extensions.push(Extension {
            name: name.clone(),
            namespace,
            presence: Presence::Present(self.id),
        });
        let listed = catalog::extension(name.as_str());
        let types = listed.into_iter().flat_map(|c| c.types.iter().map(|ty| ty.name));
        let unlisted = catalog::unlisted_types(name.as_str()).unwrap_or_default();
        for ty in types.chain(unlisted.iter().copied()) {
            self.bring_type(name, namespace, &Name::new(ty));
        }
        for relation in listed.into_iter().flat_map(|c| c.relations.iter().copied()) {
            self.bring_relation(name, namespace, &Name::new(relation), span);
        }
        Ok(())
    }

    /// A type of an extension; one that was presumed so far is it.
    fn bring_type(&mut self, extension: &Name, namespace: NamespaceId, name: &Name) {
        if let Some(id) = self.schema().type_names.get(namespace, name) {
            let ty = &mut self.db.schema.types[id];
            if matches!(ty.kind, TypeKind::Presumed(_)) {
                ty.kind = TypeKind::Base;
                ty.extension = Some(extension.clone());
            }
            return;
        }
        let mut ty = self.blank_type(namespace, name.clone(), TypeKind::Base);
        ty.extension = Some(extension.clone());
        self.add_type(ty);
    }

    /// A table or view of an extension: there, of unknown shape.
    fn bring_relation(&mut self, extension: &Name, namespace: NamespaceId, name: &Name, span: Span) {
        if self.schema().relation_names.get(namespace, name).is_some() {
            return;
        }
        let why = format!("it is a part of the extension {extension}");
        let gap = Gap::new(span, why, Reach::Object(name.to_string()));
        let mut table = blank_table(namespace, name.clone(), RelationKind::View, self.id);
        table.open = Section::ALL
            .into_iter()
            .map(|section| (section, gap.clone()))
            .collect();
        table.presumed = Some(gap);
        table.rows = Rows::Unknown;
        table.extension = Some(extension.clone());
        self.new_table(table);
    }

    /// `ALTER EXTENSION ... SET SCHEMA`.
    pub(super) fn move_extension(&mut self, name: &ObjectName, to: &Name) -> Outcome {
        let target = self.namespace_named(to, name.span)?;
        let extension = name.name.name.clone();
        for own in self
            .db
            .schema
            .extensions
            .iter_mut()
            .filter(|e| e.name == extension)
        {
            own.namespace = target;
        }
        let types: Vec<_> = self
            .schema()
            .types
            .iter()
            .filter(|(_, t)| t.extension.as_ref() == Some(&extension) && t.presence.may_be())
            .map(|(id, t)| (id, t.namespace, t.name.clone()))
            .collect();
        for (id, here, bare) in types {
            self.free_type(here, &bare, id, Gone::Moved(self.id));
            self.db.schema.types[id].namespace = target;
            self.bind_type(target, &bare, id);
        }
        Ok(())
    }

    pub(super) fn create_schema(&mut self, name: &Name, if_not_exists: bool, span: Span) -> Outcome {
        let presence = Presence::Present(self.id);
        if let Some(id) = self.schema().namespace(name) {
            let namespace = &mut self.db.schema.namespaces[id];
            let refused = match (&namespace.presence, &namespace.presumed) {
                (Presence::Present(origin), None) if !if_not_exists => Some(*origin),
                _ => None,
            };
            if let Some(origin) = refused {
                let failure = error::failure("42P06", format!("schema \"{name}\" already exists"), span);
                return Err(self.related(failure, Some(origin), "it is created here"));
            }
            if !if_not_exists {
                namespace.presumed = None;
            }
            namespace.presence = presence;
            return Ok(());
        }
        self.db.schema.namespaces.push(crate::schema::Namespace {
            name: name.clone(),
            presence,
            system: false,
            presumed: None,
        });
        let key = self.system_namespace("pg_catalog");
        self.db.gone_others.remove(key, name);
        Ok(())
    }
}
