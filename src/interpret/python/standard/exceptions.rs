//! Exceptions of Python: their arguments and what they write.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::{Args, Value};
use super::access;
use super::format;
use crate::source::Span;

/// Whether a name of Python's builtins is an exception's.
pub(crate) fn is_exception(name: &str) -> bool {
    name.ends_with("Error")
        || name.ends_with("Exception")
        || name.ends_with("Warning")
        || matches!(
            name,
            "KeyboardInterrupt" | "StopIteration" | "StopAsyncIteration" | "SystemExit" | "GeneratorExit"
        )
}

/// The name of Python's own exception that a term is, or SQLAlchemy's, and its arguments.
fn of<'v, 'a>(term: &'v Value<'a>) -> Option<(&'v str, &'v Args<'a>)> {
    let (callee, args) = term.as_call()?;
    let path = callee.as_path()?;
    let name = path
        .strip_prefix("builtins.")
        .or_else(|| path.strip_prefix("sqlalchemy.exc."))?;
    is_exception(name).then_some((name, args))
}

/// `str(exception)`.
pub(crate) fn text_of<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    term: &Value<'a>,
    at: Span,
) -> Run<'a, Option<Value<'a>>> {
    let Some((name, args)) = of(term) else {
        return Ok(None);
    };
    if args.open.is_some() || name == "OSError" {
        return Ok(None);
    }
    let (name, values) = (
        name.to_owned(),
        args.positional
            .iter()
            .map(|a| a.value.clone())
            .collect::<Vec<_>>(),
    );
    written(machine, &name, &values, at).map(Some)
}

/// The text of an exception with these arguments.
pub(crate) fn written<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value<'a>],
    at: Span,
) -> Run<'a, Value<'a>> {
    match args {
        [] => Ok(Value::text("", at)),
        [one] if name == "KeyError" => format::repr_of(machine, one, at),
        [one] => format::text_of(machine, one, at),
        _ => format::repr_of(machine, &Value::Tuple(args.into()), at),
    }
}

/// The arguments that an exception of a class of the repository keeps; not of one that writes itself otherwise.
pub(crate) fn args_of<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    value: &Value<'a>,
) -> Option<Vec<Value<'a>>> {
    let class = machine.class_of(value)?;
    let odd = |base: &Value<'a>| {
        matches!(
            base.as_path(),
            Some("builtins.KeyError" | "builtins.OSError" | "builtins.SyntaxError" | "builtins.UnicodeError")
        )
    };
    let order = &machine.class(class)?.order;
    if !machine.is_raisable(class) || machine.class(class)?.open.is_some() || order.iter().any(odd) {
        return None;
    }
    let Value::Instance(id) = value else { return None };
    match &machine.instance(*id)?.attributes.get("args")?.value {
        Value::Tuple(items) => Some(items.to_vec()),
        _ => None,
    }
}

/// `exception.args` and its like.
pub(crate) fn attribute<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    term: &Value<'a>,
    name: &str,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let (_, args) = of(term)?;
    match name {
        "args" if args.open.is_none() => {
            let values: Vec<_> = args.positional.iter().map(|a| a.value.clone()).collect();
            Some(Ok(Value::Tuple(values.into())))
        }
        "__traceback__" | "__cause__" | "__context__" => {
            Some(Ok(machine.unknown(at, "where an exception came from")))
        }
        _ => None,
    }
}

/// Methods of exceptions.
pub(crate) fn method<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    term: &Value<'a>,
    name: &str,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    of(term)?;
    match name {
        "with_traceback" => Some(Ok(term.clone())),
        "add_note" => Some(Ok(Value::None)),
        "__str__" => Some(access::text(machine, term, at)),
        _ => None,
    }
}
