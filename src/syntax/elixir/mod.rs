//! Elixir source to quoted forms, with everything that could be read of broken source.

mod form;
mod lower;
mod quoted;

use std::ops::ControlFlow;

pub use form::{Call, Callee, Context, Form, FormKind, Part, Sigil};
use tree_sitter::{ParseOptions, ParseState, Parser};

use crate::source::{FileId, Span};

/// Bytes of a file.
const MAX_BYTES: usize = 8 << 20;
/// Looks at the parser's progress without any: it mends broken source without end.
const MAX_STANDING: u32 = 20_000;

/// A parsed file.
#[derive(Debug)]
pub struct Parsed {
    /// Its forms: a block, always.
    pub body: Form,
    /// What is wrong with it, each with its place.
    pub errors: Vec<(String, Span)>,
}

/// Parses a file. Source that could not be read is a gap among its forms; forms around it are kept.
#[must_use]
pub fn parse(file: FileId, text: &str) -> Parsed {
    if text.len() > MAX_BYTES {
        return unread(file, text, "the file is larger than is read");
    }
    let Some(tree) = tree(text) else {
        return unread(file, text, "source that could not be read");
    };
    let mut lowering = lower::Lowering::new(file, text);
    let body = lowering.file(tree.root_node());
    Parsed {
        body,
        errors: lowering.errors,
    }
}

fn tree(text: &str) -> Option<tree_sitter::Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_elixir::LANGUAGE.into()).ok()?;
    let (mut furthest, mut standing) = (0, 0);
    let mut progress = |state: &ParseState| {
        if state.current_byte_offset() > furthest {
            (furthest, standing) = (state.current_byte_offset(), 0);
        } else {
            standing += 1;
        }
        if standing > MAX_STANDING {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let bytes = text.as_bytes();
    parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or(&[]), None, Some(options))
}

fn unread(file: FileId, text: &str, why: &'static str) -> Parsed {
    let span = Span::new(file, 0, text.len());
    let gap = Form::new(span, FormKind::Gap(why));
    Parsed {
        body: Form::call(span, "__block__", vec![gap]),
        errors: vec![(why.to_owned(), Span::new(file, 0, 1))],
    }
}

#[cfg(test)]
mod tests;
