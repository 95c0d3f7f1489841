//! PostgreSQL's grammar by squawk, behind bounds: the parser trusts its input, so what is too deep or too long never
//! reaches it (see `split`).

use std::panic::{AssertUnwindSafe, catch_unwind};

use rowan::GreenNodeBuilder;
use squawk_parser::{EntryPoint, LexedStr, StrStep};

pub use rowan::{TextRange, TextSize};
pub use squawk_syntax::ast::{self, AstNode, HasPathRef};
pub use squawk_syntax::{SourceFile, SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};

/// A syntax error: the parser's words and the place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// The parser's message.
    pub message: String,
    /// Where.
    pub range: TextRange,
}

/// A tree, and the first error where the text is not what it should be.
#[derive(Debug)]
pub struct Parsed {
    /// The root; lossless.
    pub root: SyntaxNode,
    /// The first syntax error.
    pub error: Option<SyntaxError>,
}

/// Parses SQL statements. The root is a [`SourceFile`].
#[must_use]
pub fn parse_sql(text: &str) -> Parsed {
    parse(text, EntryPoint::SourceFile)
}

/// Parses a plpgsql body. The root is an [`ast::Plpgsql`].
#[must_use]
pub fn parse_plpgsql(text: &str) -> Parsed {
    parse(text, EntryPoint::Plpgsql)
}

/// The parser gives up by a panic where it sees itself without progress; that is an error of the text here.
fn parse(text: &str, entry: EntryPoint) -> Parsed {
    catch_unwind(AssertUnwindSafe(|| build(text, entry))).unwrap_or_else(|_| {
        let mut parsed = build("", entry);
        parsed.error = Some(SyntaxError {
            message: "the parser gave up".to_owned(),
            range: range(0, text.len()),
        });
        parsed
    })
}

fn build(text: &str, entry: EntryPoint) -> Parsed {
    let lexed = LexedStr::new(text);
    let output = entry.parse(&lexed.to_input());
    let mut builder = GreenNodeBuilder::new();
    let mut error: Option<SyntaxError> = None;
    let mut earliest = |message: &str, at: TextRange| {
        if error.as_ref().is_none_or(|e| at.start() < e.range.start()) {
            error = Some(SyntaxError {
                message: message.to_owned(),
                range: at,
            });
        }
    };
    lexed.intersperse_trivia(&output, &mut |step| match step {
        StrStep::Token { kind, text } => builder.token(rowan::SyntaxKind(kind.into()), text),
        StrStep::Enter { kind } => builder.start_node(rowan::SyntaxKind(kind.into())),
        StrStep::Exit => builder.finish_node(),
        StrStep::Error { msg, pos } => earliest(msg, range(pos, pos)),
    });
    for (at, message) in lexed.errors() {
        earliest(message, range(at.start as usize, at.end as usize));
    }
    Parsed {
        root: SyntaxNode::new_root(builder.finish()),
        error,
    }
}

fn range(start: usize, end: usize) -> TextRange {
    let clamp = |n: usize| TextSize::new(u32::try_from(n).unwrap_or(u32::MAX));
    TextRange::new(clamp(start), clamp(end.max(start)))
}
