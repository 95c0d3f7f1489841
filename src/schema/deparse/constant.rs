//! Constants and keyword values as the server prints them (`get_const_expr`).

use super::super::Relation;
use super::super::{ArenaId, IndexId, SequenceId, TableId};
use super::printer::Printer;
use crate::known::Gap;
use crate::sqltype::{Builtin, SqlType};
use crate::tree::{Expr, RelationRef, SqlValue};

impl Printer<'_> {
    /// `get_const_expr`; `label`: whether the type may be shown.
    pub(super) fn constant(&mut self, text: Option<&str>, ty: &SqlType, label: bool) {
        let Some(text) = text else {
            self.out.push_str("NULL");
            if label {
                self.type_label(ty);
            }
            return;
        };
        let bare = match ty.as_builtin() {
            Some(Builtin::Int4) => text.starts_with(|c: char| c.is_ascii_digit()),
            Some(Builtin::Numeric) => {
                text.starts_with(|c: char| c.is_ascii_digit()) && text.contains(['e', 'E', '.'])
            }
            _ => false,
        };
        if bare {
            self.out.push_str(text);
        } else {
            self.literal(text);
        }
        let shown = match ty.as_builtin() {
            Some(Builtin::Int4 | Builtin::Numeric) => !bare || ty.modifier.is_some(),
            Some(Builtin::Unknown) => false,
            _ => true,
        };
        if label && shown {
            self.type_label(ty);
        }
    }

    pub(super) fn type_label(&mut self, ty: &SqlType) {
        let name = self.schema.format_type(ty);
        self.out.push_str("::");
        self.out.push_str(&name);
    }

    /// `simple_quote_literal`.
    pub(super) fn literal(&mut self, text: &str) {
        self.out.push('\'');
        self.out.push_str(&text.replace('\'', "''"));
        self.out.push('\'');
    }

    /// `regclassout`: the name, with its schema where the search path does not find it.
    pub(super) fn relation(&self, expr: &Expr, relation: RelationRef) -> Result<String, Gap> {
        let missing = || self.unknown(expr, "the relation is not known");
        let (namespace, name, wanted) = match relation {
            RelationRef::Table(t) => {
                let id = TableId(t);
                let table = self.schema.tables.get(id).ok_or_else(missing)?;
                (table.namespace, table.name.clone(), Relation::Table(id))
            }
            RelationRef::Sequence(s) => {
                let id = SequenceId::from_index(s as usize);
                let sequence = self.schema.sequences.get(id).ok_or_else(missing)?;
                (sequence.namespace, sequence.name.clone(), Relation::Sequence(id))
            }
            RelationRef::Index(t, i) => {
                let id = TableId(t);
                let table = self.schema.tables.get(id).ok_or_else(missing)?;
                let index = table.indexes.get(i as usize).ok_or_else(missing)?;
                let name = index.name.known().ok_or_else(missing)?.clone();
                (table.namespace, name, Relation::Index(id, IndexId(i)))
            }
        };
        let schema = &self.schema.namespaces.get(namespace).ok_or_else(missing)?.name;
        // Visible when it is the first of its name on the search path.
        let first = self.schema.search_path.iter().find_map(|s| {
            let namespace = self.schema.namespace(s)?;
            self.schema.relation_names.get(namespace, &name)
        });
        Ok(if first == Some(wanted) {
            name.quoted()
        } else {
            format!("{}.{}", schema.quoted(), name.quoted())
        })
    }

    pub(super) fn value(&mut self, value: SqlValue, precision: Option<u8>) {
        let word = match value {
            SqlValue::CurrentDate => "CURRENT_DATE",
            SqlValue::CurrentTime => "CURRENT_TIME",
            SqlValue::CurrentTimestamp => "CURRENT_TIMESTAMP",
            SqlValue::LocalTime => "LOCALTIME",
            SqlValue::LocalTimestamp => "LOCALTIMESTAMP",
            SqlValue::CurrentRole => "CURRENT_ROLE",
            SqlValue::CurrentUser => "CURRENT_USER",
            SqlValue::User => "USER",
            SqlValue::SessionUser => "SESSION_USER",
            SqlValue::CurrentCatalog => "CURRENT_CATALOG",
            SqlValue::CurrentSchema => "CURRENT_SCHEMA",
        };
        self.out.push_str(word);
        if let Some(precision) = precision {
            self.out.push_str(&format!("({precision})"));
        }
    }
}
