//! Runs plpgsql: statements, conditions, assignments.
//!
//! Source: PostgreSQL manual, chapter 43; `pl_exec.c`.

mod assign;
mod block;
mod call;
mod conditions;
mod dynamic;
mod loops;
mod rows;

use std::sync::Arc;

use super::Session;
use super::flow::{Flow, Raised, RaisedKind, Run};
use super::query::{Env, Table};
use super::value::Value;
use super::world::{Course, World};
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

    fn run_if(&mut self, branches: &[(Expr, Vec<Stmt>)], otherwise: &[Stmt]) -> Flow {
        let bodies = branches.iter().map(|b| b.1.as_slice());
        let mut conditions = branches.iter().map(|b| &b.0);
        self.run_branches(bodies, |session| {
            let condition = conditions.next();
            condition.map_or(Ok(Truth::No), |c| session.condition(c, &Env::EMPTY))
        })
        .unwrap_or_else(|fork| {
            let flow = self.run_statements(otherwise);
            self.end_fork(fork, flow)
        })
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
        let bodies = branches.iter().map(|b| b.1.as_slice());
        let mut conditions = branches.iter().map(|b| b.0.as_slice());
        self.run_branches(bodies, |session| {
            let list = conditions.next().unwrap_or_default();
            session.any_holds(subject.as_ref(), list, at)
        })
        .unwrap_or_else(|fork| {
            let flow = match otherwise {
                Some(body) => self.run_statements(body),
                None => Flow::Raise(Raised::certain("20000", "case not found", at)),
            };
            self.end_fork(fork, flow)
        })
    }

    /// Whether one of the values of a WHEN is the subject, or one of its conditions holds.
    fn any_holds(&mut self, subject: Option<&Value>, list: &[Expr], at: Span) -> Run<Truth> {
        let mut holds = Truth::No;
        for condition in list {
            let value = self.eval(condition, &Env::EMPTY)?;
            let truth = match subject {
                Some(subject) => self.compare_values("=", subject, &value, at)?.truth(),
                None => value.truth(),
            };
            holds = match (holds, truth) {
                (Truth::Yes, _) | (_, Truth::Yes) => return Ok(Truth::Yes),
                (Truth::Unknown(gap), _) | (_, Truth::Unknown(gap)) => Truth::Unknown(gap),
                (Truth::No, Truth::No) => Truth::No,
            };
        }
        Ok(holds)
    }

    /// Runs the first branch whose condition holds, and those before it whose condition cannot be told, each as a course of its
    /// own. `Err` where none holds for certain: what comes otherwise is left to the caller.
    fn run_branches<'a>(
        &mut self,
        bodies: impl Iterator<Item = &'a [Stmt]>,
        mut condition: impl FnMut(&mut Session) -> Run<Truth>,
    ) -> Result<Flow, Option<Box<Fork>>> {
        let mut fork: Option<Box<Fork>> = None;
        for body in bodies {
            match condition(self) {
                Err(raised) => return Ok(self.end_fork(fork, Flow::Raise(raised))),
                Ok(Truth::No) => {}
                Ok(Truth::Yes) => {
                    let flow = self.run_statements(body);
                    return Ok(self.end_fork(fork, flow));
                }
                Ok(Truth::Unknown(gap)) => {
                    let base = self.world.clone();
                    let flow = self.run_statements(body);
                    let course = self.end_course(&base, flow, &gap);
                    let fork = fork.get_or_insert_with(|| {
                        Box::new(Fork {
                            base,
                            courses: Vec::new(),
                            gap,
                        })
                    });
                    fork.courses.push(course);
                }
            }
        }
        Err(fork)
    }

    /// Joins the courses of a fork with the one that ends here.
    fn end_fork(&mut self, fork: Option<Box<Fork>>, flow: Flow) -> Flow {
        let Some(fork) = fork else { return flow };
        let Fork {
            base,
            mut courses,
            gap,
        } = *fork;
        courses.push(Course {
            flow,
            world: self.world.clone(),
            gap,
        });
        self.merge(&base, courses)
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
}

/// Courses that began where a condition could not be told.
struct Fork {
    base: World,
    courses: Vec<Course>,
    gap: Gap,
}

/// A row as a value.
pub(super) fn record(columns: &[Name], values: &[Value]) -> Value {
    let fields = columns.iter().cloned().zip(values.iter().cloned());
    Value::Record(Arc::new(fields.collect()))
}
