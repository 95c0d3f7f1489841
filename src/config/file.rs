//! The configuration file: what a repository says once and for all. Every wrong key, value or name is a flaw with its place and the
//! nearest right one; nothing is passed over.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Dialect;
use super::pattern::Pattern;
use super::policy::Policy;
use crate::finding::Level;
use crate::source::{FileId, Span};

/// File names that may hold a configuration, the one that counts first.
pub const FILES: [&str; 4] = [
    "schemalign.toml",
    ".schemalign.toml",
    "pyproject.toml",
    "Cargo.toml",
];

/// How loud a rule may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loudness {
    /// Not at all.
    Off,
    /// At this level at the most; findings of the rule's own level are raised to it.
    At(Level),
}

/// A rule's level, as a file sets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleLevel {
    /// The rule's name.
    pub rule: String,
    /// How loud it may be.
    pub loudness: Loudness,
    /// Where it is said.
    pub span: Span,
}

/// Levels for some paths or tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// Of these files; of all where empty.
    pub paths: Vec<Pattern>,
    /// Of these tables; of all where empty.
    pub tables: Vec<Pattern>,
    /// The levels.
    pub rules: Vec<RuleLevel>,
}

/// A database that is set by hand: its history, its models, what it is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Project {
    /// Its name, the target's.
    pub name: String,
    /// Folders or files, in the order to run.
    pub migrations: Vec<String>,
    /// Folders or files.
    pub models: Vec<String>,
    /// The dialect, where the files do not tell.
    pub dialect: Option<Dialect>,
    /// What it is given, by key.
    pub given: Vec<(String, String)>,
    /// Where it is said.
    pub span: Option<Span>,
}

/// What one file sets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// The file that sets it.
    pub file: Option<FileId>,
    /// The folder that patterns and paths are relative to, as the listing names it.
    pub folder: String,
    /// Levels of rules.
    pub rules: Vec<RuleLevel>,
    /// Levels of rules for some paths or tables; the last that fits counts.
    pub overrides: Vec<Override>,
    /// Files that are not looked at.
    pub exclude: Vec<Pattern>,
    /// Tables of which nothing is told.
    pub exclude_tables: Vec<Pattern>,
    /// Tables that somebody else creates: that they are missing or besides is no fault.
    pub owned_by_others: Vec<Pattern>,
    /// Databases set by hand, instead of those that would be found.
    pub projects: Vec<Project>,
    /// What every database is given, by key.
    pub given: Vec<(String, String)>,
    /// Whether an ignore needs a reason.
    pub require_reason: bool,
    /// Per cent of the statements and fields that must be followed.
    pub minimum_coverage: Option<f64>,
    /// The quietest level that fails a run.
    pub fail_on: Option<Level>,
    /// How models and migrations land.
    pub order: Order,
    /// The baseline's file, where it is not the usual one.
    pub baseline: Option<String>,
    /// What is asked of the databases.
    pub policy: Policy,
}

/// Something in a configuration file that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Where.
    pub span: Span,
    /// What is wrong, in one sentence.
    pub what: String,
    /// What would be right.
    pub help: Option<String>,
}

/// Every key of the file with what it takes; `schemalign config --schema` and the messages read it.
pub const KEYS: &[(&str, &str)] = &[
    (
        "required-version",
        "the versions of schemalign that may read the file, such as \">=0.1\"",
    ),
    (
        "rules",
        "a table of rules with their levels: \"off\", \"note\", \"warn\" or \"error\"",
    ),
    (
        "overrides",
        "a list of tables with `paths` or `tables` (patterns) and `rules`",
    ),
    ("exclude", "a list of patterns of files that are not looked at"),
    (
        "exclude-tables",
        "a list of patterns of tables of which nothing is told",
    ),
    (
        "owned-by-others",
        "a list of patterns of tables that somebody else creates",
    ),
    (
        "projects",
        "a list of databases set by hand: `name`, `migrations`, `models`, `dialect`, `given`",
    ),
    (
        "given",
        "a table of what every database is given: search_path, schemas, extensions, postgres_version, settings, variables",
    ),
    ("require-reason", "true: an ignore must say why"),
    (
        "minimum-coverage",
        "per cent of statements and fields that must be followed, else the run fails",
    ),
    (
        "fail-on",
        "the quietest level that fails a run: \"note\", \"warn\" or \"error\"",
    ),
    (
        "order",
        "how models and migrations land: \"together\", or in changes of their own, \"migrations-first\" or \"models-first\"",
    ),
    ("baseline", "the path of the baseline"),
    (
        "policy",
        "a table of what databases are held to: `columns`, `key-type`, `time-zones`, `one-metadata`, `index-foreign-keys`, \
         `server-defaults`, `constraint-names`",
    ),
];
/// The keys of an override.
pub const OVERRIDE_KEYS: &[&str] = &["paths", "tables", "rules"];
/// The keys of a project.
pub const PROJECT_KEYS: &[&str] = &["name", "migrations", "models", "dialect", "given"];
/// How loud a rule may be.
pub const LEVELS: &[&str] = &["off", "note", "warn", "error"];
/// The orders in which models and migrations may land.
pub const ORDERS: [(&str, Order); 3] = [
    ("together", Order::Together),
    ("migrations-first", Order::MigrationsFirst),
    ("models-first", Order::ModelsFirst),
];

/// How changes of models and their migrations land.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// In one change.
    #[default]
    Together,
    /// A migration that adds lands before the models that use it, one that drops after they are gone.
    MigrationsFirst,
    /// Models land before the migration that follows them.
    ModelsFirst,
}

impl Order {
    /// The word in the file.
    #[must_use]
    pub fn word(self) -> &'static str {
        ORDERS
            .iter()
            .find(|(_, order)| *order == self)
            .map_or("", |(word, _)| word)
    }
}

/// What a file sets, with all that is wrong in it; `None` where it says nothing of this program. `name` is the file's own name, which
/// tells where in it to look; `folder` is where it lies; `rules` are the names of rules that exist.
#[must_use]
pub fn read(
    file: FileId,
    name: &str,
    folder: &str,
    text: &str,
    rules: &[&str],
) -> (Option<Settings>, Vec<Flaw>) {
    let own = name.ends_with("schemalign.toml");
    if !own && !text.contains("schemalign") {
        return (None, Vec::new());
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader {
        file,
        rules,
        flaws: Vec::new(),
    };
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        reader.flaw(&span, format!("this is no TOML: {}", error.message()), None);
    }
    let document = document.get_ref();
    let table = match name {
        "pyproject.toml" => inner(document, &["tool", "schemalign"]),
        "Cargo.toml" => inner(document, &["workspace", "metadata", "schemalign"])
            .or_else(|| inner(document, &["package", "metadata", "schemalign"])),
        _ => Some(document),
    };
    // What is wrong elsewhere in a manifest is not this program's to say.
    let Some(table) = table else {
        return (None, Vec::new());
    };
    let mut settings = Settings {
        file: Some(file),
        folder: folder.to_owned(),
        ..Settings::default()
    };
    reader.settings(table, &mut settings);
    (Some(settings), reader.flaws)
}

fn inner<'a, 'i>(table: &'a DeTable<'i>, path: &[&str]) -> Option<&'a DeTable<'i>> {
    path.iter()
        .try_fold(table, |table, key| table.get(*key)?.get_ref().as_table())
}

pub(super) struct Reader<'a> {
    file: FileId,
    rules: &'a [&'a str],
    flaws: Vec<Flaw>,
}

type Entry<'a, 'i> = (&'a Spanned<std::borrow::Cow<'i, str>>, &'a Spanned<DeValue<'i>>);

impl Reader<'_> {
    pub(super) fn span(&self, range: &Range<usize>) -> Span {
        Span::new(self.file, range.start, range.end)
    }

    pub(super) fn flaw(&mut self, range: &Range<usize>, what: String, help: Option<String>) {
        let span = self.span(range);
        self.flaws.push(Flaw { span, what, help });
    }

    /// A key or name that does not exist, with the nearest that does.
    pub(super) fn unknown(&mut self, range: &Range<usize>, kind: &str, word: &str, known: &[&str]) {
        let help = match nearest(word, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", known.join(", ")),
        };
        self.flaw(range, format!("there is no {kind} `{word}`"), Some(help));
    }

    pub(super) fn wrong(&mut self, value: &Spanned<DeValue<'_>>, key: &str, takes: &str) {
        let what = format!(
            "`{key}` takes {takes}, not {}",
            article(value.get_ref().type_str())
        );
        self.flaw(&value.span(), what, None);
    }

    fn settings(&mut self, table: &DeTable<'_>, out: &mut Settings) {
        let keys: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "required-version" => self.version(value),
                "rules" => out.rules = self.levels(value),
                "overrides" => {
                    out.overrides = self.each(value, "overrides", |reader, table, _| reader.over(table))
                }
                "exclude" => out.exclude = self.patterns(value, "exclude"),
                "exclude-tables" => out.exclude_tables = self.patterns(value, "exclude-tables"),
                "owned-by-others" => out.owned_by_others = self.patterns(value, "owned-by-others"),
                "projects" => {
                    out.projects = self.each(value, "projects", |reader, table, span| {
                        reader.project(table, span)
                    });
                }
                "given" => out.given = self.given(value),
                "require-reason" => match value.get_ref().as_bool() {
                    Some(on) => out.require_reason = on,
                    None => self.wrong(value, "require-reason", "true or false"),
                },
                "minimum-coverage" => out.minimum_coverage = self.per_cent(value),
                "fail-on" => {
                    if let Some(Loudness::At(level)) = self.loudness((key, value), &LEVELS[1..]) {
                        out.fail_on = Some(level);
                    }
                }
                "order" => out.order = self.order(value),
                "policy" => out.policy = self.policy(value),
                "baseline" => out.baseline = self.text(value, "baseline"),
                other => self.unknown(&key.span(), "key", other, &keys),
            }
        }
    }

    fn order(&mut self, value: &Spanned<DeValue<'_>>) -> Order {
        let Some(word) = self.text(value, "order") else {
            return Order::default();
        };
        let found = ORDERS.iter().find(|(known, _)| *known == word);
        if found.is_none() {
            self.unknown(&value.span(), "order", &word, &ORDERS.map(|(word, _)| word));
        }
        found.map_or(Order::default(), |(_, order)| *order)
    }

    fn version(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some(wanted) = self.text(value, "required-version") else {
            return;
        };
        let own = env!("CARGO_PKG_VERSION");
        match (semver::VersionReq::parse(&wanted), semver::Version::parse(own)) {
            (Err(_), _) => self.wrong(value, "required-version", "versions such as \">=0.1, <2\""),
            (Ok(wanted), Ok(version)) if !wanted.matches(&version) => {
                let help = "install a version that fits, or change `required-version`".to_owned();
                self.flaw(
                    &value.span(),
                    format!("this is schemalign {own}, and the file wants {wanted}"),
                    Some(help),
                );
            }
            _ => {}
        }
    }

    fn levels(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<RuleLevel> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, "rules", "a table of rules with their levels");
            return Vec::new();
        };
        let mut out = Vec::new();
        for (key, value) in table {
            let rule = key.get_ref().as_ref();
            if !self.rules.contains(&rule) {
                let rules = self.rules;
                self.unknown(&key.span(), "rule", rule, rules);
                continue;
            }
            if let Some(loudness) = self.loudness((key, value), LEVELS) {
                out.push(RuleLevel {
                    rule: rule.to_owned(),
                    loudness,
                    span: self.span(&key.span()),
                });
            }
        }
        out
    }

    fn loudness(&mut self, (key, value): Entry<'_, '_>, allowed: &[&str]) -> Option<Loudness> {
        let word = self.text(value, key.get_ref())?;
        match word.as_str() {
            "off" if allowed.contains(&"off") => Some(Loudness::Off),
            "note" => Some(Loudness::At(Level::Note)),
            "warn" => Some(Loudness::At(Level::Warn)),
            "error" => Some(Loudness::At(Level::Error)),
            other => {
                self.unknown(&value.span(), "level", other, allowed);
                None
            }
        }
    }

    /// Each table of a list of tables.
    fn each<T>(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        key: &str,
        mut read: impl FnMut(&mut Self, &DeTable<'_>, Range<usize>) -> T,
    ) -> Vec<T> {
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(value, key, &format!("a list of tables (`[[{key}]]`)"));
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in list.iter() {
            match item.get_ref().as_table() {
                Some(table) => out.push(read(self, table, item.span())),
                None => self.wrong(item, key, "tables"),
            }
        }
        out
    }

    fn over(&mut self, table: &DeTable<'_>) -> Override {
        let mut out = Override {
            paths: Vec::new(),
            tables: Vec::new(),
            rules: Vec::new(),
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "paths" => out.paths = self.patterns(value, "paths"),
                "tables" => out.tables = self.patterns(value, "tables"),
                "rules" => out.rules = self.levels(value),
                other => self.unknown(&key.span(), "key", other, OVERRIDE_KEYS),
            }
        }
        out
    }

    fn project(&mut self, table: &DeTable<'_>, range: Range<usize>) -> Project {
        let mut out = Project {
            span: Some(self.span(&range)),
            ..Project::default()
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "name" => out.name = self.text(value, "name").unwrap_or_default(),
                "migrations" => out.migrations = self.texts(value, "migrations"),
                "models" => out.models = self.texts(value, "models"),
                "given" => out.given = self.given(value),
                "dialect" => {
                    if let Some(word) = self.text(value, "dialect") {
                        out.dialect = Dialect::from_word(&word);
                        if out.dialect.is_none() {
                            let known: Vec<&str> = Dialect::ALL.iter().map(|d| d.word()).collect();
                            self.unknown(&value.span(), "dialect", &word, &known);
                        }
                    }
                }
                other => self.unknown(&key.span(), "key", other, PROJECT_KEYS),
            }
        }
        if out.migrations.is_empty() && out.models.is_empty() {
            let help = "set `migrations`, `models` or both".to_owned();
            self.flaw(
                &range,
                "this project has neither migrations nor models".to_owned(),
                Some(help),
            );
        }
        out
    }

    /// `search_path = "a,b"`, `schemas = ["a", "b"]`, `postgres_version = 16`.
    fn given(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<(String, String)> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, "given", "a table");
            return Vec::new();
        };
        let mut out = Vec::new();
        for (key, value) in table {
            let key = key.get_ref().to_string();
            let said = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Integer(number) => number.as_str().to_owned(),
                DeValue::Boolean(on) => on.to_string(),
                DeValue::Array(_) => self.texts(value, &key).join(","),
                DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => {
                    self.wrong(value, &key, "text, a number, true or false, or a list of texts");
                    continue;
                }
            };
            if let Err(what) = super::Given::default().set(&key, &said) {
                self.flaw(&value.span(), what, None);
            }
            out.push((key, said));
        }
        out
    }

    fn per_cent(&mut self, value: &Spanned<DeValue<'_>>) -> Option<f64> {
        let said = match value.get_ref() {
            DeValue::Integer(number) => number.as_str().parse().ok(),
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => None,
        };
        let said = said.filter(|n: &f64| (0.0..=100.0).contains(n));
        if said.is_none() {
            self.wrong(value, "minimum-coverage", "a number from 0 to 100");
        }
        said
    }

    pub(super) fn text(&mut self, value: &Spanned<DeValue<'_>>, key: &str) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.wrong(value, key, "text");
        }
        text
    }

    /// A list of texts, or one.
    pub(super) fn texts(&mut self, value: &Spanned<DeValue<'_>>, key: &str) -> Vec<String> {
        if let Some(one) = value.get_ref().as_str() {
            return vec![one.to_owned()];
        }
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(value, key, "a list of texts");
            return Vec::new();
        };
        list.iter().filter_map(|item| self.text(item, key)).collect()
    }

    pub(super) fn patterns(&mut self, value: &Spanned<DeValue<'_>>, key: &str) -> Vec<Pattern> {
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(value, key, "a list of patterns");
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in list.iter() {
            let Some(text) = self.text(item, key) else {
                continue;
            };
            match Pattern::new(&text, self.span(&item.span())) {
                Ok(pattern) => out.push(pattern),
                Err(why) => self.flaw(&item.span(), format!("`{text}` is no pattern: {why}"), None),
            }
        }
        out
    }
}

/// The known word that a word was probably meant to be.
#[must_use]
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let far = |other: &str| strsim::damerau_levenshtein(word, other);
    let best = known.iter().copied().min_by_key(|other| far(other))?;
    (far(best) <= (word.len() / 3).max(2)).then_some(best)
}

fn article(kind: &str) -> String {
    match kind {
        "array" | "integer" => format!("an {kind}"),
        kind => format!("a {kind}"),
    }
}
