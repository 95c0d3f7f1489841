//! Prisma schemas with what pairing needs to know of them.

use super::dialect;
use super::index::{Index, split};
use crate::config::Dialect;
use crate::source::Files;
use crate::stacks::prisma::locations::{Location, locations};

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
}

/// All schemas in path order.
pub(super) fn find(index: &Index<'_>) -> Vec<Schema> {
    let (found, _) = locations(index.files, "");
    found
        .into_iter()
        .map(|location| schema(index.files, location))
        .collect()
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
    let provider = block.lines().find_map(|line| {
        let value = line
            .trim()
            .strip_prefix("provider")?
            .trim_start()
            .strip_prefix('=')?;
        Some(value.trim().to_owned())
    });
    Schema {
        folder: file.map_or("", |file| split(files.path(file)).0).to_owned(),
        dialect: dialect::provider(&block),
        provider,
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
