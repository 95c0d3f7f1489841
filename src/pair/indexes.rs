//! Matching indexes that are not unique by their keys, then by name.

use super::keys::{UniqueMatch, key_columns, unique_over};
use super::{TablePair, open};
use crate::declared::{DeclaredIndex, DeclaredIndexKey, Language, Model};
use crate::known::{Gap, Presence, Section, Verdict};
use crate::name::Name;
use crate::schema::{IndexId, IndexKey, IndexWalker, TableWalker};

/// What a table has for a declared index.
#[derive(Clone)]
pub enum IndexMatch<'a> {
    /// The same keys, method and predicate.
    Same(IndexWalker<'a>),
    /// The same columns in the same order, with other options: what differs.
    Near(IndexWalker<'a>, &'static str),
    /// None.
    Absent,
    /// It cannot be told.
    Unknown(Gap),
}

/// A declared index with what the table has for it.
#[derive(Clone)]
pub struct PairedIndex<'a> {
    /// The model's.
    pub declared: &'a DeclaredIndex,
    /// The database's.
    pub found: IndexMatch<'a>,
}

impl<'a> TablePair<'a> {
    /// The model's indexes, each with an index of the table that no other of them has.
    #[must_use]
    pub fn indexes(&self, model: &'a Model, table: TableWalker<'a>) -> Vec<PairedIndex<'a>> {
        let mut taken = self.unique_indexes(model, table);
        let mut out: Vec<Option<IndexMatch<'a>>> = vec![None; model.indexes.len()];
        // Exact ones of the same name first, then exact ones, then near ones.
        for pass in 0..3 {
            for (declared, slot) in model.indexes.iter().zip(&mut out) {
                if slot.is_some() {
                    continue;
                }
                let free = table.indexes().filter(|i| !taken.contains(&i.id));
                let found =
                    free.filter(|i| i.get().presence.is_present()).find_map(|index| {
                        match difference(declared, table, index)? {
                            None if pass > 0 || is_name(index, declared.name.as_ref()) => {
                                Some(IndexMatch::Same(index))
                            }
                            Some(what) if pass == 2 => Some(IndexMatch::Near(index, what)),
                            None | Some(_) => None,
                        }
                    });
                if let Some(IndexMatch::Same(index) | IndexMatch::Near(index, _)) = &found {
                    taken.push(index.id);
                }
                *slot = found;
            }
        }
        let hidden = self.hidden_index(table);
        let rest = || hidden.clone().map_or(IndexMatch::Absent, IndexMatch::Unknown);
        model
            .indexes
            .iter()
            .zip(out)
            .map(|(declared, found)| PairedIndex {
                declared,
                found: found.unwrap_or_else(|| match undecided(declared) {
                    Some(gap) => IndexMatch::Unknown(gap),
                    None => rest(),
                }),
            })
            .collect()
    }

    /// Indexes that stand for the model's primary key and uniques.
    fn unique_indexes(&self, model: &'a Model, table: TableWalker<'a>) -> Vec<IndexId> {
        let keys = model.primary_key.iter().map(|k| &k.columns);
        let all = keys.chain(model.uniques.iter().map(|u| &u.columns));
        all.filter_map(
            |columns| match unique_over(table, &columns.iter().collect::<Vec<_>>(), false) {
                UniqueMatch::Same(index) => Some(index.id),
                UniqueMatch::Weaker(_) | UniqueMatch::Absent | UniqueMatch::Unknown(_) => None,
            },
        )
        .collect()
    }

    fn hidden_index(&self, table: TableWalker<'a>) -> Option<Gap> {
        let maybe = table.indexes().find_map(|i| match &i.get().presence {
            Presence::Maybe(gap) => Some(gap.clone()),
            Presence::Present(_) | Presence::Dropped(_) => None,
        });
        maybe.or_else(|| open(table, Section::Indexes).cloned())
    }
}

/// Whether an index certainly bears a name.
fn is_name(index: IndexWalker<'_>, name: Option<&Name>) -> bool {
    name.is_some() && index.get().name.known() == name
}

/// Expressions are not compared, and predicates only with one another.
fn undecided(declared: &DeclaredIndex) -> Option<Gap> {
    let expression = declared.keys.iter().any(|k| k.key.is_err());
    (expression || declared.predicate.is_some())
        .then(|| Gap::not_given("index expressions are not compared", crate::known::Reach::Rows))
}

/// `None` where the columns differ; else what differs beside them, if anything.
fn difference(
    declared: &DeclaredIndex,
    table: TableWalker<'_>,
    index: IndexWalker<'_>,
) -> Option<Option<&'static str>> {
    let get = index.get();
    let columns = key_columns(index)?;
    let wanted: Option<Vec<&Name>> = declared.keys.iter().map(|k| k.key.as_ref().ok()).collect();
    if wanted? != columns || get.predicate.is_some() != declared.predicate.is_some() {
        return None;
    }
    let pairs = || declared.keys.iter().zip(&get.keys);
    let predicate = match (&declared.predicate, &get.predicate) {
        (Some(wanted), Some(found)) => super::facts::same_condition(table, wanted, &found.expr),
        (None, _) | (_, None) => Verdict::Same,
    };
    Some(if matches!(predicate, Verdict::Unknown(_)) {
        return None;
    } else if matches!(predicate, Verdict::Differs(())) {
        Some("another predicate")
    } else if declared.unique && !get.unique {
        Some("without being unique")
    } else if get.method != declared.method {
        Some("another access method")
    } else if pairs().any(|(d, k)| d.descending != k.descending) {
        Some("another sort order")
    } else if pairs().any(|(d, k)| other_opclass(d, k)) {
        Some("another operator class")
    } else {
        None
    })
}

/// Operator classes that no type has by default (`pg_opclass.opcdefault`); any other one that a model names may be the
/// default, which the database does not spell out.
static NEVER_DEFAULT: &[&str] = &[
    "jsonb_path_ops",
    "text_pattern_ops",
    "varchar_pattern_ops",
    "bpchar_pattern_ops",
];

fn other_opclass(declared: &DeclaredIndexKey, key: &IndexKey) -> bool {
    match (&declared.opclass, &key.opclass) {
        (None, None) => false,
        (Some(wanted), None) => NEVER_DEFAULT.contains(&wanted.as_str()),
        (None, Some(found)) => found.name.as_str() != "text_ops" && found.name.as_str() != "array_ops",
        (Some(wanted), Some(found)) => found.name.as_str() != wanted.as_str(),
    }
}

/// Whether a language of models can say an index at all.
#[must_use]
pub fn can_say(language: &Language, index: IndexWalker<'_>) -> bool {
    let get = index.get();
    (language.expression_indexes || key_columns(index).is_some())
        && (language.partial_indexes || get.predicate.is_none())
        && (language.include || get.include.is_empty())
        && (language.nulls_not_distinct || !get.nulls_not_distinct)
        && get.parent.is_none()
}
