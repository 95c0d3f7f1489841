//! Prisma's models: what a schema declares, and the database that Prisma's engine would make of it.
//!
//! Source: `schema-engine/connectors/sql-schema-connector/src/sql_schema_calculator.rs` of prisma-engines. `@ignore` and
//! `@@ignore` hide from the client alone: their columns and tables are made all the same.

use rayon::prelude::*;
use smol_str::SmolStr;

use super::source::{Class, FieldSource, ModelSource, Source, documents, label};
use super::{PrismaConfig, defaults, keys, relations, types};
use crate::declared::{EnumType, Expectation, Field, Language, Like, Model, ModelKind, Models, Sees};
use crate::known::{Gap, Reach, Section};
use crate::source::{FileId, Files};
use crate::sqltype::{BaseType, SqlType};
use crate::syntax::prisma::{Arity, BlockKind, literal_text};

/// Models that are read by one core before another is asked for.
const FEW: usize = 16;

/// Reads the files of one schema. Total: what is broken is in faults and gaps, and the rest is read.
#[must_use]
pub fn read(files: &Files, schema_files: &[FileId], config: &PrismaConfig) -> Models {
    let (documents, gaps) = documents(files, schema_files);
    let mut source = Source::new(files, config, &documents, gaps);
    let mut models = Models {
        enums: enums(&source),
        extensions: source.settings.extensions.clone(),
        dialect: source.settings.dialect.as_ref().map(|(name, _)| name.clone()),
        language: Language {
            name: "Prisma",
            partial_indexes: source.settings.partial_indexes,
            views: true,
            writes_defaults: true,
            ..Language::default()
        },
        sees: Sees::Told(None),
        ..Models::default()
    };
    let declared = source.models.par_iter().with_min_len(FEW);
    models.models = declared.map(|declared| model(&source, declared)).collect();
    for (index, model) in models.models.iter_mut().enumerate() {
        keys::read(&mut source, index, model);
    }
    relations::read(&mut source, &mut models);
    models.gaps.append(&mut source.gaps);
    models.faults = source.faults;
    models.faults.sort_by_key(|fault| fault.span);
    models
}

/// Native enums; other databases than PostgreSQL's kin have none of their own.
fn enums(source: &Source<'_>) -> Vec<EnumType> {
    if !source.settings.postgres() {
        return Vec::new();
    }
    source
        .enums
        .iter()
        .map(|declared| {
            let block = declared.block;
            let labels = match &declared.unread {
                Some(gap) => Expectation::Unknown(gap.clone()),
                None => Expectation::Exactly(block.members.iter().map(|m| (label(m), m.name.span)).collect()),
            };
            EnumType {
                name: declared.name.clone(),
                source_name: block.name.text.clone(),
                labels,
                stored: None,
                span: block.name.span,
            }
        })
        .collect()
}

fn model(source: &Source<'_>, declared: &ModelSource<'_>) -> Model {
    let block = declared.block;
    let ignored = block.attributes.iter().any(|a| a.name == "ignore");
    let view = block.kind == BlockKind::View;
    let mut open = Vec::new();
    if let Some(gap) = &declared.unread {
        let table = declared.table.to_string();
        open.extend(
            Section::ALL.map(|section| (section, gap.reaching(Reach::Section(table.clone(), section)))),
        );
    }
    let fields = declared
        .fields
        .iter()
        .filter(|f| f.stored())
        .map(|f| field(source, declared, f, ignored, view))
        .collect();
    Model {
        name: block.name.text.clone(),
        span: block.name.span,
        whole: block.span,
        table: Some(Expectation::Exactly(declared.table.clone())),
        table_span: declared.table_span,
        kind: if view { ModelKind::View } else { ModelKind::Table },
        fields,
        primary_key: None,
        uniques: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        checks: Vec::new(),
        exclusions: Vec::new(),
        comment: Expectation::Anything,
        associations: Vec::new(),
        open,
        unmanaged: source.config.external_table(&declared.table),
        elsewhere: None,
        of_library: false,
        table_like: Like::anything(),
    }
}

fn field(
    source: &Source<'_>,
    model: &ModelSource<'_>,
    field: &FieldSource<'_>,
    hidden: bool,
    view: bool,
) -> Field {
    let member = field.member;
    let name = format!("{}.{}", model.table, field.column);
    let ty = column_type(source, field, &name);
    let default = defaults::read(source, field, ty.exactly(), &name);
    // A field of an unsupported type is not in the client, just as an ignored one.
    let ignored = hidden || field.class == Class::Unsupported || field.attribute("ignore").is_some();
    Field {
        name: member.name.text.clone(),
        column: field.column.clone(),
        span: member.name.span,
        type_span: member.ty.as_ref().map_or(member.name.span, |t| t.span),
        declared: declared(field),
        ty,
        // Prisma makes list columns that allow NULL, and cannot say otherwise.
        nullable: Expectation::Exactly(field.arity != Arity::Required),
        nullable_span: None,
        default: default.value,
        default_span: default.span,
        client_default: default.client || field.attribute("updatedAt").is_some(),
        fetched: false,
        serial: default.serial,
        identity: default.identity,
        counts: None,
        generated: Expectation::Exactly(None),
        collation: None,
        comment: Expectation::Anything,
        written: !ignored && !view,
        ignored,
        whole: member.span,
    }
}

/// The type as Prisma prints it: `Int?`, `String[]`.
pub(super) fn declared(field: &FieldSource<'_>) -> Option<SmolStr> {
    let ty = field.member.ty.as_ref()?;
    let arity = match field.arity {
        Arity::Required => "",
        Arity::Optional => "?",
        Arity::List => "[]",
    };
    Some(SmolStr::new(if ty.unsupported {
        format!("Unsupported(\"{}\"){arity}", ty.name)
    } else {
        format!("{}{arity}", ty.name)
    }))
}

/// The type of a field's column; `name` is the column for messages.
pub(super) fn column_type(source: &Source<'_>, field: &FieldSource<'_>, name: &str) -> Expectation<SqlType> {
    match element_type(source, field) {
        Ok(ty) if field.arity == Arity::List => Expectation::Exactly(ty.array_of()),
        Ok(ty) => Expectation::Exactly(ty),
        Err((span, why)) => Expectation::Unknown(Gap::new(span, why, Reach::Fact(format!("{name}: type")))),
    }
}

fn element_type(
    source: &Source<'_>,
    field: &FieldSource<'_>,
) -> Result<SqlType, (crate::source::Span, String)> {
    let member = field.member;
    let span = member.ty.as_ref().map_or(member.span, |t| t.span);
    if let Some((dialect, at)) = source
        .settings
        .dialect
        .as_ref()
        .filter(|_| !source.settings.postgres())
    {
        return Err((*at, format!("the types of {dialect} are not known")));
    }
    match field.class {
        Class::Scalar(scalar) => match member.attributes.iter().find(|a| a.name.contains('.')) {
            None => Ok(scalar.default_type()),
            Some(attribute) => types::native(attribute, source.settings.cockroach()).ok_or_else(|| {
                (
                    attribute.span,
                    format!("@{} is no type of PostgreSQL that is known", attribute.name),
                )
            }),
        },
        Class::Enum(index) => match source.enum_name(index) {
            Some(name) => Ok(SqlType {
                base: BaseType::Named(name.clone()),
                modifier: None,
                array: false,
            }),
            None => Err((span, "the enum is not known".to_owned())),
        },
        Class::Unsupported => {
            let at = member.ty.as_ref().map_or(member.span, |t| t.name_span);
            crate::sql::type_name(&literal_text(&source.text(at), at))
                .ok_or_else(|| (at, "this is no type that could be read".to_owned()))
        }
        Class::Composite => Err((span, "a composite type has no column in PostgreSQL".to_owned())),
        Class::Relation(_) | Class::Nothing => Err((span, "a relation has no column".to_owned())),
    }
}
