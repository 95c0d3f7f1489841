//! `String` and `Regex`.

use std::rc::Rc;

use super::super::eval::joined;
use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::Value;
use crate::source::{Span, Text};

fn value(text: Text) -> Value {
    Value::Text(Rc::new(text))
}

/// The bytes of a character range, where every character is one of ASCII or stands alone.
fn characters(text: &str) -> Vec<usize> {
    let mut out: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    out.push(text.len());
    out
}

pub(super) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    let (first, more) = args.split_first()?;
    if let Value::Unknown(unknown) = first {
        return part_of_unknown(name, unknown, more);
    }
    let Value::Text(text) = first else { return None };
    let whole = text.as_str();
    machine.budget.charge(whole.len() as u64 / 32);
    let trimmed = |start: bool, end: bool| {
        let mut from = 0;
        let mut to = whole.len();
        if start {
            from = to - whole.trim_start().len();
        }
        if end {
            to = from + whole[from..].trim_end().len();
        }
        value(text.slice(from..to))
    };
    Some(Ok(match (name, more) {
        ("trim", []) => trimmed(true, true),
        ("trim_leading", []) => trimmed(true, false),
        ("trim_trailing", []) => trimmed(false, true),
        ("trim", [Value::Text(what)]) => {
            let rest = strip(whole, what.as_str(), true);
            let from = whole.len() - rest.len();
            let inner = strip(rest, what.as_str(), false);
            value(text.slice(from..from + inner.len()))
        }
        ("trim_leading", [Value::Text(what)]) => {
            let rest = strip(whole, what.as_str(), true);
            value(text.slice(whole.len() - rest.len()..whole.len()))
        }
        ("trim_trailing", [Value::Text(what)]) => {
            let rest = strip(whole, what.as_str(), false);
            value(text.slice(0..rest.len()))
        }
        ("upcase" | "downcase" | "capitalize", _) => cased(name, text),
        ("length", []) if whole.is_ascii() => Value::Integer(whole.len() as i64),
        ("to_atom" | "to_existing_atom", []) => Value::atom(whole),
        ("to_charlist", []) => Value::list(
            whole
                .chars()
                .map(|c| Value::Integer(i64::from(u32::from(c))))
                .collect(),
        ),
        ("to_integer", []) => match whole.parse::<i64>() {
            Ok(i) => Value::Integer(i),
            Err(_) if whole.len() < 18 => {
                return Some(Err(machine.raise(
                    "ArgumentError",
                    "not a textual representation of an integer",
                    at,
                )));
            }
            Err(_) => return None,
        },
        ("to_float", []) => Value::Float(whole.parse::<f64>().ok().filter(|f| f.is_finite())?),
        ("starts_with?" | "ends_with?" | "contains?", [what]) => {
            let of: Vec<&str> = match what {
                Value::Text(one) => vec![one.as_str()],
                Value::List(all) => all.iter().map(Value::as_str).collect::<Option<_>>()?,
                _ => return None,
            };
            Value::truth(of.iter().any(|what| match name {
                "starts_with?" => whole.starts_with(what),
                "ends_with?" => whole.ends_with(what),
                _ => whole.contains(what),
            }))
        }
        ("split", []) => Value::list(super::words(text).into_iter().map(value).collect()),
        ("split", [pattern, rest @ ..]) => return split(text, pattern, rest.first()),
        ("replace", [pattern, with, rest @ ..]) => {
            return replace(machine, text, pattern, with, rest.first(), at);
        }
        ("replace_prefix", [Value::Text(prefix), Value::Text(with)]) => {
            match whole.strip_prefix(prefix.as_str()) {
                Some(rest) => {
                    let rest = text.slice(whole.len() - rest.len()..whole.len());
                    return Some(machine.concat(&[Value::Text(with.clone()), value(rest)]));
                }
                None => first.clone(),
            }
        }
        ("replace_suffix", [Value::Text(suffix), Value::Text(with)]) => {
            match whole.strip_suffix(suffix.as_str()) {
                Some(rest) => {
                    let rest = text.slice(0..rest.len());
                    return Some(machine.concat(&[value(rest), Value::Text(with.clone())]));
                }
                None => first.clone(),
            }
        }
        ("slice", [Value::Integer(from), Value::Integer(count)]) => {
            let places = characters(whole);
            let from = super::collections::place(*from, places.len() - 1)?.min(places.len() - 1);
            let to = from
                .saturating_add(usize::try_from(*count).ok()?)
                .min(places.len() - 1);
            value(text.slice(*places.get(from)?..*places.get(to)?))
        }
        ("slice", [Value::Range(from, to, _)]) => {
            let places = characters(whole);
            let length = places.len() - 1;
            let from = super::collections::place(*from, length)?.min(length);
            let to = super::collections::place(*to, length)
                .map_or(0, |t| t + 1)
                .clamp(from, length);
            value(text.slice(*places.get(from)?..*places.get(to)?))
        }
        ("at", [Value::Integer(index)]) => {
            let places = characters(whole);
            match super::collections::place(*index, places.len() - 1) {
                Some(i) if i + 1 < places.len() => value(text.slice(places[i]..places[i + 1])),
                _ => Value::nil(),
            }
        }
        ("first", []) | ("last", []) => {
            let places = characters(whole);
            let count = places.len();
            if count < 2 {
                Value::nil()
            } else if name == "first" {
                value(text.slice(places[0]..places[1]))
            } else {
                value(text.slice(places[count - 2]..places[count - 1]))
            }
        }
        ("graphemes" | "codepoints", []) if whole.is_ascii() || name == "codepoints" => {
            let places = characters(whole);
            Value::list(places.windows(2).map(|w| value(text.slice(w[0]..w[1]))).collect())
        }
        ("reverse", []) if whole.is_ascii() => Value::text(&whole.chars().rev().collect::<String>(), at),
        ("duplicate", [Value::Integer(count)]) => {
            let count = usize::try_from(*count).ok()?;
            if let Err(stop) = machine.afford(whole.len() as u128 * count as u128, at) {
                return Some(Err(stop));
            }
            Value::text(&whole.repeat(count), at)
        }
        ("pad_leading" | "pad_trailing", [Value::Integer(count), rest @ ..]) if whole.is_ascii() => {
            let filler = rest.first().map_or(Some(" "), Value::as_str)?;
            let count = usize::try_from(*count).ok()?;
            if let Err(stop) = machine.afford(count as u128, at) {
                return Some(Err(stop));
            }
            let missing = count.saturating_sub(whole.len());
            let padding: String = filler
                .chars()
                .cycle()
                .take(if filler.is_empty() { 0 } else { missing })
                .collect();
            let padding = Value::text(&padding, at);
            let parts = if name == "pad_leading" {
                [padding, first.clone()]
            } else {
                [first.clone(), padding]
            };
            return Some(machine.concat(&parts));
        }
        ("valid?" | "printable?", _) => Value::truth(true),
        ("match?", [pattern]) => return matches(machine, first, pattern, at).map(Ok),
        ("equivalent?", [Value::Text(other)]) if whole.is_ascii() => Value::truth(whole == other.as_str()),
        ("split_at", [Value::Integer(index)]) => {
            let places = characters(whole);
            let length = places.len() - 1;
            let middle = *places.get(super::collections::place(*index, length).unwrap_or(0).min(length))?;
            Value::tuple(vec![
                value(text.slice(0..middle)),
                value(text.slice(middle..whole.len())),
            ])
        }
        _ => return None,
    }))
}

fn strip<'t>(text: &'t str, what: &str, start: bool) -> &'t str {
    let mut rest = text;
    while !what.is_empty() {
        let next = if start {
            rest.strip_prefix(what)
        } else {
            rest.strip_suffix(what)
        };
        match next {
            Some(shorter) => rest = shorter,
            None => break,
        }
    }
    rest
}

/// What can be told of text that is known in part.
fn part_of_unknown(name: &str, unknown: &super::super::value::Unknown, more: &[Value]) -> Option<Run<Value>> {
    let [Value::Text(what)] = more else { return None };
    let known = match name {
        "starts_with?" => unknown.pattern.first()?.as_ref()?,
        "ends_with?" => unknown.pattern.last()?.as_ref()?,
        _ => return None,
    };
    let (known, what) = (known.as_str(), what.as_str());
    let is = if name == "starts_with?" {
        known.starts_with(what)
    } else {
        known.ends_with(what)
    };
    let longer = known.len() >= what.len();
    (is || longer).then(|| Ok(Value::truth(is)))
}

fn cased(name: &str, text: &Text) -> Value {
    let change = |run: &str| match name {
        "upcase" => run.to_uppercase(),
        "downcase" => run.to_lowercase(),
        _ => run.to_owned(),
    };
    if name == "capitalize" {
        let mut chars = text.as_str().chars();
        let first = chars
            .next()
            .map(|c| c.to_uppercase().to_string())
            .unwrap_or_default();
        return Value::text(&(first + &chars.as_str().to_lowercase()), text.whole());
    }
    let runs = text.runs().map(|(run, span, exact)| {
        let changed = change(&run);
        let exact = exact && changed.len() == run.len();
        (changed, span, exact)
    });
    value(joined(runs))
}

fn split(text: &Text, pattern: &Value, options: Option<&Value>) -> Option<Run<Value>> {
    let whole = text.as_str();
    let parts = options
        .and_then(|o| o.keyword("parts"))
        .and_then(Value::as_integer);
    let parts = parts.and_then(|p| usize::try_from(p).ok()).unwrap_or(usize::MAX);
    let trim = options.and_then(|o| o.keyword("trim")).and_then(Value::as_atom) == Some("true");
    let mut cuts: Vec<(usize, usize)> = match pattern {
        Value::Text(on) if !on.as_str().is_empty() => whole
            .match_indices(on.as_str())
            .map(|(i, s)| (i, i + s.len()))
            .collect(),
        Value::List(all) => {
            let all: Vec<&str> = all.iter().map(Value::as_str).collect::<Option<_>>()?;
            if all.iter().any(|s| s.is_empty()) {
                return None;
            }
            cuts_of_any(whole, &all)
        }
        _ => {
            let regex = compiled(pattern)?;
            regex
                .find_iter(whole)
                .filter(|m| !m.is_empty())
                .map(|m| (m.start(), m.end()))
                .collect()
        }
    };
    cuts.truncate(parts.saturating_sub(1));
    let mut out = Vec::new();
    let mut from = 0;
    for (start, end) in cuts {
        out.push(text.slice(from..start));
        from = end;
    }
    out.push(text.slice(from..whole.len()));
    if trim {
        out.retain(|part| !part.as_str().is_empty());
    }
    Some(Ok(Value::list(out.into_iter().map(value).collect())))
}

fn cuts_of_any(whole: &str, all: &[&str]) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < whole.len() {
        let rest = whole.get(at..).unwrap_or("");
        match all
            .iter()
            .filter(|s| rest.starts_with(**s))
            .map(|s| s.len())
            .max()
        {
            Some(length) => {
                out.push((at, at + length));
                at += length;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    out
}

fn replace<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    text: &Text,
    pattern: &Value,
    with: &Value,
    options: Option<&Value>,
    at: Span,
) -> Option<Run<Value>> {
    let whole = text.as_str();
    let all = options.and_then(|o| o.keyword("global")).and_then(Value::as_atom) != Some("false");
    let mut found: Vec<(usize, usize, Vec<String>)> = match pattern {
        Value::Text(what) if !what.as_str().is_empty() => whole
            .match_indices(what.as_str())
            .map(|(i, s)| (i, i + s.len(), vec![s.to_owned()]))
            .collect(),
        Value::List(of) => {
            let of: Vec<&str> = of.iter().map(Value::as_str).collect::<Option<_>>()?;
            if of.iter().any(|s| s.is_empty()) {
                return None;
            }
            let cuts = cuts_of_any(whole, &of);
            cuts.into_iter()
                .map(|(a, b)| (a, b, vec![whole[a..b].to_owned()]))
                .collect()
        }
        _ => {
            let regex = compiled(pattern)?;
            regex
                .captures_iter(whole)
                .filter_map(|c| {
                    let groups = c
                        .iter()
                        .map(|g| g.map_or(String::new(), |g| g.as_str().to_owned()));
                    Some((c.get(0)?.start(), c.get(0)?.end(), groups.collect()))
                })
                .collect()
        }
    };
    if !all {
        found.truncate(1);
    }
    let is_regex = !matches!(pattern, Value::Text(_) | Value::List(_));
    let mut parts = Vec::new();
    let mut from = 0;
    for (start, end, groups) in found {
        parts.push(value(text.slice(from..start)));
        parts.push(match with {
            Value::Text(plain) if !is_regex || !plain.as_str().contains('\\') => with.clone(),
            Value::Text(template) => Value::text(&filled(template.as_str(), &groups), at),
            Value::Function(function) => {
                let args: Vec<Value> = groups
                    .iter()
                    .take(function.arity())
                    .map(|g| Value::text(g, at))
                    .collect();
                match machine.call_value(with, args, at) {
                    Ok(value) => value,
                    Err(stop) => return Some(Err(stop)),
                }
            }
            _ => return None,
        });
        from = end;
    }
    parts.push(value(text.slice(from..whole.len())));
    Some(machine.concat(&parts))
}

/// `\\0`, `\\1`, `\\g{1}` in what replaces a match.
fn filled(template: &str, groups: &[String]) -> String {
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some(digit) if digit.is_ascii_digit() => {
                let index = digit as usize - '0' as usize;
                out.push_str(groups.get(index).map_or("", String::as_str));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

/// A regular expression, where both languages read it alike: no look-around, back references or possessive quantifiers, which the
/// engine refuses.
fn compiled(pattern: &Value) -> Option<regex::Regex> {
    if pattern.struct_name().as_deref() != Some("Regex") {
        return None;
    }
    let source = pattern.field("source")?.as_str()?;
    let options = pattern.field("opts")?.as_str()?;
    let unicode = options.contains('u');
    let source = translated(source, unicode)?;
    regex::RegexBuilder::new(&source)
        .case_insensitive(options.contains('i'))
        .multi_line(options.contains('m'))
        .dot_matches_new_line(options.contains('s'))
        .ignore_whitespace(options.contains('x'))
        .size_limit(1 << 20)
        .build()
        .ok()
}

/// A pattern as the engine reads it: `\\d`, `\\w`, `\\s` mean ASCII unless asked otherwise. `None` where the two differ.
fn translated(source: &str, unicode: bool) -> Option<String> {
    let mut out = String::with_capacity(source.len() + 16);
    let mut chars = source.chars().peekable();
    let mut class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let escaped = chars.next()?;
                let set = match escaped {
                    'd' => "0-9",
                    'w' => "0-9A-Za-z_",
                    's' => " \\t\\n\\r\\x0b\\x0c",
                    'K' | 'R' | 'h' | 'H' | 'N' | 'X' | 'G' | 'Q' | 'E' | 'Z' => return None,
                    'D' | 'W' | 'S' if class && !unicode => return None,
                    _ => "",
                };
                match (set, escaped) {
                    (set, _) if !set.is_empty() && !unicode && class => out.push_str(set),
                    (set, _) if !set.is_empty() && !unicode => out.push_str(&format!("[{set}]")),
                    (_, 'D') if !unicode => out.push_str("[^0-9]"),
                    (_, 'W') if !unicode => out.push_str("[^0-9A-Za-z_]"),
                    (_, 'S') if !unicode => out.push_str("[^ \\t\\n\\r\\x0b\\x0c]"),
                    (_, '/') => out.push('/'),
                    (_, escaped) => out.extend(['\\', escaped]),
                }
            }
            '[' if class && chars.peek() != Some(&':') => out.push_str("\\["),
            '&' | '~' | '-' if class && chars.peek() == Some(&c) => return None,
            '[' => {
                if class {
                    // `[:alpha:]`.
                    out.push('[');
                    for inner in chars.by_ref() {
                        out.push(inner);
                        if inner == ']' {
                            break;
                        }
                    }
                } else {
                    class = true;
                    out.push('[');
                    if chars.peek() == Some(&'^') {
                        out.extend(chars.next());
                    }
                    if chars.peek() == Some(&']') {
                        chars.next();
                        out.push_str("\\]");
                    }
                }
            }
            ']' => {
                class = false;
                out.push(']');
            }
            // The end, or before a line break at the end.
            '$' if !class && chars.peek().is_some_and(|next| !matches!(next, ')' | '|')) => return None,
            c => out.push(c),
        }
    }
    Some(out)
}

/// `text =~ pattern`.
pub(super) fn matches<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    text: &Value,
    pattern: &Value,
    at: Span,
) -> Option<Value> {
    let Some(text) = text.as_str() else {
        return Some(super::truth(None, std::slice::from_ref(text), at));
    };
    if let Some(what) = pattern.as_str() {
        return Some(Value::truth(text.contains(what)));
    }
    Some(match compiled(pattern) {
        Some(regex) => {
            machine.budget.charge(text.len() as u64 / 16 + 16);
            Value::truth(regex.is_match(text))
        }
        None => super::truth(
            None,
            &[machine.unknown(at, "a regular expression that is not followed")],
            at,
        ),
    })
}

pub(super) fn regex<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    let made = |source: &Value, options: &str| {
        Value::structure(
            "Regex",
            [
                ("opts".into(), Value::text(options, at)),
                ("source".into(), source.clone()),
            ],
        )
    };
    match (name, args) {
        ("compile!", [source]) => Some(Ok(made(source, ""))),
        ("compile!", [source, Value::Text(options)]) => Some(Ok(made(source, options.as_str()))),
        ("compile", [source]) => Some(Ok(Value::tuple(vec![Value::atom("ok"), made(source, "")]))),
        ("source", [regex]) => Some(Ok(regex.field("source")?.clone())),
        ("escape", [Value::Text(text)]) => Some(Ok(Value::text(&regex::escape(text.as_str()), at))),
        ("match?", [pattern, text]) => matches(machine, text, pattern, at).map(Ok),
        ("replace", [pattern, Value::Text(text), with, rest @ ..]) => {
            replace(machine, text, pattern, with, rest.first(), at)
        }
        ("split", [pattern, Value::Text(text), rest @ ..]) => split(text, pattern, rest.first()),
        ("run" | "scan" | "named_captures", [pattern, Value::Text(text)]) => {
            machine.budget.charge(text.as_str().len() as u64 / 16 + 16);
            found(name, &compiled(pattern)?, text).map(Ok)
        }
        _ => None,
    }
}

fn found(name: &str, regex: &regex::Regex, text: &Rc<Text>) -> Option<Value> {
    let part = |m: Option<regex::Match<'_>>| match m {
        Some(m) => value(text.slice(m.start()..m.end())),
        None => Value::text("", text.whole()),
    };
    let groups = |captures: &regex::Captures<'_>| {
        // Groups at the end that took no part are left out.
        let mut all: Vec<Option<regex::Match<'_>>> = captures.iter().collect();
        while all.last().is_some_and(Option::is_none) {
            all.pop();
        }
        all.into_iter().map(part).collect::<Vec<_>>()
    };
    Some(match name {
        "run" => match regex.captures(text.as_str()) {
            Some(captures) => Value::list(groups(&captures)),
            None => Value::nil(),
        },
        "scan" => Value::list(
            regex
                .captures_iter(text.as_str())
                .map(|c| {
                    let all = groups(&c);
                    Value::list(all)
                })
                .collect(),
        ),
        _ => {
            let Some(captures) = regex.captures(text.as_str()) else {
                return Some(Value::nil());
            };
            let mut map = super::super::value::Map::default();
            for name in regex.capture_names().flatten() {
                map.put(Value::text(name, text.whole()), part(captures.name(name)));
            }
            Value::Map(Rc::new(map))
        }
    })
}
