//! Names that nothing gives: autogenerate writes `sqlmodel.sql.sqltypes.AutoString()` and nobody the `import sqlmodel`.
//!
//! The program fails where it comes there. What follows is as one that has been corrected would do it: a name that is a package's, or
//! one that the template of revisions imports, is what it says, any other is not known.

use super::imports::BY_OTHER_WAYS;
use super::library::Python;
use crate::change::Failure;
use crate::interpret::python::Value;
use crate::interpret::python::dotted;
use crate::known::Reach;
use crate::source::{Files, Span};
use crate::syntax::python::ast::visitor::{self, Visitor};
use crate::syntax::python::{Parsed, ast};

/// What a name is taken to be: those that `script.py.mako` imports, that autogenerate writes (`_repr_type` in
/// `alembic/autogenerate/render.py`), and packages whose types it writes with the package's name.
const MEANT: &[(&str, &str)] = &[
    ("alembic", "alembic"),
    ("fastapi_users_db_sqlalchemy", "fastapi_users_db_sqlalchemy"),
    ("geoalchemy2", "geoalchemy2"),
    ("op", "alembic.op"),
    ("pgvector", "pgvector"),
    ("postgresql", "sqlalchemy.dialects.postgresql"),
    ("sa", "sqlalchemy"),
    ("sqlalchemy", "sqlalchemy"),
    ("sqlalchemy_utils", "sqlalchemy_utils"),
    ("sqlmodel", "sqlmodel"),
];

/// Builtins of Python 2: a program that uses them may be one of its time.
const BUILTINS_BEFORE: &[&str] = &[
    "apply",
    "basestring",
    "buffer",
    "cmp",
    "coerce",
    "execfile",
    "file",
    "intern",
    "long",
    "raw_input",
    "reduce",
    "reload",
    "unichr",
    "unicode",
    "xrange",
];

/// What a program goes on with where it certainly comes to a name that its module certainly has not; the failure is noted. `None`
/// where that is not certain.
pub(super) fn taken<'a>(machine: &mut Python<'a>, name: &str, at: Span) -> Option<Value<'a>> {
    if !machine.is_certain() || machine.library.goes_back {
        return None;
    }
    let modules = machine.modules();
    let own = modules.of_file(at.file)?;
    if machine.module() != Some(own) || !is_nowhere(modules.files(), at, modules.parsed(own), name) {
        return None;
    }
    let failure = Failure {
        sqlstate: "",
        message: format!("name '{name}' is not defined"),
        span: at,
        related: Vec::new(),
    };
    // Of each name that a file lacks it is told once.
    let same = |other: &Failure| other.span.file == at.file && other.message == failure.message;
    let known = machine.library.session.missteps();
    if !known.iter().any(|misstep| same(&misstep.failure)) {
        machine.library.session.note_failure(failure);
    }
    Some(match MEANT.iter().find(|(meant, _)| *meant == name) {
        Some((_, path)) => machine.path(path, at),
        None => {
            let gap = machine.gap(at, format!("`{name}` is not defined"));
            Value::unknown(gap.reaching(Reach::Rows))
        }
    })
}

/// Whether a module binds a name nowhere, and nothing in it could do so unseen.
fn is_nowhere(files: &Files, at: Span, parsed: &Parsed, name: &str) -> bool {
    let text = files.text(at.file);
    let by_others = BY_OTHER_WAYS.iter().chain(&["builtins", "locals("]);
    // `_` is what `gettext.install()` makes.
    if name.starts_with('_')
        || BUILTINS_BEFORE.contains(&name)
        || !parsed.errors.is_empty()
        || by_others.into_iter().any(|way| text.contains(way))
    {
        return false;
    }
    let mut bindings = Bindings { name, found: false };
    bindings.visit_body(&parsed.body.body);
    !bindings.found
}

/// Looks for anything that gives a name, in whatever scope and course.
struct Bindings<'n> {
    name: &'n str,
    found: bool,
}

impl Bindings<'_> {
    fn note(&mut self, name: &str) {
        self.found |= name == self.name;
    }
}

impl<'t> Visitor<'t> for Bindings<'_> {
    fn visit_stmt(&mut self, statement: &'t ast::Stmt) {
        match statement {
            ast::Stmt::FunctionDef(def) => self.note(&def.name),
            ast::Stmt::ClassDef(def) => self.note(&def.name),
            ast::Stmt::Global(named) => named.names.iter().for_each(|name| self.note(name)),
            ast::Stmt::Nonlocal(named) => named.names.iter().for_each(|name| self.note(name)),
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'t ast::Expr) {
        if let ast::Expr::Name(name) = expr
            && !name.ctx.is_load()
        {
            self.note(&name.id);
        }
        visitor::walk_expr(self, expr);
    }

    fn visit_alias(&mut self, alias: &'t ast::Alias) {
        let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
        self.note(dotted::first(name));
    }

    fn visit_parameter(&mut self, parameter: &'t ast::Parameter) {
        self.note(&parameter.name);
        visitor::walk_parameter(self, parameter);
    }

    fn visit_except_handler(&mut self, handler: &'t ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(handled) = handler;
        if let Some(name) = &handled.name {
            self.note(name);
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'t ast::Pattern) {
        let name = match pattern {
            ast::Pattern::MatchAs(bound) => bound.name.as_ref(),
            ast::Pattern::MatchStar(bound) => bound.name.as_ref(),
            ast::Pattern::MatchMapping(bound) => bound.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.note(name);
        }
        visitor::walk_pattern(self, pattern);
    }

    fn visit_type_param(&mut self, param: &'t ast::TypeParam) {
        let name = match param {
            ast::TypeParam::TypeVar(param) => &param.name,
            ast::TypeParam::TypeVarTuple(param) => &param.name,
            ast::TypeParam::ParamSpec(param) => &param.name,
        };
        self.note(name);
        visitor::walk_type_param(self, param);
    }
}
