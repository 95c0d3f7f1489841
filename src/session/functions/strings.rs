//! Functions on strings and numbers.
//!
//! Source: PostgreSQL manual, 9.3 and 9.4.

use super::{Args, regex};
use crate::session::Session;
use crate::session::flow::Run;
use crate::session::number::Decimal;
use crate::session::value::{MAX_TEXT, Value};

/// Functions that are simulated here; all give NULL for NULL.
pub(super) static KNOWN: &[&str] = &[
    "lower",
    "upper",
    "initcap",
    "replace",
    "substring",
    "substr",
    "left",
    "right",
    "length",
    "char_length",
    "character_length",
    "octet_length",
    "btrim",
    "ltrim",
    "rtrim",
    "trim",
    "split_part",
    "regexp_replace",
    "regexp_match",
    "strpos",
    "position",
    "starts_with",
    "repeat",
    "lpad",
    "rpad",
    "reverse",
    "chr",
    "ascii",
    "md5",
    "to_char",
    "translate",
    "text",
    "abs",
    "floor",
    "ceil",
    "ceiling",
    "round",
    "mod",
    "quote_ident",
    "quote_literal",
];

impl Session {
    pub(super) fn string_function(&mut self, name: &str, args: &Args<'_>) -> Option<Run<Value>> {
        let first = args.text(0);
        if let Err(raised) = self.spend(first.len() as u64 / 64, args.at) {
            return Some(Err(raised));
        }
        let chars = || first.chars();
        let value = match (name, args.len()) {
            ("lower", 1) => Value::text(first.to_lowercase()),
            ("upper", 1) => Value::text(first.to_uppercase()),
            ("initcap", 1) => Value::text(initcap(&first)),
            ("text", 1) => Value::text(first),
            ("replace", 3) => {
                let (from, to) = (args.text(1), args.text(2));
                let growth = first.len().saturating_mul(to.len().max(1));
                if from.is_empty() {
                    Value::text(first)
                } else if growth > 16 * MAX_TEXT {
                    self.unknown(args.at, "a string too long to be followed")
                } else {
                    return Some(self.bounded(first.replace(&from, &to), args));
                }
            }
            ("substring" | "substr", 2 | 3) => match (args.int(1), args.int(2)) {
                (Some(from), count) if args.len() == 2 || count.is_some() => substring(&first, from, count),
                _ => self.unknown(args.at, "a substring that is not followed"),
            },
            ("left", 2) => self.part(&first, args, true),
            ("right", 2) => self.part(&first, args, false),
            ("length" | "char_length" | "character_length", 1) => Value::Int(chars().count() as i64),
            ("octet_length", 1) => Value::Int(first.len() as i64),
            ("btrim" | "trim" | "ltrim" | "rtrim", 1 | 2) => trim(name, &first, args),
            ("split_part", 3) => self.split_part(&first, args),
            ("regexp_replace", 3 | 4) => self.regexp_replace(&first, args),
            ("strpos" | "position", 2) => Value::Int(position(&first, &args.text(1))),
            ("starts_with", 2) => Value::Bool(first.starts_with(&args.text(1))),
            ("repeat", 2) => {
                let times = args.int(1).unwrap_or(0).max(0) as usize;
                if first.len().saturating_mul(times) > MAX_TEXT {
                    self.unknown(args.at, "a string too long to be followed")
                } else {
                    return Some(self.bounded(first.repeat(times), args));
                }
            }
            ("lpad" | "rpad", 2 | 3) => self.pad(name == "lpad", &first, args),
            ("reverse", 1) => Value::text(chars().rev().collect::<String>()),
            ("chr", 1) => args
                .int(0)
                .and_then(|n| char::from_u32(u32::try_from(n).ok()?))
                .filter(|c| *c != '\0')
                .map_or_else(|| self.unknown(args.at, "chr"), |c| Value::text(c.to_string())),
            ("ascii", 1) => Value::Int(chars().next().map_or(0, |c| i64::from(u32::from(c)))),
            ("translate", 3) => Value::text(translate(&first, &args.text(1), &args.text(2))),
            ("to_char", 2) => self.to_char(args),
            ("abs" | "floor" | "ceil" | "ceiling" | "round" | "mod", _) => {
                return Some(self.numeric_function(name, args));
            }
            _ => self.unknown(args.at, format!("{name}() is not followed")),
        };
        Some(Ok(value))
    }

    /// The forms that only the grammar has; the arguments are in the order of the function.
    pub(super) fn keyword_call(&mut self, name: &str, args: &Args<'_>) -> Run<Value> {
        if args.values.iter().any(Value::is_null) {
            return Ok(Value::Null);
        }
        if let Some(gap) = args.values.iter().find_map(Value::gap) {
            return Ok(Value::Unknown(gap.clone()));
        }
        match self.string_function(name, args) {
            Some(value) if KNOWN.contains(&name) => value,
            _ => Ok(self.unknown(args.at, format!("{name} is not followed here"))),
        }
    }

    fn bounded(&mut self, text: String, args: &Args<'_>) -> Run<Value> {
        self.spend(text.len() as u64 / 64, args.at)?;
        Ok(if text.len() > MAX_TEXT {
            self.unknown(args.at, "a string too long to be followed")
        } else {
            Value::text(text)
        })
    }

    fn part(&self, text: &str, args: &Args<'_>, left: bool) -> Value {
        let Some(n) = args.int(1) else {
            return self.unknown(args.at, "a part of a string");
        };
        let length = text.chars().count();
        let count = match usize::try_from(n) {
            Ok(n) => n.min(length),
            Err(_) => length.saturating_sub(usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX)),
        };
        Value::text(if left {
            text.chars().take(count).collect::<String>()
        } else {
            text.chars().skip(length - count).collect()
        })
    }

    fn split_part(&self, text: &str, args: &Args<'_>) -> Value {
        let separator = args.text(1);
        let (Some(n), false) = (args.int(2), separator.is_empty()) else {
            return self.unknown(args.at, "split_part");
        };
        let parts: Vec<&str> = text.split(separator.as_str()).collect();
        let index = if n > 0 { n - 1 } else { parts.len() as i64 + n };
        let part = usize::try_from(index).ok().and_then(|i| parts.get(i));
        Value::text(part.copied().unwrap_or(""))
    }

    fn regexp_replace(&self, text: &str, args: &Args<'_>) -> Value {
        let flags = args.text(3);
        if !matches!(flags.as_str(), "" | "g") || text.len() > 10_000 {
            return self.unknown(args.at, "a regular expression that is not followed");
        }
        match regex::replace(text, &args.text(1), &args.text(2), flags == "g") {
            Some(text) => Value::text(text),
            None => self.unknown(args.at, "a regular expression that is not followed"),
        }
    }

    fn pad(&self, left: bool, text: &str, args: &Args<'_>) -> Value {
        let length = args.int(1).unwrap_or(0).clamp(0, 10_000) as usize;
        let fill = if args.len() > 2 {
            args.text(2)
        } else {
            " ".to_owned()
        };
        let have = text.chars().count();
        if have >= length || fill.is_empty() {
            return Value::text(text.chars().take(length).collect::<String>());
        }
        let padding: String = fill.chars().cycle().take(length - have).collect();
        Value::text(if left {
            format!("{padding}{text}")
        } else {
            format!("{text}{padding}")
        })
    }

    /// `to_char` of an integer with a pattern of zeros or nines, the one that names of partitions use.
    fn to_char(&self, args: &Args<'_>) -> Value {
        let pattern = args.text(1);
        let digits = pattern.strip_prefix("FM").unwrap_or(&pattern);
        match args.get(0) {
            Value::Int(n) if n >= 0 && !digits.is_empty() && digits.bytes().all(|b| b == b'0') => {
                let width = digits.len();
                let text = format!("{n:0width$}");
                if text.len() > width {
                    self.unknown(args.at, "to_char")
                } else if pattern.starts_with("FM") {
                    Value::text(text)
                } else {
                    Value::text(format!(" {text}"))
                }
            }
            _ => self.unknown(args.at, "to_char is not followed here"),
        }
    }

    fn numeric_function(&self, name: &str, args: &Args<'_>) -> Run<Value> {
        let decimal = Decimal::parse(&args.text(0));
        Ok(match (name, decimal) {
            ("abs", Some(_)) => Value::numeric(args.text(0).trim_start_matches('-')),
            ("floor", Some(d)) if args.len() == 1 => {
                d.floor().map_or_else(|| self.unknown(args.at, name), Value::Int)
            }
            ("ceil" | "ceiling", Some(_)) if matches!(args.get(0), Value::Int(_)) => args.get(0),
            ("round", Some(d)) if args.len() == 1 => {
                d.round().map_or_else(|| self.unknown(args.at, name), Value::Int)
            }
            ("mod", Some(_)) => match (args.int(0), args.int(1)) {
                (Some(a), Some(b)) if b != 0 => Value::Int(a.wrapping_rem(b)),
                _ => self.unknown(args.at, name),
            },
            _ => self.unknown(args.at, format!("{name}() is not followed here")),
        })
    }
}

fn substring(text: &str, from: i64, count: Option<i64>) -> Value {
    let end = count.map(|c| from.saturating_add(c));
    let take = |i: i64| i >= from && end.is_none_or(|end| i < end);
    let out: String = text
        .chars()
        .zip(1_i64..)
        .filter(|(_, i)| take(*i))
        .map(|(c, _)| c)
        .collect();
    Value::text(out)
}

fn position(text: &str, part: &str) -> i64 {
    match text.find(part) {
        Some(at) => text[..at].chars().count() as i64 + 1,
        None => 0,
    }
}

fn trim(name: &str, text: &str, args: &Args<'_>) -> Value {
    let set = if args.len() > 1 {
        args.text(1)
    } else {
        " ".to_owned()
    };
    let drop = |c: char| set.contains(c);
    Value::text(match name {
        "ltrim" => text.trim_start_matches(drop),
        "rtrim" => text.trim_end_matches(drop),
        _ => text.trim_matches(drop),
    })
}

fn translate(text: &str, from: &str, to: &str) -> String {
    let to: Vec<char> = to.chars().collect();
    text.chars()
        .filter_map(|c| match from.chars().position(|f| f == c) {
            Some(at) => to.get(at).copied(),
            None => Some(c),
        })
        .collect()
}

fn initcap(text: &str) -> String {
    let mut word = false;
    text.chars()
        .flat_map(|c| {
            let out: Vec<char> = if word {
                c.to_lowercase().collect()
            } else {
                c.to_uppercase().collect()
            };
            word = c.is_alphanumeric();
            out
        })
        .collect()
}
