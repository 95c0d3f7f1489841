//! The session as host-language interpreters see it.

use super::Session;
use super::flow::Raised;
use crate::change::{Applied, Change, Host, Question};
use crate::known::Truth;
use crate::source::{Span, Text};

impl Host for Session {
    fn apply(&mut self, change: &Change, at: Span) -> Applied {
        let gaps = self.gaps.len();
        match self.apply_change(change, at) {
            Ok(()) => self
                .gaps
                .get(gaps)
                .map_or(Applied::Done, |gap| Applied::Uncertain(gap.clone())),
            Err(raised) => self.refused(*raised),
        }
    }

    fn ask(&self, question: &Question, at: Span) -> Truth {
        let _ = at;
        self.world.database.ask(question)
    }

    fn run_sql(&mut self, text: &Text) -> Applied {
        let before = self.world.clone();
        let gaps = self.gaps.len();
        for read in self.reads(text).iter() {
            self.statistics.statements += 1;
            if let Err(raised) = self.run_read(read, true) {
                self.world = before;
                self.parked.clear();
                return self.refused(*raised);
            }
        }
        self.parked.clear();
        self.gaps
            .get(gaps)
            .map_or(Applied::Done, |gap| Applied::Uncertain(gap.clone()))
    }
}

impl Session {
    fn refused(&mut self, raised: Raised) -> Applied {
        match raised.gap() {
            Some(gap) => Applied::Uncertain(gap.clone()),
            None => Applied::Failed(raised.failure),
        }
    }
}
