//! Prints queries.

use super::Printer;
use crate::name::Name;
use crate::tree::query::Cte;
use crate::tree::{ExprKind, From, FromItem, JoinKind, Query, QueryBody, Select, SetOp, Target};

impl Printer {
    pub(super) fn query(&mut self, query: &Query) {
        if !query.with.is_empty() {
            self.push(if query.recursive {
                "WITH RECURSIVE "
            } else {
                "WITH "
            });
            self.list(&query.with, ", ", Self::cte);
            self.push(" ");
        }
        self.body(&query.body);
        if !query.order_by.is_empty() {
            self.push(" ");
            self.order_by(&query.order_by);
        }
        if let Some(limit) = &query.limit {
            // `FETCH ... WITH TIES` is kept as it is written.
            self.push(match limit.kind {
                ExprKind::Opaque(_) => " ",
                _ => " LIMIT ",
            });
            self.expr(limit);
        }
        if let Some(offset) = &query.offset {
            self.push(" OFFSET ");
            self.operand(offset);
        }
    }

    fn cte(&mut self, cte: &Cte) {
        self.push(&cte.name.quoted());
        self.columns(&cte.columns);
        self.push(" AS (");
        match &cte.query {
            Some(query) => self.query(query),
            None => self.lack(),
        }
        self.push(")");
    }

    fn columns(&mut self, columns: &[Name]) {
        if !columns.is_empty() {
            self.push("(");
            self.list(columns, ", ", |printer, name| printer.push(&name.quoted()));
            self.push(")");
        }
    }

    fn body(&mut self, body: &QueryBody) {
        match body {
            QueryBody::Select(select) => self.select(select),
            QueryBody::Values(rows) => {
                self.push("VALUES ");
                self.list(rows, ", ", |printer, row| {
                    printer.push("(");
                    printer.exprs(row);
                    printer.push(")");
                });
            }
            QueryBody::Table(name, _) => {
                self.push("TABLE ");
                self.qualified(name);
            }
            QueryBody::SetOp(op, all, left, right) => {
                self.push("(");
                self.query(left);
                self.push(match op {
                    SetOp::Union => ") UNION ",
                    SetOp::Intersect => ") INTERSECT ",
                    SetOp::Except => ") EXCEPT ",
                });
                self.push(if *all { "ALL (" } else { "(" });
                self.query(right);
                self.push(")");
            }
            QueryBody::Opaque(_) => self.lack(),
        }
    }

    fn select(&mut self, select: &Select) {
        self.push("SELECT ");
        if !select.distinct_on.is_empty() {
            self.push("DISTINCT ON (");
            self.exprs(&select.distinct_on);
            self.push(") ");
        } else if select.distinct {
            self.push("DISTINCT ");
        }
        self.list(&select.targets, ", ", Self::target);
        if !select.into.is_empty() {
            self.push(if select.strict { " INTO STRICT " } else { " INTO " });
            self.list(&select.into, ", ", Self::qualified);
        }
        if !select.from.is_empty() {
            self.push(" FROM ");
            self.list(&select.from, ", ", Self::from);
        }
        if let Some(filter) = &select.filter {
            self.push(" WHERE ");
            self.expr(filter);
        }
        if !select.group_by.is_empty() {
            self.push(" GROUP BY ");
            self.exprs(&select.group_by);
        }
        if let Some(having) = &select.having {
            self.push(" HAVING ");
            self.expr(having);
        }
    }

    fn target(&mut self, target: &Target) {
        self.expr(&target.expr);
        if let Some(alias) = &target.alias {
            self.push(" AS ");
            self.push(&alias.quoted());
        }
    }

    fn from(&mut self, from: &From) {
        self.item(&from.item);
        for join in &from.joins {
            self.push(match join.kind {
                JoinKind::Inner => " JOIN ",
                JoinKind::Left => " LEFT JOIN ",
                JoinKind::Right => " RIGHT JOIN ",
                JoinKind::Full => " FULL JOIN ",
                JoinKind::Cross => " CROSS JOIN ",
                JoinKind::Natural => " NATURAL JOIN ",
            });
            self.from(&join.right);
            if let Some(on) = &join.on {
                self.push(" ON ");
                self.expr(on);
            }
            if !join.using.is_empty() {
                self.push(" USING ");
                self.columns(&join.using);
            }
        }
    }

    fn item(&mut self, item: &FromItem) {
        match item {
            FromItem::Relation {
                name, alias, columns, ..
            } => {
                self.qualified(name);
                self.alias(alias.as_ref(), columns);
            }
            FromItem::Query {
                query,
                alias,
                columns,
                lateral,
            } => {
                self.bracketed(if *lateral { "LATERAL (" } else { "(" }, query);
                // Before PostgreSQL 16 a subquery must have a name.
                let unnamed = Name::new("unnamed_subquery");
                self.alias(alias.as_ref().or(Some(&unnamed)), columns);
            }
            FromItem::Function {
                call,
                alias,
                columns,
                ordinality,
            } => {
                self.expr(call);
                if *ordinality {
                    self.push(" WITH ORDINALITY");
                }
                self.alias(alias.as_ref(), columns);
            }
            FromItem::Group(from) => {
                self.push("(");
                self.from(from);
                self.push(")");
            }
            FromItem::Opaque(_) => self.lack(),
        }
    }

    fn alias(&mut self, alias: Option<&Name>, columns: &[Name]) {
        if let Some(alias) = alias {
            self.push(" AS ");
            self.push(&alias.quoted());
            self.columns(columns);
        }
    }
}
