//! Who descends from whom: no table from itself, and none through more generations than are followed.
//!
//! What a parent does to its descendants is done generation by generation, one within the other.

use super::Database;
use super::apply::{Outcome, Step};
use super::error;
use crate::known::{Gap, Reach};
use crate::schema::{Schema, TableId};
use crate::source::Span;

/// Most generations that are followed; the server's bound is its stack.
const MOST_GENERATIONS: usize = 64;

impl Step {
    /// Whether a table may become the child of another. The server refuses a circle (`ATExecAddInherit` and
    /// `ATExecAttachPartition` in `tablecmds.c`); what is too deep is not followed, and false says so.
    pub(super) fn may_descend(&mut self, child: TableId, parent: TableId, span: Span) -> Outcome<bool> {
        let above = generations(parent, |id| parents(self.schema(), id));
        let below = generations(child, |id| self.children(id));
        let circle = above.iter().flatten().find(|&&id| id == child);
        if circle.is_none() && above.len() + below.len() <= MOST_GENERATIONS {
            return Ok(true);
        }
        let doubt = above
            .iter()
            .flatten()
            .find_map(|&id| self.table(id).unlisted.clone());
        if circle.is_some() && doubt.is_none() {
            return Err(error::failure("42P07", "circular inheritance not allowed", span));
        }
        let why = "tables descend from each other through more generations than are followed";
        let gap = doubt.unwrap_or_else(|| Gap::new(span, why, Reach::Everything));
        self.doubt(&gap);
        self.db.open(gap.reaching(Reach::Everything));
        Ok(false)
    }
}

/// Where two courses made a table its own ancestor, or took it too deep, it is a child of none, and everything is open.
pub(super) fn untangle(db: &mut Database, tables: &[TableId], gap: &Gap) {
    for &id in tables {
        let above = generations(id, |id| parents(&db.schema, id));
        if above.len() <= MOST_GENERATIONS && !above.iter().skip(1).flatten().any(|&other| other == id) {
            continue;
        }
        let table = &mut db.schema.tables[id];
        table.inherits.clear();
        table.partition.of = None;
        db.open(gap.reaching(Reach::Everything));
    }
}

fn parents(schema: &Schema, table: TableId) -> Vec<TableId> {
    let table = &schema.tables[table];
    table.inherits.iter().copied().chain(table.partition.of).collect()
}

/// A table and those above or below it, generation by generation, up to the bound and one more.
fn generations(table: TableId, next: impl Fn(TableId) -> Vec<TableId>) -> Vec<Vec<TableId>> {
    let mut out: Vec<Vec<TableId>> = Vec::new();
    let mut now = vec![table];
    while !now.is_empty() && out.len() <= MOST_GENERATIONS {
        let mut then: Vec<TableId> = now.iter().flat_map(|&id| next(id)).collect();
        then.sort();
        then.dedup();
        out.push(std::mem::replace(&mut now, then));
    }
    out
}
