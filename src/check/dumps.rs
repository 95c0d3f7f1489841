//! Dumps of the schema that a repository keeps beside a history.

use super::finish;
use crate::discover::Target;
use crate::rules::Dumped;
use crate::session::Session;
use crate::source::Files;
use crate::stacks::{Folder, History, sql_folder};

/// Names that dumps go by: Rails', dbmate's and Ecto's own.
const NAMES: [&str; 2] = ["structure.sql", "schema.sql"];

/// The dumps of a target with one history: those beside its folder that `pg_dump` wrote and that it does not run itself. A dump that
/// holds migrations that are no longer there says more than the history, and is none of it.
pub(super) fn dumps(files: &Files, target: &Target, histories: &[History]) -> Vec<Dumped> {
    let ([source], [history]) = (target.histories.as_slice(), histories) else {
        return Vec::new();
    };
    let folder = source.path.trim_end_matches('/');
    let parent = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
    if folder.is_empty() || files.find(folder).is_some() {
        return Vec::new();
    }
    let mut out = Vec::new();
    for name in NAMES {
        let path = if parent.is_empty() {
            name.to_owned()
        } else {
            format!("{parent}/{name}")
        };
        let Some(file) = files.find(&path) else { continue };
        let runs = history.migrations.iter().any(|m| m.file == file);
        let text = files.text(file);
        if runs || !is_dump(&text) {
            continue;
        }
        let versions = versions(&text);
        let numbers: Vec<&str> = history.migrations.iter().map(|m| number(&m.name)).collect();
        if versions.iter().any(|v| !numbers.contains(&v.as_str())) {
            continue;
        }
        let mut session = Session::new(&target.given);
        session.assume_mended();
        for part in sql_folder::history::read_file(Folder::new(files, ""), file, &target.given).migrations {
            session.run(&part);
        }
        out.push(Dumped {
            file,
            outcome: finish(session),
            versions,
        });
    }
    out
}

/// Every dump of `pg_dump` since its version 10.3 begins so, whatever stands above it.
fn is_dump(text: &str) -> bool {
    text.contains("SELECT pg_catalog.set_config('search_path', '', false)")
}

/// The digits that a migration's name begins with.
fn number(name: &str) -> &str {
    let end = name.find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len());
    name.get(..end).unwrap_or(name)
}

/// What a dump inserts into the table that runners keep their books in.
fn versions(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (at, _) in text.match_indices("INSERT INTO ") {
        let rest = text.get(at..).unwrap_or("");
        let statement = rest.split(';').next().unwrap_or(rest);
        let head = statement.get(..statement.len().min(80)).unwrap_or(statement);
        let Some((_, values)) = statement
            .split_once("VALUES")
            .filter(|_| head.contains("schema_migrations"))
        else {
            continue;
        };
        let first = values
            .split('(')
            .skip(1)
            .filter_map(|row| row.split([',', ')']).next());
        out.extend(first.map(|v| v.trim().trim_matches('\'').to_owned()));
    }
    out.retain(|v| !v.is_empty() && v.chars().all(|c| c.is_ascii_digit()));
    out
}
