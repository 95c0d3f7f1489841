//! Models in Python: which modules declare tables, and the history that they belong to.

use std::collections::BTreeSet;

use super::index::{Index, is_within, join, split};
use super::{Found, ModelSource, Target};
use crate::config::{Dialect, Given};
use crate::source::{FileId, Files};
use crate::stacks::alembic::config::{Tree, tree_at, trees};
use crate::stacks::alembic::handed::handed;

/// Gives each history of Alembic the models of its project; models without any history are a target of their own.
pub(super) fn add(index: &Index<'_>, found: &mut Found, said: Option<Dialect>) {
    let files = index.files;
    let mut taken: BTreeSet<FileId> = BTreeSet::new();
    let mut any = false;
    for target in &mut found.targets {
        let [history] = target.histories.as_slice() else {
            continue;
        };
        if history.runner.name != "alembic" {
            continue;
        }
        any = true;
        let path = history.path.clone();
        let Some(tree) = tree_at(files, &path) else {
            continue;
        };
        let models = models_of(files, &tree);
        if models.is_empty() || !target.models.is_empty() {
            continue;
        }
        taken.extend(&models);
        target.models.push(ModelSource {
            stack: "sqlalchemy",
            path: common_folder(files, &models),
            files: models,
            history: Some(path),
        });
    }
    // Models alone: only where nothing else is there to be checked.
    if any || !found.targets.is_empty() {
        return;
    }
    let models: Vec<FileId> = files
        .entries()
        .filter(|(_, e)| e.path.ends_with(".py") && !is_beside(&e.path))
        .map(|(file, _)| file)
        .filter(|file| declares(&files.text(*file)))
        .collect();
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
        address: None,
    });
}

/// The modules of a history's project that declare tables: in the packages that `env.py` imports from, or, where it imports none,
/// below the folder that its commands run in.
fn models_of(files: &Files, tree: &Tree) -> Vec<FileId> {
    let reached = handed(files, tree, &Given::default()).modules;
    let roots = tree.roots();
    let mut packages: BTreeSet<String> = BTreeSet::new();
    for file in &reached {
        let path = files.path(*file);
        if is_within(path, &tree.folder) {
            continue;
        }
        let root = roots
            .iter()
            .filter(|root| is_within(path, root))
            .max_by_key(|root| root.len());
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
    files
        .entries()
        .filter(|(_, e)| e.path.ends_with(".py") && inside(&e.path))
        .filter(|(file, e)| reached.contains(file) || !is_beside(&e.path))
        .filter(|(_, e)| {
            !is_within(&e.path, &tree.folder) && !tree.versions.iter().any(|v| is_within(&e.path, v))
        })
        .map(|(file, _)| file)
        .filter(|file| declares(&files.text(*file)))
        .collect()
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

/// Whether a module may declare a table: it speaks of SQLAlchemy or its kin, and of columns or tables.
fn declares(text: &str) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    has(&["sqlalchemy", "sqlmodel", "SQLAlchemy", ".Model"])
        && has(&[
            "Column(",
            "mapped_column(",
            "Mapped[",
            "__tablename__",
            "__table__",
            "table=True",
            "table = True",
            "Table(",
            ".Model)",
            ".Model,",
        ])
}

/// The folder that holds all files, or the one file.
fn common_folder(files: &Files, all: &[FileId]) -> String {
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
    let holds = |tree: &Tree| {
        is_within(models, &tree.base) || tree.roots().iter().any(|root| is_within(models, root))
    };
    let fitting: Vec<Tree> = trees(files).into_iter().filter(holds).collect();
    let nearest = fitting.iter().map(|tree| tree.base.len()).max()?;
    let near = || fitting.iter().filter(|tree| tree.base.len() == nearest);
    let default = near().find(|tree| tree.config.is_some() && tree.section == "alembic");
    default.or_else(|| near().next()).map(|tree| tree.folder.clone())
}
