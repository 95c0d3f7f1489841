//! Functions and triggers, printed as they were written.

use super::words::{mentions, outside_strings};
use super::{Item, Script};
use crate::known::Presence;
use crate::schema::{FunctionId, RelationKind, TableId, Trigger};

/// Functions of triggers that the server or an extension that comes with it has (manual, 9.28 "Trigger Functions", F.20 "lo", F.41 "spi",
/// F.43 "tcn").
const GIVEN: [&str; 10] = [
    "suppress_redundant_updates_trigger",
    "tsvector_update_trigger",
    "tsvector_update_trigger_column",
    "moddatetime",
    "autoinc",
    "insert_username",
    "check_primary_key",
    "check_foreign_key",
    "lo_manage",
    "triggered_change_notification",
];

impl Script<'_> {
    pub(super) fn function(&mut self, id: FunctionId) -> bool {
        let schema = self.schema;
        let f = &schema.functions[id];
        if f.extension.is_some() || schema.namespaces[f.namespace].system {
            return f.presence.is_present();
        }
        let shown = format!(
            "{} {}",
            f.keyword.to_lowercase(),
            self.shown(f.namespace, &f.name)
        );
        match &f.presence {
            Presence::Present(_) => {}
            Presence::Maybe(gap) => {
                let gap = gap.clone();
                self.note(&shown, &gap.why);
                return false;
            }
            Presence::Dropped(_) => return false,
        }
        let Some(written) = &f.written else {
            self.note(&shown, "its definition was not kept");
            return false;
        };
        let signature = outside_strings(&written.text);
        if let Some(old) = self.renamed_since(written, &signature, None) {
            self.note(
                &shown,
                &format!("its definition says {old:?}, which has been renamed"),
            );
            return false;
        }
        let mut types = f.parameters.list.iter().map(|p| &p.1).chain(&f.returns);
        let whole = types.all(|ty| self.want_type(ty));
        if !whole {
            self.note(&shown, "a type of its signature is not known");
            return false;
        }
        if signature.contains('%') || mentions(&signature, "atomic") || mentions(&signature, "return") {
            self.want_relations(&signature);
        }
        self.want_routines(&written.text);
        let name = self.qualified(f.namespace, &f.name);
        let statement = format!("CREATE {} {name} {}", f.keyword, written.text);
        self.say_on(written, &statement);
        true
    }

    pub(super) fn triggers(&mut self, tables: &[TableId]) {
        for &id in tables {
            let table = &self.schema.tables[id];
            let shown = self.shown_table(id);
            for trigger in &table.triggers {
                if !trigger.inherited {
                    self.trigger(id, trigger);
                }
            }
            if !table.policies.is_empty() {
                let names: Vec<&str> = table.policies.iter().map(crate::name::Name::as_str).collect();
                self.note(
                    &format!("policy {shown}"),
                    &format!("what these say was not kept: {}", names.join(", ")),
                );
            }
            if let Some(gap) = &table.unlisted {
                self.note(&format!("trigger {shown}"), &gap.why);
            }
        }
    }

    fn trigger(&mut self, table: TableId, trigger: &Trigger) {
        let shown = format!("trigger {}.{}", self.shown_table(table), trigger.name);
        if !self.want(Item::Table(table)) {
            self.note(&shown, "its table is not known");
            return;
        }
        let text = &trigger.text;
        let own = [table];
        // Behind `FROM` a constraint trigger names another table.
        let tables = (!text.constraint).then_some(own.as_slice());
        let all = format!("{} {} {}", text.events, text.conditions, text.arguments);
        if let Some(old) = self.renamed_since(&trigger.written, &all, tables) {
            self.note(
                &shown,
                &format!("its definition says {old:?}, which has been renamed"),
            );
            return;
        }
        let constraint = if text.constraint { "CONSTRAINT " } else { "" };
        let function = match self.trigger_function(trigger) {
            Some(id) if self.want(Item::Function(id)) => {
                let f = &self.schema.functions[id];
                self.qualified(f.namespace, &f.name)
            }
            Some(_) => {
                self.note(&shown, "its function is not known");
                return;
            }
            None if !GIVEN.contains(&trigger.function.name.as_str()) => {
                self.note(&shown, "no migration that could be followed makes its function");
                return;
            }
            None => {
                let name = &trigger.function;
                let place = name
                    .schema
                    .as_ref()
                    .map_or(String::new(), |s| format!("{}.", s.quoted()));
                format!("{place}{}", name.name.quoted())
            }
        };
        let statement = format!(
            "CREATE {constraint}TRIGGER {} {} ON {} {}{}EXECUTE FUNCTION {function}{}",
            trigger.name.quoted(),
            text.events,
            self.table_name(table),
            text.conditions,
            if text.conditions.contains("--") { "\n" } else { " " },
            text.arguments
        );
        self.say_on(&trigger.written, &statement);
    }

    /// The function of a trigger, where the history made it.
    fn trigger_function(&self, trigger: &Trigger) -> Option<FunctionId> {
        let name = &trigger.function;
        let places: Vec<_> = match &name.schema {
            Some(schema) => vec![schema],
            None => trigger.written.path.iter().collect(),
        };
        places.into_iter().find_map(|place| {
            let found = self.schema.functions.iter().find(|(_, f)| {
                f.name == name.name
                    && f.presence.may_be()
                    && f.parameters.inputs().next().is_none()
                    && self.schema.namespaces[f.namespace].name == *place
            });
            found.map(|(id, _)| id)
        })
    }

    pub(super) fn comments(&mut self, tables: &[TableId]) {
        let schema = self.schema;
        for (id, ty) in schema.types.iter() {
            if let Some(comment) = &ty.comment
                && ty.presence.is_present()
                && ty.extension.is_none()
                && self.want(Item::Type(id))
            {
                let kind = match ty.kind {
                    crate::schema::TypeKind::Domain(_) => "DOMAIN",
                    _ => "TYPE",
                };
                let name = self.qualified(ty.namespace, &ty.name);
                self.comment(kind, &name, comment);
            }
        }
        for &id in tables {
            if self.want(Item::Table(id)) {
                self.table_comments(id);
            }
        }
    }

    fn table_comments(&mut self, id: TableId) {
        let table = self.schema.table(id);
        let name = self.table_name(id);
        if let Some(comment) = &table.get().comment {
            let kind = match table.get().kind {
                RelationKind::Table | RelationKind::Partitioned => "TABLE",
                RelationKind::View => "VIEW",
                RelationKind::MaterializedView => "MATERIALIZED VIEW",
                RelationKind::Foreign => "FOREIGN TABLE",
            };
            self.comment(kind, &name, comment);
        }
        for constraint in table.constraints() {
            if let (Some(comment), Some(own)) = (&constraint.get().comment, constraint.get().name.known())
                && self.constraint_is_printed(constraint)
            {
                self.comment("CONSTRAINT", &format!("{} ON {name}", own.quoted()), comment);
            }
        }
        for index in table.indexes() {
            if let (Some(comment), Some(own)) = (&index.get().comment, index.get().name.known())
                && index.get().presence.is_present()
            {
                let name = self.qualified(table.get().namespace, own);
                self.comment("INDEX", &name, comment);
            }
        }
        for column in table.columns() {
            if let Some(comment) = &column.get().comment
                && (self.is_view(id) || self.columns.contains(&(id, column.id)))
            {
                self.comment("COLUMN", &format!("{name}.{}", column.name().quoted()), comment);
            }
        }
    }

    fn comment(&mut self, kind: &str, name: &str, comment: &str) {
        let text = super::literal(comment);
        self.say(&format!("COMMENT ON {kind} {name} IS {text}"));
    }
}
