//! sql-migrate's history.
//!
//! Source: `sqlparse/sqlparse.go` (lines that begin with `-- +migrate ` and say `Up` or `Down`, `notransaction` behind it; a file that
//! has neither is refused; a direction may come again) and `migrate.go` (files `*.sql`, those that begin with a number by it, then the
//! others by name) of sql-migrate 1.8. Statements go to the server one by one.

use std::ops::Range;

use crate::config::Given;
use crate::session::RunMode;
use crate::stacks::history::{Draft, plain};
use crate::stacks::{Folder, History};

const MARK: &str = "-- +migrate ";

/// Reads the migrations folder.
#[must_use]
pub fn read(folder: Folder<'_>, _: &Given) -> History {
    let mut draft = Draft::new("sql-migrate", folder);
    let mut found: Vec<_> = folder.items().filter(|i| i.name.ends_with(".sql")).collect();
    found.sort_by_key(|item| {
        let number = plain::number(item.name);
        (number.is_none(), number, item.name)
    });
    for item in found {
        let Some(text) = draft.text(item.name, item.file) else {
            continue;
        };
        if !is_annotated(text.as_str()) {
            draft.event(
                "broken-revision-chain",
                draft.start_of(item.file),
                format!(
                    "{} has neither '-- +migrate Up' nor '-- +migrate Down', so that sql-migrate refuses it",
                    item.name
                ),
            );
        }
        for (range, transaction) in blocks(text.as_str(), "Up") {
            let mode = if transaction {
                RunMode::Transaction
            } else {
                RunMode::Statements
            };
            draft.part(item.name, item.file, text.slice(range), mode);
        }
    }
    draft.finish()
}

/// Whether a file has a direction.
#[must_use]
pub fn is_annotated(text: &str) -> bool {
    plain::lines(text).any(|(_, line)| mark(line).is_some())
}

/// The parts of a file of one direction, and whether each runs in a transaction.
#[must_use]
pub fn blocks(text: &str, wanted: &str) -> Vec<(Range<usize>, bool)> {
    plain::blocks(text, wanted, mark)
}

/// The direction of a line that is a mark, and whether what follows runs in a transaction.
fn mark(line: &str) -> Option<(&str, bool)> {
    let mut words = line.strip_prefix(MARK)?.split_whitespace();
    let direction = words.next().filter(|word| matches!(*word, "Up" | "Down"))?;
    Some((direction, !words.any(|option| option == "notransaction")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Files;

    #[test]
    fn parts_and_order() {
        let files = Files::in_memory([
            (
                "m/10_c.sql",
                "-- +migrate Up notransaction\nSELECT 3;\n\n-- +migrate Down\nSELECT 4;\n",
            ),
            (
                "m/9_b.sql",
                "-- +migrate Up\n-- +migrate StatementBegin\nSELECT 2;\n-- +migrate StatementEnd\n-- +migrate Down\n",
            ),
            ("m/last.sql", "-- +migrate Up\nSELECT 5;\n"),
            ("m/11_bare.sql", "SELECT 6;\n"),
        ]);
        let history = read(Folder::new(&files, "m"), &Given::default());
        let names: Vec<_> = history
            .migrations
            .iter()
            .map(|m| (m.name.as_str(), m.mode))
            .collect();
        assert_eq!(
            names,
            [
                ("9_b.sql", RunMode::Transaction),
                ("10_c.sql", RunMode::Statements),
                ("last.sql", RunMode::Transaction),
            ]
        );
        assert!(!history.migrations[1].text.as_str().contains("SELECT 4"));
        assert_eq!(history.events.len(), 1);
    }
}
