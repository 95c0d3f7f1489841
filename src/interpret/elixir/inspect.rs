//! `inspect`: values as Elixir shows them.

use super::library::Library;
use super::machine::Machine;
use super::value::Value;

/// Items of a list that are shown.
const LIMIT: usize = 50;

/// A float as Elixir writes it: the shortest text that reads back.
pub(super) fn float(f: f64) -> String {
    let text = format!("{f:?}");
    match text.split_once('e') {
        None => text,
        Some((mantissa, exponent)) => {
            let mantissa = if mantissa.contains('.') {
                mantissa.to_owned()
            } else {
                format!("{mantissa}.0")
            };
            format!("{mantissa}e{exponent}")
        }
    }
}

/// Whether an atom is written without quotes.
fn plain(name: &str) -> bool {
    let body = name.strip_suffix(['?', '!']).unwrap_or(name);
    let mut chars = body.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '@')
}

fn atom(name: &str) -> String {
    match name {
        "nil" | "true" | "false" => name.to_owned(),
        _ => match name.strip_prefix("Elixir.") {
            Some(module)
                if module
                    .split('.')
                    .all(|p| p.starts_with(|c: char| c.is_ascii_uppercase())) =>
            {
                module.to_owned()
            }
            _ if plain(name) => format!(":{name}"),
            _ => format!(":{}", quoted(name)),
        },
    }
}

fn key(name: &str) -> String {
    if plain(name) {
        format!("{name}: ")
    } else {
        format!("{}: ", quoted(name))
    }
}

pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{1b}' => out.push_str("\\e"),
            c => out.push(c),
        }
    }
    out = out.replace("#{", "\\#{");
    out.push('"');
    out
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// `inspect(value)` of what is known through and through.
    #[must_use]
    pub fn inspect(&self, value: &Value) -> Option<String> {
        let all = |items: &[Value]| -> Option<String> {
            if items.len() > LIMIT {
                return None;
            }
            Some(
                items
                    .iter()
                    .map(|i| self.inspect(i))
                    .collect::<Option<Vec<_>>>()?
                    .join(", "),
            )
        };
        Some(match value {
            Value::Atom(name) => atom(name),
            Value::Integer(i) => i.to_string(),
            Value::Float(f) => float(*f),
            // What cannot be printed is shown as bytes.
            Value::Text(text)
                if text
                    .as_str()
                    .contains(|c: char| c.is_control() && !"\n\t\r\u{1b}".contains(c)) =>
            {
                return None;
            }
            Value::Text(text) => quoted(text.as_str()),
            Value::List(items) => match value.as_keywords() {
                Some(pairs) if !pairs.is_empty() => {
                    if pairs.len() > LIMIT {
                        return None;
                    }
                    let pairs = pairs.into_iter().map(|(k, v)| Some(key(k) + &self.inspect(v)?));
                    format!("[{}]", pairs.collect::<Option<Vec<_>>>()?.join(", "))
                }
                _ => {
                    // A list of printable characters is shown as such.
                    let printable = |i: &Value| matches!(i, Value::Integer(7..=13 | 27 | 32..=126));
                    if !items.is_empty() && items.iter().all(printable) {
                        return None;
                    }
                    format!("[{}]", all(items)?)
                }
            },
            Value::Tuple(items) => format!("{{{}}}", all(items)?),
            Value::Range(first, last, 1) => format!("{first}..{last}"),
            Value::Range(first, last, step) => format!("{first}..{last}//{step}"),
            Value::Map(map) => {
                let name = match value.struct_name() {
                    Some(name) if name == "MapSet" => {
                        return Some(format!("MapSet.new({})", self.inspect(value.field("items")?)?));
                    }
                    Some(name) if name == "Regex" => {
                        let (source, options) =
                            (value.field("source")?.as_str()?, value.field("opts")?.as_str()?);
                        return Some(format!("~r/{source}/{options}"));
                    }
                    Some(name) if name.contains("Date") || name.contains("Time") || name == "Macro.Env" => {
                        return None;
                    }
                    Some(name) => name.to_string(),
                    None => String::new(),
                };
                let shown = map.entries().iter().filter(|(k, _)| {
                    !matches!(k.as_atom(), Some("__struct__" | "__exception__")) || name.is_empty()
                });
                let shown: Vec<&(Value, Value)> = shown.collect();
                if shown.len() > LIMIT {
                    return None;
                }
                let atoms = shown
                    .iter()
                    .all(|(k, _)| matches!(k, Value::Atom(n) if !n.starts_with("Elixir.")));
                let entries = shown.iter().map(|(k, v)| match k {
                    Value::Atom(n) if atoms => Some(key(n) + &self.inspect(v)?),
                    _ => Some(format!("{} => {}", self.inspect(k)?, self.inspect(v)?)),
                });
                format!("%{name}{{{}}}", entries.collect::<Option<Vec<_>>>()?.join(", "))
            }
            Value::Function(_) | Value::Quoted(_) | Value::Term(_) | Value::Unknown(_) => return None,
        })
    }
}
