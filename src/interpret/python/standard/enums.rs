//! Enums: a class statement's members become instances with a name and a value.

mod calling;
mod making;
mod texts;

pub(crate) use calling::{functional, instantiate, new_class};
pub(crate) use making::class_made;
use smol_str::SmolStr;
pub(crate) use texts::{formatted, plain, text_of, text_value};

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::{ClassId, Value};
use super::access;
use super::bind::{identical, one_of};
use crate::known::{Gap, Truth};
use crate::source::Span;

/// What an enum's members are besides members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Only members.
    Plain,
    /// Integers (`IntEnum`).
    Int,
    /// Text, written as its value (`StrEnum`).
    Str,
    /// Flags.
    Flag,
    /// Values of a type that is mixed in: `class X(str, Enum)`, `class X(int, Enum)`.
    Mixed(Mixin),
    /// The same, written as they are (`class X(int, ReprEnum)`, Python 3.11).
    Repr(Mixin),
}

/// A type that is mixed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mixin {
    Str,
    Int,
    Other,
}

/// What kind of enum a class is; `None` for other classes.
pub(crate) fn kind<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId) -> Option<Kind> {
    let class = machine.class(class)?;
    let mut kind = None;
    let mut mixin = None;
    let mut repr = false;
    for base in &class.order {
        match base.as_path() {
            Some("enum.Enum") => kind = kind.or(Some(Kind::Plain)),
            Some("enum.ReprEnum") => {
                kind = kind.or(Some(Kind::Plain));
                repr = true;
            }
            Some("enum.IntEnum") => return Some(Kind::Int),
            Some("enum.StrEnum" | "strenum.StrEnum" | "backports.strenum.StrEnum") => return Some(Kind::Str),
            Some("enum.Flag" | "enum.IntFlag") => return Some(Kind::Flag),
            Some("builtins.str") => mixin = mixin.or(Some(Mixin::Str)),
            Some("builtins.int") => mixin = mixin.or(Some(Mixin::Int)),
            Some("builtins.float" | "builtins.bytes" | "builtins.tuple") => mixin = Some(Mixin::Other),
            _ => {}
        }
    }
    let kind = kind?;
    let mixed = if repr { Kind::Repr } else { Kind::Mixed };
    Some(mixin.map_or(kind, mixed))
}

fn kind_of<'a, L: Library<'a>>(machine: &Machine<'a, L>, member: &Value<'a>) -> Option<(ClassId, Kind)> {
    let class = machine.class_of(member)?;
    Some((class, kind(machine, class)?))
}

/// An attribute that making the member gave it.
fn part<'a, L: Library<'a>>(machine: &Machine<'a, L>, member: &Value<'a>, name: &str) -> Option<Value<'a>> {
    let Value::Instance(id) = member else { return None };
    let slot = machine.instance(*id)?.attributes.get(name)?;
    slot.maybe.is_none().then(|| slot.value.clone())
}

/// Whether a class of the repository brings the method, before the library's own.
fn defines<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId, name: &str) -> bool {
    machine.lookup(class, name).is_some()
}

fn dotted<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    class: ClassId,
    member: &Value<'a>,
    at: Span,
) -> Option<Value<'a>> {
    let name = part(machine, member, "_name_")?;
    let class = machine.class(class)?.name.clone();
    Some(Value::text(&format!("{class}.{}", name.as_str()?), at))
}

/// The members of an enum in order, aliases left out; the gap where they cannot all be told.
pub(crate) fn members<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    class: ClassId,
) -> Option<Result<Vec<(SmolStr, Value<'a>)>, Gap>> {
    all_members(machine, class).map(|all| {
        Ok(all?
            .into_iter()
            .filter(|(name, m)| part(machine, m, "_name_").is_some_and(|n| n.as_str() == Some(name)))
            .collect())
    })
}

/// The members of an enum in order, with aliases.
fn all_members<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    class: ClassId,
) -> Option<Result<Vec<(SmolStr, Value<'a>)>, Gap>> {
    kind(machine, class)?;
    let found = machine.class(class)?;
    if let Some(gap) = &found.open {
        return Some(Err(gap.clone()));
    }
    let mut out = Vec::new();
    for member in &found.members {
        let Some(value @ Value::Instance(_)) = &member.value else {
            continue;
        };
        if machine.class_of(value) != Some(class) {
            continue;
        }
        if let Some(gap) = &member.maybe {
            return Some(Err(gap.clone()));
        }
        out.push((member.name.clone(), value.clone()));
    }
    Some(Ok(out))
}

/// An attribute of an enum class that is no member.
pub(crate) fn attribute<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    name: &str,
    at: Span,
) -> Option<Value<'a>> {
    match name {
        "__members__" => Some(match all_members(machine, class)? {
            Ok(members) => {
                let entries = members
                    .into_iter()
                    .map(|(n, m)| (Value::text(&n, at), m))
                    .collect();
                machine.new_dict(entries)
            }
            Err(gap) => Value::unknown(gap),
        }),
        "_member_names_" => Some(match members(machine, class)? {
            Ok(members) => machine.new_list(members.into_iter().map(|(n, _)| Value::text(&n, at)).collect()),
            Err(gap) => Value::unknown(gap),
        }),
        "_member_map_" => attribute(machine, class, "__members__", at),
        "_value2member_map_" => Some(match members(machine, class)? {
            Ok(members) => {
                let entries = members
                    .into_iter()
                    .map(|(_, m)| (part(machine, &m, "_value_").unwrap_or(Value::None), m))
                    .collect();
                machine.new_dict(entries)
            }
            Err(gap) => Value::unknown(gap),
        }),
        _ => None,
    }
}

/// `X["NAME"]`.
pub(crate) fn item<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    key: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let members = match all_members(machine, class)? {
        Ok(members) => members,
        Err(gap) => return Some(Ok(Value::unknown(gap))),
    };
    Some(match key {
        Value::Unknown(u) => {
            let all = members.into_iter().map(|(_, m)| m).collect();
            Ok(one_of(all, u.gap.clone()))
        }
        key => match members.into_iter().find(|(n, _)| key.as_str() == Some(n)) {
            Some((_, member)) => Ok(member),
            None => Err(access::raise_key(machine, key, at)),
        },
    })
}

/// `item in X`.
pub(crate) fn contains<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    item: &Value<'a>,
    at: Span,
) -> Option<Truth> {
    let members = match members(machine, class)? {
        Ok(members) => members,
        Err(gap) => return Some(Truth::Unknown(gap)),
    };
    if let Some(gap) = item.gap() {
        return Some(Truth::Unknown(gap.clone()));
    }
    for (_, member) in members {
        if identical(&member, item) {
            return Some(Truth::Yes);
        }
        let value = part(machine, &member, "_value_")?;
        match access::equal(machine, &value, item, at) {
            Truth::No => {}
            other => return Some(other),
        }
    }
    Some(Truth::No)
}

/// Whether a value is an enum's member.
pub(crate) fn kind_is<'a, L: Library<'a>>(machine: &Machine<'a, L>, value: &Value<'a>) -> bool {
    kind_of(machine, value).is_some()
}
