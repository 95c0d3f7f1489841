//! What deeds leave unknown of a table as its model declares it.

use super::{Deed, Event, What};
use crate::change::{Change, ObjectKind, TableAction};
use crate::known::{Gap, Reach, Section};
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
pub(super) const SUBJECT: &str = "t";

/// Leaves unknown what functions change of a table before it is made, and statements of its columns afterwards; all is kept for who
/// makes it.
pub fn take(def: &mut TableDef<'_>, deeds: Vec<Deed>) {
    for deed in &deeds {
        match &deed.what {
            What::Anything { .. } => {}
            What::Statement(_) | What::Template(_) => altered(def, deed),
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
    let (What::Statement(text) | What::Template(text)) = &deed.what else {
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
            // A name that is not known may bring parentheses of its own.
            Statement::Opaque(_) if is_of_routine(read.text.as_str()) => {}
            Statement::Opaque(gap) => out.push(Change::Opaque(gap)),
            _ => {}
        }
    }
    out
}

/// Whether a statement makes or drops a function or a trigger.
fn is_of_routine(text: &str) -> bool {
    let mut words = text.split_whitespace().map(str::to_ascii_uppercase);
    let verb = words.next();
    let kind = words.find(|word| !matches!(word.as_str(), "OR" | "REPLACE" | "CONSTRAINT"));
    matches!(verb.as_deref(), Some("CREATE" | "DROP"))
        && matches!(kind.as_deref(), Some("FUNCTION" | "PROCEDURE" | "TRIGGER"))
}

/// What a model does not say of its table for what is done when that is made: `printed` is its name.
#[must_use]
pub fn opened(deeds: &[Deed], printed: &str) -> Vec<(Section, Gap)> {
    let each = deeds
        .iter()
        .flat_map(|deed| sections(deed).into_iter().map(move |s| (deed, s)));
    let open = each.map(|(deed, (section, unclear))| {
        let reach = match unclear {
            true => Reach::Section(printed.to_owned(), section),
            false => Reach::OthersOf(printed.to_owned(), section),
        };
        (section, deed.gap.reaching(reach))
    });
    open.collect()
}

/// The sections of a table that may hold more once it is made than its model declares; true where what it declares may not stand.
fn sections(deed: &Deed) -> Vec<(Section, bool)> {
    if matches!(deed.event, Event::BeforeDrop | Event::AfterDrop) {
        return Vec::new();
    }
    let all = |unclear| Section::ALL.iter().map(move |section| (*section, unclear));
    let mut out: Vec<(Section, bool)> = match &deed.what {
        What::Statement(_) | What::Template(_) => changes(deed).iter().flat_map(of_change).collect(),
        What::Anything { ddl: true } => all(false).collect(),
        _ => Vec::new(),
    };
    out.sort_unstable();
    out.dedup();
    out
}

fn of_change(change: &Change) -> Vec<(Section, bool)> {
    let all = |unclear| Section::ALL.map(|section| (section, unclear)).to_vec();
    match change {
        // A unique index is what a unique constraint is to a model.
        Change::CreateIndex(_) => vec![(Section::Unique, false), (Section::Indexes, false)],
        Change::AlterTable(alter) if alter.actions.iter().all(only_columns) => Vec::new(),
        Change::AlterTable(alter) => all(!alter.actions.iter().all(only_adds)),
        Change::Opaque(_) | Change::Rename { .. } => all(true),
        Change::Drop {
            kind: ObjectKind::Table | ObjectKind::Index,
            ..
        } => all(true),
        _ => Vec::new(),
    }
}

fn only_adds(action: &TableAction) -> bool {
    only_columns(action)
        || matches!(
            action,
            TableAction::AddColumn { .. } | TableAction::AddConstraint(_)
        )
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
