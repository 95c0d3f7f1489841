//! The repository's Python modules: parsed once, when first asked for; which file an import means.

use std::sync::OnceLock;

use crate::source::{FileId, Files};
use crate::syntax::python::Parsed;

/// A Python file of the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub(super) u32);

/// A Python file, parsed when first asked for.
#[derive(Debug)]
pub struct Module {
    /// Its file.
    pub file: FileId,
    /// Its path.
    pub path: String,
    pub(super) parsed: OnceLock<Parsed>,
}

/// All Python files, and the folders that imports start from.
#[derive(Debug)]
pub struct Modules<'f> {
    pub(super) files: &'f Files,
    pub(super) modules: Vec<Module>,
    /// Folders that `sys.path` holds, as configured, first first (`prepend_sys_path`, `src` layouts).
    pub(super) roots: Vec<String>,
}
