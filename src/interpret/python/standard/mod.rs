//! Python's builtins and standard library, as far as migrations and models use them. Paths that are not known here stay terms.

pub(crate) mod access;
mod arithmetic;
pub(crate) mod bind;
mod builtins;
pub(crate) mod collections;
mod context;
mod copies;
mod dates;
pub(crate) mod enums;
mod environment;
mod exceptions;
pub(crate) mod format;
mod functools;
mod itertools;
mod json;
mod modules;
pub(super) mod namespace;
pub(crate) mod numbers;
mod objects;
mod order;
mod paths;
mod percent;
mod records;
mod regexes;
mod resources;
mod sequence;
pub(crate) mod template;
mod types;
mod typing;

pub(super) use builtins::is_builtin;
pub(super) use context::{enter, exit};
pub(super) use exceptions::is_exception;
pub(super) use format::{field, joined};
pub(super) use functools::apply;
pub(super) use objects::{attribute, instantiate, item, iterate, operation, truth};

use super::library::Library;
use super::machine::{Machine, Run};
use super::methods;
use super::value::{Args, ClassId, Value};
use crate::source::Span;

/// A call of a builtin or of the standard library by its path (`builtins.len`, `os.path.join`, `builtins.str.upper` unbound).
/// `None`: not known here; the term stays (or the library gives its meaning).
pub(super) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    path: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let (top, name) = path.split_once('.')?;
    match top {
        "builtins" if name == "open" => paths::call(machine, path, args, at),
        "builtins" if name == "__import__" => modules::import(machine, args, at),
        "builtins" => builtins::call(machine, name, args, at),
        "functools" => functools::call(machine, name, args, at),
        "operator" => functools::operator(machine, name, args, at),
        "itertools" => itertools::call(machine, name, args, at),
        "collections" if !name.starts_with("abc.") => collections::call(machine, name, args, at),
        "json" => json::call(machine, name, args, at),
        "re" => regexes::call(machine, name, args, at),
        "pathlib" | "glob" | "io" | "codecs" | "posixpath" => paths::call(machine, path, args, at),
        "os" => paths::call(machine, path, args, at).or_else(|| environment::call(machine, path, args, at)),
        "importlib" if name == "import_module" => modules::import(machine, args, at),
        "importlib" | "importlib_resources" => {
            let name = name
                .strip_prefix("resources.")
                .or((top != "importlib").then_some(name))?;
            resources::call(machine, name, args, at)
        }
        "pkgutil" if matches!(name, "iter_modules" | "walk_packages") => {
            Some(modules::iter_modules(machine, name == "walk_packages", args, at))
        }
        "inspect" => modules::inspect(machine, name, args, at),
        "dataclasses" => records::call(machine, name, args, at),
        "enum" if is_enum(path) => {
            let base = machine.path(path, at);
            enums::functional(machine, base, args, at)
        }
        "typing" | "typing_extensions" => match name {
            "NamedTuple" => records::named_tuple(machine, args, at),
            "cast" => args.get(1, "val").map(|a| Ok(a.value.clone())),
            "get_args" => typing::get_args(args),
            _ => None,
        },
        "copy" | "textwrap" | "fnmatch" => copies::call(machine, path, args, at),
        _ => environment::call(machine, path, args, at),
    }
}

/// A path within the repository as its own code sees it (`__file__`).
pub(super) fn located(path: &str) -> String {
    format!("{}/{path}", paths::ROOT)
}

fn is_enum(path: &str) -> bool {
    matches!(
        path,
        "enum.Enum" | "enum.IntEnum" | "enum.StrEnum" | "enum.ReprEnum"
    )
}

/// A method of a value of a builtin type, of an enum member, of a term of the standard library (`Path(...)`), of a class of the
/// repository that is an enum: `receiver.name(args)`. `None`: there is none here (look the attribute up, then call that).
pub(super) fn method<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    receiver: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    match receiver {
        Value::Term(_) if receiver.as_path().is_some() => {
            environment::method(machine, receiver, name, args, at)
        }
        Value::Term(_) if name == "run_until_complete" => {
            let coroutine = args.positional.first()?.value.clone();
            Some(machine.awaited(coroutine, at))
        }
        Value::Term(_) => namespace::method(machine, receiver, name, args, at)
            .or_else(|| paths::method(machine, receiver, name, args, at))
            .or_else(|| paths::file_method(machine, receiver, name, args, at))
            .or_else(|| regexes::method(machine, receiver, name, args, at))
            .or_else(|| exceptions::method(machine, receiver, name, at))
            .or_else(|| dates::method(machine, receiver, name, args, at)),
        Value::Instance(_) => {
            if let Some(plain) = enums::plain(machine, receiver) {
                return methods::call(machine, &plain, name, args, at);
            }
            records::method(machine, receiver, name, args, at)
                .or_else(|| objects::method(machine, receiver, name, args, at))
        }
        Value::Class(class) => objects::class_method(machine, *class, name, args, at),
        _ => methods::call(machine, receiver, name, args, at),
    }
}

/// A class statement has run: an enum's members become instances, a dataclass gets its `__init__` (see `instantiate`).
pub(super) fn class_made<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, class: ClassId) -> Run<'a, ()> {
    enums::class_made(machine, class)
}
