//! From arguments to a listing and the options of a run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::arguments::Source;
use super::disk::{self, Disk, normal, words};
use super::outcome::Failure;
use super::terminal;
use crate::check;
use crate::config::file::Flaw;
use crate::config::{self, Options};
use crate::discover::MANIFESTS;
use crate::source::Files;
use crate::stacks::ecto::family;

/// The files of a run and its options.
#[derive(Debug)]
pub(super) struct Workspace {
    /// The files.
    pub(super) files: Files,
    /// The options.
    pub(super) options: Options,
    /// The folder that all paths are relative to.
    pub(super) root: PathBuf,
    /// The listing below the files.
    pub(super) disk: Arc<Disk>,
}

impl Workspace {
    /// Lists what the arguments name.
    ///
    /// # Errors
    /// When a path does not exist.
    pub(super) fn open(paths: &[PathBuf], source: &Source) -> Result<Self, Failure> {
        Workspace::with_text(paths, source, None, None)
    }

    /// The folder that is checked as the programs that take reports up see it: from the root of the repository, where the CI service
    /// says it, or else from the working folder.
    pub(super) fn reported_in(&self) -> String {
        let of_service = REPOSITORIES.iter().filter_map(std::env::var_os);
        let here = absolute(Path::new(".")).ok();
        let mut above = of_service.map(PathBuf::from).chain(here);
        above
            .find_map(|above| way(&disk::real(&above), &disk::real(&self.root)))
            .unwrap_or_default()
    }

    /// The same with a file's text in the place of the disk's; where no path is named, what the file belongs to is. A dump that stands
    /// for the database is listed too.
    ///
    /// # Errors
    /// When a path does not exist.
    pub(super) fn with_text(
        paths: &[PathBuf],
        source: &Source,
        text: Option<(&Path, Vec<u8>)>,
        database: Option<&Path>,
    ) -> Result<Self, Failure> {
        terminal::set_colour(source.color);
        let here = absolute(Path::new("."))?;
        let within = paths.iter().map(|p| existing(p)).collect::<Result<Vec<_>, _>>()?;
        let is_root = |path: &PathBuf| path.is_dir() && !holds_revisions(path, &here);
        let root = match within.as_slice() {
            [one] if is_root(one) => one.clone(),
            _ => here.clone(),
        };
        // A file stands for the targets that it belongs to, so that all around it is listed.
        let (within, mut touching): (Vec<_>, Vec<_>) = if within.iter().any(is_root) {
            (within, Vec::new())
        } else {
            (Vec::new(), within)
        };
        let migrations = source
            .migrations
            .iter()
            .map(|p| existing(p))
            .collect::<Result<Vec<_>, _>>()?;
        let models = source
            .models
            .iter()
            .map(|p| existing(p))
            .collect::<Result<Vec<_>, _>>()?;
        let named: Vec<_> = migrations.iter().chain(&models).cloned().collect();
        let within = match (within.is_empty(), named.is_empty()) {
            (true, true) => vec![root.clone()],
            // What is set by hand is all that is read, unless it is a program, which imports what lies around it.
            (true, false) => {
                let programs = named.iter().filter(|path| is_python(path) || is_elixir(path));
                let mut around: Vec<_> = programs.map(|path| project(path, &root)).collect();
                around.dedup();
                around
            }
            (false, _) => within,
        };
        let around = match touching.is_empty() && named.is_empty() {
            true => around(&within, &here),
            false => None,
        };
        let above = root
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        let database = database.map(existing).transpose()?;
        let listed: Vec<PathBuf> = named.iter().chain(&database).cloned().collect();
        let mut disk = Disk::new(root.clone(), &within, &listed);
        if let Some(around) = around {
            disk.add_beside(&around, |path| path.ends_with(".py"));
        }
        if touching.is_empty() && named.is_empty() {
            for folder in mix_family(&within) {
                disk.add_beside(&folder, is_of_mix);
            }
        }
        for path in within.iter().chain(&named) {
            disk.add_above(path, MANIFESTS);
        }
        if !source.no_config {
            disk.add_all_above(&root, &config::file::FILES);
        }
        if let Some((path, text)) = text {
            let path = absolute(path)?;
            disk.hold(&path, text);
            if paths.is_empty() {
                touching.push(path);
            }
        }
        let names = |paths: &[PathBuf]| paths.iter().map(|p| disk.name(p)).collect();
        let mut options = Options {
            migrations: names(&migrations),
            models: names(&models),
            dialect: source.dialect,
            target: source.target.clone(),
            touching: names(&touching),
            at: None,
            given: source.given.clone(),
            database: database.as_ref().map(|path| disk.name(path)),
            ..Options::default()
        };
        if let Some(version) = &source.postgres_version {
            options
                .given
                .push(("postgres_version".to_owned(), version.clone()));
        }
        let disk = Arc::new(disk);
        let mut files = Files::new(disk.clone());
        if !source.no_config {
            check::configure(&mut files, &mut options, above).map_err(|flaws| flawed(&flaws, &files))?;
        }
        Ok(Workspace {
            files,
            options,
            root,
            disk,
        })
    }
}

/// A folder with the manifests and configuration files above it, and the names of the folders that lead to it.
pub(super) fn listing(root: PathBuf) -> (Disk, Vec<String>) {
    let above = root
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    let mut disk = Disk::new(root.clone(), std::slice::from_ref(&root), &[]);
    disk.add_above(&root, MANIFESTS);
    disk.add_all_above(&root, &config::file::FILES);
    (disk, above)
}

/// Every flaw of the configuration at once, each with its place.
fn flawed(flaws: &[Flaw], files: &Files) -> Failure {
    let lines = flaws.iter().map(|flaw| {
        let at = files.start(flaw.span);
        let help = flaw
            .help
            .as_ref()
            .map_or(String::new(), |help| format!(" ({help})"));
        format!(
            "{}:{}:{}: {}{help}",
            files.path(flaw.span.file),
            at.line,
            at.column,
            flaw.what
        )
    });
    Failure::new("the configuration cannot be followed")
        .details(lines)
        .help("`schemalign config --keys` lists every key; --no-config does without")
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    normal(path).map_err(|e| Failure::new(format!("the working folder cannot be told: {e}")))
}

/// Whether a folder below the working folder holds revisions of Alembic, and `env.py` lies above it: it stands for its history, as each
/// of the revisions does.
fn holds_revisions(path: &Path, here: &Path) -> bool {
    let says = |file: &Path, word: &str| {
        disk::read(file).is_ok_and(|text| String::from_utf8_lossy(&text).contains(word))
    };
    let has_program = |folder: &Path| says(&folder.join("env.py"), "alembic");
    let above = path.ancestors().skip(1);
    let mut above = above.take_while(|folder| folder.starts_with(here)).take(2);
    if path == here || !path.starts_with(here) || has_program(path) || !above.any(has_program) {
        return false;
    }
    let entries = path.read_dir().into_iter().flatten().filter_map(Result::ok);
    let mut files = entries.map(|entry| entry.path());
    files.any(|file| file.extension().is_some_and(|ending| ending == "py") && says(&file, "down_revision"))
}

/// Whether a path holds Python: a file of it, a configuration of Alembic, or a folder with such files.
fn is_python(path: &Path) -> bool {
    let ends = |path: &Path| {
        path.extension()
            .is_some_and(|e| e == "py" || e == "ini" || e == "toml")
    };
    if path.is_file() {
        return ends(path);
    }
    let Ok(entries) = path.read_dir() else {
        return false;
    };
    let mut names = entries.filter_map(Result::ok).map(|entry| entry.path());
    names.any(|inner| ends(&inner) || inner.join("__init__.py").is_file() || inner.ends_with("versions"))
}

/// Whether a path holds Elixir: a file of it, or a folder with such files.
fn is_elixir(path: &Path) -> bool {
    let ends = |path: &Path| path.extension().is_some_and(|e| e == "ex" || e == "exs");
    if path.is_file() {
        return ends(path);
    }
    let Ok(entries) = path.read_dir() else {
        return false;
    };
    let mut inner = entries.filter_map(Result::ok).map(|entry| entry.path());
    inner.any(|inner| {
        ends(&inner)
            || inner
                .read_dir()
                .is_ok_and(|mut deep| deep.any(|e| e.is_ok_and(|e| ends(&e.path()))))
    })
}

/// Where CI services say that the repository lies, which the paths of their reports begin at: GitHub Actions and GitLab CI ("Variables
/// reference", "Predefined CI/CD variables reference").
const REPOSITORIES: [&str; 2] = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"];

/// The way from a folder to one within it, with `/`.
fn way(above: &Path, folder: &Path) -> Option<String> {
    let inside = folder.strip_prefix(above).ok()?;
    let parts = inside.iter().map(|part| part.to_string_lossy());
    Some(parts.collect::<Vec<_>>().join("/"))
}

/// The folder that imports of a program may lead to: the working folder, or, outside of it, its repository.
fn project(path: &Path, root: &Path) -> PathBuf {
    if path.starts_with(root) {
        return root.to_path_buf();
    }
    let repository = path.ancestors().find(|folder| folder.join(".git").exists());
    repository.or(path.parent()).unwrap_or(path).to_path_buf()
}

/// The folder around those that are checked: the working folder where a project begins there that they lie in, else their repository.
fn around(within: &[PathBuf], here: &Path) -> Option<PathBuf> {
    let begins = |name: &&str| here.join(name).is_file();
    let is_project = MANIFESTS.iter().any(begins) || begins(&"setup.py");
    let around = match is_project && within.iter().all(|path| path.starts_with(here)) {
        true => here,
        false => {
            let mut above = within.first()?.ancestors();
            above.find(|folder| folder.join(".git").exists())?
        }
    };
    let below = |path: &PathBuf| path.starts_with(around) && path != around;
    within.iter().all(below).then(|| around.to_path_buf())
}

/// The folders around those that are checked whose projects of Mix belong together with theirs: the root of an umbrella, dependencies
/// that are given by their path.
fn mix_family(within: &[PathBuf]) -> BTreeSet<PathBuf> {
    let manifest = |folder: &Path| String::from_utf8(disk::read(&folder.join("mix.exs")).ok()?).ok();
    let mut out = BTreeSet::new();
    let mut left: Vec<PathBuf> = Vec::new();
    for path in within {
        if manifest(path).is_none() {
            continue;
        }
        left.push(path.clone());
        for above in path.ancestors().take_while(|above| !above.join(".git").exists()) {
            let Some(above) = above.parent() else { break };
            if manifest(above).is_some_and(|text| family::applications_path(&text).is_some()) {
                out.insert(above.to_path_buf());
                break;
            }
        }
    }
    while let Some(folder) = left.pop() {
        let text = manifest(&folder).unwrap_or_default();
        for path in family::paths(&text) {
            let path = normal(&folder.join(path)).unwrap_or_default();
            let is_new = !within.iter().any(|checked| path.starts_with(checked)) && !out.contains(&path);
            if is_new && manifest(&path).is_some() {
                out.insert(path.clone());
                left.push(path);
            }
        }
    }
    out
}

/// Whether a file is a module of Elixir, or says what a project of Mix has locked.
fn is_of_mix(path: &str) -> bool {
    path.ends_with(".ex") || path.ends_with(".exs") || path.ends_with("mix.lock")
}

fn existing(path: &Path) -> Result<PathBuf, Failure> {
    let full = absolute(path)?;
    match full.metadata() {
        Ok(_) => Ok(full),
        Err(error) => Err(
            Failure::new(format!("{} cannot be read: {}", path.display(), words(&error)))
                .help("name a file or folder that exists, relative to the working folder"),
        ),
    }
}
