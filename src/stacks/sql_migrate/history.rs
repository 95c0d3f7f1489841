//! sql-migrate's history.
//!
//! Source: `sqlparse/sqlparse.go` (lines that begin with `-- +migrate ` and say `Up` or `Down`, `notransaction` behind it; a file that
//! has neither is refused; a direction may come again) and `migrate.go` (files `*.sql`, those that begin with a number by it, then the
//! others by name) of sql-migrate 1.8. Statements go to the server one by one; each ends with a line whose last word, but for a comment,
//! ends with a semicolon, and a file with a rest behind the last is refused.

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
        if let Some(range) = unfinished(text.as_str()).filter(|_| !has_separator(folder)) {
            draft.event(
                "broken-revision-chain",
                text.span(range),
                format!(
                    "a statement of {} does not end with a semicolon at the end of a line, so that sql-migrate refuses the file",
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

/// Whether a program sets lines of its own that end statements (`sqlparse.LineSeparator`).
fn has_separator(folder: Folder<'_>) -> bool {
    let files = folder.files;
    let mut programs = files.entries().filter(|(_, entry)| entry.path.ends_with(".go"));
    programs.any(|(file, _)| files.text(file).contains("LineSeparator"))
}

/// The last line of a statement that nothing ends (`ParseMigration`): where a direction begins, or at the end of the file.
fn unfinished(text: &str) -> Option<Range<usize>> {
    let (mut in_direction, mut in_block) = (false, false);
    let mut rest: Option<Range<usize>> = None;
    for (start, line) in plain::lines(text) {
        if let Some(command) = line.strip_prefix(MARK) {
            match command.split_whitespace().next() {
                Some("Up" | "Down") => {
                    if rest.is_some() {
                        return rest;
                    }
                    in_direction = true;
                }
                Some("StatementBegin") if in_direction => in_block = true,
                Some("StatementEnd") if in_direction && in_block => (in_block, rest) = (false, None),
                _ => {}
            }
            continue;
        }
        let words = || line.split_whitespace().take_while(|word| !word.starts_with("--"));
        let Some(last) = words().last().filter(|_| in_direction) else {
            continue;
        };
        rest = if !in_block && last.ends_with(';') {
            None
        } else {
            Some(start + line.len() - line.trim_start().len()..start + line.trim_end().len())
        };
    }
    rest
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
