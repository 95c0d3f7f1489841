//! Resolves expressions and queries against the schema: names to columns, types to objects, implicit casts written down.

use crate::change::Failure;
use crate::known::{Gap, Reach};
use crate::name::Name;
use crate::schema::{Column, ColumnId, Schema, Stored, TableId};
use crate::sqltype::SqlType;
use crate::tree::{Expr, Query};

/// What an expression may refer to.
pub(crate) struct Scope<'a> {
    /// The schema as it stands.
    pub schema: &'a Schema,
    /// The table that the expression is stored on, for messages.
    pub table: Option<TableId>,
    /// Its columns by number, dropped ones included; those of a table that is being built too.
    pub columns: &'a [Column],
    /// Set where the table may have columns that are not listed: then a name that is not found is no failure.
    pub open: Option<&'a Gap>,
    /// The type that a default or generated value is coerced to.
    pub target: Option<&'a SqlType>,
    /// The type of `VALUE` in a domain's CHECK.
    pub value: Option<&'a SqlType>,
}

/// What came of an expression.
pub(crate) enum Analysed {
    /// Resolved, as far as that could be done.
    Done(Stored),
    /// The server refuses it.
    Refused(Failure),
}

/// What a query gives and reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct QueryShape {
    /// Columns in order; a type where it could be told.
    pub columns: Vec<(Name, Option<SqlType>)>,
    /// Tables and columns it depends on; `None` for the table as such.
    pub reads: Vec<(TableId, Option<ColumnId>)>,
    /// Set where columns or what is read could not all be told.
    pub open: Option<Gap>,
}

/// How a conversion is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CastContext {
    /// In the middle of an expression.
    Implicit,
    /// Into a column: INSERT, a default, `ALTER COLUMN TYPE` without USING.
    Assignment,
    /// `CAST`.
    Explicit,
}

/// Resolves an expression. Never fails on what it does not know: that gives a `Stored` with a gap, its column references
/// resolved wherever possible, since dependencies hang on them.
pub(crate) fn analyse(scope: &Scope<'_>, expr: &Expr) -> Analysed {
    let mut expr = expr.clone();
    resolve_columns(scope, &mut expr);
    let gap = Gap::new(expr.span, "expressions are not resolved yet", Reach::Rows);
    Analysed::Done(Stored {
        expr,
        spelling: Some(gap),
    })
}

fn resolve_columns(scope: &Scope<'_>, expr: &mut Expr) {
    use crate::tree::ExprKind;
    if let ExprKind::Column(column) = &expr.kind
        && let Some(at) = scope
            .columns
            .iter()
            .position(|c| c.name == column.name && c.presence.may_be())
    {
        expr.kind = ExprKind::Var(at as u32);
    }
}

/// The columns of a query and what it depends on. Names are looked up on the schema's search path.
///
/// # Errors
/// When the server refuses it.
pub(crate) fn query_shape(schema: &Schema, query: &Query) -> Result<QueryShape, Failure> {
    let _ = schema;
    Ok(QueryShape {
        open: Some(Gap::new(query.span, "queries are not resolved yet", Reach::Rows)),
        ..QueryShape::default()
    })
}

/// Whether a foreign key may compare these types; `None` where it cannot be told.
pub(crate) fn comparable(schema: &Schema, referencing: &SqlType, referenced: &SqlType) -> Option<bool> {
    let _ = schema;
    (referencing == referenced).then_some(true)
}

/// Whether `opclass` is the default operator class of `ty` for the access method; `None` where it cannot be told.
pub(crate) fn is_default_opclass(schema: &Schema, ty: &SqlType, method: &str, opclass: &str) -> Option<bool> {
    let _ = (schema, ty, method, opclass);
    None
}

/// Whether the access method has a default operator class for `ty` (42704 where it has none); `None` where it cannot be told.
pub(crate) fn has_default_opclass(schema: &Schema, ty: &SqlType, method: &str) -> Option<bool> {
    let _ = (schema, ty, method);
    None
}

/// Whether a value of one type can be converted to another; `None` where it cannot be told.
pub(crate) fn castable(schema: &Schema, from: &SqlType, to: &SqlType, context: CastContext) -> Option<bool> {
    let _ = (schema, context);
    (from == to).then_some(true)
}

/// The type of a resolved expression on a table with these columns; `None` where it cannot be told.
pub(crate) fn type_of(schema: &Schema, columns: &[Column], expr: &Expr) -> Option<SqlType> {
    let _ = (schema, columns, expr);
    None
}
