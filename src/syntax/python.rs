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

/// Parses a module; what cannot be read is told and left out.
#[must_use]
pub fn parse(file: FileId, text: &str) -> Parsed {
    let options = ruff_python_parser::ParseOptions::from(ruff_python_parser::Mode::Module);
    let parsed = ruff_python_parser::parse_unchecked(text, options);
    let errors = parsed
        .errors()
        .iter()
        .map(|e| (e.error.to_string(), span(file, e.location)))
        .collect();
    let body = match parsed.into_syntax() {
        ast::Mod::Module(module) => module,
        ast::Mod::Expression(expression) => ast::ModModule {
            node_index: ast::AtomicNodeIndex::default(),
            range: expression.range,
            body: ast::Suite::default(),
        },
    };
    Parsed { body, errors }
}
