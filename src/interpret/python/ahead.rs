//! Parses modules before they run: all that others import, on all cores. What runs later finds the trees made; nothing else changes.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::modules::{ModuleId, Modules};
use crate::source::{FileId, Files};
use crate::syntax::python::ast;

/// Parses files and what their statements import when they run, and so on. Imports within functions are left to those that call them.
pub fn read_ahead(files: &Files, roots: &[String], seeds: impl IntoIterator<Item = FileId>) {
    let modules = Modules::new(files, roots);
    let mut seen: FxHashSet<ModuleId> = FxHashSet::default();
    let mut next: Vec<ModuleId> = seeds
        .into_iter()
        .filter_map(|file| modules.of_file(file))
        .collect();
    next.retain(|module| seen.insert(*module));
    while !next.is_empty() {
        let imported: Vec<ModuleId> = next
            .par_iter()
            .flat_map_iter(|module| imports(&modules, *module))
            .collect();
        next = imported;
        next.retain(|module| seen.insert(*module));
    }
}

/// The modules that a module imports when it runs.
fn imports(modules: &Modules<'_>, module: ModuleId) -> Vec<ModuleId> {
    let mut out = Vec::new();
    block(modules, module, &modules.parsed(module).body.body, &mut out);
    out
}

fn block(modules: &Modules<'_>, own: ModuleId, body: &[ast::Stmt], out: &mut Vec<ModuleId>) {
    for statement in body {
        match statement {
            ast::Stmt::Import(s) => {
                for alias in &s.names {
                    if let Some(root) = modules.root_of(Some(own), &alias.name) {
                        packages(modules, &root, &alias.name, out);
                    }
                }
            }
            ast::Stmt::ImportFrom(s) => from(modules, own, s, out),
            ast::Stmt::If(s) if !is_for_types(&s.test) => {
                block(modules, own, &s.body, out);
                for clause in &s.elif_else_clauses {
                    block(modules, own, &clause.body, out);
                }
            }
            ast::Stmt::Try(s) => {
                block(modules, own, &s.body, out);
                block(modules, own, &s.orelse, out);
            }
            _ => {}
        }
    }
}

/// `TYPE_CHECKING`, which is never true when a program runs.
fn is_for_types(test: &ast::Expr) -> bool {
    match test {
        ast::Expr::Name(name) => name.id.as_str() == "TYPE_CHECKING",
        ast::Expr::Attribute(attribute) => attribute.attr.as_str() == "TYPE_CHECKING",
        _ => false,
    }
}

fn from(modules: &Modules<'_>, own: ModuleId, s: &ast::StmtImportFrom, out: &mut Vec<ModuleId>) {
    let dotted = s.module.as_ref().map_or("", |m| m.as_str());
    let root = match s.level {
        0 => modules.root_of(Some(own), dotted),
        level => modules.relative(own, level),
    };
    let Some(root) = root else { return };
    packages(modules, &root, dotted, out);
    for alias in &s.names {
        let inner = if dotted.is_empty() {
            alias.name.to_string()
        } else {
            format!("{dotted}.{}", alias.name)
        };
        out.extend(modules.below_root(&root, &inner));
    }
}

/// A module and the packages that it lies in.
fn packages(modules: &Modules<'_>, root: &str, dotted: &str, out: &mut Vec<ModuleId>) {
    let ends = dotted.match_indices('.').map(|(at, _)| at).chain([dotted.len()]);
    out.extend(ends.filter_map(|end| modules.below_root(root, &dotted[..end])));
}
