//! Associations: `belongs_to` with its key, `has_one`, `has_many`, `many_to_many`.
//!
//! Source: `Ecto.Association` (Ecto 3.13, lib/ecto/association.ex).

use smol_str::SmolStr;

use super::super::library::Elixir;
use super::super::project::underscored;
use super::super::structs::Given;
use super::fields::{Places, add};
use super::{Assoc, options};
use crate::interpret::elixir::{Run, Scope, Value, Written};

/// The name, the other module and the options of an association.
fn parts(
    machine: &mut Elixir<'_>,
    written: &Written<'_>,
    scope: &mut Scope,
) -> Run<Option<(SmolStr, Value, Given)>> {
    let [name, related, rest @ ..] = written.args else {
        return Ok(None);
    };
    let name = machine.eval(name, scope)?;
    let related = machine.eval(related, scope)?;
    let given = options(machine, rest.first(), scope)?;
    Ok(name.as_atom().map(|name| (SmolStr::new(name), related, given)))
}

/// The module of `Module` or `{"table", Module}`.
fn module(related: &Value) -> SmolStr {
    let related = match related.as_tuple() {
        Some([_, module]) => module,
        _ => related,
    };
    related.as_module().unwrap_or_default()
}

/// The table of `{"table", Module}`.
fn table(related: &Value) -> Option<Value> {
    match related.as_tuple() {
        Some([table, _]) => Some(table.clone()),
        _ => None,
    }
}

fn atom(given: &Given, key: &str) -> Option<SmolStr> {
    given.get(key).and_then(Value::as_atom).map(SmolStr::new)
}

fn push(machine: &mut Elixir<'_>, assoc: Assoc) {
    if let Some(schema) = machine.library.schemas.building.last_mut() {
        schema.assocs.push(assoc);
    }
}

/// `belongs_to name, module, options`.
pub(super) fn belongs_to(machine: &mut Elixir<'_>, written: &Written<'_>, scope: &mut Scope) -> Run<Value> {
    let Some((name, related, given)) = parts(machine, written, scope)? else {
        return Ok(Value::nil());
    };
    let key = atom(&given, "foreign_key").unwrap_or_else(|| SmolStr::new(format!("{name}_id")));
    let defines = given
        .fetch("define_field")
        .is_none_or(|value| value.as_atom() != Some("false"));
    if defines {
        let ty = given.get("type").cloned();
        let set = machine.attribute("foreign_key_type").filter(|ty| !ty.is_nil());
        let ty = ty.or(set).unwrap_or_else(|| Value::atom("id"));
        add(machine, &key, &ty, &given, false, &Places::of(written, 0));
    }
    let assoc = Assoc {
        name,
        kind: "belongs_to",
        related: module(&related),
        table: table(&related),
        owner_key: Some(key),
        related_key: Some(atom(&given, "references").unwrap_or_else(|| SmolStr::new_static("id"))),
        through: None,
        span: written.span,
    };
    push(machine, assoc);
    Ok(Value::atom("ok"))
}

/// `has_one`, `has_many`.
pub(super) fn has(machine: &mut Elixir<'_>, written: &Written<'_>, scope: &mut Scope) -> Run<Value> {
    let Some((name, related, given)) = parts(machine, written, scope)? else {
        return Ok(Value::nil());
    };
    let through = related.as_list().is_some();
    let own = machine
        .library
        .schemas
        .building
        .last()
        .map(|schema| schema.module.clone());
    let owner = own
        .as_deref()
        .and_then(|module| module.rsplit('.').next())
        .map(underscored);
    let assoc = Assoc {
        name,
        kind: if written.name == "has_many" {
            "has_many"
        } else {
            "has_one"
        },
        related: if through {
            SmolStr::default()
        } else {
            module(&related)
        },
        table: table(&related),
        owner_key: (!through)
            .then(|| atom(&given, "references").unwrap_or_else(|| SmolStr::new_static("id"))),
        related_key: (!through)
            .then(|| {
                atom(&given, "foreign_key").or_else(|| owner.map(|owner| SmolStr::new(format!("{owner}_id"))))
            })
            .flatten(),
        through: None,
        span: written.span,
    };
    push(machine, assoc);
    Ok(Value::atom("ok"))
}

/// `many_to_many name, module, join_through: ...`.
pub(super) fn many_to_many(machine: &mut Elixir<'_>, written: &Written<'_>, scope: &mut Scope) -> Run<Value> {
    let Some((name, related, given)) = parts(machine, written, scope)? else {
        return Ok(Value::nil());
    };
    let keys = given.get("join_keys").and_then(Value::as_keywords);
    let own = machine
        .library
        .schemas
        .building
        .last()
        .map(|schema| schema.module.clone());
    let short = |module: &str| underscored(module.rsplit('.').next().unwrap_or(module));
    let columns = match keys.as_deref() {
        Some([(first, _), (second, _)]) => Some([SmolStr::new(first), SmolStr::new(second)]),
        Some(_) => None,
        None if given.get("join_keys").is_some() => None,
        None => own.map(|own| {
            [
                SmolStr::new(format!("{}_id", short(&own))),
                SmolStr::new(format!("{}_id", short(&module(&related)))),
            ]
        }),
    };
    let through = given.get("join_through").cloned().zip(columns);
    let assoc = Assoc {
        name,
        kind: "many_to_many",
        related: module(&related),
        table: table(&related),
        owner_key: Some(SmolStr::new_static("id")),
        related_key: Some(SmolStr::new_static("id")),
        through,
        span: written.span,
    };
    push(machine, assoc);
    Ok(Value::atom("ok"))
}
