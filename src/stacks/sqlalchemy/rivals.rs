//! Which of several classes that declare one table makes it: the one that `env.py` reaches in the metadata that it hands over.
//!
//! Source: `Table.__new__` (`sqlalchemy/sql/schema.py`, 2.0): a second table of a name in one metadata is refused with
//! `InvalidRequestError`, unless it says `extend_existing` or `keep_existing`. `create_all` makes what its own metadata holds, and
//! passes over what is there already.

use rustc_hash::{FxHashMap, FxHashSet};

use super::models::{identity, of_tables};
use super::tables::ModelTable;
use crate::declared::{Created, EnumType, Expectation, Model};
use crate::known::{Gap, Reach, Section};
use crate::name::QualifiedName;
use crate::source::{FileId, Files};
use crate::stacks::alembic::config::Tree;
use crate::stacks::alembic::handed::{Handed, reached_by_revisions};

/// Whether a class is imported where the database is made of the models.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    Yes,
    No,
    Untold,
}

/// What is made of tables of which some have one name; `None` where each has its own. `told` is what a history hands over.
pub(super) fn created(
    files: &Files,
    tables: &[&ModelTable<'_>],
    told: Option<(&Tree, &Handed)>,
) -> Option<Created> {
    let mut named: FxHashMap<QualifiedName, Vec<usize>> = FxHashMap::default();
    for (i, table) in tables.iter().enumerate() {
        if table.maybe.is_none()
            && !table.reflected
            && let Ok(name) = table.def.qualified()
        {
            named.entry(name).or_default().push(i);
        }
    }
    named.retain(|_, rivals| rivals.len() > 1);
    if named.is_empty() {
        return None;
    }
    let by_revisions = told.map(|(tree, _)| reached_by_revisions(files, tree));
    let reach = |table: &ModelTable<'_>| {
        told.map_or(Reached::Untold, |(tree, handed)| {
            let also = by_revisions.as_ref().map_or(&[][..], |reached| &reached.0);
            reached(tree, handed, also, table)
        })
    };
    let mut out: FxHashSet<usize> = FxHashSet::default();
    let mut open: FxHashMap<usize, Gap> = FxHashMap::default();
    for rivals in named.values() {
        let state = |i: &usize| tables.get(*i).map_or(Reached::Untold, |table| reach(table));
        let is = |wanted: Reached| rivals.iter().filter(|i| state(i) == wanted).count();
        if is(Reached::Yes) == 1 && is(Reached::Untold) == 0 {
            out.extend(rivals.iter().filter(|i| state(i) == Reached::No));
            continue;
        }
        let Some((first, rest)) = rivals.split_first() else {
            continue;
        };
        let Some(table) = rest.last().and_then(|i| tables.get(*i)) else {
            continue;
        };
        let why = match is(Reached::Yes) {
            0 | 1 => "several classes declare this table, and which of them makes it is not told",
            _ => "several classes that env.py imports declare this table",
        };
        let gap = Gap::new(table.span, why, Reach::Everything);
        open.insert(*first, gap);
        out.extend(rest);
    }
    let is_certain = |i: &usize| !out.contains(i) && !open.contains_key(i);
    let of = |is: &dyn Fn(&usize) -> bool| -> Vec<&ModelTable<'_>> {
        let kept = tables.iter().enumerate().filter(|(i, _)| is(i));
        kept.map(|(_, table)| *table).collect()
    };
    let certain = of_tables(&of(&is_certain));
    // Of classes of which any may be the one, any may bring its enums.
    let contending: FxHashSet<usize> = named
        .values()
        .filter(|rivals| rivals.iter().any(|i| open.contains_key(i)))
        .flatten()
        .copied()
        .collect();
    let with_all = of_tables(&of(&|i| is_certain(i) || contending.contains(i)));
    let is_made = |declared: &EnumType| certain.enums.iter().any(|own| own.name == declared.name);
    let enums = with_all.enums.into_iter().map(|mut declared| {
        if !is_made(&declared) {
            let why = "a class brings this enum of which it is not told whether it makes its table";
            declared.labels = Expectation::Unknown(Gap::new(declared.span, why, Reach::Everything));
        }
        declared
    });
    let enums = enums.collect();
    let kept = of(&|i| !out.contains(i));
    let mut models = of_tables(&kept).models;
    let places = tables.iter().enumerate().filter(|(i, _)| !out.contains(i));
    for (model, (i, _)) in models.iter_mut().zip(places) {
        if let Some(gap) = open.get(&i) {
            leave_open(model, gap);
        }
    }
    Some(Created { models, enums })
}

fn reached(tree: &Tree, handed: &Handed, by_revisions: &[FileId], table: &ModelTable<'_>) -> Reached {
    let Some(made) = table
        .made
        .filter(|_| handed.open.is_none() && !handed.metadata.is_empty())
    else {
        return Reached::Untold;
    };
    let file = &table.registered.file;
    if !handed.metadata.contains(&identity(made)) {
        Reached::No
    } else if handed.modules.contains(file) || by_revisions.contains(file) {
        Reached::Yes
    } else if handed.loose.is_none() && tree.config.is_some() {
        Reached::No
    } else {
        Reached::Untold
    }
}

/// Leaves nothing of a model but its table's name.
fn leave_open(model: &mut Model, gap: &Gap) {
    let printed = match &model.table {
        Some(Expectation::Exactly(name)) => name.to_string(),
        _ => model.name.to_string(),
    };
    model.fields.clear();
    model.primary_key = None;
    model.uniques.clear();
    model.indexes.clear();
    model.foreign_keys.clear();
    model.checks.clear();
    model.exclusions.clear();
    model.open = Section::ALL
        .into_iter()
        .map(|section| (section, gap.reaching(Reach::Section(printed.clone(), section))))
        .collect();
}
