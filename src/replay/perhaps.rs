//! What a statement that the server refuses would have done: a database that is past it may have that, or may not.
//!
//! What is there already is as it was: a statement fails because of it, and is left out when the history is mended.

use super::Database;
use super::apply::Step;
use super::open::{open, open_type};
use super::resolve::{Missing, blank_table, unknown_column};
use crate::change::{AlterTable, Change, ConstraintBody, ObjectKind, ObjectName, TableAction, TableElement};
use crate::known::{ChangeId, Fact, Gap, Presence, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::schema::{ColumnId, Domain, Relation, RelationKind, Rows, TableId, TypeKind};
use crate::source::Span;
use crate::sqltype::{BaseType, SqlType};

/// Leaves open what a change would have done that was refused; `gap` says why, its reach is set here.
pub(super) fn perhaps(db: &mut Database, change: &Change, gap: &Gap, id: ChangeId, at: Span) {
    let mut step = Step::new(db.clone(), id, at);
    step.perhaps(change, gap);
    step.settle();
    *db = step.db;
}

impl Step {
    fn perhaps(&mut self, change: &Change, gap: &Gap) {
        self.perhaps_used(change, gap);
        match change {
            Change::CreateTable(spec) => self.perhaps_table(&spec.name, RelationKind::Table, gap),
            Change::CreateTableAs { name, .. } => self.perhaps_table(name, RelationKind::Table, gap),
            Change::CreateView {
                name,
                or_replace,
                materialized,
                ..
            } => {
                let kind = if *materialized {
                    RelationKind::MaterializedView
                } else {
                    RelationKind::View
                };
                match self.live_table(name).filter(|_| *or_replace) {
                    Some(id) => self.perhaps_replaced(id, gap),
                    None => self.perhaps_table(name, kind, gap),
                }
            }
            Change::CreateEnum { name, .. } => {
                self.perhaps_type(name, gap, |gap| TypeKind::Enum(Fact::unknown(gap)));
            }
            Change::CreateComposite { name, .. } => {
                self.perhaps_type(name, gap, |gap| TypeKind::Composite(Fact::unknown(gap)));
            }
            Change::CreateOtherType { name, .. } => self.perhaps_type(name, gap, |_| TypeKind::Base),
            Change::CreateDomain { name, .. } => self.perhaps_type(name, gap, |gap| {
                TypeKind::Domain(Domain {
                    collation: None,
                    base: Fact::unknown(gap.clone()),
                    not_null: Fact::unknown(gap.clone()),
                    default: Fact::unknown(gap),
                    checks: Vec::new(),
                })
            }),
            Change::CreateSequence { name, .. } => self.open_name(name, gap),
            Change::AlterTable(spec) => self.perhaps_altered(spec, gap),
            Change::CreateIndex(spec) => {
                if let Some(id) = self.live_table(&spec.table) {
                    self.open_list(id, Section::Indexes, gap);
                }
            }
            Change::AttachIndex { parent, child } => {
                self.open_name(parent, gap);
                self.open_name(child, gap);
            }
            Change::Drop { kind, names, .. } => {
                for name in names {
                    self.perhaps_dropped(*kind, name, gap);
                }
            }
            Change::Rename { kind, name, to, .. } => {
                self.perhaps_dropped(*kind, name, gap);
                let mut new = name.clone();
                new.name.name = to.clone();
                self.perhaps_moved(*kind, &new, gap);
            }
            Change::SetSchema { kind, name, to, .. } => {
                self.perhaps_dropped(*kind, name, gap);
                let mut new = name.clone();
                new.name.schema = Some(to.clone());
                self.perhaps_moved(*kind, &new, gap);
            }
            Change::AddEnumLabel { name, .. }
            | Change::RenameEnumLabel { name, .. }
            | Change::AlterDomain { name, .. }
            | Change::AlterComposite { name, .. }
            | Change::AlterSequence { name, .. } => self.open_name(name, gap),
            Change::CreateSchema { name, .. } => {
                open(&mut self.db, gap.reaching(Reach::Namespace(name.to_string())));
            }
            Change::Opaque(own) => open(&mut self.db, own.clone()),
            // An extension brings what is not listed; the rest has nothing that the facts of tables and types depend on.
            Change::CreateExtension { .. }
            | Change::CreateFunction(_)
            | Change::CreateTrigger { .. }
            | Change::DropTrigger { .. }
            | Change::RenameTrigger { .. }
            | Change::Policy { .. }
            | Change::CreateCollation { .. }
            | Change::CommentOn { .. }
            | Change::Insert { .. }
            | Change::Truncate { .. }
            | Change::SetLater { .. }
            | Change::NoSchemaEffect(_) => {}
        }
    }

    fn live_table(&self, name: &ObjectName) -> Option<TableId> {
        match self.find_relation(&name.name)? {
            Relation::Table(id) if self.table(id).presence.may_be() => Some(id),
            Relation::Table(_) | Relation::Index(..) | Relation::Sequence(_) => None,
        }
    }

    /// A table that may have been made, of unknown shape.
    fn perhaps_table(&mut self, name: &ObjectName, kind: RelationKind, gap: &Gap) {
        if self.find_relation(&name.name).is_some() {
            return;
        }
        let Ok(namespace) = self.namespace_for(&name.name, false, name.span) else {
            return;
        };
        let qualified = format!("{}.{}", self.namespace_name(namespace), name.name.name);
        let gap = gap.reaching(Reach::Object(qualified));
        let mut table = blank_table(namespace, name.name.name.clone(), kind, self.id);
        table.presence = Presence::Maybe(gap.clone());
        table.open = Section::ALL.into_iter().map(|s| (s, gap.clone())).collect();
        table.rows = Rows::Unknown;
        let id = self.db.schema.tables.push(table);
        self.bind_relation(namespace, &name.name.name, Relation::Table(id));
        self.log(id, None, "made by a statement that fails");
    }

    /// The types that a change uses and that were dropped before: what is past the change may have them again.
    fn perhaps_used(&mut self, change: &Change, gap: &Gap) {
        let mut used: Vec<&SqlType> = Vec::new();
        match change {
            Change::CreateTable(spec) => {
                for element in &spec.elements {
                    if let TableElement::Column(column) = element {
                        used.extend(&column.ty);
                    }
                }
            }
            Change::AlterTable(spec) => {
                for action in &spec.actions {
                    match action {
                        TableAction::AddColumn { column, .. } => used.extend(&column.ty),
                        TableAction::SetType { ty, .. } => used.push(ty),
                        _ => {}
                    }
                }
            }
            Change::CreateDomain { base, .. } => used.push(base),
            Change::CreateComposite { attributes, .. } => used.extend(attributes.iter().map(|(_, ty)| ty)),
            _ => {}
        }
        for ty in used {
            if let BaseType::Named(name) = &ty.base {
                self.perhaps_again(name, gap);
            }
        }
        if let Change::AddEnumLabel { name, .. }
        | Change::RenameEnumLabel { name, .. }
        | Change::AlterDomain { name, .. }
        | Change::AlterComposite { name, .. } = change
        {
            self.perhaps_again(&name.name, gap);
        }
    }

    /// A type that was dropped: it may be there again, made otherwise.
    fn perhaps_again(&mut self, name: &QualifiedName, gap: &Gap) {
        if self.find_type(name).is_some() || !matches!(self.missing_type(name), Missing::Gone(_)) {
            return;
        }
        let name = ObjectName {
            name: name.clone(),
            span: self.at,
        };
        self.perhaps_type(&name, gap, TypeKind::Presumed);
    }

    /// A view that may have got another query: other columns, but no keys.
    fn perhaps_replaced(&mut self, view: TableId, gap: &Gap) {
        self.open_list(view, Section::Columns, gap);
        let own = gap.reaching(Reach::Object(self.qualified(view)));
        let columns = &mut self.table_mut(view).columns;
        for column in columns.iter_mut().filter(|c| c.presence.may_be()) {
            column.ty = Fact::unknown(own.clone());
            doubt(&mut column.presence, &own);
        }
    }

    fn perhaps_type(&mut self, name: &ObjectName, gap: &Gap, kind: impl FnOnce(Gap) -> TypeKind) {
        if self.find_type(&name.name).is_some() {
            return;
        }
        let Ok(namespace) = self.namespace_for(&name.name, false, name.span) else {
            return;
        };
        let qualified = format!("{}.{}", self.namespace_name(namespace), name.name.name);
        let gap = gap.reaching(Reach::Object(qualified));
        let mut ty = self.blank_type(namespace, name.name.name.clone(), kind(gap.clone()));
        ty.presence = Presence::Maybe(gap);
        self.add_type(ty);
    }

    /// An object under the name that a refused statement would have given it.
    fn perhaps_moved(&mut self, kind: ObjectKind, name: &ObjectName, gap: &Gap) {
        let kind = match kind {
            ObjectKind::Table => RelationKind::Table,
            ObjectKind::View => RelationKind::View,
            ObjectKind::MaterializedView => RelationKind::MaterializedView,
            ObjectKind::ForeignTable => RelationKind::Foreign,
            ObjectKind::Type | ObjectKind::Domain | ObjectKind::Sequence | ObjectKind::Schema => {
                return self.open_name(name, gap);
            }
            ObjectKind::Index
            | ObjectKind::Extension
            | ObjectKind::Function
            | ObjectKind::Procedure
            | ObjectKind::Routine
            | ObjectKind::Aggregate
            | ObjectKind::Collation
            | ObjectKind::Other => return,
        };
        self.perhaps_table(name, kind, gap);
    }

    fn perhaps_dropped(&mut self, kind: ObjectKind, name: &ObjectName, gap: &Gap) {
        if kind == ObjectKind::Schema {
            return open(
                &mut self.db,
                gap.reaching(Reach::Namespace(name.name.name.to_string())),
            );
        }
        match self.find_relation(&name.name) {
            Some(Relation::Table(id)) => {
                // It is gone, or there as it was.
                let own = gap.reaching(Reach::Object(self.qualified(id)));
                doubt(&mut self.table_mut(id).presence, &own);
            }
            Some(Relation::Index(table, index)) => {
                let own = gap.reaching(Reach::Section(self.qualified(table), Section::Indexes));
                doubt(
                    &mut self.table_mut(table).indexes[index.0 as usize].presence,
                    &own,
                );
            }
            Some(Relation::Sequence(_)) => self.open_name(name, gap),
            None if matches!(kind, ObjectKind::Type | ObjectKind::Domain) => {
                if let Some(id) = self.find_type(&name.name) {
                    let own = gap.reaching(Reach::Object(name.name.to_string()));
                    doubt(&mut self.db.schema.types[id].presence, &own);
                }
            }
            None => {}
        }
    }

    fn perhaps_altered(&mut self, spec: &AlterTable, gap: &Gap) {
        let Some(id) = self.live_table(&spec.name) else {
            return;
        };
        for action in &spec.actions {
            self.perhaps_action(id, action, gap);
        }
    }

    fn perhaps_action(&mut self, table: TableId, action: &TableAction, gap: &Gap) {
        match action {
            TableAction::AddColumn { column, .. } => {
                self.perhaps_column(table, &column.name, gap);
                for option in &column.options {
                    if let crate::change::ColumnOption::Constraint(constraint) = option {
                        self.open_list(table, section_of(&constraint.body), gap);
                    }
                }
            }
            TableAction::DropColumn { name, .. } => self.perhaps_without(table, name, gap),
            TableAction::RenameColumn { from, to, .. } => {
                self.perhaps_without(table, from, gap);
                self.perhaps_column(table, to, gap);
            }
            TableAction::SetType { column, .. } => self.open_fact(table, column, "type", gap),
            TableAction::SetDefault { column, .. } => self.open_fact(table, column, "default", gap),
            TableAction::SetNotNull { column, .. } => self.open_fact(table, column, "nullable", gap),
            TableAction::AddIdentity { column, .. }
            | TableAction::SetIdentity { column, .. }
            | TableAction::DropIdentity { column, .. } => self.open_fact(table, column, "identity", gap),
            TableAction::SetExpression { column, .. } | TableAction::DropExpression { column, .. } => {
                self.open_fact(table, column, "generated", gap);
            }
            TableAction::AddConstraint(constraint) => {
                self.open_list(table, section_of(&constraint.body), gap);
                if let ConstraintBody::NotNull { column } = &constraint.body {
                    self.open_fact(table, column, "nullable", gap);
                }
            }
            TableAction::DropConstraint { name, .. } => self.perhaps_unconstrained(table, name, gap),
            TableAction::RenameConstraint { from, .. } => {
                let own = gap.reaching(Reach::Object(self.qualified(table)));
                let constraints = &mut self.table_mut(table).constraints;
                for constraint in constraints.iter_mut().filter(|c| c.name.known() == Some(from)) {
                    constraint.name = Fact::unknown(own.clone());
                }
            }
            TableAction::Inherit { .. }
            | TableAction::AttachPartition { .. }
            | TableAction::DetachPartition { .. }
            | TableAction::SetLogged { .. }
            | TableAction::OfType(_) => self.open_object(table, gap),
            TableAction::AlterConstraint { .. }
            | TableAction::ValidateConstraint { .. }
            | TableAction::TouchColumn { .. }
            | TableAction::NoSchemaEffect(_) => {}
            TableAction::Opaque(own) => open(&mut self.db, own.clone()),
        }
    }

    fn perhaps_column(&mut self, table: TableId, name: &Name, gap: &Gap) {
        if self.find_column(table, name).is_some() {
            return;
        }
        let gap = gap.reaching(Reach::Fact(format!("{}.{name}", self.qualified(table))));
        let column = unknown_column(name.clone(), Presence::Maybe(gap.clone()), &gap);
        let columns = &mut self.table_mut(table).columns;
        columns.push(column);
        let id = ColumnId(columns.len() as u32 - 1);
        self.log(table, Some(id), "added by a statement that fails");
    }

    /// A column that may have been dropped, and with it what stands on it.
    fn perhaps_without(&mut self, table: TableId, name: &Name, gap: &Gap) {
        let Some(column) = self.find_column(table, name) else {
            return;
        };
        let own = gap.reaching(Reach::Fact(format!("{}.{name}", self.qualified(table))));
        let t = self.table_mut(table);
        doubt(&mut t.columns[column.0 as usize].presence, &own);
        for constraint in t.constraints.iter_mut().filter(|c| c.columns.contains(&column)) {
            doubt(&mut constraint.presence, &own);
        }
        for index in &mut t.indexes {
            let keys = (0..index.keys.len()).any(|k| index.key_column(k).is_none_or(|c| c == column));
            if keys || index.include.contains(&column) || index.predicate.is_some() {
                doubt(&mut index.presence, &own);
            }
        }
    }

    fn perhaps_unconstrained(&mut self, table: TableId, name: &Name, gap: &Gap) {
        let qualified = self.qualified(table);
        let t = self.table_mut(table);
        for constraint in t.constraints.iter_mut().filter(|c| c.name.known() == Some(name)) {
            let section = match constraint.kind {
                crate::schema::ConstraintKind::PrimaryKey(_) => Section::PrimaryKey,
                crate::schema::ConstraintKind::Unique(_) => Section::Unique,
                crate::schema::ConstraintKind::ForeignKey(_) => Section::ForeignKeys,
                crate::schema::ConstraintKind::Check(_) | crate::schema::ConstraintKind::Exclude(..) => {
                    Section::Checks
                }
            };
            let own = gap.reaching(Reach::Section(qualified.clone(), section));
            doubt(&mut constraint.presence, &own);
        }
    }

    /// More may be in a list than it holds; what it holds is there.
    fn open_list(&mut self, table: TableId, section: Section, gap: &Gap) {
        let own = gap.reaching(Reach::Section(self.qualified(table), section));
        let open = &mut self.table_mut(table).open;
        if open.iter().all(|(s, _)| *s != section) {
            open.push((section, own));
        }
    }

    fn open_fact(&mut self, table: TableId, column: &Name, fact: &str, gap: &Gap) {
        let Some(id) = self.find_column(table, column) else {
            return;
        };
        let own = gap.reaching(Reach::Fact(format!("{}.{column}: {fact}", self.qualified(table))));
        let column = self.column_mut(table, id);
        match fact {
            "type" => column.ty = Fact::unknown(own),
            "nullable" => column.nullable = Fact::unknown(own),
            "default" => column.default = Fact::unknown(own),
            "generated" => column.generated = Fact::unknown(own),
            _ => column.identity = Fact::unknown(own),
        }
    }

    fn open_object(&mut self, table: TableId, gap: &Gap) {
        let reach = Reach::Object(self.qualified(table));
        open(&mut self.db, gap.reaching(reach));
    }

    /// Everything about the object of a name, where there is one.
    fn open_name(&mut self, name: &ObjectName, gap: &Gap) {
        match self.find_relation(&name.name) {
            Some(Relation::Table(id)) => self.open_object(id, gap),
            Some(Relation::Index(id, _)) => self.open_list(id, Section::Indexes, gap),
            Some(Relation::Sequence(id)) => {
                let own = gap.reaching(Reach::Object(name.name.to_string()));
                self.sequence_mut(id).open = Some(own);
            }
            None => {
                if let Some(id) = self.find_type(&name.name) {
                    let own = gap.reaching(Reach::Object(name.name.to_string()));
                    open_type(&mut self.db, id, &own);
                }
            }
        }
    }
}

fn doubt(presence: &mut Presence, gap: &Gap) {
    if presence.is_present() {
        *presence = Presence::Maybe(gap.clone());
    }
}

/// The list that a constraint stands in.
fn section_of(body: &ConstraintBody) -> Section {
    match body {
        ConstraintBody::PrimaryKey { .. } | ConstraintBody::UsingIndex { primary: true, .. } => {
            Section::PrimaryKey
        }
        ConstraintBody::Unique { .. } | ConstraintBody::UsingIndex { primary: false, .. } => Section::Unique,
        ConstraintBody::ForeignKey(_) => Section::ForeignKeys,
        ConstraintBody::Check(_) | ConstraintBody::Exclude { .. } | ConstraintBody::NotNull { .. } => {
            Section::Checks
        }
    }
}
