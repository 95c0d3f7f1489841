//! Indexes: `CREATE INDEX`, on partitions too, and `ATTACH PARTITION` of indexes.
//!
//! Source: `DefineIndex` in `indexcmds.c`.

use super::analyse::{has_default_opclass, is_default_opclass, type_of};
use super::apply::{Outcome, Step};
use super::constraint::Key;
use super::error;
use super::naming::{index_column_names, join_columns, key_name};
use crate::change::{IndexElement, IndexSpec, ObjectName};
use crate::known::{Fact, Presence, Section};
use crate::name::{Name, QualifiedName};
use crate::schema::{ColumnId, Index, IndexId, IndexKey, Relation, RelationKind, TableId};
use crate::source::Span;
use crate::tree::ExprKind;

/// `INDEX_MAX_KEYS` of `pg_config_manual.h`.
pub(super) const MOST_KEYS: usize = 32;

impl Step {
    pub(super) fn create_index(&mut self, spec: &IndexSpec) -> Outcome {
        let table = self.table_named(&spec.table)?;
        self.check_index_table(table, spec)?;
        if spec.elements.len() + spec.include.len() > MOST_KEYS {
            return Err(error::too_many_keys(spec.span));
        }
        self.read_expressions(table, spec)?;
        let predicate = match &spec.predicate {
            Some(expr) => Some(self.predicate_on(table, expr)?),
            None => None,
        };
        let mut keys = Vec::with_capacity(spec.elements.len());
        let mut names = Vec::with_capacity(spec.elements.len());
        for element in &spec.elements {
            let (key, name) = self.index_key(table, element, &spec.method)?;
            keys.push(key);
            names.push(name);
        }
        names.extend(spec.include.iter().map(Name::to_string));
        let mut include = Vec::with_capacity(spec.include.len());
        for name in &spec.include {
            include.push(self.column_or(table, name, |_| error::undefined_column(name, spec.span))?);
        }
        if self.index_exists(table, spec)? {
            return Ok(());
        }
        let index = Index {
            name: Fact::Known(Name::new(""), self.id),
            presence: Presence::Present(self.id),
            unique: spec.unique,
            nulls_not_distinct: spec.nulls_not_distinct,
            parameters: spec.parameters,
            method: spec.method.clone(),
            keys,
            include,
            attributes: index_column_names(names.into_iter()),
            predicate,
            constraint: None,
            parent: None,
            comment: None,
        };
        let id = self.push_index(table, index, spec.name.as_ref());
        if !spec.only {
            for child in self.partitions(table) {
                self.index_on_partition(table, id, child)?;
            }
        }
        Ok(())
    }

    /// Names and types of every expression are looked at before anything else.
    fn read_expressions(&mut self, table: TableId, spec: &IndexSpec) -> Outcome {
        let keys = spec.elements.iter().map(|element| &element.expr);
        for expr in spec.predicate.iter().chain(keys) {
            if !matches!(expr.kind, ExprKind::Column(_)) {
                self.analyse_on(table, expr, None)?;
            }
        }
        Ok(())
    }

    /// Whether `IF NOT EXISTS` leaves nothing to do; without it, a taken name is a failure.
    fn index_exists(&mut self, table: TableId, spec: &IndexSpec) -> Outcome<bool> {
        let Some(name) = &spec.name else {
            return Ok(false);
        };
        let namespace = self.table(table).namespace;
        if spec.if_not_exists && self.index_may_exist(table, namespace, name) {
            return Ok(true);
        }
        let object = ObjectName {
            name: QualifiedName::bare(name.clone()),
            span: spec.name_span,
        };
        self.exists_already(namespace, &object, spec.if_not_exists)
    }

    fn check_index_table(&self, table: TableId, spec: &IndexSpec) -> Outcome {
        let t = self.table(table);
        match t.kind {
            RelationKind::Table | RelationKind::Partitioned | RelationKind::MaterializedView => {}
            RelationKind::View | RelationKind::Foreign => {
                let message = format!("cannot create index on relation \"{}\"", t.name);
                return Err(error::failure("42809", message, spec.table.span));
            }
        }
        if t.kind == RelationKind::Partitioned && spec.concurrently {
            let message = format!(
                "cannot create index on partitioned table \"{}\" concurrently",
                t.name
            );
            return Err(error::failure("0A000", message, spec.span));
        }
        if t.kind == RelationKind::Partitioned && spec.unique {
            let held = |column: &ColumnId| {
                spec.elements.iter().any(|element| match &element.expr.kind {
                    ExprKind::Column(name) => name.name == t.columns[column.0 as usize].name,
                    _ => false,
                })
            };
            if !t.partition.key.iter().all(held) {
                let message = "unique constraint on partitioned table must include all partitioning columns";
                return Err(error::failure("0A000", message, spec.span));
            }
        }
        Ok(())
    }

    /// For `IF NOT EXISTS` where an index of this name only may be there: afterwards one certainly is, but which cannot be told.
    fn index_may_exist(
        &mut self,
        table: TableId,
        namespace: crate::schema::NamespaceId,
        name: &Name,
    ) -> bool {
        let gap = match self.schema().relation_names.get(namespace, name) {
            Some(Relation::Index(t, i)) => match self.index_presence(t, i).clone() {
                Presence::Maybe(gap) => gap,
                Presence::Present(_) | Presence::Dropped(_) => return false,
            },
            Some(_) => return false,
            None => match self.may_be_taken(namespace, name) {
                Some(gap) => gap,
                None => return false,
            },
        };
        self.open_section(table, Section::Indexes, &gap);
        true
    }

    /// Adds an index under its name, or one that the server chooses from the names of its keys.
    pub(super) fn push_index(
        &mut self,
        table: TableId,
        mut index: Index,
        explicit: Option<&Name>,
    ) -> IndexId {
        let t = self.table(table);
        let (namespace, table_name) = (t.namespace, t.name.clone());
        index.name = match explicit {
            Some(name) => Fact::Known(name.clone(), self.id),
            None => {
                let middle = join_columns(index.attributes.iter().map(String::as_str));
                let chosen = self.choose_relation_name(namespace, &table_name, Some(&middle), "idx", false);
                self.doubt_name(table, Section::Indexes, chosen)
            }
        };
        let name = index.name.known().cloned();
        let t = self.table_mut(table);
        t.indexes.push(index);
        let id = IndexId(t.indexes.len() as u32 - 1);
        if let Some(name) = name {
            self.bind_relation(namespace, &name, Relation::Index(table, id));
            self.log(table, None, format!("index {name} created"));
        }
        id
    }

    /// A key of an index, and what it gives to the index's name.
    pub(super) fn index_key(
        &mut self,
        table: TableId,
        element: &IndexElement,
        method: &str,
    ) -> Outcome<(IndexKey, String)> {
        let name = key_name(&element.expr);
        let expr = match &element.expr.kind {
            ExprKind::Column(column) if column.qualifiers.is_empty() => {
                let span = element.expr.span;
                let id = self.column_or(table, &column.name, |_| {
                    error::undefined_column(&column.name, span)
                })?;
                if element.opclass.is_none() {
                    self.check_opclass(table, id, method, span)?;
                }
                super::constraint::column_key(id, span).expr
            }
            _ => self.immutable_on(
                table,
                &element.expr,
                None,
                "functions in index expression must be marked IMMUTABLE",
            )?,
        };
        let opclass = match &element.opclass {
            Some(opclass) => {
                let ty = type_of(self.schema(), &self.table(table).columns, &expr.expr);
                let default =
                    ty.and_then(|ty| is_default_opclass(self.schema(), &ty, method, opclass.name.as_str()));
                (default != Some(true)).then(|| opclass.clone())
            }
            None => None,
        };
        // The column's own says nothing more (`pg_get_indexdef_worker`, ruleutils.c).
        let own = match &expr.expr.kind {
            ExprKind::Var(number) => {
                let column = self.table(table).columns.get(*number as usize);
                column.and_then(|c| c.collation.clone())
            }
            _ => None,
        };
        let bare = |name: &QualifiedName| name.name.clone();
        let collation = element.collation.clone();
        let collation = collation.filter(|c| own.as_ref().map(bare) != Some(bare(c)));
        let key = IndexKey {
            expr,
            collation,
            opclass,
            opclass_options: element.opclass_options.clone(),
            descending: element.descending,
            nulls_first: element.nulls_first.unwrap_or(element.descending),
        };
        Ok((key, name))
    }

    /// A type without an operator class for the access method can be no key.
    pub(super) fn check_opclass(
        &self,
        table: TableId,
        column: ColumnId,
        method: &str,
        span: Span,
    ) -> Outcome {
        let column = self.column(table, column);
        let Some(ty) = column.ty.known() else {
            return Ok(());
        };
        if has_default_opclass(self.schema(), ty, method) != Some(false) {
            return Ok(());
        }
        let shown = self.schema().format_type(&crate::sqltype::SqlType {
            modifier: None,
            ..ty.clone()
        });
        let message =
            format!("data type {shown} has no default operator class for access method \"{method}\"");
        let failure = error::failure("42704", message, span);
        let label = format!("\"{}\" is {shown}", column.name);
        Err(self.related(failure, column.ty.origin(), label))
    }

    /// The parent's index on a partition: one of the same shape is attached, otherwise one is made.
    fn index_on_partition(&mut self, table: TableId, id: IndexId, child: TableId) -> Outcome {
        let parent = self.table(table).indexes[id.0 as usize].clone();
        let wanted = self.translate_index(&parent, table, child);
        if let Some(existing) = self.same_index(child, &wanted, false) {
            self.table_mut(child).indexes[existing.0 as usize].parent = Some((table, id));
            return Ok(());
        }
        let index = Index {
            parent: Some((table, id)),
            ..wanted
        };
        let child_id = self.push_index(child, index, None);
        for grandchild in self.partitions(child) {
            self.index_on_partition(child, child_id, grandchild)?;
        }
        Ok(())
    }

    /// An index of the same shape that is attached to nothing yet.
    pub(super) fn same_index(&self, table: TableId, wanted: &Index, constraint: bool) -> Option<IndexId> {
        let indexes = &self.table(table).indexes;
        let at = indexes.iter().position(|i| {
            i.presence.is_present()
                && i.parent.is_none()
                && i.unique == wanted.unique
                && i.nulls_not_distinct == wanted.nulls_not_distinct
                && i.method == wanted.method
                && i.keys == wanted.keys
                && i.include == wanted.include
                && i.predicate == wanted.predicate
                && i.constraint.is_some() == constraint
        })?;
        Some(IndexId(at as u32))
    }

    /// A key of a partitioned table on one of its partitions.
    pub(super) fn key_on_partition(
        &mut self,
        table: TableId,
        id: IndexId,
        child: TableId,
        key: &Key<'_>,
    ) -> Outcome {
        let parent = self.table(table).indexes[id.0 as usize].clone();
        let wanted = self.translate_index(&parent, table, child);
        if let Some(existing) = self.same_index(child, &wanted, true) {
            self.table_mut(child).indexes[existing.0 as usize].parent = Some((table, id));
            return Ok(());
        }
        let own = Key {
            spec: key.spec,
            label: key.label,
            primary: key.primary,
            nulls_not_distinct: key.nulls_not_distinct,
            method: key.method.clone(),
            keys: wanted.keys,
            include: wanted.include,
            predicate: wanted.predicate,
            operators: key.operators.clone(),
            key_names: wanted.attributes,
            alone: false,
        };
        self.add_key(child, &own, Some((table, id))).map(drop)
    }

    /// `ALTER INDEX ... ATTACH PARTITION`.
    pub(super) fn attach_index(&mut self, parent: &ObjectName, child: &ObjectName) -> Outcome {
        let parent = self.index_named(parent)?;
        let child_index = self.index_named(child)?;
        if let (Some(parent), Some((table, id))) = (parent, child_index) {
            self.table_mut(table).indexes[id.0 as usize].parent = Some(parent);
        }
        Ok(())
    }

    /// An index that a statement names; `None` for one that nothing made, on a table that is not known.
    pub(super) fn index_named(&mut self, name: &ObjectName) -> Outcome<Option<(TableId, IndexId)>> {
        match self.find_relation(&name.name) {
            Some(Relation::Index(table, id)) => {
                let origin = self.id;
                let index = &mut self.table_mut(table).indexes[id.0 as usize];
                if !index.presence.is_present() {
                    index.presence = Presence::Present(origin);
                }
                Ok(Some((table, id)))
            }
            Some(_) => Err(error::wrong_kind(&name.name.name, "an index", name.span)),
            None => match self.missing_relation(&name.name) {
                super::resolve::Missing::Gone(gone) => Err(self.undefined_relation(name, gone)),
                super::resolve::Missing::Hidden(_) | super::resolve::Missing::Never => Ok(None),
            },
        }
    }

    /// Takes an index away, its name with it; the constraint it backs is the caller's.
    pub(super) fn remove_index(&mut self, table: TableId, id: IndexId) {
        let gone = Presence::Dropped(self.id);
        let namespace = self.table(table).namespace;
        let index = &mut self.table_mut(table).indexes[id.0 as usize];
        if index.presence.is_dropped() {
            return;
        }
        index.presence = gone;
        let backs = index.constraint.is_some();
        let Some(name) = index.name.known().cloned() else {
            return;
        };
        let relation = Relation::Index(table, id);
        self.free_relation(namespace, &name, relation, super::Gone::Dropped(self.id));
        if !backs {
            self.log(table, None, format!("index {name} dropped"));
        }
    }
}
