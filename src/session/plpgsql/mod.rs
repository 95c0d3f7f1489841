//! Runs plpgsql: statements, conditions, assignments.
//!
//! Source: PostgreSQL manual, chapter 43; `pl_exec.c`.

mod block;
mod call;
mod conditions;
mod dynamic;
mod loops;

use std::sync::Arc;

use super::Session;
use super::flow::{Flow, Raised, RaisedKind, Run};
use super::query::{Env, Table, field};
use super::value::Value;
use crate::known::{Gap, Reach, Truth};
use crate::name::Name;
use crate::source::Span;
use crate::tree::Expr;
use crate::tree::plpgsql::{RaiseLevel, Stmt, StmtKind};

impl Session {
    /// Runs statements until one does not end normally.
    pub(super) fn run_statements(&mut self, statements: &[Stmt]) -> Flow {
        for statement in statements {
            let flow = self.run_statement(statement);
            if flow != Flow::Normal {
                return flow;
            }
        }
        Flow::Normal
    }

    fn run_statement(&mut self, statement: &Stmt) -> Flow {
        let at = statement.span;
        if let Err(raised) = self.tick(at) {
            return Flow::Raise(raised);
        }
        match &statement.kind {
            StmtKind::Block(block) => self.run_block(block, at),
            StmtKind::Assign {
                target,
                subscripted,
                value,
            } => Flow::of(self.run_assignment(target, *subscripted, value, at)),
            StmtKind::If { branches, otherwise } => self.run_if(branches, otherwise),
            StmtKind::Case {
                subject,
                branches,
                otherwise,
            } => self.run_case(subject.as_ref(), branches, otherwise.as_deref(), at),
            StmtKind::Loop { .. }
            | StmtKind::While { .. }
            | StmtKind::ForRange { .. }
            | StmtKind::ForQuery { .. }
            | StmtKind::ForExecute { .. }
            | StmtKind::ForCursor { .. }
            | StmtKind::ForEach { .. } => self.run_looping(&statement.kind, at),
            StmtKind::Exit {
                continues,
                label,
                when,
            } => {
                let leave = if *continues {
                    Flow::Continue(label.clone())
                } else {
                    Flow::Exit(label.clone())
                };
                self.run_exit(leave, when.as_ref())
            }
            StmtKind::Return { value, ends } => self.run_return(value.as_ref(), *ends),
            StmtKind::Raise {
                level,
                condition,
                message,
                args,
                errcode,
                rethrow,
            } => match self.eval_all(args) {
                Err(raised) => Flow::Raise(raised),
                Ok(_) if *level == RaiseLevel::Message => Flow::Normal,
                Ok(_) => self.run_raise(
                    condition.as_deref(),
                    message.as_deref(),
                    errcode.as_ref(),
                    *rethrow,
                    at,
                ),
            },
            StmtKind::Assert { condition } => self.run_assert(condition, at),
            StmtKind::Execute {
                text,
                into,
                strict,
                using,
            } => Flow::of(self.run_execute(text, into, *strict, using, at)),
            StmtKind::Perform(query) => Flow::of(self.run_perform(query)),
            StmtKind::Sql { text, into, strict } => Flow::of(self.run_sql_text(text, into, *strict, at)),
            StmtKind::SelectInto { query, into, strict } => {
                Flow::of(self.run_select_into(query, into, *strict, at))
            }
            StmtKind::GetDiagnostics { items } => {
                let targets: Vec<_> = items.iter().map(|i| i.0.clone()).collect();
                self.forget(&targets, at, "what GET DIAGNOSTICS tells");
                Flow::Normal
            }
            StmtKind::Cursor { into } => {
                self.forget(into, at, "the rows of a cursor");
                Flow::Normal
            }
            StmtKind::Transaction { commit } => Flow::of(self.end_within_procedure(*commit, at)),
            StmtKind::Nothing => Flow::Normal,
            StmtKind::Opaque(word) => {
                self.open(Gap::new(
                    at,
                    format!("{word} is not understood"),
                    Reach::Everything,
                ));
                Flow::Normal
            }
        }
    }

    fn eval_all(&mut self, exprs: &[Expr]) -> Run<Vec<Value>> {
        exprs.iter().map(|e| self.eval(e, &Env::EMPTY)).collect()
    }

    fn run_assignment(&mut self, target: &[Name], subscripted: bool, value: &Expr, at: Span) -> Run<()> {
        let value = self.eval(value, &Env::EMPTY)?;
        if subscripted {
            self.forget(&[target.to_vec()], at, "an element was assigned");
            return Ok(());
        }
        self.assign(target, value, at)
    }

    /// Assigns to a variable, or a field of a record.
    fn assign(&mut self, target: &[Name], value: Value, at: Span) -> Run<()> {
        let Some((first, rest)) = target.split_first() else {
            return Ok(());
        };
        // `label.variable`, unless the first name is a variable itself.
        let (first, rest) = match rest.split_first() {
            Some((second, rest)) if self.world.variable(first).is_none() => (second, rest),
            _ => (first, rest),
        };
        let Some(ty) = self.world.variable(first).map(|v| v.ty.clone()) else {
            return Ok(());
        };
        if let [name] = rest {
            if let Some(variable) = self.world.variable_mut(first) {
                set_field(&mut variable.value, name, value);
            }
            return Ok(());
        }
        let value = if rest.is_empty() {
            self.cast_spelled(value, &ty, at)?
        } else {
            self.unknown(at, "a field of a field")
        };
        if let Some(variable) = self.world.variable_mut(first) {
            variable.value = value;
        }
        Ok(())
    }

    /// Casts to a type as a declaration spells it; types of rows and of other columns are left as they are.
    fn cast_spelled(&mut self, value: Value, ty: &str, at: Span) -> Run<Value> {
        if ty.is_empty() || ty.contains('%') || ty == "record" || value.is_null() {
            return Ok(value);
        }
        match self.spelled_type(ty, at) {
            Some(ty) => self.cast(value, &ty, at),
            None => Ok(value),
        }
    }

    /// Makes variables unknown.
    pub(super) fn forget(&mut self, targets: &[Vec<Name>], at: Span, why: &str) {
        let gap = self.gap(at, why);
        for target in targets {
            let Some(first) = target.first() else { continue };
            let name = match target.get(1) {
                Some(second) if self.world.variable(first).is_none() => second,
                _ => first,
            };
            if let Some(variable) = self.world.variable_mut(name) {
                variable.value = Value::Unknown(gap.clone());
            }
        }
    }

    fn run_if(&mut self, branches: &[(Expr, Vec<Stmt>)], otherwise: &[Stmt]) -> Flow {
        let Some(((condition, body), rest)) = branches.split_first() else {
            return self.run_statements(otherwise);
        };
        match self.condition(condition, &Env::EMPTY) {
            Err(raised) => Flow::Raise(raised),
            Ok(Truth::Yes) => self.run_statements(body),
            Ok(Truth::No) => self.run_if(rest, otherwise),
            Ok(Truth::Unknown(gap)) => {
                let base = self.world.clone();
                let flow = self.run_statements(body);
                let taken = self.end_course(&base, flow, &gap);
                let flow = self.run_if(rest, otherwise);
                let other = self.end_course(&base, flow, &gap);
                self.merge(&base, vec![taken, other])
            }
        }
    }

    fn run_case(
        &mut self,
        subject: Option<&Expr>,
        branches: &[(Vec<Expr>, Vec<Stmt>)],
        otherwise: Option<&[Stmt]>,
        at: Span,
    ) -> Flow {
        let subject = match subject.map(|s| self.eval(s, &Env::EMPTY)).transpose() {
            Ok(subject) => subject,
            Err(raised) => return Flow::Raise(raised),
        };
        self.run_case_branches(subject.as_ref(), branches, otherwise, at)
    }

    fn run_case_branches(
        &mut self,
        subject: Option<&Value>,
        branches: &[(Vec<Expr>, Vec<Stmt>)],
        otherwise: Option<&[Stmt]>,
        at: Span,
    ) -> Flow {
        let Some(((conditions, body), rest)) = branches.split_first() else {
            return match otherwise {
                Some(body) => self.run_statements(body),
                None => Flow::Raise(Raised::certain("20000", "case not found", at)),
            };
        };
        let mut holds = Truth::No;
        for condition in conditions {
            let value = match self.eval(condition, &Env::EMPTY) {
                Ok(value) => value,
                Err(raised) => return Flow::Raise(raised),
            };
            let truth = match subject {
                Some(subject) => match self.compare_values("=", subject, &value, at) {
                    Ok(value) => value.truth(),
                    Err(raised) => return Flow::Raise(raised),
                },
                None => value.truth(),
            };
            holds = match (holds, truth) {
                (Truth::Yes, _) | (_, Truth::Yes) => Truth::Yes,
                (Truth::Unknown(gap), _) | (_, Truth::Unknown(gap)) => Truth::Unknown(gap),
                (Truth::No, Truth::No) => Truth::No,
            };
        }
        match holds {
            Truth::Yes => self.run_statements(body),
            Truth::No => self.run_case_branches(subject, rest, otherwise, at),
            Truth::Unknown(gap) => {
                let base = self.world.clone();
                let flow = self.run_statements(body);
                let taken = self.end_course(&base, flow, &gap);
                let flow = self.run_case_branches(subject, rest, otherwise, at);
                let other = self.end_course(&base, flow, &gap);
                self.merge(&base, vec![taken, other])
            }
        }
    }

    /// `EXIT`, `CONTINUE`, with their condition.
    fn run_exit(&mut self, leave: Flow, when: Option<&Expr>) -> Flow {
        let Some(when) = when else { return leave };
        match self.condition(when, &Env::EMPTY) {
            Err(raised) => Flow::Raise(raised),
            Ok(Truth::Yes) => leave,
            Ok(Truth::No) => Flow::Normal,
            Ok(Truth::Unknown(gap)) => self.perhaps(&gap, |_| leave),
        }
    }

    fn run_return(&mut self, value: Option<&Expr>, ends: bool) -> Flow {
        let value = match value {
            // `RETURN QUERY`: its rows are not kept, what it calls runs.
            Some(Expr {
                kind: crate::tree::ExprKind::Subquery(query),
                ..
            }) if !ends => self.query(query, &Env::EMPTY).map(|_| None),
            Some(value) => self.eval(value, &Env::EMPTY).map(Some),
            None => Ok(None),
        };
        let value = match value {
            Ok(value) => value,
            Err(raised) => return Flow::Raise(raised),
        };
        if let Some(frame) = self.world.frame() {
            if ends {
                frame.result = value.or_else(|| frame.result.clone());
            } else {
                frame.returned_rows = true;
            }
        }
        if ends { Flow::Return } else { Flow::Normal }
    }

    fn run_raise(
        &mut self,
        condition: Option<&str>,
        message: Option<&str>,
        errcode: Option<&Expr>,
        rethrow: bool,
        at: Span,
    ) -> Flow {
        if rethrow {
            let caught = self.world.frame().and_then(|f| f.caught.last().cloned());
            let code = caught
                .as_ref()
                .and_then(Value::as_str)
                .and_then(conditions::interned);
            let mut raised = Raised::certain(code.unwrap_or("P0001"), "the error is raised again", at);
            if code.is_none() {
                raised.kind = RaisedKind::Any(self.gap(at, "which error is raised again"));
            }
            return Flow::Raise(raised);
        }
        let code = match errcode.map(|e| self.eval(e, &Env::EMPTY)).transpose() {
            Err(raised) => return Flow::Raise(raised),
            Ok(Some(value)) => value.as_str().map(str::to_owned),
            Ok(None) => condition.map(str::to_owned).or_else(|| Some("P0001".to_owned())),
        };
        let code = code.map(|c| match conditions::codes(&c.to_ascii_lowercase()).next() {
            Some(code) => code.to_owned(),
            None => c,
        });
        let message = message
            .or(condition)
            .unwrap_or("an exception is raised")
            .to_owned();
        let known = code.as_deref().and_then(conditions::interned);
        let mut raised = Raised::certain(known.unwrap_or("P0001"), message, at);
        if known.is_none() {
            raised.kind = RaisedKind::Code(code.map(Into::into));
        }
        Flow::Raise(raised)
    }

    fn run_assert(&mut self, condition: &Expr, at: Span) -> Flow {
        match self.condition(condition, &Env::EMPTY) {
            Err(raised) => Flow::Raise(raised),
            Ok(Truth::No) => Flow::Raise(Raised::certain("P0004", "assertion failed", at)),
            Ok(Truth::Yes) => Flow::Normal,
            Ok(Truth::Unknown(gap)) => {
                self.may_raise(RaisedKind::Any(gap.clone()), &gap, at);
                Flow::Normal
            }
        }
    }

    fn run_perform(&mut self, query: &crate::tree::Query) -> Run<()> {
        self.unknown_calls(query);
        let table = self.query(query, &Env::EMPTY)?;
        self.set_found(&table);
        Ok(())
    }

    fn set_found(&mut self, table: &Table) {
        let found = if table.rows.iter().any(|r| r.maybe.is_none()) {
            Value::Bool(true)
        } else {
            match table.rows.iter().find_map(|r| r.maybe.clone()) {
                Some(gap) => Value::Unknown(gap),
                None => Value::Bool(false),
            }
        };
        if let Some(frame) = self.world.frame() {
            frame.found = Some(found);
        }
    }

    fn run_select_into(
        &mut self,
        query: &crate::tree::Query,
        into: &[Vec<Name>],
        strict: bool,
        at: Span,
    ) -> Run<()> {
        self.unknown_calls(query);
        let table = self.query(query, &Env::EMPTY)?;
        self.set_found(&table);
        self.assign_first(&table, into, strict, at)
    }

    /// Assigns the first row of a result; NULLs where there is none.
    fn assign_first(&mut self, table: &Table, into: &[Vec<Name>], strict: bool, at: Span) -> Run<()> {
        if strict && table.is_exact() && table.rows.len() != 1 {
            let (code, message) = if table.rows.is_empty() {
                ("P0002", "query returned no rows")
            } else {
                ("P0003", "query returned more than one row")
            };
            return Err(Raised::certain(code, message, at));
        }
        let first = table.rows.first();
        let unsure = match first {
            Some(row) if row.maybe.is_none() && !row.many => None,
            None => None,
            Some(_) if table.rows.iter().take(1).all(|r| r.maybe.is_none()) => None,
            Some(_) => table.gap(),
        };
        if strict && let Some(gap) = table.gap() {
            self.may_raise(RaisedKind::Any(gap.clone()), &gap, at);
        }
        if let Some(gap) = &unsure {
            self.forget(into, at, &gap.why.clone());
            return Ok(());
        }
        let nulls = Vec::new();
        let values = first.map_or(&nulls, |r| &r.values);
        if let [target] = into
            && self.takes_row(target)
        {
            let value = match (first, &table.open) {
                (None, _) => Value::Null,
                (Some(_), Some(gap)) if table.columns.is_empty() => Value::Unknown(gap.clone()),
                (Some(row), _) => record(&table.columns, &row.values),
            };
            return self.assign(target, value, at);
        }
        for (i, target) in into.iter().enumerate() {
            let value = match (values.get(i), &table.open, first) {
                (Some(value), _, _) => value.clone(),
                (None, Some(gap), Some(_)) => Value::Unknown(gap.clone()),
                (None, _, _) => Value::Null,
            };
            self.assign(target, value, at)?;
        }
        Ok(())
    }

    /// Whether a variable takes a whole row: a record or a row type.
    fn takes_row(&self, target: &[Name]) -> bool {
        let [name] = target else { return false };
        let Some(variable) = self.world.variable(name) else {
            return false;
        };
        variable.ty == "record"
            || variable.ty.ends_with("%rowtype")
            || matches!(variable.value, Value::Record(_))
            || self.is_row_type(&variable.ty)
    }

    fn is_row_type(&self, ty: &str) -> bool {
        if ty.is_empty() || ty.contains('%') || ty.contains('(') || ty.contains('[') {
            return false;
        }
        let known = crate::sqltype::Builtin::from_spelling(ty).is_some();
        !known
            && crate::sql::qualified_name(ty).is_some_and(|name| {
                matches!(
                    self.relation(&name),
                    crate::schema::Lookup::Found((crate::schema::Relation::Table(_), _))
                )
            })
    }
}

/// A row as a value.
pub(super) fn record(columns: &[Name], values: &[Value]) -> Value {
    let fields = columns.iter().cloned().zip(values.iter().cloned());
    Value::Record(Arc::new(fields.collect()))
}

fn set_field(record: &mut Value, name: &Name, value: Value) {
    match record {
        Value::Record(fields) => {
            let fields = Arc::make_mut(fields);
            match fields.iter_mut().find(|f| f.0 == *name) {
                Some(field) => field.1 = value,
                None => fields.push((name.clone(), value)),
            }
        }
        Value::Null => *record = Value::Record(Arc::new(vec![(name.clone(), value)])),
        other => {
            // The rest stays unknown.
            let _ = field(other, name);
        }
    }
}
