//! Types that several expressions have in common (`select_common_type`), and conditions.

use super::CastContext;
use super::coerce::{Form, Node, coerce, coerce_to_target};
use super::path::can_coerce;
use super::stop::{Outcome, Stop};
use super::types::{Ty, Types};
use crate::sqltype::Modifier;

/// `coerce_to_boolean`; `what` names the construct.
pub(super) fn to_boolean(types: Types<'_>, node: Node, what: &str) -> Outcome<Node> {
    let span = node.expr.span;
    if node.set {
        return Err(Stop::fail(
            "42804",
            format!("argument of {what} must not return a set"),
            span,
        ));
    }
    if node.ty == Ty::BOOL {
        return Ok(node);
    }
    let ty = node.ty;
    let target = Ty::BOOL.to_sql(None);
    match coerce_to_target(types, node, &target, CastContext::Assignment, Form::Implicit)? {
        Some(node) => Ok(node),
        None => Err(Stop::fail(
            "42804",
            format!(
                "argument of {what} must be type boolean, not type {}",
                types.name(ty)
            ),
            span,
        )),
    }
}

/// `select_common_type`: `None` where the types do not match.
pub(super) fn common_type(types: Types<'_>, all: &[Ty]) -> Option<Ty> {
    let first = *all.first()?;
    if !first.is_unknown() && all.iter().all(|ty| *ty == first) {
        return Some(first);
    }
    let mut chosen = types.base(first).0;
    for ty in all {
        let ty = types.base(*ty).0;
        if ty.is_unknown() || ty == chosen {
            continue;
        }
        let (category, preferred) = types.category(chosen);
        if chosen.is_unknown() {
            chosen = ty;
        } else if types.category(ty).0 != category {
            return None;
        } else if !preferred
            && can_coerce(types, chosen, ty, CastContext::Implicit)
            && !can_coerce(types, ty, chosen, CastContext::Implicit)
        {
            chosen = ty;
        }
    }
    Some(if chosen.is_unknown() { Ty::TEXT } else { chosen })
}

/// `select_common_type` for nodes; `what` names the construct.
pub(super) fn common_type_of(types: Types<'_>, nodes: &[&Node], what: &str) -> Outcome<Ty> {
    let all: Vec<Ty> = nodes.iter().map(|n| n.ty).collect();
    if let Some(odd) = nodes.iter().find(|n| !types.is_known(n.ty)) {
        let same = all.iter().all(|ty| *ty == odd.ty);
        if !same {
            let why = format!(
                "what {} has in common with other types is not known",
                types.name(odd.ty)
            );
            return Err(Stop::gap(odd.expr.span, why));
        }
    }
    common_type(types, &all).ok_or_else(|| mismatch(types, nodes, what))
}

fn mismatch(types: Types<'_>, nodes: &[&Node], what: &str) -> Stop {
    let known: Vec<&&Node> = nodes.iter().filter(|n| !n.ty.is_unknown()).collect();
    let first = known.first().map_or(Ty::UNKNOWN, |n| types.base(n.ty).0);
    let other = known
        .iter()
        .find(|n| types.category(n.ty).0 != types.category(first).0);
    match other {
        Some(other) => Stop::fail(
            "42804",
            format!(
                "{what} types {} and {} cannot be matched",
                types.name(first),
                types.name(other.ty)
            ),
            other.expr.span,
        ),
        None => Stop::fail(
            "42804",
            format!("{what} types cannot be matched"),
            crate::source::Span::new(crate::source::FileId(0), 0, 0),
        ),
    }
}

/// `coerce_to_common_type`.
pub(super) fn to_common(types: Types<'_>, node: Node, ty: Ty, what: &str) -> Outcome<Node> {
    if node.ty == ty {
        return Ok(node);
    }
    if can_coerce(types, node.ty, ty, CastContext::Implicit) {
        return coerce(types, node, ty, None, CastContext::Implicit, Form::Implicit);
    }
    if let Some(gap) = &types.schema.unlisted {
        return Err(Stop::Gap(gap.clone()));
    }
    Err(Stop::fail(
        "42846",
        format!(
            "{what} could not convert type {} to {}",
            types.name(node.ty),
            types.name(ty)
        ),
        node.expr.span,
    ))
}

/// The modifier that expressions of one type share (`exprTypmod` of CASE, COALESCE, ARRAY and the like).
pub(super) fn common_modifier(ty: Ty, nodes: &[Node]) -> Option<Modifier> {
    let first = nodes.first()?.modifier.clone()?;
    nodes
        .iter()
        .all(|n| n.ty == ty && n.modifier.as_ref() == Some(&first))
        .then_some(first)
}
