//! `x BETWEEN a AND b OR NOT c`: the parser loses a NOT in an operand that follows the bounds of a BETWEEN. The text with such
//! operands in parentheses says the same, and is read.

use std::ops::Range;

use crate::source::Text;
use crate::syntax::split;

/// Words that end an operand of NOT, at its own depth.
const ENDS: &[&str] = &[
    "then",
    "else",
    "when",
    "as",
    "where",
    "group",
    "having",
    "order",
    "limit",
    "offset",
    "union",
    "except",
    "intersect",
    "returning",
    "on",
    "for",
    "window",
    "with",
    "default",
    "primary",
    "unique",
    "check",
    "references",
    "constraint",
    "generated",
    "deferrable",
    "initially",
    "no",
];

/// Most tokens of a text that is looked at.
const MOST: usize = 20_000;

/// The text with every operand of AND and OR that holds a NOT in parentheses, where a BETWEEN stands in it and there is one.
pub(super) fn grouped(text: &Text) -> Option<Text> {
    let str = text.as_str();
    if !split::tokens(str).any(|token| token.1.eq_ignore_ascii_case("between")) {
        return None;
    }
    let tokens: Vec<(Range<usize>, &str)> = split::tokens(str).collect();
    if tokens.len() > MOST {
        return None;
    }
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|t| t.1.eq_ignore_ascii_case(word));
    let mut marks: Vec<(usize, &str)> = Vec::new();
    for at in (1..tokens.len()).filter(|&at| is(at - 1, "and") || is(at - 1, "or")) {
        let end = operand_end(&tokens, at);
        let holds_not = || (at..end).any(|i| is(i, "not"));
        // Behind AND may stand the upper bound of a BETWEEN, where no NOT begins.
        let wanted = is(at - 1, "and") && is(at, "not") || is(at - 1, "or") && holds_not();
        if let (true, Some(first), Some(last)) = (wanted, tokens.get(at), tokens.get(end.checked_sub(1)?)) {
            marks.push((first.0.start, "("));
            marks.push((last.0.end, ")"));
        }
    }
    if marks.is_empty() {
        return None;
    }
    marks.sort_by_key(|mark| mark.0);
    let mut runs = Vec::new();
    let mut done = 0;
    for (at, bracket) in marks {
        runs.extend(text.slice(done..at).runs());
        runs.push((bracket.to_owned(), text.span(at..at), false));
        done = at;
    }
    runs.extend(text.slice(done..str.len()).runs());
    Some(Text::composed(runs))
}

/// Where the operand of AND or OR ends that begins at a token: all else binds tighter.
fn operand_end(tokens: &[(Range<usize>, &str)], from: usize) -> usize {
    let (mut depth, mut betweens) = (0_usize, 0_usize);
    for (at, (_, token)) in tokens.iter().enumerate().skip(from) {
        let lower = token.to_ascii_lowercase();
        match lower.as_str() {
            "(" | "[" | "case" => depth += 1,
            ")" | "]" | "end" if depth == 0 => return at,
            ")" | "]" | "end" => depth -= 1,
            _ if depth > 0 => {}
            "between" => betweens += 1,
            "and" if betweens > 0 => betweens -= 1,
            "and" | "or" | "," | ";" => return at,
            word if ENDS.contains(&word) => return at,
            _ => {}
        }
    }
    tokens.len()
}
