//! Python's builtins and standard library, as far as migrations and models use them. Paths that are not known here stay terms.

pub(crate) mod numbers;

use super::library::Library;
use super::machine::{Machine, Run};
use super::value::{Args, ClassId, Operator, Value};
use crate::known::Truth;
use crate::source::Span;

/// A call of a builtin or of the standard library by its path (`builtins.len`, `os.path.join`, `builtins.str.upper` unbound).
/// `None`: not known here; the term stays (or the library gives its meaning).
pub(super) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    path: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let _ = (machine, path, args, at);
    None
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
    let _ = (machine, receiver, name, args, at);
    None
}

/// An attribute of a value of a builtin type, a path of the standard library (`os.sep`), or a term of it (`Path(...).parent`).
/// A method as a value is a [`Value::Method`] of the path `builtins.str.upper` and the receiver.
pub(super) fn attribute<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let _ = (machine, object, name, at);
    None
}

/// `object[key]` of what is not a list, dict, tuple or text: an enum class, `os.environ`, ...
pub(super) fn item<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    key: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let _ = (machine, object, key, at);
    None
}

/// The items of what is not a builtin collection: an enum class, `range(...)`, an open file.
pub(super) fn iterate<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Vec<Value<'a>>>> {
    let _ = (machine, object, at);
    None
}

/// An operation on terms of the standard library (`Path(...) / "sql"`, `datetime - timedelta`), `text % values`.
pub(super) fn operation<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    operator: Operator,
    operands: &[Value<'a>],
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let _ = (machine, operator, operands, at);
    None
}

/// The truth of a term of the standard library.
pub(super) fn truth<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    term: &Value<'a>,
    at: Span,
) -> Option<Truth> {
    let _ = (machine, term, at);
    None
}

/// `with term as name:` begins, for terms of the standard library (`open`, `suppress`, `nullcontext`).
pub(super) fn enter<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    term: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let _ = (machine, term, at);
    None
}

/// `with term:` ends; `raised` is the exception that leaves it. The answer: whether it swallows the exception.
pub(super) fn exit<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    term: &Value<'a>,
    raised: Option<&Value<'a>>,
    at: Span,
) -> Option<Truth> {
    let _ = (machine, term, raised, at);
    None
}

/// A class statement has run: an enum's members become instances, a dataclass gets its `__init__` (see `instantiate`).
pub(super) fn class_made<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, class: ClassId) -> Run<'a, ()> {
    let _ = (machine, class);
    Ok(())
}

/// A call of a class of the repository that does not make an instance by `__init__`: an enum, a dataclass, a named tuple.
pub(super) fn instantiate<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let _ = (machine, class, args, at);
    None
}

/// One replacement field of an f-string: `{value!conversion:spec}`.
pub(super) fn field<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    conversion: Option<char>,
    spec: Option<&Value<'a>>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let _ = (machine, value, conversion, spec, at);
    Ok(Value::None)
}

/// The pieces of an f-string as one text: known, one of a few, or known in part.
pub(super) fn joined<'a>(pieces: &[Value<'a>], at: Span) -> Value<'a> {
    let _ = (pieces, at);
    Value::None
}

/// Whether a name is one of Python's builtins: `builtins.<name>` is then what it means where nothing shadows it.
pub(super) fn is_builtin(name: &str) -> bool {
    let _ = name;
    true
}
