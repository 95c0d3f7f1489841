//! Arrays, subscripts and fields (`transformArrayExpr`, `transformIndirection`).

use super::CastContext;
use super::coerce::{Form, Node, coerce, coerce_to_target};
use super::common::{common_modifier, common_type_of, to_common};
use super::expr::{MAX_DEPTH, Walk, built, first};
use super::path::can_coerce;
use super::stop::{Outcome, Stop};
use super::types::{Base, Ty};
use crate::schema::TypeKind;
use crate::source::Span;
use crate::sqltype::{Builtin, Modifier};
use crate::tree::{Expr, ExprKind};

impl Walk<'_> {
    /// `transformArrayExpr`; `target`: the array type that a cast around it names, with its modifier.
    pub(super) fn array(
        &mut self,
        items: &[Expr],
        target: Option<(Ty, Option<Modifier>)>,
        span: Span,
    ) -> Outcome<Node> {
        let mut nested = false;
        let mut nodes = Vec::with_capacity(items.len());
        for item in items {
            let node = match &item.kind {
                ExprKind::Array(inner) => {
                    nested = true;
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Err(Stop::gap(span, "nested too deeply"));
                    }
                    let node = self.array(inner, target.clone(), item.span)?;
                    self.depth -= 1;
                    node
                }
                _ => self.node(item)?,
            };
            nested |= node.ty.array;
            nodes.push(node);
        }
        let Some((array, modifier)) = target else {
            return self.array_of_common(nodes, nested, span);
        };
        let element = array
            .element()
            .ok_or_else(|| Stop::gap(span, "an array of no certain type"))?;
        if nodes.is_empty() {
            let empty = Expr::new(ExprKind::Array(Vec::new()), span);
            let kind = ExprKind::Cast(
                Box::new(empty),
                array.to_sql(None),
                crate::tree::CastStyle::Explicit,
            );
            return Ok(Node::new(Expr::new(kind, span), array));
        }
        let wanted = if nested { array } else { element };
        let sql = wanted.to_sql(modifier);
        let mut done = Vec::with_capacity(nodes.len());
        for node in nodes {
            let (from, at) = (node.ty, node.expr.span);
            match coerce_to_target(self.types, node, &sql, CastContext::Explicit, Form::Explicit)? {
                Some(node) => done.push(node),
                None => {
                    let message = format!(
                        "cannot cast type {} to {}",
                        self.types.name(from),
                        self.types.name(wanted)
                    );
                    return Err(Stop::fail("42846", message, at));
                }
            }
        }
        let modifier = common_modifier(wanted, &done);
        let mut node = built(span, array, done, ExprKind::Array);
        node.modifier = modifier;
        Ok(node)
    }

    pub(super) fn array_of_common(&mut self, nodes: Vec<Node>, nested: bool, span: Span) -> Outcome<Node> {
        if nodes.is_empty() {
            return Err(Stop::fail("42P18", "cannot determine type of empty array", span));
        }
        let common = common_type_of(self.types, &nodes.iter().collect::<Vec<_>>(), "ARRAY")?;
        let array = if nested {
            Some(common).filter(|ty| ty.array)
        } else {
            common.array_of()
        };
        let array = array.ok_or_else(|| Stop::gap(span, "an array of no certain type"))?;
        let nodes = nodes
            .into_iter()
            .map(|n| to_common(self.types, n, common, "ARRAY"))
            .collect::<Outcome<Vec<_>>>()?;
        let modifier = common_modifier(common, &nodes);
        let mut node = built(span, array, nodes, ExprKind::Array);
        node.modifier = modifier;
        Ok(node)
    }

    pub(super) fn subscript(&mut self, expr: &Expr) -> Outcome<Node> {
        let span = expr.span;
        // All subscripts of one value are one step.
        let mut steps = Vec::new();
        let mut at = expr;
        while let ExprKind::Subscript(inner, low, high, slice) = &at.kind {
            steps.push((low.as_deref(), high.as_deref(), *slice));
            at = inner;
        }
        steps.reverse();
        let container = self.node(at)?;
        let base = self.types.base(container.ty).0;
        let jsonb = base.builtin() == Some(Builtin::Jsonb);
        let slices = steps.iter().filter(|s| s.2).count();
        let ty = match base.element() {
            Some(_) if slices > 0 && slices == steps.len() => base,
            Some(element) if slices == 0 => element,
            None if jsonb && slices == 0 => base,
            _ if !self.types.is_known(base) || slices > 0 || base.is_unknown() => {
                return Err(Stop::gap(span, "a subscript of a value of no certain type"));
            }
            _ => {
                let message = format!(
                    "cannot subscript type {} because it does not support subscripting",
                    self.types.name(container.ty)
                );
                return Err(Stop::fail("42804", message, span));
            }
        };
        if base != container.ty {
            return Err(Stop::gap(span, "a subscript of a domain"));
        }
        let mut volatility = container.volatility;
        let modifier = container.modifier.clone();
        let mut done = container.expr;
        for (low, high, slice) in steps {
            let low = low.map(|e| self.index(e, jsonb)).transpose()?;
            let high = high.map(|e| self.index(e, jsonb)).transpose()?;
            for bound in [&low, &high].into_iter().flatten() {
                volatility = volatility.max(bound.volatility);
            }
            let boxed = |n: Option<Node>| n.map(|n| Box::new(n.expr));
            done = Expr::new(
                ExprKind::Subscript(Box::new(done), boxed(low), boxed(high), slice),
                span,
            );
        }
        let mut node = Node::new(done, ty);
        node.modifier = modifier;
        node.volatility = volatility;
        Ok(node)
    }

    pub(super) fn index(&mut self, index: &Expr, jsonb: bool) -> Outcome<Node> {
        let span = index.span;
        let node = self.node(index)?;
        let from = node.ty;
        if jsonb {
            let integer = from == Ty::INT4
                || (!from.is_unknown() && can_coerce(self.types, from, Ty::INT4, CastContext::Implicit));
            let target = if integer { Ty::INT4 } else { Ty::TEXT };
            if !can_coerce(self.types, from, target, CastContext::Implicit) {
                return Err(Stop::gap(span, "a subscript of an uncommon type"));
            }
            return coerce(
                self.types,
                node,
                target,
                None,
                CastContext::Implicit,
                Form::Implicit,
            );
        }
        let target = Ty::INT4.to_sql(None);
        match coerce_to_target(self.types, node, &target, CastContext::Assignment, Form::Implicit)? {
            Some(node) => Ok(node),
            None => Err(Stop::fail(
                "42804",
                "array subscript must have type integer",
                span,
            )),
        }
    }

    pub(super) fn field(&mut self, inner: Node, name: &crate::name::Name, span: Span) -> Outcome<Node> {
        let base = self.types.base(inner.ty).0;
        let attributes = match base.base {
            Base::Object(id) if !base.array => match self.types.schema.types.get(id).map(|t| &t.kind) {
                Some(TypeKind::Composite(attributes)) => attributes.known(),
                _ => None,
            },
            _ => None,
        };
        let Some(attributes) = attributes.filter(|_| base == inner.ty) else {
            return Err(Stop::gap(span, "a field of a value whose fields are not known"));
        };
        let Some((_, ty)) = attributes.iter().find(|(attribute, _)| attribute == name) else {
            let message = format!(
                "column \"{name}\" not found in data type {}",
                self.types.name(inner.ty)
            );
            return Err(Stop::fail("42703", message, span));
        };
        let of = Ty::from_sql(ty).ok_or_else(|| Stop::gap(span, "a field of no certain type"))?;
        let field = name.clone();
        let modifier = ty.modifier.clone();
        let mut node = built(span, of, vec![inner], |mut e| {
            ExprKind::Field(Box::new(first(&mut e)), field)
        });
        node.modifier = modifier;
        Ok(node)
    }
}
