//! Tokens, as far as splitting needs them: where quotes and comments begin and end. Total on any bytes, linear.
//!
//! Source: PostgreSQL manual, 4.1 "Lexical Structure"; `scan.l` of the server, `psqlscan.l` of psql.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// White space and comments.
    Trivia,
    /// An unquoted identifier or keyword.
    Word,
    /// A quoted identifier.
    Quoted,
    /// A string, bit string or dollar-quoted string.
    String,
    /// A number or `$1`.
    Number,
    /// A run of operator characters.
    Operator,
    /// Any other character: brackets, `,`, `;`, `.`, `\`, and what no token begins with.
    Punct(u8),
    /// A quote or comment that never ends: the word says which.
    Open(&'static str),
}

/// A token and where it ends.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its first byte.
    pub start: usize,
    /// The byte behind its last one.
    pub end: usize,
}

/// The token at `at`; `None` at the end of the text.
pub(super) fn token(text: &str, at: usize) -> Option<Token> {
    let bytes = text.as_bytes();
    let first = *bytes.get(at)?;
    let (kind, end) = match first {
        b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C => (Kind::Trivia, white(bytes, at)),
        b'-' if bytes.get(at + 1) == Some(&b'-') => (Kind::Trivia, line_end(bytes, at)),
        b'/' if bytes.get(at + 1) == Some(&b'*') => comment(bytes, at),
        b'\'' => string(bytes, at, false),
        b'"' => quoted(bytes, at),
        b'$' => dollar(text, at),
        b'0'..=b'9' => (Kind::Number, number(bytes, at)),
        _ if is_letter(first) => word(bytes, at),
        _ if is_operator(first) => (Kind::Operator, operator(bytes, at)),
        _ => (Kind::Punct(first), at + 1),
    };
    Some(Token { kind, start: at, end })
}

/// The first byte after a line, without its end.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    run(bytes, at, |b| b != b'\n' && b != b'\r')
}

fn run(bytes: &[u8], at: usize, wanted: impl Fn(u8) -> bool) -> usize {
    bytes[at..]
        .iter()
        .position(|&b| !wanted(b))
        .map_or(bytes.len(), |n| at + n)
}

fn white(bytes: &[u8], at: usize) -> usize {
    run(bytes, at, |b| CLASSES[usize::from(b)] & WHITE != 0)
}

/// Letters by which an identifier may begin; every byte beyond ASCII counts.
fn is_letter(b: u8) -> bool {
    CLASSES[usize::from(b)] & LETTER != 0
}

fn is_word(b: u8) -> bool {
    CLASSES[usize::from(b)] & (LETTER | WORD) != 0
}

fn is_operator(b: u8) -> bool {
    CLASSES[usize::from(b)] & OPERATOR != 0
}

const WHITE: u8 = 1;
const LETTER: u8 = 1 << 1;
/// What may stand in an identifier behind its first letter besides letters.
const WORD: u8 = 1 << 2;
const OPERATOR: u8 = 1 << 3;

/// What each byte may be: one look instead of many comparisons, since every byte of a history passes here.
static CLASSES: [u8; 256] = {
    let mut out = [0; 256];
    let mut b = 0_u8;
    loop {
        out[b as usize] = match b {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C => WHITE,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => LETTER,
            b'0'..=b'9' | b'$' => WORD,
            b'+' | b'-' | b'*' | b'/' | b'<' | b'>' | b'=' | b'~' | b'!' | b'@' | b'#' | b'%' | b'^'
            | b'&' | b'|' | b'`' | b'?' | b':' => OPERATOR,
            _ => 0,
        };
        if b == u8::MAX {
            break;
        }
        b += 1;
    }
    out
};

/// A run of operator characters ends before a comment.
fn operator(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(&b) = bytes.get(end) {
        let next = bytes.get(end + 1);
        let begins_comment = (b == b'-' && next == Some(&b'-')) || (b == b'/' && next == Some(&b'*'));
        if !is_operator(b) || begins_comment {
            break;
        }
        end += 1;
    }
    end
}

/// Numbers with their fraction, exponent, underscores and `0x`; letters that follow belong to no other token.
fn number(bytes: &[u8], at: usize) -> usize {
    let end = run(bytes, at, |b| b.is_ascii_alphanumeric() || b == b'_');
    let fraction = bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_none_or(|b| b.is_ascii_digit());
    if fraction {
        run(bytes, end + 1, |b| b.is_ascii_alphanumeric() || b == b'_')
    } else {
        end
    }
}

fn word(bytes: &[u8], at: usize) -> (Kind, usize) {
    let end = run(bytes, at, is_word);
    let quote = bytes.get(end) == Some(&b'\'');
    if quote && end == at + 1 && bytes[at].eq_ignore_ascii_case(&b'e') {
        return escape_string(bytes, end);
    }
    (Kind::Word, end)
}

/// Nested, as in the server.
fn comment(bytes: &[u8], at: usize) -> (Kind, usize) {
    let mut depth = 0_usize;
    let mut i = at;
    while i < bytes.len() {
        match (bytes[i], bytes.get(i + 1)) {
            (b'/', Some(b'*')) => {
                depth += 1;
                i += 2;
            }
            (b'*', Some(b'/')) => {
                depth -= 1;
                i += 2;
                if depth == 0 {
                    return (Kind::Trivia, i);
                }
            }
            _ => i += 1,
        }
    }
    (Kind::Open("a comment that never ends"), bytes.len())
}

/// From a quote to the one that ends it; a doubled one stands for itself.
fn string(bytes: &[u8], quote: usize, escapes: bool) -> (Kind, usize) {
    let mut i = quote + 1;
    while let Some(&b) = bytes.get(i) {
        match b {
            b'\\' if escapes => i += 2,
            b'\'' if bytes.get(i + 1) == Some(&b'\'') => i += 2,
            b'\'' => return (Kind::String, i + 1),
            _ => i += 1,
        }
    }
    (Kind::Open("a string that never ends"), bytes.len())
}

/// `E'...'`; a string that follows on another line continues it and has escapes too.
fn escape_string(bytes: &[u8], quote: usize) -> (Kind, usize) {
    let (mut kind, mut end) = string(bytes, quote, true);
    while kind == Kind::String {
        let next = white(bytes, end);
        if bytes.get(next) != Some(&b'\'') || !bytes[end..next].contains(&b'\n') {
            break;
        }
        (kind, end) = string(bytes, next, true);
    }
    (kind, end)
}

fn quoted(bytes: &[u8], at: usize) -> (Kind, usize) {
    let mut i = at + 1;
    while let Some(&b) = bytes.get(i) {
        match b {
            b'"' if bytes.get(i + 1) == Some(&b'"') => i += 2,
            b'"' => return (Kind::Quoted, i + 1),
            _ => i += 1,
        }
    }
    (Kind::Open("a quoted name that never ends"), bytes.len())
}

/// `$tag$ ... $tag$`, `$1`, or a lone `$`.
fn dollar(text: &str, at: usize) -> (Kind, usize) {
    let bytes = text.as_bytes();
    let tag_end = run(bytes, at + 1, |b| is_word(b) && b != b'$');
    let digit = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
    if digit {
        return (Kind::Number, run(bytes, at + 1, |b| b.is_ascii_digit()));
    }
    if bytes.get(tag_end) != Some(&b'$') {
        return (Kind::Punct(b'$'), at + 1);
    }
    let tag = &text[at..=tag_end];
    match text[tag_end + 1..].find(tag) {
        Some(n) => (Kind::String, tag_end + 1 + n + tag.len()),
        None => (Kind::Open("a dollar-quoted string that never ends"), bytes.len()),
    }
}
