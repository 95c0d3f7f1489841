//! `SELECT` lists: what each row gives, functions that give rows, groups.

use super::join::Joined;
use super::{Env, Row, Source, Table};
use crate::known::Gap;
use crate::name::Name;
use crate::session::Session;
use crate::session::flow::Run;
use crate::session::value::Value;
use crate::source::Span;
use crate::tree::{Expr, ExprKind, OrderBy, Query, Select, Target};

/// Functions that give rows when they stand in a select list.
static SET_FUNCTIONS: &[&str] = &[
    "unnest",
    "generate_series",
    "generate_subscripts",
    "regexp_split_to_table",
    "string_to_table",
    "jsonb_array_elements",
    "jsonb_array_elements_text",
    "json_array_elements",
    "json_array_elements_text",
    "jsonb_object_keys",
    "json_object_keys",
    "jsonb_each",
    "jsonb_each_text",
    "regexp_matches",
];

impl Session {
    pub(super) fn select(&mut self, select: &Select, query: &Query, env: &Env<'_>) -> Run<Table> {
        let at = query.span;
        let joined = self.read_list(&select.from, select.filter.as_ref(), env, at)?;
        let grouped = !select.group_by.is_empty()
            || select.having.is_some()
            || select.targets.iter().any(|t| has_aggregate(&t.expr))
            || query.order_by.iter().any(|o| has_aggregate(&o.expr));
        let mut out = Table {
            columns: Vec::new(),
            open: None,
            rows: Vec::new(),
        };
        for target in &select.targets {
            self.describe(target, &joined.sources, &mut out, at);
        }
        if joined.rows.iter().all(|r| r.maybe.is_some()) {
            self.check_names(select, &joined.sources, env)?;
        }
        let mut keys = Vec::new();
        if grouped {
            self.groups(select, &query.order_by, &joined, env, &mut out, &mut keys, at)?;
        } else {
            for row in &joined.rows {
                self.tick(at)?;
                let inner = Env {
                    sources: &joined.sources,
                    row: &row.values,
                    group: None,
                    outer: Some(env),
                };
                self.project(select, row, &inner, &mut out)?;
                let produced = out.rows.len();
                while keys.len() < produced {
                    let row = out.rows.get(keys.len()).cloned();
                    let key = self.order_keys(&query.order_by, &inner, &out.columns, row.as_ref())?;
                    keys.push(key);
                }
            }
        }
        self.ordered(&mut out, keys, &query.order_by);
        if !select.distinct_on.is_empty() {
            self.distinct_on(&mut out, at);
        } else if select.distinct {
            super::tail::distinct(&mut out);
        }
        self.limit(out, query, env)
    }

    /// Where no row is certain, errors of evaluating one are not; names that no table has are errors all the same.
    fn check_names(&mut self, select: &Select, sources: &[Source], env: &Env<'_>) -> Run<()> {
        let env = Env {
            sources,
            row: &[],
            group: None,
            outer: Some(env),
        };
        let mut names = Vec::new();
        for expr in select.targets.iter().map(|t| &t.expr).chain(&select.filter) {
            expr.walk(&mut |e| {
                if let ExprKind::Column(name) = &e.kind {
                    names.push((name.clone(), e.span));
                }
            });
        }
        for (name, span) in names {
            self.column(&name, &env, span)?;
        }
        Ok(())
    }

    /// The names of the columns that a target gives.
    fn describe(&self, target: &Target, sources: &[Source], out: &mut Table, at: Span) {
        let ExprKind::Star(qualifiers) = &target.expr.kind else {
            let name = target.alias.clone().unwrap_or_else(|| column_name(&target.expr));
            out.columns.push(name);
            if target.alias.is_none() && matches!(target.expr.kind, ExprKind::Opaque(_)) && out.open.is_none()
            {
                // `(f(x)).*` among others: as many columns as what it gives has.
                out.open = Some(self.gap(at, "columns of an expression in a form that is not read"));
            }
            return;
        };
        for source in starred(sources, qualifiers.last()) {
            for name in source
                .columns
                .iter()
                .filter(|c| !source.merged.contains(c) && **c != "")
            {
                out.columns.push(name.clone());
            }
            if out.open.is_none() {
                out.open = source.open.clone();
            }
        }
        if let Some(record) = qualifiers.last()
            && starred(sources, Some(record)).next().is_none()
            && out.open.is_none()
        {
            out.open = Some(self.gap(at, format!("the fields of {record}")));
        }
    }

    /// The rows that one row of `FROM` gives.
    fn project(&mut self, select: &Select, row: &Row, env: &Env<'_>, out: &mut Table) -> Run<()> {
        let mut cells: Vec<Result<Value, Table>> = Vec::new();
        let mut set = false;
        for target in &select.targets {
            match &target.expr.kind {
                ExprKind::Star(qualifiers) => {
                    for source in starred(env.sources, qualifiers.last()) {
                        for (i, name) in source.columns.iter().enumerate() {
                            if !source.merged.contains(name) && *name != "" {
                                cells.push(Ok(row
                                    .values
                                    .get(source.start + i)
                                    .cloned()
                                    .unwrap_or(Value::Null)));
                            }
                        }
                    }
                }
                ExprKind::Call(call) if is_set_function(call) => {
                    set = true;
                    let table = self.table_function(&target.expr, env)?;
                    cells.push(Err(table));
                }
                ExprKind::Cast(inner, ty, _) if matches!(&inner.kind, ExprKind::Call(call) if is_set_function(call)) =>
                {
                    set = true;
                    let mut table = self.table_function(inner, env)?;
                    for value in table.rows.iter_mut().filter_map(|row| row.values.first_mut()) {
                        *value = self.cast(std::mem::replace(value, Value::Null), ty, target.expr.span)?;
                    }
                    cells.push(Err(table));
                }
                _ => cells.push(Ok(match &row.maybe {
                    Some(gap) => self.eval_perhaps(&target.expr, env, &gap.clone())?,
                    None => self.eval(&target.expr, env)?,
                })),
            }
        }
        if !set {
            let values = cells.into_iter().map(|c| c.unwrap_or(Value::Null)).collect();
            out.rows.push(Row {
                values,
                ..row.clone()
            });
            return Ok(());
        }
        self.expand(cells, row, out);
        Ok(())
    }

    /// Rows of functions that give rows, side by side.
    fn expand(&mut self, cells: Vec<Result<Value, Table>>, row: &Row, out: &mut Table) {
        let tables = cells.iter().filter_map(|c| c.as_ref().err());
        let unsure = tables.clone().find_map(Table::gap);
        let count = tables.map(|t| t.rows.len()).max().unwrap_or(0);
        for i in 0..count {
            let mut source = None;
            let values = cells
                .iter()
                .map(|cell| match cell {
                    Ok(value) => value.clone(),
                    Err(table) => match table.rows.get(i) {
                        Some(row) => {
                            source = source.take().or(row.maybe.clone());
                            let unknown = || table.open.clone().map_or(Value::Null, Value::Unknown);
                            row.values.first().cloned().unwrap_or_else(unknown)
                        }
                        None => Value::Null,
                    },
                })
                .collect();
            out.rows.push(Row {
                values,
                maybe: row.maybe.clone().or_else(|| unsure.clone()),
                many: row.many || unsure.is_some(),
            });
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a SELECT")]
    fn groups(
        &mut self,
        select: &Select,
        order_by: &[OrderBy],
        joined: &Joined,
        env: &Env<'_>,
        out: &mut Table,
        keys: &mut Vec<Vec<Value>>,
        at: Span,
    ) -> Run<()> {
        let groups = match self.grouped_rows(select, joined, env, out)? {
            Ok(groups) => groups,
            Err(gap) => {
                out.rows.push(Row::any(out.columns.len(), &gap));
                keys.push(vec![Value::Unknown(gap); order_by.len()]);
                return Ok(());
            }
        };
        for rows in groups {
            self.tick(at)?;
            let none = Vec::new();
            let first = rows.first().map_or(&none, |r| &r.values);
            let inner = Env {
                sources: &joined.sources,
                row: first,
                group: Some(&rows),
                outer: Some(env),
            };
            let mut maybe = None;
            if let Some(having) = &select.having {
                match self.condition(having, &inner)? {
                    crate::known::Truth::Yes => {}
                    crate::known::Truth::No => continue,
                    crate::known::Truth::Unknown(gap) => maybe = Some(gap),
                }
            }
            let values: Run<Vec<_>> = select
                .targets
                .iter()
                .filter(|t| !matches!(t.expr.kind, ExprKind::Star(_)))
                .map(|t| self.eval(&t.expr, &inner))
                .collect();
            let row = Row {
                values: values?,
                maybe,
                many: false,
            };
            keys.push(self.order_keys(order_by, &inner, &out.columns, Some(&row))?);
            out.rows.push(row);
        }
        Ok(())
    }

    /// The rows of each group, or why they cannot be told apart.
    fn grouped_rows(
        &mut self,
        select: &Select,
        joined: &Joined,
        env: &Env<'_>,
        out: &Table,
    ) -> Run<Result<Vec<Vec<Row>>, Gap>> {
        if select.group_by.is_empty() {
            return Ok(Ok(vec![joined.rows.clone()]));
        }
        let mut groups: Vec<(Vec<Value>, Vec<Row>)> = Vec::new();
        for row in &joined.rows {
            if let Some(gap) = row.maybe.clone() {
                return Ok(Err(gap));
            }
            let inner = Env {
                sources: &joined.sources,
                row: &row.values,
                group: None,
                outer: Some(env),
            };
            let mut key = Vec::new();
            for expr in &select.group_by {
                let value = match aliased(expr, &select.targets, &out.columns) {
                    Some(target) => self.eval(target, &inner)?,
                    None => self.eval(expr, &inner)?,
                };
                if let Some(gap) = value.gap() {
                    return Ok(Err(gap.clone()));
                }
                key.push(value);
            }
            self.spend(groups.len() as u64 / 16, row_span(select))?;
            let equal = |k: &[Value]| k.iter().zip(&key).all(|(a, b)| a.same(b));
            match groups.iter_mut().find(|g| equal(&g.0)) {
                Some(group) => group.1.push(row.clone()),
                None => groups.push((key, vec![row.clone()])),
            }
        }
        Ok(Ok(groups.into_iter().map(|g| g.1).collect()))
    }
}

fn row_span(select: &Select) -> Span {
    select
        .targets
        .first()
        .map_or(Span::new(crate::source::FileId(0), 0, 0), |t| t.expr.span)
}

/// `GROUP BY 1` and `GROUP BY alias`.
fn aliased<'a>(expr: &Expr, targets: &'a [Target], columns: &[Name]) -> Option<&'a Expr> {
    match &expr.kind {
        ExprKind::Number(n) => {
            let n: usize = n.parse().ok()?;
            targets.get(n.checked_sub(1)?).map(|t| &t.expr)
        }
        ExprKind::Column(name) if name.qualifiers.is_empty() && columns.contains(&name.name) => {
            let target = targets.iter().find(|t| t.alias.as_ref() == Some(&name.name))?;
            Some(&target.expr)
        }
        _ => None,
    }
}

fn starred<'a>(sources: &'a [Source], alias: Option<&'a Name>) -> impl Iterator<Item = &'a Source> {
    sources
        .iter()
        .filter(move |s| alias.is_none() || s.alias.as_ref() == alias)
}

fn is_set_function(call: &crate::tree::expr::Call) -> bool {
    call.name.schema.as_ref().is_none_or(|s| *s == "pg_catalog")
        && SET_FUNCTIONS.contains(&call.name.name.as_str())
}

fn has_aggregate(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |e| {
        if let ExprKind::Call(call) = &e.kind {
            found |= !call.over
                && super::is_aggregate(call.name.name.as_str())
                && call.name.schema.as_ref().is_none_or(|s| *s == "pg_catalog");
        }
    });
    found
}

/// The name that the server gives a column without an alias (`FigureColname` in `parse_target.c`).
fn column_name(expr: &Expr) -> Name {
    match &expr.kind {
        ExprKind::Column(name) => name.name.clone(),
        ExprKind::Field(_, name) => name.clone(),
        ExprKind::Call(call) => call.name.name.clone(),
        ExprKind::Subscript(inner, ..) | ExprKind::Collate(inner, _) => column_name(inner),
        ExprKind::Cast(inner, ty, _) => match column_name(inner) {
            name if name == "?column?" => match &ty.base {
                crate::sqltype::BaseType::Builtin(b) => Name::new(b.typname()),
                crate::sqltype::BaseType::Named(n) => n.name.clone(),
                crate::sqltype::BaseType::Object(_) => name,
            },
            name => name,
        },
        ExprKind::Keyword(word, _) => Name::new(&word.to_ascii_lowercase()),
        ExprKind::Exists(_) => Name::new("exists"),
        ExprKind::Array(_) | ExprKind::ArrayQuery(_) => Name::new("array"),
        ExprKind::Case(..) => Name::new("case"),
        ExprKind::Row(_) => Name::new("row"),
        ExprKind::Subquery(query) => match &query.body {
            crate::tree::QueryBody::Select(select) => select.targets.first().map_or_else(
                || Name::new("?column?"),
                |t| t.alias.clone().unwrap_or_else(|| column_name(&t.expr)),
            ),
            _ => Name::new("?column?"),
        },
        _ => Name::new("?column?"),
    }
}
