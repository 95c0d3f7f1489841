//! Types as they are written most.

use super::cursor::Cursor;
use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::sql::sqltype;
use crate::sqltype::{Builtin, SqlType};
use crate::syntax::split::Kind;

/// A type, and the bytes of a serial pseudo-type.
pub(super) struct Spelled {
    pub(super) ty: SqlType,
    pub(super) serial: Option<u8>,
    pub(super) span: Span,
}

/// Reads a type.
pub(super) fn spelled(at: &mut Cursor<'_>) -> Option<Spelled> {
    let from = at.here();
    let (mut ty, serial) = one(at)?;
    let mut array = false;
    while at.eat_punct(b'[') {
        array = true;
        if matches!(at.peek(), Some((Kind::Number, _))) {
            at.skip();
        }
        at.punct(b']')?;
    }
    if array {
        if serial.is_some() || ty.array {
            return None;
        }
        ty = ty.array_of();
    }
    if at.is("array") {
        return None;
    }
    Some(Spelled {
        ty,
        serial,
        span: at.since(from),
    })
}

fn one(at: &mut Cursor<'_>) -> Option<(SqlType, Option<u8>)> {
    if matches!(at.peek(), Some((Kind::Quoted, _))) {
        return named(at, true);
    }
    let base = match at.peek_word()? {
        b"varchar" => Builtin::Varchar,
        b"char" | b"character" => {
            at.skip();
            let base = if at.eat("varying") {
                Builtin::Varchar
            } else {
                Builtin::Bpchar
            };
            return Some((sqltype::characters(base, &arguments(at)?)?, None));
        }
        b"double" => {
            at.skip();
            at.keyword("precision")?;
            return Some((SqlType::builtin(Builtin::Float8), None));
        }
        b"time" => return time(at, Builtin::Time, Builtin::Timetz),
        b"timestamp" => return time(at, Builtin::Timestamp, Builtin::Timestamptz),
        b"int" | b"integer" | b"smallint" | b"bigint" | b"real" | b"float" | b"decimal" | b"dec"
        | b"numeric" | b"boolean" => {
            let name = Name::from_sql(at.peek()?.1);
            at.skip();
            let args = arguments(at)?;
            return sqltype::named(QualifiedName::bare(name), false, &args);
        }
        b"interval" => {
            at.skip();
            let fields = ["year", "month", "day", "hour", "minute", "second"];
            if at.is_punct(b'(') || fields.iter().any(|field| at.is(field)) {
                return None;
            }
            return Some((SqlType::builtin(Builtin::Interval), None));
        }
        _ => return named(at, false),
    };
    at.skip();
    Some((sqltype::characters(base, &arguments(at)?)?, None))
}

/// `name`, `schema.name`, `name(1, 2)`.
fn named(at: &mut Cursor<'_>, quoted: bool) -> Option<(SqlType, Option<u8>)> {
    let first = at.name()?;
    let (name, quoted) = if at.eat_punct(b'.') {
        let quoted = matches!(at.peek(), Some((Kind::Quoted, _)));
        (QualifiedName::in_schema(first, at.name()?), quoted)
    } else {
        (QualifiedName::bare(first), quoted)
    };
    if at.is_punct(b'.') {
        return None;
    }
    let args = arguments(at)?;
    sqltype::named(name, quoted, &args)
}

/// `(12, 2)`: whole numbers alone.
fn arguments(at: &mut Cursor<'_>) -> Option<Vec<String>> {
    let mut out = Vec::new();
    if !at.eat_punct(b'(') {
        return Some(out);
    }
    loop {
        let (Kind::Number, number) = at.peek()? else {
            return None;
        };
        if !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        out.push(number.to_owned());
        at.skip();
        if !at.eat_punct(b',') {
            break;
        }
    }
    at.punct(b')')?;
    Some(out)
}

fn time(at: &mut Cursor<'_>, plain: Builtin, zoned: Builtin) -> Option<(SqlType, Option<u8>)> {
    at.skip();
    let digits = arguments(at)?;
    let with = at.phrase(&["with", "time", "zone"])?;
    let without = !with && at.phrase(&["without", "time", "zone"])?;
    let base = if with && !without { zoned } else { plain };
    Some((sqltype::seconds_of(base, &digits)?, None))
}
