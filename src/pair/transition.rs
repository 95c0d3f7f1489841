//! Keys that are on their way from one type to another: an old column (`user_id`) beside a new one (`user_uuid`), in some tables both,
//! in others still the old one alone, or the new one alone already.

use std::collections::BTreeMap;

use super::referring::snake;
use super::{is_bookkeeping, is_table};
use crate::schema::{ColumnWalker, ConstraintKind, Schema, TableWalker};

/// What names of new keys end with, where those of the old end with `id`.
const NEW: &[&str] = &["uuid", "guid", "ulid"];

/// A pair of an old key and a new one, over all tables of a database.
pub struct Transition<'a> {
    /// The old column's name.
    pub old: String,
    /// The new one's.
    pub new: String,
    /// Tables that have both, with the columns.
    pub both: Vec<(ColumnWalker<'a>, ColumnWalker<'a>)>,
    /// Tables that have the old one alone: they lack its companion.
    pub old_alone: Vec<ColumnWalker<'a>>,
    /// Tables that have the new one alone.
    pub new_alone: Vec<ColumnWalker<'a>>,
}

impl<'a> Transition<'a> {
    /// The old columns, with or without a companion.
    pub fn olds(&self) -> impl Iterator<Item = ColumnWalker<'a>> {
        let both = self.both.iter().map(|(old, _)| *old);
        both.chain(self.old_alone.iter().copied())
    }

    /// The new columns.
    pub fn news(&self) -> impl Iterator<Item = ColumnWalker<'a>> {
        let both = self.both.iter().map(|(_, new)| *new);
        both.chain(self.new_alone.iter().copied())
    }
}

/// Whether a column is in a foreign key or a primary key.
#[must_use]
pub fn is_key(column: ColumnWalker<'_>) -> bool {
    column.table.constraints().any(|c| {
        let get = c.get();
        matches!(
            get.kind,
            ConstraintKind::ForeignKey(_) | ConstraintKind::PrimaryKey(_)
        ) && get.columns.contains(&column.id)
    })
}

/// Whether a name ends as names of keys do.
fn may_be_key(name: &str) -> bool {
    let ends = |end: &str| {
        let from = name.len().wrapping_sub(end.len());
        name.as_bytes()
            .get(from..)
            .is_some_and(|b| b.eq_ignore_ascii_case(end.as_bytes()))
    };
    ends("id") || NEW.iter().copied().any(ends)
}

/// The pairs that at least one table has both of, in the order of their names.
#[must_use]
pub fn transitions(schema: &Schema) -> Vec<Transition<'_>> {
    let mut columns: BTreeMap<String, Vec<ColumnWalker<'_>>> = BTreeMap::new();
    for table in schema.live_tables().into_iter().filter(|t| counts(*t)) {
        let columns_of = table.columns().filter(|c| c.get().presence.is_present());
        for column in columns_of.filter(|c| may_be_key(c.name().as_str())) {
            columns
                .entry(snake(column.name().as_str()).into_owned())
                .or_default()
                .push(column);
        }
    }
    let mut out = Vec::new();
    for (old, olds) in &columns {
        let Some(stem) = old
            .strip_suffix("id")
            .filter(|s| s.is_empty() || s.ends_with('_'))
        else {
            continue;
        };
        for end in NEW {
            let new = format!("{stem}{end}");
            if let Some(news) = columns.get(&new) {
                out.extend(paired(old, &new, olds, news));
            }
        }
    }
    out
}

fn paired<'a>(
    old: &str,
    new: &str,
    olds: &[ColumnWalker<'a>],
    news: &[ColumnWalker<'a>],
) -> Option<Transition<'a>> {
    let companion = |of: &ColumnWalker<'a>, among: &[ColumnWalker<'a>]| {
        among.iter().find(|c| c.table.id == of.table.id).copied()
    };
    let mut out = Transition {
        old: old.to_owned(),
        new: new.to_owned(),
        both: Vec::new(),
        old_alone: Vec::new(),
        new_alone: Vec::new(),
    };
    for column in olds {
        match companion(column, news) {
            // Two columns of one type are two things.
            Some(other) if other.get().ty.known() == column.get().ty.known() => {}
            Some(other) => out.both.push((*column, other)),
            None => out.old_alone.push(*column),
        }
    }
    let rest = news.iter().filter(|c| companion(c, olds).is_none());
    out.new_alone.extend(rest.copied());
    // A key that has the new type already waits for nothing.
    let wanted: Vec<_> = out
        .both
        .iter()
        .filter_map(|(_, new)| new.get().ty.known())
        .collect();
    out.old_alone
        .retain(|c| c.get().ty.known().is_none_or(|ty| !wanted.contains(&ty)));
    (!out.both.is_empty()).then_some(out)
}

fn counts(table: TableWalker<'_>) -> bool {
    let get = table.get();
    is_table(table)
        && table.is_certain()
        && get.presumed.is_none()
        && get.partition.of.is_none()
        && get.inherits.is_empty()
        && !is_bookkeeping(table.name())
}
