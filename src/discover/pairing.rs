//! Which history and which models share a database.

use super::histories::Root;
use super::index::{Index, is_within, join, split};
use super::prisma::Schema;
use super::unsupported::shown;
use super::{Found, HistorySource, ModelSource, NotChecked, Target, dialect};
use crate::config::{Dialect, Given};
use crate::stacks::prisma::locations::Location;
use crate::stacks::supabase;

/// Makes a target of each history and each schema, of both where they belong together.
pub(super) fn pair(
    index: &Index<'_>,
    roots: &[Root<'_>],
    schemas: Vec<Schema>,
    said: Option<Dialect>,
) -> Found {
    let mut found = Found::default();
    let mut taken = vec![false; roots.len()];
    let mates: Vec<Option<usize>> = mates(index, roots, &schemas);
    for (schema, mate) in schemas.into_iter().zip(mates) {
        let root = mate.and_then(|i| roots.get(i)).copied();
        if let Some(taken) = mate.and_then(|i| taken.get_mut(i)) {
            *taken = true;
        }
        add_schema(index, &mut found, schema, root, said);
    }
    for (root, _) in roots.iter().zip(taken).filter(|(_, taken)| !taken) {
        let dialect = dialect::of_history(index, *root, said);
        if dialect.is_supported() {
            let target = target(&name_of(root.path), dialect, Some(*root), None);
            found.targets.push(target);
        } else {
            found
                .not_checked
                .push(unsupported(root.path, root.runner.title, dialect));
        }
    }
    distinct(&mut found.targets);
    found
}

fn add_schema(
    index: &Index<'_>,
    found: &mut Found,
    schema: Schema,
    root: Option<Root<'_>>,
    said: Option<Dialect>,
) {
    let history = root.map(|r| dialect::of_history(index, r, said));
    let Some(dialect) = schema.dialect.or(said).or(history) else {
        let why = match &schema.provider {
            Some(provider) => format!("the provider {provider} is not known"),
            None => "no datasource says which database it is for; --models and --dialect can".to_owned(),
        };
        found.not_checked.push(NotChecked {
            what: format!("{} (Prisma)", shown(&schema.location.schema)),
            why,
        });
        return;
    };
    if !dialect.is_supported() {
        found
            .not_checked
            .push(unsupported(&schema.location.schema, "Prisma", dialect));
        if let Some(root) = root {
            found
                .not_checked
                .push(unsupported(root.path, root.runner.title, dialect));
        }
        return;
    }
    if root.is_none() {
        let said = schema.location.migrations_said.clone();
        let looked = said.unwrap_or_else(|| join(&schema.folder, "migrations"));
        found.not_checked.push(NotChecked {
            what: format!("{} (Prisma)", shown(&schema.location.schema)),
            why: format!(
                "no migrations were found for it (looked for {}); only the models themselves are checked",
                shown(&looked)
            ),
        });
    }
    let name = root.map_or_else(|| name_of(&schema.location.schema), |r| name_of(r.path));
    let address = schema.address;
    let Location {
        schema: path, files, ..
    } = schema.location;
    let models = ModelSource {
        stack: "prisma",
        path,
        files,
        history: None,
    };
    found.targets.push(Target {
        address,
        ..target(&name, dialect, root, Some(models))
    });
}

fn target(name: &str, dialect: Dialect, root: Option<Root<'_>>, models: Option<ModelSource>) -> Target {
    let mut given = Given::default();
    if root.is_some_and(|r| r.runner.name == "supabase") {
        given = supabase::history::preset(given);
    }
    let history = root.map(|r| HistorySource {
        runner: r.runner,
        path: r.path.to_owned(),
    });
    Target {
        name: name.to_owned(),
        dialect,
        given,
        histories: history.into_iter().collect(),
        models: models.into_iter().collect(),
        leads_to_models: false,
        address: None,
    }
}

fn unsupported(path: &str, stack: &str, dialect: Dialect) -> NotChecked {
    NotChecked {
        what: format!("{} ({stack}, {})", shown(path), dialect.title()),
        why: format!(
            "{} is not supported yet; --dialect postgres says that it is PostgreSQL after all",
            dialect.title()
        ),
    }
}

/// The history of each schema, each history once.
fn mates(index: &Index<'_>, roots: &[Root<'_>], schemas: &[Schema]) -> Vec<Option<usize>> {
    let mut mates: Vec<Option<usize>> = vec![None; schemas.len()];
    type Way<'a> = &'a dyn Fn(&Schema, &Root<'_>) -> bool;
    let ways: [Way<'_>; 3] = [
        &|schema, root| is_named(schema, root),
        &|schema, root| root.runner.name == "prisma" && shares_project(index, schema, root),
        &|schema, root| root.runner.name != "prisma" && shares_project(index, schema, root),
    ];
    for way in ways {
        for (at, schema) in schemas.iter().enumerate() {
            if mates.get(at).copied().flatten().is_some() {
                continue;
            }
            let mut fitting = roots.iter().enumerate().filter(|(i, root)| {
                !mates.contains(&Some(*i)) && way(schema, root) && fits(index, schema, root)
            });
            // Between several nothing is guessed.
            if let (Some((mate, _)), None) = (fitting.next(), fitting.next())
                && let Some(slot) = mates.get_mut(at)
            {
                let others = schemas.iter().enumerate().filter(|(i, other)| {
                    *i != at && way(other, &roots[mate]) && fits(index, other, &roots[mate])
                });
                *slot = (others.count() == 0 || is_named(schema, &roots[mate])).then_some(mate);
            }
        }
    }
    mates
}

/// The place that a configuration names, or the usual one beside the schema.
fn is_named(schema: &Schema, root: &Root<'_>) -> bool {
    schema.location.migrations.as_deref() == Some(root.path)
}

/// Whether both lie below the same nearest manifest.
fn shares_project(index: &Index<'_>, schema: &Schema, root: &Root<'_>) -> bool {
    let project = |path| index.nearest(path, &["package.json", "Cargo.toml", "go.mod", "pyproject.toml"]);
    match (project(&schema.folder), project(root.path)) {
        (Some(a), Some(b)) => {
            a == b && !between_examples(&schema.folder, a) && !between_examples(root.path, a)
        }
        (None, None) => is_within(root.path, &schema.folder),
        _ => false,
    }
}

/// Whether a folder of tests or examples lies between: what is in one has its own database.
fn between_examples(path: &str, project: &str) -> bool {
    let below = path.strip_prefix(project).unwrap_or(path);
    below.split('/').any(|part| {
        matches!(
            part,
            "test"
                | "tests"
                | "__tests__"
                | "fixtures"
                | "__fixtures__"
                | "testdata"
                | "example"
                | "examples"
                | "e2e"
        )
    })
}

fn fits(index: &Index<'_>, schema: &Schema, root: &Root<'_>) -> bool {
    schema
        .dialect
        .is_none_or(|dialect| dialect == dialect::of_history(index, *root, Some(dialect)))
}

/// The name of a target: the folder around its migrations or its schema file.
fn name_of(path: &str) -> String {
    let (folder, last) = split(path);
    let bare = matches!(last, "migrations" | "migration" | "schema" | "models") || last.contains('.');
    let name = if bare && !folder.is_empty() { folder } else { path };
    shown(name).to_owned()
}

/// Targets of one name get the paths that tell them apart.
fn distinct(targets: &mut [Target]) {
    let names: Vec<String> = targets.iter().map(|t| t.name.clone()).collect();
    for (at, target) in targets.iter_mut().enumerate() {
        if names.iter().filter(|n| **n == target.name).count() > 1 {
            let histories = target.histories.first().map(|h| h.path.clone());
            let path = histories.or(target.models.first().map(|m| m.path.clone()));
            target.name = path.unwrap_or_else(|| format!("{}#{}", target.name, at + 1));
        }
    }
}
