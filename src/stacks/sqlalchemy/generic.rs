//! How models and revisions spell a column's type: SQLAlchemy's generic types.
//!
//! Source: `sqlalchemy/sql/sqltypes.py` and the PostgreSQL dialect's `PGTypeCompiler`.

use crate::sqltype::{BaseType, Builtin, Modifier, SqlType};

/// Kinds of values that types of Python and of SQLAlchemy share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is what its name says")]
pub enum Kind {
    Text,
    Whole,
    Exact,
    Float,
    Truth,
    Moment,
    Day,
    Hour,
}

/// SQLAlchemy's generic type for a column: its name, its arguments, and what it holds.
#[must_use]
pub fn generic(ty: &SqlType) -> Option<(&'static str, String, Kind)> {
    let BaseType::Builtin(builtin) = ty.base else {
        return None;
    };
    if ty.array {
        return None;
    }
    let none = String::new();
    Some(match (builtin, &ty.modifier) {
        (Builtin::Text, None) => ("Text", none, Kind::Text),
        (Builtin::Varchar, None) => ("String", none, Kind::Text),
        (Builtin::Varchar, Some(Modifier::Length(length))) => ("String", length.to_string(), Kind::Text),
        (Builtin::Int2, None) => ("SmallInteger", none, Kind::Whole),
        (Builtin::Int4, None) => ("Integer", none, Kind::Whole),
        (Builtin::Int8, None) => ("BigInteger", none, Kind::Whole),
        (Builtin::Numeric, None) => ("Numeric", none, Kind::Exact),
        (Builtin::Numeric, Some(Modifier::Numeric { precision, scale })) => {
            ("Numeric", format!("{precision}, {scale}"), Kind::Exact)
        }
        (Builtin::Float8, None) => ("Float", none, Kind::Float),
        (Builtin::Bool, None) => ("Boolean", none, Kind::Truth),
        (Builtin::Timestamp, None) => ("DateTime", none, Kind::Moment),
        (Builtin::Timestamptz, None) => ("DateTime", "timezone=True".to_owned(), Kind::Moment),
        (Builtin::Date, None) => ("Date", none, Kind::Day),
        (Builtin::Time, None) => ("Time", none, Kind::Hour),
        _ => return None,
    })
}

/// What a generic type of SQLAlchemy holds, by its name.
#[must_use]
pub fn kind_of(name: &str) -> Option<Kind> {
    Some(match name {
        "Text" | "String" | "Unicode" | "UnicodeText" | "VARCHAR" | "TEXT" | "CHAR" => Kind::Text,
        "SmallInteger" | "Integer" | "BigInteger" | "INTEGER" | "BIGINT" | "SMALLINT" => Kind::Whole,
        "Numeric" | "NUMERIC" | "DECIMAL" => Kind::Exact,
        "Float" | "REAL" | "FLOAT" | "Double" => Kind::Float,
        "Boolean" | "BOOLEAN" => Kind::Truth,
        "DateTime" | "TIMESTAMP" => Kind::Moment,
        "Date" | "DATE" => Kind::Day,
        "Time" | "TIME" => Kind::Hour,
        _ => return None,
    })
}
