//! An inventory as tables of Markdown, to be kept beside the code or sent round.

use super::{shown, words};
use crate::inventory::{Inventory, Sheet};
use crate::report::markup::markdown;
use crate::source::Files;

/// All sheets, and the totals.
#[must_use]
pub fn render(inventory: &Inventory, files: &Files) -> String {
    let mut out = String::new();
    for sheet in inventory.sheets.iter().filter(|sheet| !sheet.rows.is_empty()) {
        out.push_str(&format!("## {}\n\n", sheet.title));
        table(sheet, files, &mut out);
        out.push('\n');
    }
    out.push_str("## Totals\n\n| | |\n|---|---:|\n");
    for (what, count) in &inventory.totals {
        out.push_str(&format!("| {} | {count} |\n", markdown(what)));
    }
    out
}

/// A heading above all.
#[must_use]
pub fn title(text: &str) -> String {
    format!("# {}\n\n", markdown(text))
}

fn table(sheet: &Sheet, files: &Files, out: &mut String) {
    let columns = shown(sheet);
    let heads: Vec<String> = columns
        .iter()
        .map(|(_, c)| markdown(&c.key.replace('_', " ")))
        .collect();
    out.push_str(&format!(
        "| {} |\n|{}\n",
        heads.join(" | "),
        "---|".repeat(heads.len())
    ));
    for row in &sheet.rows {
        let cells = columns.iter().map(|(at, _)| row.get(*at));
        let cells: Vec<String> = cells
            .map(|cell| cell.map_or(String::new(), |c| markdown(&words(c, files))))
            .collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
}
