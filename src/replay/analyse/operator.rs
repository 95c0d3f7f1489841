//! Operators: `oper`, `left_oper`, `make_op`, `make_scalar_array_op` of `parse_oper.c`.

use smol_str::SmolStr;

use super::CastContext;
use super::coerce::{Form, Node, coerce};
use super::path::is_polymorphic;
use super::poly;
use super::select::{Choice, Takes, choose};
use super::stop::{Outcome, Stop};
use super::types::{Ty, Types};
use crate::name::Name;
use crate::source::Span;
use crate::sqltype::catalog::{self, OperatorRow, Volatility};
use crate::tree::{Expr, ExprKind, Quantifier};

/// An operator that the search path finds.
#[derive(Debug, Clone)]
pub(super) struct Operator {
    /// The left one and the right one; the operand of a prefix operator twice.
    sides: [Ty; 2],
    prefix: bool,
    result: Ty,
    volatility: Volatility,
    /// The extension's schema; `None` for `pg_catalog`.
    schema: Option<Name>,
    /// Whether its extension is certainly there.
    certain: bool,
}

impl Takes for Operator {
    fn args(&self) -> &[Ty] {
        &self.sides[usize::from(self.prefix)..]
    }
}

/// The characters and, where written, the schema.
struct Symbol<'a> {
    schema: Option<String>,
    name: &'a str,
}

fn symbol(written: &str) -> Symbol<'_> {
    let parts = written
        .strip_prefix("OPERATOR(")
        .and_then(|w| w.strip_suffix(')'))
        .and_then(|w| w.rsplit_once('.'));
    match parts {
        Some((schema, name)) => Symbol {
            schema: Some(schema.to_owned()),
            name,
        },
        None => Symbol {
            schema: None,
            // The lexer of the server makes one of the other.
            name: if written == "!=" { "<>" } else { written },
        },
    }
}

fn candidates(types: Types<'_>, symbol: &Symbol<'_>, prefix: bool) -> Vec<Operator> {
    let mut out: Vec<Operator> = Vec::new();
    let mut add = |rows: &[OperatorRow], schema: Option<&Name>, certain: bool| {
        let before = out.len();
        out.reserve(rows.len());
        for row in rows.iter().filter(|row| row.left.is_none() == prefix) {
            let left = row.left.unwrap_or(row.right);
            let (Some(left), Some(right), Some(result)) = (
                types.of_row(left),
                types.of_row(row.right),
                types.of_row(row.result),
            ) else {
                continue;
            };
            let sides = [left, right];
            // The first of the search path hides others of the same arguments; one schema has no two of them.
            if out[..before].iter().any(|o| o.sides == sides) {
                continue;
            }
            out.push(Operator {
                sides,
                prefix,
                result,
                volatility: row.volatility,
                schema: schema.cloned(),
                certain,
            });
        }
    };
    if symbol.schema.as_ref().is_none_or(|s| s == "pg_catalog") {
        add(catalog::catalog().operators(symbol.name), None, true);
    }
    for extension in types.schema.extensions.iter().filter(|e| e.presence.may_be()) {
        let namespace = &types.schema.namespaces[extension.namespace].name;
        let found = match &symbol.schema {
            Some(schema) => namespace.quoted() == *schema,
            None => types.schema.search_path.contains(namespace),
        };
        if found && let Some(rows) = catalog::extension(extension.name.as_str()) {
            let certain = extension.presence.is_present();
            add(rows.operators(symbol.name), Some(namespace), certain);
        }
    }
    out
}

/// Finds a binary or prefix operator for operands of these types.
pub(super) fn find(types: Types<'_>, written: &str, operands: &[Ty], span: Span) -> Outcome<Operator> {
    let symbol = symbol(written);
    let prefix = operands.len() == 1;
    if let Some(odd) = operands.iter().find(|ty| !types.is_known(**ty)) {
        return Err(Stop::gap(
            span,
            format!(
                "what operator {written} does with {} is not known",
                types.name(*odd)
            ),
        ));
    }
    let all = candidates(types, &symbol, prefix);
    let found = match exact(types, &all, operands) {
        Some(operator) => Choice::One(operator),
        None => choose(types, operands, all),
    };
    let signature = || match operands {
        [left, right] => format!("{} {written} {}", types.name(*left), types.name(*right)),
        _ => format!(
            "{written} {}",
            operands.first().map_or(String::new(), |ty| types.name(*ty))
        ),
    };
    let unlisted = || types.schema.unlisted.clone().map(Stop::Gap);
    match found {
        Choice::One(operator) if operator.certain => Ok(operator),
        Choice::One(_) => Err(Stop::gap(
            span,
            "it cannot be told whether the operator's extension is there",
        )),
        Choice::None => Err(unlisted().unwrap_or_else(|| {
            if operands.iter().any(|ty| ty.is_unknown()) && symbol.schema.is_some() {
                return Stop::gap(span, "the operator is not known");
            }
            Stop::fail("42883", format!("operator does not exist: {}", signature()), span)
        })),
        Choice::Several => Err(unlisted().unwrap_or_else(|| {
            Stop::fail("42725", format!("operator is not unique: {}", signature()), span)
        })),
    }
}

/// `binary_oper_exact`; for a prefix operator its own type alone.
fn exact(types: Types<'_>, all: &[Operator], operands: &[Ty]) -> Option<Operator> {
    let find = |args: &[Ty]| all.iter().find(|o| o.args() == args).cloned();
    let [left, right] = *operands else {
        return find(operands);
    };
    let (one, assumed) = match (left.is_unknown(), right.is_unknown()) {
        (true, _) => (right, true),
        (_, true) => (left, true),
        _ => (left, false),
    };
    if !assumed {
        return find(operands);
    }
    find(&[one, one]).or_else(|| {
        let base = types.base(one).0;
        (base != one).then(|| find(&[base, base])).flatten()
    })
}

fn spelled(operator: &Operator, written: &str) -> SmolStr {
    let name = symbol(written).name;
    match &operator.schema {
        None => SmolStr::new(name),
        Some(schema) => SmolStr::new(format!("OPERATOR({}.{name})", schema.quoted())),
    }
}

/// Declared argument types and result, polymorphic ones replaced.
fn signature(types: Types<'_>, operator: &Operator, actual: &[Ty], span: Span) -> Outcome<(Vec<Ty>, Ty)> {
    let mut declared = operator.args().to_vec();
    let result = poly::enforce(types, actual, &mut declared, operator.result)
        .ok_or_else(|| Stop::gap(span, "a polymorphic operator of no certain type"))?;
    Ok((declared, result))
}

fn implicit(types: Types<'_>, node: Node, ty: Ty) -> Outcome<Node> {
    coerce(types, node, ty, None, CastContext::Implicit, Form::Implicit)
}

/// `make_op`.
pub(super) fn binary(types: Types<'_>, written: &str, left: Node, right: Node, span: Span) -> Outcome<Node> {
    let actual = [left.ty, right.ty];
    let operator = find(types, written, &actual, span)?;
    let (declared, result) = signature(types, &operator, &actual, span)?;
    let volatility = operator.volatility.max(left.volatility).max(right.volatility);
    let set = left.set || right.set;
    let [l, r] = declared.as_slice() else {
        return Err(Stop::gap(span, "an operator of one side"));
    };
    let left = implicit(types, left, *l)?;
    let right = implicit(types, right, *r)?;
    let volatility = volatility.max(left.volatility).max(right.volatility);
    let kind = ExprKind::Binary(
        spelled(&operator, written),
        Box::new(left.expr),
        Box::new(right.expr),
    );
    let mut node = Node::new(Expr::new(kind, span), result);
    node.volatility = volatility;
    node.set = set;
    Ok(node)
}

/// A prefix operator.
pub(super) fn prefix(types: Types<'_>, written: &str, operand: Node, span: Span) -> Outcome<Node> {
    let actual = [operand.ty];
    let operator = find(types, written, &actual, span)?;
    let (declared, result) = signature(types, &operator, &actual, span)?;
    let ty = declared.first().copied().unwrap_or(operand.ty);
    let operand = implicit(types, operand, ty)?;
    let volatility = operator.volatility.max(operand.volatility);
    let set = operand.set;
    let kind = ExprKind::Unary(spelled(&operator, written), Box::new(operand.expr));
    let mut node = Node::new(Expr::new(kind, span), result);
    node.volatility = volatility;
    node.set = set;
    Ok(node)
}

/// `make_scalar_array_op`.
pub(super) fn quantified(
    types: Types<'_>,
    written: &str,
    quantifier: Quantifier,
    left: Node,
    right: Node,
    span: Span,
) -> Outcome<Node> {
    let array = right.ty;
    let element = if array.is_unknown() {
        Ty::UNKNOWN
    } else {
        match types.base(array).0.element() {
            Some(element) => element,
            None if !types.is_known(array) => return Err(Stop::gap(span, "the array's type is not known")),
            None => {
                let message = "op ANY/ALL (array) requires array on right side";
                return Err(Stop::fail("42809", message, span));
            }
        }
    };
    let actual = [left.ty, element];
    let operator = find(types, written, &actual, span)?;
    let (declared, result) = signature(types, &operator, &actual, span)?;
    if result != Ty::BOOL {
        let message = "op ANY/ALL (array) requires operator to yield boolean";
        return Err(Stop::fail("42809", message, span));
    }
    let [l, r] = declared.as_slice() else {
        return Err(Stop::gap(span, "an operator of one side"));
    };
    let target = if is_polymorphic(*r) {
        array
    } else {
        r.array_of()
            .ok_or_else(|| Stop::gap(span, "an operator on arrays of arrays"))?
    };
    let left = implicit(types, left, *l)?;
    let right = implicit(types, right, target)?;
    let volatility = operator.volatility.max(left.volatility).max(right.volatility);
    let kind = ExprKind::Quantified(
        Box::new(left.expr),
        spelled(&operator, written),
        quantifier,
        Box::new(right.expr),
    );
    let mut node = Node::new(Expr::new(kind, span), Ty::BOOL);
    node.volatility = volatility;
    Ok(node)
}
