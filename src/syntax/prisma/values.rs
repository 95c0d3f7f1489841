//! Attributes, their arguments, and values: what stands in brackets, to a bound of nesting.

use smol_str::SmolStr;

use super::lexer::{self, Kind, Token};
use super::parser::{Broken, Parser};
use super::{Argument, Attribute, Ident, Value, ValueKind};

/// Brackets within brackets.
const MAX_DEPTH: usize = 64;

impl Parser<'_> {
    /// After `@` or `@@`: path and arguments.
    pub(super) fn attribute(&mut self) -> Result<Attribute, Broken> {
        let start = self.before();
        let name = self.path().ok_or((self.here(), "an attribute has a name"))?;
        let name_span = start.to(name.span);
        let args = if self.mark(b'(') {
            self.arguments(b')', 0)?
        } else {
            Vec::new()
        };
        Ok(Attribute {
            name: name.text,
            name_span,
            args,
            span: start.to(self.before()),
        })
    }

    /// `a.b.c`.
    fn path(&mut self) -> Option<Ident> {
        let mut name = self.name()?;
        while self.peek() == Some(Kind::Mark(b'.')) {
            self.at += 1;
            name.span = name.span.to(self.before());
            if let Some(part) = self.name() {
                name.span = name.span.to(part.span);
            }
        }
        name.text = SmolStr::new(&self.text[name.span.range()]);
        Some(name)
    }

    /// Arguments up to the closing mark, which is taken.
    fn arguments(&mut self, close: u8, depth: usize) -> Result<Vec<Argument>, Broken> {
        let mut args = Vec::new();
        loop {
            if self.mark(close) {
                return Ok(args);
            }
            args.push(self.argument(depth)?);
            if !self.mark(b',') && self.peek() != Some(Kind::Mark(close)) {
                return Err((self.here(), "the arguments are not closed on their line"));
            }
        }
    }

    fn argument(&mut self, depth: usize) -> Result<Argument, Broken> {
        let named = self.peek() == Some(Kind::Word)
            && self
                .tokens
                .get(self.at + 1)
                .is_some_and(|t| t.kind == Kind::Mark(b':'));
        let name = if named { self.name() } else { None };
        if named {
            self.at += 1;
        }
        Ok(Argument {
            name,
            value: self.value(depth)?,
        })
    }

    pub(super) fn value(&mut self, depth: usize) -> Result<Value, Broken> {
        let start = self.here();
        if depth > MAX_DEPTH {
            return Err((start, "the brackets nest too deep to be read"));
        }
        let kind = match self.peek() {
            Some(Kind::String) => match self.next() {
                Some(token) => ValueKind::String(self.string(token)),
                None => return Err((start, "a value is missing")),
            },
            Some(Kind::OpenString) => return Err((start, "this string is not closed on its line")),
            Some(Kind::Number) => match self.next() {
                Some(token) => ValueKind::Number(SmolStr::new(self.slice(token))),
                None => return Err((start, "a value is missing")),
            },
            Some(Kind::Word) => match self.path() {
                Some(path) if self.mark(b'(') => ValueKind::Call(path.text, self.arguments(b')', depth + 1)?),
                Some(path) => ValueKind::Path(path.text),
                None => return Err((start, "a value is missing")),
            },
            Some(Kind::Mark(b'[')) => {
                self.at += 1;
                let items = self.arguments(b']', depth + 1)?;
                ValueKind::Array(items.into_iter().map(|a| a.value).collect())
            }
            Some(Kind::Mark(b'{')) => {
                self.at += 1;
                ValueKind::Object(self.arguments(b'}', depth + 1)?)
            }
            Some(Kind::At | Kind::AtAt | Kind::Mark(_) | Kind::Newline | Kind::Other) | None => {
                return Err((start, "a value is missing"));
            }
        };
        Ok(Value {
            kind,
            span: start.to(self.before()),
        })
    }

    /// The characters that a string token stands for.
    pub(super) fn string(&self, token: Token) -> SmolStr {
        let raw = self.text.get(token.start + 1..token.end - 1).unwrap_or("");
        if !raw.contains('\\') {
            return SmolStr::new(raw);
        }
        let mut out = String::with_capacity(raw.len());
        lexer::unescape(raw, &mut |text, _, _| out.push_str(text));
        SmolStr::new(out)
    }
}
