//! What `FROM` reads: catalogs, tables, subqueries, functions that give rows.

use super::{Env, Row, Source, Table, rename};
use crate::known::{Gap, Section};
use crate::name::{Name, QualifiedName};
use crate::schema::{Lookup, Relation, Rows, TableId};
use crate::session::Session;
use crate::session::flow::Run;
use crate::session::value::{MAX_ARRAY, Value};
use crate::source::Span;
use crate::tree::{Expr, ExprKind, FromItem};

/// Rows that one query may look at.
const MAX_ROWS: usize = 100_000;
/// Values in them: what bounds the memory of wide joins whose conditions cannot be told.
const MAX_VALUES: usize = 2_000_000;

/// Whether as many rows of this width are looked at as are followed.
pub(super) fn is_full(rows: usize, width: usize) -> bool {
    rows > MAX_ROWS || rows.saturating_mul(width) > MAX_VALUES
}

impl Session {
    /// One item of `FROM`: its description, and its rows.
    ///
    /// Rows of a catalog that differ from a wanted value are left out at once.
    pub(super) fn read_item(
        &mut self,
        item: &FromItem,
        wanted: &[(Name, Value)],
        env: &Env<'_>,
        at: Span,
    ) -> Run<(Source, Table)> {
        let (alias, mut table, columns, catalog) = match item {
            FromItem::Relation {
                name,
                alias,
                columns,
                span,
            } => {
                let (table, catalog) = self.relation_rows(name, wanted, *span)?;
                let alias = alias.clone().unwrap_or_else(|| name.name.clone());
                (Some(alias), table, columns, catalog)
            }
            FromItem::Query {
                query,
                alias,
                columns,
                ..
            } => (alias.clone(), self.query(query, env)?, columns, false),
            FromItem::Function {
                call,
                alias,
                columns,
                ordinality,
            } => {
                let mut table = self.table_function(call, env)?;
                let name = function_name(call);
                let alias = alias.clone().or(name);
                if let ([_], Some(alias)) = (table.columns.as_mut_slice(), &alias) {
                    table.columns[0] = alias.clone();
                }
                if *ordinality {
                    number_rows(&mut table, call.span);
                }
                (alias, table, columns, false)
            }
            FromItem::Group(_) | FromItem::Opaque(_) => {
                let gap = self.gap(at, "this part of FROM is not understood");
                return Ok((open_source(&gap), Table::unknown(&gap)));
            }
        };
        rename(&mut table, columns);
        self.spend(table.rows.len() as u64 / 16, at)?;
        let source = Source {
            alias,
            columns: table.columns.clone(),
            open: table.open.clone(),
            catalog,
            start: 0,
            merged: Vec::new(),
        };
        Ok((source, table))
    }

    /// The rows of a named relation.
    fn relation_rows(
        &mut self,
        name: &QualifiedName,
        wanted: &[(Name, Value)],
        at: Span,
    ) -> Run<(Table, bool)> {
        if name.schema.is_none()
            && let Some((_, table)) = self.ctes.iter().rev().find(|c| c.0 == name.name)
        {
            return Ok(((**table).clone(), false));
        }
        if let Some(table) = self.catalog_only(name, wanted, at) {
            self.spend(table.rows.len() as u64 / 64, at)?;
            return Ok((table, true));
        }
        match self.relation(name) {
            Lookup::Found((Relation::Table(id), _)) => Ok((self.user_rows(id, at), false)),
            Lookup::Found((Relation::Sequence(_), _)) => {
                let gap = self.gap(at, format!("the state of sequence {name}"));
                let columns: Vec<Name> = ["last_value", "log_cnt", "is_called"]
                    .iter()
                    .map(|n| Name::new(n))
                    .collect();
                let values = vec![Value::Unknown(gap); columns.len()];
                Ok((
                    Table {
                        columns,
                        open: None,
                        rows: vec![Row::certain(values)],
                    },
                    false,
                ))
            }
            Lookup::Found((Relation::Index(..), _)) => {
                let gap = self.gap(at, format!("\"{name}\" is an index"));
                Ok((Table::unknown(&gap), false))
            }
            Lookup::Unknown(gap) => Ok((Table::unknown(&gap), false)),
            Lookup::Absent => {
                if let Some(raised) = self.dropped_relation(name, at) {
                    return Err(raised);
                }
                let gap = self.gap(at, format!("\"{name}\" was not created here"));
                Ok((Table::unknown(&gap), false))
            }
        }
    }

    /// The rows of a table of the user: none, or unknown ones.
    fn user_rows(&self, id: TableId, at: Span) -> Table {
        let walker = self.world.database.schema().table(id);
        let table = walker.get();
        let gap = self.gap(at, format!("the rows of {}", walker.qualified()));
        let columns: Vec<Name> = walker.columns().map(|c| c.name().clone()).collect();
        let open = table
            .presumed
            .clone()
            .or_else(|| walker.open(Section::Columns).cloned())
            .or_else(|| table.view.as_ref().and_then(|v| v.open.clone()));
        let any = Row::any(columns.len(), &gap);
        let is_view = table.view.is_some() || table.extension.is_some();
        let children = table.partition.by.is_some() || !table.dependents.is_empty() && self.has_children(id);
        let rows = match &table.rows {
            _ if is_view || !walker.is_certain() => vec![any],
            Rows::Empty if !children => Vec::new(),
            Rows::Empty | Rows::Unknown => vec![any],
            Rows::Some => vec![
                Row {
                    maybe: None,
                    ..any.clone()
                },
                any,
            ],
        };
        Table { columns, open, rows }
    }

    /// Whether other tables inherit from it, so that their rows are seen in it.
    fn has_children(&self, id: TableId) -> bool {
        let schema = self.world.database.schema();
        schema.tables[id].dependents.iter().any(|d| {
            let table = &schema.tables[*d];
            table.presence.may_be() && (table.inherits.contains(&id) || table.partition.of == Some(id))
        })
    }

    /// A function that gives rows.
    pub(super) fn table_function(&mut self, call: &Expr, env: &Env<'_>) -> Run<Table> {
        let at = call.span;
        let column = function_name(call).unwrap_or_else(|| Name::new("column1"));
        let (ExprKind::Call(inner), true) = (&call.kind, true) else {
            let value = self.eval(call, env)?;
            return Ok(single(column, vec![value]));
        };
        let builtin = inner.name.schema.as_ref().is_none_or(|s| *s == "pg_catalog");
        let name = inner.name.name.as_str();
        match name {
            "unnest" if builtin && inner.args.len() == 1 => {
                let array = self.eval(&inner.args[0], env)?;
                Ok(self.unnest(column, array, at))
            }
            "generate_series" if builtin => self.series(column, &inner.args, env, at),
            "generate_subscripts" if builtin && inner.args.len() >= 2 => {
                let array = self.eval(&inner.args[0], env)?;
                let Value::Array(items) = array else {
                    return Ok(self.unnest(column, array, at));
                };
                let values = (1..=items.len()).map(|i| Value::Int(i as i64)).collect();
                Ok(single(column, values))
            }
            "regexp_split_to_table" | "string_to_table" if builtin => {
                for arg in &inner.args {
                    self.eval(arg, env)?;
                }
                let gap = self.gap(at, format!("{name}() is not followed"));
                Ok(many(column, &gap))
            }
            _ => {
                let value = self.eval(call, env)?;
                let user = self.functions_named(&inner.name);
                let set = user
                    .iter()
                    .any(|id| self.world.database.schema().functions[*id].set);
                if user.is_empty() || set {
                    let gap = value
                        .gap()
                        .cloned()
                        .unwrap_or_else(|| self.gap(at, format!("the rows of {name}()")));
                    return Ok(Table::unknown(&gap));
                }
                Ok(match value {
                    Value::Record(fields) => Table {
                        columns: fields.iter().map(|f| f.0.clone()).collect(),
                        open: None,
                        rows: vec![Row::certain(fields.iter().map(|f| f.1.clone()).collect())],
                    },
                    Value::Unknown(gap) => Table {
                        columns: vec![column],
                        open: Some(gap.clone()),
                        rows: vec![Row::certain(vec![Value::Unknown(gap)])],
                    },
                    value => single(column, vec![value]),
                })
            }
        }
    }

    fn unnest(&mut self, column: Name, array: Value, at: Span) -> Table {
        let array = match &array {
            Value::Text(text) => crate::session::functions::parse_array(text.as_str()).unwrap_or(array),
            _ => array,
        };
        match array {
            Value::Null => single(column, Vec::new()),
            Value::Array(items) => single(column, items.to_vec()),
            other => {
                let gap = other
                    .gap()
                    .cloned()
                    .unwrap_or_else(|| self.gap(at, "the elements of an array"));
                many(column, &gap)
            }
        }
    }

    fn series(&mut self, column: Name, args: &[Expr], env: &Env<'_>, at: Span) -> Run<Table> {
        let values: Run<Vec<_>> = args.iter().map(|a| self.eval(a, env)).collect();
        let values = values?;
        if values.iter().any(Value::is_null) {
            return Ok(single(column, Vec::new()));
        }
        let number = |i: usize| match values.get(i) {
            Some(Value::Int(n)) => Some(*n),
            _ => None,
        };
        let (Some(from), Some(to)) = (number(0), number(1)) else {
            let gap = values.iter().find_map(Value::gap).cloned();
            let gap = gap.unwrap_or_else(|| self.gap(at, "a series that is not followed"));
            return Ok(many(column, &gap));
        };
        let step = if values.len() > 2 {
            number(2).unwrap_or(0)
        } else {
            1
        };
        let span = if step > 0 {
            i128::from(to) - i128::from(from)
        } else {
            i128::from(from) - i128::from(to)
        };
        let count = if step == 0 {
            i128::MAX
        } else {
            span / i128::from(step.unsigned_abs()) + 1
        };
        if step == 0 || count > MAX_ARRAY as i128 {
            let gap = self.gap(at, "a series too long to be followed");
            return Ok(many(column, &gap));
        }
        let count = usize::try_from(count.max(0)).unwrap_or(0);
        let values = (0..count as i64).map(|i| Value::Int(from + i * step));
        let values: Vec<_> = if span < 0 { Vec::new() } else { values.collect() };
        Ok(single(column, values))
    }
}

fn single(column: Name, values: Vec<Value>) -> Table {
    Table {
        columns: vec![column],
        open: None,
        rows: values.into_iter().map(|v| Row::certain(vec![v])).collect(),
    }
}

fn many(column: Name, gap: &Gap) -> Table {
    Table {
        columns: vec![column],
        open: None,
        rows: vec![Row::any(1, gap)],
    }
}

pub(super) fn open_source(gap: &Gap) -> Source {
    Source {
        alias: None,
        columns: Vec::new(),
        open: Some(gap.clone()),
        catalog: false,
        start: 0,
        merged: Vec::new(),
    }
}

/// `WITH ORDINALITY`.
fn number_rows(table: &mut Table, at: Span) {
    table.columns.push(Name::new("ordinality"));
    let exact = table.is_exact();
    for (i, row) in table.rows.iter_mut().enumerate() {
        row.values.push(if exact {
            Value::Int(i as i64 + 1)
        } else {
            Value::Unknown(Gap::new(at, "the number of a row", crate::known::Reach::Rows))
        });
    }
}

/// The name of the function that is called.
pub(super) fn function_name(expr: &Expr) -> Option<Name> {
    match &expr.kind {
        ExprKind::Call(call) => Some(call.name.name.clone()),
        ExprKind::Cast(inner, ..) => function_name(inner),
        _ => None,
    }
}
