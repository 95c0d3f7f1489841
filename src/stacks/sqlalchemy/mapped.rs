//! Annotations of mapped attributes: `Mapped[...]` as a type and a nullability.
//!
//! Source: `MappedColumn._init_column_for_annotation` (`sqlalchemy/orm/properties.py`), `registry._resolve_type`
//! (`sqlalchemy/orm/decl_api.py`), `Enum._resolve_for_python_type` (`sqlalchemy/sql/sqltypes.py`).

use smol_str::SmolStr;

use super::brought;
use super::declarative;
use super::terms::{self, Known, gap};
use super::versions::Versions;
use crate::interpret::python::{
    Annotation, Args, Argument, ClassId, Library, Machine, Operator, TermKind, Value,
};
use crate::source::Span;
use crate::syntax::python::ast;

/// What an annotation says.
#[derive(Debug, Clone)]
pub(super) struct Said<'a> {
    /// Its type allows `None`.
    pub(super) nullable: bool,
    /// A name for a type (`type Name = ...`) that is in it allows `None`.
    pub(super) nullable_by_name: bool,
    /// The type of Python, without `None`.
    pub(super) python: Value<'a>,
    /// The name for a type that it is.
    pub(super) named: Option<Value<'a>>,
    /// The annotation's type as a whole, `Annotated` included.
    pub(super) whole: Value<'a>,
    /// `mapped_column(...)` in `Annotated[...]`.
    pub(super) columns: Vec<Value<'a>>,
}

impl Said<'_> {
    /// Whether the column may be NULL: `None` within a name for a type counts since a version of SQLAlchemy.
    pub(super) fn is_nullable(&self, versions: &Versions, at: Span) -> Known<bool> {
        if self.nullable || !self.nullable_by_name {
            return Ok(self.nullable);
        }
        versions.looks_into_names().ok_or_else(|| {
            let why = "whether it may be NULL hangs on the version of SQLAlchemy, which is not known";
            gap(at, why)
        })
    }
}

/// Reads the annotation of an attribute; `None` where it is no `Mapped[...]`.
pub(super) fn read<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    annotation: &Annotation<'a>,
) -> Known<Option<Said<'a>>> {
    let at = annotation.span;
    let value = machine
        .annotation(annotation)
        .map_err(|stop| terms::stopped(&stop, at))?;
    let Value::Term(term) = &value else {
        return match value {
            Value::Unknown(unknown) => Err(unknown.gap.clone()),
            _ => Ok(None),
        };
    };
    let TermKind::Item(of, inner) = &term.kind else {
        return Ok(None);
    };
    let is_mapped = terms::member(machine, of).is_some_and(|m| m.is("Mapped") || m.is("MappedColumn"));
    if !is_mapped {
        return Ok(None);
    }
    said(machine, inner, at).map(Some)
}

/// What a type says, with `None` taken out of it.
pub(super) fn said<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    value: &Value<'a>,
    at: Span,
) -> Known<Said<'a>> {
    let mut out = Said {
        nullable: false,
        nullable_by_name: false,
        python: value.clone(),
        named: None,
        whole: value.clone(),
        columns: Vec::new(),
    };
    strip(machine, value, &mut out, at, 0)?;
    Ok(out)
}

fn path_name(value: &Value<'_>) -> Option<SmolStr> {
    let path = value.as_path()?;
    let (module, name) = path.rsplit_once('.')?;
    matches!(module, "typing" | "typing_extensions" | "types" | "builtins").then(|| SmolStr::new(name))
}

fn is_none(value: &Value<'_>) -> bool {
    matches!(value, Value::None) || path_name(value).is_some_and(|n| n == "NoneType")
}

fn strip<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    value: &Value<'a>,
    out: &mut Said<'a>,
    at: Span,
    depth: u32,
) -> Known<()> {
    if depth > 32 {
        return Err(gap(at, "the annotation is nested too deep"));
    }
    let Value::Term(term) = value else {
        out.python = value.clone();
        return match value {
            Value::Unknown(unknown) => Err(unknown.gap.clone()),
            _ => Ok(()),
        };
    };
    match &term.kind {
        TermKind::Operation(Operator::Binary(ast::Operator::BitOr), _) => {
            let mut parts = Vec::new();
            alternatives(value, &mut parts, 0);
            alternatives_of(machine, parts, out, at, depth)
        }
        TermKind::Item(of, inner) => match path_name(of).as_deref() {
            Some("Optional") => {
                out.nullable = true;
                strip(machine, inner, out, at, depth + 1)
            }
            Some("Union") => {
                let parts = match inner {
                    Value::Tuple(items) => items.to_vec(),
                    other => vec![other.clone()],
                };
                alternatives_of(machine, parts, out, at, depth)
            }
            Some("Annotated") => {
                let Value::Tuple(items) = inner else {
                    return Err(gap(at, "the annotation could not be read"));
                };
                for item in items.iter().skip(1) {
                    if terms::call_of(machine, item, "mapped_column").is_some() && out.columns.is_empty() {
                        out.columns.push(item.clone());
                    }
                }
                out.whole = value.clone();
                let first = items.first().cloned().unwrap_or(Value::None);
                strip(machine, &first, out, at, depth + 1)
            }
            Some("Final" | "ClassVar" | "Required") => strip(machine, inner, out, at, depth + 1),
            // `Name[int]`: what it stands for with the argument put in is not followed.
            _ if named(of).is_some() => {
                strip_named(machine, of, out, at, depth)?;
                out.python = value.clone();
                Ok(())
            }
            _ => {
                out.python = value.clone();
                Ok(())
            }
        },
        TermKind::Call(..) if named(value).is_some() => {
            out.named.get_or_insert_with(|| value.clone());
            strip_named(machine, value, out, at, depth)
        }
        _ => {
            out.python = value.clone();
            Ok(())
        }
    }
}

/// What a name for a type stands for (`type Name = ...`).
fn named<'v, 'a>(value: &'v Value<'a>) -> Option<&'v Value<'a>> {
    let (callee, args) = value.as_call()?;
    let is_name = path_name(callee).is_some_and(|name| name == "TypeAliasType");
    is_name.then(|| args.get(1, "value").map(|a| &a.value))?
}

/// Goes on with what a name for a type stands for.
fn strip_named<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    value: &Value<'a>,
    out: &mut Said<'a>,
    at: Span,
    depth: u32,
) -> Known<()> {
    let Some(inner) = named(value) else { return Ok(()) };
    let before = out.nullable;
    strip(machine, inner, out, at, depth + 1)?;
    out.nullable_by_name |= out.nullable;
    out.nullable = before;
    Ok(())
}

fn alternatives<'a>(value: &Value<'a>, out: &mut Vec<Value<'a>>, depth: u32) {
    if depth < 64
        && let Value::Term(term) = value
        && let TermKind::Operation(Operator::Binary(ast::Operator::BitOr), operands) = &term.kind
    {
        for operand in operands {
            alternatives(operand, out, depth + 1);
        }
        return;
    }
    out.push(value.clone());
}

fn alternatives_of<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    parts: Vec<Value<'a>>,
    out: &mut Said<'a>,
    at: Span,
    depth: u32,
) -> Known<()> {
    let (none, rest): (Vec<_>, Vec<_>) = parts.into_iter().partition(is_none);
    out.nullable |= !none.is_empty();
    match rest.as_slice() {
        [one] => {
            out.whole = one.clone();
            strip(machine, one, out, at, depth + 1)
        }
        _ => {
            for part in &rest {
                let mut inner = out.clone();
                inner.nullable = false;
                strip_named(machine, part, &mut inner, at, depth)?;
                out.nullable_by_name |= inner.nullable_by_name;
            }
            // A union of several: only the map of types can know it.
            out.python = out.whole.clone();
            Ok(())
        }
    }
}

/// The types that SQLAlchemy gives to types of Python (`sqltypes._type_map`).
const TYPES: &[(&str, &str)] = &[
    ("builtins.str", "String"),
    ("builtins.int", "Integer"),
    ("builtins.bool", "Boolean"),
    ("builtins.float", "Float"),
    ("builtins.bytes", "LargeBinary"),
    ("decimal.Decimal", "Numeric"),
    ("_decimal.Decimal", "Numeric"),
    ("datetime.date", "Date"),
    ("datetime.datetime", "DateTime"),
    ("datetime.time", "Time"),
    ("datetime.timedelta", "Interval"),
    ("uuid.UUID", "Uuid"),
];

/// The entries of `type_annotation_map` that hold for a class.
pub(super) fn type_map<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    at: Span,
) -> Known<Vec<(Value<'a>, Value<'a>)>> {
    // The map of a base that a package brings is its registry's; what classes below it set counts for nothing.
    let paths = declarative::paths_of(machine, class);
    let brought = paths.iter().find_map(|path| brought::metadata(path));
    let own = brought.is_some();
    let mut given = None;
    for base in declarative::order(machine, class) {
        if let Some(member) = declarative::own(machine, base, "registry")
            && let Some(registry) = member.value.as_ref().and_then(brought::registry)
        {
            let mut map = brought::type_map(machine, brought::ADVANCED_METADATA, at);
            if let brought::Registry::Like(Some(further)) = registry {
                let further = entries(machine, &further, at)?;
                map.splice(0..0, further);
            }
            return Ok(map);
        }
        if let Some(member) = declarative::own(machine, base, "type_annotation_map")
            && let Some(value) = member.value
            && !own
        {
            given = Some(value);
            break;
        }
        if let Some(member) = declarative::own(machine, base, "registry")
            && let Some(value) = member.value
            && let Some((_, args)) = value.as_call()
            && let Some(found) = args.keyword("type_annotation_map")
        {
            given = Some(found.value.clone());
            break;
        }
    }
    if given.is_none()
        && let Some(path) = brought
    {
        return Ok(brought::type_map(machine, path, at));
    }
    if given.is_none() {
        let whole = machine.class(class);
        let bases = whole.map(|c| c.order.clone()).unwrap_or_default();
        let decorators = whole.map(|c| c.decorators.clone()).unwrap_or_default();
        given = bases.iter().chain(&decorators).find_map(map_in);
    }
    match given {
        Some(given) => entries(machine, &given, at),
        None => Ok(Vec::new()),
    }
}

fn entries<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    given: &Value<'a>,
    at: Span,
) -> Known<Vec<(Value<'a>, Value<'a>)>> {
    match given {
        Value::None => Ok(Vec::new()),
        Value::Unknown(unknown) => Err(unknown.gap.clone()),
        _ => machine
            .dict_items(given)
            .ok_or_else(|| gap(at, "the map of annotations to types cannot be told")),
    }
}

/// The type that a class's registry has for a type of Python.
pub(super) fn type_for<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    python: &Value<'a>,
    at: Span,
) -> Known<Value<'a>> {
    let map = type_map(machine, class, at)?;
    lookup(machine, python, &map, at, 0)?
        .ok_or_else(|| gap(at, "no type of SQLAlchemy is known for this annotation"))
}

/// `type_annotation_map=` of a call, or of the object that it is a method of.
fn map_in<'a>(value: &Value<'a>) -> Option<Value<'a>> {
    let Value::Term(term) = value else { return None };
    match &term.kind {
        TermKind::Call(callee, args) => match args.keyword("type_annotation_map") {
            Some(found) => Some(found.value.clone()),
            None => map_in(callee),
        },
        TermKind::Attribute(object, _) => map_in(object),
        _ => None,
    }
}

/// The type of SQLAlchemy for what an annotation says.
pub(super) fn type_of<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    said: &Said<'a>,
    map: &[(Value<'a>, Value<'a>)],
    at: Span,
) -> Known<Value<'a>> {
    for candidate in said.named.iter().chain([&said.whole, &said.python]) {
        if let Some(found) = lookup(machine, candidate, map, at, 0)? {
            return Ok(found);
        }
    }
    Err(gap(at, "no type of SQLAlchemy is known for this annotation"))
}

fn lookup<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    python: &Value<'a>,
    map: &[(Value<'a>, Value<'a>)],
    at: Span,
    depth: u32,
) -> Known<Option<Value<'a>>> {
    if let Some((_, ty)) = map.iter().find(|(key, _)| same(key, python, 0)) {
        return generic_enum(machine, python, Some(ty), at);
    }
    match python {
        Value::Class(class) => of_class(machine, python, *class, map, at),
        Value::Term(term) => match &term.kind {
            TermKind::Path(path) => {
                let known = TYPES.iter().find(|(python, _)| *python == path.as_str());
                Ok(known.map(|(_, name)| machine.path(&format!("sqlalchemy.{name}"), at)))
            }
            TermKind::Item(of, _) if path_name(of).is_some_and(|n| n == "Literal") => {
                let given = map
                    .iter()
                    .find(|(key, _)| path_name(key).is_some_and(|n| n == "Literal"));
                let given = given.map(|(_, ty)| ty.clone());
                literal(machine, python, given.as_ref(), at).map(Some)
            }
            // `NewType("Id", int)`: what it stands for.
            TermKind::Call(callee, args)
                if depth < 8 && callee.as_path().is_some_and(|p| p.ends_with(".NewType")) =>
            {
                match args.positional.get(1).cloned() {
                    Some(inner) => lookup(machine, &inner.value, map, at, depth + 1),
                    None => Ok(None),
                }
            }
            TermKind::Call(callee, args)
                if depth < 8 && callee.as_path().is_some_and(|p| p.ends_with(".TypeAliasType")) =>
            {
                match args.positional.get(1).cloned() {
                    Some(inner) => {
                        let inner = said(machine, &inner.value, at)?;
                        lookup(machine, &inner.python, map, at, depth + 1)
                    }
                    None => Ok(None),
                }
            }
            _ => Ok(None),
        },
        Value::Unknown(unknown) => Err(unknown.gap.clone()),
        _ => Ok(None),
    }
}

/// A class of the repository: an enum, or one whose bases are in the map.
fn of_class<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    python: &Value<'a>,
    class: ClassId,
    map: &[(Value<'a>, Value<'a>)],
    at: Span,
) -> Known<Option<Value<'a>>> {
    let Some(whole) = machine.class(class) else {
        return Ok(None);
    };
    if let Some(gap) = &whole.open {
        return Err(gap.clone());
    }
    let order = whole.order.clone();
    let is_enum = |value: &Value<'a>| {
        value.as_path().is_some_and(|p| {
            matches!(
                p,
                "enum.Enum" | "enum.IntEnum" | "enum.StrEnum" | "enum.Flag" | "enum.IntFlag"
            )
        })
    };
    if !order.iter().any(is_enum) {
        return Ok(None);
    }
    for base in order.iter().skip(1) {
        let found = map
            .iter()
            .find(|(key, _)| same(key, base, 0))
            .map(|(_, ty)| ty.clone());
        if let Some(ty) = found
            && terms::call_of(machine, &ty, "Enum").is_some()
        {
            return generic_enum(machine, python, Some(&ty), at);
        }
    }
    // `StrEnum` and its like derive from `Enum`.
    let general = map
        .iter()
        .find(|(key, _)| key.as_path() == Some("enum.Enum"))
        .map(|(_, ty)| ty.clone());
    generic_enum(machine, python, general.as_ref(), at).map(|found| found.or(None))
}

/// `Enum(enum.Enum, ...)` of the map stands for the class at hand; any other type stands for itself.
fn generic_enum<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    python: &Value<'a>,
    given: Option<&Value<'a>>,
    at: Span,
) -> Known<Option<Value<'a>>> {
    let mut keywords = Vec::new();
    if let Some(ty) = given {
        let Some(args) = terms::call_of(machine, ty, "Enum") else {
            return Ok(Some(ty.clone()));
        };
        let first = args.positional.first().map(|a| &a.value);
        let is_generic = first.is_some_and(|v| v.as_path() == Some("enum.Enum"));
        if !is_generic {
            return Ok(Some(ty.clone()));
        }
        keywords = args.keywords.clone();
    }
    let callee = machine.path("sqlalchemy.Enum", at);
    let args = Args {
        positional: vec![Argument {
            value: python.clone(),
            span: at,
        }],
        keywords,
        open: None,
    };
    Ok(Some(machine.call_term(callee, args, at)))
}

/// `Literal["a", "b"]`: text that holds them.
fn literal<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    python: &Value<'a>,
    given: Option<&Value<'a>>,
    at: Span,
) -> Known<Value<'a>> {
    let mut keywords = Vec::new();
    if let Some(ty) = given {
        let Some(args) = terms::call_of(machine, ty, "Enum") else {
            return Ok(ty.clone());
        };
        keywords = args.keywords.clone();
    }
    keywords.retain(|(name, _)| name != "native_enum");
    let no = Argument {
        value: Value::Bool(false),
        span: at,
    };
    keywords.push(("native_enum".into(), no));
    let callee = machine.path("sqlalchemy.Enum", at);
    let args = Args {
        positional: vec![Argument {
            value: python.clone(),
            span: at,
        }],
        keywords,
        open: None,
    };
    Ok(machine.call_term(callee, args, at))
}

/// Whether two annotations are the same type.
pub(super) fn same(a: &Value<'_>, b: &Value<'_>, depth: u32) -> bool {
    if depth > 16 {
        return false;
    }
    match (a, b) {
        (Value::None, Value::None) | (Value::Ellipsis, Value::Ellipsis) => true,
        (Value::Class(a), Value::Class(b)) => a == b,
        (Value::Str(a), Value::Str(b)) => a.as_str() == b.as_str(),
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Tuple(a), Value::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b, depth + 1))
        }
        (Value::Term(a), Value::Term(b)) => {
            if a.id == b.id {
                return true;
            }
            match (&a.kind, &b.kind) {
                (TermKind::Path(a), TermKind::Path(b)) => a == b,
                (TermKind::Item(a, i), TermKind::Item(b, j)) => {
                    same(a, b, depth + 1) && same(i, j, depth + 1)
                }
                (TermKind::Operation(o, a), TermKind::Operation(p, b)) => {
                    o == p && a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, depth + 1))
                }
                _ => false,
            }
        }
        _ => false,
    }
}
