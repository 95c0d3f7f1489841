//! Numbers and keyword values as nodes (`make_const`, `transformSQLValueFunction`).

use super::coerce::Node;
use super::stop::{Outcome, Stop};
use super::types::Ty;
use crate::source::Span;
use crate::sqltype::catalog::Volatility;
use crate::sqltype::{Builtin, Modifier};
use crate::tree::{Expr, ExprKind, SqlValue};

/// `make_const`: `int4`, `int8` or `numeric` by size; a sign in front belongs to the number (`doNegate`).
pub(super) fn number(digits: &str, negative: bool, span: Span) -> Outcome<Node> {
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
pub(super) fn keyword_value(value: SqlValue, precision: Option<u8>, expr: &Expr) -> Node {
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
