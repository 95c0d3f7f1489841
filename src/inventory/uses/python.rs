//! Uses of classes in Python: words of code, texts that are a class's name and nothing else (`relationship("User")`), with what the
//! file's own imports say of the name.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Place, Use, Wanted, is_word};

/// A part of a program.
enum Token<'t> {
    Word(&'t str, usize),
    Text(&'t str, usize),
    Mark(u8),
    /// A statement's end.
    End,
}

/// What one import brings under a name.
struct Import<'t> {
    /// The module: `app.models`, `.user`.
    module: String,
    /// The name there; nothing for a module.
    name: Option<&'t str>,
}

/// The uses in a text.
pub(super) fn uses<'w>(
    text: &str,
    place: &Place<'_>,
    wanted: &'w [Wanted<'w>],
    by_name: &FxHashMap<&'w str, Vec<usize>>,
) -> Vec<Use<'w>> {
    let tokens = tokens(text);
    let statements = statements(&tokens);
    let mut imports: FxHashMap<&str, Import<'_>> = FxHashMap::default();
    let mut stars: Vec<String> = Vec::new();
    let mut classes: FxHashSet<&str> = FxHashSet::default();
    for statement in &statements {
        match statement.first() {
            Some(Token::Word("from" | "import", _)) => read_import(statement, &mut imports, &mut stars),
            Some(Token::Word("class", _)) => {
                if let Some(Token::Word(name, _)) = statement.get(1) {
                    classes.insert(name);
                }
            }
            _ => {}
        }
    }
    let of = Of {
        place,
        wanted,
        by_name,
        imports,
        stars,
        classes,
    };
    let mut out = Vec::new();
    for statement in statements {
        let skipped = matches!(
            statement.first(),
            Some(Token::Word("from" | "import" | "__all__", _))
        );
        if !skipped {
            of.statement(statement, &mut out);
        }
    }
    out
}

struct Of<'p, 'w> {
    place: &'p Place<'p>,
    wanted: &'w [Wanted<'w>],
    by_name: &'p FxHashMap<&'w str, Vec<usize>>,
    imports: FxHashMap<&'p str, Import<'p>>,
    stars: Vec<String>,
    classes: FxHashSet<&'p str>,
}

impl<'w> Of<'_, 'w> {
    fn statement(&self, tokens: &[Token<'_>], out: &mut Vec<Use<'w>>) {
        for (at, token) in tokens.iter().enumerate() {
            match token {
                Token::Word(word, offset) => {
                    let before = at.checked_sub(1).and_then(|i| tokens.get(i));
                    let after = tokens.get(at + 1);
                    if matches!(before, Some(Token::Mark(b'.'))) {
                        let base = at.checked_sub(2).and_then(|i| tokens.get(i));
                        self.attribute(base, word, *offset, out);
                    } else if !is_named(before, after, at) {
                        self.word(word, *offset, out);
                    }
                }
                Token::Text(text, offset) => {
                    let last = text.rsplit('.').next().unwrap_or(text);
                    if let Some((name, candidates)) = self.by_name.get_key_value(last)
                        && self.by_name.contains_key(*text)
                    {
                        // A registry looks for it among all classes.
                        self.take(name, candidates.clone(), *offset, out);
                    }
                }
                Token::Mark(_) | Token::End => {}
            }
        }
    }

    /// `models.User`.
    fn attribute(&self, base: Option<&Token<'_>>, word: &str, at: usize, out: &mut Vec<Use<'w>>) {
        let Some((name, candidates)) = self.by_name.get_key_value(word) else {
            return;
        };
        let Some(Token::Word(base, _)) = base else { return };
        let Some(import) = self.imports.get(base) else {
            return;
        };
        let module = match import.name {
            Some(name) if import.module.ends_with('.') => format!("{}{name}", import.module),
            Some(name) => format!("{}.{name}", import.module),
            None => import.module.clone(),
        };
        let fitting = self.of_module(candidates, &module);
        self.take(name, fitting, at, out);
    }

    fn word(&self, word: &str, at: usize, out: &mut Vec<Use<'w>>) {
        let import = self.imports.get(word);
        let name = import.and_then(|i| i.name).unwrap_or(word);
        let Some((name, candidates)) = self.by_name.get_key_value(name) else {
            return;
        };
        let own: Vec<usize> = candidates
            .iter()
            .copied()
            .filter(|c| {
                self.wanted
                    .get(*c)
                    .is_some_and(|w| w.whole.file == self.place.file)
            })
            .collect();
        let fitting = match import {
            Some(import) => self.of_module(candidates, &import.module),
            None if !own.is_empty() => own,
            None if self.classes.contains(word) => return,
            None => {
                let all = self
                    .stars
                    .iter()
                    .flat_map(|star| self.of_module(candidates, star));
                let mut all: Vec<usize> = all.collect();
                all.sort_unstable();
                all.dedup();
                all
            }
        };
        self.take(name, fitting, at, out);
    }

    fn take(&self, name: &'w str, mut fitting: Vec<usize>, at: usize, out: &mut Vec<Use<'w>>) {
        let within = |c: &usize| {
            self.wanted.get(*c).is_some_and(|w| {
                w.whole.file == self.place.file
                    && (w.whole.start as usize..w.whole.end as usize).contains(&at)
            })
        };
        if fitting.iter().any(within) {
            return;
        }
        fitting.dedup();
        match fitting.as_slice() {
            [] => {}
            [one] => out.push(Use { name, of: Some(*one) }),
            _ => out.push(Use { name, of: None }),
        }
    }

    /// The candidates that a module can bring: it is theirs, or a package that can hand them on.
    fn of_module(&self, candidates: &[usize], module: &str) -> Vec<usize> {
        let dots = module.bytes().take_while(|b| *b == b'.').count();
        let written = module.trim_start_matches('.').replace('.', "/");
        let absolute = if dots == 0 {
            None
        } else {
            let mut folder = self.place.path;
            for _ in 0..dots {
                folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
            }
            Some(match (folder, written.as_str()) {
                ("", rest) => rest.to_owned(),
                (folder, "") => folder.to_owned(),
                (folder, rest) => format!("{folder}/{rest}"),
            })
        };
        let is_its = |at: &usize| {
            self.wanted.get(*at).is_some_and(|w| match &absolute {
                Some(path) => w.module == path || w.module.strip_suffix("/__init__") == Some(path),
                None => ends_with(w.module, &written),
            })
        };
        let exact: Vec<usize> = candidates.iter().copied().filter(is_its).collect();
        if !exact.is_empty() {
            return exact;
        }
        // A package below which it lies hands it on; anything else of the repository may.
        let above = |at: &usize| {
            self.wanted.get(*at).is_some_and(|w| match &absolute {
                Some(path) => is_below(w.module, path),
                None => w
                    .module
                    .match_indices('/')
                    .any(|(i, _)| ends_with(&w.module[..i], &written)),
            })
        };
        let above: Vec<usize> = candidates.iter().copied().filter(above).collect();
        if !above.is_empty() {
            return above;
        }
        let first = written.split('/').next().unwrap_or("");
        if absolute.is_some() || self.place.tops.contains(first) {
            return candidates.to_vec();
        }
        Vec::new()
    }
}

/// Whether a word is given as a name: of a class, a function, or an argument.
fn is_named(before: Option<&Token<'_>>, after: Option<&Token<'_>>, at: usize) -> bool {
    let is_argument = matches!(after, Some(Token::Mark(b'='))) && at > 0;
    matches!(before, Some(Token::Word("class" | "def", _))) || is_argument
}

fn ends_with(path: &str, end: &str) -> bool {
    let path = path.strip_suffix("/__init__").unwrap_or(path);
    path.strip_suffix(end)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
}

fn read_import<'t>(
    tokens: &[Token<'t>],
    imports: &mut FxHashMap<&'t str, Import<'t>>,
    stars: &mut Vec<String>,
) {
    let from = matches!(tokens.first(), Some(Token::Word("from", _)));
    let mut at = 1;
    let mut module = String::new();
    while let Some(token) = tokens.get(at).filter(|_| from) {
        at += 1;
        match token {
            Token::Word("import", _) => break,
            Token::Word(word, _) => module.push_str(word),
            Token::Mark(b'.') => module.push('.'),
            _ => return,
        }
    }
    let rest = tokens.get(at..).unwrap_or_default();
    for part in rest.split(|t| matches!(t, Token::Mark(b','))) {
        if part.iter().any(|t| matches!(t, Token::Mark(b'*'))) {
            stars.push(module.clone());
            continue;
        }
        let words: Vec<&'t str> = part
            .iter()
            .filter_map(|t| match t {
                Token::Word(word, _) => Some(*word),
                _ => None,
            })
            .collect();
        let (named, alias) = match words.iter().position(|w| *w == "as") {
            Some(at) => (words.get(..at).unwrap_or_default(), words.get(at + 1).copied()),
            None => (words.as_slice(), None),
        };
        let Some(first) = named.first() else { continue };
        let (key, import) = if from {
            let import = Import {
                module: module.clone(),
                name: Some(first),
            };
            (alias.unwrap_or(first), import)
        } else {
            let import = Import {
                module: named.join("."),
                name: None,
            };
            (alias.or(named.last().copied()).unwrap_or(first), import)
        };
        imports.insert(key, import);
    }
}

fn statements<'t, 'a>(tokens: &'a [Token<'t>]) -> Vec<&'a [Token<'t>]> {
    let all = tokens.split(|t| matches!(t, Token::End));
    all.filter(|s| !s.is_empty()).collect()
}

/// Words, texts and marks, comments left out.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let (mut at, mut depth) = (0, 0usize);
    // Where the statement that is being read begins.
    let mut start = 0;
    while let Some(byte) = bytes.get(at).copied() {
        match byte {
            b'#' => {
                at += bytes[at..]
                    .iter()
                    .position(|b| *b == b'\n')
                    .unwrap_or(bytes.len() - at)
            }
            b'\n' | b';' => {
                if depth == 0 {
                    out.push(Token::End);
                    start = out.len();
                }
                at += 1;
            }
            b'\\' => at += 2,
            b'\'' | b'"' => {
                let raw = text.get(..at).is_some_and(|t| t.ends_with(['r', 'R']));
                let (end, inner) = string(text, at, raw);
                out.push(Token::Text(inner, at));
                at = end;
            }
            b if is_word(b) => {
                let end = bytes[at..]
                    .iter()
                    .position(|b| !is_word(*b))
                    .map_or(bytes.len(), |n| at + n);
                let word = text.get(at..end).unwrap_or("");
                // A prefix belongs to its text.
                if !matches!(bytes.get(end), Some(b'"' | b'\'')) || word.len() > 2 {
                    out.push(Token::Word(word, at));
                }
                at = end;
            }
            b if b.is_ascii_whitespace() => at += 1,
            mark => {
                match mark {
                    b'(' | b'[' | b'{' => depth += 1,
                    b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if mark == b':' && depth == 0 {
                    // A suite may begin on the line of its header.
                    out.push(Token::Mark(mark));
                } else if !matches!(mark, b'(' | b')') || !is_import(out.get(start)) {
                    out.push(Token::Mark(mark));
                }
                at += 1;
            }
        }
    }
    out
}

/// Whether the statement that begins with a token is an import: its parentheses say nothing.
fn is_import(first: Option<&Token<'_>>) -> bool {
    matches!(first, Some(Token::Word("from" | "import", _)))
}

/// One past the end of a text that begins at a place, and what it holds.
fn string(text: &str, at: usize, raw: bool) -> (usize, &str) {
    let bytes = text.as_bytes();
    let quote = bytes.get(at).copied().unwrap_or(b'"');
    let long = bytes.get(at..at + 3) == Some(&[quote; 3]);
    let width = if long { 3 } else { 1 };
    let mut end = at + width;
    loop {
        match bytes.get(end).copied() {
            None => return (bytes.len(), ""),
            Some(b'\\') if !raw || bytes.get(end + 1) == Some(&quote) => end += 2,
            Some(b'\n') if !long => return (end, ""),
            Some(byte) if byte == quote && (!long || bytes.get(end..end + 3) == Some(&[quote; 3])) => {
                return (end + width, text.get(at + width..end).unwrap_or(""));
            }
            Some(_) => end += 1,
        }
    }
}
