//! Extensions: what the well-known ones bring, and what installing one does.

use super::Gone;
use super::apply::{Outcome, Step};
use super::error;
use crate::change::ObjectName;
use crate::known::Presence;
use crate::name::{Name, QualifiedName};
use crate::schema::{Extension, Function, NamespaceId, Parameters, TypeKind};
use crate::source::Span;
use crate::sqltype::{BaseType, Builtin, SqlType};

/// One object of an extension a line.
static OBJECTS: &str = include_str!("extensions.tsv");

/// Operator classes that must be asked for by name.
static OPCLASSES: &[(&str, &str)] = &[
    ("gin_trgm_ops", "pg_trgm"),
    ("gist_trgm_ops", "pg_trgm"),
    ("gin__int_ops", "intarray"),
    ("gist__intbig_ops", "intarray"),
    ("gist__int_ops", "intarray"),
    ("citext_pattern_ops", "citext"),
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

fn objects() -> impl Iterator<Item = Vec<&'static str>> {
    OBJECTS
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split('\t').collect())
}

/// The well-known extension that brings a type.
pub(super) fn bringing_type(name: &Name) -> Option<&'static str> {
    objects().find_map(|row| match row.as_slice() {
        [extension, "type", own, ..] if *own == name.as_str() => Some(*extension),
        _ => None,
    })
}

/// The extension that brings an operator class.
pub(super) fn bringing_opclass(name: &Name) -> Option<&'static str> {
    OPCLASSES
        .iter()
        .find(|(opclass, _)| *opclass == name.as_str())
        .map(|o| o.1)
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
        for row in objects() {
            match row.as_slice() {
                [extension, "type", own, ..] if *extension == name.as_str() => {
                    self.bring_type(name, namespace, &Name::new(own));
                }
                [extension, "function", own, arguments, result, volatility]
                    if *extension == name.as_str() =>
                {
                    self.bring_function(name, namespace, own, arguments, result, *volatility == "i");
                }
                _ => {}
            }
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

    fn bring_function(
        &mut self,
        extension: &Name,
        namespace: NamespaceId,
        name: &str,
        arguments: &str,
        result: &str,
        immutable: bool,
    ) {
        let mut parameters = Parameters::default();
        for argument in arguments.split(',').filter(|a| !a.is_empty()) {
            let ty = self.brought_type(namespace, argument);
            parameters.list.push((None, ty, true, false, None));
        }
        let (result, set) = match result.strip_prefix("setof ") {
            Some(inner) => (inner, true),
            None => (result, false),
        };
        let returns = Some(self.brought_type(namespace, result));
        self.db.schema.functions.push(Function {
            namespace,
            name: Name::new(name),
            parameters,
            returns,
            set,
            procedure: false,
            language: "c".into(),
            body: None,
            immutable,
            presence: Presence::Present(self.id),
            extension: Some(extension.clone()),
        });
    }

    /// A type in the table of objects: a built-in one, or one of the same extension.
    fn brought_type(&self, namespace: NamespaceId, spelling: &str) -> SqlType {
        let (element, array) = match spelling.strip_suffix("[]") {
            Some(element) => (element, true),
            None => (spelling, false),
        };
        let base = match Builtin::from_spelling(element) {
            Some(builtin) => BaseType::Builtin(builtin),
            None => {
                let name = Name::new(element);
                match self.schema().type_names.get(namespace, &name) {
                    Some(id) => BaseType::Object(id),
                    None => BaseType::Named(QualifiedName::bare(name)),
                }
            }
        };
        SqlType {
            base,
            modifier: None,
            array,
        }
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
        let functions: Vec<_> = self
            .schema()
            .functions
            .iter()
            .filter(|(_, f)| f.extension.as_ref() == Some(&extension) && f.presence.may_be())
            .map(|(id, _)| id)
            .collect();
        for id in functions {
            self.db.schema.functions[id].namespace = target;
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
