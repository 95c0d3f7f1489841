//! Builtins that convert numbers and reckon with them.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::methods;
use super::super::value::{Args, Value};
use super::bind::{bind, int, pure, unknown};
use super::{access, enums, format};
use crate::known::Truth;
use crate::source::Span;

/// Conversions and arithmetic.
pub(super) fn number<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if name == "bool" {
        let Some(value) = args.positional.first() else {
            return Some(Ok(Value::Bool(false)));
        };
        return Some(Ok(match machine.truth(&value.value, at) {
            Truth::Yes => Value::Bool(true),
            Truth::No => Value::Bool(false),
            Truth::Unknown(gap) => Value::unknown(gap),
        }));
    }
    if !matches!(
        name,
        "int"
            | "float"
            | "bytes"
            | "abs"
            | "round"
            | "divmod"
            | "pow"
            | "chr"
            | "ord"
            | "bin"
            | "oct"
            | "hex"
    ) {
        return None;
    }
    let mut args = args.clone();
    for argument in &mut args.positional {
        if let Some(plain) = enums::plain(machine, &argument.value) {
            argument.value = plain;
        }
    }
    pure(machine, &Value::None, &args, at, |machine, _, args| {
        Some(match arithmetic(name, args, at) {
            Some(Ok(value)) => Ok(value),
            Some(Err((class, why))) => Err(access::raise(machine, class, &why, at)),
            None => Ok(unknown(format!("what {name}() gives"), at)),
        })
    })
}

type Plain<'a> = Result<Value<'a>, (&'static str, String)>;

fn arithmetic<'a>(name: &str, args: &Args<'a>, at: Span) -> Option<Plain<'a>> {
    let [a, b] = bind(args, ["a", if name == "round" { "ndigits" } else { "base" }])?;
    if a.is_none() {
        return match name {
            "int" => Some(Ok(Value::Int(0))),
            "float" => Some(Ok(Value::Float(0.0))),
            "bytes" => Some(Ok(Value::Bytes([].into()))),
            _ => None,
        };
    }
    let a = a?;
    match (name, a, b) {
        ("int", Value::Str(t), base) => to_int(t.as_str(), base),
        ("int", Value::Float(x), None) if x.abs() < 9e18 => Some(Ok(Value::Int(x.trunc() as i64))),
        ("int", Value::None, _) => {
            let why = "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'";
            Some(Err(("TypeError", why.to_owned())))
        }
        ("int", v, None) => int(v).map(|n| Ok(Value::Int(n))),
        ("float", Value::Str(t), None) => {
            let s = t.as_str().trim();
            if s.is_empty() || !s.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) {
                return None;
            }
            s.parse().ok().map(|x| Ok(Value::Float(x)))
        }
        ("float", Value::Float(x), None) => Some(Ok(Value::Float(*x))),
        ("float", v, None) => int(v).map(|n| Ok(Value::Float(n as f64))),
        ("bytes", Value::Str(t), Some(Value::Str(e))) if e.as_str().eq_ignore_ascii_case("utf-8") => {
            Some(Ok(Value::Bytes(t.as_str().as_bytes().into())))
        }
        ("abs", Value::Float(x), None) => Some(Ok(Value::Float(x.abs()))),
        ("abs", v, None) => int(v)?.checked_abs().map(|n| Ok(Value::Int(n))),
        ("round", Value::Float(x), None | Some(Value::None)) if x.abs() < 9e15 => {
            Some(Ok(Value::Int(x.round_ties_even() as i64)))
        }
        ("round", Value::Float(x), Some(n)) => {
            let n = usize::try_from(int(n)?).ok().filter(|n| *n < 20)?;
            if x.abs() > 1e15 {
                return None;
            }
            format!("{x:.n$}").parse().ok().map(|x| Ok(Value::Float(x)))
        }
        ("round", v, None) => int(v).map(|n| Ok(Value::Int(n))),
        ("divmod", a, Some(b)) => {
            let (a, b) = (int(a)?, int(b)?);
            if b == 0 {
                return Some(Err((
                    "ZeroDivisionError",
                    "integer division or modulo by zero".to_owned(),
                )));
            }
            let (q, r) = (a.checked_div(b)?, a.checked_rem(b)?);
            let fix = r != 0 && (r < 0) != (b < 0);
            let (q, r) = if fix { (q - 1, r + b) } else { (q, r) };
            Some(Ok(Value::Tuple([Value::Int(q), Value::Int(r)].into())))
        }
        ("pow", a, Some(b)) => {
            let (a, b) = (int(a)?, u32::try_from(int(b)?).ok()?);
            a.checked_pow(b).map(|n| Ok(Value::Int(n)))
        }
        ("chr", v, None) => {
            let c = char::from_u32(u32::try_from(int(v)?).ok()?)?;
            Some(Ok(Value::text(&c.to_string(), at)))
        }
        ("ord", Value::Str(t), None) => {
            let mut chars = t.as_str().chars();
            let (c, None) = (chars.next()?, chars.next()) else {
                return None;
            };
            Some(Ok(Value::Int(i64::from(u32::from(c)))))
        }
        ("bin" | "oct" | "hex", v, None) => {
            let n = int(v)?;
            let sign = if n < 0 { "-" } else { "" };
            let size = n.unsigned_abs();
            let text = match name {
                "bin" => format!("{sign}0b{size:b}"),
                "oct" => format!("{sign}0o{size:o}"),
                _ => format!("{sign}0x{size:x}"),
            };
            Some(Ok(Value::text(&text, at)))
        }
        _ => None,
    }
}

/// `int("12")`, `int("ff", 16)`. Digits of other scripts are not read.
fn to_int<'a>(text: &str, base: Option<&Value<'a>>) -> Option<Plain<'a>> {
    let radix = match base {
        None => 10,
        Some(base) => u32::try_from(int(base)?).ok().filter(|b| (2..=36).contains(b))?,
    };
    if !text.is_ascii() {
        return None;
    }
    let trimmed = text.trim_matches(methods::text::is_space);
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let doubled = digits.contains("__") || digits.starts_with('_') || digits.ends_with('_');
    let plain = digits.replace('_', "");
    if radix != 10
        && digits.len() > 1
        && digits.starts_with('0')
        && !digits.as_bytes().get(1)?.is_ascii_digit()
    {
        return None;
    }
    if plain.is_empty() || doubled || !plain.chars().all(|c| c.is_digit(radix)) {
        let repr = format::quoted(text)?;
        return Some(Err((
            "ValueError",
            format!("invalid literal for int() with base {radix}: {repr}"),
        )));
    }
    let n = i64::from_str_radix(&plain, radix).ok()?;
    Some(Ok(Value::Int(if negative { -n } else { n })))
}
