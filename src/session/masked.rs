//! Changes of which a part is not known run without that part; what it could have made, and nothing else, is open afterwards.
//!
//! A hole stands for what its place in the text asks for: behind `DEFAULT` for an expression, as the name of a column for a column.
//! One in the place of a type may be followed by whatever follows a type.

use super::Session;
use super::reach::{HOLE, holed};
use crate::change::{
    Change, ColumnOption, ColumnSpec, ConstraintBody, ConstraintSpec, ObjectName, TableAction, TableElement,
};
use crate::known::{Gap, Reach, Section};
use crate::name::Name;
use crate::schema::{Lookup, Relation};
use crate::source::Span;
use crate::sql::{Read, Statement};
use crate::tree::{Expr, ExprKind};

/// Stands for a clause that tells whether a column may be null, as a check: `CHECK (schemalign_hole_null)`.
pub const HOLE_NULL: &str = "schemalign_hole_null";
/// The same for how a column is generated.
pub const HOLE_GENERATED: &str = "schemalign_hole_generated";
/// The same for any clauses of a column.
pub const HOLE_OPTIONS: &str = "schemalign_hole_options";

/// What a hole leaves open of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Open {
    /// A fact of a column; all of them where it has no name.
    Column(Name, &'static str),
    /// What else a section holds.
    Others(Section),
}

/// What changes leave open, by table.
type Left = Vec<(ObjectName, Open)>;

impl Session {
    /// Sends changes with holes without what those stand for. `false`: they cannot be taken apart so.
    pub(super) fn send_masked(&mut self, read: &Read, why: &str, at: Span) -> bool {
        let Statement::Changes(changes) = &read.statement else {
            return false;
        };
        let Some((changes, left)) = masked(changes) else {
            return false;
        };
        let opaque = self.statistics.opaque;
        if changes.is_empty() {
            self.statistics.statements += 1;
        } else {
            let read = Read {
                statement: Statement::Changes(changes),
                ..read.clone()
            };
            // An error of it is noted: the caller tells that it may come.
            self.send(&read, false);
        }
        self.statistics.opaque = opaque + 1;
        self.via.clone_from(&self.program.calls);
        for (table, open) in left {
            let table = self.name_of(&table);
            let reach = match open {
                Open::Column(column, "") => Reach::Fact(format!("{table}.{column}")),
                Open::Column(column, fact) => Reach::Fact(format!("{table}.{column}: {fact}")),
                Open::Others(section) => Reach::OthersOf(table, section),
            };
            self.open(Gap::new(at, why, reach));
        }
        true
    }

    /// A table as gaps name it.
    fn name_of(&self, name: &ObjectName) -> String {
        match self.relation(&name.name) {
            Lookup::Found((Relation::Table(id), _)) => self.database().schema().table(id).qualified(),
            _ => self.printed(&name.name),
        }
    }
}

/// The changes without their holes, and what these leave open.
fn masked(changes: &[Change]) -> Option<(Vec<Change>, Left)> {
    let mut left = Left::new();
    let mut out = Vec::new();
    for change in changes {
        let mut change = change.clone();
        let kept = match &mut change {
            Change::CreateTable(create) if !holed(&create.name.name) => {
                let table = &create.name;
                create
                    .elements
                    .retain_mut(|element| keeps_element(table, element, &mut left));
                true
            }
            Change::AlterTable(alter) if !holed(&alter.name.name) => {
                let table = &alter.name;
                let some = !alter.actions.is_empty();
                alter
                    .actions
                    .retain_mut(|action| keeps_action(table, action, &mut left));
                !some || !alter.actions.is_empty()
            }
            Change::CreateIndex(index) if !holed(&index.table.name) && has_hole(index) => {
                left.push((index.table.clone(), Open::Others(Section::Indexes)));
                false
            }
            _ => true,
        };
        if kept {
            out.push(change);
        }
    }
    left.dedup();
    (!left.is_empty() && !has_hole(&out)).then_some((out, left))
}

fn has_hole(part: &impl std::fmt::Debug) -> bool {
    format!("{part:?}").contains(HOLE)
}

fn keeps_element(table: &ObjectName, element: &mut TableElement, left: &mut Left) -> bool {
    match element {
        TableElement::Column(spec) => keeps_column(table, spec, left),
        TableElement::Constraint(spec) => keeps_constraint(table, spec, left),
        TableElement::Like(_) | TableElement::Opaque(_) => true,
    }
}

fn keeps_action(table: &ObjectName, action: &mut TableAction, left: &mut Left) -> bool {
    match action {
        TableAction::AddColumn { column, .. } => keeps_column(table, column, left),
        TableAction::AddConstraint(spec) => keeps_constraint(table, spec, left),
        TableAction::SetDefault {
            column,
            default: Some(default),
            ..
        } if !is_name(column) && has_hole(default) => {
            let fact = marked(default).unwrap_or("default");
            left.push((table.clone(), Open::Column(column.clone(), fact)));
            false
        }
        TableAction::SetType {
            column, ty, using, ..
        } if !is_name(column) && has_hole(ty) && using.as_ref().is_none_or(|using| !has_hole(using)) => {
            left.push((table.clone(), Open::Column(column.clone(), "type")));
            false
        }
        _ => true,
    }
}

/// Whether a name has a hole.
fn is_name(name: &Name) -> bool {
    name.as_str().contains(HOLE)
}

fn keeps_column(table: &ObjectName, spec: &mut ColumnSpec, left: &mut Left) -> bool {
    let mut open = |open: Open| left.push((table.clone(), open));
    if is_name(&spec.name) {
        Section::ALL
            .into_iter()
            .for_each(|section| open(Open::Others(section)));
        return false;
    }
    let column = spec.name.clone();
    if has_hole(&spec.ty) {
        spec.ty = None;
        spec.serial = None;
        open(Open::Column(column.clone(), ""));
        clauses().for_each(&mut open);
    }
    if has_hole(&spec.collation) {
        spec.collation = None;
        open(Open::Column(column.clone(), "type"));
    }
    spec.options.retain(|option| {
        let fact = match option {
            ColumnOption::Default(default) if has_hole(default) => "default",
            ColumnOption::Generated(expr, _) if has_hole(expr) => "generated",
            ColumnOption::Constraint(constraint) if has_hole(constraint) => {
                let fact = match &constraint.body {
                    ConstraintBody::Check(check) => marked(check),
                    _ => None,
                };
                match fact {
                    Some(fact) => fact,
                    None => {
                        open(Open::Others(section(constraint)));
                        return false;
                    }
                }
            }
            _ => return true,
        };
        open(Open::Column(column.clone(), fact));
        if fact.is_empty() {
            clauses().for_each(&mut open);
        }
        false
    });
    true
}

/// What the clauses of a column may make beside it.
fn clauses() -> impl Iterator<Item = Open> {
    let sections = [
        Section::PrimaryKey,
        Section::Unique,
        Section::ForeignKeys,
        Section::Checks,
    ];
    sections.into_iter().map(Open::Others)
}

/// The fact of a column that a mark stands for.
fn marked(expr: &Expr) -> Option<&'static str> {
    let ExprKind::Column(column) = &expr.kind else {
        return None;
    };
    Some(match column.name.as_str() {
        HOLE_NULL => "nullable",
        HOLE_GENERATED => "generated",
        HOLE_OPTIONS => "",
        _ => return None,
    })
}

fn keeps_constraint(table: &ObjectName, spec: &ConstraintSpec, left: &mut Left) -> bool {
    let is_held = has_hole(spec);
    if is_held {
        left.push((table.clone(), Open::Others(section(spec))));
    }
    !is_held
}

/// Where a constraint is listed.
fn section(spec: &ConstraintSpec) -> Section {
    match &spec.body {
        ConstraintBody::PrimaryKey { .. } => Section::PrimaryKey,
        ConstraintBody::UsingIndex { primary: true, .. } => Section::PrimaryKey,
        ConstraintBody::Unique { .. } | ConstraintBody::UsingIndex { .. } => Section::Unique,
        ConstraintBody::ForeignKey(_) => Section::ForeignKeys,
        ConstraintBody::Check(_) | ConstraintBody::Exclude { .. } | ConstraintBody::NotNull { .. } => {
            Section::Checks
        }
    }
}
