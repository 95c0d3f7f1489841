//! Two courses of a database become one: facts that agree stay known, objects of one course only may be there.
//!
//! First every object of theirs gets its place among ours: by name where both have one, else by its number, else behind
//! the others. Then their objects are rewritten to our numbers, and joined fact by fact.

mod parts;
mod place;
mod remap;
mod table;

use super::Database;
use crate::known::{Gap, Presence, Reach};
use crate::schema::{Names, Relation, Rows, TableId, TypeKind};
use place::Places;

/// What is known when either course was taken. Both began at `base`.
pub(super) fn join(ours: Database, theirs: Database, base: &Database, gap: &Gap) -> Database {
    let mut join = Join {
        places: Places::default(),
        out: ours,
        theirs,
        base,
        gap,
        grown: Vec::new(),
    };
    join.namespaces();
    join.place_all();
    join.types();
    join.sequences();
    join.functions();
    join.tables();
    join.rest();
    super::lineage::untangle(&mut join.out, &join.grown, gap);
    join.out
}

/// The work: ours becomes what both have in common.
struct Join<'a> {
    out: Database,
    theirs: Database,
    base: &'a Database,
    gap: &'a Gap,
    places: Places,
    /// Tables whose parents differed.
    grown: Vec<TableId>,
}

/// Whether it is there in either course, when it may be in both.
fn both(ours: &Presence, theirs: &Presence) -> Presence {
    match (ours, theirs) {
        (Presence::Maybe(gap), _) | (_, Presence::Maybe(gap)) => Presence::Maybe(gap.clone()),
        (ours, _) => ours.clone(),
    }
}

impl Join<'_> {
    fn maybe(&self) -> Presence {
        Presence::Maybe(self.gap.clone())
    }

    /// Namespaces have no namespace: they are joined at once.
    fn namespaces(&mut self) {
        let count = self.theirs.schema.namespaces.len();
        for index in 0..count {
            let id = crate::schema::NamespaceId(index as u32);
            if self
                .out
                .schema
                .namespaces
                .shares(&self.theirs.schema.namespaces, id)
            {
                continue;
            }
            let theirs = self.theirs.schema.namespaces[id].clone();
            let known = index < self.base.schema.namespaces.len();
            let named = self.out.schema.namespace(&theirs.name);
            let place = match named {
                Some(place) if theirs.presence.may_be() => Some(place),
                _ if known => Some(id),
                _ => None,
            };
            let Some(place) = place else {
                let presence = if theirs.presence.may_be() {
                    self.maybe()
                } else {
                    theirs.presence.clone()
                };
                let place = self
                    .out
                    .schema
                    .namespaces
                    .push(crate::schema::Namespace { presence, ..theirs });
                self.places.namespaces.insert(id, place);
                continue;
            };
            self.places.namespaces.insert(id, place);
            let maybe = self.maybe();
            let ours = &mut self.out.schema.namespaces[place];
            match (ours.presence.may_be(), theirs.presence.may_be()) {
                (true, true) if ours.name == theirs.name => {
                    ours.presence = both(&ours.presence, &theirs.presence);
                    ours.presumed = ours.presumed.take().or(theirs.presumed);
                }
                (false, false) => {}
                (false, true) => {
                    *ours = theirs;
                    ours.presence = maybe;
                }
                (true, _) => ours.presence = maybe,
            }
        }
        for index in self.base.schema.namespaces.len()..self.out.schema.namespaces.len() {
            let id = crate::schema::NamespaceId(index as u32);
            let name = self.out.schema.namespaces[id].name.clone();
            if self.theirs.schema.namespace(&name).is_none()
                && self.out.schema.namespaces[id].presence.is_present()
            {
                self.out.schema.namespaces[id].presence = self.maybe();
            }
        }
    }

    fn types(&mut self) {
        for (theirs_id, place) in self.places.types.placed.clone() {
            let mut theirs = self.theirs.schema.types[theirs_id].clone();
            self.remap_type(&mut theirs);
            let maybe = self.maybe();
            let gap = self.gap;
            let copy = self.places.types.is_copy(place);
            let ours = &mut self.out.schema.types[place];
            match (ours.presence.may_be() && !copy, theirs.presence.may_be()) {
                (true, true) => {
                    ours.presence = both(&ours.presence, &theirs.presence);
                    join_kinds(&mut ours.kind, theirs.kind, gap);
                    if ours.comment != theirs.comment {
                        ours.comment = None;
                    }
                }
                (false, true) => {
                    *ours = theirs;
                    ours.presence = maybe;
                }
                (true, false) => ours.presence = maybe,
                (false, false) => {}
            }
            let ty = &self.out.schema.types[place];
            if ty.presence.may_be() && !matches!(ty.kind, TypeKind::Row(_)) {
                let (namespace, name) = (ty.namespace, ty.name.clone());
                if self.out.schema.type_names.get(namespace, &name).is_none() {
                    self.out.schema.type_names.insert(namespace, name, place);
                }
            }
        }
        for id in self.places.types.alone.clone() {
            if self.out.schema.types[id].presence.is_present() {
                self.out.schema.types[id].presence = self.maybe();
            }
        }
    }

    fn sequences(&mut self) {
        for (theirs_id, place) in self.places.sequences.placed.clone() {
            let mut theirs = self.theirs.schema.sequences[theirs_id].clone();
            self.remap_sequence(&mut theirs);
            let maybe = self.maybe();
            let gap = self.gap;
            let copy = self.places.sequences.is_copy(place);
            let ours = &mut self.out.schema.sequences[place];
            match (ours.presence.may_be() && !copy, theirs.presence.may_be()) {
                (true, true) => {
                    ours.presence = both(&ours.presence, &theirs.presence);
                    let options = |s: &crate::schema::Sequence| {
                        (s.ty.clone(), s.start, s.increment, s.min, s.max, s.cache, s.cycle)
                    };
                    if options(ours) != options(&theirs) || ours.owner != theirs.owner {
                        ours.open = Some(gap.clone());
                    }
                    ours.open = ours.open.take().or(theirs.open);
                    for user in theirs.used_by {
                        if !ours.used_by.contains(&user) {
                            ours.used_by.push(user);
                        }
                    }
                }
                (false, true) => {
                    *ours = theirs;
                    ours.presence = maybe;
                }
                (true, false) => ours.presence = maybe,
                (false, false) => {}
            }
            let sequence = &self.out.schema.sequences[place];
            if sequence.presence.may_be() {
                let (namespace, name) = (sequence.namespace, sequence.name.clone());
                self.bind(namespace, name, Relation::Sequence(place));
            }
        }
        for id in self.places.sequences.alone.clone() {
            if self.out.schema.sequences[id].presence.is_present() {
                self.out.schema.sequences[id].presence = self.maybe();
            }
        }
    }

    fn functions(&mut self) {
        for (theirs_id, place) in self.places.functions.placed.clone() {
            let mut theirs = self.theirs.schema.functions[theirs_id].clone();
            self.remap_function(&mut theirs);
            let maybe = self.maybe();
            let copy = self.places.functions.is_copy(place);
            let ours = &mut self.out.schema.functions[place];
            let body = |f: &crate::schema::Function| f.body.as_ref().map(|b| b.as_str().to_owned());
            match (ours.presence.may_be() && !copy, theirs.presence.may_be()) {
                (true, true) if body(ours) == body(&theirs) && ours.returns == theirs.returns => {
                    ours.presence = both(&ours.presence, &theirs.presence);
                    ours.immutable &= theirs.immutable;
                }
                (false, true) => {
                    *ours = theirs;
                    ours.presence = maybe;
                }
                (true, _) => ours.presence = maybe,
                (false, false) => {}
            }
        }
        for id in self.places.functions.alone.clone() {
            if self.out.schema.functions[id].presence.is_present() {
                self.out.schema.functions[id].presence = self.maybe();
            }
        }
    }

    fn tables(&mut self) {
        for (theirs_id, place) in self.places.tables.placed.clone() {
            let mut theirs = self.theirs.schema.tables[theirs_id].clone();
            self.remap_table(theirs_id, &mut theirs);
            self.join_table(theirs_id, place, theirs);
        }
        for id in self.places.tables.alone.clone() {
            if self.out.schema.tables[id].presence.is_present() {
                self.out.schema.tables[id].presence = self.maybe();
            }
            if id.0 as usize >= self.base.schema.tables.len() {
                self.doubt_shape(id);
            }
            self.doubt_references(id);
        }
    }

    /// A table that one course alone has made: where the history begins on tables that it does not make, the other one may have found it
    /// there, of another shape.
    fn doubt_shape(&mut self, id: TableId) {
        let table = &self.out.schema.tables[id];
        let (own, base) = (
            table.presumed.is_none() && table.extension.is_none(),
            &self.base.schema,
        );
        if own
            && self.out.schema.begins_elsewhere().is_some()
            && base.dropped_table(table.namespace, &table.name).is_none()
        {
            table::forget_shape(&mut self.out.schema.tables[id], self.gap);
        }
    }

    /// A table that has this name in one course only: what refers to it is written down with that name.
    fn doubt_references(&mut self, id: TableId) {
        let renamed = self.places.renamed.contains(&id);
        if !renamed {
            return;
        }
        for dependent in self.out.schema.tables[id].dependents.clone() {
            let maybe = self.maybe();
            for constraint in &mut self.out.schema.tables[dependent].constraints {
                if let crate::schema::ConstraintKind::ForeignKey(key) = &constraint.kind
                    && key.table == id
                    && constraint.presence.is_present()
                {
                    constraint.presence = maybe.clone();
                }
            }
        }
    }

    /// Gives a relation its name where that is free.
    fn bind(&mut self, namespace: crate::schema::NamespaceId, name: crate::name::Name, relation: Relation) {
        if self.out.schema.relation_names.get(namespace, &name).is_none() {
            self.out.schema.relation_names.insert(namespace, name, relation);
        }
    }

    fn rest(&mut self) {
        self.extensions();
        let schema = &mut self.out.schema;
        schema
            .constraint_names
            .add_all(&self.theirs.schema.constraint_names);
        for collation in &self.theirs.schema.collations {
            if schema.collations.iter().all(|c| c.name != collation.name) {
                schema.collations.push(collation.clone());
            }
        }
        for gap in &self.theirs.schema.gaps {
            schema.add_gap(gap.clone());
        }
        let renamed = self.theirs.schema.renamed.iter();
        for entry in renamed.skip(self.base.schema.renamed.len()) {
            schema.renamed.push(entry.clone());
        }
        if schema.unlisted.is_none() {
            schema.unlisted.clone_from(&self.theirs.schema.unlisted);
        }
        if schema.search_path != self.theirs.schema.search_path {
            // Which schemas names are looked up in cannot be told.
            schema.add_gap(self.gap.reaching(Reach::Everything));
        }
        self.out.gone_relations = self.agreed(&self.out.gone_relations, &self.theirs.gone_relations);
        self.out.gone_types = self.agreed(&self.out.gone_types, &self.theirs.gone_types);
        self.out.gone_others = self.agreed(&self.out.gone_others, &self.theirs.gone_others);
        self.out.rewrites |= self.theirs.rewrites;
        for (namespace, name, gap) in self.theirs.taken.clone() {
            let place = self.places.namespace(namespace);
            if !self
                .out
                .taken
                .iter()
                .any(|(at, other, _)| *at == place && *other == name)
            {
                self.out.taken.push((place, name, gap));
            }
        }
        // Both may have gone a way together since `base`: those places would double with each join.
        for index in self.base.places.len()..self.theirs.places.len() {
            let id = super::PlaceId(index as u32);
            let place = self.theirs.places[id];
            if self.out.places.get(id) != Some(&place) {
                self.out.places.push(place);
            }
        }
    }

    fn extensions(&mut self) {
        let maybe = self.maybe();
        let theirs = &self.theirs.schema.extensions;
        let live = |list: &[crate::schema::Extension], name: &crate::name::Name| {
            list.iter().any(|e| e.name == *name && e.presence.may_be())
        };
        for extension in &mut self.out.schema.extensions {
            if extension.presence.is_present() && !live(theirs, &extension.name) {
                extension.presence = maybe.clone();
            }
        }
        let missing: Vec<_> = theirs
            .iter()
            .filter(|e| e.presence.may_be() && !live(&self.out.schema.extensions, &e.name))
            .cloned()
            .collect();
        for mut extension in missing {
            extension.presence = maybe.clone();
            extension.namespace = self.places.namespace(extension.namespace);
            self.out.schema.extensions.push(extension);
        }
    }

    /// Names that both courses freed.
    fn agreed(&self, ours: &Names<super::Gone>, theirs: &Names<super::Gone>) -> Names<super::Gone> {
        if ours.shares(theirs) {
            return ours.clone();
        }
        let mut out = Names::default();
        for (namespace, name, gone) in theirs.iter() {
            let place = self.places.namespace(namespace);
            if ours.get(place, name).is_some() {
                out.insert(place, name.clone(), gone);
            }
        }
        out
    }
}

fn join_kinds(ours: &mut TypeKind, theirs: TypeKind, gap: &Gap) {
    match (&mut *ours, theirs) {
        (TypeKind::Enum(a), TypeKind::Enum(b)) => *a = a.join(&b, gap),
        (TypeKind::Composite(a), TypeKind::Composite(b)) => *a = a.join(&b, gap),
        (TypeKind::Domain(a), TypeKind::Domain(b)) => {
            a.base = a.base.join(&b.base, gap);
            a.not_null = a.not_null.join(&b.not_null, gap);
            a.default = a.default.join(&b.default, gap);
            a.checks.retain(|check| b.checks.contains(check));
        }
        (TypeKind::Range(a), TypeKind::Range(b)) if *a == b => {}
        (TypeKind::Row(_), TypeKind::Row(_)) | (TypeKind::Base, TypeKind::Base) => {}
        (TypeKind::Presumed(_), _) => {}
        _ => *ours = TypeKind::Presumed(gap.clone()),
    }
}

/// Rows of either course.
fn join_rows(ours: &Rows, theirs: &Rows) -> Rows {
    if ours == theirs {
        ours.clone()
    } else {
        Rows::Unknown
    }
}
