//! Functions of the repository that SQLAlchemy calls when a construct is attached to its table: they may give it another name, or the
//! table another construct. They are not run; what they may change is not known.
//!
//! Source: `sqlalchemy/sql/events.py`, `DDLEvents.before_parent_attach`, `after_parent_attach`; a listener to a class hears its
//! subclasses (`sqlalchemy/event/attr.py`, `_ClsLevelDispatch`).

use std::sync::LazyLock;

use regex::Regex;

use super::naming::Kind;
use crate::interpret::python::spoken::{Subject, speaks_of};
use crate::known::{Gap, Reach, Section};
use crate::source::{FileId, Files, Span};

/// What a function listens to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listened {
    /// Constructs of these kinds: their names.
    Names(&'static [Kind]),
    /// Tables and columns, or types and single columns: what these sections of a table hold.
    Tables(&'static [Section]),
}

static LISTENS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let target = r"(?:\w+\s*\.\s*)*(\w+)";
    Regex::new(&format!(
        r#"\blisten(?:s_for)?\(\s*{target}\s*,\s*["'](?:before|after)_parent_attach["']"#
    ))
    .ok()
});

/// What is attached beside columns.
const CONSTRAINTS: &[Section] = &[
    Section::Unique,
    Section::ForeignKeys,
    Section::Checks,
    Section::Indexes,
];

/// The listeners that modules add, each with its place.
pub fn listeners(files: &Files, modules: impl IntoIterator<Item = FileId>) -> Vec<(Listened, Gap)> {
    let mut out = Vec::new();
    for file in modules {
        if !speaks_of(files, file, Subject::Listeners) {
            continue;
        }
        let text = files.text(file);
        for found in LISTENS.iter().flat_map(|listens| listens.captures_iter(&text)) {
            let (Some(whole), Some(target)) = (found.get(0), found.get(1)) else {
                continue;
            };
            let listened = match target.as_str() {
                "PrimaryKeyConstraint" => Listened::Names(&[Kind::PrimaryKey]),
                "UniqueConstraint" => Listened::Names(&[Kind::Unique]),
                "ForeignKeyConstraint" => Listened::Names(&[Kind::ForeignKey]),
                "CheckConstraint" => Listened::Names(&[Kind::Check]),
                "Index" => Listened::Names(&[Kind::Index]),
                "Constraint" | "ColumnCollectionConstraint" => {
                    Listened::Names(&[Kind::PrimaryKey, Kind::Unique, Kind::ForeignKey, Kind::Check])
                }
                "Table" | "Column" | "MetaData" | "SchemaItem" => Listened::Tables(&Section::ALL),
                _ => Listened::Tables(CONSTRAINTS),
            };
            let at = Span::new(file, whole.start(), whole.end());
            let why = "what a function does that hears of each construct that is attached to a table";
            out.push((listened, Gap::new(at, why, Reach::Rows)));
        }
    }
    out
}
