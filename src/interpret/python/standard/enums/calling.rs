//! Enums that are called: with a value, and with names to make another of.

use smol_str::SmolStr;

use super::super::super::heap::Object;
use super::super::super::library::Library;
use super::super::super::machine::{Machine, Run};
use super::super::super::value::{Args, Class, ClassId, Member, Value};
use super::super::access;
use super::super::bind::{self, bind, identical, one_of};
use super::{class_made, defines, members, part};
use crate::known::{Gap, Truth};
use crate::source::Span;

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
