//! dbmate's history.
//!
//! Source: `pkg/dbmate/db.go` (files `^(\d+).*\.sql$`, by file name) and `pkg/dbmate/migration.go`: blocks from `-- migrate:up` to
//! `-- migrate:down`, several pairs in one file are allowed, `transaction:false` after the mark runs the block without one; the
//! block goes to the server whole.

use std::ops::Range;

use crate::config::Given;
use crate::session::RunMode;
use crate::stacks::history::{Draft, plain};
use crate::stacks::{Folder, History};

/// Reads the migrations folder.
#[must_use]
pub fn read(folder: Folder<'_>, _: &Given) -> History {
    let mut draft = Draft::new("dbmate", folder);
    for item in folder.items() {
        if !item.name.ends_with(".sql") || !item.name.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let Some(text) = draft.text(item.name, item.file) else {
            continue;
        };
        let blocks = up_blocks(text.as_str());
        if blocks.is_empty() {
            draft.event(
                "broken-revision-chain",
                draft.start_of(item.file),
                format!("{} has no '-- migrate:up', so that dbmate refuses it", item.name),
            );
        }
        for (range, transaction) in blocks {
            let mode = if transaction {
                RunMode::Transaction
            } else {
                RunMode::OneQuery
            };
            draft.part(item.name, item.file, text.slice(range), mode);
        }
    }
    draft.finish()
}

/// The up blocks of a file, and whether each runs in a transaction.
#[must_use]
pub fn up_blocks(text: &str) -> Vec<(Range<usize>, bool)> {
    blocks(text, "up")
}

/// The down blocks of a file, and whether each runs in a transaction.
#[must_use]
pub fn down_blocks(text: &str) -> Vec<(Range<usize>, bool)> {
    blocks(text, "down")
}

fn blocks(text: &str, wanted: &str) -> Vec<(Range<usize>, bool)> {
    plain::blocks(text, wanted, |line| {
        let (direction, options) = mark(line)?;
        let alone = options.split_whitespace().any(|o| o == "transaction:false");
        Some((direction, !alone))
    })
}

/// The direction and options of a line that is a mark.
fn mark(line: &str) -> Option<(&'static str, &str)> {
    let rest = line.strip_prefix("--")?.trim_start().strip_prefix("migrate:")?;
    ["up", "down"].into_iter().find_map(|direction| {
        let options = rest.strip_prefix(direction)?;
        (options.is_empty() || options.starts_with(char::is_whitespace)).then_some((direction, options))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks() {
        let text = "-- note\n-- migrate:up transaction:false\nA;\n-- migrate:down\nB;\n--migrate:up\nC;\n";
        let blocks = up_blocks(text);
        assert_eq!(blocks.len(), 2);
        assert!(text[blocks[0].0.clone()].contains("A;") && !text[blocks[0].0.clone()].contains("B;"));
        assert!(!blocks[0].1 && blocks[1].1);
    }
}
