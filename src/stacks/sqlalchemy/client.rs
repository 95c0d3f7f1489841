//! What clients fill into columns by themselves (`default=`): literal values of plain types, which are sent as they are written.
//!
//! Source: `Column.default` (`sqlalchemy/sql/schema.py`); a type of the repository, or an enum, may send something else.

use smol_str::SmolStr;

use super::table::ColumnDef;
use super::tables::ModelTable;
use crate::interpret::python::{Argument, Value};
use crate::source::Span;
use crate::tree::{Expr, ExprKind};

/// Types whose values are sent as they are.
const PLAIN: &[&str] = &[
    "BIGINT",
    "BOOLEAN",
    "BigInteger",
    "Boolean",
    "INTEGER",
    "Integer",
    "Numeric",
    "SMALLINT",
    "SmallInteger",
    "String",
    "TEXT",
    "Text",
    "Unicode",
    "UnicodeText",
    "VARCHAR",
];

/// A text, a whole number or a truth as an expression of SQL.
pub(super) fn literal(argument: &Argument<'_>) -> Option<Expr> {
    let kind = match &argument.value {
        Value::Str(text) => ExprKind::String(SmolStr::new(text.as_str())),
        Value::Bool(value) => ExprKind::Bool(*value),
        Value::Int(value) => {
            let digits = value.to_string();
            match digits.strip_prefix('-') {
                Some(positive) => {
                    let inner = Expr::new(ExprKind::Number(SmolStr::new(positive)), argument.span);
                    ExprKind::Unary("-".into(), Box::new(inner))
                }
                None => ExprKind::Number(SmolStr::new(digits)),
            }
        }
        _ => return None,
    };
    Some(Expr::new(kind, argument.span))
}

/// The values of a table's columns, by the place of the field.
pub(super) fn values(table: &ModelTable<'_>, span_of: fn(&ColumnDef<'_>) -> Span) -> Vec<(Span, Expr)> {
    let plain = |column: &ColumnDef<'_>| {
        let ty = column.ty.as_ref()?;
        let is_own = matches!(column.type_value, Some(Value::Class(_) | Value::Instance(_)));
        let declared = ty.declared.as_ref()?.split('(').next()?;
        (!is_own && ty.kept.is_none() && PLAIN.contains(&declared)).then_some(())
    };
    let columns = table.def.columns.iter();
    columns
        .filter_map(|column| {
            plain(column)
                .and(column.client_value.clone())
                .map(|value| (span_of(column), value))
        })
        .collect()
}
