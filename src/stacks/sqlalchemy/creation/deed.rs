//! What deeds leave unknown of a table as its model declares it.

use super::{Deed, Event, What};
use crate::change::{Change, TableAction};
use crate::known::{Gap, Section};
use crate::source::Text;
use crate::sql::{self, Statement};
use crate::stacks::sqlalchemy::table::{ColumnDef, TableDef};

/// What is attached to a table besides columns.
const CONSTRAINTS: &[Section] = &[
    Section::PrimaryKey,
    Section::Unique,
    Section::ForeignKeys,
    Section::Checks,
    Section::Indexes,
];

/// What stands for `%(table)s` where it does not matter which it is.
const SUBJECT: &str = "t";

/// Leaves unknown what functions change of a table before it is made, and statements of its columns afterwards; all is kept for who
/// makes it.
pub fn take(def: &mut TableDef<'_>, deeds: Vec<Deed>) {
    for deed in &deeds {
        match &deed.what {
            What::Anything { .. } => {}
            What::Statement(_) => altered(def, deed),
            _ if deed.event != Event::BeforeCreate => {}
            What::Constraints => def
                .open
                .extend(CONSTRAINTS.iter().map(|s| (*s, deed.gap.clone()))),
            What::Column(key) => {
                let columns = def.columns.iter_mut();
                let own = columns.filter(|c| c.key == *key);
                own.for_each(|column| unsettle(column, &deed.gap));
            }
            What::Type(key) => {
                let own = def.columns.iter_mut().filter(|c| c.key == *key);
                own.flat_map(|c| &mut c.ty)
                    .for_each(|ty| ty.ty = Err(deed.gap.clone()));
            }
            What::Table => {
                def.open.extend(Section::ALL.map(|s| (s, deed.gap.clone())));
                def.columns
                    .iter_mut()
                    .for_each(|column| unsettle(column, &deed.gap));
            }
        }
    }
    def.deeds = deeds;
}

/// Why the types that are made with a table, once its making was heard of, may have other names than their columns say. Those that
/// `create_all` makes before all tables do not.
pub fn renames_types<'d>(def: &'d TableDef<'_>) -> Option<&'d Gap> {
    let changes = |deed: &&Deed| {
        deed.event == Event::BeforeCreate && matches!(deed.what, What::Column(_) | What::Table)
    };
    def.deeds.iter().find(changes).map(|deed| &deed.gap)
}

/// Nothing of a column is known but its name.
fn unsettle(column: &mut ColumnDef<'_>, gap: &Gap) {
    if let Some(ty) = &mut column.ty {
        ty.ty = Err(gap.clone());
    }
    column.serial = None;
    column.nullable = Err(gap.clone());
    column.server_default = Err(gap.clone());
    column.identity = Err(gap.clone());
    column.generated = Err(gap.clone());
    column.comment = Err(gap.clone());
}

/// Leaves unknown what a statement changes of columns.
fn altered(def: &mut TableDef<'_>, deed: &Deed) {
    let own = def.name.clone();
    let is_own = |name: &str| name == SUBJECT || own.as_ref().map_or(true, |own| own.as_str() == name);
    for change in changes(deed) {
        let Change::AlterTable(alter) = change else {
            continue;
        };
        if !is_own(alter.name.name.name.as_str()) {
            continue;
        }
        for action in &alter.actions {
            let name = match action {
                TableAction::SetType { column, .. }
                | TableAction::SetDefault { column, .. }
                | TableAction::SetNotNull { column, .. } => column,
                _ => continue,
            };
            let is_it =
                |c: &&mut ColumnDef<'_>| c.name.as_ref().map_or(true, |own| own.as_ref() == Some(name));
            for column in def.columns.iter_mut().filter(is_it) {
                match action {
                    TableAction::SetDefault { .. } => column.server_default = Err(deed.gap.clone()),
                    TableAction::SetNotNull { .. } => column.nullable = Err(deed.gap.clone()),
                    _ => column.ty.iter_mut().for_each(|ty| ty.ty = Err(deed.gap.clone())),
                }
            }
        }
    }
}

/// The changes that a deed's statement makes; what is not understood is opaque.
fn changes(deed: &Deed) -> Vec<Change> {
    let What::Statement(text) = &deed.what else {
        return Vec::new();
    };
    let Some(at) = deed.gap.at else { return Vec::new() };
    let names = ["%(table)s", "%(fullname)s", "%(schema)s"];
    let text = names.iter().fold(text.as_str().replace("%%", "%"), |text, name| {
        text.replace(name, SUBJECT)
    });
    let text = Text::composed([(text, at, false)]);
    let mut out = Vec::new();
    for read in sql::read(&text) {
        match read.statement {
            Statement::Changes(changes) => out.extend(changes),
            Statement::Do { .. } | Statement::Call(_) => out.push(Change::Opaque(deed.gap.clone())),
            Statement::Opaque(gap) => out.push(Change::Opaque(gap)),
            _ => {}
        }
    }
    out
}

/// The sections of a table that may hold more once it is made than its model declares.
#[must_use]
pub fn opened(deed: &Deed) -> Vec<Section> {
    if matches!(deed.event, Event::BeforeDrop | Event::AfterDrop) {
        return Vec::new();
    }
    let mut out: Vec<Section> = match &deed.what {
        What::Statement(_) => changes(deed).iter().flat_map(of_change).copied().collect(),
        What::Anything { ddl: true } => Section::ALL.to_vec(),
        _ => Vec::new(),
    };
    out.sort_unstable();
    out.dedup();
    out
}

fn of_change(change: &Change) -> &'static [Section] {
    match change {
        // A unique index is what a unique constraint is to a model.
        Change::CreateIndex(_) => &[Section::Unique, Section::Indexes],
        Change::AlterTable(alter) if alter.actions.iter().all(only_columns) => &[],
        Change::AlterTable(_) | Change::Opaque(_) | Change::Rename { .. } | Change::Drop { .. } => {
            &Section::ALL
        }
        _ => &[],
    }
}

/// What leaves what a table is made of as it is.
fn only_columns(action: &TableAction) -> bool {
    matches!(
        action,
        TableAction::SetType { .. }
            | TableAction::SetDefault { .. }
            | TableAction::SetNotNull { .. }
            | TableAction::TouchColumn { .. }
            | TableAction::SetLogged { .. }
            | TableAction::NoSchemaEffect(_)
    )
}
