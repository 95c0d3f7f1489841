//! Resolves expressions and queries against the schema: names to columns, types to objects, implicit casts written down.

mod candidate;
mod coerce;
mod common;
mod condition;
mod container;
mod expr;
mod from;
mod function;
mod label;
mod literal;
mod names;
mod opclass;
mod operator;
mod path;
mod poly;
mod query;
mod select;
mod stop;
mod types;
mod value;

pub(crate) use opclass::{comparable, equated, has_default_opclass, is_default_opclass};
pub(crate) use query::query_shape;

use crate::change::Failure;
use crate::known::{Fact, Gap};
use crate::name::Name;
use crate::schema::{Column, ColumnId, List, Schema, Stored, TableId};
use crate::sqltype::SqlType;
use crate::sqltype::catalog::Volatility;
use crate::tree::{Expr, ExprKind};
use coerce::{Form, Node, coerce_to_target};
use expr::Walk;
use names::Names;
use path::find_path;
use stop::{Outcome, Stop};
use types::{Ty, Types};

/// What an expression may refer to.
pub(crate) struct Scope<'a> {
    /// The schema as it stands.
    pub schema: &'a Schema,
    /// The table that the expression is stored on, for messages.
    pub table: Option<TableId>,
    /// Its columns by number, dropped ones included; those of a table that is being built too.
    pub columns: &'a List<Column>,
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
    /// Set where the columns could not all be told.
    pub open: Option<Gap>,
    /// Set where what it reads could not all be told.
    pub reads_open: Option<Gap>,
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
    analyse_volatile(scope, expr).0
}

/// The same, and how what it calls may be relied on, where that could be told: index predicates and keys, generated columns
/// and partition keys must be immutable (42P17).
pub(crate) fn analyse_volatile(scope: &Scope<'_>, expr: &Expr) -> (Analysed, Option<Volatility>) {
    match resolved(scope, expr) {
        Ok(node) => {
            let stored = Stored {
                expr: node.expr,
                spelling: None,
            };
            (Analysed::Done(stored), Some(node.volatility))
        }
        Err(Stop::Fail(failure)) => (Analysed::Refused(failure), None),
        Err(Stop::Gap(gap)) => {
            let mut expr = expr.clone();
            resolve_columns(scope, &mut expr);
            let stored = Stored {
                expr,
                spelling: Some(gap),
            };
            (Analysed::Done(stored), None)
        }
    }
}

fn resolved(scope: &Scope<'_>, expr: &Expr) -> Outcome<Node> {
    let types = Types { schema: scope.schema };
    let mut walk = Walk {
        types,
        names: Names::Stored(scope),
        depth: 0,
    };
    let node = walk.node(expr)?;
    let Some(target) = scope.target else {
        return if node.ty.is_unknown() {
            Err(Stop::gap(expr.span, "a literal of no certain type"))
        } else {
            Ok(node)
        };
    };
    let from = node.ty;
    // `cookDefault` of heap.c asks what the expression calls before it converts it to the column's type.
    let volatility = node.volatility;
    match coerce_to_target(types, node, target, CastContext::Assignment, Form::Implicit)? {
        Some(node) => Ok(Node { volatility, ..node }),
        None => {
            let wanted = Ty::from_sql(target).unwrap_or(Ty::UNKNOWN);
            let message = format!(
                "column is of type {} but default expression is of type {}",
                types.name(wanted),
                types.name(from)
            );
            Err(Stop::fail("42804", message, expr.span))
        }
    }
}

/// Puts column numbers in place of names and leaves the rest.
fn resolve_columns(scope: &Scope<'_>, expr: &mut Expr) {
    if let ExprKind::Column(column) = &expr.kind {
        let at = scope
            .columns
            .iter()
            .position(|c| c.name == column.name && c.presence.may_be());
        if let Some(at) = at {
            expr.kind = ExprKind::Var(at as u32);
        }
        return;
    }
    expr.each_child_mut(&mut |child| resolve_columns(scope, child));
}

/// Whether a value of one type can be converted to another; `None` where it cannot be told.
pub(crate) fn castable(schema: &Schema, from: &SqlType, to: &SqlType, context: CastContext) -> Option<bool> {
    let types = Types { schema };
    let (source, target) = (Ty::from_sql(from)?, Ty::from_sql(to)?);
    if source == target {
        return Some(true);
    }
    if !types.is_known(source) || !types.is_known(target) {
        return None;
    }
    match (find_path(types, source, target, context), &schema.unlisted) {
        (Some(_), _) => Some(true),
        (None, Some(_)) => None,
        (None, None) => Some(false),
    }
}

/// The type of a resolved expression on a table with these columns; `None` where it cannot be told.
pub(crate) fn type_of(schema: &Schema, columns: &List<Column>, expr: &Expr) -> Option<SqlType> {
    if let ExprKind::Var(number) = expr.kind {
        return match &columns.get(number as usize)?.ty {
            Fact::Known(ty, _) => Some(ty.clone()),
            Fact::Unknown { .. } => None,
        };
    }
    let scope = Scope {
        schema,
        table: None,
        columns,
        open: None,
        target: None,
        value: None,
    };
    let node = resolved(&scope, expr).ok()?;
    Some(node.ty.to_sql(node.modifier))
}

#[cfg(test)]
mod tests;
