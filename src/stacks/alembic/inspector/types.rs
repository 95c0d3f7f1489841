//! The type object that reflection gives for a column's type.
//!
//! Source: `ischema_names` and `_reflect_type` of SQLAlchemy's PostgreSQL dialect.

use crate::interpret::python::dotted;
use smol_str::SmolStr;

use super::facts::Reflected;
use crate::interpret::python::{Args, Argument, Library, Machine, Value};
use crate::source::Span;
use crate::sqltype::{BaseType, Modifier};

/// `typname`s and the classes that stand for them.
const CLASSES: &[(&str, &str)] = &[
    ("int2", "sqlalchemy.SMALLINT"),
    ("int4", "sqlalchemy.INTEGER"),
    ("int8", "sqlalchemy.BIGINT"),
    ("varchar", "sqlalchemy.VARCHAR"),
    ("bpchar", "sqlalchemy.CHAR"),
    ("text", "sqlalchemy.TEXT"),
    ("bool", "sqlalchemy.BOOLEAN"),
    ("numeric", "sqlalchemy.NUMERIC"),
    ("float4", "sqlalchemy.REAL"),
    ("float8", "sqlalchemy.DOUBLE_PRECISION"),
    ("date", "sqlalchemy.DATE"),
    ("uuid", "sqlalchemy.UUID"),
    ("timestamp", "sqlalchemy.dialects.postgresql.TIMESTAMP"),
    ("timestamptz", "sqlalchemy.dialects.postgresql.TIMESTAMP"),
    ("time", "sqlalchemy.dialects.postgresql.TIME"),
    ("timetz", "sqlalchemy.dialects.postgresql.TIME"),
    ("interval", "sqlalchemy.dialects.postgresql.INTERVAL"),
    ("bytea", "sqlalchemy.dialects.postgresql.BYTEA"),
    ("json", "sqlalchemy.dialects.postgresql.JSON"),
    ("jsonb", "sqlalchemy.dialects.postgresql.JSONB"),
    ("inet", "sqlalchemy.dialects.postgresql.INET"),
    ("cidr", "sqlalchemy.dialects.postgresql.CIDR"),
    ("macaddr", "sqlalchemy.dialects.postgresql.MACADDR"),
    ("tsvector", "sqlalchemy.dialects.postgresql.TSVECTOR"),
    ("tsquery", "sqlalchemy.dialects.postgresql.TSQUERY"),
    ("bit", "sqlalchemy.dialects.postgresql.BIT"),
    ("varbit", "sqlalchemy.dialects.postgresql.BIT"),
    ("oid", "sqlalchemy.dialects.postgresql.OID"),
    ("money", "sqlalchemy.dialects.postgresql.MONEY"),
    ("regclass", "sqlalchemy.dialects.postgresql.REGCLASS"),
];

/// A type as reflection gives it; unknown for one that is not in the table.
pub(super) fn term<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    reflected: &Reflected,
    at: Span,
) -> Value<'a> {
    let element = match (&reflected.ty.base, &reflected.labels) {
        (_, Some((name, labels))) => {
            let mut args = Args::of(labels.iter().map(|l| Value::text(l, at)).collect(), at);
            args.keywords
                .push((SmolStr::new_static("name"), argument(Value::text(name, at), at)));
            let callee = machine.path("sqlalchemy.dialects.postgresql.ENUM", at);
            machine.call_term(callee, args, at)
        }
        (BaseType::Builtin(builtin), None) => {
            let Some((_, path)) = CLASSES.iter().find(|(name, _)| *name == builtin.typname()) else {
                return unlisted(machine, reflected, at);
            };
            let callee = machine.path(path, at);
            let args = modifiers(builtin.typname(), reflected.ty.modifier.as_ref(), at);
            machine.call_term(callee, args, at)
        }
        (BaseType::Object(_) | BaseType::Named(_), None) => return unlisted(machine, reflected, at),
    };
    if !reflected.ty.array {
        return element;
    }
    let callee = machine.path("sqlalchemy.dialects.postgresql.ARRAY", at);
    machine.call_term(callee, Args::of(vec![element], at), at)
}

fn unlisted<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, reflected: &Reflected, at: Span) -> Value<'a> {
    machine.unknown(at, format!("how {} is reflected", reflected.printed))
}

fn argument<'a>(value: Value<'a>, span: Span) -> Argument<'a> {
    Argument { value, span }
}

fn modifiers<'a>(typname: &str, modifier: Option<&Modifier>, at: Span) -> Args<'a> {
    let mut args = Args::default();
    let mut put = |name: &'static str, value: Value<'a>| {
        args.keywords
            .push((SmolStr::new_static(name), argument(value, at)));
    };
    match modifier {
        Some(Modifier::Length(length)) => put("length", Value::Int(i64::from(*length))),
        Some(Modifier::Numeric { precision, scale }) => {
            put("precision", Value::Int(i64::from(*precision)));
            put("scale", Value::Int(i64::from(*scale)));
        }
        Some(Modifier::Seconds(digits)) => put("precision", Value::Int(i64::from(*digits))),
        _ => {}
    }
    if matches!(typname, "timestamptz" | "timetz") {
        put("timezone", Value::Bool(true));
    }
    args
}

/// The class of a type object that reflection gives, and what it was made with.
fn reflected_class<'v, 'a>(value: &'v Value<'a>) -> Option<(&'v str, &'v Args<'a>)> {
    let (callee, args) = value.as_call()?;
    let path = callee.as_path()?;
    let known = CLASSES.iter().any(|(_, class)| *class == path)
        || path == "sqlalchemy.dialects.postgresql.ENUM"
        || path == "sqlalchemy.dialects.postgresql.ARRAY";
    known.then(|| (dotted::last(path), args))
}

/// `str(type)`: as the type's default dialect compiles it.
pub(in crate::stacks::alembic) fn text(value: &Value<'_>) -> Option<String> {
    let (class, args) = reflected_class(value)?;
    let number = |name: &str| match args.keyword(name).map(|a| &a.value) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    };
    Some(match class {
        "VARCHAR" | "CHAR" => match number("length").or_else(|| first_number(args)) {
            Some(length) => format!("{class}({length})"),
            None => class.to_owned(),
        },
        "NUMERIC" => match (number("precision"), number("scale")) {
            (Some(precision), Some(scale)) => format!("NUMERIC({precision}, {scale})"),
            (Some(precision), None) => format!("NUMERIC({precision})"),
            _ => class.to_owned(),
        },
        "ENUM" => {
            let longest = args
                .positional
                .iter()
                .map(|a| a.value.as_str().map(|t| t.chars().count()));
            let longest: Option<Vec<usize>> = longest.collect();
            format!("VARCHAR({})", longest?.into_iter().max()?)
        }
        "DOUBLE_PRECISION" => "DOUBLE PRECISION".to_owned(),
        class => class.to_owned(),
    })
}

/// The classes of SQLAlchemy that a class of [`CLASSES`] derives from, in every version from 1.4 to 2.1 (`sqlalchemy/sql/sqltypes.py`,
/// `sqlalchemy/dialects/postgresql/types.py`); `Double` and `Uuid` are newer.
const BASES: &[(&str, &[&str])] = &[
    ("ARRAY", &[]),
    ("BIGINT", &["BigInteger", "Integer"]),
    ("BIT", &[]),
    ("BOOLEAN", &["Boolean"]),
    ("BYTEA", &["LargeBinary"]),
    ("CHAR", &["String"]),
    ("DATE", &["Date"]),
    ("ENUM", &["Enum", "String"]),
    ("INET", &[]),
    ("INTEGER", &["Integer"]),
    ("INTERVAL", &[]),
    ("JSON", &[]),
    ("JSONB", &["JSON"]),
    ("NUMERIC", &["Numeric"]),
    ("REAL", &["Float", "Numeric"]),
    ("SMALLINT", &["SmallInteger", "Integer"]),
    ("TEXT", &["Text", "String"]),
    ("TIME", &["Time"]),
    ("TIMESTAMP", &["DateTime"]),
    ("TSVECTOR", &[]),
    ("UUID", &[]),
    ("VARCHAR", &["String"]),
];

/// Types of SQLAlchemy that are none of these, and derive from none.
const OTHERS: &[&str] = &[
    "DATETIME",
    "DECIMAL",
    "FLOAT",
    "HSTORE",
    "Interval",
    "NullType",
    "PickleType",
    "TypeDecorator",
    "Unicode",
    "UnicodeText",
];

/// Whether a type object that reflection gives is of a class: one of the repository's never is.
pub(in crate::stacks::alembic) fn is_type_of(value: &Value<'_>, class: &Value<'_>) -> Option<bool> {
    let (own, _) = reflected_class(value)?;
    let (_, bases) = BASES.iter().find(|(name, _)| *name == own)?;
    match class {
        Value::Class(_) => return Some(false),
        Value::Tuple(several) => {
            let answers: Option<Vec<bool>> = several.iter().map(|class| is_type_of(value, class)).collect();
            return answers.map(|answers| answers.contains(&true));
        }
        _ => {}
    }
    let path = class.as_path()?;
    let asked = dotted::last(path);
    if !path.starts_with("sqlalchemy.") {
        return None;
    }
    let is_listed = |name: &str| {
        BASES
            .iter()
            .any(|(own, bases)| *own == name || bases.contains(&name))
    };
    match asked {
        _ if path.starts_with("sqlalchemy.dialects.") && !path.contains(".postgresql") => Some(false),
        _ if asked == own || bases.contains(&asked) || asked == "TypeEngine" => Some(true),
        _ if is_listed(asked) || OTHERS.contains(&asked) => Some(false),
        _ => None,
    }
}

fn first_number(args: &Args<'_>) -> Option<i64> {
    match args.positional.first().map(|a| &a.value) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    }
}

/// `type.length`, `type.enums`: what a type object was made with.
pub(in crate::stacks::alembic) fn attribute<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    name: &str,
) -> Option<Value<'a>> {
    let (class, args) = reflected_class(value)?;
    match (class, name) {
        ("ENUM", "enums") => {
            let labels = args.positional.iter().map(|a| a.value.clone()).collect();
            Some(machine.new_list(labels))
        }
        ("ARRAY", "item_type") => args.positional.first().map(|a| a.value.clone()),
        (_, "length" | "precision" | "scale" | "timezone" | "name") => {
            let missing = if name == "timezone" {
                Value::Bool(false)
            } else {
                Value::None
            };
            Some(args.keyword(name).map_or(missing, |a| a.value.clone()))
        }
        _ => None,
    }
}
