//! Which type PostgreSQL holds a field in: the default of each scalar, and the native types that `@db.` names.
//!
//! Source: `postgres_datamodel_connector.rs` (`SCALAR_TYPE_DEFAULTS`, `native_types.rs`) and, for CockroachDB,
//! `cockroach_datamodel_connector.rs` of prisma-engines; how they are spelled in DDL, `postgres_renderer.rs`.

use crate::name::{Name, QualifiedName};
use crate::sqltype::{BaseType, Builtin, Modifier, SqlType};
use crate::syntax::prisma::{Attribute, ValueKind};

/// Prisma's scalar types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    String,
    Boolean,
    Int,
    BigInt,
    Float,
    Decimal,
    DateTime,
    Json,
    Bytes,
}

impl Scalar {
    /// The scalar of this name.
    pub(super) fn named(name: &str) -> Option<Scalar> {
        Some(match name {
            "String" => Scalar::String,
            "Boolean" => Scalar::Boolean,
            "Int" => Scalar::Int,
            "BigInt" => Scalar::BigInt,
            "Float" => Scalar::Float,
            "Decimal" => Scalar::Decimal,
            "DateTime" => Scalar::DateTime,
            "Json" => Scalar::Json,
            "Bytes" => Scalar::Bytes,
            _ => return None,
        })
    }

    /// The column's type where no `@db.` says otherwise; CockroachDB's are aliases of the same.
    pub(super) fn default_type(self) -> SqlType {
        match self {
            Scalar::String => SqlType::builtin(Builtin::Text),
            Scalar::Boolean => SqlType::builtin(Builtin::Bool),
            Scalar::Int => SqlType::builtin(Builtin::Int4),
            Scalar::BigInt => SqlType::builtin(Builtin::Int8),
            Scalar::Float => SqlType::builtin(Builtin::Float8),
            Scalar::Decimal => with(
                Builtin::Numeric,
                Modifier::Numeric {
                    precision: 65,
                    scale: 30,
                },
            ),
            Scalar::DateTime => with(Builtin::Timestamp, Modifier::Seconds(3)),
            Scalar::Json => SqlType::builtin(Builtin::Jsonb),
            Scalar::Bytes => SqlType::builtin(Builtin::Bytea),
        }
    }
}

fn with(builtin: Builtin, modifier: Modifier) -> SqlType {
    SqlType {
        modifier: Some(modifier),
        ..SqlType::builtin(builtin)
    }
}

/// The type that `@db.Name(args)` says; `None` where there is no such type or its arguments are not of its form.
pub(super) fn native(attribute: &Attribute, cockroach: bool) -> Option<SqlType> {
    let (_, name) = attribute.name.split_once('.')?;
    let args = numbers(attribute)?;
    if cockroach {
        cockroach_type(name, &args)
    } else {
        postgres_type(name, &args)
    }
}

/// The arguments, all of which must be whole numbers.
fn numbers(attribute: &Attribute) -> Option<Vec<u32>> {
    attribute
        .args
        .iter()
        .map(|argument| match &argument.value.kind {
            ValueKind::Number(n) => n.parse().ok(),
            ValueKind::String(_)
            | ValueKind::Path(_)
            | ValueKind::Call(..)
            | ValueKind::Array(_)
            | ValueKind::Object(_) => None,
        })
        .collect()
}

fn postgres_type(name: &str, args: &[u32]) -> Option<SqlType> {
    use Builtin::{
        Bit, Bool, Bpchar, Bytea, Date, Float4, Float8, Inet, Int2, Int4, Int8, Json, Jsonb, Money, Numeric,
        Oid, Text, Time, Timestamp, Timestamptz, Timetz, Uuid, Varbit, Varchar, Xml,
    };
    let plain = |builtin| args.is_empty().then(|| SqlType::builtin(builtin));
    match name {
        "SmallInt" => plain(Int2),
        "Integer" => plain(Int4),
        "BigInt" => plain(Int8),
        "Oid" => plain(Oid),
        "Money" => plain(Money),
        "Real" => plain(Float4),
        "DoublePrecision" => plain(Float8),
        "Text" => plain(Text),
        "Uuid" => plain(Uuid),
        "Xml" => plain(Xml),
        "Inet" => plain(Inet),
        "ByteA" => plain(Bytea),
        "Boolean" => plain(Bool),
        "Date" => plain(Date),
        "Json" => plain(Json),
        "JsonB" => plain(Jsonb),
        "Citext" if args.is_empty() => Some(SqlType {
            base: BaseType::Named(QualifiedName::bare(Name::new("citext"))),
            modifier: None,
            array: false,
        }),
        "Decimal" => decimal(Numeric, args),
        "VarChar" => length(Varchar, args, false),
        "Char" => length(Bpchar, args, true),
        "VarBit" => length(Varbit, args, false),
        "Bit" => length(Bit, args, true),
        "Time" => seconds(Time, args),
        "Timetz" => seconds(Timetz, args),
        "Timestamp" => seconds(Timestamp, args),
        "Timestamptz" => seconds(Timestamptz, args),
        _ => None,
    }
}

/// CockroachDB's names, as the types of PostgreSQL that they are aliases of.
fn cockroach_type(name: &str, args: &[u32]) -> Option<SqlType> {
    use Builtin::{
        Bit, Bool, Bytea, Date, Float4, Float8, Inet, Int2, Int4, Int8, InternalChar, Jsonb, Numeric, Oid,
        Text, Time, Timestamp, Timestamptz, Timetz, Uuid, Varbit, Varchar,
    };
    let plain = |builtin| args.is_empty().then(|| SqlType::builtin(builtin));
    match name {
        "Int2" => plain(Int2),
        "Int4" => plain(Int4),
        "Int8" => plain(Int8),
        "Oid" => plain(Oid),
        "Float4" => plain(Float4),
        "Float8" => plain(Float8),
        "String" if args.is_empty() => plain(Text),
        "String" => length(Varchar, args, false),
        "Char" => length(Builtin::Bpchar, args, true),
        "CatalogSingleChar" => plain(InternalChar),
        "Uuid" => plain(Uuid),
        "Inet" => plain(Inet),
        "Bytes" => plain(Bytea),
        "Bool" => plain(Bool),
        "Date" => plain(Date),
        "JsonB" => plain(Jsonb),
        "Decimal" => decimal(Numeric, args),
        "VarBit" => length(Varbit, args, false),
        "Bit" => length(Bit, args, true),
        "Time" => seconds(Time, args),
        "Timetz" => seconds(Timetz, args),
        "Timestamp" => seconds(Timestamp, args),
        "Timestamptz" => seconds(Timestamptz, args),
        _ => None,
    }
}

/// A type with a length; `one` where PostgreSQL takes 1 for none (`CHAR`, `BIT`).
fn length(builtin: Builtin, args: &[u32], one: bool) -> Option<SqlType> {
    match args {
        [] if one => Some(with(builtin, Modifier::Length(1))),
        [] => Some(SqlType::builtin(builtin)),
        [n] => Some(with(builtin, Modifier::Length(*n))),
        _ => None,
    }
}

fn seconds(builtin: Builtin, args: &[u32]) -> Option<SqlType> {
    match args {
        [] => Some(SqlType::builtin(builtin)),
        [n] => Some(with(builtin, Modifier::Seconds(u8::try_from(*n).ok()?))),
        _ => None,
    }
}

fn decimal(builtin: Builtin, args: &[u32]) -> Option<SqlType> {
    match args {
        [] => Some(SqlType::builtin(builtin)),
        [precision, scale] => Some(with(
            builtin,
            Modifier::Numeric {
                precision: u16::try_from(*precision).ok()?,
                scale: i16::try_from(*scale).ok()?,
            },
        )),
        _ => None,
    }
}

/// How a field says that its column is of a type, the array left out: the scalar, and the native type where it is not the scalar's
/// own.
#[must_use]
pub fn spelled(ty: &SqlType) -> Option<(&'static str, Option<String>)> {
    use Builtin::{
        Bit, Bool, Bpchar, Bytea, Date, Float4, Float8, Inet, Int2, Int4, Int8, Json, Jsonb, Money, Numeric,
        Oid, Text, Time, Timestamp, Timestamptz, Timetz, Uuid, Varbit, Varchar, Xml,
    };
    let BaseType::Builtin(builtin) = ty.base else {
        return None;
    };
    let (scalar, native) = match builtin {
        Text => ("String", "Text"),
        Varchar => ("String", "VarChar"),
        Bpchar => ("String", "Char"),
        Uuid => ("String", "Uuid"),
        Xml => ("String", "Xml"),
        Inet => ("String", "Inet"),
        Bit => ("String", "Bit"),
        Varbit => ("String", "VarBit"),
        Bool => ("Boolean", "Boolean"),
        Int2 => ("Int", "SmallInt"),
        Int4 => ("Int", "Integer"),
        Oid => ("Int", "Oid"),
        Int8 => ("BigInt", "BigInt"),
        Float4 => ("Float", "Real"),
        Float8 => ("Float", "DoublePrecision"),
        Numeric => ("Decimal", "Decimal"),
        Money => ("Decimal", "Money"),
        Timestamp => ("DateTime", "Timestamp"),
        Timestamptz => ("DateTime", "Timestamptz"),
        Date => ("DateTime", "Date"),
        Time => ("DateTime", "Time"),
        Timetz => ("DateTime", "Timetz"),
        Json => ("Json", "Json"),
        Jsonb => ("Json", "JsonB"),
        Bytea => ("Bytes", "ByteA"),
        _ => return None,
    };
    let own = SqlType {
        array: false,
        ..ty.clone()
    };
    if Scalar::named(scalar)?.default_type() == own {
        return Some((scalar, None));
    }
    let args = match &ty.modifier {
        None => Vec::new(),
        Some(Modifier::Length(length)) => vec![*length],
        Some(Modifier::Seconds(seconds)) => vec![u32::from(*seconds)],
        Some(Modifier::Numeric { precision, scale }) => {
            vec![u32::from(*precision), u32::try_from(*scale).ok()?]
        }
        Some(Modifier::Interval { .. } | Modifier::Other(_)) => return None,
    };
    // What is written is what is read.
    (postgres_type(native, &args)? == own).then(|| {
        let args: Vec<String> = args.iter().map(u32::to_string).collect();
        let args = if args.is_empty() {
            String::new()
        } else {
            format!("({})", args.join(", "))
        };
        (scalar, Some(format!("{native}{args}")))
    })
}

/// The width of the serial type that `autoincrement()` makes; `None` for types that have none (the column then gets no
/// default at all, `@db.Oid`).
pub(super) fn serial(ty: &SqlType) -> Option<u8> {
    match ty.as_builtin()? {
        Builtin::Int2 => Some(2),
        Builtin::Int4 => Some(4),
        Builtin::Int8 => Some(8),
        _ => None,
    }
}
