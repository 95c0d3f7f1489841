//! One change on its way into a database: which statement goes where.

use super::{Database, PlaceId};
use crate::change::{Applied, Change, Failure};
use crate::known::{ChangeId, Gap, Reach};
use crate::schema::{
    Column, ColumnId, Former, LogEntry, NamespaceId, Renamed, Schema, Sequence, SequenceId, Table, TableId,
    Written,
};
use crate::source::Span;

/// A copy of the database that one statement works on.
pub(super) struct Step {
    pub(super) db: Database,
    pub(super) id: ChangeId,
    pub(super) at: Span,
    /// Set where it could not be told whether the server takes the statement.
    pub(super) uncertain: Option<Gap>,
    /// Tables that it has written to.
    touched: Vec<TableId>,
}

/// What a part of a statement gives.
pub(super) type Outcome<T = ()> = Result<T, Failure>;

pub(super) fn apply(db: &mut Database, change: &Change, id: ChangeId, at: Span) -> Applied {
    let mut step = Step::new(db.clone(), id, at);
    let last = step.db.places.len().checked_sub(1);
    if last.is_none_or(|i| step.db.places[PlaceId(i as u32)].0 != id) {
        step.db.places.push((id, at));
    }
    match step.change(change) {
        Ok(()) => {
            step.settle();
            *db = step.db;
            step.uncertain.map_or(Applied::Done, Applied::Uncertain)
        }
        Err(failure) => Applied::Failed(failure),
    }
}

impl Step {
    pub(super) fn new(db: Database, id: ChangeId, at: Span) -> Self {
        Step {
            db,
            id,
            at,
            uncertain: None,
            touched: Vec::new(),
        }
    }

    /// Notes the names that constraints have got.
    pub(super) fn settle(&mut self) {
        for id in std::mem::take(&mut self.touched) {
            let schema = &mut self.db.schema;
            for constraint in &schema.tables[id].constraints {
                for name in constraint.name.possible() {
                    schema.constraint_names.add(name);
                }
            }
        }
    }

    /// Tables that were written to since the names of constraints were noted last.
    pub(super) fn touched(&self) -> &[TableId] {
        &self.touched
    }

    fn change(&mut self, change: &Change) -> Outcome {
        match change {
            Change::CreateTable(spec) => self.create_table(spec),
            Change::CreateTableAs {
                name,
                if_not_exists,
                temporary,
                columns,
                query,
                variables,
            } => self.create_table_as(
                name,
                *if_not_exists,
                *temporary,
                columns,
                (query, variables.as_slice()),
            ),
            Change::AlterTable(spec) => self.alter_table(spec),
            Change::CreateIndex(spec) => self.create_index(spec),
            Change::AttachIndex { parent, child } => self.attach_index(parent, child),
            Change::CreateView {
                name,
                or_replace,
                materialized,
                if_not_exists,
                temporary,
                columns,
                query,
                written,
            } => {
                let spec = super::view::ViewSpec {
                    name,
                    or_replace: *or_replace,
                    materialized: *materialized,
                    if_not_exists: *if_not_exists,
                    temporary: *temporary,
                    columns,
                    query,
                    written,
                };
                self.create_view(&spec)
            }
            Change::Drop {
                kind,
                names,
                if_exists,
                behaviour,
                routines,
            } => self.drop_objects(*kind, names, routines, *if_exists, *behaviour),
            Change::Rename {
                kind,
                name,
                to,
                if_exists,
            } => self.rename(*kind, name, to, *if_exists),
            Change::SetSchema {
                kind,
                name,
                to,
                if_exists,
            } => self.set_schema(*kind, name, to, *if_exists),
            Change::CreateSchema {
                name,
                if_not_exists,
                span,
            } => self.create_schema(name, *if_not_exists, *span),
            Change::CreateEnum { name, labels } => self.create_enum(name, labels),
            Change::AddEnumLabel {
                name,
                label,
                if_not_exists,
                beside,
            } => self.add_enum_label(name, label, *if_not_exists, beside.as_ref()),
            Change::RenameEnumLabel { name, from, to } => self.rename_enum_label(name, from, to),
            Change::CreateDomain {
                name,
                base,
                collation,
                default,
                not_null,
                checks,
            } => self.create_domain(
                name,
                base,
                collation.as_ref(),
                default.as_ref(),
                *not_null,
                checks,
            ),
            Change::AlterDomain { name, action } => self.alter_domain(name, action),
            Change::CreateComposite { name, attributes } => self.create_composite(name, attributes),
            Change::AlterComposite { name, actions } => self.alter_composite(name, actions),
            Change::CreateOtherType {
                name,
                range_of,
                multirange,
                written,
            } => self.create_other_type(name, range_of.as_ref(), multirange.as_ref(), written),
            Change::CreateSequence {
                name,
                if_not_exists,
                temporary,
                options,
            } => self.create_sequence(name, *if_not_exists, *temporary, options),
            Change::AlterSequence {
                name,
                if_exists,
                options,
            } => self.alter_sequence(name, *if_exists, options),
            Change::CreateExtension {
                name,
                if_not_exists,
                schema,
                cascade,
                span,
            } => self.create_extension(name, *if_not_exists, schema.as_ref(), *cascade, *span),
            Change::CreateFunction(spec) => self.create_function(spec),
            Change::CreateTrigger {
                name,
                table,
                or_replace,
                function,
                text,
            } => self.create_trigger(name, table, *or_replace, function, text),
            Change::DropTrigger {
                name,
                table,
                if_exists,
                behaviour: _,
            } => self.drop_trigger(name, table, *if_exists),
            Change::RenameTrigger { name, table, to } => self.rename_trigger(name, table, to),
            Change::Policy {
                name,
                table,
                create,
                if_exists,
            } => self.policy(name, table, *create, *if_exists),
            Change::CreateCollation {
                name,
                if_not_exists,
                written,
            } => self.create_collation(name, *if_not_exists, written),
            Change::CommentOn {
                kind,
                name,
                sub,
                text,
            } => self.comment_on(*kind, name, sub, text.as_ref()),
            Change::Insert {
                table,
                certain,
                given,
            } => self.insert(table, *certain, given.as_deref()),
            Change::Truncate { tables, cascade } => self.truncate(tables, *cascade),
            Change::SetLater { .. } => Ok(()),
            Change::NoSchemaEffect(what) => {
                self.note_unlisted(what);
                Ok(())
            }
            Change::Opaque(gap) => {
                self.db.open(gap.clone());
                self.uncertain.get_or_insert(gap.clone());
                Ok(())
            }
        }
    }

    /// Operators, casts and operator classes are not listed: from here on none is certainly missing.
    fn note_unlisted(&mut self, what: &str) {
        let makes = [
            "CREATE OPERATOR",
            "CREATE OPERATOR CLASS",
            "CREATE OPERATOR FAMILY",
            "ALTER OPERATOR FAMILY",
            "CREATE CAST",
            "CREATE ACCESS METHOD",
        ];
        self.db.rewrites |= what == "CREATE RULE";
        if makes.contains(&what) {
            let gap = Gap::new(self.at, format!("{what} is not followed"), Reach::Rows);
            self.db.schema.unlisted.get_or_insert(gap);
        }
    }

    /// The schema.
    pub(super) fn schema(&self) -> &Schema {
        &self.db.schema
    }

    pub(super) fn table(&self, id: TableId) -> &Table {
        &self.db.schema.tables[id]
    }

    pub(super) fn table_mut(&mut self, id: TableId) -> &mut Table {
        if !self.touched.contains(&id) {
            self.touched.push(id);
        }
        &mut self.db.schema.tables[id]
    }

    pub(super) fn column(&self, table: TableId, id: ColumnId) -> &Column {
        &self.table(table).columns[id.0 as usize]
    }

    pub(super) fn column_mut(&mut self, table: TableId, id: ColumnId) -> &mut Column {
        &mut self.table_mut(table).columns[id.0 as usize]
    }

    pub(super) fn sequence(&self, id: SequenceId) -> &Sequence {
        &self.db.schema.sequences[id]
    }

    pub(super) fn sequence_mut(&mut self, id: SequenceId) -> &mut Sequence {
        &mut self.db.schema.sequences[id]
    }

    /// `public.users` of a table.
    pub(super) fn qualified(&self, table: TableId) -> String {
        self.schema().table(table).qualified()
    }

    pub(super) fn namespace_name(&self, id: NamespaceId) -> &crate::name::Name {
        &self.schema().namespaces[id].name
    }

    /// Notes a change of a table.
    pub(super) fn log(&mut self, table: TableId, column: Option<ColumnId>, what: impl Into<String>) {
        let entry = LogEntry {
            change: self.id,
            column,
            what: what.into(),
        };
        self.table_mut(table).log.push(entry);
    }

    /// A part of the statement, to be kept as it is written.
    pub(super) fn written(&self, text: &str) -> Written {
        Written {
            text: text.into(),
            path: self.schema().search_path.clone(),
            at: self.id,
        }
    }

    /// Notes that something is no longer called so, or not there.
    pub(super) fn note_renamed(&mut self, of: Former, from: &str) {
        let (at, from) = (self.id, from.into());
        self.db.schema.renamed.push(Renamed { at, from, of });
    }

    /// Notes that the server may refuse the statement.
    pub(super) fn doubt(&mut self, gap: &Gap) {
        self.uncertain.get_or_insert_with(|| gap.clone());
    }

    /// Where a change stands.
    pub(super) fn place(&self, change: ChangeId) -> Option<Span> {
        let places = &self.db.places;
        let at = |i: usize| places[PlaceId(i as u32)];
        // Ids grow, but for what was there at first and where two courses were joined.
        let key = |id: ChangeId| (id != super::INITIAL).then_some(id);
        let (mut low, mut high) = (0, places.len());
        while low < high {
            let middle = low.midpoint(high);
            if key(at(middle).0) < key(change) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let mut found = (low < places.len()).then(|| at(low));
        if found.is_none_or(|(id, _)| id != change) {
            found = (0..places.len()).rev().map(at).find(|(id, _)| *id == change);
        }
        found.map(|(_, span)| span)
    }

    /// Adds "made here" to a failure.
    pub(super) fn related(
        &self,
        mut failure: Failure,
        change: Option<ChangeId>,
        label: impl Into<String>,
    ) -> Failure {
        if let Some(span) = change.and_then(|c| self.place(c)) {
            failure.related.push((span, label.into()));
        }
        failure
    }
}
