//! Drafting the missing migration of one target: a draft is replayed before anyone sees it, and a step that does not make its finding
//! go away is left out of it.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Report, Run, check, created};
use crate::config::Options;
use crate::draft::form::{Called, File, files as formed};
use crate::draft::{Draft, Effect, Step, draft};
use crate::finding::Finding;
use crate::source::{FileSystem, Files, Overlay};
use crate::stacks::History;

/// Most replays that one draft takes.
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
    /// The target.
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
        self.keep_what_holds(&mut drafted, history)?;
        self.keep_what_would_hold(&mut drafted, history)?;
        let files = formed(&drafted, self.files, history, self.called)?;
        Ok(Drafted {
            draft: drafted,
            files,
        })
    }

    /// Leaves out the steps that do not answer their finding: all are tried at once, and where that does not hold, finding by finding.
    fn keep_what_holds(&self, drafted: &mut Draft, history: &History) -> Result<(), String> {
        if self.holds(drafted, history)? {
            return Ok(());
        }
        let mut keys: Vec<String> = drafted.steps.iter().map(|step| step.key.clone()).collect();
        let mut seen = FxHashSet::default();
        keys.retain(|key| seen.insert(key.clone()));
        let mut kept: FxHashSet<String> = FxHashSet::default();
        for (count, key) in keys.iter().enumerate() {
            let mut tried = drafted.clone();
            tried
                .steps
                .retain(|step| kept.contains(&step.key) || step.key == *key);
            if count < REPLAYS && self.holds(&tried, history)? {
                kept.insert(key.clone());
            }
        }
        for key in keys.iter().filter(|key| !kept.contains(*key)) {
            drafted.refuse(key);
        }
        Ok(())
    }

    /// Leaves out the steps that stand in comments and would not answer their finding were they none.
    fn keep_what_would_hold(&self, drafted: &mut Draft, history: &History) -> Result<(), String> {
        let destroys = |step: &&Step| step.effect == Effect::Destroys;
        let asked = drafted.steps.iter().filter(destroys).map(|s| s.key.clone());
        let mut asked: Vec<String> = asked.collect();
        let mut seen = FxHashSet::default();
        asked.retain(|key| seen.insert(key.clone()));
        let done = |drafted: &Draft, is: &dyn Fn(&str) -> bool| {
            let mut out = drafted.clone();
            for step in out.steps.iter_mut().filter(|step| is(&step.key)) {
                step.effect = Effect::Keeps;
            }
            out
        };
        if asked.is_empty() || self.holds(&done(drafted, &|_| true), history)? {
            return Ok(());
        }
        for (count, key) in asked.iter().enumerate() {
            if count >= REPLAYS || !self.holds(&done(drafted, &|other| other == key), history)? {
                drafted.refuse(key);
            }
        }
        Ok(())
    }

    /// Whether all that a draft answers is gone once it has run, and nothing in it fails.
    fn holds(&self, draft: &Draft, history: &History) -> Result<bool, String> {
        let files = formed(draft, self.files, history, self.called)?;
        let texts = files.iter().map(|f| (f.path.clone(), f.text.clone())).collect();
        let mut later = Files::new(Overlay {
            below: self.system.clone(),
            texts,
        });
        let configuration = &self.options.configuration;
        later.hide(|path| configuration.excludes(path));
        let after = check(&later, self.options).map_err(|misuse| misuse.what)?;
        let count = |report: &Report| {
            let mut out: FxHashMap<String, usize> = FxHashMap::default();
            for key in &report.silenced.keys {
                *out.entry(key.clone()).or_default() += 1;
            }
            out
        };
        let (was, is) = (count(self.report), count(&after));
        let of = |counts: &FxHashMap<String, usize>, key: &str| counts.get(key).copied().unwrap_or(0);
        let gone = draft.answers().all(|key| of(&is, key) < of(&was, key));
        // What is said of the migration itself; that a foreign key has no index, say, is the models' own word.
        let own = |finding: &Finding| {
            let path = later.path(finding.span.file);
            is_of_migrations(finding.rule) && files.iter().any(|file| file.path == path)
        };
        let clean = !after.findings.iter().any(own);
        let before = &self.report.coverage;
        let followed = after.coverage.statements_opaque <= before.statements_opaque
            && after.coverage.migrations > before.migrations;
        Ok(gone && clean && followed)
    }
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
