//! Which metadata a table is in, and what that metadata says of all its tables.

use super::brought;
use super::declarative;
use super::table::Conventions;
use super::terms::{self, Known};
use crate::interpret::python::{Args, ClassId, Library, Machine, TermId, TermKind, Value};
use crate::name::Name;
use crate::source::Span;

/// A metadata: two values are the same one where these are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metadata {
    /// `MetaData(...)`, or the one that an object of a library keeps (`SQLAlchemy()`, `declarative_base()`).
    Term(TermId, Span),
    /// The one that a declarative base's class keeps, or an object of Flask-SQLAlchemy's subclass in the repository.
    Class(ClassId),
    /// The one that a library keeps, by the path of what keeps it: [`SQLMODEL`], [`brought::ADVANCED_METADATA`].
    Library(&'static str),
    /// Cannot be told.
    Unknown,
}

/// What a metadata is known by, outside of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// Made at this place: a call, or the name of a class.
    At(Span),
    /// A library's own, by the path of what keeps it.
    Library(&'static str),
}

/// What keeps SQLModel's.
pub const SQLMODEL: &str = "sqlmodel.SQLModel";

/// What a metadata is known by.
pub fn made<'a, L: Library<'a>>(machine: &Machine<'a, L>, metadata: Metadata) -> Option<Made> {
    match metadata {
        Metadata::Term(_, span) => Some(Made::At(span)),
        Metadata::Class(class) => machine.class(class).map(|c| Made::At(c.span)),
        Metadata::Library(path) => Some(Made::Library(path)),
        Metadata::Unknown => None,
    }
}

/// The metadata that a value is.
pub fn metadata<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, value: &Value<'a>, at: Span) -> Metadata {
    match brought::kept(value) {
        Some(brought::Kept::At(path)) => return Metadata::Library(path),
        Some(brought::Kept::Other) => return Metadata::Unknown,
        None => {}
    }
    match value {
        Value::Term(term) => match &term.kind {
            TermKind::Call(..) => Metadata::Term(term.id, term.span),
            TermKind::Attribute(object, name) if name == "metadata" => of_owner(machine, object, at),
            TermKind::Path(path) if path.ends_with("SQLModel.metadata") => Metadata::Library(SQLMODEL),
            _ => Metadata::Unknown,
        },
        _ => Metadata::Unknown,
    }
}

/// Whether a value is some metadata that a library keeps.
pub fn is_kept(value: &Value<'_>) -> bool {
    brought::kept(value).is_some()
}

/// The metadata of what has one: a class, a base that was called, an object of Flask-SQLAlchemy.
fn of_owner<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, owner: &Value<'a>, at: Span) -> Metadata {
    match owner {
        Value::Class(class) => of_class(machine, *class, at).0,
        Value::Instance(_) => match (given_to(machine, owner), machine.class_of(owner)) {
            (Some(given), _) => metadata(machine, &given, at),
            (None, Some(class)) => Metadata::Class(class),
            (None, None) => Metadata::Unknown,
        },
        Value::Term(_) if matches!(brought::registry(owner), Some(brought::Registry::Own)) => {
            Metadata::Library(brought::ADVANCED_METADATA)
        }
        Value::Term(term) => match &term.kind {
            TermKind::Call(callee, args) => {
                if let Some(given) = args.keyword("metadata").cloned()
                    && !matches!(given.value, Value::None)
                {
                    return metadata(machine, &given.value, at);
                }
                // `registry().generate_base()` has its registry's.
                if let Value::Term(callee) = callee
                    && let TermKind::Attribute(object, name) = &callee.kind
                    && name == "generate_base"
                {
                    let object = object.clone();
                    return of_owner(machine, &object, at);
                }
                Metadata::Term(term.id, term.span)
            }
            TermKind::Attribute(object, name) if matches!(name.as_str(), "Model" | "registry") => {
                let object = object.clone();
                of_owner(machine, &object, at)
            }
            TermKind::Path(path) if path.ends_with("SQLModel") => Metadata::Library(SQLMODEL),
            TermKind::Path(path) => brought::metadata(path).map_or(Metadata::Unknown, Metadata::Library),
            _ => Metadata::Unknown,
        },
        _ => Metadata::Unknown,
    }
}

/// The metadata of a class's table, and the value that it is.
pub fn of_class<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    at: Span,
) -> (Metadata, Option<Value<'a>>) {
    let (metadata, given) = given_to_class(machine, class, at);
    let own = || TermKind::Attribute(Value::Class(class), "metadata".into());
    let value = given.unwrap_or_else(|| machine.term(own(), at));
    (metadata, Some(value))
}

/// The metadata of a class's table, and the value that it is where one is given.
fn given_to_class<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    at: Span,
) -> (Metadata, Option<Value<'a>>) {
    if let Some((_, member)) = machine.lookup(class, "metadata")
        && let Some(value) = member.value
        && !matches!(value, Value::Function(_))
        && !is_column(machine, &value)
    {
        return (metadata(machine, &value, at), Some(value));
    }
    if let Some((_, member)) = machine.lookup(class, "__bind_key__")
        && !matches!(member.value, Some(Value::None))
        && declarative::paths_of(machine, class)
            .iter()
            .any(|path| brought::metadata(path) == Some(brought::ADVANCED_METADATA))
    {
        // One for each key, all with the conventions of the first.
        return (Metadata::Unknown, None);
    }
    if let Some((_, member)) = machine.lookup(class, "registry")
        && let Some(value) = &member.value
        && brought::registry(value).is_some()
    {
        let value = value.clone();
        let metadata = of_owner(machine, &value, at);
        return (
            metadata,
            Some(machine.term(TermKind::Attribute(value, "metadata".into()), at)),
        );
    }
    if let Some((_, member)) = machine.lookup(class, "registry")
        && let Some(Value::Term(term)) = &member.value
        && let TermKind::Call(_, args) = &term.kind
    {
        let given = args.keyword("metadata").map(|a| a.value.clone());
        return match given {
            Some(value) if !matches!(value, Value::None) => (metadata(machine, &value, at), Some(value)),
            _ => (Metadata::Term(term.id, term.span), None),
        };
    }
    let order = machine.class(class).map(|c| c.order.clone()).unwrap_or_default();
    let decorated = order.iter().find_map(|base| match base {
        Value::Class(id) => {
            let decorators = machine.class(*id)?.decorators.clone();
            let decorator = decorators.into_iter().find(|d| is_mapping(machine, d))?;
            Some((*id, decorator))
        }
        _ => None,
    });
    // The classes that derive from one that `@as_declarative()` makes a base share its metadata.
    if let Some((base, decorator)) = decorated {
        return of_decorator(machine, &decorator, base, at);
    }
    // The base of a library, and the class that derives from it directly.
    for (i, base) in order.iter().enumerate() {
        let Value::Term(_) = base else { continue };
        let Some(kind) = declarative::base_kind(machine, base) else {
            continue;
        };
        let owner = match kind {
            declarative::BaseKind::Class => {
                let nearest = order.iter().take(i).rev().find_map(|b| match b {
                    Value::Class(id) if is_direct(machine, *id, base) => Some(*id),
                    _ => None,
                });
                match nearest {
                    Some(id) => return (Metadata::Class(id), None),
                    None => return (Metadata::Unknown, None),
                }
            }
            declarative::BaseKind::Sqlmodel => return (Metadata::Library(SQLMODEL), None),
            declarative::BaseKind::Made | declarative::BaseKind::Flask => base.clone(),
        };
        let given = given_to(machine, &owner);
        return (of_owner(machine, &owner, at), given);
    }
    (Metadata::Unknown, None)
}

/// A column that is called `metadata`, which SQLAlchemy refuses, or a field of SQLModel.
fn is_column<'a, L: Library<'a>>(machine: &Machine<'a, L>, value: &Value<'a>) -> bool {
    let member = terms::call(machine, value).map(|(member, _)| member);
    member.is_some_and(|m| {
        matches!(
            m.name(),
            "Column"
                | "mapped_column"
                | "Field"
                | "deferred"
                | "column_property"
                | "relationship"
                | "Relationship"
        )
    })
}

fn is_direct<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId, base: &Value<'a>) -> bool {
    let (Some(class), Value::Term(term)) = (machine.class(class), base) else {
        return false;
    };
    class.bases.iter().any(|b| {
        matches!(b, Value::Term(own) if own.id == term.id)
            || b.as_path().is_some_and(|p| Some(p) == base.as_path())
    })
}

/// `@registry.mapped`, `@as_declarative()`.
fn is_mapping<'a, L: Library<'a>>(machine: &Machine<'a, L>, decorator: &Value<'a>) -> bool {
    declarative::decorates(machine, decorator)
}

fn of_decorator<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    decorator: &Value<'a>,
    class: ClassId,
    at: Span,
) -> (Metadata, Option<Value<'a>>) {
    let inner = decorator.as_call().map_or(decorator, |(callee, _)| callee);
    if let Value::Term(term) = inner
        && let TermKind::Attribute(object, _) = &term.kind
    {
        let object = object.clone();
        let given = given_to(machine, &object);
        return (of_owner(machine, &object, at), given);
    }
    match given_to(machine, decorator) {
        Some(value) => (metadata(machine, &value, at), Some(value)),
        None => (Metadata::Class(class), None),
    }
}

/// The `metadata=` of a call, through the objects that it is an attribute of.
fn given_to<'a, L: Library<'a>>(machine: &Machine<'a, L>, owner: &Value<'a>) -> Option<Value<'a>> {
    // What the class of a library was given by keyword.
    if let Value::Instance(_) = owner {
        return machine
            .set_on(owner, "metadata")
            .filter(|v| !matches!(v, Value::None));
    }
    let Value::Term(term) = owner else { return None };
    match &term.kind {
        TermKind::Call(callee, args) => {
            let own = args.keyword("metadata").map(|a| a.value.clone());
            own.filter(|v| !matches!(v, Value::None))
                .or_else(|| given_to(machine, callee))
        }
        TermKind::Attribute(object, _) => given_to(machine, object),
        _ => None,
    }
}

/// What was set on a metadata after it was made: `metadata.naming_convention = {...}`, `db.Model.metadata.schema = "app"`.
pub fn set_later<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    metadata: &Value<'a>,
    name: &str,
) -> Option<Value<'a>> {
    let mut found = machine.set_on(metadata, name);
    let mut owner = metadata.clone();
    // The same metadata by whichever attribute: `db.metadata`, `db.Model.metadata`, that of a class and of its base.
    for _ in 0..8 {
        if found.is_some() {
            break;
        }
        owner = match &owner {
            Value::Term(term) => match &term.kind {
                TermKind::Attribute(object, _) => object.clone(),
                _ => break,
            },
            Value::Class(class) => {
                let bases = machine.class(*class).map(|c| c.order.clone()).unwrap_or_default();
                let base = bases.into_iter().find(|base| {
                    matches!(base, Value::Term(_)) && declarative::base_kind(machine, base).is_some()
                });
                match base {
                    Some(base) => base,
                    None => break,
                }
            }
            _ => break,
        };
        for path in ["metadata", "Model.metadata", "registry.metadata"] {
            found = found.or_else(|| machine.set_on(&owner, &format!("{path}.{name}")));
            let inner = owner.as_path().map(|owner| format!("{owner}.{path}"));
            found = found.or_else(|| machine.set_on_path(&inner?, name));
        }
    }
    found
}

/// What a `MetaData(...)` says: its naming conventions and its schema.
pub fn settings<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: Option<&Value<'a>>,
    at: Span,
) -> (Conventions<'a>, Known<Option<Name>>) {
    let Some(value) = value else {
        return (Conventions::default(), Ok(None));
    };
    if let Value::Unknown(unknown) = value {
        return (
            Conventions::unknown(unknown.gap.clone()),
            Err(unknown.gap.clone()),
        );
    }
    let (mut conventions, mut schema) = match terms::call_of(machine, value, "MetaData").cloned() {
        None if is_brought(machine, value) => {
            let given = brought::conventions(machine, at);
            (Conventions::read(machine, &given, at), Ok(None))
        }
        None => through_owner(machine, value, at),
        Some(args) => {
            let conventions = match (
                args.keyword("naming_convention").map(|a| a.value.clone()),
                &args.open,
            ) {
                (Some(given), _) => Conventions::read(machine, &given, at),
                (None, Some(gap)) => Conventions::unknown(gap.clone()),
                (None, None) => Conventions::default(),
            };
            let schema = match args.get(0, "schema").map(|a| &a.value) {
                Some(Value::Unknown(unknown))
                    if unknown.usual.is_none() && terms::is_left_to_environment(unknown) =>
                {
                    Ok(None)
                }
                _ => terms::maybe_name(machine, &args, 0, "schema"),
            };
            (conventions, schema)
        }
    };
    if let Some(later) = set_later(machine, value, "naming_convention") {
        conventions = Conventions::read(machine, &later, at);
    }
    if let Some(later @ Value::Str(_)) = set_later(machine, value, "schema") {
        schema = terms::text(machine, &later, at).map(|t| Some(Name::new(t.as_str())));
    }
    (conventions, schema)
}

/// The naming conventions that a package gives its own metadata, where a value is that or what keeps it.
pub fn brought_conventions<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    at: Span,
) -> Option<Value<'a>> {
    let keeps = value
        .as_path()
        .is_some_and(|path| brought::metadata(path).is_some())
        || brought::registry(value).is_some();
    (keeps || is_brought(machine, value)).then(|| brought::conventions(machine, at))
}

/// Whether a metadata is one that a package made.
fn is_brought<'a, L: Library<'a>>(machine: &Machine<'a, L>, value: &Value<'a>) -> bool {
    if brought::kept(value).is_some() {
        return true;
    }
    let Value::Term(term) = value else { return false };
    let TermKind::Attribute(owner, name) = &term.kind else {
        return false;
    };
    name == "metadata"
        && match owner {
            Value::Class(class) => {
                let given = |name| machine.lookup(*class, name).and_then(|(_, member)| member.value);
                let own = || {
                    declarative::paths_of(machine, *class)
                        .iter()
                        .any(|path| brought::metadata(path).is_some())
                };
                given("metadata").is_none()
                    && match given("registry") {
                        Some(value) => brought::registry(&value).is_some(),
                        None => own(),
                    }
            }
            other => brought::registry(other).is_some(),
        }
}

/// `db.metadata`, `Base.metadata`: what the owner was given.
fn through_owner<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    at: Span,
) -> (Conventions<'a>, Known<Option<Name>>) {
    let Value::Term(term) = value else {
        return (Conventions::default(), Ok(None));
    };
    if let TermKind::Attribute(object, name) = &term.kind
        && name == "metadata"
    {
        let given = match object {
            Value::Class(class) => given_to_class(machine, *class, at).1,
            other => given_to(machine, other),
        };
        if let Some(given) = given
            && !matches!(&given, Value::Term(t) if t.id == term.id)
        {
            return settings(machine, Some(&given), at);
        }
    }
    (Conventions::default(), Ok(None))
}

/// The arguments of a `Table(...)` call and the metadata that it is given.
pub fn of_table<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> (Metadata, Option<Value<'a>>) {
    match args.get(1, "metadata").cloned() {
        Some(argument) => (metadata(machine, &argument.value, at), Some(argument.value)),
        None => (Metadata::Unknown, None),
    }
}
