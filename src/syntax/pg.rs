//! PostgreSQL's grammar by squawk, behind bounds: the parser trusts its input, so what is too deep or too long never
//! reaches it (see `split`).

mod quoted;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rowan::{GreenNodeBuilder, NodeCache};
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

thread_local! {
    static PARSER: RefCell<Parser> = RefCell::default();
}

/// Parses SQL statements. The root is a [`SourceFile`].
#[must_use]
pub fn parse_sql(text: &str) -> Parsed {
    PARSER.with(|parser| match parser.try_borrow_mut() {
        Ok(mut parser) => parser.sql(text),
        Err(_) => Parser::default().sql(text),
    })
}

/// A parser for many statements, one by one: what they have in common is kept once.
#[derive(Debug, Default)]
struct Parser {
    cache: NodeCache,
    /// Bytes whose tokens the cache may hold.
    held: usize,
}

/// Most bytes whose tokens are kept for the statements that follow.
const MOST_HELD: usize = 1 << 18;

impl Parser {
    fn sql(&mut self, text: &str) -> Parsed {
        self.held += text.len();
        if self.held > MOST_HELD {
            self.forget();
            self.held = text.len();
        }
        let parsed = parse(text, EntryPoint::SourceFile, &mut self.cache);
        parsed.unwrap_or_else(|| {
            self.forget();
            gave_up(text, EntryPoint::SourceFile)
        })
    }

    fn forget(&mut self) {
        self.cache = NodeCache::default();
        self.held = 0;
    }
}

/// Parses a plpgsql body. The root is an [`ast::Plpgsql`].
#[must_use]
pub fn parse_plpgsql(text: &str) -> Parsed {
    parse(text, EntryPoint::Plpgsql, &mut NodeCache::default())
        .unwrap_or_else(|| gave_up(text, EntryPoint::Plpgsql))
}

/// The parser gives up by a panic where it sees itself without progress; `None` then.
fn parse(text: &str, entry: EntryPoint, cache: &mut NodeCache) -> Option<Parsed> {
    catch_unwind(AssertUnwindSafe(|| build(text, entry, cache))).ok()
}

fn gave_up(text: &str, entry: EntryPoint) -> Parsed {
    let mut parsed = build("", entry, &mut NodeCache::default());
    parsed.error = Some(SyntaxError {
        message: "the parser gave up".to_owned(),
        range: range(0, text.len()),
    });
    parsed
}

fn build(text: &str, entry: EntryPoint, cache: &mut NodeCache) -> Parsed {
    build_of(text, &quoted::names(text), entry, cache)
}

/// The tree of a text as the parser reads it from another one of the same tokens.
fn build_of(text: &str, quoted: &str, entry: EntryPoint, cache: &mut NodeCache) -> Parsed {
    let lexed = LexedStr::new(quoted);
    let output = entry.parse(&lexed.to_input());
    let mut builder = GreenNodeBuilder::with_cache(cache);
    let mut error: Option<SyntaxError> = None;
    let mut earliest = |message: &str, at: TextRange| {
        if error.as_ref().is_none_or(|e| at.start() < e.range.start()) {
            error = Some(SyntaxError {
                message: message.to_owned(),
                range: at,
            });
        }
    };
    // Tokens come in order and without holes; the tree has them as they were written.
    let mut at = 0;
    lexed.intersperse_trivia(&output, &mut |step| match step {
        StrStep::Token { kind, text: quoted } => {
            let written = text.get(at..at + quoted.len()).unwrap_or(quoted);
            at += quoted.len();
            builder.token(rowan::SyntaxKind(kind.into()), written);
        }
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

/// Whether a node of one of these kinds begins with a word that `test` holds for. Walks the tree as it is stored, which is much
/// cheaper than by nodes.
pub fn any_first_word(
    root: &SyntaxNode,
    kinds: impl Fn(SyntaxKind) -> bool,
    test: impl Fn(&str) -> bool,
) -> bool {
    use rowan::NodeOrToken::{Node, Token};
    let kind = |raw: rowan::SyntaxKind| SyntaxKind::from(raw.0);
    let green = root.green();
    let mut open = vec![&*green];
    while let Some(node) = open.pop() {
        let first = || {
            let mut tokens = node.children().filter_map(|child| child.into_token());
            tokens.find(|token| !kind(token.kind()).is_trivia())
        };
        if kinds(kind(node.kind())) && first().is_some_and(|token| test(token.text())) {
            return true;
        }
        open.extend(node.children().filter_map(|child| match child {
            Node(node) => Some(node),
            Token(_) => None,
        }));
    }
    false
}

fn range(start: usize, end: usize) -> TextRange {
    let clamp = |n: usize| TextSize::new(u32::try_from(n).unwrap_or(u32::MAX));
    TextRange::new(clamp(start), clamp(end.max(start)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::split;

    /// Over every statement of the cases, and over all the prose between them.
    #[expect(clippy::disallowed_methods, reason = "the test's own files")]
    #[test]
    fn names_in_quotes_give_the_same_tree() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/replay");
        let mut texts = 0;
        for entry in ignore::Walk::new(folder).flatten() {
            let Ok(text) = std::fs::read_to_string(entry.path()) else {
                continue;
            };
            for piece in split::pieces(&text).filter(|piece| piece.kind == split::PieceKind::Sql) {
                let text = &text[piece.range];
                for plpgsql in [false, true] {
                    let entry = || {
                        if plpgsql {
                            EntryPoint::Plpgsql
                        } else {
                            EntryPoint::SourceFile
                        }
                    };
                    let quoted = build(text, entry(), &mut NodeCache::default());
                    let plain = build_of(text, text, entry(), &mut NodeCache::default());
                    assert_eq!(quoted.error, plain.error, "{text}");
                    assert_eq!(quoted.root.green(), plain.root.green(), "{text}");
                }
                texts += 1;
            }
        }
        assert!(texts > 500, "{texts}");
    }
}
