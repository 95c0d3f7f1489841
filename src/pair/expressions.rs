//! Whether two stored expressions give the same value, whatever their spelling: casts that change nothing, a constant array
//! and its literal, the several names of the time of the transaction.

use smol_str::SmolStr;

use crate::sqltype::{BaseType, Builtin, Category, SqlType};
use crate::tree::{Expr, ExprKind, SqlValue};

/// A value that can be compared with any other of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Plain {
    Null,
    /// What the type's output function prints.
    Text(SmolStr),
    /// A number without superfluous zeros.
    Number(String),
    /// The time of the transaction.
    Now,
    Value(SqlValue),
    Array(Vec<Plain>),
    Call(SmolStr, Vec<Plain>),
}

/// Whether both give the same value; `None` where they cannot be brought to one form.
#[must_use]
pub(super) fn same_value(a: &Expr, b: &Expr) -> Option<bool> {
    if a == b {
        return Some(true);
    }
    match (plain(a, 0), plain(b, 0)) {
        (Some(a), Some(b)) => Some(a == b),
        _ => None,
    }
}

fn plain(expr: &Expr, depth: usize) -> Option<Plain> {
    if depth > 50 {
        return None;
    }
    let inner = |e: &Expr| plain(e, depth + 1);
    match &expr.kind {
        ExprKind::Null | ExprKind::Const(None, _) => Some(Plain::Null),
        ExprKind::Bool(value) => Some(Plain::Text(SmolStr::new(if *value { "t" } else { "f" }))),
        ExprKind::Number(text) => number(text),
        ExprKind::Const(Some(text), ty) => constant(text, ty),
        ExprKind::Unary(operator, operand) if operator == "-" => match inner(operand)? {
            Plain::Number(n) if n == "0" => Some(Plain::Number(n)),
            Plain::Number(n) => Some(Plain::Number(match n.strip_prefix('-') {
                Some(positive) => positive.to_owned(),
                None => format!("-{n}"),
            })),
            _ => None,
        },
        ExprKind::Cast(operand, ty, _) => cast(inner(operand)?, ty),
        ExprKind::Value(SqlValue::CurrentTimestamp | SqlValue::LocalTimestamp, _) => Some(Plain::Now),
        ExprKind::Value(value, _) => Some(Plain::Value(*value)),
        ExprKind::Array(items) => items.iter().map(inner).collect::<Option<_>>().map(Plain::Array),
        ExprKind::Call(call) => {
            let simple = call.named.is_empty() && !call.distinct && !call.over && call.filter.is_none();
            if !simple {
                return None;
            }
            let name = call.name.name.as_str();
            if call.args.is_empty() && matches!(name, "now" | "transaction_timestamp") {
                return Some(Plain::Now);
            }
            let args = call.args.iter().map(inner).collect::<Option<_>>()?;
            Some(Plain::Call(SmolStr::new(name), args))
        }
        _ => None,
    }
}

fn category(ty: &SqlType) -> Option<Category> {
    match ty.base {
        BaseType::Builtin(builtin) if !ty.array => Some(builtin.category()),
        BaseType::Builtin(_) | BaseType::Object(_) | BaseType::Named(_) => None,
    }
}

fn constant(text: &SmolStr, ty: &SqlType) -> Option<Plain> {
    if ty.array {
        return Some(elements(text, &ty.element()).map_or_else(|| Plain::Text(text.clone()), Plain::Array));
    }
    match category(ty) {
        Some(Category::N) => number(text),
        // json keeps its spelling; which differences matter cannot be told.
        _ if ty.as_builtin() == Some(Builtin::Json) => {
            let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            Some(Plain::Text(SmolStr::new(plain)))
        }
        _ => Some(Plain::Text(text.clone())),
    }
}

/// The elements of an array literal of one dimension without quotes.
fn elements(text: &str, element: &SqlType) -> Option<Vec<Plain>> {
    let inside = text.strip_prefix('{')?.strip_suffix('}')?;
    if inside.contains(['{', '}', '"', '\\']) {
        return None;
    }
    if inside.is_empty() {
        return Some(Vec::new());
    }
    inside
        .split(',')
        .map(|item| match item {
            "NULL" => Some(Plain::Null),
            _ => constant(&SmolStr::new(item), element),
        })
        .collect()
}

/// A cast that changes nothing of what the value prints as.
fn cast(value: Plain, ty: &SqlType) -> Option<Plain> {
    let to = category(ty);
    match value {
        Plain::Null => Some(Plain::Null),
        Plain::Text(_) if to == Some(Category::S) && ty.modifier.is_none() => Some(value),
        Plain::Number(_) if to == Some(Category::N) && ty.modifier.is_none() => Some(value),
        Plain::Now => match ty.as_builtin() {
            Some(Builtin::Timestamp | Builtin::Timestamptz) => Some(Plain::Now),
            Some(Builtin::Date) => Some(Plain::Value(SqlValue::CurrentDate)),
            _ => None,
        },
        Plain::Array(_) if ty.array => Some(value),
        _ => None,
    }
}

/// Digits without superfluous zeros; other forms of numbers (`1e5`, `NaN`) are left as they are.
fn number(text: &str) -> Option<Plain> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Some(Plain::Text(SmolStr::new(text)));
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if whole == "0" && fraction.is_empty() {
        ""
    } else {
        sign
    };
    Some(Plain::Number(if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }))
}
