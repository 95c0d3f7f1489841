//! Where the scripts of a tree lie and how it is configured: `alembic.ini`, `pyproject.toml`, or the folder itself.
//!
//! Source: `Config` and `ScriptDirectory.from_config` of Alembic; Flask-Migrate's `Config.get_template_directory`.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::flask_alembic;
use crate::interpret::python::spoken::is_of_tests;
use crate::source::{FileId, Files, Span, Text};

/// A tree of revisions: one script folder.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The script folder, which holds `env.py`.
    pub folder: String,
    /// The folders that hold revisions, in order.
    pub versions: Vec<String>,
    /// Folders below them hold revisions too.
    pub recursive: bool,
    /// The file that configures it.
    pub config: Option<FileId>,
    /// The section of that file.
    pub section: String,
    /// The options of that section, as written but for `%(here)s`.
    pub options: Vec<Setting>,
    /// The folder that commands are run in.
    pub base: String,
}

/// An option of a section.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its key.
    pub key: String,
    /// Its value, with the place that writes it.
    pub value: Text,
}

impl Tree {
    /// An option.
    #[must_use]
    pub fn option(&self, key: &str) -> Option<&Text> {
        self.options.iter().rev().find(|s| s.key == key).map(|s| &s.value)
    }

    /// `env.py`.
    #[must_use]
    pub fn environment(&self, files: &Files) -> Option<FileId> {
        files.find(&join(&self.folder, "env.py"))
    }

    /// The revision files, in the order in which Alembic lists them.
    #[must_use]
    pub fn revisions(&self, files: &Files) -> Vec<FileId> {
        let mut out = Vec::new();
        let mut taken = FxHashSet::default();
        for folder in &self.versions {
            for (file, entry) in files.below(folder) {
                let rest = entry
                    .path
                    .get(folder.len()..)
                    .unwrap_or("")
                    .trim_start_matches('/');
                let name = rest.rsplit('/').next().unwrap_or(rest);
                let direct = name == rest;
                let hidden = rest.contains("__pycache__");
                if (direct || self.recursive && !hidden) && is_revision_file(name) && taken.insert(file) {
                    out.push(file);
                }
            }
        }
        out
    }

    /// The folders that imports start from.
    #[must_use]
    pub fn roots(&self) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        if let Some(paths) = self.option("prepend_sys_path") {
            for path in paths.as_str().split([' ', ':', ',', '\n']) {
                if let Some(path) = resolve(&self.base, path) {
                    out.push(path);
                }
            }
        }
        out.push(self.base.clone());
        let mut seen = BTreeSet::new();
        out.retain(|root| seen.insert(root.clone()));
        out
    }
}

/// `_only_source_rev_file` of `alembic/script/base.py`.
pub(super) fn is_revision_file(name: &str) -> bool {
    name.ends_with(".py") && !name.starts_with(".#") && !name.starts_with("__init__")
}

/// All trees of a listing, by folder. Found once a run.
#[must_use]
pub fn trees(files: &Files) -> Arc<Vec<Tree>> {
    files.recall("", find_trees)
}

fn find_trees(files: &Files) -> Vec<Tree> {
    let mut out: Vec<Tree> = Vec::new();
    for (file, entry) in files.entries() {
        if ![".ini", ".toml", ".cfg"]
            .iter()
            .any(|end| entry.path.ends_with(end))
        {
            continue;
        }
        let name = entry.path.rsplit('/').next().unwrap_or(&entry.path);
        if name == "alembic.ini" || name == "pyproject.toml" || is_other_ini(files, file, name) {
            for tree in configured(files, file) {
                if !out.iter().any(|other| other.folder == tree.folder) {
                    out.push(tree);
                }
            }
        }
    }
    for (_, entry) in files.entries() {
        let Some(folder) = folder_of(&entry.path, "env.py") else {
            continue;
        };
        if out.iter().any(|tree| tree.folder == folder) || !looks_like_scripts(files, folder) {
            continue;
        }
        out.push(bare(files, folder.to_owned()));
    }
    for folder in flask_alembic::folders(files, &out) {
        out.push(Tree {
            versions: vec![folder.clone()],
            ..bare(files, folder)
        });
    }
    out.retain(|tree| !tree.revisions(files).is_empty());
    out.sort_by(|a, b| a.folder.cmp(&b.folder));
    out
}

/// The tree that a path means: a script folder, a folder of revisions, or a configuration file.
#[must_use]
pub fn tree_at(files: &Files, path: &str) -> Option<Tree> {
    let path = path.trim_end_matches('/');
    if let Some(file) = files.find(path) {
        return configured(files, file)
            .into_iter()
            .find(|tree| !tree.revisions(files).is_empty());
    }
    let all = trees(files);
    if let Some(tree) = all.iter().find(|tree| tree.folder == path) {
        return Some(tree.clone());
    }
    if let Some(tree) = all.iter().find(|t| t.versions.iter().any(|v| v == path)) {
        // One of several folders of revisions is meant by itself.
        return Some(Tree {
            versions: vec![path.to_owned()],
            ..tree.clone()
        });
    }
    // The folder that a project lies in.
    let mut below = all.iter().filter(|tree| tree.base == path);
    if let (Some(tree), None) = (below.next(), below.next()) {
        return Some(tree.clone());
    }
    let tree = bare(files, path.to_owned());
    if !tree.revisions(files).is_empty() {
        return Some(tree);
    }
    let alone = Tree {
        versions: vec![path.to_owned()],
        ..bare(files, path.to_owned())
    };
    let has_revision = |file: &FileId| {
        let text = files.text(*file);
        text.contains("down_revision") && text.contains("revision")
    };
    alone.revisions(files).iter().any(has_revision).then_some(alone)
}

/// A tree that no file configures. Where it lies in a package, imports start from the folder that holds the package.
fn bare(files: &Files, folder: String) -> Tree {
    let mut base = parent(&folder);
    while !base.is_empty() && files.find(&join(base, "__init__.py")).is_some() {
        base = parent(base);
    }
    Tree {
        versions: vec![join(&folder, "versions")],
        recursive: false,
        config: None,
        section: "alembic".to_owned(),
        options: Vec::new(),
        base: base.to_owned(),
        folder,
    }
}

/// Whether `env.py` of a folder is Alembic's.
fn looks_like_scripts(files: &Files, folder: &str) -> bool {
    let versions = join(folder, "versions");
    let has_versions = files.below(&versions).next().is_some();
    let template = files.find(&join(folder, "script.py.mako")).is_some();
    has_versions && template
        || (has_versions || template)
            && files
                .find(&join(folder, "env.py"))
                .is_some_and(|file| files.text(file).contains("alembic"))
}

/// An ini file of another name that holds a section of Alembic's.
fn is_other_ini(files: &Files, file: FileId, name: &str) -> bool {
    (name.ends_with(".ini") || name == "setup.cfg") && files.text(file).contains("script_location")
}

/// The trees that a file configures.
fn configured(files: &Files, file: FileId) -> Vec<Tree> {
    let path = files.path(file).to_owned();
    let here = parent(&path).to_owned();
    let text = files.text(file);
    let sections = if path.ends_with(".toml") {
        toml_section(file, &text)
    } else {
        ini_sections(file, &text)
    };
    let defaults: Vec<Setting> = sections
        .iter()
        .filter(|(name, _)| name == "DEFAULT")
        .flat_map(|(_, settings)| settings.clone())
        .collect();
    let mut out = Vec::new();
    for (section, settings) in sections {
        if section == "DEFAULT" {
            continue;
        }
        let mut options = defaults.clone();
        options.extend(settings);
        let options = interpolated(options, &here);
        let find = |key: &str| {
            options
                .iter()
                .rev()
                .find(|s| s.key == key)
                .map(|s| s.value.as_str())
        };
        let folder = match find("script_location") {
            Some(location) => match located(files, &here, location.trim()) {
                Some(folder) => folder,
                None => continue,
            },
            // Flask-Migrate's: the folder of the file.
            None if section == "alembic"
                && path.ends_with(".ini")
                && files.find(&join(&here, "env.py")).is_some() =>
            {
                here.clone()
            }
            None => continue,
        };
        // Its commands run in the folder above, also where somebody has written down the location of the file itself.
        let of_app = || {
            let environment = files.find(&join(&folder, "env.py"));
            environment.is_some_and(|file| files.text(file).contains("current_app"))
        };
        let flask = find("script_location").is_none() || folder == here && of_app();
        let versions = match find("version_locations") {
            Some(written) => split_paths(written, find("path_separator").or(find("version_path_separator")))
                .into_iter()
                .filter_map(|location| located(files, &here, &location))
                .collect(),
            None => vec![own_versions(files, &folder)],
        };
        let recursive = match find("recursive_version_locations") {
            Some(said) => said.trim() == "true",
            None => find("version_locations").is_none() && has_located(files, &here, &versions),
        };
        out.push(Tree {
            base: if flask {
                parent(&folder).to_owned()
            } else {
                here.clone()
            },
            folder,
            versions,
            recursive,
            config: Some(file),
            section,
            options,
        });
    }
    out
}

/// Whether a program of the listing says itself in which folders revisions are: those of installed packages may be among them.
#[must_use]
pub fn is_located_by_program(files: &Files) -> bool {
    let mut programs = files
        .importable()
        .filter(|(_, entry)| entry.path.ends_with(".py") && !is_of_tests(&entry.path));
    programs.any(|(file, _)| files.read_if(file, says_locations).is_some())
}

fn says_locations(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.contains("set_main_option(") && text.contains("version_locations")
}

/// Whether a program of the project says itself in which folders revisions are, and there are some below those that hold revisions
/// (OpenStack: `versions/<release>/expand`).
fn has_located(files: &Files, here: &str, versions: &[String]) -> bool {
    let is_nested = |folder: &String| {
        let is_python = |path: &str| path.ends_with(".py") && !path.ends_with("/__init__.py");
        let depth = folder.split('/').count();
        let mut found = files.below(folder).filter(|(_, entry)| is_python(&entry.path));
        let (mut direct, mut nested) = (false, false);
        found.any(|(_, entry)| {
            let is_direct = entry.path.split('/').count() == depth + 1;
            direct |= is_direct;
            nested |= !is_direct;
            direct && nested
        })
    };
    if !versions.iter().any(is_nested) {
        return false;
    }
    let mut programs = files.below(here).filter(|(_, entry)| {
        let inside = versions.iter().any(|folder| {
            entry
                .path
                .strip_prefix(folder.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        });
        entry.path.ends_with(".py") && !inside
    });
    programs.any(|(file, _)| files.read_if(file, says_locations).is_some())
}

/// The folder `versions`; where it holds no revision itself but a folder for each database system, which `env.py` chooses from,
/// PostgreSQL's.
fn own_versions(files: &Files, folder: &str) -> String {
    let versions = join(folder, "versions");
    let direct = |folder: &str| {
        files.below(folder).any(|(_, entry)| {
            let name = entry.path.get(folder.len() + 1..).unwrap_or("");
            !name.contains('/') && is_revision_file(name)
        })
    };
    if direct(&versions) {
        return versions;
    }
    let of_system = ["postgresql", "postgres"].map(|name| join(&versions, name));
    of_system.into_iter().find(|f| direct(f)).unwrap_or(versions)
}

/// A location: a path from the file's folder, or `package:path`, also `package:folder:folder` (`load_resource` of Alembic).
fn located(files: &Files, here: &str, location: &str) -> Option<String> {
    if let Some((package, rest)) = location.split_once(':')
        && !package.contains('/')
    {
        let package = package.replace('.', "/");
        let direct = join(here, &package);
        let holder = if files.below(&direct).next().is_some() {
            direct
        } else {
            let suffix = format!("{package}/__init__.py");
            let mut found = files
                .entries()
                .filter(|(_, e)| e.path == suffix || e.path.ends_with(&format!("/{suffix}")));
            let first = found.next()?;
            parent(&first.1.path).to_owned()
        };
        return resolve(&holder, &rest.replace(':', "/"));
    }
    let direct = resolve(here, location)?;
    if files.below(&direct).next().is_some() {
        return Some(direct);
    }
    // Run from a folder above.
    let mut above = here;
    while !above.is_empty() {
        above = parent(above);
        if let Some(folder) = resolve(above, location)
            && files.below(&folder).next().is_some()
        {
            return Some(folder);
        }
    }
    Some(direct)
}

/// `script_location` and others may name `%(here)s` and options of their section.
fn interpolated(options: Vec<Setting>, here: &str) -> Vec<Setting> {
    let raw: Vec<(String, String)> = options
        .iter()
        .map(|s| (s.key.clone(), s.value.as_str().to_owned()))
        .collect();
    let value_of = |key: &str| match key {
        "here" => Some(if here.is_empty() {
            ".".to_owned()
        } else {
            format!("//{here}")
        }),
        key => raw.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v.clone()),
    };
    options
        .into_iter()
        .map(|setting| {
            let mut text = setting.value.as_str().to_owned();
            for _ in 0..4 {
                let Some((before, rest)) = text.split_once("%(") else {
                    break;
                };
                let Some((key, after)) = rest.split_once(")s") else {
                    break;
                };
                let Some(value) = value_of(key) else { break };
                text = format!("{before}{value}{after}");
                if text.len() > 4096 {
                    break;
                }
            }
            if text == setting.value.as_str() {
                return setting;
            }
            let span = setting.value.whole();
            Setting {
                value: Text::composed([(text, span, false)]),
                ..setting
            }
        })
        .collect()
}

/// `version_locations`, by the separator that is configured; without one by spaces and commas.
fn split_paths(written: &str, separator: Option<&str>) -> Vec<String> {
    let separator = separator.map(|s| s.split('#').next().unwrap_or(s).trim());
    let parts: Vec<&str> = match separator {
        Some("os" | ":") => written.split(':').collect(),
        Some(";") => written.split(';').collect(),
        Some("newline") => written.split('\n').collect(),
        Some("space") => written.split_whitespace().collect(),
        _ => written.split([' ', ',', '\n']).collect(),
    };
    parts
        .into_iter()
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The sections of an ini file (`configparser`): name, and settings in order.
fn ini_sections(file: FileId, text: &str) -> Vec<(String, Vec<Setting>)> {
    let mut out: Vec<(String, Vec<Setting>)> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let body = line.trim_end();
        let trimmed = body.trim_start();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = body.strip_prefix('[').and_then(|b| b.split(']').next()) {
            out.push((name.to_owned(), Vec::new()));
            continue;
        }
        let Some((_, settings)) = out.last_mut() else {
            continue;
        };
        if trimmed.len() < body.len() {
            // A further line of the value above.
            if let Some(last) = settings.last_mut() {
                let span = Span::new(file, at, at + body.len());
                let runs = last.value.runs().collect::<Vec<_>>().into_iter();
                let more = [("\n".to_owned(), span, false), (trimmed.to_owned(), span, false)];
                last.value = Text::composed(runs.chain(more));
            }
            continue;
        }
        let Some(cut) = body.find(['=', ':']) else {
            continue;
        };
        let (key, rest) = body.split_at(cut);
        let value = rest.get(1..).unwrap_or("");
        let lead = value.len() - value.trim_start().len();
        let from = at + cut + 1 + lead;
        let value = value.trim();
        let span = Span::new(file, from, from + value.len());
        settings.push(Setting {
            key: key.trim().to_lowercase(),
            value: Text::composed([(value.to_owned(), span, true)]),
        });
    }
    out
}

/// `[tool.alembic]` of `pyproject.toml`: texts and lists of texts.
fn toml_section(file: FileId, text: &str) -> Vec<(String, Vec<Setting>)> {
    let mut settings = Vec::new();
    let mut inside = false;
    let mut list: Option<(String, String, Span)> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let body = line.trim();
        let span = Span::new(file, at, at + line.trim_end().len());
        if let Some((key, mut items, first)) = list.take() {
            items.push_str(body);
            if body.contains(']') {
                settings.push(list_setting(key, &items, first));
            } else {
                list = Some((key, items, first));
            }
            continue;
        }
        if body.starts_with('[') {
            inside = body == "[tool.alembic]";
            continue;
        }
        let Some((key, value)) = body.split_once('=').filter(|_| inside && !body.starts_with('#')) else {
            continue;
        };
        let (key, value) = (key.trim().trim_matches('"').to_owned(), value.trim());
        if value.starts_with('[') {
            if value.contains(']') {
                settings.push(list_setting(key, value, span));
            } else {
                list = Some((key, value.to_owned(), span));
            }
            continue;
        }
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value
                .get(1..)
                .and_then(|v| v.split(quote).next())
                .unwrap_or("")
                .to_owned(),
            _ => value.split('#').next().unwrap_or("").trim().to_owned(),
        };
        settings.push(Setting {
            key,
            value: Text::composed([(value, span, false)]),
        });
    }
    if settings.is_empty() {
        return Vec::new();
    }
    vec![("alembic".to_owned(), settings)]
}

fn list_setting(key: String, written: &str, span: Span) -> Setting {
    let items: Vec<&str> = written.split(['"', '\'']).skip(1).step_by(2).collect();
    Setting {
        key,
        value: Text::composed([(items.join(" "), span, false)]),
    }
}

/// A path from a folder, `.` and `..` taken out; `//` in front means from the top. `None` where it leads out of the listing.
fn resolve(from: &str, path: &str) -> Option<String> {
    let path = path.trim();
    let (from, path) = match path.strip_prefix("//") {
        Some(rest) => ("", rest),
        None if path.starts_with('/') => return None,
        None => (from, path),
    };
    let mut parts: Vec<&str> = from.split('/').filter(|p| !p.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn folder_of<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    let folder = path.strip_suffix(name)?;
    if folder.is_empty() {
        return Some("");
    }
    folder.strip_suffix('/')
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(files: &[(&str, &str)]) -> Vec<(String, Vec<String>)> {
        let files = Files::in_memory(files.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())));
        find_trees(&files)
            .into_iter()
            .map(|t| (t.folder, t.versions))
            .collect()
    }

    #[test]
    fn an_ini_with_several_sections() {
        let found = folders(&[
            (
                "backend/alembic.ini",
                "[DEFAULT]\nscript_location = alembic\n[alembic]\nversion_locations = %(script_location)s/versions\n[other]\nscript_location = %(here)s/more\n",
            ),
            ("backend/alembic/env.py", ""),
            ("backend/alembic/versions/a.py", "revision = 'a'"),
            ("backend/more/env.py", ""),
            ("backend/more/versions/b.py", "revision = 'b'"),
        ]);
        let versions = |folder: &str| vec![format!("{folder}/versions")];
        assert_eq!(
            found,
            [
                ("backend/alembic".to_owned(), versions("backend/alembic")),
                ("backend/more".to_owned(), versions("backend/more"))
            ]
        );
    }

    #[test]
    fn an_ini_beside_its_environment() {
        let found = folders(&[
            ("migrations/alembic.ini", "[alembic]\n# script_location = x\n"),
            ("migrations/env.py", ""),
            ("migrations/versions/a.py", "revision = 'a'"),
        ]);
        assert_eq!(
            found,
            [("migrations".to_owned(), vec!["migrations/versions".to_owned()])]
        );
    }

    #[test]
    fn a_table_of_pyproject() {
        let found = folders(&[
            (
                "pyproject.toml",
                "[tool.alembic]\nscript_location = \"%(here)s/db\"  # where\nversion_locations = [\n  \"%(here)s/db/one\",\n  \"db/two\",\n]\n[tool.x]\nscript_location = 'no'\n",
            ),
            ("db/env.py", ""),
            ("db/one/a.py", "revision = 'a'"),
            ("db/two/b.py", "revision = 'b'"),
        ]);
        assert_eq!(
            found,
            [("db".to_owned(), vec!["db/one".to_owned(), "db/two".to_owned()])]
        );
    }
}
