//! The names of a module as a dict: `globals()`, `module.__dict__`. It is the namespace itself, not a copy: what is set in it is a
//! name of the module. Python's documentation, Built-in Functions, `globals`; Data model, Modules.

use std::rc::Rc;

use smol_str::SmolStr;

use super::super::heap::{Object, Slot};
use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::methods;
use super::super::modules::ModuleId;
use super::super::value::{Args, TermKind, Value};
use super::access;
use super::bind::identical;
use crate::known::Gap;
use crate::source::Span;

/// How a module names the dict of its names.
const DICT: &str = "__dict__";

/// The names of the module whose code runs.
pub(crate) fn globals<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, at: Span) -> Option<Value<'a>> {
    let module = machine.module()?;
    Some(of_module(machine, module, at))
}

/// The names of a module.
pub(in super::super) fn of_module<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    module: ModuleId,
    at: Span,
) -> Value<'a> {
    let kind = TermKind::Attribute(Value::Module(module), SmolStr::new_static(DICT));
    machine.term(kind, at)
}

/// The module whose names a value is.
fn module_of(value: &Value<'_>) -> Option<ModuleId> {
    let Value::Term(term) = value else { return None };
    match &term.kind {
        TermKind::Attribute(Value::Module(module), name) if name == DICT => Some(*module),
        _ => None,
    }
}

/// The names as they are now, as a dict of their own.
pub(in super::super) fn snapshot<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    at: Span,
) -> Option<Value<'a>> {
    let module = module_of(value)?;
    let id = machine.namespace(module)?;
    let Some(Object::Scope(scope)) = machine.heap().get(id) else {
        return None;
    };
    let mut open = scope.open.clone();
    if !scope.stars.is_empty() {
        open = open.or_else(|| Some(machine.gap(at, "the names that a library's `*` brings")));
    }
    let names: Vec<(SmolStr, Slot<'a>)> = scope.names.iter().map(|(n, s)| (n.clone(), s.clone())).collect();
    let dict = machine.new_dict(Vec::new());
    for own in ["__name__", "__file__", "__doc__", "__package__"] {
        if names.iter().any(|(name, _)| name == own) {
            continue;
        }
        let value = match own {
            "__name__" => Value::text(&machine.modules().dotted(module), at),
            _ => machine.unknown(at, "what a module says of itself"),
        };
        access::dict_set(machine, &dict, Value::text(own, at), value);
    }
    for (name, slot) in names {
        machine.dict_set(&dict, Value::text(&name, at), slot);
    }
    if let (Some(gap), Some(dict)) = (open, machine.dict_mut(&dict)) {
        dict.open.get_or_insert(gap);
    }
    Some(dict)
}

/// `globals()[name] = value`; whether it was one.
pub(in super::super) fn set_item<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    key: &Value<'a>,
    new: &Value<'a>,
    at: Span,
) -> bool {
    let Some(module) = module_of(value) else {
        return false;
    };
    match key.as_str() {
        Some(name) => {
            machine.store_attribute(&Value::Module(module), name, new.clone(), at);
        }
        None => {
            let gap = match key.gap() {
                Some(gap) => gap.clone(),
                None => machine.gap(at, "a name that is no text"),
            };
            open(machine, module, gap);
        }
    }
    true
}

/// `del globals()[name]`; whether it was one.
pub(in super::super) fn delete_item<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    key: &Value<'a>,
    at: Span,
) -> bool {
    let Some(module) = module_of(value) else {
        return false;
    };
    match key.as_str() {
        Some(name) => {
            machine.delete_attribute(&Value::Module(module), name);
        }
        None => {
            let gap = machine.gap(at, "which name is deleted");
            open(machine, module, gap);
        }
    }
    true
}

/// A method of the dict: what it does to a copy is done to the names.
pub(in super::super) fn method<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let dict = snapshot(machine, value, at)?;
    let before = entries(machine, &dict);
    let run = methods::call(machine, &dict, name, args, at)?;
    if matches!(name, "update" | "setdefault" | "pop" | "popitem" | "clear") {
        write_back(machine, value, &dict, &before, at);
    }
    Some(run)
}

fn entries<'a, L: Library<'a>>(machine: &Machine<'a, L>, dict: &Value<'a>) -> Vec<(SmolStr, Value<'a>)> {
    let entries = machine
        .dict(dict)
        .map(|d| d.entries.as_slice())
        .unwrap_or_default();
    let text = |(key, slot): &(Value<'a>, Slot<'a>)| Some((SmolStr::new(key.as_str()?), slot.value.clone()));
    entries.iter().filter_map(text).collect()
}

/// Names that a method has set or taken out are set and taken out.
fn write_back<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    dict: &Value<'a>,
    before: &[(SmolStr, Value<'a>)],
    at: Span,
) {
    let Some(id) = module_of(value) else { return };
    let module = Value::Module(id);
    let after = entries(machine, dict);
    for (name, new) in &after {
        if !before.iter().any(|(n, v)| n == name && is_same(v, new)) {
            machine.store_attribute(&module, name, new.clone(), at);
        }
    }
    for (name, _) in before {
        if !after.iter().any(|(n, _)| n == name) {
            machine.delete_attribute(&module, name);
        }
    }
    if let Some(gap) = machine.dict(dict).and_then(|d| d.open.clone()) {
        open(machine, id, gap);
    }
}

fn is_same(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Unknown(a), Value::Unknown(b)) => Rc::ptr_eq(a, b),
        (Value::Method(a), Value::Method(b)) => Rc::ptr_eq(a, b),
        (Value::Iterator(a), Value::Iterator(b)) => a == b,
        _ => identical(a, b),
    }
}

/// A module may have other names too. Those that it is known to have stay: a name that is put together is one that is not written.
fn open<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, module: ModuleId, gap: Gap) {
    if let Some(scope) = machine.namespace(module).and_then(|id| machine.scope_mut(id)) {
        scope.open.get_or_insert(gap);
    }
}
