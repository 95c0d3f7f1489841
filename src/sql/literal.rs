//! String literals: their value, and their text with the way back to the file.
//!
//! Source: PostgreSQL manual, 4.1.2 "Constants"; `scan.l` of the server.

use smol_str::SmolStr;

use super::names;
use super::source::Lower;
use crate::source::{Span, Text};
use crate::syntax::pg::{AstNode, SyntaxKind, SyntaxToken, TextRange, TextSize, ast};

/// A run of a literal's value: its characters and where they stand; true where they stand there as they are.
type Run = (String, TextRange, bool);

/// The value of a string literal of any kind; `None` where it is no string.
pub(super) fn string(literal: &ast::Literal) -> Option<String> {
    Some(runs(literal)?.into_iter().map(|run| run.0).collect())
}

/// The same, short.
pub(super) fn smol(literal: Option<&ast::Literal>) -> Option<SmolStr> {
    string(literal?).map(SmolStr::from)
}

/// The value of a string literal as a text that knows its places; shares the statement's storage where nothing is escaped.
pub(super) fn text(cx: &Lower<'_>, literal: &ast::Literal) -> Option<Text> {
    let runs = runs(literal)?;
    match runs.as_slice() {
        [(_, range, true)] => Some(cx.slice(*range)),
        [] => {
            let at = literal.syntax().text_range();
            Some(cx.slice(TextRange::empty(at.end())))
        }
        _ => Some(compose(cx, runs)),
    }
}

/// Composes a text of runs of a statement, each with the places of the statement's own text.
pub(super) fn compose(cx: &Lower<'_>, runs: Vec<Run>) -> Text {
    let mut out: Vec<(String, Span, bool)> = Vec::new();
    for (value, range, exact) in runs {
        if exact {
            out.extend(cx.slice(range).runs());
        } else {
            out.push((value, cx.range_span(range), false));
        }
    }
    Text::composed(out)
}

fn runs(literal: &ast::Literal) -> Option<Vec<Run>> {
    let tokens: Vec<SyntaxToken> = literal
        .syntax()
        .children_with_tokens()
        .filter_map(|element| element.into_token())
        .filter(|token| !token.kind().is_trivia())
        .collect();
    let first = tokens.first()?;
    if !is_string(first.kind()) {
        return None;
    }
    let uescape = tokens
        .iter()
        .position(|token| token.kind() == SyntaxKind::UESCAPE_KW);
    let escape = uescape
        .and_then(|at| tokens.get(at + 1))
        .and_then(|token| token.text().trim_matches('\'').chars().next())
        .unwrap_or('\\');
    let mut out = Vec::new();
    for token in &tokens[..uescape.unwrap_or(tokens.len())] {
        // A continuation on the next line is a plain string of the first one's kind.
        let kind = if token.kind() == SyntaxKind::STRING {
            first.kind()
        } else {
            token.kind()
        };
        token_runs(token, kind, escape, &mut out);
    }
    Some(out)
}

fn is_string(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::STRING
            | SyntaxKind::ESC_STRING
            | SyntaxKind::UNICODE_ESC_STRING
            | SyntaxKind::NATIONAL_STRING
            | SyntaxKind::DOLLAR_QUOTED_STRING
    )
}

fn token_runs(token: &SyntaxToken, kind: SyntaxKind, escape: char, out: &mut Vec<Run>) {
    let text = token.text();
    let start = usize::from(token.text_range().start());
    let (open, close) = if kind == SyntaxKind::DOLLAR_QUOTED_STRING {
        let tag = text
            .get(1..)
            .and_then(|t| t.find('$'))
            .map_or(text.len(), |n| n + 2);
        (tag, text.len().saturating_sub(tag))
    } else {
        let open = text.find('\'').map_or(text.len(), |n| n + 1);
        (open, text.len() - usize::from(text.ends_with('\'')))
    };
    let Some(inner) = text.get(open..close.max(open)) else {
        return;
    };
    let mut push = |value: String, from: usize, to: usize, exact: bool| {
        if from < to {
            out.push((value, range(start + open + from, start + open + to), exact));
        }
    };
    match kind {
        SyntaxKind::DOLLAR_QUOTED_STRING => push(inner.to_owned(), 0, inner.len(), true),
        SyntaxKind::ESC_STRING => escaped(inner, &mut push),
        SyntaxKind::UNICODE_ESC_STRING if inner.contains(escape) => {
            let value = names::unicode_escapes(&inner.replace("''", "'"), escape);
            push(value, 0, inner.len(), false);
        }
        _ => doubled(inner, &mut push),
    }
}

/// Runs between doubled quotes; the first of each two belongs to the run before.
fn doubled(inner: &str, push: &mut impl FnMut(String, usize, usize, bool)) {
    let mut from = 0;
    while let Some(at) = inner[from..].find("''") {
        let end = from + at + 1;
        push(inner[from..end].to_owned(), from, end, true);
        from = end + 1;
    }
    push(inner[from..].to_owned(), from, inner.len(), true);
}

/// Runs between backslash escapes and doubled quotes of `E'...'`.
fn escaped(inner: &str, push: &mut impl FnMut(String, usize, usize, bool)) {
    let mut from = 0;
    while let Some(at) = inner[from..].find(['\\', '\'']) {
        let at = from + at;
        push(inner[from..at].to_owned(), from, at, true);
        let (value, len) = escape_of(&inner[at..]);
        push(value, at, at + len, false);
        from = at + len;
    }
    push(inner[from..].to_owned(), from, inner.len(), true);
}

/// What an escape at the start of `rest` stands for, and its length. Bytes beyond ASCII (`\xC3\xA9`) are taken together.
fn escape_of(rest: &str) -> (String, usize) {
    let mut chars = rest.chars();
    let first = chars.next();
    let Some(kind) = chars.next() else {
        return (first.map(String::from).unwrap_or_default(), rest.len());
    };
    if first == Some('\'') {
        return ("'".to_owned(), 1 + usize::from(kind == '\''));
    }
    let plain = |value: char| (value.to_string(), 1 + kind.len_utf8());
    match kind {
        'b' => plain('\u{8}'),
        'f' => plain('\u{C}'),
        'n' => plain('\n'),
        'r' => plain('\r'),
        't' => plain('\t'),
        'u' => unicode(rest, 4),
        'U' => unicode(rest, 8),
        'x' | '0'..='7' => bytes(rest),
        other => plain(other),
    }
}

fn unicode(rest: &str, digits: usize) -> (String, usize) {
    let code = |from: usize| {
        let digits = rest.get(from..from + digits)?;
        u32::from_str_radix(digits, 16).ok()
    };
    let Some(first) = code(2) else {
        return (rest[1..2].to_owned(), 2);
    };
    let len = 2 + digits;
    if (0xD800..0xDC00).contains(&first)
        && rest[len..].starts_with("\\u")
        && let Some(second @ 0xDC00..=0xDFFF) = code(len + 2)
    {
        let joined = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return (
            char::from_u32(joined).map(String::from).unwrap_or_default(),
            2 * len,
        );
    }
    (char::from_u32(first).map(String::from).unwrap_or_default(), len)
}

/// `\x41` and `\101`, as many as follow one another.
fn bytes(rest: &str) -> (String, usize) {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(after) = rest[at..].strip_prefix('\\') {
        let (radix, skip, most) = if after.starts_with('x') {
            (16, 1, 2)
        } else {
            (8, 0, 3)
        };
        let digits = after[skip..]
            .bytes()
            .take(most)
            .take_while(|&b| char::from(b).is_digit(radix))
            .count();
        let Some(value) = u32::from_str_radix(&after[skip..skip + digits], radix).ok() else {
            break;
        };
        out.push(value as u8);
        at += 1 + skip + digits;
    }
    if at == 0 {
        return (rest[1..2].to_owned(), 2);
    }
    (String::from_utf8_lossy(&out).into_owned(), at)
}

fn range(start: usize, end: usize) -> TextRange {
    let clamp = |n: usize| TextSize::new(u32::try_from(n).unwrap_or(u32::MAX));
    TextRange::new(clamp(start), clamp(end.max(start)))
}

/// An integer as options write it: `10`, `-1`, `+5`, `1_000`, `0xFF`.
pub(super) fn integer(cx: &Lower<'_>, node: &impl AstNode) -> Option<i64> {
    let written: String = cx
        .str(node.syntax().text_range())
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '_')
        .collect();
    let (negative, digits) = match written.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, written.strip_prefix('+').unwrap_or(&written)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        _ => (10, lower.as_str()),
    };
    let value = i128::from_str_radix(digits, radix).ok()?;
    i64::try_from(if negative { -value } else { value }).ok()
}
