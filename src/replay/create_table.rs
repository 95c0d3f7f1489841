//! `CREATE TABLE` in all its forms, and what rows come into tables.
//!
//! Source: `transformCreateStmt` in `parse_utilcmd.c`, `DefineRelation` and `MergeAttributes` in `tablecmds.c`: first the
//! sequences, then the table with columns and CHECKs, then keys, then foreign keys.

use super::apply::{Outcome, Step};
use super::column::known_column;
use super::error;
use super::resolve::blank_table;
use crate::change::{
    ColumnOption, ColumnSpec, ConstraintBody, ConstraintSpec, CreateTable, Failure, TableElement,
};
use crate::known::{Fact, Presence, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::schema::{Column, ColumnId, NamespaceId, Relation, RelationKind, Table, TableId, TypeKind};
use crate::source::Span;
use crate::tree::ExprKind;

/// `MaxHeapAttributeNumber` of `htup_details.h`.
const MOST_COLUMNS: usize = 1_600;

fn too_many_columns(span: Span) -> Failure {
    error::failure("54011", "tables can have at most 1600 columns", span)
}

impl Step {
    pub(super) fn create_table(&mut self, spec: &CreateTable) -> Outcome {
        let temporary = spec.temporary || is_temp(&spec.name.name);
        let namespace = self.namespace_for(&spec.name.name, temporary, spec.name.span)?;
        self.yield_runner_table(namespace, &spec.name.name.name);
        let existing = self.schema().relation_names.get(namespace, &spec.name.name.name);
        if spec.if_not_exists
            && let Some(relation) = existing
            && let (Presence::Maybe(gap), _) = self.relation_presence(relation)
        {
            return self.create_if_absent(spec, namespace, relation, &gap);
        }
        match self.exists_already(namespace, &spec.name, spec.if_not_exists) {
            Ok(true) => Ok(()),
            Ok(false) => self.create_fresh(spec, namespace, temporary),
            Err(failure) => Err(self.columns_failure(spec, namespace).unwrap_or(failure)),
        }
    }

    /// The server sees what is wrong with the columns before it sees that the name is taken.
    fn columns_failure(&self, spec: &CreateTable, namespace: NamespaceId) -> Option<Failure> {
        let mut scratch = Step::new(self.db.clone(), self.id, self.at);
        scratch
            .db
            .schema
            .relation_names
            .remove(namespace, &spec.name.name.name);
        let table = blank_table(
            namespace,
            Name::new("(not yet made)"),
            RelationKind::Table,
            self.id,
        );
        let id = scratch.db.schema.tables.push(table);
        let likes = spec.elements.iter().filter_map(|element| match element {
            TableElement::Like(like) => Some(&like.table),
            _ => None,
        });
        for source in likes {
            if self.find_relation(&source.name).is_none() {
                return Some(error::undefined_relation(&source.name, source.span));
            }
        }
        if let Err(failure) = scratch.take_parents(id, spec) {
            return Some(failure);
        }
        scratch.push_elements(id, spec).err()
    }

    /// A history that makes its runner's table itself says what it is like: which runner that is was only inferred.
    fn yield_runner_table(&mut self, namespace: NamespaceId, name: &Name) {
        let found = self.schema().relation_names.get(namespace, name);
        if let Some(Relation::Table(id)) = found
            && self
                .table(id)
                .extension
                .as_ref()
                .is_some_and(|by| *by == super::RUNNER)
        {
            self.table_mut(id).presence = Presence::Dropped(self.id);
            self.db.schema.relation_names.remove(namespace, name);
        }
    }

    /// `IF NOT EXISTS` where it cannot be told: the table as it may be, or as it is made here.
    fn create_if_absent(
        &mut self,
        spec: &CreateTable,
        namespace: NamespaceId,
        relation: Relation,
        gap: &crate::known::Gap,
    ) -> Outcome {
        let base = self.db.clone();
        let mut absent = Step::new(base.clone(), self.id, self.at);
        if let Relation::Table(id) = relation {
            self.touch(id);
            absent.table_mut(id).presence = Presence::Dropped(self.id);
        }
        absent
            .db
            .schema
            .relation_names
            .remove(namespace, &spec.name.name.name);
        if absent.create_fresh(spec, namespace, spec.temporary).is_ok() {
            self.settle();
            absent.settle();
            self.db = self.db.clone().join(absent.db, &base, gap);
        }
        Ok(())
    }

    fn create_fresh(&mut self, spec: &CreateTable, namespace: NamespaceId, temporary: bool) -> Outcome {
        self.claim_type_name(namespace, &spec.name.name.name, spec.name.span)?;
        let kind = if spec.foreign {
            RelationKind::Foreign
        } else if spec.partition_by.is_some() {
            RelationKind::Partitioned
        } else {
            RelationKind::Table
        };
        self.refuse_self(spec)?;
        let mut table = blank_table(namespace, spec.name.name.name.clone(), kind, self.id);
        table.temporary = temporary;
        table.unlogged = spec.unlogged;
        let id = self.new_table(table);
        let parents = self.take_parents(id, spec)?;
        self.push_elements(id, spec)?;
        self.take_attributes(id, spec)?;
        self.set_partitioning(id, spec)?;
        self.finish_elements(id, spec)?;
        for parent in parents {
            self.take_checks(parent, id);
        }
        self.add_constraints(id, spec)?;
        if let Some((parent, _)) = &spec.partition_of {
            let parent = self.table_named(parent)?;
            if self.table(id).partition.of == Some(parent) {
                self.take_from_parent(parent, id, spec.span)?;
            }
        }
        self.like_indexes(id, spec)
    }

    /// A table cannot copy or inherit itself: it is not there yet.
    fn refuse_self(&self, spec: &CreateTable) -> Outcome {
        let likes = spec.elements.iter().filter_map(|element| match element {
            TableElement::Like(like) => Some(&like.table),
            _ => None,
        });
        let mut sources = likes
            .chain(&spec.inherits)
            .chain(spec.partition_of.iter().map(|(parent, _)| parent));
        let own =
            sources.find(|s| s.name.name == spec.name.name.name && self.find_relation(&s.name).is_none());
        match own {
            Some(source) => Err(error::undefined_relation(&source.name, source.span)),
            None => Ok(()),
        }
    }

    /// Adds a table under its name.
    pub(super) fn new_table(&mut self, table: Table) -> TableId {
        let (namespace, name) = (table.namespace, table.name.clone());
        let id = self.db.schema.tables.push(table);
        self.bind_relation(namespace, &name, Relation::Table(id));
        self.log(id, None, "created");
        id
    }

    /// Columns in order, those of LIKE among them.
    fn push_elements(&mut self, id: TableId, spec: &CreateTable) -> Outcome {
        let columns = spec
            .elements
            .iter()
            .filter(|e| matches!(e, TableElement::Column(_)));
        if columns.count() > MOST_COLUMNS {
            return Err(too_many_columns(spec.name.span));
        }
        for element in &spec.elements {
            match element {
                TableElement::Column(column) => self.push_element(id, column, spec)?,
                TableElement::Like(like) => self.like_columns(id, like)?,
                TableElement::Constraint(_) => {}
                TableElement::Opaque(gap) => self.open_all(id, gap),
            }
        }
        self.refuse_many_columns(id, spec.name.span)
    }

    /// A table that certainly has more columns than the server takes, dropped ones counted.
    pub(super) fn refuse_many_columns(&self, table: TableId, span: Span) -> Outcome {
        let columns = &self.table(table).columns;
        let maybe = |c: &&Column| matches!(c.presence, Presence::Maybe(_));
        if columns.len() <= MOST_COLUMNS
            || columns.len() - columns.iter().filter(maybe).count() <= MOST_COLUMNS
        {
            return Ok(());
        }
        Err(too_many_columns(span))
    }

    /// An element that could not be read may be anything.
    fn open_all(&mut self, id: TableId, gap: &crate::known::Gap) {
        for section in Section::ALL {
            if section != Section::Indexes {
                self.open_section(id, section, gap);
            }
        }
    }

    fn push_element(&mut self, id: TableId, column: &ColumnSpec, spec: &CreateTable) -> Outcome {
        let existing = self.find_column(id, &column.name);
        if let Some(existing) = existing
            && self.column(id, existing).inherited > 0
            && !self.column(id, existing).local
        {
            return self.merge_column(id, existing, column);
        }
        if existing.is_some() {
            // The server has looked at every type by then.
            for element in &spec.elements {
                if let TableElement::Column(other) = element
                    && let Some(ty) = &other.ty
                {
                    self.resolve_type(ty, other.ty_span)?;
                }
            }
            let message = format!("column \"{}\" specified more than once", column.name);
            return Err(error::failure("42701", message, column.span));
        }
        if spec.partition_of.is_some() || spec.of_type.is_some() && column.ty.is_none() {
            // A column of the parent or type that is not known.
            let mut known = known_column(column.name.clone(), Fact::unknown(self.no_type(column)), self.id);
            known.nullable = Fact::unknown(self.no_type(column));
            self.add_column(id, known);
            return Ok(());
        }
        self.push_column(id, column).map(drop)
    }

    fn no_type(&self, column: &ColumnSpec) -> crate::known::Gap {
        let reach = Reach::Fact(column.name.to_string());
        crate::known::Gap::new(
            column.span,
            "the type is that of a parent that is not known",
            reach,
        )
    }

    /// A column that a parent has too: the definitions are merged.
    fn merge_column(&mut self, id: TableId, existing: ColumnId, spec: &ColumnSpec) -> Outcome {
        self.column_mut(id, existing).local = true;
        let origin = self.id;
        if let Some(ty) = &spec.ty {
            let ty = self.resolve_type(ty, spec.ty_span)?;
            let known = self.column(id, existing).ty.known();
            if known.is_some_and(|known| *known != ty) {
                let message = format!("column \"{}\" has a type conflict", spec.name);
                return Err(error::failure("42804", message, spec.span));
            }
        }
        for option in &spec.options {
            match option {
                ColumnOption::NotNull(..) | ColumnOption::Identity(..) => {
                    self.column_mut(id, existing).nullable = Fact::Known(false, origin);
                }
                ColumnOption::Opaque(gap) => self.open_column(id, existing, gap),
                ColumnOption::Null
                | ColumnOption::Default(_)
                | ColumnOption::Generated(..)
                | ColumnOption::Constraint(_)
                | ColumnOption::NoEffect => {}
            }
        }
        Ok(())
    }

    /// `OF type`.
    fn take_attributes(&mut self, id: TableId, spec: &CreateTable) -> Outcome {
        let Some(name) = &spec.of_type else {
            return Ok(());
        };
        let ty = self.type_named(name)?;
        self.table_mut(id).of_type = Some(ty);
        let attributes = match &self.schema().types[ty].kind {
            TypeKind::Composite(Fact::Known(attributes, _)) => attributes.clone(),
            TypeKind::Composite(Fact::Unknown { gap, .. }) | TypeKind::Presumed(gap) => {
                let gap = gap.clone();
                self.open_section(id, Section::Columns, &gap);
                return Ok(());
            }
            TypeKind::Enum(_)
            | TypeKind::Domain(_)
            | TypeKind::Range(_)
            | TypeKind::Row(_)
            | TypeKind::Base => {
                let message = format!("type {} is not a composite type", name.name);
                return Err(error::failure("42809", message, name.span));
            }
        };
        let origin = self.id;
        for (attribute, ty) in attributes {
            match self.find_column(id, &attribute) {
                Some(existing) => self.column_mut(id, existing).ty = Fact::Known(ty, origin),
                None => {
                    self.add_column(id, known_column(attribute, Fact::Known(ty, origin), origin));
                }
            }
        }
        Ok(())
    }

    /// `PARTITION BY`.
    fn set_partitioning(&mut self, id: TableId, spec: &CreateTable) -> Outcome {
        let Some((strategy, elements)) = &spec.partition_by else {
            return Ok(());
        };
        let (mut key, mut shown) = (Vec::new(), Vec::new());
        for element in elements {
            if let ExprKind::Column(column) = &element.expr.kind {
                let id = self.column_or(id, &column.name, |_| {
                    let message = format!("column \"{}\" named in partition key does not exist", column.name);
                    error::failure("42703", message, element.expr.span)
                })?;
                key.push(id);
                shown.push(column.name.quoted());
            } else {
                let stored = self.analyse_on(id, &element.expr, None)?;
                key.extend(stored.expr.vars().into_iter().map(ColumnId));
                shown.push("(expression)".to_owned());
            }
        }
        let partition = &mut self.table_mut(id).partition;
        partition.by = Some(format!("{} ({})", strategy.to_uppercase(), shown.join(", ")));
        partition.key = key;
        Ok(())
    }

    /// Defaults and generated columns, all columns being there.
    fn finish_elements(&mut self, id: TableId, spec: &CreateTable) -> Outcome {
        for element in &spec.elements {
            if let TableElement::Column(column) = element
                && let Some(own) = self.find_column(id, &column.name)
            {
                self.finish_column(id, own, column)?;
            }
        }
        Ok(())
    }

    /// CHECKs, then keys with the primary key first, then foreign keys.
    fn add_constraints(&mut self, id: TableId, spec: &CreateTable) -> Outcome {
        let all = constraints(spec);
        for constraint in &all {
            if let ConstraintBody::Check(condition) = &constraint.body
                && !self.merges_check(id, constraint, condition)?
            {
                self.add_constraint(id, constraint, false)?;
            }
        }
        for constraint in distinct_keys(&all) {
            self.add_constraint(id, &constraint, false)?;
        }
        let last = all.iter().filter(|c| {
            matches!(
                c.body,
                ConstraintBody::ForeignKey(_) | ConstraintBody::NotNull { .. }
            )
        });
        let mut failed: Option<Failure> = None;
        for constraint in last {
            let Err(failure) = self.add_constraint(id, constraint, false) else {
                continue;
            };
            let types_differ = failure.sqlstate == "42804";
            match &mut failed {
                // The server stops here. Who mends this one meets the next: it is told along with it.
                None if types_differ => failed = Some(failure),
                None => return Err(failure),
                Some(first) if types_differ => first
                    .related
                    .push((failure.span, format!("nor can this one: {}", failure.message))),
                Some(_) => {}
            }
        }
        // A table without rows has nothing to be validated: `NOT VALID` says nothing here (manual, "CREATE TABLE"; parse_utilcmd.c).
        for constraint in &mut self.table_mut(id).constraints {
            constraint.validated = true;
        }
        failed.map_or(Ok(()), Err)
    }
}

/// `pg_temp.x` is a temporary table.
pub(super) fn is_temp(name: &QualifiedName) -> bool {
    name.schema.as_ref().is_some_and(|schema| *schema == "pg_temp")
}

/// Constraints in the order written, those of columns where their column stands.
fn constraints(spec: &CreateTable) -> Vec<&ConstraintSpec> {
    let mut out = Vec::new();
    for element in &spec.elements {
        match element {
            TableElement::Column(column) => out.extend(column_constraints(column)),
            TableElement::Constraint(constraint) => out.push(constraint),
            TableElement::Like(_) | TableElement::Opaque(_) => {}
        }
    }
    out
}

/// The constraints that a column definition carries.
pub(super) fn column_constraints(column: &ColumnSpec) -> impl Iterator<Item = &ConstraintSpec> {
    column.options.iter().filter_map(|option| match option {
        ColumnOption::Constraint(constraint) => Some(constraint),
        ColumnOption::NotNull(..)
        | ColumnOption::Null
        | ColumnOption::Default(_)
        | ColumnOption::Generated(..)
        | ColumnOption::Identity(..)
        | ColumnOption::NoEffect
        | ColumnOption::Opaque(_) => None,
    })
}

/// Keys with the primary key first; of several with the same definition one is made (`transformIndexConstraints`).
fn distinct_keys(all: &[&ConstraintSpec]) -> Vec<ConstraintSpec> {
    let primary = |c: &ConstraintSpec| {
        matches!(
            c.body,
            ConstraintBody::PrimaryKey { .. } | ConstraintBody::UsingIndex { primary: true, .. }
        )
    };
    let is_key = |c: &ConstraintSpec| {
        primary(c)
            || matches!(
                c.body,
                ConstraintBody::Unique { .. }
                    | ConstraintBody::Exclude { .. }
                    | ConstraintBody::UsingIndex { .. }
            )
    };
    let mut out: Vec<ConstraintSpec> = Vec::new();
    let (first, rest): (Vec<&ConstraintSpec>, Vec<&ConstraintSpec>) = all
        .iter()
        .copied()
        .filter(|c| is_key(c))
        .partition(|c| primary(c));
    for &constraint in first.iter().chain(&rest) {
        match out.iter_mut().find(|prior| same_key(prior, constraint)) {
            Some(prior) => {
                if prior.name.is_none() {
                    prior.name.clone_from(&constraint.name);
                }
            }
            None => out.push(constraint.clone()),
        }
    }
    out
}

fn same_key(a: &ConstraintSpec, b: &ConstraintSpec) -> bool {
    let parts = |c: &ConstraintSpec| match &c.body {
        ConstraintBody::PrimaryKey { columns, include } => {
            Some((columns.clone(), include.clone(), false, true))
        }
        ConstraintBody::Unique {
            columns,
            include,
            nulls_not_distinct,
        } => Some((columns.clone(), include.clone(), *nulls_not_distinct, false)),
        _ => None,
    };
    match (parts(a), parts(b)) {
        (Some(x), Some(y)) => {
            // Two primary keys are an error of their own.
            !(x.3 && y.3)
                && (&x.0, &x.1, x.2) == (&y.0, &y.1, y.2)
                && a.deferrable == b.deferrable
                && a.initially_deferred == b.initially_deferred
        }
        _ => false,
    }
}
