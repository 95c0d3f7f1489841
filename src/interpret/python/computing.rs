//! Functions that can do nothing but compute: a call of such a one that is not followed leaves a library's part of the world as it is.

use super::dotted;
use rustc_hash::FxHashSet;

use super::library::Library;
use super::machine::Machine;
use super::modules::ModuleId;
use super::standard;
use super::value::{Code, Function, TermId, TermKind, Value};
use crate::syntax::python::ast;
use crate::syntax::python::ast::visitor::{Visitor, walk_expr, walk_stmt};

/// How far functions that call functions are looked into.
const MAX_DEPTH: usize = 6;

/// Methods of Python's own data that change at most the data.
const METHODS: &[&str] = &[
    "add",
    "append",
    "capitalize",
    "clear",
    "copy",
    "count",
    "decode",
    "difference",
    "discard",
    "encode",
    "endswith",
    "extend",
    "find",
    "format",
    "fromkeys",
    "get",
    "group",
    "groups",
    "index",
    "insert",
    "intersection",
    "isalnum",
    "isalpha",
    "isdigit",
    "isoformat",
    "issubset",
    "items",
    "join",
    "keys",
    "lower",
    "lstrip",
    "partition",
    "pop",
    "popitem",
    "remove",
    "replace",
    "reverse",
    "rfind",
    "rpartition",
    "rsplit",
    "rstrip",
    "setdefault",
    "sort",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "title",
    "union",
    "update",
    "upper",
    "values",
    "zfill",
];

/// Builtins that reach more than their arguments.
const FAR: &[&str] = &[
    "__import__",
    "compile",
    "delattr",
    "eval",
    "exec",
    "getattr",
    "globals",
    "input",
    "locals",
    "open",
    "setattr",
    "super",
    "vars",
];

/// Builtins that call what they are handed.
const CALLING: &[&str] = &["filter", "iter", "map", "next"];

/// Libraries of which a name alone does nothing.
const PLAIN: &[&str] = &["typing", "typing_extensions", "collections", "builtins"];

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Whether a function, and all that it calls, uses nothing but data: no name that leads to a library or to an object, no attribute
    /// but methods of Python's own data. What it is handed can then only be read, or changed where it is data.
    pub(super) fn only_computes(&self, function: &Function<'a>) -> bool {
        self.computes(function, &mut FxHashSet::default(), 0)
    }

    fn computes(&self, function: &Function<'a>, seen: &mut FxHashSet<TermId>, depth: usize) -> bool {
        if !seen.insert(function.id) {
            return true;
        }
        let Code::Def(def) = function.code else {
            return false;
        };
        // Within another function its names may be anybody's.
        if depth > MAX_DEPTH
            || function.scope != self.namespace(function.module)
            || !def.decorator_list.is_empty()
        {
            return false;
        }
        let mut used = Used::default();
        for statement in &def.body {
            used.visit_stmt(statement);
        }
        let known = |name: &&String| {
            let bound = self.namespace(function.module).and_then(|id| self.scope(id));
            standard::is_builtin(name) || bound.is_some_and(|scope| scope.names.get(name.as_str()).is_some())
        };
        // What is handed over may be anything that can be called.
        !used.more
            && used.called.iter().all(|name| known(&name))
            && used
                .names
                .iter()
                .all(|name| self.is_data(name, function.module, seen, depth))
    }

    /// Whether a name in a function of a module is of data, of a builtin, or of a function that computes.
    fn is_data(&self, name: &str, module: ModuleId, seen: &mut FxHashSet<TermId>, depth: usize) -> bool {
        let Some(scope) = self.namespace(module).and_then(|id| self.scope(id)) else {
            return false;
        };
        match scope.names.get(name).map(|slot| &slot.value) {
            Some(Value::Function(function)) => self.computes(function, seen, depth + 1),
            Some(Value::Term(term)) => match &term.kind {
                TermKind::Path(path) => PLAIN.contains(&dotted::first(path)) && !FAR.contains(&name),
                _ => false,
            },
            Some(
                Value::Class(_)
                | Value::Instance(_)
                | Value::Module(_)
                | Value::Method(_)
                | Value::Iterator(_)
                | Value::Unknown(_),
            ) => false,
            Some(_) => true,
            // Its own, or Python's.
            None => {
                let imported = scope.open.is_some() || !scope.stars.is_empty();
                if standard::is_builtin(name) {
                    !FAR.contains(&name)
                } else {
                    !imported
                }
            }
        }
    }
}

/// What a function's body uses.
#[derive(Default)]
struct Used {
    names: FxHashSet<String>,
    /// Those that it calls.
    called: FxHashSet<String>,
    /// It does something that data does not.
    more: bool,
}

impl<'s> Visitor<'s> for Used {
    fn visit_stmt(&mut self, stmt: &'s ast::Stmt) {
        match stmt {
            ast::Stmt::Import(_)
            | ast::Stmt::ImportFrom(_)
            | ast::Stmt::ClassDef(_)
            | ast::Stmt::FunctionDef(_)
            | ast::Stmt::With(_)
            | ast::Stmt::Global(_)
            | ast::Stmt::Nonlocal(_) => self.more = true,
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'s ast::Expr) {
        match expr {
            ast::Expr::Name(name) => {
                self.names.insert(name.id.to_string());
            }
            ast::Expr::Attribute(attribute) if !METHODS.contains(&attribute.attr.as_str()) => {
                self.more = true
            }
            // `key=` is called.
            ast::Expr::Call(call) if !call.arguments.keywords.is_empty() && is_sorting(&call.func) => {
                self.more = true
            }
            ast::Expr::Call(call) => match &*call.func {
                ast::Expr::Name(name) if CALLING.contains(&name.id.as_str()) => self.more = true,
                ast::Expr::Name(name) => {
                    self.called.insert(name.id.to_string());
                }
                ast::Expr::Attribute(_) => {}
                _ => self.more = true,
            },
            ast::Expr::Await(_) | ast::Expr::Lambda(_) => self.more = true,
            _ => {}
        }
        walk_expr(self, expr);
    }
}

/// Whether a function or method takes another function by keyword.
fn is_sorting(called: &ast::Expr) -> bool {
    let name = match called {
        ast::Expr::Name(name) => name.id.as_str(),
        ast::Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return false,
    };
    matches!(name, "max" | "min" | "sort" | "sorted")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;
    use crate::syntax::python::parse;

    fn does_more(text: &str) -> bool {
        let parsed = parse(FileId(0), text);
        let mut used = Used::default();
        parsed
            .body
            .body
            .iter()
            .for_each(|statement| used.visit_stmt(statement));
        used.more
    }

    #[test]
    fn what_calls_what_it_is_handed_does_more_than_compute() {
        for text in [
            "map(act, rows)",
            "sorted(rows, key=act)",
            "rows.sort(key=act)",
            "next(rows)",
            "bind.execute(sql)",
        ] {
            assert!(does_more(text), "{text}");
        }
        for text in [
            "sorted(rows)",
            "found.update(walked(value))",
            "dict(rows, a=1)",
            "max(a, b)",
        ] {
            assert!(!does_more(text), "{text}");
        }
    }
}
