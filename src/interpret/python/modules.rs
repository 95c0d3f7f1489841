//! The repository's Python modules: parsed once, when first asked for; which file an import means.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::{dependencies, installed};
use crate::source::{FileId, Files, Span};
use crate::syntax::python::{self, Parsed, ParsedExpression};

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

impl Module {
    /// Whether it is the `__init__.py` of a package.
    #[must_use]
    pub fn is_package(&self) -> bool {
        self.path == "__init__.py" || self.path.ends_with("/__init__.py")
    }

    /// The folder that it lies in.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
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
    pub(super) files: &'f Files,
    pub(super) modules: Vec<Module>,
    /// Folders that `sys.path` holds, as configured, first first (`prepend_sys_path`, `src` layouts).
    pub(super) roots: Vec<String>,
    /// Where a name of a top package or module lies: the folders that hold it.
    holders: OnceLock<FxHashMap<SmolStr, Vec<String>>>,
    /// Libraries that the repository says it needs.
    declared: OnceLock<FxHashSet<String>>,
    quoted: Vec<Quoted>,
}

impl<'f> Modules<'f> {
    /// The modules of `files`; `roots` are folders without a slash at the end, the top folder is the empty text.
    #[must_use]
    pub fn new(files: &'f Files, roots: Vec<String>) -> Self {
        let modules = files
            .entries()
            .filter(|(_, e)| e.path.ends_with(".py"))
            .map(|(file, e)| Module {
                file,
                path: e.path.clone(),
                parsed: OnceLock::new(),
            })
            .collect();
        let roots = roots
            .into_iter()
            .map(|r| r.trim_end_matches('/').trim_start_matches("./").to_owned())
            .map(|r| if r == "." { String::new() } else { r })
            .collect();
        Modules {
            files,
            modules,
            roots,
            holders: OnceLock::new(),
            declared: OnceLock::new(),
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
        &self.roots
    }

    /// All modules, by path.
    pub fn iter(&self) -> impl Iterator<Item = (ModuleId, &Module)> {
        (0u32..).map(ModuleId).zip(&self.modules)
    }

    /// A module.
    #[must_use]
    pub fn get(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    /// The module of a path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<ModuleId> {
        self.modules
            .binary_search_by(|m| m.path.as_str().cmp(path))
            .ok()
            .map(|at| ModuleId(at as u32))
    }

    /// The module of a file.
    #[must_use]
    pub fn of_file(&self, file: FileId) -> Option<ModuleId> {
        self.find(self.files.path(file))
    }

    /// A module's syntax tree.
    #[must_use]
    pub fn parsed(&self, id: ModuleId) -> &Parsed {
        let module = self.get(id);
        module
            .parsed
            .get_or_init(|| python::parse(module.file, &self.files.text(module.file)))
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
        let module = self.get(id);
        let root = self
            .roots
            .iter()
            .filter(|r| below(&module.path, r).is_some())
            .max_by_key(|r| r.len())
            .cloned()
            .unwrap_or_else(|| self.top_of(module.folder()));
        let path = below(&module.path, &root).unwrap_or(&module.path);
        let path = path.strip_suffix(".py").unwrap_or(path);
        let path = path.strip_suffix("/__init__").unwrap_or(path);
        path.replace('/', ".")
    }

    /// The innermost folder at or above `folder` that is no package.
    fn top_of(&self, folder: &str) -> String {
        let mut folder = folder;
        while !folder.is_empty() && self.find(&join(folder, "__init__.py")).is_some() {
            folder = parent(folder);
        }
        folder.to_owned()
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
    pub(super) fn relative(&self, from: ModuleId, level: u32) -> Option<String> {
        let mut folder = self.get(from).folder();
        for _ in 1..level {
            if folder.is_empty() {
                return None;
            }
            folder = parent(folder);
        }
        Some(folder.to_owned())
    }

    /// The module or package below a folder.
    pub(super) fn below_root(&self, root: &str, dotted: &str) -> Option<ModuleId> {
        if dotted.is_empty() {
            return self.find(&join(root, "__init__.py"));
        }
        let path = join(root, &dotted.replace('.', "/"));
        self.find(&format!("{path}/__init__.py"))
            .or_else(|| self.find(&format!("{path}.py")))
    }

    fn is_module_folder(&self, folder: &str) -> bool {
        let prefix = format!("{folder}/");
        let at = self
            .modules
            .partition_point(|m| m.path.as_str() < prefix.as_str());
        self.modules.get(at).is_some_and(|m| m.path.starts_with(&prefix))
    }

    /// Whether a dotted name below a root is a folder that holds modules.
    pub(super) fn is_folder_of_modules(&self, root: &str, dotted: &str) -> bool {
        self.is_module_folder(&join(root, &dotted.replace('.', "/")))
    }

    fn holds(&self, root: &str, dotted: &str) -> bool {
        self.below_root(root, dotted).is_some()
            || self.is_module_folder(&join(root, &dotted.replace('.', "/")))
    }

    /// The folder that an absolute import starts from.
    pub(super) fn root_of(&self, from: Option<ModuleId>, dotted: &str) -> Option<String> {
        let top = dotted.split('.').next().unwrap_or(dotted);
        if top.is_empty() || installed::is_always(top) {
            return None;
        }
        let standard = installed::is_standard(top);
        if standard && !dotted.contains('.') {
            return None;
        }
        let fits = |root: &str| {
            if standard {
                self.below_root(root, dotted).is_some()
            } else {
                self.holds(root, top)
            }
        };
        if let Some(root) = self.roots.iter().find(|r| self.holds(r, dotted) && fits(r)) {
            return Some(root.clone());
        }
        // Folders at or above the importing file; those within a package are on the path only where a program is run from there.
        let mut within = Vec::new();
        let mut folder = from.map(|from| self.get(from).folder());
        while let Some(at) = folder {
            if self.is_within_package(at) {
                within.push(at);
            } else if fits(at) && self.holds(at, dotted) {
                return Some(at.to_owned());
            }
            folder = (!at.is_empty()).then(|| parent(at));
        }
        let is_own = |at: &str| from.is_some_and(|from| self.below_root(at, top) == Some(from));
        let found = within
            .iter()
            .find(|at| fits(at) && !is_own(at) && self.below_root(at, dotted).is_some());
        if let Some(at) = found
            && !self.is_declared(top)
        {
            return Some((*at).to_owned());
        }
        if standard {
            return None;
        }
        self.nearest_holder(from, top, dotted)
    }

    /// Whether a folder is one that a project's packages lie in.
    fn is_project(&self, folder: &str) -> bool {
        let has = |folder: &str| {
            let files = ["pyproject.toml", "setup.py", "setup.cfg"];
            files.iter().any(|f| self.files.find(&join(folder, f)).is_some())
        };
        !self.is_within_package(folder) && (folder.ends_with("src") || folder.ends_with("lib") || has(folder))
    }

    /// Whether a folder is a package or lies in one.
    fn is_within_package(&self, folder: &str) -> bool {
        let mut at = folder;
        loop {
            if self.find(&join(at, "__init__.py")).is_some() {
                return true;
            }
            if at.is_empty() {
                return false;
            }
            at = parent(at);
        }
    }

    /// Whether the repository says that it needs a library of that name.
    fn is_declared(&self, top: &str) -> bool {
        let all = self.declared.get_or_init(|| dependencies::declared(self.files));
        all.contains(&top.to_ascii_lowercase())
    }

    /// A folder elsewhere (`src`, a project of several) that holds the top package: the one nearest to the importing file.
    fn nearest_holder(&self, from: Option<ModuleId>, top: &str, dotted: &str) -> Option<String> {
        let holders = self.holders.get_or_init(|| self.all_holders()).get(top)?;
        let own = from.map_or("", |from| self.get(from).folder());
        let common = |folder: &str| {
            own.split('/')
                .zip(folder.split('/'))
                .take_while(|(a, b)| a == b)
                .count()
        };
        let mut best: Option<(usize, &String)> = None;
        let mut tie = false;
        let likely = |f: &&String| self.holds(f, dotted) && (self.is_project(f) || !self.is_declared(top));
        for folder in holders.iter().filter(likely) {
            let near = common(folder);
            match best {
                Some((n, _)) if n > near => {}
                Some((n, _)) if n == near => tie = true,
                _ => {
                    best = Some((near, folder));
                    tie = false;
                }
            }
        }
        best.filter(|_| !tie).map(|(_, folder)| folder.clone())
    }

    fn all_holders(&self) -> FxHashMap<SmolStr, Vec<String>> {
        let mut seen = FxHashSet::default();
        let mut out: FxHashMap<SmolStr, Vec<String>> = FxHashMap::default();
        for module in &self.modules {
            let mut path = module.path.strip_suffix(".py").unwrap_or(&module.path);
            loop {
                let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
                if name != "__init__" && !seen.insert(path) {
                    break;
                }
                if name != "__init__" && self.find(&join(folder, "__init__.py")).is_none() {
                    out.entry(SmolStr::new(name)).or_default().push(folder.to_owned());
                }
                if folder.is_empty() {
                    break;
                }
                path = folder;
            }
        }
        out
    }
}

/// A path below a folder, without the folder.
fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if folder.is_empty() {
        return Some(path);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}

pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

pub(super) fn parent(folder: &str) -> &str {
    folder.rsplit_once('/').map_or("", |(parent, _)| parent)
}
