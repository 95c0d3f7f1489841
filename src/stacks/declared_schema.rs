//! The database that a set of models would make on its own: as changes in the order of a tool that makes it from nothing, and
//! as the simulated database after them.

use std::collections::BTreeSet;

use crate::change::{
    AlterTable, Applied, Change, ColumnOption, ColumnSpec, ConstraintBody, ConstraintSpec, CreateTable,
    Failure, ForeignKeySpec, IndexElement, IndexSpec, ObjectKind, ObjectName, ReferentialAction, TableAction,
    TableElement,
};
use crate::config::Given;
use crate::declared::{
    DeclaredExclusion, DeclaredForeignKey, DeclaredIndexKey, Expectation, Field, Model, ModelKind, Models,
    Unique,
};
use crate::known::{Gap, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::replay::{Database, Journal};
use crate::source::{FileId, Span};
use crate::tree::{ColumnName, Expr, ExprKind};

/// What came of making the database of a set of models.
#[derive(Debug)]
pub struct Created {
    /// The database.
    pub database: Database,
    /// Which place in the models made what.
    pub journal: Journal,
    /// What a server would refuse.
    pub failures: Vec<Failure>,
}

/// Makes the database of the models alone.
#[must_use]
pub fn create(models: &Models, given: &Given) -> Created {
    let mut created = Created {
        database: Database::new(given),
        journal: Journal::default(),
        failures: Vec::new(),
    };
    created.journal.begin("models");
    for (change, at) in changes(models, given) {
        let id = created.journal.record(at, Vec::new());
        match created.database.apply(&change, id, at) {
            Applied::Done | Applied::Uncertain(_) => {}
            Applied::Failed(failure) => created.failures.push(failure),
        }
    }
    created
}

/// What the models would create, each with the place that says it: schemas, extensions, enums, tables, indexes, foreign
/// keys; last, as [`Change::Opaque`], what they leave open.
#[must_use]
pub fn changes(models: &Models, given: &Given) -> Vec<(Change, Span)> {
    let mut out = Maker {
        given,
        out: Vec::new(),
        open: Vec::new(),
    };
    out.namespaces(models);
    out.enums(models);
    let made: Vec<(&Model, ObjectName)> = models.models.iter().filter_map(|m| out.made(m)).collect();
    for (model, table) in &made {
        out.table(model, table);
    }
    for (model, table) in &made {
        out.indexes(model, table);
    }
    for (model, table) in &made {
        for key in &model.foreign_keys {
            out.foreign_key(table, key);
        }
    }
    // What may be declared besides takes nothing from what is.
    let is_more = |gap: &&Gap| {
        matches!(
            gap.reach,
            Reach::Namespace(_) | Reach::Others(_) | Reach::Everything
        )
    };
    out.open
        .extend(models.gaps.iter().filter(|gap| !is_more(gap)).cloned());
    let open = out.open.into_iter().map(|gap| {
        let at = gap.at.unwrap_or(Span::new(FileId(0), 0, 0));
        (Change::Opaque(gap), at)
    });
    out.out.extend(open);
    out.out
}

/// Whether models may declare tables or enums beside those that can be told.
#[must_use]
pub fn is_incomplete(models: &Models) -> bool {
    let is_more = |gap: &Gap| {
        matches!(
            gap.reach,
            Reach::Namespace(_) | Reach::Others(_) | Reach::Everything
        )
    };
    let untold = |m: &Model| !matches!(m.table, None | Some(Expectation::Exactly(_)));
    models.enums_untold || models.gaps.iter().any(is_more) || models.models.iter().any(untold)
}

struct Maker<'a> {
    given: &'a Given,
    out: Vec<(Change, Span)>,
    open: Vec<Gap>,
}

impl Maker<'_> {
    /// A name as it is printed: with the schema that it would get.
    fn printed(&self, name: &QualifiedName) -> String {
        let default = self.given.search_path.first().map_or("public", Name::as_str);
        let schema = name.schema.as_ref().map_or(default, Name::as_str);
        format!("{schema}.{}", name.name)
    }

    fn namespaces(&mut self, models: &Models) {
        let tables = models.models.iter().filter_map(|m| match &m.table {
            Some(Expectation::Exactly(name)) => Some((name, m.span)),
            _ => None,
        });
        let enums = models.enums.iter().map(|e| (&e.name, e.span));
        let mut seen = BTreeSet::new();
        for (name, span) in tables.chain(enums) {
            if let Some(name) = &name.schema
                && *name != "public"
                && seen.insert(name.clone())
            {
                let change = Change::CreateSchema {
                    name: name.clone(),
                    if_not_exists: true,
                    span,
                };
                self.out.push((change, span));
            }
        }
        let at = models
            .models
            .first()
            .map_or(Span::new(FileId(0), 0, 0), |m| m.span);
        for name in &models.extensions {
            let change = Change::CreateExtension {
                name: name.clone(),
                if_not_exists: true,
                schema: None,
                cascade: false,
                span: at,
            };
            self.out.push((change, at));
        }
    }

    fn enums(&mut self, models: &Models) {
        for declared in &models.enums {
            let known = match &declared.labels {
                Expectation::Exactly(labels) => labels.as_slice(),
                Expectation::Unknown(gap) => {
                    self.open
                        .push(gap.reaching(Reach::Object(self.printed(&declared.name))));
                    &[]
                }
                Expectation::OneOf(_) | Expectation::Family(_) | Expectation::Anything => {
                    let reach = Reach::Object(self.printed(&declared.name));
                    self.open
                        .push(Gap::new(declared.span, "the models leave the labels open", reach));
                    &[]
                }
            };
            let change = Change::CreateEnum {
                name: ObjectName {
                    name: declared.name.clone(),
                    span: declared.span,
                },
                labels: known.iter().map(|(label, _)| label.clone()).collect(),
            };
            self.out.push((change, declared.span));
        }
    }

    /// The model and its table, where it makes one.
    fn made<'m>(&mut self, model: &'m Model) -> Option<(&'m Model, ObjectName)> {
        match model.kind {
            ModelKind::Table | ModelKind::JoinTable => {}
            ModelKind::View | ModelKind::Embedded => return None,
        }
        if model.unmanaged {
            return None;
        }
        match model.table.as_ref()? {
            Expectation::Exactly(name) => {
                let name = name.clone();
                Some((
                    model,
                    ObjectName {
                        name,
                        span: model.span,
                    },
                ))
            }
            // A table that may be declared besides takes nothing from those that are: see [`is_incomplete`].
            Expectation::Unknown(_)
            | Expectation::OneOf(_)
            | Expectation::Family(_)
            | Expectation::Anything => None,
        }
    }

    fn table(&mut self, model: &Model, table: &ObjectName) {
        let printed = self.printed(&table.name);
        let mut elements: Vec<TableElement> = model
            .fields
            .iter()
            .map(|field| TableElement::Column(self.column(field, &printed)))
            .collect();
        if let Some(key) = &model.primary_key {
            let body = ConstraintBody::PrimaryKey {
                columns: key.columns.clone(),
                include: Vec::new(),
            };
            elements.push(TableElement::Constraint(constraint(
                key.name.clone(),
                body,
                key.span,
            )));
        }
        for unique in model.uniques.iter().filter(|u| !u.index) {
            let body = ConstraintBody::Unique {
                columns: unique.columns.clone(),
                include: Vec::new(),
                nulls_not_distinct: unique.nulls_not_distinct,
            };
            let (deferrable, initially_deferred) = unique.deferrable.unwrap_or_default();
            elements.push(TableElement::Constraint(ConstraintSpec {
                deferrable,
                initially_deferred,
                ..constraint(unique.name.clone(), body, unique.span)
            }));
        }
        for check in &model.checks {
            match &check.condition {
                Some(condition) => {
                    let body = ConstraintBody::Check(condition.clone());
                    elements.push(TableElement::Constraint(constraint(
                        check.name.clone(),
                        body,
                        check.span,
                    )));
                }
                None => {
                    let reach = Reach::Section(printed.clone(), Section::Checks);
                    self.open
                        .push(Gap::new(check.span, "this CHECK could not be read", reach));
                }
            }
        }
        elements.extend(model.exclusions.iter().map(exclusion));
        for (section, gap) in &model.open {
            self.open
                .push(gap.reaching(Reach::Section(printed.clone(), *section)));
        }
        let change = CreateTable {
            name: table.clone(),
            if_not_exists: false,
            temporary: false,
            unlogged: false,
            foreign: false,
            elements,
            inherits: Vec::new(),
            partition_by: None,
            partition_of: None,
            of_type: None,
            span: model.span,
        };
        self.out.push((Change::CreateTable(Box::new(change)), model.span));
        // A foreign key may lead to a column, and to a key of it, that are not known.
        let is_led_to = |section: Section| {
            matches!(
                section,
                Section::Columns | Section::PrimaryKey | Section::Unique | Section::Indexes
            )
        };
        for (section, gap) in model.open.iter().filter(|(section, _)| is_led_to(*section)) {
            let gap = gap.reaching(Reach::Section(printed.clone(), *section));
            self.out.push((Change::Opaque(gap), model.span));
        }
    }

    fn column(&mut self, field: &Field, table: &str) -> ColumnSpec {
        let name = format!("{table}.{}", field.column);
        let mut options = Vec::new();
        let ty = match self.said(&field.ty, field.type_span, &name, "type") {
            Ok(ty) => Some(ty.clone()),
            Err(gap) => {
                options.push(ColumnOption::Opaque(gap));
                None
            }
        };
        match self.said(&field.nullable, field.type_span, &name, "nullable") {
            Ok(false) => options.push(ColumnOption::NotNull(
                None,
                field.nullable_span.unwrap_or(field.type_span),
            )),
            Ok(true) => {}
            Err(gap) => self.open.push(gap),
        }
        if field.serial.is_none() {
            let at = field.default_span.unwrap_or(field.span);
            match self.said(&field.default, at, &name, "default") {
                Ok(Some(default)) => options.push(ColumnOption::Default(default.clone())),
                Ok(None) => {}
                Err(gap) => self.open.push(gap),
            }
            match self.said(&field.identity, at, &name, "identity") {
                Ok(Some(kind)) => options.push(ColumnOption::Identity(
                    *kind,
                    field.counts.clone().unwrap_or_default(),
                )),
                Ok(None) => {}
                Err(gap) => self.open.push(gap),
            }
        }
        match self.said(&field.generated, field.span, &name, "generated") {
            Ok(Some((expr, kind))) => options.push(ColumnOption::Generated(expr.clone(), *kind)),
            Ok(None) => {}
            Err(gap) => self.open.push(gap),
        }
        ColumnSpec {
            name: field.column.clone(),
            name_span: field.span,
            ty,
            ty_span: field.type_span,
            serial: field.serial,
            collation: field.collation.clone(),
            options,
            span: field.whole,
        }
    }

    /// The one thing that is said, or the gap of what is not.
    fn said<'e, T>(
        &self,
        expected: &'e Expectation<T>,
        at: Span,
        column: &str,
        fact: &str,
    ) -> Result<&'e T, Gap> {
        let reach = Reach::Fact(format!("{column}: {fact}"));
        match expected {
            Expectation::Exactly(value) => Ok(value),
            Expectation::Unknown(gap) => Err(gap.reaching(reach)),
            Expectation::OneOf(_) | Expectation::Family(_) | Expectation::Anything => {
                Err(Gap::new(at, format!("the models leave its {fact} open"), reach))
            }
        }
    }

    fn indexes(&mut self, model: &Model, table: &ObjectName) {
        for unique in model.uniques.iter().filter(|u| u.index) {
            let spec = unique_index(unique, table);
            self.out.push((Change::CreateIndex(Box::new(spec)), unique.span));
        }
        for index in &model.indexes {
            let elements = index.keys.iter().map(|key| element(key, index.span)).collect();
            let spec = IndexSpec {
                method: index.method.clone(),
                include: index.include.clone(),
                predicate: index.predicate.clone(),
                unique: index.unique,
                nulls_not_distinct: index.nulls_not_distinct,
                ..index_spec(index.name.clone(), table, elements, index.span)
            };
            self.out.push((Change::CreateIndex(Box::new(spec)), index.span));
        }
    }

    fn foreign_key(&mut self, table: &ObjectName, key: &DeclaredForeignKey) {
        let parts = (
            key.table.exactly(),
            action(&key.on_delete),
            action(&key.on_update),
        );
        let (Some(target), Some(on_delete), Some(on_update)) = parts else {
            let reach = Reach::Section(self.printed(&table.name), Section::ForeignKeys);
            self.open.push(Gap::new(
                key.span,
                "what this foreign key does is left open",
                reach,
            ));
            return;
        };
        let body = ConstraintBody::ForeignKey(ForeignKeySpec {
            columns: key.columns.clone(),
            table: ObjectName {
                name: target.clone(),
                span: key.span,
            },
            referenced: key.referenced.clone(),
            on_delete,
            on_update,
            match_full: key.match_full,
            set_columns: Vec::new(),
        });
        let (deferrable, initially_deferred) = key.deferrable.unwrap_or_default();
        let spec = ConstraintSpec {
            deferrable,
            initially_deferred,
            ..constraint(key.name.clone(), body, key.span)
        };
        let change = AlterTable {
            kind: ObjectKind::Table,
            name: table.clone(),
            if_exists: false,
            only: false,
            actions: vec![TableAction::AddConstraint(spec)],
            span: key.span,
        };
        self.out.push((Change::AlterTable(Box::new(change)), key.span));
    }
}

fn exclusion(declared: &DeclaredExclusion) -> TableElement {
    let body = ConstraintBody::Exclude {
        method: declared.method.clone(),
        elements: declared.elements.clone(),
        include: Vec::new(),
        predicate: declared.predicate.clone(),
    };
    TableElement::Constraint(constraint(declared.name.clone(), body, declared.span))
}

fn action(expected: &Expectation<ReferentialAction>) -> Option<ReferentialAction> {
    match expected {
        Expectation::Exactly(action) => Some(*action),
        Expectation::OneOf(_) | Expectation::Family(_) | Expectation::Anything | Expectation::Unknown(_) => {
            None
        }
    }
}

fn constraint(name: Option<Name>, body: ConstraintBody, span: Span) -> ConstraintSpec {
    ConstraintSpec {
        name,
        body,
        deferrable: false,
        initially_deferred: false,
        not_valid: false,
        no_inherit: false,
        span,
    }
}

fn unique_index(unique: &Unique, table: &ObjectName) -> IndexSpec {
    let elements = unique
        .columns
        .iter()
        .enumerate()
        .map(|(i, column)| {
            let key = DeclaredIndexKey {
                key: Ok(column.clone()),
                descending: unique.descending.get(i).copied().unwrap_or(false),
                opclass: None,
                nulls_first: None,
            };
            element(&key, unique.span)
        })
        .collect();
    IndexSpec {
        unique: true,
        nulls_not_distinct: unique.nulls_not_distinct,
        predicate: unique.predicate.clone(),
        ..index_spec(unique.name.clone(), table, elements, unique.span)
    }
}

fn index_spec(name: Option<Name>, table: &ObjectName, elements: Vec<IndexElement>, span: Span) -> IndexSpec {
    IndexSpec {
        name,
        name_span: span,
        if_not_exists: false,
        unique: false,
        concurrently: false,
        only: false,
        table: table.clone(),
        method: "btree".into(),
        elements,
        include: Vec::new(),
        nulls_not_distinct: false,
        parameters: false,
        predicate: None,
        span,
    }
}

fn element(key: &DeclaredIndexKey, span: Span) -> IndexElement {
    let expr = match &key.key {
        Ok(column) => Expr::new(
            ExprKind::Column(ColumnName {
                qualifiers: Vec::new(),
                name: column.clone(),
            }),
            span,
        ),
        Err(expr) => expr.clone(),
    };
    IndexElement {
        expr,
        collation: None,
        opclass: key
            .opclass
            .as_ref()
            .map(|name| QualifiedName::bare(Name::new(name))),
        opclass_options: None,
        descending: key.descending,
        nulls_first: key.nulls_first,
    }
}
