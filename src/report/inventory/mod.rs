//! An inventory in each of its forms.

pub mod csv;
pub mod json;
pub mod markdown;
pub mod text;

use crate::inventory::{At, Cell, Column, Sheet};
use crate::source::Files;

/// The columns that are printed for people: not the details, not what no row says, and not what all rows say alike.
pub(super) fn shown(sheet: &Sheet) -> Vec<(usize, &Column)> {
    let all = sheet.columns.iter().enumerate();
    all.filter(|(at, column)| {
        let mut cells = sheet.rows.iter().filter_map(|row| row.get(*at));
        let said = cells.clone().any(|cell| *cell != Cell::Empty);
        let target = column.key == "target" || column.key == "targets";
        let alike = target && cells.next().is_some_and(|first| cells.all(|cell| cell == first));
        !column.detail && said && !alike
    })
    .collect()
}

/// A cell in words.
pub(super) fn words(cell: &Cell, files: &Files) -> String {
    match cell {
        Cell::Each(cells) => cells
            .iter()
            .map(|c| words(c, files))
            .collect::<Vec<_>>()
            .join(", "),
        Cell::Places(places) => places
            .iter()
            .map(|at| place(at, files))
            .collect::<Vec<_>>()
            .join(", "),
        Cell::Unknown(why) => format!("? ({why})"),
        Cell::Empty | Cell::Text(_) | Cell::Count(_) | Cell::Is(_) => cell.plain(),
    }
}

/// `migrations/0001.sql:3`.
fn place(at: &At, files: &Files) -> String {
    format!("{}:{}", files.path(at.span.file), files.start(at.span).line)
}
