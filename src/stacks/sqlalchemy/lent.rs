//! A metadata that a library is handed (`mbdata.config.configure(metadata=metadata)`): what the library declares in it stands in no file
//! of the repository.

use super::library;
use super::metadata::{self, Metadata};
use super::registry::Registered;
use super::terms;
use crate::interpret::python::{Args, Machine, TermKind, Value, dotted};
use crate::known::{Gap, Reach};
use crate::source::Span;

/// Packages that look at a metadata, or run what it says, and declare nothing in it.
const LOOKING: &[&str] = &[
    "alembic",
    "alembic_utils",
    "asyncio",
    "builtins",
    "copy",
    "databases",
    "eralchemy",
    "eralchemy2",
    "flask_migrate",
    "functools",
    "inspect",
    "paracelsus",
    "pprint",
    "pytest",
    "sqlalchemy_schemadisplay",
    "starlette_admin",
    "unittest",
];

/// Notes a call that hands a metadata to a library.
pub(super) fn note<'a, L: Registered<'a>>(
    machine: &mut Machine<'a, L>,
    callee: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) {
    let given = args.positional.iter().chain(args.keywords.iter().map(|(_, a)| a));
    let given: Vec<Value<'a>> = given.map(|a| a.value.clone()).filter(may_be_metadata).collect();
    if given.is_empty() {
        return;
    }
    let Some(path) = library::root(callee) else { return };
    if library::is_harmless_path(&path) || LOOKING.contains(&dotted::first(&path)) {
        return;
    }
    if given.iter().any(|value| is_metadata(machine, value, at)) {
        let lent = &mut machine.library.registry_mut().lent;
        if !lent.iter().any(|(_, known)| *known == at) {
            lent.push((path, at));
        }
    }
}

/// What cannot be told of the models because of such calls.
pub(super) fn gaps<'a, L: Registered<'a>>(machine: &Machine<'a, L>) -> impl Iterator<Item = Gap> {
    machine.library.registry().lent.iter().map(|(path, at)| {
        let why = format!("what {path} declares in the metadata that it is handed");
        Gap::new(*at, why, Reach::Others("public".to_owned()))
    })
}

fn may_be_metadata(value: &Value<'_>) -> bool {
    matches!(value, Value::Term(term) if match &term.kind {
        TermKind::Call(..) => true,
        TermKind::Attribute(_, name) => name == "metadata",
        _ => false,
    })
}

fn is_metadata<'a, L: Registered<'a>>(machine: &mut Machine<'a, L>, value: &Value<'a>, at: Span) -> bool {
    let Value::Term(term) = value else { return false };
    match &term.kind {
        TermKind::Call(..) => terms::call_of(machine, value, "MetaData").is_some(),
        // That of a library's own object is of SQLAlchemy's family, or is something else of this name.
        TermKind::Attribute(object, _) => {
            let is_own = matches!(object, Value::Class(_) | Value::Instance(_));
            let is_kept = || library::root(object).is_some_and(|path| library::is_harmless_path(&path));
            (is_own || is_kept()) && metadata::metadata(machine, value, at) != Metadata::Unknown
        }
        _ => false,
    }
}
