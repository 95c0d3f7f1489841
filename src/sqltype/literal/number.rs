//! Numbers as text: integers, numeric, floating point.

use super::{Literal, invalid, is_space};
use crate::sqltype::Builtin;

/// PostgreSQL 16 reads `0x1F` and `1_000`, earlier versions do not.
const NEWER: Literal = Literal::Untold("a number in a form that not every server version reads");

fn newer_form(digits: &str) -> bool {
    digits.contains('_')
        || ["0x", "0X", "0o", "0O", "0b", "0B"]
            .iter()
            .any(|prefix| digits.starts_with(prefix))
}

/// `int2in`, `int4in`, `int8in`.
pub(super) fn integer(ty: Builtin, text: &str) -> Literal {
    let word = text.trim_matches(is_space);
    let digits = word.strip_prefix(['+', '-']).unwrap_or(word);
    if newer_form(digits) {
        return NEWER;
    }
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return invalid(ty, text);
    }
    let (low, high) = match ty {
        Builtin::Int2 => (i128::from(i16::MIN), i128::from(i16::MAX)),
        Builtin::Int4 => (i128::from(i32::MIN), i128::from(i32::MAX)),
        _ => (i128::from(i64::MIN), i128::from(i64::MAX)),
    };
    let value = word.trim_start_matches('+').parse::<i128>().ok();
    match value.filter(|v| (low..=high).contains(v)) {
        Some(value) => Literal::Text(value.to_string()),
        None => Literal::Invalid(
            "22003",
            format!("value \"{text}\" is out of range for type {}", ty.name()),
        ),
    }
}

/// `oidin`, without its odder forms.
pub(super) fn oid(text: &str) -> Literal {
    match text.trim_matches(is_space).parse::<u32>() {
        Ok(value) if !text.contains('+') => Literal::Text(value.to_string()),
        _ => Literal::Untold("an oid in an odd form"),
    }
}

/// `xidin` and `xid8in`, decimal digits alone: other forms are read otherwise since PostgreSQL 16.
pub(super) fn transaction(text: &str, most: u64) -> Literal {
    let plain = text == "0" || !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(value) if plain && value <= most => Literal::Text(value.to_string()),
        _ => Literal::Untold("a transaction's number in another form"),
    }
}

/// A decimal number taken apart: sign, digits before and after the point, exponent.
struct Decimal<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i32,
}

/// An exponent, held within what no number needs.
fn exponent_of(digits: &str) -> i32 {
    const FAR: i32 = 1_000_000;
    let far = if digits.starts_with('-') { -FAR } else { FAR };
    digits
        .trim_start_matches('+')
        .parse()
        .map_or(far, |n: i32| n.clamp(-FAR, FAR))
}

fn decimal(word: &str) -> Option<Decimal<'_>> {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => {
            let exponent = unsigned.get(at + 1..)?;
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            (unsigned.get(..at)?, exponent_of(exponent))
        }
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let some = !whole.is_empty() || !fraction.is_empty();
    (some && digits(whole) && digits(fraction)).then(|| Decimal {
        negative: word.starts_with('-'),
        whole,
        fraction,
        exponent,
    })
}

/// `numeric_in` and `numeric_out`: the number of digits after the point is kept.
pub(super) fn numeric(text: &str) -> Literal {
    let word = text.trim_matches(is_space);
    let digits = word.strip_prefix(['+', '-']).unwrap_or(word);
    match digits.to_ascii_lowercase().as_str() {
        "nan" if digits == word => return Literal::Text("NaN".to_owned()),
        "infinity" | "inf" => {
            let sign = if word.starts_with('-') { "-" } else { "" };
            return Literal::Text(format!("{sign}Infinity"));
        }
        _ => {}
    }
    if newer_form(digits) {
        return NEWER;
    }
    let Some(number) = decimal(word) else {
        return invalid(Builtin::Numeric, text);
    };
    if number.exponent.unsigned_abs() > 1000 {
        return Literal::Untold("a number of very many digits");
    }
    Literal::Text(print_numeric(&number))
}

fn print_numeric(number: &Decimal<'_>) -> String {
    let all = format!("{}{}", number.whole, number.fraction);
    // Where the point stands, counted from the first digit.
    let point = number.whole.len() as i64 + i64::from(number.exponent);
    let scale = (number.fraction.len() as i64 - i64::from(number.exponent)).max(0) as usize;
    let digit = |at: i64| {
        usize::try_from(at)
            .ok()
            .and_then(|at| all.as_bytes().get(at))
            .map_or('0', |b| char::from(*b))
    };
    let whole: String = (0..point.max(0)).map(digit).collect();
    let whole = whole.trim_start_matches('0');
    let fraction: String = (0..scale as i64).map(|i| digit(point + i)).collect();
    let zero = whole.is_empty() && fraction.bytes().all(|b| b == b'0');
    let mut out = String::new();
    if number.negative && !zero {
        out.push('-');
    }
    out.push_str(if whole.is_empty() { "0" } else { whole });
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(&fraction);
    }
    out
}

/// `float4in`, `float8in` and their shortest output (`extra_float_digits` 1).
pub(super) fn float(ty: Builtin, text: &str) -> Literal {
    let word = text.trim_matches(is_space);
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    let minus = if word.starts_with('-') { "-" } else { "" };
    match unsigned.to_ascii_lowercase().as_str() {
        "nan" => return Literal::Text("NaN".to_owned()),
        "infinity" | "inf" => return Literal::Text(format!("{minus}Infinity")),
        _ => {}
    }
    if newer_form(unsigned) {
        return NEWER;
    }
    let Some(parts) = decimal(word) else {
        return invalid(ty, text);
    };
    let zero = !format!("{}{}", parts.whole, parts.fraction).contains(|c: char| c != '0');
    let out_of_range = || {
        Literal::Invalid(
            "22003",
            format!("\"{text}\" is out of range for type {}", ty.name()),
        )
    };
    // The shortest digits, as `1.5e3`.
    let (shortest, limit) = if ty == Builtin::Float4 {
        match word.parse::<f32>() {
            Ok(value) if value.is_finite() && (zero || value != 0.0) => {
                let shortest = format!("{value:e}");
                if on_the_edge(value, &shortest) {
                    return UNTOLD;
                }
                (shortest, 6)
            }
            _ => return out_of_range(),
        }
    } else {
        match word.parse::<f64>() {
            Ok(value) if value.is_finite() && (zero || value != 0.0) => {
                let shortest = format!("{value:e}");
                if value.abs() >= 9_007_199_254_740_992.0 && !is_whole(value, &shortest) {
                    return UNTOLD;
                }
                (shortest, 15)
            }
            _ => return out_of_range(),
        }
    };
    Literal::Text(print_float(&shortest, limit))
}

const UNTOLD: Literal = Literal::Untold("a floating-point number of many digits");

/// The server takes no digits that lie halfway to the next number; Rust does (`d2s.c`: the bounds are not accepted).
fn on_the_edge(value: f32, shortest: &str) -> bool {
    let Ok(written) = shortest.parse::<f64>() else {
        return true;
    };
    let exact = f64::from(value);
    [value.next_up(), value.next_down()]
        .iter()
        .any(|next| next.is_finite() && f64::midpoint(exact, f64::from(*next)).to_bits() == written.to_bits())
}

/// Whether the digits are all that the number has: then they lie on no edge.
fn is_whole(value: f64, shortest: &str) -> bool {
    let digits = |text: &str| -> String {
        let digits: String = text
            .split('e')
            .next()
            .unwrap_or("")
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        digits.trim_end_matches('0').to_owned()
    };
    digits(&format!("{value:.0}")) == digits(shortest)
}

/// Fixed form for exponents from -4 up to `limit`, scientific otherwise (`d2s.c`, `f2s.c`).
fn print_float(shortest: &str, limit: i32) -> String {
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |m| ("-", m));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if !(-4..limit).contains(&exponent) {
        let (first, rest) = digits.split_at_checked(1).unwrap_or((&digits, ""));
        let point = if rest.is_empty() { "" } else { "." };
        let mark = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{point}{rest}e{mark}{:02}", exponent.abs());
    }
    if exponent < 0 {
        let zeros = "0".repeat((-exponent - 1) as usize);
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        return format!("{sign}{digits}{}", "0".repeat(whole - digits.len()));
    }
    let (a, b) = digits.split_at_checked(whole).unwrap_or((&digits, ""));
    format!("{sign}{a}.{b}")
}
