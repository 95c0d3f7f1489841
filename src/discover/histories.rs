//! Finds the roots of histories that can be followed.

use std::collections::BTreeSet;

use super::index::{Index, Inside, is_within, split};
use super::{guess, releases};
use crate::stacks::flyway::naming::Naming;
use crate::stacks::history::plain;
use crate::stacks::{ALEMBIC, ECTO, Folder, Runner, SQL_FOLDER, alembic, ecto, flyway, supabase};

/// A folder (or file) of migrations and its runner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Root<'a> {
    pub(super) path: &'a str,
    pub(super) runner: &'static Runner,
}

/// Files that hold a whole schema, where nothing else does.
const WHOLE: &[&str] = &["schema.sql", "structure.sql"];

/// All roots in path order. A root within another one is a part of it.
pub(super) fn find<'a>(index: &Index<'a>) -> Vec<Root<'a>> {
    let mut candidates: BTreeSet<&'a str> = BTreeSet::new();
    for (path, inside) in index.folders() {
        // A `migration.sql` beside the schema itself is a script, and the folder above it no history.
        let beside_models = inside.items.iter().any(|item| item.name.ends_with(".prisma"));
        let (above, name) = split(path);
        let is_step = guess::is_step(above, name);
        if is_step && inside.file("migration.sql").is_some() && !beside_models
            || is_step && inside.file("up.sql").is_some()
            || inside.file("_journal.json").is_some() && name == "meta"
        {
            candidates.insert(above);
        } else if (is_root(path, inside) || is_flyway(index, path, inside)) && !releases::fill(inside) {
            candidates.insert(path);
        }
    }
    let mut roots: Vec<Root<'a>> = alembic_trees(index);
    roots.extend(ecto_folders(index));
    if roots.is_empty() {
        roots.extend(ecto_entries(index));
    }
    // The repository's own folder comes last: a script that lies there is a history only where nothing else is.
    let own = candidates.take("");
    for path in candidates.into_iter().chain(own) {
        if roots
            .iter()
            .any(|r| is_within(path, r.path) && (!r.path.is_empty() || path.is_empty()))
        {
            continue;
        }
        let folder = Folder::new(index.files, path);
        let items: Vec<_> = folder.items().collect();
        let pairs = items.iter().any(|i| i.name.ends_with(".up.sql"));
        let is_of_data = guess::names_migrations_of_data(path) && !roots.is_empty();
        let named = guess::names_migrations(path) && !is_of_data && (!path.is_empty() || roots.is_empty());
        if !named && !pairs && guess::marked(folder, &items).is_none() {
            continue;
        }
        let runner = guess::runner(folder);
        roots.push(Root { path, runner });
    }
    if roots.is_empty() {
        roots.extend(whole_schemas(index));
    }
    roots
}

/// The script folders of Alembic.
fn alembic_trees<'a>(index: &Index<'a>) -> Vec<Root<'a>> {
    let trees = alembic::config::trees(index.files);
    let path_of = |folder: &str| index.folders().map(|(path, _)| path).find(|path| *path == folder);
    trees
        .iter()
        .filter_map(|tree| path_of(&tree.folder))
        .map(|path| Root {
            path,
            runner: &ALEMBIC,
        })
        .collect()
}

/// The folders of migrations of the repositories of Mix projects.
fn ecto_folders<'a>(index: &Index<'a>) -> Vec<Root<'a>> {
    let is_one = |path: &&str| {
        let placed = ecto::project::place(path).is_some() && !ecto::project::is_beside(path);
        placed
            && ecto::project::above(index.files, path).is_some()
            && !ecto::history::found(Folder::new(index.files, path)).is_empty()
    };
    let paths = index.folders().map(|(path, _)| path).filter(is_one);
    paths.map(|path| Root { path, runner: &ECTO }).collect()
}

/// The modules of Mix projects that bring migrations for the applications around them: their `up` walks versions.
fn ecto_entries<'a>(index: &Index<'a>) -> Vec<Root<'a>> {
    let is_one = |path: &str, text: &str| {
        let other = ["sqlite", "myxql", "mysql"]
            .iter()
            .any(|word| path.contains(word));
        !other
            && !ecto::project::is_beside(path)
            && text.contains("use Ecto.Migration")
            && text.contains("@current_version")
            && text.contains("def up(")
            && ecto::project::above(index.files, path).is_some()
    };
    let modules = index
        .files
        .entries()
        .filter(|(_, entry)| entry.path.ends_with(".ex"));
    let found = modules.filter(|(file, entry)| is_one(&entry.path, &index.files.text(*file)));
    found
        .map(|(_, entry)| Root {
            path: entry.path.as_str(),
            runner: &ECTO,
        })
        .collect()
}

/// Whether the files of a folder look like a runner's migrations.
fn is_root(path: &str, inside: &Inside<'_>) -> bool {
    let any = |test: &dyn Fn(&str) -> bool| inside.items.iter().any(|i| test(i.name));
    let numbered = |name: &str| {
        let rest = name.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.len() < name.len()
            && name.ends_with(".sql")
            && (rest.starts_with(['_', '-', '.']) || guess::names_migrations(path))
    };
    any(&|n| n == "migration_lock.toml" || n == "atlas.sum")
        || path.ends_with("supabase/migrations") && any(&supabase::history::is_migration)
        || any(&|n| n.ends_with(".sql") && flyway::history::kind(n).is_some_and(|k| k.is_numbered()))
        || any(&numbered)
}

/// Whether files of a folder bear versions as the project's configuration of Flyway has them.
fn is_flyway(index: &Index<'_>, path: &str, inside: &Inside<'_>) -> bool {
    if !guess::names_migrations(path) || inside.items.is_empty() {
        return false;
    }
    let naming = Naming::of(index.files, path);
    naming != Naming::default()
        && inside
            .items
            .iter()
            .any(|i| naming.kind(i.name).is_some_and(|k| k.is_numbered()))
}

/// Single files that hold a whole schema.
fn whole_schemas<'a>(index: &Index<'a>) -> Vec<Root<'a>> {
    let named = |path: &&str| WHOLE.contains(&split(path).1);
    let paths = index
        .files
        .entries()
        .map(|(_, entry)| entry.path.as_str())
        .filter(named);
    // One in a folder is enough: `structure.sql` beside `schema.sql` says the same again.
    let mut folders = BTreeSet::new();
    paths
        .filter(|path| folders.insert(split(path).0))
        .filter(|path| {
            let text = index
                .files
                .find(path)
                .map(|f| index.files.text(f))
                .unwrap_or_default();
            plain::may_change_schema(&text)
        })
        .map(|path| Root {
            path,
            runner: &SQL_FOLDER,
        })
        .collect()
}
