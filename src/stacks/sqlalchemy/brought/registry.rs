//! Registries that packages keep: their metadata, its naming conventions, and their types for types of Python.
//!
//! Source: `orm_registry`, `create_registry`, `convention`, `metadata_registry` and `table_name_regexp` of `advanced_alchemy/base.py`
//! (0.20 to 1.12), `NAMING_CONVENTION` of `sqlalchemy_helpers/manager.py` (0.9 to 2.0).

use super::{ADVANCED, parts};
use crate::interpret::python::{Library, Machine, TermKind, Value};
use crate::source::Span;
use crate::stacks::sqlalchemy::tablename;

/// A registry of a package.
#[derive(Debug, Clone)]
pub(in crate::stacks::sqlalchemy) enum Registry<'a> {
    /// The package's own.
    Own,
    /// `create_registry(map)`: another one like it, with further types.
    Like(Option<Value<'a>>),
}

/// The identity of Advanced Alchemy's own metadata: the path of what keeps it.
pub(in crate::stacks::sqlalchemy) const ADVANCED_METADATA: &str = "advanced_alchemy.base.orm_registry";

/// Those of Advanced Alchemy, and of sqlalchemy-helpers, which are the same.
const CONVENTIONS: &[(&str, &str)] = &[
    ("ix", "ix_%(column_0_label)s"),
    ("uq", "uq_%(table_name)s_%(column_0_name)s"),
    ("ck", "ck_%(table_name)s_%(constraint_name)s"),
    (
        "fk",
        "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    ),
    ("pk", "pk_%(table_name)s"),
];

const TYPES: &[(&str, &str)] = &[
    ("uuid.UUID", "advanced_alchemy.types.GUID"),
    ("datetime.datetime", "advanced_alchemy.types.DateTimeUTC"),
    ("datetime.date", "sqlalchemy.Date"),
    ("builtins.dict", "advanced_alchemy.types.JsonB"),
    (
        "advanced_alchemy.types.FileObject",
        "advanced_alchemy.types.StoredObject",
    ),
    (
        "advanced_alchemy.types.FileObjectList",
        "advanced_alchemy.types.StoredObject",
    ),
    (
        "advanced_alchemy.types.file_object.FileObject",
        "advanced_alchemy.types.StoredObject",
    ),
    (
        "advanced_alchemy.types.file_object.FileObjectList",
        "advanced_alchemy.types.StoredObject",
    ),
    ("pydantic.EmailStr", "sqlalchemy.String"),
    ("pydantic.AnyUrl", "sqlalchemy.String"),
    ("pydantic.AnyHttpUrl", "sqlalchemy.String"),
    ("pydantic.Json", "advanced_alchemy.types.JsonB"),
    ("pydantic.IPvAnyAddress", "sqlalchemy.String"),
    ("pydantic.IPvAnyInterface", "sqlalchemy.String"),
    ("pydantic.IPvAnyNetwork", "sqlalchemy.String"),
];

/// The registry of a package that a value is.
pub(in crate::stacks::sqlalchemy) fn registry<'a>(value: &Value<'a>) -> Option<Registry<'a>> {
    let of = |path: &str, name: &str| parts(path) == (ADVANCED, name);
    if value.as_path().is_some_and(|path| of(path, "orm_registry")) {
        return Some(Registry::Own);
    }
    let (callee, args) = value.as_call()?;
    let is_made = callee.as_path().is_some_and(|path| of(path, "create_registry"));
    is_made.then(|| Registry::Like(args.get(0, "custom_annotation_map").map(|a| a.value.clone())))
}

/// A metadata that a package keeps.
#[derive(Debug, Clone, Copy)]
pub(in crate::stacks::sqlalchemy) enum Kept {
    /// The one that is kept there.
    At(&'static str),
    /// Another one of the package, or it may be.
    Other,
}

/// What a value is of the metadata that packages keep: `None` where it is none of it.
pub(in crate::stacks::sqlalchemy) fn kept(value: &Value<'_>) -> Option<Kept> {
    let of = |path: &str, name: &str| {
        let inner = path.strip_suffix(name).and_then(|p| p.strip_suffix('.'));
        inner.is_some_and(|inner| parts(inner) == (ADVANCED, "metadata_registry"))
    };
    if let Some(path) = value.as_path() {
        let owner = path.strip_suffix(".metadata")?;
        if parts(owner) == (ADVANCED, "orm_registry") {
            return Some(Kept::At(ADVANCED_METADATA));
        }
        return super::metadata(owner).map(Kept::At);
    }
    let first = match value {
        Value::Term(term) => match &term.kind {
            TermKind::Call(callee, args) if callee.as_path().is_some_and(|p| of(p, "get")) => {
                args.get(0, "bind_key").map(|a| a.value.clone())
            }
            TermKind::Item(owner, key)
                if owner
                    .as_path()
                    .is_some_and(|p| parts(p) == (ADVANCED, "metadata_registry")) =>
            {
                Some(key.clone())
            }
            _ => return None,
        },
        _ => return None,
    };
    let is_first = first.is_none_or(|key| matches!(key, Value::None));
    Some(if is_first {
        Kept::At(ADVANCED_METADATA)
    } else {
        Kept::Other
    })
}

/// The naming conventions of a package's metadata, as it is given them.
pub(in crate::stacks::sqlalchemy) fn conventions<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    at: Span,
) -> Value<'a> {
    let entries = CONVENTIONS
        .iter()
        .map(|(kind, text)| (Value::text(kind, at), Value::text(text, at)))
        .collect();
    machine.new_dict(entries)
}

/// The types that the registry of a metadata that a package keeps has for types of Python, beside those of SQLAlchemy.
pub(in crate::stacks::sqlalchemy) fn type_map<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    kept_at: &'static str,
    at: Span,
) -> Vec<(Value<'a>, Value<'a>)> {
    let mut out = Vec::new();
    if kept_at != ADVANCED_METADATA {
        return out;
    }
    for (python, ty) in TYPES {
        let entry = (machine.path(python, at), machine.path(ty, at));
        out.push(entry);
    }
    for value in ["typing.Any", "builtins.str"] {
        let dict = machine.path("builtins.dict", at);
        let arguments = vec![machine.path("builtins.str", at), machine.path(value, at)];
        let key = machine.term(TermKind::Item(dict, Value::Tuple(arguments.into())), at);
        out.push((key, machine.path("advanced_alchemy.types.JsonB", at)));
    }
    out
}

/// `table_name_regexp.sub(r"_\1", name).lower()`: as Flask-SQLAlchemy does it, but for `_` that the name begins with.
pub(super) fn table_name(name: &str) -> String {
    tablename::words(name)
}
