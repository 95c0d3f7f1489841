//! What SQLAlchemy calls while it maps a class, and which may add to the class's table and make tables beside it.
//!
//! Source: `_ClassScanMapperConfig._setup_declared_events` and `_prepare_mapper_arguments` (`sqlalchemy/orm/decl_base.py`).

use super::declarative::{order, own};
use super::terms;
use crate::interpret::python::{ClassId, Code, Library, Machine, Value};
use crate::known::Gap;
use crate::syntax::python::ast;
use crate::syntax::python::ast::visitor::{Visitor, walk_expr};

/// Methods that are called once all classes are about to be mapped, or have been.
const TOLD: [&str; 2] = ["__declare_first__", "__declare_last__"];

/// Calls that add nothing to a table: those of Python's own functions, and what listens or relates.
const QUIET: &[&str] = &[
    "all",
    "any",
    "backref",
    "bool",
    "dict",
    "format",
    "get",
    "getattr",
    "hasattr",
    "isinstance",
    "issubclass",
    "items",
    "keys",
    "len",
    "list",
    "listen",
    "listens_for",
    "print",
    "relationship",
    "set",
    "sorted",
    "str",
    "tuple",
    "type",
    "values",
];

/// Why a class's table may have columns, and other tables beside it, that no class declares: `__mapper_cls__` maps it (SQLAlchemy's
/// older example `versioned_history` makes a table of past versions so), or a method that is told of the mapping does what is not
/// followed.
pub(super) fn maps_itself<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId) -> Option<Gap> {
    order(machine, class).into_iter().find_map(|class| {
        if let Some(member) = own(machine, class, "__mapper_cls__") {
            let why = "what `__mapper_cls__` adds to the classes that it maps is not followed";
            return Some(terms::gap(member.span, why));
        }
        TOLD.iter().find_map(|name| {
            let member = own(machine, class, name)?;
            let quiet = matches!(&member.value, Some(Value::Function(function)) if is_quiet(function.code));
            let why = || format!("what `{name}` adds to the tables of its classes is not followed");
            (!quiet).then(|| terms::gap(member.span, why()))
        })
    })
}

/// Whether a function calls nothing that could add to a table.
fn is_quiet(code: Code<'_>) -> bool {
    let Code::Def(function) = code else { return false };
    let mut reader = Reader { loud: false };
    function
        .body
        .iter()
        .for_each(|statement| reader.visit_stmt(statement));
    !reader.loud
}

struct Reader {
    loud: bool,
}

impl<'s> Visitor<'s> for Reader {
    fn visit_expr(&mut self, expr: &'s ast::Expr) {
        if let ast::Expr::Call(call) = expr {
            let name = match &*call.func {
                ast::Expr::Name(name) => Some(name.id.as_str()),
                ast::Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
                _ => None,
            };
            self.loud |= !name.is_some_and(|name| QUIET.contains(&name));
        }
        walk_expr(self, expr);
    }
}
