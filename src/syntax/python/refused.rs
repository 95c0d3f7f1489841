//! What no version of Python reads. A parser knows one grammar: text that it does not read may be Python of another version, or a
//! template that becomes Python. Told apart here is what is none of these, the slips that an editor leaves behind.

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{LexicalErrorType, ParseError, ParseErrorType};

use super::span;
use crate::source::{FileId, Span};

/// How lines of a conflict begin that nobody has resolved (Git's manual, git-merge, "How conflicts are presented").
const CONFLICT: [&str; 2] = ["<<<<<<< ", ">>>>>>> "];
/// What templates hold that become Python: those of Jinja, Mako and EJS.
const TEMPLATE: [&str; 3] = ["{%", "${", "<%"];

/// Why every version of Python refuses a module, and where; `None` where one might read it.
pub(super) fn refused(file: FileId, text: &str, errors: &[ParseError]) -> Option<(String, Span)> {
    let first = errors.first()?;
    if TEMPLATE.iter().any(|mark| text.contains(mark)) {
        return None;
    }
    let conflict = errors.iter().find(|error| is_conflict(text, error));
    if let Some(error) = conflict {
        let why = "a conflict of a merge that is not resolved";
        return Some((why.to_owned(), span(file, error.location)));
    }
    let at = first.location.start().to_usize();
    let why = match &first.error {
        ParseErrorType::UnexpectedIndentation if is_indented_alike(text) => "unexpected indentation",
        ParseErrorType::Lexical(LexicalErrorType::IndentationError) if is_indented_alike(text) => {
            "an indentation that no line above has"
        }
        ParseErrorType::OtherError(why) if why.starts_with("Expected an indented block") => {
            "an indented block is missing"
        }
        ParseErrorType::Lexical(LexicalErrorType::Eof) => "a bracket that is not closed",
        ParseErrorType::Lexical(LexicalErrorType::UnclosedStringError) => "a string that is not closed",
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
    };
    // What is missing at the end is missing behind the last that is there.
    let there = text.trim_end();
    let last = there.char_indices().next_back().map_or(0, |(last, _)| last);
    let place = match at < there.len() {
        true => span(file, first.location),
        false => Span::new(file, last, there.len()),
    };
    Some((why.to_owned(), place))
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
