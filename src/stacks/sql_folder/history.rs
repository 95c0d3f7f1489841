//! A folder of SQL files in their natural order, or one file. Taken to run as `psql -f` runs them: each statement alone.

use crate::session::RunMode;
use crate::source::FileId;
use crate::stacks::history::Draft;
use crate::stacks::{Folder, History};

/// Reads a folder: by the number in front of each name where all have one, else by name.
#[must_use]
pub fn read(folder: Folder<'_>) -> History {
    let mut draft = Draft::new("sql", folder);
    let mut files: Vec<_> = folder.items().filter(|i| i.name.ends_with(".sql")).collect();
    let numbered = files.iter().all(|i| number(i.name).is_some());
    if numbered {
        files.sort_by(|a, b| {
            number(a.name)
                .cmp(&number(b.name))
                .then_with(|| a.name.cmp(b.name))
        });
    }
    for item in files {
        draft.whole(item.name, item.file, RunMode::Statements);
    }
    draft.finish()
}

/// Reads one file.
#[must_use]
pub fn read_file(folder: Folder<'_>, file: FileId) -> History {
    let mut draft = Draft::new("sql", folder);
    draft.whole(folder.files.path(file), file, RunMode::Statements);
    draft.finish()
}

/// The number that a name begins with.
#[must_use]
pub fn number(name: &str) -> Option<u128> {
    let end = name.find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len());
    name[..end].parse().ok()
}
