//! Every change to a table or column, in order, with migration and line.

use super::escape;
use super::object::{self, Object};
use crate::session::Outcome;
use crate::source::Files;

/// The changes, one a line, below the object's name.
#[must_use]
pub fn changes(object: Object, outcome: &Outcome, files: &Files) -> String {
    let schema = &outcome.schema;
    let table = &schema.tables[object.table];
    let mut out = format!("{}\n", escape(&object::name(schema, object)));
    let mut line = |change, what: &str| {
        let place = object::place(change, &outcome.journal, files);
        out.push_str(&format!("  {place}: {}\n", escape(what)));
    };
    let column = object.column.and_then(|id| table.columns.get(id.0 as usize));
    // A column that came with its table has no entry of its own.
    let own = table
        .log
        .iter()
        .any(|e| e.column == object.column && e.what.contains("added"));
    if column.is_some()
        && !own
        && let Some(first) = table.log.first()
    {
        line(first.change, "came with the table");
    }
    for entry in &table.log {
        let of = entry.column.and_then(|id| table.columns.get(id.0 as usize));
        match (column, of) {
            (None, Some(of)) if !entry.what.contains(of.name.as_str()) => {
                line(entry.change, &format!("{}: {}", of.name, entry.what));
            }
            (None, _) => line(entry.change, &entry.what),
            (Some(_), _) if entry.column == object.column => line(entry.change, &entry.what),
            (Some(_), _) => {}
        }
    }
    out
}
