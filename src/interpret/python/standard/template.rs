//! `template.format(...)`.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::{Args, Value};
use super::access;
use super::bind::unknown;
use super::format::{field, joined};
use crate::source::{Span, Text};

/// One step of a `str.format` template.
enum Part {
    Literal(std::ops::Range<usize>),
    Field {
        name: String,
        conversion: Option<char>,
        spec: std::ops::Range<usize>,
    },
}

/// Cuts a `str.format` template; `None` where Python refuses it.
fn parts(s: &str) -> Option<Vec<Part>> {
    let bytes = s.as_bytes();
    let mut out = Vec::new();
    let (mut at, mut from) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'}' if bytes.get(at + 1) == Some(&bytes[at]) => {
                out.push(Part::Literal(from..at + 1));
                at += 2;
                from = at;
            }
            b'{' => {
                out.push(Part::Literal(from..at));
                let mut depth = 1;
                let mut end = at + 1;
                while depth > 0 {
                    match bytes.get(end)? {
                        b'{' => depth += 1,
                        b'}' => depth -= 1,
                        _ => {}
                    }
                    end += 1;
                }
                let inner = at + 1..end - 1;
                let body = &s[inner.clone()];
                let mut bracket = false;
                let cut = body
                    .char_indices()
                    .find(|&(_, c)| {
                        match c {
                            '[' => bracket = true,
                            ']' => bracket = false,
                            _ => {}
                        }
                        !bracket && (c == '!' || c == ':')
                    })
                    .map_or(body.len(), |(i, _)| i);
                let name = body[..cut].to_owned();
                let mut rest = cut;
                let mut conversion = None;
                if body[rest..].starts_with('!') {
                    let c = body[rest + 1..].chars().next()?;
                    conversion = Some(c);
                    rest += 1 + c.len_utf8();
                    if rest < body.len() && !body[rest..].starts_with(':') {
                        return None;
                    }
                }
                let spec = if rest < body.len() {
                    inner.start + rest + 1
                } else {
                    inner.end
                };
                out.push(Part::Field {
                    name,
                    conversion,
                    spec: spec..inner.end,
                });
                at = end;
                from = end;
            }
            b'}' => return None,
            _ => at += 1,
        }
    }
    out.push(Part::Literal(from..s.len()));
    Some(out)
}

/// `template.format(...)`; `mapping` for `format_map`.
pub(crate) fn str_format<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    template: &Text,
    args: &Args<'a>,
    mapping: Option<&Value<'a>>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut automatic = 0;
    format_parts(machine, template, args, mapping, &mut automatic, 2, at)
}

fn format_parts<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    template: &Text,
    args: &Args<'a>,
    mapping: Option<&Value<'a>>,
    automatic: &mut usize,
    depth: u32,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some(parts) = parts(template.as_str()) else {
        let why = "Single '}' encountered in format string";
        return Err(access::raise(machine, "ValueError", why, at));
    };
    let mut pieces = Vec::new();
    for part in parts {
        match part {
            Part::Literal(range) if range.is_empty() => {}
            Part::Literal(range) => pieces.push(access::str(template.slice(range))),
            Part::Field {
                name,
                conversion,
                spec,
            } => {
                let value = argument(machine, &name, args, mapping, automatic, at)?;
                let spec = template.slice(spec);
                let spec = if spec.as_str().contains(['{', '}']) && depth > 0 {
                    format_parts(machine, &spec, args, mapping, automatic, depth - 1, at)?
                } else {
                    access::str(spec)
                };
                pieces.push(field(machine, &value, conversion, Some(&spec), at)?);
            }
        }
    }
    if pieces.is_empty() {
        pieces.push(access::str(template.slice(0..0)));
    }
    Ok(joined(&pieces, at))
}

/// The value that `0.name[key]` means.
fn argument<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    mapping: Option<&Value<'a>>,
    automatic: &mut usize,
    at: Span,
) -> Run<'a, Value<'a>> {
    let cut = name.find(['.', '[']).unwrap_or(name.len());
    let (first, mut path) = name.split_at(cut);
    let index = if first.is_empty() {
        *automatic += 1;
        Some(*automatic - 1)
    } else {
        first.parse::<usize>().ok()
    };
    let found = match (index, mapping) {
        (Some(index), None) => args.positional.get(index).map(|a| a.value.clone()),
        (None, None) => args.keyword(first).map(|a| a.value.clone()),
        (_, Some(mapping)) => match access::dict_get_text(machine, mapping, first) {
            Some(Ok(value)) => value,
            Some(Err(gap)) => Some(Value::unknown(gap)),
            None => Some(unknown("a format by names", at)),
        },
    };
    let mut value = match found {
        Some(value) => value,
        None if args.open.is_some() => {
            return Ok(args.open.clone().map_or(Value::None, Value::unknown));
        }
        None if index.is_some() => {
            let why = "Replacement index out of range for positional args tuple";
            return Err(access::raise(machine, "IndexError", why, at));
        }
        None => return Err(access::raise(machine, "KeyError", first, at)),
    };
    while !path.is_empty() {
        if let Some(rest) = path.strip_prefix('.') {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            value = machine.attribute(&value, &rest[..end], at)?;
            path = &rest[end..];
        } else {
            let Some(end) = path.find(']') else {
                return Err(access::raise(
                    machine,
                    "ValueError",
                    "Missing ']' in format string",
                    at,
                ));
            };
            let key = &path[1..end];
            let key = match key.parse::<i64>() {
                Ok(n) if key.bytes().all(|b| b.is_ascii_digit()) => Value::Int(n),
                _ => Value::text(key, at),
            };
            value = access::subscript(machine, &value, &key, at)?;
            path = &path[end + 1..];
        }
    }
    Ok(value)
}
