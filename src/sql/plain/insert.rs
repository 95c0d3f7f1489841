//! `INSERT INTO t (a, b) VALUES (1, 'x'), ...` with literals alone, read without the parser: seeds and dumps hold hundreds of
//! thousands of them.

use crate::change::ObjectName;
use crate::name::{Name, QualifiedName, is_keyword};
use crate::source::{Span, Text};
use crate::sql::{Dml, DmlKind};
use crate::syntax::split;
use crate::tree::{Expr, ExprKind, Query, QueryBody};

/// Rows that are kept; they stand for all.
const KEPT: usize = 2;

type Token<'a> = (std::ops::Range<usize>, &'a str);

struct Tokens<'a, I: Iterator<Item = Token<'a>>> {
    text: &'a Text,
    tokens: std::iter::Peekable<I>,
}

/// Reads such a statement; `None` where it is anything else.
pub(super) fn read(text: &Text) -> Option<Dml> {
    let head = text.as_str().get(..6)?;
    if !head.eq_ignore_ascii_case("insert") {
        return None;
    }
    let mut tokens = Tokens {
        text,
        tokens: split::tokens(text.as_str()).peekable(),
    };
    tokens.word("insert")?;
    tokens.word("into")?;
    let table = tokens.table()?;
    let columns = if tokens.peeks("(") {
        tokens.columns()?
    } else {
        Vec::new()
    };
    tokens.word("values")?;
    let rows = tokens.rows()?;
    let span = text.whole();
    Some(Dml {
        kind: DmlKind::Insert,
        table,
        alias: None,
        columns,
        query: Some(Box::new(Query {
            with: Vec::new(),
            recursive: false,
            body: QueryBody::Values(rows),
            order_by: Vec::new(),
            limit: None,
            offset: None,
            span,
        })),
        filtered: false,
        expressions: Vec::new(),
        with: Vec::new(),
    })
}

impl<'a, I: Iterator<Item = Token<'a>>> Tokens<'a, I> {
    fn peeks(&mut self, wanted: &str) -> bool {
        self.tokens.peek().is_some_and(|token| token.1 == wanted)
    }

    fn word(&mut self, wanted: &str) -> Option<()> {
        self.tokens
            .next_if(|token| token.1.eq_ignore_ascii_case(wanted))
            .map(|_| ())
    }

    /// An identifier that is no keyword, or a quoted one.
    fn name(&mut self) -> Option<(Name, Span)> {
        let (range, token) = self.tokens.next()?;
        let first = token.chars().next()?;
        let ident = first == '"' || first == '_' || first.is_alphabetic();
        // What a keyword means in a place is for the parser to say.
        let keyword = first != '"' && is_keyword(&token.to_ascii_lowercase());
        (ident && !keyword && !token.ends_with('\'')).then(|| (Name::from_sql(token), self.text.span(range)))
    }

    fn table(&mut self) -> Option<ObjectName> {
        let (first, start) = self.name()?;
        if !self.peeks(".") {
            return Some(ObjectName {
                name: QualifiedName::bare(first),
                span: start,
            });
        }
        self.tokens.next();
        let (name, end) = self.name()?;
        Some(ObjectName {
            name: QualifiedName::in_schema(first, name),
            span: start.to(end),
        })
    }

    fn columns(&mut self) -> Option<Vec<(Name, Span)>> {
        self.tokens.next();
        let mut out = vec![self.name()?];
        while self.peeks(",") {
            self.tokens.next();
            out.push(self.name()?);
        }
        self.word(")")?;
        Some(out)
    }

    fn rows(&mut self) -> Option<Vec<Vec<Expr>>> {
        let mut out = Vec::new();
        loop {
            self.word("(")?;
            let kept = out.len() < KEPT;
            let mut row = Vec::new();
            loop {
                let value = self.value(kept)?;
                row.extend(value);
                if self.word(",").is_none() {
                    break;
                }
            }
            self.word(")")?;
            if kept {
                out.push(row);
            }
            if self.word(",").is_none() {
                return self.tokens.next().is_none().then_some(out);
            }
        }
    }

    /// A literal; lowered only where it is kept.
    fn value(&mut self, kept: bool) -> Option<Option<Expr>> {
        let (mut range, token) = self.tokens.next()?;
        let kind = match token.as_bytes().first()? {
            b'\'' if token.len() > 1 && token.ends_with('\'') => {
                let inner = token.get(1..token.len() - 1)?;
                kept.then(|| ExprKind::String(inner.replace("''", "'").into()))
            }
            b'0'..=b'9' if is_plain_number(token) => kept.then(|| ExprKind::Number(token.into())),
            b'-' if token.len() == 1 => {
                let (inner_range, number) = self.tokens.next()?;
                if !is_plain_number(number) {
                    return None;
                }
                range.end = inner_range.end;
                let inner = Expr::new(ExprKind::Number(number.into()), self.text.span(inner_range));
                kept.then(|| ExprKind::Unary("-".into(), Box::new(inner)))
            }
            _ => {
                let kind = keyword(token)?;
                kept.then_some(kind)
            }
        };
        // Two strings in a row are one, if a line lies between them.
        if self.tokens.peek().is_some_and(|next| next.1.starts_with('\'')) {
            return None;
        }
        Some(kind.map(|kind| Expr::new(kind, self.text.span(range))))
    }
}

fn is_plain_number(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_digit()) && token.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

fn keyword(token: &str) -> Option<ExprKind> {
    let is = |word: &str| token.eq_ignore_ascii_case(word);
    if is("null") {
        Some(ExprKind::Null)
    } else if is("true") || is("false") {
        Some(ExprKind::Bool(is("true")))
    } else if is("default") {
        Some(ExprKind::Default)
    } else {
        None
    }
}
