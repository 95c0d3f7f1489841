//! The steps that answer one finding, by its rule.

use std::sync::Arc;

use super::operation::{Operation, Table};
use super::spell::{default_of, literal, widens};
use super::{Effect, Phase, Step};
use crate::declared::{Model, Models};
use crate::finding::Finding;
use crate::known::Fact;
use crate::name::Name;
use crate::pair::key_columns;
use crate::schema::document::constraint_definition;
use crate::schema::{Column, ColumnWalker, ConstraintKind, ConstraintWalker, Schema, TableWalker, TypeKind};
use crate::sqltype::{BaseType, TypeId};

pub(super) const FILL: &str =
    "fails while a row has no value for it: give it a default, or fill it in between";
pub(super) const UNIQUE: &str = "fails while two rows are alike";
pub(super) const CHECKED: &str = "fails while a row does not fit";
const REWRITES: &str = "values that do not fit the new type are lost or make it fail";
const DROPS: &str = "what is in it is lost";
const UNSAID: &str = "the models do not say it";

/// Makes the steps of one target.
pub(super) struct Maker<'a> {
    pub(super) held: &'a Schema,
    pub(super) wanted: &'a Schema,
    pub(super) models: &'a [Arc<Models>],
}

pub(super) fn find<'a>(schema: &'a Schema, qualified: &str) -> Option<TableWalker<'a>> {
    schema
        .live_tables()
        .into_iter()
        .find(|table| table.qualified() == qualified)
}

impl<'a> Maker<'a> {
    /// The steps that answer a finding; none where it is left to people.
    pub(super) fn answer(&self, finding: &Finding) -> Vec<Step> {
        self.steps(finding).unwrap_or_default()
    }

    fn steps(&self, finding: &Finding) -> Option<Vec<Step>> {
        let key = &finding.key;
        if finding.rule == "enum-mismatch" {
            return self.label(finding);
        }
        let name = finding.table.as_deref()?;
        if finding.rule == "missing-table" {
            return self.table(key, find(self.wanted, name)?);
        }
        let held = find(self.held, name)?;
        let table = self.named(held);
        if finding.rule == "extra-table" {
            return Some(vec![drop(key, format!("DROP TABLE {table}"), DROPS)]);
        }
        if let Some(step) = self.surplus(finding, held) {
            return Some(vec![step]);
        }
        let wanted = find(self.wanted, name)?;
        let column = |of: TableWalker<'a>| {
            let name = finding.column.as_deref()?;
            of.columns().find(|c| *c.name() == *name)
        };
        match finding.rule {
            "missing-column" => self.column(key, held, column(wanted)?),
            "type-mismatch" | "enum-longer-than-column" => {
                self.column_type(key, column(held)?, column(wanted)?)
            }
            "nullability-mismatch" => {
                let column = column(wanted)?;
                let required = matches!(column.get().nullable, Fact::Known(false, _));
                let (verb, note) = if required {
                    ("SET", Some(FILL))
                } else {
                    ("DROP", None)
                };
                let alter = format!(
                    "ALTER TABLE {table} ALTER COLUMN {} {verb} NOT NULL",
                    column.name().quoted()
                );
                let operation = Operation::SetNullable {
                    table: Table::of(held, self.held),
                    column: column.name().clone(),
                    nullable: !required,
                };
                Some(vec![keep(key, Phase::Columns, alter, note).by(Some(operation))])
            }
            "default-mismatch" => {
                let column = column(wanted)?;
                let set = match column.get().default.known()? {
                    Some(_) => Some(format!("SET DEFAULT {}", default_of(column)?)),
                    None => None,
                };
                let what = set.as_deref().unwrap_or("DROP DEFAULT");
                let alter = format!(
                    "ALTER TABLE {table} ALTER COLUMN {} {what}",
                    column.name().quoted()
                );
                Some(vec![match set {
                    Some(_) => keep(key, Phase::Columns, alter, None),
                    None => drop(key, alter, UNSAID),
                }])
            }
            "missing-unique" => {
                let declared = self
                    .model_of(finding)?
                    .uniques
                    .iter()
                    .find(|u| Some(u.span) == finding.model)?;
                self.unique(key, held, wanted, &declared.columns.iter().collect::<Vec<_>>())
            }
            "missing-index" => {
                let declared = self
                    .model_of(finding)?
                    .indexes
                    .iter()
                    .find(|i| Some(i.span) == finding.model)?;
                let keys: Option<Vec<&Name>> = declared.keys.iter().map(|k| k.key.as_ref().ok()).collect();
                let index = wanted.indexes().find(|index| {
                    let same_name =
                        declared.name.is_some() && index.get().name.known() == declared.name.as_ref();
                    let same_keys = declared.name.is_none()
                        && index.get().constraint.is_none()
                        && keys.is_some()
                        && key_columns(*index) == keys;
                    same_name || same_keys
                })?;
                Some(vec![self.indexed(key, held, index, None)?])
            }
            "missing-foreign-key" => {
                let declared = self.model_of(finding)?.foreign_keys.iter();
                let mut declared = declared.filter(|k| Some(k.span) == finding.model);
                let columns: Vec<&Name> = declared.next()?.columns.iter().collect();
                let held_key = wanted
                    .constraints()
                    .find(|c| is_foreign_key(*c) && over(*c) == columns)?;
                Some(vec![self.added(key, held, held_key, Some(CHECKED))?])
            }
            "foreign-key-mismatch" => self.foreign_key(finding, held, wanted, &table),
            "missing-check" => {
                let object = finding.object.as_deref()?;
                let mut checks = wanted
                    .constraints()
                    .filter(|c| matches!(c.get().kind, ConstraintKind::Check(_)));
                let named = |c: &ConstraintWalker<'_>| c.get().name.known().is_some_and(|n| *n == *object);
                let check = checks.find(named)?;
                Some(vec![keep(
                    key,
                    Phase::Constraints,
                    self.add(check, &table)?,
                    Some(CHECKED),
                )])
            }
            "check-mismatch" => {
                let object = finding.object.as_deref()?;
                let named = |c: &ConstraintWalker<'_>| c.get().name.known().is_some_and(|n| *n == *object);
                let old = held.constraints().find(named)?;
                let new = wanted.constraints().find(named)?;
                let drop = format!(
                    "ALTER TABLE {table} DROP CONSTRAINT {}",
                    old.get().name.known()?.quoted()
                );
                let mut step = keep(key, Phase::Constraints, drop, Some(CHECKED));
                step.statements.push(self.add(new, &table)?);
                Some(vec![step])
            }
            "name-mismatch" => self.rename(finding, held, &table),
            _ => None,
        }
    }

    /// The model that a finding's place is in.
    pub(super) fn model_of(&self, finding: &Finding) -> Option<&'a Model> {
        let at = finding.model?;
        let table = finding.table.as_deref()?;
        let models = self.models.iter().flat_map(|set| &set.models);
        let mut models = models.filter(|m| {
            let name = m.table.as_ref().and_then(|t| t.exactly());
            name.is_some_and(|name| table.ends_with(&name.name.to_string()))
        });
        let declares = |m: &Model| {
            m.uniques.iter().any(|u| u.span == at)
                || m.indexes.iter().any(|i| i.span == at)
                || m.foreign_keys.iter().any(|k| k.span == at)
        };
        models.find(|m| declares(m))
    }

    /// A table as a statement names it: with its schema where that is not on the search path.
    pub(super) fn named(&self, table: TableWalker<'_>) -> String {
        let namespace = table.namespace_name();
        match self.held.search_path.contains(namespace) {
            true => table.name().quoted(),
            false => format!("{}.{}", namespace.quoted(), table.name().quoted()),
        }
    }

    /// A table with all that hangs on it.
    fn table(&self, key: &str, table: TableWalker<'_>) -> Option<Vec<Step>> {
        let name = self.named(table);
        let mut steps = Vec::new();
        let namespace = table.namespace_name();
        if self.held.namespace(namespace).is_none() {
            let make = format!("CREATE SCHEMA IF NOT EXISTS {}", namespace.quoted());
            steps.push(keep(key, Phase::Types, make, None));
        }
        let mut lines = Vec::new();
        for column in table.columns() {
            steps.extend(self.enums(key, column)?);
            lines.push(self.defined(table, column)?.0);
        }
        for constraint in table.constraints().filter(|c| !is_foreign_key(*c)) {
            let name = constraint.get().name.known()?;
            let what = constraint_definition(constraint).ok()?;
            lines.push(format!("CONSTRAINT {} {what}", name.quoted()));
        }
        let lines: Vec<String> = lines.into_iter().map(|line| format!("    {line}")).collect();
        let create = format!("CREATE TABLE {name} (\n{}\n)", lines.join(",\n"));
        steps.push(keep(key, Phase::Tables, create, None));
        for index in table.indexes().filter(|i| i.get().constraint.is_none()) {
            steps.push(self.indexed(key, table, index, None)?);
        }
        for constraint in table.constraints().filter(|c| is_foreign_key(*c)) {
            steps.push(self.added(key, table, constraint, None)?);
        }
        steps.extend(self.referring(key, table));
        Some(steps)
    }

    /// Foreign keys of tables that are there to one that is not: while it is not, nothing is said of them.
    fn referring(&self, key: &str, target: TableWalker<'_>) -> Vec<Step> {
        let mut out = Vec::new();
        for table in self.wanted.live_tables() {
            let Some(held) = find(self.held, &table.qualified()) else {
                continue;
            };
            let leads = |c: &ConstraintWalker<'_>| match &c.get().kind {
                ConstraintKind::ForeignKey(key) => key.table == target.id,
                _ => false,
            };
            let there = |c: &ConstraintWalker<'_>| {
                let columns = over(*c);
                let mut held = held.columns();
                columns.len() == held.by_ref().filter(|h| columns.contains(&h.name())).count()
            };
            let constraints = table.constraints().filter(|c| leads(c) && there(c));
            out.extend(constraints.filter_map(|c| self.added(key, held, c, Some(CHECKED))));
        }
        out
    }

    /// A column with the keys and indexes that it is of.
    fn column(&self, key: &str, held: TableWalker<'_>, column: ColumnWalker<'_>) -> Option<Vec<Step>> {
        let table = self.named(held);
        let mut steps = self.enums(key, column)?;
        let get = column.get();
        let empty = matches!(get.nullable, Fact::Known(false, _))
            && matches!(get.default, Fact::Known(None, _))
            && matches!(get.identity, Fact::Known(None, _))
            && matches!(get.generated, Fact::Known(None, _));
        let (definition, operation) = self.defined(held, column)?;
        let add = format!("ALTER TABLE {table} ADD COLUMN {definition}");
        steps.push(keep(key, Phase::Columns, add, empty.then_some(FILL)).by(operation));
        let is_there = |id| {
            let name = column.table.column_by_id(id).name();
            held.columns().any(|c| c.name() == name) || name == column.name()
        };
        // What also hangs on other columns that are not there comes with the last of them.
        for constraint in column.table.constraints() {
            let columns = &constraint.get().columns;
            if columns.contains(&column.id) && columns.iter().all(|id| is_there(*id)) {
                if matches!(constraint.get().kind, ConstraintKind::PrimaryKey(_))
                    && held.primary_key().is_some()
                {
                    continue;
                }
                steps.push(self.added(key, held, constraint, None)?);
            }
        }
        for index in column.table.indexes().filter(|i| i.get().constraint.is_none()) {
            let keys = key_columns(index).unwrap_or_default();
            let there = |name: &&Name| *name == column.name() || held.columns().any(|c| c.name() == *name);
            if keys.contains(&column.name()) && keys.iter().all(there) {
                steps.push(self.indexed(key, held, index, None)?);
            }
        }
        Some(steps)
    }

    /// The enum of a column's type, where the database has none.
    fn enums(&self, key: &str, column: ColumnWalker<'_>) -> Option<Vec<Step>> {
        let Some(BaseType::Object(id)) = column.get().ty.known().map(|ty| &ty.base) else {
            return Some(Vec::new());
        };
        Some(self.create_enum(key, *id)?.into_iter().collect())
    }

    /// `None` where the type can be made by nothing here; nothing where it is there.
    fn create_enum(&self, key: &str, id: TypeId) -> Option<Option<Step>> {
        let ty = self.wanted.types.get(id)?;
        let namespace = &self.wanted.namespaces.get(ty.namespace)?.name;
        let same = |(_, other): (TypeId, &crate::schema::Type)| {
            let there = self.held.namespaces.get(other.namespace);
            other.name == ty.name && other.presence.may_be() && there.is_some_and(|n| n.name == *namespace)
        };
        if self.held.types.iter().any(same) {
            return Some(None);
        }
        let TypeKind::Enum(labels) = &ty.kind else {
            return None;
        };
        let labels: Vec<String> = labels.known()?.iter().map(|label| literal(label)).collect();
        let create = format!(
            "CREATE TYPE {} AS ENUM ({})",
            self.wanted.type_name(id),
            labels.join(", ")
        );
        Some(Some(keep(key, Phase::Types, create, None)))
    }

    /// A label that an enum lacks, after the one that stands before it in the model.
    fn label(&self, finding: &Finding) -> Option<Vec<Step>> {
        let object = finding.object.as_deref()?;
        let label = finding.expected.as_deref().filter(|_| finding.found.is_none())?;
        let name = object.strip_suffix(label)?.strip_suffix('.')?;
        let (_, bare) = name.rsplit_once('.').unwrap_or(("", name));
        let (id, ty) = self.wanted.types.iter().find(|(_, ty)| ty.name == *bare)?;
        let TypeKind::Enum(labels) = &ty.kind else {
            return None;
        };
        let labels = labels.known()?;
        let at = labels.iter().position(|l| l == label)?;
        let place = match at.checked_sub(1).and_then(|before| labels.get(before)) {
            Some(before) => format!(" AFTER {}", literal(before)),
            None => String::new(),
        };
        let held = self
            .held
            .types
            .iter()
            .find(|(_, held)| held.name == ty.name && held.presence.may_be());
        let known = |label: &str| match held.map(|(_, held)| &held.kind) {
            Some(TypeKind::Enum(labels)) => labels.known().is_some_and(|all| all.iter().any(|l| l == label)),
            _ => false,
        };
        let place = match at.checked_sub(1).and_then(|before| labels.get(before)) {
            Some(before) if known(before) => place,
            _ => String::new(),
        };
        let add = format!(
            "ALTER TYPE {} ADD VALUE {}{place}",
            self.wanted.type_name(id),
            literal(label)
        );
        Some(vec![keep(&finding.key, Phase::Types, add, None)])
    }

    fn column_type(&self, key: &str, held: ColumnWalker<'_>, wanted: ColumnWalker<'_>) -> Option<Vec<Step>> {
        let (from, to) = (held.get().ty.known()?, wanted.get().ty.known()?);
        let (table, name) = (self.named(held.table), held.name().quoted());
        let ty = wanted.formatted_type()?;
        let alter = |what: String| format!("ALTER TABLE {table} ALTER COLUMN {name} {what}");
        if widens(from, to) {
            return Some(vec![keep(key, Phase::Columns, alter(format!("TYPE {ty}")), None)]);
        }
        let mut steps = self.enums(key, wanted)?;
        for step in &mut steps {
            step.effect = Effect::Destroys;
        }
        let mut statements = Vec::new();
        let has_default = |c: &Column| matches!(c.default, Fact::Known(Some(_), _));
        if has_default(held.get()) {
            statements.push(alter("DROP DEFAULT".to_owned()));
        }
        statements.push(alter(format!("TYPE {ty} USING {name}::{ty}")));
        if has_default(wanted.get())
            && let Some(default) = default_of(wanted)
        {
            statements.push(alter(format!("SET DEFAULT {default}")));
        }
        steps.push(Step {
            key: key.to_owned(),
            phase: Phase::Columns,
            effect: Effect::Destroys,
            statements,
            operation: None,
            note: Some(REWRITES),
        });
        Some(steps)
    }

    fn rename(&self, finding: &Finding, held: TableWalker<'_>, table: &str) -> Option<Vec<Step>> {
        let (to, from) = (finding.expected.as_deref()?, finding.found.as_deref()?);
        let is = |name: &Fact<Name>| name.known().filter(|n| **n == *from).cloned();
        let to = Name::new(to).quoted();
        let constraint = held.constraints().find_map(|c| is(&c.get().name));
        let rename = match constraint {
            Some(from) => format!("ALTER TABLE {table} RENAME CONSTRAINT {} TO {to}", from.quoted()),
            None => {
                let from = held.indexes().find_map(|i| is(&i.get().name))?;
                format!("ALTER INDEX {} RENAME TO {to}", self.in_schema(held, &from))
            }
        };
        Some(vec![keep(&finding.key, Phase::Names, rename, None)])
    }

    /// What the database has and the models do not say: dropping it is for people to decide.
    fn surplus(&self, finding: &Finding, held: TableWalker<'_>) -> Option<Step> {
        let table = self.named(held);
        let object = finding.object.as_deref();
        let is = |name: &Fact<Name>| {
            name.known()
                .filter(|n| Some(n.to_string().as_str()) == object)
                .cloned()
        };
        let what = match finding.rule {
            "extra-column" => format!("DROP COLUMN {}", Name::new(finding.column.as_deref()?).quoted()),
            "extra-check" | "extra-foreign-key" | "extra-unique" | "extra-index" => {
                match held.constraints().find_map(|c| is(&c.get().name)) {
                    Some(name) => format!("DROP CONSTRAINT {}", name.quoted()),
                    None => {
                        let name = held.indexes().find_map(|i| is(&i.get().name))?;
                        let index = self.in_schema(held, &name);
                        return Some(drop(&finding.key, format!("DROP INDEX {index}"), UNSAID));
                    }
                }
            }
            _ => return None,
        };
        let note = if finding.rule == "extra-column" {
            DROPS
        } else {
            UNSAID
        };
        Some(drop(&finding.key, format!("ALTER TABLE {table} {what}"), note))
    }
}

impl Step {
    /// With the operation that it is.
    pub(super) fn by(mut self, operation: Option<Operation>) -> Step {
        self.operation = operation;
        self
    }
}

pub(super) fn keep(key: &str, phase: Phase, statement: String, note: Option<&'static str>) -> Step {
    Step {
        key: key.to_owned(),
        phase,
        effect: Effect::Keeps,
        statements: vec![statement],
        operation: None,
        note,
    }
}

fn drop(key: &str, statement: String, note: &'static str) -> Step {
    Step {
        key: key.to_owned(),
        phase: Phase::Names,
        effect: Effect::Destroys,
        statements: vec![statement],
        operation: None,
        note: Some(note),
    }
}

pub(super) fn is_foreign_key(constraint: ConstraintWalker<'_>) -> bool {
    matches!(constraint.get().kind, ConstraintKind::ForeignKey(_))
}

pub(super) fn over<'a>(constraint: ConstraintWalker<'a>) -> Vec<&'a Name> {
    constraint.columns().map(|c| c.name()).collect()
}
