//! Arguments by parameter, and pure functions over values of which only a few candidates are known.

use std::rc::Rc;

use super::super::library::Library;
use super::super::machine::{Machine, Run, Stop};
use super::super::value::{Args, Argument, Value};
use crate::known::{Gap, Reach};
use crate::source::Span;

/// Unknown at a place, and why.
pub(crate) fn unknown<'a>(why: impl Into<String>, at: Span) -> Value<'a> {
    Value::unknown(Gap::new(at, why, Reach::Rows))
}

/// Arguments by parameter; `None` where there are more, or one of another name, or where there may be more.
pub(crate) fn bind<'v, 'a, const N: usize>(
    args: &'v Args<'a>,
    names: [&str; N],
) -> Option<[Option<&'v Value<'a>>; N]> {
    let mut out = [None; N];
    if args.open.is_some() {
        return None;
    }
    for (i, argument) in args.positional.iter().enumerate() {
        *out.get_mut(i)? = Some(&argument.value);
    }
    for (name, argument) in &args.keywords {
        let at = names.iter().position(|n| n == name)?;
        let slot = out.get_mut(at)?;
        if slot.is_some() {
            return None;
        }
        *slot = Some(&argument.value);
    }
    Some(out)
}

/// Arguments that are positional only, all of them given.
pub(crate) fn exactly<'v, 'a, const N: usize>(args: &'v Args<'a>) -> Option<[&'v Value<'a>; N]> {
    if args.open.is_some() || !args.keywords.is_empty() {
        return None;
    }
    let values: Vec<_> = args.positional.iter().map(|a| &a.value).collect();
    values.try_into().ok()
}

/// What was given, as arguments of a call.
pub(crate) fn positional<'a>(values: impl IntoIterator<Item = Value<'a>>, at: Span) -> Args<'a> {
    let positional = values
        .into_iter()
        .map(|value| Argument { value, span: at })
        .collect();
    Args {
        positional,
        ..Args::default()
    }
}

/// The arguments after the first.
pub(crate) fn rest<'a>(args: &Args<'a>) -> Args<'a> {
    let mut args = args.clone();
    if !args.positional.is_empty() {
        args.positional.remove(0);
    }
    args
}

/// How many combinations of candidates are tried.
const MOST: usize = 24;

/// Applies a function without effects; where the receiver or an argument is one of a few candidates, so is the result.
pub(crate) fn pure<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    receiver: &Value<'a>,
    args: &Args<'a>,
    at: Span,
    apply: impl Fn(&mut Machine<'a, L>, &Value<'a>, &Args<'a>) -> Option<Run<'a, Value<'a>>>,
) -> Option<Run<'a, Value<'a>>> {
    let values = || {
        std::iter::once(receiver)
            .chain(args.positional.iter().map(|a| &a.value))
            .chain(args.keywords.iter().map(|(_, a)| &a.value))
    };
    let Some(gap) = args
        .open
        .as_ref()
        .or_else(|| values().find_map(Value::gap))
        .cloned()
    else {
        return apply(machine, receiver, args);
    };
    let mut combinations = 1usize;
    for value in values() {
        if let Value::Unknown(unknown) = value {
            combinations = combinations.saturating_mul(unknown.candidates.len());
        }
    }
    if combinations == 0 || combinations > MOST || args.open.is_some() {
        return Some(Ok(Value::unknown(gap)));
    }
    let mut out: Vec<Value<'a>> = Vec::new();
    for n in 0..combinations {
        let mut n = n;
        let mut choose = |value: &Value<'a>| match value {
            Value::Unknown(unknown) => {
                let chosen = unknown
                    .candidates
                    .get(n % unknown.candidates.len().max(1))
                    .cloned();
                n /= unknown.candidates.len().max(1);
                chosen.unwrap_or(Value::None)
            }
            value => value.clone(),
        };
        let receiver = choose(receiver);
        let mut args = args.clone();
        for argument in &mut args.positional {
            argument.value = choose(&argument.value);
        }
        for (_, argument) in &mut args.keywords {
            argument.value = choose(&argument.value);
        }
        match apply(machine, &receiver, &args) {
            Some(Ok(Value::Unknown(unknown))) if !unknown.candidates.is_empty() => {
                out.extend(unknown.candidates.iter().cloned());
            }
            Some(Ok(Value::Unknown(_))) | None => return Some(Ok(Value::unknown(gap))),
            Some(Err(Stop::Raised(raised))) => {
                machine.may_raise(Some(raised.exception), &gap, at);
                return Some(Ok(Value::unknown(gap)));
            }
            Some(Ok(value)) => out.push(value),
            Some(Err(stop)) => return Some(Err(stop)),
        }
    }
    Some(Ok(one_of(out, gap)))
}

/// One of these: known, where they are all the same.
pub(crate) fn one_of<'a>(values: Vec<Value<'a>>, gap: Gap) -> Value<'a> {
    let mut out: Vec<Value<'a>> = Vec::new();
    for value in values {
        if !out.iter().any(|v| identical(v, &value)) {
            out.push(value);
        }
    }
    match out.len() {
        1 => out.remove(0),
        n if n > MOST => Value::unknown(gap),
        _ => Value::one_of(out, gap),
    }
}

/// Whether two values are certainly the same, of the same type.
pub(crate) fn identical(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::None, Value::None) | (Value::Ellipsis, Value::Ellipsis) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        (Value::Str(a), Value::Str(b)) => a.as_str() == b.as_str(),
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::Tuple(a), Value::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| identical(a, b))
        }
        (Value::List(a), Value::List(b))
        | (Value::Dict(a), Value::Dict(b))
        | (Value::Set(a), Value::Set(b))
        | (Value::Class(a), Value::Class(b))
        | (Value::Instance(a), Value::Instance(b)) => a == b,
        (Value::Module(a), Value::Module(b)) => a == b,
        (Value::Function(a), Value::Function(b)) => Rc::ptr_eq(a, b),
        (Value::Term(a), Value::Term(b)) => {
            a.id == b.id
                || matches!((Value::as_path(&Value::Term(a.clone())), Value::as_path(&Value::Term(b.clone()))),
                    (Some(a), Some(b)) if a == b)
        }
        _ => false,
    }
}

/// An index or a count, where it is an integer (a truth counts as one).
pub(crate) fn int(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(n) => Some(*n),
        Value::Bool(b) => Some(i64::from(*b)),
        _ => None,
    }
}

/// An argument at a place.
pub(crate) fn argument(value: Value<'_>, at: Span) -> Argument<'_> {
    Argument { value, span: at }
}
