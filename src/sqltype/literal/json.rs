//! `json`, kept as written, and `jsonb`, printed anew.

use super::Literal;
use crate::sqltype::Builtin;

/// Deepest nesting that is read.
const MAX_DEPTH: u32 = 200;

enum Value {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

/// Why a text is no value.
enum Stop {
    Invalid,
    Untold,
}

struct Reader<'a> {
    rest: &'a str,
    depth: u32,
}

fn read(text: &str) -> Result<Value, Stop> {
    let mut reader = Reader { rest: text, depth: 0 };
    let value = reader.value()?;
    reader.space();
    if reader.rest.is_empty() {
        Ok(value)
    } else {
        Err(Stop::Invalid)
    }
}

fn refused(ty: Builtin) -> Literal {
    Literal::Invalid("22P02", format!("invalid input syntax for type {}", ty.name()))
}

/// `json_in` checks and keeps the text.
pub(super) fn json(text: &str) -> Literal {
    match read(text) {
        Ok(_) => Literal::Text(text.to_owned()),
        Err(Stop::Invalid) => refused(Builtin::Json),
        Err(Stop::Untold) => Literal::Untold("a json value in an uncommon form"),
    }
}

/// `jsonb_out`: keys by length, then by bytes; of equal keys the last.
pub(super) fn jsonb(text: &str) -> Literal {
    match read(text) {
        Ok(value) => {
            let mut out = String::new();
            print(&value, &mut out);
            Literal::Text(out)
        }
        Err(Stop::Invalid) => Literal::Invalid("22P02", "invalid input syntax for type json".to_owned()),
        Err(Stop::Untold) => Literal::Untold("a jsonb value in an uncommon form"),
    }
}

impl Reader<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Result<Value, Stop> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Stop::Untold);
        }
        self.space();
        let value = match self.rest.chars().next() {
            Some('{') => self.object()?,
            Some('[') => self.array()?,
            Some('"') => Value::String(self.string()?),
            Some(c) if c == '-' || c.is_ascii_digit() => self.number()?,
            _ if self.take("true") => Value::Bool(true),
            _ if self.take("false") => Value::Bool(false),
            _ if self.take("null") => Value::Null,
            _ => return Err(Stop::Invalid),
        };
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Value, Stop> {
        self.take("{");
        let mut members = Vec::new();
        self.space();
        if self.take("}") {
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            if !self.rest.starts_with('"') {
                return Err(Stop::Invalid);
            }
            let key = self.string()?;
            self.space();
            if !self.take(":") {
                return Err(Stop::Invalid);
            }
            members.push((key, self.value()?));
            self.space();
            if self.take("}") {
                return Ok(Value::Object(members));
            }
            if !self.take(",") {
                return Err(Stop::Invalid);
            }
        }
    }

    fn array(&mut self) -> Result<Value, Stop> {
        self.take("[");
        let mut items = Vec::new();
        self.space();
        if self.take("]") {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value()?);
            self.space();
            if self.take("]") {
                return Ok(Value::Array(items));
            }
            if !self.take(",") {
                return Err(Stop::Invalid);
            }
        }
    }

    fn number(&mut self) -> Result<Value, Stop> {
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-')))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).ok_or(Stop::Invalid)?;
        let digits = word.strip_prefix('-').unwrap_or(word);
        let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let all = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if !all(whole) || !all(fraction) || !all(exponent) || (whole.len() > 1 && whole.starts_with('0')) {
            return Err(Stop::Invalid);
        }
        self.rest = rest;
        match super::number::numeric(word) {
            Literal::Text(number) => Ok(Value::Number(number)),
            Literal::Invalid(..) | Literal::Untold(_) => Err(Stop::Untold),
        }
    }

    fn string(&mut self) -> Result<String, Stop> {
        self.take("\"");
        let mut out = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = self.rest.get(at + 1..).unwrap_or("");
                    return Ok(out);
                }
                '\\' => match chars.next().map(|(_, c)| c) {
                    Some(c @ ('"' | '\\' | '/')) => out.push(c),
                    Some('b') => out.push('\u{8}'),
                    Some('f') => out.push('\u{c}'),
                    Some('n') => out.push('\n'),
                    Some('r') => out.push('\r'),
                    Some('t') => out.push('\t'),
                    // Surrogates, NUL, and what the database's encoding may lack.
                    Some('u') => return Err(Stop::Untold),
                    _ => return Err(Stop::Invalid),
                },
                c if c < ' ' => return Err(Stop::Invalid),
                c => out.push(c),
            }
        }
        Err(Stop::Invalid)
    }
}

fn print(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(number),
        Value::String(text) => print_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                print(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<&(String, Value)> = Vec::new();
            for member in members {
                match sorted.iter_mut().find(|m| m.0 == member.0) {
                    Some(earlier) => *earlier = member,
                    None => sorted.push(member),
                }
            }
            sorted.sort_by(|a, b| (a.0.len(), a.0.as_bytes()).cmp(&(b.0.len(), b.0.as_bytes())));
            out.push('{');
            for (i, (key, value)) in sorted.into_iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                print_string(key, out);
                out.push_str(": ");
                print(value, out);
            }
            out.push('}');
        }
    }
}

/// `escape_json`.
fn print_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}
