//! Lowers queries.

use super::source::Lower;
use crate::syntax::pg::SyntaxNode;
use crate::tree::{Query, QueryBody};

/// Lowers a query: any node of [`crate::syntax::pg::ast::SelectVariant`]. Total.
pub(super) fn query(cx: &Lower<'_>, node: &SyntaxNode) -> Query {
    let span = cx.range_span(node.text_range());
    Query {
        with: Vec::new(),
        recursive: false,
        body: QueryBody::Opaque(span),
        order_by: Vec::new(),
        limit: None,
        offset: None,
        span,
    }
}
