//! The parts of a table that a change to it reaches, where names in it are not known: of which table, or of which constraint.

use super::Session;
use super::reach::{HOLE, holed};
use crate::change::{
    AlterTable, Behaviour, Change, ColumnOption, ColumnSpec, ConstraintBody, ConstraintSpec, TableAction,
};
use crate::known::{Gap, Reach, Section};
use crate::name::Name;

/// A part of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What is listed in a section may be otherwise.
    Of(Section),
    /// What else a section holds.
    OthersOf(Section),
}

impl Part {
    /// The part of this table.
    pub(super) fn of(&self, table: &str) -> Reach {
        match self {
            Part::Of(section) => Reach::Section(table.to_owned(), *section),
            Part::OthersOf(section) => Reach::OthersOf(table.to_owned(), *section),
        }
    }
}

/// What the actions of a statement reach on a server of a major version; `None`: anything of the table, or more.
pub(super) fn of(alter: &AlterTable, version: u32) -> Option<Vec<Part>> {
    let mut out: Vec<Part> = Vec::new();
    for action in &alter.actions {
        let parts = match action {
            TableAction::NoSchemaEffect(_) => Vec::new(),
            TableAction::AddColumn { column, .. } => of_column(column)?,
            TableAction::AddConstraint(constraint) => vec![of_constraint(constraint)?],
            // An index that backs one goes with it, and is listed nowhere else. From 18 on NOT NULL is one, too.
            TableAction::DropConstraint {
                behaviour: Behaviour::Restrict,
                ..
            } if version < 18 => vec![
                Part::Of(Section::PrimaryKey),
                Part::Of(Section::Unique),
                Part::Of(Section::ForeignKeys),
                Part::Of(Section::Checks),
            ],
            _ => return None,
        };
        out.extend(parts);
    }
    out.dedup();
    Some(out)
}

/// What a new column brings; one that counts brings a sequence, too, which is no part of the table.
fn of_column(column: &ColumnSpec) -> Option<Vec<Part>> {
    if column.serial.is_some() {
        return None;
    }
    let mut out = vec![Part::OthersOf(Section::Columns)];
    for option in &column.options {
        match option {
            ColumnOption::NotNull(..)
            | ColumnOption::Null
            | ColumnOption::Default(_)
            | ColumnOption::Generated(..)
            | ColumnOption::NoEffect => {}
            ColumnOption::Constraint(ConstraintSpec {
                body: ConstraintBody::PrimaryKey { .. },
                ..
            }) => out.push(Part::OthersOf(Section::PrimaryKey)),
            ColumnOption::Constraint(constraint) => out.push(of_constraint(constraint)?),
            ColumnOption::Identity(..) | ColumnOption::Opaque(_) => return None,
        }
    }
    // A hole among its clauses may stand for any of them.
    let clauses = format!("{:?}{:?}", column.ty, column.options);
    if clauses.contains(HOLE) {
        out.extend(Section::ALL.map(Part::OthersOf));
    }
    Some(out)
}

impl Session {
    /// Names of indexes that changes make on tables of which the name is not known: that much is certain of them.
    pub(super) fn take_names(&mut self, changes: &[Change], gap: &Gap) {
        for change in changes {
            let (table, names) = match change {
                Change::CreateIndex(index) => (&index.table.name, index.name.iter().collect::<Vec<_>>()),
                Change::AlterTable(alter) => {
                    let actions = alter.actions.iter();
                    (&alter.name.name, actions.filter_map(index_made).collect())
                }
                _ => continue,
            };
            let path = &self.database().schema().search_path;
            let place = table.schema.clone().or_else(|| path.first().cloned());
            let Some(place) = place.filter(|place| holed(table) && !place.as_str().contains(HOLE)) else {
                continue;
            };
            for name in names.into_iter().filter(|name| !name.as_str().contains(HOLE)) {
                self.world.database.may_take(&place, name, gap);
            }
        }
    }
}

/// The name of the index that backs a new constraint.
fn index_made(action: &TableAction) -> Option<&Name> {
    match action {
        TableAction::AddConstraint(constraint) => match &constraint.body {
            ConstraintBody::Unique { .. }
            | ConstraintBody::PrimaryKey { .. }
            | ConstraintBody::Exclude { .. }
            | ConstraintBody::UsingIndex { .. } => constraint.name.as_ref(),
            ConstraintBody::ForeignKey(_) | ConstraintBody::Check(_) | ConstraintBody::NotNull { .. } => None,
        },
        _ => None,
    }
}

/// Where a new constraint is listed, where it changes nothing else.
fn of_constraint(constraint: &ConstraintSpec) -> Option<Part> {
    Some(Part::OthersOf(match &constraint.body {
        ConstraintBody::Unique { .. } => Section::Unique,
        ConstraintBody::ForeignKey(_) => Section::ForeignKeys,
        ConstraintBody::Check(_) | ConstraintBody::Exclude { .. } => Section::Checks,
        // Its columns become NOT NULL; an index becomes a constraint's.
        ConstraintBody::PrimaryKey { .. }
        | ConstraintBody::UsingIndex { .. }
        | ConstraintBody::NotNull { .. } => {
            return None;
        }
    }))
}
