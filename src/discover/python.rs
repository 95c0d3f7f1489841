//! Models in Python: which modules declare tables, and the history that they belong to.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use rayon::prelude::*;
use regex::Regex;

use super::index::{Index, is_within, join, split};
use super::{Found, ModelSource, Target};
use crate::config::{Dialect, Given};
use crate::interpret::python::read_ahead;
use crate::source::{Entry, FileId, Files};
use crate::stacks::alembic::config::{Tree, tree_at, trees};
use crate::stacks::alembic::handed::handed;

/// Gives each history of Alembic the models of its project; models without any history are a target of their own.
pub(super) fn add(index: &Index<'_>, found: &mut Found, said: Option<Dialect>) {
    let files = index.files;
    let mut taken: BTreeSet<FileId> = BTreeSet::new();
    let mut any = false;
    run_environments(files, found);
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
    let candidates = files
        .entries()
        .filter(|(_, e)| e.path.ends_with(".py") && !is_beside(&e.path));
    let models = declaring(files, candidates);
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

/// Runs what tells the models of each history, side by side.
fn run_environments(files: &Files, found: &Found) {
    let histories = found.targets.iter().flat_map(|target| &target.histories);
    let trees: Vec<Tree> = histories
        .filter(|history| history.runner.name == "alembic")
        .filter_map(|history| tree_at(files, &history.path))
        .collect();
    for tree in &trees {
        let mut seeds: Vec<FileId> = tree.environment(files).into_iter().collect();
        seeds.extend(tree.revisions(files));
        read_ahead(files, &tree.roots(), seeds);
    }
    trees.par_iter().for_each(|tree| drop(handed(files, tree)));
}

/// The modules of a history's project that declare tables: in the packages that `env.py` imports from, or, where it imports none,
/// below the folder that its commands run in.
fn models_of(files: &Files, tree: &Tree) -> Vec<FileId> {
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
        .entries()
        .filter(|(_, e)| e.path.ends_with(".py") && inside(&e.path))
        .filter(|(file, e)| reached.contains(file) || !is_beside(&e.path))
        .filter(|(_, e)| {
            !is_within(&e.path, &tree.folder) && !tree.versions.iter().any(|v| is_within(&e.path, v))
        });
    declaring(files, candidates)
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

/// What a module that may declare a table speaks of: SQLAlchemy or its kin, and columns or tables.
static KIN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"sqlalchemy|sqlmodel|SQLAlchemy|\.Model").ok());
static TABLES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = r"Column\(|mapped_column\(|Mapped\[|__tablename__|__table__|table=True|table = True|Table\(|\.Model[),]";
    Regex::new(words).ok()
});

/// Whether a module may declare a table.
fn declares(text: &str) -> bool {
    let has = |words: &Option<Regex>| words.as_ref().is_none_or(|words| words.is_match(text));
    has(&KIN) && has(&TABLES)
}

/// The files that may declare a table.
fn declaring<'f>(files: &Files, among: impl Iterator<Item = (FileId, &'f Entry)>) -> Vec<FileId> {
    let among: Vec<FileId> = among.map(|(file, _)| file).collect();
    among
        .into_par_iter()
        .filter(|file| declares(&files.text(*file)))
        .collect()
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
