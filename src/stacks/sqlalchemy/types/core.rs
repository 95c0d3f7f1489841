//! Types of SQLAlchemy itself and of its dialect for PostgreSQL.

use super::{Affinity, Resolver, Typed, enums};
use crate::interpret::python::{Args, Library};
use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::sqltype::{BaseType, Builtin, SqlType};
use crate::stacks::sqlalchemy::terms::{self, Known, Member, Origin, gap};

/// Types without arguments that matter, their spelling in SQL, and what they hold.
const PLAIN: &[(&str, &str, Affinity)] = &[
    ("Integer", "integer", Affinity::Integer),
    ("INTEGER", "integer", Affinity::Integer),
    ("INT", "integer", Affinity::Integer),
    ("SmallInteger", "smallint", Affinity::Integer),
    ("SMALLINT", "smallint", Affinity::Integer),
    ("BigInteger", "bigint", Affinity::Integer),
    ("BIGINT", "bigint", Affinity::Integer),
    ("Date", "date", Affinity::Other),
    ("DATE", "date", Affinity::Other),
    ("Double", "double precision", Affinity::Numeric),
    ("DOUBLE_PRECISION", "double precision", Affinity::Numeric),
    ("REAL", "real", Affinity::Numeric),
    ("LargeBinary", "bytea", Affinity::Other),
    ("BYTEA", "bytea", Affinity::Other),
    ("PickleType", "bytea", Affinity::Other),
    ("JSON", "json", Affinity::Json),
    ("JSONB", "jsonb", Affinity::Json),
    ("JSONPATH", "jsonpath", Affinity::Other),
    ("HSTORE", "hstore", Affinity::Other),
    ("CITEXT", "citext", Affinity::String),
    ("INET", "inet", Affinity::Other),
    ("CIDR", "cidr", Affinity::Other),
    ("MACADDR", "macaddr", Affinity::Other),
    ("MACADDR8", "macaddr8", Affinity::Other),
    ("MONEY", "money", Affinity::Other),
    ("OID", "oid", Affinity::Other),
    ("REGCLASS", "regclass", Affinity::Other),
    ("REGCONFIG", "regconfig", Affinity::Other),
    ("TSVECTOR", "tsvector", Affinity::Other),
    ("TSQUERY", "tsquery", Affinity::Other),
    ("INT4RANGE", "int4range", Affinity::Other),
    ("INT8RANGE", "int8range", Affinity::Other),
    ("NUMRANGE", "numrange", Affinity::Other),
    ("DATERANGE", "daterange", Affinity::Other),
    ("TSRANGE", "tsrange", Affinity::Other),
    ("TSTZRANGE", "tstzrange", Affinity::Other),
    ("INT4MULTIRANGE", "int4multirange", Affinity::Other),
    ("INT8MULTIRANGE", "int8multirange", Affinity::Other),
    ("NUMMULTIRANGE", "nummultirange", Affinity::Other),
    ("DATEMULTIRANGE", "datemultirange", Affinity::Other),
    ("TSMULTIRANGE", "tsmultirange", Affinity::Other),
    ("TSTZMULTIRANGE", "tstzmultirange", Affinity::Other),
];

/// Types that take arguments.
const OTHERS: &[&str] = &[
    "String",
    "VARCHAR",
    "Unicode",
    "NVARCHAR",
    "CHAR",
    "NCHAR",
    "Text",
    "TEXT",
    "UnicodeText",
    "CLOB",
    "Boolean",
    "BOOLEAN",
    "DateTime",
    "DATETIME",
    "TIMESTAMP",
    "Time",
    "TIME",
    "Interval",
    "INTERVAL",
    "Numeric",
    "NUMERIC",
    "DECIMAL",
    "Float",
    "FLOAT",
    "DOUBLE",
    "BLOB",
    "BINARY",
    "VARBINARY",
    "Enum",
    "ENUM",
    "Uuid",
    "UUID",
    "ARRAY",
    "BIT",
    "DOMAIN",
    "NullType",
    "NULLTYPE",
    "TupleType",
    "TypeDecorator",
    "UserDefinedType",
    "TypeEngine",
    "NumericRange",
    "LONGTEXT",
    "MEDIUMTEXT",
    "TINYINT",
    "MEDIUMINT",
    "YEAR",
    "SET",
    "LONGBLOB",
    "MEDIUMBLOB",
    "NTEXT",
    "UNIQUEIDENTIFIER",
    "DATETIME2",
];

/// Types that stand ready as values of the module, and what made them: `STRINGTYPE = String()` (`sqlalchemy/sql/sqltypes.py`).
const READY: &[(&str, &str)] = &[
    ("STRINGTYPE", "String"),
    ("INTEGERTYPE", "Integer"),
    ("BOOLEANTYPE", "Boolean"),
];

/// Whether a name of the module stands for a type that has been made: what is given to a type around it does not reach it.
pub(super) fn is_ready(name: &str) -> bool {
    READY.iter().any(|(ready, _)| *ready == name)
}

/// The type that a name of the module stands for.
fn made_by(name: &str) -> &str {
    READY
        .iter()
        .find(|(ready, _)| *ready == name)
        .map_or(name, |(_, made)| made)
}

pub(super) fn is_type(name: &str) -> bool {
    let name = made_by(name);
    OTHERS.contains(&name) || PLAIN.iter().any(|(n, ..)| *n == name)
}

/// What a type of SQLAlchemy is; `None` where it is none that is known.
pub(super) fn resolve<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    member: &Member,
    args: &Args<'a>,
    at: Span,
    depth: u32,
) -> Option<Typed> {
    let name = made_by(member.name());
    if member.origin != Origin::Dialect
        && let Some((_, sql, affinity)) = PLAIN.iter().find(|(n, ..)| *n == name)
    {
        return Some(match Builtin::from_spelling(sql) {
            Some(builtin) => Typed::plain(SqlType::builtin(builtin), *affinity, at),
            None => Typed {
                affinity: *affinity,
                ..Typed::named(sql, at)
            },
        });
    }
    if member.origin == Origin::Dialect {
        return dialect(resolver, name, args, at);
    }
    match name {
        "Boolean" | "BOOLEAN" => Some(Typed::plain(
            SqlType::builtin(Builtin::Bool),
            Affinity::Boolean,
            at,
        )),
        "Enum" => Some(enums::generic(resolver, args, at)),
        "ENUM" => Some(enums::postgresql(resolver, args, at)),
        "ARRAY" => Some(array(resolver, args, at, depth)),
        "DOMAIN" => Some(domain(resolver, args, at)),
        "String" | "VARCHAR" | "Unicode" => Some(text(resolver, "varchar", args, at)),
        "NVARCHAR" => Some(text(resolver, "nvarchar", args, at)),
        "CHAR" | "NCHAR" => Some(text(resolver, "char", args, at)),
        "Text" | "TEXT" | "UnicodeText" => Some(text(resolver, "text", args, at)),
        "CLOB" => Some(text(resolver, "clob", args, at)),
        _ => spelling(name, member.origin, args).map(|spelled| match spelled {
            Ok((sql, affinity)) => Typed::spelled(&sql, affinity, at),
            Err(gap) => Typed::unknown(gap, at),
        }),
    }
}

/// Types of other dialects that PostgreSQL's compiler spells as the generic type that they derive from.
fn dialect<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Typed> {
    match name {
        "VARCHAR" => Some(text(resolver, "varchar", args, at)),
        "TEXT" => Some(text(resolver, "text", args, at)),
        "JSON" => Some(Typed::plain(SqlType::builtin(Builtin::Json), Affinity::Json, at)),
        _ => Some(Typed::unknown(gap(at, "a type of another database"), at)),
    }
}

fn within(sql: &str, precision: Option<i64>) -> String {
    precision.map_or(sql.to_owned(), |n| format!("{sql}({n})"))
}

/// What PostgreSQL's compiler spells a type with arguments as.
fn spelling(name: &str, origin: Origin, args: &Args<'_>) -> Option<Known<(String, Affinity)>> {
    Some(match name {
        "DateTime" | "TIMESTAMP" | "Time" | "TIME" => timed(name, origin, args),
        "DATETIME" => Ok(("datetime".to_owned(), Affinity::Other)),
        "Interval" | "INTERVAL" => interval(name, origin, args),
        "Numeric" | "NUMERIC" | "DECIMAL" => numeric(args),
        "Float" | "FLOAT" => terms::number(args, 0, "precision")
            .map(|p| (within("float", p.filter(|p| *p != 0)), Affinity::Numeric)),
        "DOUBLE" => Ok(("double".to_owned(), Affinity::Numeric)),
        "BLOB" => Ok(("blob".to_owned(), Affinity::Other)),
        "BINARY" | "VARBINARY" => {
            let sql = name.to_ascii_lowercase();
            terms::number(args, 0, "length").map(|n| (within(&sql, n), Affinity::Other))
        }
        "Uuid" => terms::flag(args, "native_uuid", true).map(|native| {
            (
                if native { "uuid" } else { "char(32)" }.to_owned(),
                Affinity::Other,
            )
        }),
        "UUID" => Ok(("uuid".to_owned(), Affinity::Other)),
        "BIT" => bits(args),
        _ => return None,
    })
}

fn timed(name: &str, origin: Origin, args: &Args<'_>) -> Known<(String, Affinity)> {
    let zone = terms::truth(terms::argument(args, 0, "timezone")?, false)?;
    let precision = match origin {
        Origin::Postgresql => terms::number(args, 1, "precision")?,
        _ => None,
    };
    let base = if name.eq_ignore_ascii_case("time") {
        "time"
    } else {
        "timestamp"
    };
    let zone = if zone { "with" } else { "without" };
    Ok((
        format!("{} {zone} time zone", within(base, precision)),
        Affinity::Other,
    ))
}

fn interval(name: &str, origin: Origin, args: &Args<'_>) -> Known<(String, Affinity)> {
    if name == "Interval" || origin != Origin::Postgresql {
        let native = terms::truth(terms::argument(args, 0, "native")?, true)?;
        if !native {
            return Ok(("timestamp without time zone".to_owned(), Affinity::Other));
        }
        let precision = terms::number(args, 1, "second_precision")?;
        return Ok((within("interval", precision), Affinity::Other));
    }
    let precision = terms::number(args, 0, "precision")?;
    let fields = match terms::argument(args, 1, "fields")? {
        None => String::new(),
        Some(argument) => match argument.value.as_str() {
            Some(fields) => format!(" {fields}"),
            None if matches!(argument.value, crate::interpret::python::Value::None) => String::new(),
            None => return Err(gap(argument.span, "is no text that could be told")),
        },
    };
    Ok((within(&format!("interval{fields}"), precision), Affinity::Other))
}

fn numeric(args: &Args<'_>) -> Known<(String, Affinity)> {
    let precision = terms::number(args, 0, "precision")?;
    let scale = terms::number(args, 1, "scale")?;
    let sql = match (precision, scale) {
        (None, _) => "numeric".to_owned(),
        (Some(p), None) => format!("numeric({p})"),
        (Some(p), Some(s)) => format!("numeric({p},{s})"),
    };
    Ok((sql, Affinity::Numeric))
}

fn bits(args: &Args<'_>) -> Known<(String, Affinity)> {
    let length = terms::number(args, 0, "length")?;
    let varying = terms::truth(terms::argument(args, 1, "varying")?, false)?;
    let sql = match (varying, length) {
        (true, length) => within("bit varying", length),
        (false, length) => format!("bit({})", length.filter(|n| *n != 0).unwrap_or(1)),
    };
    Ok((sql, Affinity::Other))
}

/// A type of characters: its length and its collation.
fn text<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    sql: &str,
    args: &Args<'a>,
    at: Span,
) -> Typed {
    let mut typed = match terms::number(args, 0, "length") {
        Ok(length) => Typed::spelled(&within(sql, length.filter(|n| *n != 0)), Affinity::String, at),
        Err(gap) => Typed {
            affinity: Affinity::String,
            ..Typed::unknown(gap, at)
        },
    };
    typed.cast = true;
    match terms::maybe_text(resolver.machine, args, 1, "collation") {
        Ok(collation) => typed.collation = collation.map(|c| QualifiedName::bare(Name::new(c.as_str()))),
        Err(gap) => typed.ty = Err(gap),
    }
    typed
}

fn array<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    args: &Args<'a>,
    at: Span,
    depth: u32,
) -> Typed {
    let item = match terms::argument(args, 0, "item_type") {
        Ok(Some(item)) => item.clone(),
        Ok(None) => return Typed::unknown(gap(at, "the type of the items is not given"), at),
        Err(gap) => return Typed::unknown(gap, at),
    };
    let inner = resolver.resolve(&item.value, item.span, depth + 1);
    Typed {
        ty: inner.ty.clone().map(SqlType::array_of),
        affinity: Affinity::Array,
        span: at,
        check: None,
        declared: None,
        ..inner
    }
}

/// A domain that is there already, or that the metadata makes; either way the column's type is it.
fn domain<'a, L: Library<'a>>(resolver: &mut Resolver<'_, 'a, L>, args: &Args<'a>, at: Span) -> Typed {
    let name = match terms::maybe_name(resolver.machine, args, 0, "name") {
        Ok(Some(name)) => name,
        Ok(None) => return Typed::unknown(gap(at, "the domain has no name"), at),
        Err(gap) => return Typed::unknown(gap, at),
    };
    let schema = match terms::maybe_name(resolver.machine, args, usize::MAX, "schema") {
        Ok(schema) => schema,
        Err(gap) => return Typed::unknown(gap, at),
    };
    let ty = SqlType {
        base: BaseType::Named(QualifiedName { schema, name }),
        modifier: None,
        array: false,
    };
    Typed::plain(ty, Affinity::Other, at)
}
