//! `UPDATE t SET a = ... WHERE ...`, `DELETE FROM t WHERE ...` and `INSERT INTO t SELECT ...` as they are written most.

use super::cursor::Cursor;
use super::expr::DEPTH;
use super::{chain, query};
use crate::name::Name;
use crate::sql::{Dml, DmlKind};
use crate::tree::Expr;

/// `INSERT INTO t (a, b) SELECT ...`, from the table on.
pub(super) fn insert(at: &mut Cursor<'_>) -> Option<Dml> {
    at.keyword("into")?;
    let table = at.object()?;
    let mut columns = Vec::new();
    if at.eat_punct(b'(') {
        loop {
            let from = at.here();
            let name = at.name()?;
            columns.push((name, at.since(from)));
            if !at.eat_punct(b',') {
                break;
            }
        }
        at.punct(b')')?;
    }
    let query = query::read(at, DEPTH)?;
    Some(Dml {
        kind: DmlKind::Insert,
        table,
        alias: None,
        columns,
        query: Some(Box::new(query)),
        filtered: false,
        expressions: Vec::new(),
        with: Vec::new(),
    })
}

/// `UPDATE`, from the table on.
pub(super) fn update(at: &mut Cursor<'_>) -> Option<Dml> {
    let table = at.object()?;
    let alias = alias(at)?;
    at.keyword("set")?;
    let (mut columns, mut expressions) = (Vec::new(), Vec::new());
    loop {
        let from = at.here();
        let name = at.name()?;
        columns.push((name, at.since(from)));
        at.eat_operator("=").then_some(())?;
        expressions.push(chain::expression(at)?);
        if !at.eat_punct(b',') {
            break;
        }
    }
    let filtered = filter(at, &mut expressions)?;
    Some(Dml {
        kind: DmlKind::Update,
        table,
        alias,
        columns,
        query: None,
        filtered,
        expressions,
        with: Vec::new(),
    })
}

/// `DELETE FROM`, from the table on.
pub(super) fn delete(at: &mut Cursor<'_>) -> Option<Dml> {
    at.keyword("from")?;
    let table = at.object()?;
    let alias = alias(at)?;
    let mut expressions = Vec::new();
    let filtered = filter(at, &mut expressions)?;
    Some(Dml {
        kind: DmlKind::Delete,
        table,
        alias,
        columns: Vec::new(),
        query: None,
        filtered,
        expressions,
        with: Vec::new(),
    })
}

/// `AS name` or `name`, where it stands here. `SET` is a name too.
fn alias(at: &mut Cursor<'_>) -> Option<Option<Name>> {
    if at.eat("as") {
        return at.name().map(Some);
    }
    Some(if at.is("set") { None } else { at.name() })
}

fn filter(at: &mut Cursor<'_>, expressions: &mut Vec<Expr>) -> Option<bool> {
    let filtered = at.eat("where");
    if filtered {
        expressions.push(chain::expression(at)?);
    }
    Some(filtered)
}
