//! Clauses: `case`, `cond`, `with`, functions without a name, and which of them is taken.

use super::library::Library;
use super::machine::{Machine, Run, Stop};
use super::matching::Matching;
use super::scope::Scope;
use super::value::Value;
use crate::known::{Gap, Truth};
use crate::source::Span;
use crate::syntax::elixir::Form;

/// `patterns when guard -> body`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arm<'f> {
    pub(super) patterns: &'f [Form],
    pub(super) guard: Option<&'f Form>,
    pub(super) body: &'f Form,
}

/// Clauses as written: calls of `->`.
pub(super) fn arms(forms: &[Form]) -> Vec<Arm<'_>> {
    forms.iter().filter_map(arm).collect()
}

pub(super) fn arm(form: &Form) -> Option<Arm<'_>> {
    let [left, body] = form.args_of("->")? else {
        return None;
    };
    let patterns = left.as_list()?;
    if let [only] = patterns
        && let Some((guard, patterns)) = only.args_of("when").and_then(<[Form]>::split_last)
    {
        return Some(Arm {
            patterns,
            guard: Some(guard),
            body,
        });
    }
    Some(Arm {
        patterns,
        guard: None,
        body,
    })
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Runs the first clause that matches. None: an exception of this name.
    pub(super) fn choose(
        &mut self,
        arms: &[Arm<'_>],
        values: &[Value],
        base: &Scope,
        at: Span,
        otherwise: &'static str,
    ) -> Run<Value> {
        let (mut open, mut why): (Vec<(usize, Scope)>, Option<Gap>) = (Vec::new(), None);
        let mut certain = false;
        for (index, arm) in arms.iter().enumerate() {
            let mut scope = base.clone();
            match self.enter(arm.patterns, arm.guard, values, &mut scope)? {
                Matching::No => continue,
                Matching::Yes => certain = true,
                Matching::Maybe(gap) => why = why.or(Some(gap)),
            }
            open.push((index, scope));
            if certain {
                break;
            }
        }
        let Some(gap) = why else {
            return match open.pop() {
                Some((index, mut scope)) => self.eval(arms[index].body, &mut scope),
                None => Err(self.raise(otherwise, "no clause matches", at)),
            };
        };
        // None of them may match.
        let count = open.len() + usize::from(!certain);
        self.fork_many(&gap, count, |machine, course| match open.get_mut(course) {
            Some((index, scope)) => machine.eval(arms[*index].body, scope),
            None => Err(machine.raise(otherwise, "no clause matches", at)),
        })
    }

    pub(super) fn case(&mut self, args: &[Form], at: Span, scope: &mut Scope) -> Run<Value> {
        let [subject, block] = args else {
            return Ok(self.unknown(at, "a case that is not followed"));
        };
        let value = self.eval(subject, scope)?;
        let clauses = block.keyword("do").and_then(Form::as_list).unwrap_or(&[]);
        let arms = arms(clauses);
        self.choose(&arms, &[value], scope, at, "CaseClauseError")
    }

    /// `receive do ... after ... end`: any of its clauses is taken.
    pub(super) fn receive(&mut self, block: &Form, at: Span, scope: &mut Scope) -> Run<Value> {
        let clauses = |key: &str| block.keyword(key).and_then(Form::as_list).unwrap_or(&[]);
        let (taken, later) = (arms(clauses("do")), arms(clauses("after")));
        let gap = self.gap(at, "a message that is received");
        let message = [Value::unknown(gap.clone())];
        let count = taken.len() + later.len();
        if count == 0 {
            return Ok(Value::unknown(gap));
        }
        self.fork_many(&gap, count, |machine, course| {
            let mut own = scope.clone();
            match (taken.get(course), later.get(course.wrapping_sub(taken.len()))) {
                (Some(arm), _) => {
                    machine.enter(arm.patterns, arm.guard, &message, &mut own)?;
                    machine.eval(arm.body, &mut own)
                }
                (None, Some(arm)) => machine.eval(arm.body, &mut own),
                (None, None) => Ok(Value::nil()),
            }
        })
    }

    pub(super) fn cond(&mut self, block: &Form, at: Span, scope: &mut Scope) -> Run<Value> {
        let clauses = block.keyword("do").and_then(Form::as_list).unwrap_or(&[]);
        let arms = arms(clauses);
        self.cond_from(&arms, at, scope)
    }

    fn cond_from(&mut self, arms: &[Arm<'_>], at: Span, scope: &mut Scope) -> Run<Value> {
        for (index, arm) in arms.iter().enumerate() {
            let Some(test) = arm.patterns.first() else {
                continue;
            };
            let mut own = scope.clone();
            let value = self.eval(test, &mut own)?;
            match self.truth(&value) {
                Truth::Yes => return self.eval(arm.body, &mut own),
                Truth::No => {}
                Truth::Unknown(gap) => {
                    let rest = &arms[index + 1..];
                    return self.fork(
                        &gap,
                        |machine| machine.eval(arm.body, &mut own),
                        |machine| machine.cond_from(rest, at, scope),
                    );
                }
            }
        }
        Err(self.raise(
            "CondClauseError",
            "no cond clause evaluated to a truthy value",
            at,
        ))
    }

    /// `if` and `unless`.
    pub(super) fn branch(&mut self, args: &[Form], negated: bool, at: Span, scope: &mut Scope) -> Run<Value> {
        let [test, block] = args else {
            return Ok(self.unknown(at, "a condition that is not followed"));
        };
        let value = self.eval(test, scope)?;
        let (mut yes, mut no) = (block.keyword("do"), block.keyword("else"));
        if negated {
            std::mem::swap(&mut yes, &mut no);
        }
        match self.truth(&value) {
            Truth::Yes => self.optional(yes, scope),
            Truth::No => self.optional(no, scope),
            Truth::Unknown(gap) => self.alternatives(&gap, yes, no, scope),
        }
    }

    /// One of two forms runs. At the top of a module both may bring names.
    fn alternatives(
        &mut self,
        gap: &Gap,
        yes: Option<&Form>,
        no: Option<&Form>,
        scope: &mut Scope,
    ) -> Run<Value> {
        let (mut first, mut second) = (scope.clone(), scope.clone());
        self.fork(
            gap,
            |machine| machine.optional_in(yes, &mut first),
            |machine| machine.optional_in(no, &mut second),
        )
    }

    fn optional(&mut self, form: Option<&Form>, scope: &mut Scope) -> Run<Value> {
        // What a branch binds is not seen behind it; aliases and imports neither.
        let mut own = scope.clone();
        self.optional_in(form, &mut own)
    }

    fn optional_in(&mut self, form: Option<&Form>, scope: &mut Scope) -> Run<Value> {
        match form {
            Some(form) => self.eval(form, scope),
            None => Ok(Value::nil()),
        }
    }

    /// `with a <- b, c = d do ... else ... end`.
    pub(super) fn with(&mut self, args: &[Form], at: Span, scope: &mut Scope) -> Run<Value> {
        let Some((block, steps)) = args.split_last() else {
            return Ok(self.unknown(at, "a with that is not followed"));
        };
        let mut own = scope.clone();
        self.with_from(steps, block, at, &mut own)
    }

    fn with_from(&mut self, steps: &[Form], block: &Form, at: Span, scope: &mut Scope) -> Run<Value> {
        for (index, step) in steps.iter().enumerate() {
            let Some([pattern, form]) = step.args_of("<-") else {
                self.eval(step, scope)?;
                continue;
            };
            let value = self.eval(form, scope)?;
            let before = scope.clone();
            let matching = match pattern.args_of("when") {
                Some([pattern, guard]) => {
                    let patterns = std::slice::from_ref(pattern);
                    self.enter(patterns, Some(guard), std::slice::from_ref(&value), scope)?
                }
                _ => self.match_one(pattern, &value, scope)?,
            };
            match matching {
                Matching::Yes => {}
                Matching::No => return self.with_else(block, value, &before, at),
                Matching::Maybe(gap) => {
                    let rest = &steps[index + 1..];
                    return self.fork(
                        &gap,
                        |machine| machine.with_from(rest, block, at, scope),
                        |machine| machine.with_else(block, value, &before, at),
                    );
                }
            }
        }
        match block.keyword("do") {
            Some(body) => self.eval(body, scope),
            None => Ok(Value::nil()),
        }
    }

    fn with_else(&mut self, block: &Form, value: Value, scope: &Scope, at: Span) -> Run<Value> {
        match block.keyword("else").and_then(Form::as_list) {
            Some(clauses) => {
                let arms = arms(clauses);
                self.choose(&arms, &[value], scope, at, "WithClauseError")
            }
            None => Ok(value),
        }
    }

    /// The truth of a value.
    pub fn truth(&mut self, value: &Value) -> Truth {
        match value {
            Value::Atom(name) if name == "nil" || name == "false" => Truth::No,
            Value::Unknown(unknown) => {
                if !unknown.pattern.is_empty() {
                    return Truth::Yes;
                }
                let mut truths = unknown.candidates.iter().map(|c| match c {
                    Value::Atom(name) => Some(name != "nil" && name != "false"),
                    Value::Unknown(_) | Value::Term(_) => None,
                    _ => Some(true),
                });
                match truths.next() {
                    Some(Some(first)) if truths.all(|t| t == Some(first)) => {
                        if first {
                            Truth::Yes
                        } else {
                            Truth::No
                        }
                    }
                    _ => Truth::Unknown(unknown.gap.clone()),
                }
            }
            Value::Term(term) => match L::truth(self, value) {
                Some(truth) => truth,
                None => Truth::Unknown(term.gap()),
            },
            _ => Truth::Yes,
        }
    }

    /// An exception that may be raised here, where a `try` may see it.
    pub(super) fn may_raise(&mut self, stop: Stop, gap: &Gap) {
        if self.tries.is_empty() {
            return;
        }
        let parked = super::machine::Parked {
            stop,
            world: self.world.clone(),
            state: self.library.save(),
            gap: gap.clone(),
        };
        if let Some(tried) = self.tries.last_mut()
            && tried.len() < super::fork::MAX_PARKED
        {
            tried.push(parked);
        }
    }
}
