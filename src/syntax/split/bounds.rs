//! What the parser may be given: how deep, how long a chain, how many tokens and bytes.
//!
//! The parser recurses with every bracket and prefix and builds a tree as deep as a chain of operators is long, and so does all
//! that walks the tree later. Weight is therefore counted along the way from the statement to a token: every open bracket,
//! `CASE` or block, and every operator since the last separator within each of them.

use super::lexer::{Kind, Token};

/// Most weight on the way to a token. Measured: with it every walk of a tree fits a stack of 2 MB, also in a debug build.
pub(super) const MAX_WEIGHT: u32 = 400;
/// What an open bracket, `CASE` or block weighs.
const LEVEL_WEIGHT: u32 = 4;
/// Most tokens of a statement; the parser needs about 200 bytes for each.
pub(super) const MAX_TOKENS: u32 = 200_000;
/// Most bytes of a statement.
pub(super) const MAX_BYTES: usize = 4 << 20;

/// Why a statement is kept from the parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Brackets within brackets, or a chain of operators.
    Depth,
    /// Tokens or bytes.
    Size,
    /// A quote or comment that never ends: which.
    Open(&'static str),
}

impl Bound {
    /// The words for the user.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            Bound::Depth => "the statement is nested too deeply, or chains too many operators, to be read",
            Bound::Size => "the statement is too large to be read",
            Bound::Open(what) => what,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opener {
    Bracket,
    /// `CASE`, which `END` closes.
    Case,
    /// A block of plpgsql, which `END` closes.
    Block,
}

#[derive(Debug, Clone, Copy)]
struct Level {
    opener: Opener,
    /// Set operations, joins and the like: no separator ends their chain.
    lasting: u32,
    /// Operators since the last separator.
    chain: u32,
}

/// Which keywords open a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Sql,
    Plpgsql,
}

/// Counts the weight of the tokens it is fed with.
#[derive(Debug)]
pub(super) struct Weigh {
    language: Language,
    levels: Vec<Level>,
    /// Sum over `levels` below the last one.
    below: u32,
    top: Level,
    tokens: u32,
    /// The last token ended a statement of plpgsql, so that a keyword may begin one.
    begins: bool,
    after_end: bool,
    exceeded: Option<(Bound, usize)>,
}

impl Weigh {
    pub(super) fn new(language: Language) -> Self {
        Weigh {
            language,
            levels: Vec::new(),
            below: 0,
            top: Level {
                opener: Opener::Bracket,
                lasting: 0,
                chain: 0,
            },
            tokens: 0,
            begins: true,
            after_end: false,
            exceeded: None,
        }
    }

    /// The first bound that was passed, and where.
    pub(super) fn exceeded(&self) -> Option<(Bound, usize)> {
        self.exceeded
    }

    /// Tokens so far.
    pub(super) fn tokens(&self) -> u32 {
        self.tokens
    }

    /// Takes the next token of a statement that began at `from`.
    pub(super) fn feed(&mut self, text: &str, from: usize, token: Token) {
        if self.exceeded.is_some() || token.kind == Kind::Trivia {
            return;
        }
        self.tokens += 1;
        match token.kind {
            Kind::Trivia | Kind::Quoted | Kind::String | Kind::Number => {}
            Kind::Open(what) => self.exceeded = Some((Bound::Open(what), token.start)),
            Kind::Operator => self.top.chain += operators(&text.as_bytes()[token.start..token.end]),
            Kind::Punct(b) => self.punct(b),
            Kind::Word => self.word(&text.as_bytes()[token.start..token.end]),
        }
        self.begins = match token.kind {
            Kind::Word => begins_statement(&text.as_bytes()[token.start..token.end]),
            Kind::Punct(b';') => true,
            Kind::Operator => text[token.start..token.end].ends_with(">>"),
            _ => false,
        };
        self.after_end = token.kind == Kind::Word && text[token.start..token.end].eq_ignore_ascii_case("end");
        self.check(from, token);
    }

    fn check(&mut self, from: usize, token: Token) {
        let weight = self
            .below
            .saturating_add(self.top.lasting)
            .saturating_add(self.top.chain);
        if self.exceeded.is_none() {
            if weight > MAX_WEIGHT {
                self.exceeded = Some((Bound::Depth, token.start));
            } else if self.tokens > MAX_TOKENS || token.end - from > MAX_BYTES {
                self.exceeded = Some((Bound::Size, token.start));
            }
        }
    }

    fn open(&mut self, opener: Opener) {
        self.below += self.top.lasting + self.top.chain + LEVEL_WEIGHT;
        self.levels.push(self.top);
        self.top = Level {
            opener,
            lasting: 0,
            chain: 0,
        };
    }

    /// Closes up to the innermost level of this kind; nothing where there is none.
    fn close(&mut self, bracket: bool) {
        let ours = |o: Opener| (o == Opener::Bracket) == bracket;
        while let Some(level) = self.levels.pop() {
            self.below -= level.lasting + level.chain + LEVEL_WEIGHT;
            let closed = std::mem::replace(&mut self.top, level);
            if ours(closed.opener) || !bracket {
                break;
            }
        }
    }

    fn punct(&mut self, b: u8) {
        match b {
            b'(' | b'[' => {
                self.top.chain += u32::from(b == b'[');
                self.open(Opener::Bracket);
            }
            b')' | b']' => self.close(true),
            b',' => self.top.chain = 0,
            b';' => {
                self.top.chain = 0;
                self.top.lasting = 0;
            }
            b'.' => self.top.chain += 1,
            _ => {}
        }
    }

    fn word(&mut self, word: &[u8]) {
        let mut lower = [0_u8; 9];
        let Some(lower) = lower.get_mut(..word.len()) else {
            return;
        };
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        match &*lower {
            b"and" | b"or" | b"not" | b"is" | b"in" | b"like" | b"ilike" | b"between" | b"similar"
            | b"collate" | b"at" | b"overlaps" | b"isnull" | b"notnull" | b"escape" => {
                self.top.chain += 1;
            }
            b"union" | b"intersect" | b"except" | b"explain" | b"prepare" | b"rule" | b"declare"
            | b"with" | b"atomic" | b"elsif" | b"elseif" => self.top.lasting += 1,
            b"join" => self.top.lasting += 2,
            b"exists" => self.top.chain += 2,
            b"select" | b"where" | b"having" | b"on" | b"when" | b"then" | b"set" => self.top.chain = 0,
            b"else" => self.top.chain = 0,
            b"case" if !self.after_end => self.open(Opener::Case),
            b"begin" | b"loop" if self.language == Language::Plpgsql && !self.after_end => {
                self.open(Opener::Block);
            }
            b"if" if self.language == Language::Plpgsql && self.begins && !self.after_end => {
                self.open(Opener::Block);
            }
            b"end" if self.top.opener != Opener::Bracket => self.close(false),
            _ => {}
        }
    }
}

/// Words after which a statement of plpgsql may begin.
fn begins_statement(word: &[u8]) -> bool {
    [&b"begin"[..], b"then", b"else", b"loop"]
        .iter()
        .any(|w| word.eq_ignore_ascii_case(w))
}

/// How many operators a run of operator characters may be to the parser.
fn operators(run: &[u8]) -> u32 {
    match run {
        b"::" | b":=" | b"=>" | b"<=" | b">=" | b"<>" | b"!=" | b"||" | b"->" | b"->>" | b"#>" | b"#>>"
        | b"@>" | b"<@" | b"&&" | b"~*" | b"!~" | b"!~*" | b"~~" | b"@@" | b"?|" | b"?&" => 1,
        _ => u32::try_from(run.len()).unwrap_or(u32::MAX / 2),
    }
}
