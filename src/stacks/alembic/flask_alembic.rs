//! Flask-Alembic: an extension of Flask that takes the place of `env.py`. The script folder holds the revisions themselves.
//!
//! Source: `Alembic.init_app` and `Alembic.config` of `flask_alembic/extension.py` (3.3): `script_location` is `migrations` beside the
//! application unless something else is said, and the first of `version_locations`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::config::{Tree, is_revision_file};
use super::library::Python;
use crate::interpret::python::spoken::is_of_tests;
use crate::interpret::python::{Args, Argument};
use crate::source::{Files, Span};

/// The script folders of the extension, besides the trees that are known.
pub(super) fn folders(files: &Files, known: &[Tree]) -> Vec<String> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut found: Vec<String> = Vec::new();
    for (file, entry) in files.entries() {
        let Some((folder, name)) = entry.path.rsplit_once('/') else {
            continue;
        };
        let is_named = folder == "migrations" || folder.ends_with("/migrations");
        if !is_named || !is_revision_file(name) || !seen.insert(folder) {
            continue;
        }
        let is_known = known
            .iter()
            .any(|tree| tree.folder == folder || tree.versions.iter().any(|versions| versions == folder));
        let has_program = files.find(&format!("{folder}/env.py")).is_some();
        // Django's lie in folders of that name too.
        if !is_known && !has_program && files.read_if(file, is_revision).is_some() {
            found.push(folder.to_owned());
        }
    }
    if found.is_empty() || !is_used(files) {
        return Vec::new();
    }
    found
}

fn is_revision(text: &[u8]) -> bool {
    String::from_utf8_lossy(text).contains("down_revision")
}

/// Whether a program of the listing has the extension.
fn is_used(files: &Files) -> bool {
    *files.recall("programs with Flask-Alembic", |files: &Files| look_for_use(files))
}

fn look_for_use(files: &Files) -> bool {
    let mut programs = files
        .importable()
        .filter(|(_, entry)| entry.path.ends_with(".py") && !is_of_tests(&entry.path));
    let names = |text: &[u8]| String::from_utf8_lossy(text).contains("flask_alembic");
    programs.any(|(file, _)| files.read_if(file, names).is_some())
}

/// Whether the extension runs the revisions of a tree.
pub(super) fn runs(files: &Files, tree: &Tree) -> bool {
    tree.environment(files).is_none() && tree.versions == [tree.folder.clone()] && is_used(files)
}

/// `db = SQLAlchemy(...)` at the top of a module.
static OBJECTS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^(\w+)(?:\s*:\s*[\w.]+)?\s*=\s*[\w.]*SQLAlchemy\w*\(").ok());

/// What the extension configures a context with: the metadata of the application's database object, which is told where the repository
/// has one such (`Alembic._prepare_targets`).
pub(super) fn configured<'a>(machine: &mut Python<'a>, at: Span) -> Args<'a> {
    let mut out = Args::default();
    match metadata(machine, at) {
        Some(metadata) => out.keywords.push(("target_metadata".into(), metadata)),
        None => out.open = Some(machine.gap(at, "the metadata that the application has for Flask-Alembic")),
    }
    out
}

fn metadata<'a>(machine: &mut Python<'a>, at: Span) -> Option<Argument<'a>> {
    let modules = machine.modules();
    let files = modules.files();
    let own = modules
        .iter()
        .filter(|(_, module)| !is_of_tests(files.path(module.file)));
    let mut found = Vec::new();
    for (id, module) in own {
        let text = files.text(module.file);
        // Others may be given to it by hand.
        if text.contains("flask_alembic") && (text.contains("metadatas=") || text.contains("metadatas =")) {
            return None;
        }
        if !text.contains("SQLAlchemy(") {
            continue;
        }
        let names = OBJECTS.as_ref()?.captures_iter(&text);
        found.extend(names.filter_map(|c| c.get(1).map(|name| (id, name.as_str().to_owned()))));
    }
    let [(id, name)] = found.as_slice() else {
        return None;
    };
    let module = machine.run_module(*id).ok()?;
    let object = machine.attribute_if_any(&module, name, at).ok()??;
    let value = machine.attribute_if_any(&object, "metadata", at).ok()??;
    Some(Argument { value, span: at })
}
