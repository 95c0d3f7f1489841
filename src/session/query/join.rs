//! Joins: conditions are tried as soon as what they read is there, equalities by hashing.

use std::collections::HashMap;

use super::from::{is_full, open_source};
use super::{Env, Row, Source, Table};
use crate::known::{Gap, Truth};
use crate::name::Name;
use crate::session::Session;
use crate::session::flow::{Raised, Run};
use crate::session::value::{Object, Value};
use crate::source::Span;
use crate::tree::query::{From, Join};

use super::conditions::{collect_aliases, equalities, qualified_by_all, qualified_by_only, split};
use crate::tree::{Expr, FromItem, JoinKind};

/// What has been joined so far.
#[derive(Debug, Default)]
pub(super) struct Joined {
    pub(super) sources: Vec<Source>,
    pub(super) rows: Vec<Row>,
}

impl Joined {
    fn width(&self) -> usize {
        self.sources.last().map_or(0, |s| s.start + s.columns.len())
    }

    fn one() -> Joined {
        Joined {
            sources: Vec::new(),
            rows: vec![Row::certain(Vec::new())],
        }
    }
}

impl Session {
    /// Everything that `FROM` and `WHERE` let through.
    pub(super) fn read_list(
        &mut self,
        list: &[From],
        filter: Option<&Expr>,
        env: &Env<'_>,
        at: Span,
    ) -> Run<Joined> {
        let mut filters: Vec<Option<&Expr>> = Vec::new();
        if let Some(filter) = filter {
            split(filter, &mut filters);
        }
        let mut aliases = Vec::new();
        list.iter().for_each(|from| collect_aliases(from, &mut aliases));
        let outer = std::mem::replace(&mut self.aliases, aliases);
        let mut joined = Ok(Joined::one());
        for from in list {
            joined = match joined {
                Ok(joined) => self.joined(joined, from, &mut filters, env, at),
                Err(raised) => Err(raised),
            };
        }
        self.aliases = outer;
        let mut joined = joined?;
        // What is left reads names of outer queries, or variables, or cannot be told apart.
        for filter in filters.into_iter().flatten() {
            joined.rows = self.filtered(joined.rows, &joined.sources, filter, env)?;
        }
        Ok(joined)
    }

    fn joined<'a>(
        &mut self,
        left: Joined,
        from: &'a From,
        filters: &mut [Option<&'a Expr>],
        env: &Env<'_>,
        at: Span,
    ) -> Run<Joined> {
        let inner = from
            .joins
            .iter()
            .all(|j| matches!(j.kind, JoinKind::Inner | JoinKind::Cross));
        let pushable = inner
            || from
                .joins
                .iter()
                .all(|j| matches!(j.kind, JoinKind::Inner | JoinKind::Cross | JoinKind::Left));
        let mut joined = self.with_item(
            left,
            &from.item,
            if pushable { filters } else { &mut [] },
            env,
            at,
        )?;
        for join in &from.joins {
            joined = self.with_join(joined, join, filters, inner, env, at)?;
        }
        Ok(joined)
    }

    /// A cross join with one item, then the conditions that can be tried.
    fn with_item<'a>(
        &mut self,
        left: Joined,
        item: &'a FromItem,
        filters: &mut [Option<&'a Expr>],
        env: &Env<'_>,
        at: Span,
    ) -> Run<Joined> {
        if let FromItem::Group(group) = item {
            return self.joined(left, group, filters, env, at);
        }
        let lateral = matches!(
            item,
            FromItem::Function { .. } | FromItem::Query { lateral: true, .. }
        );
        let joined = if lateral && !left.sources.is_empty() {
            self.lateral(left, item, env, at)?
        } else {
            let wanted = self.wanted(item, filters, left.sources.is_empty(), env);
            let (source, table) = self.read_item(item, &wanted, env, at)?;
            let (source, table) = self.prefiltered(source, table, filters, env)?;
            let keys = equalities(&left.sources, &source, filters);
            self.product(left, source, table, &keys, at)?
        };
        self.apply_filters(joined, filters, env)
    }

    /// Drops rows of an item that a condition on it alone refuses.
    fn prefiltered(
        &mut self,
        source: Source,
        mut table: Table,
        filters: &[Option<&Expr>],
        env: &Env<'_>,
    ) -> Run<(Source, Table)> {
        let sources = [source];
        for filter in filters.iter().flatten() {
            if qualified_by_only(filter, &sources[0]) {
                table.rows = self.filtered(table.rows, &sources, filter, env)?;
            }
        }
        let [source] = sources;
        Ok((source, table))
    }

    fn lateral(&mut self, left: Joined, item: &FromItem, env: &Env<'_>, at: Span) -> Run<Joined> {
        let start = left.width();
        let mut out = Joined {
            sources: left.sources,
            rows: Vec::new(),
        };
        let mut described: Option<Source> = None;
        for row in left.rows {
            self.tick(at)?;
            let inner = Env {
                sources: &out.sources,
                row: &row.values,
                group: None,
                outer: Some(env),
            };
            let (source, table) = self.read_item(item, &[], &inner, at)?;
            for right in table.rows {
                if is_full(out.rows.len(), row.values.len() + right.values.len()) {
                    return Err(too_many(at));
                }
                out.rows.push(pair(&row, &right));
            }
            described.get_or_insert(Source { start, ..source });
        }
        let source = described.unwrap_or_else(|| {
            let gap = self.gap(at, "no row to tell the columns by");
            Source {
                start,
                alias: alias_of(item),
                ..open_source(&gap)
            }
        });
        out.sources.push(source);
        Ok(out)
    }

    /// Every pair of rows, but those that differ in a column that must be equal.
    fn product(
        &mut self,
        left: Joined,
        source: Source,
        table: Table,
        keys: &[(usize, usize)],
        at: Span,
    ) -> Run<Joined> {
        let start = left.width();
        let key = keys.first().copied();
        let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
        let mut rest: Vec<usize> = Vec::new();
        for (i, row) in table.rows.iter().enumerate() {
            match key.and_then(|(_, right)| hash_key(row.values.get(right)?)) {
                Some(text) => by_key.entry(text).or_default().push(i),
                None => rest.push(i),
            }
        }
        // Names and oids of catalogs that are equal are the same; text of other tables may be equal and read otherwise (`citext`).
        let of_catalogs = |key: &(usize, usize)| {
            let left = left.sources.iter().find_map(|s| s.catalog_column(key.0))?;
            let right = source.catalog_column(key.1)?;
            Some((*key, (left.as_str() == "oid", right.as_str() == "oid")))
        };
        let of_catalogs: Vec<_> = keys.iter().filter_map(of_catalogs).collect();
        let mut rows = Vec::new();
        for row in &left.rows {
            self.tick(at)?;
            let wanted = key.and_then(|(left, _)| hash_key(row.values.get(left)?));
            let candidates: Vec<usize> = match &wanted {
                Some(text) => {
                    let equal = by_key.get(text).into_iter().flatten();
                    let mut all: Vec<usize> = equal.chain(&rest).copied().collect();
                    all.sort_unstable();
                    all
                }
                None => (0..table.rows.len()).collect(),
            };
            self.spend(candidates.len() as u64 / 4, at)?;
            for i in candidates {
                if is_full(rows.len(), start + source.columns.len()) {
                    return Err(too_many(at));
                }
                let Some(right) = table.rows.get(i) else {
                    continue;
                };
                let mut row = pair(row, right);
                let mut equal = of_catalogs.iter();
                if equal.all(|((l, r), own)| equate(&mut row, *l, start + *r, *own)) {
                    rows.push(row);
                }
            }
        }
        let mut sources = left.sources;
        sources.push(Source { start, ..source });
        Ok(Joined { sources, rows })
    }

    /// Tries the conditions whose names are all there, once.
    fn apply_filters(
        &mut self,
        mut joined: Joined,
        filters: &mut [Option<&Expr>],
        env: &Env<'_>,
    ) -> Run<Joined> {
        for slot in filters {
            if let Some(filter) = slot
                && qualified_by_all(filter, &joined.sources)
            {
                joined.rows = self.filtered(joined.rows, &joined.sources, filter, env)?;
                *slot = None;
            }
        }
        Ok(joined)
    }

    fn with_join<'a>(
        &mut self,
        left: Joined,
        join: &'a Join,
        filters: &mut [Option<&'a Expr>],
        inner: bool,
        env: &Env<'_>,
        at: Span,
    ) -> Run<Joined> {
        match join.kind {
            JoinKind::Inner | JoinKind::Cross => {
                let mut conditions: Vec<Option<&Expr>> = Vec::new();
                if let Some(on) = &join.on {
                    split(on, &mut conditions);
                }
                let before = left.sources.len();
                let mut conditions_and_filters = conditions;
                if inner {
                    conditions_and_filters.extend(filters.iter_mut().map(Option::take));
                }
                let own = conditions_and_filters.len() - if inner { filters.len() } else { 0 };
                let mut joined = self.joined(left, &join.right, &mut conditions_and_filters, env, at)?;
                for condition in conditions_and_filters
                    .iter_mut()
                    .take(own)
                    .filter_map(Option::take)
                {
                    joined.rows = self.filtered(joined.rows, &joined.sources, condition, env)?;
                }
                if inner {
                    for (slot, filter) in filters.iter_mut().zip(conditions_and_filters.drain(own..)) {
                        *slot = filter;
                    }
                }
                self.using(joined, before, &join.using, at)
            }
            JoinKind::Left => self.left_join(left, join, env, at),
            JoinKind::Right | JoinKind::Full | JoinKind::Natural => {
                let gap = self.gap(at, "this kind of join is not followed");
                let joined = self.joined(left, &join.right, &mut [], env, at)?;
                let width = joined.width();
                Ok(Joined {
                    rows: vec![Row::any(width, &gap)],
                    sources: joined.sources,
                })
            }
        }
    }

    fn left_join(&mut self, left: Joined, join: &Join, env: &Env<'_>, at: Span) -> Run<Joined> {
        let before = left.sources.len();
        let left_rows = left.rows.clone();
        // Each left row is numbered, so that those without a partner are found afterwards.
        let start = left.width();
        let numbered = Joined {
            rows: left
                .rows
                .into_iter()
                .enumerate()
                .map(|(i, mut row)| {
                    row.values.push(Value::Int(i as i64));
                    row
                })
                .collect(),
            sources: {
                let mut sources = left.sources;
                sources.push(Source {
                    alias: None,
                    columns: vec![Name::new("")],
                    open: None,
                    catalog: false,
                    start,
                    merged: Vec::new(),
                });
                sources
            },
        };
        let mut conditions: Vec<Option<&Expr>> = Vec::new();
        if let Some(on) = &join.on {
            split(on, &mut conditions);
        }
        let mut joined = self.joined(numbered, &join.right, &mut conditions, env, at)?;
        for condition in conditions.into_iter().flatten() {
            joined.rows = self.filtered(joined.rows, &joined.sources, condition, env)?;
        }
        joined = self.using(joined, before + 1, &join.using, at)?;
        let width = joined.width();
        let mut certain = vec![false; left_rows.len()];
        let mut possible: Vec<Option<Gap>> = vec![None; left_rows.len()];
        for row in &joined.rows {
            let Some(i) = row
                .values
                .get(start)
                .and_then(Value::as_int)
                .and_then(|i| usize::try_from(i).ok())
            else {
                continue;
            };
            match &row.maybe {
                None => certain[i] = true,
                Some(gap) => possible[i] = Some(gap.clone()),
            }
        }
        for (i, row) in left_rows.into_iter().enumerate() {
            if certain[i] {
                continue;
            }
            let mut values = row.values;
            values.resize(width, Value::Null);
            let maybe = row.maybe.or_else(|| possible[i].clone());
            joined.rows.push(Row { values, maybe, ..row });
        }
        Ok(joined)
    }

    /// `USING (a, b)`: equal columns, which count once.
    fn using(&mut self, mut joined: Joined, before: usize, using: &[Name], at: Span) -> Run<Joined> {
        for name in using {
            let place = |sources: &[Source]| {
                sources
                    .iter()
                    .find_map(|s| Some(s.start + s.columns.iter().position(|c| c == name)?))
            };
            let left = place(joined.sources.get(..before).unwrap_or_default());
            let right = place(joined.sources.get(before..).unwrap_or_default());
            let mut rows = Vec::new();
            for mut row in std::mem::take(&mut joined.rows) {
                self.tick(at)?;
                let truth = match (left, right) {
                    (Some(l), Some(r)) => {
                        let (a, b) = (row.values[l].clone(), row.values[r].clone());
                        self.compare_values("=", &a, &b, at)?.truth()
                    }
                    _ => Truth::Unknown(self.gap(at, format!("column {name}"))),
                };
                match truth {
                    Truth::Yes => rows.push(row),
                    Truth::No => {}
                    Truth::Unknown(gap) => {
                        row.maybe.get_or_insert(gap);
                        rows.push(row);
                    }
                }
            }
            joined.rows = rows;
            for source in joined.sources.iter_mut().skip(before) {
                source.merged.push(name.clone());
            }
        }
        Ok(joined)
    }

    /// The rows that a condition lets through; where it cannot be told, they may be there.
    pub(super) fn filtered(
        &mut self,
        rows: Vec<Row>,
        sources: &[Source],
        filter: &Expr,
        env: &Env<'_>,
    ) -> Run<Vec<Row>> {
        let mut out = Vec::new();
        for mut row in rows {
            let inner = Env {
                sources,
                row: &row.values,
                group: None,
                outer: Some(env),
            };
            let truth = match &row.maybe.clone() {
                Some(gap) => self.eval_perhaps(filter, &inner, gap)?.truth(),
                None => self.condition(filter, &inner)?,
            };
            match truth {
                Truth::Yes => out.push(row),
                Truth::No => {}
                Truth::Unknown(gap) => {
                    row.maybe.get_or_insert(gap);
                    out.push(row);
                }
            }
        }
        Ok(out)
    }
}

fn too_many(at: Span) -> Box<Raised> {
    let mut raised = Raised::certain(
        "54000",
        "asks a query that looks at more rows than are followed",
        at,
    );
    raised.kind = crate::session::flow::RaisedKind::Budget;
    raised
}

fn pair(left: &Row, right: &Row) -> Row {
    Row {
        values: left.values.iter().chain(&right.values).cloned().collect(),
        maybe: left.maybe.clone().or_else(|| right.maybe.clone()),
        many: left.many || right.many,
    }
}

/// Two values of catalogs are equal where a row is there: one that is not known is the other then. Whether the row can be there: `own` says
/// which of the two is the oid of the row itself that it comes from, and a relation that is known has a row in which it is.
fn equate(row: &mut Row, left: usize, right: usize, own: (bool, bool)) -> bool {
    let (Some(a), Some(b)) = (row.values.get(left), row.values.get(right)) else {
        return true;
    };
    let (at, gap, value, own) = match (a, b) {
        (Value::Unknown(gap), Value::Text(_) | Value::Oid(_)) => (left, gap.clone(), b.clone(), own.0),
        (Value::Text(_) | Value::Oid(_), Value::Unknown(gap)) => (right, gap.clone(), a.clone(), own.1),
        _ => return true,
    };
    if own && matches!(&value, Value::Oid(oid) if matches!(oid.object, Object::Relation(_))) {
        return false;
    }
    row.values[at] = value;
    row.maybe.get_or_insert(gap);
    true
}

pub(super) fn alias_of(item: &FromItem) -> Option<Name> {
    match item {
        FromItem::Relation { alias, name, .. } => alias.clone().or_else(|| Some(name.name.clone())),
        FromItem::Query { alias, .. } => alias.clone(),
        FromItem::Function { alias, call, .. } => alias.clone().or_else(|| super::from::function_name(call)),
        FromItem::Group(_) | FromItem::Opaque(_) => None,
    }
}

/// A key under which equal values meet; `None` for values that must be compared one by one.
fn hash_key(value: &Value) -> Option<String> {
    Some(match value {
        Value::Text(text) => format!("t{}", text.as_str()),
        Value::Oid(oid) => format!("o{:?}", oid.object),
        _ => return None,
    })
}
