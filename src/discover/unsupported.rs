//! Stacks that are seen and not followed: said with their folder, never passed over.

use std::collections::BTreeSet;

use super::histories::Root;
use super::index::{Index, Inside, is_within, join, split};
use super::{NotChecked, releases};
use crate::stacks::history::plain;
use crate::stacks::{alembic, ecto, flyway};

/// What a repository uses besides.
pub(super) fn find(index: &Index<'_>, roots: &[Root<'_>]) -> Vec<NotChecked> {
    let mut seen: BTreeSet<(String, &'static str)> = BTreeSet::new();
    let trees = alembic::config::trees(index.files);
    let followed = trees
        .iter()
        .filter(|tree| roots.iter().any(|r| r.path == tree.folder));
    let versions: Vec<&String> = followed.flat_map(|tree| &tree.versions).collect();
    for (path, inside) in index.folders() {
        if roots
            .iter()
            .any(|r| is_within(path, r.path) && (!r.path.is_empty() || path.is_empty()))
        {
            continue;
        }
        if versions.iter().any(|folder| is_within(path, folder)) {
            continue;
        }
        for item in &inside.items {
            if let Some(stack) = by_file(index, path, item.name) {
                seen.insert((path.to_owned(), stack));
            }
        }
        let flyway = roots.iter().filter(|r| r.runner.name == "flyway");
        if flyway
            .flat_map(|r| flyway::history::program_folders(r.path))
            .any(|p| is_within(path, &p))
        {
            continue;
        }
        let of_ecto = roots.iter().filter(|r| r.runner.name == "ecto");
        if of_ecto
            .flat_map(|r| ecto::project::beside(index.files, r.path))
            .any(|p| is_within(path, &p))
        {
            continue;
        }
        if releases::fill(inside) {
            seen.insert((path.to_owned(), releases::STACK));
        }
        if let Some(stack) = by_folder(index, path, inside) {
            seen.insert((path.to_owned(), stack));
        }
    }
    let mut out: Vec<NotChecked> = outermost(&seen)
        .into_iter()
        .map(|(path, stack)| NotChecked {
            what: format!("{} ({stack})", shown(&path)),
            why: match stack.strip_prefix("migrations in ") {
                Some(language) => format!("{language} is not followed yet"),
                None if *stack == *"Ecto" => {
                    "it is not the migrations folder of a repository; --migrations names one".to_owned()
                }
                None if *stack == *"Alembic" => {
                    "it has no revisions where its configuration says; --migrations names a folder of them"
                        .to_owned()
                }
                None if *stack == *releases::STACK => {
                    "a new database is made by none of them; --migrations takes them for a history".to_owned()
                }
                None if stack.ends_with(" models") => "they are not read yet".to_owned(),
                None => format!("{stack} is not supported yet"),
            },
        })
        .collect();
    out.extend(models_beside(index, roots));
    out.sort();
    out
}

/// Each stack once a folder tree.
fn outermost(seen: &BTreeSet<(String, &'static str)>) -> Vec<(String, &'static str)> {
    let inner = |path: &str, stack: &str| {
        seen.iter()
            .any(|(other, s)| *s == stack && other != path && is_within(path, other))
    };
    seen.iter()
        .filter(|(path, stack)| !inner(path, stack))
        .cloned()
        .collect()
}

/// A folder as people read it.
pub(super) fn shown(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

/// Stacks that a file's name alone tells.
fn by_file(index: &Index<'_>, folder: &str, name: &str) -> Option<&'static str> {
    let text_has = |word: &str| {
        let file = index.file(folder, name);
        file.is_some_and(|f| index.files.text(f).contains(word))
    };
    let lower = name.to_ascii_lowercase();
    match name {
        "alembic.ini" if !followed(index, folder) => Some("Alembic"),
        "manage.py" if text_has("django") => Some("Django"),
        "artisan" => Some("Laravel"),
        "drizzle.config.ts" | "drizzle.config.js" | "drizzle.config.mjs" | "drizzle.config.json" => {
            Some("Drizzle models")
        }
        "phinx.php" | "phinx.yml" | "phinx.yaml" | "phinx.json" => Some("Phinx"),
        _ if lower.starts_with("knexfile.") => Some("Knex"),
        _ if lower.starts_with("ormconfig.") => Some("TypeORM"),
        _ if lower.starts_with("mikro-orm.config.") => Some("MikroORM"),
        _ if lower.contains("changelog")
            && matches!(plain::ending(&lower), "xml" | "yaml" | "yml" | "json") =>
        {
            (text_has("databaseChangeLog") || text_has("liquibase")).then_some("Liquibase")
        }
        _ if name.ends_with("ModelSnapshot.cs") => Some("Entity Framework"),
        _ => None,
    }
}

/// Whether an `alembic.ini` configures a tree that is followed.
fn followed(index: &Index<'_>, folder: &str) -> bool {
    alembic::config::tree_at(index.files, &join(folder, "alembic.ini")).is_some()
}

/// Migrations in a host language, by the folder's place and the names in it.
fn by_folder(index: &Index<'_>, path: &str, inside: &Inside<'_>) -> Option<&'static str> {
    let lower = path.to_ascii_lowercase();
    let last = split(&lower).1.to_owned();
    let placed = lower.split('/').rev().take(2).any(|p| p.contains("migrat"))
        || last == "versions"
        || lower.ends_with("db/migrate");
    if !placed {
        return None;
    }
    let mut programs = inside
        .items
        .iter()
        .filter(|i| plain::is_program(i.name) && is_numbered(i.name));
    let first = programs.next()?;
    let text = index.files.text(first.file);
    let has = |word: &str| text.contains(word);
    Some(match plain::ending(first.name) {
        "py" if has("django") || has("migrations.Migration") => "Django",
        "py" if has("alembic") || has("revision") => "Alembic",
        "py" if has("yoyo") => "yoyo",
        "rb" => "Rails",
        "exs" => "Ecto",
        "php" if has("Illuminate") || has("Schema::") => "Laravel",
        "php" if has("Doctrine") || has("AbstractMigration") => "Doctrine",
        "cs" => "Entity Framework",
        "rs" if has("MigrationTrait") || has("sea_orm") => "SeaORM",
        "rs" => "migrations in Rust",
        "ts" | "js" | "mts" | "mjs" | "cjs" | "cts" if has("QueryRunner") || has("MigrationInterface") => {
            "TypeORM"
        }
        "ts" | "js" | "mts" | "mjs" | "cjs" | "cts" if has("knex") => "Knex",
        "ts" | "js" | "mts" | "mjs" | "cjs" | "cts" if has("queryInterface") || has("QueryInterface") => {
            "Sequelize"
        }
        "ts" | "js" | "mts" | "mjs" | "cjs" | "cts" if has("Kysely") || has("kysely") => "Kysely",
        "ts" | "js" | "mts" | "mjs" | "cjs" | "cts" if has("mikro-orm") => "MikroORM",
        "ts" | "js" | "mts" | "mjs" | "cjs" | "cts" if has("pgm.") => "migrations in JavaScript",
        "php" => "migrations in PHP",
        "py" => "migrations in Python",
        "go" => "migrations in Go",
        "java" | "kt" | "groovy" => "migrations in Java",
        _ => "migrations in JavaScript",
    })
}

/// `0001_x.py`, `20240101_x.ts`, `m20240101_x.rs`, `Version20240101.php`, `1700000000-Name.ts`, `ae10_x.py` of Alembic.
fn is_numbered(name: &str) -> bool {
    let bare = name
        .strip_prefix("Version")
        .or_else(|| name.strip_prefix('m'))
        .or_else(|| name.strip_prefix('V'))
        .unwrap_or(name);
    let revision = name.ends_with(".py")
        && name
            .split_once('_')
            .is_some_and(|(id, _)| id.len() >= 8 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    bare.starts_with(|c: char| c.is_ascii_digit()) || revision
}

/// Models of stacks whose histories are followed and whose models are not.
fn models_beside(index: &Index<'_>, roots: &[Root<'_>]) -> Vec<NotChecked> {
    let mut out = BTreeSet::new();
    for root in roots.iter().filter(|r| r.runner.name == "diesel") {
        let project = index
            .nearest(root.path, &["diesel.toml", "Cargo.toml"])
            .unwrap_or("");
        let configured = index.file(project, "diesel.toml").and_then(|f| {
            let text = index.files.text(f);
            text.lines().find_map(|l| {
                Some(
                    l.trim()
                        .strip_prefix("file")?
                        .trim()
                        .strip_prefix('=')?
                        .trim()
                        .trim_matches('"')
                        .to_owned(),
                )
            })
        });
        let path = join(project, configured.as_deref().unwrap_or("src/schema.rs"));
        if index.files.find(&path).is_some() {
            out.insert(NotChecked {
                what: format!("{path} (Diesel)"),
                why: "models of Diesel are not read yet".to_owned(),
            });
        }
    }
    out.into_iter().collect()
}
