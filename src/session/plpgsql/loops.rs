//! Loops: iterations that are certain run one by one; of those that are not, one stands for any number.

use super::block::trim;
use crate::known::Truth;
use crate::name::Name;
use crate::session::Session;
use crate::session::flow::{Flow, Raised, Run};
use crate::session::query::{Env, Table};
use crate::session::value::Value;
use crate::session::world::{Course, Scope, Variable, World};
use crate::source::Span;
use crate::tree::Expr;
use crate::tree::plpgsql::{Stmt, StmtKind};

/// Iterations of which it cannot be told whether they come, before one is taken to stand for the rest.
const UNSURE: usize = 3;

/// A loop that runs.
pub(super) struct Running<'a> {
    label: Option<&'a Name>,
    body: &'a [Stmt],
    at: Span,
    /// What holds where the loop began.
    pub(super) base: World,
    frames: usize,
    scopes: usize,
    /// Courses on which the loop has ended.
    exits: Vec<Course>,
}

/// How an iteration ends.
pub(super) enum Iteration {
    GoesOn,
    Ends(Flow),
}

impl Session {
    pub(super) fn run_looping(&mut self, kind: &StmtKind, at: Span) -> Flow {
        match kind {
            StmtKind::Loop { label, body } => self.run_while(label.as_ref(), None, body, at),
            StmtKind::While {
                label,
                condition,
                body,
            } => self.run_while(label.as_ref(), Some(condition), body, at),
            StmtKind::ForRange {
                label,
                variable,
                reverse,
                low,
                high,
                step,
                body,
            } => {
                let bounds = self.range(low, high, step.as_ref());
                match bounds {
                    Err(raised) => Flow::Raise(raised),
                    Ok(bounds) => self.run_range(label.as_ref(), variable, *reverse, bounds, body, at),
                }
            }
            StmtKind::ForQuery {
                label,
                variables,
                query,
                body,
            } => match self.query(query, &Env::EMPTY) {
                Err(raised) => Flow::Raise(raised),
                Ok(table) => self.run_rows(label.as_ref(), variables, table, body, at),
            },
            StmtKind::ForExecute {
                label,
                variables,
                text,
                using,
                body,
            } => match self.execute_rows(text, using, at) {
                Err(raised) => Flow::Raise(raised),
                Ok(table) => self.run_rows(label.as_ref(), variables, table, body, at),
            },
            StmtKind::ForCursor {
                label,
                variable,
                body,
                ..
            } => {
                let gap = self.gap(at, "the rows of a cursor");
                self.run_rows(
                    label.as_ref(),
                    std::slice::from_ref(variable),
                    Table::unknown(&gap),
                    body,
                    at,
                )
            }
            StmtKind::ForEach {
                label,
                variables,
                slice,
                array,
                body,
            } => match self.eval(array, &Env::EMPTY) {
                Err(raised) => Flow::Raise(raised),
                Ok(value) => self.run_each(label.as_ref(), variables, *slice, &value, body, at),
            },
            _ => Flow::Normal,
        }
    }

    pub(super) fn running<'a>(
        &mut self,
        label: Option<&'a Name>,
        body: &'a [Stmt],
        at: Span,
        own: Option<&Name>,
    ) -> Running<'a> {
        let base = self.world.clone();
        let frames = self.world.frames.len();
        let scopes = self.world.frames.last().map_or(0, |f| f.scopes.len());
        if let (Some(own), Some(frame)) = (own, self.world.frame()) {
            frame.scopes.push(Scope {
                label: label.cloned(),
                variables: vec![Variable {
                    name: own.clone(),
                    ty: Default::default(),
                    value: Value::Null,
                    alias: None,
                }],
            });
        }
        Running {
            label,
            body,
            at,
            base,
            frames,
            scopes,
            exits: Vec::new(),
        }
    }

    /// Runs the body once; courses that leave the loop are set aside.
    pub(super) fn iterate(&mut self, running: &mut Running<'_>) -> Iteration {
        let mark = self.parked.len();
        let flow = self.run_statements(running.body);
        let here = |label: &Option<Name>| label.is_none() || label.as_ref() == running.label;
        let continues = self.unpark(mark, |f| matches!(f, Flow::Continue(label) if here(label)));
        let left = self.unpark(mark, |f| matches!(f, Flow::Exit(label) if here(label)));
        running.exits.extend(left.into_iter().map(|c| Course {
            flow: Flow::Normal,
            ..c
        }));
        let gap = continues
            .first()
            .or(running.exits.first())
            .map_or_else(|| self.gap(running.at, "the course of a loop"), |c| c.gap.clone());
        let world = |session: &Session, flow| Course {
            flow,
            world: session.world.clone(),
            gap: gap.clone(),
        };
        let mut on: Vec<Course> = continues
            .into_iter()
            .map(|c| Course {
                flow: Flow::Normal,
                ..c
            })
            .collect();
        match flow {
            Flow::Normal => on.push(world(self, Flow::Normal)),
            Flow::Continue(label) if here(&label) => on.push(world(self, Flow::Normal)),
            Flow::Exit(label) if here(&label) => {
                running.exits.push(world(self, Flow::Normal));
                if on.is_empty() {
                    return Iteration::Ends(Flow::Normal);
                }
            }
            Flow::Raise(raised) if raised.is_budget() || on.is_empty() => {
                return Iteration::Ends(Flow::Raise(raised));
            }
            other if on.is_empty() => return Iteration::Ends(other),
            other => on.push(world(self, other)),
        }
        let base = running.base.clone();
        match self.merge(&base, on) {
            Flow::Normal => Iteration::GoesOn,
            other => Iteration::Ends(other),
        }
    }

    /// Goes on after the loop. `flow` is how its last iteration ended, `Normal` for leaving it.
    pub(super) fn leave(&mut self, mut running: Running<'_>, last: Option<Flow>) -> Flow {
        let gap = running.exits.first().map_or_else(
            || self.gap(running.at, "how often a loop runs"),
            |c| c.gap.clone(),
        );
        if let Some(flow) = last {
            if let Flow::Raise(raised) = &flow
                && raised.is_budget()
            {
                return flow;
            }
            running.exits.push(Course {
                flow,
                world: self.world.clone(),
                gap,
            });
        }
        for course in &mut running.exits {
            trim(&mut course.world, running.frames, running.scopes);
        }
        let flow = self.merge(&running.base, running.exits);
        trim(&mut self.world, running.frames, running.scopes);
        flow
    }

    fn run_while(&mut self, label: Option<&Name>, condition: Option<&Expr>, body: &[Stmt], at: Span) -> Flow {
        let mut running = self.running(label, body, at, None);
        loop {
            if let Err(raised) = self.tick(at) {
                return Flow::Raise(raised);
            }
            let truth = match condition.map(|c| self.condition(c, &Env::EMPTY)).transpose() {
                Err(raised) => return self.leave(running, Some(Flow::Raise(raised))),
                Ok(truth) => truth.unwrap_or(Truth::Yes),
            };
            match truth {
                Truth::No => return self.leave(running, Some(Flow::Normal)),
                Truth::Yes => {}
                Truth::Unknown(gap) => running.exits.push(Course {
                    flow: Flow::Normal,
                    world: self.world.clone(),
                    gap,
                }),
            }
            if running.exits.len() >= UNSURE {
                return self.run_rest(running);
            }
            match self.iterate(&mut running) {
                Iteration::GoesOn => {}
                Iteration::Ends(Flow::Normal) => return self.leave(running, None),
                Iteration::Ends(flow) => return self.leave(running, Some(flow)),
            }
        }
    }

    /// One iteration for any number of further ones: what they assign is unknown.
    fn run_rest(&mut self, mut running: Running<'_>) -> Flow {
        self.widen(running.body, running.at);
        match self.iterate(&mut running) {
            Iteration::GoesOn => {
                self.widen(running.body, running.at);
                self.leave(running, Some(Flow::Normal))
            }
            Iteration::Ends(Flow::Normal) => self.leave(running, None),
            Iteration::Ends(flow) => self.leave(running, Some(flow)),
        }
    }

    /// Forgets the variables that a loop's body assigns.
    pub(super) fn widen(&mut self, body: &[Stmt], at: Span) {
        let mut targets = Vec::new();
        assigned(body, &mut targets);
        self.forget(&targets, at, "how often the loop ran before");
        if let Some(frame) = self.world.frame() {
            frame.found = None;
        }
    }

    fn range(&mut self, low: &Expr, high: &Expr, step: Option<&Expr>) -> Run<[Value; 3]> {
        let low = self.eval(low, &Env::EMPTY)?;
        let high = self.eval(high, &Env::EMPTY)?;
        let step = match step {
            Some(step) => self.eval(step, &Env::EMPTY)?,
            None => Value::Int(1),
        };
        Ok([low, high, step])
    }

    fn run_range(
        &mut self,
        label: Option<&Name>,
        variable: &Name,
        reverse: bool,
        bounds: [Value; 3],
        body: &[Stmt],
        at: Span,
    ) -> Flow {
        if bounds.iter().any(Value::is_null) {
            return Flow::Raise(Raised::certain(
                "22004",
                "a bound of a FOR loop cannot be null",
                at,
            ));
        }
        let mut running = self.running(label, body, at, Some(variable));
        let [Some(low), Some(high), Some(step)] = [0, 1, 2].map(|i| bounds[i].as_int()) else {
            let gap = bounds.iter().find_map(Value::gap).cloned();
            let gap = gap.unwrap_or_else(|| self.gap(at, "the bounds of a loop"));
            self.set_variable(variable, Value::Unknown(gap.clone()));
            running.exits.push(Course {
                flow: Flow::Normal,
                world: self.world.clone(),
                gap,
            });
            return self.run_rest(running);
        };
        if step <= 0 {
            let raised = Raised::certain("22023", "BY value of FOR loop must be greater than zero", at);
            return self.leave(running, Some(Flow::Raise(raised)));
        }
        let mut i = low;
        loop {
            if let Err(raised) = self.tick(at) {
                return Flow::Raise(raised);
            }
            if (reverse && i < high) || (!reverse && i > high) {
                return self.leave(running, Some(Flow::Normal));
            }
            self.set_variable(variable, Value::Int(i));
            match self.iterate(&mut running) {
                Iteration::GoesOn => {}
                Iteration::Ends(Flow::Normal) => return self.leave(running, None),
                Iteration::Ends(flow) => return self.leave(running, Some(flow)),
            }
            let next = if reverse {
                i.checked_sub(step)
            } else {
                i.checked_add(step)
            };
            let Some(next) = next else {
                return self.leave(running, Some(Flow::Normal));
            };
            i = next;
        }
    }

    fn set_variable(&mut self, name: &Name, value: Value) {
        if let Some(variable) = self.world.variable_mut(name) {
            variable.value = value;
        }
    }
}

/// The variables that statements assign.
fn assigned(body: &[Stmt], out: &mut Vec<Vec<Name>>) {
    for statement in body {
        match &statement.kind {
            StmtKind::Block(block) => {
                assigned(&block.body, out);
                for handler in &block.handlers {
                    assigned(&handler.body, out);
                }
            }
            StmtKind::Assign { target, .. } => out.push(target.clone()),
            StmtKind::If { branches, otherwise } => {
                branches.iter().for_each(|b| assigned(&b.1, out));
                assigned(otherwise, out);
            }
            StmtKind::Case {
                branches, otherwise, ..
            } => {
                branches.iter().for_each(|b| assigned(&b.1, out));
                assigned(otherwise.as_deref().unwrap_or_default(), out);
            }
            StmtKind::Loop { body, .. } | StmtKind::While { body, .. } | StmtKind::ForRange { body, .. } => {
                assigned(body, out);
            }
            StmtKind::ForQuery { variables, body, .. }
            | StmtKind::ForExecute { variables, body, .. }
            | StmtKind::ForEach { variables, body, .. } => {
                out.extend(variables.iter().map(|v| vec![v.clone()]));
                assigned(body, out);
            }
            StmtKind::ForCursor { variable, body, .. } => {
                out.push(vec![variable.clone()]);
                assigned(body, out);
            }
            StmtKind::Execute { into, .. }
            | StmtKind::Sql { into, .. }
            | StmtKind::SelectInto { into, .. }
            | StmtKind::Cursor { into } => out.extend(into.iter().cloned()),
            StmtKind::GetDiagnostics { items } => out.extend(items.iter().map(|i| i.0.clone())),
            StmtKind::Exit { .. }
            | StmtKind::Return { .. }
            | StmtKind::Raise { .. }
            | StmtKind::Assert { .. }
            | StmtKind::Perform(_)
            | StmtKind::Transaction { .. }
            | StmtKind::Nothing
            | StmtKind::Opaque(_) => {}
        }
    }
}
