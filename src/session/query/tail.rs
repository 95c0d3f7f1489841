//! The tail of a query: order, distinct rows, limits, set operations.

use std::cmp::Ordering;

use super::{Env, Row, Table};
use crate::name::Name;
use crate::session::Session;
use crate::session::flow::Run;
use crate::session::value::Value;
use crate::source::Span;
use crate::tree::{ExprKind, OrderBy, Query, SetOp};

impl Session {
    /// `ORDER BY` and `LIMIT` on rows without anything below them.
    pub(super) fn tail(&mut self, mut table: Table, query: &Query, env: &Env<'_>) -> Run<Table> {
        let mut keys = Vec::new();
        for row in table.rows.clone() {
            keys.push(self.order_keys(&query.order_by, &Env::EMPTY, &table.columns, Some(&row))?);
        }
        self.ordered(&mut table, keys, &query.order_by);
        self.limit(table, query, env)
    }

    /// What a row is ordered by: columns of the result by name or number, or expressions on what is below.
    pub(super) fn order_keys(
        &mut self,
        order_by: &[OrderBy],
        env: &Env<'_>,
        columns: &[Name],
        row: Option<&Row>,
    ) -> Run<Vec<Value>> {
        let mut out = Vec::new();
        for item in order_by {
            let place = match &item.expr.kind {
                ExprKind::Number(n) => n.parse::<usize>().ok().and_then(|n| n.checked_sub(1)),
                ExprKind::Column(name) if name.qualifiers.is_empty() => {
                    columns.iter().position(|c| *c == name.name)
                }
                _ => None,
            };
            let value = match (place, row) {
                (Some(place), Some(row)) => row.values.get(place).cloned().unwrap_or(Value::Null),
                _ if env.sources.is_empty() => self.unknown(item.expr.span, "the order of rows"),
                _ => match row.and_then(|r| r.maybe.clone()) {
                    Some(gap) => self.eval_perhaps(&item.expr, env, &gap)?,
                    None => self.eval(&item.expr, env)?,
                },
            };
            out.push(value);
        }
        Ok(out)
    }

    /// Sorts by keys; where one is unknown the order stays as it is.
    pub(super) fn ordered(&mut self, table: &mut Table, keys: Vec<Vec<Value>>, order_by: &[OrderBy]) {
        if order_by.is_empty() || keys.len() != table.rows.len() {
            return;
        }
        if keys.iter().flatten().any(|v| v.gap().is_some()) {
            return;
        }
        let mut rows: Vec<_> = keys.into_iter().zip(std::mem::take(&mut table.rows)).collect();
        rows.sort_by(|a, b| compare_keys(&a.0, &b.0, order_by));
        table.rows = rows.into_iter().map(|r| r.1).collect();
    }

    pub(super) fn limit(&mut self, mut table: Table, query: &Query, env: &Env<'_>) -> Run<Table> {
        if let Some(offset) = &query.offset {
            let value = self.eval(offset, env)?;
            match (value.as_int(), table.is_exact()) {
                (Some(0), _) => {}
                (Some(n), true) => {
                    let n = usize::try_from(n).unwrap_or(0).min(table.rows.len());
                    table.rows.drain(..n);
                }
                _ if value.is_null() => {}
                _ => {
                    let gap = self.gap(offset.span, "which rows an OFFSET leaves");
                    table.rows = vec![Row::any(table.columns.len(), &gap)];
                }
            }
        }
        let Some(limit) = &query.limit else {
            return Ok(table);
        };
        let value = self.eval(limit, env)?;
        if value.is_null() {
            return Ok(table);
        }
        let Some(n) = value.as_int().and_then(|n| usize::try_from(n).ok()) else {
            for row in &mut table.rows {
                row.maybe = row.maybe.take().or_else(|| value.gap().cloned());
            }
            return Ok(table);
        };
        if table.rows.iter().take(n).all(|r| r.maybe.is_none() && !r.many) {
            table.rows.truncate(n);
            return Ok(table);
        }
        if table.rows.len() <= n && table.rows.iter().all(|r| !r.many) {
            return Ok(table);
        }
        self.limit_unsure(table, n, query.span)
    }

    /// `DISTINCT ON`: which rows are left is not followed; one is, where one was.
    pub(super) fn distinct_on(&mut self, table: &mut Table, at: Span) {
        if table.rows.len() < 2 && table.is_exact() {
            return;
        }
        let gap = self.gap(at, "which rows DISTINCT ON leaves");
        let any = Row::any(table.columns.len(), &gap);
        let certain = table.rows.iter().any(|r| r.maybe.is_none());
        table.rows = if certain {
            let first = Row {
                maybe: None,
                ..any.clone()
            };
            vec![first, any]
        } else {
            vec![any]
        };
    }

    /// Some of the rows, it cannot be told which; but one is there where one was there.
    fn limit_unsure(&mut self, mut table: Table, n: usize, at: Span) -> Run<Table> {
        let gap = table
            .gap()
            .unwrap_or_else(|| self.gap(at, "which rows a LIMIT leaves"));
        let certain = table.rows.iter().filter(|r| r.maybe.is_none()).count().min(n);
        let width = table.rows.first().map_or(0, |r| r.values.len());
        let any = Row::any(width, &gap);
        let one = |maybe| Row {
            maybe,
            many: false,
            ..any.clone()
        };
        if n == 0 {
            table.rows.clear();
        } else if n <= 16 {
            let maybe = (certain..n).map(|_| one(Some(gap.clone())));
            table.rows = (0..certain).map(|_| one(None)).chain(maybe).collect();
        } else {
            table.rows = (0..certain.min(1))
                .map(|_| one(None))
                .chain([any.clone()])
                .collect();
        }
        Ok(table)
    }

    pub(super) fn set_operation(
        &mut self,
        op: SetOp,
        all: bool,
        left: Table,
        right: Table,
        at: Span,
    ) -> Run<Table> {
        self.spend((left.rows.len() + right.rows.len()) as u64 / 8, at)?;
        let mut out = Table {
            columns: left.columns.clone(),
            open: left.open.clone().or_else(|| right.open.clone()),
            rows: Vec::new(),
        };
        if op == SetOp::Union {
            out.rows = left.rows;
            out.rows.extend(right.rows);
            if !all {
                distinct(&mut out);
            }
            return Ok(out);
        }
        let exact = left.is_exact() && right.is_exact() && !all;
        let known = |t: &Table| t.rows.iter().flat_map(|r| &r.values).all(|v| v.gap().is_none());
        if !(exact && known(&left) && known(&right))
            || left.rows.len().saturating_mul(right.rows.len()) > 1_000_000
        {
            if !left.rows.is_empty() {
                let gap = self.gap(at, "INTERSECT or EXCEPT of unknown rows");
                out.rows.push(Row::any(left.columns.len(), &gap));
            }
            return Ok(out);
        }
        out.rows = left
            .rows
            .into_iter()
            .filter(|l| right.rows.iter().any(|r| same_row(l, r)) == (op == SetOp::Intersect))
            .collect();
        distinct(&mut out);
        Ok(out)
    }
}

fn same_row(a: &Row, b: &Row) -> bool {
    a.values.len() == b.values.len() && a.values.iter().zip(&b.values).all(|(a, b)| a.same(b))
}

/// Drops equal rows. Rows with unknown values may be equal: how many there are cannot be told then.
pub(super) fn distinct(table: &mut Table) {
    let mut out: Vec<Row> = Vec::new();
    for row in std::mem::take(&mut table.rows) {
        match out.iter_mut().find(|r| same_row(r, &row)) {
            Some(first) => {
                if row.maybe.is_none() {
                    first.maybe = None;
                }
            }
            None => out.push(row),
        }
    }
    let unknown = out
        .iter()
        .find_map(|r| r.values.iter().find_map(|v| v.gap().cloned()));
    if let (Some(gap), true) = (unknown, out.len() > 1) {
        for row in out.iter_mut().skip(1) {
            row.maybe.get_or_insert(gap.clone());
        }
    }
    table.rows = out;
}

pub(super) fn compare_keys(a: &[Value], b: &[Value], order_by: &[OrderBy]) -> Ordering {
    for ((a, b), item) in a.iter().zip(b).zip(order_by) {
        let nulls_first = item.nulls_first.unwrap_or(item.descending);
        let order = match (a.is_null(), b.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) if nulls_first => Ordering::Less,
            (true, false) => Ordering::Greater,
            (false, true) if nulls_first => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                let order = a.compare(b).ok().flatten().unwrap_or(Ordering::Equal);
                if item.descending { order.reverse() } else { order }
            }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}
