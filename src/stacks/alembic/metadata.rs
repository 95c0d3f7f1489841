//! Which metadata `env.py` hands over, and the naming convention that it has.
//!
//! Source: `MetaData.__init__`; `declarative_base`, `registry`, Flask-SQLAlchemy's `SQLAlchemy(metadata=...)`.

use smol_str::SmolStr;

use super::config::Tree;
use super::database::{Context, Naming};
use super::environment;
use super::library::{Alembic, Python};
use crate::config::Given;
use crate::interpret::python::{Args, Machine, Modules, TermKind, Unknown, Value};
use crate::known::Gap;
use crate::session::Session;
use crate::source::{FileId, Files, Span};

/// How many steps lead from `target_metadata` to the `MetaData` that it is.
const MAX_STEPS: usize = 12;

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
        if let Ok(Some(convention)) = machine.attribute_if_any(&value, "naming_convention", at)
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
    Naming::None
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
        Value::Unknown(unknown) => Some(Naming::Unknown(unknown.gap.clone())),
        _ => machine.dict_items(convention).map(Naming::Known),
    }
}

enum Step<'a> {
    /// It is, or belongs to, this.
    To(Value<'a>),
    /// Its convention.
    Convention(Value<'a>),
    /// It has none.
    Plain,
}

/// What says more about a metadata, or about what has one.
fn next<'a>(machine: &mut Python<'a>, value: &Value<'a>, at: Span) -> Step<'a> {
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
            TermKind::Path(path) => path.rsplit('.').next().unwrap_or(path).to_owned(),
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

/// What `env.py` hands to autogenerate: which metadata, and which modules its imports reach.
#[derive(Debug, Clone, Default)]
pub struct Handed {
    /// Each metadata, by what made it.
    pub metadata: Vec<Identity>,
    /// Why there may be others.
    pub open: Option<Gap>,
    /// The modules that were imported.
    pub modules: Vec<FileId>,
}

/// What a metadata is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Made at this place: `MetaData()`, `declarative_base()`, `SQLAlchemy()`, or a declarative base, by its name.
    Place(Span),
    /// A library's own: `sqlmodel.SQLModel`.
    Path(SmolStr),
}

/// Runs `env.py` of a tree alone, and tells what it hands over.
#[must_use]
pub fn handed(files: &Files, tree: &Tree, given: &Given) -> Handed {
    let modules = Modules::new(files, tree.roots());
    let library = Alembic::new(Session::new(given), tree.clone(), given.clone());
    let mut machine = Machine::new(&modules, library);
    let Some(environment) = tree.environment(files) else {
        return Handed::default();
    };
    let at = Span::new(environment, 0, 0);
    let invocations = environment::run(&mut machine, Some(environment), at);
    let mut out = Handed::default();
    for invocation in &invocations {
        match invocation.context.option("target_metadata") {
            Some(metadata) => {
                let metadata = metadata.clone();
                identities(&mut machine, &metadata, at, &mut out, 0);
            }
            None => out.open = out.open.or_else(|| invocation.context.open.clone()),
        }
    }
    out.modules = machine
        .loaded()
        .into_iter()
        .map(|module| modules.get(module).file)
        .collect();
    out
}

fn identities<'a>(machine: &mut Python<'a>, value: &Value<'a>, at: Span, out: &mut Handed, depth: usize) {
    let several = machine.known_items(value).or_else(|| {
        let entries = machine.dict_items(value)?;
        Some(entries.into_iter().map(|(_, value)| value).collect())
    });
    if let Some(items) = several.filter(|_| depth < MAX_STEPS) {
        for item in items {
            identities(machine, &item, at, out, depth + 1);
        }
        return;
    }
    if let Value::Unknown(unknown) = value {
        let unknown = unknown.clone();
        if unknown.candidates.is_empty() || depth >= MAX_STEPS {
            out.open.get_or_insert_with(|| unknown.gap.clone());
        }
        for candidate in unknown.candidates.iter().take(8) {
            identities(machine, candidate, at, out, depth + 1);
        }
        return;
    }
    let identity = origin(machine, value, at);
    match identity {
        Some(identity) if !out.metadata.contains(&identity) => out.metadata.push(identity),
        Some(_) => {}
        None if matches!(value, Value::None) => {}
        None => {
            out.open
                .get_or_insert_with(|| machine.gap(at, "which metadata env.py hands over"));
        }
    }
}

/// What made a metadata: the first `MetaData()` on the way, else the last thing that has one.
fn origin<'a>(machine: &mut Python<'a>, value: &Value<'a>, at: Span) -> Option<Identity> {
    let mut value = value.clone();
    let mut last = None;
    for _ in 0..MAX_STEPS {
        match &value {
            Value::Class(class) => {
                // A class with a metadata of its own, or the one nearest to the library's base.
                let class = *class;
                let order = machine.class(class).map(|c| c.order.clone()).unwrap_or_default();
                let owner = machine
                    .lookup(class, "metadata")
                    .filter(|(_, m)| m.value.is_some());
                let base = owner.as_ref().map(|(owner, _)| *owner).or_else(|| {
                    let mut classes = order.iter().filter_map(|base| match base {
                        Value::Class(class) => Some(*class),
                        _ => None,
                    });
                    classes.next_back()
                });
                last = base
                    .and_then(|base| machine.class(base))
                    .map(|class| Identity::Place(class.span))
                    .or(last);
                if owner.is_none() {
                    return last;
                }
            }
            Value::Term(term) => match &term.kind {
                TermKind::Path(path) => {
                    let path = path.strip_suffix(".metadata").unwrap_or(path);
                    return Some(Identity::Path(path.into()));
                }
                TermKind::Call(..) => last = Some(Identity::Place(term.span)),
                _ => {}
            },
            _ => return last,
        }
        match next(machine, &value, at) {
            Step::To(next) => value = next,
            Step::Convention(_) | Step::Plain => return last,
        }
    }
    last
}
