//! What a run of Python leaves behind of SQLAlchemy: tables, constructs that attach themselves, attributes computed once.

use rustc_hash::{FxHashMap, FxHashSet};

use super::terms;
use crate::interpret::python::{Argument, ClassId, Library, Machine, TermId, Value};
use crate::known::Gap;
use crate::source::Span;

/// A library that keeps a [`Registry`].
pub trait Registered<'a>: Library<'a> {
    /// Its registry.
    fn registry(&self) -> &Registry<'a>;

    /// Its registry, to be changed.
    fn registry_mut(&mut self) -> &mut Registry<'a>;
}

/// What a run leaves behind.
#[derive(Debug, Clone, Default)]
pub struct Registry<'a> {
    /// Tables in the order in which they were made.
    pub tables: Vec<TableEntry<'a>>,
    /// Constructs that were made outside of a table's arguments and may attach themselves to one by the columns that they name.
    pub items: Vec<Entry<'a>>,
    /// `Sequence(..., metadata=...)`: made with the tables of the metadata, whether a column uses it or not.
    pub sequences: Vec<Entry<'a>>,
    /// What `append_column` and `append_constraint` add, with the table that it is added to.
    pub appended: Vec<(Value<'a>, Entry<'a>)>,
    /// Results of `declared_attr` functions, by class and function.
    pub computed: FxHashMap<(ClassId, TermId), Value<'a>>,
    /// Classes of which a function computes something for their tables, the innermost last.
    pub mapping: Vec<ClassId>,
    /// A metadata that reflects tables of a database: what it holds besides is not known.
    pub reflected: Vec<(Value<'a>, Span)>,
    /// Libraries that are handed a metadata, and where: they may declare tables in it.
    pub lent: Vec<(String, Span)>,
    /// `make_searchable(...)` was called.
    pub searchable: bool,
    /// The options that `make_versioned(...)` was given.
    pub versioning: Vec<Value<'a>>,
}

/// `Table(...)`.
#[derive(Debug, Clone)]
pub struct TableEntry<'a> {
    /// The call.
    pub term: Value<'a>,
    /// Where.
    pub at: Span,
    /// Why it cannot be told whether it was made.
    pub maybe: Option<Gap>,
}

/// A construct.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// The call.
    pub value: Value<'a>,
    /// Where.
    pub at: Span,
    /// Why it cannot be told whether it was made.
    pub maybe: Option<Gap>,
}

fn id(value: &Value<'_>) -> Option<TermId> {
    match value {
        Value::Term(term) => Some(term.id),
        _ => None,
    }
}

impl<'a> Registry<'a> {
    /// Two courses come together: what only one of them made is perhaps there.
    pub fn join(&mut self, other: Self, gap: &Gap) {
        let mut theirs: FxHashMap<TermId, TableEntry<'a>> = other
            .tables
            .into_iter()
            .filter_map(|e| Some((id(&e.term)?, e)))
            .collect();
        for entry in &mut self.tables {
            match id(&entry.term).and_then(|id| theirs.remove(&id)) {
                Some(same) => entry.maybe = entry.maybe.take().or(same.maybe),
                None => entry.maybe = entry.maybe.take().or_else(|| Some(gap.clone())),
            }
        }
        let mut rest: Vec<TableEntry<'a>> = theirs.into_values().collect();
        rest.sort_by_key(|e| id(&e.term));
        self.tables.extend(rest.into_iter().map(|e| TableEntry {
            maybe: e.maybe.or_else(|| Some(gap.clone())),
            ..e
        }));
        join_entries(&mut self.items, other.items, gap);
        join_entries(&mut self.sequences, other.sequences, gap);
        let (own, entries): (Vec<_>, Vec<_>) = std::mem::take(&mut self.appended).into_iter().unzip();
        let (their, others): (Vec<_>, Vec<_>) = other.appended.into_iter().unzip();
        self.appended = join_appended(own, entries, their, others, gap);
        self.computed.extend(other.computed);
        for (metadata, at) in other.reflected {
            let same = |own: &(Value<'a>, Span)| own.1 == at && id(&own.0) == id(&metadata);
            if !self.reflected.iter().any(same) {
                self.reflected.push((metadata, at));
            }
        }
        for entry in other.lent {
            if !self.lent.contains(&entry) {
                self.lent.push(entry);
            }
        }
        self.searchable |= other.searchable;
        self.versioning.extend(other.versioning);
    }

    /// The table that was made with a name in a metadata.
    #[must_use]
    pub fn table(&self, term: TermId) -> Option<&TableEntry<'a>> {
        self.tables.iter().find(|e| id(&e.term) == Some(term))
    }
}

fn join_entries<'a>(own: &mut Vec<Entry<'a>>, other: Vec<Entry<'a>>, gap: &Gap) {
    let ids = |entries: &[Entry<'a>]| -> FxHashSet<Option<TermId>> {
        entries.iter().map(|e| id(&e.value)).collect()
    };
    let theirs = ids(&other);
    let mut known = ids(own);
    for entry in own.iter_mut() {
        if !theirs.contains(&id(&entry.value)) {
            entry.maybe = entry.maybe.take().or_else(|| Some(gap.clone()));
        }
    }
    for entry in other {
        if known.insert(id(&entry.value)) {
            own.push(Entry {
                maybe: entry.maybe.or_else(|| Some(gap.clone())),
                ..entry
            });
        }
    }
}

fn join_appended<'a>(
    tables: Vec<Value<'a>>,
    mut entries: Vec<Entry<'a>>,
    others: Vec<Value<'a>>,
    theirs: Vec<Entry<'a>>,
    gap: &Gap,
) -> Vec<(Value<'a>, Entry<'a>)> {
    let known = entries.len();
    join_entries(&mut entries, theirs.clone(), gap);
    let table_of = |entry: &Entry<'a>| {
        let at = theirs.iter().position(|e| id(&e.value) == id(&entry.value))?;
        others.get(at).cloned()
    };
    let mut out = Vec::new();
    for (i, entry) in entries.into_iter().enumerate() {
        let table = if i < known {
            tables.get(i).cloned()
        } else {
            table_of(&entry)
        };
        if let Some(table) = table {
            out.push((table, entry));
        }
    }
    out
}

impl<'a> Entry<'a> {
    /// As an argument of a table.
    #[must_use]
    pub fn argument(&self) -> Argument<'a> {
        Argument {
            value: self.value.clone(),
            span: self.at,
        }
    }
}

/// Whether a construct attaches itself to the table of the columns that it is given: it names columns as objects, or a dict may.
pub(super) fn attaches<'a, L: Library<'a>>(machine: &Machine<'a, L>, value: &Value<'a>) -> bool {
    let Some((member, _)) = terms::call(machine, value) else {
        return false;
    };
    matches!(
        member.name(),
        "Index" | "UniqueConstraint" | "PrimaryKeyConstraint" | "ForeignKeyConstraint" | "CheckConstraint"
    ) && member.is(member.name())
}
