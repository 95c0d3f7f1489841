//! `@default`: what the server fills in, and what the client does.
//!
//! Each default is written as the SQL that Prisma's engine writes (`postgres_renderer.rs` of prisma-engines), and read as SQL:
//! so it is the same expression as in a migration that Prisma made. Static values and `now()` are filled in by the client as
//! well (`query_document/parser.rs`); `autoincrement()` and `dbgenerated()` by the server alone.

use std::sync::PoisonError;

use smol_str::SmolStr;

use super::source::{Class, FieldSource, Source, label};
use super::types::{self, Scalar};
use crate::change::IdentityKind;
use crate::declared::Expectation;
use crate::known::{Gap, Reach};
use crate::source::{Span, Text};
use crate::sqltype::SqlType;
use crate::syntax::prisma::{Arity, Value, ValueKind, literal_text};
use crate::tree::{Expr, ExprKind};

/// What a field's `@default` comes to.
pub(super) struct Default {
    pub(super) value: Expectation<Option<Expr>>,
    pub(super) span: Option<Span>,
    pub(super) client: bool,
    pub(super) serial: Option<u8>,
    pub(super) identity: Expectation<Option<IdentityKind>>,
}

impl Default {
    fn none() -> Self {
        Default {
            value: Expectation::Exactly(None),
            span: None,
            client: false,
            serial: None,
            identity: Expectation::Exactly(None),
        }
    }
}

/// Reads the default of a stored field whose column has the type `ty`. `name` is the column for messages.
pub(super) fn read(
    source: &Source<'_>,
    field: &FieldSource<'_>,
    ty: Option<&SqlType>,
    name: &str,
) -> Default {
    let mut out = Default::none();
    let Some(attribute) = field.attribute("default") else {
        return out;
    };
    out.span = Some(attribute.span);
    let gap = |why: &str| Gap::new(attribute.span, why, Reach::Fact(format!("{name}: default")));
    let Some(value) = attribute.arg("value", true) else {
        out.value = Expectation::Unknown(gap("this default has no value"));
        return out;
    };
    if let ValueKind::Call(function, args) = &value.kind {
        let argument = args.first().map(|a| &a.value);
        call(source, &mut out, function, argument, ty, &gap);
        return out;
    }
    out.client = true;
    out.value = match constant(source, field, value, ty) {
        Ok(sql) => match parsed(source, &sql, value.span) {
            Ok(expr) => Expectation::Exactly(Some(expr)),
            Err(gap) => Expectation::Unknown(gap.reaching(Reach::Fact(format!("{name}: default")))),
        },
        Err(why) => Expectation::Unknown(gap(why)),
    };
    out
}

/// SQL that stands at a place as a whole. A schema has few defaults that differ: those that are one word are read once.
fn parsed(source: &Source<'_>, sql: &str, span: Span) -> Result<Expr, Gap> {
    if let Some(known) = source
        .words
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(sql)
    {
        let mut expr = known.clone();
        expr.span = span;
        return Ok(expr);
    }
    let expr = crate::sql::expression(&Text::composed([(sql.to_owned(), span, false)]))?;
    let is_word = matches!(
        expr.kind,
        ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Value(..)
    );
    if is_word {
        let mut words = source.words.write().unwrap_or_else(PoisonError::into_inner);
        words.insert(sql.to_owned(), expr.clone());
    }
    Ok(expr)
}

fn call(
    source: &Source<'_>,
    out: &mut Default,
    function: &str,
    argument: Option<&Value>,
    ty: Option<&SqlType>,
    gap: &dyn Fn(&str) -> Gap,
) {
    let sql = |sql: &str| {
        let span = out.span.unwrap_or(Span::new(crate::source::FileId(0), 0, 0));
        match parsed(source, sql, span) {
            Ok(expr) => Expectation::Exactly(Some(expr)),
            Err(error) => Expectation::Unknown(gap(&error.why)),
        }
    };
    match function {
        "now" => {
            out.value = sql("CURRENT_TIMESTAMP");
            out.client = true;
        }
        "autoincrement" if source.settings.cockroach() => out.value = sql("unique_rowid()"),
        "autoincrement" => match ty {
            Some(ty) => {
                out.serial = types::serial(ty);
                if out.serial.is_some() {
                    // An identity column serves as well.
                    out.value = Expectation::Anything;
                    out.identity = Expectation::Anything;
                }
            }
            None => out.value = Expectation::Unknown(gap("the width of the serial type is not known")),
        },
        "sequence" => out.identity = Expectation::Exactly(Some(IdentityKind::ByDefault)),
        "dbgenerated" => match argument {
            // Something that the schema cannot say: the server fills the column.
            None => {
                out.value = Expectation::Anything;
                out.identity = Expectation::Anything;
            }
            Some(value) if value.as_str().is_some() => {
                let text = literal_text(&source.text(value.span), value.span);
                out.value = match crate::sql::expression(&text) {
                    Ok(expr) => Expectation::Exactly(Some(expr)),
                    Err(error) => Expectation::Unknown(gap(&error.why)),
                };
            }
            Some(_) => out.value = Expectation::Unknown(gap("dbgenerated takes its SQL in quotes")),
        },
        "uuid" | "cuid" | "ulid" | "nanoid" | "auto" => out.client = true,
        _ => {
            out.value = Expectation::Unknown(gap("this function of a default is not known"));
            out.client = true;
        }
    }
}

/// A constant as the engine writes it.
fn constant(
    source: &Source<'_>,
    field: &FieldSource<'_>,
    value: &Value,
    ty: Option<&SqlType>,
) -> Result<String, &'static str> {
    if field.arity != Arity::List {
        return scalar(source, field.class, value);
    }
    let ty = ty.ok_or("the type of the list's elements is not known")?;
    let ValueKind::Array(items) = &value.kind else {
        return Err("the default of a list is a list");
    };
    let items = items
        .iter()
        .map(|item| scalar(source, field.class, item))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(format!("ARRAY[{}]::{ty}", items.join(", ")))
}

fn scalar(source: &Source<'_>, class: Class, value: &Value) -> Result<String, &'static str> {
    match (class, &value.kind) {
        (Class::Enum(index), ValueKind::Path(name)) => {
            let members = source.enums.get(index).map(|e| e.block.members.as_slice());
            members
                .unwrap_or_default()
                .iter()
                .find(|m| m.name.text == *name)
                .map(|m| quoted(&label(m)))
                .ok_or("the enum has no such value")
        }
        (Class::Scalar(Scalar::Boolean), ValueKind::Path(word)) if word == "true" || word == "false" => {
            Ok(word.to_string())
        }
        (Class::Scalar(Scalar::Int | Scalar::BigInt), ValueKind::Number(n)) => integer(n),
        (Class::Scalar(Scalar::Float | Scalar::Decimal), ValueKind::Number(n)) => number(n),
        (Class::Scalar(Scalar::Decimal), ValueKind::String(n)) => number(n),
        (Class::Scalar(Scalar::String | Scalar::Json), ValueKind::String(text)) => Ok(quoted(text)),
        (Class::Scalar(Scalar::DateTime), ValueKind::String(text)) => date_time(text)
            .map(|t| quoted(&t))
            .ok_or("this is no date and time of RFC 3339"),
        (Class::Scalar(Scalar::Bytes), ValueKind::String(text)) => {
            bytes(text).map(|t| quoted(&t)).ok_or("this is no text in base64")
        }
        _ => Err("the default does not fit the field's type"),
    }
}

/// A string literal of SQL.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn integer(text: &str) -> Result<String, &'static str> {
    text.parse::<i64>()
        .map(|n| n.to_string())
        .map_err(|_| "this is no integer of 64 bits")
}

/// A decimal number without exponent; leading zeros are dropped, trailing ones stay, as the engine prints it.
fn number(text: &str) -> Result<String, &'static str> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = digits
        .split_once('.')
        .map_or((digits, None), |(w, f)| (w, Some(f)));
    let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !fraction.is_none_or(all_digits) {
        return Err("this number is not written in plain digits");
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Ok(match fraction {
        Some(fraction) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{whole}"),
    })
}

/// `2020-01-01T00:00:00.5Z` to `2020-01-01 00:00:00.500 +00:00`, as chrono's `DateTime` prints it.
fn date_time(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digits =
        |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|b| b.iter().all(u8::is_ascii_digit));
    let shape = digits(0..4)
        && digits(5..7)
        && digits(8..10)
        && digits(11..13)
        && digits(14..16)
        && digits(17..19)
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && matches!(bytes[10], b'T' | b't' | b' ')
        && bytes[13] == b':'
        && bytes[16] == b':';
    if !shape {
        return None;
    }
    let rest = &text[19..];
    let end = rest.find(['Z', 'z', '+', '-'])?;
    let (fraction, zone) = rest.split_at(end);
    let fraction = match fraction.strip_prefix('.') {
        None if fraction.is_empty() => String::new(),
        Some(f) if !f.is_empty() && f.len() <= 9 && f.bytes().all(|b| b.is_ascii_digit()) => {
            let f = f.trim_end_matches('0');
            let width = f.len().div_ceil(3) * 3;
            if width == 0 {
                String::new()
            } else {
                format!(".{f:0<width$}")
            }
        }
        _ => return None,
    };
    let zone = if zone.eq_ignore_ascii_case("z") {
        "+00:00"
    } else {
        zone
    };
    let z = zone.as_bytes();
    let zone_shape = z.len() == 6 && z[3] == b':' && [1, 2, 4, 5].iter().all(|&i| z[i].is_ascii_digit());
    zone_shape.then(|| format!("{} {}{fraction} {zone}", &text[..10], &text[11..19]))
}

/// base64 to PostgreSQL's hex form.
fn bytes(text: &str) -> Option<String> {
    let digit = |b: u8| {
        Some(match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        })
    };
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let body = text
        .strip_suffix("==")
        .or_else(|| text.strip_suffix('='))
        .unwrap_or(text);
    let mut out = String::from("\\x");
    let (mut held, mut bits) = (0u32, 0u32);
    for byte in body.bytes() {
        held = (held << 6 | u32::from(digit(byte)?)) & 0xFFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push_str(&format!("{:02x}", held >> bits & 0xFF));
        }
    }
    Some(out)
}

/// A number of a filter, as SQL.
pub(super) fn plain_number(text: &SmolStr) -> Result<String, &'static str> {
    number(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        assert_eq!(number("-007.50"), Ok("-7.50".to_owned()));
        assert_eq!(
            date_time("2020-01-01T00:00:00Z").as_deref(),
            Some("2020-01-01 00:00:00 +00:00")
        );
        assert_eq!(
            date_time("1970-01-01T10:00:00.1234+02:00").as_deref(),
            Some("1970-01-01 10:00:00.123400 +02:00")
        );
        assert_eq!(
            date_time("1970-01-01T10:00:00.000Z").as_deref(),
            Some("1970-01-01 10:00:00 +00:00")
        );
        assert_eq!(date_time("2020-01-01"), None);
        assert_eq!(date_time("2020-01-01T00:00:00é"), None);
        assert_eq!(bytes("aGVsbG8=").as_deref(), Some("\\x68656c6c6f"));
        assert_eq!(bytes("").as_deref(), Some("\\x"));
        assert_eq!(bytes("a"), None);
    }
}
