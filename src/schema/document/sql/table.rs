//! Tables with their columns, and views.

use std::fmt::Write;

use super::words::{mentions_bare, outside_strings, reads_all_columns};
use super::{Item, Script};
use crate::change::{GeneratedKind, IdentityKind};
use crate::known::{Fact, Presence, Section};
use crate::schema::{ColumnId, ColumnWalker, RelationKind, TableId, View};
use crate::tree::ExprKind;

impl Script<'_> {
    /// Whether a relation is to be printed: `Err` with the answer where nothing is.
    fn is_there(&mut self, id: TableId) -> Result<(), bool> {
        let t = &self.schema.tables[id];
        let shown = format!("table {}", self.shown_table(id));
        if t.temporary || t.presence.is_dropped() {
            return Err(false);
        }
        if t.extension.is_some() || self.schema.namespaces[t.namespace].system {
            return Err(true);
        }
        if let Presence::Maybe(gap) = &t.presence {
            let gap = gap.clone();
            self.note(&shown, &gap.why);
            return Err(false);
        }
        if let Some(gap) = &t.presumed {
            self.note(&shown, &gap.why);
        }
        for (section, gap) in &t.open {
            self.note(&format!("{shown}: {}", section.key()), &gap.why);
        }
        Ok(())
    }

    pub(super) fn table(&mut self, id: TableId) -> bool {
        if let Err(answer) = self.is_there(id) {
            return answer;
        }
        let table = self.schema.table(id);
        let t = table.get();
        let shown = format!("table {}", self.shown_table(id));
        if t.kind == RelationKind::Foreign {
            self.note(&shown, "the server of a foreign table is not kept");
            return false;
        }
        self.want_keys(id);
        let parents: Vec<TableId> = t.inherits.clone();
        for &parent in &parents {
            self.want(Item::Table(parent));
        }
        let columns: Vec<ColumnId> = table.columns().map(|c| c.id).collect();
        let printed: Vec<ColumnId> = columns
            .into_iter()
            .filter(|&column| self.column_is_told(table.column_by_id(column)))
            .collect();
        self.columns.extend(printed.iter().map(|&column| (id, column)));
        let inherits = !parents.is_empty() && self.inherits_at_once(id);
        let lines: Vec<String> = printed
            .iter()
            .map(|&column| table.column_by_id(column))
            .filter(|column| !inherits || column.get().local)
            .map(|column| self.column(column))
            .collect();
        let mut out = String::from("CREATE ");
        if t.unlogged {
            out.push_str("UNLOGGED ");
        }
        let _ = write!(out, "TABLE {} (", self.table_name(id));
        for (at, line) in lines.iter().enumerate() {
            let comma = if at + 1 < lines.len() { "," } else { "" };
            let _ = write!(out, "\n    {line}{comma}");
        }
        out.push_str(if lines.is_empty() { ")" } else { "\n)" });
        if inherits {
            let names: Vec<String> = parents.iter().map(|&p| self.table_name(p)).collect();
            let _ = write!(out, " INHERITS ({})", names.join(", "));
        }
        match &t.partition.by {
            Some(by) => {
                self.want_routines(by);
                let _ = write!(out, " PARTITION BY {by}");
            }
            None if t.kind == RelationKind::Partitioned => {
                self.note(&shown, "how it is partitioned is not known")
            }
            None => {}
        }
        self.say(&out);
        if inherits {
            self.differences(id, &printed);
        }
        true
    }

    /// The functions and types that a table's constraints and indexes use.
    fn want_keys(&mut self, id: TableId) {
        let table = self.schema.table(id);
        for constraint in table.constraints() {
            if let crate::schema::ConstraintKind::Check(stored) = &constraint.get().kind {
                self.want_expr(None, &stored.expr);
            }
        }
        for index in table.indexes() {
            let keys = index.get().keys.iter().map(|key| &key.expr);
            for stored in keys.chain(&index.get().predicate) {
                if !matches!(stored.expr.kind, ExprKind::Var(_)) {
                    self.want_expr(None, &stored.expr);
                }
            }
        }
    }

    /// Whether a column is certainly there and of a known type.
    fn column_is_told(&mut self, column: ColumnWalker<'_>) -> bool {
        let c = column.get();
        let shown = format!("column {}.{}", self.shown_table(column.table.id), c.name);
        let why = match (&c.presence, &c.ty) {
            (Presence::Maybe(gap), _) | (Presence::Present(_), Fact::Unknown { gap, .. }) => gap.why.clone(),
            (Presence::Present(_), Fact::Known(ty, _)) => {
                if self.want_type(ty) {
                    return true;
                }
                "its type is not known".to_owned()
            }
            (Presence::Dropped(_), _) => return false,
        };
        self.note(&shown, &why);
        false
    }

    fn column(&mut self, column: ColumnWalker<'_>) -> String {
        let (schema, table, c) = (self.schema, column.table.id, column.get());
        let shown = format!("column {}.{}", self.shown_table(table), c.name);
        let mut out = format!(
            "{} {}",
            c.name.quoted(),
            column.formatted_type().unwrap_or_default()
        );
        if let Some(collation) = &c.collation {
            let place = collation
                .schema
                .as_ref()
                .map_or(String::new(), |s| format!("{}.", s.quoted()));
            let _ = write!(out, " COLLATE {place}{}", collation.name.quoted());
        }
        if let Some(default) = self.default_of(column) {
            let _ = write!(out, " DEFAULT {default}");
        }
        match &c.generated {
            Fact::Known(None, _) => {}
            Fact::Known(Some((expr, kind)), _) => {
                if let Some(expr) = self.expr(Some(table), expr, &format!("{shown} generated")) {
                    let kind = match kind {
                        GeneratedKind::Stored => "STORED",
                        GeneratedKind::Virtual => "VIRTUAL",
                    };
                    let _ = write!(out, " GENERATED ALWAYS AS ({expr}) {kind}");
                }
            }
            Fact::Unknown { gap, .. } => self.note(&format!("{shown} generated"), &gap.why),
        }
        match &c.identity {
            Fact::Known(None, _) => {}
            Fact::Known(Some(kind), _) => {
                let kind = match kind {
                    IdentityKind::Always => "ALWAYS",
                    IdentityKind::ByDefault => "BY DEFAULT",
                };
                let _ = write!(out, " GENERATED {kind} AS IDENTITY");
                if let Some(s) = c.sequence.and_then(|id| schema.sequences.get(id)) {
                    let name = self.qualified(s.namespace, &s.name);
                    let _ = write!(out, " (SEQUENCE NAME {name}{})", self.sequence_options(s, false));
                }
            }
            Fact::Unknown { gap, .. } => self.note(&format!("{shown} identity"), &gap.why),
        }
        match &c.nullable {
            Fact::Known(false, _) => out.push_str(" NOT NULL"),
            Fact::Known(true, _) => {}
            Fact::Unknown { gap, .. } => self.note(&format!("{shown} not null"), &gap.why),
        }
        out
    }

    fn default_of(&mut self, column: ColumnWalker<'_>) -> Option<String> {
        let table = column.table.id;
        let shown = format!("column {}.{} default", self.shown_table(table), column.name());
        match &column.get().default {
            Fact::Known(None, _) => None,
            Fact::Known(Some(default), _) => self.expr(Some(table), default, &shown),
            Fact::Unknown { gap, .. } => {
                self.note(&shown, &gap.why);
                None
            }
        }
    }

    /// Whether `INHERITS` gives the columns in the table's own order; else the parents are named afterwards.
    pub(super) fn inherits_at_once(&self, id: TableId) -> bool {
        let schema = self.schema;
        let t = &schema.tables[id];
        let mut taken: Vec<(&crate::name::Name, Option<String>)> = Vec::new();
        for &parent in &t.inherits {
            let parent = schema.table(parent);
            if !parent.is_certain() || parent.get().temporary || parent.open(Section::Columns).is_some() {
                return false;
            }
            for column in parent.columns() {
                if !self.columns.contains(&(parent.id, column.id)) {
                    return false;
                }
                let default = column.get().default.known().and_then(Option::as_ref);
                let default = default.and_then(|stored| schema.print_expr(Some(parent.id), stored).ok());
                let generated = column.get().generated.known().is_none_or(Option::is_some);
                match taken.iter().find(|known| known.0 == column.name()) {
                    Some(known) if known.1 != default || generated => return false,
                    Some(_) => {}
                    None => taken.push((column.name(), default)),
                }
            }
        }
        let own: Vec<_> = schema
            .table(id)
            .columns()
            .filter(|c| self.columns.contains(&(id, c.id)))
            .collect();
        let first = own.iter().take(taken.len()).map(|c| c.name());
        first.eq(taken.iter().map(|t| t.0)) && own.iter().skip(taken.len()).all(|c| c.get().local)
    }

    /// What columns that come from parents say otherwise than the parents.
    fn differences(&mut self, id: TableId, columns: &[ColumnId]) {
        let schema = self.schema;
        let name = self.table_name(id);
        for &column in columns {
            let own = schema.table(id).column_by_id(column);
            if own.get().local {
                continue;
            }
            let quoted = own.name().quoted();
            let parents: Vec<_> = schema.tables[id]
                .inherits
                .iter()
                .filter_map(|&p| schema.table(p).columns().find(|c| c.name() == own.name()))
                .collect();
            let theirs = parents.first().and_then(|parent| {
                let stored = parent.get().default.known()?.as_ref()?;
                schema.print_expr(Some(parent.table.id), stored).ok()
            });
            if own.get().generated.known() == Some(&None) {
                let mine = self.default_of(own);
                if mine != theirs {
                    let change = mine.map_or("DROP DEFAULT".to_owned(), |d| format!("SET DEFAULT {d}"));
                    self.say(&format!("ALTER TABLE ONLY {name} ALTER COLUMN {quoted} {change}"));
                }
            }
            let theirs = parents.iter().any(|p| p.get().nullable.known() == Some(&false));
            match own.get().nullable.known() {
                Some(false) if !theirs => {
                    self.say(&format!(
                        "ALTER TABLE ONLY {name} ALTER COLUMN {quoted} SET NOT NULL"
                    ));
                }
                Some(true) if theirs => {
                    self.say(&format!(
                        "ALTER TABLE ONLY {name} ALTER COLUMN {quoted} DROP NOT NULL"
                    ));
                }
                _ => {}
            }
        }
    }

    pub(super) fn view(&mut self, id: TableId) -> bool {
        if let Err(answer) = self.is_there(id) {
            return answer;
        }
        let table = self.schema.table(id);
        let t = table.get();
        let shown = format!("table {}", self.shown_table(id));
        let Some(view) = &t.view else {
            self.note(&shown, "its query is not known");
            return false;
        };
        if let Some(why) = self.view_is_stale(view) {
            self.note(&shown, &why);
            return false;
        }
        let reads: Vec<TableId> = view.reads.iter().map(|read| read.0).collect();
        let whole = reads.into_iter().all(|read| self.want(Item::Table(read)))
            && view
                .reads
                .iter()
                .all(|&(t, c)| self.is_view(t) || c.is_none_or(|c| self.columns.contains(&(t, c))));
        if !whole {
            self.note(&shown, "something that it reads is not known");
            return false;
        }
        if !self.want_routines(&view.written.text) {
            self.note(&shown, "a function that it may call is not known");
            return false;
        }
        let aliases: Vec<String> = if table.open(Section::Columns).is_none() {
            table.columns().map(|c| c.name().quoted()).collect()
        } else {
            view.aliases.iter().map(crate::name::Name::quoted).collect()
        };
        let aliases = if aliases.is_empty() {
            String::new()
        } else {
            format!(" ({})", aliases.join(", "))
        };
        let kind = match t.kind {
            RelationKind::MaterializedView => "MATERIALIZED VIEW",
            _ => "VIEW",
        };
        let name = self.table_name(id);
        let statement = format!("CREATE {kind} {name}{aliases} {}", view.written.text);
        self.say_on(&view.written, &statement);
        for column in table.columns() {
            self.columns.insert((id, column.id));
            if let Some(default) = self.default_of(column) {
                let column = column.name().quoted();
                self.say(&format!(
                    "ALTER VIEW {name} ALTER COLUMN {column} SET DEFAULT {default}"
                ));
            }
        }
        self.indexes(id);
        true
    }

    /// Why the text of a view no longer says what the view is.
    fn view_is_stale(&self, view: &View) -> Option<String> {
        let written = &view.written;
        if written.text.is_empty() {
            return Some("its query was not kept".to_owned());
        }
        let code = outside_strings(&written.text);
        let everything = reads_all_columns(&code);
        let mut tables: Vec<TableId> = view.reads.iter().map(|read| read.0).collect();
        tables.sort_unstable();
        tables.dedup();
        let told = view.open.is_none().then_some(tables.as_slice());
        if let Some(old) = self.renamed_since(written, &written.text, told) {
            return Some(format!("its query says {old:?}, which has been renamed"));
        }
        for &table in &tables {
            for column in &self.schema.tables[table].columns {
                let later = match &column.presence {
                    Presence::Present(at) => *at > written.at,
                    Presence::Maybe(_) => true,
                    Presence::Dropped(_) => false,
                };
                if later && (everything || tables.len() > 1 && mentions_bare(&code, column.name.as_str())) {
                    let name = self.shown_table(table);
                    return Some(format!(
                        "column {:?} of {name} is newer than its query",
                        column.name.as_str()
                    ));
                }
            }
        }
        None
    }
}
