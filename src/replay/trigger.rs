//! Triggers, and what partitions take over of those of the table above.
//!
//! Source: `CreateTriggerFiringOn`, `CloneRowTriggersToPartition`, `DropClonedTriggersFromPartition` and `renametrig` of the
//! server: a trigger for each row is on every partition under its name; one on a statement is on the table alone.

use super::apply::{Outcome, Step};
use super::error;
use crate::change::{ObjectName, TriggerText};
use crate::known::{Gap, Reach};
use crate::name::{Name, QualifiedName};
use crate::schema::{FunctionId, Lookup, NamespaceId, RelationKind, TableId, Trigger};
use crate::source::Span;

impl Step {
    pub(super) fn create_trigger(
        &mut self,
        name: &Name,
        table: &ObjectName,
        or_replace: bool,
        function: &QualifiedName,
        text: &TriggerText,
    ) -> Outcome {
        let id = self.table_named(table)?;
        let t = self.table(id);
        if t.kind == RelationKind::MaterializedView {
            let message = format!("relation \"{}\" cannot have triggers", t.name);
            return Err(error::failure("42809", message, table.span));
        }
        self.updated_columns_are_there(id, text, table.span)?;
        let trigger = Trigger {
            name: name.clone(),
            function: function.clone(),
            text: text.clone(),
            written: self.written(""),
            inherited: false,
        };
        self.put_trigger(id, trigger, or_replace, table.span)
    }

    /// `UPDATE OF a, b` names columns of the table (`CreateTriggerFiringOn`).
    fn updated_columns_are_there(&self, id: TableId, text: &TriggerText, span: Span) -> Outcome {
        let walker = self.schema().table(id);
        let table = walker.get();
        let judged = matches!(table.kind, RelationKind::Table | RelationKind::Partitioned);
        if !judged || table.presumed.is_some() {
            return Ok(());
        }
        for column in updated_columns(&text.events) {
            if matches!(walker.column(&column), Lookup::Absent) {
                let message = format!(
                    "column \"{column}\" of relation \"{}\" does not exist",
                    table.name
                );
                return Err(error::failure("42703", message, span));
            }
        }
        Ok(())
    }

    fn put_trigger(&mut self, id: TableId, trigger: Trigger, or_replace: bool, span: Span) -> Outcome {
        let t = self.table(id);
        let name = trigger.name.clone();
        let handed_on = trigger.text.each_row && t.kind == RelationKind::Partitioned;
        match t.triggers.iter().position(|other| other.name == name) {
            Some(_) if !or_replace => {
                let message = format!("trigger \"{name}\" for relation \"{}\" already exists", t.name);
                return Err(error::failure("42710", message, span));
            }
            Some(at) if t.triggers[at].inherited && !trigger.inherited => {
                let message = format!(
                    "trigger \"{name}\" for relation \"{}\" is a child trigger",
                    t.name
                );
                return Err(error::failure("42710", message, span));
            }
            Some(at) => self.table_mut(id).triggers[at] = trigger.clone(),
            None => self.table_mut(id).triggers.push(trigger.clone()),
        }
        self.log(id, None, format!("trigger {name} created"));
        if handed_on {
            for child in self.partitions(id) {
                self.hand_on(&trigger, child, or_replace, span)?;
            }
        }
        Ok(())
    }

    fn hand_on(&mut self, trigger: &Trigger, child: TableId, or_replace: bool, span: Span) -> Outcome {
        let own = Trigger {
            inherited: true,
            ..trigger.clone()
        };
        self.put_trigger(child, own, or_replace, span)
    }

    /// A new or attached partition takes the triggers for each row.
    pub(super) fn take_triggers(&mut self, parent: TableId, child: TableId, span: Span) -> Outcome {
        let triggers = self.table(parent).triggers.clone();
        for trigger in triggers.iter().filter(|t| t.text.each_row) {
            self.hand_on(trigger, child, false, span)?;
        }
        Ok(())
    }

    /// A detached partition loses what it took.
    pub(super) fn lose_triggers(&mut self, parent: TableId, child: TableId) {
        let names: Vec<Name> = self
            .table(parent)
            .triggers
            .iter()
            .map(|t| t.name.clone())
            .collect();
        for name in names {
            self.lose_trigger(child, &name);
        }
    }

    fn lose_trigger(&mut self, child: TableId, name: &Name) {
        let triggers = &mut self.table_mut(child).triggers;
        let before = triggers.len();
        triggers.retain(|t| t.name != *name || !t.inherited);
        if triggers.len() < before {
            for grandchild in self.partitions(child) {
                self.lose_trigger(grandchild, name);
            }
        }
    }

    pub(super) fn drop_trigger(&mut self, name: &Name, table: &ObjectName, if_exists: bool) -> Outcome {
        if if_exists && self.find_relation(&table.name).is_none() {
            return Ok(());
        }
        let id = self.table_named(table)?;
        if let Some(trigger) = self.table(id).triggers.iter().find(|t| t.name == *name) {
            if trigger.inherited {
                let message = format!(
                    "cannot drop trigger {name} on table {} because trigger {name} on the partitioned table requires it",
                    self.table(id).name
                );
                return Err(error::failure("2BP01", message, table.span));
            }
            self.remove_trigger(id, name);
            return Ok(());
        }
        if if_exists || self.unlisted_parts(id) {
            if self.table(id).unlisted.is_some() {
                let why = format!("whether there was a trigger {name}");
                let gap = Gap::new(table.span, why, Reach::Object(self.qualified(id)));
                self.table_mut(id).unlisted = Some(gap);
            }
            return Ok(());
        }
        let dropped = format!("trigger {name} dropped");
        let change = self
            .table(id)
            .log
            .iter()
            .rev()
            .find(|e| e.what == dropped)
            .map(|e| e.change);
        let message = format!(
            "trigger \"{name}\" for table \"{}\" does not exist",
            self.table(id).name
        );
        let failure = error::failure("42704", message, table.span);
        Err(self.related(failure, change, "it is dropped here"))
    }

    /// A trigger goes, and its copies on partitions.
    pub(super) fn remove_trigger(&mut self, id: TableId, name: &Name) {
        self.table_mut(id).triggers.retain(|t| t.name != *name);
        self.log(id, None, format!("trigger {name} dropped"));
        for child in self.partitions(id) {
            self.lose_trigger(child, name);
        }
    }

    pub(super) fn rename_trigger(&mut self, name: &Name, table: &ObjectName, to: &Name) -> Outcome {
        let id = self.table_named(table)?;
        let t = self.table(id);
        match t.triggers.iter().find(|trigger| trigger.name == *name) {
            // The server gives this refusal no code of its own.
            Some(trigger) if trigger.inherited => {
                let message = format!("cannot rename trigger \"{name}\" on table \"{}\"", t.name);
                Err(error::failure("XX000", message, table.span))
            }
            Some(_) => {
                self.rename_trigger_down(id, name, to);
                Ok(())
            }
            None if !self.unlisted_parts(id) => {
                let message = format!("trigger \"{name}\" for table \"{}\" does not exist", t.name);
                Err(error::failure("42704", message, table.span))
            }
            None => Ok(()),
        }
    }

    fn rename_trigger_down(&mut self, id: TableId, name: &Name, to: &Name) {
        let triggers = &mut self.table_mut(id).triggers;
        let Some(trigger) = triggers.iter_mut().find(|trigger| trigger.name == *name) else {
            return;
        };
        trigger.name = to.clone();
        self.log(id, None, format!("trigger {name} renamed to {to}"));
        for child in self.partitions(id) {
            if self
                .table(child)
                .triggers
                .iter()
                .any(|t| t.name == *name && t.inherited)
            {
                self.rename_trigger_down(child, name, to);
            }
        }
    }

    /// The function that triggers call has another name or schema.
    pub(super) fn follow_triggers(&mut self, function: FunctionId, namespace: NamespaceId, to: &Name) {
        let f = &self.schema().functions[function];
        let from = QualifiedName::in_schema(self.namespace_name(f.namespace).clone(), f.name.clone());
        let to = QualifiedName::in_schema(self.namespace_name(namespace).clone(), to.clone());
        let calls = |trigger: &Trigger| {
            trigger.function.name == from.name
                && match &trigger.function.schema {
                    Some(schema) => from.schema.as_ref() == Some(schema),
                    None => trigger
                        .written
                        .path
                        .iter()
                        .any(|place| from.schema.as_ref() == Some(place)),
                }
        };
        let tables: Vec<TableId> = self
            .schema()
            .tables
            .iter()
            .filter(|(_, t)| t.triggers.iter().any(calls))
            .map(|(id, _)| id)
            .collect();
        for table in tables {
            for trigger in self.table_mut(table).triggers.iter_mut().filter(|t| calls(t)) {
                trigger.function = to.clone();
            }
        }
    }
}

/// The columns of `UPDATE OF a, "B"`; none where the text holds anything but words, names and commas.
fn updated_columns(events: &str) -> Vec<Name> {
    let mut parts: Vec<&str> = Vec::new();
    let mut rest = events.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            ',' => 1,
            '"' => match rest[1..].find('"') {
                Some(end) => end + 2,
                None => return Vec::new(),
            },
            c if c.is_alphabetic() || c == '_' => {
                let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
                rest.find(|c| !in_word(c)).unwrap_or(rest.len())
            }
            _ => return Vec::new(),
        };
        let (part, behind) = rest.split_at(end);
        parts.push(part);
        rest = behind.trim_start();
    }
    let said = |at: usize, word: &str| parts.get(at).is_some_and(|part| part.eq_ignore_ascii_case(word));
    let Some(update) = (0..parts.len()).find(|&at| said(at, "update") && said(at + 1, "of")) else {
        return Vec::new();
    };
    let mut columns = Vec::new();
    let mut at = update + 2;
    while let Some(name) = parts.get(at) {
        columns.push(Name::from_sql(name));
        if !said(at + 1, ",") {
            break;
        }
        at += 2;
    }
    columns
}
