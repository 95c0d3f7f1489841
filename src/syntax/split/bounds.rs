//! What the parser may be given: how deep, how long a chain, how many tokens and bytes.
//!
//! The parser recurses with every bracket and prefix and builds a tree as deep as a chain of operators is long, and so does all
//! that walks the tree later. Weight is therefore counted along the way from the statement to a token: every open bracket,
//! `CASE` or block, and every operator since the last separator within each of them.

use super::lexer::{Kind, Token};

/// Most weight on the way to a token. Measured: with it every walk of a tree fits a stack of 2 MB, also in a debug build.
pub(super) const MAX_WEIGHT: u32 = 400;
/// The same where an `AND` or `OR` does not part what stands before it from what follows: some operators of the parser's grammar
/// reach across.
const MAX_RAW_WEIGHT: u32 = 1_000;
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
    /// Set operations and the like: no separator ends their chain.
    lasting: u32,
    /// Joins since the last set operation.
    joins: u32,
    /// `AND` and `OR` since the last separator.
    logic: u32,
    /// Other operators since the last separator, `AND` or `OR`.
    tight: u32,
    /// Operators of any kind since the last separator.
    raw: u32,
}

impl Level {
    fn new(opener: Opener) -> Self {
        Level {
            opener,
            lasting: 0,
            joins: 0,
            logic: 0,
            tight: 0,
            raw: 0,
        }
    }

    fn weight(&self) -> Weight {
        let lasting = self.lasting + self.joins;
        Weight {
            parted: lasting + self.logic + self.tight,
            raw: lasting + self.raw,
        }
    }

    fn operators(&mut self, count: u32) {
        self.tight = self.tight.saturating_add(count);
        self.raw = self.raw.saturating_add(count);
    }

    fn separate(&mut self) {
        (self.logic, self.tight, self.raw) = (0, 0, 0);
    }
}

/// The weight of a level, or of all below it.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    parted: u32,
    raw: u32,
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
    below: Weight,
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
            below: Weight::default(),
            top: Level::new(Opener::Bracket),
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
            Kind::Operator => self
                .top
                .operators(operators(&text.as_bytes()[token.start..token.end])),
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
        let top = self.top.weight();
        if self.exceeded.is_none() {
            if self.below.parted.saturating_add(top.parted) > MAX_WEIGHT
                || self.below.raw.saturating_add(top.raw) > MAX_RAW_WEIGHT
            {
                self.exceeded = Some((Bound::Depth, token.start));
            } else if self.tokens > MAX_TOKENS || token.end - from > MAX_BYTES {
                self.exceeded = Some((Bound::Size, token.start));
            }
        }
    }

    fn open(&mut self, opener: Opener) {
        let top = self.top.weight();
        self.below.parted += top.parted + LEVEL_WEIGHT;
        self.below.raw += top.raw + LEVEL_WEIGHT;
        self.levels.push(self.top);
        self.top = Level::new(opener);
    }

    /// Closes up to the innermost level of this kind; nothing where there is none.
    fn close(&mut self, bracket: bool) {
        let ours = |o: Opener| (o == Opener::Bracket) == bracket;
        while let Some(level) = self.levels.pop() {
            let weight = level.weight();
            self.below.parted -= weight.parted + LEVEL_WEIGHT;
            self.below.raw -= weight.raw + LEVEL_WEIGHT;
            let closed = std::mem::replace(&mut self.top, level);
            if ours(closed.opener) || !bracket {
                break;
            }
        }
    }

    fn punct(&mut self, b: u8) {
        match b {
            b'(' | b'[' => {
                self.top.operators(u32::from(b == b'['));
                self.open(Opener::Bracket);
            }
            b')' | b']' => self.close(true),
            b',' => self.top.separate(),
            b';' => self.top = Level::new(self.top.opener),
            b'.' => self.top.operators(1),
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
            b"and" | b"or" => {
                self.top.logic += 1;
                self.top.raw += 1;
                self.top.tight = 0;
            }
            b"not" | b"is" | b"in" | b"like" | b"ilike" | b"between" | b"similar" | b"collate" | b"at"
            | b"overlaps" | b"isnull" | b"notnull" | b"escape" => self.top.operators(1),
            b"exists" => self.top.operators(2),
            b"join" => self.top.joins += 2,
            b"union" | b"intersect" | b"except" => {
                self.top.lasting += 1;
                self.top.joins = 0;
            }
            b"explain" | b"prepare" | b"rule" | b"declare" | b"with" | b"atomic" | b"elsif" | b"elseif" => {
                self.top.lasting += 1;
            }
            b"select" | b"where" | b"having" | b"on" | b"when" | b"then" | b"set" | b"else" => {
                self.top.separate()
            }
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
