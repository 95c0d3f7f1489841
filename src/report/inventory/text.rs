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
    let mut reasons: Vec<&str> = Vec::new();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for row in &sheet.rows {
        let of = columns.iter().map(|(at, _)| row.get(*at));
        rows.push(
            of.map(|cell| cell.map_or(String::new(), |c| escape(&brief(c, files, &mut reasons))))
                .collect(),
        );
    }
    let widths = widths(&columns, &rows);
    let heads: Vec<String> = columns.iter().map(|(_, c)| c.key.replace('_', " ")).collect();
    line(&heads, &widths, out);
    let mut above = None;
    for (row, cells) in sheet.rows.iter().zip(&rows) {
        let group: Vec<String> = groups
            .iter()
            .filter_map(|(at, _)| row.get(*at))
            .map(|c| escape(&brief(c, files, &mut reasons)))
            .collect();
        if !group.is_empty() && above.as_ref() != Some(&group) {
            out.push_str(&format!("{}\n", group.join(" ")));
            above = Some(group);
        }
        line(cells, &widths, out);
    }
    for (reason, number) in reasons.iter().zip(1..) {
        out.push_str(&format!("  ?{number}: {}\n", escape(reason)));
    }
}

/// A cell in words; why something cannot be told is said below the rows, once.
fn brief<'i>(cell: &'i Cell, files: &Files, reasons: &mut Vec<&'i str>) -> String {
    match cell {
        Cell::Unknown(why) => {
            let known = reasons.iter().position(|reason| *reason == why);
            let at = known.unwrap_or_else(|| {
                reasons.push(why);
                reasons.len() - 1
            });
            format!("?{}", at + 1)
        }
        Cell::Each(cells) => {
            let parts: Vec<String> = cells.iter().map(|c| brief(c, files, reasons)).collect();
            parts.join(", ")
        }
        cell => words(cell, files),
    }
}

fn widths(columns: &[(usize, &Column)], rows: &[Vec<String>]) -> Vec<usize> {
    let of = |at: usize, head: &str| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        let widths = cells.map(|cell| cell.chars().count()).filter(|w| *w <= WIDEST);
        widths.max().unwrap_or(0).max(head.chars().count())
    };
    columns
        .iter()
        .enumerate()
        .map(|(at, (_, c))| of(at, &c.key))
        .collect()
}

fn line(cells: &[String], widths: &[usize], out: &mut String) {
    let mut text = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        text.push_str(&format!("  {cell:width$}"));
    }
    out.push_str(text.trim_end());
    out.push('\n');
}
