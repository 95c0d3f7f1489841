//! The modules of a repository: which file defines which, found by a fast look at the text; files are parsed when they are needed.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::source::{FileId, Files, Span};
use crate::syntax::elixir::{self, Callee, Form, FormKind};

/// Every `defmodule` of the `.ex` and `.exs` files.
#[derive(Debug)]
pub struct Modules<'a> {
    files: &'a Files,
    /// Files by the last part of the names that their `defmodule`s give.
    by_last: FxHashMap<SmolStr, Vec<(FileId, SmolStr)>>,
    lowered: FxHashMap<FileId, OnceLock<Arc<Lowered>>>,
    /// The files in path order.
    all: Vec<FileId>,
    root: String,
}

/// A file, parsed.
#[derive(Debug)]
pub struct Lowered {
    /// Its forms.
    pub body: Form,
    /// What is wrong with it.
    pub errors: Vec<(String, Span)>,
    /// The modules that it defines, nested ones included, in order.
    pub modules: Vec<ModulePlace>,
    /// Whether `unquote` is written in it.
    pub(super) unquotes: bool,
}

/// A `defmodule`.
#[derive(Debug, Clone)]
pub struct ModulePlace {
    /// The full name.
    pub name: SmolStr,
    /// Where the name is written.
    pub span: Span,
    /// The whole.
    pub whole: Span,
    /// Which of the file's forms it stands in.
    pub top: usize,
}

/// Folders that hold the code of others.
const NOT_OURS: [&str; 3] = ["deps", "_build", "node_modules"];

impl<'a> Modules<'a> {
    /// Looks through the files. Where several define a module of one name, those below `root` come first.
    #[must_use]
    pub fn new(files: &'a Files, root: &str) -> Self {
        let mut by_last: FxHashMap<SmolStr, Vec<(FileId, SmolStr)>> = FxHashMap::default();
        let mut lowered = FxHashMap::default();
        let mut all = Vec::new();
        for (file, entry) in files.importable() {
            if !is_elixir(&entry.path) {
                continue;
            }
            lowered.insert(file, OnceLock::new());
            all.push(file);
            let Ok(source) = files.read(file) else { continue };
            let named = source.derive(|| Named(names(&source.text).map(SmolStr::new).collect()));
            for name in &named.0 {
                let last = name.rsplit('.').next().unwrap_or(name);
                by_last
                    .entry(SmolStr::new(last))
                    .or_default()
                    .push((file, name.clone()));
            }
        }
        Modules {
            files,
            by_last,
            lowered,
            all,
            root: root.to_owned(),
        }
    }

    /// The files that they are in.
    #[must_use]
    pub fn files(&self) -> &'a Files {
        self.files
    }

    /// Every Elixir file, in path order.
    #[must_use]
    pub fn elixir_files(&self) -> Vec<FileId> {
        self.all.clone()
    }

    /// Elixir files whose text holds one of these.
    pub fn mentioning(&self, words: &[&str]) -> Vec<FileId> {
        let mut out = self.elixir_files();
        out.retain(|file| {
            let text = self.files.text(*file);
            words.iter().any(|word| text.contains(word))
        });
        out
    }

    /// A file's forms. A file that is not Elixir's, or cannot be read, has none.
    #[must_use]
    pub fn lowered(&self, file: FileId) -> &Lowered {
        static NONE: OnceLock<Lowered> = OnceLock::new();
        // What one text gives is the same to all that read it: the histories and the models of several repositories.
        let make = || match self.files.read(file) {
            Ok(source) => source.derive(|| read(file, &source.text)),
            Err(_) => Arc::new(read(file, "")),
        };
        match self.lowered.get(&file) {
            Some(slot) => slot.get_or_init(make),
            None => NONE.get_or_init(|| Lowered {
                body: Form::block(Span::new(file, 0, 0), Vec::new()),
                errors: Vec::new(),
                modules: Vec::new(),
                unquotes: false,
            }),
        }
    }

    /// Whether a file was parsed.
    #[must_use]
    pub fn was_lowered(&self, file: FileId) -> bool {
        self.lowered.get(&file).is_some_and(|slot| slot.get().is_some())
    }

    /// The folder whose modules come first.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Whether `unquote` is written in a file.
    pub(super) fn lowered_unquotes(&self, file: FileId) -> bool {
        self.lowered(file).unquotes
    }

    /// The file that defines a module, and its place there.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<(FileId, &ModulePlace)> {
        let last = name.rsplit('.').next()?;
        let mut candidates: Vec<FileId> = self
            .by_last
            .get(last)?
            .iter()
            .filter(|(_, written)| is_suffix(written, name))
            .map(|(file, _)| *file)
            .collect();
        candidates.sort_by_key(|file| (self.rank(*file), *file));
        candidates.dedup();
        candidates.into_iter().find_map(|file| {
            let place = self.lowered(file).modules.iter().find(|m| m.name == name)?;
            Some((file, place))
        })
    }

    /// Whether a module of this name may be in the repository, without parsing.
    #[must_use]
    pub fn may_have(&self, name: &str) -> bool {
        let last = name.rsplit('.').next().unwrap_or(name);
        self.by_last
            .get(last)
            .is_some_and(|all| all.iter().any(|(_, written)| is_suffix(written, name)))
    }

    /// Which of several files of one name counts: those below the root, and no tests, first.
    fn rank(&self, file: FileId) -> u8 {
        let path = self.files.path(file);
        let below = self.root.is_empty() && !path.starts_with("../")
            || path
                .strip_prefix(self.root.as_str())
                .is_some_and(|rest| rest.starts_with('/'));
        let test = path.split('/').any(|part| part == "test");
        u8::from(!below) * 2 + u8::from(test)
    }
}

/// The names after `defmodule` in a file.
struct Named(Vec<SmolStr>);

/// Parses a file.
fn read(file: FileId, text: &str) -> Lowered {
    let parsed = elixir::parse(file, text);
    let mut modules = Vec::new();
    for (top, form) in parsed.body.statements().iter().enumerate() {
        places(form, None, top, 0, &mut modules);
    }
    Lowered {
        body: parsed.body,
        errors: parsed.errors,
        modules,
        unquotes: text.contains("unquote"),
    }
}

/// Whether a path is one of an Elixir file of the repository's own.
fn is_elixir(path: &str) -> bool {
    (path.ends_with(".ex") || path.ends_with(".exs")) && !path.split('/').any(|part| NOT_OURS.contains(&part))
}

/// Names after `defmodule`, as written.
fn names(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.match_indices("defmodule").filter_map(|(at, word)| {
        let rest = text[at + word.len()..].trim_start_matches(['(', ' ']);
        // `defmodule :"Elixir.A-b"`: a name that is no alias is quoted.
        let quoted = rest.strip_prefix(":\"");
        let rest = quoted.unwrap_or(rest);
        let in_name = |c: char| {
            c.is_ascii_alphanumeric() || c == '_' || c == '.' || quoted.is_some() && c != '"' && c != '\n'
        };
        let end = rest.find(|c: char| !in_name(c)).unwrap_or(rest.len());
        let name = rest[..end].trim_end_matches('.');
        let name = name.strip_prefix("__MODULE__.").unwrap_or(name);
        let name = name.strip_prefix("Elixir.").unwrap_or(name);
        let named = name.starts_with(|c: char| c.is_ascii_uppercase());
        let goes_on = quoted.is_none() && rest[..end].ends_with('.') && rest[end..].starts_with(['\r', '\n']);
        named.then(|| match goes_on {
            true => Cow::Owned(format!("{name}.{}", continued(&rest[end..]))),
            false => Cow::Borrowed(name),
        })
    })
}

/// The rest of a name that is written over several lines.
fn continued(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.trim_start();
    loop {
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
            .unwrap_or(rest.len());
        out.push_str(&rest[..end]);
        if end == 0 || !rest[..end].ends_with('.') {
            return out;
        }
        rest = rest[end..].trim_start();
    }
}

/// Whether a name as written can be the end of a full name.
fn is_suffix(written: &str, full: &str) -> bool {
    full.strip_suffix(written)
        .is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

/// Modules that a form defines, looked for through blocks and the branches of conditions.
fn places(form: &Form, outer: Option<&str>, top: usize, depth: usize, out: &mut Vec<ModulePlace>) {
    let FormKind::Call(call) = &form.kind else { return };
    if depth > 40 {
        return;
    }
    // Modules may stand in the block of any macro: `Package.if_there do ... end`.
    let name = match &call.callee {
        Callee::Local(name) => name.as_str(),
        _ => "",
    };
    let args = &call.args;
    let mut inner = outer.map(str::to_owned);
    if name == "defmodule" {
        let Some(written) = args.first() else { return };
        let Some(full) = module_name(written, outer) else {
            return;
        };
        out.push(ModulePlace {
            name: SmolStr::new(&full),
            span: written.span,
            whole: form.span,
            top,
        });
        inner = Some(full);
    } else if name == "quote" || name.starts_with("def") || (name != "__block__" && call.do_block().is_none())
    {
        return;
    }
    let block = if name == "__block__" {
        None
    } else {
        call.args.last()
    };
    let forms = match block.and_then(Form::as_list) {
        Some(pairs) => pairs.iter().filter_map(|p| p.as_pair().map(|(_, v)| v)).collect(),
        None if name == "__block__" => args.iter().collect(),
        None => Vec::new(),
    };
    for body in forms {
        for inner_form in body.statements().iter().chain(body.as_list().unwrap_or(&[])) {
            let inner_form = match inner_form.args_of("->") {
                Some([_, body]) => body,
                _ => inner_form,
            };
            for one in inner_form.statements() {
                places(one, inner.as_deref(), top, depth + 1, out);
            }
        }
    }
}

/// The full name that `defmodule name` gives inside of `outer`.
pub(super) fn module_name(written: &Form, outer: Option<&str>) -> Option<String> {
    match &written.kind {
        FormKind::Alias(name, _) => Some(match (name.strip_prefix("Elixir."), outer) {
            (Some(full), _) => full.to_owned(),
            (None, Some(outer)) => match name.strip_prefix("__MODULE__.") {
                Some(rest) => format!("{outer}.{rest}"),
                None => format!("{outer}.{name}"),
            },
            (None, None) => name.to_string(),
        }),
        FormKind::Atom(name) => Some(match name.strip_prefix("Elixir.") {
            Some(rest) => rest.to_owned(),
            None => format!(":{name}"),
        }),
        _ => None,
    }
}
