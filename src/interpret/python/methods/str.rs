//! Methods of text.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::standard::access;
use super::super::standard::bind::{bind, int, unknown};
use super::super::standard::{format, template};
use super::super::value::{Args, Value};
use super::text;
use crate::source::{Span, Text};

/// The methods of text, sorted.
pub(crate) const NAMES: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

/// A call of a method whose receiver is known.
pub(crate) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    t: &Text,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    NAMES.binary_search(&name).ok()?;
    match name {
        "format" => return Some(template::str_format(machine, t, args, None, at)),
        "format_map" => {
            let mapping = args.positional.first()?.value.clone();
            return Some(template::str_format(
                machine,
                t,
                &Args::default(),
                Some(&mapping),
                at,
            ));
        }
        "join" => return Some(join(machine, t, args, at)),
        _ => {}
    }
    if let Err(stop) = machine.spend(t.as_str().len() as u64 / 64 + 1, at) {
        return Some(Err(stop));
    }
    let plain = simple(t, name, args)
        .or_else(|| search(t, name, args, at))
        .or_else(|| cut(machine, t, name, args, at));
    Some(match plain {
        Some(Out::Value(value)) => Ok(value),
        Some(Out::Raise(class, why)) => Err(access::raise(machine, class, why, at)),
        None => Ok(unknown(format!("str.{name} with these arguments"), at)),
    })
}

/// What a method gives.
enum Out<'a> {
    Value(Value<'a>),
    Raise(&'static str, &'static str),
}

fn text<'a>(t: Text) -> Option<Out<'a>> {
    Some(Out::Value(access::str(t)))
}

fn truth<'a>(b: bool) -> Option<Out<'a>> {
    Some(Out::Value(Value::Bool(b)))
}

/// Methods that look at characters. Where letters beyond ASCII would need Unicode's tables as Python has them: unknown.
fn simple<'a>(t: &Text, name: &str, args: &Args<'a>) -> Option<Out<'a>> {
    let s = t.as_str();
    let none = || bind(args, []).map(|_: [Option<&Value<'_>>; 0]| ());
    match name {
        "upper" => none().and_then(|()| text(text::map(t, str::to_uppercase))),
        // The small sigma at the end of a word depends on what stands before it.
        "lower" if !s.contains('Σ') => none().and_then(|()| text(text::map(t, str::to_lowercase))),
        "casefold" if s.is_ascii() => none().and_then(|()| text(text::map(t, str::to_ascii_lowercase))),
        "isascii" => none().and_then(|()| truth(s.is_ascii())),
        "isspace" => none().and_then(|()| truth(!s.is_empty() && s.chars().all(text::is_space))),
        _ if !s.is_ascii() => None,
        "capitalize" => {
            none().and_then(|()| text(by_char(t, |first, _, c| if first { upper(c) } else { lower(c) })))
        }
        "swapcase" => none().and_then(|()| {
            text(by_char(t, |_, _, c| {
                if c.is_ascii_uppercase() {
                    lower(c)
                } else {
                    upper(c)
                }
            }))
        }),
        "title" => none().and_then(|()| {
            text(by_char(t, |_, before, c| {
                if before.is_ascii_alphabetic() {
                    lower(c)
                } else {
                    upper(c)
                }
            }))
        }),
        "isalpha" => none().and_then(|()| truth(every(s, |c| c.is_ascii_alphabetic()))),
        "isalnum" => none().and_then(|()| truth(every(s, |c| c.is_ascii_alphanumeric()))),
        "isdigit" | "isdecimal" | "isnumeric" => {
            none().and_then(|()| truth(every(s, |c| c.is_ascii_digit())))
        }
        "isprintable" => none().and_then(|()| truth(s.chars().all(|c| (' '..='~').contains(&c)))),
        "isidentifier" => none().and_then(|()| {
            let word = every(s, |c| c.is_ascii_alphanumeric() || c == '_');
            truth(word && !s.starts_with(|c: char| c.is_ascii_digit()))
        }),
        "isupper" => none().and_then(|()| {
            let any = s.chars().any(|c| c.is_ascii_uppercase());
            truth(any && !s.chars().any(|c| c.is_ascii_lowercase()))
        }),
        "islower" => none().and_then(|()| {
            let any = s.chars().any(|c| c.is_ascii_lowercase());
            truth(any && !s.chars().any(|c| c.is_ascii_uppercase()))
        }),
        "istitle" => none().and_then(|()| truth(is_title(s))),
        _ => None,
    }
}

fn upper(c: char) -> char {
    c.to_ascii_uppercase()
}

fn lower(c: char) -> char {
    c.to_ascii_lowercase()
}

fn every(s: &str, test: impl Fn(char) -> bool) -> bool {
    !s.is_empty() && s.chars().all(test)
}

/// Changes each character by whether it is the first, what stands before it, and itself.
fn by_char(t: &Text, change: impl Fn(bool, char, char) -> char) -> Text {
    let s = t.as_str();
    let mut before = ' ';
    let mut first = true;
    let new: String = s
        .chars()
        .map(|c| {
            let out = change(first, before, c);
            (first, before) = (false, c);
            out
        })
        .collect();
    if new == s {
        t.clone()
    } else {
        text::made(new, t.whole())
    }
}

fn is_title(s: &str) -> bool {
    let (mut cased, mut any) = (false, false);
    for c in s.chars() {
        if c.is_ascii_uppercase() {
            if cased {
                return false;
            }
            (cased, any) = (true, true);
        } else if c.is_ascii_lowercase() {
            if !cased {
                return false;
            }
        } else {
            cased = false;
        }
    }
    any
}

/// Two optional indices over `count` things, as a slice takes them: negative ones count from the end.
fn range_of(
    count: usize,
    start: Option<&Value<'_>>,
    end: Option<&Value<'_>>,
) -> Option<std::ops::Range<usize>> {
    let count = count as i64;
    let clamp = |value: Option<&Value<'_>>, default: i64| match value {
        None | Some(Value::None) => Some(default),
        Some(value) => {
            let n = int(value)?;
            Some(if n < 0 { (n + count).max(0) } else { n })
        }
    };
    let (start, end) = (clamp(start, 0)?, clamp(end, count)?.min(count));
    Some(start as usize..end.max(0) as usize)
}

/// Methods that look for something.
fn search<'a>(t: &Text, name: &str, args: &Args<'a>, at: Span) -> Option<Out<'a>> {
    let s = t.as_str();
    match name {
        "startswith" | "endswith" => {
            let [what, start, end] = bind(args, ["prefix", "start", "end"])?;
            if !args.keywords.is_empty() {
                return None;
            }
            let options: Vec<&str> = match what? {
                Value::Str(t) => vec![t.as_str()],
                Value::Tuple(items) => items.iter().map(Value::as_str).collect::<Option<_>>()?,
                Value::List(_) | Value::None | Value::Int(_) => {
                    return Some(Out::Raise(
                        "TypeError",
                        "startswith first arg must be str or a tuple of str",
                    ));
                }
                _ => return None,
            };
            let count = text::length(s);
            let range = range_of(count, start, end)?;
            if range.start > count || range.start > range.end {
                return truth(false);
            }
            let part = &s[text::bytes_of(s, range)];
            truth(options.iter().any(|o| {
                if name == "startswith" {
                    part.starts_with(o)
                } else {
                    part.ends_with(o)
                }
            }))
        }
        "find" | "rfind" | "index" | "rindex" | "count" => {
            let [what, start, end] = bind(args, ["sub", "start", "end"])?;
            let what = what?.as_str()?;
            let count = text::length(s);
            let range = range_of(count, start, end)?;
            let inside = range.start <= count && range.start <= range.end;
            let bytes = if inside { text::bytes_of(s, range) } else { 0..0 };
            let part = &s[bytes.clone()];
            if name == "count" {
                let n = match (inside, what.is_empty()) {
                    (false, _) => 0,
                    (true, true) => text::length(part) + 1,
                    (true, false) => part.matches(what).count(),
                };
                return Some(Out::Value(Value::Int(n as i64)));
            }
            let found = if !inside {
                None
            } else if name.starts_with('r') {
                part.rfind(what)
            } else {
                part.find(what)
            };
            match found {
                Some(i) => {
                    let index = text::chars_before(s, bytes.start + i);
                    Some(Out::Value(Value::Int(index as i64)))
                }
                None if name.ends_with("index") => Some(Out::Raise("ValueError", "substring not found")),
                None => Some(Out::Value(Value::Int(-1))),
            }
        }
        "encode" => {
            let [encoding, errors] = bind(args, ["encoding", "errors"])?;
            if errors.is_some_and(|e| e.as_str() != Some("strict")) {
                return None;
            }
            let encoding = match encoding {
                None => "utf-8".to_owned(),
                Some(e) => e.as_str()?.to_ascii_lowercase(),
            };
            let fits = match encoding.as_str() {
                "utf-8" | "utf8" | "utf_8" => true,
                "ascii" | "latin-1" | "latin1" | "us-ascii" => s.is_ascii(),
                _ => false,
            };
            fits.then(|| Out::Value(Value::Bytes(s.as_bytes().into())))
        }
        _ => {
            let _ = at;
            None
        }
    }
}

/// Methods that cut, fill and replace.
fn cut<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    t: &Text,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Out<'a>> {
    let s = t.as_str();
    let list = |machine: &mut Machine<'a, L>, parts: Vec<Text>| {
        let items = parts.into_iter().map(access::str).collect();
        Some(Out::Value(machine.new_list(items)))
    };
    match name {
        "strip" | "lstrip" | "rstrip" => {
            let [chars] = bind(args, ["chars"])?;
            let chars = match chars {
                None | Some(Value::None) => None,
                Some(value) => Some(value.as_str()?),
            };
            text(text::strip(t, chars, name != "rstrip", name != "lstrip"))
        }
        "split" | "rsplit" => {
            let [separator, max] = bind(args, ["sep", "maxsplit"])?;
            let max = match max {
                None => None,
                Some(n) => usize::try_from(int(n)?).ok(),
            };
            let separator = match separator {
                None | Some(Value::None) => None,
                Some(value) => Some(value.as_str()?),
            };
            if separator == Some("") {
                return Some(Out::Raise("ValueError", "empty separator"));
            }
            let parts = if name == "split" {
                text::split(t, separator, max)
            } else {
                text::rsplit(t, separator, max)
            };
            list(machine, parts)
        }
        "splitlines" => {
            let [keep] = bind(args, ["keepends"])?;
            let keep = match keep {
                None => false,
                Some(value) => int(value)? != 0,
            };
            list(machine, text::lines(t, keep))
        }
        "partition" | "rpartition" => {
            let [separator] = bind(args, ["sep"])?;
            let separator = separator?.as_str()?;
            if separator.is_empty() {
                return Some(Out::Raise("ValueError", "empty separator"));
            }
            let parts = text::partition(t, separator, name == "rpartition");
            let items: Vec<_> = parts.into_iter().map(access::str).collect();
            Some(Out::Value(Value::Tuple(items.into())))
        }
        "replace" => {
            let [from, to, max] = bind(args, ["old", "new", "count"])?;
            let Value::Str(to) = to? else { return None };
            let max = match max {
                None => None,
                Some(n) => usize::try_from(int(n)?).ok(),
            };
            let from = from?.as_str()?;
            let finds = if from.is_empty() {
                s.len() + 1
            } else {
                s.matches(from).count()
            };
            if finds.checked_mul(to.as_str().len())? > text::LONGEST {
                return None;
            }
            text(text::replace(t, from, to, max))
        }
        "removeprefix" => {
            let [prefix] = bind(args, ["prefix"])?;
            let prefix = prefix?.as_str()?;
            let cut = if s.starts_with(prefix) { prefix.len() } else { 0 };
            text(t.slice(cut..s.len()))
        }
        "removesuffix" => {
            let [suffix] = bind(args, ["suffix"])?;
            let suffix = suffix?.as_str()?;
            let cut = if s.ends_with(suffix) { suffix.len() } else { 0 };
            text(t.slice(0..s.len() - cut))
        }
        "ljust" | "rjust" | "center" => {
            let [width, fill] = bind(args, ["width", "fillchar"])?;
            let width = usize::try_from(int(width?)?).unwrap_or(0);
            let mut chars = match fill {
                None => " ".chars(),
                Some(fill) => fill.as_str()?.chars(),
            };
            let (fill, None) = (chars.next()?, chars.next()) else {
                return None;
            };
            // `center` puts the odd one before where the width is odd.
            let length = text::length(s);
            if name == "center" && width > length {
                let missing = width - length;
                let before = missing / 2 + (missing & width & 1);
                let half = text::pad(t, length + before, fill, '>', at)?;
                return text(text::pad(&half, width, fill, '<', at)?);
            }
            text(text::pad(
                t,
                width,
                fill,
                if name == "ljust" { '<' } else { '>' },
                at,
            )?)
        }
        "zfill" => {
            let [width] = bind(args, ["width"])?;
            let width = usize::try_from(int(width?)?).unwrap_or(0);
            let sign = usize::from(s.starts_with(['+', '-']));
            let number = t.slice(sign..s.len());
            let filled = text::pad(&number, width.saturating_sub(sign), '0', '>', at)?;
            text(text::concat([&t.slice(0..sign), &filled], at))
        }
        "expandtabs" if !s.contains('\t') => text(t.clone()),
        "maketrans" | "translate" => translate(machine, t, name, args),
        _ => None,
    }
}

fn translate<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    t: &Text,
    name: &str,
    args: &Args<'a>,
) -> Option<Out<'a>> {
    if name == "maketrans" {
        let [from, to, gone] = bind(args, ["x", "y", "z"])?;
        let (from, to) = (from?.as_str()?, to?.as_str()?);
        if text::length(from) != text::length(to) {
            return None;
        }
        let gone = match gone {
            None => "",
            Some(value) => value.as_str()?,
        };
        let mut entries: Vec<_> = from
            .chars()
            .zip(to.chars())
            .map(|(a, b)| {
                (
                    Value::Int(i64::from(u32::from(a))),
                    Value::Int(i64::from(u32::from(b))),
                )
            })
            .collect();
        entries.extend(
            gone.chars()
                .map(|c| (Value::Int(i64::from(u32::from(c))), Value::None)),
        );
        return Some(Out::Value(machine.new_dict(entries)));
    }
    let [table] = bind(args, ["table"])?;
    let entries = machine.dict_items(table?)?;
    let mut out = String::new();
    for c in t.as_str().chars() {
        let code = i64::from(u32::from(c));
        let found = entries
            .iter()
            .rev()
            .find(|(k, _)| matches!(k, Value::Int(n) if *n == code));
        match found.map(|(_, v)| v) {
            None => out.push(c),
            Some(Value::None) => {}
            Some(Value::Int(n)) => out.push(u32::try_from(*n).ok().and_then(char::from_u32)?),
            Some(Value::Str(new)) => out.push_str(new.as_str()),
            Some(_) => return None,
        }
    }
    if out == t.as_str() {
        return text(t.clone());
    }
    text(text::made(out, t.whole()))
}

fn join<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    separator: &Text,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some([Some(items)]) = bind(args, ["iterable"]) else {
        return Ok(unknown("str.join with these arguments", at));
    };
    if let Value::Unknown(u) = items {
        return Ok(Value::unknown(u.gap.clone()));
    }
    if matches!(
        items,
        Value::None | Value::Int(_) | Value::Bool(_) | Value::Float(_)
    ) {
        return Err(access::raise(
            machine,
            "TypeError",
            "can only join an iterable",
            at,
        ));
    }
    let ordered = !matches!(items, Value::Set(_));
    let items = match access::iterated(machine, items, at)? {
        Ok(items) => items,
        Err(gap) => return Ok(Value::text_like(vec![None], gap)),
    };
    if !ordered && items.len() > 1 {
        return Ok(unknown("the order of a set", at));
    }
    machine.spend(items.len() as u64, at)?;
    let separator = access::str(separator.clone());
    let mut pieces = Vec::with_capacity(items.len() * 2);
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 && separator.as_str() != Some("") {
            pieces.push(separator.clone());
        }
        let item = match &item {
            Value::Instance(_) => super::super::standard::enums::text_value(machine, &item).unwrap_or(item),
            _ => item,
        };
        match &item {
            Value::Str(_) | Value::Unknown(_) => pieces.push(item),
            Value::Term(_) | Value::Instance(_) => {
                pieces.push(unknown("text put together of something else", at));
            }
            _ => {
                let why = "sequence item: expected str instance";
                return Err(access::raise(machine, "TypeError", why, at));
            }
        }
    }
    if pieces.is_empty() {
        return Ok(access::str(text::empty(at)));
    }
    Ok(format::joined(&pieces, at))
}
