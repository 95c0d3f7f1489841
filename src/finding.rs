//! A finding: one thing reported. It imports no rule, and knows its rule by name alone.

use crate::source::Span;

/// How loud a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// A true difference that no query feels. Never fails a run unless asked to.
    Note,
    /// It bites on some values, under race, or on some install path.
    Warn,
    /// A query or a write fails.
    Error,
}

impl Level {
    /// The word in documents and on the terminal.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Level::Note => "note",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

/// A secondary place of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Where.
    pub span: Span,
    /// What is to be seen there.
    pub label: String,
    /// The migration that the place belongs to, where it is one.
    pub migration: Option<String>,
}

/// How far a fix can be applied without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applicability {
    /// It adds what the other side has and this one leaves unsaid.
    Safe,
    /// It changes what was said: the other side may be the one that is wrong.
    Unsafe,
}

impl Applicability {
    /// The word in documents.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Applicability::Safe => "safe",
            Applicability::Unsafe => "unsafe",
        }
    }
}

/// Edits that together make a finding go away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What they do, as a command.
    pub title: String,
    /// How far they can be trusted.
    pub applicability: Applicability,
    /// The edits; none overlaps another.
    pub edits: Vec<Edit>,
}

/// A replacement of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// By what.
    pub text: String,
}

/// What brought a finding about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The commit that brought the later of the two sides, where that is told.
    pub commit: Option<Commit>,
    /// Which side is the later one: `model`, `database`, or `both`.
    pub side: &'static str,
    /// Whether that commit touched migrations, where that is told.
    pub migrations: Option<bool>,
    /// What it did, in words.
    pub words: String,
}

/// A commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// Its whole id.
    pub id: String,
    /// Its author's name.
    pub author: String,
    /// The day on which it was written: `2026-02-10`.
    pub date: String,
    /// The first line of its message.
    pub subject: String,
}

impl Cause {
    /// One sentence: the commit, and what it did.
    #[must_use]
    pub fn sentence(&self) -> String {
        match &self.commit {
            None => self.words.clone(),
            Some(commit) => {
                let short: String = commit.id.chars().take(8).collect();
                let Commit {
                    author,
                    date,
                    subject,
                    ..
                } = commit;
                format!("{short} ({date}, {author}: {subject}): {}", self.words)
            }
        }
    }
}

/// What several findings of one rule come of at once. Each stands on its own for ignores, the baseline and documents; people are told
/// them as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Common {
    /// Where it lies; an ignore there silences all of them.
    pub at: Span,
    /// What is wrong with all of them, to be read after their number.
    pub of_all: String,
    /// What tells one from the others, beside its place; empty where its place says enough.
    pub of_one: String,
    /// What to do about all of them.
    pub help: String,
}

/// One thing reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// Set by the driver from the rule and the configuration, never by the rule alone.
    pub level: Level,
    /// The primary place.
    pub span: Span,
    /// What is to be seen at the primary place; shorter than the message.
    pub label: String,
    /// What is wrong, in one sentence, naming object and both sides.
    pub message: String,
    /// Secondary places, in the order to read them.
    pub related: Vec<Related>,
    /// What to do.
    pub help: Option<String>,
    /// Stable under moves of lines: rule and object. Set by the driver.
    pub key: String,
    /// Names of the targets that have it. Set by the driver.
    pub targets: Vec<String>,
    /// `public.users`: the database's name of the table.
    pub table: Option<String>,
    /// The database's name of the column.
    pub column: Option<String>,
    /// The constraint, index, enum or revision that it is about.
    pub object: Option<String>,
    /// What the models say.
    pub expected: Option<String>,
    /// What the database holds.
    pub found: Option<String>,
    /// The place on the model's side.
    pub model: Option<Span>,
    /// The place on the database's side and its migration.
    pub database: Option<(Span, Option<String>)>,
    /// What would mend it, where that is sure.
    pub fix: Option<Fix>,
    /// It is expected, by the order in which the repository lands models and migrations. Set by the driver.
    pub pending: bool,
    /// What brought it about, where that was asked for.
    pub cause: Option<Cause>,
    /// What it has in common with others of its rule.
    pub common: Option<Box<Common>>,
}

impl Finding {
    /// A finding at a place; the driver sets rule, level, key and targets.
    #[must_use]
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Finding {
            rule: "",
            level: Level::Note,
            span,
            label: String::new(),
            message: message.into(),
            related: Vec::new(),
            help: None,
            key: String::new(),
            targets: Vec::new(),
            table: None,
            column: None,
            object: None,
            expected: None,
            found: None,
            model: None,
            database: None,
            fix: None,
            pending: false,
            cause: None,
            common: None,
        }
    }

    /// With what to do.
    #[must_use]
    pub fn with_help(mut self, help: &str) -> Self {
        self.help = Some(help.to_owned());
        self
    }
}
