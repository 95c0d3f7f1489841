//! Splits SQL text into statements, and keeps from the parser what it could not take.
//!
//! A statement ends where psql ends it: at a `;` outside quotes, comments, brackets and `BEGIN ATOMIC` bodies. psql's own
//! commands and the data of `COPY ... FROM stdin` are pieces of their own. Linear in the text; total on any text.
//!
//! Source: `psqlscan.l` of psql; manual, "psql" and 4.1.

mod bounds;
mod lexer;
#[cfg(test)]
mod tests;

use std::ops::Range;

use bounds::{Language, Weigh};

pub use bounds::Bound;
pub use lexer::{Kind, Token};

/// What a piece of the text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PieceKind {
    /// A statement that the parser may be given.
    Sql,
    /// A statement that it may not be given: why, where, and what of it may be.
    Beyond {
        /// Which bound it passes.
        bound: Bound,
        /// Where it does.
        at: usize,
        /// An `INSERT ... VALUES` up to the end of one of its first rows: a statement that does the same to fewer rows.
        first_rows: Option<Range<usize>>,
    },
    /// A command of psql: a backslash and the rest of its line.
    Meta,
    /// The data of `COPY ... FROM stdin`; false where no `\.` ends it.
    CopyData(bool),
}

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: PieceKind,
    /// Its bytes: without white space and comments around it, and without the semicolon.
    pub range: Range<usize>,
}

/// The pieces of a text in order.
#[derive(Debug)]
pub struct Pieces<'a> {
    text: &'a str,
    at: usize,
    /// The last statement was `COPY ... FROM stdin`.
    copies: bool,
    /// A bracket or body is never closed in this text: from there on, every `;` ends a statement.
    flat: bool,
    /// The tokens of the statement that was split off last.
    lexemes: Vec<Token>,
}

/// Most tokens of a statement that are kept for its reader.
const MOST_LEXEMES: usize = 1 << 12;

/// Splits a text.
#[must_use]
pub fn pieces(text: &str) -> Pieces<'_> {
    Pieces {
        text,
        at: 0,
        copies: false,
        flat: false,
        lexemes: Vec::new(),
    }
}

/// Whether a plpgsql body may be given to the parser; else which bound it passes, and where.
///
/// # Errors
/// The bound and the place.
pub fn check_plpgsql(body: &str) -> Result<(), (Bound, usize)> {
    check(body, Language::Plpgsql)
}

/// The same for SQL that is no statement of a file: an expression, a type.
///
/// # Errors
/// The bound and the place.
pub fn check_sql(text: &str) -> Result<(), (Bound, usize)> {
    check(text, Language::Sql)
}

fn check(text: &str, language: Language) -> Result<(), (Bound, usize)> {
    let mut weigh = Weigh::new(language);
    let mut at = 0;
    while let Some(token) = lexer::token(text, at) {
        weigh.feed(text, 0, token);
        if let Some(exceeded) = weigh.exceeded() {
            return Err(exceeded);
        }
        at = token.end;
    }
    Ok(())
}

/// The words of a text and their places, quotes and comments left out: for reading the head of what could not be parsed. A
/// quoted name comes with its quotes; any other token as its characters.
pub fn tokens(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let token = lexer::token(text, at)?;
            at = token.end;
            if token.kind != Kind::Trivia {
                return Some((
                    token.start..token.end,
                    text.get(token.start..token.end).unwrap_or(""),
                ));
            }
        }
    })
}

/// The tokens of a text, white space and comments left out.
pub fn lexemes(text: &str) -> impl Iterator<Item = Token> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let token = lexer::token(text, at)?;
            at = token.end;
            if token.kind != Kind::Trivia {
                return Some(token);
            }
        }
    })
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if std::mem::take(&mut self.copies)
            && let Some(data) = self.copy_data()
        {
            return Some(data);
        }
        loop {
            let token = lexer::token(self.text, self.at)?;
            match token.kind {
                Kind::Trivia | Kind::Punct(b';') => self.at = token.end,
                Kind::Punct(b'\\') => return Some(self.meta(token.start)),
                _ => return Some(self.statement(token.start)),
            }
        }
    }
}

impl Pieces<'_> {
    /// The tokens of the statement that came last, their places counted from its first byte, white space and comments left out;
    /// `None` where there are very many.
    #[must_use]
    pub fn lexemes(&self) -> Option<&[Token]> {
        (self.lexemes.len() <= MOST_LEXEMES).then_some(&self.lexemes)
    }

    fn meta(&mut self, start: usize) -> Piece {
        let end = lexer::line_end(self.text.as_bytes(), start);
        self.at = end;
        Piece {
            kind: PieceKind::Meta,
            range: start..start + self.text[start..end].trim_end().len(),
        }
    }

    /// The lines after the one on which the COPY ended, up to `\.`.
    fn copy_data(&mut self) -> Option<Piece> {
        let bytes = self.text.as_bytes();
        let line = lexer::line_end(bytes, self.at);
        let start = bytes[line..]
            .iter()
            .position(|&b| b == b'\n')
            .map(|n| line + n + 1)?;
        let mut at = start;
        while at < bytes.len() {
            let end = bytes[at..]
                .iter()
                .position(|&b| b == b'\n')
                .map_or(bytes.len(), |n| at + n);
            if self.text[at..end].trim_end_matches('\r') == "\\." {
                self.at = end;
                return Some(Piece {
                    kind: PieceKind::CopyData(true),
                    range: start..at,
                });
            }
            at = end + 1;
        }
        self.at = bytes.len();
        (start < bytes.len()).then_some(Piece {
            kind: PieceKind::CopyData(false),
            range: start..bytes.len(),
        })
    }

    fn statement(&mut self, start: usize) -> Piece {
        self.lexemes.clear();
        let mut scan = Scan::new(start);
        let mut at = start;
        while let Some(token) = lexer::token(self.text, at) {
            if token.kind == Kind::Punct(b'\\') && sends(&self.text[token.start..]) {
                break;
            }
            at = token.end;
            if scan.take(self.text, token, self.flat) {
                break;
            }
            if token.kind != Kind::Trivia && self.lexemes.len() <= MOST_LEXEMES {
                self.lexemes.push(Token {
                    kind: token.kind,
                    start: token.start - start,
                    end: token.end - start,
                });
            }
        }
        if !scan.ended && scan.enclosed && !self.flat && scan.open() {
            self.flat = true;
            return self.statement(start);
        }
        self.at = at;
        self.copies = scan.ended && scan.head.copies();
        Piece {
            range: start..scan.end,
            kind: scan.kind(start),
        }
    }
}

/// What is known of a statement while it is read.
struct Scan {
    start: usize,
    /// End of the last token that belongs to it.
    end: usize,
    /// Open brackets.
    brackets: u32,
    /// Open `BEGIN ATOMIC` and `CASE` within it.
    atomic: u32,
    begin: bool,
    head: Head,
    weigh: Weigh,
    /// A `;` stood within brackets or a body.
    enclosed: bool,
    /// A `;` ended it.
    ended: bool,
    /// Where the last row but the newest of an `INSERT ... VALUES` ends.
    row_end: Option<usize>,
}

impl Scan {
    fn new(start: usize) -> Self {
        Scan {
            start,
            end: start,
            brackets: 0,
            atomic: 0,
            begin: false,
            head: Head::default(),
            weigh: Weigh::new(Language::Sql),
            enclosed: false,
            ended: false,
            row_end: None,
        }
    }

    /// Takes a token; true where the statement ends with it.
    fn take(&mut self, text: &str, token: Token, flat: bool) -> bool {
        match token.kind {
            Kind::Trivia => return false,
            Kind::Punct(b';') if flat || !self.open() => {
                self.ended = true;
                return true;
            }
            Kind::Punct(b';') => self.enclosed = true,
            // psql's `\;` parts statements that it sends in one go.
            Kind::Punct(b'\\') if text[token.end..].starts_with(';') => {
                self.ended = true;
                return true;
            }
            Kind::Punct(b'(') => self.brackets += 1,
            Kind::Punct(b')') => self.brackets = self.brackets.saturating_sub(1),
            Kind::Punct(b',') if self.brackets == 0 && self.head.values => {
                let few = self.weigh.tokens() < bounds::MAX_TOKENS / 4
                    && token.start - self.start < bounds::MAX_BYTES / 4;
                if few || self.row_end.is_none() {
                    self.row_end = Some(self.end);
                }
            }
            Kind::Word => self.word(&text[token.start..token.end]),
            _ => {}
        }
        self.weigh.feed(text, self.start, token);
        self.end = token.end;
        false
    }

    /// A bracket or body is open.
    fn open(&self) -> bool {
        self.brackets > 0 || self.atomic > 0
    }

    fn word(&mut self, word: &str) {
        let begun = std::mem::take(&mut self.begin);
        self.head.word(word, self.brackets);
        if self.brackets > 0 || !self.head.creates_routine() {
            return;
        }
        if word.eq_ignore_ascii_case("begin") {
            self.begin = true;
        } else if (begun && word.eq_ignore_ascii_case("atomic"))
            || (self.atomic > 0 && word.eq_ignore_ascii_case("case"))
        {
            self.atomic += 1;
        } else if word.eq_ignore_ascii_case("end") {
            self.atomic = self.atomic.saturating_sub(1);
        }
    }

    fn kind(&self, start: usize) -> PieceKind {
        let Some((bound, at)) = self.weigh.exceeded() else {
            return PieceKind::Sql;
        };
        let whole = self
            .row_end
            .filter(|&end| bound == Bound::Size && end < at && end - start <= bounds::MAX_BYTES);
        PieceKind::Beyond {
            bound,
            at,
            first_rows: whole.map(|end| start..end),
        }
    }
}

/// psql commands that send what was typed so far.
fn sends(command: &str) -> bool {
    let word = command[1..].split(|c: char| !c.is_ascii_alphanumeric()).next();
    word.is_some_and(|w| {
        matches!(
            w,
            "g" | "gx" | "gexec" | "gset" | "gdesc" | "crosstabview" | "watch"
        )
    })
}

/// The first words of a statement.
#[derive(Default)]
struct Head {
    words: u8,
    /// The first letters of the first four words.
    letters: [u8; 4],
    copy: bool,
    insert: bool,
    /// After `FROM`, after `FROM stdin`.
    from: bool,
    stdin: bool,
    /// `INSERT ... VALUES` was read.
    values: bool,
}

impl Head {
    fn word(&mut self, word: &str, brackets: u32) {
        if let Some(letter) = self.letters.get_mut(self.words as usize) {
            *letter = word.as_bytes().first().map_or(0, u8::to_ascii_lowercase);
            if self.words == 0 {
                self.copy = word.eq_ignore_ascii_case("copy");
                self.insert = word.eq_ignore_ascii_case("insert");
            }
            self.words += 1;
        }
        if brackets > 0 {
            return;
        }
        if self.copy {
            // The server takes `FROM STDOUT` for the same (`gram.y`).
            self.stdin |=
                self.from && (word.eq_ignore_ascii_case("stdin") || word.eq_ignore_ascii_case("stdout"));
            self.from = word.eq_ignore_ascii_case("from");
        }
        self.values |= self.insert && word.eq_ignore_ascii_case("values");
    }

    fn copies(&self) -> bool {
        self.copy && self.stdin
    }

    /// `CREATE [OR REPLACE] FUNCTION | PROCEDURE`, told by first letters as psql does.
    fn creates_routine(&self) -> bool {
        matches!(
            self.letters,
            [b'c', b'f' | b'p', ..] | [b'c', b'o', b'r', b'f' | b'p']
        )
    }
}
