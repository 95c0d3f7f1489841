//! What types are made of, as programs ask for it: `typing.get_args`, `Literal[...].__args__`, `Alias.__value__`.
//!
//! Source: the library reference of Python, "typing" (`get_args`, `Literal`, `TypeAliasType`), PEP 586 (literals within literals).

use super::super::eval::tuple;
use super::super::machine::Run;
use super::super::value::{Args, TermKind, Value};
use super::bind::exactly;

/// Literals within literals.
const MAX_DEPTH: u32 = 16;

/// `typing.get_args(of)`, where it can be told.
pub(super) fn get_args<'a>(args: &Args<'a>) -> Option<Run<'a, Value<'a>>> {
    let [of] = exactly(args)?;
    let is_plain = matches!(of, Value::None | Value::Class(_))
        || of.as_path().is_some_and(|path| path.starts_with("builtins."));
    let items = if is_plain { Vec::new() } else { arguments(of)? };
    Some(Ok(tuple(items)))
}

/// `__args__` of a type, `__value__` and `__name__` of a name for one.
pub(super) fn attribute<'a>(of: &Value<'a>, name: &str) -> Option<Value<'a>> {
    match name {
        "__args__" => arguments(of).map(tuple),
        "__name__" => alias(of).and_then(|args| Some(args.get(0, "name")?.value.clone())),
        "__value__" => alias(of).and_then(|args| Some(args.get(1, "value")?.value.clone())),
        _ => None,
    }
}

/// What a name for a type was made with (`type Name = ...`, `TypeAliasType("Name", ...)`).
fn alias<'v, 'a>(of: &'v Value<'a>) -> Option<&'v Args<'a>> {
    let (callee, args) = of.as_call()?;
    is_typing(callee, "TypeAliasType").then_some(args)
}

fn is_typing(value: &Value<'_>, name: &str) -> bool {
    let parts = value.as_path().and_then(|path| path.rsplit_once('.'));
    matches!(parts, Some(("typing" | "typing_extensions", last)) if last == name)
}

/// The arguments of `Literal[...]` and `Annotated[...]`: those of other types are changed on their way, or told otherwise.
fn arguments<'a>(of: &Value<'a>) -> Option<Vec<Value<'a>>> {
    let Value::Term(term) = of else { return None };
    let TermKind::Item(generic, inner) = &term.kind else {
        return None;
    };
    if is_typing(generic, "Literal") {
        let mut out = Vec::new();
        literals(inner, &mut out, 0)?;
        return Some(out);
    }
    match inner {
        Value::Tuple(items) if is_typing(generic, "Annotated") => {
            // One within another is taken apart.
            let nested = items.first().is_some_and(|first| arguments(first).is_some());
            (!nested).then(|| items.to_vec())
        }
        _ => None,
    }
}

/// Literals within literals are taken apart, and each value stands once.
fn literals<'a>(inner: &Value<'a>, out: &mut Vec<Value<'a>>, depth: u32) -> Option<()> {
    let items = match inner {
        Value::Tuple(items) => items.to_vec(),
        one => vec![one.clone()],
    };
    for item in items {
        match &item {
            Value::Term(term) => match &term.kind {
                TermKind::Item(generic, inner) if depth < MAX_DEPTH && is_typing(generic, "Literal") => {
                    literals(inner, out, depth + 1)?;
                }
                _ => return None,
            },
            Value::None | Value::Str(_) | Value::Int(_) | Value::Bool(_) => {
                if !out.iter().any(|there| is_alike(there, &item)) {
                    out.push(item);
                }
            }
            _ => return None,
        }
    }
    Some(())
}

fn is_alike(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::None, Value::None) => true,
        (Value::Str(a), Value::Str(b)) => a.as_str() == b.as_str(),
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        _ => false,
    }
}
