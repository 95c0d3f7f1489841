//! Which versions of packages a project has locked.
//!
//! Source: `mix.lock` is an Elixir map, one package a line: `"ecto": {:hex, :ecto, "3.13.5", ...}` or `{:git, url, ref, opts}`.

use super::family::ancestors;
use super::project::join;
use crate::source::Files;

/// A version: major, minor, patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16, pub u16);

impl Version {
    /// `2.20.1`, `2.3.0-rc.1`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.split(['-', '+']).next().unwrap_or(text);
        let mut parts = plain.split('.').map(str::parse);
        let mut part = || parts.next()?.ok();
        Some(Version(part()?, part()?, part().unwrap_or(0)))
    }
}

/// The version of a package that a project has locked. `folder` is where its `mix.exs` lies; an umbrella's lock lies above.
#[must_use]
pub fn locked(files: &Files, folder: &str, package: &str) -> Option<Version> {
    version_in(&lock(files, folder)?, package)
}

/// The text of the lock of a project.
fn lock(files: &Files, folder: &str) -> Option<std::sync::Arc<str>> {
    let mut places = ancestors(folder).into_iter();
    let file = places.find_map(|folder| files.find(&join(&folder, "mix.lock")))?;
    Some(files.text(file))
}

fn version_in(lock: &str, package: &str) -> Option<Version> {
    let key = format!("\"{package}\":");
    let line = lock
        .lines()
        .find_map(|line| line.trim_start().strip_prefix(&key))?;
    let entry = line.trim_start().strip_prefix("{:hex,")?;
    let version = entry.split_once('"')?.1.split_once('"')?.0;
    Version::parse(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_lock_above() {
        let lock = "%{\n  \"ecto\": {:hex, :ecto, \"2.2.6\", \"abc\", [:mix], [], \"hexpm\"},\n  \
                    \"oban\": {:git, \"https://example.org/oban.git\", \"abc\", []},\n}\n";
        let files = Files::in_memory([("mix.lock", lock), ("apps/a/mix.exs", "")]);
        assert_eq!(locked(&files, "apps/a", "ecto"), Some(Version(2, 2, 6)));
        assert_eq!(locked(&files, "apps/a", "oban"), None);
        assert_eq!(locked(&files, "apps/a", "ecto_sql"), None);
        assert!(Version::parse("2.21.0-rc.1") >= Some(Version(2, 21, 0)));
    }
}
