//! What a rule is, what it looks at, and how it reports.

use std::cell::{Cell, RefCell};

use super::presumed_object::Maker;
use super::report::Report;
use super::said::Said;
use crate::config::policy::Policy;
use crate::declared::{Model, Models};
use crate::finding::{Finding, Level};
use crate::fix;
use crate::pair::referring::{Named, referring};
use crate::pair::{ColumnPair, Pairs, TablePair};
use crate::replay::Journal;
use crate::schema::Schema;
use crate::session::Outcome;
use crate::source::{FileId, Files};
use crate::stacks::back::Back;

/// One target, as the rules are given it: what was replayed, what was read.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The files that all places are in.
    pub files: &'a Files,
    /// The target's name.
    pub target: &'a str,
    /// `postgresql`, ...
    pub dialect: &'a str,
    /// What the replay gave; `None` where the target has no history that could be replayed.
    pub outcome: Option<&'a Outcome>,
    /// What other ways of arriving at the newest migration gave: their names and outcome.
    pub arrivals: Vec<(&'a [String], &'a Outcome)>,
    /// The histories that ran, in order.
    pub histories: Vec<&'a crate::stacks::History>,
    /// The model sets that use the target.
    pub models: Vec<&'a Models>,
    /// Dumps of the schema beside the history.
    pub dumps: &'a [Dumped],
    /// What came of the migrations' ways back, where they were run.
    pub backs: Option<&'a Backs>,
    /// Where the database is, as its models' source writes it (`env("DATABASE_URL")`).
    pub address: Option<&'a str>,
    /// What the configuration asks of the database.
    pub policy: Option<&'a Policy>,
}

/// A dump of the schema with what it makes.
#[derive(Debug, Clone)]
pub struct Dumped {
    /// The file.
    pub file: FileId,
    /// What it makes.
    pub outcome: Outcome,
    /// Versions of migrations that it says it holds.
    pub versions: Vec<String>,
}

/// What came of the ways back of a history's migrations.
#[derive(Debug, Clone)]
pub struct Backs {
    /// One for each migration whose way back could be followed to its beginning.
    pub list: Vec<Back>,
    /// Where each change of the migrations came from; those of a way back are in its tail.
    pub journal: Journal,
}

/// A rule: static data and one function. The driver walks, skips what is switched off, and sets the level.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Kebab-case noun phrase of the fault.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// The loudest level that it reports at; a finding may ask for less.
    pub level: Level,
    /// Its page.
    pub page: &'static str,
    /// What it looks at.
    pub check: Check,
}

/// What a rule looks at.
#[derive(Clone, Copy)]
pub enum Check {
    /// All targets at once.
    Repository(fn(&[Context<'_>], &Reporter)),
    /// One target, models and database or either.
    Target(fn(&Context<'_>, &Reporter)),
    /// A model and its table, either of which may be missing.
    Tables(fn(&Context<'_>, &TablePair<'_>, &Reporter)),
    /// A model and its table, both there.
    Pairs(fn(&Context<'_>, &TablePair<'_>, &Reporter)),
    /// A field and its column, both there.
    Columns(fn(&Context<'_>, &ColumnPair<'_>, &Reporter)),
    /// What the repository says to the program itself; told by the pipeline when all other findings are known.
    Settings,
}

impl Check {
    /// Whether a rule of this kind looks at a table or its columns; `both`: a model and a table are there.
    #[must_use]
    pub fn looks_at(&self, both: bool) -> bool {
        match self {
            Check::Repository(_) | Check::Target(_) | Check::Settings => false,
            Check::Tables(_) => true,
            Check::Pairs(_) | Check::Columns(_) => both,
        }
    }
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Check::Repository(_) => "Repository",
            Check::Target(_) => "Target",
            Check::Tables(_) => "Tables",
            Check::Pairs(_) => "Pairs",
            Check::Columns(_) => "Columns",
            Check::Settings => "Settings",
        })
    }
}

/// A target under check.
pub struct Context<'a> {
    /// What is given.
    pub subject: &'a Subject<'a>,
    /// Models and tables, paired.
    pub pairs: Pairs<'a>,
    /// Columns named after other tables, and what they refer to; read before the rules run, as several ask.
    pub(super) named: Vec<Named<'a>>,
    /// The call that makes tables which no migration makes, where that is asked for; looked for before the rules run, as several
    /// ask.
    pub(super) maker: Option<Maker>,
    /// What models say beside their fields.
    pub(super) said: Said<'a>,
}

impl<'a> Context<'a> {
    /// Pairs models and tables of a subject.
    #[must_use]
    pub fn new(subject: &'a Subject<'a>) -> Self {
        let schema = subject.outcome.map(|o| &o.schema);
        Context {
            subject,
            pairs: Pairs::new(schema, &subject.models),
            named: Vec::new(),
            maker: None,
            said: Said::of(subject.models.iter().copied(), schema),
        }
    }

    /// Reads the columns that are named after other tables.
    pub(super) fn read_names(&mut self) {
        if let Some(schema) = self.schema() {
            self.named = referring(&self.pairs, schema);
        }
    }

    /// A model with the files that it is in, for a fix.
    #[must_use]
    pub fn of(&self, models: &'a Models, model: &'a Model) -> fix::Of<'a> {
        fix::Of {
            files: self.subject.files,
            models,
            model,
        }
    }

    /// The replayed schema.
    #[must_use]
    pub fn schema(&self) -> Option<&'a Schema> {
        self.subject.outcome.map(|o| &o.schema)
    }

    /// Where the database's facts come from.
    #[must_use]
    pub fn journal(&self) -> Option<&'a Journal> {
        self.subject.outcome.map(|o| &o.journal)
    }
}

/// Takes the findings of one rule.
#[derive(Debug)]
pub struct Reporter {
    rule: &'static Rule,
    target: String,
    cap: Cell<Level>,
    found: RefCell<Vec<Finding>>,
}

impl Reporter {
    pub(super) fn new(rule: &'static Rule, target: &str) -> Self {
        Reporter {
            rule,
            target: target.to_owned(),
            cap: Cell::new(Level::Error),
            found: RefCell::default(),
        }
    }

    /// Takes a finding; `Report` is made by [`super::report`].
    pub fn send(&self, report: Report) {
        let Report {
            mut finding,
            at_least,
            at_most,
        } = report;
        finding.rule = self.rule.name;
        finding.level = self.rule.level.max(at_least).min(at_most).min(self.cap.get());
        finding.key = key(&finding);
        if !self.target.is_empty() {
            finding.targets = vec![self.target.clone()];
        }
        self.found.borrow_mut().push(finding);
    }

    /// Nothing louder than this from now on.
    pub(super) fn cap(&self, level: Level) {
        self.cap.set(level);
    }

    pub(super) fn finish(self) -> Vec<Finding> {
        self.found.into_inner()
    }
}

/// What stays the same when lines move.
fn key(finding: &Finding) -> String {
    let parts = [&finding.table, &finding.column, &finding.object];
    let parts = parts.into_iter().flatten().map(String::as_str);
    std::iter::once(finding.rule)
        .chain(parts)
        .collect::<Vec<_>>()
        .join(":")
}
