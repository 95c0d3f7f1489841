//! The meaning of SQLAlchemy's terms while Python runs: what constructs answer, and what they leave behind in the [`Registry`].
//!
//! Every library over models or migrations calls these first: [`call`], [`attribute`], [`descriptor`].

use std::rc::Rc;

use smol_str::SmolStr;

use super::compiled;
use super::conditional::{self, Conditional};
use super::declarative;
use super::lent;
use super::registry::{Entry, Registered, TableEntry, attaches};
use super::{terms, types};
use crate::interpret::python::{Args, ClassId, Function, Library, Machine, Run, TermKind, Value};
use crate::known::Gap;
use crate::source::Span;

/// A call of a term of SQLAlchemy; `None` where it is what it says and no more.
pub fn call<'a, L: Registered<'a>>(
    machine: &mut Machine<'a, L>,
    callee: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if let Value::Term(term) = callee
        && let TermKind::Attribute(object, name) = &term.kind
    {
        let (object, name) = (object.clone(), name.clone());
        if let Some(done) = method(machine, &object, &name, args, at) {
            return Some(done);
        }
    }
    if let Some(done) = compiled::decorated(machine, callee, args, at) {
        return Some(done);
    }
    lent::note(machine, callee, args, at);
    let conditional = conditional::ddl_if(machine, callee, args, at);
    if let Some(conditional) = conditional.or_else(|| conditional::ruled(machine, callee, args, at)) {
        return Some(Ok(match conditional {
            Conditional::Made(construct) => construct,
            Conditional::Left(construct) => {
                leave(machine, &construct, None);
                Value::None
            }
            Conditional::Unknown(construct, unknown) => {
                let why = machine.gap(at, conditional::WHY);
                leave(machine, &construct, Some(why));
                unknown
            }
        }));
    }
    let member = terms::member(machine, callee)?;
    match member.name() {
        "Table" if member.is("Table") => {
            let args = &of_flask(machine, callee, args, at);
            if let Some(known) = known_table(machine, args, at) {
                return Some(Ok(known));
            }
            let term = machine.call_term(callee.clone(), args.clone(), at);
            let entry = TableEntry {
                term: term.clone(),
                at,
                maybe: None,
            };
            machine.library.registry_mut().tables.push(entry);
            Some(Ok(term))
        }
        "set_db_info" => {
            let (callee, args) = super::brought::told_table(machine, &member.path, args, at)?;
            Some(call(machine, &callee, &args, at)?.map(|_| Value::None))
        }
        "make_versioned" if matches!(member.package(), "sqlalchemy_continuum" | "sqlalchemy_history") => {
            let options = args.keyword("options").map(|a| a.value.clone());
            machine.library.registry_mut().versioning.extend(options);
            Some(Ok(Value::None))
        }
        "make_searchable" if member.package() == "sqlalchemy_searchable" => {
            machine.library.registry_mut().searchable = true;
            Some(Ok(Value::None))
        }
        "Sequence" if member.is("Sequence") && args.keyword("metadata").is_some() => {
            let term = machine.call_term(callee.clone(), args.clone(), at);
            let entry = Entry {
                value: term.clone(),
                at,
                maybe: None,
            };
            machine.library.registry_mut().sequences.push(entry);
            Some(Ok(term))
        }
        "Index"
        | "UniqueConstraint"
        | "PrimaryKeyConstraint"
        | "ForeignKeyConstraint"
        | "CheckConstraint" => {
            let term = machine.call_term(callee.clone(), args.clone(), at);
            if attaches(machine, &term) {
                let entry = Entry {
                    value: term.clone(),
                    at,
                    maybe: None,
                };
                machine.library.registry_mut().items.push(entry);
            }
            Some(Ok(term))
        }
        _ => None,
    }
}

/// A construct that would attach itself to the table of its columns does not, or perhaps.
fn leave<'a, L: Registered<'a>>(machine: &mut Machine<'a, L>, construct: &Value<'a>, maybe: Option<Gap>) {
    let is_it = |entry: &Entry<'a>| match (&entry.value, construct) {
        (Value::Term(a), Value::Term(b)) => a.id == b.id,
        _ => false,
    };
    let items = &mut machine.library.registry_mut().items;
    match maybe {
        None => items.retain(|entry| !is_it(entry)),
        Some(why) => {
            for entry in items.iter_mut().filter(|entry| is_it(entry)) {
                entry.maybe.get_or_insert_with(|| why.clone());
            }
        }
    }
}

/// `db.Table(...)` puts the object's own metadata in the place of the one that is not given.
fn of_flask<'a, L: Registered<'a>>(
    machine: &mut Machine<'a, L>,
    callee: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Args<'a> {
    let mut out = args.clone();
    let Value::Term(term) = callee else { return out };
    let TermKind::Attribute(object, _) = &term.kind else {
        return out;
    };
    let given = args.get(1, "metadata").map(|a| a.value.clone());
    let is_given =
        given.is_some_and(|value| is_metadata(machine, &value) || matches!(value, Value::Unknown(_)));
    if terms::is_flask(machine, object) && !is_given && !out.positional.is_empty() {
        let metadata = machine.term(TermKind::Attribute(object.clone(), "metadata".into()), at);
        out.positional.insert(
            1,
            crate::interpret::python::Argument {
                value: metadata,
                span: at,
            },
        );
    }
    out
}

/// `Table("x", metadata)` where it was made before.
fn known_table<'a, L: Registered<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Option<Value<'a>> {
    if args.positional.len() != 2 || !args.keywords.is_empty() {
        return None;
    }
    let name = args.positional.first()?.value.as_str()?.to_owned();
    let (metadata, _) = super::metadata::of_table(machine, args, at);
    let tables = machine.library.registry().tables.clone();
    tables.into_iter().find_map(|entry| {
        let (_, own) = entry.term.as_call()?;
        if own.positional.first()?.value.as_str()? != name {
            return None;
        }
        let own = own.clone();
        (super::metadata::of_table(machine, &own, at).0 == metadata).then_some(entry.term)
    })
}

/// A method of a construct.
fn method<'a, L: Registered<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    match name {
        "append_column" | "append_constraint" if is_table(machine, object) => {
            let argument = args.positional.first()?;
            let entry = Entry {
                value: argument.value.clone(),
                at: argument.span,
                maybe: None,
            };
            machine
                .library
                .registry_mut()
                .appended
                .push((object.clone(), entry));
            Some(Ok(Value::None))
        }
        "reflect" if is_metadata(machine, object) => {
            machine
                .library
                .registry_mut()
                .reflected
                .push((object.clone(), at));
            Some(Ok(Value::None))
        }
        // The arguments that a type of the repository hands to its base are those of its implementation.
        "__init__" => {
            let (callee, inner) = object.as_call()?;
            if callee.as_path() != Some("builtins.super") {
                return None;
            }
            let instance = inner.positional.get(1)?.value.clone();
            if !matches!(instance, Value::Instance(_)) || !types::is_type(machine, &instance) {
                return None;
            }
            let items: Vec<Value<'a>> = args.positional.iter().map(|a| a.value.clone()).collect();
            let tuple = Value::Tuple(items.into());
            if let Err(stop) = machine.set_attribute(&instance, "__arguments__", tuple, at) {
                return Some(Err(stop));
            }
            for (name, argument) in &args.keywords {
                if let Err(stop) = machine.set_attribute(&instance, name, argument.value.clone(), at) {
                    return Some(Err(stop));
                }
            }
            Some(Ok(Value::None))
        }
        _ => None,
    }
}

/// Whether a value is a table.
pub(super) fn is_table<'a, L: Registered<'a>>(machine: &Machine<'a, L>, value: &Value<'a>) -> bool {
    terms::call_of(machine, value, "Table").is_some()
        || matches!(value, Value::Term(term) if matches!(&term.kind, TermKind::Attribute(_, name) if name == "__table__"))
}

fn is_metadata<'a, L: Registered<'a>>(machine: &Machine<'a, L>, value: &Value<'a>) -> bool {
    terms::call_of(machine, value, "MetaData").is_some()
        || matches!(value, Value::Term(term) if matches!(&term.kind, TermKind::Attribute(_, name) if name == "metadata"))
}

/// An attribute of a term, or of a class or instance whose bases are SQLAlchemy's; `None` where it stays a term.
pub fn attribute<'a, L: Registered<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    match object {
        Value::Class(class) => match name {
            "metadata" => {
                let (_, given) = super::metadata::of_class(machine, *class, at);
                given.map(Ok)
            }
            _ => {
                if let Some(found) = of_given_base(machine, *class, object, name, at) {
                    return Some(found);
                }
                match name {
                    "__tablename__" => super::tablename::generated_name(machine, *class, at).map(Ok),
                    "__table_args__" => declarative::brought_args(machine, *class, at).map(Ok),
                    _ => None,
                }
            }
        },
        Value::Term(_) => match of_made_base(machine, object, name) {
            Some(value) => Some(Ok(value)),
            None => of_term(machine, object, name, at),
        },
        _ => of_flask_object(machine, object, name, at).map(Ok),
    }
}

/// An attribute of an object of a class that derives from Flask-SQLAlchemy's.
pub fn of_flask_object<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    at: Span,
) -> Option<Value<'a>> {
    let is_own = matches!(object, Value::Instance(_)) && terms::is_flask(machine, object);
    is_own.then(|| machine.term(TermKind::Attribute(object.clone(), SmolStr::new(name)), at))
}

/// An attribute that a class has from the class that its base was made with: `declarative_base(cls=Class)`.
fn of_given_base<'a, L: Registered<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    object: &Value<'a>,
    name: &str,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let member = declarative::given_bases(machine, class)
        .into_iter()
        .find_map(|base| declarative::own(machine, base, name))?;
    let value = member.value?;
    match &value {
        Value::Function(function) => {
            let made = descriptor(machine, &function.clone(), object, at);
            Some(made.unwrap_or(Ok(value)))
        }
        Value::Term(_) => Some(Ok(inherited(machine, &value, object, name, at).unwrap_or(value))),
        _ => Some(Ok(value)),
    }
}

/// What such a base itself has from the class that it was made with: `Base.__table_args__`. Functions are bound to no class here, and
/// metadata and registry are the base's own (`registry.generate_base` in `sqlalchemy/orm/decl_api.py`).
fn of_made_base<'a, L: Registered<'a>>(
    machine: &Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
) -> Option<Value<'a>> {
    if matches!(name, "metadata" | "registry") {
        return None;
    }
    declarative::base_kind(machine, object)?;
    let value = declarative::made_with(machine, object)
        .into_iter()
        .find_map(|class| Some(machine.lookup(class, name)?.1.value))??;
    (!matches!(value, Value::Function(_) | Value::Term(_))).then_some(value)
}

fn of_term<'a, L: Registered<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if let Some(said) = said_of(machine, object, name, at) {
        return Some(Ok(said));
    }
    if name == "name" && is_engine_or_dialect(machine, object) {
        return Some(Ok(Value::text("postgresql", at)));
    }
    let (member, args) = terms::call(machine, object)?;
    let args = args.clone();
    match (member.name(), name) {
        ("Table", "metadata") => args.get(1, "metadata").map(|a| Ok(a.value.clone())),
        ("Table" | "MetaData", "schema") => Some(Ok(args
            .keyword("schema")
            .map_or(Value::None, |a| a.value.clone()))),
        ("MetaData", "naming_convention") => args.keyword("naming_convention").map(|a| Ok(a.value.clone())),
        ("MetaData", "tables") => {
            let whole = object.clone();
            let tables = tables_in(machine, &whole, at);
            Some(Ok(machine.new_dict(tables)))
        }
        ("MetaData", "sorted_tables") => {
            let whole = object.clone();
            let tables = tables_in(machine, &whole, at);
            Some(Ok(machine.new_list(tables.into_iter().map(|t| t.1).collect())))
        }
        _ => None,
    }
}

/// An engine, which has its dialect's name, or its dialect: what is read here is read as PostgreSQL has it, unless a text says otherwise.
fn is_engine_or_dialect<'a, L: Registered<'a>>(machine: &Machine<'a, L>, object: &Value<'a>) -> bool {
    let object = match object {
        Value::Term(term) => match &term.kind {
            TermKind::Attribute(engine, name) if name == "dialect" => engine,
            _ => object,
        },
        _ => object,
    };
    let makes = ["create_engine", "create_async_engine"];
    let args = makes
        .iter()
        .find_map(|name| terms::call_of(machine, object, name));
    args.is_some_and(|args| match args.get(0, "url").map(|a| &a.value) {
        Some(Value::Str(url)) => url.as_str().starts_with("postgres"),
        // Only its beginning is known.
        Some(Value::Unknown(url)) => match url.pattern.first() {
            Some(Some(text)) if text.as_str().contains("://") => text.as_str().starts_with("postgres"),
            _ => true,
        },
        _ => true,
    })
}

/// What a table, a column or an enum says of itself: its name, its labels.
pub fn said_of<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    at: Span,
) -> Option<Value<'a>> {
    let (member, args) = terms::call(machine, object)?;
    match (member.name(), name) {
        ("Table", "name") | ("Column" | "mapped_column", "name" | "key") => {
            let first = args.get(0, "name")?;
            matches!(first.value, Value::Str(_)).then(|| first.value.clone())
        }
        // `SchemaType.name` and `Enum.enums` (`sqlalchemy/sql/sqltypes.py`).
        ("Enum" | "ENUM", "name" | "enums") => {
            let definition = types::sql_type(machine, object, at).enumeration?;
            if name == "name" {
                return Some(Value::text(definition.name.ok()?.name.as_str(), at));
            }
            let labels = definition.labels.ok()?;
            let labels = labels
                .iter()
                .map(|(label, span)| Value::text(label, *span))
                .collect();
            Some(machine.new_list(labels))
        }
        _ => None,
    }
}

/// The tables of a metadata that calls have made, by name.
fn tables_in<'a, L: Registered<'a>>(
    machine: &mut Machine<'a, L>,
    metadata: &Value<'a>,
    at: Span,
) -> Vec<(Value<'a>, Value<'a>)> {
    let wanted = super::metadata::metadata(machine, metadata, at);
    let tables = machine.library.registry().tables.clone();
    let mut out = Vec::new();
    for entry in tables {
        let Some((_, args)) = entry.term.as_call() else {
            continue;
        };
        let args = args.clone();
        if super::metadata::of_table(machine, &args, at).0 != wanted {
            continue;
        }
        if let Some(name) = args.get(0, "name") {
            out.push((name.value.clone(), entry.term.clone()));
        }
    }
    out
}

/// A function of a class that is an attribute of its own kind: `declared_attr` gives what the function makes of the class.
pub fn descriptor<'a, L: Registered<'a>>(
    machine: &mut Machine<'a, L>,
    function: &Rc<Function<'a>>,
    class: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let Value::Class(id) = class else { return None };
    let hybrid = is_hybrid(function);
    if !is_declared_attr(function) && !hybrid {
        return None;
    }
    let key: (ClassId, _) = (*id, function.id);
    if let Some(known) = machine.library.registry().computed.get(&key) {
        return Some(Ok(known.clone()));
    }
    let waiting = machine.unknown(at, "the attribute is computed from itself");
    machine.library.registry_mut().computed.insert(key, waiting);
    machine.library.registry_mut().mapping.push(*id);
    let made = machine.call(
        &Value::Function(function.clone()),
        Args::of(vec![class.clone()], at),
        at,
    );
    machine.library.registry_mut().mapping.pop();
    if hybrid && !matches!(made, Ok(Value::Term(_))) {
        // What it is in SQL is not known.
        machine.library.registry_mut().computed.remove(&key);
        return None;
    }
    match &made {
        Ok(value) => {
            machine.library.registry_mut().computed.insert(key, value.clone());
        }
        Err(_) => {
            machine.library.registry_mut().computed.remove(&key);
        }
    }
    Some(made)
}

/// Names that begin with `_` and are none of what SQLAlchemy's own bases have.
const SETTINGS: [&str; 3] = ["__tablename__", "__table_args__", "__mapper_args__"];

/// Whether bases, those of the repository among them, certainly have no such attribute: those of libraries are all known, and it is
/// none of their own (`DeclarativeBase` in `sqlalchemy/orm/decl_api.py`, `AsyncAttrs` in `sqlalchemy/ext/asyncio/session.py`). Of the
/// names that begin with `_` only settings are listed.
pub fn lacks<'a, L: Library<'a>>(machine: &Machine<'a, L>, order: &[Value<'a>], name: &str) -> bool {
    if name.starts_with('_') && !SETTINGS.contains(&name) {
        return false;
    }
    order.iter().all(|base| match base {
        // What is annotated alone is set while the class is mapped.
        Value::Class(class) => {
            declarative::own(machine, *class, name).is_none()
                && machine.class(*class).is_some_and(|class| class.open.is_none())
        }
        Value::Term(_) => {
            base.as_path() == Some("builtins.object")
                || terms::member(machine, base).is_some_and(|member| match member.name() {
                    "DeclarativeBase" | "MappedAsDataclass" if member.is(member.name()) => {
                        !matches!(name, "metadata" | "registry")
                    }
                    "AsyncAttrs" if member.is("AsyncAttrs") => name != "awaitable_attrs",
                    _ => super::brought::lacks(&member.path, name),
                })
        }
        _ => false,
    })
}

/// Whether what a class has is a `mapped_column(...)` or a `Column(...)`, while the class is being mapped: its own and those of bases
/// that are not mapped are, those of a mapped base are not any more (`sqlalchemy/orm/decl_base.py`).
pub fn is_instance<'a, L: Registered<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    class: &Value<'a>,
) -> Option<bool> {
    let asked = terms::member(machine, class)?;
    let asked = ["MappedColumn", "Column", "InstrumentedAttribute"]
        .into_iter()
        .find(|name| asked.is(name))?;
    let made = |machine: &Machine<'a, L>, value: &Value<'a>| {
        let (member, _) = terms::call(machine, value)?;
        match member.name() {
            "mapped_column" if member.is("mapped_column") => Some("MappedColumn"),
            "Column" if member.is("Column") => Some("Column"),
            _ => None,
        }
    };
    let own = match value {
        Value::Term(term) => match &term.kind {
            TermKind::Attribute(Value::Class(class), name) => {
                let (class, name) = (*class, name.clone());
                if !machine.library.registry().mapping.contains(&class) {
                    return None;
                }
                let (owner, member) = machine.lookup(class, &name)?;
                let mut classes = declarative::Classes::default();
                let mut own = made(machine, &member.value?);
                // A mapped class has it as its own, wherever it has it from.
                for base in declarative::order(machine, class).into_iter().skip(1) {
                    if owner == class || machine.lookup(base, &name).is_none() {
                        continue;
                    }
                    match classes.status(machine, base) {
                        declarative::Status::Mapped => own = Some("InstrumentedAttribute"),
                        declarative::Status::Unknown(_) => return None,
                        _ => {}
                    }
                }
                own?
            }
            _ => made(machine, value)?,
        },
        _ => return None,
    };
    Some(own == asked)
}

/// A column that a class has from a base: its own copy, which is known by the class and the attribute.
pub fn inherited<'a, L: Registered<'a>>(
    machine: &mut Machine<'a, L>,
    member: &Value<'a>,
    class: &Value<'a>,
    name: &str,
    at: Span,
) -> Option<Value<'a>> {
    let (called, _) = terms::call(machine, member)?;
    matches!(called.name(), "Column" | "mapped_column")
        .then(|| machine.term(TermKind::Attribute(class.clone(), SmolStr::new(name)), at))
}

/// `@hybrid_property`: on the class, what the function makes of the class's columns.
fn is_hybrid(function: &Function<'_>) -> bool {
    function
        .decorators
        .iter()
        .any(|d| d.as_path().is_some_and(|path| path.ends_with(".hybrid_property")))
}

/// Whether a function is decorated by `declared_attr` in one of its forms.
#[must_use]
pub fn is_declared_attr(function: &Function<'_>) -> bool {
    function.decorators.iter().any(|decorator| {
        decorator
            .as_path()
            .is_some_and(|path| path.split('.').any(|part| part == "declared_attr"))
    })
}
