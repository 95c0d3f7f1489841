//! Python's builtins.

use super::super::attribute::SETTER;
use super::super::decorate::under;
use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::methods;
use super::super::value::{Args, ClassId, TermKind, Value};
use super::arithmetic::number;
use super::bind::{self, bind, exactly, one_of, unknown};
use super::{access, enums, exceptions, format, order, sequence, types};
use crate::source::Span;

/// The names of Python's builtins that are no exceptions, sorted.
const NAMES: &[&str] = &[
    "Ellipsis",
    "NotImplemented",
    "__build_class__",
    "__debug__",
    "__import__",
    "abs",
    "aiter",
    "all",
    "anext",
    "any",
    "ascii",
    "bin",
    "bool",
    "breakpoint",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "copyright",
    "credits",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "exit",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "license",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "quit",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
];

/// Whether a name is one of Python's builtins.
pub(crate) fn is_builtin(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
        || (exceptions::is_exception(name) || name.ends_with("Interrupt") || name.ends_with("Exit"))
            && EXCEPTIONS.binary_search(&name).is_ok()
}

/// Python's own exceptions, sorted.
const EXCEPTIONS: &[&str] = &[
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BaseException",
    "BaseExceptionGroup",
    "BlockingIOError",
    "BrokenPipeError",
    "BufferError",
    "BytesWarning",
    "ChildProcessError",
    "ConnectionAbortedError",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "DeprecationWarning",
    "EOFError",
    "EncodingWarning",
    "EnvironmentError",
    "Exception",
    "ExceptionGroup",
    "FileExistsError",
    "FileNotFoundError",
    "FloatingPointError",
    "FutureWarning",
    "GeneratorExit",
    "IOError",
    "ImportError",
    "ImportWarning",
    "IndentationError",
    "IndexError",
    "InterruptedError",
    "IsADirectoryError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "NotADirectoryError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PendingDeprecationWarning",
    "PermissionError",
    "ProcessLookupError",
    "RecursionError",
    "ReferenceError",
    "ResourceWarning",
    "RuntimeError",
    "RuntimeWarning",
    "StopAsyncIteration",
    "StopIteration",
    "SyntaxError",
    "SyntaxWarning",
    "SystemError",
    "SystemExit",
    "TabError",
    "TimeoutError",
    "TypeError",
    "UnboundLocalError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UnicodeTranslateError",
    "UnicodeWarning",
    "UserWarning",
    "ValueError",
    "Warning",
    "ZeroDivisionError",
];

/// A call of a builtin; `None` where it is none, or where it stays a term.
pub(crate) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if let Some((class, method)) = name.split_once('.') {
        return unbound(machine, class, method, args, at);
    }
    match name {
        "len" => Some(length(machine, args, at)),
        "str" => string(machine, args, at),
        "repr" => exactly(args).map(|[v]| format::repr_of(machine, v, at)),
        "ascii" => exactly(args).map(|[v]| {
            let spec = Value::text("", at);
            format::field(machine, v, Some('a'), Some(&spec), at)
        }),
        "format" => {
            let [value, spec] = bind(args, ["value", "format_spec"])?;
            let (value, spec) = (value?.clone(), spec.cloned());
            Some(format::field(machine, &value, None, spec.as_ref(), at))
        }
        "getattr" => get_attribute(machine, args, at),
        "hasattr" => {
            let [object, name] = exactly(args)?;
            let Some(name) = name.as_str() else {
                return Some(Ok(unknown("whether something has an attribute", at)));
            };
            let found = machine.attribute_if_any(object, name, at);
            let own = match object {
                Value::Instance(id) => {
                    let instance = machine.instance(*id);
                    instance.is_some_and(|i| i.attributes.get(name).is_some_and(|s| s.maybe.is_none()))
                        || machine
                            .class_of(object)
                            .is_some_and(|c| is_member(machine, c, name))
                }
                Value::Class(class) => is_member(machine, *class, name),
                _ => false,
            };
            Some(found.map(|found| match found {
                None => Value::Bool(false),
                Some(_) if own => Value::Bool(true),
                Some(Value::Unknown(u)) => Value::unknown(u.gap.clone()),
                Some(Value::Term(term))
                    if !matches!(object, Value::Module(_)) && is_left_open(&term.kind) =>
                {
                    unknown("whether a library's object has an attribute", at)
                }
                Some(_) => Value::Bool(true),
            }))
        }
        "setattr" => {
            let [object, name, value] = exactly(args)?;
            let name = name.as_str()?;
            Some(
                machine
                    .set_attribute(object, name, value.clone(), at)
                    .map(|()| Value::None),
            )
        }
        "isinstance" | "issubclass" => Some(Ok(types::test(machine, name, args, at))),
        "type" => types::type_of(machine, args, at),
        "callable" => exactly(args).map(|[v]| {
            Ok(match v {
                Value::Function(_) | Value::Method(_) | Value::Class(_) => Value::Bool(true),
                Value::Term(_) | Value::Unknown(_) | Value::Instance(_) => {
                    unknown("whether something can be called", at)
                }
                _ => Value::Bool(false),
            })
        }),
        "print" | "breakpoint" | "help" => Some(Ok(Value::None)),
        "globals" if args.positional.is_empty() => super::namespace::globals(machine, at).map(Ok),
        "input" | "id" | "hash" | "globals" | "locals" | "eval" | "compile" | "memoryview" | "complex"
        | "bytearray" | "object"
            if !args
                .positional
                .iter()
                .any(|a| matches!(a.value, Value::Function(_)))
                && name != "object" =>
        {
            if matches!(name, "locals" | "eval") {
                machine.hands_out_names(at);
            }
            Some(Ok(unknown(format!("what {name}() gives"), at)))
        }
        "vars" | "dir" => {
            if args.positional.is_empty() {
                machine.hands_out_names(at);
            }
            types::listing(machine, name, args, at)
        }
        "min" | "max" => Some(order::extreme(machine, name == "max", args, at)),
        "staticmethod" | "classmethod" | "property" => {
            let Value::Function(function) = &args.positional.first()?.value else {
                return None;
            };
            if let Some(setter) = args.positional.get(1).filter(|_| name == "property") {
                machine.set_own_attribute(function.id, SETTER, setter.value.clone());
            }
            let decorator = machine.path(&format!("builtins.{name}"), at);
            Some(Ok(under(function, decorator)))
        }
        "super" | "object" | "slice" => None,
        _ if exceptions::is_exception(name) => exception(machine, name, args, at),
        _ => sequence::call(machine, name, args, at).or_else(|| number(machine, name, args, at)),
    }
}

/// Whether a class or one of its bases certainly has a member.
fn is_member<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId, name: &str) -> bool {
    let found = machine.lookup(class, name);
    found.is_some_and(|(_, m)| m.value.is_some() && m.maybe.is_none())
}

/// Whether an attribute is only the name of one that a library may have.
fn is_left_open(kind: &TermKind<'_>) -> bool {
    matches!(kind, TermKind::Attribute(..) | TermKind::Path(_))
}

/// An exception is made: a term, which does nothing.
fn exception<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    EXCEPTIONS.binary_search(&name).ok()?;
    let callee = machine.path(&format!("builtins.{name}"), at);
    Some(Ok(machine.call_term(callee, args.clone(), at)))
}

/// `str.upper("a")`, `dict.fromkeys(...)`, `int.from_bytes(...)`.
fn unbound<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: &str,
    method: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    match (class, method) {
        ("dict", "fromkeys") => return super::collections::from_keys(machine, args, at),
        ("str", "maketrans") => {
            let empty = Value::text("", at);
            return methods::call(machine, &empty, "maketrans", args, at);
        }
        ("object" | "str" | "int" | "float" | "tuple", "__new__") => {
            return types::make_new(machine, args, at);
        }
        ("object", "__init__") | ("object" | "str" | "int" | "dict" | "list", "__init_subclass__") => {
            return Some(Ok(Value::None));
        }
        ("object", "__setattr__") => {
            let [object, name, value] = exactly(args)?;
            let (object, name, value) = (object.clone(), name.as_str()?.to_owned(), value.clone());
            return Some(
                machine
                    .set_attribute(&object, &name, value, at)
                    .map(|()| Value::None),
            );
        }
        _ => {}
    }
    let receiver = args.positional.first()?.value.clone();
    let plain = enums::plain(machine, &receiver).unwrap_or(receiver);
    let fits = matches!(
        (class, &plain),
        ("str", Value::Str(_) | Value::Unknown(_))
            | ("list", Value::List(_))
            | ("dict", Value::Dict(_))
            | ("set" | "frozenset", Value::Set(_))
            | ("tuple", Value::Tuple(_))
            | ("int", Value::Int(_) | Value::Bool(_))
            | ("float", Value::Float(_))
            | ("bytes", Value::Bytes(_))
    );
    if !fits {
        return Some(Ok(unknown(format!("what {class}.{method} gives"), at)));
    }
    methods::call(machine, &plain, method, &bind::rest(args), at)
}

fn length<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, args: &Args<'a>, at: Span) -> Run<'a, Value<'a>> {
    let Some([value]) = exactly(args) else {
        return Ok(unknown("len() with these arguments", at));
    };
    let value = enums::plain(machine, value).unwrap_or_else(|| value.clone());
    Ok(match &value {
        Value::Str(t) => Value::Int(methods::text::length(t.as_str()) as i64),
        Value::Bytes(b) => Value::Int(b.len() as i64),
        Value::Tuple(_) | Value::List(_) | Value::Set(_) | Value::Dict(_) => {
            match access::count(machine, &value) {
                Some(Ok(count)) => Value::Int(count as i64),
                Some(Err(gap)) => Value::unknown(gap),
                None => unknown("a length", at),
            }
        }
        Value::Unknown(u) if !u.candidates.is_empty() => {
            let mut out = Vec::new();
            for candidate in u.candidates.clone() {
                match length(machine, &bind::positional([candidate], at), at)? {
                    Value::Unknown(u) => return Ok(Value::unknown(u.gap.clone())),
                    known => out.push(known),
                }
            }
            one_of(out, u.gap.clone())
        }
        Value::Unknown(u) => Value::unknown(u.gap.clone()),
        Value::Class(id) => match enums::members(machine, *id) {
            Some(Ok(members)) => Value::Int(members.len() as i64),
            Some(Err(gap)) => Value::unknown(gap),
            None => unknown("the length of a class", at),
        },
        Value::Instance(_) => match access::repository_method(machine, &value, "__len__", at)? {
            Some(function) => machine.call(&function, Args::default(), at)?,
            None => match super::records::values(machine, &value) {
                Some(Ok(values)) => Value::Int(values.len() as i64),
                _ => unknown("the length of an object", at),
            },
        },
        Value::None | Value::Int(_) | Value::Bool(_) | Value::Float(_) => {
            return Err(access::raise(machine, "TypeError", "object has no len()", at));
        }
        Value::Term(_) => match sequence::range_of(&value) {
            Some(range) => Value::Int(range.length().min(i64::MAX as u128) as i64),
            None => match super::iterate(machine, &value, at) {
                Some(items) => Value::Int(items?.len() as i64),
                None => match L::iterate(machine, &value, at) {
                    Some(items) => Value::Int(items?.len() as i64),
                    None => unknown("the length of a library's object", at),
                },
            },
        },
        Value::Ellipsis | Value::Function(_) | Value::Method(_) | Value::Iterator(_) | Value::Module(_) => {
            unknown("a length", at)
        }
    })
}

fn string<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if args.open.is_some() || args.positional.len() + args.keywords.len() > 1 {
        if let (Some(Value::Bytes(_)), Some(_)) =
            (args.positional.first().map(|a| &a.value), args.positional.get(1))
        {
            let receiver = args.positional.first()?.value.clone();
            return methods::call(machine, &receiver, "decode", &bind::rest(args), at);
        }
        return Some(Ok(unknown("str() with these arguments", at)));
    }
    let Some(value) = args.get(0, "object") else {
        return Some(Ok(Value::text("", at)));
    };
    if let Value::Term(_) = value.value
        && super::paths::text(&value.value).is_none()
        && super::dates::text(&value.value, "").is_none()
    {
        // The library may say it; a term stays one.
        return match exceptions::text_of(machine, &value.value, at) {
            Ok(Some(text)) => Some(Ok(text)),
            Ok(None) => None,
            Err(stop) => Some(Err(stop)),
        };
    }
    Some(format::text_of(machine, &value.value, at))
}

fn get_attribute<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let [object, name, default] = bind(args, ["object", "name", "default"])?;
    let (object, name) = (object?.clone(), name?.clone());
    let default = default.cloned();
    let names: Vec<String> = match &name {
        Value::Str(t) => vec![t.as_str().to_owned()],
        Value::Unknown(u) if !u.candidates.is_empty() => {
            let names: Option<Vec<_>> = u
                .candidates
                .iter()
                .map(|c| c.as_str().map(str::to_owned))
                .collect();
            match names {
                Some(names) => names,
                None => return Some(Ok(Value::unknown(u.gap.clone()))),
            }
        }
        Value::Unknown(u) => return Some(Ok(Value::unknown(u.gap.clone()))),
        _ => {
            return Some(Err(access::raise(
                machine,
                "TypeError",
                "attribute name must be string",
                at,
            )));
        }
    };
    let mut out = Vec::new();
    for attribute in &names {
        let found = match &default {
            None => machine.attribute(&object, attribute, at),
            Some(default) => machine
                .attribute_if_any(&object, attribute, at)
                .map(|found| found.unwrap_or_else(|| default.clone())),
        };
        match found {
            Ok(value) => out.push(value),
            Err(stop) if names.len() == 1 => return Some(Err(stop)),
            Err(_) => return Some(Ok(unknown("an attribute whose name is not known", at))),
        }
    }
    Some(Ok(match (name.gap(), out.len()) {
        (_, 1) => out.remove(0),
        (Some(gap), _) => one_of(out, gap.clone()),
        (None, _) => unknown("an attribute", at),
    }))
}
