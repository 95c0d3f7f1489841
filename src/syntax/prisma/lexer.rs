//! Cuts a schema file into tokens: total and linear, every byte but space and comment lies in one token.

use std::ops::Range;

use smol_str::SmolStr;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name: letters, digits, `_` and `-`. One that begins with `_` is refused by Prisma, and read here.
    Word,
    /// `-1`, `1.5`.
    Number,
    /// A closed string literal.
    String,
    /// A string literal that its line does not close.
    OpenString,
    /// `@`.
    At,
    /// `@@`.
    AtAt,
    /// One of `( ) [ ] { } ? ! , : = .`
    Mark(u8),
    /// The end of a line.
    Newline,
    /// Any other character.
    Other,
}

/// A token: bytes of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Cuts `text` into tokens. A comment that is never closed is returned as the place where it begins.
pub(super) fn tokens(text: &str) -> (Vec<Token>, Option<usize>) {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(text.len() / 5);
    let (mut at, mut unclosed) = (0, None);
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let kind = match byte {
            b' ' | b'\t' => {
                at += 1;
                continue;
            }
            b'\n' => {
                at += 1;
                Kind::Newline
            }
            b'\r' => {
                at += if bytes.get(at + 1) == Some(&b'\n') { 2 } else { 1 };
                Kind::Newline
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at = line_end(bytes, at);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                match text.get(at + 2..).and_then(|rest| rest.find("*/")) {
                    Some(length) => at += length + 4,
                    None => {
                        unclosed = Some(at);
                        at = bytes.len();
                    }
                }
                continue;
            }
            b'"' => {
                let (end, closed) = string_end(bytes, at);
                at = end;
                if closed { Kind::String } else { Kind::OpenString }
            }
            b'@' => {
                at += 1;
                if bytes.get(at) == Some(&b'@') {
                    at += 1;
                    Kind::AtAt
                } else {
                    Kind::At
                }
            }
            b'-' if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => {
                at = number_end(bytes, at + 1);
                Kind::Number
            }
            b'0'..=b'9' => {
                let word = word_end(text, at);
                let digits = bytes[at..word].iter().all(u8::is_ascii_digit);
                at = if digits { number_end(bytes, at) } else { word };
                if digits { Kind::Number } else { Kind::Word }
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                at = word_end(text, at);
                Kind::Word
            }
            b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'?' | b'!' | b',' | b':' | b'=' | b'.' => {
                at += 1;
                Kind::Mark(byte)
            }
            _ => match text[at..].chars().next() {
                Some(c) if c.is_alphanumeric() => {
                    at = word_end(text, at);
                    Kind::Word
                }
                // Every space separator of Unicode is white space in the language (`SPACE_SEPARATOR`).
                Some(c) if c.is_whitespace() => {
                    at += c.len_utf8();
                    continue;
                }
                c => {
                    at += c.map_or(1, char::len_utf8);
                    Kind::Other
                }
            },
        };
        out.push(Token { kind, start, end: at });
    }
    (out, unclosed)
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..]
        .iter()
        .position(|&b| b == b'\n' || b == b'\r')
        .map_or(bytes.len(), |n| from + n)
}

fn word_end(text: &str, from: usize) -> usize {
    let other = |c: char| !(c.is_alphanumeric() || c == '_' || c == '-');
    text[from..].find(other).map_or(text.len(), |n| from + n)
}

/// Digits, and a fraction where a digit follows the point.
fn number_end(bytes: &[u8], from: usize) -> usize {
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .position(|b| !b.is_ascii_digit())
            .map_or(bytes.len(), |n| from + n)
    };
    let end = digits(from);
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        digits(end + 1)
    } else {
        end
    }
}

/// The end of a string literal (past its closing quote), and whether it is closed on its line.
fn string_end(bytes: &[u8], from: usize) -> (usize, bool) {
    let mut at = from + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return (at + 1, true),
            b'\n' | b'\r' => return (at, false),
            b'\\' if bytes.get(at + 1).is_some_and(|b| *b != b'\n' && *b != b'\r') => at += 2,
            _ => at += 1,
        }
    }
    (bytes.len(), false)
}

/// Resolves the escapes of JSON in `raw` (the inside of a literal): calls `run` with text, the bytes that it stands for, and
/// whether the two are the same. An unknown escape stands for itself.
pub(super) fn unescape(raw: &str, run: &mut dyn FnMut(&str, Range<usize>, bool)) {
    let mut plain = 0;
    let mut at = 0;
    while let Some(offset) = raw[at..].find('\\') {
        let slash = at + offset;
        let (text, end) = escape(raw, slash);
        if slash > plain {
            run(&raw[plain..slash], plain..slash, true);
        }
        run(&text, slash..end, false);
        (plain, at) = (end, end);
    }
    if plain < raw.len() {
        run(&raw[plain..], plain..raw.len(), true);
    }
}

/// The escape at `slash`: its text and its end.
fn escape(raw: &str, slash: usize) -> (SmolStr, usize) {
    let rest = &raw[slash + 1..];
    let Some(c) = rest.chars().next() else {
        return (SmolStr::new("\\"), raw.len());
    };
    let end = slash + 1 + c.len_utf8();
    let simple = match c {
        '"' | '\\' | '/' => c,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let unit = |from: usize| {
                raw.get(from..from + 4)
                    .and_then(|hex| u16::from_str_radix(hex, 16).ok())
            };
            let Some(first) = unit(end) else {
                return (SmolStr::new("\\u"), end);
            };
            let second = (raw.get(end + 4..end + 6) == Some("\\u"))
                .then(|| unit(end + 6))
                .flatten();
            let pair = [first, second.unwrap_or(0)];
            let (units, length) = match second {
                Some(_) if char::from_u32(u32::from(first)).is_none() => (&pair[..], 10),
                _ => (&pair[..1], 4),
            };
            return match String::from_utf16(units) {
                Ok(text) => (SmolStr::new(text), end + length),
                Err(_) => (SmolStr::new("\u{fffd}"), end + 4),
            };
        }
        _ => return (SmolStr::new(&raw[slash..end]), end),
    };
    (SmolStr::new(simple.encode_utf8(&mut [0; 4])), end)
}
