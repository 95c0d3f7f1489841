//! The repository's Python modules: parsed once, when first asked for; which file an import means.

use std::sync::{Arc, OnceLock};

use smol_str::SmolStr;

use super::layout::Layout;
use crate::source::{FileId, Files, Span};
use crate::syntax::python::{self, Parsed, ParsedExpression, Trees};

/// A Python file of the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub(super) u32);

/// A Python file.
#[derive(Debug)]
pub struct Module {
    /// Its file.
    pub file: FileId,
    /// Its path.
    pub path: String,
}

impl Module {
    /// Whether it is the `__init__.py` of a package.
    #[must_use]
    pub fn is_package(&self) -> bool {
        self.path == "__init__.py" || self.path.ends_with("/__init__.py")
    }

    /// The folder that it lies in.
    #[must_use]
    pub fn folder(&self) -> &str {
        parent(&self.path)
    }
}

const BUCKETS: usize = 1024;

/// Expressions inside strings, parsed once: a place, and what stands there.
#[derive(Debug, Default)]
struct Quoted {
    first: OnceLock<Box<QuotedNode>>,
}

#[derive(Debug)]
struct QuotedNode {
    at: Span,
    parsed: Option<ParsedExpression>,
    next: OnceLock<Box<QuotedNode>>,
}

/// All Python files, and the folders that imports start from.
#[derive(Debug)]
pub struct Modules<'f> {
    files: &'f Files,
    trees: Arc<Trees>,
    layout: Arc<Layout>,
    quoted: Vec<Quoted>,
}

impl<'f> Modules<'f> {
    /// The modules of `files`; `roots` are folders without a slash at the end, the top folder is the empty text.
    #[must_use]
    pub fn new(files: &'f Files, roots: &[String]) -> Self {
        Modules {
            files,
            trees: Trees::of(files),
            layout: Layout::of(files, roots),
            quoted: (0..BUCKETS).map(|_| Quoted::default()).collect(),
        }
    }

    /// The files that they are.
    #[must_use]
    pub fn files(&self) -> &'f Files {
        self.files
    }

    /// The folders that imports start from, as configured.
    #[must_use]
    pub fn roots(&self) -> &[String] {
        &self.layout.roots
    }

    /// All modules, by path.
    pub fn iter(&self) -> impl Iterator<Item = (ModuleId, &Module)> {
        (0u32..).map(ModuleId).zip(&self.layout.modules)
    }

    /// A module.
    #[must_use]
    pub fn get(&self, id: ModuleId) -> &Module {
        self.layout.get(id)
    }

    /// The module of a path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<ModuleId> {
        self.layout.find(path)
    }

    /// The module of a file.
    #[must_use]
    pub fn of_file(&self, file: FileId) -> Option<ModuleId> {
        self.find(self.files.path(file))
    }

    /// A module's syntax tree.
    #[must_use]
    pub fn parsed(&self, id: ModuleId) -> &Parsed {
        self.trees.get(self.files, self.get(id).file)
    }

    /// The expression that a string at `at` holds; `text` is what the string says.
    pub(super) fn quoted(&self, at: Span, text: &str) -> Option<&ParsedExpression> {
        let hash = (at.start as usize)
            .wrapping_mul(31)
            .wrapping_add(at.file.0 as usize);
        let mut slot = &self.quoted[hash % BUCKETS].first;
        loop {
            let node = slot.get_or_init(|| {
                Box::new(QuotedNode {
                    at,
                    parsed: python::parse_quoted(at, text),
                    next: OnceLock::new(),
                })
            });
            if node.at == at {
                return node.parsed.as_ref();
            }
            slot = &node.next;
        }
    }

    /// The name that Python would know the module by, from the folder that imports of it start from.
    #[must_use]
    pub fn dotted(&self, id: ModuleId) -> String {
        self.layout.dotted(id)
    }

    /// The module that `import dotted` means where `from` says it; `None` for a library's, or for a folder without `__init__.py`.
    #[must_use]
    pub fn resolve(&self, from: Option<ModuleId>, dotted: &str) -> Option<ModuleId> {
        let root = self.root_of(from, dotted)?;
        self.below_root(&root, dotted)
    }

    /// Whether a dotted name is a folder of the repository that holds modules.
    #[must_use]
    pub fn is_folder(&self, from: Option<ModuleId>, dotted: &str) -> bool {
        self.root_of(from, dotted).is_some()
    }

    /// The folder that a relative import starts from: `level` dots.
    pub(super) fn relative(&self, from: ModuleId, level: u32) -> Option<SmolStr> {
        let mut folder = self.get(from).folder();
        for _ in 1..level {
            if folder.is_empty() {
                return None;
            }
            folder = parent(folder);
        }
        Some(folder.into())
    }

    /// The module or package below a folder.
    pub(super) fn below_root(&self, root: &str, dotted: &str) -> Option<ModuleId> {
        self.layout.below_root(root, dotted)
    }

    /// Whether a folder without `__init__.py` is a package for imports.
    pub(super) fn is_namespace(&self, folder: &str) -> bool {
        self.layout.is_namespace(folder)
    }

    /// Whether a dotted name below a root is a folder that holds modules.
    pub(super) fn is_folder_of_modules(&self, root: &str, dotted: &str) -> bool {
        self.layout.is_folder_of_modules(root, dotted)
    }

    /// Whether what a module imports by this name lies in the repository.
    #[must_use]
    pub fn holds(&self, from: ModuleId, dotted: &str) -> bool {
        self.root_of(Some(from), dotted).is_some()
    }

    /// Where imports of a module start from that is not found: its package is installed under another name than that of its folder
    /// (`package_dir` of setuptools), or the folder of the whole repository is the package. One module alone has the path that the name
    /// says after the package, and defines what is imported of it.
    pub(super) fn renamed(&self, dotted: &str, names: &[&str]) -> Option<SmolStr> {
        let (top, rest) = dotted.split_once('.')?;
        let mut roots: Vec<SmolStr> = Vec::new();
        for name in names {
            let whole = self.layout.alike(self.files, dotted).into_iter().filter(|id| {
                let text = self.files.text(self.get(*id).file);
                defines(&text, name)
            });
            let inner = self.layout.alike(self.files, &format!("{dotted}.{name}"));
            let whole = whole.map(|id| super::layout::renamed_root(&self.get(id).path, top, rest));
            let rest = format!("{rest}.{name}");
            let inner = inner
                .iter()
                .map(|id| super::layout::renamed_root(&self.get(*id).path, top, &rest));
            let of_name: Vec<SmolStr> = whole.chain(inner).collect();
            match roots.is_empty() {
                true => roots = of_name,
                false => roots.retain(|root| of_name.contains(root)),
            }
            if roots.is_empty() {
                return None;
            }
        }
        roots.dedup();
        (roots.len() == 1).then(|| roots.swap_remove(0))
    }

    /// The folder that an absolute import starts from.
    pub(super) fn root_of(&self, from: Option<ModuleId>, dotted: &str) -> Option<SmolStr> {
        self.layout.root_of(self.files, from, dotted)
    }
}

pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        let mut out = String::with_capacity(folder.len() + 1 + name.len());
        out.push_str(folder);
        out.push('/');
        out.push_str(name);
        out
    }
}

pub(super) fn parent(folder: &str) -> &str {
    folder.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Whether a line of a module binds a name: a class, a function, a value.
fn defines(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        let rest = ["class ", "def ", "async def "]
            .iter()
            .find_map(|word| line.strip_prefix(word))
            .unwrap_or(line);
        let rest = rest.strip_prefix(name);
        rest.is_some_and(|rest| rest.trim_start().starts_with(['(', ':', '=', '[']))
    })
}
