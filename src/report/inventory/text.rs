//! An inventory for people: rows in columns, below the heading that they stand together by, with what they add up to at the end.

use super::{shown, words};
use crate::inventory::{Cell, Column, Inventory, Sheet};
use crate::report::escape;
use crate::source::Files;

/// A column that is wider is not filled up.
const WIDEST: usize = 44;

/// All sheets, and the totals.
#[must_use]
pub fn render(inventory: &Inventory, files: &Files) -> String {
    let mut out = String::new();
    for sheet in inventory.sheets.iter().filter(|sheet| !sheet.rows.is_empty()) {
        out.push_str(&format!("{}\n", sheet.title));
        write(sheet, files, &mut out);
        out.push('\n');
    }
    let totals: Vec<String> = inventory
        .totals
        .iter()
        .map(|(what, count)| format!("{what}: {count}"))
        .collect();
    out.push_str(&format!("{}\n", totals.join("\n")));
    out
}

fn write(sheet: &Sheet, files: &Files, out: &mut String) {
    let (groups, columns): (Vec<_>, Vec<_>) = shown(sheet).into_iter().partition(|(_, c)| c.group);
    let cells = |row: &[Cell]| -> Vec<String> {
        let of = columns.iter().map(|(at, _)| row.get(*at));
        of.map(|cell| cell.map_or(String::new(), |c| escape(&words(c, files))))
            .collect()
    };
    let rows: Vec<Vec<String>> = sheet.rows.iter().map(|row| cells(row)).collect();
    let widths = widths(&columns, &rows);
    let heads: Vec<String> = columns.iter().map(|(_, c)| c.key.replace('_', " ")).collect();
    line(&heads, &widths, out);
    let mut above = None;
    for (row, cells) in sheet.rows.iter().zip(&rows) {
        let group: Vec<String> = groups
            .iter()
            .filter_map(|(at, _)| row.get(*at))
            .map(|c| escape(&words(c, files)))
            .collect();
        if !group.is_empty() && above.as_ref() != Some(&group) {
            out.push_str(&format!("{}\n", group.join(" ")));
            above = Some(group);
        }
        line(cells, &widths, out);
    }
}

fn widths(columns: &[(usize, &Column)], rows: &[Vec<String>]) -> Vec<usize> {
    let of = |at: usize, head: &str| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        let widths = cells.map(|cell| cell.chars().count()).filter(|w| *w <= WIDEST);
        widths.max().unwrap_or(0).max(head.chars().count())
    };
    columns.iter().enumerate().map(|(at, (_, c))| of(at, &c.key)).collect()
}

fn line(cells: &[String], widths: &[usize], out: &mut String) {
    let mut text = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        text.push_str(&format!("  {cell:width$}"));
    }
    out.push_str(text.trim_end());
    out.push('\n');
}
