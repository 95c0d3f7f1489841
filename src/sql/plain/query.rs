//! Queries as they are written most: `SELECT a, b FROM t JOIN u ON ... WHERE ... LIMIT 1`.

use super::chain;
use super::cursor::Cursor;
use crate::source::Span;
use crate::syntax::split::Kind;
use crate::tree::query::Join;
use crate::tree::{Expr, ExprKind, From, FromItem, JoinKind, OrderBy, Query, QueryBody, Select, Target};

/// Whether a query stands here that may be read.
pub(super) fn begins(at: &Cursor<'_>) -> bool {
    at.is("select")
}

/// Reads a query, within so many brackets. What may follow is for the caller to know.
pub(super) fn read(at: &mut Cursor<'_>, depth: u8) -> Option<Query> {
    let from = at.here();
    at.keyword("select")?;
    let mut query = selected(at, depth)?;
    query.span = at.since(from);
    Some(query)
}

/// The same behind `SELECT`.
pub(super) fn selected(at: &mut Cursor<'_>, depth: u8) -> Option<Query> {
    let depth = depth.checked_sub(1)?;
    let from = at.here();
    let mut select = Select {
        distinct: at.eat("distinct"),
        distinct_on: Vec::new(),
        targets: targets(at, depth)?,
        into: Vec::new(),
        strict: false,
        from: Vec::new(),
        filter: None,
        group_by: Vec::new(),
        having: None,
    };
    if at.eat("from") {
        select.from.push(joined(at, depth)?);
        while at.eat_punct(b',') {
            select.from.push(joined(at, depth)?);
        }
    }
    if at.eat("where") {
        select.filter = Some(chain::within(at, depth)?);
    }
    let order_by = match at.phrase(&["order", "by"])? {
        true => keys(at, depth)?,
        false => Vec::new(),
    };
    let limit = match at.eat("limit") {
        true => Some(Box::new(limit(at)?)),
        false => None,
    };
    Some(Query {
        with: Vec::new(),
        recursive: false,
        body: QueryBody::Select(Box::new(select)),
        order_by,
        limit,
        offset: None,
        span: at.since(from),
    })
}

fn limit(at: &mut Cursor<'_>) -> Option<Expr> {
    let (Kind::Number, written) = at.peek()? else {
        return None;
    };
    let from = at.here();
    let digits = written.bytes().all(|b| b.is_ascii_digit());
    at.skip();
    digits.then(|| Expr::new(ExprKind::Number(written.into()), at.since(from)))
}

fn targets(at: &mut Cursor<'_>, depth: u8) -> Option<Vec<Target>> {
    let mut out = Vec::new();
    loop {
        let from = at.here();
        if at.eat_operator("*") {
            let star = ExprKind::Star(Vec::new());
            out.push(Target {
                expr: Expr::new(star, at.since(from)),
                alias: None,
            });
        } else {
            let expr = chain::within(at, depth)?;
            let alias = match at.eat("as") {
                true => Some(at.name()?),
                false => None,
            };
            out.push(Target { expr, alias });
        }
        if !at.eat_punct(b',') {
            return Some(out);
        }
    }
}

fn keys(at: &mut Cursor<'_>, depth: u8) -> Option<Vec<OrderBy>> {
    let mut out = Vec::new();
    loop {
        let expr = chain::within(at, depth)?;
        let descending = at.eat("desc");
        if !descending {
            at.eat("asc");
        }
        out.push(OrderBy {
            expr,
            descending,
            nulls_first: None,
        });
        if !at.eat_punct(b',') {
            return Some(out);
        }
    }
}

/// An item of FROM with what is joined to it.
fn joined(at: &mut Cursor<'_>, depth: u8) -> Option<From> {
    let mut out = item(at)?;
    while let Some(kind) = join_kind(at)? {
        let right = item(at)?;
        at.keyword("on")?;
        out.joins.push(Join {
            kind,
            right,
            on: Some(chain::within(at, depth)?),
            using: Vec::new(),
        });
    }
    Some(out)
}

/// The words of a join; outer `None` where they go on otherwise.
fn join_kind(at: &mut Cursor<'_>) -> Option<Option<JoinKind>> {
    let kind = match at.peek_word() {
        Some(b"join") => {
            at.skip();
            return Some(Some(JoinKind::Inner));
        }
        Some(b"inner") => JoinKind::Inner,
        Some(b"left") => JoinKind::Left,
        _ => return Some(None),
    };
    at.skip();
    if kind == JoinKind::Left {
        at.eat("outer");
    }
    at.keyword("join")?;
    Some(Some(kind))
}

fn item(at: &mut Cursor<'_>) -> Option<From> {
    let from = at.here();
    let name = at.qualified()?;
    let span: Span = at.since(from);
    if at.is_punct(b'(') {
        return None;
    }
    let written = at.eat("as");
    let alias = match at.name() {
        Some(alias) => Some(alias),
        None if written => return None,
        None => None,
    };
    let follows = at.is_punct(b'(') || at.is_punct(b'.') || at.eat_operator("*");
    (!follows).then(|| From {
        item: FromItem::Relation {
            name,
            alias,
            columns: Vec::new(),
            span,
        },
        joins: Vec::new(),
    })
}
