//! Evaluates expressions: three-valued logic with a fourth value, unknown.

use smol_str::SmolStr;

use super::Session;
use super::flow::{Flow, Raised, Run};
use super::logic::{and, compare_op, is_bool, is_distinct, is_null, like, not, or};
use super::patterns::{similar, with_backslashes};
use super::query::{Env, field};
use super::value::{Object, Oid, Str, Value};
use crate::known::{Gap, Truth};
use crate::source::{Span, Text};
use crate::tree::{Expr, ExprKind, Query, RelationRef, SqlValue};

impl Session {
    /// The value of an expression.
    pub(super) fn eval(&mut self, expr: &Expr, env: &Env<'_>) -> Run<Value> {
        self.tick(expr.span)?;
        let at = expr.span;
        Ok(match &expr.kind {
            ExprKind::Null | ExprKind::Default => Value::Null,
            ExprKind::Bool(b) => Value::Bool(*b),
            ExprKind::Number(text) => Value::numeric(text),
            ExprKind::String(text) => self
                .holed_string(text, at)
                .unwrap_or_else(|| Value::Text(literal(text, at))),
            ExprKind::BitString(text, _) => Value::text(text.clone()),
            ExprKind::Const(None, _) => Value::Null,
            ExprKind::Const(Some(text), ty) => self.cast(Value::text(text.clone()), ty, at)?,
            ExprKind::Column(name) if self.is_hole(&name.name) => {
                self.unknown(at, "a text of which parts are not known")
            }
            ExprKind::Column(name) => self.column(name, env, at)?,
            ExprKind::Relation(relation) => relation_value(*relation),
            ExprKind::Var(_) | ExprKind::Star(_) => self.unknown(at, "a column without a row"),
            ExprKind::Param(n) => self.param(*n, at),
            ExprKind::Value(value, _) => self.keyword_value(*value, at),
            ExprKind::Binary(op, a, b) => self.binary(op, a, b, env, at)?,
            ExprKind::Unary(op, a) => {
                let value = self.eval(a, env)?;
                self.unary(op, value, at)
            }
            ExprKind::Not(a) => not(self.eval(a, env)?),
            ExprKind::And(items) => self.all(items, true, env)?,
            ExprKind::Or(items) => self.all(items, false, env)?,
            ExprKind::IsNull(a, negated) => is_null(&self.eval(a, env)?, *negated),
            ExprKind::IsBool(a, wanted, negated) => is_bool(&self.eval(a, env)?, *wanted, *negated),
            ExprKind::IsDistinct(a, b, negated) => {
                let (a, b) = (self.eval(a, env)?, self.eval(b, env)?);
                is_distinct(&a, &b, *negated)
            }
            ExprKind::Between(x, low, high, symmetric, negated) => {
                let x = self.eval(x, env)?;
                let (low, high) = (self.eval(low, env)?, self.eval(high, env)?);
                let within =
                    |low: &Value, high: &Value| and(compare_op(">=", &x, low), compare_op("<=", &x, high));
                let plain = within(&low, &high);
                let found = if *symmetric {
                    or(plain, within(&high, &low))
                } else {
                    plain
                };
                if *negated { not(found) } else { found }
            }
            ExprKind::In(x, items, negated) => {
                let x = self.eval(x, env)?;
                let mut found = Value::Bool(false);
                for item in items {
                    let item = self.eval(item, env)?;
                    found = or(found, self.compare_values("=", &x, &item, at)?);
                    if matches!(found, Value::Bool(true)) {
                        break;
                    }
                }
                if *negated { not(found) } else { found }
            }
            ExprKind::InQuery(x, query, negated) => {
                let x = self.eval(x, env)?;
                let found = self.any_of_query(&x, "=", query, true, env, at)?;
                if *negated { not(found) } else { found }
            }
            ExprKind::Quantified(x, op, quantifier, array) => {
                let x = self.eval(x, env)?;
                let array = self.eval(array, env)?;
                self.any_of_array(&x, op, &array, *quantifier == crate::tree::Quantifier::Any, at)?
            }
            ExprKind::QuantifiedQuery(x, op, quantifier, query) => {
                let x = self.eval(x, env)?;
                self.any_of_query(
                    &x,
                    op,
                    query,
                    *quantifier == crate::tree::Quantifier::Any,
                    env,
                    at,
                )?
            }
            ExprKind::Like(x, kind, pattern, escape, negated) => {
                let (x, pattern) = (self.eval(x, env)?, self.eval(pattern, env)?);
                let escape = match escape {
                    Some(escape) => Some(self.eval(escape, env)?),
                    None => None,
                };
                let found = match (&escape, kind.as_str()) {
                    (_, "SIMILAR TO") => similar(&x, &pattern, escape.as_ref(), at),
                    (None, kind) => like(&x, &pattern, kind == "ILIKE", at),
                    (Some(escape), kind) => match with_backslashes(&pattern, escape, at) {
                        Ok(pattern) => like(&x, &pattern, kind == "ILIKE", at),
                        Err(untold) => untold,
                    },
                };
                if *negated { not(found) } else { found }
            }
            ExprKind::Exists(query) => self.exists(query, env)?,
            ExprKind::Subquery(query) => self.scalar(query, env)?,
            ExprKind::ArrayQuery(query) => self.array_of_query(query, env)?,
            ExprKind::Case(subject, whens, otherwise) => {
                self.case(subject.as_deref(), whens, otherwise.as_deref(), env, at)?
            }
            ExprKind::Call(call) => self.call(call, env, at)?,
            ExprKind::Keyword(word, items) => self.keyword(word, items, env, at)?,
            ExprKind::Cast(a, ty, _) => {
                let value = self.eval(a, env)?;
                self.cast(value, ty, at)?
            }
            ExprKind::Collate(a, _) => self.eval(a, env)?,
            ExprKind::AtTimeZone(a, b) => {
                self.eval(a, env)?;
                self.eval(b, env)?;
                self.unknown(at, "times are not followed")
            }
            ExprKind::Array(items) => {
                let items: Run<Vec<_>> = items.iter().map(|i| self.eval(i, env)).collect();
                let items = items?;
                self.spend(items.len() as u64 / 4, at)?;
                Value::array(items)
            }
            ExprKind::Row(items) => {
                let fields: Run<Vec<_>> = items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| Ok((format!("f{}", i + 1).as_str().into(), self.eval(item, env)?)))
                    .collect();
                Value::Record(std::sync::Arc::new(fields?))
            }
            ExprKind::Subscript(a, low, high, slice) => {
                let array = self.eval(a, env)?;
                let mut bound = |e: &Option<Box<Expr>>| e.as_ref().map(|e| self.eval(e, env)).transpose();
                let (low, high) = (bound(low)?, bound(high)?);
                self.subscript(array, low, high, *slice, at)
            }
            ExprKind::Field(a, name) => {
                let record = self.eval(a, env)?;
                field(&record, name).unwrap_or_else(|| self.unknown(at, format!("field \"{name}\"")))
            }
            ExprKind::Opaque(_) => self.unknown(at, "this expression is not understood"),
        })
    }

    /// An unknown value.
    pub(super) fn unknown(&self, at: Span, why: impl Into<String>) -> Value {
        Value::Unknown(self.gap(at, why))
    }

    /// An expression as a condition.
    pub(super) fn condition(&mut self, expr: &Expr, env: &Env<'_>) -> Run<Truth> {
        Ok(self.eval(expr, env)?.truth())
    }

    fn param(&self, n: u32, at: Span) -> Value {
        let param = self
            .world
            .frames
            .last()
            .and_then(|f| f.params.get((n as usize).checked_sub(1)?).cloned());
        param.unwrap_or_else(|| self.unknown(at, format!("parameter ${n}")))
    }

    fn keyword_value(&self, value: SqlValue, at: Span) -> Value {
        match value {
            SqlValue::CurrentSchema => self.current_schema(),
            SqlValue::CurrentDate
            | SqlValue::CurrentTime
            | SqlValue::CurrentTimestamp
            | SqlValue::LocalTime
            | SqlValue::LocalTimestamp => self.unknown(at, "the time of the run"),
            SqlValue::CurrentRole | SqlValue::CurrentUser | SqlValue::User | SqlValue::SessionUser => {
                self.unknown(at, "the role of the connection")
            }
            SqlValue::CurrentCatalog => self.unknown(at, "the name of the database"),
        }
    }

    /// `AND` (true) or `OR`, left to right; what may not be reached runs perhaps.
    fn all(&mut self, items: &[Expr], conjunction: bool, env: &Env<'_>) -> Run<Value> {
        let mut out = Value::Bool(conjunction);
        for item in items {
            let value = match out.gap().cloned() {
                Some(gap) if calls(item) => self.eval_perhaps(item, env, &gap)?,
                _ => self.eval(item, env)?,
            };
            out = if conjunction {
                and(out, value)
            } else {
                or(out, value)
            };
            if matches!(out, Value::Bool(b) if b != conjunction) {
                break;
            }
        }
        Ok(out)
    }

    /// Evaluates where it cannot be told whether the server does.
    pub(super) fn eval_perhaps(&mut self, expr: &Expr, env: &Env<'_>, gap: &Gap) -> Run<Value> {
        if !calls(expr) {
            // Without calls there is no effect; an error may not come, then.
            return match self.eval(expr, env) {
                Err(raised) if !raised.is_budget() => Ok(Value::Unknown(gap.clone())),
                other => other,
            };
        }
        let mut value = Value::Unknown(gap.clone());
        let flow = self.perhaps(gap, |session| match session.eval(expr, env) {
            Ok(found) => {
                value = found;
                Flow::Normal
            }
            Err(raised) => Flow::Raise(raised),
        });
        match flow {
            Flow::Raise(raised) if raised.is_budget() => Err(raised),
            _ => Ok(value),
        }
    }

    fn case(
        &mut self,
        subject: Option<&Expr>,
        whens: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
        env: &Env<'_>,
        at: Span,
    ) -> Run<Value> {
        let subject = subject.map(|s| self.eval(s, env)).transpose()?;
        let mut out: Option<(Value, Gap)> = None;
        for (when, then) in whens {
            let value = self.eval(when, env)?;
            let holds = match &subject {
                Some(subject) => self.compare_values("=", subject, &value, at)?.truth(),
                None => value.truth(),
            };
            match holds {
                Truth::No => {}
                Truth::Yes => return self.case_end(Some(then), out, env),
                Truth::Unknown(gap) => {
                    let value = self.eval_perhaps(then, env, &gap)?;
                    out = Some(match out {
                        None => (value, gap),
                        Some((first, gap)) => (first.join(value, &gap), gap),
                    });
                }
            }
        }
        self.case_end(otherwise, out, env)
    }

    fn case_end(&mut self, last: Option<&Expr>, out: Option<(Value, Gap)>, env: &Env<'_>) -> Run<Value> {
        match (last, out) {
            (None, None) => Ok(Value::Null),
            (Some(last), None) => self.eval(last, env),
            (None, Some((first, gap))) => Ok(first.join(Value::Null, &gap)),
            (Some(last), Some((first, gap))) => {
                let value = self.eval_perhaps(last, env, &gap)?;
                Ok(first.join(value, &gap))
            }
        }
    }

    /// `COALESCE`, `GREATEST`, `LEAST`, `NULLIF`.
    fn keyword(&mut self, word: &str, items: &[Expr], env: &Env<'_>, at: Span) -> Run<Value> {
        match word {
            "COALESCE" => {
                let mut out: Option<(Value, Gap)> = None;
                for item in items {
                    let value = match &out {
                        None => self.eval(item, env)?,
                        Some((_, gap)) => self.eval_perhaps(item, env, &gap.clone())?,
                    };
                    match value.gap().cloned() {
                        Some(gap) => {
                            out = Some(match out {
                                None => (value, gap),
                                Some((first, gap)) => (first.join(value, &gap), gap),
                            });
                        }
                        None if value.is_null() => {}
                        None => {
                            return Ok(match out {
                                None => value,
                                Some((first, gap)) => first.join(value, &gap),
                            });
                        }
                    }
                }
                Ok(out.map_or(Value::Null, |o| o.0))
            }
            "NULLIF" => {
                let values: Run<Vec<_>> = items.iter().map(|i| self.eval(i, env)).collect();
                let values = values?;
                let [a, b] = values.as_slice() else {
                    return Ok(self.unknown(at, "NULLIF"));
                };
                Ok(match self.compare_values("=", a, b, at)?.truth() {
                    Truth::Yes => Value::Null,
                    Truth::No => a.clone(),
                    Truth::Unknown(gap) => Value::Unknown(gap),
                })
            }
            "GREATEST" | "LEAST" => {
                let mut out = Value::Null;
                for item in items {
                    let value = self.eval(item, env)?;
                    if value.is_null() {
                        continue;
                    }
                    let op = if word == "GREATEST" { ">" } else { "<" };
                    out = if out.is_null() {
                        value
                    } else {
                        match compare_op(op, &value, &out).truth() {
                            Truth::Yes => value,
                            Truth::No => out,
                            Truth::Unknown(gap) => Value::Unknown(gap),
                        }
                    };
                }
                Ok(out)
            }
            _ => {
                for item in items {
                    self.eval(item, env)?;
                }
                Ok(self.unknown(at, format!("{word} is not followed")))
            }
        }
    }

    fn any_of_array(&mut self, x: &Value, op: &str, array: &Value, any: bool, at: Span) -> Run<Value> {
        let array = match array {
            Value::Text(text) => super::functions::parse_array(text.as_str()).unwrap_or(Value::Null),
            other => other.clone(),
        };
        let items = match &array {
            Value::Array(items) => items.clone(),
            Value::Null => return Ok(Value::Null),
            other => {
                let gap = other.gap().cloned();
                return Ok(Value::Unknown(gap.unwrap_or_else(|| self.gap(at, "an array"))));
            }
        };
        self.spend(items.len() as u64 / 4, at)?;
        let mut out = Value::Bool(!any);
        for item in items.iter() {
            let holds = self.compare_values(op, x, item, at)?;
            out = if any { or(out, holds) } else { and(out, holds) };
            if matches!(out, Value::Bool(b) if b == any) {
                break;
            }
        }
        Ok(out)
    }

    fn any_of_query(
        &mut self,
        x: &Value,
        op: &str,
        query: &Query,
        any: bool,
        env: &Env<'_>,
        at: Span,
    ) -> Run<Value> {
        let table = self.query(query, env)?;
        let mut out = Value::Bool(!any);
        for row in &table.rows {
            let value = match (x, row.values.len()) {
                (Value::Record(_), n) if n > 1 => {
                    let fields = table.columns.iter().cloned().zip(row.values.iter().cloned());
                    Value::Record(std::sync::Arc::new(fields.collect()))
                }
                _ => row.values.first().cloned().unwrap_or(Value::Null),
            };
            let mut holds = self.compare_values(op, x, &value, at)?;
            if let Some(gap) = &row.maybe {
                // A row that may not be there only counts where it would not change the answer.
                holds = match holds {
                    Value::Bool(b) if b != any => holds,
                    _ => Value::Unknown(gap.clone()),
                };
            }
            out = if any { or(out, holds) } else { and(out, holds) };
        }
        Ok(out)
    }
}

/// A relation that a stored expression names.
fn relation_value(relation: RelationRef) -> Value {
    use crate::schema::{IndexId, Relation, SequenceId, TableId};
    let relation = match relation {
        RelationRef::Table(t) => Relation::Table(TableId(t)),
        RelationRef::Index(t, i) => Relation::Index(TableId(t), IndexId(i)),
        RelationRef::Sequence(s) => Relation::Sequence(SequenceId(s)),
    };
    Value::Oid(Box::new(Oid {
        object: Object::Relation(relation),
        reg: true,
    }))
}

/// A literal as text; it is exact where the quotes are all that is not in it.
fn literal(text: &SmolStr, at: Span) -> Str {
    let length = (at.end - at.start) as usize;
    if text.len() + 2 == length {
        let inner = Span {
            start: at.start + 1,
            end: at.end - 1,
            ..at
        };
        Str::Placed(Text::composed([(text.to_string(), inner, true)]))
    } else {
        Str::Placed(Text::composed([(text.to_string(), at, false)]))
    }
}

/// Whether an expression calls functions or asks queries, so that evaluating it may have effects.
pub(super) fn calls(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |e| {
        found |= matches!(
            e.kind,
            ExprKind::Call(_)
                | ExprKind::Exists(_)
                | ExprKind::Subquery(_)
                | ExprKind::ArrayQuery(_)
                | ExprKind::InQuery(..)
                | ExprKind::QuantifiedQuery(..)
        );
    });
    found
}

/// The error of a wrong cast or the like.
pub(super) fn invalid(kind: &str, text: &str, at: Span) -> Box<Raised> {
    Raised::certain(
        "22P02",
        format!("invalid input syntax for type {kind}: \"{text}\""),
        at,
    )
}
