//! Statements that the server certainly refuses to read, whatever the parser here thinks of them: what no rule of its grammar allows.
//!
//! Source: `gram.y` of PostgreSQL 13 to 18. Every list in it goes on behind a comma, every bracket is closed, a statement begins with
//! one of its commands, and between two assignments of an UPDATE stands a comma. Text that a tool fills in before it sends it
//! (`${name}`, `{{name}}`, `:name`, `%s`) is left alone.

use std::ops::Range;

use super::STAND_IN;
use super::reserved;
use crate::change::Failure;
use crate::source::Text;
use crate::syntax::pg::{SyntaxKind, SyntaxNode};
use crate::syntax::split::{self, Kind, Token};

/// Most tokens of a statement that is looked at.
const MOST: usize = 50_000;

/// First words of statements of other systems and tools: what is written for those is not refused, it is not for this server.
const FOREIGN: &[&str] = &[
    "attach",
    "backup",
    "bulk",
    "configure",
    "dbcc",
    "delimiter",
    "deny",
    "desc",
    "describe",
    "detach",
    "exec",
    "flush",
    "go",
    "handler",
    "include",
    "kill",
    "optimize",
    "pause",
    "pragma",
    "print",
    "prompt",
    "purge",
    "quit",
    "raiserror",
    "rem",
    "rename",
    "repair",
    "replace",
    "restore",
    "script",
    "shutdown",
    "signal",
    "source",
    "spool",
    "sqlite",
    "throw",
    "undrop",
    "unload",
    "upsert",
    "use",
    "waitfor",
    "whenever",
];

/// What is wrong: with the token that the server stops at, or at the end of the statement, and why.
struct Wrong {
    token: Option<usize>,
    why: &'static str,
}

/// What the server says to a statement that it certainly refuses. `at` is where the parser stopped.
pub(super) fn refusal(text: &Text, root: &SyntaxNode, at: usize) -> Option<Failure> {
    let str = text.as_str();
    let tokens: Vec<Token> = split::lexemes(str).take(MOST + 1).collect();
    if tokens.len() > MOST || is_filled_in(str, &tokens) {
        return None;
    }
    let reader = Reader { str, tokens: &tokens };
    let wrong = reader
        .unknown_command(root)
        .or_else(|| reader.commas())
        .or_else(|| reader.assignments(root))
        .or_else(|| reader.brackets())?;
    let range = wrong.token.map(|token| tokens[token].start..tokens[token].end);
    // The server may stop before it, at what the parser here stops at.
    let before = match wrong.token {
        Some(token) => token.checked_sub(1).map_or(0, |before| tokens[before].start),
        None => tokens.last()?.start,
    };
    let is_there = at >= before && range.as_ref().is_none_or(|range| at <= range.end);
    let place: Range<usize> = range.unwrap_or_else(|| tokens.last().map_or(0..0, |t| t.start..t.end));
    let mut failure = match wrong.token {
        Some(_) if is_there => reserved::syntax_error(text, place.clone()),
        _ => Failure {
            sqlstate: "42601",
            message: match is_there {
                true => "syntax error at the end of the statement".to_owned(),
                false => "syntax error".to_owned(),
            },
            span: text.span(place.clone()),
            related: Vec::new(),
        },
    };
    failure.related.push((text.span(place), wrong.why.to_owned()));
    Some(failure)
}

/// What the server says to a quote or comment that begins at `at` and never ends.
pub(super) fn unending(whole: &Text, piece: &Range<usize>, at: usize, what: &str) -> Option<Failure> {
    let text = whole.as_str().get(piece.clone())?;
    let filled_in = ["{{", "${", "<%", "%(", "%s", "#{", STAND_IN, "\0"];
    if filled_in.iter().any(|mark| text.contains(mark)) {
        return None;
    }
    let tokens: Vec<Token> = split::lexemes(text).take(MOST).collect();
    let before = tokens.split_last().map_or(&[][..], |(_, before)| before);
    if tokens.len() == MOST || is_filled_in(text, before) {
        return None;
    }
    let rest = whole.as_str().get(at..).unwrap_or_default();
    let named = match rest.chars().next()? {
        '/' => "unterminated /* comment",
        '"' => "unterminated quoted identifier",
        '$' => "unterminated dollar-quoted string",
        _ => "unterminated quoted string",
    };
    let line = rest.split('\n').next().unwrap_or(rest).trim_end();
    let span = whole.span(at..at + line.len().max(1));
    Some(Failure {
        sqlstate: "42601",
        message: named.to_owned(),
        span,
        related: vec![(span, what.to_owned())],
    })
}

/// Whether a tool may fill something in before the text is sent.
fn is_filled_in(str: &str, tokens: &[Token]) -> bool {
    let touches = |at: usize, wanted: fn(&Kind) -> bool| {
        let (Some(token), Some(next)) = (tokens.get(at), tokens.get(at + 1)) else {
            return false;
        };
        token.end == next.start && wanted(&next.kind)
    };
    tokens.iter().enumerate().any(|(at, token)| {
        let written = str.get(token.start..token.end).unwrap_or_default();
        match token.kind {
            Kind::Punct(b) => matches!(b, b'{' | b'}' | b'\\' | b'$' | 0),
            Kind::Operator => {
                let named = written.ends_with(':') && !written.ends_with("::");
                written.contains(['`', '?', '@', '#'])
                    || named
                        && touches(at, |kind| {
                            matches!(kind, Kind::Word | Kind::String | Kind::Quoted)
                        })
                    || written.ends_with('%')
                        && touches(at, |kind| matches!(kind, Kind::Word | Kind::Punct(b'(')))
                    || written.ends_with('&') && touches(at, |kind| matches!(kind, Kind::Word))
            }
            Kind::Word | Kind::Quoted => written.contains(STAND_IN),
            Kind::Open(_) => true,
            Kind::Trivia | Kind::String | Kind::Number => false,
        }
    })
}

struct Reader<'a> {
    str: &'a str,
    tokens: &'a [Token],
}

/// An open bracket.
struct Level {
    closes: u8,
    /// The token behind it.
    first: usize,
}

impl Reader<'_> {
    fn written(&self, token: usize) -> &str {
        let token = self.tokens.get(token);
        token
            .and_then(|t| self.str.get(t.start..t.end))
            .unwrap_or_default()
    }

    fn is_word(&self, token: usize, words: &[&str]) -> bool {
        let is = self.tokens.get(token).is_some_and(|t| t.kind == Kind::Word);
        is && words
            .iter()
            .any(|word| self.written(token).eq_ignore_ascii_case(word))
    }

    fn punct(&self, token: usize) -> Option<u8> {
        match self.tokens.get(token)?.kind {
            Kind::Punct(b) => Some(b),
            _ => None,
        }
    }

    /// A first word that is no keyword.
    fn unknown_command(&self, root: &SyntaxNode) -> Option<Wrong> {
        let is_plain = self.tokens.first()?.kind == Kind::Word && self.written(0).is_ascii();
        let is_known = self.is_word(0, FOREIGN) || !self.is_identifier(root, 0);
        (is_plain && !is_known).then_some(Wrong {
            token: Some(0),
            why: "no statement begins with this word",
        })
    }

    /// Whether the parser takes a token for a name that is no keyword.
    fn is_identifier(&self, root: &SyntaxNode, token: usize) -> bool {
        let place = self.tokens.get(token).map(|t| t.start);
        let place = place.and_then(|start| u32::try_from(start).ok());
        let found = place.and_then(|start| root.token_at_offset(start.into()).right_biased());
        found.is_some_and(|found| found.kind() == SyntaxKind::IDENT && found.text() == self.written(token))
    }

    /// A comma behind which a list does not go on, or before which none began.
    fn commas(&self) -> Option<Wrong> {
        const QUERIES: &[&str] = &["select", "with", "update", "delete"];
        const LISTS: &[&str] = &["select", "with", "insert", "update", "delete", "create"];
        let mut levels: Vec<Level> = Vec::new();
        for token in 0..self.tokens.len() {
            match self.punct(token) {
                Some(open @ (b'(' | b'[')) => {
                    if self.punct(token + 1) == Some(b',') {
                        return Some(Wrong {
                            token: Some(token + 1),
                            why: "nothing stands before this comma",
                        });
                    }
                    levels.push(Level {
                        closes: if open == b'(' { b')' } else { b']' },
                        first: token + 1,
                    });
                }
                Some(b')' | b']') => drop(levels.pop()),
                Some(b',') => {
                    let next = token + 1;
                    if next == self.tokens.len() {
                        return Some(Wrong {
                            token: None,
                            why: "nothing follows this comma",
                        });
                    }
                    let ends = matches!(self.punct(next), Some(b',' | b')' | b']' | b';'));
                    let lists = match levels.last() {
                        Some(level) => self.is_word(level.first, QUERIES),
                        None => self.is_word(0, LISTS),
                    };
                    if ends || lists && self.is_word(next, &["from", "where"]) {
                        return Some(Wrong {
                            token: Some(next),
                            why: "nothing stands between the comma before this and it",
                        });
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// `UPDATE t SET a = 1 b = 2`.
    fn assignments(&self, root: &SyntaxNode) -> Option<Wrong> {
        if !self.is_word(0, &["update"]) {
            return None;
        }
        let mut depth = 0_u32;
        let mut sets = false;
        for token in 1..self.tokens.len() {
            match self.punct(token) {
                Some(b'(' | b'[') => depth += 1,
                Some(b')' | b']') => depth = depth.checked_sub(1)?,
                _ => {}
            }
            if depth > 0 {
                continue;
            }
            if !sets {
                sets = self.is_word(token, &["set"]);
                continue;
            }
            if self.is_word(token, &["from", "where", "returning"]) {
                return None;
            }
            let before = &self.tokens[token - 1];
            let is_value = match before.kind {
                Kind::String | Kind::Number => true,
                Kind::Word => self.is_identifier(root, token - 1),
                Kind::Punct(b) => b == b')',
                _ => false,
            };
            let is_column = self.tokens[token].kind == Kind::Word && self.is_identifier(root, token);
            if is_value && is_column && self.written(token + 1) == "=" {
                return Some(Wrong {
                    token: Some(token),
                    why: "a comma is wanted before this assignment",
                });
            }
        }
        None
    }

    /// A bracket that closes none, or that none closes.
    fn brackets(&self) -> Option<Wrong> {
        let mut levels: Vec<Level> = Vec::new();
        for token in 0..self.tokens.len() {
            match self.punct(token) {
                Some(open @ (b'(' | b'[')) => levels.push(Level {
                    closes: if open == b'(' { b')' } else { b']' },
                    first: token + 1,
                }),
                Some(close @ (b')' | b']')) if levels.pop().is_none_or(|l| l.closes != close) => {
                    return Some(Wrong {
                        token: Some(token),
                        why: "this closes no bracket",
                    });
                }
                _ => {}
            }
        }
        (!levels.is_empty()).then_some(Wrong {
            token: None,
            why: "a bracket before this is never closed",
        })
    }
}
