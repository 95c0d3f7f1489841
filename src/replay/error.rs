//! Failures by fact: SQLSTATE and message as the server words them.
//!
//! Source: PostgreSQL manual, appendix A "Error Codes"; the messages are those of a PostgreSQL 15 server.

use crate::change::Failure;
use crate::name::{Name, QualifiedName};
use crate::source::Span;

/// A failure at a place.
pub(super) fn failure(sqlstate: &'static str, message: impl Into<String>, span: Span) -> Failure {
    Failure {
        sqlstate,
        message: message.into(),
        span,
        related: Vec::new(),
    }
}

/// 42P01.
pub(super) fn undefined_relation(name: &QualifiedName, span: Span) -> Failure {
    failure("42P01", format!("relation \"{name}\" does not exist"), span)
}

/// 54011.
pub(super) fn too_many_keys(span: Span) -> Failure {
    failure("54011", "cannot use more than 32 columns in an index", span)
}

/// 42P07.
pub(super) fn duplicate_relation(name: &Name, span: Span) -> Failure {
    failure("42P07", format!("relation \"{name}\" already exists"), span)
}

/// 42703 of a statement that names the table.
pub(super) fn undefined_column_of(column: &Name, table: &Name, span: Span) -> Failure {
    failure(
        "42703",
        format!("column \"{column}\" of relation \"{table}\" does not exist"),
        span,
    )
}

/// 42703 of a key or an expression.
pub(super) fn undefined_column(column: &Name, span: Span) -> Failure {
    failure("42703", format!("column \"{column}\" does not exist"), span)
}

/// 42701.
pub(super) fn duplicate_column(column: &Name, table: &Name, span: Span) -> Failure {
    failure(
        "42701",
        format!("column \"{column}\" of relation \"{table}\" already exists"),
        span,
    )
}

/// 42704 for a type.
pub(super) fn undefined_type(name: &QualifiedName, span: Span) -> Failure {
    failure("42704", format!("type \"{name}\" does not exist"), span)
}

/// 42710 for a type.
pub(super) fn duplicate_type(name: &Name, span: Span) -> Failure {
    failure("42710", format!("type \"{name}\" already exists"), span)
}

/// 42704 for a constraint.
pub(super) fn undefined_constraint(name: &Name, table: &Name, span: Span) -> Failure {
    failure(
        "42704",
        format!("constraint \"{name}\" of relation \"{table}\" does not exist"),
        span,
    )
}

/// 42710 for a constraint.
pub(super) fn duplicate_constraint(name: &Name, table: &Name, span: Span) -> Failure {
    failure(
        "42710",
        format!("constraint \"{name}\" for relation \"{table}\" already exists"),
        span,
    )
}

/// 3F000.
pub(super) fn undefined_schema(name: &Name, span: Span) -> Failure {
    failure("3F000", format!("schema \"{name}\" does not exist"), span)
}

/// 42809: the name stands for something of another kind; `wanted` with its article.
pub(super) fn wrong_kind(name: &Name, wanted: &str, span: Span) -> Failure {
    failure("42809", format!("\"{name}\" is not {wanted}"), span)
}

/// 42809: it is a partition already.
pub(super) fn wrong_kind_of_partition(name: &Name, span: Span) -> Failure {
    failure("42809", format!("\"{name}\" is already a partition"), span)
}
