//! Which versions of SQLAlchemy and SQLModel a repository allows, as far as its lock files, requirements and manifest tell.

mod range;

use regex::bytes::Regex;

pub use range::{Range, Version};
use range::{is_package, manifest, requirement, version};

use crate::source::{FileId, Files};

/// Versions that decide something; `None` where no file says anything of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Versions {
    /// SQLAlchemy.
    pub sqlalchemy: Option<Range>,
    /// SQLModel.
    pub sqlmodel: Option<Range>,
    /// Pydantic.
    pub pydantic: Option<Range>,
}

/// The files that pin versions exactly, first those that a resolver wrote.
const LOCKS: &[&str] = &["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"];

impl Versions {
    /// Reads what the files nearest to a path tell.
    #[must_use]
    pub fn near(files: &Files, path: &str) -> Self {
        Versions {
            sqlalchemy: allowed(files, path, "sqlalchemy"),
            sqlmodel: allowed(files, path, "sqlmodel"),
            pydantic: allowed(files, path, "pydantic").or_else(|| pydantic_of_fastapi(files, path)),
        }
    }

    /// Columns stand in the order in which they were made, those of mixins among them: SQLAlchemy before 2.0.
    #[must_use]
    pub fn creation_order(&self) -> bool {
        let before = |range: Option<Range>, version| range.and_then(|range| range.before(version));
        // SQLModel takes SQLAlchemy 2.0 since 0.0.12.
        before(self.sqlalchemy, (2, 0, 0))
            .or_else(|| before(self.sqlmodel, (0, 0, 12)))
            .unwrap_or(false)
    }

    /// `Boolean` and `Enum` that are none of the database's bring a CHECK: SQLAlchemy before 1.4.
    #[must_use]
    pub fn type_checks(&self) -> bool {
        self.sqlalchemy.and_then(|range| range.before((1, 4, 0))) == Some(true)
    }

    /// The same for what a file says.
    #[must_use]
    pub fn type_checks_at(files: &Files, file: FileId) -> bool {
        let folder = files.path(file).rsplit_once('/').map_or("", |(folder, _)| folder);
        let key = format!("checks that types bring below {folder}");
        *files.recall(&key, |files| Versions::near(files, folder).type_checks())
    }

    /// Whether `None` within a name for a type (`type Name = ...`) makes a column nullable: SQLAlchemy since 2.0.40
    /// (`includes_none` and `is_pep695` in `sqlalchemy/util/typing.py`). Before, it hangs on the version of typing_extensions and on
    /// what the name stands for; `None` for this.
    #[must_use]
    pub fn looks_into_names(&self) -> Option<bool> {
        (self.sqlalchemy?.before((2, 0, 40)) == Some(false)).then_some(true)
    }

    /// Whether a field of SQLModel that is `None` where nothing else is given takes NULL, whatever its type: with Pydantic before 2
    /// (`ModelField._set_default_and_type` of Pydantic 1, `is_field_noneable` in `sqlmodel/_compat.py`), which SQLModel before 0.0.14
    /// needs. `None` where the version does not tell; where nothing names Pydantic, a later one is installed.
    #[must_use]
    pub fn none_as_default(&self) -> Option<bool> {
        let old = self
            .sqlmodel
            .is_some_and(|range| range.before((0, 0, 14)) == Some(true));
        match self.pydantic {
            _ if old => Some(true),
            Some(range) => range.before((2, 0, 0)),
            None => Some(false),
        }
    }

    /// Whether an enum whose labels are text (`class Kind(str, Enum)`) is text to SQLModel, which asks for text first before 0.0.9
    /// (`get_sqlachemy_type` of `sqlmodel/main.py`). `None` where its version is not told and it was installed beside a Pydantic before 2, as
    /// those versions need; beside a later one it is a later one too.
    #[must_use]
    pub fn text_before_enums(&self) -> Option<bool> {
        let of_old_pydantic = || self.pydantic.and_then(|range| range.before((2, 0, 0))) == Some(true);
        let before = self.sqlmodel.and_then(|range| range.before((0, 0, 9)));
        before.or_else(|| (!of_old_pydantic()).then_some(false))
    }

    /// Whether SQLModel's `datetime` has a time zone; `None` where the version does not tell.
    #[must_use]
    pub fn sqlmodel_time_zone(&self) -> Option<bool> {
        Some(!self.sqlmodel?.before(UTC_SINCE)?)
    }
}

/// Pydantic before 2, where FastAPI needs it: before 0.100 (release notes, "Support for Pydantic v2").
fn pydantic_of_fastapi(files: &Files, path: &str) -> Option<Range> {
    let fastapi = allowed(files, path, "fastapi")?;
    let needs_old = fastapi.before((0, 100, 0)) == Some(true);
    needs_old.then(|| requirement("pydantic<2", "pydantic")).flatten()
}

/// What the drivers that a repository installs send the type of along with the value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Native enums.
    pub enums: bool,
    /// Text.
    pub text: bool,
}

/// What the drivers send types of: SQLAlchemy 2.0 writes `$1::mood` for asyncpg and `$1::VARCHAR` for asyncpg, pg8000 and psycopg
/// (`BindTyping.RENDER_CASTS`), where psycopg2 sends a literal that takes the type of the column.
#[must_use]
pub fn sends_types(files: &Files, path: &str) -> Sent {
    let enums = installs(files, path, &["asyncpg", "pg8000"]);
    // Beside psycopg2 it is not known which of the two an engine takes.
    let text = || installs(files, path, &["psycopg"]) && !installs(files, path, PSYCOPG2);
    Sent {
        enums,
        text: enums || text(),
    }
}

const PSYCOPG2: &[&str] = &["psycopg2", "psycopg2-binary"];

/// Whether a repository installs one of several packages.
fn installs(files: &Files, path: &str, packages: &[&str]) -> bool {
    let mut folder = path.trim_end_matches('/');
    loop {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        for (file, entry) in files.importable() {
            let Some(name) = entry.path.strip_prefix(prefix.as_str()) else {
                continue;
            };
            let found = |driver: &&str| {
                if LOCKS.contains(&name) {
                    in_lock(&files.text(file), driver).is_some()
                } else {
                    lists_packages(name) && names(&files.text(file), driver)
                }
            };
            if packages.iter().any(found) {
                return true;
            }
        }
        if folder.is_empty() {
            return false;
        }
        folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
}

/// Whether a file below the folder of a project is one that people list packages in.
fn lists_packages(path: &str) -> bool {
    if matches!(path, "pyproject.toml" | "setup.py" | "setup.cfg" | "Pipfile") {
        return true;
    }
    let is_list = path.ends_with(".txt") || path.ends_with(".in");
    let within = |folder: &str, name: &str| folder.starts_with("requirements") && !name.contains('/');
    is_list
        && path.split_once('/').map_or_else(
            || path.starts_with("requirements"),
            |(folder, name)| within(folder, name),
        )
}

/// Whether a text outside of comments has a word.
fn names(text: &str, word: &str) -> bool {
    text.lines().any(|line| {
        let line = line.split('#').next().unwrap_or(line);
        line.match_indices(word).any(|(at, _)| {
            let before = line.as_bytes().get(at.wrapping_sub(1));
            let after = line.as_bytes().get(at + word.len());
            !before.is_some_and(u8::is_ascii_alphanumeric) && !after.is_some_and(u8::is_ascii_alphanumeric)
        })
    })
}

/// The first version of SQLModel that gives `datetime` a time zone (`UTCDateTime` in `sqlmodel/sql/sqltypes.py`).
const UTC_SINCE: Version = (0, 0, 45);

/// The versions of a package that the files allow: the one that a lock file has, in the folder of `path` or above it, else what the
/// nearest requirements or manifest say.
fn allowed(files: &Files, path: &str, package: &str) -> Option<Range> {
    let mut folder = path.trim_end_matches('/');
    let mut said: Option<Range> = None;
    loop {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let text = |name: &str| {
            files
                .find(&format!("{prefix}{name}"))
                .map(|file| files.text(file))
        };
        // A lock above that holds what is not allowed here is another project's.
        let locked = LOCKS.iter().find_map(|name| in_lock(&text(name)?, package));
        if let Some(locked) = locked.filter(|v| said.is_none_or(|range| range.has(*v))) {
            return Some(Range::exactly(locked));
        }
        if said.is_none() {
            let required = in_requirements(files, &prefix, package);
            let declared = text("pyproject.toml").and_then(|text| manifest(&text, package));
            said = match (required, declared) {
                (Some(a), Some(b)) if !a.is_one() && b.is_one() => Some(b),
                (a, b) => a.or(b),
            };
            if said.is_some_and(|range| range.is_one()) {
                return said;
            }
        }
        if folder.is_empty() {
            return said;
        }
        folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
}

/// `name = "sqlalchemy"` and the `version = "2.0.1"` behind it; in JSON `"sqlalchemy": {..."version": "==2.0.1"`.
fn in_lock(text: &str, package: &str) -> Option<Version> {
    // Files of this kind are long, and few of their lines name the package.
    let places = Regex::new(&format!("(?i)\"{}\"", package.replace('-', "[-_.]"))).ok()?;
    places.find_iter(text.as_bytes()).find_map(|place| {
        let start = text.get(..place.start())?.rfind('\n').map_or(0, |end| end + 1);
        version_behind(text.get(start..)?, package)
    })
}

/// The version in the lines of a lock file, if the first of them names the package.
fn version_behind(lines: &str, package: &str) -> Option<Version> {
    let mut lines = lines.lines();
    let line = lines.next()?.trim();
    let named = line
        .strip_prefix("name = \"")
        .and_then(|rest| rest.strip_suffix('"'))
        .is_some_and(|name| is_package(name, package));
    let json = line
        .strip_prefix('"')
        .and_then(|rest| rest.split_once("\":"))
        .is_some_and(|(name, rest)| rest.trim() == "{" && is_package(name, package));
    if !named && !json {
        return None;
    }
    lines.take(if json { 400 } else { 4 }).find_map(|inner| {
        let inner = inner.trim();
        let value = inner
            .strip_prefix("version = ")
            .or_else(|| inner.strip_prefix("\"version\":"))?;
        Some(version(
            value.trim().trim_matches(|c| matches!(c, '"' | ',' | '=')),
        ))
    })?
}

/// What the requirements of a folder allow: one version where some pin it and none another.
fn in_requirements(files: &Files, prefix: &str, package: &str) -> Option<Range> {
    let mut found: Vec<Range> = Vec::new();
    let of_text = files.importable().filter(|(_, e)| e.path.ends_with(".txt"));
    for (file, entry) in of_text {
        let Some(rest) = entry.path.strip_prefix(prefix) else {
            continue;
        };
        let listed = match rest.split_once('/') {
            None => rest.starts_with("requirements"),
            Some((folder, name)) => folder.starts_with("requirements") && !name.contains('/'),
        };
        if listed {
            let text = files.text(file);
            found.extend(text.lines().filter_map(|line| requirement(line, package)));
        }
    }
    let pins = found.iter().copied().filter(Range::is_one);
    pins.reduce(Range::or)
        .or_else(|| found.into_iter().reduce(Range::or))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_in_locks() {
        let uv = "[[package]]\nname = \"sqlalchemy\"\nversion = \"2.0.22\"\n";
        assert_eq!(in_lock(uv, "sqlalchemy"), Some((2, 0, 22)));
        let pipfile = "  \"SQLAlchemy\": {\n    \"hashes\": [\n    ],\n    \"version\": \"==1.3.24\"\n  },\n";
        assert_eq!(in_lock(pipfile, "sqlalchemy"), Some((1, 3, 24)));
        assert_eq!(in_lock(uv, "sqlmodel"), None);
    }
}
