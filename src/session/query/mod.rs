//! Queries: rows of catalogs, literals and functions are computed; rows of the user's tables are unknown unless there are none.

mod aggregate;
mod conditions;
mod from;
mod join;
mod scope;
mod select;
mod tail;

pub(super) use aggregate::is_aggregate;
pub(super) use scope::{Env, Source, field};

use std::sync::Arc;

use super::Session;
use super::flow::{Raised, Run};
use super::value::Value;
use crate::known::Gap;
use crate::name::Name;
use crate::source::Span;
use crate::tree::{Query, QueryBody};

/// A row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Its values.
    pub(super) values: Vec<Value>,
    /// It may not be there, and why.
    pub(super) maybe: Option<Gap>,
    /// It stands for any number of rows, none included where it may not be there.
    pub(super) many: bool,
}

/// The rows that a query gives.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    /// Columns' names.
    pub(super) columns: Vec<Name>,
    /// It may have columns besides.
    pub(super) open: Option<Gap>,
    /// Its rows.
    pub(super) rows: Vec<Row>,
}

impl Row {
    pub(super) fn certain(values: Vec<Value>) -> Row {
        Row {
            values,
            maybe: None,
            many: false,
        }
    }

    /// Any number of rows of which nothing is known.
    pub(super) fn any(columns: usize, gap: &Gap) -> Row {
        Row {
            values: vec![Value::Unknown(gap.clone()); columns],
            maybe: Some(gap.clone()),
            many: true,
        }
    }
}

impl Table {
    /// A table of which nothing is known.
    pub(super) fn unknown(gap: &Gap) -> Table {
        Table {
            columns: Vec::new(),
            open: Some(gap.clone()),
            rows: vec![Row::any(0, gap)],
        }
    }

    /// The rows that are not known to differ from the values wanted.
    pub(super) fn only(&self, wanted: &[(Name, Value)]) -> Table {
        let wanted: Vec<(usize, &Value)> = wanted
            .iter()
            .filter_map(|(name, value)| Some((self.columns.iter().position(|c| c == name)?, value)))
            .collect();
        let differs = |row: &Row| {
            wanted
                .iter()
                .any(|(i, value)| row.values.get(*i).is_some_and(|v| v.differs(value)))
        };
        Table {
            columns: self.columns.clone(),
            open: self.open.clone(),
            rows: self.rows.iter().filter(|r| !differs(r)).cloned().collect(),
        }
    }

    /// Whether each row is there for certain, and how many there are is told.
    pub(super) fn is_exact(&self) -> bool {
        self.rows.iter().all(|r| r.maybe.is_none() && !r.many)
    }

    /// Why it cannot be told which rows there are.
    pub(super) fn gap(&self) -> Option<Gap> {
        let unsure = self.rows.iter().find(|r| r.maybe.is_some() || r.many)?;
        unsure
            .maybe
            .clone()
            .or_else(|| unsure.values.iter().find_map(|v| v.gap().cloned()))
            .or_else(|| self.rows.iter().find_map(|r| r.maybe.clone()))
    }
}

impl Session {
    /// The rows of a query.
    pub(super) fn query(&mut self, query: &Query, env: &Env<'_>) -> Run<Table> {
        self.descend(query.span)?;
        let mark = self.ctes.len();
        let table = self.query_within(query, env);
        self.ctes.truncate(mark);
        self.ascend();
        table
    }

    fn query_within(&mut self, query: &Query, env: &Env<'_>) -> Run<Table> {
        self.tick(query.span)?;
        for cte in &query.with {
            let mut table = match &cte.query {
                Some(_) if query.recursive => {
                    let gap = self.gap(query.span, "recursive queries are not followed");
                    Table::unknown(&gap)
                }
                Some(inner) => self.query(inner, env)?,
                None => {
                    let gap = self.gap(query.span, "a statement within WITH");
                    self.touch_all_rows();
                    Table::unknown(&gap)
                }
            };
            rename(&mut table, &cte.columns);
            self.ctes.push((cte.name.clone(), Arc::new(table)));
        }
        match &query.body {
            QueryBody::Select(select) => self.select(select, query, env),
            QueryBody::Values(rows) => {
                let table = self.values(rows, env, query.span)?;
                self.tail(table, query, env)
            }
            QueryBody::Table(name, span) => {
                let item = crate::tree::FromItem::Relation {
                    name: name.clone(),
                    alias: None,
                    columns: Vec::new(),
                    span: *span,
                };
                let (_, table) = self.read_item(&item, &[], env, *span)?;
                self.tail(table, query, env)
            }
            QueryBody::SetOp(op, all, left, right) => {
                let left = self.query(left, env)?;
                let right = self.query(right, env)?;
                let table = self.set_operation(*op, *all, left, right, query.span)?;
                self.tail(table, query, env)
            }
            QueryBody::Opaque(span) => {
                let gap = self.gap(*span, "this query is not understood");
                Ok(Table::unknown(&gap))
            }
        }
    }

    fn values(&mut self, rows: &[Vec<crate::tree::Expr>], env: &Env<'_>, at: Span) -> Run<Table> {
        let width = rows.first().map_or(0, Vec::len);
        let mut table = Table {
            columns: (1..=width).map(|i| Name::new(&format!("column{i}"))).collect(),
            ..Table::default()
        };
        for row in rows {
            self.tick(at)?;
            let values: Run<Vec<_>> = row.iter().map(|e| self.eval(e, env)).collect();
            table.rows.push(Row::certain(values?));
        }
        Ok(table)
    }

    /// `EXISTS (...)`.
    pub(super) fn exists(&mut self, query: &Query, env: &Env<'_>) -> Run<Value> {
        let table = self.query(query, env)?;
        if table.rows.iter().any(|r| r.maybe.is_none()) {
            return Ok(Value::Bool(true));
        }
        Ok(match table.rows.iter().find_map(|r| r.maybe.clone()) {
            Some(gap) => Value::Unknown(gap),
            None => Value::Bool(false),
        })
    }

    /// A subquery as a value.
    pub(super) fn scalar(&mut self, query: &Query, env: &Env<'_>) -> Run<Value> {
        let table = self.query(query, env)?;
        let exact = table.is_exact();
        match table.rows.as_slice() {
            [] => Ok(Value::Null),
            [row] if exact => Ok(row.values.first().cloned().unwrap_or(Value::Null)),
            rows if exact && rows.len() > 1 => Err(Raised::certain(
                "21000",
                "more than one row returned by a subquery used as an expression",
                query.span,
            )),
            _ => {
                let gap = table
                    .gap()
                    .unwrap_or_else(|| self.gap(query.span, "the rows of a query"));
                Ok(Value::Unknown(gap))
            }
        }
    }

    /// `ARRAY(...)`.
    pub(super) fn array_of_query(&mut self, query: &Query, env: &Env<'_>) -> Run<Value> {
        let table = self.query(query, env)?;
        if !table.is_exact() {
            let gap = table
                .gap()
                .unwrap_or_else(|| self.gap(query.span, "the rows of a query"));
            return Ok(Value::Unknown(gap));
        }
        let items = table.rows.into_iter().map(|mut r| {
            r.values.truncate(1);
            r.values.pop().unwrap_or(Value::Null)
        });
        self.array_of(items.collect(), query.span)
    }

    /// Rows of any table may have come or gone.
    pub(super) fn touch_all_rows(&mut self) {
        self.world.database.touch_rows(None);
        self.touch();
    }
}

/// Gives columns other names, as aliases do.
pub(super) fn rename(table: &mut Table, names: &[Name]) {
    for (column, name) in table.columns.iter_mut().zip(names) {
        *column = name.clone();
    }
    if table.open.is_some() && table.columns.is_empty() {
        for name in names {
            table.columns.push(name.clone());
        }
        let gap = table.open.clone();
        for row in &mut table.rows {
            while let (true, Some(gap)) = (row.values.len() < names.len(), &gap) {
                row.values.push(Value::Unknown(gap.clone()));
            }
        }
    }
}
