//! The functions of a module in Python, and which of them may run when it is imported.

use std::ops::Range;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::syntax::python::ast::visitor::{Visitor, walk_expr, walk_stmt};
use crate::syntax::python::{Parsed, Ranged, ast};

/// Decorators that call nothing when a function is defined.
const QUIET: &[&str] = &[
    "abstractmethod",
    "asynccontextmanager",
    "cache",
    "cached_property",
    "classmethod",
    "contextmanager",
    "lru_cache",
    "overload",
    "override",
    "property",
    "shared_task",
    "staticmethod",
    "wraps",
];

/// A function that is no part of another one.
#[derive(Debug)]
struct Function {
    /// The bytes of its body.
    body: Range<usize>,
    /// Its name, and the classes that it is a method of.
    names: Vec<SmolStr>,
    /// Names that its body speaks of.
    mentions: FxHashSet<SmolStr>,
    /// Something that it is decorated with may call it at once.
    handed_over: bool,
}

/// The functions of a module.
#[derive(Debug, Default)]
pub(super) struct Functions {
    all: Vec<Function>,
    /// For each, whether it may run when the module is imported.
    runs: Vec<bool>,
}

impl Functions {
    pub(super) fn of(parsed: &Parsed) -> Self {
        let mut walk = Walk::default();
        parsed.body.body.iter().for_each(|s| walk.visit_stmt(s));
        let Walk {
            all, mut mentions, ..
        } = walk;
        let mut runs: Vec<bool> = all.iter().map(|f| f.handed_over).collect();
        for (function, _) in all.iter().zip(&runs).filter(|(_, runs)| **runs) {
            mentions.extend(function.mentions.iter().cloned());
        }
        // What runs may call what it speaks of.
        loop {
            let called = |(_, (function, runs)): &(usize, (&Function, &bool))| {
                !**runs && function.names.iter().any(|name| mentions.contains(name))
            };
            let Some((at, (function, _))) = all.iter().zip(&runs).enumerate().find(called) else {
                break;
            };
            mentions.extend(function.mentions.iter().cloned());
            runs[at] = true;
        }
        Functions { all, runs }
    }

    /// Whether a byte lies in the body of a function that does not run when the module is imported.
    pub(super) fn is_idle(&self, at: usize) -> bool {
        let around = self
            .all
            .iter()
            .zip(&self.runs)
            .find(|(f, _)| f.body.contains(&at));
        around.is_some_and(|(_, runs)| !runs)
    }
}

#[derive(Default)]
struct Walk {
    all: Vec<Function>,
    /// Names that are spoken of outside of functions.
    mentions: FxHashSet<SmolStr>,
    classes: Vec<SmolStr>,
}

impl<'s> Visitor<'s> for Walk {
    fn visit_stmt(&mut self, statement: &'s ast::Stmt) {
        match statement {
            ast::Stmt::FunctionDef(def) => {
                for decorator in &def.decorator_list {
                    self.visit_expr(&decorator.expression);
                }
                self.visit_parameters(&def.parameters);
                let mut names = self.classes.clone();
                names.push(SmolStr::new(&def.name));
                let mut body = Mentions::default();
                def.body.iter().for_each(|s| body.visit_stmt(s));
                let start = def.body.first().map_or(def.end(), |first| first.start());
                self.all.push(Function {
                    body: start.to_usize()..def.end().to_usize(),
                    names,
                    mentions: body.0,
                    handed_over: def.decorator_list.iter().any(|d| !is_quiet(&d.expression)),
                });
            }
            ast::Stmt::ClassDef(class) => {
                self.classes.push(SmolStr::new(&class.name));
                walk_stmt(self, statement);
                self.classes.pop();
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'s ast::Expr) {
        if let ast::Expr::Name(name) = expression {
            self.mentions.insert(SmolStr::new(&name.id));
        }
        walk_expr(self, expression);
    }
}

/// All names in a body.
#[derive(Default)]
struct Mentions(FxHashSet<SmolStr>);

impl<'s> Visitor<'s> for Mentions {
    fn visit_expr(&mut self, expression: &'s ast::Expr) {
        if let ast::Expr::Name(name) = expression {
            self.0.insert(SmolStr::new(&name.id));
        }
        walk_expr(self, expression);
    }
}

/// A decorator that calls nothing when the function is defined: one of Python's own, or a method of something (`router.get(...)`).
fn is_quiet(decorator: &ast::Expr) -> bool {
    match decorator {
        ast::Expr::Call(call) => is_quiet(&call.func),
        ast::Expr::Attribute(_) => true,
        ast::Expr::Name(name) => QUIET.contains(&name.id.as_str()),
        _ => false,
    }
}
