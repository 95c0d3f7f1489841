//! `template % values`.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::methods::text;
use super::super::value::Value;
use super::access;
use super::bind::unknown;
use super::format::{converted, joined, repr_of, string, text_of};
use super::numbers::{self, Spec};
use crate::source::{Span, Text};

/// `template % values`.
pub(crate) fn percent<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    template: &Text,
    values: &Value<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut pieces = Vec::new();
    let s = template.as_str();
    let sequence: Option<Vec<Value<'a>>> = match values {
        Value::Tuple(items) => Some(items.to_vec()),
        _ => None,
    };
    let one = [values.clone()];
    let given: &[Value<'a>] = sequence.as_deref().unwrap_or(&one);
    let mut next = 0usize;
    let mut named = false;
    let mut done = 0;
    while let Some(found) = s[done..].find('%') {
        let start = done + found;
        if start > done {
            pieces.push(access::str(template.slice(done..start)));
        }
        let Some(read) = Conversion::read(&s[start..]) else {
            return Err(access::raise(machine, "ValueError", "incomplete format", at));
        };
        done = start + read.length;
        if read.kind == '%' {
            pieces.push(access::str(template.slice(start..start + 1)));
            continue;
        }
        if read.star {
            return Ok(unknown("a `%*d` format", at));
        }
        let value = match &read.key {
            Some(key) => {
                named = true;
                match access::dict_get_text(machine, values, key) {
                    Some(Ok(Some(value))) => value,
                    Some(Ok(None)) => return Err(access::raise(machine, "KeyError", key, at)),
                    Some(Err(gap)) => Value::unknown(gap),
                    None if values.gap().is_some() => values.clone(),
                    None => return Ok(unknown("a format by names", at)),
                }
            }
            None => {
                let Some(value) = given.get(next) else {
                    let why = "not enough arguments for format string";
                    return Err(access::raise(machine, "TypeError", why, at));
                };
                next += 1;
                value.clone()
            }
        };
        let value = match &value {
            // An unknown that stands for the whole tuple gives nothing of its own to one field.
            Value::Unknown(u) if sequence.is_none() => Value::unknown(u.gap.clone()),
            _ => value,
        };
        pieces.push(read.apply(machine, &value, at)?);
    }
    if done < s.len() || pieces.is_empty() {
        pieces.push(access::str(template.slice(done..s.len())));
    }
    let leftover = match values {
        Value::Tuple(items) => next < items.len(),
        Value::Dict(_) | Value::Unknown(_) | Value::List(_) | Value::Instance(_) | Value::Term(_) => false,
        _ => next == 0 && !named,
    };
    if leftover {
        let why = "not all arguments converted during string formatting";
        return Err(access::raise(machine, "TypeError", why, at));
    }
    Ok(joined(&pieces, at))
}

/// `%(key)-05.2f`.
struct Conversion {
    key: Option<String>,
    spec: Spec,
    star: bool,
    kind: char,
    length: usize,
}

impl Conversion {
    fn read(text: &str) -> Option<Self> {
        let mut chars = text.char_indices().skip(1).peekable();
        let mut key = None;
        if chars.peek()?.1 == '(' {
            chars.next();
            let mut depth = 1;
            let mut name = String::new();
            for (_, c) in chars.by_ref() {
                match c {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                name.push(c);
            }
            key = Some(name);
        }
        let mut spec = Spec::default();
        let mut left = false;
        while let Some((_, c)) = chars.next_if(|(_, c)| "#0- +".contains(*c)) {
            match c {
                '#' => spec.alternate = true,
                '0' => spec.zero = true,
                '-' => left = true,
                ' ' if spec.sign != Some('+') => spec.sign = Some(' '),
                '+' => spec.sign = Some('+'),
                _ => {}
            }
        }
        let mut star = chars.next_if(|(_, c)| *c == '*').is_some();
        let number = |chars: &mut std::iter::Peekable<std::iter::Skip<std::str::CharIndices<'_>>>| {
            let mut n: Option<usize> = None;
            while let Some((_, c)) = chars.next_if(|(_, c)| c.is_ascii_digit()) {
                let digit = c as usize - '0' as usize;
                n = Some(
                    n.unwrap_or(0)
                        .saturating_mul(10)
                        .saturating_add(digit)
                        .min(text::LONGEST),
                );
            }
            n
        };
        spec.width = number(&mut chars);
        if chars.next_if(|(_, c)| *c == '.').is_some() {
            star |= chars.next_if(|(_, c)| *c == '*').is_some();
            spec.precision = Some(number(&mut chars).unwrap_or(0));
        }
        while chars.next_if(|(_, c)| "hlL".contains(*c)).is_some() {}
        let (at, kind) = chars.next()?;
        if left {
            spec.align = Some('<');
            spec.zero = false;
        }
        Some(Conversion {
            key,
            spec,
            star,
            kind,
            length: at + kind.len_utf8(),
        })
    }

    fn apply<'a, L: Library<'a>>(
        &self,
        machine: &mut Machine<'a, L>,
        value: &Value<'a>,
        at: Span,
    ) -> Run<'a, Value<'a>> {
        let text = match self.kind {
            's' => text_of(machine, value, at)?,
            'r' => repr_of(machine, value, at)?,
            'a' => converted(machine, value, Some('a'), at)?,
            _ => return self.number(machine, value, at),
        };
        let spec = Spec {
            width: self.spec.width,
            precision: self.spec.precision,
            align: Some(self.spec.align.unwrap_or('>')),
            ..Spec::default()
        };
        if spec.width.is_none() && spec.precision.is_none() {
            return Ok(text);
        }
        Ok(match &text {
            Value::Str(t) => string(t, &spec, at).map_or_else(|| unknown("a long text", at), access::str),
            Value::Unknown(u) => Value::unknown(u.gap.clone()),
            _ => unknown("a format", at),
        })
    }

    fn number<'a, L: Library<'a>>(
        &self,
        machine: &mut Machine<'a, L>,
        value: &Value<'a>,
        at: Span,
    ) -> Run<'a, Value<'a>> {
        let kind = match self.kind {
            'i' | 'u' => 'd',
            other => other,
        };
        let mut spec = Spec {
            kind: Some(kind),
            ..self.spec.clone()
        };
        let out = match (kind, value) {
            ('c', Value::Str(t)) if text::length(t.as_str()) == 1 => Some(t.as_str().to_owned()),
            (_, Value::Unknown(u)) => return Ok(Value::unknown(u.gap.clone())),
            ('d', Value::Float(x)) if x.abs() < 9e15 && spec.precision.is_none() => {
                numbers::int(x.trunc() as i64, &spec)
            }
            ('d' | 'x' | 'X' | 'o', Value::Int(_) | Value::Bool(_)) => {
                let n = super::bind::int(value).unwrap_or(0);
                if spec.precision.is_some() {
                    return Ok(unknown("a number with a precision", at));
                }
                numbers::int(n, &spec)
            }
            ('e' | 'E' | 'f' | 'F' | 'g' | 'G', Value::Int(_) | Value::Bool(_) | Value::Float(_)) => {
                let x = match value {
                    Value::Float(x) => *x,
                    _ => super::bind::int(value).unwrap_or(0) as f64,
                };
                if !x.is_finite() {
                    return Ok(unknown("a number that is not finite", at));
                }
                spec.precision = spec
                    .precision
                    .filter(|p| *p < 300)
                    .or(if self.spec.precision.is_none() {
                        Some(6)
                    } else {
                        return Ok(unknown("a long number", at));
                    });
                numbers::float(x, &spec)
            }
            ('d' | 'x' | 'X' | 'o' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G', Value::Str(_) | Value::None) => {
                let why = format!("%{} format: a number is required", self.kind);
                return Err(access::raise(machine, "TypeError", &why, at));
            }
            _ => None,
        };
        Ok(out.map_or_else(|| unknown("a number in a format", at), |s| Value::text(&s, at)))
    }
}
