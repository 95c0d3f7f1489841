//! Calls: plain ones, and the forms that the grammar spells in its own way.

use smol_str::SmolStr;

use super::Walk;
use super::atom::{function_name, keyword, keyword_value, string};
use crate::name::{Name, QualifiedName};
use crate::sql::{names, query};
use crate::syntax::pg::{SyntaxElement, SyntaxKind, SyntaxNode};
use crate::tree::expr::Call;
use crate::tree::{Expr, ExprKind};

/// Lowers a call; `None` where it is not understood.
pub(super) fn lower(walk: Walk<'_>, node: &SyntaxNode) -> Option<ExprKind> {
    let callee = node.children().next()?;
    let call = match callee.kind() {
        SyntaxKind::NAME_REF | SyntaxKind::FIELD_EXPR => return named(walk, node, &callee),
        SyntaxKind::EXISTS_FN => {
            let inner = callee.children().next()?;
            let query = super::wrapped_query(&callee).unwrap_or(inner);
            return super::is_query(query.kind())
                .then(|| ExprKind::Exists(Box::new(query::lower(walk, &query))));
        }
        SyntaxKind::EXTRACT_FN => extract(walk, &callee)?,
        SyntaxKind::SUBSTRING_FN => substring(walk, &callee)?,
        SyntaxKind::POSITION_FN => position(walk, &callee)?,
        SyntaxKind::OVERLAY_FN => overlay(walk, &callee)?,
        SyntaxKind::TRIM_FN => trim(walk, &callee)?,
        _ => return None,
    };
    // FILTER, OVER and the like after one of these.
    node.children()
        .nth(1)
        .is_none()
        .then(|| ExprKind::Call(Box::new(call)))
}

/// A call of arguments alone.
pub(in crate::sql) fn plain(name: &str, args: Vec<Expr>, sql_syntax: bool) -> Call {
    Call {
        name: QualifiedName::bare(Name::new(name)),
        args,
        named: Vec::new(),
        star: false,
        distinct: false,
        variadic: false,
        filter: None,
        order_by: Vec::new(),
        within_group: false,
        over: false,
        window: Vec::new(),
        sql_syntax,
    }
}

fn named(walk: Walk<'_>, node: &SyntaxNode, callee: &SyntaxNode) -> Option<ExprKind> {
    let word = keyword(callee);
    let mut call = plain("", Vec::new(), false);
    for child in node.children().skip(1) {
        match child.kind() {
            SyntaxKind::ARG_LIST => arguments(walk, &child, &mut call)?,
            SyntaxKind::FILTER_CLAUSE => call.filter = Some(walk.first(&child)?),
            SyntaxKind::OVER_CLAUSE => {
                call.over = true;
                call.window = window(walk, &child);
            }
            SyntaxKind::WITHIN_CLAUSE => {
                let clause = child.children().next()?;
                call.within_group = true;
                call.order_by = walk.order_by(&clause);
            }
            _ => return None,
        }
    }
    match word {
        Some(SyntaxKind::COALESCE_KW) => return keyword_call(call, "COALESCE"),
        Some(SyntaxKind::NULLIF_KW) => return keyword_call(call, "NULLIF"),
        Some(SyntaxKind::GREATEST_KW) => return keyword_call(call, "GREATEST"),
        Some(SyntaxKind::LEAST_KW) => return keyword_call(call, "LEAST"),
        // Their arguments are no expressions.
        Some(SyntaxKind::NORMALIZE_KW) if call.args.len() > 1 => return None,
        Some(SyntaxKind::XMLCONCAT_KW | SyntaxKind::TREAT_KW) => return None,
        Some(SyntaxKind::CURRENT_SCHEMA_KW) | None => {}
        Some(kind) => {
            if let Some(value) = keyword_value(kind) {
                return match call.args.as_slice() {
                    [
                        Expr {
                            kind: ExprKind::Number(digits),
                            ..
                        },
                    ] => Some(ExprKind::Value(value, Some(digits.parse::<u8>().ok()?.min(6)))),
                    _ => None,
                };
            }
        }
    }
    call.name = function_name(callee)?;
    Some(ExprKind::Call(Box::new(call)))
}

/// The keys of a window that is written out; one that is only named stays opaque.
fn window(walk: Walk<'_>, over: &SyntaxNode) -> Vec<Expr> {
    let mut keys = Vec::new();
    let mut parts: Vec<SyntaxNode> = over.children().collect();
    while let Some(part) = parts.pop() {
        match part.kind() {
            SyntaxKind::PARTITION_BY_CLAUSE => keys.extend(walk.all(&part)),
            SyntaxKind::ORDER_BY_CLAUSE => keys.extend(walk.order_by(&part).into_iter().map(|o| o.expr)),
            SyntaxKind::WINDOW_REF => keys.push(walk.opaque(&part)),
            SyntaxKind::WINDOW_SPEC | SyntaxKind::OVER_WINDOW_SPEC => parts.extend(part.children()),
            _ => {}
        }
    }
    keys
}

fn keyword_call(call: Call, word: &str) -> Option<ExprKind> {
    let plain = call.named.is_empty() && !call.star && !call.distinct && !call.variadic && !call.over;
    (plain && call.filter.is_none() && !call.args.is_empty())
        .then(|| ExprKind::Keyword(SmolStr::new(word), call.args))
}

/// `(a, b => c, VARIADIC d ORDER BY e)`.
fn arguments(walk: Walk<'_>, list: &SyntaxNode, call: &mut Call) -> Option<()> {
    for element in list.children_with_tokens() {
        match element {
            SyntaxElement::Token(token) => call.star |= token.kind() == SyntaxKind::STAR,
            SyntaxElement::Node(child) => match child.kind() {
                SyntaxKind::DISTINCT => call.distinct = true,
                SyntaxKind::ALL => {}
                SyntaxKind::ARG => argument(walk, &child, call)?,
                _ => return None,
            },
        }
    }
    Some(())
}

fn argument(walk: Walk<'_>, arg: &SyntaxNode, call: &mut Call) -> Option<()> {
    call.variadic |= arg
        .children_with_tokens()
        .any(|element| element.kind() == SyntaxKind::VARIADIC_KW);
    for child in arg.children() {
        match child.kind() {
            SyntaxKind::NAMED_ARG => {
                let name = child
                    .children()
                    .find(|part| part.kind() == SyntaxKind::PARAM_NAME_REF)?;
                call.named.push((names::name(&name)?, walk.first(&child)?));
                return Some(());
            }
            SyntaxKind::ORDER_BY_CLAUSE => call.order_by = walk.order_by(&child),
            _ => {}
        }
    }
    // A positional argument after a named one is refused by the server.
    if !call.named.is_empty() {
        return None;
    }
    call.args.push(walk.first(arg)?);
    Some(())
}

/// `EXTRACT(field FROM x)` is `extract('field', x)`.
fn extract(walk: Walk<'_>, node: &SyntaxNode) -> Option<Call> {
    let field = node.children().next()?;
    let text = match field.kind() {
        SyntaxKind::EXTRACT_FIELD_NAME => SmolStr::new(names::name(&field)?.as_str()),
        SyntaxKind::EXTRACT_FIELD_LITERAL => string(&field.children().next()?)?,
        _ => return None,
    };
    let span = walk.cx.range_span(field.text_range());
    let source = walk.all(node).pop()?;
    let args = vec![Expr::new(ExprKind::String(text), span), source];
    Some(plain("extract", args, true))
}

/// `SUBSTRING(x FROM a FOR b)` is `substring(x, a, b)`; without FROM it starts at 1.
fn substring(walk: Walk<'_>, node: &SyntaxNode) -> Option<Call> {
    let inner = node.children().next()?;
    let args = walk.all(&inner);
    match inner.kind() {
        SyntaxKind::SUBSTRING_EXPRS => {
            no_named(&inner)?;
            Some(plain("substring", args, false))
        }
        SyntaxKind::SUBSTRING_FROM_FOR => Some(plain("substring", args, true)),
        SyntaxKind::SUBSTRING_FOR_FROM => {
            let mut args = args.into_iter();
            let (source, length) = (args.next()?, args.next()?);
            let one = Expr::new(ExprKind::Number("1".into()), length.span);
            let from = args.next().unwrap_or(one);
            Some(plain("substring", vec![source, from, length], true))
        }
        _ => None,
    }
}

fn no_named(node: &SyntaxNode) -> Option<()> {
    node.children()
        .all(|child| child.kind() != SyntaxKind::NAMED_ARG)
        .then_some(())
}

/// `POSITION(a IN b)` is `position(b, a)`.
fn position(walk: Walk<'_>, node: &SyntaxNode) -> Option<Call> {
    let [part, whole] = walk.all(node).try_into().ok()?;
    Some(plain("position", vec![whole, part], true))
}

/// `OVERLAY(a PLACING b FROM c FOR d)` is `overlay(a, b, c, d)`.
fn overlay(walk: Walk<'_>, node: &SyntaxNode) -> Option<Call> {
    let inner = node.children().next()?;
    let args = walk.all(&inner);
    match inner.kind() {
        SyntaxKind::OVERLAY_PLACING => Some(plain("overlay", args, true)),
        SyntaxKind::OVERLAY_EXPRS => {
            no_named(&inner)?;
            Some(plain("overlay", args, false))
        }
        _ => None,
    }
}

/// `TRIM(LEADING c FROM x)` is `ltrim(x, c)`.
fn trim(walk: Walk<'_>, node: &SyntaxNode) -> Option<Call> {
    let mut name = "btrim";
    let mut args = Vec::new();
    for child in node.children() {
        match child.kind() {
            SyntaxKind::TRIM_BOTH => {}
            SyntaxKind::TRIM_LEADING => name = "ltrim",
            SyntaxKind::TRIM_TRAILING => name = "rtrim",
            // `a FROM b, c` puts what is trimmed off last.
            SyntaxKind::TRIM_EXPR_FROM => {
                args = walk.all(&child);
                let few = args.len().min(1);
                args.rotate_left(few);
            }
            SyntaxKind::TRIM_FROM | SyntaxKind::TRIM_EXPRS => args = walk.all(&child),
            _ => return None,
        }
    }
    (!args.is_empty()).then(|| plain(name, args, true))
}
