//! Which versions of SQLAlchemy and SQLModel a repository pins, as far as its lock files and requirements tell.

use regex::bytes::Regex;

use crate::source::Files;

/// Versions that decide something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Versions {
    /// SQLAlchemy: major and minor.
    pub sqlalchemy: Option<(u32, u32, u32)>,
    /// SQLModel.
    pub sqlmodel: Option<(u32, u32, u32)>,
}

/// The files that pin versions exactly, first those that a resolver wrote.
const LOCKS: &[&str] = &["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"];

impl Versions {
    /// Reads what the files nearest to a path tell.
    #[must_use]
    pub fn near(files: &Files, path: &str) -> Self {
        Versions {
            sqlalchemy: pinned(files, path, "sqlalchemy"),
            sqlmodel: pinned(files, path, "sqlmodel"),
        }
    }

    /// Columns stand in the order in which they were made, those of mixins among them: SQLAlchemy before 2.0.
    #[must_use]
    pub fn creation_order(&self) -> bool {
        match self.sqlalchemy {
            Some(version) => version.0 < 2,
            // SQLModel takes SQLAlchemy 2.0 since 0.0.12.
            None => self.sqlmodel.is_some_and(|v| v < (0, 0, 12)),
        }
    }

    /// `Boolean` and `Enum` that are none of the database's bring a CHECK: SQLAlchemy before 1.4.
    #[must_use]
    pub fn type_checks(&self) -> bool {
        self.sqlalchemy.is_some_and(|v| v < (1, 4, 0))
    }

    /// Whether SQLModel's `datetime` has a time zone; `None` where the version does not tell.
    #[must_use]
    pub fn sqlmodel_time_zone(&self) -> Option<bool> {
        self.sqlmodel.map(|version| version >= UTC_SINCE)
    }
}

/// Whether a repository installs a driver that sends the types of enums along: SQLAlchemy 2.0 writes `%s::mood` for asyncpg and
/// pg8000 (`BindTyping.RENDER_CASTS`), where psycopg2 and psycopg send a literal that takes the type of the column.
#[must_use]
pub fn sends_types(files: &Files, path: &str) -> bool {
    let mut folder = path.trim_end_matches('/');
    loop {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        for (file, entry) in files.importable() {
            let Some(name) = entry.path.strip_prefix(&prefix) else {
                continue;
            };
            let found = |driver: &&str| {
                if LOCKS.contains(&name) {
                    in_lock(&files.text(file), driver).is_some()
                } else {
                    lists_packages(name) && names(&files.text(file), driver)
                }
            };
            if ["asyncpg", "pg8000"].iter().any(found) {
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
    let depth = path.matches('/').count();
    match path {
        "pyproject.toml" | "setup.py" | "setup.cfg" | "Pipfile" => true,
        _ => {
            let name = path.rsplit('/').next().unwrap_or(path);
            let listed = depth == 0 && name.starts_with("requirements")
                || depth == 1 && path.starts_with("requirements");
            listed && (name.ends_with(".txt") || name.ends_with(".in"))
        }
    }
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
const UTC_SINCE: (u32, u32, u32) = (0, 0, 45);

/// The version of a package that the nearest file pins: the folder of `path`, then those above it.
fn pinned(files: &Files, path: &str, package: &str) -> Option<(u32, u32, u32)> {
    let mut folder = path.trim_end_matches('/');
    loop {
        let at = |name: &str| {
            if folder.is_empty() {
                name.to_owned()
            } else {
                format!("{folder}/{name}")
            }
        };
        for name in LOCKS {
            if let Some(file) = files.find(&at(name))
                && let Some(found) = in_lock(&files.text(file), package)
            {
                return Some(found);
            }
        }
        if let Some(found) = in_requirements(files, folder, package) {
            return Some(found);
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
}

/// Names of packages are compared without case, `_`, `.` and `-` alike.
fn is_package(written: &str, package: &str) -> bool {
    written.len() == package.len()
        && written
            .bytes()
            .zip(package.bytes())
            .all(|(a, b)| a.to_ascii_lowercase() == b || (matches!(a, b'_' | b'.' | b'-') && b == b'-'))
}

/// `name = "sqlalchemy"` and the `version = "2.0.1"` behind it; in JSON `"sqlalchemy": {..."version": "==2.0.1"`.
fn in_lock(text: &str, package: &str) -> Option<(u32, u32, u32)> {
    // Files of this kind are long, and few of their lines name the package.
    let places = Regex::new(&format!("(?i)\"{}\"", package.replace('-', "[-_.]"))).ok()?;
    places.find_iter(text.as_bytes()).find_map(|place| {
        let start = text.get(..place.start())?.rfind('\n').map_or(0, |end| end + 1);
        version_behind(text.get(start..)?, package)
    })
}

/// The version in the lines of a lock file, if the first of them names the package.
fn version_behind(lines: &str, package: &str) -> Option<(u32, u32, u32)> {
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

fn in_requirements(files: &Files, folder: &str, package: &str) -> Option<(u32, u32, u32)> {
    let prefix = if folder.is_empty() {
        String::new()
    } else {
        format!("{folder}/")
    };
    let mut found = None;
    for (file, entry) in files.importable() {
        let Some(rest) = entry.path.strip_prefix(&prefix) else {
            continue;
        };
        let name = rest.rsplit('/').next().unwrap_or(rest);
        let depth = rest.matches('/').count();
        let listed =
            depth == 0 && name.starts_with("requirements") || depth == 1 && rest.starts_with("requirements");
        if !listed || !name.ends_with(".txt") {
            continue;
        }
        for line in files.text(file).lines() {
            let line = line.split(['#', ';', ' ']).next().unwrap_or(line).trim();
            let Some((written, value)) = line.split_once("==") else {
                continue;
            };
            let written = written.split('[').next().unwrap_or(written).trim();
            if is_package(written, package) {
                let here = version(value.trim());
                if found.is_some() && found != here {
                    return None;
                }
                found = here;
            }
        }
    }
    found
}

fn version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(|part| {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    });
    let major = parts.next()??;
    let minor = parts.next().flatten().unwrap_or(0);
    Some((major, minor, parts.next().flatten().unwrap_or(0)))
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
