//! Prisma schemas with what pairing needs to know of them.

use super::NotChecked;
use super::dialect;
use super::index::{Index, split};
use crate::config::Dialect;
use crate::source::Files;
use crate::stacks::prisma::locations::{Location, Untold, locations};

/// A Prisma schema.
#[derive(Debug, Clone)]
pub(super) struct Schema {
    /// Where it lies.
    pub(super) location: Location,
    /// The folder of the file that holds the datasource.
    pub(super) folder: String,
    /// The datasource's provider, where it says one that is known.
    pub(super) dialect: Option<Dialect>,
    /// The provider as written, where it is not known.
    pub(super) provider: Option<String>,
    /// Where the database is, as written: `env("DATABASE_URL")`.
    pub(super) address: Option<String>,
}

/// All schemas in path order, and what configurations say of others that could not be told.
pub(super) fn find(index: &Index<'_>) -> (Vec<Schema>, Vec<NotChecked>) {
    let files = index.files;
    let (found, untold) = locations(files, "");
    let mut not_checked: Vec<NotChecked> = untold.iter().map(|untold| said_untold(files, untold)).collect();
    let mut schemas = Vec::new();
    for location in found {
        if is_documentation(&location) {
            not_checked.push(NotChecked {
                what: format!("{} (Prisma)", location.schema),
                why: "it lies in the documentation, without migrations".to_owned(),
            });
        } else {
            schemas.push(schema(files, location));
        }
    }
    (schemas, not_checked)
}

fn said_untold(files: &Files, untold: &Untold) -> NotChecked {
    NotChecked {
        what: format!("{} (Prisma): {}", files.path(untold.file), untold.what),
        why: "it is computed, which is not followed; the usual places were looked in (--models and --migrations can say)".to_owned(),
    }
}

/// A schema that documentation quotes: nobody's database has it.
fn is_documentation(location: &Location) -> bool {
    location.said.is_none()
        && location.migrations.is_none()
        && split(&location.schema)
            .0
            .split('/')
            .any(|part| matches!(part, "doc" | "docs" | "documentation"))
}

fn schema(files: &Files, location: Location) -> Schema {
    let source = location.files.iter().map(|file| (*file, files.text(*file)));
    let (file, block) = source
        .filter_map(|(file, text)| Some((file, datasource(&text)?.to_owned())))
        .next()
        .map_or(
            (location.files.first().copied(), String::new()),
            |(file, block)| (Some(file), block),
        );
    let setting = |name: &str| {
        block.lines().find_map(|line| {
            let value = line.trim().strip_prefix(name)?.trim_start().strip_prefix('=')?;
            Some(value.trim().to_owned())
        })
    };
    Schema {
        folder: file.map_or("", |file| split(files.path(file)).0).to_owned(),
        dialect: dialect::provider(&block),
        provider: setting("provider"),
        address: setting("url"),
        location,
    }
}

/// The lines of the datasource block.
pub(super) fn datasource(text: &str) -> Option<&str> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start().strip_prefix("datasource");
        if rest.is_some_and(|r| r.starts_with(char::is_whitespace) && r.contains('{')) {
            let block = &text[at..];
            return Some(block.find("\n}").map_or(block, |end| &block[..end]));
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_block() {
        let text = "generator a {\n provider = \"x\"\n}\ndatasource db {\n  provider = \"postgresql\"\n  url = env(\"U\")\n}\n";
        assert_eq!(
            dialect::provider(datasource(text).unwrap_or("")),
            Some(Dialect::Postgres)
        );
    }
}
