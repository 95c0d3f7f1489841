//! What a database holds that is past a statement which must fail.
//!
//! Later migrations ran on it, so the statement was mended: run in another way, corrected, or left out. Which of these cannot
//! be told, except where the server refuses only the way in which the statement was sent.

use super::Session;
use crate::known::{ChangeId, Gap, Reach};
use crate::sql::{Read, Statement};

impl Session {
    /// From here on the database is one that is past the statements that fail, not one on which they were tried in vain.
    pub fn assume_mended(&mut self) {
        self.mended = true;
    }

    /// Goes on after a statement that failed.
    pub(super) fn mend(&mut self, sqlstate: &str, read: &Read) {
        let mut statement = &read.statement;
        while let Statement::Refused(_, meant) = statement {
            statement = meant;
        }
        match statement {
            Statement::Changes(changes) => {
                if !self.sent_alone(sqlstate, read) {
                    let why =
                        format!("this statement fails (SQLSTATE {sqlstate}), and what mended it is not told");
                    let gap = Gap::new(read.span, why, Reach::Rows);
                    self.note(&gap);
                    let id = self.last_change.unwrap_or(ChangeId(0));
                    for change in changes {
                        self.world.database.perhaps(change, &gap, id, read.span);
                    }
                    self.touch_schema();
                }
            }
            Statement::Do { .. } | Statement::Call(_) | Statement::Query(_) | Statement::Dml(_) => {
                self.touch_all_rows();
                let reach = match self.exhausted_reach(read) {
                    Reach::Rows => return,
                    reach => reach,
                };
                let why =
                    format!("this statement fails (SQLSTATE {sqlstate}), and what mended it is not told");
                self.open(Gap::new(read.span, why, reach));
            }
            Statement::Opaque(gap) => {
                self.open(self.opaque_gap(gap, read));
                self.touch_all_rows();
            }
            Statement::Transaction(_)
            | Statement::Set { .. }
            | Statement::NoEffect(_)
            | Statement::Refused(..) => {}
        }
    }

    /// Runs the statement in a transaction of its own, where nothing but that was asked for: 25001, a command that must run
    /// alone, and 55P04, a label that is not committed yet.
    fn sent_alone(&mut self, sqlstate: &str, read: &Read) -> bool {
        let Statement::Changes(changes) = &read.statement else {
            return false;
        };
        if !matches!(sqlstate, "25001" | "55P04") {
            return false;
        }
        let before = self.world.clone();
        self.world.new_labels = std::sync::Arc::default();
        for change in changes {
            if self.apply_change(change, read.span).is_err() {
                self.world = before;
                return false;
            }
        }
        self.world.new_labels = before.new_labels;
        true
    }
}
