//! What is said beside a Prisma schema and decides how it is read: Prisma's version, and tables that others manage.
//!
//! Source: Prisma's documentation of `prisma.config.ts` (`tables.external`, `enums.external`) and its guide for upgrading to 6
//! (join tables).

use serde_json::Value;

use super::script;
use crate::name::QualifiedName;
use crate::source::{FileId, Files};

/// What is said beside a schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrismaConfig {
    /// Prisma's major version, where it is told.
    pub version: Option<u32>,
    /// Tables that Prisma's migrations leave alone: `users` or `auth.users`.
    pub external_tables: Vec<String>,
    /// Enums that Prisma's migrations leave alone.
    pub external_enums: Vec<String>,
}

/// The names that Prisma's configuration file has.
pub(super) const SCRIPTS: [&str; 6] = [
    "prisma.config.ts",
    "prisma.config.mts",
    "prisma.config.cts",
    "prisma.config.js",
    "prisma.config.mjs",
    "prisma.config.cjs",
];

/// Lock files of package managers.
const LOCKS: [&str; 4] = ["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"];
/// A lock file larger than this is not searched.
const MAX_LOCK: u64 = 32 << 20;

impl PrismaConfig {
    /// What is told by the configuration and package files nearest above the schema.
    #[must_use]
    pub fn near(files: &Files, schema_files: &[FileId]) -> Self {
        let path = schema_files.first().map_or("", |file| files.path(*file));
        let mut out = PrismaConfig::default();
        let mut script = None;
        for folder in above(path) {
            script = script.or_else(|| SCRIPTS.iter().find_map(|name| files.find(&join(folder, name))));
            out.version = out.version.or_else(|| in_package(files, folder));
        }
        if let Some(file) = script {
            let settings = script::read(&files.text(file));
            out.external_tables = settings.external_tables;
            out.external_enums = settings.external_enums;
        }
        if out.version.is_none() {
            out.version = above(path).find_map(|folder| in_locks(files, folder));
        }
        out
    }

    /// Whether migrations leave this table alone. A table is listed with its schema, or without where there is but one.
    pub(super) fn external_table(&self, table: &QualifiedName) -> bool {
        let bare = table.name.as_str();
        let full = table
            .schema
            .as_ref()
            .map_or_else(|| format!("public.{bare}"), |s| format!("{s}.{bare}"));
        self.external_tables
            .iter()
            .any(|entry| entry == bare || *entry == full)
    }
}

/// The folders that a path lies in, from its own upwards to the empty one.
pub(super) fn above(path: &str) -> impl Iterator<Item = &str> {
    let first = path.rfind('/').map_or("", |i| &path[..i]);
    std::iter::successors(Some(first), |folder| {
        (!folder.is_empty()).then(|| folder.rfind('/').map_or("", |i| &folder[..i]))
    })
}

/// `folder/name`.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// Prisma's version as `package.json`, or pnpm's catalog, says it.
fn in_package(files: &Files, folder: &str) -> Option<u32> {
    let package: Value =
        serde_json::from_str(&files.text(files.find(&join(folder, "package.json"))?)).ok()?;
    ["dependencies", "devDependencies", "peerDependencies"]
        .iter()
        .filter_map(|key| package.get(key))
        .flat_map(|list| ["prisma", "@prisma/client"].map(|name| list.get(name)))
        .flatten()
        .filter_map(Value::as_str)
        .find_map(|wanted| {
            if wanted.starts_with("catalog:") {
                above(&join(folder, "x")).find_map(|up| in_catalog(files, up))
            } else {
                major(wanted)
            }
        })
}

/// The major version that a requirement allows, where it allows one alone: `6.1.0`, `^6`, `~6.1`.
fn major(wanted: &str) -> Option<u32> {
    let wanted = wanted.trim();
    let version = wanted.trim_start_matches(['^', '~', '=', 'v']);
    if version.contains(' ') || version.contains("||") {
        return None;
    }
    let end = version
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(version.len());
    version[..end].parse().ok()
}

/// `prisma: 6.1.0` of `pnpm-workspace.yaml`.
fn in_catalog(files: &Files, folder: &str) -> Option<u32> {
    let text = files.text(files.find(&join(folder, "pnpm-workspace.yaml"))?);
    let unquoted = |s: &str| s.trim().trim_matches(['"', '\'']).to_owned();
    one(text.lines().filter_map(|line| {
        let (key, value) = line.rsplit_once(':')?;
        let key = unquoted(key);
        (key == "prisma" || key == "@prisma/client").then(|| major(&unquoted(value)))?
    }))
}

/// The versions that a lock file holds, where they agree.
fn in_locks(files: &Files, folder: &str) -> Option<u32> {
    LOCKS
        .iter()
        .filter_map(|name| files.find(&join(folder, name)))
        .filter(|file| files.size(*file) <= MAX_LOCK)
        .find_map(|file| in_lock(&files.text(file)))
}

fn in_lock(text: &str) -> Option<u32> {
    let after = |needle: &'static str| {
        text.match_indices(needle)
            .map(move |(i, _)| &text[i + needle.len()..])
    };
    let pinned = after("@prisma/client@").filter_map(|rest| {
        // yarn names what is wanted (`@prisma/client@^6`), and the version it took on the next line.
        let rest = rest.strip_prefix("npm:").unwrap_or(rest);
        major(rest.split(['"', '\'', ',', ':', ')', '(', '\n']).next()?)
    });
    let npm = after("\"node_modules/@prisma/client\"").filter_map(|rest| {
        let value = rest.split_once("\"version\"")?.1;
        major(value.split('"').nth(1)?)
    });
    one(pinned.chain(npm))
}

/// The value that all are.
fn one(mut values: impl Iterator<Item = u32>) -> Option<u32> {
    let first = values.next()?;
    values.all(|v| v == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(major("^6.1.0"), Some(6));
        assert_eq!(major("7"), Some(7));
        assert_eq!(major(">=5"), None);
        assert_eq!(major("5 || 6"), None);
        assert_eq!(major("workspace:*"), None);
        assert_eq!(in_lock("  '@prisma/client@5.2.0(prisma@5.2.0)':\n"), Some(5));
        assert_eq!(
            in_lock("\"@prisma/client@npm:^6.0.1\":\n  version: 6.2.0\n"),
            Some(6)
        );
        assert_eq!(
            in_lock("\"node_modules/@prisma/client\": {\n \"version\": \"4.16.2\","),
            Some(4)
        );
        assert_eq!(above("a/b/c.prisma").collect::<Vec<_>>(), ["a/b", "a", ""]);
    }

    #[test]
    fn nearest_files() {
        let files = Files::in_memory([
            ("p/prisma/schema.prisma", ""),
            ("p/package.json", r#"{"devDependencies": {"prisma": "catalog:"}}"#),
            (
                "pnpm-workspace.yaml",
                "catalog:\n  \"@prisma/client\": ^7.1.0\n  prisma: 7.1.0\n",
            ),
            (
                "p/prisma.config.ts",
                "export default defineConfig({ tables: { external: ['auth.users'] } })",
            ),
        ]);
        let schema = files
            .find("p/prisma/schema.prisma")
            .into_iter()
            .collect::<Vec<_>>();
        let config = PrismaConfig::near(&files, &schema);
        assert_eq!(config.version, Some(7));
        assert_eq!(config.external_tables, ["auth.users"]);
    }
}
