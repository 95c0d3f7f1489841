//! The walk over an expression: `transformExprRecurse` of `parse_expr.c`.

use smol_str::SmolStr;

use super::CastContext;
use super::coerce::{Form, Node, coerce_to_target, collatable};
use super::common::{common_modifier, common_type_of, to_boolean, to_common};
use super::condition::between;
use super::names::Names;
use super::stop::{Outcome, Stop};
use super::types::{Ty, Types};
use super::value::{keyword_value, number};
use super::{function, literal, operator};
use crate::source::Span;
use crate::sqltype::catalog::{FunctionKind, Volatility};
use crate::sqltype::{Builtin, SqlType};
use crate::tree::expr::Call;
use crate::tree::{Expr, ExprKind};

/// Deepest nesting that is analysed.
pub(super) const MAX_DEPTH: u32 = 420;

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

    pub(super) fn all(&mut self, items: &[Expr]) -> Outcome<Vec<Node>> {
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
                if let (ExprKind::Row(left), ExprKind::Row(right)) = (&left.kind, &right.kind) {
                    return self.rows(op, left, right, span);
                }
                if matches!(left.kind, ExprKind::Row(_)) || matches!(right.kind, ExprKind::Row(_)) {
                    return Err(Stop::gap(span, "a comparison of rows"));
                }
                let left = self.node(left)?;
                let right = self.node(right)?;
                operator::binary(self.types, op, left, right, span)
            }
            ExprKind::Unary(op, operand) => {
                if op == "-"
                    && let Some((digits, negative)) = negated(operand)
                {
                    return number(digits, !negative, span);
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
                let row = matches!(operand.expr.kind, ExprKind::Row(_));
                if !row && self.types.may_be_row(operand.ty) {
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
            ExprKind::Row(items) => {
                let items = self.all(items)?;
                Ok(built(span, Ty::of(Builtin::Record), items, ExprKind::Row))
            }
            ExprKind::Default => Err(Stop::fail(
                "42601",
                "DEFAULT is not allowed in this context",
                span,
            )),
            ExprKind::Star(_) | ExprKind::Param(_) | ExprKind::Opaque(_) => {
                Err(Stop::gap(span, "an expression in a form that is not resolved"))
            }
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

    pub(super) fn call(&mut self, call: &Call, span: Span) -> Outcome<Node> {
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
}

/// A number behind minus signs, and whether they make it negative: the grammar folds each sign into the constant.
fn negated(operand: &Expr) -> Option<(&str, bool)> {
    let mut at = operand;
    let mut negative = false;
    loop {
        match &at.kind {
            ExprKind::Number(digits) => return Some((digits, negative)),
            ExprKind::Unary(op, inner) if op == "-" => {
                negative = !negative;
                at = inner;
            }
            _ => return None,
        }
    }
}

/// A node over others.
pub(super) fn built(span: Span, ty: Ty, parts: Vec<Node>, kind: impl FnOnce(Vec<Expr>) -> ExprKind) -> Node {
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

pub(super) fn first(items: &mut Vec<Expr>) -> Expr {
    if items.is_empty() {
        return Expr::new(ExprKind::Null, Span::new(crate::source::FileId(0), 0, 0));
    }
    items.swap_remove(0)
}

/// A call of a function of `pg_catalog` that the grammar makes.
pub(super) fn catalog_call(name: &str, args: Vec<Expr>, sql_syntax: bool) -> Call {
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
