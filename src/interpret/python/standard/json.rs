//! `json`: text to values and back.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::{Args, Value};
use super::bind::{int, pure, unknown};
use super::{access, enums, numbers, paths};
use crate::known::Gap;
use crate::source::Span;

/// A call of a member of `json`.
pub(crate) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let first = args.positional.first().map(|a| a.value.clone());
    match name {
        "loads" => pure(machine, &first?, &Args::default(), at, |machine, text, _| {
            Some(Ok(match text {
                Value::Str(text) => return Some(load(machine, text.as_str(), text.whole())),
                Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
                    Ok(text) => return Some(load(machine, text, at)),
                    Err(_) => unknown("json of these bytes", at),
                },
                _ => unknown("json of something else", at),
            }))
        }),
        "load" => match paths::file_text(machine, &first?, at) {
            Some(Value::Str(text)) => Some(load(machine, text.as_str(), text.whole())),
            Some(other) => Some(Ok(other)),
            None => Some(Ok(unknown("json of a file that is not known", at))),
        },
        "dumps" => Some(Ok(dumps(machine, args, at))),
        "dump" => Some(Ok(Value::None)),
        _ => None,
    }
}

fn load<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, text: &str, at: Span) -> Run<'a, Value<'a>> {
    if text.len() > 2 << 20 {
        return Ok(unknown("json too long to follow", at));
    }
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => Ok(of_json(machine, &value, at)),
        // Python reads more: `NaN`, numbers of any size, halves of surrogate pairs.
        Err(_)
            if text.contains("NaN")
                || text.contains("Infinity")
                || text.contains("\\u")
                || text.len() > 1 << 16 =>
        {
            Ok(unknown("json that cannot be read", at))
        }
        Err(error) if error.to_string().contains("range") || error.to_string().contains("recursion") => {
            Ok(unknown("json that cannot be read", at))
        }
        Err(_) => Err(machine.raise("json.JSONDecodeError", "Expecting value", at)),
    }
}

fn of_json<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &serde_json::Value,
    at: Span,
) -> Value<'a> {
    match value {
        serde_json::Value::Null => Value::None,
        serde_json::Value::Bool(b) => Value::Bool(*b),
        serde_json::Value::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(n), _) => Value::Int(n),
            (None, Some(x)) if !n.is_u64() => Value::Float(x),
            _ => unknown("a number too large to follow", at),
        },
        serde_json::Value::String(s) => Value::text(s, at),
        serde_json::Value::Array(items) => {
            let items = items.iter().map(|i| of_json(machine, i, at)).collect();
            machine.new_list(items)
        }
        serde_json::Value::Object(entries) => {
            let entries = entries
                .iter()
                .map(|(k, v)| (Value::text(k, at), of_json(machine, v, at)))
                .collect();
            machine.new_dict(entries)
        }
    }
}

/// How `dumps` writes.
struct Style {
    indent: Option<String>,
    item: String,
    key: String,
    ascii: bool,
    sort: bool,
}

fn dumps<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, args: &Args<'a>, at: Span) -> Value<'a> {
    if let Some(gap) = &args.open {
        return Value::unknown(gap.clone());
    }
    let Some(first) = args.positional.first() else {
        return unknown("json.dumps with these arguments", at);
    };
    let Some(style) = style(args) else {
        return unknown("json.dumps with these arguments", at);
    };
    let mut out = String::new();
    match write(machine, &first.value, &style, 0, &mut out, at) {
        Ok(()) => Value::text(&out, at),
        Err(gap) => Value::unknown(gap),
    }
}

fn style(args: &Args<'_>) -> Option<Style> {
    let mut style = Style {
        indent: None,
        item: ", ".to_owned(),
        key: ": ".to_owned(),
        ascii: true,
        sort: false,
    };
    for (name, argument) in &args.keywords {
        match (name.as_str(), &argument.value) {
            ("indent", Value::None)
            | ("default" | "cls" | "skipkeys" | "check_circular" | "allow_nan", _) => {}
            ("indent", Value::Str(text)) => style.indent = Some(text.as_str().to_owned()),
            ("indent", value) => {
                let width = usize::try_from(int(value)?).ok().filter(|n| *n < 64)?;
                style.indent = Some(" ".repeat(width));
            }
            ("ensure_ascii", Value::Bool(b)) => style.ascii = *b,
            ("sort_keys", Value::Bool(b)) => style.sort = *b,
            ("separators", Value::Tuple(pair)) => {
                style.item = pair.first()?.as_str()?.to_owned();
                style.key = pair.get(1)?.as_str()?.to_owned();
            }
            _ => return None,
        }
    }
    if style.indent.is_some() && args.keyword("separators").is_none() {
        style.item = ",".to_owned();
    }
    Some(style)
}

fn line(style: &Style, depth: usize, out: &mut String) {
    if let Some(indent) = &style.indent {
        out.push('\n');
        out.push_str(&indent.repeat(depth));
    }
}

fn write<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    style: &Style,
    depth: usize,
    out: &mut String,
    at: Span,
) -> Result<(), Gap> {
    if depth > 64 || out.len() > 2 << 20 {
        return Err(machine.gap(at, "json too long to follow"));
    }
    let plain = enums::plain(machine, value);
    match plain.as_ref().unwrap_or(value) {
        Value::None => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(n) => out.push_str(&n.to_string()),
        Value::Float(x) if x.is_finite() => out.push_str(&numbers::float_repr(*x)),
        Value::Str(text) => quote(text.as_str(), style.ascii, out),
        Value::Tuple(_) | Value::List(_) => {
            let items = match access::contents(machine, value) {
                Some(items) => items?,
                None => return Err(machine.gap(at, "json of something else")),
            };
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(&style.item);
                }
                line(style, depth + 1, out);
                write(machine, item, style, depth + 1, out, at)?;
            }
            if !items.is_empty() {
                line(style, depth, out);
            }
            out.push(']');
        }
        Value::Dict(_) => {
            let mut entries = Vec::new();
            for (key, item) in access::entries(machine, value)? {
                entries.push((key_text(machine, &key, at)?, item));
            }
            if style.sort {
                entries.sort_by(|a, b| a.0.cmp(&b.0));
            }
            out.push('{');
            for (i, (key, item)) in entries.iter().enumerate() {
                if i > 0 {
                    out.push_str(&style.item);
                }
                line(style, depth + 1, out);
                quote(key, style.ascii, out);
                out.push_str(&style.key);
                write(machine, item, style, depth + 1, out, at)?;
            }
            if !entries.is_empty() {
                line(style, depth, out);
            }
            out.push('}');
        }
        Value::Unknown(u) => return Err(u.gap.clone()),
        _ => return Err(machine.gap(at, "json of something else")),
    }
    Ok(())
}

fn key_text<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    key: &Value<'a>,
    at: Span,
) -> Result<String, Gap> {
    let plain = enums::plain(machine, key);
    Ok(match plain.as_ref().unwrap_or(key) {
        Value::Str(text) => text.as_str().to_owned(),
        Value::None => "null".to_owned(),
        Value::Bool(b) => if *b { "true" } else { "false" }.to_owned(),
        Value::Int(n) => n.to_string(),
        Value::Unknown(u) => return Err(u.gap.clone()),
        _ => return Err(machine.gap(at, "a key in json")),
    })
}

fn quote(text: &str, ascii: bool, out: &mut String) {
    use std::fmt::Write as _;
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\x1f' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            '\x7f'.. if ascii && (c as u32) > 0x7f => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
