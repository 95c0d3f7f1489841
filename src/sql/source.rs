//! The way back from the parser's ranges to the user's files.

use crate::source::{Span, Text};
use crate::syntax::pg::{AstNode, TextRange, TextSize};
use crate::syntax::split;

/// What lowering one statement needs to know: its text. The parser's ranges are relative to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lower<'a> {
    text: &'a Text,
    /// Bytes that the parser was given before the text, to make a statement of it.
    shift: usize,
}

impl<'a> Lower<'a> {
    /// Lowers what was parsed from `text`.
    pub(super) fn new(text: &'a Text) -> Self {
        Lower { text, shift: 0 }
    }

    /// Lowers what was parsed from `text` with `shift` bytes before it.
    pub(super) fn shifted(text: &'a Text, shift: usize) -> Self {
        Lower { text, shift }
    }

    /// The text that was parsed.
    pub(super) fn text(&self) -> &'a Text {
        self.text
    }

    /// Where a node is written, without the white space and comments around it.
    pub(super) fn span(&self, node: &impl AstNode) -> Span {
        self.text
            .span(self.trimmed(self.clip(node.syntax().text_range())))
    }

    /// A node that ends with an empty part has the white space and comments before that part.
    fn trimmed(&self, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let str = self.text.as_str().get(range.clone()).unwrap_or("");
        if !str.ends_with(|c: char| c.is_ascii_whitespace()) && !str.ends_with("*/") {
            return range;
        }
        let length = split::lexemes(str).last().map_or(str.len(), |token| token.end);
        range.start..range.start + length
    }

    /// Where a range of the parsed text is written.
    pub(super) fn range_span(&self, range: TextRange) -> Span {
        self.text.span(self.clip(range))
    }

    /// The characters of a range of the parsed text.
    pub(super) fn str(&self, range: TextRange) -> &'a str {
        self.text.as_str().get(self.clip(range)).unwrap_or("")
    }

    /// What is written between two places, without the white space around it.
    pub(super) fn between(&self, start: TextSize, end: TextSize) -> &'a str {
        self.str(TextRange::new(start.min(end), end)).trim()
    }

    /// What is written behind `start` up to the end of a statement.
    pub(super) fn rest(&self, start: TextSize, node: &impl AstNode) -> &'a str {
        let end = node.syntax().text_range().end();
        self.between(start, end).trim_end_matches(';').trim_end()
    }

    /// A range of the parsed text as a text of its own.
    pub(super) fn slice(&self, range: TextRange) -> Text {
        self.text.slice(self.clip(range))
    }

    fn clip(&self, range: TextRange) -> std::ops::Range<usize> {
        let len = self.text.as_str().len();
        let place = |offset: TextSize| usize::from(offset).saturating_sub(self.shift);
        let end = place(range.end()).min(len);
        place(range.start()).min(end)..end
    }
}
