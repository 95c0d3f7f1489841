//! Work on rows: what it names must be there, functions that it calls run, and tables get or lose rows.

use super::Session;
use super::eval::calls;
use super::flow::{Flow, Raised, RaisedKind, Run};
use super::query::{Env, Source, Table};
use crate::change::{Change, Failure, ObjectName};
use crate::name::Name;
use crate::replay::query_shape;
use crate::schema::{Lookup, Relation, RelationKind, Rows, TableId};
use crate::source::Span;
use crate::sql::{Dml, DmlKind};
use crate::tree::{Expr, ExprKind, From, FromItem, Query, QueryBody, Select, Target};

impl Session {
    /// Runs work on rows; `certain` where it surely gives the table a row if it gives it any.
    pub(super) fn run_dml(&mut self, dml: &Dml, certain: bool, at: Span) -> Run<Option<Table>> {
        for part in &dml.with {
            self.run_dml(part, false, at)?;
        }
        let table = self.target(dml)?;
        self.refuse_label(|uses| uses.in_dml(dml))?;
        let rows = match &dml.query {
            Some(query) => {
                if dml.kind == DmlKind::Insert {
                    self.refuse_query(dml, query)?;
                }
                Some(self.query(query, &Env::EMPTY)?)
            }
            None => None,
        };
        if table.is_some() && matches!(dml.kind, DmlKind::Update | DmlKind::Delete) {
            self.refuse_query(dml, &as_query(dml, at))?;
        }
        self.effects_of(dml, at)?;
        let gap = self.gap(at, "the rows that a statement touches");
        self.may_raise(RaisedKind::Data(gap.clone()), &gap, at);
        if dml.kind == DmlKind::Insert
            && let Some(failure) = table.and_then(|id| self.lacks_value(dml, id, rows.as_ref()))
        {
            return Err(Raised::failed(failure));
        }
        let none = rows.as_ref().is_some_and(|r| r.rows.is_empty());
        match dml.kind {
            DmlKind::Insert if none => {}
            DmlKind::Insert => {
                let listed = dml
                    .query
                    .as_ref()
                    .is_none_or(|q| matches!(q.body, QueryBody::Values(_)));
                self.mark_insert(&dml.table, certain && listed, at)?;
            }
            DmlKind::Merge | DmlKind::Copy => self.mark_insert(&dml.table, false, at)?,
            DmlKind::Delete => self.mark_delete(dml, table, at)?,
            DmlKind::Update => {}
        }
        if self.has_triggers(table) {
            self.touch_all_rows();
        }
        Ok(Some(Table::unknown(&gap)))
    }

    /// Why an INSERT fails that surely brings a row: it gives no value to a column that must have one.
    fn lacks_value(&self, dml: &Dml, id: TableId, rows: Option<&Table>) -> Option<Failure> {
        if self.program.holed.is_some() {
            return None;
        }
        let given: Vec<Name> = match rows {
            // `DEFAULT VALUES`.
            None => Vec::new(),
            Some(rows) => {
                let any = rows.rows.iter().any(|row| row.maybe.is_none() && !row.many);
                if !any {
                    return None;
                }
                if dml.columns.is_empty() {
                    if rows.open.is_some() {
                        return None;
                    }
                    let columns = self.world.database.schema().table(id).columns();
                    columns
                        .take(rows.columns.len())
                        .map(|column| column.name().clone())
                        .collect()
                } else {
                    dml.columns.iter().map(|(name, _)| name.clone()).collect()
                }
            }
        };
        self.world.database.unfilled(id, &given, dml.table.span)
    }

    /// A query that the server refuses whatever rows there are: a function that is not there for the types that it is called with, a
    /// name that two of its tables have, or none. Only where each of its names can be nothing but a table, a column or a function.
    fn refuse_query(&self, dml: &Dml, query: &Query) -> Run<()> {
        let plain = dml.with.is_empty() && self.world.frames.is_empty() && self.program.holed.is_none();
        if !plain || matches!(query.body, QueryBody::Values(_)) {
            return Ok(());
        }
        match query_shape(self.world.database.schema(), query, &[]) {
            Err(failure) if matches!(failure.sqlstate, "42883" | "42702" | "42703") => {
                Err(Raised::failed(failure))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Whether triggers or a view's rules may touch other tables.
    fn has_triggers(&self, table: Option<TableId>) -> bool {
        table.is_none_or(|id| {
            let table = &self.world.database.schema().tables[id];
            !table.triggers.is_empty()
                || table.presumed.is_some()
                || !matches!(table.kind, RelationKind::Table | RelationKind::Partitioned)
        })
    }

    /// The table that is worked on, once it and the columns that are named are known to be there.
    fn target(&mut self, dml: &Dml) -> Run<Option<TableId>> {
        let id = match self.relation(&dml.table.name) {
            Lookup::Found((Relation::Table(id), None)) => id,
            Lookup::Found(_) | Lookup::Unknown(_) => return Ok(None),
            Lookup::Absent => {
                return match self.dropped_relation(&dml.table.name, dml.table.span) {
                    Some(raised) => Err(raised),
                    None => Ok(None),
                };
            }
        };
        let walker = self.world.database.schema().table(id);
        let judged = matches!(walker.get().kind, RelationKind::Table | RelationKind::Partitioned)
            && walker.get().presumed.is_none();
        for (column, span) in &dml.columns {
            if judged && matches!(walker.column(column), Lookup::Absent) {
                let message = format!(
                    "column \"{column}\" of relation \"{}\" does not exist",
                    walker.name()
                );
                return Err(Raised::certain("42703", message, *span));
            }
        }
        Ok(Some(id))
    }

    /// Runs the functions that expressions call; which rows they run on cannot be told.
    fn effects_of(&mut self, dml: &Dml, at: Span) -> Run<()> {
        let gap = self.gap(at, "which rows a statement touches");
        let source = Source {
            alias: None,
            columns: Vec::new(),
            open: Some(gap.clone()),
            catalog: false,
            start: 0,
            merged: Vec::new(),
        };
        let sources = [source];
        let env = Env {
            sources: &sources,
            row: &[],
            group: None,
            outer: None,
        };
        for expr in &dml.expressions {
            if calls(expr) && self.calls_own(expr) {
                let flow = self.perhaps(&gap, |session| match session.eval(expr, &env) {
                    Ok(_) => Flow::Normal,
                    Err(raised) => Flow::Raise(raised),
                });
                if let Flow::Raise(raised) = flow
                    && raised.is_budget()
                {
                    return Err(raised);
                }
            }
        }
        Ok(())
    }

    /// Whether an expression calls a function of the history, or asks a query, which may.
    fn calls_own(&self, expr: &Expr) -> bool {
        let mut found = false;
        expr.walk(&mut |e| {
            found |= match &e.kind {
                ExprKind::Call(call) => !self.functions_named(&call.name).is_empty(),
                ExprKind::Exists(_)
                | ExprKind::Subquery(_)
                | ExprKind::ArrayQuery(_)
                | ExprKind::InQuery(..)
                | ExprKind::QuantifiedQuery(..) => true,
                _ => false,
            };
        });
        found
    }

    fn mark_insert(&mut self, table: &ObjectName, certain: bool, at: Span) -> Run<()> {
        let known = match self.relation(&table.name) {
            Lookup::Found((Relation::Table(id), None)) => Some(id),
            _ => None,
        };
        let triggers = self.has_triggers(known);
        // Most inserts tell nothing new: a table of which it is known need not be touched again.
        if let Some(id) = known {
            let rows = &self.world.database.schema().tables[id].rows;
            if *rows == Rows::Some || (*rows == Rows::Unknown && (triggers || !certain)) {
                return Ok(());
            }
        }
        let change = Change::Insert {
            table: table.clone(),
            certain: certain && !triggers,
            given: None,
        };
        self.apply_change(&change, at)
    }

    /// After a DELETE no row is left, or it cannot be told; rows that refer to those may be gone too.
    fn mark_delete(&mut self, dml: &Dml, table: Option<TableId>, at: Span) -> Run<()> {
        let Some(id) = table else { return Ok(()) };
        if self.world.database.schema().tables[id].rows == Rows::Empty {
            return Ok(());
        }
        self.world.database.touch_rows(Some(id));
        self.touch();
        if !dml.filtered && dml.query.is_none() && !self.has_triggers(table) {
            let change = Change::Truncate {
                tables: vec![dml.table.clone()],
                cascade: false,
            };
            self.apply_change(&change, at)?;
        }
        Ok(())
    }
}

/// The query over the rows that an UPDATE or DELETE looks at, those of FROM or USING among them, with all that it computes from them.
fn as_query(dml: &Dml, at: Span) -> Query {
    let target = |expr: &Expr| Target {
        expr: expr.clone(),
        alias: None,
    };
    let table = FromItem::Relation {
        name: dml.table.name.clone(),
        alias: dml.alias.clone(),
        columns: Vec::new(),
        span: dml.table.span,
    };
    let mut from = vec![From {
        item: table,
        joins: Vec::new(),
    }];
    let beside = dml.query.as_ref();
    if let Some(QueryBody::Select(select)) = beside.map(|query| &query.body) {
        from.extend(select.from.iter().cloned());
    }
    let values = dml.expressions.iter().filter(|e| e.kind != ExprKind::Default);
    let select = Select {
        distinct: false,
        distinct_on: Vec::new(),
        targets: values.map(target).collect(),
        into: Vec::new(),
        strict: false,
        from,
        filter: None,
        group_by: Vec::new(),
        having: None,
    };
    Query {
        with: beside.map_or_else(Vec::new, |query| query.with.clone()),
        recursive: beside.is_some_and(|query| query.recursive),
        body: QueryBody::Select(Box::new(select)),
        order_by: Vec::new(),
        limit: None,
        offset: None,
        span: at,
    }
}
