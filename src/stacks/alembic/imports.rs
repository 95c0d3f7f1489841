//! An import that cannot be, and ends `env.py`: the module is the repository's, and its text has no such word.

use super::library::Python;
use crate::change::Failure;
use crate::interpret::python::{ModuleId, Modules};
use crate::source::{FileId, Files, Span};
use crate::syntax::python::{Ranged, ast, span};

/// What ways there are for a module to have a name that its text does not have.
pub(super) const BY_OTHER_WAYS: &[&str] = &[
    "import *",
    "__getattr__",
    "globals(",
    "vars(",
    "exec(",
    "setattr(",
    "sys.modules",
    "create_model(",
];

/// The failure of every command of Alembic, where the place at which `env.py` or what it imports raised an `ImportError` is such an
/// import.
pub(super) fn broken(machine: &Python<'_>, at: Span) -> Option<Failure> {
    let modules = machine.modules();
    let own = modules.of_file(at.file)?;
    let (span, message) = in_vain(modules, own).into_iter().find(|(span, _)| *span == at)?;
    Some(Failure {
        sqlstate: "",
        message,
        span,
        related: Vec::new(),
    })
}

/// The names that the statements of a module, those that certainly run, ask other modules of the repository for, and which these have
/// not: each with what is wrong.
pub(in crate::stacks) fn in_vain(modules: &Modules<'_>, own: ModuleId) -> Vec<(Span, String)> {
    let file = modules.get(own).file;
    let imports = modules
        .parsed(own)
        .body
        .body
        .iter()
        .filter_map(|statement| match statement {
            ast::Stmt::ImportFrom(import) => Some(import),
            _ => None,
        });
    let mut out = Vec::new();
    for import in imports {
        let Some(target) = target(modules, own, import) else {
            continue;
        };
        for alias in &import.names {
            if let Some(message) = lacks(modules.files(), file, target, alias.name.as_str()) {
                out.push((span(file, alias.range()), message));
            }
        }
    }
    out
}

/// The file that names are imported from.
pub(in crate::stacks) fn target(
    modules: &Modules<'_>,
    own: ModuleId,
    import: &ast::StmtImportFrom,
) -> Option<FileId> {
    let files = modules.files();
    let dotted = import.module.as_ref().map_or("", |m| m.as_str());
    if import.level == 0 {
        return Some(modules.get(modules.resolve(Some(own), dotted)?).file);
    }
    let mut folder = files.path(modules.get(own).file);
    for _ in 0..import.level {
        folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
    }
    let path = format!("{folder}/{}", dotted.replace('.', "/"));
    let path = path.trim_matches('/');
    // A package goes before a module of its name.
    files
        .find(&format!("{path}/__init__.py"))
        .or_else(|| files.find(&format!("{path}.py")))
}

/// What is wrong with asking a file for a name, where it certainly has none of it.
fn lacks(files: &Files, by: FileId, target: FileId, name: &str) -> Option<String> {
    let text = files.text(target);
    if name == "*" || has_word(&text, name) || BY_OTHER_WAYS.iter().any(|way| text.contains(way)) {
        return None;
    }
    let path = files.path(target);
    // A package's name may be a module of its own that is not in the repository: what makes such modules gives them small letters
    // (PEP 8, "Package and Module Names"), and a package without any text is made of nothing else.
    let part = path.trim_end_matches("__init__.py");
    let is_part = files.find(&format!("{part}{name}.py")).is_some()
        || files.below(&format!("{part}{name}")).next().is_some();
    let may_be_module = is_part || text.trim().is_empty() || !is_class_name(name);
    let package = path.ends_with("/__init__.py");
    if package && may_be_module || target == by || is_compiled(files, path) {
        return None;
    }
    Some(format!(
        "cannot import name '{name}' from {path}, which has no such name"
    ))
}

/// Whether a name is written as those of classes are: `JobArtifact`.
fn is_class_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.contains(|c: char| c.is_ascii_lowercase())
}

/// Whether a compiled module of the same name lies beside one, which goes before it.
fn is_compiled(files: &Files, path: &str) -> bool {
    let stem = path.trim_end_matches("py");
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let compiled = |path: &str| {
        [".so", ".pyd", ".pyx"]
            .iter()
            .any(|ending| path.ends_with(ending))
    };
    files
        .below(folder)
        .any(|(_, entry)| entry.path.starts_with(stem) && compiled(&entry.path))
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    text.match_indices(word).any(|(at, _)| {
        let bytes = text.as_bytes();
        !is_part(at.checked_sub(1).and_then(|at| bytes.get(at))) && !is_part(bytes.get(at + word.len()))
    })
}
