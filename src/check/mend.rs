//! Applying fixes: each is applied to texts in memory, the whole is checked again, and what did not make its finding go away, or made
//! another, is taken back.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Report;
use super::trials::{Texts, Trials};
use crate::config::Options;
use crate::finding::{Applicability, Edit, Finding, Fix};
use crate::source::{FileSystem, Files};

/// Most checks that one run of fixing does.
const CHECKS: usize = 100;

/// What fixing gave.
#[derive(Debug, Default)]
pub struct Mended {
    /// The files that changed: path, text before and text after.
    pub texts: BTreeMap<String, (String, String)>,
    /// The findings that went away by it.
    pub mended: Vec<Finding>,
    /// The report on what is left; its files are those of `files`.
    pub report: Report,
}

/// Applies the fixes of a report's findings, safe ones or all. Also the files as they are then.
pub fn mend(
    system: Arc<dyn FileSystem>,
    files: &Files,
    options: &Options,
    report: Report,
    all: bool,
) -> (Mended, Option<Files>) {
    let mut run = Run {
        trials: Trials::new(system.clone(), options),
        below: system,
        texts: Texts::new(),
        wanted: report.findings.iter().map(|f| f.key.clone()).collect(),
        refused: FxHashSet::default(),
        all,
        checks: 0,
    };
    let mut mended = Mended::default();
    let mut now: Option<Arc<Files>> = None;
    let mut report = report;
    while run.checks < CHECKS {
        let here = now.as_deref().unwrap_or(files);
        let mut chosen = run.choose(here, &report);
        let Some((texts, after, later)) = run.attempt(here, &report, &mut chosen) else {
            break;
        };
        run.texts = texts;
        mended.mended.append(&mut chosen);
        report = after;
        now = Some(later);
    }
    drop(run.trials);
    for (path, text) in run.texts {
        let before = files.find(&path).map(|file| files.text(file).to_string());
        mended.texts.insert(path, (before.unwrap_or_default(), text));
    }
    mended.report = report;
    (mended, now.and_then(Arc::into_inner))
}

struct Run<'a> {
    trials: Trials<'a>,
    below: Arc<dyn FileSystem>,
    /// What the fixes so far have changed.
    texts: Texts,
    /// Keys of the findings that were told at first.
    wanted: FxHashSet<String>,
    /// Findings whose fix did not hold, by key and message.
    refused: FxHashSet<(String, String)>,
    all: bool,
    checks: usize,
}

impl Run<'_> {
    /// The findings to mend next: those whose edits do not touch each other's.
    fn choose(&self, files: &Files, report: &Report) -> Vec<Finding> {
        let mut taken: Vec<&Edit> = Vec::new();
        let mut out = Vec::new();
        for finding in &report.findings {
            let fits = |fix: &&Fix| self.all || fix.applicability == Applicability::Safe;
            let Some(fix) = finding.fix.as_ref().filter(fits) else {
                continue;
            };
            let known = (finding.key.clone(), finding.message.clone());
            let writable = fix.edits.iter().all(|edit| self.is_writable(files, edit));
            let free = |edit: &Edit| !taken.iter().any(|other| touch(edit, other));
            let new = self.wanted.contains(&finding.key) && !self.refused.contains(&known);
            if new && writable && fix.edits.iter().all(free) {
                taken.extend(&fix.edits);
                out.push(finding.clone());
            }
        }
        out
    }

    /// Whether the text that is edited is what the file holds, byte by byte, in the folder that is checked.
    fn is_writable(&self, files: &Files, edit: &Edit) -> bool {
        let path = files.path(edit.span.file);
        let inside = !path.starts_with("../") && path != "..";
        let held = files.text(edit.span.file);
        inside
            && match self.texts.get(path) {
                Some(text) => **text == *held,
                None => self.below.read(path).is_ok_and(|bytes| bytes == held.as_bytes()),
            }
    }

    /// Applies the fixes of `chosen`, all at once; where that does not hold, the first that does alone, which is left in `chosen`.
    fn attempt(
        &mut self,
        files: &Files,
        before: &Report,
        chosen: &mut Vec<Finding>,
    ) -> Option<(Texts, Report, Arc<Files>)> {
        if chosen.is_empty() {
            return None;
        }
        if let Some(done) = self.holds(files, before, chosen) {
            return Some(done);
        }
        let several = chosen.len() > 1;
        for finding in std::mem::take(chosen) {
            if self.checks >= CHECKS {
                return None;
            }
            let one = vec![finding];
            let held = several.then(|| self.holds(files, before, &one)).flatten();
            match held {
                Some(done) => {
                    *chosen = one;
                    return Some(done);
                }
                None => self
                    .refused
                    .extend(one.into_iter().map(|finding| (finding.key, finding.message))),
            }
        }
        None
    }

    /// The state after the fixes of some findings, where these are gone by them and nothing else came.
    fn holds(
        &mut self,
        files: &Files,
        before: &Report,
        chosen: &[Finding],
    ) -> Option<(Texts, Report, Arc<Files>)> {
        self.checks += 1;
        let edits = chosen
            .iter()
            .filter_map(|f| f.fix.as_ref())
            .flat_map(|fix| &fix.edits);
        let mut texts = self.texts.clone();
        texts.extend(apply(files, edits)?);
        let (after, later) = self.trials.check(texts.clone()).ok()?;
        is_better(before, &after, chosen).then_some((texts, after, later))
    }
}

/// Whether some findings are gone, no other came, and as much could be followed as before.
fn is_better(before: &Report, after: &Report, chosen: &[Finding]) -> bool {
    let counts = |report: &Report| {
        let mut out: FxHashMap<String, usize> = FxHashMap::default();
        for key in &report.silenced.keys {
            *out.entry(key.clone()).or_default() += 1;
        }
        out
    };
    let (was, is) = (counts(before), counts(after));
    let count = |counts: &FxHashMap<String, usize>, key: &str| counts.get(key).copied().unwrap_or(0);
    let gone = chosen.iter().all(|f| count(&is, &f.key) < count(&was, &f.key));
    let none_came = is.iter().all(|(key, n)| *n <= count(&was, key));
    let (old, new) = (&before.coverage, &after.coverage);
    let followed = new.gaps.len() <= old.gaps.len()
        && (new.models, new.fields) == (old.models, old.fields)
        && new.fields_unknown <= old.fields_unknown
        && new.statements_opaque <= old.statements_opaque;
    gone && none_came && followed
}

/// Whether two edits overlap, or stand where it would matter which of them comes first.
fn touch(a: &Edit, b: &Edit) -> bool {
    a.span.file == b.span.file && a.span.start <= b.span.end && b.span.start <= a.span.end
}

/// The texts of files after edits that do not overlap; `None` where one does not fit.
pub fn apply<'e>(
    files: &Files,
    edits: impl IntoIterator<Item = &'e Edit>,
) -> Option<BTreeMap<String, String>> {
    let mut edits: Vec<&Edit> = edits.into_iter().collect();
    edits.sort_by_key(|edit| (edit.span.file, edit.span.start, edit.span.end));
    let mut out: BTreeMap<String, String> = BTreeMap::new();
    // From the end, so that places stay.
    for edit in edits.into_iter().rev() {
        let path = files.path(edit.span.file);
        let text = out
            .entry(path.to_owned())
            .or_insert_with(|| files.text(edit.span.file).to_string());
        let range = edit.span.range();
        text.get(range.clone())?;
        text.replace_range(range, &edit.text);
    }
    Some(out)
}
