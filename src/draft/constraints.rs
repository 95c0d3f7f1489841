//! The steps for constraints and indexes, and how each is written.

use super::native::of_field;
use super::operation::{Operation, Table};
use super::spell::definition;
use super::steps::{CHECKED, Maker, UNIQUE, is_foreign_key, keep, over};
use super::{Phase, Step};
use crate::finding::Finding;
use crate::name::Name;
use crate::pair::{key_columns, same_set};
use crate::schema::document::{constraint_definition, index_definition};
use crate::schema::{ColumnWalker, ConstraintKind, ConstraintWalker, IndexWalker, TableWalker};

impl<'a> Maker<'a> {
    pub(super) fn unique(
        &self,
        key: &str,
        held: TableWalker<'_>,
        wanted: TableWalker<'_>,
        columns: &[&Name],
    ) -> Option<Vec<Step>> {
        let mut constraints = wanted.constraints();
        let constraint = constraints
            .find(|c| matches!(c.get().kind, ConstraintKind::Unique(_)) && same_set(&over(*c), columns));
        if let Some(constraint) = constraint {
            return Some(vec![self.added(key, held, constraint, Some(UNIQUE))?]);
        }
        let index = wanted.indexes().find(|index| {
            let own = index.get().unique && index.get().constraint.is_none();
            own && key_columns(*index).is_some_and(|keys| same_set(&keys, columns))
        })?;
        Some(vec![self.indexed(key, held, index, Some(UNIQUE))?])
    }

    /// A foreign key that leads elsewhere, or does something else: made anew.
    pub(super) fn foreign_key(
        &self,
        finding: &Finding,
        held: TableWalker<'_>,
        wanted: TableWalker<'_>,
        table: &str,
    ) -> Option<Vec<Step>> {
        let declared = wanted.constraints().filter(|c| is_foreign_key(*c));
        let model = self.model_of(finding)?;
        let key = model
            .foreign_keys
            .iter()
            .find(|k| Some(k.span) == finding.model)?;
        let columns: Vec<&Name> = key.columns.iter().collect();
        let mut declared = declared.filter(|c| over(*c) == columns);
        let (new, None) = (declared.next()?, declared.next()) else {
            return None;
        };
        let mut there = held
            .constraints()
            .filter(|c| is_foreign_key(*c) && over(*c) == columns);
        let (old, None) = (there.next()?, there.next()) else {
            return None;
        };
        let drop = format!(
            "ALTER TABLE {table} DROP CONSTRAINT {}",
            old.get().name.known()?.quoted()
        );
        let mut step = keep(&finding.key, Phase::ForeignKeys, drop, Some(CHECKED));
        step.statements.push(self.add(new, table)?);
        Some(vec![step])
    }

    pub(super) fn add(&self, constraint: ConstraintWalker<'_>, table: &str) -> Option<String> {
        let name = constraint.get().name.known()?;
        let what = constraint_definition(constraint).ok()?;
        Some(format!(
            "ALTER TABLE {table} ADD CONSTRAINT {} {what}",
            name.quoted()
        ))
    }

    /// An index; one of its name that is there and is another goes first.
    pub(super) fn indexed(
        &self,
        key: &str,
        held: TableWalker<'_>,
        index: IndexWalker<'_>,
        note: Option<&'static str>,
    ) -> Option<Step> {
        let get = index.get();
        let name = get.name.known()?;
        let create = index_definition(index.table, name, get).ok()?;
        let mut step = keep(key, Phase::Indexes, create, note);
        match self.in_the_way(held, name) {
            Some(drop) => step.statements.insert(0, drop),
            None => step = step.by(Operation::create_index(index, self.held)),
        }
        Some(step)
    }

    /// A constraint; one of its name that is there and is another goes first.
    pub(super) fn added(
        &self,
        key: &str,
        held: TableWalker<'_>,
        constraint: ConstraintWalker<'_>,
        note: Option<&'static str>,
    ) -> Option<Step> {
        let phase = match is_foreign_key(constraint) {
            true => Phase::ForeignKeys,
            false => Phase::Constraints,
        };
        let mut step = keep(key, phase, self.add(constraint, &self.named(held))?, note);
        match self.in_the_way(held, constraint.get().name.known()?) {
            Some(drop) => step.statements.insert(0, drop),
            None => step = step.by(Operation::add(constraint, self.held)),
        }
        Some(step)
    }

    /// What drops a constraint or index of a name.
    fn in_the_way(&self, table: TableWalker<'_>, name: &Name) -> Option<String> {
        if !std::ptr::eq(table.schema, self.held) {
            return None;
        }
        let mut constraints = table.constraints();
        if constraints.any(|c| c.get().name.known() == Some(name)) {
            return Some(format!(
                "ALTER TABLE {} DROP CONSTRAINT {}",
                self.named(table),
                name.quoted()
            ));
        }
        let mut indexes = table.indexes();
        let there = indexes.any(|i| i.get().name.known() == Some(name));
        there.then(|| format!("DROP INDEX {}", self.in_schema(table, name)))
    }

    /// The name of something that lies where a table does.
    pub(super) fn in_schema(&self, table: TableWalker<'_>, name: &Name) -> String {
        let namespace = table.namespace_name();
        match self.held.search_path.contains(namespace) {
            true => name.quoted(),
            false => format!("{}.{}", namespace.quoted(), name.quoted()),
        }
    }

    /// A column as it is made, from what the models say, or from what a field's own type is usually kept in.
    pub(super) fn defined(
        &self,
        table: TableWalker<'_>,
        column: ColumnWalker<'_>,
    ) -> Option<(String, Option<Operation>)> {
        let place = Table::of(table, self.held);
        if let Some(definition) = definition(column) {
            return Some((definition, Operation::add_column(place, column)));
        }
        let models = self.models.iter().filter(|set| set.language.without_constraints);
        let mut models = models.flat_map(|set| &set.models).filter(|model| {
            let name = model.table.as_ref().and_then(|t| t.exactly());
            name.is_some_and(|name| name.name == *table.name())
        });
        let (model, field) = models.find_map(|model| {
            let field = model.fields.iter().find(|f| f.column == *column.name())?;
            Some((model, field))
        })?;
        let ty = of_field(field.declared.as_deref()?)?;
        let key = model
            .primary_key
            .as_ref()
            .is_some_and(|key| key.columns.contains(&field.column));
        let printed = self.wanted.format_type(&ty);
        let name = column.name().quoted();
        if key {
            let counts = field.declared.as_deref() == Some(":id");
            let printed = if counts { "bigserial" } else { &printed };
            return Some((format!("{name} {printed} NOT NULL"), None));
        }
        let operation = Operation::AddColumn {
            table: place,
            column: column.name().clone(),
            ty,
            nullable: true,
        };
        Some((format!("{name} {printed}"), Some(operation)))
    }
}
