//! What a string literal becomes as a constant of a type: the type's input function, then its output function.
//!
//! Source: the input and output functions of the server (`src/backend/utils/adt`), with its settings at their defaults: dates
//! in ISO style, the time zone UTC, `bytea_output` hex. A test asks a server for each case.

mod array;
mod datetime;
mod interval;
mod json;
mod number;

use super::{Builtin, Modifier};

/// What became of a literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// What the output function prints.
    Text(String),
    /// The input function refuses it: SQLSTATE and message.
    Invalid(&'static str, String),
    /// It cannot be told here, and why.
    Untold(&'static str),
}

/// The constant that `text` becomes; `modifier` counts for intervals alone, as in the server.
#[must_use]
pub fn canonical(ty: Builtin, array: bool, text: &str, modifier: Option<&Modifier>) -> Literal {
    if array {
        return array::canonical(
            text,
            &|element| canonical(ty, false, element, None),
            ty == Builtin::Box,
        );
    }
    match ty {
        Builtin::Bool => boolean(text),
        Builtin::Int2 | Builtin::Int4 | Builtin::Int8 => number::integer(ty, text),
        Builtin::Oid => number::oid(text),
        Builtin::Xid => number::transaction(text, u64::from(u32::MAX)),
        Builtin::Xid8 => number::transaction(text, u64::MAX),
        Builtin::Numeric => number::numeric(text),
        Builtin::Float4 | Builtin::Float8 => number::float(ty, text),
        Builtin::Text | Builtin::Varchar | Builtin::Bpchar | Builtin::Unknown | Builtin::Refcursor => {
            Literal::Text(text.to_owned())
        }
        Builtin::Name => Literal::Text(crate::name::truncate(text).to_owned()),
        Builtin::InternalChar if text.len() <= 1 => Literal::Text(text.to_owned()),
        Builtin::Uuid => uuid(text),
        Builtin::Json => json::json(text),
        Builtin::Jsonb => json::jsonb(text),
        Builtin::Bytea => bytea(text),
        Builtin::Bit | Builtin::Varbit => bits(text),
        Builtin::Date => datetime::date(text),
        Builtin::Time => datetime::time(text),
        Builtin::Timestamp => datetime::timestamp(text),
        Builtin::Timestamptz => datetime::timestamptz(text),
        Builtin::Interval => interval::interval(text, modifier),
        Builtin::Inet | Builtin::Cidr => network(ty, text),
        Builtin::Regconfig => text_search_configuration(text),
        Builtin::Tsvector if text.trim().is_empty() => Literal::Text(String::new()),
        Builtin::Int4range
        | Builtin::Int8range
        | Builtin::Numrange
        | Builtin::Tsrange
        | Builtin::Tstzrange
        | Builtin::Daterange
            if text.trim().eq_ignore_ascii_case("empty") =>
        {
            Literal::Text("empty".to_owned())
        }
        _ => Literal::Untold("how the server prints this literal is not known"),
    }
}

/// An array's text with one element in place of another; `None` where it does not hold that one.
#[must_use]
pub fn with_element(array: &str, from: &str, to: &str) -> Option<String> {
    array::with_element(array, from, to)
}

/// The message of an input function that does not understand its text.
fn invalid(ty: Builtin, text: &str) -> Literal {
    Literal::Invalid(
        "22P02",
        format!("invalid input syntax for type {}: \"{text}\"", ty.name()),
    )
}

/// `boolin`: any unique beginning of the words.
fn boolean(text: &str) -> Literal {
    let word = text.trim_matches(is_space).to_ascii_lowercase();
    let begins = |full: &str| full.starts_with(&word);
    let value = if word.is_empty() {
        None
    } else if word == "1" || word == "on" || begins("true") || begins("yes") {
        Some("t")
    } else if word == "0" || word == "of" || word == "off" || begins("false") || begins("no") {
        Some("f")
    } else {
        None
    };
    value.map_or_else(|| invalid(Builtin::Bool, text), |v| Literal::Text(v.to_owned()))
}

/// `isspace` of the C locale.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// `uuid_in`: 32 hexadecimal digits, a hyphen allowed after every fourth, braces around all.
fn uuid(text: &str) -> Literal {
    let inner = match text.strip_prefix('{') {
        Some(rest) => match rest.strip_suffix('}') {
            Some(inner) => inner,
            None => return invalid(Builtin::Uuid, text),
        },
        None => text,
    };
    let mut digits = String::with_capacity(32);
    let mut hyphen = false;
    for c in inner.chars() {
        match c {
            '-' if !hyphen && digits.len().is_multiple_of(4) && !digits.is_empty() && digits.len() < 32 => {
                hyphen = true
            }
            c if c.is_ascii_hexdigit() && digits.len() < 32 => {
                digits.push(c.to_ascii_lowercase());
                hyphen = false;
            }
            _ => return invalid(Builtin::Uuid, text),
        }
    }
    if digits.len() != 32 || hyphen {
        return invalid(Builtin::Uuid, text);
    }
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or("").to_owned();
    let parts = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)];
    Literal::Text(parts.join("-"))
}

/// `byteain`, hexadecimal or plain; the escape format is left out.
fn bytea(text: &str) -> Literal {
    if let Some(hex) = text.strip_prefix("\\x") {
        let digits: String = hex.chars().filter(|c| !is_space(*c)).collect();
        return if digits.len().is_multiple_of(2)
            && digits.chars().all(|c| c.is_ascii_hexdigit())
            && digits.len() == hex.len()
        {
            Literal::Text(format!("\\x{}", digits.to_ascii_lowercase()))
        } else {
            Literal::Untold("a bytea literal in an odd form")
        };
    }
    if text.contains('\\') {
        return Literal::Untold("a bytea literal in the escape format");
    }
    let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
    Literal::Text(format!("\\x{hex}"))
}

/// `bit_in`: binary digits, or hexadecimal ones behind an `x`.
fn bits(text: &str) -> Literal {
    let refused =
        |c: char, kind: &str| Literal::Invalid("22P02", format!("\"{c}\" is not a valid {kind} digit"));
    if let Some(hex) = text.strip_prefix(['x', 'X']) {
        let mut out = String::new();
        for c in hex.chars() {
            match c.to_digit(16) {
                Some(digit) => out.push_str(&format!("{digit:04b}")),
                None => return refused(c, "hexadecimal"),
            }
        }
        return Literal::Text(out);
    }
    let digits = text.strip_prefix(['b', 'B']).unwrap_or(text);
    match digits.chars().find(|c| !matches!(c, '0' | '1')) {
        Some(c) => refused(c, "binary"),
        None => Literal::Text(digits.to_owned()),
    }
}

/// IPv4 addresses; others are left out.
fn network(ty: Builtin, text: &str) -> Literal {
    let (address, bits) = text.split_once('/').unwrap_or((text, "32"));
    let untold = Literal::Untold("a network address in another form");
    let (Ok(address), Ok(bits)) = (address.parse::<std::net::Ipv4Addr>(), bits.parse::<u8>()) else {
        return untold;
    };
    if bits > 32
        || text
            .split_once('/')
            .is_some_and(|(_, b)| b.starts_with(['+', '0']))
    {
        return untold;
    }
    let host = u64::from(u32::from(address)) & ((1u64 << (32 - bits)) - 1);
    if ty == Builtin::Cidr {
        return if host == 0 {
            Literal::Text(format!("{address}/{bits}"))
        } else {
            Literal::Invalid("22P02", format!("invalid cidr value: \"{text}\""))
        };
    }
    Literal::Text(if bits == 32 {
        address.to_string()
    } else {
        format!("{address}/{bits}")
    })
}

/// The configurations that `initdb` makes (`snowball_create.sql`).
fn text_search_configuration(text: &str) -> Literal {
    const KNOWN: &[&str] = &[
        "arabic",
        "armenian",
        "basque",
        "catalan",
        "danish",
        "dutch",
        "english",
        "finnish",
        "french",
        "german",
        "greek",
        "hindi",
        "hungarian",
        "indonesian",
        "irish",
        "italian",
        "lithuanian",
        "nepali",
        "norwegian",
        "portuguese",
        "romanian",
        "russian",
        "serbian",
        "simple",
        "spanish",
        "swedish",
        "tamil",
        "turkish",
        "yiddish",
    ];
    let name = text.strip_prefix("pg_catalog.").unwrap_or(text);
    if KNOWN.contains(&name) {
        Literal::Text(name.to_owned())
    } else {
        Literal::Untold("a text search configuration that no server has by itself")
    }
}
