//! Two courses of one table.

use rustc_hash::FxHashSet;

use super::{Join, both, join_rows};
use crate::known::{Fact, Gap, Presence, Section};
use crate::schema::{
    Column, ColumnId, Constraint, ConstraintId, ConstraintKind, Index, IndexId, List, LogEntry, Relation,
    Table, TableId,
};

impl Join<'_> {
    /// Joins their table, already in our numbers, into ours.
    pub(super) fn join_table(&mut self, theirs_id: TableId, place: TableId, theirs: Table) {
        let gap = self.gap.clone();
        let maybe = Presence::Maybe(gap.clone());
        let ours = &self.out.schema.tables[place];
        match (ours.presence.may_be(), theirs.presence.may_be()) {
            // A copy of theirs stands behind ours already, or ours was dropped: theirs it is, perhaps.
            (false, true) => {
                self.out.schema.tables[place] = theirs;
                self.out.schema.tables[place].presence = maybe;
                self.bind_all(place);
                return;
            }
            (true, false) => {
                self.out.schema.tables[place].presence = maybe;
                return;
            }
            (false, false) => return,
            (true, true) => {}
        }
        if self.places.tables.is_copy(place) {
            self.out.schema.tables[place] = theirs;
            self.out.schema.tables[place].presence = maybe;
            self.bind_all(place);
            if theirs_id.0 as usize >= self.base.schema.tables.len() {
                self.doubt_shape(place);
            }
            return;
        }
        let base = self.base.schema.tables.get(place).map_or(0, |t| t.log.len());
        let table = &mut self.out.schema.tables[place];
        let parts = self.places.parts.get(&theirs_id).cloned().unwrap_or_default();
        let column = |i: usize| parts.column(ColumnId(i as u32)).0 as usize;
        let constraint = |i: usize| parts.constraint(ConstraintId(i as u32)).0 as usize;
        let index = |i: usize| parts.index(IndexId(i as u32)).0 as usize;
        let open = |table: &Table| table.open.iter().any(|(section, _)| *section == Section::Columns);
        let (ours_open, theirs_open) = (open(table), open(&theirs));
        let lone = join_list(
            &mut table.columns,
            &theirs.columns,
            &column,
            &gap,
            set_column,
            join_column,
        );
        // Where the other course may have had such a column all along, it may be another one.
        for (at, of_theirs) in lone {
            if if of_theirs { ours_open } else { theirs_open } {
                forget_column(&mut table.columns[at], &gap);
            }
        }
        join_list(
            &mut table.indexes,
            &theirs.indexes,
            &index,
            &gap,
            set_index,
            join_index,
        );
        join_list(
            &mut table.constraints,
            &theirs.constraints,
            &constraint,
            &gap,
            set_constraint,
            join_constraint,
        );
        table.presence = both(&table.presence, &theirs.presence);
        if table.triggers != theirs.triggers || table.policies != theirs.policies {
            table.unlisted.get_or_insert_with(|| gap.clone());
        }
        table.unlisted = table.unlisted.take().or(theirs.unlisted);
        table.triggers.retain(|t| theirs.triggers.contains(t));
        table.policies.retain(|p| theirs.policies.contains(p));
        table.rows = join_rows(&table.rows, &theirs.rows);
        if table.inherits != theirs.inherits || table.partition.of != theirs.partition.of {
            table.unlisted.get_or_insert_with(|| gap.clone());
            self.grown.push(place);
        }
        for parent in theirs.inherits {
            if !table.inherits.contains(&parent) {
                table.inherits.push(parent);
            }
        }
        for dependent in theirs.dependents {
            if !table.dependents.contains(&dependent) {
                table.dependents.push(dependent);
            }
        }
        for (section, open) in theirs.open {
            if table.open.iter().all(|(s, _)| *s != section) {
                table.open.push((section, open));
            }
        }
        table.partition.of = table.partition.of.or(theirs.partition.of);
        table.presumed = table.presumed.take().or(theirs.presumed);
        table.made_later = table.made_later.filter(|_| theirs.made_later.is_some());
        if table.comment != theirs.comment {
            table.comment = None;
        }
        match (&mut table.view, theirs.view) {
            (Some(ours), Some(theirs)) => {
                if ours.reads != theirs.reads {
                    for read in theirs.reads {
                        if !ours.reads.contains(&read) {
                            ours.reads.push(read);
                        }
                    }
                    ours.open.get_or_insert_with(|| gap.clone());
                }
                ours.open = ours.open.take().or(theirs.open);
            }
            (ours @ None, theirs) => *ours = theirs,
            (Some(_), None) => {}
        }
        join_logs(&mut table.log, &theirs.log, base);
        self.bind_all(place);
    }

    /// Names of a table and its indexes, where they are free.
    fn bind_all(&mut self, id: TableId) {
        let table = &self.out.schema.tables[id];
        let (namespace, name) = (table.namespace, table.name.clone());
        let indexes: Vec<_> = table
            .indexes
            .iter()
            .enumerate()
            .filter(|(_, i)| i.presence.may_be())
            .filter_map(|(at, i)| Some((IndexId(at as u32), i.name.known()?.clone())))
            .collect();
        self.bind(namespace, name, Relation::Table(id));
        for (index, name) in indexes {
            self.bind(namespace, name, Relation::Index(id, index));
        }
    }
}

/// What both courses did to a table after their first `base` entries, each once.
fn join_logs(ours: &mut List<LogEntry>, theirs: &List<LogEntry>, base: usize) {
    if ours.shares(theirs) {
        return;
    }
    let mut held: FxHashSet<LogEntry> = (base..ours.len()).filter_map(|i| ours.get(i).cloned()).collect();
    for entry in (base..theirs.len()).filter_map(|i| theirs.get(i)) {
        if held.insert(entry.clone()) {
            ours.push(entry.clone());
        }
    }
}

/// Joins parts that stand at places; parts of one side only may be there. Those: their places, and whether they are theirs.
fn join_list<T: Clone + super::parts::Part>(
    ours: &mut List<T>,
    theirs: &List<T>,
    place: &dyn Fn(usize) -> usize,
    gap: &Gap,
    set: fn(&mut T, Presence),
    join: fn(&mut T, &T, &Gap),
) -> Vec<(usize, bool)> {
    if ours.shares(theirs) {
        return Vec::new();
    }
    let maybe = Presence::Maybe(gap.clone());
    let own = ours.len();
    let mut lone = Vec::new();
    let mut met = vec![false; own];
    for (i, part) in theirs.iter().enumerate() {
        let at = place(i);
        if at == i && at < own && ours.shares_at(theirs, at) {
            met[at] = true;
            continue;
        }
        let part = part.clone();
        if at >= own {
            let mut part = part;
            if part.presence().is_present() {
                set(&mut part, maybe.clone());
            }
            lone.push((ours.len(), true));
            ours.push(part);
            continue;
        }
        met[at] = true;
        let mine = &mut ours[at];
        match (mine.presence().may_be(), part.presence().may_be()) {
            (true, true) => {
                let presence = both(mine.presence(), part.presence());
                set(mine, presence);
                join(mine, &part, gap);
            }
            (true, false) => set(mine, maybe.clone()),
            (false, true) => {
                *mine = part;
                set(mine, maybe.clone());
            }
            (false, false) => {}
        }
    }
    for (at, _) in met.into_iter().enumerate().filter(|(_, met)| !met) {
        if ours[at].presence().is_present() {
            set(&mut ours[at], maybe.clone());
            lone.push((at, false));
        }
    }
    lone
}

/// Nothing is known of a column but its name.
fn forget_column(column: &mut Column, gap: &Gap) {
    column.ty = column.ty.join(&Fact::unknown(gap.clone()), gap);
    column.nullable = column.nullable.join(&Fact::unknown(gap.clone()), gap);
    column.default = column.default.join(&Fact::unknown(gap.clone()), gap);
    column.identity = column.identity.join(&Fact::unknown(gap.clone()), gap);
    column.generated = column.generated.join(&Fact::unknown(gap.clone()), gap);
}

/// Nothing is known of a table but its name: what is listed of it may be there.
pub(super) fn forget_shape(table: &mut Table, gap: &Gap) {
    let maybe = || Presence::Maybe(gap.clone());
    for column in &mut table.columns {
        forget_column(column, gap);
        if column.presence.is_present() {
            set_column(column, maybe());
        }
    }
    for constraint in &mut table.constraints {
        if constraint.presence.is_present() {
            set_constraint(constraint, maybe());
        }
    }
    for index in &mut table.indexes {
        if index.presence.is_present() {
            set_index(index, maybe());
        }
    }
    for section in Section::ALL {
        if table.open.iter().all(|(open, _)| *open != section) {
            table.open.push((section, gap.clone()));
        }
    }
}

fn set_column(column: &mut Column, presence: Presence) {
    column.presence = presence;
}

fn set_constraint(constraint: &mut Constraint, presence: Presence) {
    constraint.presence = presence;
}

fn set_index(index: &mut Index, presence: Presence) {
    index.presence = presence;
}

fn join_column(ours: &mut Column, theirs: &Column, gap: &Gap) {
    ours.ty = ours.ty.join(&theirs.ty, gap);
    ours.nullable = ours.nullable.join(&theirs.nullable, gap);
    ours.default = ours.default.join(&theirs.default, gap);
    ours.identity = ours.identity.join(&theirs.identity, gap);
    ours.generated = ours.generated.join(&theirs.generated, gap);
    if ours.collation != theirs.collation {
        ours.ty = Fact::unknown(gap.clone());
    }
    if ours.sequence != theirs.sequence {
        ours.sequence = None;
    }
    ours.inherited = ours.inherited.max(theirs.inherited);
    ours.local |= theirs.local;
    if ours.comment != theirs.comment {
        ours.comment = None;
    }
}

fn join_index(ours: &mut Index, theirs: &Index, gap: &Gap) {
    ours.name = ours.name.join(&theirs.name, gap);
    let shape = |i: &Index| {
        (
            i.unique,
            i.nulls_not_distinct,
            i.method.clone(),
            i.keys.clone(),
            i.include.clone(),
        )
    };
    if shape(ours) != shape(theirs) || ours.predicate != theirs.predicate {
        ours.presence = Presence::Maybe(gap.clone());
    }
    ours.parameters |= theirs.parameters;
    ours.constraint = ours.constraint.or(theirs.constraint);
    ours.parent = ours.parent.or(theirs.parent);
}

fn join_constraint(ours: &mut Constraint, theirs: &Constraint, gap: &Gap) {
    ours.name = ours.name.join(&theirs.name, gap);
    let same = match (&ours.kind, &theirs.kind) {
        (ConstraintKind::PrimaryKey(a), ConstraintKind::PrimaryKey(b))
        | (ConstraintKind::Unique(a), ConstraintKind::Unique(b)) => a == b,
        (ConstraintKind::ForeignKey(a), ConstraintKind::ForeignKey(b)) => {
            let shape = |k: &crate::schema::ForeignKey| {
                (
                    k.table,
                    k.columns.clone(),
                    k.on_delete,
                    k.on_update,
                    k.match_full,
                    k.set_columns.clone(),
                )
            };
            shape(a) == shape(b)
        }
        (ConstraintKind::Check(a), ConstraintKind::Check(b)) => a.expr == b.expr,
        (ConstraintKind::Exclude(a, x), ConstraintKind::Exclude(b, y)) => a == b && x == y,
        _ => false,
    };
    if !same || ours.columns != theirs.columns {
        ours.presence = Presence::Maybe(gap.clone());
    }
    if let (ConstraintKind::ForeignKey(a), ConstraintKind::ForeignKey(b)) = (&mut ours.kind, &theirs.kind)
        && a.index != b.index
    {
        a.index = None;
    }
    ours.deferrable |= theirs.deferrable;
    ours.initially_deferred |= theirs.initially_deferred;
    ours.validated &= theirs.validated;
    ours.no_inherit |= theirs.no_inherit;
    ours.inherited = ours.inherited.max(theirs.inherited);
    ours.local |= theirs.local;
}
