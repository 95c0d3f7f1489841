//! Keys of exclusion constraints. The parser's grammar knows no operator class, order and NULLS order there, which the server's
//! has (`ExclusionConstraintElem` in `gram.y`): they are masked for the parser and read from the text.

use std::ops::Range;

use smol_str::SmolStr;

use super::source::Lower;
use super::{index, names};
use crate::change::IndexElement;
use crate::syntax::pg::{SyntaxKind, SyntaxNode, TextRange};
use crate::syntax::split;

type Token<'a> = (Range<usize>, &'a str);

/// The statement with what the parser does not know replaced by spaces, where there is such a thing.
pub(super) fn masked(text: &str) -> Option<String> {
    let is_word = |token: &Token<'_>, word: &str| token.1.eq_ignore_ascii_case(word);
    if !split::tokens(text).any(|token| is_word(&token, "exclude")) {
        return None;
    }
    let tokens: Vec<Token<'_>> = split::tokens(text).collect();
    let mut blanks = Vec::new();
    for at in (0..tokens.len()).filter(|&at| is_word(&tokens[at], "exclude")) {
        let using = tokens.get(at + 1).is_some_and(|token| is_word(token, "using"));
        let open = if using { at + 3 } else { at + 1 };
        if tokens.get(open).is_some_and(|token| token.1 == "(") {
            list(&tokens, open + 1, &mut blanks);
        }
    }
    if blanks.is_empty() {
        return None;
    }
    let mut bytes = text.as_bytes().to_vec();
    for blank in blanks {
        bytes.get_mut(blank)?.fill(b' ');
    }
    String::from_utf8(bytes).ok()
}

/// The keys of a list whose first token is at `at`.
fn list(tokens: &[Token<'_>], mut at: usize, blanks: &mut Vec<Range<usize>>) {
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|t| t.1.eq_ignore_ascii_case(word));
    loop {
        let key = key_end(tokens, at);
        at = key;
        while at < tokens.len() && !is(at, "with") {
            if is(at, "(") {
                at = closed(tokens, at);
            } else {
                at += 1;
            }
        }
        if at > key
            && let (Some(first), Some(last)) = (tokens.get(key), tokens.get(at - 1))
        {
            blanks.push(first.0.start..last.0.end);
        }
        while at < tokens.len() && !is(at, ",") && !is(at, ")") {
            at = if is(at, "(") { closed(tokens, at) } else { at + 1 };
        }
        if !is(at, ",") {
            return;
        }
        at += 1;
    }
}

/// Behind the bracket that closes the one at `at`.
fn closed(tokens: &[Token<'_>], at: usize) -> usize {
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate().skip(at) {
        match token.1 {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return i + 1;
        }
    }
    tokens.len()
}

/// Behind a key and its collation: a column, a call, or an expression in brackets.
fn key_end(tokens: &[Token<'_>], at: usize) -> usize {
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|t| t.1.eq_ignore_ascii_case(word));
    let dotted = |mut at: usize| {
        at += 1;
        while is(at, ".") {
            at += 2;
        }
        at
    };
    let mut end = if is(at, "(") {
        closed(tokens, at)
    } else {
        dotted(at)
    };
    if !is(at, "(") && is(end, "(") {
        end = closed(tokens, end);
    }
    if is(end, "collate") { dotted(end + 1) } else { end }
}

/// A key with its operator.
pub(super) fn element(cx: &Lower<'_>, item: &SyntaxNode) -> Option<(IndexElement, SmolStr)> {
    let with = item
        .children_with_tokens()
        .filter_map(|element| element.into_token())
        .find(|token| token.kind() == SyntaxKind::WITH_KW)?;
    let mut element = index::element(cx, item)?;
    let key_end = item
        .children()
        .take_while(|child| child.text_range().end() <= with.text_range().start())
        .last()?
        .text_range()
        .end();
    order(
        cx.str(TextRange::new(key_end, with.text_range().start())),
        &mut element,
    )?;
    let rest = TextRange::new(with.text_range().end(), item.text_range().end());
    let symbol: String = cx
        .str(rest)
        .chars()
        .filter(|c| "+-*/<>=~!@#%^&|`?".contains(*c))
        .collect();
    (!symbol.is_empty()).then(|| (element, symbol.into()))
}

/// Operator class, order and NULLS order, as written between a key and WITH.
fn order(text: &str, element: &mut IndexElement) -> Option<()> {
    let tokens: Vec<Token<'_>> = split::tokens(text).collect();
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|t| t.1.eq_ignore_ascii_case(word));
    let mut at = 0;
    if !tokens.is_empty() && !is(0, "asc") && !is(0, "desc") && !is(0, "nulls") {
        at = 1;
        while is(at, ".") {
            at += 2;
        }
        let end = tokens.get(at - 1)?.0.end;
        element.opclass = Some(names::written(text.get(tokens[0].0.start..end)?)?);
        if is(at, "(") {
            let close = closed(&tokens, at);
            let inner = tokens.get(at)?.0.end..tokens.get(close - 1)?.0.start;
            element.opclass_options = Some(text.get(inner)?.trim().into());
            at = close;
        }
    }
    if is(at, "asc") || is(at, "desc") {
        element.descending = is(at, "desc");
        at += 1;
    }
    if is(at, "nulls") {
        element.nulls_first = Some(is(at + 1, "first"));
        at += 2;
    }
    (at >= tokens.len()).then_some(())
}
