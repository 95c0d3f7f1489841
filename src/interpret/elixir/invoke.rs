//! Functions of the repository that run: which clause is taken, and arguments that were left out.

use std::rc::Rc;

use super::library::Library;
use super::machine::{Frame, Machine, Run};
use super::matching::Matching;
use super::module::Definition;
use super::scope::Scope;
use super::value::Value;
use crate::known::Gap;
use crate::source::Span;

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Runs a function of the repository.
    pub(super) fn invoke(&mut self, definition: &Rc<Definition>, args: Vec<Value>, at: Span) -> Run<Value> {
        self.tick(at)?;
        if let (Some(other), Some(gap)) = (&definition.other, &definition.maybe) {
            let mut own = (**definition).clone();
            own.other = None;
            let (own, more) = (Rc::new(own), args.clone());
            return self.fork(
                gap,
                |machine| machine.invoke(&own, args, at),
                |machine| machine.invoke(other, more, at),
            );
        }
        let args = self.with_defaults(definition, args, at)?;
        if let Some(gap) = self.goes_round(definition, &args) {
            return Ok(Value::unknown(gap));
        }
        self.frames.push(Frame {
            call: at,
            expansion: false,
            running: Some((definition.clone(), args.clone())),
        });
        let out = self.deeper(at, |machine| machine.run_clauses(definition, &args, at));
        self.frames.pop();
        out
    }

    /// A function calls itself with no more known than before, where it cannot be told whether it does: what it does is what runs
    /// already, any number of times, as in a loop over what is not known.
    fn goes_round(&self, definition: &Rc<Definition>, args: &[Value]) -> Option<Gap> {
        if self.forks == 0 {
            return None;
        }
        let gap = args.iter().find_map(Value::gap)?;
        let anything = |v: &Value| match v {
            Value::Unknown(unknown) => unknown.candidates.is_empty() && unknown.pattern.is_empty(),
            Value::Term(_) => true,
            _ => false,
        };
        let as_before =
            |(a, b): (&Value, &Value)| (anything(a) && anything(b)) || a.identical(b) == Some(true);
        let runs = self.frames.iter().any(|frame| match &frame.running {
            Some((running, before)) => {
                Rc::ptr_eq(running, definition) && args.iter().zip(before).all(as_before)
            }
            None => false,
        });
        runs.then_some(gap)
    }

    fn run_clauses(&mut self, definition: &Rc<Definition>, args: &[Value], at: Span) -> Run<Value> {
        let (mut open, mut why): (Vec<(usize, Scope)>, Option<Gap>) = (Vec::new(), None);
        let mut certain = false;
        for (index, clause) in definition.clauses.iter().enumerate() {
            let mut scope = clause.scope.clone();
            match self.enter(&clause.params, clause.guard.as_ref(), args, &mut scope)? {
                Matching::No => continue,
                Matching::Yes => certain = true,
                Matching::Maybe(gap) => why = why.or(Some(gap)),
            }
            open.push((index, scope));
            if certain {
                break;
            }
        }
        let clauses = &definition.clauses;
        let Some(gap) = why else {
            return match open.pop() {
                Some((index, mut scope)) => self.eval(&clauses[index].body, &mut scope),
                None => self.no_clause(definition, args, at),
            };
        };
        // None of them may match.
        let count = open.len() + usize::from(!certain);
        self.fork_many(&gap, count, |machine, course| match open.get_mut(course) {
            Some((index, scope)) => machine.eval(&clauses[*index].body, scope),
            None => machine.no_clause(definition, args, at),
        })
    }

    fn no_clause(&mut self, definition: &Rc<Definition>, args: &[Value], at: Span) -> Run<Value> {
        // Defaults of a longer definition are clauses of this one.
        let own = definition.head.module().cloned().unwrap_or_default();
        let longer = self
            .module(&own, at)
            .and_then(|m| m.with_defaults(&definition.name, definition.arity).cloned());
        if let Some(longer) = longer {
            return self.invoke(&longer, args.to_vec(), at);
        }
        if definition.clauses.is_empty() || definition.maybe.is_some() {
            return Ok(self.unknown_code(at, format!("a clause of {} that is not known", definition.name)));
        }
        let message = format!(
            "no function clause matching in {}/{}",
            definition.name, definition.arity
        );
        Err(self.raise("FunctionClauseError", &message, at))
    }

    /// Fills in arguments that were left out: the given ones go to those without a default first, from the left.
    pub(super) fn with_defaults(
        &mut self,
        definition: &Rc<Definition>,
        args: Vec<Value>,
        at: Span,
    ) -> Run<Vec<Value>> {
        if args.len() == definition.arity {
            return Ok(args);
        }
        let required = definition.arity - definition.defaults;
        let mut extra = args.len().saturating_sub(required);
        let mut given = args.into_iter();
        let mut out = Vec::with_capacity(definition.arity);
        let mut scope = definition.head.clone();
        for index in 0..definition.arity {
            match definition.default_forms.get(index).and_then(Option::as_ref) {
                Some(_) if extra > 0 => {
                    extra -= 1;
                    out.extend(given.next());
                }
                Some(form) => out.push(self.eval(form, &mut scope)?),
                None => out.extend(given.next()),
            }
        }
        if out.len() != definition.arity {
            return Err(self.raise("UndefinedFunctionError", "called with too few arguments", at));
        }
        Ok(out)
    }
}
