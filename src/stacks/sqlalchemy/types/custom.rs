//! Types that the repository defines: `TypeDecorator` and `UserDefinedType` classes, and subclasses of SQLAlchemy's types.

use super::{EnumCheck, Resolver, Typed, core};
use crate::interpret::python::{Args, Argument, Class, ClassId, Library, Machine, Value};
use crate::source::Span;
use crate::stacks::sqlalchemy::compiled::is_compiled;
use crate::stacks::sqlalchemy::terms::{self, Known, Member, Origin, gap, stopped};

/// The class of a type or of an object of it.
fn class_of<'a, L: Library<'a>>(machine: &Machine<'a, L>, value: &Value<'a>) -> Option<ClassId> {
    match value {
        Value::Class(id) => Some(*id),
        _ => machine.class_of(value),
    }
}

/// The first base of a library that is a type.
fn base<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: &Class<'a>) -> Option<Member> {
    let mut members = class.order.iter().filter_map(|b| terms::member(machine, b));
    members.find(super::is_member)
}

/// Whether a class of the repository, or an object of it, is a type.
pub(super) fn is_type<'a, L: Library<'a>>(machine: &Machine<'a, L>, value: &Value<'a>) -> bool {
    let class = class_of(machine, value).and_then(|c| machine.class(c));
    class.is_some_and(|class| base(machine, class).is_some())
}

/// What a type of the repository is.
pub(super) fn resolve<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    value: &Value<'a>,
    at: Span,
    depth: u32,
) -> Typed {
    let found = class_of(resolver.machine, value).and_then(|id| Some((id, resolver.machine.class(id)?)));
    let Some((id, class)) = found else {
        return Typed::unknown(gap(at, "this type is not known"), at);
    };
    let span = class.span;
    let Some(base) = base(resolver.machine, class) else {
        return Typed::unknown(gap(at, "this class is no type that is known"), at);
    };
    let attaches = attaches(resolver.machine, class);
    if is_compiled(resolver.machine, id) {
        return Typed::unknown(
            gap(span, "SQL for this type is made by a function of its own"),
            at,
        );
    }
    // `to_instance` (`sqlalchemy/sql/type_api.py`) makes an object of a class: what its `__init__` hands to its base counts.
    let made = match value {
        Value::Class(_) if resolver.machine.lookup(id, "__init__").is_some() => {
            instance(resolver.machine, value, at)
        }
        _ => Ok(value.clone()),
    };
    let value = &match made {
        Ok(value) => value,
        Err(stop) => return Typed::unknown(stopped(&stop, at), at),
    };
    let says_impl = resolver.machine.lookup(id, "impl").is_some();
    let mut typed = match base.name() {
        "TypeDecorator" => decorator(resolver, value, id, at, depth),
        // A `TypeDecorator` of SQLAlchemy itself (`sqlalchemy/sql/sqltypes.py`): what the class says stands in its place.
        "PickleType" if says_impl || resolver.machine.lookup(id, "load_dialect_impl").is_some() => {
            decorator(resolver, value, id, at, depth)
        }
        _ if says_impl && base.origin == Origin::Package => Typed::unknown(
            gap(
                span,
                "whether the package's type goes by the `impl` of this class is not known",
            ),
            at,
        ),
        "UserDefinedType" | "TypeEngine" => user_defined(resolver, value, id, at),
        // A subclass of a type compiles as that type does.
        _ => match arguments(resolver.machine, value, at) {
            Ok(args) => resolver.member(&base, &args, at, depth + 1),
            Err(gap) => Typed::unknown(gap, at),
        },
    };
    // How its parameters are written is up to it.
    typed.cast &= resolver.machine.lookup(id, "bind_expression").is_none();
    if attaches && typed.check.is_none() {
        let why = gap(
            span,
            "what this type adds to the tables of its columns is not known",
        );
        typed.check = Some(EnumCheck {
            name: Err(why.clone()),
            labels: Err(why),
            span: at,
        });
    }
    typed
}

/// Whether a class is told of the columns that have it, and may add constraints to their tables (`SchemaType`), without being one
/// of SQLAlchemy's types that do.
fn attaches<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: &Class<'a>) -> bool {
    let mut members = class.order.iter().filter_map(|b| terms::member(machine, b));
    members.any(|member| member.name() == "SchemaType")
}

/// What an object was made with, where its class leaves that to its base.
fn arguments<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    at: Span,
) -> Known<Args<'a>> {
    let mut out = Args::default();
    if !matches!(value, Value::Instance(_)) {
        return Ok(out);
    }
    match machine.attribute_if_any(value, "__arguments__", at) {
        Ok(Some(Value::Unknown(unknown))) => return Err(unknown.gap.clone()),
        Ok(Some(given)) => out = Args::of(machine.known_items(&given).unwrap_or_default(), at),
        Ok(None) => {}
        Err(stop) => return Err(stopped(&stop, at)),
    }
    for name in [
        "length",
        "precision",
        "scale",
        "timezone",
        "collation",
        "name",
        "native_enum",
    ] {
        if let Ok(Some(value)) = machine.attribute_if_any(value, name, at)
            && !matches!(value, Value::Term(_) | Value::Unknown(_))
        {
            out.keywords.push((name.into(), Argument { value, span: at }));
        }
    }
    Ok(out)
}

/// `TypeDecorator`: its `load_dialect_impl`, else its `impl`.
fn decorator<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    value: &Value<'a>,
    class: ClassId,
    at: Span,
    depth: u32,
) -> Typed {
    let machine = &mut *resolver.machine;
    if machine.lookup(class, "load_dialect_impl").is_some() {
        let made = instance(machine, value, at).and_then(|object| {
            let method = machine.attribute(&object, "load_dialect_impl", at)?;
            let dialect = terms::dialect(machine, at);
            machine.call(&method, Args::of(vec![dialect], at), at)
        });
        return match made {
            Ok(Value::Term(term)) if is_super_impl(&Value::Term(term.clone())) => {
                implementation(resolver, value, class, at, depth)
            }
            Ok(made) => resolver.resolve(&made, at, depth + 1),
            Err(stop) => Typed::unknown(stopped(&stop, at), at),
        };
    }
    implementation(resolver, value, class, at, depth)
}

/// `super().load_dialect_impl(dialect)` and `self.impl` mean the same.
fn is_super_impl(value: &Value<'_>) -> bool {
    match terms::method(value) {
        Some((_, name, _)) => name == "load_dialect_impl",
        None => false,
    }
}

fn implementation<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    value: &Value<'a>,
    class: ClassId,
    at: Span,
    depth: u32,
) -> Typed {
    let machine = &mut *resolver.machine;
    let inner = match value {
        // `__init__` may set it on the object.
        Value::Instance(_) => machine.attribute_if_any(value, "impl", at),
        _ => machine.attribute_if_any(&Value::Class(class), "impl", at),
    };
    let inner = match inner {
        Ok(Some(inner)) => inner,
        Ok(None) => return Typed::unknown(gap(at, "this type has no `impl`"), at),
        Err(stop) => return Typed::unknown(stopped(&stop, at), at),
    };
    let is_class = match &inner {
        Value::Class(_) => true,
        Value::Term(_) if inner.as_call().is_some() => false,
        Value::Term(_) => !terms::member(machine, &inner).is_some_and(|member| core::is_ready(member.name())),
        _ => false,
    };
    let args = match arguments(machine, value, at) {
        Ok(args) => args,
        Err(gap) => return Typed::unknown(gap, at),
    };
    if is_class && !(args.positional.is_empty() && args.keywords.is_empty()) {
        let called = match &inner {
            Value::Class(_) => machine.call(&inner, args, at),
            _ => Ok(machine.call_term(inner.clone(), args, at)),
        };
        return match called {
            Ok(made) => resolver.resolve(&made, at, depth + 1),
            Err(stop) => Typed::unknown(stopped(&stop, at), at),
        };
    }
    resolver.resolve(&inner, at, depth + 1)
}

/// `get_col_spec`: the SQL text of the type.
fn user_defined<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    value: &Value<'a>,
    class: ClassId,
    at: Span,
) -> Typed {
    let machine = &mut *resolver.machine;
    if machine.lookup(class, "get_col_spec").is_none() {
        return Typed::unknown(gap(at, "this type does not say how it is spelled in SQL"), at);
    }
    let made = instance(machine, value, at).and_then(|object| {
        let method = machine.attribute(&object, "get_col_spec", at)?;
        machine.call(&method, Args::default(), at)
    });
    match made {
        Ok(Value::Str(text)) => Typed::spelled(text.as_str(), super::Affinity::Other, at),
        Ok(Value::Unknown(unknown)) => Typed::unknown(unknown.gap.clone(), at),
        Ok(_) => Typed::unknown(gap(at, "how this type is spelled in SQL cannot be told"), at),
        Err(stop) => Typed::unknown(stopped(&stop, at), at),
    }
}

/// An object of a type that was given as its class.
fn instance<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    at: Span,
) -> crate::interpret::python::Run<'a, Value<'a>> {
    match value {
        Value::Class(_) => machine.call(value, Args::default(), at),
        _ => Ok(value.clone()),
    }
}
