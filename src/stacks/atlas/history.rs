//! Atlas's history: a folder of versioned SQL files.
//!
//! Source: `sql/migrate/dir.go`: all files `*.sql` by name; a file with the directive `atlas:checkpoint` stands for everything
//! before it on a new database. Statements go one by one, in a transaction a file unless `-- atlas:txmode none`
//! (<https://atlasgo.io/versioned/apply#transaction-configuration>).

use crate::config::Given;
use crate::session::RunMode;
use crate::source::FileId;
use crate::stacks::history::{Draft, plain};
use crate::stacks::{Folder, History};

/// Reads the migrations folder.
#[must_use]
pub fn read(folder: Folder<'_>, _: &Given) -> History {
    let mut draft = Draft::new("atlas", folder);
    let mut found: Vec<(&str, FileId)> = folder
        .items()
        .filter(|i| i.name.ends_with(".sql") && !i.name.starts_with('.'))
        .map(|i| (i.name, i.file))
        .collect();
    let checkpoint = found
        .iter()
        .rposition(|(_, file)| directive(&folder.files.text(*file), "checkpoint").is_some());
    found.drain(..checkpoint.unwrap_or(0));
    for (name, file) in found {
        if let Some(text) = draft.text(name, file) {
            let none = directive(text.as_str(), "txmode").is_some_and(|v| v == "none");
            let mode = if none {
                RunMode::Statements
            } else {
                RunMode::Transaction
            };
            draft.part(name, file, text, mode);
        }
    }
    draft.finish()
}

/// The value of a directive of the file: a comment at its top, before the first empty line or statement.
fn directive<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    plain::lines(text)
        .map(|(_, line)| line.trim())
        .take_while(|line| line.starts_with("--"))
        .find_map(|line| {
            let (_, rest) = line.split_once("atlas:")?;
            let value = rest.strip_prefix(name)?;
            (value.is_empty() || value.starts_with(' ')).then(|| value.trim())
        })
}
