//! The parts of a table that a change to it reaches, where names in it are not known: of which table, or of which constraint.

use super::reach::HOLE;
use crate::change::{
    AlterTable, Behaviour, ColumnOption, ColumnSpec, ConstraintBody, ConstraintSpec, TableAction,
};
use crate::known::{Reach, Section};

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
