//! Where Prisma's schemas lie, and the migrations that belong to each.
//!
//! Source: Prisma's documentation, "Prisma schema: location" and "Prisma Config"; a folder as `schema` means every `.prisma` file
//! below it. Migrations lie beside the file with the datasource unless the configuration says where.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::config::{SCRIPTS, above, join};
use super::{PrismaConfig, models, script};
use crate::source::{FileId, Files};
use crate::syntax::prisma::{Block, BlockKind, document};

/// A schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file or folder that people know it by.
    pub schema: String,
    /// Its files, in path order.
    pub files: Vec<FileId>,
    /// The folder of its migrations, where the listing holds one.
    pub migrations: Option<String>,
    /// Where the configuration says that its migrations lie, there or not.
    pub migrations_said: Option<String>,
    /// The configuration or package file that says where it lies; `None` where its usual place does.
    pub said: Option<FileId>,
}

/// What a configuration says and could not be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    /// The configuration file.
    pub file: FileId,
    /// What of it.
    pub what: &'static str,
}

/// The `.prisma` files that a path (a file, or a folder and all below it) means.
#[must_use]
pub fn schema_files(files: &Files, path: &str) -> Vec<FileId> {
    if let Some(file) = files.find(path) {
        return vec![file];
    }
    files
        .below(path)
        .filter(|(_, entry)| is_schema(&entry.path))
        .map(|(file, _)| file)
        .collect()
}

fn is_schema(path: &str) -> bool {
    path.ends_with(".prisma") && !path.split('/').any(|part| part == "node_modules")
}

/// Every schema below `folder` (empty for all), in path order, and what could not be told.
#[must_use]
pub fn locations(files: &Files, folder: &str) -> (Vec<Location>, Vec<Untold>) {
    let schemas: Vec<(FileId, &str)> = files
        .below(folder)
        .filter(|(_, entry)| is_schema(&entry.path))
        .map(|(file, entry)| (file, entry.path.as_str()))
        .collect();
    let mut finder = Finder {
        files,
        found: BTreeMap::new(),
        taken: BTreeSet::new(),
        untold: Vec::new(),
    };
    let folders: BTreeSet<&str> = schemas.iter().flat_map(|(_, path)| above(path)).collect();
    for folder in folders {
        finder.configured(folder);
    }
    for (file, path) in &schemas {
        finder.usual(*file, path, &schemas);
    }
    (finder.found.into_values().collect(), finder.untold)
}

struct Finder<'a> {
    files: &'a Files,
    found: BTreeMap<String, Location>,
    taken: BTreeSet<FileId>,
    untold: Vec<Untold>,
}

impl Finder<'_> {
    /// A schema that a configuration or package file in `folder` names.
    fn configured(&mut self, folder: &str) {
        let files = self.files;
        let script = SCRIPTS.iter().find_map(|name| files.find(&join(folder, name)));
        if let Some(file) = script {
            let settings = script::read(&files.text(file));
            let migrations = match settings.migrations {
                Some(Some(path)) => Some(resolve(folder, &path)),
                Some(None) => {
                    let what = "migrations.path";
                    self.untold.push(Untold { file, what });
                    None
                }
                None => None,
            };
            match settings.schema {
                Some(Some(path)) => return self.add(&resolve(folder, &path), migrations, Some(file)),
                Some(None) => self.untold.push(Untold { file, what: "schema" }),
                None => {
                    // The usual places, with the migrations that are said.
                    if let Some(path) = usual_place(files, folder) {
                        return self.add(&path, migrations, Some(file));
                    }
                }
            }
        }
        let Some(file) = files.find(&join(folder, "package.json")) else {
            return;
        };
        let package: Option<Value> = serde_json::from_str(&files.text(file)).ok();
        let schema = package
            .as_ref()
            .and_then(|p| p.get("prisma")?.get("schema")?.as_str());
        if let Some(path) = schema {
            self.add(&resolve(folder, path), None, Some(file));
        }
    }

    /// A file with a datasource that no configuration names.
    fn usual(&mut self, file: FileId, path: &str, schemas: &[(FileId, &str)]) {
        if self.taken.contains(&file) || !has_datasource(self.files, file) || generated(self.files, path) {
            return;
        }
        let folder = above(path).next().unwrap_or("");
        let others = schemas.iter().filter(|(other, at)| {
            *other != file && at.starts_with(&join(folder, "")) && !self.taken.contains(other)
        });
        let parts: Vec<FileId> = others.map(|(other, _)| *other).collect();
        let several = !parts.is_empty()
            && parts.iter().all(|part| !has_datasource(self.files, *part))
            && !alone(self.files, file);
        self.add(if several { folder } else { path }, None, None);
    }

    fn add(&mut self, schema: &str, migrations: Option<String>, said: Option<FileId>) {
        let files = schema_files(self.files, schema);
        if files.is_empty() {
            return;
        }
        let migrations_said = migrations;
        let there = migrations_said
            .clone()
            .filter(|path| self.files.below(path).next().is_some());
        let migrations = there.or_else(|| beside(self.files, &files, schema));
        self.taken.extend(&files);
        self.found.entry(schema.to_owned()).or_insert(Location {
            schema: schema.to_owned(),
            files,
            migrations,
            migrations_said,
            said,
        });
    }
}

/// `path` as seen from `folder`, without `.` and `..`.
fn resolve(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|p| *p != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn usual_place(files: &Files, folder: &str) -> Option<String> {
    ["prisma/schema.prisma", "schema.prisma", "prisma/schema", "schema"]
        .iter()
        .map(|place| join(folder, place))
        .find(|path| !schema_files(files, path).is_empty())
}

fn has_datasource(files: &Files, file: FileId) -> bool {
    let is_source = |block: &Block| block.kind == BlockKind::Datasource;
    files.text(file).contains("datasource")
        && document(files, file).is_ok_and(|document| document.blocks.iter().any(is_source))
}

/// Whether a file says all that it refers to, and anything at all.
fn alone(files: &Files, file: FileId) -> bool {
    let read = models::read(files, &[file], &PrismaConfig::default());
    !read.models.is_empty() && read.faults.iter().all(|fault| fault.kind != "unknown-type")
}

/// A copy that the client's generator wrote beside its code.
fn generated(files: &Files, path: &str) -> bool {
    let folder = above(path).next().unwrap_or("");
    ["index-browser.js", "edge.js", "client.d.ts"]
        .iter()
        .any(|name| files.find(&join(folder, name)).is_some())
}

/// `migrations` beside the file with the datasource, or beside the folder of the schema.
fn beside(files: &Files, schema: &[FileId], path: &str) -> Option<String> {
    let source = schema.iter().find(|file| has_datasource(files, **file));
    let first = source.map(|file| above(files.path(*file)).next().unwrap_or(""));
    let own = (files.find(path).is_none()).then_some(path);
    let parent = own.map(|path| above(path).next().unwrap_or(""));
    [first, own, parent]
        .into_iter()
        .flatten()
        .map(|folder| join(folder, "migrations"))
        .find(|folder| files.below(folder).next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "datasource db {\n provider = \"postgresql\"\n}\n";

    fn found(listing: &[(&str, &str)]) -> Vec<(String, usize, Option<String>)> {
        let files = Files::in_memory(listing.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())));
        let (locations, untold) = locations(&files, "");
        assert_eq!(untold, []);
        locations
            .into_iter()
            .map(|l| (l.schema, l.files.len(), l.migrations))
            .collect()
    }

    #[test]
    fn places() {
        let model = format!("{BASE}model A {{\n id Int @id\n}}\n");
        let partial = format!("{BASE}model A {{\n id Int @id\n b B[]\n}}\n");
        let b = "model B {\n id Int @id\n}\n";
        let at = |s: &str, n: usize, m: &str| vec![(s.to_owned(), n, Some(m.to_owned()))];
        let migration = ("prisma/migrations/1_a/migration.sql", "");
        assert_eq!(
            found(&[
                ("prisma/schema.prisma", &model),
                migration,
                ("node_modules/x/schema.prisma", &model)
            ]),
            at("prisma/schema.prisma", 1, "prisma/migrations")
        );
        assert_eq!(
            found(&[
                ("prisma/schema.prisma", &model),
                ("prisma/old.prisma", b),
                migration
            ]),
            at("prisma/schema.prisma", 1, "prisma/migrations")
        );
        assert_eq!(
            found(&[
                ("prisma/schema/base.prisma", &partial),
                ("prisma/schema/b/b.prisma", b),
                migration
            ]),
            at("prisma/schema", 2, "prisma/migrations")
        );
        assert_eq!(
            found(&[
                ("db/models/base.prisma", &model),
                ("db/models/b.prisma", b),
                ("sql/1/migration.sql", ""),
                (
                    "prisma.config.ts",
                    "export default defineConfig({ schema: './db/models', migrations: { path: 'sql' } })"
                ),
            ]),
            at("db/models", 2, "sql")
        );
        assert_eq!(
            found(&[
                ("app/package.json", r#"{"prisma": {"schema": "../db/x.prisma"}}"#),
                ("app/z.prisma", "model Z {\n id Int @id\n}"),
                ("db/x.prisma", &model),
                ("db/migrations/1/migration.sql", ""),
            ]),
            at("db/x.prisma", 1, "db/migrations")
        );
    }
}
