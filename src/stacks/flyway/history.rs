//! Flyway's history.
//!
//! Source: `flyway-core/.../resource/ResourceNameParser.java` (prefix, version, `__`, description), `api/MigrationVersion.java`
//! (numbers between dots or underscores, compared one by one, zeros at the end without meaning), `resolver/` (files below a
//! location whatever their depth; repeatable ones last, by description), the manual on baseline migrations (on a new database the
//! newest `B` stands for everything up to its version) and callbacks. Statements go to the server one by one, in a transaction a
//! file unless one of them cannot run in one (`PostgreSQLParser.java`) or `<file>.conf` says `executeInTransaction=false`.

use super::naming::{Naming, version};
use crate::config::Given;
use crate::session::RunMode;
use crate::source::{FileId, Text};
use crate::stacks::history::placeholders::{self, Replaced};
use crate::stacks::history::{Draft, plain};
use crate::stacks::{Folder, History};

/// What a file is by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `B<version>__`.
    Baseline(Version),
    /// `V<version>__`.
    Versioned(Version),
    /// `R__`: its description.
    Repeatable(String),
    /// Runs before or after everything.
    Callback(String),
}

/// Numbers of a version, zeros at the end left out.
pub type Version = Vec<u128>;

struct Script<'a> {
    kind: Kind,
    name: &'a str,
    file: FileId,
    /// SQL, not a program.
    sql: bool,
}

/// Reads a location.
#[must_use]
pub fn read(folder: Folder<'_>, given: &Given) -> History {
    let mut draft = Draft::new("flyway", folder);
    let naming = Naming::of(folder.files, folder.path);
    let mut scripts: Vec<Script<'_>> = Vec::new();
    let programs = program_folders(folder.path);
    let below = programs
        .iter()
        .flat_map(|path| Folder::new(folder.files, path).below());
    let below = below.filter(|(path, _)| !naming.is_sql(path));
    for (path, file) in folder.below().chain(below) {
        let name = path.rsplit('/').next().unwrap_or(path);
        if let Some(kind) = naming.kind(name) {
            let sql = naming.is_sql(name);
            let said = if sql { None } else { said_version(folder, file) };
            let kind = said.map_or(kind, Kind::Versioned);
            scripts.push(Script {
                kind,
                name,
                file,
                sql,
            });
        }
    }
    scripts.sort_by(|a, b| (a.kind.order(), &a.kind, a.name).cmp(&(b.kind.order(), &b.kind, b.name)));
    scripts.dedup_by(|a, b| a.file == b.file);
    baseline(&mut scripts);
    let mut last: Option<(Version, FileId)> = None;
    for script in &scripts {
        if let Kind::Versioned(version) = &script.kind {
            // A program may say its version in code that is not read.
            let told = script.sql;
            if let Some((_, first)) = last.as_ref().filter(|(v, _)| v == version && told) {
                draft.duplicate(&print(version), *first, script.file);
            }
            if told {
                last = Some((version.clone(), script.file));
            }
        }
        add(&mut draft, folder, script, given);
    }
    draft.finish()
}

/// The version that a program gives itself: `MigrationVersion.fromVersion("57.2")`.
fn said_version(folder: Folder<'_>, file: FileId) -> Option<Version> {
    let text = folder.files.text(file);
    let (_, rest) = text.split_once("fromVersion(\"")?;
    version(rest.split('"').next()?)
}

/// On a new database the newest baseline runs instead of what it covers.
fn baseline(scripts: &mut Vec<Script<'_>>) {
    let newest = scripts.iter().filter_map(|s| match &s.kind {
        Kind::Baseline(version) => Some(version.clone()),
        Kind::Versioned(_) | Kind::Repeatable(_) | Kind::Callback(_) => None,
    });
    let Some(newest) = newest.max() else { return };
    scripts.retain(|s| match &s.kind {
        Kind::Baseline(version) => *version == newest,
        Kind::Versioned(version) => *version > newest,
        Kind::Repeatable(_) | Kind::Callback(_) => true,
    });
}

fn add(draft: &mut Draft<'_>, folder: Folder<'_>, script: &Script<'_>, given: &Given) {
    if !script.sql {
        draft.program(script.name, script.file);
        return;
    }
    let Some(text) = draft.text(script.name, script.file) else {
        return;
    };
    if matches!(script.kind, Kind::Callback(_)) && !plain::may_change_schema(text.as_str()) {
        return;
    }
    let configuration = folder
        .files
        .find(&format!("{}.conf", folder.files.path(script.file)));
    let configured = configuration.map(|c| folder.files.text(c)).and_then(|text| {
        text.lines().find_map(|l| {
            l.trim()
                .strip_prefix("executeInTransaction")?
                .split_once('=')
                .map(|l| l.1.trim() == "true")
        })
    });
    let transaction = configured.unwrap_or_else(|| !leaves_transaction(text.as_str()));
    let mode = if transaction {
        RunMode::Transaction
    } else {
        RunMode::Statements
    };
    let replaced = replace(&text, given);
    draft.replaced(script.name, script.file, replaced, mode);
}

/// Placeholders: those that are given, and Flyway's own that need no answer.
fn replace(text: &Text, given: &Given) -> Replaced {
    let mut given = given.clone();
    let schema = given
        .search_path
        .first()
        .map_or("public".to_owned(), ToString::to_string);
    for (key, value) in [
        ("flyway:defaultSchema", schema.as_str()),
        ("flyway:table", "flyway_schema_history"),
    ] {
        given
            .settings
            .entry(key.to_owned())
            .or_insert_with(|| value.to_owned());
    }
    placeholders::replace(text, 0..text.as_str().len(), &|_| true, &given)
}

/// Whether one of the statements cannot run in a transaction, as Flyway finds it: by how a line begins.
fn leaves_transaction(text: &str) -> bool {
    text.lines().any(|line| {
        let words: Vec<String> = line
            .split_whitespace()
            .take(5)
            .map(str::to_ascii_uppercase)
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["CREATE" | "DROP", "INDEX", "CONCURRENTLY", ..]
            | ["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY", ..]
            | ["CREATE" | "DROP", "DATABASE" | "TABLESPACE" | "SUBSCRIPTION", ..]
            | ["ALTER", "SYSTEM", ..]
            | ["DISCARD", "ALL" | "ALL;", ..]
            | ["REINDEX", "SCHEMA" | "DATABASE" | "SYSTEM", ..]
            | ["REINDEX", "VERBOSE", "SCHEMA" | "DATABASE" | "SYSTEM", ..] => true,
            [first, ..] => first.trim_end_matches(';') == "VACUUM",
            [] => false,
        }
    })
}

impl Kind {
    /// Whether it bears a version.
    #[must_use]
    pub fn is_numbered(&self) -> bool {
        matches!(self, Kind::Baseline(_) | Kind::Versioned(_))
    }

    /// Before everything, versions, repeatable ones, after everything.
    fn order(&self) -> u8 {
        match self {
            Kind::Callback(name) if name.starts_with("before") => 0,
            Kind::Baseline(_) => 1,
            Kind::Versioned(_) => 2,
            Kind::Repeatable(_) => 3,
            Kind::Callback(_) => 4,
        }
    }
}

/// What a file is by the names that Flyway has without configuration.
#[must_use]
pub fn kind(name: &str) -> Option<Kind> {
    Naming::default().kind(name)
}

fn print(version: &Version) -> String {
    version
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(".")
}

/// Where the Java and Kotlin migrations of a module lie: in any package, since they may be registered by hand.
#[must_use]
pub fn program_folders(path: &str) -> Vec<String> {
    let Some(at) = path.find("/resources/") else {
        return Vec::new();
    };
    ["java", "kotlin", "groovy", "scala"]
        .iter()
        .map(|language| format!("{}/{language}", &path[..at]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Files;

    #[test]
    fn order() {
        let files = Files::in_memory([
            (
                "src/main/resources/db/V10__c.sql",
                "CREATE INDEX CONCURRENTLY a ON b (c);",
            ),
            ("src/main/resources/db/V9_1__b.sql", "SELECT '${who}'"),
            ("src/main/resources/db/deep/V9__a.sql", "SELECT 1"),
            ("src/main/resources/db/R__views.sql", "SELECT 2"),
            ("src/main/resources/db/U10__c.sql", ""),
            (
                "src/main/java/app/V9_2__rows.java",
                "class V9_2__rows { /* alter table */ }",
            ),
        ]);
        let mut given = Given::default();
        given.settings.insert("who".to_owned(), "me".to_owned());
        let history = read(Folder::new(&files, "src/main/resources/db"), &given);
        let names: Vec<_> = history.migrations.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["V9__a.sql", "V9_1__b.sql", "V10__c.sql", "R__views.sql"]);
        assert_eq!(history.gaps[0].0, 2);
        assert_eq!(history.migrations[1].text.as_str(), "SELECT 'me'");
        assert_eq!(history.migrations[2].mode, RunMode::Statements);
    }
}
