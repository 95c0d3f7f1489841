//! What functions name without variables and calls: fields, lists of them, attributes of their module.

use smol_str::SmolStr;

use super::library::Elixir;
use crate::interpret::elixir::{Clause, Value};
use crate::syntax::elixir::{Callee, Form, FormKind, Part};

/// How deep forms are looked into.
const DEEPEST: usize = 200;

/// The value of a form where a clause stands; `None` where it holds variables or calls.
pub fn value(machine: &mut Elixir<'_>, clause: &Clause, form: &Form) -> Option<Value> {
    match is_constant(form, 0) {
        true => machine.constant(clause, form),
        false => None,
    }
}

/// The names that a form gives: one, or a list of them.
pub fn names(machine: &mut Elixir<'_>, clause: &Clause, form: &Form) -> Option<Vec<SmolStr>> {
    match value(machine, clause, form)? {
        Value::Atom(name) if name != "nil" => Some(vec![name]),
        Value::List(items) => items
            .iter()
            .map(|item| item.as_atom().map(SmolStr::new))
            .collect(),
        _ => None,
    }
}

/// Lists, names, attributes, and lists put together.
fn is_constant(form: &Form, depth: usize) -> bool {
    depth < DEEPEST
        && match &form.kind {
            FormKind::Atom(_) | FormKind::Integer(_) => true,
            FormKind::Sigil(sigil) => sigil.parts.iter().all(|part| matches!(part, Part::Text(_))),
            FormKind::List(items) => items.iter().all(|item| is_constant(item, depth + 1)),
            FormKind::Call(call) => match (&call.callee, call.args.as_slice()) {
                (Callee::Local(at), [name]) if at == "@" => matches!(name.kind, FormKind::Variable(..)),
                (Callee::Local(operator), [a, b]) if operator == "++" || operator == "--" => {
                    is_constant(a, depth + 1) && is_constant(b, depth + 1)
                }
                _ => false,
            },
            _ => false,
        }
}
