//! An import that cannot be, and ends `env.py`: the module is the repository's, and its text has no such word.

use super::library::Python;
use crate::change::Failure;
use crate::interpret::python::{ModuleId, Modules};
use crate::source::{FileId, Span};
use crate::syntax::python::{Ranged, ast, span};

/// What ways there are for a module to have a name that its text does not have.
const BY_OTHER_WAYS: &[&str] = &[
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
    lacking(modules, own)
        .into_iter()
        .find(|failure| failure.span == at)
}

/// The imports of a module itself that cannot be.
pub(crate) fn lacking(modules: &Modules<'_>, own: ModuleId) -> Vec<Failure> {
    let file = modules.get(own).file;
    let mut out = Vec::new();
    for statement in &modules.parsed(own).body.body {
        if let ast::Stmt::ImportFrom(import) = statement
            && let Some(target) = target(modules, own, import)
        {
            let text = modules.files().text(target);
            let names = import.names.iter().filter(|alias| lacks(&text, &alias.name));
            out.extend(names.map(|alias| Failure {
                sqlstate: "",
                message: format!(
                    "cannot import name '{}' from {}, which has no such name",
                    alias.name,
                    modules.files().path(target)
                ),
                span: span(file, alias.range()),
                related: Vec::new(),
            }));
        }
    }
    out
}

/// Whether a module's text has no such word, and no other way to have the name.
fn lacks(text: &str, name: &str) -> bool {
    name != "*" && !has_word(text, name) && !BY_OTHER_WAYS.iter().any(|way| text.contains(way))
}

/// The module of the repository that names are imported from, where it is no package: a name of one may be a module of its own that is
/// not in the repository.
fn target(modules: &Modules<'_>, own: ModuleId, import: &ast::StmtImportFrom) -> Option<FileId> {
    let files = modules.files();
    let file = modules.get(own).file;
    let dotted = import.module.as_ref().map_or("", |m| m.as_str());
    let target = if import.level == 0 {
        modules.get(modules.resolve(Some(own), dotted)?).file
    } else {
        let mut folder = files.path(file);
        for _ in 0..import.level {
            folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
        }
        let path = format!("{folder}/{}", dotted.replace('.', "/"));
        let path = path.trim_matches('/');
        files
            .find(&format!("{path}.py"))
            .or_else(|| files.find(&format!("{path}/__init__.py")))?
    };
    let is_package = files.path(target).ends_with("/__init__.py");
    (!is_package && target != file).then_some(target)
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    text.match_indices(word).any(|(at, _)| {
        let bytes = text.as_bytes();
        !is_part(at.checked_sub(1).and_then(|at| bytes.get(at))) && !is_part(bytes.get(at + word.len()))
    })
}
