//! Ranges of versions, as requirements and manifests of Python's tools write them.
//!
//! Source: PEP 440 (version specifiers), PEP 508 (requirements), Poetry's manual ("Dependency specification").

use toml::de::{DeTable, DeValue};

/// Major, minor and patch; what stands behind them decides nothing here.
pub type Version = (u32, u32, u32);

/// Versions that are allowed: from the least on, and below another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    least: Version,
    below: Option<Version>,
}

impl Range {
    /// One version alone.
    pub(super) fn exactly(version: Version) -> Self {
        Range {
            least: version,
            below: Some((version.0, version.1, version.2.saturating_add(1))),
        }
    }

    /// Whether all that are allowed are before a version; `None` where some are and some are not.
    #[must_use]
    pub fn before(&self, version: Version) -> Option<bool> {
        if self.below.is_some_and(|below| below <= version) {
            return Some(true);
        }
        (self.least >= version).then_some(false)
    }

    /// Whether one version alone is allowed.
    pub(super) fn is_one(&self) -> bool {
        *self == Range::exactly(self.least)
    }

    /// Whether a version is allowed.
    pub(super) fn has(&self, version: Version) -> bool {
        self.least <= version && self.below.is_none_or(|below| version < below)
    }

    /// What either of two allows.
    pub(super) fn or(self, other: Range) -> Range {
        Range {
            least: self.least.min(other.least),
            below: self.below.zip(other.below).map(|(a, b)| a.max(b)),
        }
    }

    fn and(self, other: Range) -> Range {
        let below = match (self.below, other.below) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Range {
            least: self.least.max(other.least),
            below,
        }
    }
}

/// How a specifier without an operator and with `~` is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    /// PEP 440: an operator stands before each version.
    Pip,
    /// Poetry: `^`, `~`, and a bare version is that version.
    Poetry,
}

/// What a specifier allows; `None` where it says nothing, or nothing that could be read.
pub(super) fn specifier(text: &str, tool: Tool) -> Option<Range> {
    if text.contains("||") {
        return None;
    }
    let mut out: Option<Range> = None;
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let range = one(part, tool)?;
        out = Some(out.map_or(range, |all| all.and(range)));
    }
    out.filter(|range| *range != Range::default())
}

fn one(part: &str, tool: Tool) -> Option<Range> {
    let operators = ["===", "==", "~=", "!=", ">=", "<=", ">", "<", "^", "~"];
    let operator = operators.iter().find(|o| part.starts_with(**o)).copied();
    let written = part.strip_prefix(operator.unwrap_or_default())?.trim();
    if operator == Some("!=") || operator.is_none() && written == "*" {
        return Some(Range::default());
    }
    let (version, given) = numbers(written)?;
    let next = |at: usize| match at {
        0 => (version.0.saturating_add(1), 0, 0),
        1 => (version.0, version.1.saturating_add(1), 0),
        _ => (version.0, version.1, version.2.saturating_add(1)),
    };
    let until = |at: usize| {
        Some(Range {
            least: version,
            below: Some(next(at)),
        })
    };
    match operator {
        Some("==" | "===") => until(if written.ends_with(".*") {
            given.checked_sub(1)?
        } else {
            2
        }),
        Some("~=") => until(given.checked_sub(2)?),
        Some(">=" | ">") => Some(Range {
            least: version,
            below: None,
        }),
        Some("<=") => Some(Range {
            below: Some(next(2)),
            ..Range::default()
        }),
        Some("<") => Some(Range {
            // Of a version before its release the numbers do not tell enough.
            below: Some(if is_released(written) { version } else { next(2) }),
            ..Range::default()
        }),
        Some("^") if tool == Tool::Poetry => {
            let first = [version.0, version.1, version.2].iter().position(|n| *n != 0);
            until(first.unwrap_or(2).min(given.checked_sub(1)?))
        }
        Some("~") if tool == Tool::Poetry => until(given.checked_sub(1)?.min(1)),
        None if tool == Tool::Poetry && written.ends_with(".*") => until(given.checked_sub(1)?),
        None if tool == Tool::Poetry => until(2),
        _ => None,
    }
}

/// A version's numbers, three at most, and how many are written.
fn numbers(text: &str) -> Option<(Version, usize)> {
    let text = text.trim_start_matches('v');
    let mut out = [0; 3];
    let mut given = 0;
    for part in text.split('.') {
        let digits: &str = part
            .split(|c: char| !c.is_ascii_digit())
            .next()
            .unwrap_or_default();
        let Ok(number) = digits.parse() else { break };
        if let Some(slot) = out.get_mut(given) {
            *slot = number;
            given += 1;
        }
        if digits.len() < part.len() {
            break;
        }
    }
    let [major, minor, patch] = out;
    (given > 0).then_some(((major, minor, patch), given))
}

/// Whether a version is written as numbers alone.
fn is_released(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'*')
}

/// The version that a text is, if it begins as one.
pub(super) fn version(text: &str) -> Option<Version> {
    numbers(text).map(|(version, _)| version)
}

/// What a requirement (`name[extra]>=1,<2; marker`) allows of a package; `None` where it is of another.
pub(super) fn requirement(text: &str, package: &str) -> Option<Range> {
    let text = text.trim_start();
    let is_of_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let end = text.bytes().position(|b| !is_of_name(b));
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    if !is_package(name, package) {
        return None;
    }
    let rest = rest.split(';').next().unwrap_or(rest);
    // Options of pip stand behind blanks: ` --hash=...`, and so do comments.
    let rest = rest.split(" -").next().unwrap_or(rest);
    let rest = rest.split(" #").next().unwrap_or(rest);
    let rest = rest.trim();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1.trim(),
        None => rest,
    };
    let rest = rest
        .strip_prefix('(')
        .and_then(|r| r.strip_suffix(')'))
        .unwrap_or(rest);
    specifier(rest, Tool::Pip)
}

/// Names of packages are compared without case, `_`, `.` and `-` alike.
pub(super) fn is_package(written: &str, package: &str) -> bool {
    written.len() == package.len()
        && written
            .bytes()
            .zip(package.bytes())
            .all(|(a, b)| a.to_ascii_lowercase() == b || (matches!(a, b'_' | b'.' | b'-') && b == b'-'))
}

/// What a `pyproject.toml` allows of a package: what it says in several places, each for some installs, together.
pub(super) fn manifest(text: &str, package: &str) -> Option<Range> {
    let document = DeTable::parse(text).ok()?.into_inner();
    let mut found = Vec::new();
    let project = table(&document, &["project"]);
    if let Some(project) = project {
        lists(
            project.get("dependencies").map(|v| v.get_ref()),
            package,
            &mut found,
        );
        groups(table(project, &["optional-dependencies"]), package, &mut found);
    }
    groups(table(&document, &["dependency-groups"]), package, &mut found);
    if let Some(poetry) = table(&document, &["tool", "poetry"]) {
        for name in ["dependencies", "dev-dependencies"] {
            found.extend(table(poetry, &[name]).and_then(|all| of_poetry(all, package)));
        }
        for (_, group) in table(poetry, &["group"]).into_iter().flatten() {
            let group = group.get_ref().as_table();
            let all = group.and_then(|group| table(group, &["dependencies"]));
            found.extend(all.and_then(|all| of_poetry(all, package)));
        }
    }
    found.into_iter().reduce(Range::or)
}

fn table<'t, 'i>(from: &'t DeTable<'i>, path: &[&str]) -> Option<&'t DeTable<'i>> {
    path.iter()
        .try_fold(from, |at, name| at.get(*name)?.get_ref().as_table())
}

fn groups(groups: Option<&DeTable<'_>>, package: &str, out: &mut Vec<Range>) {
    for (_, group) in groups.into_iter().flatten() {
        lists(Some(group.get_ref()), package, out);
    }
}

fn lists(list: Option<&DeValue<'_>>, package: &str, out: &mut Vec<Range>) {
    let items = list.and_then(|l| l.as_array()).into_iter().flat_map(|l| l.iter());
    out.extend(items.filter_map(|item| requirement(item.get_ref().as_str()?, package)));
}

fn of_poetry(dependencies: &DeTable<'_>, package: &str) -> Option<Range> {
    let (_, said) = dependencies
        .iter()
        .find(|(name, _)| is_package(name.get_ref(), package))?;
    let said = said.get_ref();
    let written = said.as_str().or_else(|| {
        let version = said.as_table()?.get("version")?;
        version.get_ref().as_str()
    });
    specifier(written?, Tool::Poetry)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINCE: Version = (0, 0, 45);

    #[test]
    fn bounds_decide() {
        for (written, tool, expected) in [
            ("^0.0.24", Tool::Poetry, Some(true)),
            ("0.0.16", Tool::Poetry, Some(true)),
            ("0.0.50", Tool::Poetry, Some(false)),
            ("~0.0.24", Tool::Poetry, None),
            ("^0.0", Tool::Poetry, None),
            ("^0.1.2", Tool::Poetry, Some(false)),
            ("0.0.*", Tool::Poetry, None),
            ("*", Tool::Poetry, None),
            (">=0.0.24,<0.0.25", Tool::Poetry, Some(true)),
            (">=0.0.24 , < 0.0.45", Tool::Pip, Some(true)),
            ("<0.0.46", Tool::Pip, None),
            ("<=0.0.44", Tool::Pip, Some(true)),
            ("<=0.0.45", Tool::Pip, None),
            (">=0.0.46", Tool::Pip, Some(false)),
            (">=0.0.8", Tool::Pip, None),
            (">0.0.45", Tool::Pip, Some(false)),
            ("~=0.0.24", Tool::Pip, None),
            ("~=0.0.45", Tool::Pip, Some(false)),
            ("==0.0.*", Tool::Pip, None),
            ("==0.0.24", Tool::Pip, Some(true)),
            ("!=0.0.44", Tool::Pip, None),
            ("<0.0.45rc1", Tool::Pip, None),
            ("<0.0.20 || >=0.0.40", Tool::Poetry, None),
        ] {
            let range = specifier(written, tool);
            assert_eq!(range.and_then(|r| r.before(SINCE)), expected, "{written}");
        }
    }

    #[test]
    fn requirements() {
        let range = |text| requirement(text, "sqlmodel").and_then(|r| r.before(SINCE));
        assert_eq!(
            range("sqlmodel >= 0.0.24, < 0.0.30 ; python_version > '3'"),
            Some(true)
        );
        assert_eq!(range("SQLModel[x]==0.0.8 --hash=sha256:aa"), Some(true));
        assert_eq!(range("sqlmodel (>=0.0.46)"), Some(false));
        assert_eq!(range("sqlmodel"), None);
        assert_eq!(range("sqlmodel-extra==0.0.8"), None);
    }

    #[test]
    fn manifests() {
        let range = |text| manifest(text, "sqlmodel").and_then(|r| r.before(SINCE));
        let poetry = "[tool.poetry.dependencies]\nsqlmodel = {version = \"^0.0.8\", extras = [\"x\"]}\n";
        assert_eq!(range(poetry), Some(true));
        let pep = "[project]\ndependencies = [\"fastapi\", \"sqlmodel>=0.0.46,<1\"]\n";
        assert_eq!(range(pep), Some(false));
        let both = "[project]\ndependencies = [\"sqlmodel>=0.0.46\"]\n[dependency-groups]\nold = [\"sqlmodel<0.0.20\"]\n";
        assert_eq!(range(both), None);
        assert_eq!(range("[project\n"), None);
    }
}
