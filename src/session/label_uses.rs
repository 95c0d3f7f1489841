//! Where a statement uses a label of an enum: a literal that is cast to the type, compared with a column of it, or put into one. The
//! server reads it when it parses the statement, so that it does not matter what rows there are.

use super::Session;
use super::flow::Run;
use super::labels::{NewLabel, unsafe_use};
use crate::name::{Name, QualifiedName};
use crate::schema::{Lookup, Relation};
use crate::sql::{Dml, DmlKind};
use crate::tree::{Expr, ExprKind, From, FromItem, Query, QueryBody, Select};

/// The table whose columns are meant, and what it is called.
#[derive(Clone, Copy)]
struct Around<'a> {
    table: &'a QualifiedName,
    alias: Option<&'a Name>,
}

/// Looks for the first label that may not be used yet.
pub(super) struct Uses<'a> {
    session: &'a Session,
    found: Option<NewLabel>,
    /// Names of the WITH queries that have been seen: a table of such a name may be one of them.
    ctes: Vec<Name>,
}

impl Session {
    /// Refuses a statement that uses a label which the running transaction has added.
    pub(super) fn refuse_label(&self, look: impl FnOnce(&mut Uses<'_>)) -> Run<()> {
        if !self.has_new_labels() {
            return Ok(());
        }
        let mut uses = Uses {
            session: self,
            found: None,
            ctes: Vec::new(),
        };
        look(&mut uses);
        uses.found.map_or(Ok(()), |label| Err(unsafe_use(&label)))
    }
}

impl Uses<'_> {
    /// In work on rows.
    pub(super) fn in_dml(&mut self, dml: &Dml) {
        let around = Around {
            table: &dml.table.name,
            alias: dml.alias.as_ref(),
        };
        match dml.kind {
            DmlKind::Update => {
                for ((column, _), value) in dml.columns.iter().zip(&dml.expressions) {
                    self.put(around, column, value);
                }
            }
            DmlKind::Insert => {
                if let Some(query) = &dml.query {
                    self.inserted(dml, around, query);
                }
            }
            DmlKind::Delete | DmlKind::Merge | DmlKind::Copy => {}
        }
        if let Some(query) = &dml.query {
            self.in_query(query);
        }
        for expr in &dml.expressions {
            self.walk(expr, Some(around));
        }
    }

    /// Literals of a row's value or of a select list take the type of the column that they are put into.
    fn inserted(&mut self, dml: &Dml, around: Around<'_>, query: &Query) {
        let columns: Vec<Name> = if dml.columns.is_empty() {
            self.columns(around.table)
        } else {
            dml.columns.iter().map(|(name, _)| name.clone()).collect()
        };
        match &query.body {
            QueryBody::Values(rows) => {
                for row in rows {
                    for (column, value) in columns.iter().zip(row) {
                        self.put(around, column, value);
                    }
                }
            }
            QueryBody::Select(select) => {
                let values = select.targets.iter().map(|target| &target.expr);
                let stars = values
                    .clone()
                    .any(|value| matches!(value.kind, ExprKind::Star(_)));
                for (column, value) in columns.iter().zip(values).filter(|_| !stars) {
                    self.put(around, column, value);
                }
            }
            QueryBody::Table(..) | QueryBody::SetOp(..) | QueryBody::Opaque(_) => {}
        }
    }

    /// The columns of a table in order, where all of them are known.
    fn columns(&self, table: &QualifiedName) -> Vec<Name> {
        let Lookup::Found((Relation::Table(id), None)) = self.session.relation(table) else {
            return Vec::new();
        };
        let walker = self.session.world.database.schema().table(id);
        let columns = walker.columns().map(|column| column.name().clone());
        if walker.get().presumed.is_some() {
            return Vec::new();
        }
        columns.collect()
    }

    fn put(&mut self, around: Around<'_>, column: &Name, value: &Expr) {
        let ty = self.session.column_type(around.table, column);
        let used = ty.and_then(|ty| self.session.label_of(&ty, value));
        self.found = self.found.take().or(used);
    }

    /// In a query and those within it.
    pub(super) fn in_query(&mut self, query: &Query) {
        self.ctes.extend(query.with.iter().map(|cte| cte.name.clone()));
        for inner in query.with.iter().filter_map(|cte| cte.query.as_ref()) {
            self.in_query(inner);
        }
        match &query.body {
            QueryBody::Select(select) => self.in_select(select),
            QueryBody::Values(rows) => rows.iter().flatten().for_each(|value| self.walk(value, None)),
            QueryBody::SetOp(_, _, left, right) => {
                self.in_query(left);
                self.in_query(right);
            }
            QueryBody::Table(..) | QueryBody::Opaque(_) => {}
        }
    }

    fn in_select(&mut self, select: &Select) {
        for from in &select.from {
            self.in_from(from);
        }
        let around = only_table(select).filter(|around| {
            let name = around.table;
            name.schema.is_some() || !self.ctes.contains(&name.name)
        });
        let targets = select.targets.iter().map(|target| &target.expr);
        let rest = select.filter.iter().chain(&select.group_by).chain(&select.having);
        for expr in targets.chain(rest) {
            self.walk(expr, around);
        }
    }

    fn in_from(&mut self, from: &From) {
        match &from.item {
            FromItem::Query { query, .. } => self.in_query(query),
            FromItem::Group(inner) => self.in_from(inner),
            FromItem::Function { call, .. } => self.walk(call, None),
            FromItem::Relation { .. } | FromItem::Opaque(_) => {}
        }
        for join in &from.joins {
            self.in_from(&join.right);
        }
    }

    fn walk(&mut self, expr: &Expr, around: Option<Around<'_>>) {
        let used = match &expr.kind {
            ExprKind::Binary(op, a, b) if matches!(op.as_str(), "=" | "<>" | "!=") => {
                let either = self.compared(a, b, around);
                either.or_else(|| self.compared(b, a, around))
            }
            ExprKind::IsDistinct(a, b, _) => self.compared(a, b, around),
            ExprKind::In(a, items, _) => items.iter().find_map(|item| self.compared(a, item, around)),
            ExprKind::Cast(inner, ty, _) => self
                .session
                .type_named(ty)
                .and_then(|ty| self.session.label_of(&ty, inner)),
            _ => None,
        };
        self.found = self.found.take().or(used);
        match &expr.kind {
            ExprKind::Exists(query) | ExprKind::Subquery(query) | ExprKind::ArrayQuery(query) => {
                self.in_query(query);
            }
            ExprKind::InQuery(_, query, _) | ExprKind::QuantifiedQuery(_, _, _, query) => {
                self.in_query(query)
            }
            _ => {}
        }
        expr.each_child(&mut |child| self.walk(child, around));
    }

    /// A literal that is compared with a column.
    fn compared(&self, column: &Expr, literal: &Expr, around: Option<Around<'_>>) -> Option<NewLabel> {
        let (ExprKind::Column(name), Some(around)) = (&column.kind, around) else {
            return None;
        };
        if !matches!(literal.kind, ExprKind::String(_)) {
            return None;
        }
        let called = around.alias.unwrap_or(&around.table.name);
        if name
            .qualifiers
            .last()
            .is_some_and(|qualifier| qualifier != called)
        {
            return None;
        }
        let ty = self.session.column_type(around.table, &name.name)?;
        self.session.label_of(&ty, literal)
    }
}

/// The table of a query that reads from one alone.
fn only_table(select: &Select) -> Option<Around<'_>> {
    match select.from.as_slice() {
        [
            From {
                item: FromItem::Relation {
                    name, alias, columns, ..
                },
                joins,
            },
        ] if joins.is_empty() && columns.is_empty() => Some(Around {
            table: name,
            alias: alias.as_ref(),
        }),
        _ => None,
    }
}
