//! What is wrong with models by themselves: what SQLAlchemy refuses, and tables that are declared twice.
//!
//! Source: `Table.__new__` (`sqlalchemy/sql/schema.py`), `_ClassScanMapperConfig` (`sqlalchemy/orm/decl_base.py`).

use crate::interpret::python::dotted;
use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::lacking::{is_set_elsewhere, lacking};
use super::metadata::Metadata;
use super::table::ColumnDef;
use super::tables::ModelTable;
use super::unread;
use crate::declared::Fault;
use crate::interpret::python::Modules;
use crate::name::QualifiedName;
use crate::source::{FileId, Files, Span};
use crate::stacks::alembic;
use crate::syntax::python::Trees;

/// The faults of all tables; `imported` are the modules that `env.py` imports, where all of them are known.
pub(super) fn of(files: &Files, tables: &[&ModelTable<'_>], imported: Option<&[FileId]>) -> Vec<Fault> {
    let mut out = Vec::new();
    for table in tables {
        for (span, message) in &table.def.refused {
            let fault = Fault {
                kind: "refused",
                span: *span,
                message: format!("{}: {message}", table.name),
                related: relations_to(table, tables),
            };
            // A mixin's attribute is one fault.
            if !out.iter().any(|other: &Fault| other.span == *span) {
                out.push(fault);
            }
        }
    }
    let unread = tables.iter().flat_map(|table| &table.unread);
    out.extend(unread::faults(files, unread));
    let mut named: FxHashMap<QualifiedName, Vec<&ModelTable<'_>>> = FxHashMap::default();
    for table in tables {
        let Ok(name) = table.def.qualified() else { continue };
        let earlier = named.entry(name).or_default();
        let mut same = earlier.iter().filter(|first| are_certain(files, first, table));
        out.extend(same.find_map(|first| twice(first, table, imported)));
        earlier.push(table);
    }
    out
}

/// Relationships to a class, which cannot be configured without it.
fn relations_to(table: &ModelTable<'_>, tables: &[&ModelTable<'_>]) -> Vec<(Span, String)> {
    let others = tables.iter().filter(|other| other.name != table.name);
    let named = others.flat_map(|other| other.def.relations.iter().map(|r| (&other.name, r)));
    named
        .filter(|(_, (name, _))| dotted::last(name) == table.name.as_str())
        .map(|(other, (_, span))| {
            let what = format!(
                "`{other}` cannot be mapped either: this relationship needs {}",
                table.name
            );
            (*span, what)
        })
        .collect()
}

/// Names that modules with models ask SQLAlchemy, or other modules of the repository, for in vain: they cannot be imported.
pub(super) fn names(all: &Modules<'_>, tables: &[&ModelTable<'_>]) -> Vec<Fault> {
    let files = all.files();
    let modules: BTreeSet<FileId> = tables.iter().map(|table| table.span.file).collect();
    let trees = Trees::of(files);
    let mut out = Vec::new();
    for file in modules {
        let found = lacking(files, file, trees.get(files, file), None);
        out.extend(found.into_iter().map(|lacking| Fault {
            kind: "unknown-name",
            span: lacking.span,
            message: format!("this module cannot be imported: {}", lacking.message),
            related: Vec::new(),
        }));
        let own = all.of_file(file).map(|own| alembic::imports::in_vain(all, own));
        for (span, message) in own.into_iter().flatten() {
            if is_set_elsewhere(files, span) {
                continue;
            }
            out.push(Fault {
                kind: "unknown-name",
                span,
                message: format!("this module cannot be imported: {message} (ImportError)"),
                related: Vec::new(),
            });
        }
    }
    out
}

/// Whether both certainly are declared.
fn are_certain(files: &Files, first: &ModelTable<'_>, second: &ModelTable<'_>) -> bool {
    let certain = |table: &ModelTable<'_>| {
        table.maybe.is_none()
            && !table.reflected
            && !table.def.again
            && table.metadata != Metadata::Unknown
            && is_outermost(files, table.whole)
    };
    certain(first) && certain(second)
}

/// Whether a statement stands alone: neither branch of a condition, nor within a function.
fn is_outermost(files: &Files, statement: Span) -> bool {
    let text = files.text(statement.file);
    let start = (statement.start as usize).min(text.len());
    let line = text.get(..start).and_then(|before| before.rsplit('\n').next());
    line.is_some_and(|before| !before.starts_with([' ', '\t']))
}

fn twice(first: &ModelTable<'_>, second: &ModelTable<'_>, imported: Option<&[FileId]>) -> Option<Fault> {
    let name = second.def.qualified().ok()?;
    let (kind, why) = if first.metadata == second.metadata {
        let both = imported
            .is_some_and(|files| files.contains(&first.span.file) && files.contains(&second.span.file));
        let same_file = first.span.file == second.span.file;
        let kind = if both || same_file {
            "duplicate-model"
        } else {
            "duplicate-model-apart"
        };
        (
            kind,
            "in one metadata: SQLAlchemy refuses the second that is imported".to_owned(),
        )
    } else {
        (
            "duplicate-model-elsewhere",
            format!("in two metadata, {}", difference(first, second)?),
        )
    };
    let both = match (first.class.is_some(), second.class.is_some()) {
        (true, true) if first.name == second.name => format!("two models `{}`", first.name),
        (true, true) => format!("models `{}` and `{}`", first.name, second.name),
        (true, false) => format!("model `{}` and a `Table`", first.name),
        (false, true) => format!("model `{}` and a `Table`", second.name),
        (false, false) => "two `Table`s".to_owned(),
    };
    Some(Fault {
        kind,
        span: place(second),
        message: format!("{both} declare the table {name} {why}"),
        related: vec![(place(first), format!("{name} here too"))],
    })
}

/// Where a table is named: by its own declaration, not by a base that computes names.
fn place(table: &ModelTable<'_>) -> Span {
    let named = table.def.name_span;
    if table.whole.contains(named) {
        named
    } else {
        table.span
    }
}

/// A column that both have with different types.
fn difference(first: &ModelTable<'_>, second: &ModelTable<'_>) -> Option<String> {
    let name = |column: &ColumnDef<'_>| column.name.clone().ok().flatten();
    let ty = |column: &ColumnDef<'_>| column.ty.as_ref().and_then(|ty| ty.ty.clone().ok());
    for column in &second.def.columns {
        let Some(own) = name(column) else { continue };
        let other = first.def.columns.iter().find(|c| name(c).as_ref() == Some(&own));
        let (Some(one), Some(two)) = (other.and_then(ty), ty(column)) else {
            continue;
        };
        if one.base != two.base || one.array != two.array {
            return Some(format!("with different types of {own}"));
        }
    }
    None
}
