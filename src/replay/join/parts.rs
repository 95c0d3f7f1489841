//! Which of our columns, constraints and indexes each of theirs is, table by table.

use rustc_hash::FxHashMap;

use crate::known::{Fact, Presence};
use crate::name::Name;
use crate::schema::{Column, ColumnId, Constraint, ConstraintId, Index, IndexId, List, Table};

/// Places of a table's parts: theirs by number to ours. Past the end of a list a part has the same number in both.
#[derive(Debug, Clone, Default)]
pub(super) struct PartPlaces {
    columns: Vec<u32>,
    constraints: Vec<u32>,
    indexes: Vec<u32>,
}

fn at(list: &[u32], index: u32) -> u32 {
    list.get(index as usize).copied().unwrap_or(index)
}

impl PartPlaces {
    /// Whether each part has the same number in both.
    pub(super) fn moves_nothing(&self) -> bool {
        [&self.columns, &self.constraints, &self.indexes]
            .into_iter()
            .all(|list| list.iter().enumerate().all(|(i, place)| *place as usize == i))
    }

    pub(super) fn column(&self, id: ColumnId) -> ColumnId {
        ColumnId(at(&self.columns, id.0))
    }

    pub(super) fn constraint(&self, id: ConstraintId) -> ConstraintId {
        ConstraintId(at(&self.constraints, id.0))
    }

    pub(super) fn index(&self, id: IndexId) -> IndexId {
        IndexId(at(&self.indexes, id.0))
    }
}

/// A part with a name that may or may not be there.
pub(super) trait Part {
    fn presence(&self) -> &Presence;
    fn known_name(&self) -> Option<&Name>;
    /// A part that was there before goes by its number even when one course renames it.
    const RENAMES: bool;
}

impl Part for Column {
    fn presence(&self) -> &Presence {
        &self.presence
    }
    fn known_name(&self) -> Option<&Name> {
        Some(&self.name)
    }
    const RENAMES: bool = false;
}

impl Part for Constraint {
    fn presence(&self) -> &Presence {
        &self.presence
    }
    fn known_name(&self) -> Option<&Name> {
        self.name.known()
    }
    const RENAMES: bool = true;
}

impl Part for Index {
    fn presence(&self) -> &Presence {
        &self.presence
    }
    fn known_name(&self) -> Option<&Name> {
        match &self.name {
            Fact::Known(name, _) => Some(name),
            Fact::Unknown { .. } => None,
        }
    }
    const RENAMES: bool = true;
}

/// Places the parts of their table on ours; `base` is the table that both come from.
pub(super) fn place(ours: &Table, theirs: &Table, base: Option<&Table>) -> PartPlaces {
    let count = |parts: fn(&Table) -> usize| base.map_or(0, parts);
    PartPlaces {
        columns: match_parts(&ours.columns, &theirs.columns, count(|t| t.columns.len())),
        constraints: match_parts(
            &ours.constraints,
            &theirs.constraints,
            count(|t| t.constraints.len()),
        ),
        indexes: match_parts(&ours.indexes, &theirs.indexes, count(|t| t.indexes.len())),
    }
}

fn match_parts<T: Part + Clone>(ours: &List<T>, theirs: &List<T>, base: usize) -> Vec<u32> {
    if ours.shares(theirs) {
        return Vec::new();
    }
    let mut taken = vec![false; ours.len()];
    let mut out = vec![u32::MAX; theirs.len()];
    // Parts of the same number and name first.
    for (i, part) in theirs.iter().enumerate().take(base.min(ours.len())) {
        let same = T::RENAMES || ours[i].known_name() == part.known_name();
        if ours[i].presence().may_be() == part.presence().may_be() && same {
            out[i] = i as u32;
            taken[i] = true;
        }
    }
    let mut named: FxHashMap<&Name, Vec<usize>> = FxHashMap::default();
    if out.contains(&u32::MAX) {
        for (o, own) in ours.iter().enumerate() {
            if own.presence().may_be()
                && let Some(name) = own.known_name()
            {
                named.entry(name).or_default().push(o);
            }
        }
    }
    let mut next = ours.len() as u32;
    for (i, part) in theirs.iter().enumerate() {
        if out[i] != u32::MAX {
            continue;
        }
        let live = part.presence().may_be();
        let alike = part
            .known_name()
            .filter(|_| live)
            .and_then(|name| named.get(name));
        let by_name = alike.and_then(|places| places.iter().copied().find(|&o| !taken[o]));
        // What is gone on both sides is one thing, wherever it comes from: else it would double with each join.
        let gone = |o: usize| !ours[o].presence().may_be();
        let by_number = i < ours.len()
            && !taken[i]
            && if i < base {
                !live || gone(i)
            } else {
                !live && gone(i)
            };
        let found = match by_name {
            Some(found) => found,
            None if by_number => i,
            None => {
                out[i] = next;
                next += 1;
                continue;
            }
        };
        taken[found] = true;
        out[i] = found as u32;
    }
    out
}
