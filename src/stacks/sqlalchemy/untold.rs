//! Classes that name a table or have columns, and of which it cannot be told whether they are models: what they derive from is not known.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::interpret::python::dotted;
use crate::interpret::python::{Class, ClassId, Library, Machine, Value};
use crate::known::{Gap, Reach};
use crate::source::Span;

use super::brought;
use super::declarative;
use super::terms;

/// Packages of which no class is a base of models.
const PLAIN: &[&str] = &[
    "abc",
    "builtins",
    "collections",
    "dataclasses",
    "enum",
    "pydantic",
    "typing",
    "typing_extensions",
];

/// What cannot be told of such classes: each may declare the table that it names, or one that its base names. A base is said once.
pub(super) fn classes<'a, L: Library<'a>>(machine: &mut Machine<'a, L>) -> Vec<Gap> {
    let ids = machine.classes();
    let is_model = |class: ClassId| declarative::kind_of(machine, class).is_some();
    // A part of a model may name its table.
    let parts: FxHashSet<ClassId> = ids
        .iter()
        .filter(|class| is_model(**class))
        .flat_map(|class| declarative::order(machine, *class))
        .collect();
    let mut bases = Bases::default();
    let mut found: Vec<(Option<Value<'a>>, Span, Gap)> = Vec::new();
    for id in ids.iter().filter(|class| !parts.contains(class)) {
        let Some(class) = machine.class(*id) else { continue };
        let named = class.members.iter().find(|m| m.name == "__tablename__");
        let name = match named {
            Some(member) => match &member.value {
                Some(value) => Some(value.clone()),
                None => continue,
            },
            None if is_table(class) || has_columns(machine, class) && derives_from_others(class) => None,
            None => continue,
        };
        if let Some(gap) = bases.unknown(class) {
            found.push((name, class.span, gap));
        }
    }
    let reach = |(name, span, gap): (Option<Value<'a>>, Span, Gap)| {
        let name = name.and_then(|name| terms::text(machine, &name, span).ok());
        gap.reaching(match name {
            Some(name) => Reach::Object(format!("public.{}", name.as_str())),
            None => Reach::Namespace("public".to_owned()),
        })
    };
    let mut out: Vec<Gap> = found.into_iter().map(reach).collect();
    let mut seen = FxHashSet::default();
    out.retain(|gap| seen.insert(gap.clone()));
    out
}

/// `class Model(Base, table=True)` says that it has one.
fn is_table(class: &Class<'_>) -> bool {
    let given = class.keywords.iter().find(|(name, _)| name == "table");
    given.is_some_and(|(_, argument)| matches!(argument.value, Value::Bool(true)))
}

/// Whether a class has a column of SQLAlchemy's: a base may name the table that it is of.
fn has_columns<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: &Class<'a>) -> bool {
    let is_column = |value: &Value<'a>| {
        let called = terms::call(machine, value);
        called.is_some_and(|(member, _)| member.is("Column") || member.is("mapped_column"))
    };
    let mut values = class.members.iter().filter_map(|m| m.value.as_ref());
    values.any(is_column)
}

/// Whether it has a base of a package whose bases are not known: what those of SQLAlchemy itself are is.
fn derives_from_others(class: &Class<'_>) -> bool {
    let mut paths = class.order.iter().filter_map(Value::as_path);
    let is_known = |path: &str| {
        let package = dotted::first(path);
        PLAIN.contains(&package) || matches!(package, "sqlalchemy" | "sqlmodel") || brought::is_known(path)
    };
    class.open.is_some() || paths.any(|path| !is_known(path))
}

/// Bases of libraries, each with the first class that derives from it.
#[derive(Default)]
struct Bases(FxHashMap<String, Span>);

impl Bases {
    /// Why it cannot be told what a class derives from.
    fn unknown(&mut self, class: &Class<'_>) -> Option<Gap> {
        if let Some(gap) = &class.open {
            return Some(gap.clone());
        }
        let mut paths = class.order.iter().filter_map(Value::as_path);
        let base = paths.find(|path| !PLAIN.contains(&dotted::first(path)))?;
        let at = *self.0.entry(base.to_owned()).or_insert(class.span);
        let why = format!(
            "what the base {base} is, is not known, nor whether classes that derive from it are models"
        );
        Some(Gap::new(at, why, Reach::Rows))
    }
}
