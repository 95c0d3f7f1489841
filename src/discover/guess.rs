//! Which runner a folder of migrations belongs to: by its layout, its file names, marks in its files, and the manifests around it.

use crate::source::{FileId, Files};
use crate::stacks::history::plain;
use crate::stacks::{
    ATLAS, DBMATE, DIESEL, DRIZZLE, FLYWAY, Folder, GOLANG_MIGRATE, GOOSE, Item, NODE_PG_MIGRATE,
    POSTGRES_MIGRATIONS, PRISMA, REFINERY, Runner, SQL_FOLDER, SQL_MIGRATE, SQLX, SUPABASE, dbmate, drizzle,
    flyway, goose, node_pg_migrate, sql_folder, sql_migrate, supabase,
};

/// Files above a folder that say which libraries a project uses, and how.
pub const MANIFESTS: &[&str] = &[
    "Cargo.toml",
    "go.mod",
    "package.json",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "pyproject.toml",
    "diesel.toml",
    "prisma.config.ts",
    "prisma.config.mts",
    "prisma.config.cts",
    "prisma.config.js",
    "prisma.config.mjs",
    "prisma.config.cjs",
    "pnpm-workspace.yaml",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lock",
];

/// The runner of a folder of migrations; [`SQL_FOLDER`] where nothing tells more.
#[must_use]
pub(super) fn runner(folder: Folder<'_>) -> &'static Runner {
    let items: Vec<Item<'_>> = folder.items().collect();
    marked(folder, &items)
        .or_else(|| by_manifest(folder, &items))
        .unwrap_or(&SQL_FOLDER)
}

/// The runner that the folder's own layout, names and texts tell, whatever lies around it.
pub(super) fn marked(folder: Folder<'_>, items: &[Item<'_>]) -> Option<&'static Runner> {
    by_layout(folder, items).or_else(|| by_marks(folder.files, items))
}

/// Whether a folder holds one migration of Prisma or Diesel: its name begins with a time, or those around it say what they are. Source:
/// `prisma migrate dev` (`20240131120000_name`), `diesel migration generate` (`2024-01-31-120000_name`, `00000000000000_name`).
pub(super) fn is_step(above: &str, name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_digit()) || !above.is_empty() && names_migrations(above)
}

/// Whether one of the last two parts of a path says that it holds migrations.
pub(super) fn names_migrations(path: &str) -> bool {
    // The folder that was named itself: its name is not in the listing, and it was named for something.
    path.is_empty()
        || path
            .rsplit('/')
            .take(2)
            .any(|part| part.to_ascii_lowercase().contains("migrat"))
}

/// Whether a folder's name says that what it migrates is data: scripts for one occasion, where something else makes the schema.
pub(super) fn names_migrations_of_data(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    name.starts_with("data") && name.contains("migrat")
}

fn by_layout(folder: Folder<'_>, items: &[Item<'_>]) -> Option<&'static Runner> {
    let has = |name: &str| items.iter().any(|i| i.name == name);
    let folders = folder.folders();
    let folder_has = |name: &str| {
        let mut steps = folders.iter().filter(|(name, _)| is_step(folder.path, name));
        steps.any(|(_, f)| f.iter().any(|i| i.name == name))
    };
    if folder.file(drizzle::history::JOURNAL).is_some() {
        return Some(&DRIZZLE);
    }
    if has("migration_lock.toml") || folder_has("migration.sql") {
        return Some(&PRISMA);
    }
    if folder_has("up.sql") {
        return Some(&DIESEL);
    }
    if folder.path.ends_with("supabase/migrations")
        && items.iter().any(|i| supabase::history::is_migration(i.name))
    {
        return Some(&SUPABASE);
    }
    let naming = flyway::naming::Naming::of(folder.files, folder.path);
    let versioned = |name: &str| naming.kind(name).is_some();
    if folder
        .below()
        .any(|(path, _)| versioned(path.rsplit('/').next().unwrap_or(path)))
    {
        let rust = manifest(folder, "Cargo.toml").is_some_and(|f| folder.files.text(f).contains("refinery"));
        return Some(if rust { &REFINERY } else { &FLYWAY });
    }
    let pairs = items.iter().any(|i| i.name.ends_with(".up.sql"));
    (has("atlas.sum") && !pairs).then_some(&ATLAS)
}

/// Marks in the files: those of a few are read, since every file of a runner has its marks.
fn by_marks(files: &Files, items: &[Item<'_>]) -> Option<&'static Runner> {
    let sql = items.iter().filter(|i| i.name.ends_with(".sql"));
    for item in sql.take(8) {
        let Ok(source) = files.read(item.file) else {
            continue;
        };
        let text = &*source.text;
        if text.contains("+goose") && goose::history::is_annotated(text) {
            return Some(&GOOSE);
        }
        if text.contains("+migrate") && sql_migrate::history::is_annotated(text) {
            return Some(&SQL_MIGRATE);
        }
        if text.contains("migrate:up") && !dbmate::history::up_blocks(text).is_empty() {
            return Some(&DBMATE);
        }
        let marked = |line: &str| node_pg_migrate::history::is_mark(line, "up");
        if plain::lines(text).any(|(_, line)| marked(line)) && !splits_otherwise(files, items) {
            return Some(&NODE_PG_MIGRATE);
        }
        if text.contains("-- postgres-migrations disable-transaction") {
            return Some(&POSTGRES_MIGRATIONS);
        }
    }
    None
}

/// Whether a file has two directions that node-pg-migrate would run one after the other.
fn splits_otherwise(files: &Files, items: &[Item<'_>]) -> bool {
    let sql = items.iter().filter(|i| i.name.ends_with(".sql"));
    sql.map(|item| files.text(item.file)).any(|text| {
        let up = sql_folder::sections::up(&text);
        up != (0..text.len()) && up != node_pg_migrate::history::up_part(&text)
    })
}

fn by_manifest(folder: Folder<'_>, items: &[Item<'_>]) -> Option<&'static Runner> {
    let numbered = |i: &&Item<'_>| plain::number(i.name).is_some();
    let underscored = items
        .iter()
        .filter(|i| i.name.ends_with(".sql"))
        .filter(numbered)
        .count()
        > 0;
    if !underscored && !items.iter().filter(numbered).any(|i| plain::is_program(i.name)) {
        return None;
    }
    let pairs = items.iter().any(|i| i.name.ends_with(".up.sql"));
    for (name, file) in manifests(folder) {
        let text = folder.files.text(file);
        match name {
            "Cargo.toml" if text.contains("sqlx") || text.contains("sea-orm") => return Some(&SQLX),
            "package.json" if text.contains("\"node-pg-migrate\"") => return Some(&NODE_PG_MIGRATE),
            "package.json" if text.contains("\"postgres-migrations\"") => return Some(&POSTGRES_MIGRATIONS),
            "go.mod" if pairs => return Some(&GOLANG_MIGRATE),
            _ => {}
        }
    }
    pairs.then_some(&GOLANG_MIGRATE)
}

/// The manifests in a folder and the folders above it, nearest first.
pub(super) fn manifests<'a>(folder: Folder<'a>) -> impl Iterator<Item = (&'static str, FileId)> + 'a {
    ancestors(folder.path).flat_map(move |path| {
        let above = Folder::new(folder.files, path);
        MANIFESTS
            .iter()
            .filter_map(move |name| Some((*name, above.file(name)?)))
    })
}

/// The nearest manifest of a name.
fn manifest(folder: Folder<'_>, name: &str) -> Option<FileId> {
    manifests(folder).find(|(n, _)| *n == name).map(|(_, file)| file)
}

/// A path and the paths above it, ending with the empty one.
pub(super) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |p| match p.rsplit_once('/') {
        Some((above, _)) => Some(above),
        None => (!p.is_empty()).then_some(""),
    })
}
