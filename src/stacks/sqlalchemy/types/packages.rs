//! Types of packages beside SQLAlchemy.

use super::{Affinity, Resolver, Typed, enums};
use crate::interpret::python::{Args, Library, Value};
use crate::source::Span;
use crate::stacks::sqlalchemy::terms::{self, Member, gap};

/// A package, a type of it, and how PostgreSQL spells it; text in parentheses is a length of the type's own.
const PLAIN: &[(&str, &str, &str, Affinity)] = &[
    ("sqlmodel", "GUID", "uuid", Affinity::Other),
    (
        "sqlmodel",
        "UTCDateTime",
        "timestamp with time zone",
        Affinity::Other,
    ),
    ("fastapi_users_db_sqlalchemy", "GUID", "uuid", Affinity::Other),
    (
        "fastapi_users_db_sqlalchemy",
        "TIMESTAMPAware",
        "timestamp with time zone",
        Affinity::Other,
    ),
    ("fastapi_users_db_sqlmodel", "GUID", "uuid", Affinity::Other),
    (
        "fastapi_users_db_sqlmodel",
        "TIMESTAMPAware",
        "timestamp with time zone",
        Affinity::Other,
    ),
    ("advanced_alchemy", "GUID", "uuid", Affinity::Other),
    (
        "advanced_alchemy",
        "DateTimeUTC",
        "timestamp with time zone",
        Affinity::Other,
    ),
    ("advanced_alchemy", "BigIntIdentity", "bigint", Affinity::Integer),
    ("advanced_alchemy", "JsonB", "jsonb", Affinity::Json),
    ("advanced_alchemy", "StoredObject", "jsonb", Affinity::Json),
    ("advanced_alchemy", "OneTimeCode", "jsonb", Affinity::Json),
    ("advanced_alchemy", "Bool", "boolean", Affinity::Other),
    // The length is that of the text before it is encrypted (`EncryptedString.load_dialect_impl`).
    ("advanced_alchemy", "EncryptedString", "varchar", Affinity::String),
    ("advanced_alchemy", "TOTPSecret", "varchar", Affinity::String),
    ("advanced_alchemy", "EncryptedText", "text", Affinity::String),
    ("sqlalchemy_utils", "EnrichedDateType", "date", Affinity::Other),
    // A bit for each day of the week (`types/weekdays.py`).
    ("sqlalchemy_utils", "WeekDaysType", "bit(7)", Affinity::Other),
    ("sqlalchemy_utils", "CountryType", "varchar(2)", Affinity::String),
    ("sqlalchemy_utils", "CurrencyType", "varchar(3)", Affinity::String),
    ("sqlalchemy_utils", "JSONType", "json", Affinity::Json),
    ("sqlalchemy_utils", "LocaleType", "varchar(10)", Affinity::String),
    ("sqlalchemy_utils", "LtreeType", "ltree", Affinity::Other),
    ("sqlalchemy_utils", "URLType", "text", Affinity::String),
    ("sqlalchemy_utils", "ScalarListType", "text", Affinity::String),
    (
        "sqlalchemy_utils",
        "TimezoneType",
        "varchar(50)",
        Affinity::String,
    ),
    ("sqlalchemy_utils", "TSVectorType", "tsvector", Affinity::Other),
    ("sqlalchemy_utils", "IntRangeType", "int4range", Affinity::Other),
    ("sqlalchemy_utils", "Int8RangeType", "int8range", Affinity::Other),
    (
        "sqlalchemy_utils",
        "NumericRangeType",
        "numrange",
        Affinity::Other,
    ),
    ("sqlalchemy_utils", "DateRangeType", "daterange", Affinity::Other),
    (
        "sqlalchemy_utils",
        "DateTimeRangeType",
        "tsrange",
        Affinity::Other,
    ),
    (
        "sqlalchemy_searchable",
        "TSVectorType",
        "tsvector",
        Affinity::Other,
    ),
    // A comma between its items (`flask_security/datastore.py`).
    ("flask_security", "AsaList", "text", Affinity::String),
    ("citext", "CIText", "citext", Affinity::String),
    ("oslo_db", "JsonEncodedType", "text", Affinity::String),
    ("oslo_db", "JsonEncodedDict", "text", Affinity::String),
    ("oslo_db", "JsonEncodedList", "text", Affinity::String),
    ("oslo_db", "SoftDeleteInteger", "integer", Affinity::Integer),
    ("sqlalchemy_json", "MutableJson", "json", Affinity::Json),
    ("sqlalchemy_json", "NestedMutableJson", "json", Affinity::Json),
    (
        "sqlalchemy_utc",
        "UtcDateTime",
        "timestamp with time zone",
        Affinity::Other,
    ),
];

/// Types with arguments that matter.
const OTHERS: &[(&str, &str)] = &[
    ("sqlmodel", "AutoString"),
    ("pgvector", "Vector"),
    ("pgvector", "VECTOR"),
    ("pgvector", "HALFVEC"),
    ("pgvector", "SPARSEVEC"),
    ("pgvector", "BIT"),
    ("geoalchemy2", "Geometry"),
    ("geoalchemy2", "Geography"),
    ("geoalchemy2", "Raster"),
    ("sqlalchemy_utils", "ArrowType"),
    ("sqlalchemy_utils", "EnrichedDateTimeType"),
    ("sqlalchemy_utils", "UUIDType"),
    ("sqlalchemy_utils", "ChoiceType"),
    ("sqlalchemy_utils", "ColorType"),
    ("sqlalchemy_utils", "EmailType"),
    ("sqlalchemy_utils", "IPAddressType"),
    ("sqlalchemy_utils", "PhoneNumberType"),
    ("sqlalchemy_utils", "PasswordType"),
    ("sqlalchemy_utils", "EncryptedType"),
    ("sqlalchemy_utils", "StringEncryptedType"),
    ("advanced_alchemy", "PasswordHash"),
    ("advanced_alchemy", "Vector"),
];

pub(super) fn is_type(member: &Member) -> bool {
    let (package, name) = (member.package(), member.name());
    PLAIN.iter().any(|(p, n, ..)| *p == package && *n == name)
        || OTHERS.iter().any(|(p, n)| *p == package && *n == name)
}

/// What a type of a package is; `None` where it is none that is known.
pub(super) fn resolve<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    member: &Member,
    args: &Args<'a>,
    at: Span,
    depth: u32,
) -> Option<Typed> {
    let (package, name) = (member.package(), member.name());
    if let Some((_, _, sql, affinity)) = PLAIN.iter().find(|(p, n, ..)| *p == package && *n == name) {
        return Some(Typed::spelled(sql, *affinity, at));
    }
    if !is_type(member) {
        return None;
    }
    let sized = |sql: &str, affinity, parameter: &str| match terms::number(args, 0, parameter) {
        Ok(None) => Typed::spelled(sql, affinity, at),
        // A `String` of no length has none.
        Ok(Some(0)) if affinity == Affinity::String => Typed::spelled(sql, affinity, at),
        Ok(Some(n)) => Typed::spelled(&format!("{sql}({n})"), affinity, at),
        Err(gap) => Typed::unknown(gap, at),
    };
    Some(match (package, name) {
        ("sqlmodel", _) => Typed {
            cast: true,
            ..sized("varchar", Affinity::String, "length")
        },
        ("pgvector", "BIT") => sized("bit", Affinity::Other, "length"),
        ("pgvector", "Vector" | "VECTOR") => sized("vector", Affinity::Other, "dim"),
        ("pgvector", "HALFVEC") => sized("halfvec", Affinity::Other, "dim"),
        ("pgvector", "SPARSEVEC") => sized("sparsevec", Affinity::Other, "dim"),
        ("geoalchemy2", _) => spatial(resolver, name, args, at),
        // What they are given goes to `DateTime`, after a processor.
        ("sqlalchemy_utils", "ArrowType") => moment(args, 0, at),
        ("sqlalchemy_utils", "EnrichedDateTimeType") => moment(args, 1, at),
        ("sqlalchemy_utils", "UUIDType") => uuid(args, at),
        ("sqlalchemy_utils", "ChoiceType") => choice(resolver, args, at, depth),
        ("sqlalchemy_utils", "EmailType") => match terms::number(args, 0, "length") {
            Ok(length) => Typed::spelled(
                &format!("varchar({})", length.unwrap_or(255)),
                Affinity::String,
                at,
            ),
            Err(gap) => Typed::unknown(gap, at),
        },
        ("sqlalchemy_utils", "EncryptedType") => Typed::spelled("bytea", Affinity::Other, at),
        ("sqlalchemy_utils", "StringEncryptedType") => sized_by_keyword(args, at),
        ("sqlalchemy_utils", "ColorType") => longest(args, 0, 20, at),
        ("sqlalchemy_utils", "IPAddressType") => longest(args, 0, 50, at),
        ("sqlalchemy_utils", "PhoneNumberType") => longest(args, 1, 20, at),
        ("sqlalchemy_utils", "PasswordType") => Typed::spelled("bytea", Affinity::Other, at),
        ("advanced_alchemy", "PasswordHash") => match terms::number(args, 1, "length") {
            Ok(length) => Typed::spelled(
                &format!("varchar({})", length.unwrap_or(255)),
                Affinity::String,
                at,
            ),
            Err(gap) => Typed::unknown(gap, at),
        },
        _ => Typed::unknown(gap(at, format!("the type {name} is not followed")), at),
    })
}

/// `ChoiceType(choices, impl=None)`: of an enum's class the values of its members are kept, and no others
/// (`EnumTypeImpl.process_bind_param` of `sqlalchemy_utils/types/choice.py`).
fn choice<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    args: &Args<'a>,
    at: Span,
    depth: u32,
) -> Typed {
    let mut typed = match terms::argument(args, 1, "impl") {
        Ok(None) => Typed::spelled("varchar(255)", Affinity::String, at),
        Ok(Some(inner)) => {
            let inner = inner.clone();
            resolver.resolve(&inner.value, inner.span, depth + 1)
        }
        Err(gap) => return Typed::unknown(gap, at),
    };
    if let Some(choices) = args.get(0, "choices").cloned()
        && matches!(choices.value, Value::Class(_))
    {
        typed.kept = enums::values_of(resolver.machine, &choices.value, at);
    }
    typed
}

/// `DateTime(timezone=False)`, whose argument is at a position.
fn moment(args: &Args<'_>, position: usize, at: Span) -> Typed {
    let sql = match terms::argument(args, position, "timezone").and_then(|a| terms::truth(a, false)) {
        Ok(true) => "timestamp with time zone",
        Ok(false) => "timestamp without time zone",
        Err(gap) => return Typed::unknown(gap, at),
    };
    Typed::spelled(sql, Affinity::Other, at)
}

/// Text whose length only a keyword gives.
fn sized_by_keyword(args: &Args<'_>, at: Span) -> Typed {
    match terms::number(args, usize::MAX, "length") {
        Ok(None) => Typed::spelled("varchar", Affinity::String, at),
        Ok(Some(n)) => Typed::spelled(&format!("varchar({n})"), Affinity::String, at),
        Err(gap) => Typed::unknown(gap, at),
    }
}

/// Text with a longest length of its own.
fn longest(args: &Args<'_>, position: usize, default: i64, at: Span) -> Typed {
    match terms::number(args, position, "max_length") {
        Ok(length) => Typed::spelled(
            &format!("varchar({})", length.unwrap_or(default)),
            Affinity::String,
            at,
        ),
        Err(gap) => Typed::unknown(gap, at),
    }
}

/// `UUIDType(binary=True, native=True)`.
fn uuid(args: &Args<'_>, at: Span) -> Typed {
    let native = terms::argument(args, 1, "native").and_then(|a| terms::truth(a, true));
    let binary = terms::argument(args, 0, "binary").and_then(|a| terms::truth(a, true));
    match (native, binary) {
        (Ok(true), _) => Typed::spelled("uuid", Affinity::Other, at),
        (Ok(false), Ok(false)) => Typed::spelled("char(32)", Affinity::Other, at),
        (Ok(false), Ok(true)) => Typed::spelled("binary(16)", Affinity::Other, at),
        (Err(gap), _) | (_, Err(gap)) => Typed::unknown(gap, at),
    }
}

/// `Geometry(geometry_type="GEOMETRY", srid=-1, dimension=None, spatial_index=True, ...)`: `_GISType.get_col_spec`.
fn spatial<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Typed {
    let lower = name.to_ascii_lowercase();
    let index = terms::argument(args, 3, "spatial_index").and_then(|a| terms::truth(a, true));
    let index = match index {
        Ok(index) => index,
        Err(gap) => return Typed::unknown(gap, at),
    };
    if lower == "raster" {
        let mut typed = Typed::named("raster", at);
        typed.spatial_index = terms::truth(args.get(0, "spatial_index"), true).unwrap_or(true);
        return typed;
    }
    let kind = match args.get(0, "geometry_type") {
        None if args.open.is_none() => Ok(Some("GEOMETRY".to_owned())),
        None => Err(gap(at, "what it is given cannot be told")),
        Some(a) if matches!(a.value, Value::None) => Ok(None),
        Some(a) => {
            let a = a.clone();
            terms::text(resolver.machine, &a.value, a.span).map(|t| Some(t.as_str().to_owned()))
        }
    };
    let srid = terms::number(args, 1, "srid");
    let mut typed = match (kind, srid) {
        (Ok(None), _) => Typed::named(&lower, at),
        (Ok(Some(kind)), Ok(srid)) => Typed::spelled(
            &format!("{lower}({kind},{})", srid.unwrap_or(-1)),
            Affinity::Other,
            at,
        ),
        (Err(gap), _) | (_, Err(gap)) => Typed::unknown(gap, at),
    };
    typed.spatial_index = index;
    by_function(args, typed, at)
}

/// With `use_typmod=False` a function of PostGIS makes the column where a whole table is made, without modifiers and with conditions in
/// their place; older versions of GeoAlchemy2 do so with `management=True` alone (`check_management` and `after_create` of
/// `geoalchemy2/admin/dialects/postgresql.py`).
fn by_function(args: &Args<'_>, typed: Typed, at: Span) -> Typed {
    let said = args
        .keyword("use_typmod")
        .filter(|a| !matches!(a.value, Value::None));
    if terms::truth(said, true) == Ok(true) {
        return typed;
    }
    let gap = gap(at, "what AddGeometryColumn makes is not followed");
    let mut made = Typed::unknown(gap.clone(), at);
    made.spatial_index = typed.spatial_index;
    made.conditions = Some(gap);
    made
}
