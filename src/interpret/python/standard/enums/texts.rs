//! What members are as text.

use super::super::super::library::Library;
use super::super::super::machine::Machine;
use super::super::super::value::Value;
use super::super::bind::{one_of, unknown};
use super::{Kind, Mixin, defines, dotted, kind_of, part};
use crate::source::Span;

/// The value of a member.
pub(crate) fn value_of<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    member: &Value<'a>,
) -> Option<Value<'a>> {
    kind_of(machine, member)?;
    part(machine, member, "_value_")
}

/// What a member is as text or a number, where its class mixes that in.
pub(crate) fn plain<'a, L: Library<'a>>(machine: &Machine<'a, L>, member: &Value<'a>) -> Option<Value<'a>> {
    match kind_of(machine, member)?.1 {
        Kind::Int
        | Kind::Str
        | Kind::Mixed(Mixin::Str | Mixin::Int)
        | Kind::Repr(Mixin::Str | Mixin::Int) => value_of(machine, member),
        Kind::Plain | Kind::Flag | Kind::Mixed(Mixin::Other) | Kind::Repr(Mixin::Other) => None,
    }
}

/// The text that a member is, where it is text.
pub(crate) fn text_value<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    member: &Value<'a>,
) -> Option<Value<'a>> {
    plain(machine, member).filter(|v| matches!(v, Value::Str(_) | Value::Unknown(_)))
}

/// `str(member)`; `None` where a class of the repository says it, or where it is no member.
pub(crate) fn text_of<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    member: &Value<'a>,
    at: Span,
) -> Option<Value<'a>> {
    let (class, kind) = kind_of(machine, member)?;
    if defines(machine, class, "__str__") {
        return None;
    }
    let dotted = dotted(machine, class, member, at)?;
    let value = part(machine, member, "_value_")?;
    Some(match kind {
        Kind::Str | Kind::Repr(Mixin::Str) => value,
        Kind::Repr(Mixin::Int) => match value {
            Value::Int(n) => Value::text(&n.to_string(), at),
            _ => unknown("an enum's member as text", at),
        },
        Kind::Repr(Mixin::Other) => unknown("an enum's member as text", at),
        // Python 3.11 changed it.
        Kind::Int => {
            let gap = machine.gap(at, "an IntEnum's member is written otherwise since Python 3.11");
            match value {
                Value::Int(n) => one_of(vec![Value::text(&n.to_string(), at), dotted], gap),
                _ => Value::unknown(gap),
            }
        }
        Kind::Flag => unknown("a flag as text", at),
        Kind::Plain | Kind::Mixed(_) => dotted,
    })
}

/// What a member is formatted as: text, or the value that takes its place. `None` where a class of the repository says it.
pub(crate) fn formatted<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    member: &Value<'a>,
    at: Span,
) -> Option<Value<'a>> {
    let (class, kind) = kind_of(machine, member)?;
    if defines(machine, class, "__format__") || defines(machine, class, "__str__") {
        return None;
    }
    match kind {
        // Python 3.12 changed it (3.11 for some).
        Kind::Mixed(Mixin::Str | Mixin::Int) => {
            let gap = machine.gap(
                at,
                "an enum's member with a mixed-in type is formatted otherwise since Python 3.11",
            );
            let dotted = dotted(machine, class, member, at)?;
            let value = part(machine, member, "_value_")?;
            Some(if value.gap().is_some() {
                Value::unknown(gap)
            } else {
                one_of(vec![value, dotted], gap)
            })
        }
        Kind::Int | Kind::Repr(Mixin::Int) => part(machine, member, "_value_"),
        Kind::Mixed(Mixin::Other) | Kind::Repr(Mixin::Other) => Some(unknown("an enum's member as text", at)),
        Kind::Plain | Kind::Str | Kind::Repr(Mixin::Str) | Kind::Flag => text_of(machine, member, at),
    }
}
