//! What bases of packages bring to the classes that derive from them: columns, a table's name, a metadata; and the bases that bring
//! nothing.

mod bases;
mod celery;
mod registry;
mod security;

use super::declarative;
use super::mapped;
use crate::interpret::python::dotted;
use crate::interpret::python::{Args, Argument, ClassId, Library, Machine, Value};
use crate::source::Span;
use bases::{ADVANCED, AUTHLIB, BASES, Base, Column, Gives, MIXINS, Says, USERS};
pub(super) use celery::celery;
pub(super) use registry::{ADVANCED_METADATA, Kept, Registry, conventions, kept, registry, type_map};
pub(super) use security::table as told_table;

/// Packages whose bases bring no columns.
const NOTHING: &[&str] = &[
    "sqlalchemy",
    "sqlmodel",
    "flask_sqlalchemy",
    "flask_login",
    "typing",
    "typing_extensions",
    "abc",
    "builtins",
    "enum",
    "collections",
    "dataclasses",
    "pydantic",
    "pydantic_settings",
];

/// The package that defines a base, and the base's name.
fn parts(path: &str) -> (&str, &str) {
    let package = match dotted::first(path) {
        // What it has of SQLAlchemy is imported from there (`fastapi_users/db/__init__.py`).
        "fastapi_users" if path.starts_with("fastapi_users.db.") => USERS,
        // `litestar/contrib/sqlalchemy/` and `litestar/plugins/sqlalchemy.py` (2.x) hand on what Advanced Alchemy has.
        "litestar"
            if path.starts_with("litestar.contrib.sqlalchemy.")
                || path.starts_with("litestar.plugins.sqlalchemy.") =>
        {
            ADVANCED
        }
        package => package,
    };
    (package, dotted::last(path))
}

/// All bases that are known.
fn all() -> impl Iterator<Item = &'static Base> {
    BASES.iter().chain(security::BASES)
}

fn base(path: &str) -> Option<&'static Base> {
    let (package, _) = parts(path);
    all().find(|b| {
        let module = path.strip_suffix(b.name);
        b.package == package && module.is_some_and(|module| module.ends_with('.'))
    })
}

/// Modules of Authlib that say what its protocols ask of a model, by methods alone (`authlib/oauth2/rfc6749/models.py`, 1.0 to 1.6).
const PROTOCOLS: &[&str] = &["authlib.oauth1.", "authlib.oauth2.", "authlib.oidc."];

/// Whether it is known what a base of a library brings.
pub(super) fn is_known(path: &str) -> bool {
    let (package, name) = parts(path);
    NOTHING.contains(&package)
        || base(path).is_some()
        // What these packages define beside the tables brings no columns.
        || (package == AUTHLIB
            && (!name.ends_with("Mixin") || PROTOCOLS.iter().any(|module| path.starts_with(module))))
        || (package == MIXINS && name != "TimestampsMixin")
}

/// The path of what keeps the metadata of a base of a package that is a declarative one; `None` for any other.
pub(super) fn metadata(path: &str) -> Option<&'static str> {
    chain(path).iter().find_map(|base| base.metadata)
}

/// The name of the table that bases of libraries give a class; `paths`: those bases, in order.
pub(super) fn table<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    paths: &[String],
    at: Span,
) -> Option<Named<'a>> {
    let gives = paths
        .iter()
        .find_map(|path| chain(path).into_iter().find_map(|base| base.table))?;
    Some(match gives {
        Gives::Name(name) => Named::Name(Value::text(name, at)),
        Gives::ClassName => after_class(machine, class, at),
    })
}

/// The name of a table that a base of a library gives.
pub(super) enum Named<'a> {
    Name(Value<'a>),
    /// None: the parent's table.
    Parent,
}

/// `CommonTableAttributes` of Advanced Alchemy: a class below one that says what it is told apart by is in its table, any other has a
/// name that a class above it gives as text, or one made of its own.
fn after_class<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, class: ClassId, at: Span) -> Named<'a> {
    let order = declarative::order(machine, class);
    let says = |machine: &Machine<'a, L>, class: ClassId, key: &str| {
        let given = declarative::own(machine, class, "__mapper_args__").and_then(|m| m.value);
        let entries = given.and_then(|g| machine.dict_items(&g)).unwrap_or_default();
        entries.iter().any(|(name, _)| name.as_str() == Some(key))
    };
    if !says(machine, class, "concrete") && !says(machine, class, "polymorphic_on") {
        let told_apart = |base: &ClassId| says(machine, *base, "polymorphic_on");
        if order.iter().skip(1).any(told_apart) {
            return Named::Parent;
        }
    }
    if let Some((_, member)) = machine.lookup(class, "__tablename__")
        && let Some(value @ (Value::Str(_) | Value::Unknown(_))) = member.value
    {
        return Named::Name(value);
    }
    let name = machine.class(class).map(|c| c.name.clone()).unwrap_or_default();
    Named::Name(Value::text(&registry::table_name(&name), at))
}

/// A base and all those above it, in order.
fn chain(path: &str) -> Vec<&'static Base> {
    let mut out: Vec<&'static Base> = Vec::new();
    let mut next: Vec<&'static Base> = base(path).into_iter().collect();
    while let Some(found) = next.pop() {
        if out.iter().any(|known| std::ptr::eq(*known, found)) {
            continue;
        }
        out.push(found);
        let above = found
            .above
            .iter()
            .rev()
            .filter_map(|name| all().find(|b| b.package == found.package && b.name == *name));
        next.extend(above);
    }
    out
}

/// Whether it is known that a base has no attribute of a name; not `_` at its beginning.
pub(super) fn lacks(path: &str, name: &str) -> bool {
    let (package, _) = parts(path);
    let own = [
        "as_unique_async",
        "as_unique_sync",
        "awaitable_attrs",
        "metadata",
        "registry",
        "to_dict",
        "unique_filter",
        "unique_hash",
        "validate_tz_info",
    ];
    package == ADVANCED
        && base(path).is_some()
        && !own.contains(&name)
        && !(name == "__tablename__" && chain(path).iter().any(|base| base.table.is_some()))
        && !(name == "__table_args__" && chain(path).iter().any(|base| base.name == "SlugKey"))
        && !chain(path)
            .iter()
            .any(|base| base.columns.iter().any(|column| column.name == name))
}

/// The columns that a base brings to a class, as the calls that it makes.
pub(super) fn columns<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    path: &str,
    at: Span,
) -> Vec<(&'static str, Value<'a>)> {
    let mut out = Vec::new();
    for column in chain(path).into_iter().flat_map(|b| b.columns) {
        let made = call(machine, class, column, at);
        out.push((column.name, made));
    }
    out
}

/// What a base gives to a class as `__table_args__`: `SlugKey` of Advanced Alchemy one key, whose other form is Spanner's.
pub(super) fn table_args<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    path: &str,
    at: Span,
) -> Option<Value<'a>> {
    let slug = chain(path)
        .iter()
        .any(|b| b.package == ADVANCED && b.name == "SlugKey");
    if !slug {
        return None;
    }
    let argument = |value| Argument { value, span: at };
    let table = machine
        .attribute(&Value::Class(class), "__tablename__", at)
        .ok()?;
    let name = match &table {
        Value::Str(table) => Value::text(&format!("uq_{}_slug", table.as_str()), at),
        Value::Unknown(_) => table,
        _ => machine.unknown(at, "the name of the table that SlugKey asks for is not known"),
    };
    let mut args = Args::of(vec![Value::text("slug", at)], at);
    args.keywords.push(("name".into(), argument(name)));
    let callee = machine.path("sqlalchemy.UniqueConstraint", at);
    let key = machine.call_term(callee, args, at);
    Some(Value::Tuple(vec![key].into()))
}

fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    column: &Column,
    at: Span,
) -> Value<'a> {
    let argument = |value| Argument { value, span: at };
    let mut ty = machine.path(column.ty, at);
    if let Some(length) = column.length {
        ty = machine.call_term(ty, Args::of(vec![Value::Int(length)], at), at);
    }
    if ["builtins.", "uuid."]
        .iter()
        .any(|top| column.ty.starts_with(top))
    {
        ty = match mapped::type_for(machine, class, &ty, at) {
            Ok(ty) => ty,
            Err(gap) => Value::unknown(gap),
        };
    }
    let mut args = Args::default();
    let mut keywords = Vec::new();
    let mut items = Vec::new();
    for says in column.says {
        match says {
            Says::Key => keywords.push(("primary_key", Value::Bool(true))),
            Says::NotNull => keywords.push(("nullable", Value::Bool(false))),
            Says::Nullable => keywords.push(("nullable", Value::Bool(true))),
            Says::Index => keywords.push(("index", Value::Bool(true))),
            Says::Unique => keywords.push(("unique", Value::Bool(true))),
            Says::Default => keywords.push(("default", Value::Ellipsis)),
            Says::Order(place) => keywords.push(("sort_order", Value::Int(*place))),
            Says::Now => {
                let callee = machine.path("sqlalchemy.func.now", at);
                keywords.push(("server_default", machine.call_term(callee, Args::default(), at)));
            }
            Says::Named(name) => args.positional.push(argument(Value::text(name, at))),
            Says::Cascade(target) => items.push(cascade(machine, target, at)),
            Says::CascadeTold(told) => {
                let owner = machine.path(told.owner, at);
                let table = machine.set_on(&owner, told.name);
                let table = table.as_ref().and_then(|t| t.as_str()).unwrap_or(told.or);
                let target = format!("{table}.id");
                items.push(cascade(machine, &target, at));
            }
            Says::Sequence => {
                let table = machine.attribute(&Value::Class(class), "__tablename__", at);
                let name = match table {
                    Ok(Value::Str(table)) => Value::text(&format!("{}_id_seq", table.as_str()), at),
                    Ok(unknown @ Value::Unknown(_)) => unknown,
                    _ => machine.unknown(at, "the name of the table is not known"),
                };
                let callee = machine.path("sqlalchemy.Sequence", at);
                items.push(machine.call_term(callee, Args::of(vec![name], at), at));
            }
            Says::Identity => {
                let callee = machine.path("sqlalchemy.Identity", at);
                let mut inner = Args::default();
                for name in ["start", "increment"] {
                    inner.keywords.push((name.into(), argument(Value::Int(1))));
                }
                items.push(machine.call_term(callee, inner, at));
            }
        }
    }
    args.positional.push(argument(ty));
    args.positional.extend(items.into_iter().map(argument));
    args.keywords = keywords
        .into_iter()
        .map(|(name, value)| (name.into(), argument(value)))
        .collect();
    let callee = machine.path("sqlalchemy.orm.mapped_column", at);
    machine.call_term(callee, args, at)
}

/// `ForeignKey(target, ondelete="cascade")`.
fn cascade<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, target: &str, at: Span) -> Value<'a> {
    let callee = machine.path("sqlalchemy.ForeignKey", at);
    let mut args = Args::of(vec![Value::text(target, at)], at);
    let action = Argument {
        value: Value::text("cascade", at),
        span: at,
    };
    args.keywords.push(("ondelete".into(), action));
    machine.call_term(callee, args, at)
}
