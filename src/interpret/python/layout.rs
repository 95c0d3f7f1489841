//! Where the repository's Python files lie: packages, folders, and which folder an import starts from.

use super::dotted;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::modules::{Module, ModuleId, join, parent};
use super::{dependencies, installed};
use crate::source::Files;

/// How many answers are kept.
const MOST_FOUND: usize = 1 << 20;

type Asked = (Option<ModuleId>, SmolStr);

/// The Python files of a listing, with what was found out about imports of them.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) modules: Vec<Module>,
    /// Folders that `sys.path` holds, as configured, first first (`prepend_sys_path`, `src` layouts).
    pub(super) roots: Vec<String>,
    by_path: FxHashMap<String, ModuleId>,
    /// Folders with an `__init__.py`.
    packages: FxHashSet<String>,
    /// Folders that hold modules, themselves or further below.
    folders: FxHashSet<String>,
    /// The names of all modules and of the folders that hold any, wherever they lie.
    stems: FxHashSet<SmolStr>,
    /// Where a name of a top package or module lies: the folders that hold it.
    holders: OnceLock<FxHashMap<SmolStr, Vec<String>>>,
    /// What imports were found to start from.
    found: RwLock<FxHashMap<Asked, Option<SmolStr>>>,
}

/// Libraries that the repository says it needs.
struct Declared(FxHashSet<String>);

impl Layout {
    /// The layout of `files`, made once a run for the same roots.
    pub(super) fn of(files: &Files, roots: &[String]) -> Arc<Layout> {
        files.recall(&roots.join("\n"), |files| Layout::new(files, roots))
    }

    fn new(files: &Files, roots: &[String]) -> Layout {
        let modules: Vec<Module> = files
            .importable()
            .filter(|(_, e)| e.path.ends_with(".py"))
            .map(|(file, e)| Module {
                file,
                path: e.path.clone(),
            })
            .collect();
        let roots = roots
            .iter()
            .map(|r| r.trim_end_matches('/').trim_start_matches("./"))
            .map(|r| if r == "." { "" } else { r }.to_owned())
            .collect();
        let mut packages = FxHashSet::default();
        let mut folders: FxHashSet<String> = FxHashSet::default();
        for module in &modules {
            let mut folder = module.folder();
            if module.is_package() {
                packages.insert(folder.to_owned());
            }
            while !folder.is_empty() && !folders.contains(folder) {
                folders.insert(folder.to_owned());
                folder = parent(folder);
            }
        }
        let stem = |path: &str| SmolStr::new(path.rsplit('/').next().unwrap_or(path));
        let stems = modules
            .iter()
            .map(|m| stem(m.path.strip_suffix(".py").unwrap_or(&m.path)))
            .chain(folders.iter().map(|folder| stem(folder)))
            .collect();
        Layout {
            stems,
            by_path: (0u32..)
                .map(ModuleId)
                .zip(&modules)
                .map(|(id, m)| (m.path.clone(), id))
                .collect(),
            modules,
            roots,
            packages,
            folders,
            holders: OnceLock::new(),
            found: RwLock::default(),
        }
    }

    pub(super) fn get(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    pub(super) fn find(&self, path: &str) -> Option<ModuleId> {
        self.by_path.get(path).copied()
    }

    pub(super) fn dotted(&self, id: ModuleId) -> String {
        let module = self.get(id);
        let root = self
            .root_above(&module.path)
            .unwrap_or_else(|| self.top_of(module.folder()));
        let path = below(&module.path, root).unwrap_or(&module.path);
        let path = path.strip_suffix(".py").unwrap_or(path);
        let path = path.strip_suffix("/__init__").unwrap_or(path);
        path.replace('/', ".")
    }

    /// The innermost folder above a path that imports start from, of those that are told.
    fn root_above(&self, path: &str) -> Option<&str> {
        let above = self.roots.iter().filter(|root| below(path, root).is_some());
        above.max_by_key(|root| root.len()).map(String::as_str)
    }

    /// Whether a folder without `__init__.py` is a package for imports: it lies below a folder that they start from.
    pub(super) fn is_namespace(&self, folder: &str) -> bool {
        self.root_above(folder).is_some()
    }

    /// The innermost folder at or above `folder` that is no package.
    fn top_of<'m>(&self, folder: &'m str) -> &'m str {
        let mut folder = folder;
        while !folder.is_empty() && self.packages.contains(folder) {
            folder = parent(folder);
        }
        folder
    }

    pub(super) fn below_root(&self, root: &str, dotted: &str) -> Option<ModuleId> {
        if dotted.is_empty() {
            return self.find(&join(root, "__init__.py"));
        }
        let mut path = path_of(root, dotted);
        let length = path.len();
        path.push_str("/__init__.py");
        self.find(&path).or_else(|| {
            path.truncate(length);
            path.push_str(".py");
            self.find(&path)
        })
    }

    pub(super) fn is_folder_of_modules(&self, root: &str, dotted: &str) -> bool {
        self.folders.contains(&path_of(root, dotted))
    }

    fn holds(&self, root: &str, dotted: &str) -> bool {
        self.below_root(root, dotted).is_some() || self.is_folder_of_modules(root, dotted)
    }

    /// The folder that an absolute import starts from.
    pub(super) fn root_of(&self, files: &Files, from: Option<ModuleId>, dotted: &str) -> Option<SmolStr> {
        // Most of what is imported is a library's.
        let top = dotted::first(dotted);
        if !self.stems.contains(top) {
            return None;
        }
        let asked = (from, SmolStr::new(dotted));
        let found = self.found.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = found.get(&asked) {
            return found.clone();
        }
        drop(found);
        let root = self.find_root(files, from, dotted);
        let mut found = self.found.write().unwrap_or_else(PoisonError::into_inner);
        if found.len() < MOST_FOUND {
            found.insert(asked, root.clone());
        }
        root
    }

    fn find_root(&self, files: &Files, from: Option<ModuleId>, dotted: &str) -> Option<SmolStr> {
        let top = dotted::first(dotted);
        if top.is_empty() || installed::is_always(top) {
            return None;
        }
        let standard = installed::is_standard(top);
        if standard && !dotted.contains('.') {
            return None;
        }
        // A folder without an `__init__.py` may be the portion of a namespace package: what lies in it hides nothing.
        let is_top = |folder: &str| {
            folder.is_empty() || self.roots.iter().any(|r| r == folder) || self.is_project(files, folder)
        };
        let fits = |root: &str| {
            if standard {
                is_top(root) && self.below_root(root, dotted).is_some()
            } else {
                self.holds(root, top)
            }
        };
        if let Some(root) = self.roots.iter().find(|r| self.holds(r, dotted) && fits(r)) {
            return Some(root.into());
        }
        // Folders at or above the importing file; those within a package are on the path only where a program is run from there.
        let mut within = Vec::new();
        let mut folder = from.map(|from| self.get(from).folder());
        while let Some(at) = folder {
            if self.is_within_package(at) {
                within.push(at);
            } else if fits(at) && self.holds(at, dotted) {
                return Some(self.inner(at, dotted).unwrap_or_else(|| at.into()));
            }
            folder = (!at.is_empty()).then(|| parent(at));
        }
        // A module does not import itself; a package may import a module of its own by its whole name.
        let is_own =
            |at: &str| top == dotted && from.is_some_and(|from| self.below_root(at, top) == Some(from));
        let found = within
            .iter()
            .find(|at| fits(at) && !is_own(at) && self.below_root(at, dotted).is_some());
        if let Some(at) = found
            && !is_declared(files, top)
        {
            return Some((*at).into());
        }
        if standard {
            return None;
        }
        self.nearest_holder(files, from, top, dotted)
    }

    /// The modules whose paths are what a name says after its first part, where no library of that first name is needed.
    pub(super) fn alike(&self, files: &Files, dotted: &str) -> Vec<ModuleId> {
        let Some((top, rest)) = dotted.split_once('.') else {
            return Vec::new();
        };
        let last = dotted::last(rest);
        if !self.stems.contains(last)
            || installed::is_always(top)
            || installed::is_standard(top)
            || is_declared(files, top)
        {
            return Vec::new();
        }
        let ends = [path_of("", rest) + ".py", path_of("", rest) + "/__init__.py"];
        let is_alike = |(_, module): &(ModuleId, &Module)| {
            let before = ends.iter().find_map(|end| module.path.strip_suffix(end.as_str()));
            before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        let all = (0u32..).map(ModuleId).zip(&self.modules);
        all.filter(is_alike).map(|(id, _)| id).collect()
    }

    /// Where a folder without `__init__.py` is named like a package that it holds in `src`, as a project is: that package is imported.
    fn inner(&self, root: &str, dotted: &str) -> Option<SmolStr> {
        if dotted.contains('.') || self.below_root(root, dotted).is_some() {
            return None;
        }
        let inner = ["src", "lib"].map(|name| join(&join(root, dotted), name));
        let found = inner
            .into_iter()
            .find(|at| self.below_root(at, dotted).is_some())?;
        Some(found.into())
    }

    /// Whether a folder is one that a project's packages lie in.
    fn is_project(&self, files: &Files, folder: &str) -> bool {
        !self.is_within_package(folder)
            && (folder.ends_with("src") || folder.ends_with("lib") || has_project_file(files, folder))
    }

    /// Whether a folder is a package or lies in one.
    fn is_within_package(&self, folder: &str) -> bool {
        let mut at = folder;
        loop {
            if self.packages.contains(at) {
                return true;
            }
            if at.is_empty() {
                return false;
            }
            at = parent(at);
        }
    }

    /// A folder elsewhere (`src`, a project of several) that holds the top package: the one nearest to the importing file.
    fn nearest_holder(
        &self,
        files: &Files,
        from: Option<ModuleId>,
        top: &str,
        dotted: &str,
    ) -> Option<SmolStr> {
        let all = self.holders.get_or_init(|| self.all_holders());
        let Some(holders) = all.get(top) else {
            return self.source_of_project(files, top, dotted);
        };
        let own = from.map_or("", |from| self.get(from).folder());
        let common = |folder: &str| {
            own.split('/')
                .zip(folder.split('/'))
                .take_while(|(a, b)| a == b)
                .count()
        };
        let mut best: Option<(usize, &String)> = None;
        let mut tie = false;
        let likely =
            |f: &&String| self.holds(f, dotted) && (self.is_project(files, f) || !is_declared(files, top));
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
        best.filter(|_| !tie).map(|(_, folder)| folder.into())
    }

    /// The one folder `src` of a project that holds a package although it is, by mistake, a package itself.
    fn source_of_project(&self, files: &Files, top: &str, dotted: &str) -> Option<SmolStr> {
        let is_source = |folder: &&String| {
            let above = parent(folder);
            let named = above.rsplit('/').next().unwrap_or(above);
            folder.rsplit('/').next() == Some("src")
                && has_project_file(files, above)
                && self.holds(folder, dotted)
                && (is_named(named, top) || !is_declared(files, top))
        };
        let mut found = self.packages.iter().filter(is_source);
        let only = found.next()?;
        found.next().is_none().then(|| SmolStr::new(only))
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
                if name != "__init__" && !self.packages.contains(folder) {
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

/// Whether a project's name is that of a package: hyphens are underscores in Python.
fn is_named(project: &str, package: &str) -> bool {
    project.replace('-', "_").eq_ignore_ascii_case(package)
}

/// Files that lie where a project of Python begins.
const PROJECTS: [&str; 7] = [
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "requirements.txt",
    "Pipfile",
    "poetry.lock",
    "uv.lock",
];

/// Whether a folder holds a file that lies where a project of Python begins.
#[must_use]
pub fn has_project_file(files: &Files, folder: &str) -> bool {
    PROJECTS.iter().any(|f| files.find(&join(folder, f)).is_some())
}

/// Whether the repository says that it needs a library of that name.
fn is_declared(files: &Files, top: &str) -> bool {
    let all = files.recall("", |files| Declared(dependencies::declared(files)));
    all.0.contains(&top.to_ascii_lowercase())
}

/// What separates a folder from the name that it has as a package, where imports start from such a one.
const RENAMED: char = '=';

/// What imports of a package start from whose folder has another name, or none: the folder of a module of it, and the package's name.
pub(super) fn renamed_root(path: &str, package: &str, rest: &str) -> SmolStr {
    let ends = [path_of("", rest) + ".py", path_of("", rest) + "/__init__.py"];
    let folder = ends.iter().find_map(|end| path.strip_suffix(end.as_str()));
    let folder = folder.unwrap_or_default().trim_end_matches('/');
    smol_str::format_smolstr!("{folder}{RENAMED}{package}")
}

/// The path of a dotted name below a folder, without an ending.
fn path_of(root: &str, dotted: &str) -> String {
    if let Some((folder, package)) = root.rsplit_once(RENAMED)
        && let Some(rest) = dotted.strip_prefix(package)
        && (rest.is_empty() || rest.starts_with('.'))
    {
        return match rest.strip_prefix('.') {
            Some(rest) => path_of(folder, rest),
            None => folder.to_owned(),
        };
    }
    let mut path = String::with_capacity(root.len() + dotted.len() + 16);
    path.push_str(root);
    for (at, part) in dotted.split('.').enumerate() {
        if at > 0 || !root.is_empty() {
            path.push('/');
        }
        path.push_str(part);
    }
    path
}

/// A path below a folder, without the folder.
fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if folder.is_empty() {
        return Some(path);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}
