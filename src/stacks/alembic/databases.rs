//! Several databases in one tree: those that the configuration lists, and those that revisions tell apart by the text of the URL.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::config::Tree;
use crate::source::{FileId, Files};

/// The name of the database that no guard names, where guards name but one.
const OTHER: &str = "main";

/// Words in a URL that say how a database is reached, and not which it is.
const NO_NAMES: &[&str] = &[
    "postgres",
    "postgresql",
    "psycopg",
    "psycopg2",
    "asyncpg",
    "pg8000",
    "sqlite",
    "aiosqlite",
    "mysql",
    "mariadb",
    "pymysql",
    "mssql",
    "oracle",
    "cockroach",
    "cockroachdb",
    "redshift",
    "localhost",
    "127.0.0.1",
    "test",
    "testing",
    "supabase",
    "neon",
    "amazonaws",
    "rds",
    "pgbouncer",
    "sslmode",
    "://",
    "@",
    ":",
    "?",
    "%",
    "+",
];

/// The databases that a tree is run on, by name; empty where it is one.
#[must_use]
pub fn databases(files: &Files, tree: &Tree) -> Vec<String> {
    if let Some(listed) = tree.option("databases") {
        let names: Vec<String> = listed
            .as_str()
            .split([',', '\n', ' '])
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        if names.len() > 1 {
            return names;
        }
    }
    let of_revision = |file: &FileId| {
        let text = files.text(*file);
        match text.contains("url") || text.contains("URL") {
            true => guards(&text),
            false => Vec::new(),
        }
    };
    let revisions = tree.revisions(files);
    let mut named: BTreeSet<String> = revisions.par_iter().flat_map_iter(of_revision).collect();
    match named.len() {
        0 => Vec::new(),
        1 => {
            named.insert(OTHER.to_owned());
            named.into_iter().collect()
        }
        _ => named.into_iter().collect(),
    }
}

/// The address of one of several databases, as a guard would see it.
#[must_use]
pub fn address(database: &str) -> String {
    format!("postgresql://user:password@localhost:5432/{database}")
}

/// Whether a variable of the environment, by its name in capitals, holds the address of the database and of nothing else
/// (`REDIS_URL`, `SENTRY_DSN`).
#[must_use]
pub fn is_address(variable: &str) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| variable.contains(word));
    has(&["URL", "URI", "DSN"]) && has(&["DATABASE", "DB", "SQL", "POSTGRES", "PG_", "ALEMBIC"])
}

/// Names that a revision looks for in the URL: `if "auth" in url: return`.
fn guards(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for line in text.lines() {
        let Some((before, after)) = line.split_once(" in ") else {
            continue;
        };
        let looked_in = after.split([':', ')', ' ', ',']).next().unwrap_or("");
        let variable = looked_in
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .find(|word| word.contains("URL"));
        if variable.is_some_and(|variable| variable.contains('_') && !is_address(variable)) {
            continue;
        }
        if !looked_in.to_ascii_lowercase().contains("url") || before.trim_start().starts_with("for ") {
            continue;
        }
        if is_of_data(looked_in) {
            continue;
        }
        let before = before.trim_end().trim_end_matches(" not").trim_end();
        let Some(quote @ ('"' | '\'')) = before.chars().last() else {
            continue;
        };
        let inner = &before[..before.len() - 1];
        let Some(start) = inner.rfind(quote) else { continue };
        let name = inner.get(start + 1..).unwrap_or("");
        let plain = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        if plain && name.len() > 1 && !NO_NAMES.contains(&name.to_ascii_lowercase().as_str()) {
            out.push(name.to_owned());
        }
    }
    out
}

/// Whether the URL is an attribute of something that reaches no database: `link.url`, a row's.
fn is_of_data(looked_in: &str) -> bool {
    let lower = looked_in.to_ascii_lowercase();
    let Some((owner, _)) = lower.rsplit_once(".url") else {
        return false;
    };
    let reaching = [
        "engine", "bind", "conn", "conf", "setting", "env", "db", "database", "context", "op",
    ];
    !reaching.iter().any(|word| owner.contains(word))
}

#[cfg(test)]
mod tests {
    use super::guards;

    #[test]
    fn names_in_urls() {
        let text = "    return \"shop_auth\" in db_url\n    if 'billing' not in str(url):\n    if \"sqlite\" in url:\n    for \"x\" in urls:\n    if \"cache\" in os.environ[\"REDIS_URL\"]:\n    if \"shop\" in os.environ[\"DATABASE_URL\"]:\n    if \"a\" in names:\n";
        assert_eq!(guards(text), ["shop_auth", "billing", "shop"]);
        let text = "    if \"page\" not in link.url:\n    if \"shop\" in str(bind.engine.url):\n    if \"a\" in url.url or x:\n";
        assert_eq!(guards(text), ["shop"]);
    }
}
