//! Modules with models that cannot be imported, since they ask another module for a name that it has not: nothing of them comes to be
//! in any program, so that there is nothing to hold against a database before that is mended.

use std::collections::BTreeMap;

use super::lacking::lacking;
use super::tables::ModelTable;
use crate::declared::Fault;
use crate::interpret::python::Modules;
use crate::source::{FileId, Span};
use crate::stacks::alembic::imports;

/// The modules of some tables that cannot be imported: for each, the import that ends it.
pub(super) fn of(modules: &Modules<'_>, tables: &[ModelTable<'_>]) -> Vec<Fault> {
    let mut models: BTreeMap<FileId, usize> = BTreeMap::new();
    for table in tables {
        *models.entry(table.span.file).or_default() += 1;
    }
    let fault = |(file, count): (&FileId, &usize)| {
        let (span, why) = ending(modules, *file)?;
        let held = match count {
            1 => "what its model declares is".to_owned(),
            count => format!("what {count} models in it declare is"),
        };
        Some(Fault {
            kind: "unknown-name",
            span,
            message: format!("this module cannot be imported: {why}; {held} not checked before it can"),
            related: Vec::new(),
        })
    };
    models.iter().filter_map(fault).collect()
}

/// Takes the tables of such modules out of those of a history, and gives the faults of these modules.
pub(super) fn without(unimportable: &[Fault], tables: &mut Vec<&ModelTable<'_>>) -> Vec<Fault> {
    let holds = |fault: &&Fault| tables.iter().any(|table| table.span.file == fault.span.file);
    let told: Vec<Fault> = unimportable.iter().filter(holds).cloned().collect();
    let is_of = |table: &&ModelTable<'_>, fault: &Fault| table.span.file == fault.span.file;
    tables.retain(|table| !told.iter().any(|fault| is_of(table, fault)));
    told
}

/// The first import of a module that certainly raises, and what Python says.
fn ending(modules: &Modules<'_>, file: FileId) -> Option<(Span, String)> {
    let module = modules.of_file(file)?;
    let of_library = lacking(file, modules.parsed(module), None)
        .into_iter()
        .map(|lacking| (lacking.span, lacking.message));
    let of_repository = imports::lacking(modules, module)
        .into_iter()
        .map(|failure| (failure.span, failure.message));
    of_library.chain(of_repository).min_by_key(|(span, _)| *span)
}
