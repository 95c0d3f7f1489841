//! The name of an output column without an alias: `FigureColname` of `parse_target.c`.

use crate::name::Name;
use crate::sqltype::{BaseType, SqlType};
use crate::tree::{Expr, ExprKind, Query, QueryBody, SqlValue};

/// The name that the server gives.
pub(super) fn column_name(expr: &Expr) -> Name {
    figure(expr, 0).map_or_else(|| Name::new("?column?"), |(name, _)| name)
}

/// The name, and whether it is a good one: a cast's type or `case` give way to better ones.
fn figure(expr: &Expr, depth: u32) -> Option<(Name, bool)> {
    if depth > 400 {
        return None;
    }
    let good = |name: &str| Some((Name::new(name), true));
    match &expr.kind {
        ExprKind::Column(name) => Some((name.name.clone(), true)),
        ExprKind::Field(_, name) => Some((name.clone(), true)),
        ExprKind::Subscript(inner, ..) | ExprKind::Collate(inner, _) => figure(inner, depth + 1),
        ExprKind::Call(call) => Some((call.name.name.clone(), true)),
        ExprKind::Keyword(keyword, _) => good(&keyword.to_ascii_lowercase()),
        ExprKind::AtTimeZone(..) => good("timezone"),
        ExprKind::Cast(inner, ty, _) => match figure(inner, depth + 1) {
            Some((name, true)) => Some((name, true)),
            _ => Some((type_name(ty), false)),
        },
        ExprKind::Case(_, _, otherwise) => match otherwise.as_ref().and_then(|e| figure(e, depth + 1)) {
            Some((name, true)) => Some((name, true)),
            _ => Some((Name::new("case"), false)),
        },
        ExprKind::Array(_) | ExprKind::ArrayQuery(_) => good("array"),
        ExprKind::Row(_) => good("row"),
        ExprKind::Exists(_) => good("exists"),
        ExprKind::Subquery(query) => first_target(query, depth + 1),
        ExprKind::Value(value, _) => good(match value {
            SqlValue::CurrentDate => "current_date",
            SqlValue::CurrentTime => "current_time",
            SqlValue::CurrentTimestamp => "current_timestamp",
            SqlValue::LocalTime => "localtime",
            SqlValue::LocalTimestamp => "localtimestamp",
            SqlValue::CurrentRole => "current_role",
            SqlValue::CurrentUser => "current_user",
            SqlValue::User => "user",
            SqlValue::SessionUser => "session_user",
            SqlValue::CurrentCatalog => "current_catalog",
            SqlValue::CurrentSchema => "current_schema",
        }),
        _ => None,
    }
}

fn first_target(query: &Query, depth: u32) -> Option<(Name, bool)> {
    match &query.body {
        QueryBody::Select(select) => {
            let target = select.targets.first()?;
            match &target.alias {
                Some(alias) => Some((alias.clone(), true)),
                None => figure(&target.expr, depth),
            }
        }
        QueryBody::Values(_) => Some((Name::new("column1"), true)),
        QueryBody::SetOp(_, _, left, _) => first_target(left, depth),
        QueryBody::Table(..) | QueryBody::Opaque(_) => None,
    }
}

fn type_name(ty: &SqlType) -> Name {
    match &ty.base {
        BaseType::Builtin(builtin) => Name::new(builtin.typname()),
        BaseType::Named(name) => name.name.clone(),
        // As lowered, types are names; a resolved one has been through here before.
        BaseType::Object(_) => Name::new("?column?"),
    }
}
