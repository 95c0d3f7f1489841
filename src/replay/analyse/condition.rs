//! Comparisons that the grammar spells in its own way, and CASE (`parse_expr.c`).

use smol_str::SmolStr;

use super::CastContext;
use super::coerce::Node;
use super::common::{common_modifier, common_type, common_type_of, to_boolean, to_common};
use super::expr::{Walk, built, catalog_call, first};
use super::operator;
use super::path::can_coerce;
use super::stop::{Outcome, Stop};
use super::types::Ty;
use crate::source::Span;
use crate::sqltype::catalog::Volatility;
use crate::tree::{Expr, ExprKind, Quantifier};

impl Walk<'_> {
    pub(super) fn distinct(&mut self, left: &Expr, right: &Expr, negated: bool, span: Span) -> Outcome<Node> {
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

    /// `make_row_comparison_op` for equality; other comparisons of rows are nodes of their own.
    pub(super) fn rows(&mut self, op: &str, left: &[Expr], right: &[Expr], span: Span) -> Outcome<Node> {
        if left.len() != right.len() {
            return Err(Stop::fail(
                "42601",
                "unequal number of entries in row expressions",
                span,
            ));
        }
        let junction = match op {
            "=" => ExprKind::And,
            "<>" | "!=" => ExprKind::Or,
            _ => return Err(Stop::gap(span, "a comparison of rows")),
        };
        let mut done = Vec::with_capacity(left.len());
        for (left, right) in left.iter().zip(right) {
            let (left, right) = (self.node(left)?, self.node(right)?);
            let one = operator::binary(self.types, op, left, right, span)?;
            done.push(to_boolean(self.types, one, "row comparison")?);
        }
        if done.len() == 1 {
            return done.pop().ok_or_else(|| Stop::gap(span, "an empty row"));
        }
        Ok(built(span, Ty::BOOL, done, junction))
    }

    /// `transformAExprIn`.
    pub(super) fn in_list(
        &mut self,
        value: &Expr,
        items: &[Expr],
        negated: bool,
        span: Span,
    ) -> Outcome<Node> {
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

    pub(super) fn like(
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

    pub(super) fn case(
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
    pub(super) fn case_condition(&mut self, subject: Option<&Node>, when: &Expr) -> Outcome<Node> {
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
}

/// `transformAExprBetween`: as comparisons.
pub(super) fn between(
    value: &Expr,
    low: &Expr,
    high: &Expr,
    symmetric: bool,
    negated: bool,
    span: Span,
) -> Expr {
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
