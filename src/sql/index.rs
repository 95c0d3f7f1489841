//! Lowers CREATE INDEX and the keys of indexes, partitions and exclusion constraints.

use super::source::Lower;
use super::{expr, names};
use crate::change::{IndexElement, IndexSpec};
use crate::name::Name;
use crate::syntax::pg::{AstNode, SyntaxNode, ast};
use crate::tree::{Expr, ExprKind};

/// `CREATE INDEX`.
pub(super) fn create(cx: &Lower<'_>, node: &ast::CreateIndex) -> Option<IndexSpec> {
    let index = node.index();
    let relation = node.table_relation_name()?;
    let include = match node.index_include_clause() {
        Some(clause) => plain_columns(cx, &clause.partition_item_list()?)?,
        None => Vec::new(),
    };
    let predicate = match node.where_clause() {
        Some(clause) => Some(expr::expr(cx, &clause.expr()?)),
        None => None,
    };
    let method = node
        .using_method()
        .and_then(|m| names::name_of(m.access_method_ref().as_ref()));
    Some(IndexSpec {
        name: names::qualified_of(index.as_ref()).map(|name| name.name),
        name_span: index.map_or_else(|| cx.span(node), |index| cx.span(&index)),
        if_not_exists: node.if_not_exists().is_some(),
        unique: node.unique_token().is_some(),
        concurrently: node.concurrently_token().is_some(),
        only: relation.only_token().is_some(),
        table: names::object(cx, Some(&relation))?,
        method: method.map_or("btree".into(), |m| m.as_str().into()),
        elements: elements(cx, &node.partition_item_list()?)?,
        include,
        nulls_not_distinct: matches!(
            node.nulls_distinct_option(),
            Some(ast::NullsDistinctOption::NullsNotDistinct(_))
        ),
        parameters: node.with_params().is_some(),
        predicate,
        span: cx.span(node),
    })
}

/// The keys of a list; `None` where one cannot be read.
pub(super) fn elements(cx: &Lower<'_>, list: &ast::PartitionItemList) -> Option<Vec<IndexElement>> {
    list.partition_items()
        .map(|item| element(cx, item.syntax()))
        .collect::<Option<Vec<_>>>()
        .filter(|elements| !elements.is_empty())
}

fn plain_columns(cx: &Lower<'_>, list: &ast::PartitionItemList) -> Option<Vec<Name>> {
    elements(cx, list)?
        .into_iter()
        .map(|element| match element.expr.kind {
            ExprKind::Column(column) if column.qualifiers.is_empty() => Some(column.name),
            _ => None,
        })
        .collect()
}

/// A key: its expression, collation, operator class and order. The parser takes `COLLATE` for a part of the expression.
pub(super) fn element(cx: &Lower<'_>, item: &SyntaxNode) -> Option<IndexElement> {
    let mut out = None;
    for child in item.children() {
        if let Some(key) = ast::Expr::cast(child.clone()) {
            if out.is_none() {
                let (expr, collation) = key_expression(cx, &key)?;
                out = Some(IndexElement {
                    expr,
                    collation,
                    opclass: None,
                    opclass_options: None,
                    descending: false,
                    nulls_first: None,
                });
            }
            continue;
        }
        let out = out.as_mut()?;
        if ast::OpClassRef::can_cast(child.kind()) {
            out.opclass = Some(names::qualified(&child)?);
        } else if ast::AttributeList::can_cast(child.kind()) {
            let text = cx.str(child.text_range());
            let inner = text.trim_start_matches('(').trim_end_matches(')');
            out.opclass_options = Some(inner.trim().into());
        } else if ast::NullsOrder::can_cast(child.kind()) {
            out.nulls_first = Some(ast::NullsFirst::can_cast(child.kind()));
        } else if ast::SortDesc::can_cast(child.kind()) {
            out.descending = true;
        }
    }
    out
}

/// A key without the `COLLATE` around it, and that collation. The server takes `(x COLLATE y)` for `x COLLATE y`, and the outermost
/// collation for the key's (`ComputeIndexAttrs`, indexcmds.c, PostgreSQL 15).
fn key_expression(cx: &Lower<'_>, key: &ast::Expr) -> Option<(Expr, Option<crate::name::QualifiedName>)> {
    let (mut bare, mut inner, mut collation) = (key.clone(), key.clone(), None);
    loop {
        inner = match &inner {
            ast::Expr::ParenExpr(paren) => match paren.expr() {
                Some(within) => within,
                None => break,
            },
            ast::Expr::Collate(collate) => {
                if collation.is_none() {
                    collation = Some(names::qualified_of(collate.collation_ref().as_ref())?);
                }
                bare = collate.expr()?;
                bare.clone()
            }
            _ => break,
        };
    }
    Some((expr::expr(cx, &bare), collation))
}
