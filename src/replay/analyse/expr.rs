//! The walk over an expression: `transformExprRecurse` of `parse_expr.c`.

use smol_str::SmolStr;

use super::CastContext;
use super::coerce::{
    Form, Node, can_coerce, coerce, coerce_to_target, collatable, common_modifier, common_type,
    common_type_of, to_boolean, to_common,
};
use super::names::Names;
use super::stop::{Outcome, Stop};
use super::types::{Base, Ty, Types};
use super::{function, literal, operator};
use crate::schema::TypeKind;
use crate::source::Span;
use crate::sqltype::catalog::{FunctionKind, Volatility};
use crate::sqltype::{Builtin, Modifier, SqlType};
use crate::tree::expr::Call;
use crate::tree::{Expr, ExprKind, Quantifier, SqlValue};

/// Deepest nesting that is analysed.
const MAX_DEPTH: u32 = 420;

/// One analysis.
pub(super) struct Walk<'a> {
    pub types: Types<'a>,
    pub names: Names<'a>,
    pub depth: u32,
}

impl<'a> Walk<'a> {
    pub(super) fn node(&mut self, expr: &Expr) -> Outcome<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Stop::gap(expr.span, "nested too deeply"));
        }
        let node = self.one(expr);
        self.depth -= 1;
        node
    }

    fn all(&mut self, items: &[Expr]) -> Outcome<Vec<Node>> {
        items.iter().map(|item| self.node(item)).collect()
    }

    fn one(&mut self, expr: &Expr) -> Outcome<Node> {
        let span = expr.span;
        let keep = |ty| Ok(Node::new(expr.clone(), ty));
        match &expr.kind {
            ExprKind::Null | ExprKind::String(_) => keep(Ty::UNKNOWN),
            ExprKind::Bool(_) => keep(Ty::BOOL),
            ExprKind::Number(digits) => number(digits, false, span),
            ExprKind::BitString(digits, binary) => {
                let text = if *binary {
                    digits.clone()
                } else {
                    SmolStr::new(format!("x{digits}"))
                };
                let ty = Ty::of(Builtin::Bit);
                let kind = literal::constant(self.types, &text, ty, None, span)?;
                Ok(Node::new(Expr::new(kind, span), ty))
            }
            ExprKind::Const(_, ty) => match Ty::from_sql(ty) {
                Some(of) => {
                    let mut node = Node::new(expr.clone(), of);
                    node.modifier.clone_from(&ty.modifier);
                    Ok(node)
                }
                None => Err(Stop::gap(span, "a constant of no certain type")),
            },
            ExprKind::Relation(_) => keep(Ty::of(Builtin::Regclass)),
            ExprKind::Column(name) => self.names.column(self.types, name, span),
            ExprKind::Var(number) => self.names.number(*number, span),
            ExprKind::Value(value, precision) => Ok(keyword_value(*value, *precision, expr)),
            ExprKind::Binary(op, left, right) => {
                let rows = matches!(left.kind, ExprKind::Row(_)) || matches!(right.kind, ExprKind::Row(_));
                if rows {
                    return Err(Stop::gap(span, "a comparison of rows"));
                }
                let left = self.node(left)?;
                let right = self.node(right)?;
                operator::binary(self.types, op, left, right, span)
            }
            ExprKind::Unary(op, operand) => {
                if op == "-"
                    && let ExprKind::Number(digits) = &operand.kind
                {
                    return number(digits, true, span);
                }
                let operand = self.node(operand)?;
                operator::prefix(self.types, op, operand, span)
            }
            ExprKind::Not(operand) => {
                let operand = self.node(operand)?;
                let operand = to_boolean(self.types, operand, "NOT")?;
                Ok(built(span, Ty::BOOL, vec![operand], |mut e| {
                    ExprKind::Not(Box::new(first(&mut e)))
                }))
            }
            ExprKind::And(items) => {
                let items = self.booleans(items, "AND")?;
                Ok(built(span, Ty::BOOL, items, ExprKind::And))
            }
            ExprKind::Or(items) => {
                let items = self.booleans(items, "OR")?;
                Ok(built(span, Ty::BOOL, items, ExprKind::Or))
            }
            ExprKind::IsNull(operand, negated) => {
                let operand = self.node(operand)?;
                if self.types.may_be_row(operand.ty) {
                    return Err(Stop::gap(span, "a test of a row"));
                }
                let negated = *negated;
                Ok(built(span, Ty::BOOL, vec![operand], |mut e| {
                    ExprKind::IsNull(Box::new(first(&mut e)), negated)
                }))
            }
            ExprKind::IsBool(operand, value, negated) => {
                let operand = self.node(operand)?;
                let what = format!(
                    "IS {}{}",
                    if *negated { "NOT " } else { "" },
                    match value {
                        Some(true) => "TRUE",
                        Some(false) => "FALSE",
                        None => "UNKNOWN",
                    }
                );
                let operand = to_boolean(self.types, operand, &what)?;
                let (value, negated) = (*value, *negated);
                Ok(built(span, Ty::BOOL, vec![operand], |mut e| {
                    ExprKind::IsBool(Box::new(first(&mut e)), value, negated)
                }))
            }
            ExprKind::IsDistinct(left, right, negated) => self.distinct(left, right, *negated, span),
            ExprKind::Between(value, low, high, symmetric, negated) => {
                let spelled = between(value, low, high, *symmetric, *negated, span);
                self.node(&spelled)
            }
            ExprKind::In(value, items, negated) => self.in_list(value, items, *negated, span),
            ExprKind::Quantified(left, op, quantifier, right) => {
                let left = self.node(left)?;
                let right = self.node(right)?;
                operator::quantified(self.types, op, *quantifier, left, right, span)
            }
            ExprKind::Like(value, keyword, pattern, escape, negated) => {
                self.like(value, keyword, pattern, escape.as_deref(), *negated, span)
            }
            ExprKind::Case(subject, whens, otherwise) => {
                self.case(subject.as_deref(), whens, otherwise.as_deref(), span)
            }
            ExprKind::Call(call) => self.call(call, span),
            ExprKind::Keyword(keyword, args) => self.keyword(keyword, args, span),
            ExprKind::Cast(inner, ty, _) => self.cast(inner, ty, span),
            ExprKind::Collate(inner, collation) => {
                let inner = self.node(inner)?;
                if !inner.ty.is_unknown()
                    && self.types.is_known(inner.ty)
                    && !collatable(self.types, inner.ty)
                {
                    let message = format!(
                        "collations are not supported by type {}",
                        self.types.name(inner.ty)
                    );
                    return Err(Stop::fail("42804", message, span));
                }
                let collation = collation.clone();
                let modifier = inner.modifier.clone();
                let ty = inner.ty;
                let mut node = built(span, ty, vec![inner], |mut e| {
                    ExprKind::Collate(Box::new(first(&mut e)), collation)
                });
                node.modifier = modifier;
                Ok(node)
            }
            ExprKind::AtTimeZone(value, zone) => self.at_time_zone(value, zone, span),
            ExprKind::Array(items) => self.array(items, None, span),
            ExprKind::Subscript(..) => self.subscript(expr),
            ExprKind::Field(inner, name) => {
                let inner = self.node(inner)?;
                self.field(inner, name, span)
            }
            ExprKind::InQuery(..)
            | ExprKind::QuantifiedQuery(..)
            | ExprKind::Exists(_)
            | ExprKind::Subquery(_)
            | ExprKind::ArrayQuery(_) => self.names.subquery(span),
            ExprKind::Row(_)
            | ExprKind::Default
            | ExprKind::Star(_)
            | ExprKind::Param(_)
            | ExprKind::Opaque(_) => Err(Stop::gap(span, "an expression in a form that is not resolved")),
        }
    }

    fn booleans(&mut self, items: &[Expr], what: &str) -> Outcome<Vec<Node>> {
        items
            .iter()
            .map(|item| {
                let node = self.node(item)?;
                to_boolean(self.types, node, what)
            })
            .collect()
    }

    fn distinct(&mut self, left: &Expr, right: &Expr, negated: bool, span: Span) -> Outcome<Node> {
        let null = |e: &Expr| matches!(e.kind, ExprKind::Null);
        if null(left) || null(right) {
            let operand = self.node(if null(right) { left } else { right })?;
            if self.types.may_be_row(operand.ty) {
                return Err(Stop::gap(span, "a test of a row"));
            }
            return Ok(built(span, Ty::BOOL, vec![operand], |mut e| {
                ExprKind::IsNull(Box::new(first(&mut e)), !negated)
            }));
        }
        let left = self.node(left)?;
        let right = self.node(right)?;
        let mut node = operator::binary(self.types, "=", left, right, span)?;
        let ExprKind::Binary(_, left, right) = node.expr.kind else {
            return Err(Stop::gap(span, "a comparison without operator"));
        };
        node.expr.kind = ExprKind::IsDistinct(left, right, false);
        if negated {
            node.expr = Expr::new(ExprKind::Not(Box::new(node.expr)), span);
        }
        Ok(node)
    }

    /// `transformAExprIn`.
    fn in_list(&mut self, value: &Expr, items: &[Expr], negated: bool, span: Span) -> Outcome<Node> {
        let op = if negated { "<>" } else { "=" };
        if matches!(value.kind, ExprKind::Row(_)) {
            return Err(Stop::gap(span, "a comparison of rows"));
        }
        let left = self.node(value)?;
        let (with_columns, constants): (Vec<Node>, Vec<Node>) = self
            .all(items)?
            .into_iter()
            .partition(|n| !n.expr.vars().is_empty() || self.names.is_query());
        let mut done: Option<Node> = None;
        let mut rest = Vec::new();
        if constants.len() > 1 {
            let mut all = vec![left.ty];
            all.extend(constants.iter().map(|n| n.ty));
            if all.iter().any(|ty| !self.types.is_known(*ty)) && all.iter().any(|ty| *ty != left.ty) {
                return Err(Stop::gap(
                    span,
                    "what a type has in common with others is not known",
                ));
            }
            let common = common_type(self.types, &all).filter(|ty| {
                all.iter()
                    .all(|t| can_coerce(self.types, *t, *ty, CastContext::Implicit))
            });
            if let Some(common) = common
                && let Some(array) = common.array_of()
            {
                let items = constants
                    .into_iter()
                    .map(|n| to_common(self.types, n, common, "IN"))
                    .collect::<Outcome<Vec<_>>>()?;
                let array = built(span, array, items, ExprKind::Array);
                let quantifier = if negated { Quantifier::All } else { Quantifier::Any };
                done = Some(operator::quantified(
                    self.types,
                    op,
                    quantifier,
                    left.clone(),
                    array,
                    span,
                )?);
            } else {
                rest = constants;
            }
        } else {
            rest = constants;
        }
        // Singles keep the order in which they are written.
        if done.is_none() && !with_columns.is_empty() && !rest.is_empty() {
            rest = self.all(items)?;
        } else {
            rest.extend(with_columns);
        }
        for item in rest {
            let one = operator::binary(self.types, op, left.clone(), item, span)?;
            let one = to_boolean(self.types, one, "IN")?;
            done = Some(match done {
                None => one,
                Some(before) => {
                    let junction = if negated { ExprKind::And } else { ExprKind::Or };
                    built(span, Ty::BOOL, vec![before, one], junction)
                }
            });
        }
        done.ok_or_else(|| Stop::gap(span, "an empty list"))
    }

    fn like(
        &mut self,
        value: &Expr,
        keyword: &str,
        pattern: &Expr,
        escape: Option<&Expr>,
        negated: bool,
        span: Span,
    ) -> Outcome<Node> {
        let helper = match (keyword, escape) {
            ("SIMILAR TO", _) => Some("similar_to_escape"),
            (_, Some(_)) => Some("like_escape"),
            _ => None,
        };
        let op = match (keyword, negated) {
            ("LIKE", false) => "~~",
            ("LIKE", true) => "!~~",
            ("ILIKE", false) => "~~*",
            ("ILIKE", true) => "!~~*",
            (_, false) => "~",
            (_, true) => "!~",
        };
        let value = self.node(value)?;
        let pattern = match helper {
            None => self.node(pattern)?,
            Some(name) => {
                let mut args = vec![pattern.clone()];
                args.extend(escape.cloned());
                self.call(&catalog_call(name, args, false), span)?
            }
        };
        operator::binary(self.types, op, value, pattern, span)
    }

    /// A call, whatever it gives.
    pub(super) fn called(&mut self, call: &Call, span: Span) -> Outcome<function::Called> {
        let mut args = self.all(&call.args)?;
        for (_, arg) in &call.named {
            args.push(self.node(arg)?);
        }
        if call.within_group {
            return Err(Stop::gap(span, "an aggregate over an ordered set"));
        }
        function::call(self.types, call, args, span)
    }

    fn call(&mut self, call: &Call, span: Span) -> Outcome<Node> {
        let called = self.called(call, span)?;
        match called.kind {
            FunctionKind::Function | FunctionKind::Procedure => {
                if called.node.set {
                    self.names.rows_allowed(span)?;
                }
                Ok(called.node)
            }
            FunctionKind::Aggregate | FunctionKind::Window => {
                self.names.aggregate_allowed(called.kind, call.over, span)?;
                Ok(called.node)
            }
        }
    }

    fn at_time_zone(&mut self, value: &Expr, zone: &Expr, span: Span) -> Outcome<Node> {
        let call = catalog_call("timezone", vec![zone.clone(), value.clone()], true);
        let mut node = self.call(&call, span)?;
        if let ExprKind::Call(call) = &mut node.expr.kind
            && let (Some(value), Some(zone)) = (call.args.pop(), call.args.pop())
        {
            node.expr.kind = ExprKind::AtTimeZone(Box::new(value), Box::new(zone));
        }
        Ok(node)
    }

    fn keyword(&mut self, keyword: &SmolStr, args: &[Expr], span: Span) -> Outcome<Node> {
        let nodes = self.all(args)?;
        if keyword == "NULLIF" {
            let [left, right] =
                <[Node; 2]>::try_from(nodes).map_err(|_| Stop::gap(span, "NULLIF takes two arguments"))?;
            let mut node = operator::binary(self.types, "=", left, right, span)?;
            let ExprKind::Binary(_, left, right) = node.expr.kind else {
                return Err(Stop::gap(span, "a comparison without operator"));
            };
            // Its type is that of its first argument as converted for the comparison.
            node.ty = self.type_again(&left)?;
            node.expr.kind = ExprKind::Keyword(keyword.clone(), vec![*left, *right]);
            return Ok(node);
        }
        let ty = common_type_of(self.types, &nodes.iter().collect::<Vec<_>>(), keyword)?;
        let nodes = nodes
            .into_iter()
            .map(|n| to_common(self.types, n, ty, keyword))
            .collect::<Outcome<Vec<_>>>()?;
        let modifier = common_modifier(ty, &nodes);
        let keyword = keyword.clone();
        let mut node = built(span, ty, nodes, |e| ExprKind::Keyword(keyword, e));
        node.modifier = modifier;
        Ok(node)
    }

    /// The type of an expression that is analysed already.
    fn type_again(&mut self, expr: &Expr) -> Outcome<Ty> {
        match &expr.kind {
            ExprKind::Cast(_, ty, _) => {
                Ty::from_sql(ty).ok_or_else(|| Stop::gap(expr.span, "a cast to no certain type"))
            }
            _ => self.node(expr).map(|n| n.ty),
        }
    }

    fn cast(&mut self, inner: &Expr, ty: &SqlType, span: Span) -> Outcome<Node> {
        let target = self.types.resolve(ty, span)?;
        let Some(of) = Ty::from_sql(&target) else {
            return Err(Stop::gap(span, "a cast to no certain type"));
        };
        let base = self.types.base(of).0;
        let inner = match &inner.kind {
            ExprKind::Array(items) if base.element().is_some() => {
                self.array(items, Some((base, target.modifier.clone())), inner.span)?
            }
            _ => self.node(inner)?,
        };
        let from = inner.ty;
        let empty = matches!(&inner.expr.kind, ExprKind::Cast(i, _, _) if matches!(&i.kind, ExprKind::Array(e) if e.is_empty()));
        if empty && from == of && target.modifier.is_none() {
            return Ok(inner);
        }
        match coerce_to_target(self.types, inner, &target, CastContext::Explicit, Form::Explicit)? {
            Some(node) => Ok(node),
            None => Err(Stop::fail(
                "42846",
                format!(
                    "cannot cast type {} to {}",
                    self.types.name(from),
                    self.types.name(of)
                ),
                span,
            )),
        }
    }

    /// `transformArrayExpr`; `target`: the array type that a cast around it names, with its modifier.
    fn array(&mut self, items: &[Expr], target: Option<(Ty, Option<Modifier>)>, span: Span) -> Outcome<Node> {
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

    fn array_of_common(&mut self, nodes: Vec<Node>, nested: bool, span: Span) -> Outcome<Node> {
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

    fn case(
        &mut self,
        subject: Option<&Expr>,
        whens: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
        span: Span,
    ) -> Outcome<Node> {
        let subject = match subject {
            Some(subject) => {
                let node = self.node(subject)?;
                Some(if node.ty.is_unknown() {
                    to_common(self.types, node, Ty::TEXT, "CASE")?
                } else {
                    node
                })
            }
            None => None,
        };
        let mut conditions = Vec::new();
        let mut results = Vec::new();
        for (when, then) in whens {
            conditions.push(self.case_condition(subject.as_ref(), when)?);
            results.push(self.node(then)?);
        }
        let null = Expr::new(ExprKind::Null, span);
        let otherwise = self.node(otherwise.unwrap_or(&null))?;
        let mut all = vec![&otherwise];
        all.extend(&results);
        let ty = common_type_of(self.types, &all, "CASE")?;
        let otherwise = to_common(self.types, otherwise, ty, "CASE/ELSE")?;
        let results = results
            .into_iter()
            .map(|n| to_common(self.types, n, ty, "CASE/WHEN"))
            .collect::<Outcome<Vec<_>>>()?;
        let modifier = common_modifier(
            ty,
            &[results.as_slice(), std::slice::from_ref(&otherwise)].concat(),
        );
        let parts = subject
            .iter()
            .chain(&conditions)
            .chain(&results)
            .chain([&otherwise]);
        let volatility = parts.map(|n| n.volatility).max().unwrap_or(Volatility::Immutable);
        let kind = ExprKind::Case(
            subject.map(|n| Box::new(n.expr)),
            conditions
                .into_iter()
                .zip(results)
                .map(|(when, then)| (when.expr, then.expr))
                .collect(),
            Some(Box::new(otherwise.expr)),
        );
        let mut node = Node::new(Expr::new(kind, span), ty);
        node.modifier = modifier;
        node.volatility = volatility;
        Ok(node)
    }

    /// A condition; of `CASE x WHEN y` the right side of `x = y` as converted for it, since that is what is printed.
    fn case_condition(&mut self, subject: Option<&Node>, when: &Expr) -> Outcome<Node> {
        let node = self.node(when)?;
        let Some(subject) = subject else {
            return to_boolean(self.types, node, "CASE/WHEN");
        };
        let span = when.span;
        let volatility = node.volatility;
        let done = operator::binary(self.types, "=", subject.clone(), node, span)?;
        match done.expr.kind {
            ExprKind::Binary(_, _, right) => {
                let mut node = Node::new(*right, done.ty);
                node.volatility = volatility.max(done.volatility);
                Ok(node)
            }
            _ => Err(Stop::gap(span, "a comparison without operator")),
        }
    }

    fn subscript(&mut self, expr: &Expr) -> Outcome<Node> {
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

    fn index(&mut self, index: &Expr, jsonb: bool) -> Outcome<Node> {
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

    fn field(&mut self, inner: Node, name: &crate::name::Name, span: Span) -> Outcome<Node> {
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

/// A node over others.
fn built(span: Span, ty: Ty, parts: Vec<Node>, kind: impl FnOnce(Vec<Expr>) -> ExprKind) -> Node {
    let volatility = parts
        .iter()
        .map(|p| p.volatility)
        .max()
        .unwrap_or(Volatility::Immutable);
    let set = parts.iter().any(|p| p.set);
    let kind = kind(parts.into_iter().map(|p| p.expr).collect());
    let mut node = Node::new(Expr::new(kind, span), ty);
    node.volatility = volatility;
    node.set = set;
    node
}

fn first(items: &mut Vec<Expr>) -> Expr {
    if items.is_empty() {
        return Expr::new(ExprKind::Null, Span::new(crate::source::FileId(0), 0, 0));
    }
    items.swap_remove(0)
}

/// A call of a function of `pg_catalog` that the grammar makes.
fn catalog_call(name: &str, args: Vec<Expr>, sql_syntax: bool) -> Call {
    Call {
        name: crate::name::QualifiedName::in_schema(
            crate::name::Name::new("pg_catalog"),
            crate::name::Name::new(name),
        ),
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

/// `make_const`: `int4`, `int8` or `numeric` by size; a sign in front belongs to the number (`doNegate`).
fn number(digits: &str, negative: bool, span: Span) -> Outcome<Node> {
    let text = if negative {
        format!("-{digits}")
    } else {
        digits.to_owned()
    };
    let whole = digits.bytes().all(|b| b.is_ascii_digit());
    let (ty, text) = match text.parse::<i64>() {
        Ok(value) if whole => {
            let ty = if i32::try_from(value).is_ok() {
                Builtin::Int4
            } else {
                Builtin::Int8
            };
            (ty, value.to_string())
        }
        _ => {
            use crate::sqltype::literal::{Literal, canonical};
            match canonical(Builtin::Numeric, false, &text, None) {
                Literal::Text(text) => (Builtin::Numeric, text),
                Literal::Invalid(..) | Literal::Untold(_) => {
                    return Err(Stop::gap(span, "a number in an uncommon form"));
                }
            }
        }
    };
    let ty = Ty::of(ty);
    let kind = ExprKind::Const(Some(text.into()), ty.to_sql(None));
    Ok(Node::new(Expr::new(kind, span), ty))
}

/// `transformSQLValueFunction`.
fn keyword_value(value: SqlValue, precision: Option<u8>, expr: &Expr) -> Node {
    let ty = match value {
        SqlValue::CurrentDate => Builtin::Date,
        SqlValue::CurrentTime => Builtin::Timetz,
        SqlValue::CurrentTimestamp => Builtin::Timestamptz,
        SqlValue::LocalTime => Builtin::Time,
        SqlValue::LocalTimestamp => Builtin::Timestamp,
        SqlValue::CurrentRole
        | SqlValue::CurrentUser
        | SqlValue::User
        | SqlValue::SessionUser
        | SqlValue::CurrentCatalog
        | SqlValue::CurrentSchema => Builtin::Name,
    };
    let mut node = Node::new(expr.clone(), Ty::of(ty));
    node.modifier = precision.map(Modifier::Seconds);
    node.volatility = Volatility::Stable;
    node
}

/// `transformAExprBetween`: as comparisons.
fn between(value: &Expr, low: &Expr, high: &Expr, symmetric: bool, negated: bool, span: Span) -> Expr {
    let compare = |op: &str, right: &Expr| {
        let kind = ExprKind::Binary(SmolStr::new(op), Box::new(value.clone()), Box::new(right.clone()));
        Expr::new(kind, span)
    };
    let pair = |low: &Expr, high: &Expr| {
        if negated {
            ExprKind::Or(vec![compare("<", low), compare(">", high)])
        } else {
            ExprKind::And(vec![compare(">=", low), compare("<=", high)])
        }
    };
    if !symmetric {
        return Expr::new(pair(low, high), span);
    }
    let both = vec![Expr::new(pair(low, high), span), Expr::new(pair(high, low), span)];
    Expr::new(
        if negated {
            ExprKind::And(both)
        } else {
            ExprKind::Or(both)
        },
        span,
    )
}
