//! A folder of SQL files in their natural order, or one file. Taken to run as `psql -f` runs them: each statement alone.

use super::sections;
use crate::config::Given;
use crate::known::{Gap, Reach};
use crate::session::RunMode;
use crate::source::FileId;
use crate::stacks::history::{Draft, plain};
use crate::stacks::{Folder, History, dbmate, goose, sql_migrate};

/// Reads a folder: by the numbers in front of the names where all have one, else by name, and says so.
#[must_use]
pub fn read(folder: Folder<'_>, _: &Given) -> History {
    let mut draft = Draft::new("sql", folder);
    let mut files: Vec<(&str, FileId)> = folder
        .items()
        .map(|i| (i.name, i.file))
        .filter(|(n, _)| is_up(n) || plain::is_program(n) && plain::number(n).is_some())
        .collect();
    if files.is_empty() {
        files = folder.below().filter(|(path, _)| is_up(path)).collect();
    }
    let numbered = files.iter().all(|(path, _)| numbers(path).is_some());
    if numbered {
        files.sort_by(|a, b| (numbers(a.0), a.0).cmp(&(numbers(b.0), b.0)));
    } else if let [(_, first), _, ..] = files.as_slice() {
        let why =
            "not every file of this folder begins with a number: they are taken in the order of their names";
        draft.gap(Gap::new(draft.start_of(*first), why, Reach::Rows));
    }
    for (path, file) in files {
        if plain::is_program(path) {
            draft.program(path, file);
        } else if let Some(text) = draft.text(path, file) {
            let up = text.slice(sections::up(text.as_str()));
            draft.part(path, file, up, RunMode::Statements);
        }
    }
    draft.finish()
}

/// Reads one file; where it holds both directions, the way up.
#[must_use]
pub fn read_file(folder: Folder<'_>, file: FileId, given: &Given) -> History {
    let mut draft = Draft::new("sql", folder);
    let path = folder.files.path(file);
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some(text) = draft.text(name, file) else {
        return draft.finish();
    };
    let blocks = dbmate::history::up_blocks(text.as_str());
    if !blocks.is_empty() {
        for (range, _) in blocks {
            draft.part(name, file, text.slice(range), RunMode::Transaction);
        }
    } else if sql_migrate::history::is_annotated(text.as_str()) {
        for (range, _) in sql_migrate::history::blocks(text.as_str(), "Up") {
            draft.part(name, file, text.slice(range), RunMode::Transaction);
        }
    } else if goose::history::is_annotated(text.as_str()) {
        goose::history::add(&mut draft, name, file, given);
    } else {
        let up = text.slice(sections::up(text.as_str()));
        draft.part(name, file, up, RunMode::Statements);
    }
    draft.finish()
}

/// SQL that leads forward.
fn is_up(path: &str) -> bool {
    let stem = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let Some(stem) = stem.strip_suffix(".sql") else {
        return false;
    };
    let back = ["down", "rollback", "undo", "revert"];
    !back
        .iter()
        .any(|b| stem == *b || stem.strip_suffix(b).is_some_and(|s| s.ends_with(['.', '_', '-'])))
}

/// The numbers in front of each part of a path.
fn numbers(path: &str) -> Option<Vec<u128>> {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let of_folders = folders.split('/').filter(|f| !f.is_empty()).map(plain::number);
    let of_name = if matches!(name, "up.sql" | "migration.sql") {
        None
    } else {
        Some(plain::number(name))
    };
    of_folders.chain(of_name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Files;

    #[test]
    fn natural_order() {
        let files = Files::in_memory([
            ("m/10_c.sql", ""),
            ("m/9_b.sql", ""),
            ("m/9_b.down.sql", ""),
            ("m/notes.md", ""),
        ]);
        let history = read(Folder::new(&files, "m"), &Given::default());
        let names: Vec<_> = history.migrations.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["9_b.sql", "10_c.sql"]);
        assert!(history.gaps.is_empty());
    }

    #[test]
    fn the_way_back_in_the_same_file_is_not_run() {
        let files = Files::in_memory([
            (
                "m/1_a.sql",
                "-- Up\nCREATE TABLE a (id int);\n\n-- Down\nDROP TABLE a;\n",
            ),
            (
                "m/2_b.sql",
                "-- goes down the list\nCREATE TABLE b (id int);\n-- down\nDROP TABLE a;\n",
            ),
        ]);
        let history = read(Folder::new(&files, "m"), &Given::default());
        let texts: Vec<&str> = history
            .migrations
            .iter()
            .map(|m| m.text.as_str().trim())
            .collect();
        assert_eq!(texts[0], "-- Up\nCREATE TABLE a (id int);");
        assert!(texts[1].ends_with("DROP TABLE a;"));
    }
}
