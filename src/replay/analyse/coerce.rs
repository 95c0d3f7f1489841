//! Conversions: which are possible, and the nodes that make them (`parse_coerce.c` of the server).

use super::CastContext;
use super::literal;
use super::path::{Path, can_coerce, find_cast, find_path, path_volatility};
use super::stop::{Outcome, Stop};
use super::types::{Ty, Types};
use crate::sqltype::catalog::{CastMethod, Volatility};
use crate::sqltype::{Builtin, Category, Modifier, SqlType};
use crate::tree::{CastStyle, Expr, ExprKind};

/// An analysed expression with its type.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub expr: Expr,
    pub ty: Ty,
    /// `exprTypmod`.
    pub modifier: Option<Modifier>,
    /// It gives rows.
    pub set: bool,
    /// The worst that it calls.
    pub volatility: Volatility,
}

impl Node {
    pub(super) fn new(expr: Expr, ty: Ty) -> Node {
        Node {
            expr,
            ty,
            modifier: None,
            set: false,
            volatility: Volatility::Immutable,
        }
    }

    /// A literal of no type yet.
    pub(super) fn is_unknown_literal(&self) -> bool {
        self.ty.is_unknown() && matches!(self.expr.kind, ExprKind::String(_) | ExprKind::Null)
    }

    pub(super) fn is_const(&self) -> bool {
        matches!(
            self.expr.kind,
            ExprKind::Const(..)
                | ExprKind::Bool(_)
                | ExprKind::Null
                | ExprKind::String(_)
                | ExprKind::Relation(_)
        )
    }
}

/// `coercionform` without the one for calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Explicit,
    Implicit,
}

impl Form {
    fn style(self, call: bool) -> CastStyle {
        match (self, call) {
            (Form::Explicit, false) => CastStyle::Explicit,
            (Form::Implicit, false) => CastStyle::Implicit,
            (Form::Explicit, true) => CastStyle::ExplicitCall,
            (Form::Implicit, true) => CastStyle::ImplicitCall,
        }
    }
}

/// `coerce_type`: converts without regard to the target's modifier, but where the cast does that itself.
pub(super) fn coerce(
    types: Types<'_>,
    node: Node,
    target: Ty,
    modifier: Option<&Modifier>,
    context: CastContext,
    form: Form,
) -> Outcome<Node> {
    if node.ty == target {
        return Ok(node);
    }
    if let Some(pseudo) = target.builtin().filter(|b| b.category() == Category::P) {
        return coerce_to_pseudo(types, node, pseudo);
    }
    if node.is_unknown_literal() {
        return coerce_literal(types, node, target, modifier, context, form);
    }
    if let ExprKind::Collate(inner, collation) = node.expr.kind.clone() {
        let span = node.expr.span;
        let inner = Node { expr: *inner, ..node };
        let mut done = coerce(types, inner, target, modifier, context, form)?;
        if collatable(types, target) {
            done.expr = Expr::new(ExprKind::Collate(Box::new(done.expr), collation), span);
        }
        return Ok(done);
    }
    if !types.is_known(node.ty) || !types.is_known(target) {
        return Err(Stop::gap(
            node.expr.span,
            format!(
                "how {} becomes {} is not known",
                types.name(node.ty),
                types.name(target)
            ),
        ));
    }
    let span = node.expr.span;
    let Some(path) = find_path(types, node.ty, target, context) else {
        return Err(Stop::gap(span, "no conversion is known"));
    };
    let (base, base_modifier) = types.base(target);
    let base_modifier = if base == target {
        modifier.cloned()
    } else {
        base_modifier
    };
    if path == Path::Relabel {
        if base == target {
            return Ok(wrap(node, target, None, form.style(false), Volatility::Immutable));
        }
        let inner = apply_modifier(types, node, base, base_modifier.as_ref(), Form::Implicit)?;
        return Ok(wrap(
            inner,
            target,
            None,
            form.style(false),
            Volatility::Immutable,
        ));
    }
    let domain = base != target;
    // Under a domain's check the conversion is not shown.
    let inner_form = if domain { Form::Implicit } else { form };
    let volatility = path_volatility(types, path, node.ty, base);
    let call = matches!(path, Path::Function { .. });
    let result_modifier = match path {
        Path::Function {
            with_modifier: true, ..
        }
        | Path::Array(_) => base_modifier.clone(),
        _ => None,
    };
    let done = wrap(node, base, result_modifier, inner_form.style(call), volatility);
    if !domain {
        return Ok(done);
    }
    let done = apply_modifier(types, done, base, base_modifier.as_ref(), Form::Implicit)?;
    Ok(wrap(done, target, None, form.style(false), Volatility::Immutable))
}

fn coerce_to_pseudo(types: Types<'_>, node: Node, pseudo: Builtin) -> Outcome<Node> {
    match pseudo {
        Builtin::Anyarray
        | Builtin::Anyenum
        | Builtin::Anyrange
        | Builtin::Anymultirange
        | Builtin::Anycompatiblearray
        | Builtin::Anycompatiblerange
        | Builtin::Anycompatiblemultirange => {
            if node.ty.is_unknown() {
                return Err(Stop::gap(node.expr.span, "a literal of no certain type"));
            }
            let base = types.base(node.ty).0;
            if base == node.ty {
                Ok(node)
            } else {
                Ok(wrap(node, base, None, CastStyle::Implicit, Volatility::Immutable))
            }
        }
        Builtin::Any
        | Builtin::Anyelement
        | Builtin::Anynonarray
        | Builtin::Anycompatible
        | Builtin::Anycompatiblenonarray => Ok(node),
        _ => Err(Stop::gap(node.expr.span, "a value of a pseudo-type")),
    }
}

fn coerce_literal(
    types: Types<'_>,
    node: Node,
    target: Ty,
    modifier: Option<&Modifier>,
    context: CastContext,
    form: Form,
) -> Outcome<Node> {
    let (base, domain_modifier) = types.base(target);
    let base_modifier = if base == target {
        modifier.cloned()
    } else {
        domain_modifier
    };
    let is_interval = base.builtin() == Some(Builtin::Interval);
    let input_modifier = if is_interval { base_modifier.clone() } else { None };
    let span = node.expr.span;
    let kind = match &node.expr.kind {
        ExprKind::String(text) => literal::constant(types, text, base, input_modifier.as_ref(), span)?,
        _ => ExprKind::Const(None, base.to_sql(input_modifier.clone())),
    };
    let mut done = Node::new(Expr::new(kind, span), base);
    done.modifier = input_modifier;
    if base == target {
        return Ok(done);
    }
    let _ = context;
    let done = apply_modifier(types, done, base, base_modifier.as_ref(), Form::Implicit)?;
    Ok(wrap(done, target, None, form.style(false), Volatility::Immutable))
}

fn wrap(node: Node, ty: Ty, modifier: Option<Modifier>, style: CastStyle, volatility: Volatility) -> Node {
    let span = node.expr.span;
    Node {
        expr: Expr::new(
            ExprKind::Cast(Box::new(node.expr), ty.to_sql(modifier.clone()), style),
            span,
        ),
        ty,
        modifier,
        set: node.set,
        volatility: node.volatility.max(volatility),
    }
}

/// `coerce_type_typmod`.
fn apply_modifier(
    types: Types<'_>,
    node: Node,
    ty: Ty,
    modifier: Option<&Modifier>,
    form: Form,
) -> Outcome<Node> {
    if node.modifier.as_ref() == modifier {
        return Ok(node);
    }
    let element = if ty.array { ty.element().unwrap_or(ty) } else { ty };
    let cast = match modifier {
        Some(_) => find_cast(types, element, element).filter(|c| c.method == CastMethod::Function),
        None => None,
    };
    if let Some(cast) = cast {
        return Ok(wrap(
            node,
            ty,
            modifier.cloned(),
            form.style(!ty.array),
            cast.volatility,
        ));
    }
    // Only a label: a constant takes it itself.
    if let ExprKind::Const(text, _) = &node.expr.kind {
        let mut node = node.clone();
        node.expr.kind = ExprKind::Const(text.clone(), ty.to_sql(modifier.cloned()));
        node.modifier = modifier.cloned();
        return Ok(node);
    }
    if !types.is_known(ty) {
        return Err(Stop::gap(
            node.expr.span,
            "how the type takes its modifier is not known",
        ));
    }
    Ok(wrap(
        node,
        ty,
        modifier.cloned(),
        form.style(false),
        Volatility::Immutable,
    ))
}

/// `coerce_to_target_type`: `None` where there is no such conversion.
pub(super) fn coerce_to_target(
    types: Types<'_>,
    node: Node,
    target: &SqlType,
    context: CastContext,
    form: Form,
) -> Outcome<Option<Node>> {
    let span = node.expr.span;
    let Some(ty) = Ty::from_sql(target) else {
        return Err(Stop::gap(span, "the type is not known"));
    };
    let same = node.ty == ty;
    let told = node.ty.is_unknown() || (types.is_known(node.ty) && types.is_known(ty));
    if !same && !told {
        let why = format!(
            "how {} becomes {} is not known",
            types.name(node.ty),
            types.name(ty)
        );
        return Err(Stop::gap(span, why));
    }
    if !can_coerce(types, node.ty, ty, context) {
        return match &types.schema.unlisted {
            Some(gap) => Err(Stop::Gap(gap.clone())),
            None => Ok(None),
        };
    }
    let mut collation = None;
    let mut node = node;
    while let ExprKind::Collate(inner, name) = node.expr.kind {
        collation.get_or_insert(name);
        node.expr = *inner;
    }
    let modifier = target.modifier.as_ref();
    let changed = !same;
    let done = coerce(types, node, ty, modifier, context, form)?;
    // A domain's modifier belongs to its check.
    let wanted = if types.is_domain(ty) { None } else { modifier };
    let hide = changed && !done.is_const() && done.modifier.as_ref() != wanted;
    let done = if hide { hidden(done) } else { done };
    let mut done = apply_modifier(types, done, ty, wanted, form)?;
    if let Some(name) = collation
        && collatable(types, ty)
    {
        done.expr = Expr::new(ExprKind::Collate(Box::new(done.expr), name), span);
    }
    Ok(Some(done))
}

/// `hide_coercion_node`.
fn hidden(mut node: Node) -> Node {
    if let ExprKind::Cast(_, _, style) = &mut node.expr.kind {
        *style = match style {
            CastStyle::Explicit | CastStyle::Implicit => CastStyle::Implicit,
            CastStyle::ExplicitCall | CastStyle::ImplicitCall => CastStyle::ImplicitCall,
        };
    }
    node
}

/// `type_is_collatable`.
pub(super) fn collatable(types: Types<'_>, ty: Ty) -> bool {
    let ty = types.base(ty).0;
    let ty = ty.element().unwrap_or(ty);
    match ty.builtin() {
        Some(b) => matches!(
            b,
            Builtin::Text | Builtin::Varchar | Builtin::Bpchar | Builtin::Name
        ),
        None => types.category(ty).0 == Category::S,
    }
}
