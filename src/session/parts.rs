//! The parts of a table that a change to it reaches, where names in it are not known: of which table, or of which constraint.

use super::Session;
use super::reach::{HOLE, holed};
use crate::change::{
    AlterTable, Behaviour, Change, ColumnOption, ColumnSpec, ConstraintBody, ConstraintSpec, TableAction,
};
use crate::known::{Fact, Gap, Reach, Section};
use crate::name::Name;
use crate::schema::{Column, ConstraintKind, IndexKey, TableWalker};
use crate::tree::ExprKind;

/// A part of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// A fact of a column of this name, where the table has one.
    Fact(Name, &'static str),
    /// A column of this name gets another type, where the table has one.
    Type(Name),
    /// What is listed in a section may be otherwise.
    Of(Section),
    /// What else a section holds.
    OthersOf(Section),
}

impl Part {
    /// Whether a table has such a part.
    fn is_of(&self, table: TableWalker<'_>) -> bool {
        match self {
            Part::Fact(name, _) | Part::Type(name) => {
                table.open(Section::Columns).is_some() || column(table, name).is_some()
            }
            Part::Of(_) | Part::OthersOf(_) => true,
        }
    }

    /// What it reaches of this table.
    fn of(&self, table: TableWalker<'_>, out: &mut Vec<Reach>) {
        let name = table.qualified();
        let reach = match self {
            Part::Of(section) => Reach::Section(name, *section),
            Part::OthersOf(section) => Reach::OthersOf(name, *section),
            Part::Fact(column, fact) => Reach::Fact(format!("{name}.{column}: {fact}")),
            Part::Type(changed) if is_typed_alone(table, changed) => {
                let fact = |fact: &str| Reach::Fact(format!("{name}.{changed}: {fact}"));
                out.push(fact("type"));
                fact("default")
            }
            Part::Type(changed) => {
                // An identity's sequence gets the type, too.
                let sequence = column(table, changed).and_then(|column| column.sequence);
                out.extend(sequence.map(|id| {
                    let sequence = &table.schema.sequences[id];
                    let place = &table.schema.namespaces[sequence.namespace].name;
                    Reach::Object(format!("{place}.{}", sequence.name))
                }));
                Reach::Object(name)
            }
        };
        out.push(reach);
    }
}

/// What changes of such parts reach of a table: all of them, or nothing.
pub(super) fn of_table(parts: &[Part], table: TableWalker<'_>, out: &mut Vec<Reach>) {
    if parts.iter().all(|part| part.is_of(table)) {
        parts.iter().for_each(|part| part.of(table, out));
    }
}

fn column<'s>(table: TableWalker<'s>, name: &Name) -> Option<&'s Column> {
    let mut columns = table.get().columns.iter();
    columns.find(|c| c.name == *name && c.presence.may_be())
}

/// Whether another type for a column changes nothing else of its table but its default: no sequence or collation of its own, no
/// expression that the server would write anew.
fn is_typed_alone(table: TableWalker<'_>, name: &Name) -> bool {
    let Some(column) = column(table, name) else {
        return true;
    };
    let is_check = |c: &ConstraintKind| matches!(c, ConstraintKind::Check(_) | ConstraintKind::Exclude(..));
    let table = table.get();
    matches!(column.identity, Fact::Known(None, _))
        && column.collation.is_none()
        && !table.constraints.iter().any(|c| is_check(&c.kind))
        && table.indexes.iter().all(|index| {
            let plain =
                |key: &IndexKey| matches!(key.expr.expr.kind, ExprKind::Var(..)) && key.opclass.is_none();
            index.predicate.is_none() && index.keys.iter().all(plain)
        })
}

/// What the actions of a statement reach on a server of a major version; `None`: anything of the table, or more.
pub(super) fn of(alter: &AlterTable, version: u32) -> Option<Vec<Part>> {
    let mut out: Vec<Part> = Vec::new();
    for action in &alter.actions {
        let parts = match action {
            TableAction::NoSchemaEffect(_) => Vec::new(),
            TableAction::AddColumn { column, .. } => of_column(column)?,
            // The columns of a key become NOT NULL.
            TableAction::AddConstraint(ConstraintSpec {
                body: ConstraintBody::PrimaryKey { columns, .. },
                ..
            }) if version < 18 => {
                let columns = columns.iter().map(known).collect::<Option<Vec<_>>>()?;
                let facts = columns.into_iter().map(|name| Part::Fact(name, "nullable"));
                facts.chain([Part::OthersOf(Section::PrimaryKey)]).collect()
            }
            TableAction::AddConstraint(constraint) => vec![of_constraint(constraint)?],
            TableAction::SetNotNull { column, .. } if version < 18 => {
                vec![Part::Fact(known(column)?, "nullable")]
            }
            TableAction::SetDefault { column, .. } => vec![Part::Fact(known(column)?, "default")],
            TableAction::SetType {
                column,
                collation: None,
                ..
            } => vec![Part::Type(known(column)?)],
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
    // What is new in a table is none of its columns yet.
    let is_new = |action: &TableAction| matches!(action, TableAction::AddColumn { .. });
    let is_there = |part: &Part| matches!(part, Part::Fact(..) | Part::Type(_));
    if alter.actions.iter().any(is_new) && out.iter().any(is_there) {
        return None;
    }
    out.dedup();
    Some(out)
}

/// A name that is known.
fn known(name: &Name) -> Option<Name> {
    (!name.as_str().contains(HOLE)).then(|| name.clone())
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
