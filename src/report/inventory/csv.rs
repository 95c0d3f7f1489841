//! One sheet of an inventory for a spreadsheet (RFC 4180).

use super::words;
use crate::inventory::{Cell, Sheet};
use crate::report::escape;
use crate::source::Files;

/// The sheet, its names first.
#[must_use]
pub fn render(sheet: &Sheet, files: &Files) -> String {
    let mut out = String::new();
    let heads: Vec<String> = sheet.columns.iter().map(|c| field(&c.key)).collect();
    out.push_str(&format!("{}\n", heads.join(",")));
    for row in &sheet.rows {
        let cells: Vec<String> = row.iter().map(|cell| field(&said(cell, files))).collect();
        out.push_str(&format!("{}\n", cells.join(",")));
    }
    out
}

/// Parts of a cell are apart by `; `.
fn said(cell: &Cell, files: &Files) -> String {
    match cell {
        Cell::Each(cells) => cells
            .iter()
            .map(|c| said(c, files))
            .collect::<Vec<_>>()
            .join("; "),
        cell => words(cell, files),
    }
}

/// A field; what a spreadsheet would take for a formula is a text.
fn field(text: &str) -> String {
    let text = escape(text);
    let formula = text.starts_with(['=', '+', '-', '@']);
    let text = if formula { format!("'{text}") } else { text };
    if text.contains(['"', ',', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
