//! What no version of Python reads. A parser knows one grammar: text that it does not read may be Python of another version, or a
//! template that becomes Python. Told apart here is what is none of these, the slips that an editor leaves behind.

use ruff_python_ast as ast;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_parser::{LexicalErrorType, ParseError, ParseErrorType, Parsed};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::span;
use crate::source::{FileId, Span};

/// How lines of a conflict begin that nobody has resolved (Git's manual, git-merge, "How conflicts are presented").
const CONFLICT: [&str; 2] = ["<<<<<<< ", ">>>>>>> "];
/// What templates hold that become Python: those of Jinja, Mako and EJS.
const TEMPLATE: [&str; 3] = ["{%", "${", "<%"];

/// Why every version of Python refuses a module, and where; `None` where one might read it.
pub(super) fn refused(file: FileId, text: &str, parsed: &Parsed<ast::ModModule>) -> Option<(String, Span)> {
    let errors = parsed.errors();
    let first = errors.first()?;
    if TEMPLATE.iter().any(|mark| text.contains(mark)) {
        return None;
    }
    let conflict = errors.iter().find(|error| is_conflict(text, error));
    if let Some(error) = conflict {
        let why = "a conflict of a merge that is not resolved";
        return Some((why.to_owned(), span(file, error.location)));
    }
    if is_never_closed(text, errors) {
        let why = "a bracket that is not closed";
        let place = match open_bracket(parsed, first.location.start()) {
            Some(bracket) => span(file, bracket.range()),
            None => on_text(file, text, first.location),
        };
        return Some((why.to_owned(), place));
    }
    let why = match matches_no_open(parsed, first.location.start()) {
        true => "a bracket that matches no open one",
        false => slip(text, first)?,
    };
    Some((why.to_owned(), on_text(file, text, first.location)))
}

/// What is missing at the end is missing behind the last that is there.
fn on_text(file: FileId, text: &str, range: TextRange) -> Span {
    let there = text.trim_end();
    let last = there.char_indices().next_back().map_or(0, |(last, _)| last);
    match range.start().to_usize() < there.len() {
        true => span(file, range),
        false => Span::new(file, last, there.len()),
    }
}

fn slip(text: &str, error: &ParseError) -> Option<&'static str> {
    let at = error.location.start().to_usize();
    Some(match &error.error {
        ParseErrorType::UnexpectedIndentation if is_indented_alike(text) => "unexpected indentation",
        ParseErrorType::Lexical(LexicalErrorType::IndentationError) if is_indented_alike(text) => {
            "an indentation that no line above has"
        }
        ParseErrorType::OtherError(why) if why.starts_with("Expected an indented block") => {
            "an indented block is missing"
        }
        ParseErrorType::Lexical(LexicalErrorType::UnclosedStringError) => "a string that is not closed",
        ParseErrorType::PositionalAfterKeywordArgument => "a positional argument follows a keyword argument",
        ParseErrorType::ExpectedToken {
            expected: TokenKind::Colon,
            found: TokenKind::Newline,
        } => "a colon is missing",
        ParseErrorType::ExpectedToken {
            expected: TokenKind::Comma,
            found: TokenKind::Name | TokenKind::String,
        } if text
            .get(..at)
            .is_some_and(|before| before.ends_with(char::is_whitespace)) =>
        {
            "a comma is missing"
        }
        _ => return None,
    })
}

fn is_closing(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace)
}

/// Whether a bracket is open where the module ends, or where a line does: lines within brackets are one to Python (Python 3.14, The
/// Python Language Reference, 2.1.6 "Implicit line joining"), so the parser ends a line there only where it gave a bracket up.
fn is_never_closed(text: &str, errors: &[ParseError]) -> bool {
    let given_up = |error: &ParseError| match &error.error {
        ParseErrorType::Lexical(LexicalErrorType::Eof) => true,
        ParseErrorType::ExpectedToken { expected, found } => {
            is_closing(*expected) && matches!(found, TokenKind::Newline | TokenKind::EndOfFile)
        }
        _ => false,
    };
    // The line that follows an open bracket reads as an argument without a comma before it.
    let next_line = |error: &ParseError| {
        let comma = matches!(
            &error.error,
            ParseErrorType::ExpectedToken {
                expected: TokenKind::Comma,
                ..
            }
        );
        comma && begins_line(text, error.location.start().to_usize())
    };
    let mut errors = errors.iter();
    match errors.next() {
        Some(first) => given_up(first) || next_line(first) && errors.any(given_up),
        None => false,
    }
}

fn begins_line(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or("");
    let line = before.rfind('\n').map_or(before, |at| &before[at..]);
    line.trim().is_empty()
}

/// The innermost bracket that is open at a place.
fn open_bracket(parsed: &Parsed<ast::ModModule>, at: TextSize) -> Option<Token> {
    let mut open = Vec::new();
    for token in parsed.tokens() {
        if token.range().start() >= at {
            break;
        }
        match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => open.push(*token),
            kind if is_closing(kind) => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

/// Whether a bracket stands at a place that closes another kind than the one that is open, or none.
fn matches_no_open(parsed: &Parsed<ast::ModModule>, at: TextSize) -> bool {
    let closes = parsed
        .tokens()
        .iter()
        .find(|token| token.range().start() == at)
        .and_then(|token| match token.kind() {
            TokenKind::Rpar => Some(TokenKind::Lpar),
            TokenKind::Rsqb => Some(TokenKind::Lsqb),
            TokenKind::Rbrace => Some(TokenKind::Lbrace),
            _ => None,
        });
    closes.is_some_and(|closes| open_bracket(parsed, at).is_none_or(|open| open.kind() != closes))
}

fn is_conflict(text: &str, error: &ParseError) -> bool {
    let at = error.location.start().to_usize();
    let start = text
        .get(..at)
        .map_or(0, |before| before.rfind('\n').map_or(0, |at| at + 1));
    let line = text.get(start..).unwrap_or("");
    CONFLICT.iter().any(|mark| line.starts_with(mark))
}

/// Whether no line begins with a tab: Python 2 and 3 count those differently.
fn is_indented_alike(text: &str) -> bool {
    text.lines().all(|line| {
        let rest = line.trim_start_matches([' ', '\t']);
        !line.get(..line.len() - rest.len()).unwrap_or("").contains('\t')
    })
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use crate::source::FileId;

    fn why(text: &str) -> Option<String> {
        parse(FileId(0), text).refused.map(|(why, _)| why)
    }

    #[test]
    fn slips_are_told() {
        let told = [
            ("def f():\n    a()\n      b()\n", "unexpected indentation"),
            (
                "def f():\n    if a:\n        b()\n      c()\n",
                "an indentation that no line above has",
            ),
            ("def f():\nreturn 1\n", "an indented block is missing"),
            ("def f():\n    a(b, (c)\n", "a bracket that is not closed"),
            ("a = 'b\nc = 1\n", "a string that is not closed"),
            ("a(b\n  c)\n", "a comma is missing"),
            (
                "def f():\n    a(b(c)\n\n\ndef g():\n    d()\n",
                "a bracket that is not closed",
            ),
            (
                "def f():\n    a(b(c)\n    d(e)\n\n\ndef g():\n    d()\n",
                "a bracket that is not closed",
            ),
            ("a(b]\n", "a bracket that matches no open one"),
            ("a = b)\n", "a bracket that matches no open one"),
            ("def f()\n    a()\n", "a colon is missing"),
            ("a(b=1, c)\n", "a positional argument follows a keyword argument"),
            (
                "<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> other\n",
                "a conflict of a merge that is not resolved",
            ),
        ];
        for (text, expected) in told {
            assert_eq!(why(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_versions_and_templates_are_not() {
        let silent = [
            "print 'a'\n",
            "raise ValueError, 'a'\n",
            "a(0777, 10L, `b`)\n",
            "exec 'a' in b\n",
            "def f(a, (b, c)):\n    pass\n",
            "sorted(a, key=lambda (k, v): v)\n",
            "def f():\n        a()\n\tb()\n",
            "{% if a %}\n    b = 1\n{% endif %}\n",
            "revision = ${repr(up_revision)}\n",
            "a = 1\n",
        ];
        for text in silent {
            assert_eq!(why(text), None, "{text}");
        }
    }
}
