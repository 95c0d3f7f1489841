//! What `env.py` leaves to revisions that use nothing of the repository. Where that is all that they can see of it, they run without
//! it, and what they have made holds for as long as neither it nor they change.

use super::database::Naming;
use super::environment::Invocation;
use super::header::Revision;
use super::library::Python;
use super::metadata;
use crate::interpret::python::dotted;
use crate::interpret::python::{Library, Machine, Modules, Value};
use crate::known::Gap;
use crate::source::{Files, Text};
use crate::stacks::sqlalchemy::creation::{self, Listener};
use crate::stacks::sqlalchemy::listeners::{Listened, listeners};
use crate::syntax::python::ast;
use crate::syntax::python::ast::visitor::{Visitor, walk_stmt};

/// All that a revision that stands alone can see of a run of `env.py`.
#[derive(Debug, Clone, PartialEq)]
pub struct Surroundings {
    naming: Convention,
    /// `transaction_per_migration`.
    pub per_migration: bool,
}

/// A naming convention of which all is known, or why nothing is.
#[derive(Debug, Clone, PartialEq)]
enum Convention {
    None,
    Known(Vec<(Text, Text)>),
    Unknown(Gap),
}

impl Surroundings {
    /// Of a run that has ended; `None` where it may have left more than can be told here: it has used the database, changed a library,
    /// added operations, or hands the revisions arguments.
    pub(super) fn of<'a>(machine: &mut Python<'a>, invocations: &[Invocation<'a>]) -> Option<Self> {
        let [invocation] = invocations else { return None };
        let plain = invocation.args.positional.is_empty()
            && invocation.args.keywords.is_empty()
            && invocation.args.open.is_none();
        let untouched = !machine.library.has_used_database()
            && !machine.library.has_operations()
            && !machine.alters_libraries();
        if !plain || !untouched || !heard(machine).is_empty() || !makings(machine).is_empty() {
            return None;
        }
        let naming = match metadata::naming(machine, &invocation.context, invocation.span) {
            Naming::None => Convention::None,
            Naming::Unknown(gap) => Convention::Unknown(gap),
            Naming::Known(entries) => {
                let text = |value: &Value<'a>| match value {
                    Value::Str(text) => Some((**text).clone()),
                    _ => None,
                };
                let entries = entries
                    .iter()
                    .map(|(kind, pattern)| Some((text(kind)?, text(pattern)?)));
                Convention::Known(entries.collect::<Option<_>>()?)
            }
        };
        let per_migration = invocation.is_set("transaction_per_migration");
        Some(Surroundings {
            naming,
            per_migration,
        })
    }

    /// The naming convention.
    pub(super) fn naming<'a>(&self) -> Naming<'a> {
        let text = |text: &Text| Value::Str(std::rc::Rc::new(text.clone()));
        match &self.naming {
            Convention::None => Naming::None,
            Convention::Unknown(gap) => Naming::Unknown(gap.clone()),
            Convention::Known(entries) => Naming::Known(
                entries
                    .iter()
                    .map(|(kind, pattern)| (text(kind), text(pattern)))
                    .collect(),
            ),
        }
    }
}

/// The functions of the modules that were imported which hear of the constructs that operations make.
pub(super) fn heard(machine: &Python<'_>) -> Vec<(Listened, Gap)> {
    let modules = machine.modules();
    let loaded = machine.loaded().into_iter();
    listeners(modules.files(), loaded.map(|module| modules.get(module).file))
}

/// What is done when a table of an operation is made or dropped.
pub(super) fn makings<'a>(machine: &Python<'a>) -> Vec<Listener<'a>> {
    let mut all = of_all(machine);
    all.retain(Listener::hears_every_table);
    all
}

/// What the modules that were imported do when tables are made or dropped.
pub(super) fn of_all<'a, L: Library<'a>>(machine: &Machine<'a, L>) -> Vec<Listener<'a>> {
    let modules = machine.modules();
    let loaded = machine.loaded().into_iter();
    creation::listeners(modules, loaded.map(|module| modules.get(module).file))
}

/// Packages outside of the repository in which nothing that `env.py` does shows, but for attributes that it sets on their members.
const CLOSED: &[&str] = &[
    "__future__",
    "alembic",
    "base64",
    "collections",
    "contextlib",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fastapi_users_db_sqlalchemy",
    "functools",
    "geoalchemy2",
    "hashlib",
    "itertools",
    "json",
    "logging",
    "math",
    "pgvector",
    "random",
    "re",
    "secrets",
    "sqlalchemy",
    "sqlalchemy_utils",
    "sqlmodel",
    "string",
    "textwrap",
    "time",
    "typing",
    "typing_extensions",
    "uuid",
];

/// Words of code that may look beyond its own file: at files, modules by their names, the metadata that all models share, and what
/// `env.py` has configured.
const BEYOND: &[&str] = &[
    "open(",
    "exec(",
    "eval(",
    "__import__",
    "SQLModel",
    ".opts",
    "get_context",
    "context.",
    "__file__",
];

/// Whether a revision can see nothing of what has run before it but the database and [`Surroundings`].
pub(super) fn stands_alone(files: &Files, modules: &Modules<'_>, revision: &Revision) -> bool {
    let text = files.text(revision.file);
    if BEYOND.iter().any(|word| text.contains(word)) {
        return false;
    }
    let Some(module) = modules.of_file(revision.file) else {
        return false;
    };
    let mut imports = Imports::default();
    let body = &modules.parsed(module).body.body;
    body.iter().for_each(|statement| imports.visit_stmt(statement));
    let closed = |path: &String| {
        let package = dotted::first(path);
        CLOSED.contains(&package) && !modules.holds(module, path)
    };
    !imports.relative && imports.paths.iter().all(closed)
}

/// The modules that a file imports, wherever it does.
#[derive(Default)]
struct Imports {
    paths: Vec<String>,
    relative: bool,
}

impl<'a> Visitor<'a> for Imports {
    fn visit_stmt(&mut self, statement: &'a ast::Stmt) {
        match statement {
            ast::Stmt::Import(import) => {
                self.paths
                    .extend(import.names.iter().map(|alias| alias.name.to_string()));
            }
            ast::Stmt::ImportFrom(import) => {
                self.relative |= import.level > 0;
                self.paths.extend(import.module.as_ref().map(ToString::to_string));
            }
            _ => walk_stmt(self, statement),
        }
    }

    // No expression imports.
    fn visit_expr(&mut self, _: &'a ast::Expr) {}
}
