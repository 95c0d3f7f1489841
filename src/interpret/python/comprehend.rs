//! Comprehensions, and generators that yield.

use super::frame::Yields;
use super::heap::{ScopeKind, Slot};
use super::library::Library;
use super::machine::{Machine, Run, Stop};
use super::value::Value;
use crate::known::{Gap, Truth};
use crate::syntax::python::{Ranged, ast};

/// Values that one generator may yield.
const MAX_YIELDS: usize = 20_000;

/// What a comprehension makes.
#[derive(Clone, Copy)]
pub(super) enum Making<'a> {
    Item(&'a ast::Expr),
    Entry(&'a ast::Expr, &'a ast::Expr),
}

/// The items of a comprehension so far: key where it makes a dict, and what makes it certain.
pub(super) type Made<'a> = Vec<(Option<Value<'a>>, Slot<'a>)>;

impl<'a, L: Library<'a>> Machine<'a, L> {
    pub(super) fn collect_list(&mut self, made: (Made<'a>, Option<Gap>)) -> Value<'a> {
        let value = self.new_list(Vec::new());
        if let Some(list) = self.list_mut(&value) {
            list.items = made.0.into_iter().map(|m| m.1).collect();
            list.open = made.1;
        }
        value
    }

    pub(super) fn collect_iterator(&mut self, made: (Made<'a>, Option<Gap>)) -> Value<'a> {
        let value = self.new_iterator(Vec::new());
        if let Some(list) = self.list_mut(&value) {
            list.items = made.0.into_iter().map(|m| m.1).collect();
            list.open = made.1;
        }
        value
    }

    pub(super) fn collect_set(&mut self, made: (Made<'a>, Option<Gap>)) -> Value<'a> {
        let value = self.new_set(Vec::new());
        for (_, slot) in made.0 {
            self.set_add(&value, slot);
        }
        if let Some(list) = self.list_mut(&value) {
            list.open = list.open.take().or(made.1);
        }
        value
    }

    pub(super) fn collect_dict(&mut self, made: (Made<'a>, Option<Gap>)) -> Value<'a> {
        let value = self.new_dict(Vec::new());
        for (key, slot) in made.0 {
            if let Some(key) = key {
                self.dict_set(&value, key, slot);
            }
        }
        if let Some(dict) = self.dict_mut(&value) {
            dict.open = dict.open.take().or(made.1);
        }
        value
    }

    /// Runs the clauses of a comprehension. The items, and why there may be others.
    pub(super) fn comprehend(
        &mut self,
        clauses: &'a [ast::Comprehension],
        making: Making<'a>,
    ) -> Run<'a, (Made<'a>, Option<Gap>)> {
        let Some(mut frame) = self.frames.last().cloned() else {
            return Ok((Vec::new(), None));
        };
        let Some(first) = clauses.first() else {
            return Ok((Vec::new(), None));
        };
        let outermost = self.eval(&first.iter)?;
        frame.scope = self.new_scope(ScopeKind::Comprehension, frame.module, Some(frame.scope));
        frame.call = None;
        self.within(frame, |machine| {
            let (mut made, mut open) = (Made::new(), None);
            machine.clause(clauses, Some(outermost), making, None, &mut made, &mut open)?;
            Ok((made, open))
        })
    }

    fn clause(
        &mut self,
        clauses: &'a [ast::Comprehension],
        iterable: Option<Value<'a>>,
        making: Making<'a>,
        maybe: Option<&Gap>,
        made: &mut Made<'a>,
        open: &mut Option<Gap>,
    ) -> Run<'a, ()> {
        let Some((clause, rest)) = clauses.split_first() else {
            let slot = |value| Slot {
                value,
                maybe: maybe.cloned(),
            };
            made.push(match making {
                Making::Item(item) => (None, slot(self.eval(item)?)),
                Making::Entry(key, value) => {
                    let key = self.eval(key)?;
                    (Some(key), slot(self.eval(value)?))
                }
            });
            return Ok(());
        };
        let at = self.span(clause.iter.range());
        let iterable = match iterable {
            Some(value) => value,
            None => self.eval(&clause.iter)?,
        };
        let (items, gap) = self.slots(&iterable, at)?;
        for item in items {
            self.tick(at)?;
            let maybe = maybe.cloned().or(item.maybe);
            self.clause_item(clause, rest, item.value, making, maybe.as_ref(), made, open)?;
        }
        if let Some(gap) = gap {
            // What the unknown items give is only looked at for what it does.
            let unknown = Value::unknown(gap.clone());
            let (mut ignored, mut also) = (Made::new(), None);
            let result = self.perhaps(&gap.clone(), Value::None, |machine| {
                machine.clause_item(clause, rest, unknown, making, Some(&gap), &mut ignored, &mut also)?;
                Ok(Value::None)
            });
            if let Err(Stop::Exhausted(at, why)) = result {
                return Err(Stop::Exhausted(at, why));
            }
            open.get_or_insert(gap);
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "the state of one turn")]
    fn clause_item(
        &mut self,
        clause: &'a ast::Comprehension,
        rest: &'a [ast::Comprehension],
        item: Value<'a>,
        making: Making<'a>,
        maybe: Option<&Gap>,
        made: &mut Made<'a>,
        open: &mut Option<Gap>,
    ) -> Run<'a, ()> {
        self.assign(&clause.target, item)?;
        let mut maybe = maybe.cloned();
        for test in &clause.ifs {
            let at = self.span(test.range());
            let value = self.eval(test)?;
            match self.truth(&value, at) {
                Truth::Yes => {}
                Truth::No => return Ok(()),
                Truth::Unknown(gap) => {
                    self.narrow(test, true);
                    maybe = maybe.or(Some(gap));
                }
            }
        }
        self.clause(rest, None, making, maybe.as_ref(), made, open)
    }

    /// `yield value`: what is sent back.
    pub(super) fn yield_value(&mut self, value: Value<'a>, at: crate::source::Span) -> Run<'a, Value<'a>> {
        let Some(frame) = self.frames.last() else {
            return Ok(Value::None);
        };
        match frame.yields.clone() {
            Yields::None => Ok(Value::None),
            Yields::Collect(list) => {
                let count = self.list_mut(&list).map_or(0, |list| {
                    list.items.push(value.into());
                    list.items.len()
                });
                if count > MAX_YIELDS {
                    return Err(Stop::Exhausted(at, "yields more than is followed"));
                }
                Ok(Value::None)
            }
            Yields::With(frame, statement, item) => self.with_body_at_yield(*frame, statement, item, value),
        }
    }

    pub(super) fn yield_unknown(&mut self, gap: &Gap) {
        if let Some(Yields::Collect(list)) = self.frames.last().map(|f| f.yields.clone())
            && let Some(list) = self.list_mut(&list)
        {
            list.open.get_or_insert_with(|| gap.clone());
        }
    }
}
