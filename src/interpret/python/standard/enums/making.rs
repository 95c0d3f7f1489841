//! What becomes of the statements in an enum's body: its members.

use smol_str::SmolStr;

use super::super::super::heap::Object;
use super::super::super::library::Library;
use super::super::super::machine::{Machine, Run};
use super::super::super::value::{ClassId, Member, Value};
use super::super::access;
use super::super::bind::{self, identical, unknown};
use super::{Kind, Mixin, defines, kind, part};
use crate::source::Span;

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
