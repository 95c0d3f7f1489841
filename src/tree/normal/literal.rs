//! Literals, and casts of them.

use smol_str::{SmolStr, ToSmolStr};

use super::Norm;
use crate::sqltype::literal::{Literal, canonical};
use crate::sqltype::{BaseType, Builtin, Category, Modifier, SqlType};

/// Longest number that an exponent may make.
const MAX_DIGITS: usize = 400;

/// A number's digits without superfluous zeros; `None` where it is no number in digits (`NaN`).
pub(super) fn decimal(text: &str) -> Option<SmolStr> {
    let text = text.trim();
    let (minus, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.replace('_', "");
    let (whole, fraction) = match radix(&digits) {
        Some(value) => (value, String::new()),
        None => plain(&digits)?,
    };
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if minus && (whole != "0" || !fraction.is_empty()) {
        "-"
    } else {
        ""
    };
    Some(if fraction.is_empty() {
        SmolStr::new(format!("{sign}{whole}"))
    } else {
        SmolStr::new(format!("{sign}{whole}.{fraction}"))
    })
}

/// `0x1f`, `0o17`, `0b11`.
fn radix(digits: &str) -> Option<String> {
    let lower = digits.to_ascii_lowercase();
    let value = match lower.get(..2)? {
        "0x" => u128::from_str_radix(&lower[2..], 16),
        "0o" => u128::from_str_radix(&lower[2..], 8),
        "0b" => u128::from_str_radix(&lower[2..], 2),
        _ => return None,
    };
    value.ok().map(|n| n.to_string())
}

/// Digits before and after the point, the exponent carried out.
fn plain(digits: &str) -> Option<(String, String)> {
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let (before, after) = (point.max(0) as usize, (-point).max(0) as usize);
    if before > MAX_DIGITS || after > MAX_DIGITS {
        return None;
    }
    let padded = format!("{}{all}", "0".repeat(after));
    let filled = format!("{padded:0<before$}");
    let (whole, fraction) = filled.split_at_checked(before)?;
    Some((whole.to_owned(), fraction.to_owned()))
}

fn category(ty: &SqlType) -> Option<Category> {
    ty.as_builtin().map(Builtin::category)
}

/// A constant of a type, as its output function prints it.
pub(super) fn constant(text: &str, ty: &SqlType) -> Norm {
    let BaseType::Builtin(builtin) = ty.base else {
        return if ty.array {
            elements(text, &ty.element()).map_or_else(|| Norm::Label(text.into()), Norm::Array)
        } else {
            Norm::Label(text.into())
        };
    };
    let typed = || Norm::Typed(text.into(), builtin, ty.array);
    if ty.array {
        return elements(text, &ty.element()).map_or_else(typed, Norm::Array);
    }
    match builtin.category() {
        Category::B => match text {
            "t" | "true" => Norm::Bool(true),
            "f" | "false" => Norm::Bool(false),
            _ => typed(),
        },
        Category::N => decimal(text).map_or_else(typed, Norm::Number),
        Category::S | Category::X if builtin == Builtin::Bpchar => {
            Norm::Text(text.trim_end_matches(' ').into())
        }
        Category::S | Category::X => Norm::Text(text.into()),
        _ => typed(),
    }
}

/// The elements of an array literal of one dimension, as `array_out` prints it.
fn elements(text: &str, element: &SqlType) -> Option<Vec<Norm>> {
    let inside = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut out = Vec::new();
    let mut chars = inside.chars().peekable();
    while chars.peek().is_some() {
        let mut item = String::new();
        let quoted = chars.next_if_eq(&'"').is_some();
        loop {
            match chars.next() {
                Some('"') if quoted => break,
                Some('\\') if quoted => item.push(chars.next()?),
                Some('{' | '}' | '"' | '\\') if !quoted => return None,
                Some(c) => item.push(c),
                None => return None,
            }
            if !quoted && chars.peek().is_none_or(|c| *c == ',') {
                break;
            }
        }
        out.push(if !quoted && item == "NULL" {
            Norm::Null
        } else {
            constant(&item, element)
        });
        match chars.next() {
            None => return Some(out),
            Some(',') if chars.peek().is_some() => {}
            Some(_) => return None,
        }
    }
    Some(out)
}

/// A value in a type, where that can be told; otherwise the cast stays.
pub(super) fn coerce(value: Norm, ty: &SqlType) -> Norm {
    let kept = |value: Norm| match value {
        Norm::Cast(inner, inner_ty) if inner_ty == *ty => Norm::Cast(inner, inner_ty),
        value => Norm::Cast(Box::new(value), ty.clone()),
    };
    match value {
        Norm::Null => Norm::Null,
        Norm::Text(text) => text_in(&text, ty).unwrap_or_else(|| kept(Norm::Text(text))),
        Norm::Raw(text) => text_in(&text, ty).unwrap_or_else(|| kept(Norm::Raw(text))),
        Norm::Number(number) => number_in(&number, ty).unwrap_or_else(|| kept(Norm::Number(number))),
        Norm::Bool(value) => match category(ty) {
            Some(Category::B) => Norm::Bool(value),
            Some(Category::S) if ty.modifier.is_none() => Norm::Text(value.to_smolstr()),
            _ => kept(Norm::Bool(value)),
        },
        Norm::Typed(text, builtin, array) => {
            let same = ty.base == BaseType::Builtin(builtin) && ty.array == array && ty.modifier.is_none();
            if same {
                Norm::Typed(text, builtin, array)
            } else {
                kept(Norm::Typed(text, builtin, array))
            }
        }
        Norm::Label(text) if !matches!(ty.base, BaseType::Builtin(_)) => Norm::Label(text),
        Norm::Label(text) if category(ty) == Some(Category::S) && ty.modifier.is_none() => Norm::Text(text),
        Norm::Array(items) if ty.array => {
            let element = ty.element();
            Norm::Array(items.into_iter().map(|item| coerce(item, &element)).collect())
        }
        Norm::Now if *ty == SqlType::builtin(Builtin::Timestamptz) => Norm::Now,
        Norm::Cast(inner, through) if *inner == Norm::Now && passes(&through, ty) => kept(Norm::Now),
        value => kept(value),
    }
}

/// Whether the time of the transaction is the same in `to` by way of `through`. Rounding twice alike is rounding once.
fn passes(through: &SqlType, to: &SqlType) -> bool {
    let plain = through.modifier.is_none() || through.modifier == to.modifier;
    match (through.as_builtin(), to.as_builtin()) {
        (Some(Builtin::Timestamptz), Some(_)) => plain,
        (Some(Builtin::Timestamp), Some(Builtin::Timestamp | Builtin::Date | Builtin::Time)) => plain,
        _ => false,
    }
}

fn text_in(text: &str, ty: &SqlType) -> Option<Norm> {
    let BaseType::Builtin(builtin) = ty.base else {
        return (!ty.array).then(|| Norm::Label(text.into()));
    };
    match canonical(builtin, ty.array, text, ty.modifier.as_ref()) {
        Literal::Text(out) => match ty.modifier {
            None => Some(constant(&out, ty)),
            Some(Modifier::Length(most)) if !ty.array => {
                let fits = out.trim_end_matches(' ').chars().count() <= most as usize;
                fits.then(|| constant(&out, ty))
            }
            // A modifier rounds: the value in the type without it may be another.
            Some(Modifier::Numeric { .. }) if !ty.array => number_in(&decimal(&out)?, ty),
            _ => None,
        },
        Literal::Invalid(..) | Literal::Untold(_) => None,
    }
}

fn number_in(number: &SmolStr, ty: &SqlType) -> Option<Norm> {
    let fraction = number.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    match ty.as_builtin()? {
        Builtin::Int2 | Builtin::Int4 | Builtin::Int8 | Builtin::Oid => fraction == 0,
        Builtin::Numeric => match ty.modifier {
            None => true,
            Some(Modifier::Numeric { scale, .. }) => {
                scale >= 0 && i16::try_from(fraction).is_ok_and(|f| f <= scale)
            }
            Some(_) => false,
        },
        Builtin::Float4 | Builtin::Float8 => number.len() <= 6,
        builtin if builtin.category() == Category::S && ty.modifier.is_none() && fraction == 0 => {
            return Some(Norm::Text(number.clone()));
        }
        _ => false,
    }
    .then(|| Norm::Number(number.clone()))
}
