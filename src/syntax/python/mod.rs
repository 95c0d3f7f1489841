//! Python source to a syntax tree, with everything that could be read of broken source. The node types are the parser's own.

mod bounds;
mod refused;

pub use ruff_python_ast as ast;
pub use ruff_text_size::{Ranged, TextRange};

use std::sync::{Arc, OnceLock};

use ruff_python_ast::PySourceType;

use crate::source::{FileId, Files, Span};

/// A parsed module.
#[derive(Debug)]
pub struct Parsed {
    /// Its statements; what could not be read is left out by the parser.
    pub body: ast::ModModule,
    /// What is wrong with it, each with its place.
    pub errors: Vec<(String, Span)>,
    /// Why no version of Python reads it, and where, as far as that is certain.
    pub refused: Option<(String, Span)>,
}

/// The syntax trees of all files, each parsed when first asked for, once a run.
#[derive(Debug)]
pub struct Trees(Vec<OnceLock<Arc<Parsed>>>);

impl Trees {
    /// Those of a listing.
    #[must_use]
    pub fn of(files: &Files) -> Arc<Trees> {
        files.share("", || Trees((0..files.ids()).map(|_| OnceLock::new()).collect()))
    }

    /// The tree of a file of that listing.
    #[must_use]
    pub fn get(&self, files: &Files, file: FileId) -> &Parsed {
        static NONE: OnceLock<Arc<Parsed>> = OnceLock::new();
        let slot = self.0.get(file.0 as usize).unwrap_or(&NONE);
        let source = files.read(file);
        slot.get_or_init(|| match source {
            Ok(source) => source.derive(|| parse(file, &source.text)),
            Err(_) => Arc::new(parse(file, "")),
        })
    }
}

/// An expression that a string holds.
#[derive(Debug)]
pub struct ParsedExpression {
    /// The expression; its ranges are those of the text that was parsed.
    pub expression: ast::Expr,
}

/// Parses a module. Source that nests deeper than is followed is not parsed: it has no statements and one error.
#[must_use]
pub fn parse(file: FileId, text: &str) -> Parsed {
    if let Some((why, at)) = bounds::too_deep(text) {
        return Parsed {
            body: ast::ModModule {
                node_index: ast::AtomicNodeIndex::default(),
                range: TextRange::default(),
                body: Default::default(),
            },
            errors: vec![(why.to_owned(), Span::new(file, at, at + 1))],
            refused: None,
        };
    }
    let parsed = ruff_python_parser::parse_unchecked_source(text, PySourceType::Python);
    let errors = parsed
        .errors()
        .iter()
        .map(|e| (e.error.to_string(), span(file, e.location)))
        .collect();
    let refused = refused::refused(file, text, &parsed);
    Parsed {
        body: parsed.into_syntax(),
        errors,
        refused,
    }
}

/// Parses the expression that a string at `at` holds (an annotation in quotes).
#[must_use]
pub fn parse_quoted(at: Span, text: &str) -> Option<ParsedExpression> {
    let _ = at;
    let text = text.trim();
    if text.len() > 10_000 || bounds::too_deep(text).is_some() {
        return None;
    }
    let wrapped = format!("({text}\n)");
    let parsed = ruff_python_parser::parse_expression(&wrapped).ok()?;
    Some(ParsedExpression {
        expression: parsed.into_expr(),
    })
}

/// The place of a node.
#[must_use]
pub fn span(file: FileId, range: TextRange) -> Span {
    Span::new(file, range.start().to_usize(), range.end().to_usize())
}
