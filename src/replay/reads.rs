//! The relations that a query reads: presumed where nothing made them, so that the query can be told as far as possible.

use super::analyse::{QueryShape, query_shape};
use super::apply::{Outcome, Step};
use crate::change::ObjectName;
use crate::name::{Name, QualifiedName};
use crate::schema::{Relation, TableId};
use crate::source::Span;
use crate::tree::query::Cte;
use crate::tree::{Expr, ExprKind, From, FromItem, Query, QueryBody};

/// Queries within queries are followed this deep.
const DEPTH: u32 = 64;

/// What is gathered on the way.
struct Reading {
    /// Names of `WITH` queries in sight.
    ctes: Vec<Name>,
    /// Relations read.
    tables: Vec<TableId>,
    depth: u32,
}

impl Step {
    /// What a query gives and reads, with the variables that it may name; tables that nothing made are presumed first.
    pub(super) fn shape_of(&mut self, query: &Query, variables: &[Name]) -> Outcome<QueryShape> {
        let mut reading = Reading {
            ctes: Vec::new(),
            tables: Vec::new(),
            depth: DEPTH,
        };
        self.read_query(query, &mut reading)?;
        let mut shape = query_shape(self.schema(), query, variables)?;
        if shape.open.is_some() {
            for table in reading.tables {
                if shape.reads.iter().all(|(known, _)| *known != table) {
                    shape.reads.push((table, None));
                }
            }
        }
        Ok(shape)
    }

    fn read_query(&mut self, query: &Query, reading: &mut Reading) -> Outcome {
        if reading.depth == 0 {
            return Ok(());
        }
        reading.depth -= 1;
        let outer = reading.ctes.len();
        for Cte {
            name, query: inner, ..
        } in &query.with
        {
            if query.recursive {
                reading.ctes.push(name.clone());
            }
            if let Some(inner) = inner {
                self.read_query(inner, reading)?;
            }
            if !query.recursive {
                reading.ctes.push(name.clone());
            }
        }
        match &query.body {
            QueryBody::Select(select) => {
                for from in &select.from {
                    self.read_from(from, reading)?;
                }
                let targets = select.targets.iter().map(|target| &target.expr);
                let rest = select.filter.iter().chain(&select.group_by).chain(&select.having);
                for expr in targets.chain(rest) {
                    self.read_expr(expr, reading)?;
                }
            }
            QueryBody::Table(name, span) => self.read_relation(name, *span, reading)?,
            QueryBody::SetOp(_, _, left, right) => {
                self.read_query(left, reading)?;
                self.read_query(right, reading)?;
            }
            QueryBody::Values(rows) => {
                for expr in rows.iter().flatten() {
                    self.read_expr(expr, reading)?;
                }
            }
            QueryBody::Opaque(_) => {}
        }
        reading.ctes.truncate(outer);
        reading.depth += 1;
        Ok(())
    }

    fn read_from(&mut self, from: &From, reading: &mut Reading) -> Outcome {
        if reading.depth == 0 {
            return Ok(());
        }
        reading.depth -= 1;
        match &from.item {
            FromItem::Relation { name, span, .. } => self.read_relation(name, *span, reading)?,
            FromItem::Query { query, .. } => self.read_query(query, reading)?,
            FromItem::Group(inner) => self.read_from(inner, reading)?,
            FromItem::Function { call, .. } => self.read_expr(call, reading)?,
            FromItem::Opaque(_) => {}
        }
        for join in &from.joins {
            self.read_from(&join.right, reading)?;
            if let Some(on) = &join.on {
                self.read_expr(on, reading)?;
            }
        }
        reading.depth += 1;
        Ok(())
    }

    /// Queries within an expression.
    fn read_expr(&mut self, expr: &Expr, reading: &mut Reading) -> Outcome {
        let mut found: Vec<Query> = Vec::new();
        expr.walk(&mut |e| match &e.kind {
            ExprKind::InQuery(_, query, _)
            | ExprKind::QuantifiedQuery(_, _, _, query)
            | ExprKind::Exists(query)
            | ExprKind::Subquery(query)
            | ExprKind::ArrayQuery(query) => found.push((**query).clone()),
            _ => {}
        });
        found.iter().try_for_each(|query| self.read_query(query, reading))
    }

    fn read_relation(&mut self, name: &QualifiedName, span: Span, reading: &mut Reading) -> Outcome {
        if name.schema.is_none() && reading.ctes.contains(&name.name) {
            return Ok(());
        }
        let system = name
            .schema
            .as_ref()
            .is_some_and(|schema| *schema == "pg_catalog" || *schema == "information_schema");
        if system || name.schema.is_none() && name.name.as_str().starts_with("pg_") {
            return Ok(());
        }
        let object = ObjectName {
            name: name.clone(),
            span,
        };
        if let Relation::Table(table) = self.relation_named(&object)?
            && !reading.tables.contains(&table)
        {
            reading.tables.push(table);
        }
        Ok(())
    }
}
