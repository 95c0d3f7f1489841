//! Lowers queries.

use super::expr::{Walk, is_query, wrapped_query};
use super::names;
use super::source::Lower;
use crate::syntax::pg::{SyntaxElement, SyntaxKind, SyntaxNode};
use crate::tree::query::Cte;
use crate::tree::{Expr, ExprKind, From, FromItem, Query, QueryBody, Select, SetOp, Target};

mod from;

/// What one level of a query costs of the room that a tree has.
const LEVEL: u32 = 4;

/// Lowers a query: any node of [`crate::syntax::pg::ast::SelectVariant`]. Total.
pub(super) fn query(cx: &Lower<'_>, node: &SyntaxNode) -> Query {
    lower(Walk::new(*cx), node)
}

/// Lowers a query within an expression.
pub(super) fn lower(walk: Walk<'_>, node: &SyntaxNode) -> Query {
    let span = walk.cx.range_span(node.text_range());
    let mut out = Query {
        with: Vec::new(),
        recursive: false,
        body: QueryBody::Opaque(span),
        order_by: Vec::new(),
        limit: None,
        offset: None,
        span,
    };
    let Some(walk) = walk.deeper(LEVEL) else {
        return out;
    };
    let whole = match node.kind() {
        SyntaxKind::PAREN_SELECT => parenthesized(walk, node, &mut out),
        SyntaxKind::COMPOUND_SELECT => compound(walk, node, &mut out),
        _ => body(walk, node).map(|body| out.body = body),
    };
    if whole.is_none() || frame(walk, node, &mut out).is_none() {
        out.body = QueryBody::Opaque(span);
    }
    out
}

/// The core of a query that is no parenthesis.
fn body(walk: Walk<'_>, node: &SyntaxNode) -> Option<QueryBody> {
    match node.kind() {
        SyntaxKind::SELECT | SyntaxKind::SELECT_INTO => {
            Some(QueryBody::Select(Box::new(select(walk, node)?)))
        }
        SyntaxKind::VALUES => Some(QueryBody::Values(values(walk, node))),
        SyntaxKind::TABLE => {
            let name = node
                .children()
                .find(|child| child.kind() == SyntaxKind::RELATION_NAME)?;
            let (name, span) = from::relation_name(walk, &name)?;
            Some(QueryBody::Table(name, span))
        }
        _ => None,
    }
}

/// WITH, ORDER BY, LIMIT and OFFSET, which every kind of query takes. `None` where a part is not understood.
fn frame(walk: Walk<'_>, node: &SyntaxNode, out: &mut Query) -> Option<()> {
    for child in node.children() {
        match child.kind() {
            SyntaxKind::WITH_CLAUSE => {
                out.recursive = has_token(&child, SyntaxKind::RECURSIVE_KW);
                for table in child.children() {
                    out.with.push(cte(walk, &table)?);
                }
            }
            SyntaxKind::ORDER_BY_CLAUSE => out.order_by = walk.order_by(&child),
            SyntaxKind::LIMIT_CLAUSE if child.children().any(|value| value.kind() == SyntaxKind::ALL) => {}
            SyntaxKind::LIMIT_CLAUSE => out.limit = Some(Box::new(walk.first(&child)?)),
            SyntaxKind::OFFSET_CLAUSE => out.offset = Some(Box::new(walk.first(&child)?)),
            SyntaxKind::FETCH_CLAUSE => out.limit = Some(Box::new(fetch(walk, &child))),
            // Row locks change no result.
            _ => {}
        }
    }
    Some(())
}

/// `FETCH FIRST n ROWS ONLY`; one row where no number is written. `WITH TIES` may give more rows than the number.
fn fetch(walk: Walk<'_>, clause: &SyntaxNode) -> Expr {
    if clause
        .children()
        .any(|child| child.kind() == SyntaxKind::WITH_TIES)
    {
        return walk.opaque(clause);
    }
    walk.first(clause).unwrap_or_else(|| {
        let span = walk.cx.range_span(clause.text_range());
        Expr::new(ExprKind::Number("1".into()), span)
    })
}

/// One query of a WITH. A data-modifying one has no query.
fn cte(walk: Walk<'_>, node: &SyntaxNode) -> Option<Cte> {
    let mut name = None;
    let mut columns = Vec::new();
    let mut query = None;
    for child in node.children() {
        match child.kind() {
            SyntaxKind::CTE_NAME => name = names::name(&child),
            SyntaxKind::COLUMN_LIST => columns = child.children().filter_map(|c| names::name(&c)).collect(),
            // SEARCH and CYCLE add columns.
            SyntaxKind::SEARCH_CLAUSE | SyntaxKind::CYCLE_CLAUSE => return None,
            kind if is_query(kind) => query = Some(lower(walk, &child)),
            _ => {}
        }
    }
    Some(Cte {
        name: name?,
        columns,
        query,
    })
}

/// `(query) ORDER BY ...`: the inner query itself, or a selection from it where both have a tail.
fn parenthesized(walk: Walk<'_>, node: &SyntaxNode, out: &mut Query) -> Option<()> {
    let inner = match node
        .children()
        .find(|child| is_query(child.kind()) || child.kind() == SyntaxKind::PAREN_EXPR)?
    {
        child if is_query(child.kind()) => child,
        child => wrapped_query(&child)?,
    };
    let inner = lower(walk, &inner);
    let framed = node.children().any(|child| {
        matches!(
            child.kind(),
            SyntaxKind::WITH_CLAUSE
                | SyntaxKind::ORDER_BY_CLAUSE
                | SyntaxKind::LIMIT_CLAUSE
                | SyntaxKind::OFFSET_CLAUSE
                | SyntaxKind::FETCH_CLAUSE
        )
    });
    let has_tail = !inner.order_by.is_empty() || inner.limit.is_some() || inner.offset.is_some();
    if !framed || (!has_tail && inner.with.is_empty()) {
        out.with = inner.with;
        out.recursive = inner.recursive;
        out.body = inner.body;
        out.order_by = inner.order_by;
        out.limit = inner.limit;
        out.offset = inner.offset;
        return Some(());
    }
    let star = Expr::new(ExprKind::Star(Vec::new()), inner.span);
    let mut select = empty_select();
    select.targets.push(Target {
        expr: star,
        alias: None,
    });
    select.from.push(From {
        item: FromItem::Query {
            query: Box::new(inner),
            alias: None,
            columns: Vec::new(),
            lateral: false,
        },
        joins: Vec::new(),
    });
    out.body = QueryBody::Select(Box::new(select));
    Some(())
}

/// `a UNION b`. An operand in parentheses keeps its own tail; the parser leaves the whole's WITH on the first operand.
fn compound(walk: Walk<'_>, node: &SyntaxNode, out: &mut Query) -> Option<()> {
    let mut operands = Vec::new();
    let mut op = None;
    for child in node.children() {
        match child.kind() {
            SyntaxKind::UNION => op = Some((SetOp::Union, child)),
            SyntaxKind::INTERSECT => op = Some((SetOp::Intersect, child)),
            SyntaxKind::EXCEPT => op = Some((SetOp::Except, child)),
            SyntaxKind::PAREN_EXPR => operands.push(wrapped_query(&child)?),
            kind if is_query(kind) => operands.push(child),
            _ => {}
        }
    }
    let (op, node) = op?;
    let all = node.children().any(|child| child.kind() == SyntaxKind::ALL);
    let [first, second] = <[SyntaxNode; 2]>::try_from(operands).ok()?;
    let mut left = lower(walk, &first);
    let own_with = first.kind() == SyntaxKind::PAREN_SELECT
        && first
            .children()
            .all(|child| child.kind() != SyntaxKind::WITH_CLAUSE);
    if !own_with {
        out.with = std::mem::take(&mut left.with);
        out.recursive = std::mem::take(&mut left.recursive);
    }
    let right = lower(walk, &second);
    out.body = QueryBody::SetOp(op, all, Box::new(left), Box::new(right));
    Some(())
}

fn values(walk: Walk<'_>, node: &SyntaxNode) -> Vec<Vec<Expr>> {
    node.children()
        .filter(|child| child.kind() == SyntaxKind::ROW_LIST)
        .flat_map(|list| list.children())
        .filter(|child| child.kind() == SyntaxKind::ROW)
        .map(|row| walk.all(&row))
        .collect()
}

fn empty_select() -> Select {
    Select {
        distinct: false,
        distinct_on: Vec::new(),
        targets: Vec::new(),
        into: Vec::new(),
        strict: false,
        from: Vec::new(),
        filter: None,
        group_by: Vec::new(),
        having: None,
    }
}

/// The clauses of a SELECT. `None` where one is not understood.
fn select(walk: Walk<'_>, node: &SyntaxNode) -> Option<Select> {
    let mut out = empty_select();
    let mut clauses = node.children();
    let first = clauses.find(|child| child.kind() != SyntaxKind::WITH_CLAUSE)?;
    if first.kind() != SyntaxKind::SELECT_CLAUSE {
        return None;
    }
    select_list(walk, &first, &mut out)?;
    for child in clauses {
        match child.kind() {
            SyntaxKind::INTO_CLAUSE => {
                let name = child
                    .children()
                    .find(|part| part.kind() == SyntaxKind::TABLE_NAME)?;
                out.into.push(names::qualified(&names::path(&name))?);
            }
            SyntaxKind::FROM_CLAUSE => out.from = from::items(walk, &child),
            SyntaxKind::WHERE_CLAUSE => out.filter = Some(walk.first(&child)?),
            SyntaxKind::GROUP_BY_CLAUSE => out.group_by = group_by(walk, &child),
            SyntaxKind::HAVING_CLAUSE => out.having = Some(walk.first(&child)?),
            SyntaxKind::WINDOW_CLAUSE
            | SyntaxKind::ORDER_BY_CLAUSE
            | SyntaxKind::LIMIT_CLAUSE
            | SyntaxKind::OFFSET_CLAUSE
            | SyntaxKind::FETCH_CLAUSE
            | SyntaxKind::LOCKING_CLAUSE => {}
            _ => return None,
        }
    }
    Some(out)
}

fn select_list(walk: Walk<'_>, clause: &SyntaxNode, out: &mut Select) -> Option<()> {
    for child in clause.children() {
        match child.kind() {
            SyntaxKind::ALL => {}
            SyntaxKind::DISTINCT_CLAUSE => {
                out.distinct = true;
                if let Some(on) = child.children().next() {
                    out.distinct_on = walk.all(&on);
                }
            }
            SyntaxKind::TARGET_LIST => out.targets = targets(walk, &child)?,
            _ => return None,
        }
    }
    Some(())
}

/// The items of a select list.
pub(super) fn targets(walk: Walk<'_>, list: &SyntaxNode) -> Option<Vec<Target>> {
    list.children()
        .filter(|child| child.kind() == SyntaxKind::TARGET)
        .map(|target| {
            let alias = target
                .children()
                .find(|child| child.kind() == SyntaxKind::AS_NAME)
                .and_then(|as_name| as_name.children().next())
                .and_then(|name| names::name(&name));
            let expr = match walk.first(&target) {
                Some(expr) => expr,
                None if has_token(&target, SyntaxKind::STAR) => Expr::new(
                    ExprKind::Star(Vec::new()),
                    walk.cx.range_span(target.text_range()),
                ),
                None => return None,
            };
            Some(Target { expr, alias })
        })
        .collect()
}

/// The keys of a GROUP BY.
fn group_by(walk: Walk<'_>, clause: &SyntaxNode) -> Vec<Expr> {
    clause
        .children()
        .filter(|child| child.kind() == SyntaxKind::GROUP_BY_LIST)
        .flat_map(|list| list.children())
        .flat_map(|key| match key.kind() {
            SyntaxKind::GROUPING_EXPR => grouping_key(walk, &key),
            _ => vec![walk.opaque(&key)],
        })
        .collect()
}

/// `(a, b)` is two keys; `()`, one group of all rows, is none that has a name here.
fn grouping_key(walk: Walk<'_>, key: &SyntaxNode) -> Vec<Expr> {
    match key.children().next() {
        Some(tuple) if tuple.kind() == SyntaxKind::TUPLE_EXPR && !has_token(&tuple, SyntaxKind::ROW_KW) => {
            let keys = walk.all(&tuple);
            if keys.is_empty() {
                vec![walk.opaque(&tuple)]
            } else {
                keys
            }
        }
        _ => walk.all(key),
    }
}

/// Whether a node has this token among its children.
pub(super) fn has_token(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.children_with_tokens()
        .filter_map(SyntaxElement::into_token)
        .any(|token| token.kind() == kind)
}

/// The items of a FROM, or of a USING, as a query that reads them and returns nothing.
pub(super) fn from_clause(cx: &Lower<'_>, clause: &SyntaxNode) -> Query {
    let span = cx.range_span(clause.text_range());
    let mut items = from::items(Walk::new(*cx), clause);
    if clause.kind() == SyntaxKind::USING_ON_CLAUSE {
        items.truncate(1);
    }
    let select = Select {
        distinct: false,
        distinct_on: Vec::new(),
        targets: Vec::new(),
        into: Vec::new(),
        strict: false,
        from: items,
        filter: None,
        group_by: Vec::new(),
        having: None,
    };
    Query {
        with: Vec::new(),
        recursive: false,
        body: QueryBody::Select(Box::new(select)),
        order_by: Vec::new(),
        limit: None,
        offset: None,
        span,
    }
}
