//! What can be said in the language of SQLAlchemy's models.

use crate::declared::Language;

/// What models of SQLAlchemy can say.
pub(super) const LANGUAGE: Language = Language {
    name: "SQLAlchemy",
    checks: true,
    partial_indexes: true,
    expression_indexes: true,
    include: true,
    generated: true,
    deferrable: true,
    match_full: true,
    exclusions: true,
    collations: true,
    comments: true,
    nulls_not_distinct: true,
    list_nullability: true,
    views: false,
    shared_tables: true,
    without_constraints: false,
    bare_enums: true,
    writes_defaults: false,
};
