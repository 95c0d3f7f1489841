//! What lies at a place of a file: a model, a field, or the statement of a migration that made something; and the way from one to the
//! other side.

use crate::check::{Run, Runs};
use crate::declared::{Expectation, Field, Model};
use crate::known::ChangeId;
use crate::report::object::Object;
use crate::schema::{ColumnId, Lookup, TableWalker};
use crate::source::{FileId, Files, Span};

use super::position::holds;

/// A model or one of its fields, with its target.
#[derive(Clone, Copy)]
pub(super) struct Declared<'a> {
    pub(super) run: &'a Run,
    pub(super) model: &'a Model,
    pub(super) field: Option<&'a Field>,
}

impl<'a> Declared<'a> {
    /// Its table, where the history has it.
    pub(super) fn table(&self) -> Option<TableWalker<'a>> {
        let outcome = self.run.replayed.outcome.as_ref()?;
        let Some(Expectation::Exactly(name)) = &self.model.table else {
            return None;
        };
        match outcome.schema.table_named(name) {
            Lookup::Found(table) => Some(table),
            Lookup::Absent | Lookup::Unknown(_) => None,
        }
    }

    /// Its table or column.
    pub(super) fn object(&self) -> Option<Object> {
        let table = self.table()?;
        let column = match self.field {
            None => None,
            Some(field) => Some(match table.column(&field.column) {
                Lookup::Found(column) => column.id,
                Lookup::Absent | Lookup::Unknown(_) => return None,
            }),
        };
        Some(Object {
            table: table.id,
            column,
        })
    }
}

/// The fields and models at a byte of a file; the same model once a target.
pub(super) fn declared<'a>(runs: &'a Runs, files: &Files, file: FileId, offset: u32) -> Vec<Declared<'a>> {
    let mut out = Vec::new();
    let line = |span: Span| files.start(span).line;
    let here = line(Span::new(file, offset as usize, offset as usize));
    for run in &runs.runs {
        for model in run.models.iter().flat_map(|set| &set.models) {
            let at = |f: &&Field| {
                holds(f.whole, file, offset)
                    || holds(f.span, file, offset)
                    || (f.span.file == file && line(f.span) == here)
            };
            let mut fields: Vec<&Field> = model.fields.iter().filter(at).collect();
            fields.sort_by_key(|f| {
                (
                    !holds(f.span, file, offset),
                    f.whole.end.saturating_sub(f.whole.start),
                )
            });
            if let Some(field) = fields.first() {
                out.push(Declared {
                    run,
                    model,
                    field: Some(field),
                });
            } else if model.span.file == file && (holds(model.span, file, offset) || line(model.span) == here)
            {
                out.push(Declared {
                    run,
                    model,
                    field: None,
                });
            }
        }
    }
    out
}

/// The change that last set an object: a column's type, a table's making.
pub(super) fn last_change(run: &Run, object: Object) -> Option<Span> {
    let outcome = run.replayed.outcome.as_ref()?;
    let table = &outcome.schema.tables[object.table];
    let change: ChangeId = match object.column {
        Some(id) => match &table.columns.get(id.0 as usize)?.ty {
            crate::known::Fact::Known(_, change) => *change,
            crate::known::Fact::Unknown { gap, .. } => return gap.at,
        },
        None => table.log.first()?.change,
    };
    outcome.journal.origin(change).map(|origin| origin.span)
}

/// The tables and columns that a statement at a byte of a migration last set.
pub(super) fn made_at(run: &Run, file: FileId, offset: u32) -> Vec<Object> {
    let Some(outcome) = run.replayed.outcome.as_ref() else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for table in outcome.schema.live_tables() {
        let held = table.get();
        let at = |change: ChangeId| {
            let origin = outcome.journal.origin(change);
            origin.is_some_and(|origin| holds(origin.span, file, offset))
        };
        for entry in held.log.iter().filter(|entry| at(entry.change)) {
            let object = Object {
                table: table.id,
                column: entry.column.map(|id| ColumnId(id.0)),
            };
            if !out.contains(&object) {
                out.push(object);
            }
        }
    }
    out
}

/// The models and fields of an object.
pub(super) fn models_of(run: &Run, object: Object) -> Vec<Declared<'_>> {
    let Some(outcome) = run.replayed.outcome.as_ref() else {
        return Vec::new();
    };
    let held = &outcome.schema.tables[object.table];
    let column = object
        .column
        .and_then(|id| held.columns.get(id.0 as usize))
        .map(|c| &c.name);
    let mut out = Vec::new();
    for model in run.models.iter().flat_map(|set| &set.models) {
        let one = Declared {
            run,
            model,
            field: None,
        };
        if one.table().is_none_or(|table| table.id != object.table) {
            continue;
        }
        let field = column.and_then(|name| model.fields.iter().find(|f| f.column == *name));
        if column.is_none() || field.is_some() {
            out.push(Declared { field, ..one });
        }
    }
    out
}
