//! Values as text: `str`, `repr`, `format`, f-strings, `%` and `str.format`. Text keeps the places of its bytes.

use std::fmt::Write as _;

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::methods::text;
use super::super::value::{Args, UsualPattern, Value};
use super::access;
use super::bind::{one_of, unknown};
use super::enums;
use super::numbers::{self, Spec};
use crate::known::Gap;
use crate::source::{Span, Text};

const DEPTH: u32 = 32;

/// `str(value)`: text, or unknown.
pub(crate) fn text_of<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    if let Some(text) = L::text(value) {
        return text_of(machine, &text, at);
    }
    if let Some(day) = super::dates::text(value, "") {
        return Ok(Value::text(&day, at));
    }
    match value {
        Value::Str(_) => Ok(value.clone()),
        Value::Unknown(u) if !u.candidates.is_empty() => {
            let mut out = Vec::new();
            for candidate in &u.candidates {
                match text_of(machine, candidate, at)? {
                    Value::Unknown(u) if u.candidates.is_empty() => return Ok(Value::Unknown(u)),
                    Value::Unknown(u) => out.extend(u.candidates.iter().cloned()),
                    text => out.push(text),
                }
            }
            let usual = match &u.usual {
                Some(usual) => text_of(machine, usual, at)?.usual(),
                None => None,
            };
            Ok(one_of(out, u.gap.clone()).usually(usual))
        }
        Value::Unknown(_) => Ok(value.clone()),
        Value::Instance(_) => {
            if let Some(text) = enums::text_of(machine, value, at) {
                return Ok(text);
            }
            for name in ["__str__", "__repr__"] {
                if let Some(function) = access::repository_method(machine, value, name, at)? {
                    let text = machine.call(&function, Args::default(), at)?;
                    return Ok(match text {
                        Value::Str(_) | Value::Unknown(_) => text,
                        _ => unknown("an object as text", at),
                    });
                }
            }
            match super::exceptions::args_of(machine, value) {
                Some(args) => super::exceptions::written(machine, "", &args, at),
                None => Ok(unknown("an object of the repository as text", at)),
            }
        }
        Value::Term(_) => access::term_text(machine, value, at),
        _ => repr_of(machine, value, at),
    }
}

/// `repr(value)`.
pub(crate) fn repr_of<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    if let Value::Str(t) = value {
        // A literal without anything to escape keeps its places.
        if !t.as_str().contains(['\'', '"', '\\']) && t.as_str().chars().all(|c| (' '..='~').contains(&c)) {
            let quote = text::made("'".to_owned(), at);
            return Ok(access::str(text::concat([&quote, t, &quote], at)));
        }
    }
    let mut out = String::new();
    match write_repr(machine, value, &mut out, DEPTH, at)? {
        Ok(()) => Ok(Value::text(&out, at)),
        Err(gap) => Ok(Value::unknown(gap)),
    }
}

fn write_repr<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    out: &mut String,
    depth: u32,
    at: Span,
) -> Run<'a, Result<(), Gap>> {
    let no = |why: &str| Ok(Err(Gap::new(at, why, crate::known::Reach::Rows)));
    if depth == 0 || out.len() > text::LONGEST {
        return no("a text too long to follow");
    }
    match value {
        Value::None => out.push_str("None"),
        Value::Ellipsis => out.push_str("Ellipsis"),
        Value::Bool(b) => out.push_str(if *b { "True" } else { "False" }),
        Value::Int(n) => {
            let _ = write!(out, "{n}");
        }
        Value::Float(x) => out.push_str(&numbers::float_repr(*x)),
        Value::Str(t) => match quoted(t.as_str()) {
            Some(q) => out.push_str(&q),
            None => return no("the repr of text in another script"),
        },
        Value::Bytes(b) => out.push_str(&quoted_bytes(b)),
        Value::Tuple(_) | Value::List(_) | Value::Set(_) => {
            let items = match access::contents(machine, value) {
                Some(Ok(items)) => items,
                Some(Err(gap)) => return Ok(Err(gap)),
                None => return no("an object as text"),
            };
            let (open, close) = match value {
                Value::Tuple(_) => ('(', ')'),
                Value::List(_) => ('[', ']'),
                _ if items.len() == 1 => ('{', '}'),
                _ if items.is_empty() => {
                    out.push_str("set()");
                    return Ok(Ok(()));
                }
                // The order of a set of several is not told; whether it is frozen is not kept.
                _ => return no("a set as text"),
            };
            out.push(open);
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                if let Err(gap) = write_repr(machine, item, out, depth - 1, at)? {
                    return Ok(Err(gap));
                }
            }
            if items.len() == 1 && open == '(' {
                out.push(',');
            }
            out.push(close);
        }
        Value::Dict(_) => {
            let entries = match access::entries(machine, value) {
                Ok(entries) => entries,
                Err(gap) => return Ok(Err(gap)),
            };
            if access::is_odd_dict(machine, value) {
                return no("a dict of another kind as text");
            }
            out.push('{');
            for (i, (key, item)) in entries.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                if let Err(gap) = write_repr(machine, key, out, depth - 1, at)? {
                    return Ok(Err(gap));
                }
                out.push_str(": ");
                if let Err(gap) = write_repr(machine, item, out, depth - 1, at)? {
                    return Ok(Err(gap));
                }
            }
            out.push('}');
        }
        Value::Instance(_) => {
            let Some(function) = access::repository_method(machine, value, "__repr__", at)? else {
                return no("an object of the repository as text");
            };
            match machine.call(&function, Args::default(), at)? {
                Value::Str(t) => out.push_str(t.as_str()),
                Value::Unknown(u) => return Ok(Err(u.gap.clone())),
                _ => return no("an object as text"),
            }
        }
        Value::Unknown(u) => return Ok(Err(u.gap.clone())),
        Value::Term(_)
        | Value::Function(_)
        | Value::Method(_)
        | Value::Class(_)
        | Value::Module(_)
        | Value::Iterator(_) => return no("an object as text"),
    }
    Ok(Ok(()))
}

/// Text as Python quotes it; `None` where it holds characters of which it is not told here whether they are printable.
pub(crate) fn quoted(text: &str) -> Option<String> {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            ' '..='~' => out.push(c),
            '\0'..='\x7f' | '\u{80}'..='\u{a0}' | '\u{ad}' => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            '\u{a1}'..='\u{ff}' => out.push(c),
            c if c.is_alphanumeric() => out.push(c),
            _ => return None,
        }
    }
    out.push(quote);
    Some(out)
}

pub(crate) fn quoted_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    let mut out = format!("b{quote}");
    for b in bytes {
        match *b {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b if char::from(b) == quote => {
                out.push('\\');
                out.push(quote);
            }
            b @ b' '..=b'~' => out.push(char::from(b)),
            b => {
                let _ = write!(out, "\\x{b:02x}");
            }
        }
    }
    out.push(quote);
    out
}

/// `ascii(value)` from `repr`.
pub(crate) fn ascii(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c as u32 {
            0..=0x7f => out.push(c),
            n @ 0x80..=0xff => {
                let _ = write!(out, "\\x{n:02x}");
            }
            n @ 0x100..=0xffff => {
                let _ = write!(out, "\\u{n:04x}");
            }
            n => {
                let _ = write!(out, "\\U{n:08x}");
            }
        }
    }
    out
}

/// `!r`, `!s`, `!a`.
pub(crate) fn converted<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    conversion: Option<char>,
    at: Span,
) -> Run<'a, Value<'a>> {
    match conversion {
        None => Ok(value.clone()),
        Some('s') => text_of(machine, value, at),
        Some('r') => repr_of(machine, value, at),
        _ => Ok(match repr_of(machine, value, at)? {
            Value::Str(t) => Value::text(&ascii(t.as_str()), at),
            other => other,
        }),
    }
}

/// One replacement field of an f-string: `{value!conversion:spec}`.
pub(crate) fn field<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    conversion: Option<char>,
    spec: Option<&Value<'a>>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let value = converted(machine, value, conversion, at)?;
    let spec = match spec {
        None => "",
        Some(Value::Str(t)) => t.as_str(),
        Some(Value::Unknown(u)) => return Ok(Value::unknown(u.gap.clone())),
        Some(_) => return Ok(unknown("a format specification", at)),
    };
    formatted(machine, &value, spec, at)
}

/// `format(value, spec)`.
pub(crate) fn formatted<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    spec: &str,
    at: Span,
) -> Run<'a, Value<'a>> {
    if let Some(day) = super::dates::text(value, spec) {
        return Ok(Value::text(&day, at));
    }
    if let Value::Unknown(u) = value {
        if u.candidates.is_empty() {
            return Ok(if spec.is_empty() {
                value.clone()
            } else {
                Value::unknown(u.gap.clone())
            });
        }
        let mut out = Vec::new();
        for candidate in &u.candidates {
            match formatted(machine, candidate, spec, at)? {
                Value::Unknown(u) if u.candidates.is_empty() => return Ok(Value::Unknown(u)),
                Value::Unknown(u) => out.extend(u.candidates.iter().cloned()),
                text => out.push(text),
            }
        }
        let usual = match &u.usual {
            Some(usual) => formatted(machine, usual, spec, at)?.usual(),
            None => None,
        };
        return Ok(one_of(out, u.gap.clone()).usually(usual));
    }
    if let Value::Instance(_) = value {
        if let Some(candidates) = enums::formatted(machine, value, at) {
            return match candidates {
                Value::Instance(_) => Ok(unknown("an enum's member as text", at)),
                other => formatted(machine, &other, spec, at),
            };
        }
        if let Some(function) = access::repository_method(machine, value, "__format__", at)? {
            let args = super::bind::positional([Value::text(spec, at)], at);
            return machine.call(&function, args, at);
        }
    }
    if spec.is_empty() {
        return text_of(machine, value, at);
    }
    let parsed = Spec::read(spec);
    let out = match (value, parsed) {
        (Value::Str(t), Some(spec)) => string(t, &spec, at).map(access::str),
        (Value::Int(n), Some(spec)) => numbers::int(*n, &spec).map(|s| Value::text(&s, at)),
        (Value::Bool(b), Some(spec)) if spec.kind.is_some() => {
            numbers::int(i64::from(*b), &spec).map(|s| Value::text(&s, at))
        }
        (Value::Float(x), Some(spec)) => numbers::float(*x, &spec).map(|s| Value::text(&s, at)),
        _ => None,
    };
    Ok(out.unwrap_or_else(|| unknown(format!("a value formatted by `{spec}`"), at)))
}

pub(crate) fn string(t: &Text, spec: &Spec, at: Span) -> Option<Text> {
    if !matches!(spec.kind, None | Some('s'))
        || spec.sign.is_some()
        || spec.alternate
        || spec.grouping.is_some()
        || spec.align == Some('=')
    {
        return None;
    }
    let cut = match spec.precision {
        Some(n) => t.slice(text::bytes_of(t.as_str(), 0..n)),
        None => t.clone(),
    };
    let fill = spec.fill.unwrap_or(if spec.zero { '0' } else { ' ' });
    text::pad(&cut, spec.width.unwrap_or(0), fill, spec.align.unwrap_or('<'), at)
}

/// Pieces as one text: known, one of a few, or known in part.
pub(crate) fn joined<'a>(pieces: &[Value<'a>], at: Span) -> Value<'a> {
    let texts: Option<Vec<&Text>> = pieces
        .iter()
        .map(|p| match p {
            Value::Str(t) => Some(&**t),
            _ => None,
        })
        .collect();
    if let Some(texts) = texts {
        if texts.iter().map(|t| t.as_str().len()).sum::<usize>() > text::LONGEST {
            return unknown("a text too long to follow", at);
        }
        return access::str(text::concat(texts, at));
    }
    let Some(gap) = pieces.iter().find_map(Value::gap).cloned() else {
        return unknown("text put together of something else", at);
    };
    let usual = usual(pieces, at);
    if let Some(all) = combined(pieces, at) {
        return one_of(all, gap).usually(usual);
    }
    let like = Value::text_like(pattern(pieces), gap);
    match usual {
        Some(usual) => like.usually(Some(usual)),
        None => like.usually_like(usual_pattern(pieces)),
    }
}

/// What the pieces give where nothing sets those that hang on the environment.
fn usual<'a>(pieces: &[Value<'a>], at: Span) -> Option<Value<'a>> {
    let texts = pieces.iter().map(|piece| match piece.usual()? {
        Value::Str(text) => Some((*text).clone()),
        Value::Int(number) => Some(Text::composed([(number.to_string(), at, false)])),
        _ => None,
    });
    let texts = texts.collect::<Option<Vec<_>>>()?;
    let fits = texts.iter().map(|t| t.as_str().len()).sum::<usize>() <= text::LONGEST;
    fits.then(|| access::str(text::concat(texts.iter().collect::<Vec<_>>(), at)))
}

/// What is known of the text of the pieces where nothing sets those that hang on the environment; `None` where none does.
fn usual_pattern(pieces: &[Value<'_>]) -> Option<UsualPattern> {
    let hangs = |piece: &Value<'_>| matches!(piece, Value::Unknown(u) if u.usual.is_some() || u.usual_pattern.is_some());
    if !pieces.iter().any(hangs) {
        return None;
    }
    let mut parts = Vec::new();
    let mut decides = None;
    for piece in pieces {
        match piece {
            Value::Unknown(unknown) => match (&unknown.usual, &unknown.usual_pattern) {
                (Some(Value::Str(text)), _) => {
                    decides = decides.or_else(|| Some(unknown.gap.clone()));
                    parts.push(Some((**text).clone()));
                }
                (_, Some(usual)) => {
                    decides = decides.or_else(|| Some(usual.gap.clone()));
                    parts.extend(usual.parts.iter().cloned());
                }
                _ => parts.extend(pattern(std::slice::from_ref(piece))),
            },
            _ => parts.extend(pattern(std::slice::from_ref(piece))),
        }
    }
    decides.map(|gap| UsualPattern { parts, gap })
}

/// Every text that the pieces can give, where they are few.
fn combined<'a>(pieces: &[Value<'a>], at: Span) -> Option<Vec<Value<'a>>> {
    let mut all: Vec<Vec<&Text>> = vec![Vec::new()];
    for piece in pieces {
        let options: Vec<&Text> = match piece {
            Value::Str(t) => vec![t],
            Value::Unknown(u) if !u.candidates.is_empty() => u
                .candidates
                .iter()
                .map(|c| match c {
                    Value::Str(t) => Some(&**t),
                    _ => None,
                })
                .collect::<Option<_>>()?,
            _ => return None,
        };
        if all.len() * options.len() > 24 {
            return None;
        }
        all = all
            .into_iter()
            .flat_map(|head| {
                options.iter().map(move |o| {
                    let mut head = head.clone();
                    head.push(*o);
                    head
                })
            })
            .collect();
    }
    Some(
        all.into_iter()
            .map(|texts| access::str(text::concat(texts, at)))
            .collect(),
    )
}

fn pattern(pieces: &[Value<'_>]) -> Vec<Option<Text>> {
    let mut out: Vec<Option<Text>> = Vec::new();
    for piece in pieces {
        match piece {
            Value::Str(t) => out.push(Some((**t).clone())),
            Value::Unknown(u) if !u.pattern.is_empty() => out.extend(u.pattern.iter().cloned()),
            _ => out.push(None),
        }
    }
    out
}
