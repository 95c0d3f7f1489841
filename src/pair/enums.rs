//! Enums of the models and the database's types of the same name.

use smol_str::SmolStr;

use rustc_hash::FxHashMap;

use super::types::{resolve, type_named};
use super::{ColumnPair, TablePair};
use crate::declared::{EnumType, Expectation, Models};
use crate::known::{ChangeId, Fact};
use crate::name::QualifiedName;
use crate::schema::{Lookup, Schema, Type, TypeKind};
use crate::source::Span;
use crate::sqltype::{BaseType, SqlType, TypeId};

/// An enum on both sides, labels known on both.
pub struct EnumPair<'a> {
    /// The set that it is from.
    pub models: &'a Models,
    /// The model's enum.
    pub declared: &'a EnumType,
    /// Its labels with their places.
    pub labels: &'a [(SmolStr, Span)],
    /// The database's type.
    pub ty: &'a Type,
    /// Its qualified name.
    pub name: String,
    /// Its labels in order, where they are known.
    pub held: Option<&'a [SmolStr]>,
    /// Labels that the database has whichever course was taken.
    pub certain: Vec<&'a SmolStr>,
    /// Labels that the database can have.
    pub possible: Vec<&'a SmolStr>,
    /// The change that set the labels.
    pub origin: Option<ChangeId>,
}

/// Pairs enums. A type that the database does not have is no pair: the columns of that type tell it. Neither is one that no column
/// of the enum's fields is of: its labels are none that the models write.
#[must_use]
pub fn enum_pairs<'a>(
    schema: &'a Schema,
    sets: &[&'a Models],
    tables: &[TablePair<'a>],
) -> Vec<EnumPair<'a>> {
    let mut users: Users<'_, 'a> = FxHashMap::default();
    for column in tables.iter().flat_map(|table| &table.columns) {
        if let Expectation::Exactly(SqlType {
            base: BaseType::Named(name),
            ..
        }) = &column.field.ty
        {
            users
                .entry((std::ptr::from_ref(column.models), name))
                .or_default()
                .push(column);
        }
    }
    let all = sets
        .iter()
        .flat_map(|set| set.enums.iter().map(move |e| (*set, e)));
    all.filter_map(|(set, declared)| pair(schema, set, declared, &users))
        .collect()
}

/// The columns whose fields name a type, by the set that they are from and by the name.
type Users<'p, 'a> = FxHashMap<(*const Models, &'a QualifiedName), Vec<&'p ColumnPair<'a>>>;

/// Whether a column is of a type, or may be.
fn may_be_of(schema: &Schema, column: &ColumnPair<'_>, id: TypeId) -> bool {
    match &column.column.get().ty {
        Fact::Known(ty, _) => is_of(schema, ty, id, 0),
        Fact::Unknown { candidates, .. } => {
            candidates.is_empty() || candidates.iter().any(|(ty, _)| is_of(schema, ty, id, 0))
        }
    }
}

/// Whether a type is another, holds several of it, or is a domain over it. `depth` bounds domains over domains.
fn is_of(schema: &Schema, ty: &SqlType, id: TypeId, depth: u8) -> bool {
    match &ty.base {
        BaseType::Builtin(_) => false,
        BaseType::Object(own) if *own == id => true,
        BaseType::Object(own) => match schema.types.get(*own).map(|ty| &ty.kind) {
            Some(TypeKind::Domain(domain)) if depth < 8 => {
                let base = domain.base.known();
                base.is_none_or(|base| is_of(schema, base, id, depth + 1))
            }
            _ => false,
        },
        BaseType::Named(_) => match resolve(schema, ty) {
            Ok(Some(resolved)) if depth < 8 => is_of(schema, &resolved, id, depth + 1),
            Ok(_) => false,
            Err(_) => true,
        },
    }
}

fn pair<'a>(
    schema: &'a Schema,
    models: &'a Models,
    declared: &'a EnumType,
    users: &Users<'_, 'a>,
) -> Option<EnumPair<'a>> {
    let Expectation::Exactly(labels) = &declared.labels else {
        return None;
    };
    let Lookup::Found(id) = type_named(schema, &declared.name) else {
        return None;
    };
    let used = users.get(&(std::ptr::from_ref(models), &declared.name));
    if used.is_some_and(|all| !all.iter().any(|column| may_be_of(schema, column, id))) {
        return None;
    }
    let ty = schema.types.get(id)?;
    let TypeKind::Enum(fact) = &ty.kind else {
        return None;
    };
    let (held, certain, possible): (_, Vec<&SmolStr>, Vec<&SmolStr>) = match fact {
        Fact::Known(held, _) => (
            Some(held.as_slice()),
            held.iter().collect(),
            held.iter().collect(),
        ),
        Fact::Unknown { candidates, .. } => {
            let (first, rest) = candidates.split_first()?;
            let certain = first.0.iter().filter(|l| rest.iter().all(|c| c.0.contains(l)));
            let possible = candidates.iter().flat_map(|c| c.0.iter());
            (None, certain.collect(), possible.collect())
        }
    };
    Some(EnumPair {
        models,
        declared,
        labels,
        ty,
        name: format!("{}.{}", schema.namespaces[ty.namespace].name, ty.name),
        held,
        certain,
        possible,
        origin: fact.origin(),
    })
}
