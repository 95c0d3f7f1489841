//! Repositories that land models and migrations in separate changes, in an order that they keep: what one side is expected to lack in
//! between. It is told, as a note that says so, since nobody can see from the files whether the other change is on its way.
//!
//! What one side has and the other lacks is what such an order brings about. What both sides have and say differently (another type,
//! NOT NULL against NULL) is never expected: whichever lands first meets the other as it was. Nor is a column that no model fills and
//! that must have a value: every insert fails until the models land.

use crate::config::Options;
use crate::config::file::Order;
use crate::finding::{Finding, Level};

/// Marks a finding that the order of the repository explains.
pub(super) fn expect(options: &Options, order: Order, mut finding: Finding) -> Finding {
    if options.settled || !is_expected(order, &finding) {
        return finding;
    }
    finding.level = Level::Note;
    finding.pending = true;
    let waits = match (order, lacks(&finding)) {
        (Order::MigrationsFirst, _) | (Order::ModelsFirst, Some(Side::Models)) => "the other change",
        (Order::ModelsFirst, _) | (Order::Together, _) => "its migration",
    };
    let word = order.word();
    finding
        .message
        .push_str(&format!(" (expected until {waits} lands: order = \"{word}\")"));
    finding
}

/// A side that lacks what the other one has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Models,
    Database,
}

fn is_expected(order: Order, finding: &Finding) -> bool {
    match (order, lacks(finding)) {
        (_, None) | (Order::Together, _) => false,
        // A migration adds before the models do, and drops after they did: the database is ahead, never behind.
        (Order::MigrationsFirst, Some(side)) => side == Side::Models,
        // The models add and drop before a migration does.
        (Order::ModelsFirst, Some(_)) => true,
    }
}

/// The side that lacks what a finding is about, where it is about that.
fn lacks(finding: &Finding) -> Option<Side> {
    match finding.rule {
        "extra-table" | "extra-column" | "extra-index" | "extra-unique" | "extra-check"
        | "extra-foreign-key" => Some(Side::Models),
        "missing-table"
        | "missing-column"
        | "missing-index"
        | "missing-unique"
        | "missing-check"
        | "missing-foreign-key" => Some(Side::Database),
        "enum-mismatch" => match (&finding.expected, &finding.found) {
            (Some(_), None) => Some(Side::Database),
            (None, Some(_)) => Some(Side::Models),
            _ => None,
        },
        _ => None,
    }
}
