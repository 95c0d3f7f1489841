//! Python source to a syntax tree, with everything that could be read of broken source. The node types are the parser's own.

pub use ruff_python_ast as ast;
pub use ruff_text_size::{Ranged, TextRange};

use crate::source::{FileId, Span};

/// A parsed module.
#[derive(Debug)]
pub struct Parsed {
    /// Its statements; what could not be read is left out by the parser.
    pub body: ast::ModModule,
    /// What is wrong with it, each with its place.
    pub errors: Vec<(String, Span)>,
}

/// The place of a node.
#[must_use]
pub fn span(file: FileId, range: TextRange) -> Span {
    Span::new(file, range.start().to_usize(), range.end().to_usize())
}
