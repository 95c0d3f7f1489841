//! The naming convention of the metadata that `env.py` hands over.
//!
//! Source: `MetaData.__init__`; `declarative_base`, `registry`, Flask-SQLAlchemy's `SQLAlchemy(metadata=...)`.

use super::database::{Context, Naming};
use super::library::Python;
use crate::interpret::python::dotted;
use crate::interpret::python::{Args, TermKind, Unknown, Value};
use crate::source::Span;
use crate::stacks::sqlalchemy::metadata::{brought_conventions, set_later};
use crate::stacks::sqlalchemy::terms;

/// How many steps lead from `target_metadata` to the `MetaData` that it is.
pub(super) const MAX_STEPS: usize = 12;

/// The naming convention of what `target_metadata` is, as far as it is known.
pub(super) fn naming<'a>(machine: &mut Python<'a>, context: &Context<'a>, at: Span) -> Naming<'a> {
    let Some(metadata) = context.option("target_metadata").cloned() else {
        return match &context.open {
            Some(gap) => Naming::Unknown(gap.clone()),
            None => Naming::None,
        };
    };
    // A list has no naming convention (`SchemaObjects.metadata`).
    if machine.known_items(&metadata).is_some() {
        return Naming::None;
    }
    of(machine, &metadata, at)
}

fn of<'a>(machine: &mut Python<'a>, metadata: &Value<'a>, at: Span) -> Naming<'a> {
    let mut value = metadata.clone();
    for _ in 0..MAX_STEPS {
        match &value {
            Value::None => return Naming::None,
            Value::Unknown(unknown) => {
                let unknown = unknown.clone();
                return one_of(machine, &unknown, at);
            }
            _ => {}
        }
        // What was set on it later.
        if let Some(convention) = set_later(machine, &value, "naming_convention")
            && let Some(naming) = known(machine, &convention)
        {
            return naming;
        }
        if let Ok(Some(convention)) = machine.attribute_if_any(&value, "naming_convention", at)
            && let Some(naming) = known(machine, &convention)
        {
            return naming;
        }
        // That of a package's own.
        if let Some(convention) = brought_conventions(machine, &value, at)
            && let Some(naming) = known(machine, &convention)
        {
            return naming;
        }
        match next(machine, &value, at) {
            Step::To(next) => value = next,
            Step::Convention(convention) => {
                return known(machine, &convention).unwrap_or_else(|| {
                    Naming::Unknown(machine.gap(at, "the naming convention of the metadata cannot be told"))
                });
            }
            Step::Plain => return Naming::None,
        }
    }
    Naming::Unknown(machine.gap(at, "which metadata is handed over cannot be told"))
}

/// The convention that all candidates have.
fn one_of<'a>(machine: &mut Python<'a>, unknown: &Unknown<'a>, at: Span) -> Naming<'a> {
    let found: Vec<Naming<'a>> = unknown
        .candidates
        .iter()
        .map(|candidate| match candidate {
            Value::Unknown(inner) => Naming::Unknown(inner.gap.clone()),
            candidate => of(machine, candidate, at),
        })
        .collect();
    let text = |naming: &Naming<'a>| match naming {
        Naming::None => Some(Vec::new()),
        Naming::Known(entries) => Some(
            entries
                .iter()
                .map(|(key, value)| format!("{:?} {:?}", key.as_str(), value.as_str()))
                .collect(),
        ),
        Naming::Unknown(_) => None,
    };
    let first = found.first().and_then(text);
    match found.first() {
        Some(naming) if first.is_some() && found.iter().all(|other| text(other) == first) => naming.clone(),
        _ => Naming::Unknown(unknown.gap.clone()),
    }
}

fn known<'a>(machine: &mut Python<'a>, convention: &Value<'a>) -> Option<Naming<'a>> {
    match convention {
        Value::None => Some(Naming::None),
        Value::Unknown(unknown) => Some(match terms::usual_dict(machine, unknown) {
            Some(dict) => known(machine, &dict)?,
            None => Naming::Unknown(unknown.gap.clone()),
        }),
        _ => machine.dict_items(convention).map(Naming::Known),
    }
}

pub(super) enum Step<'a> {
    /// It is, or belongs to, this.
    To(Value<'a>),
    /// Its convention.
    Convention(Value<'a>),
    /// It has none.
    Plain,
}

/// What says more about a metadata, or about what has one.
pub(super) fn next<'a>(machine: &mut Python<'a>, value: &Value<'a>, at: Span) -> Step<'a> {
    match value {
        Value::Term(term) => match &term.kind {
            TermKind::Attribute(object, name) if is_of_metadata(name) => Step::To(object.clone()),
            TermKind::Call(callee, args) => call(callee, args),
            // `db.metadatas[None]`.
            TermKind::Item(object, _) => Step::To(object.clone()),
            _ => Step::Plain,
        },
        // A declarative base: its own `metadata`, else that of what it is derived from.
        Value::Class(class) => {
            if let Some((_, member)) = machine.lookup(*class, "metadata")
                && let Some(own) = member.value
            {
                return Step::To(own);
            }
            let order = machine.class(*class).map(|c| c.order.clone()).unwrap_or_default();
            let base = order.into_iter().find(|base| matches!(base, Value::Term(_)));
            match base {
                Some(base) => Step::To(base),
                None => Step::Plain,
            }
        }
        // An object of a class that derives from Flask-SQLAlchemy's has what it was given.
        Value::Instance(_) if terms::is_flask(machine, value) => match machine.set_on(value, "metadata") {
            Some(given) => Step::To(given),
            None => Step::Plain,
        },
        Value::Instance(_) => match machine.attribute_if_any(value, "metadata", at) {
            Ok(Some(metadata)) => Step::To(metadata),
            _ => Step::Plain,
        },
        _ => Step::Plain,
    }
}

/// Attributes whose metadata is that of the object.
fn is_of_metadata(name: &str) -> bool {
    matches!(
        name,
        "metadata" | "Model" | "generate_base" | "mapped" | "metadatas"
    )
}

fn call<'a>(callee: &Value<'a>, args: &Args<'a>) -> Step<'a> {
    let name = match callee {
        Value::Term(term) => match &term.kind {
            TermKind::Path(path) => dotted::last(path).to_owned(),
            TermKind::Attribute(object, name) if is_of_metadata(name) => return Step::To(object.clone()),
            _ => return Step::Plain,
        },
        _ => return Step::Plain,
    };
    match name.as_str() {
        "MetaData" => match args.get(2, "naming_convention") {
            Some(convention) => Step::Convention(convention.value.clone()),
            None => Step::Plain,
        },
        // `registry(metadata=...)`, `declarative_base(metadata=...)`, `SQLAlchemy(metadata=...)`.
        "registry" | "declarative_base" | "SQLAlchemy" | "automap_base" => match args.keyword("metadata") {
            Some(metadata) => Step::To(metadata.value.clone()),
            None => Step::Plain,
        },
        _ => Step::Plain,
    }
}
