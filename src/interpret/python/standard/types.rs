//! Types as values: `type`, `isinstance`, `issubclass`, `dir`, `vars`, `object.__new__`.

use crate::interpret::python::dotted;
use smol_str::SmolStr;

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::{Args, ClassId, TermKind, Value};
use super::bind::{bind, exactly, unknown};
use super::{access, enums};
use crate::source::Span;

/// The name of the builtin type of a value.
pub(crate) fn builtin_type<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    value: &Value<'a>,
) -> Option<&'static str> {
    Some(match value {
        Value::None => "NoneType",
        Value::Ellipsis => "ellipsis",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::Str(_) => "str",
        Value::Bytes(_) => "bytes",
        Value::Tuple(_) => "tuple",
        Value::List(_) => "list",
        // Its subclasses (`defaultdict`, `OrderedDict`) are not told apart.
        Value::Dict(_) if access::is_odd_dict(machine, value) => return None,
        Value::Dict(_) => "dict",
        Value::Function(_) => "function",
        Value::Method(_) => "method",
        Value::Module(_) => "module",
        Value::Class(_) => "type",
        Value::Set(_) | Value::Iterator(_) | Value::Instance(_) | Value::Term(_) | Value::Unknown(_) => {
            return None;
        }
    })
}

/// `type(value)`, or the class that `type("Name", bases, names)` makes.
pub(crate) fn type_of<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if args.positional.len() == 3 {
        return machine.class_of_call(args, at);
    }
    let [value] = exactly(args)?;
    Some(Ok(match value {
        Value::Instance(_) => match machine.class_of(value) {
            Some(class) => Value::Class(class),
            None => unknown("the type of an object", at),
        },
        // An instance of a library's class.
        Value::Term(term) => match &term.kind {
            TermKind::Call(callee, _) if callee.as_path().is_some_and(is_class_path) => callee.clone(),
            _ => unknown("the type of a library's object", at),
        },
        _ => match builtin_type(machine, value) {
            Some("NoneType") => machine.path("types.NoneType", at),
            Some("ellipsis") => machine.path("types.EllipsisType", at),
            Some("function") => machine.path("types.FunctionType", at),
            Some("method") => machine.path("types.MethodType", at),
            Some("module") => machine.path("types.ModuleType", at),
            Some(name) => machine.path(&format!("builtins.{name}"), at),
            None => unknown("the type of something", at),
        },
    }))
}

/// Whether a path is written as a class's name is: `sqlalchemy.String`.
fn is_class_path(path: &str) -> bool {
    let last = dotted::last(path);
    last.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Whether something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Yes,
    No,
    Unknown,
}

/// `isinstance` and `issubclass`.
pub(crate) fn test<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Value<'a> {
    let Some([value, classes]) = exactly(args) else {
        return unknown("a question about a type with these arguments", at);
    };
    if let Value::Unknown(u) = value {
        let mut answers: Vec<Is> = u
            .candidates
            .iter()
            .map(|c| against(machine, name, c, classes, 8))
            .collect();
        answers.dedup();
        return match answers.as_slice() {
            [Is::Yes] => Value::Bool(true),
            [Is::No] => Value::Bool(false),
            _ => Value::unknown(u.gap.clone()),
        };
    }
    if name == "isinstance"
        && matches!(value, Value::Term(_))
        && let Some(answer) = L::is_instance(machine, value, classes)
    {
        return Value::Bool(answer);
    }
    match against(machine, name, value, classes, 8) {
        Is::Yes => Value::Bool(true),
        Is::No => Value::Bool(false),
        Is::Unknown => unknown("whether something is of a type", at),
    }
}

fn against<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    name: &str,
    value: &Value<'a>,
    classes: &Value<'a>,
    depth: u32,
) -> Is {
    let several: Vec<Value<'a>> = match classes {
        Value::Tuple(items) => items.to_vec(),
        // `int | str`.
        Value::Term(term) => match &term.kind {
            TermKind::Operation(_, operands) => operands.clone(),
            _ => vec![classes.clone()],
        },
        _ => vec![classes.clone()],
    };
    let mut out = Is::No;
    for class in &several {
        let nested = matches!(class, Value::Tuple(_)) && depth > 0;
        let answer = if nested {
            against(machine, name, value, class, depth - 1)
        } else if name == "issubclass" {
            subclass(machine, value, class)
        } else {
            instance(machine, value, class)
        };
        match answer {
            Is::Yes => return Is::Yes,
            Is::Unknown => out = Is::Unknown,
            Is::No => {}
        }
    }
    out
}

/// What builtin types are of abstract ones.
fn builtin_is(name: &str, class: &str) -> Is {
    let class = match class.strip_prefix("builtins.") {
        Some(class) => class,
        None => {
            let last = class
                .strip_prefix("collections.abc.")
                .or_else(|| class.strip_prefix("typing."));
            return match (last, name) {
                (
                    Some("Sequence" | "Collection" | "Iterable" | "Sized" | "Reversible"),
                    "list" | "tuple" | "str" | "bytes",
                )
                | (Some("Mapping" | "Collection" | "Iterable" | "Sized" | "MutableMapping"), "dict")
                | (Some("Iterable" | "Collection" | "Sized" | "Set"), "set")
                | (Some("MutableSequence"), "list")
                | (Some("Callable"), "function" | "method")
                | (Some("Hashable"), "str" | "int" | "bool" | "float" | "NoneType") => Is::Yes,
                (
                    Some("Sequence" | "MutableSequence"),
                    "dict" | "set" | "int" | "bool" | "float" | "NoneType",
                )
                | (
                    Some("Mapping" | "MutableMapping"),
                    "list" | "tuple" | "str" | "set" | "int" | "bool" | "float" | "NoneType" | "bytes",
                )
                | (Some("Iterable"), "int" | "bool" | "float" | "NoneType")
                | (
                    Some("Callable"),
                    "list" | "tuple" | "str" | "set" | "int" | "bool" | "float" | "NoneType" | "bytes"
                    | "dict",
                ) => Is::No,
                (None, _) => not_builtin(class, name),
                _ => Is::Unknown,
            };
        }
    };
    match (class, name) {
        ("object", _) | ("int", "bool") => Is::Yes,
        (class, name) if class == name => Is::Yes,
        _ => Is::No,
    }
}

/// Whether a builtin value is of a library's class: not, but for protocols.
fn not_builtin(class: &str, name: &str) -> Is {
    let known = [
        "sqlalchemy.",
        "enum.",
        "pathlib.",
        "datetime.",
        "uuid.",
        "decimal.",
        "alembic.",
        "re.",
        "sqlmodel.",
    ];
    match (class, name) {
        ("types.NoneType", "NoneType")
        | ("types.FunctionType", "function")
        | ("types.ModuleType", "module") => Is::Yes,
        (class, _) if known.iter().any(|k| class.starts_with(k)) => Is::No,
        ("types.NoneType" | "types.FunctionType" | "types.ModuleType", _) => Is::No,
        _ => Is::Unknown,
    }
}

fn instance<'a, L: Library<'a>>(machine: &Machine<'a, L>, value: &Value<'a>, class: &Value<'a>) -> Is {
    match value {
        Value::Instance(_) => match machine.class_of(value) {
            Some(own) => among(machine, own, class),
            None => Is::Unknown,
        },
        Value::Set(_) => match class.as_path() {
            Some("builtins.set" | "builtins.frozenset") | None => match class {
                Value::Class(_) => Is::No,
                _ => Is::Unknown,
            },
            Some(path) => builtin_is("set", path),
        },
        Value::Dict(_) if access::is_odd_dict(machine, value) => match class.as_path() {
            Some("builtins.dict") => Is::Yes,
            Some(path) if path.starts_with("collections.") && !path.starts_with("collections.abc") => {
                Is::Unknown
            }
            Some(path) => builtin_is("dict", path),
            None => Is::Unknown,
        },
        Value::Iterator(_) => match class.as_path() {
            Some(
                "builtins.str" | "builtins.list" | "builtins.dict" | "builtins.tuple" | "builtins.int"
                | "builtins.set" | "builtins.bool" | "builtins.float" | "builtins.bytes",
            ) => Is::No,
            _ => Is::Unknown,
        },
        Value::Term(_) => of_term(value, class),
        Value::Unknown(_) => Is::Unknown,
        Value::Class(own) => match (class, class.as_path()) {
            (_, Some("builtins.type" | "builtins.object")) => Is::Yes,
            (
                _,
                Some("builtins.str" | "builtins.int" | "builtins.list" | "builtins.dict" | "builtins.tuple"),
            ) => Is::No,
            (_, Some("enum.EnumMeta" | "enum.EnumType")) => match enums::kind(machine, *own) {
                Some(_) => Is::Yes,
                None => Is::Unknown,
            },
            _ => Is::Unknown,
        },
        _ => match (builtin_type(machine, value), class) {
            (Some(name), Value::Term(_)) => {
                class.as_path().map_or(Is::Unknown, |path| builtin_is(name, path))
            }
            (Some(_), Value::Class(_)) => Is::No,
            _ => Is::Unknown,
        },
    }
}

/// A library's object: of its own class for certain, of the builtin ones not.
fn of_term<'a>(value: &Value<'a>, class: &Value<'a>) -> Is {
    let Some(path) = class.as_path() else {
        return Is::Unknown;
    };
    if let Some((callee, _)) = value.as_call()
        && let Some(own) = callee.as_path()
    {
        if own == path || path == "builtins.object" {
            return Is::Yes;
        }
        let path_like = own == "pathlib.Path";
        if path_like && matches!(path, "pathlib.PurePath" | "os.PathLike" | "pathlib.PosixPath") {
            return Is::Yes;
        }
        if own == "builtins.range" || path_like {
            return if path.starts_with("builtins.") {
                Is::No
            } else {
                Is::Unknown
            };
        }
        if super::exceptions::is_exception(own) && own.starts_with("builtins.") {
            return match path {
                "builtins.Exception" | "builtins.BaseException" => Is::Yes,
                "builtins.str" | "builtins.int" | "builtins.dict" | "builtins.list" => Is::No,
                _ => Is::Unknown,
            };
        }
    }
    Is::Unknown
}

/// Whether a class is another or below it.
fn among<'a, L: Library<'a>>(machine: &Machine<'a, L>, own: ClassId, class: &Value<'a>) -> Is {
    let Some(found) = machine.class(own) else {
        return Is::Unknown;
    };
    let mut opaque = found.open.is_some();
    for base in &found.order {
        match (base, class) {
            (Value::Class(a), Value::Class(b)) if a == b => return Is::Yes,
            (Value::Class(_), _) => {}
            (base, class) => match (base.as_path(), class.as_path()) {
                (Some(a), Some(b)) if a == b => return Is::Yes,
                (Some("enum.StrEnum"), Some("builtins.str" | "enum.Enum"))
                | (Some("enum.IntEnum"), Some("builtins.int" | "enum.Enum"))
                | (Some("enum.ReprEnum"), Some("enum.Enum")) => return Is::Yes,
                (Some(a), _)
                    if a.starts_with("enum.") || a.starts_with("builtins.") || a.starts_with("abc.") => {}
                _ => opaque |= class.as_path().is_some(),
            },
        }
    }
    match class.as_path() {
        Some("builtins.object") => Is::Yes,
        Some(
            "builtins.str" | "builtins.int" | "builtins.list" | "builtins.dict" | "builtins.tuple"
            | "builtins.float",
        ) if found.open.is_none() && super::records::is_record(machine, own).is_none() => {
            if opaque {
                Is::Unknown
            } else {
                Is::No
            }
        }
        Some(_) => {
            // A library's own class may be registered as a base, or have bases of its own.
            let plain = found.order.iter().all(|b| {
                matches!(b, Value::Class(_))
                    || b.as_path()
                        .is_some_and(|p| p.starts_with("enum.") || p.starts_with("builtins."))
            });
            if plain && !opaque && enums::kind(machine, own).is_some() {
                Is::No
            } else {
                Is::Unknown
            }
        }
        None if matches!(class, Value::Class(_)) && !opaque => Is::No,
        None => Is::Unknown,
    }
}

fn subclass<'a, L: Library<'a>>(machine: &Machine<'a, L>, value: &Value<'a>, class: &Value<'a>) -> Is {
    match value {
        Value::Class(own) => among(machine, *own, class),
        Value::Term(_) => match (value.as_path(), class.as_path()) {
            (Some(a), Some(b)) if a == b => Is::Yes,
            (Some(a), Some(b)) if a.starts_with("builtins.") && b.starts_with("builtins.") => match (a, b) {
                ("builtins.bool", "builtins.int") | (_, "builtins.object") => Is::Yes,
                _ if super::exceptions::is_exception(a) => Is::Unknown,
                _ => Is::No,
            },
            _ => Is::Unknown,
        },
        _ => Is::Unknown,
    }
}

/// `vars(x)`, `dir(x)`: names of a module or class of the repository.
pub(crate) fn listing<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let [object] = bind(args, ["object"])?;
    let Some(object) = object else {
        return Some(Ok(unknown(format!("what {name}() gives"), at)));
    };
    let mut entries = match super::modules::members(machine, object) {
        Some(Ok(entries)) => entries,
        Some(Err(gap)) => return Some(Ok(Value::unknown(gap))),
        None => return Some(Ok(unknown(format!("what {name}() gives"), at))),
    };
    if name == "vars" {
        let entries = entries
            .into_iter()
            .map(|(n, v)| (Value::text(&n, at), v))
            .collect();
        return Some(Ok(machine.new_dict(entries)));
    }
    if !matches!(object, Value::Module(_)) {
        return Some(Ok(unknown("what dir() gives", at)));
    }
    for own in [
        "__name__",
        "__file__",
        "__doc__",
        "__package__",
        "__loader__",
        "__spec__",
        "__builtins__",
    ] {
        if !entries.iter().any(|(n, _)| n == own) {
            entries.push((SmolStr::new(own), Value::None));
        }
    }
    let mut names: Vec<_> = entries.into_iter().map(|(n, _)| n).collect();
    names.sort();
    let names = names.iter().map(|n| Value::text(n, at)).collect();
    Some(Ok(machine.new_list(names)))
}

/// `object.__new__(cls)`, `str.__new__(cls, value)`: an instance, with the value that it is.
pub(crate) fn make_new<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let Value::Class(class) = args.positional.first()?.value else {
        return Some(Ok(unknown("what __new__ gives", at)));
    };
    let attributes = match args.positional.get(1) {
        Some(value) => vec![(SmolStr::new("_value_"), value.value.clone())],
        None => Vec::new(),
    };
    Some(Ok(machine.new_instance(class, attributes)))
}
