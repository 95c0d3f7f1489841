//! Methods and attributes of integers, truths, floats and bytes.

use super::super::library::Library;
use super::super::machine::Machine;
use super::super::standard::access;
use super::super::standard::bind::bind;
use super::super::value::{Args, Value};
use super::text;
use crate::source::Span;

/// The methods of integers and truths, sorted.
pub(crate) const INT: &[&str] = &[
    "as_integer_ratio",
    "bit_count",
    "bit_length",
    "conjugate",
    "to_bytes",
];
/// The methods of floats, sorted.
pub(crate) const FLOAT: &[&str] = &["as_integer_ratio", "conjugate", "hex", "is_integer"];
/// The methods of bytes, sorted.
pub(crate) const BYTES: &[&str] = &[
    "count",
    "decode",
    "endswith",
    "find",
    "hex",
    "join",
    "replace",
    "split",
    "startswith",
    "strip",
];

/// A call of a method of a number; `None` where it is not followed.
pub(crate) fn call<'a>(number: &Value<'a>, name: &str, args: &Args<'a>) -> Option<Value<'a>> {
    let [] = bind(args, [])?;
    let n = match number {
        Value::Int(n) => *n,
        Value::Bool(b) => i64::from(*b),
        Value::Float(x) => {
            return match name {
                "is_integer" => Some(Value::Bool(x.is_finite() && x.fract() == 0.0)),
                "conjugate" => Some(number.clone()),
                _ => None,
            };
        }
        _ => return None,
    };
    match name {
        "bit_length" => Some(Value::Int(i64::from(64 - n.unsigned_abs().leading_zeros()))),
        "bit_count" => Some(Value::Int(i64::from(n.unsigned_abs().count_ones()))),
        "conjugate" => Some(Value::Int(n)),
        _ => None,
    }
}

/// A call of a method of bytes; `None` where it is not followed.
pub(crate) fn bytes<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    bytes: &[u8],
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Value<'a>> {
    let _ = machine;
    match name {
        "decode" => {
            let [encoding, errors] = bind(args, ["encoding", "errors"])?;
            if errors.is_some() {
                return None;
            }
            let encoding = encoding
                .map_or(Some("utf-8"), |e| e.as_str())?
                .to_ascii_lowercase();
            let fits = match encoding.as_str() {
                "utf-8" | "utf8" | "utf_8" => true,
                "ascii" | "latin-1" | "latin1" => bytes.is_ascii(),
                _ => false,
            };
            let decoded = std::str::from_utf8(bytes).ok().filter(|_| fits)?;
            Some(access::str(text::made(decoded.to_owned(), at)))
        }
        "hex" => {
            let [] = bind(args, [])?;
            let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            Some(Value::text(&hex, at))
        }
        "startswith" | "endswith" => {
            let [what] = bind(args, ["prefix"])?;
            let Some(Value::Bytes(what)) = what else {
                return None;
            };
            Some(Value::Bool(if name == "startswith" {
                bytes.starts_with(what)
            } else {
                bytes.ends_with(what)
            }))
        }
        _ => None,
    }
}
