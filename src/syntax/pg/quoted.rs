//! Names in quotes before the parser sees them: its lexer compares each word that is not quoted with every keyword, one by one,
//! which is a fifth of the time it needs. A word that is none of them becomes a quoted name of the same length; to the grammar,
//! which sees kinds and no text, both are one.

use std::borrow::Cow;
use std::sync::LazyLock;

use rustc_hash::FxHashSet;
use squawk_syntax::SyntaxKind;

use crate::syntax::split::{self, Kind, Token};

/// Every word that means something to the parser, from the names that it has for them: `ABORT_KW`, ...
static KEYWORDS: LazyLock<FxHashSet<String>> = LazyLock::new(|| {
    let kinds = (0..=u16::from(SyntaxKind::__LAST)).map(|kind| format!("{:?}", SyntaxKind::from(kind)));
    kinds
        .filter_map(|kind| Some(kind.strip_suffix("_KW")?.to_ascii_lowercase()))
        .collect()
});

/// Longer words are compared with none.
const LONGEST: usize = 32;

/// The text with its names in quotes, byte for byte where they stood.
pub(super) fn names(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut before = None;
    for token in split::lexemes(text) {
        let after_junk = before.is_some_and(|b: Token| b.end == token.start && joins(text, b));
        if !after_junk && is_name(text, token) {
            out.push_str(&text[copied..token.start]);
            out.push('"');
            out.push_str(&text[token.start + 1..token.end - 1]);
            out.push('"');
            copied = token.end;
        }
        before = Some(token);
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Whether what follows a token without a space may be a part of it: `1a`, `U&"a"`.
fn joins(text: &str, token: Token) -> bool {
    match token.kind {
        Kind::Operator => text[token.start..token.end].ends_with('&'),
        Kind::Punct(byte) => byte == b'$',
        Kind::Word | Kind::Number | Kind::String | Kind::Quoted | Kind::Open(_) => true,
        Kind::Trivia => false,
    }
}

/// Whether a token is a word that is no keyword, and nothing but a word.
fn is_name(text: &str, token: Token) -> bool {
    let word = &text[token.start..token.end];
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    token.kind == Kind::Word
        && word.len() > 2
        && word.bytes().all(plain)
        && !text[token.end..].starts_with(['\'', '"', '&'])
        && !is_keyword(word)
}

fn is_keyword(word: &str) -> bool {
    let mut lower = [0; LONGEST];
    let Some(lower) = lower.get_mut(..word.len()) else {
        return false;
    };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).is_ok_and(|lower| KEYWORDS.contains(lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_quoted_and_nothing_moves() {
        for (text, quoted) in [
            (
                "SELECT total FROM shop.orders o",
                "SELECT \"ota\" FROM \"ho\".\"rder\" o",
            ),
            ("U&name", "U&name"),
            ("SELECT 1abc, $1abc, n'abc'", "SELECT 1abc, $1abc, n'abc'"),
            ("año", "año"),
            ("'name' \"name\" -- name", "'name' \"name\" -- name"),
        ] {
            assert_eq!(names(text), quoted, "{text}");
        }
    }

    #[test]
    fn no_keyword_is_longer_than_what_is_compared() {
        assert!(KEYWORDS.len() > 400);
        assert!(KEYWORDS.iter().all(|word| word.len() <= LONGEST));
    }

    /// The parser's own reading of each word is the judge.
    #[test]
    fn every_keyword_of_the_parser_is_one_here() {
        let words = include_str!("../../name.rs").split(|c: char| !(c.is_ascii_lowercase() || c == '_'));
        for word in words.filter(|word| word.len() > 2) {
            let tree = squawk_syntax::SourceFile::parse(word).syntax_node();
            let token = tree.first_token().expect("a word is a token");
            assert!(token.kind() == SyntaxKind::IDENT || is_keyword(word), "{word}");
        }
    }
}
