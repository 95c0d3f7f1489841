//! Tokens to blocks, line by line. Each line is read once; brackets nest to a bound; nothing is read past its line but the
//! lines of its block.

use smol_str::SmolStr;

use super::lexer::{self, Kind, Token};
use super::{Arity, Block, BlockKind, Document, FieldType, Ident, Member, Setting, SyntaxError};
use crate::source::{FileId, Span};

/// Errors kept of one file; more say nothing new.
const MAX_ERRORS: usize = 200;

/// Reads a schema file. Total: what is broken is in [`Document::errors`], and the rest is read.
#[must_use]
pub fn parse(file: FileId, text: &str) -> Document {
    let (tokens, unclosed) = lexer::tokens(text);
    let mut document = parts(file, text, &tokens);
    if let Some(start) = unclosed {
        let span = Span::new(file, start, text.len());
        document.lose(None, span, "this comment is never closed");
    }
    document
}

/// Tokens of a text that is not worth a second thread.
const FEW: usize = 1 << 13;

/// Reads a long file in halves at a time: nothing goes on beyond a line that is a closing brace alone.
fn parts(file: FileId, text: &str, tokens: &[Token]) -> Document {
    let cut = (tokens.len() > FEW).then(|| closing_line(tokens, tokens.len() / 2));
    let Some(cut) = cut.flatten() else {
        return part(file, text, tokens);
    };
    let (first, second) = tokens.split_at(cut);
    // No work of another's may be taken up while one waits here: it could come to wait for this very file.
    std::thread::scope(|scope| {
        let second = scope.spawn(|| part(file, text, second));
        let mut out = part(file, text, first);
        match second.join() {
            Ok(second) => out.append(second),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        out
    })
}

fn part(file: FileId, text: &str, tokens: &[Token]) -> Document {
    let mut parser = Parser {
        file,
        text,
        tokens,
        at: 0,
        document: Document::default(),
        block: None,
    };
    parser.file();
    parser.document
}

/// The first token after a line that is a closing brace alone, from a token on.
fn closing_line(tokens: &[Token], from: usize) -> Option<usize> {
    let kinds = [Kind::Newline, Kind::Mark(b'}'), Kind::Newline];
    let is_closing = |three: &[Token]| three.iter().map(|t| t.kind).eq(kinds);
    let rest = tokens.get(from..)?;
    let at = rest.windows(kinds.len()).position(is_closing)?;
    Some(from + at + kinds.len())
}

impl Document {
    /// Text that was passed over, in a block where it is one's.
    fn lose(&mut self, block: Option<usize>, span: Span, message: &str) {
        self.err(span, message);
        let unread = match block.and_then(|i| self.blocks.get_mut(i)) {
            Some(block) => &mut block.unread,
            None => &mut self.unread,
        };
        unread.get_or_insert(span);
    }

    fn err(&mut self, span: Span, message: &str) {
        if self.errors.len() < MAX_ERRORS {
            let message = message.to_owned();
            self.errors.push(SyntaxError { span, message });
        }
    }

    /// Adds what stands further down in the same file.
    fn append(&mut self, mut rest: Document) {
        self.blocks.append(&mut rest.blocks);
        self.errors.append(&mut rest.errors);
        self.errors.truncate(MAX_ERRORS);
        self.unread = self.unread.or(rest.unread);
    }
}

pub(super) struct Parser<'a> {
    file: FileId,
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    pub(super) at: usize,
    document: Document,
    block: Option<usize>,
}

/// A line that could not be read: where and why.
pub(super) type Broken = (Span, &'static str);

impl Parser<'_> {
    pub(super) fn peek(&self) -> Option<Kind> {
        self.tokens.get(self.at).map(|t| t.kind)
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).copied();
        self.at += usize::from(token.is_some());
        token
    }

    pub(super) fn eat(&mut self, kind: Kind) -> Option<Token> {
        if self.peek() == Some(kind) {
            self.next()
        } else {
            None
        }
    }

    pub(super) fn mark(&mut self, mark: u8) -> bool {
        self.eat(Kind::Mark(mark)).is_some()
    }

    pub(super) fn slice(&self, token: Token) -> &str {
        &self.text[token.start..token.end]
    }

    pub(super) fn span(&self, token: Token) -> Span {
        Span::new(self.file, token.start, token.end)
    }

    /// The token at hand, or the end of the text.
    pub(super) fn here(&self) -> Span {
        match self.tokens.get(self.at) {
            Some(token) => self.span(*token),
            None => Span::new(self.file, self.text.len(), self.text.len()),
        }
    }

    /// The token before.
    pub(super) fn before(&self) -> Span {
        let token = self.at.checked_sub(1).and_then(|i| self.tokens.get(i));
        token.map_or_else(|| self.here(), |t| self.span(*t))
    }

    /// Something that Prisma refuses though its meaning is plain.
    fn error(&mut self, span: Span, message: &str) {
        self.document.err(span, message);
    }

    /// Text that was passed over.
    fn lost(&mut self, span: Span, message: &str) {
        self.document.lose(self.block, span, message);
    }

    /// Goes to the end of the line; gives the rest of the line.
    fn skip_line(&mut self) -> Span {
        let mut span = self.here();
        while let Some(token) = self.tokens.get(self.at).copied() {
            if token.kind == Kind::Newline {
                break;
            }
            span = span.to(self.span(token));
            self.at += 1;
        }
        span
    }

    fn newlines(&mut self) {
        while self.eat(Kind::Newline).is_some() {}
    }

    fn file(&mut self) {
        loop {
            self.newlines();
            let Some(token) = self.tokens.get(self.at).copied() else {
                return;
            };
            if !self.block_at(token) {
                let span = self.skip_line();
                self.lost(span, "no block of a Prisma schema begins like this");
            }
        }
    }

    /// Reads a block whose keyword is `first`; false where it begins none.
    fn block_at(&mut self, first: Token) -> bool {
        let kind = match (first.kind, self.slice(first)) {
            (Kind::Word, "model") => BlockKind::Model,
            (Kind::Word, "view") => BlockKind::View,
            (Kind::Word, "type") => BlockKind::Type,
            (Kind::Word, "enum") => BlockKind::Enum,
            (Kind::Word, "datasource") => BlockKind::Datasource,
            (Kind::Word, "generator") => BlockKind::Generator,
            _ => return false,
        };
        let start = self.at;
        self.at += 1;
        let Some(name) = self.name() else {
            self.at = start;
            return false;
        };
        // The brace may stand on a later line here, though not in Prisma: what is meant is plain.
        let header_end = self.at;
        self.newlines();
        if !self.mark(b'{') {
            self.at = start;
            return false;
        }
        if header_end + 1 != self.at {
            self.error(name.span, "the opening brace must stand on the line of the name");
        }
        self.after_brace();
        let index = self.document.blocks.len();
        let span = self.span(first);
        self.document.blocks.push(Block {
            kind,
            name,
            members: Vec::new(),
            attributes: Vec::new(),
            settings: Vec::new(),
            span,
            unread: None,
        });
        self.block = Some(index);
        self.body(kind, index);
        let end = self.before();
        if let Some(block) = self.document.blocks.get_mut(index) {
            block.span = block.span.to(end);
        }
        self.block = None;
        true
    }

    /// What follows the opening brace on its line: Prisma passes over it. A block that is closed on the same line is refused by
    /// Prisma, and read here.
    fn after_brace(&mut self) {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let line = rest
            .iter()
            .position(|t| t.kind == Kind::Newline)
            .unwrap_or(rest.len());
        if line == 0 {
            return;
        }
        let closed = rest.iter().take(line).any(|t| t.kind == Kind::Mark(b'}'));
        let span = self.here();
        self.error(span, "nothing can follow the opening brace on its line");
        if !closed {
            self.skip_line();
        }
    }

    /// The lines of a block, closing brace included. A line that begins another block ends this one: its brace is missing.
    fn body(&mut self, kind: BlockKind, index: usize) {
        loop {
            self.newlines();
            if self.mark(b'}') {
                return;
            }
            let Some(token) = self.tokens.get(self.at).copied() else {
                let span = self.document.blocks[index].name.span;
                self.error(span, "this block is never closed");
                return;
            };
            if self.begins_block(token) {
                let span = self.document.blocks[index].name.span;
                self.error(span, "this block is not closed before the next begins");
                return;
            }
            let line = self.at;
            let read = match kind {
                BlockKind::Datasource | BlockKind::Generator => self.setting(index),
                BlockKind::Enum | BlockKind::Model | BlockKind::View | BlockKind::Type => {
                    if self.eat(Kind::AtAt).is_some() {
                        self.block_attribute(index)
                    } else {
                        self.member(kind, index)
                    }
                }
            };
            if let Err((span, message)) = read {
                self.at = self
                    .at
                    .max(line + usize::from(span.start as usize == token.start));
                let rest = self.skip_line();
                let line = self.span(token).to(span).to(rest);
                self.lost(line, message);
            } else if !matches!(self.peek(), None | Some(Kind::Newline | Kind::Mark(b'}'))) {
                let rest = self.skip_line();
                self.lost(rest, "this does not belong to the line's field or attribute");
            }
        }
    }

    /// `model Name {` and the like, on one line.
    fn begins_block(&self, first: Token) -> bool {
        let word = |i: usize| self.tokens.get(i).is_some_and(|t| t.kind == Kind::Word);
        matches!(
            self.slice(first),
            "model" | "view" | "type" | "enum" | "datasource" | "generator"
        ) && word(self.at + 1)
            && self
                .tokens
                .get(self.at + 2)
                .is_some_and(|t| t.kind == Kind::Mark(b'{'))
    }

    /// A name; digits alone count as one so that the line is understood.
    pub(super) fn name(&mut self) -> Option<Ident> {
        let token = self.eat(Kind::Word).or_else(|| self.eat(Kind::Number))?;
        Some(Ident {
            text: SmolStr::new(self.slice(token)),
            span: self.span(token),
        })
    }

    fn setting(&mut self, index: usize) -> Result<(), Broken> {
        let key = self
            .name()
            .ok_or((self.here(), "a setting begins with its name"))?;
        if !self.mark(b'=') {
            return Err((self.here(), "a setting has the form name = value"));
        }
        let value = self.value(0)?;
        if let Some(block) = self.document.blocks.get_mut(index) {
            block.settings.push(Setting { key, value });
        }
        Ok(())
    }

    fn block_attribute(&mut self, index: usize) -> Result<(), Broken> {
        let attribute = self.attribute()?;
        if let Some(block) = self.document.blocks.get_mut(index) {
            block.attributes.push(attribute);
        }
        Ok(())
    }

    fn member(&mut self, kind: BlockKind, index: usize) -> Result<(), Broken> {
        let name = self
            .name()
            .ok_or((self.here(), "neither a field nor an attribute begins like this"))?;
        let ty = if kind == BlockKind::Enum {
            None
        } else {
            if self.mark(b':') {
                self.error(self.before(), "no colon stands between a field and its type");
            }
            Some(self.field_type()?)
        };
        let mut attributes = Vec::new();
        let mut broken = None;
        while self.eat(Kind::At).is_some() {
            match self.attribute() {
                Ok(attribute) => attributes.push(attribute),
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
        let span = name.span.to(self.before());
        if let Some(block) = self.document.blocks.get_mut(index) {
            block.members.push(Member {
                name,
                ty,
                attributes,
                span,
            });
        }
        broken.map_or(Ok(()), Err)
    }

    fn field_type(&mut self) -> Result<FieldType, Broken> {
        let legacy_list = self.mark(b'[');
        let name = self.name().ok_or((self.here(), "a field has a type"))?;
        let mut ty = FieldType {
            name: name.text,
            unsupported: false,
            arity: Arity::Required,
            span: name.span,
            name_span: name.span,
        };
        if ty.name == "Unsupported" && self.mark(b'(') {
            let token = self
                .eat(Kind::String)
                .ok_or((self.here(), "Unsupported takes the type in quotes"))?;
            ty.name = self.string(token);
            ty.name_span = self.span(token);
            ty.unsupported = true;
            if !self.mark(b')') {
                return Err((self.here(), "the parenthesis of Unsupported is not closed"));
            }
        }
        if legacy_list {
            if !self.mark(b']') {
                return Err((self.here(), "the bracket of the list type is not closed"));
            }
            ty.arity = Arity::List;
            self.error(self.before(), "a list is written Type[]");
        } else if self.mark(b'[') {
            if !self.mark(b']') {
                return Err((self.here(), "a list is written Type[]"));
            }
            ty.arity = Arity::List;
        }
        if self.mark(b'?') {
            if ty.arity == Arity::List {
                self.error(self.before(), "a list cannot be optional");
            } else {
                ty.arity = Arity::Optional;
            }
        } else if self.mark(b'!') {
            self.error(self.before(), "fields are required without an exclamation mark");
        }
        ty.span = ty.span.to(self.before());
        Ok(ty)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Value;
    use super::*;

    fn read(text: &str) -> Document {
        parse(FileId(0), text)
    }

    #[test]
    fn a_model() {
        let text = "model User {\n  id Int @id @default(autoincrement()) // c\n  name String? @db.VarChar(255)\n\n  @@map(\"users\")\n}\n";
        let document = read(text);
        assert_eq!(document.errors, []);
        let block = &document.blocks[0];
        assert_eq!(block.span.range(), 0..text.len() - 1);
        assert_eq!(block.members.len(), 2);
        assert_eq!(
            &text[block.members[0].span.range()],
            "id Int @id @default(autoincrement())"
        );
        let name = &block.members[1];
        assert_eq!(name.ty.as_ref().map(|t| t.arity), Some(Arity::Optional));
        assert_eq!(name.attributes[0].name, "db.VarChar");
        assert_eq!(&text[name.attributes[0].span.range()], "@db.VarChar(255)");
        assert_eq!(
            block.attributes[0].arg("name", true).and_then(Value::as_str),
            Some("users")
        );
    }

    #[test]
    fn a_broken_line_is_alone() {
        let document = read(
            "model A {\n  id Int @id\n  b String @default(\"x\n  c Int @map(\n  _d Int\n  e Int\n}\nmodel B {\n  id Int\nmodel C { id Int @id }\nfoo\nmodel\n",
        );
        let members: Vec<_> = document.blocks[0]
            .members
            .iter()
            .map(|m| m.name.text.as_str())
            .collect();
        assert_eq!(members, ["id", "b", "c", "_d", "e"]);
        assert_eq!(document.blocks.len(), 3);
        assert_eq!(document.blocks[2].members.len(), 1);
        let lines: Vec<_> = document.errors.iter().map(|e| e.message.as_str()).collect();
        assert_eq!(
            lines,
            [
                "this string is not closed on its line",
                "a value is missing",
                "this block is not closed before the next begins",
                "nothing can follow the opening brace on its line",
                "no block of a Prisma schema begins like this",
                "no block of a Prisma schema begins like this",
            ]
        );
        assert!(document.unread.is_some() && document.blocks[0].unread.is_some());
        assert_eq!(document.blocks[1].unread, None);
    }

    #[test]
    fn a_long_file_is_read_in_parts_as_if_in_one() {
        let broken = "model A {\n id Int @id\n}\n}\nmodel\n}\nmodel B {\n x Int @default([1,\n}\nfoo\nenum E {\n A\n model C {\n}\n/* a\n}\n*/\nmodel D\n}\n";
        let text = broken.repeat(300);
        let (tokens, _) = lexer::tokens(&text);
        let mut cuts = 0;
        let print = |document: &Document| format!("{document:?}");
        let whole = print(&part(FileId(0), &text, &tokens));
        for from in 0..tokens.len().min(200) {
            let Some(cut) = closing_line(&tokens, from) else {
                continue;
            };
            cuts += 1;
            let (first, second) = tokens.split_at(cut);
            let mut both = part(FileId(0), &text, first);
            both.append(part(FileId(0), &text, second));
            assert_eq!(print(&both), whole, "cut at token {cut}");
        }
        assert!(cuts > 100 && tokens.len() > FEW);
        assert_eq!(print(&parts(FileId(0), &text, &tokens)), whole);
    }

    #[test]
    fn strings() {
        let text = r#"datasource db { url = "a\"\u00e9\ud83d\ude00\n\q" }"#;
        let document = read(text);
        let value = &document.blocks[0].settings[0].value;
        assert_eq!(value.as_str(), Some("a\"é😀\n\\q"));
        let composed = super::super::literal_text(text, value.span);
        assert_eq!(Some(composed.as_str()), value.as_str());
        assert_eq!(&text[composed.span(0..1).range()], "a");
        assert_eq!(&text[composed.span(1..2).range()], "\\\"");
    }

    #[test]
    fn hostile_text_ends() {
        for text in [
            "model A {\n id Int @default(".repeat(2000),
            format!("model A {{\n id Int @default({}", "[".repeat(100_000)),
            format!("model A {{\n id Int @default({}", "a(".repeat(100_000)),
            "\"".repeat(10_000),
            "/*".repeat(10_000),
            "@".repeat(10_000),
            "model A {\0\n\0 id\0 Int\u{2003}@id\n\u{85}}".to_owned(),
            "model é {\n é Int\n}".to_owned(),
            "model A {\n x.y..z Int @a.b..c(.)\n @@\n @\n 1 1\n}".to_owned(),
            "enum E {\n".to_owned() + &"A\n".repeat(50_000),
            "model A {\n a Unsupported(\"\\\")\n b Unsupported(\n".to_owned(),
        ] {
            let document = read(&text);
            assert!(document.errors.len() <= MAX_ERRORS);
        }
    }
}
