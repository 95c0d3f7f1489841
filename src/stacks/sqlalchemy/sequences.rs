//! The sequences of models: those that a metadata is given, and those that columns are.

use rustc_hash::FxHashSet;

use super::library::Reading;
use super::metadata::Made;
use super::registry::Registered;
use super::tables::ModelTable;
use super::terms;
use crate::declared::{DeclaredSequence, Models};
use crate::interpret::python::Machine;
use crate::name::QualifiedName;

/// Adds those that no column is given.
pub(super) fn add<'s>(
    models: &mut Models,
    sequences: impl Iterator<Item = &'s (DeclaredSequence, Option<Made>)>,
) {
    for (sequence, _) in sequences {
        if models.sequences.iter().all(|known| known.name != sequence.name) {
            models.sequences.push(sequence.clone());
        }
    }
}

/// The sequences that a metadata is given, each with what that is known by.
pub(super) fn of_metadata<'a>(
    machine: &mut Machine<'a, Reading<'a>>,
) -> Vec<(DeclaredSequence, Option<Made>)> {
    let mut out = Vec::new();
    for entry in machine.library.registry().sequences.clone() {
        let given =
            terms::call_of(machine, &entry.value, "Sequence").and_then(|args| args.keyword("metadata"));
        let (Some(given), None) = (given.map(|a| a.value.clone()), &entry.maybe) else {
            continue;
        };
        let at = terms::span_of(&entry.value).unwrap_or(entry.at);
        let Some(def) = super::table::sequence(machine, &entry.value, at) else {
            continue;
        };
        let Ok(name) = def.name else { continue };
        let metadata = super::metadata::metadata(machine, &given, at);
        out.push((
            DeclaredSequence {
                name,
                options: def.options.ok(),
                used: false,
                span: def.span,
            },
            super::metadata::made(machine, metadata),
        ));
    }
    out
}

/// The sequences that columns are given, each once. PostgreSQL's dialect asks for the next value before it writes a row
/// (`PGExecutionContext.get_insert_default`), unless the column has a server default.
pub(super) fn of_columns(tables: &[&ModelTable<'_>], models: &mut Models) {
    let told = tables
        .iter()
        .filter(|table| table.maybe.is_none() && !table.reflected);
    for column in told.flat_map(|table| &table.def.columns) {
        let Some(def) = column.sequence.as_ref().filter(|def| !def.optional) else {
            continue;
        };
        let Ok(name) = &def.name else { continue };
        if models.sequences.iter().any(|s| s.name == *name) {
            continue;
        }
        models.sequences.push(DeclaredSequence {
            name: name.clone(),
            options: def.options.clone().ok(),
            used: !column.has_server_default,
            span: def.span,
        });
    }
}

/// Takes out the sequences that columns of left-out tables alone count by: migrations are not meant to make those either.
pub(super) fn leave_out(tables: &[&ModelTable<'_>], models: &mut Models) {
    let counted = |is_left: bool| -> FxHashSet<QualifiedName> {
        let of = tables
            .iter()
            .filter(|table| models.wandering.contains_key(&table.name) == is_left);
        of.flat_map(|table| &table.def.columns)
            .filter_map(|column| column.sequence.as_ref()?.name.as_ref().ok().cloned())
            .collect()
    };
    let (left, kept) = (counted(true), counted(false));
    models
        .sequences
        .retain(|sequence| !left.contains(&sequence.name) || kept.contains(&sequence.name));
}
