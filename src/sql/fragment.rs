//! Pieces of SQL that are no statement of a file: an expression, a query, a type, as plpgsql and the catalog write them.

use super::between;
use super::expr::{Walk, is_query};
use super::plain;
use super::query as lower;
use super::source::Lower;
use super::sqltype;
use crate::known::{Gap, Reach};
use crate::source::Text;
use crate::sqltype::SqlType;
use crate::syntax::pg::{self, AstNode, SyntaxKind, SyntaxNode, TextRange, ast};
use crate::syntax::split;
use crate::tree::{Expr, ExprKind, Query, Target};

/// What makes a statement of an expression, as the server does for plpgsql.
const SELECT: &str = "SELECT ";
/// What makes a statement of a type.
const CAST: &str = "SELECT CAST(NULL AS ";

/// Parses one statement with `before` put before it and `after` behind it.
fn statement(text: &Text, before: &str, after: &str) -> Result<SyntaxNode, Gap> {
    let gap = |range: std::ops::Range<usize>, why: &str| Gap::new(text.span(range), why, Reach::Rows);
    let len = text.as_str().len();
    if let Err((bound, at)) = split::check_sql(text.as_str()) {
        return Err(gap(at.min(len)..len, bound.why()));
    }
    let parsed = pg::parse_sql(&format!("{before}{}\n{after}", text.as_str()));
    if let Some(error) = parsed.error {
        let at = usize::from(error.range.start())
            .saturating_sub(before.len())
            .min(len);
        return Err(gap(
            at..len,
            &format!("is not SQL that could be read: {}", error.message),
        ));
    }
    let mut statements = parsed
        .root
        .children()
        .filter(|child| child.kind() != SyntaxKind::EMPTY_STMT);
    match (statements.next(), statements.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(gap(0..len, "is not one piece of SQL")),
    }
}

/// Reads one expression.
///
/// # Errors
/// A gap when it is none.
pub(super) fn expression(text: &Text) -> Result<Expr, Gap> {
    match targets(text)? {
        (targets, true) if targets.len() == 1 => targets
            .into_iter()
            .next()
            .filter(|target| target.alias.is_none())
            .map(|target| target.expr),
        _ => None,
    }
    .ok_or_else(|| Gap::new(text.whole(), "is not an expression", Reach::Rows))
}

/// Reads a text; where that fails, once more with its operands grouped.
fn grouped<T>(text: &Text, read: impl Fn(&Text) -> Result<T, Gap>) -> Result<T, Gap> {
    read(text).or_else(|gap| match between::grouped(text) {
        Some(text) => read(&text).map_err(|_| gap),
        None => Err(gap),
    })
}

/// The select list that a text is, and whether no other clause follows it.
fn targets(text: &Text) -> Result<(Vec<Target>, bool), Gap> {
    grouped(text, targets_of)
}

fn targets_of(text: &Text) -> Result<(Vec<Target>, bool), Gap> {
    let node = statement(text, SELECT, "")?;
    let walk = Walk::new(Lower::shifted(text, SELECT.len()));
    let mut clauses = node.children();
    let list = clauses
        .next()
        .filter(|clause| node.kind() == SyntaxKind::SELECT && clause.kind() == SyntaxKind::SELECT_CLAUSE)
        .and_then(|clause| {
            let mut parts = clause.children();
            parts.next().filter(|_| parts.next().is_none())
        })
        .filter(|list| list.kind() == SyntaxKind::TARGET_LIST)
        .and_then(|list| lower::targets(walk, &list));
    match list {
        Some(targets) => Ok((targets, clauses.next().is_none())),
        None => Ok((Vec::new(), false)),
    }
}

/// Reads the value of a plpgsql expression: what follows `SELECT`. Total: what is not understood is [`ExprKind::Opaque`].
pub(super) fn value(text: &Text) -> Expr {
    plain::expression(text).unwrap_or_else(|| parsed_value(text))
}

/// The same by the parser alone.
pub(super) fn parsed_value(text: &Text) -> Expr {
    let span = text.whole();
    if let Ok((targets, true)) = targets(text)
        && let [target] = targets.as_slice()
    {
        return target.expr.clone();
    }
    match parsed_selected(text) {
        Ok(query) => Expr::new(ExprKind::Subquery(Box::new(query)), span),
        Err(_) => Expr::new(ExprKind::Opaque(single_spaced(text.as_str())), span),
    }
}

/// Reads several values, `a, b`, as the arms of a plpgsql CASE have them.
pub(super) fn values(text: &Text) -> Vec<Expr> {
    match targets(text) {
        Ok((targets, true)) if !targets.is_empty() => targets.into_iter().map(|target| target.expr).collect(),
        _ => vec![value(text)],
    }
}

/// Reads a query without its `SELECT`.
///
/// # Errors
/// A gap when it is none.
pub(super) fn selected(text: &Text) -> Result<Query, Gap> {
    plain::selected(text).map_or_else(|| parsed_selected(text), Ok)
}

/// The same by the parser alone.
pub(super) fn parsed_selected(text: &Text) -> Result<Query, Gap> {
    query_after(text, SELECT)
}

/// Reads a query.
///
/// # Errors
/// A gap when it is none.
pub(super) fn query(text: &Text) -> Result<Query, Gap> {
    plain::query(text).map_or_else(|| parsed_query(text), Ok)
}

/// The same by the parser alone.
pub(super) fn parsed_query(text: &Text) -> Result<Query, Gap> {
    query_after(text, "")
}

fn query_after(text: &Text, before: &str) -> Result<Query, Gap> {
    grouped(text, |text| query_of(text, before))
}

fn query_of(text: &Text, before: &str) -> Result<Query, Gap> {
    let node = statement(text, before, "")?;
    if !is_query(node.kind()) {
        return Err(Gap::new(text.whole(), "is not a query", Reach::Rows));
    }
    Ok(lower::query(&Lower::shifted(text, before.len()), &node))
}

/// Reads a type; serial pseudo-types are none.
pub(super) fn type_name(text: &Text) -> Option<SqlType> {
    plain::type_name(text).or_else(|| parsed_type_name(text))
}

/// The same by the parser alone.
pub(super) fn parsed_type_name(text: &Text) -> Option<SqlType> {
    let node = statement(text, CAST, ")").ok()?;
    let ty = node.descendants().find_map(ast::Type::cast)?;
    let range: TextRange = ty.syntax().text_range();
    let written = text.as_str().trim_end().len() + CAST.len();
    if usize::from(range.end()) != written {
        return None;
    }
    let (ty, serial) = sqltype::sql_type(&Lower::shifted(text, CAST.len()), &ty)?;
    serial.is_none().then_some(ty)
}

/// White space, comments included, to single spaces.
pub(super) fn single_spaced(text: &str) -> smol_str::SmolStr {
    let mut out = String::new();
    let mut end = 0;
    for (range, token) in split::tokens(text) {
        if range.start > end && !out.is_empty() {
            out.push(' ');
        }
        out.push_str(token);
        end = range.end;
    }
    out.into()
}
