//! Options of a configuration that no file holds: what a program that runs Alembic's commands sets (`Config.set_main_option`).

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::config::Tree;
use crate::interpret::python::spoken::is_of_tests;
use crate::source::{FileId, Files};

/// What reads an option, before its name.
const READERS: &[&str] = &["get_main_option(", "get_alembic_option(", "get_section_option("];

/// Whether no program of the repository sets an option but where it is asked for: where nothing asks for it, it has none.
pub(super) fn is_left_out(files: &Files, tree: &Tree, key: &str) -> bool {
    let key_of_run = format!("option {key} of {} is left out", tree.folder);
    *files.recall(&key_of_run, |files| {
        // Revisions run when all is set.
        let revisions: FxHashSet<FileId> = tree.revisions(files).into_iter().collect();
        let modules = files
            .importable()
            .filter(|(_, entry)| entry.path.ends_with(".py") && !is_of_tests(&entry.path));
        let modules = modules
            .map(|(file, _)| file)
            .filter(|file| !revisions.contains(file));
        let modules: Vec<FileId> = modules.collect();
        !modules.par_iter().any(|file| sets(&files.text(*file), key))
    })
}

/// Whether a module names an option, as a text of its own, elsewhere than where it is read, and not only where it is asked for.
fn sets(text: &str, key: &str) -> bool {
    ['"', '\''].iter().any(|quote| {
        let quoted = format!("{quote}{key}{quote}");
        text.match_indices(&quoted).any(|(at, _)| {
            let before = text[..at].trim_end();
            let reads = READERS.iter().any(|reader| before.ends_with(reader));
            !reads && !is_conditional(text, at)
        })
    })
}

/// Whether what is set at a place is what the `if` around it asks for, and that is a parameter which is `None` where nothing is passed:
/// `if schema: config.set_main_option("tenant", schema)` in `def upgrade(schema=None)`.
fn is_conditional(text: &str, at: usize) -> bool {
    let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
    let Some((asked, above)) = head_above(&text[..start], indent(&text[start..])) else {
        return false;
    };
    let asked = asked.strip_prefix("if ").and_then(|rest| rest.strip_suffix(':'));
    let Some(asked) = asked.map(|asked| asked.strip_suffix(" is not None").unwrap_or(asked)) else {
        return false;
    };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let line = text[at..].lines().next().unwrap_or_default();
    asked.chars().all(is_word)
        && line.split(|c| !is_word(c)).any(|word| word == asked)
        && is_none_by_default(above, asked)
}

/// The nearest line above that is indented less, and the text before it.
fn head_above(text: &str, own: usize) -> Option<(&str, &str)> {
    let mut rest = text;
    while let Some(line) = rest.lines().next_back() {
        let before = &rest[..rest
            .trim_end_matches('\n')
            .len()
            .saturating_sub(line.trim_end_matches('\n').len())];
        if !line.trim().is_empty() && indent(line) < own {
            return Some((line.trim(), before));
        }
        if before.len() >= rest.len() {
            return None;
        }
        rest = before;
    }
    None
}

/// Whether the function that a text ends in has a parameter of this name with `None` for its default, and sets it to nothing else.
fn is_none_by_default(text: &str, name: &str) -> bool {
    let Some(start) = text.rfind("def ") else {
        return false;
    };
    let function = &text[start..];
    let mut defaults = function.match_indices(name).filter_map(|(at, _)| {
        let follows = function[at + name.len()..].trim_start();
        let whole = !function[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let value = match follows.strip_prefix(':') {
            Some(annotated) => annotated.split([',', ')', '\n']).next()?.split_once('=')?.1,
            None => follows
                .strip_prefix('=')
                .filter(|value| !value.starts_with('='))?,
        };
        whole.then(|| {
            value
                .trim_start()
                .split([',', ')', '\n'])
                .next()
                .unwrap_or_default()
                .trim()
        })
    });
    defaults.next() == Some("None") && defaults.all(|value| value == name)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::sets;

    #[test]
    fn an_option_that_is_read_or_set_under_a_condition() {
        assert!(!sets(
            "schema = config.get_main_option(\n    'tenant')\n",
            "tenant"
        ));
        let set = |head: &str, asked: &str| {
            let text = format!(
                "def up({head}):\n    c = Config()\n    if {asked}:\n        # Its own.\n        c.set_main_option('tenant', schema)\n"
            );
            sets(&text, "tenant")
        };
        assert!(!set("schema=None", "schema"));
        assert!(!set("url, schema: str | None = None", "schema is not None"));
        assert!(set("schema='app'", "schema"));
        assert!(set("schema", "schema"));
        assert!(set("schema=None", "not schema"));
        assert!(set("schema=None, other=None", "other"));
        assert!(sets("config.set_main_option(\"tenant\", schema)\n", "tenant"));
        assert!(!sets("config.set_main_option('tenants', schema)\n", "tenant"));
    }
}
