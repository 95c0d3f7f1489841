//! What a statement may reach that cannot be run: because its text has holes, or because the budget ran out.

use smol_str::SmolStr;

use super::Session;
use super::kinds::Deed;
use super::parts::{self, Part};
use crate::change::{Change, ObjectKind, ObjectName, TableAction};
use crate::known::{Gap, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::schema::{ConstraintKind, Lookup, Relation, TableWalker};
use crate::source::{Span, Text};
use crate::sql::{Read, Statement};

/// Stands for what is not known in a text; read as a name or a part of one.
pub const HOLE: &str = crate::sql::STAND_IN;
/// The same for what no `%I` or `quote_ident` keeps to one name: it may hold a schema, too.
pub(super) const RAW_HOLE: &str = "schemalign_hole_raw";

/// The same for what is digits and underscores alone, at least one.
pub(super) const HOLE_DIGITS: &str = "schemalign_hole_digits";

impl Session {
    /// Leaves open what a statement with holes may reach. Whether that is anything but rows.
    pub(super) fn open_statement(&mut self, read: &Read, why: &str, at: Span) -> bool {
        let mut reaches = Vec::new();
        let mut statement = &read.statement;
        // What stands for a hole may be what is refused.
        while let Statement::Refused(_, meant) = statement {
            statement = meant;
        }
        match statement {
            Statement::Changes(changes) => {
                for change in changes {
                    match without_body(change) {
                        Some(function) => drop(self.apply_change(&function, at)),
                        None => self.change_reach(change, &mut reaches),
                    }
                }
            }
            Statement::Dml(dml) => self.touch_rows(&dml.table),
            Statement::Query(_)
            | Statement::NoEffect(_)
            | Statement::Transaction(_)
            | Statement::Refused(..) => {}
            Statement::Set { name, .. } if name != "search_path" => {}
            Statement::Opaque(gap) => match self.opaque_gap(gap, read).reach.clone() {
                // Which table has a hole for its name as well.
                Reach::Rows => self.touch_all_rows(),
                _ if changes_no_schema(read.text.as_str()) => {}
                reach => reaches.push(reach),
            },
            Statement::Do { .. } | Statement::Call(_) | Statement::Set { .. } => {
                reaches.push(Reach::Everything);
            }
        }
        if let Statement::Changes(changes) = statement {
            self.take_names(changes, &Gap::new(at, why, Reach::Rows));
        }
        if reaches.contains(&Reach::Everything) {
            reaches = vec![Reach::Everything];
        }
        let reaches_schema = reaches.iter().any(|reach| *reach != Reach::Rows);
        for reach in reaches {
            self.open(Gap::new(at, why, reach));
        }
        reaches_schema
    }

    /// What a change may reach, its names being known only in part.
    pub(super) fn change_reach(&self, change: &Change, out: &mut Vec<Reach>) {
        match change {
            Change::NoSchemaEffect(_)
            | Change::SetLater { .. }
            | Change::CommentOn { .. }
            | Change::Policy { .. }
            | Change::Insert { .. }
            | Change::Truncate { .. }
            | Change::CreateTrigger { .. }
            | Change::DropTrigger { .. }
            | Change::RenameTrigger { .. }
            | Change::CreateFunction(_) => {}
            Change::CreateTable(create) => {
                self.created(&create.name, out);
                if let Some((parent, _)) = &create.partition_of {
                    self.referenced(parent, out);
                }
            }
            Change::CreateView {
                name,
                or_replace: true,
                ..
            } if holed(&name.name) => out.push(self.namespace_reach(&name.name)),
            Change::CreateTableAs { name, .. }
            | Change::CreateView { name, .. }
            | Change::CreateEnum { name, .. }
            | Change::CreateDomain { name, .. }
            | Change::CreateComposite { name, .. }
            | Change::CreateOtherType { name, .. }
            | Change::CreateSequence { name, .. }
            | Change::CreateCollation { name, .. } => self.created(name, out),
            // Of the table that it is a partition of, a schema says nothing else.
            Change::AlterTable(alter)
                if !holed(&alter.name.name)
                    && alter.actions.iter().all(|action| partition(action).is_some()) =>
            {
                for child in alter.actions.iter().filter_map(partition) {
                    self.altered(child, out);
                }
            }
            Change::AlterTable(alter) => match parts::of(alter, self.world.database.version()) {
                Some(parts) => self.altered_in(&alter.name, &parts, out),
                None => self.altered(&alter.name, out),
            },
            Change::CreateIndex(index) if !holed(&index.table.name) => {
                let mut table = Vec::new();
                self.altered(&index.table, &mut table);
                out.extend(table.into_iter().map(|reach| match reach {
                    Reach::Object(table) => Reach::Section(table, Section::Indexes),
                    reach => reach,
                }));
            }
            Change::CreateIndex(index) => {
                self.altered_in(&index.table, &[Part::Of(Section::Indexes)], out);
            }
            Change::AttachIndex { parent, child } => {
                self.altered(parent, out);
                self.altered(child, out);
            }
            Change::AddEnumLabel { name, .. }
            | Change::RenameEnumLabel { name, .. }
            | Change::AlterDomain { name, .. }
            | Change::AlterComposite { name, .. } => self.altered_type(name, out),
            Change::AlterSequence { .. } => {}
            Change::Drop {
                kind,
                names,
                behaviour,
                ..
            } => {
                let inert = matches!(
                    kind,
                    ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine | ObjectKind::Other
                );
                let restrict = *behaviour == crate::change::Behaviour::Restrict;
                if inert && restrict {
                    return;
                }
                for name in names {
                    // What it is certain that nothing else hangs on goes alone.
                    match restrict && holed(&name.name) {
                        true => self.of_kind(*kind, name, Deed::Drop, out),
                        false => self.altered(name, out),
                    }
                }
            }
            Change::Rename { kind, name, .. } if holed(&name.name) => {
                self.of_kind(*kind, name, Deed::Rename, out);
            }
            Change::Rename { name, .. } | Change::SetSchema { name, .. } => self.altered(name, out),
            Change::CreateSchema { .. } | Change::CreateExtension { .. } | Change::Opaque(_) => {
                out.push(Reach::Everything);
            }
        }
    }

    /// A new object: it may hide one of the same name, or be missing from the list.
    fn created(&self, name: &ObjectName, out: &mut Vec<Reach>) {
        if !holed(&name.name) {
            out.push(Reach::Object(self.printed(&name.name)));
        }
        // What is made anew is none of what is there already.
        out.push(match self.namespace_reach(&name.name) {
            Reach::Namespace(place) => Reach::Others(place),
            reach => reach,
        });
    }

    /// A partition of a table: each foreign key to that has a twin for it.
    fn referenced(&self, parent: &ObjectName, out: &mut Vec<Reach>) {
        let Lookup::Found((Relation::Table(parent), _)) = self.relation(&parent.name) else {
            return;
        };
        let schema = self.world.database.schema();
        let refers = |table: &TableWalker<'_>| {
            let mut keys = table.get().constraints.iter();
            keys.any(|key| matches!(&key.kind, ConstraintKind::ForeignKey(key) if key.table == parent))
        };
        let referring = schema.live_tables().into_iter().filter(refers);
        out.extend(referring.map(|table| Reach::OthersOf(table.qualified(), Section::ForeignKeys)));
    }

    fn altered_type(&self, name: &ObjectName, out: &mut Vec<Reach>) {
        if holed(&name.name) {
            out.push(Reach::Everything);
        } else {
            out.push(Reach::Object(self.printed(&name.name)));
        }
    }

    pub(super) fn namespace_reach(&self, name: &QualifiedName) -> Reach {
        match &name.schema {
            Some(schema) if schema.as_str().contains(HOLE) => Reach::Everything,
            Some(schema) => Reach::Namespace(schema.as_str().to_owned()),
            // An unknown name may hold its schema itself.
            None => match self.world.database.schema().search_path.first() {
                Some(place) => Reach::Namespace(place.as_str().to_owned()),
                None => Reach::Everything,
            },
        }
    }

    pub(super) fn printed(&self, name: &QualifiedName) -> String {
        let place = name
            .schema
            .clone()
            .or_else(|| self.world.database.schema().search_path.first().cloned());
        match place {
            Some(place) => format!("{place}.{}", name.name),
            None => name.name.to_string(),
        }
    }

    /// What a body may reach at most, by the words in it: DDL, text that is executed, functions of the history that do so.
    pub(super) fn body_reach(&self, body: &Text) -> Reach {
        self.reach_of_words(body, true)
    }

    /// What a query or work on rows may reach that could not be read or followed: only what functions of the history do.
    pub(super) fn query_reach(&self, text: &Text) -> Reach {
        self.reach_of_words(text, false)
    }

    /// Whether the work on rows that runs reaches rows alone, by whatever it calls.
    pub(super) fn reaches_rows_alone(&mut self) -> bool {
        let Some((text, told)) = self.row_work.take() else {
            return false;
        };
        let alone = told.unwrap_or_else(|| self.query_reach(&text) == Reach::Rows);
        self.row_work = Some((text, Some(alone)));
        alone
    }

    fn reach_of_words(&self, text: &Text, statements: bool) -> Reach {
        const EFFECTS: [&str; 9] = [
            "create",
            "alter",
            "drop",
            "execute",
            "call",
            "comment",
            "do",
            "truncate",
            "set_config",
        ];
        let functions = &self.world.database.schema().functions;
        let mut texts = vec![(text.as_str().to_ascii_lowercase(), statements)];
        let mut visited = std::collections::BTreeSet::new();
        while let Some((text, statements)) = texts.pop() {
            let words: std::collections::HashSet<&str> =
                text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            if words.contains("set_config") || (statements && EFFECTS.iter().any(|w| words.contains(w))) {
                return Reach::Everything;
            }
            for (id, function) in functions.iter() {
                let name = function.name.as_str().to_lowercase();
                if let Some(body) = &function.body
                    && words.contains(name.as_str())
                    && visited.insert(id)
                {
                    texts.push((body.as_str().to_ascii_lowercase(), true));
                }
            }
        }
        Reach::Rows
    }

    /// The gap of a statement that was not understood, no wider than what kind of statement it is allows.
    pub(super) fn opaque_gap(&self, gap: &Gap, read: &Read) -> Gap {
        let word = super::statement::leading_words(read.text.as_str()).next();
        let rows = match word.unwrap_or_default().to_ascii_lowercase().as_str() {
            "insert" | "update" | "delete" | "merge" | "values" => true,
            // `SELECT ... INTO` makes a table.
            "select" | "with" => {
                let text = read.text.as_str().to_ascii_lowercase();
                !text
                    .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .any(|w| w == "into")
            }
            _ => false,
        };
        if rows && gap.reach != Reach::Rows {
            gap.reaching(self.query_reach(&read.text))
        } else {
            gap.clone()
        }
    }

    /// What a statement may reach that ran out of budget.
    pub(super) fn exhausted_reach(&self, read: &Read) -> Reach {
        match &read.statement {
            Statement::Do { body, .. } => self.body_reach(body),
            Statement::Query(_) | Statement::Dml(_) => self.query_reach(&read.text),
            _ => Reach::Everything,
        }
    }

    /// A table of which only the name is told may have got or lost rows.
    pub(super) fn touch_rows(&mut self, table: &ObjectName) {
        if holed(&table.name) {
            self.touch_all_rows();
        } else {
            let change = Change::Insert {
                table: table.clone(),
                certain: false,
                given: None,
            };
            let _ = self.apply_change(&change, table.span);
        }
    }
}

/// An index whose operator classes alone have a schema that is not known: they are looked for by their names, since a class of that
/// name is there. Whether nothing else of the changes is a hole.
pub(super) fn without_holed_qualifiers(changes: &mut [Change]) -> bool {
    let [Change::CreateIndex(index)] = changes else {
        return false;
    };
    let mut found = false;
    for element in &mut index.elements {
        if let Some(class) = &mut element.opclass
            && class.schema.as_ref().is_some_and(|s| s.as_str().contains(HOLE))
        {
            class.schema = None;
            found = true;
        }
    }
    found && !format!("{index:?}").contains(HOLE)
}

/// A function without its body, where all that is not known of it is what it does: it is made all the same.
fn without_body(change: &Change) -> Option<Change> {
    let Change::CreateFunction(function) = change else {
        return None;
    };
    let mut function = function.clone();
    function.body = None;
    function.written = SmolStr::default();
    (!format!("{function:?}").contains(HOLE)).then_some(Change::CreateFunction(function))
}

/// Whether a statement that could not be read is one of privileges, settings or upkeep, by its first words.
fn changes_no_schema(text: &str) -> bool {
    let mut words = super::statement::leading_words(text).map(str::to_ascii_lowercase);
    let mut word = || words.next().unwrap_or_default();
    match word().as_str() {
        "grant" | "revoke" | "analyze" | "vacuum" | "reindex" | "cluster" | "notify" | "listen" | "lock" => {
            true
        }
        "create" | "alter" | "drop" => {
            matches!(
                word().as_str(),
                "role" | "user" | "database" | "publication" | "subscription"
            )
        }
        _ => false,
    }
}

/// The partition that an action attaches or detaches, where it has a hole for its name.
fn partition(action: &TableAction) -> Option<&ObjectName> {
    match action {
        TableAction::AttachPartition { child, .. } | TableAction::DetachPartition { child } => {
            holed(&child.name).then_some(child)
        }
        _ => None,
    }
}

pub(super) fn holed(name: &QualifiedName) -> bool {
    name.name.as_str().contains(HOLE) || name.schema.as_ref().is_some_and(|s| s.as_str().contains(HOLE))
}

/// The names of what a change makes: those that later statements may lack where it fails.
pub(super) fn made(change: &Change) -> Vec<Name> {
    use crate::change::TableAction;
    match change {
        Change::CreateTable(create) => vec![create.name.name.name.clone()],
        Change::CreateTableAs { name, .. }
        | Change::CreateView { name, .. }
        | Change::CreateEnum { name, .. }
        | Change::CreateDomain { name, .. }
        | Change::CreateComposite { name, .. }
        | Change::CreateOtherType { name, .. }
        | Change::CreateSequence { name, .. } => vec![name.name.name.clone()],
        Change::Rename { to, .. } => vec![to.clone()],
        Change::CreateSchema { name, .. } => vec![name.clone()],
        Change::CreateFunction(function) => vec![function.name.name.name.clone()],
        Change::CreateIndex(index) => index.name.iter().cloned().collect(),
        Change::AlterTable(alter) => alter
            .actions
            .iter()
            .filter_map(|action| match action {
                TableAction::AddColumn { column, .. } => Some(column.name.clone()),
                TableAction::RenameColumn { to, .. } | TableAction::RenameConstraint { to, .. } => {
                    Some(to.clone())
                }
                TableAction::AddConstraint(constraint) => constraint.name.clone(),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}
