//! CREATE INDEX as it is written most.

use smol_str::SmolStr;

use super::cursor::Cursor;
use super::{chain, expr};
use crate::change::{Change, IndexElement, IndexSpec};
use crate::name::QualifiedName;
use crate::tree::{Expr, ExprKind};

/// `CREATE [UNIQUE] INDEX`, from there on: with a name.
pub(super) fn create(at: &mut Cursor<'_>, unique: bool) -> Option<Change> {
    let concurrently = at.eat("concurrently");
    let if_not_exists = at.if_not_exists()?;
    let start = at.here();
    let name = at.name()?;
    let name_span = at.since(start);
    at.keyword("on")?;
    let only = at.eat("only");
    let table = at.object()?;
    let method = if at.eat("using") {
        SmolStr::new(at.name()?.as_str())
    } else {
        SmolStr::new_static("btree")
    };
    at.punct(b'(')?;
    let mut elements = vec![element(at)?];
    while at.eat_punct(b',') {
        elements.push(element(at)?);
    }
    at.punct(b')')?;
    let predicate = match at.eat("where") {
        true => Some(chain::expression(at)?),
        false => None,
    };
    Some(Change::CreateIndex(Box::new(IndexSpec {
        name: Some(name),
        name_span,
        if_not_exists,
        unique,
        concurrently,
        only,
        table,
        method,
        elements,
        include: Vec::new(),
        nulls_not_distinct: false,
        parameters: false,
        predicate,
        span: at.whole(),
    })))
}

fn element(at: &mut Cursor<'_>) -> Option<IndexElement> {
    let expr = key(at)?;
    let ends = at.is_punct(b',') || at.is_punct(b')');
    let order = ["asc", "desc", "nulls"].iter().any(|word| at.is(word));
    let opclass = if ends || order {
        None
    } else {
        Some(QualifiedName::bare(at.name()?))
    };
    let descending = at.eat("desc");
    if !descending {
        at.eat("asc");
    }
    let nulls_first = if at.eat("nulls") {
        let first = at.eat("first");
        if !first {
            at.keyword("last")?;
        }
        Some(first)
    } else {
        None
    };
    Some(IndexElement {
        expr,
        collation: None,
        opclass,
        opclass_options: None,
        descending,
        nulls_first,
    })
}

/// What a key is made of: a column, a call, an expression in brackets.
fn key(at: &mut Cursor<'_>) -> Option<Expr> {
    let from = at.here();
    if at.eat_punct(b'(') {
        let inner = chain::expression(at)?;
        at.punct(b')')?;
        return Some(Expr::new(inner.kind, at.since(from)));
    }
    let name = at.name()?;
    if at.is_punct(b'(') || at.is_punct(b'.') {
        at.back_to(from);
        return expr::operand(at).filter(|call| matches!(call.kind, ExprKind::Call(_)));
    }
    Some(Expr::new(expr::column(name), at.since(from)))
}
