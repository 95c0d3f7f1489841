//! Mending a model's source: what to edit so that it says what the database holds. Only where the source is plain enough for the edit
//! to be sure; `None` otherwise. One file per language of models.
//!
//! A fix that adds what the database has and the model leaves unsaid is safe. One that changes what the model says is not: it may
//! be the model that is right.

mod ecto;
mod prisma;
mod python;

use crate::declared::{Model, Models};
use crate::finding::{Applicability, Edit, Fix};
use crate::name::Name;
use crate::pair::{ColumnPair, key_columns};
use crate::schema::{IndexWalker, TypeKind};
use crate::source::{Files, Span};
use crate::sqltype::{BaseType, SqlType};

/// A model with the set that it is from and the files that it is in.
#[derive(Clone, Copy)]
pub struct Of<'a> {
    /// The files.
    pub files: &'a Files,
    /// The set.
    pub models: &'a Models,
    /// The model.
    pub model: &'a Model,
}

/// Gives a field the type of its column.
#[must_use]
pub fn column_type(files: &Files, pair: &ColumnPair<'_>) -> Option<Fix> {
    let found = pair.column.get().ty.known()?;
    let of = of(files, pair);
    let edits = match pair.models.language.name {
        "Prisma" => prisma::column_type(of, pair.field, found, enum_of(pair, found))?,
        "SQLAlchemy" => python::column_type(of, pair.field, found)?,
        "Ecto" => ecto::column_type(of, pair.field, found)?,
        _ => return None,
    };
    let name = pair.column.formatted_type()?;
    fix(
        format!("Declare the field as {name}"),
        Applicability::Unsafe,
        edits,
    )
}

/// Makes a field optional or required, as its column is.
#[must_use]
pub fn nullability(files: &Files, pair: &ColumnPair<'_>) -> Option<Fix> {
    let optional = *pair.column.get().nullable.known()?;
    let of = of(files, pair);
    let edits = match pair.models.language.name {
        "Prisma" => prisma::nullability(of, pair.field, optional)?,
        "SQLAlchemy" => python::nullability(of, pair.field, optional)?,
        _ => return None,
    };
    let word = if optional { "optional" } else { "required" };
    fix(format!("Make the field {word}"), Applicability::Unsafe, edits)
}

/// Declares an index of the table, unique or not.
#[must_use]
pub fn index(of: Of<'_>, index: IndexWalker<'_>) -> Option<Fix> {
    let columns = key_columns(index).filter(|_| is_plain(index))?;
    let fields = columns.iter().map(|column| {
        let mut fields = of.model.fields.iter();
        fields.find(|field| field.column == **column)
    });
    let fields: Vec<_> = fields.collect::<Option<_>>()?;
    let edits = match of.models.language.name {
        "Prisma" => prisma::index(of, index, &fields)?,
        "SQLAlchemy" => python::index(of, index, &fields)?,
        _ => return None,
    };
    let what = if index.get().unique { "unique" } else { "index" };
    fix(format!("Declare the {what}"), Applicability::Safe, edits)
}

/// Gives what a place of the model declares (a key, an index) the name that it has in the database.
#[must_use]
pub fn constraint_name(of: Of<'_>, at: Span, name: &Name) -> Option<Fix> {
    let (edits, said) = match of.models.language.name {
        "Prisma" => prisma::constraint_name(of, at, name)?,
        _ => return None,
    };
    let applicability = if said {
        Applicability::Unsafe
    } else {
        Applicability::Safe
    };
    fix(format!("Name it {name} in the model"), applicability, edits)
}

fn of<'a>(files: &'a Files, pair: &ColumnPair<'a>) -> Of<'a> {
    Of {
        files,
        models: pair.models,
        model: pair.model,
    }
}

fn fix(title: String, applicability: Applicability, edits: Vec<Edit>) -> Option<Fix> {
    (!edits.is_empty()).then_some(Fix {
        title,
        applicability,
        edits,
    })
}

/// An index of the kind that a bare list of columns makes, or of another method: nothing else is said of it.
fn is_plain(index: IndexWalker<'_>) -> bool {
    let get = index.get();
    let keys = get.keys.iter().all(|key| {
        key.collation.is_none()
            && key.opclass.is_none()
            && key.opclass_options.is_none()
            && key.nulls_first == key.descending
    });
    keys && get.predicate.is_none()
        && get.include.is_empty()
        && !get.nulls_not_distinct
        && !get.parameters
        && get.parent.is_none()
        && get.presence.is_present()
}

/// The model's enum that stands for a type of the database.
fn enum_of<'a>(pair: &ColumnPair<'a>, ty: &SqlType) -> Option<&'a str> {
    let BaseType::Object(id) = ty.base else {
        return None;
    };
    let schema = pair.column.table.schema;
    let held = schema
        .types
        .get(id)
        .filter(|held| matches!(held.kind, TypeKind::Enum(_)))?;
    let namespace = &schema.namespaces.get(held.namespace)?.name;
    let mut enums = pair.models.enums.iter();
    let found = enums.find(|e| {
        e.name.name == held.name
            && match &e.name.schema {
                Some(said) => said == namespace,
                None => schema.search_path.contains(namespace),
            }
    })?;
    Some(found.source_name.as_str())
}

/// An insertion.
fn insert(file: crate::source::FileId, at: u32, text: impl Into<String>) -> Edit {
    Edit {
        span: Span::new(file, at as usize, at as usize),
        text: text.into(),
    }
}

/// A replacement.
fn replace(span: Span, text: impl Into<String>) -> Edit {
    Edit {
        span,
        text: text.into(),
    }
}
