//! Loops: over what is known each turn is run; over what is not, a turn is run once on a world in which all that turns change is
//! unknown.

use super::exec::get;
use super::flow::Flow;
use super::heap::Taken;
use super::library::Library;
use super::machine::Machine;
use super::value::Value;
use crate::known::{Gap, Truth};
use crate::syntax::python::{Ranged, ast};

/// Turns of a loop that only something unknown can end, before what they change is taken to be unknown.
const TURNS: usize = 3;

fn ends_turn(flow: &Flow<'_>) -> bool {
    matches!(flow, Flow::Continue)
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Runs a loop's body once; courses that `continue` are taken up.
    fn turn(&mut self, body: &'a [ast::Stmt]) -> Flow<'a> {
        let mark = self.parked.len();
        let flow = self.exec_block(body);
        self.take_up(mark, flow, ends_turn, |f| match f {
            Flow::Continue => Flow::Normal,
            other => other,
        })
    }

    /// The loop has ended in `flow`; `else` runs where nothing has broken it off. Courses that broke it off are taken up.
    fn end_loop(&mut self, mark: usize, flow: Flow<'a>, orelse: &'a [ast::Stmt]) -> Flow<'a> {
        let flow = match flow {
            Flow::Normal => self.exec_block_apart(orelse),
            other => other,
        };
        self.take_up(
            mark,
            flow,
            |f| matches!(f, Flow::Break),
            |f| match f {
                Flow::Break => Flow::Normal,
                other => other,
            },
        )
    }

    /// `else` of a loop: a `break` in it is one of the loop outside.
    fn exec_block_apart(&mut self, body: &'a [ast::Stmt]) -> Flow<'a> {
        if body.is_empty() {
            return Flow::Normal;
        }
        self.exec_block(body)
    }

    pub(super) fn for_statement(&mut self, s: &'a ast::StmtFor) -> Flow<'a> {
        let iterable = get!(self.eval(&s.iter));
        let at = self.span(s.iter.range());
        if let Value::Unknown(unknown) = &iterable
            && !unknown.candidates.is_empty()
        {
            let unknown = unknown.clone();
            return self.fork(&unknown.gap, unknown.candidates.len(), |machine, i| {
                machine.for_over(s, &unknown.candidates[i], at)
            });
        }
        self.for_over(s, &iterable, at)
    }

    fn for_over(&mut self, s: &'a ast::StmtFor, iterable: &Value<'a>, at: crate::source::Span) -> Flow<'a> {
        let live = matches!(iterable, Value::List(_));
        let (slots, mut open) = match live {
            true => (Vec::new(), None),
            false => get!(self.slots(iterable, at)),
        };
        let mark = self.parked.len();
        let mut flow = Flow::Normal;
        for turn in 0.. {
            // A list is seen as it is at each turn: the body may change it.
            let slot = match self.list(iterable).filter(|_| live) {
                Some(list) => {
                    open = list.open.clone();
                    list.items.get(turn).cloned()
                }
                None => slots.get(turn).cloned(),
            };
            let Some(slot) = slot else { break };
            get!(self.tick(at));
            flow = match slot.maybe {
                None => self.for_turn(s, slot.value),
                Some(gap) => self.fork(&gap, 2, |machine, alternative| match alternative {
                    0 => machine.for_turn(s, slot.value.clone()),
                    _ => Flow::Normal,
                }),
            };
            if !matches!(flow, Flow::Normal) {
                break;
            }
        }
        if let (Flow::Normal, Some(gap)) = (&flow, open) {
            flow = self.unknown_turns(&gap, |machine| {
                let item = L::row(machine, iterable, at).unwrap_or_else(|| Value::unknown(gap.clone()));
                machine.for_turn(s, item)
            });
        }
        self.end_loop(mark, flow, &s.orelse)
    }

    fn for_turn(&mut self, s: &'a ast::StmtFor, item: Value<'a>) -> Flow<'a> {
        get!(self.assign(&s.target, item));
        self.turn(&s.body)
    }

    /// Something runs an unknown number of times: it is tried once to see what it changes; that is made unknown; then it runs or not.
    fn unknown_turns(&mut self, gap: &Gap, mut turn: impl FnMut(&mut Self) -> Flow<'a>) -> Flow<'a> {
        let base = self.course(Flow::Normal, gap);
        let mark = self.parked.len();
        self.forks += 1;
        let tried = turn(self);
        self.forks -= 1;
        if let flow @ Flow::Exhausted(..) = tried {
            return flow;
        }
        let waiting = self.unpark(mark, |_| true);
        let mut changed = self.world.clone();
        let mut taken = Taken::default();
        for course in &waiting {
            let work = changed.join(&course.world, &mut taken, gap);
            self.budget.charge(work);
        }
        self.resume(base.clone());
        changed.widen(&base.world.heap, gap);
        self.world.heap = changed.heap;
        self.fork(gap, 2, |machine, alternative| match alternative {
            0 => match turn(machine) {
                // What a turn leaves is what any number of turns leaves.
                Flow::Normal => {
                    let now = machine.world.heap.clone();
                    let before = base.world.heap.clone();
                    machine.world.heap = now;
                    machine.world.widen(&before, gap);
                    Flow::Normal
                }
                other => other,
            },
            _ => Flow::Normal,
        })
    }

    pub(super) fn while_statement(&mut self, s: &'a ast::StmtWhile) -> Flow<'a> {
        let at = self.span(s.test.range());
        let mark = self.parked.len();
        let mut turns = 0;
        let flow = loop {
            get!(self.tick(at));
            let value = get!(self.eval(&s.test));
            let truth = self.truth(&value, at);
            match truth {
                Truth::No => break Flow::Normal,
                Truth::Unknown(gap) => break self.while_unknown(s, &gap, mark),
                Truth::Yes => {}
            }
            let flow = self.turn(&s.body);
            if !matches!(flow, Flow::Normal) {
                break flow;
            }
            turns += 1;
            let leaves = |c: &super::flow::Course<'a, L::State>| {
                matches!(c.flow, Flow::Break | Flow::Return(_)) || c.flow.is_raise()
            };
            let gap = self.parked[mark..]
                .iter()
                .find(|c| leaves(c))
                .map(|c| c.gap.clone());
            if let Some(gap) = gap.filter(|_| turns >= TURNS) {
                break self.while_unknown(s, &gap, mark);
            }
        };
        self.end_loop(mark, flow, &s.orelse)
    }

    /// A loop whose end cannot be told goes on for any number of turns.
    fn while_unknown(&mut self, s: &'a ast::StmtWhile, gap: &Gap, outer: usize) -> Flow<'a> {
        let at = self.span(s.test.range());
        let flow = self.unknown_turns(gap, |machine| {
            machine.narrow(&s.test, true);
            machine.turn(&s.body)
        });
        if !matches!(flow, Flow::Normal) {
            return flow;
        }
        // A loop whose test is certain ends only where it is left.
        let certain = match self.eval(&s.test) {
            Ok(value) => self.truth(&value, at) == Truth::Yes,
            Err(stop) => return stop.into(),
        };
        if !certain {
            self.narrow(&s.test, false);
            return Flow::Normal;
        }
        let leaves = |f: &Flow<'a>| matches!(f, Flow::Break | Flow::Return(_) | Flow::Raise(_));
        let mut waiting = self.unpark(outer, leaves).into_iter();
        match waiting.next() {
            Some(first) => {
                for other in waiting {
                    self.park(other);
                }
                self.resume(first)
            }
            None => Flow::Exhausted(at, "never ends"),
        }
    }
}
