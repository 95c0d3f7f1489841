//! Expressions as defaults hold them most: literals, keyword values, calls of functions, casts of these.

use smol_str::SmolStr;

use super::cursor::Cursor;
use super::{chain, query, types};
use crate::name::Name;
use crate::sql::expr::call::plain;
use crate::syntax::split::Kind;
use crate::tree::{CastStyle, ColumnName, Expr, ExprKind, SqlValue};

/// Brackets within brackets that are read here.
pub(super) const DEPTH: u8 = 8;

/// Reads an operand with its casts. What may follow is for the caller to know.
pub(super) fn operand(at: &mut Cursor<'_>) -> Option<Expr> {
    read(at, DEPTH)
}

/// The same within so many brackets.
pub(super) fn read(at: &mut Cursor<'_>, depth: u8) -> Option<Expr> {
    let from = at.here();
    let kind = atom(at, depth.checked_sub(1)?)?;
    let mut expr = Expr::new(kind, at.since(from));
    while let Some((Kind::Operator, "::")) = at.peek() {
        // `-1::int` is a sign before a cast.
        if matches!(expr.kind, ExprKind::Unary(..)) {
            return None;
        }
        at.skip();
        let ty = types::spelled(at)?;
        if ty.serial.is_some() {
            return None;
        }
        let kind = ExprKind::Cast(Box::new(expr), ty.ty, CastStyle::Explicit);
        expr = Expr::new(kind, at.since(from));
    }
    Some(expr)
}

fn atom(at: &mut Cursor<'_>, depth: u8) -> Option<ExprKind> {
    let (kind, written) = at.peek()?;
    match kind {
        Kind::String => at.string().map(|value| ExprKind::String(value.into())),
        Kind::Number => number(at),
        Kind::Operator if written == "-" => {
            at.skip();
            let from = at.here();
            let number = number(at)?;
            let operand = Expr::new(number, at.since(from));
            Some(ExprKind::Unary(SmolStr::new_static("-"), Box::new(operand)))
        }
        Kind::Punct(b'(') => {
            at.skip();
            if query::begins(at) {
                let query = query::read(at, depth)?;
                at.punct(b')')?;
                let follows = at.is_punct(b'.') || at.is_punct(b'[');
                return (!follows).then(|| ExprKind::Subquery(Box::new(query)));
            }
            let inner = chain::within(at, depth)?;
            at.punct(b')')?;
            let follows = at.is_punct(b'.') || at.is_punct(b'[');
            (!follows).then_some(inner.kind)
        }
        Kind::Word => word(at, depth),
        Kind::Quoted => named(at, depth),
        Kind::Trivia | Kind::Operator | Kind::Punct(_) | Kind::Open(_) => None,
    }
}

fn number(at: &mut Cursor<'_>) -> Option<ExprKind> {
    let (Kind::Number, written) = at.peek()? else {
        return None;
    };
    let mut parts = written.splitn(2, '.');
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !parts.all(digits) {
        return None;
    }
    at.skip();
    Some(ExprKind::Number(written.into()))
}

fn word(at: &mut Cursor<'_>, depth: u8) -> Option<ExprKind> {
    let value = match at.peek_word()? {
        b"null" => ExprKind::Null,
        b"true" => ExprKind::Bool(true),
        b"false" => ExprKind::Bool(false),
        b"current_date" => ExprKind::Value(SqlValue::CurrentDate, None),
        b"current_timestamp" => ExprKind::Value(SqlValue::CurrentTimestamp, None),
        b"localtimestamp" => ExprKind::Value(SqlValue::LocalTimestamp, None),
        b"current_user" => ExprKind::Value(SqlValue::CurrentUser, None),
        b"array" => {
            at.skip();
            at.punct(b'[')?;
            return arguments(at, b']', depth).map(ExprKind::Array);
        }
        b"exists" => {
            at.skip();
            at.punct(b'(')?;
            let query = query::read(at, depth)?;
            at.punct(b')')?;
            return Some(ExprKind::Exists(Box::new(query)));
        }
        b"coalesce" => {
            at.skip();
            at.punct(b'(')?;
            let args = arguments(at, b')', depth)?;
            return (!args.is_empty()).then_some(ExprKind::Keyword(SmolStr::new_static("COALESCE"), args));
        }
        _ => return named(at, depth),
    };
    at.skip();
    let follows = at.is_punct(b'(') || at.is_punct(b'.') || at.is_punct(b'[');
    (!follows).then_some(value)
}

/// A function's call, or a column.
fn named(at: &mut Cursor<'_>, depth: u8) -> Option<ExprKind> {
    let name = at.qualified()?;
    if !at.is_punct(b'(') {
        // A word before a string is its type.
        let string = matches!(at.peek(), Some((Kind::String, _)));
        return (!string && !at.is_punct(b'[')).then(|| {
            ExprKind::Column(ColumnName {
                qualifiers: name.schema.into_iter().collect(),
                name: name.name,
            })
        });
    }
    at.skip();
    let star = at.eat_operator("*");
    let args = arguments(at, b')', depth)?;
    if star && !args.is_empty() {
        return None;
    }
    let follows = ["filter", "over", "within"].iter().any(|word| at.is(word));
    if follows || at.is_punct(b'.') || at.is_punct(b'[') || matches!(at.peek(), Some((Kind::String, _))) {
        return None;
    }
    let mut call = plain("", args, false);
    call.name = name;
    call.star = star;
    Some(ExprKind::Call(Box::new(call)))
}

/// A column reference.
pub(super) fn column(name: Name) -> ExprKind {
    ExprKind::Column(ColumnName {
        qualifiers: Vec::new(),
        name,
    })
}

/// Values up to a bracket that closes them.
pub(super) fn arguments(at: &mut Cursor<'_>, close: u8, depth: u8) -> Option<Vec<Expr>> {
    let mut out = Vec::new();
    if at.eat_punct(close) {
        return Some(out);
    }
    loop {
        out.push(chain::within(at, depth)?);
        if !at.eat_punct(b',') {
            break;
        }
    }
    at.punct(close)?;
    Some(out)
}
