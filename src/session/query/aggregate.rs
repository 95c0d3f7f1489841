//! Aggregates over the rows of a group.

use super::tail::compare_keys;
use super::{Env, Row};
use crate::known::Truth;
use crate::session::Session;
use crate::session::flow::Run;
use crate::session::logic::compare_op;
use crate::session::value::Value;
use crate::source::Span;
use crate::tree::expr::Call;

/// Aggregates of the server.
static AGGREGATES: &[&str] = &[
    "count",
    "min",
    "max",
    "sum",
    "avg",
    "bool_and",
    "bool_or",
    "every",
    "array_agg",
    "string_agg",
    "json_agg",
    "jsonb_agg",
    "json_object_agg",
    "jsonb_object_agg",
    "xmlagg",
    "bit_and",
    "bit_or",
    "stddev",
    "variance",
    "mode",
    "percentile_cont",
    "percentile_disc",
];

/// Whether a name is an aggregate's.
pub(in crate::session) fn is_aggregate(name: &str) -> bool {
    AGGREGATES.contains(&name)
}

impl Session {
    pub(in crate::session) fn aggregate(&mut self, call: &Call, env: &Env<'_>, at: Span) -> Run<Value> {
        let Some(rows) = env.group else {
            return Ok(self.unknown(at, "an aggregate without its rows"));
        };
        let mut values: Vec<(Vec<Value>, Vec<Value>)> = Vec::new();
        for row in rows {
            self.tick(at)?;
            let inner = Env {
                row: &row.values,
                group: None,
                ..*env
            };
            if let Some(gap) = self.left_out(call, row, &inner)? {
                return Ok(gap);
            }
            if let Some(filter) = &call.filter
                && self.condition(filter, &inner)? != Truth::Yes
            {
                continue;
            }
            let args: Run<Vec<_>> = call.args.iter().map(|a| self.eval(a, &inner)).collect();
            let keys: Run<Vec<_>> = call.order_by.iter().map(|o| self.eval(&o.expr, &inner)).collect();
            values.push((keys?, args?));
        }
        if call.order_by.iter().enumerate().all(|(i, _)| {
            let known = |v: &(Vec<Value>, Vec<Value>)| v.0.get(i).is_some_and(|k| k.gap().is_none());
            values.iter().all(known)
        }) {
            values.sort_by(|a, b| compare_keys(&a.0, &b.0, &call.order_by));
        } else if values.len() > 1 {
            return Ok(self.unknown(at, "the order of rows"));
        }
        let mut args: Vec<Vec<Value>> = values.into_iter().map(|v| v.1).collect();
        if call.distinct {
            let mut seen: Vec<Vec<Value>> = Vec::new();
            for value in args {
                if !seen.iter().any(|s| s.iter().zip(&value).all(|(a, b)| a.same(b))) {
                    seen.push(value);
                }
            }
            args = seen;
        }
        self.fold(call, args, at)
    }

    /// Why it cannot be told whether a row counts.
    fn left_out(&mut self, call: &Call, row: &Row, env: &Env<'_>) -> Run<Option<Value>> {
        if let Some(gap) = &row.maybe {
            return Ok(Some(Value::Unknown(gap.clone())));
        }
        if row.many {
            let gap = row.values.iter().find_map(Value::gap).cloned();
            let gap = gap.unwrap_or_else(|| self.gap(row_span(call), "how many rows there are"));
            return Ok(Some(Value::Unknown(gap)));
        }
        if let Some(filter) = &call.filter
            && let Truth::Unknown(gap) = self.condition(filter, env)?
        {
            return Ok(Some(Value::Unknown(gap)));
        }
        Ok(None)
    }

    fn fold(&mut self, call: &Call, args: Vec<Vec<Value>>, at: Span) -> Run<Value> {
        let name = call.name.name.as_str();
        if name == "count" && (call.star || call.args.is_empty()) {
            return Ok(Value::Int(args.len() as i64));
        }
        if args.is_empty() {
            return Ok(if name == "count" {
                Value::Int(0)
            } else {
                Value::Null
            });
        }
        let separator = args.first().and_then(|a| a.get(1).cloned());
        let firsts: Vec<Value> = args
            .into_iter()
            .map(|mut a| {
                if a.is_empty() {
                    Value::Null
                } else {
                    a.swap_remove(0)
                }
            })
            .collect();
        if name == "array_agg" {
            return self.array_of(firsts, at);
        }
        if let (Some(gap), false) = (
            firsts.iter().find_map(|v| match v {
                Value::Unknown(gap) => Some(gap.clone()),
                _ => None,
            }),
            name == "string_agg",
        ) {
            return Ok(Value::Unknown(gap));
        }
        let values: Vec<Value> = firsts.into_iter().filter(|v| !v.is_null()).collect();
        if name == "count" {
            return Ok(Value::Int(values.len() as i64));
        }
        let Some(first) = values.first().cloned() else {
            return Ok(Value::Null);
        };
        match name {
            "min" | "max" => {
                let op = if name == "min" { "<" } else { ">" };
                let mut best = first;
                for value in values.into_iter().skip(1) {
                    match compare_op(op, &value, &best).truth() {
                        Truth::Yes => best = value,
                        Truth::No => {}
                        Truth::Unknown(gap) => return Ok(Value::Unknown(gap)),
                    }
                }
                Ok(best)
            }
            "sum" => {
                let mut sum = Value::Int(0);
                for value in &values {
                    sum = self.arithmetic("+", &sum, value, at)?;
                }
                Ok(sum)
            }
            "bool_or" => Ok(Value::Bool(values.iter().any(|v| v.truth() == Truth::Yes))),
            "bool_and" | "every" => Ok(Value::Bool(values.iter().all(|v| v.truth() == Truth::Yes))),
            "string_agg" => {
                let mut parts = Vec::new();
                for value in values {
                    if let (false, Some(separator)) = (parts.is_empty(), &separator)
                        && !separator.is_null()
                    {
                        parts.push((separator.clone(), at));
                    }
                    parts.push((value, at));
                }
                self.join_text(parts, at)
            }
            _ => Ok(self.unknown(at, format!("{name}() is not followed"))),
        }
    }
}

fn row_span(call: &Call) -> Span {
    call.args
        .first()
        .map_or(Span::new(crate::source::FileId(0), 0, 0), |a| a.span)
}
