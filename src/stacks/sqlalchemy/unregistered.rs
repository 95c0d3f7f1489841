//! Models that Alembic's autogenerate does not see: `env.py` hands over another metadata, or imports nothing that imports them.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::metadata::Made;
use super::models::identity;
use super::tables::ModelTable;
use crate::declared::{Unseen, UnseenCause};
use crate::interpret::python::Lost;
use crate::interpret::python::spoken::{Subject, speaks_of};
use crate::known::{Gap, Reach};
use crate::source::{FileId, Files};
use crate::stacks::alembic::config::Tree;
use crate::stacks::alembic::handed::{Handed, reached_by_programs, reached_by_revisions};

/// Why there may be models that are not seen here: parts of modules were given up that may declare some.
pub(super) fn lost(files: &Files, parts: &[Lost]) -> Vec<Gap> {
    let mut out: Vec<Gap> = Vec::new();
    for part in parts {
        let text = files.slice(part.span);
        let declares = ["class ", "Table("].iter().any(|word| text.contains(word));
        let gap = part.gap.reaching(Reach::Namespace("public".to_owned()));
        if declares && speaks_of(files, part.span.file, Subject::Tables) && !out.contains(&gap) {
            out.push(gap);
        }
    }
    out
}

/// The tables of which it is certain. What the `env.py` of another tree imports is that tree's affair.
pub(super) fn unseen(
    files: &Files,
    tree: &Tree,
    handed: &Handed,
    others: &[Arc<Handed>],
    tables: &[&ModelTable<'_>],
) -> Vec<Unseen> {
    let Some(told) = handed.place.filter(|_| handed.open.is_none()) else {
        return Vec::new();
    };
    let is_handed = |table: &ModelTable<'_>| {
        table
            .made
            .is_some_and(|made| handed.metadata.contains(&identity(made)))
    };
    // Metadata that holds none of the models is filled in a way that was not followed.
    if !tables.iter().any(|table| is_handed(table)) {
        return Vec::new();
    }
    let all = std::iter::once(handed).chain(others.iter().map(|other| &**other));
    let mut imported: FxHashSet<FileId> = all.flat_map(|h| h.modules.iter().copied()).collect();
    let certain = |table: &&&ModelTable<'_>| table.maybe.is_none() && !table.reflected;
    let absent = |table: &ModelTable<'_>, imported: &FxHashSet<FileId>| {
        // A program that starts Alembic without a configuration file has imported what it pleased.
        tree.config.is_some()
            && handed.loose.is_none()
            && is_handed(table)
            && !imported.contains(&table.registered.file)
    };
    let any_absent =
        |imported: &FxHashSet<FileId>| tables.iter().filter(certain).any(|table| absent(table, imported));
    if any_absent(&imported) {
        imported.extend(&reached_by_revisions(files, tree).0);
    }
    if any_absent(&imported) {
        let programs = reached_by_programs(files, tree);
        imported.extend(&programs.modules);
        if programs.loose.is_some() {
            imported.extend(tables.iter().map(|table| table.registered.file));
        }
    }
    let cause = |table: &ModelTable<'_>| match table.made {
        Some(made) if !is_handed(table) => Some(UnseenCause::Collection(match made {
            Made::At(span) => Some(span),
            Made::Library(_) => None,
        })),
        _ if absent(table, &imported) => Some(UnseenCause::NotImported),
        _ => None,
    };
    tables
        .iter()
        .filter(certain)
        .filter_map(|table| {
            Some(Unseen {
                model: table.span,
                cause: cause(table)?,
                told,
            })
        })
        .collect()
}
