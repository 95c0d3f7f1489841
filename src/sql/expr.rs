//! Lowers expressions.

use super::source::Lower;
use crate::syntax::pg::{AstNode, ast};
use crate::tree::{Expr, ExprKind};

/// Lowers an expression. Total: what is not understood is [`ExprKind::Opaque`].
pub(super) fn expr(cx: &Lower<'_>, node: &ast::Expr) -> Expr {
    let text = cx.str(node.syntax().text_range());
    Expr::new(ExprKind::Opaque(text.into()), cx.span(node))
}
