//! What models say beside their fields, by model, and the names that errors of a database can bear: asked for each model, and read once.

use rustc_hash::FxHashMap;

use crate::declared::{AwaitedConstraint, Awaits, Models, Validation};
use crate::schema::{ConstraintKind, Schema};

/// The address of a set of models, and the name of one of them.
type Of<'a> = (usize, &'a str);

/// What is said, by model.
#[derive(Default)]
pub(super) struct Said<'a> {
    awaited: FxHashMap<Of<'a>, Vec<&'a AwaitedConstraint>>,
    validations: FxHashMap<Of<'a>, Vec<&'a Validation>>,
    names: Names<'a>,
}

/// Kinds of errors, a bit each.
type Kinds = u8;

/// What bears a name and raises none of the errors that are waited for.
const OTHER: Kinds = 1 << 4;

fn bit(awaits: Awaits) -> Kinds {
    match awaits {
        Awaits::Unique => 1,
        Awaits::ForeignKey => 1 << 1,
        Awaits::Check => 1 << 2,
        Awaits::Exclusion => 1 << 3,
    }
}

/// Names of constraints and indexes that are or may be there.
#[derive(Default)]
struct Names<'a> {
    by_name: FxHashMap<&'a str, Kinds>,
    /// Of those whose names are not known.
    any: Kinds,
}

impl<'a> Said<'a> {
    /// Of sets of models, and of the schema where one of them waits for errors of it.
    pub(super) fn of(sets: impl Iterator<Item = &'a Models>, schema: Option<&'a Schema>) -> Self {
        let mut out = Said::default();
        for set in sets {
            let at = std::ptr::from_ref(set).addr();
            for awaited in &set.awaited {
                let of = out.awaited.entry((at, awaited.model.as_str())).or_default();
                of.push(awaited);
            }
            for said in &set.validations {
                let of = out.validations.entry((at, said.model.as_str())).or_default();
                of.push(said);
            }
        }
        if let Some(schema) = schema.filter(|_| !out.awaited.is_empty()) {
            out.names = Names::of(schema);
        }
        out
    }

    /// The errors that a model of a set waits for.
    pub(super) fn awaited<'s>(&'s self, set: &Models, model: &'s str) -> &'s [&'a AwaitedConstraint] {
        let of = self.awaited.get(&(std::ptr::from_ref(set).addr(), model));
        of.map_or(&[], Vec::as_slice)
    }

    /// What a model of a set asks of values.
    pub(super) fn validations<'s>(&'s self, set: &Models, model: &'s str) -> &'s [&'a Validation] {
        let of = self.validations.get(&(std::ptr::from_ref(set).addr(), model));
        of.map_or(&[], Vec::as_slice)
    }

    /// Whether a constraint or an index of any table certainly or perhaps bears a name, and gives the error that is waited for.
    pub(super) fn gives(&self, awaited: &AwaitedConstraint) -> bool {
        self.names.kinds(awaited.name.as_str()) & bit(awaited.awaits) != 0
    }

    /// Whether one bears it, whatever it gives.
    pub(super) fn bears(&self, name: &str) -> bool {
        self.names.kinds(name) != 0
    }
}

impl<'a> Names<'a> {
    fn of(schema: &'a Schema) -> Self {
        let mut out = Names::default();
        for table in schema.live_tables() {
            for constraint in table.constraints() {
                let get = constraint.get();
                let kind = match &get.kind {
                    ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_) => Awaits::Unique,
                    ConstraintKind::ForeignKey(_) => Awaits::ForeignKey,
                    ConstraintKind::Check(_) => Awaits::Check,
                    ConstraintKind::Exclude(..) => Awaits::Exclusion,
                };
                if get.presence.may_be() {
                    out.add(get.name.known().map(|name| name.as_str()), bit(kind));
                }
            }
            for index in table.indexes() {
                let get = index.get();
                let kind = if get.unique { bit(Awaits::Unique) } else { OTHER };
                if get.presence.may_be() {
                    out.add(get.name.known().map(|name| name.as_str()), kind);
                }
            }
        }
        out
    }

    fn add(&mut self, name: Option<&'a str>, kind: Kinds) {
        match name {
            Some(name) => *self.by_name.entry(name).or_default() |= kind,
            None => self.any |= kind,
        }
    }

    fn kinds(&self, name: &str) -> Kinds {
        self.any | self.by_name.get(name).copied().unwrap_or_default()
    }
}
