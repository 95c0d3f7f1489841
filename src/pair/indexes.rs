//! Matching indexes that are not unique by their keys, then by name.

use super::facts::Sureness;
use super::keys::{UniqueMatch, key_columns, unique_over};
use super::{TablePair, open};
use crate::declared::{DeclaredIndex, DeclaredIndexKey, Language, Model};
use crate::known::{Gap, Presence, Reach, Section, Verdict};
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
        let language = self.model.map(|(set, _)| set.language).unwrap_or_default();
        let mut out: Vec<Option<IndexMatch<'a>>> = vec![None; model.indexes.len()];
        // Exact ones of the same name first, then exact ones, then near ones, then those that share the name alone.
        for pass in 0..4 {
            for (declared, slot) in model.indexes.iter().zip(&mut out) {
                if slot.is_some() {
                    continue;
                }
                let free = table.indexes().filter(|i| !taken.contains(&i.id));
                let found = free.filter(|i| i.get().presence.is_present()).find_map(|index| {
                    let named = is_name(index, declared.name.as_ref());
                    if pass == 3 {
                        if named && is_whole_of(declared, table, index, &language) {
                            return Some(IndexMatch::Same(index));
                        }
                        let what = named.then(|| of_that_name(declared, table, index))??;
                        return Some(IndexMatch::Near(index, what));
                    }
                    match difference(declared, table, index, &language)? {
                        None if pass > 0 || named => Some(IndexMatch::Same(index)),
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
                found: found.unwrap_or_else(|| {
                    let mut free = table.indexes().filter(|i| !taken.contains(&i.id));
                    if free.any(|index| may_be_index(declared, table, index)) {
                        let why = "index expressions that cannot be compared";
                        return IndexMatch::Unknown(Gap::new(declared.span, why, Reach::Rows));
                    }
                    rest()
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

/// Whether an index may be the model's under another name, its expressions spelled otherwise.
#[must_use]
pub fn may_be_index(declared: &DeclaredIndex, table: TableWalker<'_>, index: IndexWalker<'_>) -> bool {
    let get = index.get();
    if !get.presence.may_be() || get.predicate.is_some() != declared.predicate.is_some() {
        return false;
    }
    let differs = |verdict: &Verdict<Sureness>| matches!(verdict, Verdict::Differs(Sureness::Meaning));
    !differs(&keys(declared, table, index)) && !differs(&predicate(declared, table, index))
}

/// `None` where the keys differ, or where it cannot be told; else what differs beside them, if anything.
fn difference(
    declared: &DeclaredIndex,
    table: TableWalker<'_>,
    index: IndexWalker<'_>,
    language: &Language,
) -> Option<Option<&'static str>> {
    let get = index.get();
    if !matches!(keys(declared, table, index), Verdict::Same)
        || get.predicate.is_some() != declared.predicate.is_some()
    {
        return None;
    }
    Some(match predicate(declared, table, index) {
        Verdict::Unknown(_) | Verdict::Differs(Sureness::Spelling) => return None,
        Verdict::Differs(Sureness::Meaning) => Some("another predicate"),
        Verdict::Same => beside(declared, index, language),
    })
}

/// Whether an index of the model's name leaves out rows only because the model's language has no words for that.
fn is_whole_of(
    declared: &DeclaredIndex,
    table: TableWalker<'_>,
    index: IndexWalker<'_>,
    language: &Language,
) -> bool {
    !language.partial_indexes
        && declared.predicate.is_none()
        && index.get().predicate.is_some()
        && matches!(keys(declared, table, index), Verdict::Same)
        && beside(declared, index, language).is_none()
}

/// What differs in an index of the very name of the model's.
fn of_that_name(
    declared: &DeclaredIndex,
    table: TableWalker<'_>,
    index: IndexWalker<'_>,
) -> Option<&'static str> {
    let expressions = declared.keys.iter().any(|k| k.key.is_err()) || key_columns(index).is_none();
    let found = index.get().predicate.is_some();
    match keys(declared, table, index) {
        // Plain columns on both sides are told by what is missing and what is there besides.
        Verdict::Differs(_) if expressions || (declared.predicate.is_some() && found) => Some("other keys"),
        Verdict::Differs(_) | Verdict::Unknown(_) => None,
        Verdict::Same => match predicate(declared, table, index) {
            Verdict::Differs(Sureness::Spelling) => Some("a predicate that is spelled otherwise"),
            Verdict::Same | Verdict::Unknown(_) | Verdict::Differs(Sureness::Meaning) => None,
        },
    }
}

fn predicate(declared: &DeclaredIndex, table: TableWalker<'_>, index: IndexWalker<'_>) -> Verdict<Sureness> {
    match (&declared.predicate, &index.get().predicate) {
        (Some(wanted), Some(found)) => super::facts::same_rows(table, wanted, found),
        (None, _) | (_, None) => Verdict::Same,
    }
}

/// Whether the keys are over the same columns and expressions in the same order.
fn keys(declared: &DeclaredIndex, table: TableWalker<'_>, index: IndexWalker<'_>) -> Verdict<Sureness> {
    let get = index.get();
    if declared.keys.len() != get.keys.len() {
        return Verdict::Differs(Sureness::Meaning);
    }
    let mut spelled = false;
    for (at, (wanted, found)) in declared.keys.iter().zip(&get.keys).enumerate() {
        let column = get.key_column(at).map(|id| table.column_by_id(id).name());
        let verdict = match (&wanted.key, column) {
            (Ok(wanted), Some(column)) if wanted == column => Verdict::Same,
            (Ok(_), Some(_)) => Verdict::Differs(Sureness::Meaning),
            (Ok(_), None) => match &found.expr.spelling {
                None => Verdict::Differs(Sureness::Meaning),
                Some(gap) => Verdict::Unknown(gap.clone()),
            },
            (Err(wanted), _) => super::facts::held_alike(table, None, wanted, &found.expr),
        };
        match verdict {
            Verdict::Same => {}
            Verdict::Differs(Sureness::Spelling) => spelled = true,
            Verdict::Differs(Sureness::Meaning) | Verdict::Unknown(_) => return verdict,
        }
    }
    if spelled {
        Verdict::Differs(Sureness::Spelling)
    } else {
        Verdict::Same
    }
}

/// What differs beside keys and predicate. What a language cannot say is as the database has it; where NULLs come is said of an
/// expression.
fn beside(declared: &DeclaredIndex, index: IndexWalker<'_>, language: &Language) -> Option<&'static str> {
    let get = index.get();
    let pairs = || declared.keys.iter().zip(&get.keys);
    // Last for ascending keys and first for descending ones, unless said (manual, 11.4).
    let nulls_first = |d: &DeclaredIndexKey| d.nulls_first.unwrap_or(d.descending);
    let mut included: Vec<&Name> = get
        .include
        .iter()
        .map(|&id| index.table.column_by_id(id).name())
        .collect();
    let mut wanted: Vec<&Name> = declared.include.iter().collect();
    included.sort();
    wanted.sort();
    if declared.unique && !get.unique {
        Some("without being unique")
    } else if get.method != declared.method {
        Some("another access method")
    } else if pairs().any(|(d, k)| d.descending != k.descending) {
        Some("another sort order")
    } else if language.expression_indexes
        && get.method == "btree"
        && pairs().any(|(d, k)| nulls_first(d) != k.nulls_first)
    {
        Some("another order of NULLs")
    } else if pairs().any(|(d, k)| other_opclass(d, k)) {
        Some("another operator class")
    } else if language.include && included != wanted {
        Some("other included columns")
    } else {
        None
    }
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
