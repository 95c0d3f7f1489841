//! Which configuration file governs which files: the nearest at or above them, and no other.

use super::file::{self, FILES, Flaw, Settings};
use crate::source::{FileId, Files};

/// The configuration files of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Configuration {
    settings: Vec<Settings>,
    /// Names of the folders that the listing's root lies in, the outermost first; what a file above the root says is relative to it.
    above: Vec<String>,
}

impl Configuration {
    /// Reads the configuration files of a listing. `above` names the folders that lead to its root; `rules` are the rules there are.
    #[must_use]
    pub fn read(files: &Files, above: Vec<String>, rules: &[&str]) -> (Configuration, Vec<Flaw>) {
        let mut out = Configuration {
            settings: Vec::new(),
            above,
        };
        let mut flaws = Vec::new();
        let mut found: Vec<(usize, &str, &str, FileId)> = Vec::new();
        for (id, entry) in files.entries() {
            let (folder, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
            if let Some(rank) = FILES.iter().position(|file| *file == name) {
                found.push((rank, folder, name, id));
            }
        }
        found.sort();
        for (_, folder, name, id) in found {
            if out.settings.iter().any(|s| s.folder == folder) {
                continue;
            }
            let (settings, wrong) = file::read(id, name, folder, &files.text(id), rules);
            flaws.extend(wrong);
            out.settings.extend(settings);
        }
        (out, flaws)
    }

    /// Every file's settings.
    pub fn all(&self) -> impl Iterator<Item = &Settings> {
        self.settings.iter()
    }

    /// What governs a path of the listing, and the path as that file would write it.
    #[must_use]
    pub fn governing(&self, path: &str) -> Option<(&Settings, String)> {
        let fitting = self
            .settings
            .iter()
            .filter_map(|s| Some((s, self.relative(&s.folder, path)?)));
        fitting.min_by_key(|(_, relative)| relative.len())
    }

    /// A path of the listing, relative to a folder that holds it.
    fn relative(&self, folder: &str, path: &str) -> Option<String> {
        let ups = folder.split('/').take_while(|part| *part == "..").count();
        if folder.is_empty() {
            return (!path.starts_with("../")).then(|| path.to_owned());
        }
        if ups == 0 {
            let rest = path.strip_prefix(folder)?.strip_prefix('/')?;
            return Some(rest.to_owned());
        }
        // `..` or `../..`: the root lies in it, by the names of the folders that lead there.
        let names = self.above.get(self.above.len().checked_sub(ups)?..)?;
        (folder.split('/').count() == ups && !path.starts_with("../"))
            .then(|| format!("{}/{path}", names.join("/")))
    }

    /// A path that a file says, as the listing names it; `None` where it lies outside.
    #[must_use]
    pub fn listed(&self, settings: &Settings, path: &str) -> Option<String> {
        let path = path.trim_start_matches("./").trim_end_matches('/');
        let folder = settings.folder.as_str();
        let ups = folder.split('/').take_while(|part| *part == "..").count();
        if folder.is_empty() || path.is_empty() {
            return Some(if path.is_empty() {
                folder.to_owned()
            } else {
                path.to_owned()
            });
        }
        if ups == 0 {
            return Some(format!("{folder}/{path}"));
        }
        let names = self.above.get(self.above.len().checked_sub(ups)?..)?.join("/");
        path.strip_prefix(&names)?.strip_prefix('/').map(str::to_owned)
    }

    /// Whether a file of the listing is not to be looked at.
    #[must_use]
    pub fn excludes(&self, path: &str) -> bool {
        self.governing(path).is_some_and(|(settings, relative)| {
            // Every pattern is tried, so that one that never fits is noticed.
            settings
                .exclude
                .iter()
                .fold(false, |out, pattern| pattern.fits_path(&relative) | out)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_governs() {
        let files = Files::in_memory([
            ("schemalign.toml", "require-reason = true"),
            ("a/pyproject.toml", "[tool.schemalign]\nexclude = ['old/**']"),
            ("a/b/pyproject.toml", "[tool.other]"),
            ("../Cargo.toml", "[workspace.metadata.schemalign]\nbaseline = 'x'"),
        ]);
        let (all, flaws) = Configuration::read(&files, vec!["home".into(), "repo".into()], &[]);
        assert_eq!(flaws, []);
        let folder = |path: &str| all.governing(path).map(|(s, r)| (s.folder.clone(), r));
        assert_eq!(folder("x/y.py"), Some((String::new(), "x/y.py".into())));
        assert_eq!(folder("a/b/c.py"), Some(("a".into(), "b/c.py".into())));
        assert!(all.excludes("a/old/x.py") && !all.excludes("old/x.py"));
        let above = all.all().find(|s| s.folder == "..").unwrap();
        assert_eq!(all.listed(above, "repo/x"), Some("x".into()));
        assert_eq!(all.listed(above, "other/x"), None);
    }
}
