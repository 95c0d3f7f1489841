//! Uses of modules in Elixir: each chain of names (`Accounts.User`) as its file's aliases make it a whole module's name.

use rustc_hash::FxHashMap;

use super::{Place, Use, Wanted, is_word};

/// The uses in a text.
pub(super) fn uses<'w>(
    text: &str,
    place: &Place<'_>,
    wanted: &'w [Wanted<'w>],
    by_name: &FxHashMap<&'w str, Vec<usize>>,
) -> Vec<Use<'w>> {
    let chains = chains(text);
    let mut aliases: FxHashMap<&str, String> = FxHashMap::default();
    let mut out = Vec::new();
    for chain in &chains {
        let full = expand(chain.name, &aliases);
        if let Some(list) = &chain.list {
            for inner in list {
                aliases.insert(last(inner), format!("{full}.{inner}"));
            }
            continue;
        }
        match chain.word {
            "alias" => {
                let key = chain.alias.unwrap_or_else(|| last(chain.name));
                aliases.insert(key, full);
                continue;
            }
            // The module itself, and what is brought in by name alone.
            "defmodule" | "import" | "require" => continue,
            _ => {}
        }
        let Some((name, candidates)) = by_name.get_key_value(full.as_str()) else {
            continue;
        };
        let within = |at: &usize| {
            wanted.get(*at).is_some_and(|w| {
                w.whole.file == place.file
                    && (w.whole.start as usize..w.whole.end as usize).contains(&chain.at)
            })
        };
        if candidates.iter().any(within) {
            continue;
        }
        out.push(match candidates.as_slice() {
            [one] => Use { name, of: Some(*one) },
            _ => Use { name, of: None },
        });
    }
    out
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// A chain with its first name replaced by what it stands for.
fn expand(name: &str, aliases: &FxHashMap<&str, String>) -> String {
    let (first, rest) = match name.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (name, None),
    };
    let base = aliases.get(first).map_or(first, String::as_str);
    match rest {
        Some(rest) => format!("{base}.{rest}"),
        None => base.to_owned(),
    }
}

/// Names with dots between them.
struct Chain<'t> {
    name: &'t str,
    at: usize,
    /// The word before it: `alias`, `defmodule`.
    word: &'t str,
    /// What follows in braces: `Accounts.{User, Token}`.
    list: Option<Vec<&'t str>>,
    /// `as: Other`.
    alias: Option<&'t str>,
}

/// The chains of names of code: comments and texts are passed over, what is interpolated in texts is not.
fn chains(text: &str) -> Vec<Chain<'_>> {
    let bytes = text.as_bytes();
    let mut out: Vec<Chain<'_>> = Vec::new();
    let mut word = "";
    // Texts that are open, with the braces that are open in what they interpolate.
    let mut open: Vec<(&str, usize)> = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let in_code = open.last().is_none_or(|(_, depth)| *depth > 0);
        if !in_code {
            at = in_text(bytes, at, &mut open);
            continue;
        }
        match byte {
            b'#' => {
                at += bytes[at..]
                    .iter()
                    .position(|b| *b == b'\n')
                    .unwrap_or(bytes.len() - at)
            }
            b'"' | b'\'' => {
                let quote = ["\"\"\"", "'''", "\"", "'"]
                    .into_iter()
                    .find(|q| bytes[at..].starts_with(q.as_bytes()))
                    .unwrap_or("\"");
                open.push((quote, 0));
                at += quote.len();
            }
            b'?' if bytes
                .get(at + 1)
                .is_some_and(|b| matches!(b, b'"' | b'\'' | b'#')) =>
            {
                at += 2
            }
            b'{' | b'}' => {
                if let Some((_, depth)) = open.last_mut() {
                    *depth = if byte == b'{' {
                        *depth + 1
                    } else {
                        depth.saturating_sub(1)
                    };
                }
                at += 1;
                word = "";
            }
            b if is_word(b) => {
                let (end, chain) = read_chain(text, at);
                if b.is_ascii_uppercase() {
                    let before = at.checked_sub(1).and_then(|i| bytes.get(i));
                    if before != Some(&b'.') && before != Some(&b':') {
                        out.push(Chain { word, ..chain });
                    }
                    word = "";
                } else {
                    word = text.get(at..end).unwrap_or("");
                }
                at = end;
            }
            b => {
                if !b.is_ascii_whitespace() {
                    word = "";
                }
                at += 1;
            }
        }
    }
    out
}

/// One step within a text.
fn in_text(bytes: &[u8], at: usize, open: &mut Vec<(&str, usize)>) -> usize {
    let Some((quote, depth)) = open.last_mut() else {
        return at + 1;
    };
    if bytes[at..].starts_with(quote.as_bytes()) {
        let width = quote.len();
        open.pop();
        return at + width;
    }
    match bytes.get(at) {
        Some(b'\\') => at + 2,
        Some(b'#') if bytes.get(at + 1) == Some(&b'{') => {
            *depth = 1;
            at + 2
        }
        _ => at + 1,
    }
}

fn read_chain(text: &str, at: usize) -> (usize, Chain<'_>) {
    let bytes = text.as_bytes();
    let word_end = |from: usize| {
        bytes
            .get(from..)
            .and_then(|rest| rest.iter().position(|b| !is_word(*b)))
            .map_or(bytes.len(), |n| from + n)
    };
    let mut end = word_end(at);
    while bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_uppercase) {
        end = word_end(end + 1);
    }
    let mut chain = Chain {
        name: text.get(at..end).unwrap_or(""),
        at,
        word: "",
        list: None,
        alias: None,
    };
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1) == Some(&b'{') {
        let close = bytes
            .get(end..)
            .and_then(|rest| rest.iter().position(|b| *b == b'}'))
            .map_or(bytes.len(), |n| end + n);
        let inner = text.get(end + 2..close).unwrap_or("");
        let names = inner.split(',').map(str::trim).filter(|n| !n.is_empty());
        chain.list = Some(names.collect());
        end = close + 1;
    } else if let Some(rest) = text.get(end..)
        && let Some(rest) = rest.trim_start().strip_prefix(',')
        && let Some(rest) = rest.trim_start().strip_prefix("as:")
    {
        let rest = rest.trim_start();
        let width = rest.bytes().position(|b| !is_word(b)).unwrap_or(rest.len());
        chain.alias = rest.get(..width);
        end = text.len() - rest.len() + width;
    }
    (end.min(bytes.len()), chain)
}
