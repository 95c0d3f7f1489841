//! From text to statements: each is parsed alone, lowered at once, and its tree dropped.

use super::source::Lower;
use super::{
    Dml, Read, Statement, Transaction, between, certain, comma, exclusion, head, plain, reserved, statement,
};
use crate::change::{Failure, ObjectName};
use crate::known::{Gap, Reach};
use crate::source::Text;
use crate::syntax::pg::{self, AstNode, ast};
use crate::syntax::split::{self, Bound, Piece, PieceKind, Pieces, Token};

/// The statements of a text, read one by one.
#[derive(Debug)]
pub struct Statements<'a> {
    text: &'a Text,
    pieces: Pieces<'a>,
    /// The transaction that `AND CHAIN` begins.
    chained: Option<Read>,
    /// Statements that were not SQL.
    errors: u32,
}

/// What a gap says of a statement whose text cannot be read.
pub const UNREADABLE: &str = "syntax error";

/// Statements of a text that may be no SQL before the rest of it is not read: it is no SQL text then.
const MOST_ERRORS: u32 = 10_000;

impl<'a> Statements<'a> {
    pub(super) fn new(text: &'a Text) -> Self {
        Statements {
            text,
            pieces: split::pieces(text.as_str()),
            chained: None,
            errors: 0,
        }
    }
}

impl Statements<'_> {
    /// Everything from a piece to the end.
    fn rest(&self, from: &Piece) -> Read {
        let text = self.text.slice(from.range.start..self.text.as_str().len());
        let span = text.whole();
        let gap = Gap::new(
            self.text.span(from.range.clone()),
            "too many statements before this one could not be read",
            Reach::Everything,
        );
        Read {
            statement: Statement::Opaque(gap),
            text,
            span,
        }
    }
}

impl Iterator for Statements<'_> {
    type Item = Read;

    fn next(&mut self) -> Option<Read> {
        if let Some(chained) = self.chained.take() {
            return Some(chained);
        }
        loop {
            if self.errors > MOST_ERRORS {
                return None;
            }
            let piece = self.pieces.next()?;
            let text = self.text.slice(piece.range.clone());
            let (statement, chains) = match &piece.kind {
                PieceKind::CopyData(true) => continue,
                PieceKind::CopyData(false) => (copied_to_the_end(&text), false),
                PieceKind::Sql => sql(&text, self.pieces.lexemes()),
                PieceKind::Meta => (meta(&text), false),
                PieceKind::Beyond { .. } => (beyond(self.text, &text, &piece), false),
            };
            let span = text.whole();
            if matches!(statement, Statement::Opaque(_)) {
                self.errors += 1;
                if self.errors > MOST_ERRORS {
                    return Some(self.rest(&piece));
                }
            }
            if chains {
                self.chained = Some(Read {
                    statement: Statement::Transaction(Transaction::Begin),
                    text: text.clone(),
                    span,
                });
            }
            return Some(Read {
                statement,
                text,
                span,
            });
        }
    }
}

fn copied_to_the_end(data: &Text) -> Statement {
    Statement::Opaque(Gap::new(
        data.span(0..1),
        "the data of COPY has no end, so that what follows it may be data or statements",
        Reach::Everything,
    ))
}

/// Parses and lowers one statement; true where `AND CHAIN` begins another transaction.
fn sql(text: &Text, tokens: Option<&[Token]>) -> (Statement, bool) {
    let holds_nul = text.as_str().contains('\0');
    if !holds_nul && let Some(statement) = plain::read(text, tokens) {
        return (statement, false);
    }
    if holds_nul {
        let known = head::known(text.as_str());
        let why = "this statement holds a NUL byte, or a placeholder whose value is not given";
        return (known.unwrap_or_else(|| opaque(text, why)), false);
    }
    parsed(text)
}

/// The same without the readers of what is written most.
pub(super) fn parsed(text: &Text) -> (Statement, bool) {
    quoting(text, 0)
}

/// Most keywords of a statement that are taken for names.
const MOST_QUOTED: usize = 8;

/// The same of a text in which `depth` keywords stand in quotes that were not written.
fn quoting(text: &Text, depth: usize) -> (Statement, bool) {
    let mut parsed = pg::parse_sql(text.as_str());
    if parsed.error.is_some()
        && let Some(masked) = exclusion::masked(text.as_str())
    {
        parsed = pg::parse_sql(&masked);
    }
    if let Some(error) = &parsed.error {
        if let Some(known) = head::known(text.as_str()) {
            return (known, false);
        }
        if depth < MOST_QUOTED
            && let Some(grouped) = between::grouped(text)
            && let (meant, chains) = quoting(&grouped, MOST_QUOTED)
            && !matches!(meant, Statement::Opaque(_))
        {
            return (meant, chains);
        }
        let at = usize::from(error.range.start());
        if depth < MOST_QUOTED
            && let Some((failure, quoted)) = reserved::stopped(text, at)
        {
            let (meant, chains) = quoting(&quoted, depth + 1);
            return (or_refused(meant, Some(failure)), chains);
        }
        if depth < MOST_QUOTED
            && let Some((failure, whole)) = comma::missing(text, at)
        {
            let (meant, chains) = quoting(&whole, depth + 1);
            return (or_refused(meant, Some(failure)), chains);
        }
        let refused = certain::refusal(text, &parsed.root, at);
        return (or_refused(syntax_error(text, error), refused), false);
    }
    let cx = Lower::new(text);
    let mut statements = parsed.root.children().filter_map(ast::Stmt::cast);
    let (Some(node), None) = (statements.next(), statements.next()) else {
        return (opaque(text, "this is not one statement"), false);
    };
    let lowered =
        statement::lower(&cx, &node).unwrap_or_else(|| opaque(text, "this statement was not understood"));
    let refused = reserved::refused(node.syntax(), text);
    (or_refused(lowered, refused), statement::chains(&node))
}

fn or_refused(meant: Statement, failure: Option<Failure>) -> Statement {
    match failure {
        Some(failure) => Statement::Refused(Box::new(failure), Box::new(meant)),
        None => meant,
    }
}

fn opaque(text: &Text, why: &str) -> Statement {
    Statement::Opaque(Gap::new(text.whole(), why, head::reach(text.as_str())))
}

/// The place is the token at which the parser stopped.
fn syntax_error(text: &Text, error: &pg::SyntaxError) -> Statement {
    let str = text.as_str();
    let at = usize::from(error.range.start()).min(str.len());
    let end = usize::from(error.range.end()).min(str.len());
    let range = if end > at {
        at..end
    } else {
        str.get(at..)
            .and_then(|rest| split::tokens(rest).next())
            .map_or(at..at, |(token, _)| at + token.start..at + token.end)
    };
    Statement::Opaque(Gap::new(
        text.span(range),
        format!("{UNREADABLE}: {}", error.message),
        head::reach(str),
    ))
}

/// A statement past a bound. Rows are rows however many: the first of an INSERT stand for all, and of another statement on rows
/// the table is told by its head.
fn beyond(whole: &Text, text: &Text, piece: &Piece) -> Statement {
    let PieceKind::Beyond {
        bound,
        at,
        first_rows,
    } = &piece.kind
    else {
        return opaque(text, "this statement was not understood");
    };
    if let Some(rows) = first_rows {
        let (statement, _) = sql(&whole.slice(rows.clone()), None);
        if matches!(statement, Statement::Dml(_)) {
            return statement;
        }
    }
    let open = matches!(bound, Bound::Open(_));
    if !open && let Some((kind, name)) = head::dml_table(text.as_str()) {
        return Statement::Dml(Box::new(Dml {
            kind,
            table: ObjectName {
                name,
                span: text.span(0..text.as_str().len().min(80)),
            },
            alias: None,
            columns: Vec::new(),
            query: Some(Box::new(statement::opaque_query(text.whole()))),
            filtered: true,
            expressions: Vec::new(),
            with: Vec::new(),
        }));
    }
    let reach = if open {
        Reach::Everything
    } else {
        head::reach(text.as_str())
    };
    let refused = match bound {
        Bound::Open(what) => certain::unending(whole, &piece.range, *at, what),
        Bound::Depth | Bound::Size => None,
    };
    let gap = Gap::new(whole.span(*at..*at + 1), bound.why(), reach);
    or_refused(Statement::Opaque(gap), refused)
}

/// A command of psql. Those that choose what runs or where are not followed; the rest touches no schema.
fn meta(text: &Text) -> Statement {
    let word = text.as_str()[1..]
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '!'))
        .next()
        .unwrap_or("");
    let why = match word {
        "i" | "ir" | "include" | "include_relative" => "psql includes another file here",
        "c" | "connect" => "psql connects to another database here",
        "if" | "elif" | "else" | "endif" => "psql runs this part on a condition",
        "gexec" => "psql runs what the query before returns",
        "q" | "quit" => "psql stops here",
        "copy" => {
            return Statement::Opaque(Gap::new(text.whole(), "psql copies rows here", Reach::Rows));
        }
        _ => return Statement::NoEffect("psql command"),
    };
    Statement::Opaque(Gap::new(text.whole(), why, Reach::Everything))
}
