//! A statement's tokens, one after the other.

use std::borrow::Cow;

use crate::change::ObjectName;
use crate::name::{self, Name, QualifiedName};
use crate::source::{Span, Text};
use crate::syntax::split::{self, Kind, Token};

/// Longest word that is compared with keywords.
const LONGEST: usize = 64;
/// Most bytes of a statement that is read here: a longer one is none of the usual.
const MOST: usize = 1 << 20;

/// A place between the tokens of a statement.
pub(super) struct Cursor<'a> {
    text: &'a Text,
    str: &'a str,
    tokens: Cow<'a, [Token]>,
    at: usize,
    lower: [u8; LONGEST],
}

impl<'a> Cursor<'a> {
    /// `None` where the text is too long to be any of the usual.
    pub(super) fn new(text: &'a Text) -> Option<Self> {
        let str = text.as_str();
        if str.len() > MOST {
            return None;
        }
        let mut tokens = Vec::with_capacity(str.len() / 5 + 4);
        tokens.extend(split::lexemes(str));
        Some(Cursor::over(text, Cow::Owned(tokens)))
    }

    /// Over a text whose tokens are known.
    pub(super) fn over(text: &'a Text, tokens: Cow<'a, [Token]>) -> Self {
        Cursor {
            text,
            str: text.as_str(),
            tokens,
            at: 0,
            lower: [0; LONGEST],
        }
    }

    /// The statement's place.
    pub(super) fn whole(&self) -> Span {
        self.text.whole()
    }

    /// All tokens were read.
    pub(super) fn is_done(&self) -> bool {
        self.at == self.tokens.len()
    }

    /// The number of the next token.
    pub(super) fn here(&self) -> usize {
        self.at
    }

    fn str_of(&self, token: Token) -> &'a str {
        self.str.get(token.start..token.end).unwrap_or("")
    }

    /// The next token.
    pub(super) fn peek(&self) -> Option<(Kind, &'a str)> {
        let token = *self.tokens.get(self.at)?;
        Some((token.kind, self.str_of(token)))
    }

    /// The place from a token up to the one that was read last.
    pub(super) fn since(&self, from: usize) -> Span {
        let start = self.tokens.get(from).map_or(0, |t| t.start);
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        self.text.span(start..last.map_or(start, |t| t.end))
    }

    /// What is written before a token, from the one before it on, up to the one that was read last.
    pub(super) fn behind(&self, token: usize) -> &'a str {
        self.written(token, self.end())
    }

    /// The same up to the next token.
    pub(super) fn between(&self, token: usize) -> &'a str {
        let next = self.tokens.get(self.at);
        self.written(token, next.map_or(self.str.len(), |t| t.start))
    }

    fn written(&self, token: usize, end: usize) -> &'a str {
        self.str.get(self.end_before(token)..end).unwrap_or("").trim()
    }

    /// Where the token that was read last ends.
    pub(super) fn end(&self) -> usize {
        self.end_before(self.at)
    }

    fn end_before(&self, token: usize) -> usize {
        let before = token.checked_sub(1).and_then(|at| self.tokens.get(at));
        before.map_or(0, |t| t.end)
    }

    pub(super) fn skip(&mut self) {
        self.at += 1;
    }

    /// Goes back to a token that was read.
    pub(super) fn back_to(&mut self, from: usize) {
        self.at = from;
    }

    /// Takes an unquoted word; in lower case.
    pub(super) fn word(&mut self) -> Option<&[u8]> {
        let word = self.peek_word()?.len();
        self.at += 1;
        self.lower.get(..word)
    }

    /// The next token, an unquoted word, in lower case.
    pub(super) fn peek_word(&mut self) -> Option<&[u8]> {
        let (Kind::Word, word) = self.peek()? else {
            return None;
        };
        let lower = self.lower.get_mut(..word.len())?;
        lower.copy_from_slice(word.as_bytes());
        lower.make_ascii_lowercase();
        Some(lower)
    }

    /// The token behind the next one.
    pub(super) fn peek_second(&self) -> Option<&'a str> {
        self.tokens.get(self.at + 1).map(|token| self.str_of(*token))
    }

    pub(super) fn is(&self, keyword: &str) -> bool {
        self.peek()
            .is_some_and(|(kind, word)| kind == Kind::Word && word.eq_ignore_ascii_case(keyword))
    }

    /// Takes a keyword where it stands here.
    pub(super) fn eat(&mut self, keyword: &str) -> bool {
        let found = self.is(keyword);
        self.at += usize::from(found);
        found
    }

    pub(super) fn keyword(&mut self, keyword: &str) -> Option<()> {
        self.eat(keyword).then_some(())
    }

    pub(super) fn is_punct(&self, byte: u8) -> bool {
        self.tokens
            .get(self.at)
            .is_some_and(|token| token.kind == Kind::Punct(byte))
    }

    pub(super) fn eat_punct(&mut self, byte: u8) -> bool {
        let found = self.is_punct(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn eat_operator(&mut self, written: &str) -> bool {
        let found = self.peek() == Some((Kind::Operator, written));
        self.at += usize::from(found);
        found
    }

    pub(super) fn punct(&mut self, byte: u8) -> Option<()> {
        self.eat_punct(byte).then_some(())
    }

    /// Takes `words` where all of them stand here; `None` where only the first do.
    pub(super) fn phrase(&mut self, words: &[&str]) -> Option<bool> {
        let Some((first, rest)) = words.split_first() else {
            return Some(true);
        };
        if !self.eat(first) {
            return Some(false);
        }
        rest.iter().try_for_each(|word| self.keyword(word))?;
        Some(true)
    }

    pub(super) fn if_exists(&mut self) -> Option<bool> {
        self.phrase(&["if", "exists"])
    }

    pub(super) fn if_not_exists(&mut self) -> Option<bool> {
        self.phrase(&["if", "not", "exists"])
    }

    /// An identifier: quoted, or a word that the server would not quote. Other words mean something in some places.
    pub(super) fn name(&mut self) -> Option<Name> {
        let (kind, written) = self.peek()?;
        match kind {
            Kind::Quoted if written.len() > 2 => {}
            Kind::Word => {
                if !written.is_ascii() {
                    return None;
                }
                let length = written.len();
                if length < LONGEST {
                    let lower = std::str::from_utf8(self.peek_word()?).ok()?;
                    if name::is_keyword(lower) {
                        return None;
                    }
                }
            }
            _ => return None,
        }
        self.at += 1;
        Some(Name::from_sql(written))
    }

    /// A name with or without a schema.
    pub(super) fn qualified(&mut self) -> Option<QualifiedName> {
        let first = self.name()?;
        if !self.eat_punct(b'.') {
            return Some(QualifiedName::bare(first));
        }
        let name = self.name()?;
        (!self.is_punct(b'.')).then(|| QualifiedName::in_schema(first, name))
    }

    /// The same with its place.
    pub(super) fn object(&mut self) -> Option<ObjectName> {
        let from = self.at;
        let name = self.qualified()?;
        Some(ObjectName {
            name,
            span: self.since(from),
        })
    }

    /// `(a, b)`: names alone.
    pub(super) fn names(&mut self) -> Option<Vec<Name>> {
        self.punct(b'(')?;
        let mut out = vec![self.name()?];
        while self.eat_punct(b',') {
            out.push(self.name()?);
        }
        self.punct(b')')?;
        Some(out)
    }

    /// A string in plain quotes on one line, its value.
    pub(super) fn string(&mut self) -> Option<String> {
        let (Kind::String, written) = self.peek()? else {
            return None;
        };
        let inner = written.strip_prefix('\'')?.strip_suffix('\'')?;
        self.at += 1;
        // Two strings in a row are one, if a line lies between them.
        if self.peek().is_some_and(|next| next.0 == Kind::String) || self.is("uescape") {
            return None;
        }
        Some(if inner.contains('\'') {
            inner.replace("''", "'")
        } else {
            inner.to_owned()
        })
    }

    /// A string in dollar quotes that holds something: its text.
    pub(super) fn dollar_quoted(&mut self) -> Option<Text> {
        let token = *self.tokens.get(self.at)?;
        let written = self.str_of(token);
        if token.kind != Kind::String || !written.starts_with('$') {
            return None;
        }
        let tag = written.get(1..)?.find('$')? + 2;
        let (start, end) = (token.start + tag, token.end.checked_sub(tag)?);
        self.at += 1;
        let alone = !self.peek().is_some_and(|next| next.0 == Kind::String);
        (start < end && alone).then(|| self.text.slice(start..end))
    }
}
