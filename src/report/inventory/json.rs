//! The inventory's document.

use serde_json::{Map, Value, json};

use crate::inventory::{At, Cell, Inventory, Sheet};
use crate::source::Files;

/// The document: a list for each sheet, and the totals.
#[must_use]
pub fn render(inventory: &Inventory, files: &Files) -> String {
    serde_json::to_string_pretty(&document(inventory, files)).unwrap_or_default() + "\n"
}

/// The same as a value.
#[must_use]
pub fn document(inventory: &Inventory, files: &Files) -> Value {
    let mut out = Map::new();
    out.insert("version".to_owned(), Value::from(1));
    out.insert("inventory".to_owned(), Value::from(inventory.name));
    for sheet in &inventory.sheets {
        out.insert(sheet.name.to_owned(), rows(sheet, files));
    }
    let totals = inventory.totals.iter();
    let totals: Map<String, Value> = totals.map(|(what, n)| (what.clone(), Value::from(*n))).collect();
    out.insert("totals".to_owned(), Value::Object(totals));
    Value::Object(out)
}

fn rows(sheet: &Sheet, files: &Files) -> Value {
    let row = |row: &Vec<Cell>| -> Value {
        let cells = sheet.columns.iter().zip(row);
        let cells: Map<String, Value> = cells
            .map(|(c, cell)| (c.key.clone(), value(cell, files)))
            .collect();
        Value::Object(cells)
    };
    sheet.rows.iter().map(row).collect()
}

fn value(cell: &Cell, files: &Files) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Text(text) => Value::from(text.as_str()),
        Cell::Count(count) => Value::from(*count),
        Cell::Is(is) => Value::from(*is),
        Cell::Each(cells) => cells.iter().map(|c| value(c, files)).collect(),
        Cell::Places(places) => places.iter().map(|at| place(at, files)).collect(),
        Cell::Unknown(why) => json!({"unknown": why}),
    }
}

fn place(at: &At, files: &Files) -> Value {
    let start = files.start(at.span);
    let mut out = json!({
        "file": files.path(at.span.file),
        "line": start.line,
        "column": start.column,
    });
    if let Some(migration) = &at.migration {
        out["migration"] = Value::from(migration.as_str());
    }
    out
}
