//! Namespaces, extensions, collations, types and sequences.

use std::fmt::Write;

use super::{Item, Script, literal, words};
use crate::known::{Fact, Presence};
use crate::schema::{Domain, Sequence, Type, TypeKind};
use crate::sqltype::{Builtin, TypeId};

impl Script<'_> {
    pub(super) fn namespaces(&mut self) {
        let schema = self.schema;
        let has_public = schema
            .namespaces
            .iter()
            .any(|(_, n)| n.name == "public" && n.presence.may_be());
        if !has_public {
            self.say("DROP SCHEMA public");
        }
        for (_, namespace) in schema
            .namespaces
            .iter()
            .filter(|(_, n)| !n.system && n.name != "public")
        {
            match &namespace.presence {
                Presence::Present(_) => {
                    self.say(&format!("CREATE SCHEMA {}", namespace.name.quoted()));
                    if let Some(gap) = &namespace.presumed {
                        self.note(&format!("schema {}", namespace.name), &gap.why);
                    }
                }
                Presence::Maybe(gap) => {
                    let gap = gap.clone();
                    self.note(&format!("schema {}", namespace.name), &gap.why);
                }
                Presence::Dropped(_) => {}
            }
        }
        for extension in schema.extensions.iter().filter(|e| e.name != "plpgsql") {
            let place = &schema.namespaces[extension.namespace].name;
            match &extension.presence {
                Presence::Present(_) if *place == "pg_catalog" => {
                    self.say(&format!("CREATE EXTENSION {}", extension.name.quoted()));
                }
                Presence::Present(_) => self.say(&format!(
                    "CREATE EXTENSION {} SCHEMA {}",
                    extension.name.quoted(),
                    place.quoted()
                )),
                Presence::Maybe(gap) => self.note(&format!("extension {}", extension.name), &gap.why),
                Presence::Dropped(_) => {}
            }
        }
        if schema.functions.iter().any(|(_, f)| f.presence.is_present()) {
            self.say("SET check_function_bodies = off");
        }
    }

    pub(super) fn collations(&mut self) {
        for collation in &self.schema.collations {
            let name = &collation.name;
            let place = name
                .schema
                .as_ref()
                .map_or(String::new(), |s| format!("{}.", s.quoted()));
            let text = &collation.written.text;
            if text.is_empty() {
                self.note(&format!("collation {name}"), "its definition was not kept");
            } else {
                let statement = format!("CREATE COLLATION {place}{} {text}", name.name.quoted());
                self.say_on(&collation.written, &statement);
            }
        }
    }

    /// A type and what it is made of.
    pub(super) fn ty(&mut self, id: TypeId) -> bool {
        let schema = self.schema;
        let ty = &schema.types[id];
        let shown = self.shown(ty.namespace, &ty.name);
        match &ty.presence {
            Presence::Present(_) => {}
            Presence::Maybe(gap) => {
                let gap = gap.clone();
                self.note(&format!("type {shown}"), &gap.why);
                return false;
            }
            Presence::Dropped(_) => return false,
        }
        if ty.extension.is_some() || schema.namespaces[ty.namespace].system {
            return true;
        }
        let name = self.qualified(ty.namespace, &ty.name);
        match &ty.kind {
            TypeKind::Enum(Fact::Known(labels, _)) => {
                let labels = labels.iter().map(|l| literal(l)).collect::<Vec<_>>().join(", ");
                self.say(&format!("CREATE TYPE {name} AS ENUM ({labels})"));
                true
            }
            TypeKind::Composite(Fact::Known(attributes, _)) => {
                let whole = attributes
                    .iter()
                    .fold(true, |whole, (_, ty)| self.want_type(ty) && whole);
                if !whole {
                    self.note(&format!("type {shown}"), "a type that it holds is not known");
                    return false;
                }
                let attributes: Vec<String> = attributes
                    .iter()
                    .map(|(n, t)| format!("{} {}", n.quoted(), schema.format_type(t)))
                    .collect();
                self.say(&format!("CREATE TYPE {name} AS ({})", attributes.join(", ")));
                true
            }
            TypeKind::Domain(domain) => self.domain(domain, &name, &shown),
            TypeKind::Range(_) | TypeKind::Base => self.other_type(ty, &name, &shown),
            TypeKind::Row(table) => self.want(Item::Table(*table)),
            TypeKind::Enum(Fact::Unknown { gap, .. }) | TypeKind::Composite(Fact::Unknown { gap, .. }) => {
                self.note(&format!("type {shown}"), &gap.why);
                false
            }
            TypeKind::Presumed(gap) => {
                self.note(&format!("type {shown}"), &gap.why);
                false
            }
        }
    }

    fn domain(&mut self, domain: &Domain, name: &str, shown: &str) -> bool {
        let base = match &domain.base {
            Fact::Known(base, _) if self.want_type(base) => self.schema.format_type(base),
            _ => {
                self.note(
                    &format!("type {shown}"),
                    "the type that it is based on is not known",
                );
                return false;
            }
        };
        let mut out = format!("CREATE DOMAIN {name} AS {base}");
        if let Some(collation) = &domain.collation {
            let place = collation
                .schema
                .as_ref()
                .map_or(String::new(), |s| format!("{}.", s.quoted()));
            let _ = write!(out, " COLLATE {place}{}", collation.name.quoted());
        }
        match &domain.default {
            Fact::Known(None, _) => {}
            Fact::Known(Some(default), _) => {
                if let Some(default) = self.expr(None, default, &format!("type {shown} default")) {
                    let _ = write!(out, " DEFAULT {default}");
                }
            }
            Fact::Unknown { gap, .. } => self.note(&format!("type {shown} default"), &gap.why),
        }
        match &domain.not_null {
            Fact::Known(true, _) => out.push_str(" NOT NULL"),
            Fact::Known(false, _) => {}
            Fact::Unknown { gap, .. } => self.note(&format!("type {shown}: not null"), &gap.why),
        }
        for (check, condition) in &domain.checks {
            if let Some(condition) = self.expr(None, condition, &format!("type {shown} check {check}")) {
                let _ = write!(out, " CONSTRAINT {} CHECK ({condition})", check.quoted());
            }
        }
        self.say(&out);
        true
    }

    /// Ranges and base types are printed as they were written.
    fn other_type(&mut self, ty: &Type, name: &str, shown: &str) -> bool {
        let Some(written) = &ty.written else {
            // A multirange comes along with its range.
            let range = self.schema.types.iter().find(|(_, other)| {
                matches!(other.kind, TypeKind::Range(_))
                    && other.presence == ty.presence
                    && other.written.is_some()
            });
            return match range.map(|(id, _)| id) {
                Some(id) => self.want(Item::Type(id)),
                None => {
                    self.note(&format!("type {shown}"), "its definition is not known");
                    false
                }
            };
        };
        if let Some(old) = self.renamed_since(written, &words::outside_strings(&written.text), None) {
            self.note(
                &format!("type {shown}"),
                &format!("its definition says {old:?}, which has been renamed"),
            );
            return false;
        }
        if let TypeKind::Range(Some(subtype)) = &ty.kind
            && !self.want_type(subtype)
        {
            self.note(&format!("type {shown}"), "its subtype is not known");
            return false;
        }
        if matches!(ty.kind, TypeKind::Base) {
            self.say(&format!("CREATE TYPE {name}"));
            if written.text.is_empty() {
                return true;
            }
        }
        self.want_routines(&written.text);
        let statement = format!("CREATE TYPE {name} {}", written.text);
        self.say_on(written, &statement);
        true
    }

    pub(super) fn sequences(&mut self) {
        for (_, s) in self.schema.sequences.iter().filter(|(_, s)| !s.temporary) {
            let shown = self.shown(s.namespace, &s.name);
            match &s.presence {
                Presence::Present(_) => {}
                Presence::Maybe(gap) => {
                    self.note(&format!("sequence {shown}"), &gap.why);
                    continue;
                }
                Presence::Dropped(_) => continue,
            }
            if let Some(gap) = &s.open {
                self.note(&format!("sequence {shown}"), &gap.why);
            }
            if s.identity.is_none() {
                let name = self.qualified(s.namespace, &s.name);
                self.say(&format!(
                    "CREATE SEQUENCE {name}{}",
                    self.sequence_options(s, true)
                ));
            }
        }
    }

    /// The options of a sequence; an identity column gives it its own type.
    pub(super) fn sequence_options(&self, s: &Sequence, with_type: bool) -> String {
        let mut out = String::new();
        if with_type && s.ty.as_builtin() != Some(Builtin::Int8) {
            let _ = write!(out, " AS {}", self.schema.format_type(&s.ty));
        }
        let _ = write!(
            out,
            " INCREMENT BY {} MINVALUE {} MAXVALUE {} START WITH {} CACHE {}",
            s.increment, s.min, s.max, s.start, s.cache
        );
        if s.cycle {
            out.push_str(" CYCLE");
        }
        out
    }

    /// `OWNED BY`, once the columns are there.
    pub(super) fn owners(&mut self) {
        for (_, s) in self
            .schema
            .sequences
            .iter()
            .filter(|(_, s)| s.presence.is_present() && !s.temporary)
        {
            let Some((table, column)) = s.owner else { continue };
            let name = self.qualified(s.namespace, &s.name);
            if !self.columns.contains(&(table, column)) {
                let shown = self.shown(s.namespace, &s.name);
                self.note(
                    &format!("sequence {shown}"),
                    "the column that owns it is not known",
                );
                continue;
            }
            let owner = self.schema.table(table).column_by_id(column);
            if s.identity.is_none() {
                let table = self.table_name(table);
                self.say(&format!(
                    "ALTER SEQUENCE {name} OWNED BY {table}.{}",
                    owner.name().quoted()
                ));
            } else if owner.get().ty.known() != Some(&s.ty) {
                // An identity column gives its sequence its own type; only `LIKE ... INCLUDING IDENTITY` makes another.
                let ty = self.schema.format_type(&s.ty);
                self.say(&format!(
                    "ALTER SEQUENCE {name} AS {ty} MINVALUE {} MAXVALUE {}",
                    s.min, s.max
                ));
            }
        }
    }
}
