//! Lowers types as SQL spells them.
//!
//! Source: the grammar's `SimpleTypename`, the `*typmodin` functions, and `transformColumnDefinition` for the serial
//! pseudo-types.

use smol_str::SmolStr;

use super::names;
use super::source::Lower;
use crate::name::{Name, QualifiedName};
use crate::sqltype::{BaseType, Builtin, Modifier, SqlType};
use crate::syntax::pg::{AstNode, SyntaxKind, SyntaxNode, ast};

/// Most digits of a second's fraction; the server takes more and warns.
const MAX_SECONDS: u32 = 6;
/// Longest `varchar` and `char` (`MaxAttrSize`).
const MAX_LENGTH: u32 = 10_485_760;
/// Longest `bit` (`MaxAttrSize` in bits).
const MAX_BITS: u32 = MAX_LENGTH * 8;

/// A type as spelled, and the bytes of a serial pseudo-type (2, 4 or 8; the type is then the integer). User-defined types are
/// named, not looked up. `SETOF` is for the caller to see. `None` where it is no type.
pub(super) fn sql_type(cx: &Lower<'_>, node: &ast::Type) -> Option<(SqlType, Option<u8>)> {
    match node {
        ast::Type::ArrayType(array) => {
            let inner = array.syntax().children().find_map(ast::Type::cast)?;
            // The parser nests one array at most; `int[][]` has two bounds in one node.
            match sql_type(cx, &inner)? {
                (element, None) if !element.array => Some((element.array_of(), None)),
                _ => None,
            }
        }
        ast::Type::PathType(node) => {
            let path = node.path_ref()?;
            let name = names::qualified(path.syntax())?;
            let quoted = cx.str(path.syntax().text_range()).trim_end().ends_with('"');
            named(name, quoted, &modifiers(cx, node.arg_list().as_ref())?)
        }
        ast::Type::VarcharType(ty) => {
            let args = modifiers(cx, ty.arg_list().as_ref())?;
            Some((characters(Builtin::Varchar, &args)?, None))
        }
        ast::Type::CharacterType(ty) => {
            let args = modifiers(cx, ty.arg_list().as_ref())?;
            Some((characters(Builtin::Bpchar, &args)?, None))
        }
        ast::Type::BitType(ty) => {
            let modifier = length(&modifiers(cx, ty.arg_list().as_ref())?, MAX_BITS)?;
            Some((
                builtin(Builtin::Bit, modifier.or(Some(Modifier::Length(1)))),
                None,
            ))
        }
        ast::Type::BitVaryingType(ty) => {
            let modifier = length(&modifiers(cx, ty.arg_list().as_ref())?, MAX_BITS)?;
            Some((builtin(Builtin::Varbit, modifier), None))
        }
        ast::Type::DoubleType(_) => Some((SqlType::builtin(Builtin::Float8), None)),
        ast::Type::TimeType(ty) => {
            let with_zone = has(ty.syntax(), SyntaxKind::WITH_TIMEZONE);
            let base = if with_zone { Builtin::Timetz } else { Builtin::Time };
            Some((builtin(base, seconds(cx, ty.syntax())?), None))
        }
        ast::Type::TimestampType(ty) => {
            let with_zone = has(ty.syntax(), SyntaxKind::WITH_TIMEZONE);
            let base = if with_zone {
                Builtin::Timestamptz
            } else {
                Builtin::Timestamp
            };
            Some((builtin(base, seconds(cx, ty.syntax())?), None))
        }
        ast::Type::IntervalType(ty) => Some((interval(cx, ty.syntax(), None)?, None)),
    }
}

/// The type in front of a string literal (`interval '1 day' hour to minute`): `char 'abc'` and `bit '101'` have no length
/// there, and an interval's qualifier follows the literal.
pub(super) fn literal_type(
    cx: &Lower<'_>,
    node: &ast::Type,
    qualifier: Option<&SyntaxNode>,
) -> Option<SqlType> {
    match node {
        ast::Type::IntervalType(ty) => interval(cx, ty.syntax(), qualifier),
        ast::Type::CharacterType(ty) if ty.arg_list().is_none() => Some(SqlType::builtin(Builtin::Bpchar)),
        ast::Type::BitType(ty) if ty.arg_list().is_none() => Some(SqlType::builtin(Builtin::Bit)),
        _ => sql_type(cx, node).and_then(|(ty, serial)| serial.is_none().then_some(ty)),
    }
}

fn builtin(base: Builtin, modifier: Option<Modifier>) -> SqlType {
    SqlType {
        base: BaseType::Builtin(base),
        modifier,
        array: false,
    }
}

fn has(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.children().any(|child| child.kind() == kind)
}

/// `varchar(n)`, or `char(n)`, which is of one character where nothing is said.
pub(super) fn characters(base: Builtin, args: &[String]) -> Option<SqlType> {
    let modifier = length(args, MAX_LENGTH)?;
    let one = (base == Builtin::Bpchar).then_some(Modifier::Length(1));
    Some(builtin(base, modifier.or(one)))
}

/// `timestamp(3)` and the like.
pub(super) fn seconds_of(base: Builtin, args: &[String]) -> Option<SqlType> {
    let digits = match args {
        [] => None,
        [n] => Some(Modifier::Seconds(fraction(n.parse().ok()?))),
        _ => return None,
    };
    Some(builtin(base, digits))
}

/// A type by its name, which ended in a quote or not: a keyword of the grammar, a name of `pg_catalog`, or one to be looked up.
pub(super) fn named(name: QualifiedName, quoted: bool, args: &[String]) -> Option<(SqlType, Option<u8>)> {
    if name.schema.is_none()
        && let Some((base, width)) = serial(name.name.as_str())
    {
        return args.is_empty().then(|| (SqlType::builtin(base), Some(width)));
    }
    if name.schema.is_none() && !quoted && name.name == "float" {
        return Some((SqlType::builtin(float(args)?), None));
    }
    let found = match &name.schema {
        None if quoted => Builtin::from_typname(name.name.as_str()),
        None => Builtin::from_spelling(name.name.as_str()),
        Some(schema) if *schema == "pg_catalog" => Builtin::from_typname(name.name.as_str()),
        Some(_) => None,
    };
    if let Some(base) = found {
        return Some((builtin(base, builtin_modifier(base, args)?), None));
    }
    if name.schema.as_ref().is_none_or(|schema| *schema == "pg_catalog")
        && let Some(element) = name
            .name
            .as_str()
            .strip_prefix('_')
            .and_then(Builtin::from_typname)
        && args.is_empty()
    {
        return Some((SqlType::builtin(element).array_of(), None));
    }
    let modifier = other_modifier(&name, args);
    Some((
        SqlType {
            base: BaseType::Named(name),
            modifier,
            array: false,
        },
        None,
    ))
}

/// The serial pseudo-types: the integer and its bytes.
fn serial(name: &str) -> Option<(Builtin, u8)> {
    match name {
        "smallserial" | "serial2" => Some((Builtin::Int2, 2)),
        "serial" | "serial4" => Some((Builtin::Int4, 4)),
        "bigserial" | "serial8" => Some((Builtin::Int8, 8)),
        _ => None,
    }
}

/// `float(n)` by its binary digits.
fn float(args: &[String]) -> Option<Builtin> {
    let [digits] = args else {
        return args.is_empty().then_some(Builtin::Float8);
    };
    match digits.parse::<u32>().ok()? {
        1..=24 => Some(Builtin::Float4),
        25..=53 => Some(Builtin::Float8),
        _ => None,
    }
}

/// The modifier of a built-in type spelled as a name: `Some(None)` without arguments, `None` where the server refuses them.
fn builtin_modifier(base: Builtin, args: &[String]) -> Option<Option<Modifier>> {
    if args.is_empty() {
        return Some(None);
    }
    let number = |text: &String| text.parse::<u32>().ok();
    let one = || match args {
        [n] => number(n),
        _ => None,
    };
    match base {
        Builtin::Numeric => numeric(args).map(Some),
        Builtin::Varchar | Builtin::Bpchar => one()
            .filter(|n| (1..=MAX_LENGTH).contains(n))
            .map(|n| Some(Modifier::Length(n))),
        Builtin::Bit | Builtin::Varbit => one()
            .filter(|n| (1..=MAX_BITS).contains(n))
            .map(|n| Some(Modifier::Length(n))),
        Builtin::Time | Builtin::Timetz | Builtin::Timestamp | Builtin::Timestamptz => {
            one().map(|n| Some(Modifier::Seconds(fraction(n))))
        }
        _ => None,
    }
}

fn fraction(digits: u32) -> u8 {
    digits.min(MAX_SECONDS) as u8
}

fn numeric(args: &[String]) -> Option<Modifier> {
    let (precision, scale) = match args {
        [precision] => (precision, "0"),
        [precision, scale] => (precision, scale.as_str()),
        _ => return None,
    };
    let precision = precision.parse().ok().filter(|p| (1..=1000).contains(p))?;
    let scale = scale.parse().ok().filter(|s| (-1000..=1000).contains(s))?;
    Some(Modifier::Numeric { precision, scale })
}

/// The modifier of a type that is looked up later, as its output function prints it.
fn other_modifier(name: &QualifiedName, args: &[String]) -> Option<Modifier> {
    if args.is_empty() {
        return None;
    }
    let mut args = args.to_vec();
    if matches!(name.name.as_str(), "geometry" | "geography") {
        if let Some(shape) = args.first_mut() {
            *shape = geometry_shape(shape);
        }
        // No SRID is one that is not above zero.
        if args
            .get(1)
            .and_then(|srid| srid.parse::<i64>().ok())
            .is_some_and(|srid| srid <= 0)
        {
            args.truncate(1);
        }
        match args.as_slice() {
            // A geography without an SRID is on WGS 84.
            [_] if name.name == "geography" => args.push("4326".to_owned()),
            // A geometry of any shape without one has nothing in parentheses.
            [shape] if shape == "Geometry" => return None,
            _ => {}
        }
    }
    Some(Modifier::Other(SmolStr::new(args.join(","))))
}

/// PostGIS prints its shapes in its own case, `PointZM`.
fn geometry_shape(written: &str) -> String {
    const SHAPES: &[&str] = &[
        "Geometry",
        "Point",
        "LineString",
        "Polygon",
        "MultiPoint",
        "MultiLineString",
        "MultiPolygon",
        "GeometryCollection",
        "CircularString",
        "CompoundCurve",
        "CurvePolygon",
        "MultiCurve",
        "MultiSurface",
        "PolyhedralSurface",
        "Triangle",
        "Tin",
    ];
    let lower = written.to_ascii_lowercase();
    SHAPES
        .iter()
        .flat_map(|shape| ["", "Z", "M", "ZM"].map(|suffix| format!("{shape}{suffix}")))
        .find(|shape| shape.to_ascii_lowercase() == lower)
        .unwrap_or_else(|| written.to_owned())
}

/// `(n)` of a character or bit type: `Some(None)` where it is not written, `None` where the server refuses it.
fn length(args: &[String], most: u32) -> Option<Option<Modifier>> {
    match args {
        [] => Some(None),
        [n] => n
            .parse()
            .ok()
            .filter(|n| (1..=most).contains(n))
            .map(|n| Some(Modifier::Length(n))),
        _ => None,
    }
}

/// The arguments of a type as text: numbers as written, names folded, strings unquoted. `None` where one is none of these.
fn modifiers(cx: &Lower<'_>, list: Option<&ast::ArgList>) -> Option<Vec<String>> {
    let Some(list) = list else {
        return Some(Vec::new());
    };
    list.syntax()
        .children()
        .filter(|child| child.kind() == SyntaxKind::ARG)
        .map(|arg| {
            let inner = arg.children().next()?;
            let text = cx.str(inner.text_range()).trim();
            match inner.kind() {
                SyntaxKind::LITERAL => ast::Literal::cast(inner.clone())
                    .and_then(|literal| literal.string_value())
                    .filter(|_| text.contains('\''))
                    .or_else(|| Some(text.to_owned())),
                SyntaxKind::NAME_REF => names::name(&inner).map(|name: Name| name.as_str().to_owned()),
                SyntaxKind::PREFIX_EXPR => {
                    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
                    compact.parse::<i64>().ok().map(|n| n.to_string())
                }
                _ => None,
            }
        })
        .collect()
}

/// `(3)` of a time type: `Some(None)` where it is not written.
fn seconds(cx: &Lower<'_>, node: &SyntaxNode) -> Option<Option<Modifier>> {
    match digits(cx, node)? {
        Some(n) => Some(Some(Modifier::Seconds(n))),
        None => Some(None),
    }
}

/// The number among a node's children, as digits of a second's fraction.
fn digits(cx: &Lower<'_>, node: &SyntaxNode) -> Option<Option<u8>> {
    match node.children().find(|child| child.kind() == SyntaxKind::LITERAL) {
        Some(literal) => {
            let n: u32 = cx.str(literal.text_range()).trim().parse().ok()?;
            Some(Some(fraction(n)))
        }
        None => Some(None),
    }
}

fn interval(cx: &Lower<'_>, node: &SyntaxNode, qualifier: Option<&SyntaxNode>) -> Option<SqlType> {
    let qualifier = qualifier
        .cloned()
        .or_else(|| node.children().find(|child| is_interval_qualifier(child.kind())));
    let mut seconds = digits(cx, node)?;
    let mut fields = SmolStr::default();
    if let Some(qualifier) = qualifier {
        if let Some(n) = digits(cx, &qualifier)? {
            seconds = Some(n);
        }
        let words: Vec<String> = qualifier
            .children_with_tokens()
            .filter_map(|element| element.into_token())
            .filter(|token| token.text().starts_with(|c: char| c.is_ascii_alphabetic()))
            .map(|token| token.text().to_ascii_lowercase())
            .collect();
        fields = SmolStr::new(words.join(" "));
    }
    let modifier =
        (seconds.is_some() || !fields.is_empty()).then_some(Modifier::Interval { fields, seconds });
    Some(builtin(Builtin::Interval, modifier))
}

/// Whether a node is the `day to second(3)` of an interval.
pub(super) fn is_interval_qualifier(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::INTERVAL_YEAR
            | SyntaxKind::INTERVAL_MONTH
            | SyntaxKind::INTERVAL_DAY
            | SyntaxKind::INTERVAL_HOUR
            | SyntaxKind::INTERVAL_MINUTE
            | SyntaxKind::INTERVAL_SECOND
    )
}

#[cfg(test)]
mod tests {
    use super::other_modifier;
    use crate::name::{Name, QualifiedName};
    use crate::sqltype::Modifier;

    /// As `format_type` of PostGIS 3.3 prints them.
    #[test]
    fn shapes_without_an_srid() {
        let printed = |name: &str, args: &[&str]| {
            let name = QualifiedName {
                schema: None,
                name: Name::new(name),
            };
            let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
            other_modifier(&name, &args).map(|modifier| match modifier {
                Modifier::Other(text) => text.to_string(),
                other => format!("{other:?}"),
            })
        };
        assert_eq!(
            printed("geometry", &["MULTIPOLYGON", "-1"]).as_deref(),
            Some("MultiPolygon")
        );
        assert_eq!(printed("geometry", &["point", "0"]).as_deref(), Some("Point"));
        assert_eq!(printed("geometry", &["GEOMETRY", "-1"]), None);
        assert_eq!(
            printed("geometry", &["geometryz", "0"]).as_deref(),
            Some("GeometryZ")
        );
        assert_eq!(
            printed("geometry", &["GEOMETRY", "4326"]).as_deref(),
            Some("Geometry,4326")
        );
        assert_eq!(
            printed("geography", &["point", "-1"]).as_deref(),
            Some("Point,4326")
        );
    }
}
