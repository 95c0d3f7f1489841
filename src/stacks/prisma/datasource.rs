//! What the `datasource` and `generator` blocks say: provider, schemas, relation mode, extensions.

use smol_str::SmolStr;

use crate::name::Name;
use crate::source::Span;
use crate::syntax::prisma::{Block, BlockKind, Value, ValueKind, argument};

/// The settings of a schema.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// The dialect, and where it is said.
    pub(super) dialect: Option<(SmolStr, Span)>,
    /// `relationMode = "prisma"`: no foreign keys.
    pub(super) no_foreign_keys: bool,
    /// Extensions by their names in the database.
    pub(super) extensions: Vec<Name>,
    /// The preview feature `partialIndexes`: without it, indexes with a predicate are left alone.
    pub(super) partial_indexes: bool,
    /// A generator that only Prisma 6 and later know.
    pub(super) since_six: bool,
}

impl Settings {
    /// Reads the first datasource; more than one is an error that Prisma itself reports.
    pub(super) fn read<'a>(blocks: impl Iterator<Item = &'a Block> + Clone) -> Self {
        let mut out = Settings::default();
        let of_kind = |kind| blocks.clone().filter(move |b| b.kind == kind);
        for setting in of_kind(BlockKind::Generator).flat_map(|b| &b.settings) {
            match setting.key.text.as_str() {
                "provider" => out.since_six |= setting.value.as_str() == Some("prisma-client"),
                "previewFeatures" => {
                    let features = setting.value.elements().iter().filter_map(Value::as_str);
                    out.partial_indexes |= features
                        .into_iter()
                        .any(|f| f.eq_ignore_ascii_case("partialIndexes"));
                }
                _ => {}
            }
        }
        let Some(block) = of_kind(BlockKind::Datasource).next() else {
            return out;
        };
        for setting in &block.settings {
            match (setting.key.text.as_str(), &setting.value) {
                ("provider", value) => {
                    out.dialect = value
                        .as_str()
                        .map(|text| (SmolStr::new(dialect(text)), value.span));
                }
                // `referentialIntegrity` is its name before Prisma 4.5.
                ("relationMode" | "referentialIntegrity", value) => {
                    out.no_foreign_keys = value.as_str() == Some("prisma");
                }
                ("extensions", value) => {
                    out.extensions = value.elements().iter().filter_map(extension).collect();
                }
                _ => {}
            }
        }
        out
    }

    /// Whether columns are of PostgreSQL's types. A schema that names no provider is taken for PostgreSQL's.
    pub(super) fn postgres(&self) -> bool {
        self.dialect
            .as_ref()
            .is_none_or(|(name, _)| name == "postgresql" || name == "cockroachdb")
    }

    /// Whether the provider is CockroachDB.
    pub(super) fn cockroach(&self) -> bool {
        self.dialect
            .as_ref()
            .is_some_and(|(name, _)| name == "cockroachdb")
    }
}

/// `postgres` is an alias of `postgresql`.
fn dialect(provider: &str) -> &str {
    if provider == "postgres" {
        "postgresql"
    } else {
        provider
    }
}

/// `pgcrypto`, or `vec(map: "vector", schema: "public")`: the name in the database.
fn extension(value: &Value) -> Option<Name> {
    match &value.kind {
        ValueKind::Path(name) => Some(Name::new(name)),
        ValueKind::Call(name, args) => {
            let mapped = argument(args, "map", false).and_then(Value::as_str);
            Some(Name::new(mapped.unwrap_or(name)))
        }
        ValueKind::String(_) | ValueKind::Number(_) | ValueKind::Array(_) | ValueKind::Object(_) => None,
    }
}
