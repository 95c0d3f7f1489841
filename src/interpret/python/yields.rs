//! Whether a function's body yields.

use crate::syntax::python::ast;
use crate::syntax::python::ast::visitor::{Visitor, walk_expr, walk_stmt};

#[derive(Default)]
struct Finder {
    found: bool,
}

impl<'a> Visitor<'a> for Finder {
    fn visit_stmt(&mut self, statement: &'a ast::Stmt) {
        if self.found || matches!(statement, ast::Stmt::FunctionDef(_) | ast::Stmt::ClassDef(_)) {
            return;
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a ast::Expr) {
        match expression {
            ast::Expr::Yield(_) | ast::Expr::YieldFrom(_) => self.found = true,
            ast::Expr::Lambda(_) => {}
            _ if self.found => {}
            _ => walk_expr(self, expression),
        }
    }
}

/// Whether a body yields itself; functions inside of it do not count.
pub(super) fn has_yield(body: &[ast::Stmt]) -> bool {
    let mut finder = Finder::default();
    for statement in body {
        finder.visit_stmt(statement);
    }
    finder.found
}
