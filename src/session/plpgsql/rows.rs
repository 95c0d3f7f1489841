//! Loops over rows and elements: a row that may be there gives an iteration that may come.

use super::loops::Iteration;
use super::record;
use crate::known::Gap;
use crate::name::Name;
use crate::session::Session;
use crate::session::flow::{Flow, Raised, Run};
use crate::session::query::{Row, Table};
use crate::session::value::Value;
use crate::session::world::Course;
use crate::source::Span;
use crate::tree::plpgsql::Stmt;

impl Session {
    /// `FOR row IN query`: a row that may be there gives an iteration that may come.
    pub(super) fn run_rows(
        &mut self,
        label: Option<&Name>,
        variables: &[Name],
        table: Table,
        body: &[Stmt],
        at: Span,
    ) -> Flow {
        let undeclared = variables.first().filter(|v| self.world.variable(v).is_none());
        let mut running = self.running(label, body, at, undeclared);
        for row in &table.rows {
            if let Err(raised) = self.tick(at) {
                return Flow::Raise(raised);
            }
            let skip = (row.maybe.is_some() || row.many).then(|| self.world.clone());
            if row.many {
                self.widen(body, at);
            }
            if let Err(raised) = self.assign_row(variables, &table, row, at) {
                return self.leave(running, Some(Flow::Raise(raised)));
            }
            let ends = match self.iterate(&mut running) {
                Iteration::GoesOn => None,
                Iteration::Ends(flow) => Some(flow),
            };
            if ends.is_none() && row.many {
                self.widen(body, at);
            }
            match (skip, ends) {
                (None, None) => {}
                (None, Some(Flow::Normal)) => return self.leave(running, None),
                (None, Some(flow)) => return self.leave(running, Some(flow)),
                (Some(_), Some(Flow::Raise(raised))) if raised.is_budget() => return Flow::Raise(raised),
                (Some(before), ends) => {
                    let gap = row.maybe.clone();
                    let gap = gap.unwrap_or_else(|| self.gap(at, "how many rows there are"));
                    let mut courses = Vec::new();
                    match ends {
                        Some(Flow::Normal) => {}
                        other => courses.push(Course {
                            flow: other.unwrap_or(Flow::Normal),
                            world: self.world.clone(),
                            gap: gap.clone(),
                        }),
                    }
                    // A row that is there for certain, one of many, surely ran once.
                    if row.maybe.is_some() || courses.is_empty() {
                        courses.push(Course {
                            flow: Flow::Normal,
                            world: before,
                            gap,
                        });
                    }
                    let base = running.base.clone();
                    let flow = self.merge(&base, courses);
                    if flow != Flow::Normal {
                        return self.leave(running, Some(flow));
                    }
                }
            }
        }
        self.leave(running, Some(Flow::Normal))
    }

    fn assign_row(&mut self, variables: &[Name], table: &Table, row: &Row, at: Span) -> Run<()> {
        if let [variable] = variables {
            let whole = self.world.variable(variable).is_none_or(|v| v.ty.is_empty())
                || self.takes_row(std::slice::from_ref(variable));
            let value = if whole {
                match &table.open {
                    Some(gap) if table.columns.is_empty() => Value::Unknown(gap.clone()),
                    _ => record(&table.columns, &row.values),
                }
            } else {
                let open = || table.open.clone().map_or(Value::Null, Value::Unknown);
                row.values.first().cloned().unwrap_or_else(open)
            };
            return self.assign(std::slice::from_ref(variable), value, at);
        }
        for (i, variable) in variables.iter().enumerate() {
            let open = || table.open.clone().map_or(Value::Null, Value::Unknown);
            let value = row.values.get(i).cloned().unwrap_or_else(open);
            self.assign(std::slice::from_ref(variable), value, at)?;
        }
        Ok(())
    }

    pub(super) fn run_each(
        &mut self,
        label: Option<&Name>,
        variables: &[Name],
        slice: bool,
        array: &Value,
        body: &[Stmt],
        at: Span,
    ) -> Flow {
        let items = match array {
            Value::Array(items) if !slice => items.to_vec(),
            Value::Text(text) if !slice => match crate::session::functions::parse_array(text.as_str()) {
                Some(Value::Array(items)) => items.to_vec(),
                _ => return self.unknown_rows(label, variables, body, at, None),
            },
            Value::Null => {
                return Flow::Raise(Raised::certain(
                    "22004",
                    "FOREACH expression must not be null",
                    at,
                ));
            }
            other => return self.unknown_rows(label, variables, body, at, other.gap().cloned()),
        };
        let table = Table {
            columns: variables.to_vec(),
            open: None,
            rows: items
                .into_iter()
                .map(|item| {
                    Row::certain(match (item, variables.len()) {
                        (Value::Record(fields), n) if n > 1 => fields.iter().map(|f| f.1.clone()).collect(),
                        (item, _) => vec![item],
                    })
                })
                .collect(),
        };
        self.run_scalars(label, variables, table, body, at)
    }

    fn unknown_rows(
        &mut self,
        label: Option<&Name>,
        variables: &[Name],
        body: &[Stmt],
        at: Span,
        gap: Option<Gap>,
    ) -> Flow {
        let gap = gap.unwrap_or_else(|| self.gap(at, "the elements of an array"));
        let table = Table {
            columns: variables.to_vec(),
            open: None,
            rows: vec![Row::any(variables.len(), &gap)],
        };
        self.run_scalars(label, variables, table, body, at)
    }

    /// Elements are assigned as they are, not as rows.
    fn run_scalars(
        &mut self,
        label: Option<&Name>,
        variables: &[Name],
        table: Table,
        body: &[Stmt],
        at: Span,
    ) -> Flow {
        self.run_rows(label, variables, table, body, at)
    }
}
