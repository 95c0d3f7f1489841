//! Enums: a class statement's members become instances with a name and a value.

use smol_str::SmolStr;

use super::super::heap::Object;
use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::{Args, Class, ClassId, Member, Value};
use super::access;
use super::bind::{self, bind, identical, one_of, unknown};
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

/// A class statement has run: its members, where it is an enum.
pub(crate) fn class_made<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, class: ClassId) -> Run<'a, ()> {
    let Some(kind) = kind(machine, class) else {
        return Ok(());
    };
    let Some(members) = machine.class(class).map(|c| c.members.clone()) else {
        return Ok(());
    };
    let ignored = members
        .iter()
        .find(|m| m.name == "_ignore_")
        .and_then(|m| m.value.clone())
        .map(|v| names_in(machine, &v))
        .unwrap_or_default();
    let mut made: Vec<(Value<'a>, Value<'a>)> = Vec::new();
    for (i, member) in members.iter().enumerate() {
        let Some(value) = member.value.clone() else {
            continue;
        };
        if !is_member(&member.name, &value) || ignored.contains(&member.name) {
            continue;
        }
        let instance = make(machine, class, kind, member, value, &mut made)?;
        if let Some(slot) = machine.class_mut(class).and_then(|c| c.members.get_mut(i)) {
            slot.value = Some(instance);
        }
    }
    Ok(())
}

fn names_in<'a, L: Library<'a>>(machine: &Machine<'a, L>, value: &Value<'a>) -> Vec<SmolStr> {
    if let Some(text) = value.as_str() {
        return text
            .replace(',', " ")
            .split_whitespace()
            .map(SmolStr::new)
            .collect();
    }
    match access::contents(machine, value) {
        Some(Ok(items)) => items.iter().filter_map(Value::as_str).map(SmolStr::new).collect(),
        _ => Vec::new(),
    }
}

/// Whether an assignment in an enum's body is a member: no special name, no function, no descriptor.
fn is_member(name: &str, value: &Value<'_>) -> bool {
    let special = name.starts_with('_') && name.ends_with('_') || name.starts_with("__");
    let call = value.as_call().and_then(|(callee, _)| callee.as_path());
    let descriptor = matches!(
        call,
        Some(
            "builtins.property"
                | "builtins.classmethod"
                | "builtins.staticmethod"
                | "enum.nonmember"
                | "enum.property"
                | "functools.cached_property"
                | "types.DynamicClassAttribute"
        )
    );
    !special && !descriptor && !matches!(value, Value::Function(_) | Value::Method(_) | Value::Class(_))
}

fn make<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    kind: Kind,
    member: &Member<'a>,
    given: Value<'a>,
    made: &mut Vec<(Value<'a>, Value<'a>)>,
) -> Run<'a, Value<'a>> {
    let at = member.span;
    let given = match given.as_call() {
        Some((callee, args)) if callee.as_path() == Some("enum.member") => {
            args.positional.first().map_or(Value::None, |a| a.value.clone())
        }
        Some((callee, args)) if callee.as_path() == Some("enum.auto") && args.positional.is_empty() => {
            automatic(machine, class, kind, &member.name, made, at)?
        }
        _ => given,
    };
    let value = converted(machine, kind, &given, at);
    if let Some((_, instance)) = made
        .iter()
        .find(|(v, _)| v.gap().is_none() && identical(v, &value))
    {
        return Ok(instance.clone());
    }
    let name = Value::text(&member.name, at);
    let attributes = [
        ("name", name.clone()),
        ("_name_", name),
        ("value", value.clone()),
        ("_value_", value),
    ];
    let attributes = attributes.map(|(n, v)| (SmolStr::new(n), v));
    let mut instance = machine.new_instance(class, attributes.into());
    let args = match &given {
        Value::Tuple(items) => bind::positional(items.iter().cloned(), at),
        given => bind::positional([given.clone()], at),
    };
    if let Some((
        _,
        Member {
            value: Some(new @ Value::Function(_)),
            ..
        },
    )) = machine.lookup(class, "__new__")
    {
        let mut full = bind::positional([Value::Class(class)], at);
        full.positional.extend(args.positional.iter().cloned());
        instance = match machine.call(&new, full, at)? {
            made @ Value::Instance(_) => made,
            _ => instance,
        };
        if let Some(name) = part(machine, &instance, "_name_").or(Some(Value::text(&member.name, at))) {
            for n in ["name", "_name_"] {
                set_part(machine, &instance, n, name.clone());
            }
        }
        let value = part(machine, &instance, "_value_")
            .unwrap_or_else(|| unknown("the value of an enum's member that its class makes", at));
        set_part(machine, &instance, "_value_", value.clone());
        set_part(machine, &instance, "value", value);
    }
    if defines(machine, class, "__init__") {
        let init = machine.attribute(&instance, "__init__", at)?;
        machine.call(&init, args, at)?;
        if let Some(value) = part(machine, &instance, "_value_") {
            set_part(machine, &instance, "value", value);
        }
    }
    let value = part(machine, &instance, "_value_").unwrap_or(Value::None);
    made.push((value, instance.clone()));
    Ok(instance)
}

fn set_part<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    member: &Value<'a>,
    name: &str,
    value: Value<'a>,
) {
    if let Value::Instance(id) = member
        && let Some(Object::Instance(instance)) = machine.heap_mut().get_mut(*id)
    {
        instance.attributes.set(SmolStr::new(name), value.into());
    }
}

/// The value as the mixed-in type makes it.
fn converted<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    kind: Kind,
    given: &Value<'a>,
    at: Span,
) -> Value<'a> {
    let _ = machine;
    match (kind, given) {
        (Kind::Mixed(Mixin::Str) | Kind::Repr(Mixin::Str) | Kind::Str, Value::Int(n)) => {
            Value::text(&n.to_string(), at)
        }
        (
            Kind::Mixed(Mixin::Str | Mixin::Int) | Kind::Repr(Mixin::Str | Mixin::Int),
            Value::Str(_) | Value::Int(_) | Value::Unknown(_),
        ) => given.clone(),
        (Kind::Mixed(Mixin::Str | Mixin::Int) | Kind::Repr(Mixin::Str | Mixin::Int), _) => {
            unknown("the value of an enum's member", at)
        }
        _ => given.clone(),
    }
}

/// What `auto()` gives.
fn automatic<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    kind: Kind,
    name: &str,
    made: &[(Value<'a>, Value<'a>)],
    at: Span,
) -> Run<'a, Value<'a>> {
    if let Some((
        _,
        Member {
            value: Some(generate @ Value::Function(_)),
            ..
        },
    )) = machine.lookup(class, "_generate_next_value_")
    {
        let last = machine.new_list(made.iter().map(|(v, _)| v.clone()).collect());
        let count = Value::Int(made.len() as i64);
        let args = bind::positional([Value::text(name, at), Value::Int(1), count, last], at);
        return machine.call(&generate, args, at);
    }
    if kind == Kind::Str {
        return Ok(Value::text(&name.to_lowercase(), at));
    }
    let numbers: Vec<i64> = made.iter().filter_map(|(v, _)| bind::int(v)).collect();
    if numbers.len() != made.len()
        && !(made.is_empty() || matches!(kind, Kind::Mixed(Mixin::Str) | Kind::Repr(Mixin::Str)))
    {
        return Ok(unknown("auto() after values that are no numbers", at));
    }
    let next = match (kind, numbers.last(), numbers.iter().max()) {
        (Kind::Mixed(Mixin::Str) | Kind::Repr(Mixin::Str), ..) => {
            let last = made.last().and_then(|(v, _)| v.as_str()?.parse::<i64>().ok());
            if made.is_empty() {
                Some(1)
            } else {
                last.and_then(|n| n.checked_add(1))
            }
        }
        (_, None, _) => Some(1),
        (Kind::Flag, _, Some(max)) if *max > 0 => {
            1i64.checked_shl(64 - max.leading_zeros()).filter(|n| *n > 0)
        }
        // Python 3.13 goes on from the greatest, earlier ones from the last.
        (_, Some(last), Some(max)) if last == max => last.checked_add(1),
        _ => None,
    };
    Ok(next.map_or_else(|| unknown("auto()", at), Value::Int))
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

/// `X(value)`, `X("Name", "a b c")` of an enum without members.
pub(crate) fn instantiate<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let members = match members(machine, class)? {
        Ok(members) => members,
        Err(gap) => return Some(Ok(Value::unknown(gap))),
    };
    if members.is_empty() {
        return functional(machine, Value::Class(class), args, at);
    }
    let [value] = bind(args, ["value"])?;
    let value = value?.clone();
    if let Value::Unknown(u) = &value {
        let all: Vec<_> = members.into_iter().map(|(_, m)| m).collect();
        return Some(Ok(one_of(all, u.gap.clone())));
    }
    for (_, member) in &members {
        if identical(member, &value) {
            return Some(Ok(value));
        }
        let own = part(machine, member, "_value_")?;
        match access::equal(machine, &own, &value, at) {
            Truth::Yes => return Some(Ok(member.clone())),
            Truth::No => {}
            Truth::Unknown(gap) => return Some(Ok(Value::unknown(gap))),
        }
    }
    if defines(machine, class, "_missing_") {
        let missing = match machine.attribute(&Value::Class(class), "_missing_", at) {
            Ok(missing) => missing,
            Err(stop) => return Some(Err(stop)),
        };
        match machine.call(&missing, bind::positional([value.clone()], at), at) {
            Ok(Value::None) => {}
            other => return Some(other),
        }
    }
    let name = machine.class(class).map(|c| c.name.clone()).unwrap_or_default();
    let why = format!("{} is not a valid {name}", machine.display(&value));
    Some(Err(access::raise(machine, "ValueError", &why, at)))
}

/// `Enum("X", "a b c")`, with a list of names, pairs or a dict.
pub(crate) fn functional<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    base: Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let [name, names, _, _, mixin, start] =
        bind(args, ["value", "names", "module", "qualname", "type", "start"])?;
    let (name, names) = (SmolStr::new(name?.as_str()?), names?.clone());
    if start.is_some() {
        return None;
    }
    let given = match given_members(machine, &names, at)? {
        Ok(given) => given,
        Err(gap) => return Some(Ok(Value::unknown(gap))),
    };
    let mut bases = vec![base.clone()];
    if let Some(mixin) = mixin {
        bases.insert(0, mixin.clone());
    }
    let module = machine.module()?;
    let mut order = match &base {
        Value::Class(id) => machine.class(*id)?.order.clone(),
        other => vec![other.clone()],
    };
    if let Some(mixin) = mixin {
        order.insert(0, mixin.clone());
    }
    let members = given
        .into_iter()
        .map(|(name, value)| Member {
            name,
            value: Some(value),
            annotation: None,
            span: at,
            whole: at,
            maybe: None,
        })
        .collect();
    let class = Class {
        called: None,
        name,
        module,
        span: at,
        whole: at,
        bases,
        keywords: Vec::new(),
        order: Vec::new(),
        open: None,
        members,
        decorators: Vec::new(),
    };
    let id = new_class(machine, class, order);
    Some(class_made(machine, id).map(|()| Value::Class(id)))
}

/// Puts a class on the heap; `order` is what follows itself.
pub(crate) fn new_class<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: Class<'a>,
    order: Vec<Value<'a>>,
) -> ClassId {
    let id = machine.allocate(Object::Class(Box::new(class)));
    if let Some(class) = machine.class_mut(id) {
        class.order = std::iter::once(Value::Class(id)).chain(order).collect();
    }
    let namespace = machine.module().and_then(|m| machine.namespace(m));
    machine.made.push((id, namespace));
    id
}

type Given<'a> = Vec<(SmolStr, Value<'a>)>;

fn given_members<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    names: &Value<'a>,
    at: Span,
) -> Option<Result<Given<'a>, Gap>> {
    let items = match names {
        Value::Str(text) => {
            let names = text.as_str().replace(',', " ");
            let number = |(i, n): (usize, &str)| (SmolStr::new(n), Value::Int(i as i64 + 1));
            return Some(Ok(names.split_whitespace().enumerate().map(number).collect()));
        }
        Value::Dict(_) => match access::entries(machine, names) {
            Ok(entries) => entries
                .into_iter()
                .map(|(k, v)| Value::Tuple([k, v].into()))
                .collect(),
            Err(gap) => return Some(Err(gap)),
        },
        _ => match machine.items(names, at).ok()? {
            Ok(items) => items,
            Err(gap) => return Some(Err(gap)),
        },
    };
    let mut out = Vec::new();
    for (i, item) in items.into_iter().enumerate() {
        match &item {
            Value::Str(name) => out.push((SmolStr::new(name.as_str()), Value::Int(i as i64 + 1))),
            Value::Unknown(u) => return Some(Err(u.gap.clone())),
            _ => {
                let pair = access::contents(machine, &item)?.ok()?;
                let [name, value] = <[Value<'a>; 2]>::try_from(pair).ok()?;
                out.push((SmolStr::new(name.as_str()?), value));
            }
        }
    }
    Some(Ok(out))
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
