//! Models in Python: which modules declare tables, and the history that they belong to.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::functions::Functions;
use super::index::{Index, is_within, join, split};
use super::projects::place;
use super::unsupported::shown;
use super::{Found, ModelSource, NotChecked, Target};
use crate::config::{Dialect, Given};
use crate::interpret::python::spoken::{Subject, speaks_of, words_of_tables};
use crate::interpret::python::{has_project_file, leading_to, read_ahead};
use crate::source::{FileId, Files};
use crate::stacks::alembic::config::{Tree, tree_at, trees};
use crate::stacks::alembic::handed::handed;
use crate::syntax::python::{Parsed, Trees};

/// Notes that each history of Alembic leads to the models of its project; models without any history are a target of their own.
pub(super) fn add(index: &Index<'_>, found: &mut Found, said: Option<Dialect>) {
    let files = index.files;
    for target in &mut found.targets {
        target.leads_to_models = tree_of(files, target).is_some() && target.models.is_empty();
    }
    // Models alone: only where nothing else is there to be checked.
    if !found.targets.is_empty() {
        return;
    }
    let candidates = files
        .entries()
        .filter(|(_, e)| e.path.ends_with(".py") && !is_beside(&e.path));
    let models = declaring(files, candidates.map(|(file, _)| file).collect());
    if models.is_empty() {
        return;
    }
    let path = common_folder(files, &models);
    found.targets.push(Target {
        name: if path.is_empty() {
            ".".to_owned()
        } else {
            path.clone()
        },
        dialect: said.unwrap_or(Dialect::Postgres),
        given: Given::default(),
        histories: Vec::new(),
        models: vec![ModelSource {
            stack: "sqlalchemy",
            path,
            files: models,
            history: None,
        }],
        leads_to_models: false,
        address: None,
    });
}

/// Models of SQLAlchemy that are the whole of a target: there is nothing that they could disagree with.
pub(super) fn without_history(targets: &[Target]) -> Option<NotChecked> {
    let [target] = targets else { return None };
    let [models] = target.models.as_slice() else {
        return None;
    };
    (models.stack == "sqlalchemy" && target.histories.is_empty()).then(|| NotChecked {
        what: format!("{} (SQLAlchemy)", shown(&models.path)),
        why: "no migrations were found for them (looked for the folders of Alembic); only the models themselves are checked"
            .to_owned(),
    })
}

/// The tree of a target whose only history is one of Alembic.
fn tree_of(files: &Files, target: &Target) -> Option<Tree> {
    match target.histories.as_slice() {
        [history] if history.runner.name == "alembic" => tree_at(files, &history.path),
        _ => None,
    }
}

/// Parses revisions, `env.py`, and what they import, on all cores.
pub(super) fn read_histories_ahead(files: &Files, targets: &[Target]) {
    for tree in targets.iter().filter_map(|target| tree_of(files, target)) {
        let mut seeds: Vec<FileId> = tree.environment(files).into_iter().collect();
        seeds.extend(tree.revisions(files));
        read_ahead(files, &tree.roots(), seeds);
    }
}

/// Gives targets the models that their histories lead to.
pub(super) fn find(files: &Files, targets: &mut [Target]) {
    let places: Vec<String> = targets.iter().map(|target| place(target).to_owned()).collect();
    let leading = targets.iter_mut().filter(|target| target.leads_to_models);
    let leading: Vec<(&mut Target, Tree)> = leading
        .filter_map(|target| {
            let tree = tree_of(files, target)?;
            Some((target, tree))
        })
        .collect();
    let trees: Vec<&Tree> = leading.iter().map(|(_, tree)| tree).collect();
    let candidates: Vec<Vec<FileId>> = trees.par_iter().map(|tree| candidates(files, tree)).collect();
    // Histories of one project have most candidates in common.
    let all: BTreeSet<FileId> = candidates.iter().flatten().copied().collect();
    let declaring: BTreeSet<FileId> = declaring(files, all.into_iter().collect()).into_iter().collect();
    for ((target, tree), mut models) in leading.into_iter().zip(candidates) {
        target.leads_to_models = false;
        // What `env.py` imports and makes tables in functions may be called by it.
        let reached = &handed(files, &tree).modules;
        let makes = |file: &FileId| {
            reached.contains(file)
                && speaks_of(files, *file, Subject::Tables)
                && files.text(*file).contains("Table(")
        };
        models.retain(|file| declaring.contains(file) || makes(file));
        if models.is_empty() && handed(files, &tree).nothing {
            models = surrounding(files, &tree, &places);
        }
        if models.is_empty() {
            continue;
        }
        target.models.push(ModelSource {
            stack: "sqlalchemy",
            path: common_folder(files, &models),
            files: models,
            history: target.histories.first().map(|history| history.path.clone()),
        });
    }
}

/// Modules that may declare tables and that no history leads to: `taken` are those that one does.
pub(super) fn left(files: &Files, taken: &BTreeSet<FileId>) -> Vec<FileId> {
    let all = files
        .entries()
        .filter(|(file, e)| e.path.ends_with(".py") && !taken.contains(file) && !is_beside(&e.path));
    declaring(files, all.map(|(file, _)| file).collect())
}

/// The modules of the project that a history lies in which may declare tables: what it is about where `env.py` says that it hands over
/// nothing and imports no models. None where the project has several histories, for any may be meant; `places` are those of all.
fn surrounding(files: &Files, tree: &Tree, places: &[String]) -> Vec<FileId> {
    let is_project = |folder: &str| folder.is_empty() || has_project_file(files, folder);
    let mut project = tree.base.as_str();
    while !is_project(project) {
        project = split(project).0;
    }
    if places.iter().filter(|place| is_within(place, project)).count() != 1 {
        return Vec::new();
    }
    let inside = files.entries().filter(|(_, e)| {
        e.path.ends_with(".py") && is_within(&e.path, project) && !is_within(&e.path, &tree.folder)
    });
    let inside = inside.filter(|(_, e)| !is_beside(&e.path)).map(|(file, _)| file);
    declaring(files, inside.collect())
}

/// The modules of a history's project that may declare tables: in the packages that `env.py` imports from, or, where it imports none,
/// below the folder that its commands run in.
fn candidates(files: &Files, tree: &Tree) -> Vec<FileId> {
    let handed = handed(files, tree);
    let reached = &handed.modules;
    let roots = tree.roots();
    let mut packages: BTreeSet<String> = BTreeSet::new();
    for file in reached {
        let path = files.path(*file);
        if is_within(path, &tree.folder) {
            continue;
        }
        let root = roots
            .iter()
            .filter(|root| is_within(path, root))
            .max_by_key(|root| root.len());
        if let Some(whole) = root.and_then(|root| around(files, tree, reached, root)) {
            packages.insert(whole);
            continue;
        }
        let rest = match root {
            Some(root) if root.is_empty() => path,
            Some(root) => path.get(root.len() + 1..).unwrap_or(path),
            None => path,
        };
        let first = rest.split('/').next().unwrap_or(rest);
        packages.insert(join(root.map_or("", String::as_str), first));
    }
    if packages.is_empty() {
        packages.insert(tree.base.clone());
    }
    let inside = |path: &str| packages.iter().any(|package| is_within(path, package));
    let candidates = files
        .importable()
        .filter(|(file, e)| !e.beside || reached.contains(file))
        .filter(|(_, e)| e.path.ends_with(".py") && inside(&e.path))
        .filter(|(file, e)| reached.contains(file) || !is_beside(&e.path))
        .filter(|(_, e)| !is_within(&e.path, &tree.folder));
    // Beside the revisions, what the program itself is made of.
    let program = tree.environment(files).into_iter().chain(reached.iter().copied());
    let program = program.filter(|file| is_within(files.path(*file), &tree.folder));
    let all: BTreeSet<FileId> = candidates
        .map(|(file, _)| file)
        .chain(program)
        .chain(of_application(files, tree, reached))
        .collect();
    let is_revision = |file: &FileId| tree.versions.iter().any(|v| is_within(files.path(*file), v));
    all.into_iter().filter(|file| !is_revision(file)).collect()
}

/// The modules that have the database object from what `env.py` reaches, where it asks the running application for it: the application
/// imports them, and nothing that is run here does.
fn of_application(files: &Files, tree: &Tree, reached: &[FileId]) -> Vec<FileId> {
    let asks = |file| files.text(file).contains("current_app");
    if !tree.environment(files).is_some_and(asks) {
        return Vec::new();
    }
    let outside = |file: &&FileId| !is_within(files.path(**file), &tree.folder);
    let to: Vec<FileId> = reached.iter().filter(outside).copied().collect();
    let inside = files
        .entries()
        .filter(|(_, e)| e.path.ends_with(".py") && is_within(&e.path, &tree.base) && !is_beside(&e.path));
    let speaking: Vec<FileId> = inside
        .map(|(file, _)| file)
        .filter(|file| speaks_of(files, *file, Subject::Tables))
        .collect();
    leading_to(files, &tree.roots(), &speaking, &to)
}

/// The package that the folder which a history's commands run in is itself or lies in, where modules are imported by its name: what
/// they are imported from lies above it.
fn around(files: &Files, tree: &Tree, reached: &[FileId], root: &str) -> Option<String> {
    let is_package = |folder: &str| !folder.is_empty() && files.find(&join(folder, "__init__.py")).is_some();
    let mut whole = is_package(root).then_some(root)?;
    while is_package(split(whole).0) {
        whole = split(whole).0;
    }
    let name = split(whole).1;
    let imports = |file: FileId| {
        let text = files.text(file);
        let lines = text.lines().map(str::trim_start);
        let mut names = lines.filter_map(|l| l.strip_prefix("from ").or(l.strip_prefix("import ")));
        names.any(|rest| {
            rest.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['.', ' ']))
        })
    };
    let mut all = tree.environment(files).into_iter().chain(reached.iter().copied());
    all.any(imports).then(|| whole.to_owned())
}

/// Tests, examples and migrations: what is declared there is no part of the program's database.
fn is_beside(path: &str) -> bool {
    split(path).0.split('/').any(|part| {
        matches!(
            part,
            "test"
                | "tests"
                | "testing"
                | "docs"
                | "doc"
                | "example"
                | "examples"
                | "fixtures"
                | "e2e"
                | "benchmarks"
                | "migrations"
                | "alembic"
                | "versions"
                | "site-packages"
                | "node_modules"
                | "venv"
                | ".venv"
        )
    })
}

/// The files that may declare a table.
fn declaring(files: &Files, among: Vec<FileId>) -> Vec<FileId> {
    let trees = Trees::of(files);
    let declares = |file: &FileId| {
        speaks_of(files, *file, Subject::Tables)
            && declares_when_imported(trees.get(files, *file), &files.text(*file))
    };
    among.into_par_iter().filter(declares).collect()
}

/// Whether a module whose text speaks of tables may declare one when it is imported: functions that do not run then declare none.
fn declares_when_imported(parsed: &Parsed, text: &str) -> bool {
    if !parsed.errors.is_empty() {
        return true;
    }
    let functions = Functions::of(parsed);
    words_of_tables(text).any(|word| !functions.is_idle(word))
}

/// The folder that holds all files, or the one file.
pub(super) fn common_folder(files: &Files, all: &[FileId]) -> String {
    let mut paths = all.iter().map(|file| files.path(*file));
    let Some(first) = paths.next() else {
        return String::new();
    };
    if all.len() == 1 {
        return first.to_owned();
    }
    let mut folder = split(first).0;
    for path in paths {
        while !is_within(path, folder) {
            folder = split(folder).0;
        }
    }
    folder.to_owned()
}

/// The history that models given by hand belong to: the one whose project holds them; of several in one project the one that a
/// bare command runs.
pub(super) fn history_of(files: &Files, models: &str) -> Option<String> {
    let models = models.trim_end_matches('/').trim_start_matches("./");
    let holds = |tree: &&Tree| {
        is_within(models, &tree.base) || tree.roots().iter().any(|root| is_within(models, root))
    };
    let all = trees(files);
    let fitting: Vec<&Tree> = all.iter().filter(holds).collect();
    let nearest = fitting.iter().map(|tree| tree.base.len()).max()?;
    let near = || fitting.iter().filter(|tree| tree.base.len() == nearest);
    let default = near().find(|tree| tree.config.is_some() && tree.section == "alembic");
    default.or_else(|| near().next()).map(|tree| tree.folder.clone())
}
