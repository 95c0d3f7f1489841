//! Names to objects: the search path, what is gone, and what is presumed because no migration made it.

use super::Gone;
use super::apply::{Outcome, Step};
use super::error;
use crate::change::{Failure, ObjectName};
use crate::known::{ChangeId, Fact, Gap, Presence, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::schema::{
    Column, ColumnId, List, LogEntry, Namespace, NamespaceId, Partition, Relation, RelationKind, Rows, Table,
    TableId,
};
use crate::source::Span;

/// Why a name stands for nothing.
pub(super) enum Missing {
    /// The history freed it.
    Gone(Gone),
    /// A gap could hide it.
    Hidden(Gap),
    /// Nothing made it.
    Never,
}

impl Gone {
    fn change(self) -> ChangeId {
        match self {
            Gone::Dropped(change) | Gone::Renamed(change) | Gone::Moved(change) => change,
        }
    }

    fn label(self, what: &str) -> String {
        match self {
            Gone::Dropped(_) => format!("{what} is dropped here"),
            Gone::Renamed(_) => format!("{what} is renamed here"),
            Gone::Moved(_) => format!("{what} is moved to another schema here"),
        }
    }
}

impl Step {
    pub(super) fn system_namespace(&self, name: &str) -> NamespaceId {
        self.schema()
            .namespace(&Name::new(name))
            .unwrap_or(NamespaceId(0))
    }

    /// Adds what freed a name to a failure.
    pub(super) fn gone(&self, failure: Failure, gone: Gone, what: &str) -> Failure {
        self.related(failure, Some(gone.change()), gone.label(what))
    }

    /// A schema that a statement names.
    pub(super) fn namespace_named(&mut self, name: &Name, span: Span) -> Outcome<NamespaceId> {
        if let Some(id) = self.schema().namespace(name) {
            let origin = self.id;
            let namespace = &mut self.db.schema.namespaces[id];
            if !namespace.presence.is_present() {
                namespace.presence = Presence::Present(origin);
            }
            return Ok(id);
        }
        let key = self.system_namespace("pg_catalog");
        if let Some(gone) = self.db.gone_others.get(key, name) {
            let failure = error::undefined_schema(name, span);
            return Err(self.gone(failure, gone, &format!("schema {name}")));
        }
        Ok(self.presume_namespace(name, span))
    }

    fn presume_namespace(&mut self, name: &Name, span: Span) -> NamespaceId {
        let why = format!("no migration creates the schema {name}");
        let gap = Gap::new(span, why, Reach::Namespace(name.to_string()));
        let namespace = Namespace {
            name: name.clone(),
            presence: Presence::Present(self.id),
            system: name.as_str().starts_with("pg_"),
            presumed: Some(gap),
        };
        self.db.schema.namespaces.push(namespace)
    }

    /// Where a new object of this name goes.
    pub(super) fn namespace_for(
        &mut self,
        name: &QualifiedName,
        temporary: bool,
        span: Span,
    ) -> Outcome<NamespaceId> {
        if temporary {
            return Ok(self.system_namespace("pg_temp"));
        }
        if let Some(schema) = &name.schema {
            return self.namespace_named(schema, span);
        }
        let path = &self.schema().search_path;
        if let Some(found) = path.iter().find_map(|place| self.schema().namespace(place)) {
            return Ok(found);
        }
        // What the path names, and nothing dropped, is made outside the history.
        let key = self.system_namespace("pg_catalog");
        let is_free =
            |place: &&Name| !place.as_str().starts_with('$') && self.db.gone_others.get(key, place).is_none();
        match path.iter().find(is_free).cloned() {
            Some(place) => Ok(self.presume_namespace(&place, span)),
            None => Err(error::failure(
                "3F000",
                "no schema has been selected to create in",
                span,
            )),
        }
    }

    /// Namespaces that a name is looked up in, in order.
    pub(super) fn lookup_path(&self, name: &QualifiedName) -> Vec<NamespaceId> {
        match &name.schema {
            Some(schema) => self.schema().namespace(schema).into_iter().collect(),
            None => std::iter::once(self.system_namespace("pg_temp"))
                .chain(
                    self.schema()
                        .search_path
                        .iter()
                        .filter_map(|place| self.schema().namespace(place)),
                )
                .collect(),
        }
    }

    /// What a name in `pg_class` stands for.
    pub(super) fn find_relation(&self, name: &QualifiedName) -> Option<Relation> {
        self.lookup_path(name)
            .into_iter()
            .find_map(|namespace| self.schema().relation_names.get(namespace, &name.name))
    }

    /// Why no relation has this name.
    pub(super) fn missing_relation(&self, name: &QualifiedName) -> Missing {
        let path = self.lookup_path(name);
        if let Some(gone) = path
            .iter()
            .find_map(|&n| self.db.gone_relations.get(n, &name.name))
        {
            return Missing::Gone(gone);
        }
        self.hidden(name, &path)
    }

    pub(super) fn hidden(&self, name: &QualifiedName, path: &[NamespaceId]) -> Missing {
        let mut places: Vec<&Name> = path.iter().map(|&id| self.namespace_name(id)).collect();
        places.extend(&name.schema);
        match self.schema().hiding_gap(&places) {
            Some(gap) => Missing::Hidden(gap.clone()),
            None => Missing::Never,
        }
    }

    /// Whether every table of a namespace is known with all its indexes, so that an index that is not listed is not there.
    /// Without any table it cannot be told: those that are not the history's own may be all there are.
    pub(super) fn indexes_known(&self, name: &QualifiedName) -> bool {
        let path = self.lookup_path(name);
        let mut any = false;
        for (id, table) in self.schema().tables.iter() {
            if !table.presence.may_be() || !path.contains(&table.namespace) || table.extension.is_some() {
                continue;
            }
            any = true;
            let walker = self.schema().table(id);
            let open = [Section::Indexes, Section::Unique, Section::PrimaryKey]
                .into_iter()
                .any(|section| walker.open(section).is_some());
            if open || table.presumed.is_some() || !table.presence.is_present() {
                return false;
            }
        }
        any && matches!(self.hidden(name, &path), Missing::Never)
            && path
                .iter()
                .all(|&id| self.schema().namespaces[id].presumed.is_none())
    }

    pub(super) fn undefined_relation(&self, name: &ObjectName, gone: Gone) -> Failure {
        let failure = error::undefined_relation(&name.name, name.span);
        self.gone(failure, gone, &format!("\"{}\"", name.name.name))
    }

    /// A table, view or the like that a statement uses: presumed where nothing made it.
    pub(super) fn relation_named(&mut self, name: &ObjectName) -> Outcome<Relation> {
        if let Some(relation) = self.find_relation(&name.name) {
            if let Relation::Table(id) = relation {
                self.touch(id);
            }
            return Ok(relation);
        }
        let cause = match self.missing_relation(&name.name) {
            Missing::Gone(gone) => return Err(self.undefined_relation(name, gone)),
            Missing::Hidden(gap) => Some(gap),
            Missing::Never => None,
        };
        self.presume_table(name, cause).map(Relation::Table)
    }

    /// A table or view that a statement uses.
    pub(super) fn table_named(&mut self, name: &ObjectName) -> Outcome<TableId> {
        let relation = self.relation_named(name)?;
        match (relation, self.table_instead(relation, name)) {
            (Relation::Table(id), _) | (_, Some(id)) => Ok(id),
            (Relation::Index(..) | Relation::Sequence(_), None) => {
                Err(error::wrong_kind(&name.name.name, "a table", name.span))
            }
        }
    }

    /// The table of a name that one course has given to an index or a sequence and another one to a table, where a statement needs the
    /// table: the history is taken to have been applied.
    pub(super) fn table_instead(&mut self, relation: Relation, name: &ObjectName) -> Option<TableId> {
        let namespace = match relation {
            Relation::Table(_) => return None,
            Relation::Index(table, _) => self.table(table).namespace,
            Relation::Sequence(sequence) => self.sequence(sequence).namespace,
        };
        if !matches!(self.relation_presence(relation).0, Presence::Maybe(_)) {
            return None;
        }
        let bare = &name.name.name;
        let has_it =
            |table: &Table| table.namespace == namespace && table.name == *bare && table.presence.may_be();
        let found = self.schema().tables.iter().find(|(_, table)| has_it(table));
        let id = found.map(|(id, _)| id)?;
        self.give_way(relation);
        let names = &mut self.db.schema.relation_names;
        names.insert(namespace, bare.clone(), Relation::Table(id));
        self.touch(id);
        Some(id)
    }

    /// Using an object proves that it is there: the history is taken to have been applied.
    pub(super) fn touch(&mut self, id: TableId) {
        if !self.table(id).presence.is_present() {
            let origin = self.id;
            self.table_mut(id).presence = Presence::Present(origin);
        }
    }

    fn presume_table(&mut self, name: &ObjectName, cause: Option<Gap>) -> Outcome<TableId> {
        let system = name.name.schema.is_none() && name.name.name.as_str().starts_with("pg_");
        let namespace = if system {
            self.system_namespace("pg_catalog")
        } else {
            self.namespace_for(&name.name, false, name.span)?
        };
        let qualified = format!("{}.{}", self.namespace_name(namespace), name.name.name);
        let reach = Reach::Object(qualified.clone());
        let gap = match cause {
            Some(gap) => gap.reaching(reach),
            None => Gap::new(name.span, format!("no migration creates {qualified}"), reach),
        };
        let mut table = blank_table(namespace, name.name.name.clone(), RelationKind::Table, self.id);
        table.open = Section::ALL
            .into_iter()
            .map(|section| (section, gap.clone()))
            .collect();
        table.presumed = Some(gap);
        table.rows = Rows::Unknown;
        table.log.push(LogEntry {
            change: self.id,
            column: None,
            what: "first used, never created".to_owned(),
        });
        let id = self.db.schema.tables.push(table);
        self.bind_relation(namespace, &name.name.name, Relation::Table(id));
        Ok(id)
    }

    /// Gives a name to a relation.
    pub(super) fn bind_relation(&mut self, namespace: NamespaceId, name: &Name, relation: Relation) {
        self.db
            .schema
            .relation_names
            .insert(namespace, name.clone(), relation);
        self.db.gone_relations.remove(namespace, name);
    }

    /// Frees the name of a relation, if it stands for this one.
    pub(super) fn free_relation(
        &mut self,
        namespace: NamespaceId,
        name: &Name,
        relation: Relation,
        gone: Gone,
    ) {
        if self.schema().relation_names.get(namespace, name) == Some(relation) {
            self.db.schema.relation_names.remove(namespace, name);
            self.db.gone_relations.insert(namespace, name.clone(), gone);
        }
    }

    /// The column of a table that certainly or perhaps is there.
    pub(super) fn find_column(&self, table: TableId, name: &Name) -> Option<ColumnId> {
        let columns = &self.table(table).columns;
        let at = columns
            .iter()
            .position(|c| c.name == *name && c.presence.may_be())?;
        Some(ColumnId(at as u32))
    }

    /// A column that a statement uses: presumed where the table's columns are not all known.
    pub(super) fn column_named(&mut self, table: TableId, name: &Name, span: Span) -> Outcome<ColumnId> {
        self.column_or(table, name, |step| {
            error::undefined_column_of(name, &step.table(table).name, span)
        })
    }

    /// The same for a key of an index or constraint, whose failure `missing` words.
    pub(super) fn column_or(
        &mut self,
        table: TableId,
        name: &Name,
        missing: impl FnOnce(&Self) -> Failure,
    ) -> Outcome<ColumnId> {
        if let Some(id) = self.find_column(table, name) {
            if !self.column(table, id).presence.is_present() {
                let origin = self.id;
                self.column_mut(table, id).presence = Presence::Present(origin);
            }
            return Ok(id);
        }
        if let Some(gap) = self.schema().table(table).open(Section::Columns).cloned()
            && !self.dropped_since(table, name)
        {
            return Ok(self.presume_column(table, name, &gap));
        }
        let failure = missing(self);
        Err(self.explain_column(failure, table, name))
    }

    /// Whether the column of this name was dropped by the history, so that it cannot be there unseen.
    pub(super) fn dropped_since(&self, table: TableId, name: &Name) -> bool {
        self.table(table)
            .columns
            .iter()
            .any(|c| c.name == *name && c.presence.is_dropped())
    }

    /// Adds what became of a column to a failure.
    pub(super) fn explain_column(&self, failure: Failure, table: TableId, name: &Name) -> Failure {
        let t = self.table(table);
        let dropped = t.columns.iter().rev().find_map(|c| match c.presence {
            Presence::Dropped(change) if c.name == *name => Some(change),
            _ => None,
        });
        if dropped.is_some() {
            return self.related(failure, dropped, format!("column \"{name}\" is dropped here"));
        }
        let note = format!("renamed from {name}");
        let renamed = t
            .log
            .iter()
            .rev()
            .find(|entry| entry.column.is_some() && entry.what == note);
        self.related(
            failure,
            renamed.map(|e| e.change),
            format!("column \"{name}\" is renamed here"),
        )
    }

    fn presume_column(&mut self, table: TableId, name: &Name, gap: &Gap) -> ColumnId {
        let gap = gap.reaching(Reach::Fact(format!("{}.{name}", self.qualified(table))));
        let column = unknown_column(name.clone(), Presence::Present(self.id), &gap);
        let columns = &mut self.table_mut(table).columns;
        columns.push(column);
        let id = ColumnId(columns.len() as u32 - 1);
        self.log(table, Some(id), "first used, never created");
        id
    }
}

/// A column of which nothing but the name is known.
pub(super) fn unknown_column(name: Name, presence: Presence, gap: &Gap) -> Column {
    Column {
        name,
        presence,
        ty: Fact::unknown(gap.clone()),
        nullable: Fact::unknown(gap.clone()),
        default: Fact::unknown(gap.clone()),
        identity: Fact::unknown(gap.clone()),
        generated: Fact::unknown(gap.clone()),
        collation: None,
        sequence: None,
        inherited: 0,
        local: true,
        comment: None,
    }
}

/// A relation without parts.
pub(super) fn blank_table(namespace: NamespaceId, name: Name, kind: RelationKind, id: ChangeId) -> Table {
    Table {
        namespace,
        name,
        kind,
        presence: Presence::Present(id),
        columns: List::default(),
        constraints: List::default(),
        indexes: List::default(),
        triggers: Vec::new(),
        policies: Vec::new(),
        unlisted: None,
        inherits: Vec::new(),
        of_type: None,
        partition: Partition::default(),
        view: None,
        temporary: false,
        unlogged: false,
        rows: Rows::Empty,
        extension: None,
        presumed: None,
        made_later: None,
        comment: None,
        dependents: Vec::new(),
        open: Vec::new(),
        log: List::default(),
    }
}
