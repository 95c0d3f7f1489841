//! What a schema holds besides tables, as a list that another schema's can be held against.

use super::told::Told;
use super::{Kind, Object, Without};
use crate::known::{ChangeId, Fact, Gap, Presence, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::schema::{
    Domain, Function, NamespaceId, Schema, Sequence, SequenceId, Stored, TableId, Type, TypeKind,
};
use crate::sqltype::{BaseType, SqlType};

/// Whether an object is there.
#[derive(Debug, Clone)]
pub(super) enum There {
    Certain,
    Maybe(Gap),
}

/// One fact of an object.
#[derive(Debug)]
pub(super) struct Word<'a> {
    pub(super) word: &'static str,
    pub(super) told: Told<'a>,
    pub(super) at: Option<ChangeId>,
}

/// An object of a schema.
#[derive(Debug)]
pub(super) struct Item<'a> {
    pub(super) object: Object,
    /// The schema that it lives in, where it is part of no table.
    pub(super) namespace: Option<Name>,
    /// The section of its table that it belongs to.
    pub(super) section: Option<Section>,
    /// The table that its facts are on, or that it is.
    pub(super) of: Option<TableId>,
    pub(super) there: There,
    /// The change that made it.
    pub(super) at: Option<ChangeId>,
    /// What it is, in a few words.
    pub(super) shown: String,
    /// What pairs it where no name does.
    pub(super) signature: Option<String>,
    /// Why its name is not known.
    pub(super) nameless: Option<Gap>,
    pub(super) facts: Vec<Word<'a>>,
}

impl<'a> Item<'a> {
    pub(super) fn new(kind: Kind, name: String, presence: &Presence) -> Self {
        let (there, at) = match presence {
            Presence::Present(at) | Presence::Dropped(at) => (There::Certain, Some(*at)),
            Presence::Maybe(gap) => (There::Maybe(gap.clone()), None),
        };
        Item {
            object: Object {
                table: None,
                kind,
                name,
            },
            namespace: None,
            section: None,
            of: None,
            there,
            at,
            shown: String::new(),
            signature: None,
            nameless: None,
            facts: Vec::new(),
        }
    }

    /// What pairs it with one of the other side.
    pub(super) fn key(&self) -> String {
        let kind = match self.object.kind {
            Kind::View => Kind::Table,
            kind => kind,
        };
        format!("{} {}", kind.word(), self.object.name)
    }

    pub(super) fn said(&mut self, word: &'static str, told: Told<'a>, at: Option<ChangeId>) {
        self.facts.push(Word { word, told, at });
    }

    pub(super) fn text(&mut self, word: &'static str, text: impl Into<String>) {
        self.said(word, Told::Text(text.into()), None);
    }

    pub(super) fn comment(&mut self, comment: Option<&smol_str::SmolStr>) {
        let text = comment.map_or("none".to_owned(), |c| format!("{:?}", c.as_str()));
        self.text("comment", text);
    }

    /// What a fact says in `words`, or that it is not known.
    pub(super) fn fact<T>(
        &mut self,
        word: &'static str,
        fact: &'a Fact<T>,
        words: impl Fn(&'a T) -> Told<'a>,
    ) {
        let told = match fact {
            Fact::Known(value, _) => words(value),
            Fact::Unknown { gap, .. } => Told::Untold(gap.clone()),
        };
        self.said(word, told, fact.origin());
    }

    /// An expression that may be none.
    pub(super) fn stored(&mut self, word: &'static str, fact: &'a Fact<Option<Stored>>) {
        self.fact(word, fact, |stored| optional(stored.as_ref()));
    }
}

/// An expression that may be none.
pub(super) fn optional(stored: Option<&Stored>) -> Told<'_> {
    stored.map_or_else(
        || Told::Text("none".to_owned()),
        |stored| Told::Exprs(vec![(stored, String::new())]),
    )
}

/// A collation's name: those of the server alike with its schema or without; another as it is written.
pub(super) fn collation(name: Option<&QualifiedName>) -> Told<'static> {
    let Some(name) = name.filter(|name| name.name != "default") else {
        return Told::Text("the type's own".to_owned());
    };
    match &name.schema {
        Some(schema) if *schema != "pg_catalog" => Told::Written(format!("{schema}.{}", name.name)),
        _ => Told::Written(name.name.to_string()),
    }
}

fn is_ours(schema: &Schema, namespace: NamespaceId) -> bool {
    !schema.namespaces[namespace].system
}

fn within<'a>(schema: &Schema, namespace: NamespaceId, mut item: Item<'a>) -> Item<'a> {
    let place = schema.namespaces[namespace].name.clone();
    item.object.name = format!("{place}.{}", item.object.name);
    item.namespace = Some(place);
    item
}

pub(super) fn namespaces<'a>(schema: &'a Schema, other: &Schema) -> Vec<Item<'a>> {
    // What is used without being made is there.
    let used = |name: &Name| {
        let mut presumed = other.namespaces.iter().filter(|(_, n)| n.presumed.is_some());
        presumed.any(|(_, n)| n.name == *name)
    };
    let all = schema.namespaces.iter().filter(|(id, n)| {
        let listed = n.presence.may_be() && !n.system && n.name != "public" && n.presumed.is_none();
        listed && !schema.namespaces.shares(&other.namespaces, *id) && !used(&n.name)
    });
    all.map(|(_, n)| {
        let mut item = Item::new(Kind::Schema, n.name.to_string(), &n.presence);
        item.shown = "schema".to_owned();
        item.namespace = Some(n.name.clone());
        item
    })
    .collect()
}

pub(super) fn extensions(schema: &Schema) -> Vec<Item<'_>> {
    // Every database has plpgsql, so that no dump says so.
    let all = schema
        .extensions
        .iter()
        .filter(|e| e.presence.may_be() && e.name != "plpgsql");
    all.map(|e| {
        let mut item = Item::new(Kind::Extension, e.name.to_string(), &e.presence);
        item.shown = "extension".to_owned();
        item.text("schema", schema.namespaces[e.namespace].name.to_string());
        item
    })
    .collect()
}

/// The types of a schema, but for those that the other has as the very same.
pub(super) fn types<'a>(schema: &'a Schema, other: &Schema) -> Vec<Item<'a>> {
    let all = schema.types.iter().filter(|(id, t)| {
        let listed = !matches!(t.kind, TypeKind::Row(_));
        // What others are made of is named in their words.
        let same = matches!(t.kind, TypeKind::Enum(_))
            && schema.types.shares(&other.types, *id)
            && schema.namespaces.shares(&other.namespaces, t.namespace);
        t.presence.may_be() && t.extension.is_none() && listed && !same && is_ours(schema, t.namespace)
    });
    all.map(|(_, ty)| of_type(schema, ty)).collect()
}

fn of_type<'a>(schema: &'a Schema, ty: &'a Type) -> Item<'a> {
    let mut item = Item::new(Kind::Type, ty.name.to_string(), &ty.presence);
    let what = match &ty.kind {
        TypeKind::Enum(labels) => {
            item.fact("labels", labels, |labels| Told::Text(labels.join(", ")));
            "enum"
        }
        TypeKind::Domain(domain) => {
            of_domain(schema, domain, &mut item);
            "domain"
        }
        TypeKind::Composite(attributes) => {
            item.fact("attributes", attributes, |list| {
                let one = |(name, ty): &(Name, _)| format!("{name} {}", schema.format_type(ty));
                Told::Text(list.iter().map(one).collect::<Vec<_>>().join(", "))
            });
            "composite type"
        }
        TypeKind::Range(subtype) => {
            match subtype {
                Some(subtype) => item.text("subtype", schema.format_type(subtype)),
                None => item.said("subtype", Told::Written(written(ty)), None),
            }
            "range"
        }
        TypeKind::Row(_) => "row",
        TypeKind::Base => {
            item.said("definition", Told::Written(written(ty)), None);
            "base type"
        }
        TypeKind::Presumed(gap) => {
            item.there = There::Maybe(gap.clone());
            "type"
        }
    };
    item.text("kind", what);
    item.shown = what.to_owned();
    item.comment(ty.comment.as_ref());
    within(schema, ty.namespace, item)
}

fn written(ty: &Type) -> String {
    ty.written
        .as_ref()
        .map_or_else(String::new, |w| w.text.to_string())
}

fn of_domain<'a>(schema: &'a Schema, domain: &'a Domain, item: &mut Item<'a>) {
    item.fact("base type", &domain.base, |ty| Told::Text(schema.format_type(ty)));
    item.fact("not null", &domain.not_null, |not_null| {
        Told::Text(not_null.to_string())
    });
    item.stored("default", &domain.default);
    item.said("collation", collation(domain.collation.as_ref()), None);
    let mut checks: Vec<_> = domain.checks.iter().collect();
    checks.sort_by(|a, b| a.0.cmp(&b.0));
    let checks = checks.into_iter().map(|(name, c)| (c, format!(" ({name})")));
    item.said("checks", Told::Exprs(checks.collect()), None);
}

/// The sequences of a schema, but for those that the other has as the very same, with the same owner.
pub(super) fn sequences<'a>(schema: &'a Schema, other: &Schema, without: &Without) -> Vec<Item<'a>> {
    let is_same = |id: SequenceId, s: &Sequence| {
        schema.sequences.shares(&other.sequences, id)
            && schema.namespaces.shares(&other.namespaces, s.namespace)
            && s.owner
                .is_none_or(|(table, _)| schema.tables.shares(&other.tables, table))
    };
    let of_books = |s: &Sequence| {
        s.owner
            .is_some_and(|(table, _)| without.tables.contains(&schema.tables[table].name))
    };
    let all = schema.sequences.iter().filter(|(id, s)| {
        let listed = s.presence.may_be() && !s.temporary && is_ours(schema, s.namespace);
        listed && !is_same(*id, s) && !of_books(s)
    });
    all.map(|(_, s)| {
        let mut item = Item::new(Kind::Sequence, s.name.to_string(), &s.presence);
        item.shown = schema.format_type(&s.ty);
        if let Some(gap) = &s.open {
            item.said("options", Told::Untold(gap.clone()), None);
        } else {
            let ty = schema.format_type(&s.ty);
            // No dump says it of an identity's.
            let told = if s.identity.is_some() {
                Told::Written(ty)
            } else {
                Told::Text(ty)
            };
            item.said("type", told, None);
            item.text("start", s.start.to_string());
            item.text("increment", s.increment.to_string());
            item.text("minimum", s.min.to_string());
            item.text("maximum", s.max.to_string());
            item.text("cache", s.cache.to_string());
            item.text("cycle", s.cycle.to_string());
        }
        let owner = s.owner.map(|(table, column)| {
            let table = schema.table(table);
            format!("{}.{}", table.qualified(), table.column_by_id(column).name())
        });
        item.text("owner", owner.unwrap_or_else(|| "none".to_owned()));
        within(schema, s.namespace, item)
    })
    .collect()
}

pub(super) fn functions<'a>(schema: &'a Schema, other: &Schema) -> Vec<Item<'a>> {
    let all = schema.functions.iter().filter(|(id, f)| {
        let listed = f.presence.may_be() && f.extension.is_none() && is_ours(schema, f.namespace);
        let same = schema.functions.shares(&other.functions, *id)
            && schema.namespaces.shares(&other.namespaces, f.namespace);
        listed && !same
    });
    all.map(|(_, f)| of_function(schema, f)).collect()
}

fn of_function<'a>(schema: &'a Schema, f: &'a Function) -> Item<'a> {
    // The server keeps no modifiers of a function's types (manual, CREATE FUNCTION, "argtype").
    let plain = |ty: &SqlType| {
        let plain = SqlType {
            modifier: None,
            ..ty.clone()
        };
        schema.format_type(&plain)
    };
    let inputs: Vec<String> = f.parameters.inputs().map(plain).collect();
    let name = format!("{}({})", f.name, inputs.join(", "));
    let mut item = Item::new(Kind::Function, name, &f.presence);
    item.shown = f.keyword.to_lowercase();
    item.text("kind", f.keyword.to_lowercase());
    item.text("language", f.language.to_string());
    let set = if f.set { "setof " } else { "" };
    match &f.returns {
        Some(ty) => item.text("result", format!("{set}{}", plain(ty))),
        None if f.procedure => item.text("result", "none"),
        None => item.said("result", written_function(f), None),
    }
    match &f.body {
        Some(body) if f.stand_in => item.said("body", Told::StandIn(body.as_str().to_owned()), None),
        // The server prints a body that is no string in its own words.
        Some(body) if is_standard(f, body.as_str()) => {
            item.said("body", Told::Written(body.as_str().to_owned()), None);
        }
        Some(body) if matches!(f.language.as_str(), "sql" | "plpgsql") => {
            item.said("body", Told::Code(body.as_str().to_owned()), None);
        }
        Some(body) => item.said("body", Told::Long(body.as_str().to_owned()), None),
        // The text of such a function is its body.
        None if matches!(f.language.as_str(), "sql" | "plpgsql") => {
            let gap = Gap::not_given("a body that is not known", Reach::Rows);
            item.said("body", Told::Untold(gap), None);
        }
        None => item.said("body", written_function(f), None),
    }
    within(schema, f.namespace, item)
}

/// Whether a body stands as SQL, and not as a string.
fn is_standard(f: &Function, body: &str) -> bool {
    let written = f.written.as_ref().map_or("", |w| w.text.as_str());
    f.language == "sql"
        && (!written.contains(body)
            || written
                .replacen(body, "", 1)
                .to_lowercase()
                .contains("begin atomic"))
}

/// Whether a function of this name takes a type that is told by a column (`t.name%TYPE`).
pub(super) fn takes_type_of_column(schema: &Schema, item: &Item<'_>) -> bool {
    let named = |f: &Function| {
        let place = &schema.namespaces[f.namespace].name;
        item.object.name.starts_with(&format!("{place}.{}(", f.name))
    };
    let untold =
        |ty: &SqlType| matches!(ty.base, BaseType::Named(_)) || schema.format_type(ty).contains("%type");
    item.object.kind == Kind::Function
        && schema
            .functions
            .iter()
            .any(|(_, f)| f.presence.may_be() && named(f) && f.parameters.inputs().any(untold))
}

fn written_function<'a>(f: &Function) -> Told<'a> {
    Told::Written(
        f.written
            .as_ref()
            .map_or_else(String::new, |w| w.text.to_string()),
    )
}
