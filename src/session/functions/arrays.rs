//! Functions on arrays.

use super::Args;
use crate::session::Session;
use crate::session::flow::Run;
use crate::session::value::{MAX_ARRAY, Value};

/// Functions that give NULL for NULL.
pub(super) static STRICT: &[&str] = &[
    "array_length",
    "array_upper",
    "array_lower",
    "cardinality",
    "string_to_array",
    "array_position",
    "array_ndims",
];

impl Session {
    pub(super) fn array_function(&mut self, name: &str, args: &Args<'_>) -> Option<Run<Value>> {
        if !STRICT.contains(&name) {
            return None;
        }
        if name == "string_to_array" {
            return Some(self.string_to_array(args));
        }
        let items = match args.get(0) {
            Value::Array(items) => items,
            Value::Text(text) => match parse_array(text.as_str()) {
                Some(Value::Array(items)) => items,
                _ => return Some(Ok(self.unknown(args.at, "an array"))),
            },
            _ => return Some(Ok(self.unknown(args.at, "an array"))),
        };
        let nested = items.iter().any(|i| matches!(i, Value::Array(_)));
        if nested && !(args.int(1) == Some(1) && name != "array_position") {
            return Some(Ok(self.unknown(args.at, "arrays of arrays are not followed")));
        }
        let length = items.len() as i64;
        Some(Ok(match name {
            "cardinality" => Value::Int(length),
            "array_ndims" if items.is_empty() => Value::Null,
            "array_ndims" => Value::Int(1),
            "array_position" => {
                let wanted = args.get(1);
                items
                    .iter()
                    .position(|i| i.same(&wanted))
                    .map_or(Value::Null, |i| Value::Int(i as i64 + 1))
            }
            _ if args.int(1) != Some(1) || items.is_empty() => Value::Null,
            "array_lower" => Value::Int(1),
            _ => Value::Int(length),
        }))
    }

    fn string_to_array(&mut self, args: &Args<'_>) -> Run<Value> {
        let (text, separator) = (args.text(0), args.text(1));
        if args.len() != 2 || separator.is_empty() {
            return Ok(self.unknown(args.at, "string_to_array"));
        }
        self.spend(text.len() as u64 / 64, args.at)?;
        let items: Vec<Value> = if text.is_empty() {
            Vec::new()
        } else {
            text.split(separator.as_str())
                .take(MAX_ARRAY + 1)
                .map(Value::text)
                .collect()
        };
        self.array_of(items, args.at)
    }

    pub(super) fn lenient_array(&mut self, name: &str, args: &Args<'_>) -> Run<Value> {
        let (first, second) = (args.get(0), args.get(1));
        let unknown = |v: &Value| matches!(v, Value::Unknown(_));
        match name {
            "num_nulls" => {
                if let Some(gap) = args.values.iter().find_map(Value::gap) {
                    return Ok(Value::Unknown(gap.clone()));
                }
                Ok(Value::Int(
                    args.values.iter().filter(|v| v.is_null()).count() as i64
                ))
            }
            "array_to_string" => self.array_to_string(args),
            _ if unknown(&first) => Ok(first),
            _ if unknown(&second) && name != "array_append" => Ok(second),
            "array_append" => {
                let mut items = self.items(&first);
                items.push(second);
                self.array_of(items, args.at)
            }
            "array_prepend" => {
                let mut items = vec![first];
                items.extend(self.items(&second));
                self.array_of(items, args.at)
            }
            "array_cat" if first.is_null() => Ok(second),
            "array_cat" if second.is_null() => Ok(first),
            "array_cat" => {
                let mut items = self.items(&first);
                items.extend(self.items(&second));
                self.array_of(items, args.at)
            }
            // array_remove
            _ if first.is_null() => Ok(Value::Null),
            _ => match first.gap() {
                Some(gap) => Ok(Value::Unknown(gap.clone())),
                None => {
                    let items = self.items(&first).into_iter().filter(|i| !i.same(&second));
                    Ok(Value::array(items.collect()))
                }
            },
        }
    }

    fn items(&self, value: &Value) -> Vec<Value> {
        match value {
            Value::Array(items) => items.to_vec(),
            Value::Text(text) => match parse_array(text.as_str()) {
                Some(Value::Array(items)) => items.to_vec(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn array_to_string(&mut self, args: &Args<'_>) -> Run<Value> {
        let items = match args.get(0) {
            Value::Array(items) => items,
            Value::Null => return Ok(Value::Null),
            other => {
                let gap = other
                    .gap()
                    .cloned()
                    .unwrap_or_else(|| self.gap(args.at, "an array"));
                return Ok(Value::Unknown(gap));
            }
        };
        let separator = args.get(1);
        if separator.is_null() {
            return Ok(Value::Null);
        }
        let mut parts = Vec::new();
        for item in items.iter() {
            let item = if item.is_null() { args.get(2) } else { item.clone() };
            if item.is_null() {
                continue;
            }
            if !parts.is_empty() {
                parts.push((separator.clone(), args.span(1)));
            }
            parts.push((super::boolean_letter(&item), args.span(0)));
        }
        self.join_text(parts, args.at)
    }
}

/// Reads `{a,"b c",NULL}`; `None` for what is none, or has bounds or more dimensions than are followed.
pub(in crate::session) fn parse_array(text: &str) -> Option<Value> {
    let (value, rest) = parse_items(text.trim(), 0)?;
    rest.trim().is_empty().then_some(value)
}

fn parse_items(text: &str, depth: u32) -> Option<(Value, &str)> {
    if depth > 4 {
        return None;
    }
    let mut rest = text.strip_prefix('{')?.trim_start();
    let mut items = Vec::new();
    if let Some(after) = rest.strip_prefix('}') {
        return Some((Value::array(items), after));
    }
    loop {
        if items.len() > MAX_ARRAY {
            return None;
        }
        rest = rest.trim_start();
        if rest.starts_with('{') {
            let (item, after) = parse_items(rest, depth + 1)?;
            items.push(item);
            rest = after.trim_start();
        } else {
            let (item, after) = parse_item(rest)?;
            items.push(item);
            rest = after;
        }
        if let Some(after) = rest.strip_prefix(',') {
            rest = after;
        } else {
            return Some((Value::array(items), rest.strip_prefix('}')?));
        }
    }
}

fn parse_item(text: &str) -> Option<(Value, &str)> {
    let mut out = String::new();
    let mut quoted = false;
    let mut inside = false;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => out.push(chars.next()?.1),
            '"' => {
                inside = !inside;
                quoted = true;
            }
            ',' | '}' if !inside => {
                let item = if quoted { out.as_str() } else { out.trim_end() };
                if item.is_empty() && !quoted {
                    return None;
                }
                let value = if !quoted && item.eq_ignore_ascii_case("null") {
                    Value::Null
                } else {
                    Value::text(item)
                };
                return Some((value, &text[at..]));
            }
            '{' if !inside => return None,
            _ => out.push(c),
        }
    }
    None
}
