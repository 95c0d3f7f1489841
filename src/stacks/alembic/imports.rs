//! An import that cannot be, and ends `env.py`: the module is the repository's, and its text has no such word.

use super::library::Python;
use crate::change::Failure;
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
    let files = modules.files();
    let own = modules.of_file(at.file)?;
    let (import, alias) = modules.parsed(own).body.body.iter().find_map(|statement| {
        let ast::Stmt::ImportFrom(import) = statement else {
            return None;
        };
        let alias = import.names.iter().find(|a| span(at.file, a.range()) == at)?;
        Some((import, alias))
    })?;
    let dotted = import.module.as_ref().map_or("", |m| m.as_str());
    let target: FileId = if import.level == 0 {
        modules.get(modules.resolve(Some(own), dotted)?).file
    } else {
        let mut folder = files.path(at.file);
        for _ in 0..import.level {
            folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
        }
        let path = format!("{folder}/{}", dotted.replace('.', "/"));
        let path = path.trim_matches('/');
        files
            .find(&format!("{path}.py"))
            .or_else(|| files.find(&format!("{path}/__init__.py")))?
    };
    let (name, text) = (alias.name.as_str(), files.text(target));
    if has_word(&text, name) || BY_OTHER_WAYS.iter().any(|way| text.contains(way)) {
        return None;
    }
    let path = files.path(target).to_owned();
    // A package's name may be a module of its own that is not in the repository: what makes such modules gives them small letters
    // (PEP 8, "Package and Module Names"), and a package without any text is made of nothing else.
    let may_be_module = text.trim().is_empty() || !is_class_name(name);
    if path.ends_with("/__init__.py") && may_be_module || target == at.file {
        return None;
    }
    Some(Failure {
        sqlstate: "",
        message: format!("cannot import name '{name}' from {path}, which has no such name"),
        span: at,
        related: Vec::new(),
    })
}

/// Whether a name is written as those of classes are: `JobArtifact`.
fn is_class_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.contains(|c: char| c.is_ascii_lowercase())
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    text.match_indices(word).any(|(at, _)| {
        let bytes = text.as_bytes();
        !is_part(at.checked_sub(1).and_then(|at| bytes.get(at))) && !is_part(bytes.get(at + word.len()))
    })
}
