//! Applying fixes: they are applied to texts in memory, the whole is checked again, and those that did not make their finding go away,
//! or made another, are left out.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Report;
use super::sift::{Tried, sift};
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
        if chosen.is_empty() {
            break;
        }
        if let Some((texts, after, later)) = run.attempt(here, &report, &mut chosen) {
            run.texts = texts;
            mended.mended.append(&mut chosen);
            report = after;
            now = Some(later);
        }
    }
    drop(run.trials);
    for (path, text) in run.texts {
        let before = files.find(&path).map(|file| files.text(file).to_string());
        mended.texts.insert(path, (before.unwrap_or_default(), text));
    }
    mended.report = report;
    (mended, now.and_then(Arc::into_inner))
}

/// Texts by path, the report on them, and the files that hold them.
type State = (Texts, Report, Arc<Files>);

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

    /// Applies those of some fixes that hold together, which are left in `chosen`; the others are refused.
    fn attempt(&mut self, files: &Files, before: &Report, chosen: &mut Vec<Finding>) -> Option<State> {
        let mut last = None;
        let all: Vec<usize> = (0..chosen.len()).collect();
        let sifted = sift(all, |tried| {
            if self.checks >= CHECKS {
                return Ok::<_, Infallible>(Tried::Spent);
            }
            self.checks += 1;
            let tried: Vec<(usize, &Finding)> = chosen
                .iter()
                .enumerate()
                .filter(|(at, _)| tried.contains(at))
                .collect();
            let Some(state) = self.with(files, &tried) else {
                return Ok(Tried::Fails(FxHashSet::default()));
            };
            let verdict = judged(before, &state.1, &tried);
            if matches!(verdict, Tried::Holds) {
                last = Some(state);
            }
            Ok(verdict)
        });
        let (kept, refused) = sifted.unwrap_or_default();
        let refused = refused.iter().filter_map(|at| chosen.get(*at));
        self.refused
            .extend(refused.map(|finding| (finding.key.clone(), finding.message.clone())));
        let mut at = 0..;
        chosen.retain(|_| at.next().is_some_and(|at| kept.contains(&at)));
        last
    }

    /// The state after the fixes of some findings.
    fn with(&mut self, files: &Files, tried: &[(usize, &Finding)]) -> Option<State> {
        let fixes = tried.iter().filter_map(|(_, finding)| finding.fix.as_ref());
        let mut texts = self.texts.clone();
        texts.extend(apply(files, fixes.flat_map(|fix| &fix.edits))?);
        let (after, later) = self.trials.check(texts.clone()).ok()?;
        Some((texts, after, later))
    }
}

/// Whether the findings that were to go are gone, no other came, and as much could be followed as before. What came most likely came of
/// the fixes of what is told of the same table.
fn judged(before: &Report, after: &Report, tried: &[(usize, &Finding)]) -> Tried<usize> {
    let counts = |report: &Report| {
        let mut out: FxHashMap<String, usize> = FxHashMap::default();
        for key in &report.silenced.keys {
            *out.entry(key.clone()).or_default() += 1;
        }
        out
    };
    let (was, is) = (counts(before), counts(after));
    let count = |counts: &FxHashMap<String, usize>, key: &str| counts.get(key).copied().unwrap_or(0);
    let stays = |finding: &Finding| count(&is, &finding.key) >= count(&was, &finding.key);
    let left: FxHashSet<usize> = tried
        .iter()
        .filter(|(_, finding)| stays(finding))
        .map(|(at, _)| *at)
        .collect();
    if !left.is_empty() {
        return Tried::Leaves(left);
    }
    // `rule:schema.table:column`.
    let of = |key: &str| key.split(':').nth(1).map(str::to_owned);
    let came = is.iter().filter(|(key, n)| **n > count(&was, key));
    let came: FxHashSet<Option<String>> = came.map(|(key, _)| of(key)).collect();
    let (old, new) = (&before.coverage, &after.coverage);
    let followed = new.gaps.len() <= old.gaps.len()
        && (new.models, new.fields) == (old.models, old.fields)
        && new.fields_unknown <= old.fields_unknown
        && new.statements_opaque <= old.statements_opaque;
    if followed && came.is_empty() {
        return Tried::Holds;
    }
    let suspects = tried
        .iter()
        .filter(|(_, finding)| came.contains(&of(&finding.key)));
    Tried::Fails(suspects.map(|(at, _)| *at).collect())
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
