//! Matching keys by what they demand first and by name only then: primary keys, uniques and foreign keys.

use super::{TablePair, is_named};
use crate::declared::{DeclaredForeignKey, Expectation, Model};
use crate::known::{Gap, Presence, Section};
use crate::name::{Name, QualifiedName};
use crate::schema::{ConstraintKind, ConstraintWalker, ForeignKey, IndexWalker, TableWalker};

/// What a table has for a unique that a model declares.
#[derive(Clone)]
pub enum UniqueMatch<'a> {
    /// A unique index over the same columns, in any order: a constraint's, a primary key's, or one of its own.
    Same(IndexWalker<'a>),
    /// One over the same columns that leaves rows out, or that tells NULLs apart otherwise.
    Weaker(IndexWalker<'a>),
    /// None.
    Absent,
    /// It cannot be told.
    Unknown(Gap),
}

/// What a table has for a foreign key that a model declares.
#[derive(Clone)]
pub enum ForeignKeyMatch<'a> {
    /// One from the same columns to the same columns; actions may differ.
    Same(ConstraintWalker<'a>),
    /// One from the same columns to other ones.
    Elsewhere(ConstraintWalker<'a>),
    /// None.
    Absent,
    /// It cannot be told.
    Unknown(Gap),
}

/// Whether two lists hold the same names, in any order.
#[must_use]
pub fn same_set(a: &[&Name], b: &[&Name]) -> bool {
    a.len() == b.len() && a.iter().all(|n| b.contains(n)) && b.iter().all(|n| a.contains(n))
}

/// The columns of an index's keys; `None` where a key is an expression.
#[must_use]
pub fn key_columns<'a>(index: IndexWalker<'a>) -> Option<Vec<&'a Name>> {
    let get = index.get();
    (0..get.keys.len())
        .map(|i| get.key_column(i).map(|id| index.table.column_by_id(id).name()))
        .collect()
}

/// Whether the keys of an index are these columns, in any order, and no expressions.
fn is_over(index: IndexWalker<'_>, columns: &[&Name]) -> bool {
    let get = index.get();
    let held = |at: usize| {
        let id = get.key_column(at)?;
        Some(index.table.column_by_id(id).name())
    };
    let len = get.keys.len();
    len == columns.len()
        && (0..len).all(|at| held(at).is_some_and(|name| columns.contains(&name)))
        && columns
            .iter()
            .all(|name| (0..len).any(|at| held(at) == Some(*name)))
}

/// What makes the rows of `table` unique over `columns`, in any order.
#[must_use]
pub fn unique_over<'a>(
    table: TableWalker<'a>,
    columns: &[&Name],
    nulls_not_distinct: bool,
) -> UniqueMatch<'a> {
    let mut weaker = None;
    let mut maybe = None;
    for index in table.indexes().filter(|i| i.get().unique) {
        let get = index.get();
        if !is_over(index, columns) {
            continue;
        }
        match &get.presence {
            Presence::Maybe(gap) => maybe = Some(gap.clone()),
            Presence::Dropped(_) => {}
            Presence::Present(_) if get.predicate.is_some() => weaker = weaker.or(Some(index)),
            Presence::Present(_) if nulls_not_distinct && !get.nulls_not_distinct => weaker = Some(index),
            Presence::Present(_) => return UniqueMatch::Same(index),
        }
    }
    let hidden = [Section::Unique, Section::PrimaryKey, Section::Indexes]
        .into_iter()
        .find_map(|section| super::open(table, section).cloned());
    match (maybe.or(hidden), weaker) {
        (Some(gap), _) => UniqueMatch::Unknown(gap),
        (None, Some(index)) => UniqueMatch::Weaker(index),
        (None, None) => UniqueMatch::Absent,
    }
}

/// The foreign key of a constraint.
#[must_use]
fn as_foreign_key<'a>(constraint: ConstraintWalker<'a>) -> Option<&'a ForeignKey> {
    match &constraint.get().kind {
        ConstraintKind::ForeignKey(key) => Some(key),
        ConstraintKind::PrimaryKey(_)
        | ConstraintKind::Unique(_)
        | ConstraintKind::Check(_)
        | ConstraintKind::Exclude(..) => None,
    }
}

/// The foreign keys that certainly are there, partitions' copies left out.
pub fn foreign_keys<'a>(
    table: TableWalker<'a>,
) -> impl Iterator<Item = (ConstraintWalker<'a>, &'a ForeignKey)> {
    let all = table.constraints().filter(|c| c.get().presence.is_present());
    all.filter_map(|c| as_foreign_key(c).map(|key| (c, key)))
}

/// The columns of a foreign key with those that they reference.
#[must_use]
pub fn column_pairs<'a>(constraint: ConstraintWalker<'a>, key: &'a ForeignKey) -> Vec<(&'a Name, &'a Name)> {
    let target = constraint.table.schema.table(key.table);
    let referenced = key.columns.iter().map(|&id| target.column_by_id(id).name());
    constraint.columns().map(|c| c.name()).zip(referenced).collect()
}

impl<'a> TablePair<'a> {
    /// What the table has for a declared foreign key.
    #[must_use]
    pub fn foreign_key_match(
        &self,
        table: TableWalker<'a>,
        wanted: &DeclaredForeignKey,
    ) -> ForeignKeyMatch<'a> {
        let target = match &wanted.table {
            Expectation::Exactly(target) => target,
            Expectation::Unknown(gap) => return ForeignKeyMatch::Unknown(gap.clone()),
            Expectation::OneOf(_) | Expectation::Family(_) | Expectation::Anything => {
                return ForeignKeyMatch::Unknown(Gap::not_given(
                    "the referenced table is not told",
                    crate::known::Reach::Rows,
                ));
            }
        };
        let own: Vec<&Name> = wanted.columns.iter().collect();
        let mut elsewhere = None;
        let mut maybe = None;
        for constraint in table.constraints() {
            let Some(key) = as_foreign_key(constraint) else {
                continue;
            };
            let pairs = column_pairs(constraint, key);
            let held: Vec<&Name> = pairs.iter().map(|p| p.0).collect();
            if !same_set(&held, &own) {
                continue;
            }
            if let Presence::Maybe(gap) = &constraint.get().presence {
                maybe = Some(gap.clone());
            } else if leads_to(table, key, &pairs, wanted, target) {
                return ForeignKeyMatch::Same(constraint);
            } else {
                elsewhere = elsewhere.or(Some(constraint));
            }
        }
        match (maybe.as_ref().or(self.open(Section::ForeignKeys)), elsewhere) {
            (Some(gap), _) => ForeignKeyMatch::Unknown(gap.clone()),
            (None, Some(constraint)) => ForeignKeyMatch::Elsewhere(constraint),
            (None, None) => ForeignKeyMatch::Absent,
        }
    }
}

/// Whether a model declares a foreign key over the columns of this one, its target left aside.
#[must_use]
pub fn declares_foreign_key(model: &Model, constraint: ConstraintWalker<'_>) -> bool {
    let held: Vec<&Name> = constraint.columns().map(|c| c.name()).collect();
    let mut keys = model.foreign_keys.iter();
    keys.any(|key| same_set(&key.columns.iter().collect::<Vec<_>>(), &held))
}

/// Whether a foreign key leads where the model says, column by column.
fn leads_to(
    table: TableWalker<'_>,
    key: &ForeignKey,
    pairs: &[(&Name, &Name)],
    wanted: &DeclaredForeignKey,
    target: &QualifiedName,
) -> bool {
    let referenced = table.schema.table(key.table);
    if !is_named(referenced, target) {
        return false;
    }
    if wanted.referenced.is_empty() {
        let primary: Vec<&Name> = referenced
            .primary_key()
            .map(|p| p.columns().map(|c| c.name()).collect())
            .unwrap_or_default();
        return same_set(&primary, &pairs.iter().map(|p| p.1).collect::<Vec<_>>());
    }
    wanted
        .columns
        .iter()
        .zip(&wanted.referenced)
        .all(|(own, other)| pairs.contains(&(own, other)))
}
