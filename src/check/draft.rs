//! Drafting the missing migration of one target: a draft is replayed before anyone sees it, and a step that does not make its finding
//! go away is left out of it.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::replay::go_on;
use super::sift::{Tried, sift};
use super::trials::{Texts, Trials};
use super::{Report, Run, Runs, created, report};
use crate::config::{Misuse, Options};
use crate::draft::form::{Called, File, files as formed};
use crate::draft::{Draft, Effect, Step, draft};
use crate::finding::Finding;
use crate::schema::{Schema, TypeKind};
use crate::session::{Migration, RunMode, Session};
use crate::source::{FileId, FileSystem, Files, Text};
use crate::stacks::History;

/// Most replays that one draft takes, and as many once more for what stands in its comments.
const REPLAYS: usize = 40;

/// A draft with its files.
#[derive(Debug, Clone)]
pub struct Drafted {
    /// The draft.
    pub draft: Draft,
    /// Its files.
    pub files: Vec<File>,
}

/// What a migration is drafted for.
pub struct Wanted<'a> {
    /// The files below the listing.
    pub system: Arc<dyn FileSystem>,
    /// The listing.
    pub files: &'a Files,
    /// The options of the run.
    pub options: &'a Options,
    /// All targets.
    pub runs: &'a [Run],
    /// The one that it is drafted for.
    pub run: &'a Run,
    /// What was found.
    pub report: &'a Report,
    /// What it is called.
    pub called: Called<'a>,
}

impl Wanted<'_> {
    /// Drafts it.
    ///
    /// # Errors
    /// Why there can be none.
    pub fn draft(&self) -> Result<Drafted, String> {
        let target = &self.run.target.name;
        let (Some(outcome), Some(history)) = (&self.run.replayed.outcome, self.run.replayed.histories.last())
        else {
            return Err(format!("{target} has no migrations whose form one could take"));
        };
        let wanted = created(self.run);
        let own = |finding: &&Finding| finding.targets.is_empty() || finding.targets.contains(target);
        let findings: Vec<&Finding> = self.report.findings.iter().filter(own).collect();
        let mut drafted = draft(
            &outcome.schema,
            wanted.database.schema(),
            &self.run.models,
            &findings,
        );
        let mut tries = Tries {
            wanted: self,
            history,
            trials: Trials::new(self.system.clone(), self.options),
            left: REPLAYS,
        };
        tries.keep_what_holds(&mut drafted)?;
        tries.keep_what_would_hold(&mut drafted)?;
        let files = formed(&drafted, self.files, history, self.called)?;
        Ok(Drafted {
            draft: drafted,
            files,
        })
    }
}

/// Drafts that are tried: each is replayed with all that is there already.
struct Tries<'w, 'a> {
    wanted: &'w Wanted<'a>,
    history: &'w History,
    trials: Trials<'w>,
    /// How many more are tried.
    left: usize,
}

impl Tries<'_, '_> {
    /// Leaves out the steps that do not answer their finding.
    fn keep_what_holds(&mut self, drafted: &mut Draft) -> Result<(), String> {
        let keys = keys_of(drafted, |_| true);
        let with = |drafted: &Draft, kept: &FxHashSet<String>| {
            let mut out = drafted.clone();
            out.steps.retain(|step| kept.contains(&step.key));
            out
        };
        self.sift(drafted, keys, &with)
    }

    /// Leaves out the steps that stand in comments and would not answer their finding were they none.
    fn keep_what_would_hold(&mut self, drafted: &mut Draft) -> Result<(), String> {
        let keys = keys_of(drafted, |step| step.effect == Effect::Destroys);
        let with = |drafted: &Draft, kept: &FxHashSet<String>| {
            let mut out = drafted.clone();
            for step in out.steps.iter_mut().filter(|step| kept.contains(&step.key)) {
                step.effect = Effect::Keeps;
            }
            out
        };
        self.left = REPLAYS;
        self.sift(drafted, keys, &with)
    }

    /// Takes out the steps of those keys that do not hold together with the others.
    fn sift(
        &mut self,
        drafted: &mut Draft,
        keys: Vec<String>,
        with: &dyn Fn(&Draft, &FxHashSet<String>) -> Draft,
    ) -> Result<(), String> {
        let (_, refused) = sift(keys, |tried| {
            let draft = with(drafted, tried);
            // Far cheaper than a replay: almost all that fails is found by it.
            let failing = self.failing(&draft);
            if !failing.is_empty() {
                return Ok(Tried::Leaves(failing));
            }
            let Some(left) = self.left.checked_sub(1) else {
                return Ok(Tried::Spent);
            };
            self.left = left;
            self.one(&draft)
        })?;
        for key in &refused {
            drafted.refuse(key);
        }
        Ok(())
    }

    /// The keys of the steps whose statements fail, one after the other, on the database as it is, cannot be followed
    /// there, or use what nothing makes.
    fn failing(&self, draft: &Draft) -> FxHashSet<String> {
        let run = self.wanted.run;
        let Some(outcome) = &run.replayed.outcome else {
            return FxHashSet::default();
        };
        let mut session = Session::resumed(outcome, &run.target.given);
        let mut out = FxHashSet::default();
        for step in draft.steps.iter().filter(|step| step.effect == Effect::Keeps) {
            let held = |session: &Session| {
                let schema = session.database().schema();
                let told = (session.missteps().len(), session.statistics().opaque);
                (told, presumed(schema))
            };
            let before = held(&session);
            let file = FileId(0);
            session.run(&Migration {
                name: step.key.clone(),
                file,
                text: Text::of_file(file, step.statements.join(";\n").into()),
                mode: RunMode::Statements,
            });
            if held(&session) != before {
                out.insert(step.key.clone());
            }
        }
        out
    }

    /// What becomes of a draft once it has run.
    fn one(&mut self, draft: &Draft) -> Result<Tried<String>, String> {
        let wanted = self.wanted;
        let files = formed(draft, wanted.files, self.history, wanted.called)?;
        let texts: Texts = files.iter().map(|f| (f.path.clone(), f.text.clone())).collect();
        let checked = match self.go_on(&texts) {
            Some(checked) => checked,
            None => self.trials.check(texts),
        };
        let (after, later) = checked.map_err(|misuse| misuse.what)?;
        let count = |report: &Report| {
            let mut out: FxHashMap<String, usize> = FxHashMap::default();
            for key in &report.silenced.keys {
                *out.entry(key.clone()).or_default() += 1;
            }
            out
        };
        let (was, is) = (count(wanted.report), count(&after));
        let of = |counts: &FxHashMap<String, usize>, key: &str| counts.get(key).copied().unwrap_or(0);
        let left: FxHashSet<String> = draft
            .answers()
            .filter(|key| of(&is, key) >= of(&was, key))
            .map(str::to_owned)
            .collect();
        // What is said of the migration itself; that a foreign key has no index, say, is the models' own word.
        let own = |finding: &Finding| {
            let path = later.path(finding.span.file);
            is_of_migrations(finding.rule) && files.iter().any(|file| file.path == path)
        };
        let clean = !after.findings.iter().any(own);
        let before = &wanted.report.coverage;
        let followed = after.coverage.statements_opaque <= before.statements_opaque
            && after.coverage.migrations > before.migrations;
        Ok(match (clean && followed, left.is_empty()) {
            (true, true) => Tried::Holds,
            (true, false) => Tried::Leaves(left),
            (false, _) => Tried::Fails(FxHashSet::default()),
        })
    }

    /// The report on the repository with a draft's files in it: its histories are read anew, and the draft runs on what they have made.
    /// `None` where that does not tell what a run from the beginning would.
    fn go_on(&self, texts: &Texts) -> Option<Result<(Report, Arc<Files>), Misuse>> {
        let Wanted {
            files,
            runs,
            run,
            options,
            ..
        } = self.wanted;
        let later = files.with(texts.clone())?;
        let history = run.target.histories.last()?.read(&later, &run.target.given);
        let mut replayed = (*run.replayed).clone();
        let before = (*files, self.history, replayed.outcome.as_ref()?);
        let outcome = go_on(before, (&later, &history), &run.target)?;
        replayed.outcome = Some(outcome);
        replayed.histories.pop();
        replayed.histories.push(history);
        let with = Run {
            replayed: Arc::new(replayed),
            ..(*run).clone()
        };
        let is_other = |other: &&Run| other.target.name != run.target.name;
        let others = runs.iter().filter(is_other).cloned();
        let runs = Runs {
            runs: others.chain([with]).collect(),
            not_checked: Vec::new(),
        };
        let report = report(&later, options, &runs);
        Some(report.map(|report| (report, Arc::new(later))))
    }
}

/// How many tables and types are used that nothing makes.
fn presumed(schema: &Schema) -> usize {
    let tables = schema.tables.iter().filter(|(_, table)| table.presumed.is_some());
    let types = schema.types.iter();
    tables.count()
        + types
            .filter(|(_, ty)| matches!(ty.kind, TypeKind::Presumed(_)))
            .count()
}

/// The keys of some steps, each once, in their order.
fn keys_of(draft: &Draft, is: impl Fn(&Step) -> bool) -> Vec<String> {
    let mut seen = FxHashSet::default();
    let keys = draft.steps.iter().filter(|step| is(step)).map(|step| &step.key);
    keys.filter(|key| seen.insert((*key).clone())).cloned().collect()
}

/// Rules about what a migration does, whatever the models say.
fn is_of_migrations(rule: &str) -> bool {
    matches!(
        rule,
        "migration-failure"
            | "swallowed-error"
            | "unflushed-question"
            | "presumed-object"
            | "broken-revision-chain"
    )
}
