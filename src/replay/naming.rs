//! The names that the server invents for indexes, constraints and sequences.
//!
//! Source: `ChooseRelationName`, `ChooseIndexName`, `ChooseIndexColumnNames` and `ChooseIndexNameAddition` in `indexcmds.c`,
//! `ChooseConstraintName` in `pg_constraint.c`, `ChooseForeignKeyConstraintNameAddition` in `tablecmds.c`,
//! `FigureColnameInternal` in `parse_target.c`.

use std::cell::OnceCell;
use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::apply::Step;
use crate::known::{Fact, Gap, Presence};
use crate::name::{MAX_BYTES, Name, make_object_name, truncate};
use crate::schema::{NamespaceId, Relation, TypeKind};
use crate::tree::{Expr, ExprKind};

/// Whether a name is in use.
enum Taken {
    No,
    Yes,
    Maybe(Gap),
}

impl Taken {
    fn or(self, other: impl FnOnce() -> Taken) -> Taken {
        match self {
            Taken::Yes => Taken::Yes,
            Taken::No => other(),
            Taken::Maybe(gap) => match other() {
                Taken::Yes => Taken::Yes,
                _ => Taken::Maybe(gap),
            },
        }
    }
}

/// Numbers that are tried behind a name; the server tries on for ever.
const MOST_TRIES: u32 = 1_000;

impl Step {
    /// A free name for a relation: `name1_name2_label`, with a number where that is taken. For an index that backs a
    /// constraint, constraints of the schema count too.
    pub(super) fn choose_relation_name(
        &self,
        namespace: NamespaceId,
        name1: &Name,
        name2: Option<&str>,
        label: &str,
        constraint: bool,
    ) -> Fact<Name> {
        let held = OnceCell::new();
        self.choose(name1, name2, label, |name| {
            self.relation_taken(namespace, name).or(|| match constraint {
                true => self.constraint_taken(namespace, name1, name, &held),
                false => Taken::No,
            })
        })
    }

    /// A free name for a constraint that no index backs.
    pub(super) fn choose_constraint_name(
        &self,
        namespace: NamespaceId,
        name1: &Name,
        name2: Option<&str>,
        label: &str,
    ) -> Fact<Name> {
        let held = OnceCell::new();
        self.choose(name1, name2, label, |name| {
            self.constraint_taken(namespace, name1, name, &held)
        })
    }

    /// Whether a constraint of the schema has a name that was made from `stem`; `held` are those in question, once they are asked for.
    fn constraint_taken<'a>(
        &'a self,
        namespace: NamespaceId,
        stem: &Name,
        name: &Name,
        held: &OnceCell<Held<'a>>,
    ) -> Taken {
        if held.get().is_none() && !self.may_be_constraint(name) {
            return Taken::No;
        }
        taken_among(held.get_or_init(|| self.constraint_names(namespace, stem)), name)
    }

    /// Whether any constraint may have, or have had, a name.
    fn may_be_constraint(&self, name: &Name) -> bool {
        let schema = self.schema();
        let constraints = self
            .touched()
            .iter()
            .flat_map(|id| &schema.tables[*id].constraints);
        let mut domains = schema.types.iter().filter_map(|(_, ty)| match &ty.kind {
            TypeKind::Domain(domain) => Some(domain),
            _ => None,
        });
        schema.constraint_names.has(name)
            || constraints
                .flat_map(|c| c.name.possible())
                .any(|held| held == name)
            || domains.any(|domain| domain.checks.iter().any(|(held, _)| held == name))
    }

    fn choose(
        &self,
        name1: &Name,
        name2: Option<&str>,
        label: &str,
        taken: impl Fn(&Name) -> Taken,
    ) -> Fact<Name> {
        let mut candidates = Vec::new();
        let mut doubt = None;
        for pass in 0..MOST_TRIES {
            let number = if pass == 0 {
                String::new()
            } else {
                pass.to_string()
            };
            let name = make_object_name(name1.as_str(), name2, Some(&format!("{label}{number}")));
            match taken(&name) {
                Taken::Yes => {}
                Taken::Maybe(gap) => {
                    candidates.push((name, self.id));
                    doubt.get_or_insert(gap);
                }
                Taken::No => match doubt {
                    None => return Fact::Known(name, self.id),
                    Some(gap) => {
                        candidates.push((name, self.id));
                        return Fact::Unknown { gap, candidates };
                    }
                },
            }
        }
        Fact::unknown(Gap::new(
            self.at,
            "no free name was found",
            crate::known::Reach::Rows,
        ))
    }

    fn relation_taken(&self, namespace: NamespaceId, name: &Name) -> Taken {
        let Some(relation) = self.schema().relation_names.get(namespace, name) else {
            return Taken::No;
        };
        let presence = match relation {
            Relation::Table(t) => &self.table(t).presence,
            Relation::Index(t, i) => self.index_presence(t, i),
            Relation::Sequence(s) => &self.sequence(s).presence,
        };
        by_presence(presence)
    }

    /// Names of constraints, which count per schema, over all its tables and domains: those that a name made from `stem` may
    /// meet.
    fn constraint_names<'a>(&'a self, namespace: NamespaceId, stem: &Name) -> Held<'a> {
        let mut held = Held::default();
        // The server shortens the stem where the whole is too long.
        let start = stem.as_str().as_bytes().first().copied();
        let may_meet = |name: &Name| name.as_str().as_bytes().first().copied() == start;
        for (_, table) in self.schema().tables.iter() {
            if table.namespace != namespace || table.presence.is_dropped() {
                continue;
            }
            for constraint in &table.constraints {
                if constraint.presence.is_dropped() {
                    continue;
                }
                match &constraint.name {
                    Fact::Known(known, _) if may_meet(known) => held.add(known, maybe(&constraint.presence)),
                    Fact::Known(..) => {}
                    Fact::Unknown { gap, candidates } => {
                        for (candidate, _) in candidates {
                            held.add(candidate, Some(gap));
                        }
                    }
                }
            }
        }
        for (_, ty) in self.schema().types.iter() {
            if let TypeKind::Domain(domain) = &ty.kind
                && ty.namespace == namespace
                && ty.presence.may_be()
            {
                for (check, _) in &domain.checks {
                    held.add(check, maybe(&ty.presence));
                }
            }
        }
        held
    }
}

/// Names in use; with a gap, those that only may be.
#[derive(Default)]
struct Held<'a>(FxHashMap<&'a Name, Option<&'a Gap>>);

impl<'a> Held<'a> {
    /// A name that is certainly in use stays so.
    fn add(&mut self, name: &'a Name, doubt: Option<&'a Gap>) {
        match self.0.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(doubt);
            }
            Entry::Occupied(mut entry) => {
                if doubt.is_none() {
                    entry.insert(None);
                }
            }
        }
    }
}

fn taken_among(held: &Held<'_>, name: &Name) -> Taken {
    match held.0.get(name) {
        None => Taken::No,
        Some(None) => Taken::Yes,
        Some(Some(gap)) => Taken::Maybe((*gap).clone()),
    }
}

fn maybe(presence: &Presence) -> Option<&Gap> {
    match presence {
        Presence::Maybe(gap) => Some(gap),
        Presence::Present(_) | Presence::Dropped(_) => None,
    }
}

fn by_presence(presence: &Presence) -> Taken {
    match presence {
        Presence::Present(_) => Taken::Yes,
        Presence::Dropped(_) => Taken::No,
        Presence::Maybe(gap) => Taken::Maybe(gap.clone()),
    }
}

/// Column names in one, as keys of an index or foreign key give them to the object's name.
pub(super) fn join_columns<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for name in names {
        if !out.is_empty() {
            out.push('_');
        }
        out.push_str(name);
        if out.len() > MAX_BYTES {
            break;
        }
    }
    out
}

/// Names of an index's keys, each told apart from those before it.
pub(super) fn index_column_names(keys: impl Iterator<Item = String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for original in keys {
        let mut name = original.clone();
        let mut number = 1u32;
        while out.contains(&name) {
            let suffix = number.to_string();
            let mut room = (MAX_BYTES - suffix.len()).min(original.len());
            while !original.is_char_boundary(room) {
                room -= 1;
            }
            name = format!("{}{suffix}", &original[..room]);
            number += 1;
        }
        out.push(name);
    }
    out
}

/// The name of an index key that is an expression: that which a select list would give it, else `expr`.
pub(super) fn key_name(expr: &Expr) -> String {
    truncate(&figure(expr).map_or("expr".to_owned(), |(name, _)| name)).to_owned()
}

/// `FigureColnameInternal`: a name and how strong it is (2: certain, 1: a cast's type, used when nothing better is found).
fn figure(expr: &Expr) -> Option<(String, u8)> {
    let strong = |name: &str| Some((name.to_owned(), 2));
    match &expr.kind {
        ExprKind::Column(column) => strong(column.name.as_str()),
        ExprKind::Field(_, name) => strong(name.as_str()),
        ExprKind::Subscript(inner, ..) | ExprKind::Collate(inner, _) => figure(inner),
        ExprKind::Call(call) => strong(match (call.sql_syntax, call.name.name.as_str()) {
            (true, "trim") => "btrim",
            (_, name) => name,
        }),
        ExprKind::AtTimeZone(..) => strong("timezone"),
        ExprKind::Keyword(word, _) => strong(&word.to_ascii_lowercase()),
        ExprKind::Array(_) => strong("array"),
        ExprKind::Row(_) => strong("row"),
        ExprKind::Value(value, _) => strong(sql_value(*value)),
        ExprKind::Exists(_) => strong("exists"),
        ExprKind::ArrayQuery(_) => strong("array"),
        ExprKind::Cast(inner, ty, _) => match figure(inner) {
            Some(found) if found.1 > 1 => Some(found),
            _ => Some((type_word(ty), 1)),
        },
        ExprKind::Case(_, _, otherwise) => {
            let found = otherwise.as_ref().and_then(|e| figure(e));
            match found {
                Some(found) if found.1 > 1 => Some(found),
                _ => Some(("case".to_owned(), 1)),
            }
        }
        ExprKind::Bool(_) => Some(("bool".to_owned(), 1)),
        ExprKind::Null
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::BitString(..)
        | ExprKind::Const(..)
        | ExprKind::Relation(_)
        | ExprKind::Default
        | ExprKind::Var(_)
        | ExprKind::Star(_)
        | ExprKind::Param(_)
        | ExprKind::Binary(..)
        | ExprKind::Unary(..)
        | ExprKind::Not(_)
        | ExprKind::And(_)
        | ExprKind::Or(_)
        | ExprKind::IsNull(..)
        | ExprKind::IsBool(..)
        | ExprKind::IsDistinct(..)
        | ExprKind::Between(..)
        | ExprKind::In(..)
        | ExprKind::InQuery(..)
        | ExprKind::Quantified(..)
        | ExprKind::QuantifiedQuery(..)
        | ExprKind::Like(..)
        | ExprKind::Subquery(_)
        | ExprKind::Opaque(_) => None,
    }
}

fn type_word(ty: &crate::sqltype::SqlType) -> String {
    use crate::sqltype::BaseType;
    match &ty.base {
        BaseType::Builtin(builtin) => builtin.typname().to_owned(),
        BaseType::Named(name) => name.name.to_string(),
        BaseType::Object(_) => "expr".to_owned(),
    }
}

fn sql_value(value: crate::tree::SqlValue) -> &'static str {
    use crate::tree::SqlValue;
    match value {
        SqlValue::CurrentDate => "current_date",
        SqlValue::CurrentTime => "current_time",
        SqlValue::CurrentTimestamp => "current_timestamp",
        SqlValue::LocalTime => "localtime",
        SqlValue::LocalTimestamp => "localtimestamp",
        SqlValue::CurrentRole => "current_role",
        SqlValue::CurrentUser => "current_user",
        SqlValue::User => "user",
        SqlValue::SessionUser => "session_user",
        SqlValue::CurrentCatalog => "current_catalog",
        SqlValue::CurrentSchema => "current_schema",
    }
}
