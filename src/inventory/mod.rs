//! What a repository holds, listed: keys, models, migrations and tables, each row with its places. Data only: `report::inventory`
//! prints it. What cannot be told is said in its row, never left out.

mod cells;
mod down;
mod effects;
pub mod impact;
pub mod keys;
pub mod migrations;
pub mod models;
mod names;
mod reach;
pub mod tables;
mod touched;
mod uses;

use crate::finding::Finding;
use crate::rules::Subject;
use crate::source::{FileId, Files, Span};

pub use cells::Held;

/// One listing: its rows, what they add up to, and what is told beside them.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// `keys`, `models`, ...
    pub name: &'static str,
    /// The listing itself first.
    pub sheets: Vec<Sheet>,
    /// What the rows add up to, in words.
    pub totals: Vec<(String, usize)>,
}

/// Everything that can be listed. `findings` are those of a whole check, `left` the files that may declare models and belong to no
/// database.
#[must_use]
pub fn all(files: &Files, subjects: &[Subject<'_>], findings: &[Finding], left: &[FileId]) -> Vec<Inventory> {
    let ((tables, keys), (models, migrations)) = rayon::join(
        || (tables::tables(subjects), keys::keys(subjects)),
        || {
            rayon::join(
                || models::models(files, subjects, findings, left),
                || migrations::migrations(files, subjects),
            )
        },
    );
    vec![tables, keys, models, migrations]
}

/// Rows of one form.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Its name in documents.
    pub name: &'static str,
    /// What it lists, for people.
    pub title: &'static str,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Its rows; each has a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// A column of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in documents: `on_delete`.
    pub key: String,
    /// Left out where the sheet is printed for people.
    pub detail: bool,
    /// Rows that agree in it stand together, below it as a heading.
    pub group: bool,
}

/// What one row says in one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// There is nothing to say.
    Empty,
    /// Words.
    Text(String),
    /// A number.
    Count(usize),
    /// Yes or no.
    Is(bool),
    /// One for each column of a key.
    Each(Vec<Cell>),
    /// Places in files.
    Places(Vec<At>),
    /// It cannot be told, and why.
    Unknown(String),
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// Where.
    pub span: Span,
    /// The migration that the place belongs to, where it is one.
    pub migration: Option<String>,
}

impl Sheet {
    /// A sheet without rows. Keys that begin with `-` are details, one that begins with `+` is what rows stand together by.
    #[must_use]
    pub fn new(name: &'static str, title: &'static str, keys: &[&str]) -> Self {
        let column = |key: &&str| Column {
            key: key.trim_start_matches(['-', '+']).to_owned(),
            detail: key.starts_with('-'),
            group: key.starts_with('+'),
        };
        Sheet {
            name,
            title,
            columns: keys.iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    /// Another column at the end.
    pub fn column(&mut self, key: impl Into<String>) {
        self.columns.push(Column {
            key: key.into(),
            detail: false,
            group: false,
        });
    }

    /// What a row says in the column of a name.
    #[must_use]
    pub fn cell<'s>(&self, row: &'s [Cell], key: &str) -> Option<&'s Cell> {
        row.get(self.columns.iter().position(|c| c.key == key)?)
    }
}

impl Inventory {
    /// The sheet of a name.
    #[must_use]
    pub fn sheet(&self, name: &str) -> Option<&Sheet> {
        self.sheets.iter().find(|sheet| sheet.name == name)
    }
}

impl Cell {
    /// Words; none where they are empty.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Cell {
        match text.into() {
            text if text.is_empty() => Cell::Empty,
            text => Cell::Text(text),
        }
    }

    /// Words, where there are any.
    #[must_use]
    pub fn maybe(text: Option<impl Into<String>>) -> Cell {
        text.map_or(Cell::Empty, Cell::text)
    }

    /// A list of words.
    #[must_use]
    pub fn list<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Cell {
        let texts: Vec<Cell> = texts.into_iter().map(Cell::text).collect();
        if texts.is_empty() {
            Cell::Empty
        } else {
            Cell::Each(texts)
        }
    }

    /// A place, where there is one.
    #[must_use]
    pub fn place(at: Option<At>) -> Cell {
        at.map_or(Cell::Empty, |at| Cell::Places(vec![at]))
    }

    /// Whether any part of it cannot be told.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        match self {
            Cell::Unknown(_) => true,
            Cell::Each(cells) => cells.iter().any(Cell::is_unknown),
            Cell::Empty | Cell::Text(_) | Cell::Count(_) | Cell::Is(_) | Cell::Places(_) => false,
        }
    }

    /// Its words alone, to sort and group by.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Cell::Empty | Cell::Places(_) => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Count(count) => count.to_string(),
            Cell::Is(is) => if *is { "yes" } else { "no" }.to_owned(),
            Cell::Each(cells) => cells.iter().map(Cell::plain).collect::<Vec<_>>().join(", "),
            Cell::Unknown(_) => "?".to_owned(),
        }
    }
}

impl At {
    /// A place that no migration is.
    #[must_use]
    pub fn new(span: Span) -> Self {
        At {
            span,
            migration: None,
        }
    }
}
