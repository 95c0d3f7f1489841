//! Classes that name a table, and of which it cannot be told whether they are models: what they derive from is not known.

use crate::interpret::python::dotted;
use crate::interpret::python::{Class, ClassId, Library, Machine, Value};
use crate::known::{Gap, Reach};
use crate::source::Span;

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

/// What cannot be told of such classes: each may declare the table that it names.
pub(super) fn classes<'a, L: Library<'a>>(machine: &mut Machine<'a, L>) -> Vec<Gap> {
    let ids = machine.classes();
    let is_model = |class: ClassId| declarative::kind_of(machine, class).is_some();
    // A part of a model may name its table.
    let parts: Vec<ClassId> = ids
        .iter()
        .filter(|class| is_model(**class))
        .flat_map(|class| declarative::order(machine, *class))
        .collect();
    let found: Vec<(Value<'a>, Span, Gap)> = ids
        .iter()
        .filter(|class| !parts.contains(class))
        .filter_map(|id| {
            let class = machine.class(*id)?;
            let member = class.members.iter().find(|m| m.name == "__tablename__")?;
            Some((member.value.clone()?, class.span, unknown_base(class)?))
        })
        .collect();
    // `class Model(Base, table=True)` says that it has one.
    let is_table = |class: &Class<'a>| {
        let given = class.keywords.iter().find(|(name, _)| name == "table");
        given.is_some_and(|(_, argument)| matches!(argument.value, Value::Bool(true)))
    };
    let unnamed: Vec<Gap> = ids
        .iter()
        .filter(|class| !parts.contains(class))
        .filter_map(|id| {
            let class = machine.class(*id)?;
            let named = class.members.iter().any(|m| m.name == "__tablename__");
            let gap = unknown_base(class).filter(|_| is_table(class) && !named)?;
            Some(gap.reaching(Reach::Namespace("public".to_owned())))
        })
        .collect();
    let reach = |(name, span, gap): (Value<'a>, Span, Gap)| {
        let reach = match terms::text(machine, &name, span) {
            Ok(name) => Reach::Object(format!("public.{}", name.as_str())),
            Err(_) => Reach::Namespace("public".to_owned()),
        };
        gap.reaching(reach)
    };
    found.into_iter().map(reach).chain(unnamed).collect()
}

/// Why it cannot be told what a class derives from.
fn unknown_base(class: &Class<'_>) -> Option<Gap> {
    if let Some(gap) = &class.open {
        return Some(gap.clone());
    }
    let mut paths = class.order.iter().filter_map(Value::as_path);
    let base = paths.find(|path| {
        let package = dotted::first(path);
        !PLAIN.contains(&package)
    })?;
    let why = format!(
        "whether `{}` is a model: what its base {base} is, is not known",
        class.name
    );
    Some(Gap::new(class.span, why, Reach::Rows))
}
