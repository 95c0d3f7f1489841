//! The place within a statement that says one fact: the line of a column in a long `CREATE TABLE`.
//!
//! A change is recorded by its statement. Only what a finding shows needs more, so the statement is read again then.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::Context;
use crate::change::{
    Change, ColumnOption, ColumnSpec, ConstraintBody, ConstraintSpec, TableAction, TableElement,
};
use crate::known::{ChangeId, Presence};
use crate::name::Name;
use crate::schema::{ColumnWalker, ConstraintKind, ConstraintWalker, IndexWalker, TableWalker};
use crate::source::{Span, Text};
use crate::sql::Statement;

/// What of a statement is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'a> {
    /// All of it.
    Statement,
    /// The name of the object that it makes or changes.
    Object,
    /// A fact of a column, which has any of these names.
    Of(Fact, &'a [&'a Name]),
    /// A constraint: the word that it is of, and its columns.
    Constraint(&'static str, &'a [&'a Name]),
    /// A constraint of this name.
    Named(&'a Name),
    /// What drops a constraint or index of this name.
    Dropped(&'a Name),
}

/// What of a column is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact {
    /// That it is there.
    Column,
    /// Its type.
    Type,
    /// What allows or forbids NULL.
    Null,
    /// Its default, identity or expression.
    Default,
}

/// A place on the database's side.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Where.
    pub(crate) span: Span,
    /// The migration's name.
    pub(crate) migration: Option<String>,
}

impl Place {
    /// The migration as a message names it.
    pub(crate) fn by(&self) -> String {
        self.migration
            .as_ref()
            .map_or_else(|| "a migration".to_owned(), |m| format!("migration {m}"))
    }
}

impl Context<'_> {
    /// The place of a part of a change.
    pub(crate) fn place(&self, change: Option<ChangeId>, part: Part<'_>) -> Option<Place> {
        let journal = self.journal()?;
        let change = change?;
        let origin = journal.origin(change)?;
        let span = match journal.made(change) {
            Some(made) => within(made, part).filter(|found| origin.span.contains(*found)),
            None => self.part_of(origin.span, part),
        };
        let span = span.unwrap_or(origin.span);
        Some(Place {
            span,
            migration: journal.migration(change).map(str::to_owned),
        })
    }

    fn part_of(&self, statement: Span, part: Part<'_>) -> Option<Span> {
        if matches!(part, Part::Statement) {
            return None;
        }
        let changes = self.reread(statement)?;
        let found = changes
            .iter()
            .filter_map(|change| within(change, part))
            .next_back()?;
        statement.contains(found).then_some(found)
    }

    /// The changes of a statement, read once as long as its file stays as it is.
    pub(crate) fn reread(&self, statement: Span) -> Option<Arc<Vec<Change>>> {
        let file = self.subject.files.read(statement.file).ok()?;
        let reread = file.derive(Reread::default);
        let known = || reread.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(changes) = known().get(&statement) {
            return Some(changes.clone());
        }
        file.text.get(statement.range())?;
        let text = Text::of_file(statement.file, file.text.clone()).slice(statement.range());
        let mut changes = Vec::new();
        for read in crate::sql::read(&text) {
            if let Statement::Changes(mut own) = read.statement {
                changes.append(&mut own);
            }
        }
        let changes = Arc::new(changes);
        known().insert(statement, changes.clone());
        Some(changes)
    }
}

/// Statements of a file that were read again to tell a place within them.
#[derive(Default)]
struct Reread(Mutex<FxHashMap<Span, Arc<Vec<Change>>>>);

/// The span of a part in a change.
fn within(change: &Change, part: Part<'_>) -> Option<Span> {
    match (change, part) {
        (Change::CreateTable(table), Part::Object) => Some(table.name.span),
        (Change::CreateTable(table), _) => {
            let found = table.elements.iter().find_map(|element| match element {
                TableElement::Column(column) => in_column(column, part),
                TableElement::Constraint(constraint) => in_constraint(constraint, part),
                TableElement::Like(_) | TableElement::Opaque(_) => None,
            });
            found.or(Some(table.name.span))
        }
        (Change::AlterTable(table), Part::Object) => Some(table.name.span),
        (Change::AlterTable(table), _) => table
            .actions
            .iter()
            .filter_map(|a| in_action(a, part))
            .next_back(),
        (Change::CreateIndex(index), _) => Some(index.name_span),
        (Change::CreateTableAs { name, .. } | Change::CreateView { name, .. }, _) => Some(name.span),
        (
            Change::CreateEnum { name, .. }
            | Change::AddEnumLabel { name, .. }
            | Change::RenameEnumLabel { name, .. }
            | Change::Rename { name, .. }
            | Change::SetSchema { name, .. }
            | Change::CreateDomain { name, .. },
            _,
        ) => Some(name.span),
        (Change::Drop { names, .. }, Part::Dropped(name)) => {
            names.iter().find(|n| n.name.name == *name).map(|n| n.span)
        }
        (Change::Drop { names, .. }, Part::Object) if names.len() == 1 => names.first().map(|n| n.span),
        _ => None,
    }
}

fn in_column(column: &ColumnSpec, part: Part<'_>) -> Option<Span> {
    let is = |names: &[&Name]| names.contains(&&column.name);
    let of_option = |pick: &dyn Fn(&ColumnOption) -> Option<Span>| column.options.iter().find_map(pick);
    match part {
        Part::Of(Fact::Column, names) if is(names) => Some(column.name_span),
        Part::Of(Fact::Type, names) if is(names) => Some(column.ty_span),
        Part::Of(Fact::Null, names) if is(names) => of_option(&|o| match o {
            ColumnOption::NotNull(_, span) => Some(*span),
            ColumnOption::Constraint(c) if matches!(c.body, ConstraintBody::PrimaryKey { .. }) => {
                Some(c.span)
            }
            _ => None,
        })
        .or(Some(column.name_span)),
        Part::Of(Fact::Default, names) if is(names) => of_option(&|o| match o {
            ColumnOption::Default(expr) | ColumnOption::Generated(expr, _) => Some(expr.span),
            _ => None,
        })
        .or(Some(column.name_span)),
        Part::Constraint(..) | Part::Named(_) => of_option(&|o| match o {
            ColumnOption::Constraint(constraint) => in_column_constraint(constraint, &column.name, part),
            _ => None,
        }),
        _ => None,
    }
}

fn word_and_columns(body: &ConstraintBody) -> Option<(&'static str, &[Name])> {
    match body {
        ConstraintBody::PrimaryKey { columns, .. } => Some(("primary key", columns)),
        ConstraintBody::Unique { columns, .. } => Some(("unique", columns)),
        ConstraintBody::ForeignKey(key) => Some(("foreign key", &key.columns)),
        ConstraintBody::UsingIndex { primary: true, .. } => Some(("primary key", &[])),
        ConstraintBody::UsingIndex { primary: false, .. } => Some(("unique", &[])),
        ConstraintBody::Check(_) | ConstraintBody::Exclude { .. } | ConstraintBody::NotNull { .. } => None,
    }
}

fn in_constraint(constraint: &ConstraintSpec, part: Part<'_>) -> Option<Span> {
    if let Part::Named(name) = part {
        return (constraint.name.as_ref() == Some(name)).then_some(constraint.span);
    }
    let Part::Constraint(word, columns) = part else {
        return None;
    };
    let (own, names) = word_and_columns(&constraint.body)?;
    let same =
        names.is_empty() || (names.len() == columns.len() && names.iter().all(|n| columns.contains(&n)));
    (own == word && same).then_some(constraint.span)
}

fn in_column_constraint(constraint: &ConstraintSpec, column: &Name, part: Part<'_>) -> Option<Span> {
    if let Part::Named(name) = part {
        return (constraint.name.as_ref() == Some(name)).then_some(constraint.span);
    }
    let Part::Constraint(word, columns) = part else {
        return None;
    };
    let (own, _) = word_and_columns(&constraint.body)?;
    (own == word && columns == [column]).then_some(constraint.span)
}

fn in_action(action: &TableAction, part: Part<'_>) -> Option<Span> {
    let touched = |names: &[&Name], column: &Name, span: Span| names.contains(&column).then_some(span);
    match (action, part) {
        (TableAction::DropConstraint { name, span, .. }, Part::Dropped(dropped)) => {
            (name == dropped).then_some(*span)
        }
        (TableAction::AddColumn { column, .. }, _) => in_column(column, part),
        (TableAction::AddConstraint(constraint), _) => in_constraint(constraint, part),
        (
            TableAction::SetType { column, span, .. },
            Part::Of(Fact::Type, names) | Part::Of(Fact::Column, names),
        )
        | (TableAction::SetNotNull { column, span, .. }, Part::Of(Fact::Null, names))
        | (
            TableAction::SetDefault { column, span, .. }
            | TableAction::AddIdentity { column, span, .. }
            | TableAction::SetIdentity { column, span, .. }
            | TableAction::DropIdentity { column, span, .. },
            Part::Of(Fact::Default, names),
        )
        | (
            TableAction::DropColumn {
                name: column, span, ..
            },
            Part::Of(Fact::Column, names),
        )
        | (
            TableAction::RenameColumn {
                from: column, span, ..
            },
            Part::Of(Fact::Column, names),
        ) => touched(names, column, *span),
        _ => None,
    }
}

/// The names that a column has had, its present one first.
pub(crate) fn names_of<'a>(column: ColumnWalker<'a>) -> Vec<Name> {
    let log = &column.table.get().log;
    let earlier = log.iter().filter(|e| e.column == Some(column.id)).rev();
    let earlier = earlier.filter_map(|e| e.what.strip_prefix("renamed from ").map(Name::new));
    std::iter::once(column.name().clone()).chain(earlier).collect()
}

/// The change that made an object.
pub(crate) fn made(presence: &Presence) -> Option<ChangeId> {
    match presence {
        Presence::Present(id) => Some(*id),
        Presence::Dropped(_) | Presence::Maybe(_) => None,
    }
}

impl Context<'_> {
    /// Where a table was made.
    pub(crate) fn of_table(&self, table: TableWalker<'_>) -> Option<Place> {
        self.place(made(&table.get().presence), Part::Object)
    }

    /// Where a column was made.
    pub(crate) fn of_column(&self, column: ColumnWalker<'_>) -> Option<Place> {
        self.column_part(column, made(&column.get().presence), Fact::Column)
    }

    /// Where a fact of a column was set.
    pub(crate) fn column_part(
        &self,
        column: ColumnWalker<'_>,
        change: Option<ChangeId>,
        fact: Fact,
    ) -> Option<Place> {
        let names = names_of(column);
        let names: Vec<&Name> = names.iter().collect();
        self.place(change, Part::Of(fact, &names))
    }

    /// Where a constraint was made.
    pub(crate) fn of_constraint(&self, constraint: ConstraintWalker<'_>) -> Option<Place> {
        let word = match &constraint.get().kind {
            ConstraintKind::PrimaryKey(_) => "primary key",
            ConstraintKind::Unique(_) => "unique",
            ConstraintKind::ForeignKey(_) => "foreign key",
            ConstraintKind::Check(_) => "check",
            ConstraintKind::Exclude(..) => "exclude",
        };
        let all: Vec<Vec<Name>> = constraint.columns().map(names_of).collect();
        // The first name of each is its present one; a constraint made before a rename is found by the last.
        let pick = |last: bool| -> Vec<&Name> {
            all.iter()
                .filter_map(|n| if last { n.last() } else { n.first() })
                .collect()
        };
        let change = made(&constraint.get().presence);
        let statement = self.place(change, Part::Statement)?;
        let found = [false, true]
            .into_iter()
            .filter_map(|last| self.place(change, Part::Constraint(word, &pick(last))))
            .find(|place| place.span != statement.span);
        let name = constraint.get().name.known();
        let named = || self.place(change, Part::Named(name?));
        found.or_else(named).or(Some(statement))
    }

    /// Where an index was made, be it a constraint's.
    pub(crate) fn of_index(&self, index: IndexWalker<'_>) -> Option<Place> {
        match index.get().constraint {
            Some(id) => self.of_constraint(ConstraintWalker {
                table: index.table,
                id,
            }),
            None => self.place(made(&index.get().presence), Part::Object),
        }
    }
}
