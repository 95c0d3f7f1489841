//! Enum labels that were added in the transaction that still runs: the server refuses to use them (55P04).
//!
//! Source: `check_safe_enum_use` in `enum.c`; a type that is as young as the transaction is exempt.

use std::sync::Arc;

use smol_str::SmolStr;

use super::Session;
use super::flow::Raised;
use crate::change::{Change, ColumnOption, TableAction, TableElement};
use crate::known::Fact;
use crate::name::{Name, QualifiedName};
use crate::schema::{Lookup, Relation, TypeKind};
use crate::source::Span;
use crate::sqltype::{BaseType, SqlType};
use crate::tree::{Expr, ExprKind};

/// A label that its own transaction has added, where something uses it.
pub(super) struct NewLabel {
    label: SmolStr,
    ty: Name,
    span: Span,
}

impl Session {
    /// Whether a change surely adds a label that was not there.
    pub(super) fn adds_label(&self, change: &Change) -> bool {
        let Change::AddEnumLabel { name, label, .. } = change else {
            return false;
        };
        let known = self.qualify(&name.name);
        let schema = self.world.database.schema();
        let place = known.schema.as_ref().and_then(|place| schema.namespace(place));
        let found = place.and_then(|place| schema.type_names.get(place, &known.name));
        let Some(TypeKind::Enum(labels)) = found.map(|id| &schema.types[id].kind) else {
            return false;
        };
        labels.known().is_some_and(|labels| !labels.contains(label))
    }

    /// Remembers a label added to a type that is older than the transaction; `added` as [`Session::adds_label`] says.
    pub(super) fn remember_label(&mut self, change: &Change, added: bool) {
        match change {
            Change::AddEnumLabel { name, label, .. }
                if added && self.in_any_transaction() && !self.born_here(&name.name) =>
            {
                let label = (self.qualify(&name.name), label.clone());
                Arc::make_mut(&mut self.world.new_labels).push(label);
            }
            Change::CreateEnum { name, .. } if self.in_any_transaction() => {
                let marker = (self.qualify(&name.name), SmolStr::default());
                Arc::make_mut(&mut self.world.new_labels).push(marker);
            }
            _ => {}
        }
    }

    /// Whether a type was made in this transaction: it is kept with an empty label.
    fn born_here(&self, name: &QualifiedName) -> bool {
        let name = self.qualify(name);
        self.world
            .new_labels
            .iter()
            .any(|l| l.0 == name && l.1.is_empty())
    }

    pub(super) fn qualify(&self, name: &QualifiedName) -> QualifiedName {
        if name.schema.is_some() {
            return name.clone();
        }
        let schema = self.world.database.schema();
        let holder = schema.search_path.iter().find(|p| {
            schema
                .namespace(p)
                .is_some_and(|n| schema.type_names.get(n, &name.name).is_some())
        });
        match holder.or_else(|| schema.search_path.first()) {
            Some(place) => QualifiedName::in_schema(place.clone(), name.name.clone()),
            None => name.clone(),
        }
    }

    /// The error of using a label too early in a change.
    pub(super) fn new_label_used(&self, change: &Change) -> Option<Box<Raised>> {
        if !self.has_new_labels() {
            return None;
        }
        match change {
            Change::AlterTable(alter) => alter.actions.iter().find_map(|action| match action {
                TableAction::SetDefault {
                    column,
                    default: Some(default),
                    ..
                } => {
                    let ty = self.column_type(&alter.name.name, column)?;
                    self.label_of(&ty, default)
                }
                TableAction::AddColumn { column, .. } => self.column_default(column),
                _ => None,
            }),
            Change::CreateTable(create) => create.elements.iter().find_map(|element| match element {
                TableElement::Column(column) => self.column_default(column),
                _ => None,
            }),
            _ => None,
        }
        .map(|label| unsafe_use(&label))
    }

    /// Whether labels were added in this transaction that nothing in it may use.
    pub(super) fn has_new_labels(&self) -> bool {
        self.world.new_labels.iter().any(|label| !label.1.is_empty())
    }

    fn column_default(&self, column: &crate::change::ColumnSpec) -> Option<NewLabel> {
        let ty = self.type_named(column.ty.as_ref()?)?;
        column.options.iter().find_map(|option| match option {
            ColumnOption::Default(default) => self.label_of(&ty, default),
            _ => None,
        })
    }

    /// The new label that a literal of a type is.
    pub(super) fn label_of(&self, ty: &QualifiedName, expr: &Expr) -> Option<NewLabel> {
        let text = match &expr.kind {
            ExprKind::String(text) => text,
            ExprKind::Cast(inner, ..) => return self.label_of(ty, inner),
            _ => return None,
        };
        let new = self
            .world
            .new_labels
            .iter()
            .any(|l| l.0 == *ty && l.1 == *text && !text.is_empty());
        new.then(|| NewLabel {
            label: text.clone(),
            ty: ty.name.clone(),
            span: expr.span,
        })
    }

    pub(super) fn column_type(&self, table: &QualifiedName, column: &Name) -> Option<QualifiedName> {
        let Lookup::Found((Relation::Table(id), None)) = self.relation(table) else {
            return None;
        };
        let schema = self.world.database.schema();
        let Lookup::Found(column) = schema.table(id).column(column) else {
            return None;
        };
        match &column.get().ty {
            Fact::Known(ty, _) => self.type_named(ty),
            Fact::Unknown { .. } => None,
        }
    }

    /// A user-defined type's qualified name.
    pub(super) fn type_named(&self, ty: &SqlType) -> Option<QualifiedName> {
        if ty.array {
            return None;
        }
        let schema = self.world.database.schema();
        match &ty.base {
            BaseType::Builtin(_) => None,
            BaseType::Object(id) => {
                let ty = &schema.types[*id];
                let place = schema.namespaces[ty.namespace].name.clone();
                Some(QualifiedName::in_schema(place, ty.name.clone()))
            }
            BaseType::Named(name) => Some(self.qualify(name)),
        }
    }
}

/// The server's error.
pub(super) fn unsafe_use(used: &NewLabel) -> Box<Raised> {
    let message = format!(
        "unsafe use of new value \"{}\" of enum type {}",
        used.label, used.ty
    );
    Raised::certain("55P04", message, used.span)
}
