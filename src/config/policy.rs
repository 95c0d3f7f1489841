//! `[policy]`: what a team holds its databases to. Nothing of it is asked for unless it is said.

use toml::Spanned;
use toml::de::DeValue;

use super::file::Reader;
use super::pattern::Pattern;

/// What a team asks of its databases.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    /// Types of columns by the pattern of their names; the first that fits counts.
    pub columns: Vec<(Pattern, Vec<String>)>,
    /// Types of primary keys.
    pub key_type: Vec<String>,
    /// Every timestamp has a time zone.
    pub time_zones: bool,
    /// All models of a database are kept in one collection.
    pub one_metadata: bool,
    /// Every foreign key has an index that begins with one of its columns.
    pub index_foreign_keys: bool,
    /// Columns that the database fills in itself, by the pattern of their names.
    pub server_defaults: Vec<Pattern>,
    /// What constraints and indexes are called, by kind.
    pub constraint_names: Vec<(ConstraintWord, String)>,
}

/// Kinds of constraint that a policy names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the kind of its name")]
pub enum ConstraintWord {
    PrimaryKey,
    Unique,
    ForeignKey,
    Check,
    Index,
}

impl ConstraintWord {
    /// All of them.
    pub const ALL: [ConstraintWord; 5] = [
        ConstraintWord::PrimaryKey,
        ConstraintWord::Unique,
        ConstraintWord::ForeignKey,
        ConstraintWord::Check,
        ConstraintWord::Index,
    ];

    /// Its key in the configuration.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            ConstraintWord::PrimaryKey => "primary-key",
            ConstraintWord::Unique => "unique",
            ConstraintWord::ForeignKey => "foreign-key",
            ConstraintWord::Check => "check",
            ConstraintWord::Index => "index",
        }
    }
}

impl Policy {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Policy::default()
    }

    /// Its patterns: one that fits nothing is told.
    pub fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.columns
            .iter()
            .map(|(pattern, _)| pattern)
            .chain(&self.server_defaults)
    }
}

/// Every key of `[policy]`.
pub const KEYS: &[&str] = &[
    "columns",
    "key-type",
    "time-zones",
    "one-metadata",
    "index-foreign-keys",
    "server-defaults",
    "constraint-names",
];

/// What may stand in the pattern of a name.
const PLACEHOLDERS: &[&str] = &["table", "columns", "target"];

impl Reader<'_> {
    /// `[policy]`.
    pub(super) fn policy(&mut self, value: &Spanned<DeValue<'_>>) -> Policy {
        let mut out = Policy::default();
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, "policy", "a table");
            return out;
        };
        for (key, value) in table {
            let mut is_set = |word: &str| match value.get_ref().as_bool() {
                Some(on) => on,
                None => {
                    self.wrong(value, word, "true or false");
                    false
                }
            };
            match key.get_ref().as_ref() {
                "time-zones" => out.time_zones = is_set("time-zones"),
                "one-metadata" => out.one_metadata = is_set("one-metadata"),
                "index-foreign-keys" => out.index_foreign_keys = is_set("index-foreign-keys"),
                "key-type" => out.key_type = self.texts(value, "key-type"),
                "server-defaults" => out.server_defaults = self.patterns(value, "server-defaults"),
                "columns" => out.columns = self.types_by_name(value),
                "constraint-names" => out.constraint_names = self.names_by_kind(value),
                other => self.unknown(&key.span(), "key", other, KEYS),
            }
        }
        out
    }

    /// `"*_at" = "timestamptz"`, `"*_id" = ["uuid", "bigint"]`.
    fn types_by_name(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<(Pattern, Vec<String>)> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(
                value,
                "columns",
                "a table of types by the pattern of a column's name",
            );
            return Vec::new();
        };
        let mut out = Vec::new();
        for (key, value) in table {
            let types = self.texts(value, "columns");
            match Pattern::new(key.get_ref(), self.span(&key.span())) {
                Ok(pattern) => out.push((pattern, types)),
                Err(why) => self.flaw(
                    &key.span(),
                    format!("`{}` is no pattern: {why}", key.get_ref()),
                    None,
                ),
            }
        }
        // The order of the file: a table of the parser's has one of its own.
        out.sort_by_key(|(pattern, _)| pattern.span);
        out
    }

    /// `foreign-key = "{table}_{columns}_fkey"`.
    fn names_by_kind(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<(ConstraintWord, String)> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, "constraint-names", "a table of names by kind");
            return Vec::new();
        };
        let known = ConstraintWord::ALL.map(ConstraintWord::key);
        let mut out = Vec::new();
        for (key, value) in table {
            let Some(kind) = ConstraintWord::ALL
                .into_iter()
                .find(|k| k.key() == key.get_ref().as_ref())
            else {
                self.unknown(&key.span(), "kind of constraint", key.get_ref(), &known);
                continue;
            };
            let Some(name) = self.text(value, kind.key()) else {
                continue;
            };
            for word in name.split('{').skip(1).filter_map(|rest| rest.split_once('}')) {
                if !PLACEHOLDERS.contains(&word.0) {
                    self.unknown(&value.span(), "placeholder", word.0, PLACEHOLDERS);
                }
            }
            out.push((kind, name));
        }
        out
    }
}
