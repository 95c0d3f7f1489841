//! Which modules lead to others by what they import: `from shop.core.db import db` leads to `shop/core/db.py`.

use rustc_hash::{FxHashMap, FxHashSet};

use super::modules::{ModuleId, Modules};
use crate::source::{FileId, Files};
use crate::syntax::python::ast;

/// The modules of `among` whose statements import one of `to`, or something that does. Packages that an imported module lies in do
/// not count by themselves, nor do imports within functions.
#[must_use]
pub fn leading_to(files: &Files, roots: &[String], among: &[FileId], to: &[FileId]) -> Vec<FileId> {
    let modules = Modules::new(files, roots);
    let mut importers: FxHashMap<ModuleId, Vec<ModuleId>> = FxHashMap::default();
    let mut open: Vec<ModuleId> = among.iter().filter_map(|file| modules.of_file(*file)).collect();
    let mut seen: FxHashSet<ModuleId> = open.iter().copied().collect();
    while let Some(module) = open.pop() {
        for imported in named(&modules, module) {
            importers.entry(imported).or_default().push(module);
            if seen.insert(imported) {
                open.push(imported);
            }
        }
    }
    let mut open: Vec<ModuleId> = to.iter().filter_map(|file| modules.of_file(*file)).collect();
    let mut leading: FxHashSet<ModuleId> = FxHashSet::default();
    while let Some(module) = open.pop() {
        let new = importers.get(&module).into_iter().flatten();
        open.extend(new.filter(|importer| leading.insert(**importer)).copied());
    }
    let leads = |file: &FileId| modules.of_file(*file).is_some_and(|m| leading.contains(&m));
    among.iter().copied().filter(leads).collect()
}

/// The modules that the statements of a module name.
fn named(modules: &Modules<'_>, own: ModuleId) -> Vec<ModuleId> {
    let mut out = Vec::new();
    block(modules, own, &modules.parsed(own).body.body, &mut out);
    out
}

fn block(modules: &Modules<'_>, own: ModuleId, body: &[ast::Stmt], out: &mut Vec<ModuleId>) {
    for statement in body {
        match statement {
            ast::Stmt::Import(s) => {
                let names = s.names.iter();
                out.extend(names.filter_map(|alias| modules.resolve(Some(own), &alias.name)));
            }
            ast::Stmt::ImportFrom(s) => from(modules, own, s, out),
            ast::Stmt::If(s) => {
                block(modules, own, &s.body, out);
                for clause in &s.elif_else_clauses {
                    block(modules, own, &clause.body, out);
                }
            }
            ast::Stmt::Try(s) => {
                block(modules, own, &s.body, out);
                for ast::ExceptHandler::ExceptHandler(handler) in &s.handlers {
                    block(modules, own, &handler.body, out);
                }
                block(modules, own, &s.orelse, out);
            }
            _ => {}
        }
    }
}

fn from(modules: &Modules<'_>, own: ModuleId, s: &ast::StmtImportFrom, out: &mut Vec<ModuleId>) {
    let dotted = s.module.as_ref().map_or("", |m| m.as_str());
    let root = match s.level {
        0 => modules.root_of(Some(own), dotted),
        level => modules.relative(own, level),
    };
    let Some(root) = root else { return };
    out.extend(modules.below_root(&root, dotted));
    for alias in &s.names {
        let inner = match dotted {
            "" => alias.name.to_string(),
            _ => format!("{dotted}.{}", alias.name),
        };
        out.extend(modules.below_root(&root, &inner));
    }
}
