//! How often a model is used in the repository's code: names in comments, in imports and in the model's own declaration are not
//! counted, so that what nothing uses can be told from what everything uses.

mod elixir;
mod javascript;
mod python;

use rayon::prelude::*;
use regex::bytes::Regex;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::declared::Model;
use crate::source::{FileId, Files, Span};

/// A model that uses are looked for.
pub(super) struct Wanted<'a> {
    /// What code calls it.
    name: &'a str,
    /// Its declaration.
    whole: Span,
    /// Its file without its ending.
    module: &'a str,
}

/// A use of a model that is known by its place among the wanted ones; `None`: of one of several that cannot be told apart.
pub(super) struct Use<'a> {
    name: &'a str,
    of: Option<usize>,
}

/// How often a model is used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Uses {
    /// Names in code.
    pub(super) count: usize,
    /// Files that have them.
    pub(super) files: usize,
    /// Why it cannot be told.
    pub(super) unknown: Option<String>,
}

/// The languages that models are used in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Code {
    Python,
    Elixir,
    JavaScript,
}

/// The language of the code that uses the models of a file.
fn language(path: &str) -> Option<Code> {
    match path.rsplit('.').next()? {
        "py" => Some(Code::Python),
        "ex" | "exs" => Some(Code::Elixir),
        "prisma" => Some(Code::JavaScript),
        _ => None,
    }
}

fn is_of(code: Code, path: &str) -> bool {
    let ending = path.rsplit('.').next().unwrap_or("");
    match code {
        Code::Python => matches!(ending, "py" | "pyi"),
        Code::Elixir => matches!(ending, "ex" | "exs" | "heex" | "eex" | "leex"),
        Code::JavaScript => {
            matches!(
                ending,
                "ts" | "tsx" | "js" | "jsx" | "mts" | "cts" | "mjs" | "cjs" | "vue" | "svelte"
            ) && !path.ends_with(".d.ts")
        }
    }
}

/// The uses of models, in their order.
pub(super) fn uses(files: &Files, models: &[&Model]) -> Vec<Uses> {
    let mut out: Vec<Uses> = models.iter().map(|_| Uses::default()).collect();
    for code in [Code::Python, Code::Elixir, Code::JavaScript] {
        let mut positions = Vec::new();
        let mut wanted = Vec::new();
        for (at, model) in models.iter().enumerate() {
            let path = files.path(model.span.file);
            if language(path) == Some(code) {
                positions.push(at);
                wanted.push(Wanted {
                    name: model.name.as_str(),
                    whole: model.whole,
                    module: path.rsplit_once('.').map_or(path, |(module, _)| module),
                });
            }
        }
        if wanted.is_empty() {
            continue;
        }
        for (at, uses) in positions.iter().zip(of(files, code, &wanted)) {
            if let Some(one) = out.get_mut(*at) {
                *one = uses;
            }
        }
    }
    for (model, uses) in models.iter().zip(&mut out) {
        let path = files.path(model.span.file);
        if language(path).is_none() {
            uses.unknown = Some("the language of its code is not read".to_owned());
        }
    }
    out
}

fn of(files: &Files, code: Code, wanted: &[Wanted<'_>]) -> Vec<Uses> {
    let mut by_name: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (at, one) in wanted.iter().enumerate() {
        by_name.entry(one.name).or_default().push(at);
    }
    let tops: FxHashSet<&str> = files.entries().filter_map(|(_, e)| top(&e.path)).collect();
    let read: Vec<FileId> = files
        .entries()
        .filter(|(_, e)| is_of(code, &e.path))
        .map(|(file, _)| file)
        .collect();
    // A client of JavaScript calls models by other names.
    let named = (code != Code::JavaScript)
        .then(|| any_of(by_name.keys().copied()))
        .flatten();
    let found: Vec<Vec<(Option<usize>, String)>> = read
        .par_iter()
        .map(|file| {
            let may_use = |bytes: &[u8]| match code {
                Code::JavaScript => javascript::may_call(bytes),
                Code::Python | Code::Elixir => named.as_ref().is_none_or(|named| named.is_match(bytes)),
            };
            let Some(source) = files.read_if(*file, may_use) else {
                return Vec::new();
            };
            let text: &str = &source.text;
            let place = Place {
                file: *file,
                path: files.path(*file),
                tops: &tops,
            };
            let uses = match code {
                Code::Python => python::uses(text, &place, wanted, &by_name),
                Code::Elixir => elixir::uses(text, &place, wanted, &by_name),
                Code::JavaScript => javascript::uses(text, wanted, &by_name),
            };
            uses.into_iter().map(|u| (u.of, u.name.to_owned())).collect()
        })
        .collect();
    let mut out: Vec<Uses> = wanted.iter().map(|_| Uses::default()).collect();
    for of_file in found {
        let mut here: FxHashSet<usize> = FxHashSet::default();
        for (of, name) in of_file {
            match of {
                Some(at) => {
                    if let Some(uses) = out.get_mut(at) {
                        uses.count += 1;
                        uses.files += usize::from(here.insert(at));
                    }
                }
                None => {
                    for at in by_name.get(name.as_str()).into_iter().flatten() {
                        if let Some(uses) = out.get_mut(*at) {
                            uses.unknown = Some(format!(
                                "several models are called {name}, and some code does not say which it means"
                            ));
                        }
                    }
                }
            }
        }
    }
    out
}

/// Finds the last part of any name as a word: without it a file uses none, whatever its imports call it.
fn any_of<'n>(names: impl Iterator<Item = &'n str>) -> Option<Regex> {
    let lasts = names.map(|name| regex::escape(name.rsplit('.').next().unwrap_or(name)));
    let mut lasts: Vec<String> = lasts.collect();
    lasts.sort_unstable();
    lasts.dedup();
    let all = format!("(?:{})", lasts.join("|"));
    // Where words end is told of ASCII alone.
    let plain = lasts.iter().all(|name| name.is_ascii());
    let written = if plain {
        format!("(?-u:\\b){all}(?-u:\\b)")
    } else {
        all
    };
    Regex::new(&written).ok()
}

/// A file that is looked through.
struct Place<'a> {
    file: FileId,
    path: &'a str,
    /// Names of folders and files that imports of the repository can begin with.
    tops: &'a FxHashSet<&'a str>,
}

/// Any folder's or Python module's name on the way to a file: where imports begin is the project's affair.
fn top(path: &str) -> Option<&str> {
    let folder = path.rsplit_once('/').map_or(path, |(folder, _)| folder);
    folder.rsplit('/').next().map(|name| name.trim_end_matches(".py"))
}

/// Whether a byte may be part of a name.
fn is_word(byte: u8) -> bool {
    WORD[usize::from(byte)]
}

/// Every byte of all code is asked.
static WORD: [bool; 256] = {
    let mut out = [false; 256];
    let mut at = 0;
    while at < out.len() {
        let byte = at as u8;
        out[at] = byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
        at += 1;
    }
    out
};
