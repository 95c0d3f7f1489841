//! goose's history.
//!
//! Source: `provider_collect.go` and `migrate.go` (files `NUMBER_*.sql` and `NUMBER_*.go`, a positive number, others ignored, by
//! number) and `internal/sqlparser/parser.go` (annotations: lines that begin with `--` and hold `+goose`). Statements go to the
//! server one by one, in one transaction unless `NO TRANSACTION` stands anywhere in the file.

use crate::config::Given;
use crate::session::RunMode;
use crate::source::{FileId, Text};
use crate::stacks::history::placeholders::{self, Replaced};
use crate::stacks::history::{Draft, plain};
use crate::stacks::{Folder, History};

/// Reads the migrations folder.
#[must_use]
pub fn read(folder: Folder<'_>, given: &Given) -> History {
    let mut draft = Draft::new("goose", folder);
    let mut found: Vec<(i64, &str, FileId)> = folder
        .items()
        .filter(|i| i.name.ends_with(".sql") || i.name.ends_with(".go") && !i.name.ends_with("_test.go"))
        .filter_map(|i| Some((i.name.split_once('_')?.0.parse().ok()?, i.name, i.file)))
        .filter(|(version, ..)| *version > 0)
        .collect();
    found.sort();
    for (index, &(version, name, file)) in found.iter().enumerate() {
        if let Some(&(_, _, first)) = index
            .checked_sub(1)
            .and_then(|i| found.get(i))
            .filter(|p| p.0 == version)
        {
            draft.duplicate(&version.to_string(), first, file);
        }
        if name.ends_with(".go") {
            draft.program(name, file);
        } else {
            add(&mut draft, name, file, given);
        }
    }
    draft.finish()
}

/// Adds the up part of a file.
pub fn add(draft: &mut Draft<'_>, name: &str, file: FileId, given: &Given) {
    let Some(text) = draft.text(name, file) else {
        return;
    };
    let Some((up, transaction)) = up(&text, given) else {
        draft.event(
            "broken-revision-chain",
            draft.start_of(file),
            format!("{name} has no '-- +goose Up', so that goose refuses it"),
        );
        return;
    };
    let mode = if transaction {
        RunMode::Transaction
    } else {
        RunMode::Statements
    };
    draft.replaced(name, file, up, mode);
}

/// The up part of a file, and whether it runs in a transaction.
fn up(text: &Text, given: &Given) -> Option<(Replaced, bool)> {
    let (mut from, mut to, mut transaction) = (None, None, true);
    let (mut substituted, mut substitute): (Vec<_>, Option<usize>) = (Vec::new(), None);
    for (start, line) in plain::lines(text.as_str()) {
        let Some(annotation) = annotation(line) else {
            continue;
        };
        let next = start + line.len();
        match annotation.as_str() {
            "up" => from = from.or(Some(next)),
            "down" if from.is_some() => to = to.or(Some(start)),
            "no transaction" => transaction = false,
            "envsub on" => substitute = Some(next),
            "envsub off" => substituted.extend(substitute.take().map(|s| s..start)),
            _ => {}
        }
    }
    let end = text.as_str().len();
    substituted.extend(substitute.map(|s| s..end));
    let range = from?..to.unwrap_or(end);
    let up = placeholders::replace(
        text,
        range,
        &|at| substituted.iter().any(|r| r.contains(&at)),
        given,
    );
    Some((up, transaction))
}

/// The down part of a file; `None` where there is none, or where variables are put into it.
#[must_use]
pub fn down(text: &str) -> Option<std::ops::Range<usize>> {
    let mut from = None;
    for (start, line) in plain::lines(text) {
        match annotation(line).as_deref() {
            Some("down") => from = from.or(Some(start + line.len())),
            Some(word) if word.starts_with("envsub") => return None,
            _ => {}
        }
    }
    Some(from?..text.len())
}

/// Whether a file has annotations.
#[must_use]
pub fn is_annotated(text: &str) -> bool {
    plain::lines(text).any(|(_, line)| annotation(line).is_some())
}

/// The annotation of a line, lower case.
#[must_use]
pub fn annotation(line: &str) -> Option<String> {
    let line = line.trim();
    if !line.starts_with("--") || !line.contains("+goose") {
        return None;
    }
    Some(
        line.replace("--", "")
            .replacen("+goose", "", 1)
            .trim()
            .to_ascii_lowercase(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Files;

    #[test]
    fn parts_and_gaps() {
        let files = Files::in_memory([
            (
                "m/00010_c.sql",
                "-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 3;\n-- +goose Down\nSELECT 4;",
            ),
            (
                "m/00002_b.go",
                "func up(tx *sql.Tx) { tx.Exec(`ALTER TABLE a DROP b`) }",
            ),
            (
                "m/00001_a.sql",
                "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n-- +goose StatementEnd\n",
            ),
            ("m/helpers.go", ""),
        ]);
        let history = read(Folder::new(&files, "m"), &Given::default());
        let texts: Vec<_> = history
            .migrations
            .iter()
            .map(|m| (m.text.as_str().trim(), m.mode))
            .collect();
        assert_eq!(texts[1], ("SELECT 3;", RunMode::Statements));
        assert_eq!(texts[0].1, RunMode::Transaction);
        assert_eq!(history.gaps.len(), 1);
        assert_eq!(history.gaps[0].0, 1);
    }
}
