//! What stands between operators: literals, names, parentheses, arrays, CASE, casts.

use smol_str::SmolStr;

use super::{Walk, groups, is_query, wrapped_query};
use crate::name::{Name, QualifiedName};
use crate::sql::{names, query, sqltype};
use crate::sqltype::{Builtin, SqlType};
use crate::syntax::pg::{AstNode, SyntaxKind, SyntaxNode, ast};
use crate::tree::{CastStyle, ColumnName, Expr, ExprKind, SqlValue};

/// Lowers an operand. Total.
pub(super) fn lower(walk: Walk<'_>, node: &SyntaxNode) -> Expr {
    match kind(walk, node) {
        Some(kind) => Expr::new(kind, walk.cx.range_span(node.text_range())),
        None => walk.opaque(node),
    }
}

fn kind(walk: Walk<'_>, node: &SyntaxNode) -> Option<ExprKind> {
    match node.kind() {
        SyntaxKind::LITERAL => literal(&ast::Literal::cast(node.clone())?),
        SyntaxKind::NAME_REF => name(node),
        SyntaxKind::FIELD_EXPR => field(walk, node),
        SyntaxKind::INDEX_EXPR => {
            let [base, index] = <[Expr; 2]>::try_from(walk.deeper(1)?.all(node)).ok()?;
            Some(subscript(base, Some(index), None, false))
        }
        SyntaxKind::SLICE_EXPR => slice(walk, node),
        SyntaxKind::PAREN_EXPR => paren(walk, node),
        SyntaxKind::TUPLE_EXPR => Some(ExprKind::Row(walk.all(node))),
        SyntaxKind::ARRAY_EXPR => array(walk, node),
        SyntaxKind::CASE_EXPR => case(walk, node),
        SyntaxKind::CAST_EXPR => cast(walk, node),
        SyntaxKind::CALL_EXPR => super::call::lower(walk, node),
        _ => None,
    }
}

fn literal(node: &ast::Literal) -> Option<ExprKind> {
    let token = node.syntax().first_token()?;
    let text = token.text();
    Some(match token.kind() {
        SyntaxKind::NULL_KW => ExprKind::Null,
        SyntaxKind::TRUE_KW => ExprKind::Bool(true),
        SyntaxKind::FALSE_KW => ExprKind::Bool(false),
        SyntaxKind::DEFAULT_KW => ExprKind::Default,
        SyntaxKind::INT_NUMBER | SyntaxKind::NUMERIC_NUMBER => ExprKind::Number(text.into()),
        SyntaxKind::POSITIONAL_PARAM => ExprKind::Param(text.strip_prefix('$')?.parse().ok()?),
        SyntaxKind::BIT_STRING => ExprKind::BitString(node.string_value()?.into(), true),
        SyntaxKind::BYTE_STRING => ExprKind::BitString(node.string_value()?.into(), false),
        // The parser loses characters beyond the basic plane that are written as two escapes.
        SyntaxKind::ESC_STRING | SyntaxKind::UNICODE_ESC_STRING if has_surrogate(text) => return None,
        SyntaxKind::STRING
        | SyntaxKind::ESC_STRING
        | SyntaxKind::UNICODE_ESC_STRING
        | SyntaxKind::DOLLAR_QUOTED_STRING => ExprKind::String(node.string_value()?.into()),
        // N'x' is nchar 'x': blank-padded, of any length.
        SyntaxKind::NATIONAL_STRING => {
            let value = Expr::new(ExprKind::String(node.string_value()?.into()), EMPTY);
            ExprKind::Cast(
                Box::new(value),
                SqlType::builtin(Builtin::Bpchar),
                CastStyle::Explicit,
            )
        }
        _ => return None,
    })
}

/// Whether a string's escapes may hold half a character: `\uD83D`, `\d83d`.
fn has_surrogate(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["d8", "d9", "da", "db"].iter().any(|half| {
        lower.match_indices(half).any(|(at, _)| {
            lower
                .get(..at)
                .is_some_and(|before| !before.ends_with(|c: char| c.is_ascii_hexdigit()))
        }) && lower.contains('\\')
    })
}

/// A place for what the grammar adds.
const EMPTY: crate::source::Span = crate::source::Span {
    file: crate::source::FileId(0),
    start: 0,
    end: 0,
};

/// The keyword values of the grammar.
pub(super) fn keyword_value(kind: SyntaxKind) -> Option<SqlValue> {
    Some(match kind {
        SyntaxKind::CURRENT_DATE_KW => SqlValue::CurrentDate,
        SyntaxKind::CURRENT_TIME_KW => SqlValue::CurrentTime,
        SyntaxKind::CURRENT_TIMESTAMP_KW => SqlValue::CurrentTimestamp,
        SyntaxKind::LOCALTIME_KW => SqlValue::LocalTime,
        SyntaxKind::LOCALTIMESTAMP_KW => SqlValue::LocalTimestamp,
        SyntaxKind::CURRENT_ROLE_KW => SqlValue::CurrentRole,
        SyntaxKind::CURRENT_USER_KW => SqlValue::CurrentUser,
        SyntaxKind::USER_KW => SqlValue::User,
        SyntaxKind::SESSION_USER_KW => SqlValue::SessionUser,
        SyntaxKind::CURRENT_CATALOG_KW => SqlValue::CurrentCatalog,
        SyntaxKind::CURRENT_SCHEMA_KW => SqlValue::CurrentSchema,
        _ => return None,
    })
}

/// The keyword that a name of one token is.
pub(super) fn keyword(node: &SyntaxNode) -> Option<SyntaxKind> {
    (node.kind() == SyntaxKind::NAME_REF)
        .then(|| node.first_token())
        .flatten()
        .map(|token| token.kind())
}

fn name(node: &SyntaxNode) -> Option<ExprKind> {
    let kind = keyword(node)?;
    if let Some(value) = keyword_value(kind) {
        return Some(ExprKind::Value(value, None));
    }
    // A value of PostgreSQL 16 and later.
    if kind == SyntaxKind::SYSTEM_USER_KW {
        return None;
    }
    Some(ExprKind::Column(ColumnName {
        qualifiers: Vec::new(),
        name: names::name(node)?,
    }))
}

/// The parts of `a.b.c` where they are names alone; `star` where it ends with `.*`.
pub(super) struct Dotted {
    pub(super) base: SyntaxNode,
    pub(super) fields: Vec<Name>,
    pub(super) star: bool,
}

/// Takes `base.x.y` apart.
pub(super) fn dotted(node: &SyntaxNode) -> Option<Dotted> {
    let mut fields = Vec::new();
    let mut star = false;
    let mut at = node.clone();
    while at.kind() == SyntaxKind::FIELD_EXPR {
        let mut children = at.children();
        let base = children.next()?;
        match children.next() {
            Some(field) => fields.push(names::name(&field)?),
            None => {
                star = fields.is_empty()
                    && at
                        .children_with_tokens()
                        .any(|element| element.kind() == SyntaxKind::STAR);
                if !star {
                    return None;
                }
            }
        }
        at = base;
    }
    fields.reverse();
    Some(Dotted {
        base: at,
        fields,
        star,
    })
}

fn field(walk: Walk<'_>, node: &SyntaxNode) -> Option<ExprKind> {
    let Dotted {
        base,
        mut fields,
        star,
    } = dotted(node)?;
    if base.kind() == SyntaxKind::NAME_REF {
        fields.insert(0, names::name(&base)?);
        if star {
            return Some(ExprKind::Star(fields));
        }
        let name = fields.pop()?;
        return Some(ExprKind::Column(ColumnName {
            qualifiers: fields,
            name,
        }));
    }
    if star {
        return None;
    }
    let span = walk.cx.range_span(node.text_range());
    let mut expr = walk.deeper(fields.len() as u32)?.group(&[base]);
    for name in fields {
        expr = Expr::new(ExprKind::Field(Box::new(expr), name), span);
    }
    Some(expr.kind)
}

fn subscript(base: Expr, low: Option<Expr>, high: Option<Expr>, slice: bool) -> ExprKind {
    ExprKind::Subscript(Box::new(base), low.map(Box::new), high.map(Box::new), slice)
}

fn slice(walk: Walk<'_>, node: &SyntaxNode) -> Option<ExprKind> {
    let colon = node
        .children_with_tokens()
        .find(|element| element.kind() == SyntaxKind::COLON)?
        .text_range();
    let walk = walk.deeper(1)?;
    let mut parts = groups(node).into_iter();
    let base = walk.group(&parts.next()?);
    let (mut low, mut high) = (None, None);
    for group in parts {
        let after = group.first()?.text_range().start() >= colon.end();
        let bound = if after { &mut high } else { &mut low };
        *bound = Some(walk.group(&group));
    }
    Some(subscript(base, low, high, true))
}

fn paren(walk: Walk<'_>, node: &SyntaxNode) -> Option<ExprKind> {
    if let Some(inner) = wrapped_query(node) {
        let query = query::lower(walk, &inner);
        return Some(ExprKind::Subquery(Box::new(query)));
    }
    match groups(node).as_slice() {
        [group] => Some(walk.group(group).kind),
        _ => None,
    }
}

fn array(walk: Walk<'_>, node: &SyntaxNode) -> Option<ExprKind> {
    let brackets = node
        .children_with_tokens()
        .any(|element| element.kind() == SyntaxKind::L_BRACK);
    if brackets {
        return Some(ExprKind::Array(walk.all(node)));
    }
    let inner = node.children().next()?;
    let inner = if is_query(inner.kind()) {
        inner
    } else {
        wrapped_query(&inner)?
    };
    Some(ExprKind::ArrayQuery(Box::new(query::lower(walk, &inner))))
}

fn case(walk: Walk<'_>, node: &SyntaxNode) -> Option<ExprKind> {
    let subject = walk.first(node).map(Box::new);
    let mut whens = Vec::new();
    let mut otherwise = None;
    for child in node.children() {
        match child.kind() {
            SyntaxKind::WHEN_CLAUSE_LIST => {
                for when in child.children() {
                    let [condition, value] = <[Expr; 2]>::try_from(walk.all(&when)).ok()?;
                    whens.push((condition, value));
                }
            }
            SyntaxKind::ELSE_CLAUSE => otherwise = Some(Box::new(walk.first(&child)?)),
            _ => {}
        }
    }
    (!whens.is_empty()).then_some(ExprKind::Case(subject, whens, otherwise))
}

/// `CAST(x AS t)` and `t 'literal'`; `x::t` is an operator.
fn cast(walk: Walk<'_>, node: &SyntaxNode) -> Option<ExprKind> {
    let ty = node.children().find_map(ast::Type::cast)?;
    let word = node.first_token()?.kind();
    if word == SyntaxKind::TREAT_KW {
        return None;
    }
    let value = walk.first(node)?;
    let ty = if word == SyntaxKind::CAST_KW {
        match sqltype::sql_type(&walk.cx, &ty)? {
            (ty, None) => ty,
            (_, Some(_)) => return None,
        }
    } else {
        let qualifier = node
            .children()
            .find(|child| sqltype::is_interval_qualifier(child.kind()));
        sqltype::literal_type(&walk.cx, &ty, qualifier.as_ref())?
    };
    Some(ExprKind::Cast(Box::new(value), ty, CastStyle::Explicit))
}

/// The qualified name that dotted names are, as a function's; a database in front is dropped.
pub(super) fn function_name(node: &SyntaxNode) -> Option<QualifiedName> {
    let Dotted {
        base,
        mut fields,
        star: false,
    } = dotted(node)?
    else {
        return None;
    };
    if base.kind() != SyntaxKind::NAME_REF {
        return None;
    }
    fields.insert(0, names::name(&base)?);
    let name = fields.pop()?;
    Some(QualifiedName {
        schema: fields.pop(),
        name,
    })
}

/// The characters of a literal that must be a string.
pub(super) fn string(node: &SyntaxNode) -> Option<SmolStr> {
    match literal(&ast::Literal::cast(node.clone())?)? {
        ExprKind::String(text) => Some(text),
        _ => None,
    }
}
