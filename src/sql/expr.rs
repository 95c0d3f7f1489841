//! Lowers expressions.
//!
//! The parser's tree is taken apart again: it binds `a || b || c`, `a + 1 BETWEEN x AND y` and a few others not as the server
//! does, so a chain of operators is flattened and put together by the server's own precedences (`chain`). What stands between
//! operators is lowered by its node (`atom`, `call`).

mod atom;
pub(super) mod call;
pub(super) mod chain;
#[cfg(test)]
mod tests;

use smol_str::SmolStr;

use super::source::Lower;
use crate::source::Span;
use crate::syntax::pg::{AstNode, SyntaxElement, SyntaxKind, SyntaxNode, TextRange, ast};
use crate::tree::{Expr, ExprKind, OrderBy};

/// How deep a lowered tree may get, where everything that walks one recurses; what is deeper stays text. The bounds before
/// the parser are narrower (`syntax::split`); this is the same promise for trees that come another way.
const ROOM: u32 = 1000;
/// What one level of brackets costs of the room.
const LEVEL: u32 = 4;

/// Lowers an expression. Total: what is not understood is [`ExprKind::Opaque`].
pub(super) fn expr(cx: &Lower<'_>, node: &ast::Expr) -> Expr {
    Walk::new(*cx).one(node.syntax())
}

/// Where lowering stands: the statement, and how much deeper it may go.
#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) cx: Lower<'a>,
    room: u32,
}

impl<'a> Walk<'a> {
    pub(super) fn new(cx: Lower<'a>) -> Self {
        Walk { cx, room: ROOM }
    }

    /// The same with less room; `None` where none is left.
    pub(super) fn deeper(self, cost: u32) -> Option<Self> {
        let room = self.room.checked_sub(cost)?;
        Some(Walk { cx: self.cx, room })
    }

    /// Lowers the expression that starts with `node`. The parser leaves `x::t BETWEEN ...` as two siblings.
    pub(super) fn one(self, node: &SyntaxNode) -> Expr {
        let mut group = vec![node.clone()];
        let mut next = node.next_sibling_or_token();
        while let Some(element) = next {
            next = element.next_sibling_or_token();
            match element {
                SyntaxElement::Token(token) if token.kind().is_trivia() => {}
                SyntaxElement::Node(node) if ast::Expr::can_cast(node.kind()) => group.push(node),
                _ => break,
            }
        }
        self.group(&group)
    }

    /// Lowers one expression that the parser may have left as several siblings.
    pub(super) fn group(self, nodes: &[SyntaxNode]) -> Expr {
        let span = self.span_of(nodes);
        let kind = self
            .deeper(LEVEL)
            .and_then(|walk| chain::lower(walk, nodes))
            .map_or_else(|| ExprKind::Opaque(self.text_of(nodes)), |expr| expr.kind);
        Expr::new(kind, span)
    }

    /// Lowers every expression among a node's children.
    pub(super) fn all(self, node: &SyntaxNode) -> Vec<Expr> {
        groups(node).iter().map(|group| self.group(group)).collect()
    }

    /// Lowers the first expression among a node's children.
    pub(super) fn first(self, node: &SyntaxNode) -> Option<Expr> {
        groups(node).first().map(|group| self.group(group))
    }

    /// The keys of an `ORDER BY` clause.
    pub(super) fn order_by(self, clause: &SyntaxNode) -> Vec<OrderBy> {
        clause
            .children()
            .filter(|child| child.kind() == SyntaxKind::SORT_BY_LIST)
            .flat_map(|list| list.children())
            .filter(|child| child.kind() == SyntaxKind::SORT_BY)
            .map(|item| self.sort_key(&item))
            .collect()
    }

    fn sort_key(self, item: &SyntaxNode) -> OrderBy {
        let has = |kind| item.children().any(|child| child.kind() == kind);
        // `USING <` names an order that has no name here.
        let expr = if has(SyntaxKind::SORT_USING) {
            self.opaque(item)
        } else {
            self.first(item).unwrap_or_else(|| self.opaque(item))
        };
        OrderBy {
            expr,
            descending: has(SyntaxKind::SORT_DESC),
            nulls_first: match (has(SyntaxKind::NULLS_FIRST), has(SyntaxKind::NULLS_LAST)) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                _ => None,
            },
        }
    }

    /// A node that is not lowered.
    pub(super) fn opaque(self, node: &SyntaxNode) -> Expr {
        let nodes = std::slice::from_ref(node);
        Expr::new(ExprKind::Opaque(self.text_of(nodes)), self.span_of(nodes))
    }

    /// Where nodes are written, from the first to the last.
    fn span_of(self, nodes: &[SyntaxNode]) -> Span {
        let range = match nodes {
            [] => TextRange::default(),
            [first, .., last] => first.text_range().cover(last.text_range()),
            [only] => only.text_range(),
        };
        self.cx.range_span(range)
    }

    /// The characters of nodes, without comments and with single spaces.
    fn text_of(self, nodes: &[SyntaxNode]) -> SmolStr {
        let mut out = String::new();
        for node in nodes {
            let mut space = !out.is_empty();
            for element in node.descendants_with_tokens() {
                let SyntaxElement::Token(token) = element else {
                    continue;
                };
                if token.kind().is_trivia() {
                    space = true;
                    continue;
                }
                if std::mem::take(&mut space) && !out.is_empty() {
                    out.push(' ');
                }
                out.push_str(token.text());
            }
        }
        out.into()
    }
}

/// The expressions among a node's children; siblings with nothing between them are one (see [`Walk::one`]).
pub(super) fn groups(node: &SyntaxNode) -> Vec<Vec<SyntaxNode>> {
    let mut out: Vec<Vec<SyntaxNode>> = Vec::new();
    let mut joined = false;
    for element in node.children_with_tokens() {
        match element {
            SyntaxElement::Token(token) if token.kind().is_trivia() => {}
            SyntaxElement::Node(child) if ast::Expr::can_cast(child.kind()) => {
                match out.last_mut() {
                    Some(group) if joined => group.push(child),
                    _ => out.push(vec![child]),
                }
                joined = true;
            }
            _ => joined = false,
        }
    }
    out
}

/// Whether a node is a query.
pub(super) fn is_query(kind: SyntaxKind) -> bool {
    ast::SelectVariant::can_cast(kind)
}

/// The query that a node wraps in any number of parentheses; `None` where it holds something else.
pub(super) fn wrapped_query(node: &SyntaxNode) -> Option<SyntaxNode> {
    let mut at = node.clone();
    loop {
        let mut children = at.children();
        let only = children.next().filter(|_| children.next().is_none())?;
        if is_query(only.kind()) {
            return Some(only);
        }
        if only.kind() != SyntaxKind::PAREN_EXPR {
            return None;
        }
        at = only;
    }
}
