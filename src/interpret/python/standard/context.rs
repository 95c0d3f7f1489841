//! `with` over things of the standard library.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::Value;
use super::paths;
use crate::known::Truth;
use crate::source::Span;

/// `with term as name:` begins, for terms of the standard library (`open`, `suppress`, `nullcontext`).
pub(in super::super) fn enter<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    term: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let _ = (machine, at);
    // A path gives itself (`importlib.resources.path`).
    if paths::is_open_file(term) || paths::text(term).is_some() {
        return Some(Ok(term.clone()));
    }
    let (callee, args) = term.as_call()?;
    match callee.as_path()? {
        "contextlib.suppress" | "warnings.catch_warnings" => Some(Ok(Value::None)),
        "contextlib.nullcontext" => Some(Ok(args
            .get(0, "enter_result")
            .map_or(Value::None, |a| a.value.clone()))),
        "contextlib.redirect_stdout" | "contextlib.redirect_stderr" | "contextlib.closing" => {
            args.positional.first().map(|a| Ok(a.value.clone()))
        }
        _ => None,
    }
}

/// `with term:` ends; `raised` is the exception that leaves it. The answer: whether it swallows the exception.
pub(in super::super) fn exit<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    term: &Value<'a>,
    raised: Option<&Value<'a>>,
    at: Span,
) -> Option<Truth> {
    let (callee, args) = term.as_call()?;
    if callee.as_path()? != "contextlib.suppress" {
        return None;
    }
    let raised = raised?;
    let mut out = match &args.open {
        Some(gap) => Truth::Unknown(gap.clone()),
        None => Truth::No,
    };
    for class in args.positional.clone() {
        match machine.is_exception(raised, &class.value, at) {
            Truth::Yes => return Some(Truth::Yes),
            Truth::No => {}
            unknown => out = unknown,
        }
    }
    Some(out)
}
