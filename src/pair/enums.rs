//! Enums of the models and the database's types of the same name.

use smol_str::SmolStr;

use super::types::type_named;
use crate::declared::{EnumType, Expectation, Models};
use crate::known::{ChangeId, Fact};
use crate::schema::{Lookup, Schema, Type, TypeKind};
use crate::source::Span;

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

/// Pairs enums. A type that the database does not have is no pair: the columns of that type tell it.
#[must_use]
pub fn enum_pairs<'a>(schema: &'a Schema, sets: &[&'a Models]) -> Vec<EnumPair<'a>> {
    let all = sets
        .iter()
        .flat_map(|set| set.enums.iter().map(move |e| (*set, e)));
    all.filter_map(|(set, declared)| pair(schema, set, declared))
        .collect()
}

fn pair<'a>(schema: &'a Schema, models: &'a Models, declared: &'a EnumType) -> Option<EnumPair<'a>> {
    let Expectation::Exactly(labels) = &declared.labels else {
        return None;
    };
    let Lookup::Found(id) = type_named(schema, &declared.name) else {
        return None;
    };
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
