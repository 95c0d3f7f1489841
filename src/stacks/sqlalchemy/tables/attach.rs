//! Constructs that attach themselves to the table whose columns they name.

use rustc_hash::FxHashSet;

use super::Reader;
use crate::interpret::python::{Argument, TermId, TermKind, Value};
use crate::known::{Gap, Section};
use crate::stacks::sqlalchemy::registry::Registered;
use crate::stacks::sqlalchemy::table;

impl<'a, L: Registered<'a>> Reader<'_, 'a, L> {
    /// Constructs that attach themselves, and what was appended.
    pub(super) fn attach(&mut self) {
        let mut seen: FxHashSet<TermId> = FxHashSet::default();
        for table in &self.tables {
            seen.extend(table.def.constraints.iter().filter_map(|c| c.term));
            seen.extend(table.def.indexes.iter().filter_map(|i| i.term));
            seen.extend(
                table
                    .def
                    .columns
                    .iter()
                    .flat_map(|c| c.constraints.iter().filter_map(|c| c.term)),
            );
        }
        let registry = self.machine.library.registry();
        let (items, appended) = (registry.items.clone(), registry.appended.clone());
        for (table, entry) in appended {
            if let (Some(at), Value::Term(term)) = (self.table_at(&table), &entry.value) {
                seen.insert(term.id);
                self.append(at, &entry.argument(), entry.maybe.as_ref());
            }
        }
        for entry in items {
            let Value::Term(term) = &entry.value else { continue };
            if !seen.insert(term.id) {
                continue;
            }
            if let Some(at) = self.table_named_by(&entry.value) {
                self.append(at, &entry.argument(), entry.maybe.as_ref());
            }
        }
    }

    pub(super) fn append(&mut self, at: usize, item: &Argument<'a>, maybe: Option<&Gap>) {
        let Some(table) = self.tables.get(at) else { return };
        let mut def = table.def.clone();
        if let Some(gap) = maybe {
            def.open.extend(Section::ALL.map(|s| (s, gap.clone())));
        } else {
            let mut scope = self.scope.clone();
            scope.keys = def.keys();
            match table::column(self.machine, &item.value, &scope) {
                Some(column) => {
                    def.columns.push(column);
                    let from = def.columns.len() - 1;
                    table::attach_columns(self.machine, &mut def, from, &scope);
                }
                None => table::add_item(self.machine, &mut def, item, &scope),
            }
        }
        if let Some(table) = self.tables.get_mut(at) {
            table.def = def;
        }
    }

    /// The table that a value is: `table`, `Class.__table__`.
    fn table_at(&self, value: &Value<'a>) -> Option<usize> {
        let Value::Term(term) = value else { return None };
        match &term.kind {
            TermKind::Attribute(Value::Class(class), _) => self.of_class.get(class).copied(),
            _ => self.of_term.get(&term.id).copied(),
        }
    }

    /// The table that a construct names (`CheckConstraint(..., table=table)`), or that of the first column that it names as an object.
    pub(super) fn table_named_by(&mut self, value: &Value<'a>) -> Option<usize> {
        let (_, args) = value.as_call()?;
        // `CheckConstraint` and `ForeignKeyConstraint` (`sqlalchemy/sql/schema.py`) take it.
        if let Some(given) = args.keyword("table")
            && let Some(at) = self.table_at(&given.value)
        {
            return Some(at);
        }
        let mut stack: Vec<Value<'a>> = args.positional.iter().rev().map(|a| a.value.clone()).collect();
        let mut budget = 200;
        while let Some(value) = stack.pop() {
            budget -= 1;
            if budget == 0 {
                return None;
            }
            let Value::Term(term) = &value else {
                if let Some(items) = self.machine.known_items(&value) {
                    stack.extend(items);
                }
                continue;
            };
            if let TermKind::Attribute(Value::Class(class), name) = &term.kind
                && self.scope.attributes.contains_key(&(*class, name.clone()))
            {
                return self.of_class.get(class).copied();
            }
            if let Some(column) = self.scope.columns.get(&term.id)
                && let Some(table) = &column.table
            {
                let found = self
                    .tables
                    .iter()
                    .position(|t| t.def.qualified().as_ref() == Ok(table));
                return found;
            }
            match &term.kind {
                TermKind::Attribute(inner, _) => {
                    // `table.c.name`.
                    if let Some(at) = self.of_term.get(&term.id) {
                        return Some(*at);
                    }
                    stack.push(inner.clone());
                }
                TermKind::Call(callee, args) => {
                    if let Some(at) = self.of_term.get(&term.id) {
                        return Some(*at);
                    }
                    stack.extend(args.positional.iter().rev().map(|a| a.value.clone()));
                    stack.push(callee.clone());
                }
                TermKind::Item(inner, _) => stack.push(inner.clone()),
                TermKind::Operation(_, operands) => stack.extend(operands.iter().rev().cloned()),
                TermKind::Path(_) => {}
            }
        }
        None
    }
}
