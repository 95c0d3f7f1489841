//! The conditions of WHERE and ON: their parts, what they read, and what they want of a catalog.

use super::join::alias_of;
use super::{Env, Source};
use crate::name::{Name, QualifiedName};
use crate::session::Session;
use crate::session::value::Value;
use crate::tree::query::From;
use crate::tree::{Expr, ExprKind, FromItem};

impl Session {
    /// Values that conditions want columns of a catalog to have: literals, and variables that no column hides.
    pub(super) fn wanted(
        &mut self,
        item: &FromItem,
        filters: &[Option<&Expr>],
        first: bool,
        env: &Env<'_>,
    ) -> Vec<(Name, Value)> {
        let FromItem::Relation {
            name, alias, columns, ..
        } = item
        else {
            return Vec::new();
        };
        if !columns.is_empty() || !crate::session::catalog::is_system_relation(name) {
            return Vec::new();
        }
        let alias = alias.as_ref().unwrap_or(&name.name);
        let mut out = Vec::new();
        for filter in filters.iter().flatten() {
            let ExprKind::Binary(op, a, b) = &filter.kind else {
                continue;
            };
            if op != "=" {
                continue;
            }
            for (column, value) in [(a, b), (b, a)] {
                let ExprKind::Column(column) = &column.kind else {
                    continue;
                };
                // An unqualified name may be another item's, unless there is none before; those after have other names mostly,
                // and a column that both have is refused by the server.
                let own = match column.qualifiers.last() {
                    Some(qualifier) => qualifier == alias,
                    None => first,
                };
                if own
                    && self.is_constant(value, name)
                    && let Ok(value) = self.eval(
                        value,
                        &Env {
                            sources: &[],
                            row: &[],
                            group: None,
                            outer: Some(env),
                        },
                    )
                {
                    out.push((column.name.clone(), value));
                }
            }
        }
        out
    }

    /// A value that does not depend on the rows: a literal, a variable, or a field of one.
    fn is_constant(&mut self, expr: &Expr, catalog: &QualifiedName) -> bool {
        match &expr.kind {
            ExprKind::String(_) | ExprKind::Param(_) => true,
            ExprKind::Cast(inner, ..) => self.is_constant(inner, catalog),
            ExprKind::Column(column) => match column.qualifiers.as_slice() {
                [record] => self.world.variable(record).is_some() && !self.aliases.contains(record),
                [] if self.aliases.len() == 1 && self.world.variable(&column.name).is_some() => self
                    .catalog(catalog, expr.span)
                    .is_some_and(|table| !table.columns.contains(&column.name)),
                _ => false,
            },
            _ => false,
        }
    }
}

/// The parts of a conjunction.
pub(super) fn split<'a>(expr: &'a Expr, out: &mut Vec<Option<&'a Expr>>) {
    match &expr.kind {
        ExprKind::And(items) => items.iter().for_each(|i| split(i, out)),
        _ => out.push(Some(expr)),
    }
}

pub(super) fn collect_aliases(from: &From, out: &mut Vec<Name>) {
    match &from.item {
        FromItem::Group(group) => collect_aliases(group, out),
        // One without a name still counts.
        item => out.push(alias_of(item).unwrap_or_else(|| Name::new(""))),
    }
    for join in &from.joins {
        collect_aliases(&join.right, out);
    }
}

/// The columns that an expression names; `None` where it holds queries or calls that may look elsewhere.
fn names(expr: &Expr) -> Option<Vec<&crate::tree::ColumnName>> {
    let mut out = Vec::new();
    if collect(expr, &mut out) { Some(out) } else { None }
}

fn collect<'a>(expr: &'a Expr, out: &mut Vec<&'a crate::tree::ColumnName>) -> bool {
    match &expr.kind {
        ExprKind::Column(name) => {
            out.push(name);
            true
        }
        ExprKind::Call(call) => {
            crate::session::catalog::is_function(call.name.name.as_str())
                && call.named.is_empty()
                && call.args.iter().all(|a| collect(a, out))
        }
        ExprKind::Binary(_, a, b) | ExprKind::IsDistinct(a, b, _) => collect(a, out) && collect(b, out),
        ExprKind::Quantified(a, _, _, b) => collect(a, out) && collect(b, out),
        ExprKind::Like(a, _, b, _, _) => collect(a, out) && collect(b, out),
        ExprKind::In(a, items, _) => collect(a, out) && items.iter().all(|i| collect(i, out)),
        ExprKind::Not(a)
        | ExprKind::IsNull(a, _)
        | ExprKind::Cast(a, ..)
        | ExprKind::Collate(a, _)
        | ExprKind::IsBool(a, ..) => collect(a, out),
        ExprKind::Array(items) | ExprKind::Or(items) | ExprKind::And(items) => {
            items.iter().all(|i| collect(i, out))
        }
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Const(..)
        | ExprKind::Param(_)
        | ExprKind::Value(..) => true,
        _ => false,
    }
}

/// Whether a condition names columns of this item alone, each by its alias, and at least one.
pub(super) fn qualified_by_only(expr: &Expr, source: &Source) -> bool {
    names(expr).is_some_and(|names| {
        !names.is_empty()
            && names
                .iter()
                .all(|n| n.qualifiers.last().is_some() && n.qualifiers.last() == source.alias.as_ref())
    })
}

/// Whether every column that a condition names is qualified by an item that is there.
pub(super) fn qualified_by_all(expr: &Expr, sources: &[Source]) -> bool {
    names(expr).is_some_and(|names| {
        !names.is_empty()
            && names.iter().all(|n| {
                n.qualifiers
                    .last()
                    .is_some_and(|q| sources.iter().any(|s| s.alias.as_ref() == Some(q)))
            })
    })
}

/// Columns of the left side and of a new item that a condition says are equal: positions in the rows.
pub(super) fn equalities(left: &[Source], right: &Source, filters: &[Option<&Expr>]) -> Vec<(usize, usize)> {
    let place = |sources: &[Source], name: &crate::tree::ColumnName| {
        let qualifier = name.qualifiers.last()?;
        let source = sources.iter().find(|s| s.alias.as_ref() == Some(qualifier))?;
        Some(source.start + source.columns.iter().position(|c| *c == name.name)?)
    };
    let right = std::slice::from_ref(right);
    let mut out = Vec::new();
    for filter in filters.iter().flatten() {
        let ExprKind::Binary(op, a, b) = &filter.kind else {
            continue;
        };
        let (ExprKind::Column(a), ExprKind::Column(b), "=") = (&a.kind, &b.kind, op.as_str()) else {
            continue;
        };
        match (place(left, a), place(right, b), place(left, b), place(right, a)) {
            (Some(l), Some(r), ..) | (_, _, Some(l), Some(r)) => out.push((l, r)),
            _ => {}
        }
    }
    out
}
