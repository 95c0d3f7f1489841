//! Values as JSON, as Jason writes them: what the default of a column of type `:map` becomes.

use crate::interpret::elixir::Value;

/// The text; `None` where a part cannot be told.
#[must_use]
pub fn encode(value: &Value) -> Option<String> {
    let mut out = String::new();
    write(value, &mut out, 0)?;
    Some(out)
}

fn write(value: &Value, out: &mut String, depth: usize) -> Option<()> {
    if depth > 64 {
        return None;
    }
    match value {
        Value::Atom(name) => match name.as_str() {
            "nil" => out.push_str("null"),
            "true" | "false" => out.push_str(name),
            name => string(name, out),
        },
        Value::Integer(number) => out.push_str(&number.to_string()),
        Value::Float(number) => out.push_str(&float(*number)),
        Value::Text(text) => string(text.as_str(), out),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out, depth + 1)?;
            }
            out.push(']');
        }
        Value::Map(map) if value.struct_name().is_none() => {
            out.push('{');
            for (i, (key, value)) in map.entries().iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                match key {
                    Value::Atom(name) => string(name, out),
                    Value::Text(text) => string(text.as_str(), out),
                    Value::Integer(number) => string(&number.to_string(), out),
                    _ => return None,
                }
                out.push(':');
                write(value, out, depth + 1)?;
            }
            out.push('}');
        }
        _ => return None,
    }
    Some(())
}

fn string(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// A float as Elixir prints it: always with a point.
#[must_use]
pub fn float(number: f64) -> String {
    let text = format!("{number:?}");
    match text.split_once('e') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0e{exponent}"),
        _ => text,
    }
}
