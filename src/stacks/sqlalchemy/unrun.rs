//! Tables that functions make which nothing ran: `Table(...)` in a constructor, in a function that a program calls once it has a
//! connection. They are not known, but that there may be tables of their names is.

use crate::interpret::python::dotted;
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::library::Reading;
use super::registry::Registered;
use crate::declared::Like;
use crate::interpret::python::Machine;
use crate::interpret::python::spoken::{Subject, is_of_tests, speaks_of};
use crate::known::{Gap, Reach};
use crate::source::{FileId, Span};
use crate::syntax::python::ast::visitor::{Visitor, walk_expr, walk_stmt};
use crate::syntax::python::{Ranged, ast, span};

/// Those of them that what `env.py` calls does not make either.
pub(super) fn made<'a>(
    machine: &mut Machine<'a, Reading<'a>>,
    environments: impl Iterator<Item = FileId>,
) -> Vec<(Like, Gap)> {
    let unrun = tables(machine);
    if unrun.is_empty() {
        return unrun;
    }
    let modules = machine.modules();
    for environment in environments.filter_map(|file| modules.of_file(file)) {
        // What fails declares what it declared before.
        let _ = machine.run_module(environment);
    }
    tables(machine)
}

/// Each such call in the packages of modules that have been imported, by what is told of the name of its table.
fn tables<'a>(machine: &Machine<'a, Reading<'a>>) -> Vec<(Like, Gap)> {
    let modules = machine.modules();
    let files = modules.files();
    let ran: FxHashSet<Span> = machine
        .library
        .registry()
        .tables
        .iter()
        .map(|entry| entry.at)
        .collect();
    let loaded: FxHashSet<FileId> = machine
        .loaded()
        .into_iter()
        .map(|id| modules.get(id).file)
        .collect();
    let package = |file: FileId| package(files.path(file), modules.roots());
    let packages: FxHashSet<&str> = loaded.iter().map(|file| package(*file)).collect();
    let mut out = Vec::new();
    for (module, own) in modules.iter() {
        let file = own.file;
        let is_ours = loaded.contains(&file)
            || (packages.contains(package(file)) && !is_of_migrations(files.path(file)));
        if !is_ours
            || is_of_tests(files.path(file))
            || !speaks_of(files, file, Subject::Tables)
            || !files.text(file).contains("Table(")
        {
            continue;
        }
        let body = &modules.parsed(module).body.body;
        let mut reader = Reader {
            file,
            deep: 0,
            foreign: body.iter().any(is_foreign),
            found: Vec::new(),
        };
        body.iter().for_each(|statement| reader.visit_stmt(statement));
        out.extend(
            reader
                .found
                .into_iter()
                .filter(|(at, _)| !ran.contains(at))
                .map(|(at, name)| {
                    let why = "a table that a function makes which nothing here runs";
                    let reach = match &*name {
                        [Some(name)] => Reach::Object(name.to_string()),
                        _ => Reach::Others("public".to_owned()),
                    };
                    (Like::parts(name), Gap::new(at, why, reach))
                }),
        );
    }
    out
}

/// The folder of a path right below the root that it is imported from.
fn package<'p>(path: &'p str, roots: &[String]) -> &'p str {
    let within = |root: &&String| {
        root.is_empty()
            || path
                .strip_prefix(root.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
    };
    let root = roots.iter().filter(within).map(String::len).max().unwrap_or(0);
    let from = if root == 0 { 0 } else { root + 1 };
    let rest = path.get(from..).unwrap_or(path);
    let length = rest.find('/').unwrap_or(rest.len());
    path.get(..from + length).unwrap_or(path)
}

/// What migrations make is no part of what the program declares.
pub(super) fn is_of_migrations(path: &str) -> bool {
    path.split('/')
        .any(|part| matches!(part, "migrations" | "alembic" | "versions"))
}

/// Whether a statement of a module takes a `Table` from another library than SQLAlchemy.
fn is_foreign(statement: &ast::Stmt) -> bool {
    let ast::Stmt::ImportFrom(import) = statement else {
        return false;
    };
    let from = import.module.as_ref().map_or("", |module| module.as_str());
    let kin = ["sqlalchemy", "sqlmodel", "flask_sqlalchemy"].contains(&dotted::first(from));
    let bound = |alias: &ast::Alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str() == "Table";
    !kin && import.names.iter().any(bound)
}

struct Reader {
    file: FileId,
    /// How many functions are around.
    deep: usize,
    foreign: bool,
    found: Vec<(Span, Vec<Option<SmolStr>>)>,
}

impl Reader {
    /// The parts of the name of the table that a call makes, where it makes one: `None` for one that is not written out.
    fn table(&self, call: &ast::ExprCall) -> Option<Vec<Option<SmolStr>>> {
        let is_table = match &*call.func {
            ast::Expr::Name(name) => name.id.as_str() == "Table" && !self.foreign,
            ast::Expr::Attribute(attribute) => attribute.attr.as_str() == "Table",
            _ => false,
        };
        let [name, metadata, ..] = &*call.arguments.args else {
            return None;
        };
        if !is_table || matches!(metadata, ast::Expr::StringLiteral(_)) {
            return None;
        }
        let schema = |k: &ast::Keyword| k.arg.as_ref().is_none_or(|name| name.as_str() == "schema");
        if call.arguments.keywords.iter().any(schema) {
            return Some(vec![None]);
        }
        Some(parts(name))
    }
}

/// The parts of a text as it is written.
fn parts(text: &ast::Expr) -> Vec<Option<SmolStr>> {
    match text {
        ast::Expr::StringLiteral(text) => vec![Some(SmolStr::new(text.value.to_str()))],
        ast::Expr::FString(text) => {
            let mut out = Vec::new();
            for part in text.value.iter() {
                match part {
                    ast::FStringPart::Literal(literal) => out.push(Some(SmolStr::new(&literal.value))),
                    ast::FStringPart::FString(text) => {
                        out.extend(text.elements.iter().map(|element| match element {
                            ast::InterpolatedStringElement::Literal(literal) => {
                                Some(SmolStr::new(&literal.value))
                            }
                            ast::InterpolatedStringElement::Interpolation(_) => None,
                        }));
                    }
                }
            }
            out
        }
        _ => vec![None],
    }
}

impl<'a> Visitor<'a> for Reader {
    fn visit_stmt(&mut self, statement: &'a ast::Stmt) {
        let function = matches!(statement, ast::Stmt::FunctionDef(_));
        self.deep += usize::from(function);
        walk_stmt(self, statement);
        self.deep -= usize::from(function);
    }

    fn visit_expr(&mut self, expr: &'a ast::Expr) {
        if let ast::Expr::Call(call) = expr
            && self.deep > 0
            && let Some(name) = self.table(call)
        {
            self.found.push((span(self.file, call.range()), name));
        }
        walk_expr(self, expr);
    }
}
