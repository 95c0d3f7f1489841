//! Ecto's schemas as models: which columns they read and write, and what must hold each.
//!
//! A schema says what a column must be able to hold, not its exact type, and nothing of NULL, defaults, keys of other tables.

use smol_str::SmolStr;

use super::application;
use super::belonging;
use super::changesets;
use super::family;
use super::library::{Ecto, Elixir};
use super::project::{self, Project};
use super::schemas::{Field as Declared, Schema};
use super::tenants::Tenants;
use super::types;
use super::validations;
use crate::config::Given;
use crate::declared::{Association, Expectation, Field, Key, Language, Like, Model, ModelKind, Models};
use crate::interpret::elixir::{Machine, Modules};
use crate::known::{Gap, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::session::Session;
use crate::source::{FileId, Files, Span};
use crate::sqltype::SqlType;

/// What an Ecto schema can say.
const LANGUAGE: Language = Language {
    name: "Ecto",
    checks: false,
    partial_indexes: false,
    expression_indexes: false,
    include: false,
    generated: false,
    deferrable: false,
    match_full: false,
    exclusions: false,
    collations: false,
    comments: false,
    nulls_not_distinct: false,
    list_nullability: true,
    views: false,
    shared_tables: true,
    without_constraints: true,
    bare_enums: false,
    writes_defaults: false,
};

/// Reads the schemas that files declare, of the project of a history where they have one.
#[must_use]
pub fn read(files: &Files, ids: &[FileId], path: &str, history: Option<&str>) -> Models {
    let first = ids.first().map_or(path, |file| files.path(*file));
    let project = Project::of(files, history.unwrap_or(first));
    let modules = Modules::new(files, &project.folder);
    let given = Given::default();
    let library = Ecto::new(Session::new(&given), project, given);
    let mut machine = Machine::new(&modules, library);
    application::configure(&mut machine);
    for file in ids {
        machine.compile_file(*file);
    }
    let mut out = Models {
        language: LANGUAGE,
        ..Models::default()
    };
    let mut made = std::mem::take(&mut machine.library.schemas.made);
    made.retain(|schema| ids.contains(&schema.span.file) || named_in(&machine, schema, ids));
    for schema in &made {
        let model = model(&mut machine, schema);
        out.models.push(model);
        // The names of constraints follow the table that a row is of.
        if !belonging::is_read_as_several(schema, &made) {
            out.awaited
                .extend(changesets::awaited(&mut machine, schema, &made));
        }
        out.validations
            .extend(validations::validations(&mut machine, schema));
    }
    let tenants = Tenants::of(&mut machine);
    for model in &mut out.models {
        if let (Some(prefix), Some(Expectation::Exactly(table))) = (&tenants.prefix, &mut model.table) {
            table.schema.get_or_insert_with(|| prefix.clone());
        }
    }
    let repos = project::repos(files, &machine.library.project.folder);
    for (model, schema) in out.models.iter_mut().zip(&made) {
        model.elsewhere = belonging::elsewhere(&machine, model, schema, &made, &repos);
        model.unmanaged = model.elsewhere.is_some();
    }
    let read_as = belonging::read_as(&out.models, &made);
    out.models.extend(read_as);
    out.models
        .sort_by_key(|model| (model.span.file, model.span.start));
    for mut model in joins(&made) {
        if let (Some(prefix), Some(Expectation::Exactly(table))) = (&tenants.prefix, &mut model.table) {
            table.schema.get_or_insert_with(|| prefix.clone());
        }
        model.open = belonging::written_by_name(&machine, &model);
        out.models.push(model);
    }
    let beside = family::migrations_beside(files, &machine.library.project.folder);
    for model in &out.models {
        let wanders = tenants.wanders(&machine, model);
        if let Some(gap) = wanders.or_else(|| family::made_beside(files, &beside, model)) {
            out.wandering.insert(model.name.clone(), gap);
        }
    }
    for file in ids {
        for (message, span) in &modules.lowered(*file).errors {
            out.gaps.push(Gap::new(*span, message.clone(), Reach::Rows));
        }
    }
    out
}

/// Whether a schema's module stands in one of the files, its `schema` having been written by a macro elsewhere.
fn named_in(machine: &Elixir<'_>, schema: &Schema, ids: &[FileId]) -> bool {
    machine
        .modules()
        .find(&schema.module)
        .is_some_and(|(file, _)| ids.contains(&file))
}

fn model(machine: &mut Elixir<'_>, schema: &Schema) -> Model {
    let compiled = machine.module(&schema.module, schema.span);
    let (span, whole) = compiled.map_or((schema.span, schema.span), |module| (module.span, module.whole));
    let fields: Vec<Field> = schema.fields.iter().map(field).collect();
    let key: Vec<Name> = schema
        .fields
        .iter()
        .zip(&fields)
        .filter(|(declared, _)| declared.primary_key)
        .map(|(_, field)| field.column.clone())
        .collect();
    let key_span = schema
        .fields
        .iter()
        .find(|field| field.primary_key)
        .map_or(span, |field| field.span);
    let mut open: Vec<(Section, Gap)> = Vec::new();
    if let Some(gap) = &schema.open {
        open.push((Section::Columns, gap.clone()));
        open.push((Section::PrimaryKey, gap.clone()));
    }
    Model {
        name: schema.module.clone(),
        span,
        whole,
        table: table(schema),
        table_span: Some(schema.source_span),
        kind: if table(schema).is_some() {
            ModelKind::Table
        } else {
            ModelKind::Embedded
        },
        fields,
        primary_key: (!key.is_empty()).then_some(Key {
            columns: key,
            name: None,
            span: key_span,
        }),
        uniques: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        checks: Vec::new(),
        exclusions: Vec::new(),
        comment: Expectation::Anything,
        associations: schema.assocs.iter().map(association).collect(),
        open,
        unmanaged: false,
        elsewhere: None,
        of_library: false,
        table_like: Like::anything(),
    }
}

fn table(schema: &Schema) -> Option<Expectation<QualifiedName>> {
    let source = schema
        .source
        .as_ref()
        .filter(|source| source.as_str() != Some(""))?;
    let prefix = &schema.prefix;
    let text =
        |value: &crate::interpret::elixir::Value| value.as_str().or_else(|| value.as_atom()).map(Name::new);
    let unknown = source.gap().or_else(|| prefix.gap());
    let (Some(name), None) = (source.as_str(), unknown.as_ref()) else {
        return Some(Expectation::Unknown(unknown.unwrap_or_else(|| {
            Gap::new(
                schema.source_span,
                "which table the schema maps cannot be told",
                Reach::Rows,
            )
        })));
    };
    Some(Expectation::Exactly(QualifiedName {
        schema: if prefix.is_nil() { None } else { text(prefix) },
        name: Name::new(name),
    }))
}

fn field(field: &Declared) -> Field {
    let column = field.column.as_atom().or_else(|| field.column.as_str());
    let mut ty = types::expectation(&field.ty, field.kept.as_ref(), field.type_span);
    if column.is_none() {
        ty = Expectation::Anything;
    }
    Field {
        name: field.name.clone(),
        column: Name::new(column.unwrap_or(&field.name)),
        span: field.name_span,
        type_span: field.type_span,
        declared: types::print(&field.ty),
        ty,
        nullable: Expectation::Anything,
        nullable_span: None,
        default: Expectation::Anything,
        default_span: None,
        client_default: field.generated,
        fetched: false,
        serial: None,
        identity: Expectation::Anything,
        generated: Expectation::Anything,
        collation: None,
        counts: None,
        comment: Expectation::Anything,
        written: field.written,
        ignored: false,
        whole: field.span,
    }
}

fn association(assoc: &super::schemas::Assoc) -> Association {
    Association {
        name: assoc.name.clone(),
        kind: assoc.kind,
        related: assoc.related.clone(),
        owner_key: assoc.owner_key.clone(),
        related_key: assoc.related_key.clone(),
        span: assoc.span,
    }
}

/// The join tables that no schema maps: `many_to_many ..., join_through: "table"`.
fn joins(made: &[Schema]) -> Vec<Model> {
    let mut out: Vec<Model> = Vec::new();
    for schema in made {
        for assoc in &schema.assocs {
            let Some((through, columns)) = &assoc.through else {
                continue;
            };
            let Some(name) = through.as_str() else { continue };
            let mapped = made
                .iter()
                .any(|s| s.source.as_ref().and_then(|s| s.as_str()) == Some(name));
            let known = out.iter().any(|model| model.name == name);
            if !mapped && !known {
                out.push(join(schema, assoc.span, name, columns));
            }
        }
    }
    out
}

fn join(schema: &Schema, at: Span, name: &str, columns: &[SmolStr; 2]) -> Model {
    let prefix = schema
        .prefix
        .as_str()
        .or_else(|| schema.prefix.as_atom().filter(|atom| *atom != "nil"));
    let column = |column: &SmolStr| Field {
        name: column.clone(),
        column: Name::new(column),
        span: at,
        type_span: at,
        declared: None,
        ty: Expectation::<SqlType>::Anything,
        nullable: Expectation::Anything,
        nullable_span: None,
        default: Expectation::Anything,
        default_span: None,
        client_default: false,
        fetched: false,
        serial: None,
        identity: Expectation::Anything,
        generated: Expectation::Anything,
        collation: None,
        counts: None,
        comment: Expectation::Anything,
        written: true,
        ignored: false,
        whole: at,
    };
    Model {
        name: SmolStr::new(name),
        span: at,
        whole: at,
        table: Some(Expectation::Exactly(QualifiedName {
            schema: prefix.map(Name::new),
            name: Name::new(name),
        })),
        table_span: None,
        kind: ModelKind::JoinTable,
        fields: columns.iter().map(column).collect(),
        primary_key: None,
        uniques: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        checks: Vec::new(),
        exclusions: Vec::new(),
        comment: Expectation::Anything,
        associations: Vec::new(),
        open: Vec::new(),
        unmanaged: false,
        elsewhere: None,
        of_library: false,
        table_like: Like::anything(),
    }
}
