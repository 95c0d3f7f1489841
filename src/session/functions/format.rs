//! `format`, `quote_ident` and the like: how migrations compose SQL. Known parts keep their place, unknown ones become holes.
//!
//! Source: PostgreSQL manual, 9.4.1 "format".

use std::sync::Arc;

use super::{Args, quote_literal};
use crate::session::Session;
use crate::session::flow::{Raised, Run};
use crate::session::value::{Partial, Str, Value};
use crate::source::{Span, Text};

/// One piece of a format string.
enum Piece {
    /// Bytes of the format string.
    Text(std::ops::Range<usize>),
    /// `%%`.
    Percent(std::ops::Range<usize>),
    /// `%s`, `%I`, `%L`, with the position where written.
    Value(char, Option<usize>),
}

impl Session {
    pub(super) fn format(&mut self, args: &Args<'_>) -> Run<Value> {
        let template = match args.get(0) {
            Value::Text(text) => text.placed(args.span(0)),
            Value::Null => return Ok(Value::Null),
            other => {
                let gap = other
                    .gap()
                    .cloned()
                    .unwrap_or_else(|| self.gap(args.at, "a format"));
                return Ok(Value::Unknown(gap));
            }
        };
        let Some(pieces) = pieces(template.as_str()) else {
            return Ok(self.unknown(args.at, "a format with widths is not followed"));
        };
        let mut parts: Vec<(Value, Span)> = Vec::new();
        let mut next = 1;
        for piece in pieces {
            match piece {
                Piece::Text(range) | Piece::Percent(range) => {
                    let span = template.span(range.clone());
                    parts.push((Value::Text(Str::Placed(template.slice(range))), span));
                }
                Piece::Value(kind, position) => {
                    let n = position.unwrap_or(next);
                    next = n + 1;
                    if n >= args.len() {
                        return Err(Raised::certain(
                            "22023",
                            "too few arguments for format()",
                            args.at,
                        ));
                    }
                    let value = self.formatted(kind, &args.get(n), args.span(n), args.at)?;
                    parts.push((value, args.span(n)));
                }
            }
        }
        self.join_text(parts, args.at)
    }

    /// One argument of `format`.
    fn formatted(&mut self, kind: char, value: &Value, span: Span, at: Span) -> Run<Value> {
        match (kind, value) {
            ('s', Value::Null) => Ok(Value::text("")),
            ('s', Value::Bool(b)) => Ok(Value::text(if *b { "t" } else { "f" })),
            ('s', value) => Ok(value.clone()),
            ('I', Value::Null) => Err(Raised::certain(
                "22004",
                "null values cannot be formatted as an SQL identifier",
                at,
            )),
            ('I', value) => self.quoted(value, span, at, output, crate::name::quote),
            ('L', Value::Null) => Ok(Value::text("NULL")),
            (_, value) => self.quoted(value, span, at, output, quote_literal),
        }
    }

    /// A value in quotes; an unknown one is a hole that quotes cannot break.
    pub(super) fn quoted(
        &mut self,
        value: &Value,
        span: Span,
        at: Span,
        plain: fn(&Value) -> String,
        quote: fn(&str) -> String,
    ) -> Run<Value> {
        let literal = quote("x") == "'x'";
        if let Value::Partial(partial) = value
            && !literal
            && partial.runs.iter().all(is_word)
        {
            return Ok(value.clone());
        }
        let printed = match value {
            Value::Oid(_) => self.print(value),
            other if other.gap().is_some() => None,
            other => Some(plain(other)),
        };
        Ok(match printed {
            Some(text) => {
                let quoted = quote(&text);
                let exact = quoted == text;
                match (exact, value) {
                    (true, Value::Text(text)) => Value::Text(text.clone()),
                    _ => Value::Text(Str::Placed(Text::composed([(
                        quoted,
                        origin(value, span),
                        false,
                    )]))),
                }
            }
            None => {
                let gap = value
                    .gap()
                    .cloned()
                    .unwrap_or_else(|| self.gap(at, "a name that cannot be told"));
                let hole = (None, span, true);
                let quote_mark = || (Some("'".to_owned()), span, false);
                let runs = if literal {
                    vec![quote_mark(), hole, quote_mark()]
                } else {
                    vec![hole]
                };
                Value::Partial(Arc::new(Partial { runs, gap }))
            }
        })
    }

    pub(super) fn concat_ws(&mut self, args: &Args<'_>) -> Run<Value> {
        let separator = args.get(0);
        if separator.is_null() {
            return Ok(Value::Null);
        }
        let mut parts: Vec<(Value, Span)> = Vec::new();
        for (i, value) in args.values.iter().enumerate().skip(1) {
            if value.is_null() {
                continue;
            }
            if !parts.is_empty() {
                parts.push((separator.clone(), args.span(0)));
            }
            parts.push((super::boolean_letter(value), args.span(i)));
        }
        self.join_text(parts, args.at)
    }
}

fn output(value: &Value) -> String {
    value.print()
}

/// Where a string is written.
fn origin(value: &Value, otherwise: Span) -> Span {
    match value {
        Value::Text(Str::Placed(text)) => text.whole(),
        _ => otherwise,
    }
}

/// Splits a format string; `None` where it holds what is not followed.
fn pieces(template: &str) -> Option<Vec<Piece>> {
    let bytes = template.as_bytes();
    let mut out = Vec::new();
    let mut from = 0;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'%' {
            at += 1;
            continue;
        }
        if from < at {
            out.push(Piece::Text(from..at));
        }
        let mut end = at + 1;
        while bytes.get(end).is_some_and(u8::is_ascii_digit) {
            end += 1;
        }
        let position = match bytes.get(end) {
            Some(b'$') if end > at + 1 => {
                let n = template.get(at + 1..end)?.parse().ok().filter(|n| *n > 0)?;
                end += 1;
                Some(n)
            }
            _ if end > at + 1 => return None,
            _ => None,
        };
        match bytes.get(end)? {
            b'%' if position.is_none() => out.push(Piece::Percent(end..end + 1)),
            kind @ (b's' | b'I' | b'L') => out.push(Piece::Value(char::from(*kind), position)),
            _ => return None,
        }
        at = end + 1;
        from = at;
    }
    if from < bytes.len() {
        out.push(Piece::Text(from..bytes.len()));
    }
    Some(out)
}

/// Whether a part of a name stands without quotes; a hole that is a name is quoted where it needs be.
fn is_word((text, _, exact): &(Option<String>, Span, bool)) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    text.as_ref().map_or(*exact, |text| text.chars().all(plain))
}
