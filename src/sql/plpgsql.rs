//! Reads plpgsql bodies.
//!
//! As in the server, plpgsql is a thin grammar over tokens: what stands between its keywords is cut out by the next keyword at
//! bracket depth 0 and given to the SQL grammar, an expression as what follows `SELECT`.
//!
//! Source: `pl_gram.y` and `pl_scanner.c` (PostgreSQL 15); manual, chapter 43.

mod declare;
mod loops;
mod raise;
mod sql;
mod statement;
#[cfg(test)]
mod tests;

use std::ops::Range;

use super::fragment;
use super::names;
use crate::known::{Gap, Reach};
use crate::name::Name;
use crate::source::{Span, Text};
use crate::syntax::split;
use crate::tree::Expr;
use crate::tree::plpgsql::{Block, Handler};

/// Blocks within blocks; the weight of the text is bounded besides.
const MAX_DEPTH: u32 = 150;

/// Reads a body.
///
/// # Errors
/// A gap when it is too broken to be run.
pub(super) fn block(body: &Text) -> Result<Block, Gap> {
    if let Err((bound, at)) = split::check_plpgsql(body.as_str()) {
        let len = body.as_str().len();
        return Err(Gap::new(
            body.span(at.min(len)..len),
            bound.why(),
            Reach::Everything,
        ));
    }
    let mut parser = Parser {
        body,
        tokens: tokens(body.as_str()),
        at: 0,
        depth: 0,
    };
    let columns_first = parser.options()?;
    let mut block = parser.labelled_block()?;
    block.columns_first = columns_first;
    parser.eat(";");
    match parser.tokens.get(parser.at) {
        Some(_) => Err(parser.gap("the body goes on after its end")),
        None => Ok(block),
    }
}

/// A token and where it stands in the body.
#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

/// The tokens of a body. An assignment is a token of its own, whatever operator follows it.
fn tokens(body: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    for (Range { start, end }, text) in split::tokens(body) {
        let head = match text {
            _ if text.len() > 2 && text.starts_with(":=") => 2,
            "=-" | "=+" => 1,
            _ => text.len(),
        };
        let (first, rest) = text.split_at(head);
        out.push(Token {
            text: first,
            start,
            end: start + head,
        });
        if !rest.is_empty() {
            out.push(Token {
                text: rest,
                start: start + head,
                end,
            });
        }
    }
    out
}

struct Parser<'a> {
    body: &'a Text,
    tokens: Vec<Token<'a>>,
    at: usize,
    depth: u32,
}

impl<'a> Parser<'a> {
    /// The token `ahead` of this place; empty past the end.
    fn text(&self, ahead: usize) -> &'a str {
        self.tokens.get(self.at + ahead).map_or("", |token| token.text)
    }

    /// Whether this token is the keyword or character.
    fn is(&self, wanted: &str) -> bool {
        self.is_at(0, wanted)
    }

    fn is_at(&self, ahead: usize, wanted: &str) -> bool {
        self.text(ahead).eq_ignore_ascii_case(wanted)
    }

    fn is_any(&self, wanted: &[&str]) -> bool {
        wanted.iter().any(|word| self.is(word))
    }

    fn eat(&mut self, wanted: &str) -> bool {
        let found = self.is(wanted);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: &str) -> Result<(), Gap> {
        if self.eat(wanted) {
            return Ok(());
        }
        Err(self.gap(&format!("expected {}", wanted.to_ascii_uppercase())))
    }

    fn gap(&self, why: &str) -> Gap {
        let len = self.body.as_str().len();
        let range = self
            .tokens
            .get(self.at)
            .map_or(len..len, |token| token.start..token.end);
        let found = match self.text(0) {
            "" => "the end".to_owned(),
            text => format!("`{}`", text.chars().take(40).collect::<String>()),
        };
        let why = format!("is not plpgsql that could be read: {why}, found {found}");
        Gap::new(self.body.span(range), why, Reach::Everything)
    }

    /// Bytes from the token `from` up to this place.
    fn since(&self, from: usize) -> Range<usize> {
        let start = self.tokens.get(from).map_or(0, |token| token.start);
        let end = self
            .at
            .checked_sub(1)
            .and_then(|at| self.tokens.get(at))
            .map_or(start, |token| token.end);
        start..end.max(start)
    }

    fn span_since(&self, from: usize) -> Span {
        self.body.span(self.since(from))
    }

    /// Whether the token `ahead` may be a name.
    fn is_name(&self, ahead: usize) -> bool {
        let text = self.text(ahead);
        let mut bytes = text.bytes();
        match bytes.next() {
            Some(b'"') => true,
            Some(b) if b.is_ascii_alphabetic() || b == b'_' || b >= 0x80 => {
                bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$') || b >= 0x80)
            }
            _ => false,
        }
    }

    fn name(&mut self) -> Result<Name, Gap> {
        // A parameter may be named by its number.
        let parameter = self.text(0).starts_with('$');
        if !self.is_name(0) && !parameter {
            return Err(self.gap("expected a name"));
        }
        let name = names::unquote(self.text(0), None);
        self.at += 1;
        Ok(name)
    }

    /// `a.b.c`.
    fn dotted(&mut self) -> Result<Vec<Name>, Gap> {
        let mut out = vec![self.name()?];
        while self.is(".") && self.is_name(1) {
            self.at += 1;
            out.push(self.name()?);
        }
        Ok(out)
    }

    /// `a, b.c`.
    fn variables(&mut self) -> Result<Vec<Vec<Name>>, Gap> {
        let mut out = vec![self.dotted()?];
        while self.eat(",") {
            out.push(self.dotted()?);
        }
        Ok(out)
    }

    /// The bytes up to the first of the words at bracket depth 0, which is left. Never empty.
    fn until(&mut self, words: &[&str]) -> Result<Range<usize>, Gap> {
        let from = self.at;
        let mut depth = 0_u32;
        while self.at < self.tokens.len() {
            if depth == 0 && self.is_any(words) {
                if self.at == from {
                    return Err(self.gap("expected an expression"));
                }
                return Ok(self.since(from));
            }
            match self.text(0) {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                ";" if depth == 0 => break,
                _ => {}
            }
            self.at += 1;
        }
        Err(self.gap(&format!("expected {}", words.join(" or ").to_ascii_uppercase())))
    }

    fn value(&self, range: Range<usize>) -> Expr {
        fragment::value(&self.body.slice(range))
    }

    fn expr_until(&mut self, words: &[&str]) -> Result<Expr, Gap> {
        let range = self.until(words)?;
        Ok(self.value(range))
    }

    /// `#variable_conflict use_column` and the like; whether a column goes before a variable of its name.
    fn options(&mut self) -> Result<bool, Gap> {
        let mut columns_first = false;
        while self.eat("#") {
            columns_first |= self.is("variable_conflict") && self.is_at(1, "use_column");
            self.at += 2;
        }
        Ok(columns_first)
    }

    /// `<<label>>`.
    fn label(&mut self) -> Result<Option<Name>, Gap> {
        if !self.eat("<<") {
            return Ok(None);
        }
        let name = self.name()?;
        self.expect(">>")?;
        Ok(Some(name))
    }

    fn labelled_block(&mut self) -> Result<Block, Gap> {
        let label = self.label()?;
        self.block(label)
    }

    /// From DECLARE or BEGIN to END and the label after it.
    fn block(&mut self, label: Option<Name>) -> Result<Block, Gap> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.gap("blocks are nested too deeply"));
        }
        let declarations = self.declarations()?;
        self.expect("begin")?;
        let body = self.statements()?;
        let handlers = self.handlers()?;
        self.expect("end")?;
        if self.is_name(0) {
            self.at += 1;
        }
        self.depth -= 1;
        Ok(Block {
            label,
            declarations,
            body,
            handlers,
            columns_first: false,
        })
    }

    fn handlers(&mut self) -> Result<Vec<Handler>, Gap> {
        let mut out = Vec::new();
        if !self.eat("exception") {
            return Ok(out);
        }
        while self.eat("when") {
            let mut conditions = vec![self.condition()?];
            while self.eat("or") {
                conditions.push(self.condition()?);
            }
            self.expect("then")?;
            out.push(Handler {
                conditions,
                body: self.statements()?,
            });
        }
        if out.is_empty() {
            return Err(self.gap("expected WHEN"));
        }
        Ok(out)
    }
}
