//! Errors and warnings that belong together. Those of one cause are told as one: the first is shown, headed by what is wrong with all,
//! and the places of the others are listed below it. Of many that say the same of one thing each, and show nothing else, the first is
//! shown whole, the others by a line each. Fifty models without a table are one fault, not fifty.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::escape;
use super::notes::at;
use crate::finding::{Finding, Level};
use crate::source::{FileId, Files, Span};

/// More than this of one kind are told together.
const MANY: usize = 5;

/// Findings of one cause, the first of which speaks for all.
pub(super) struct Told<'f> {
    /// What is shown: where there are several, it says what is wrong with all of them.
    pub(super) finding: Cow<'f, Finding>,
    /// All of them.
    pub(super) members: Vec<&'f Finding>,
}

/// What is told as one, in the order of the first of each. With `--blame` each has a cause of its own, and so has each note a line.
pub(super) fn by_cause<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Vec<Told<'f>> {
    let mut out: Vec<Told<'f>> = Vec::new();
    let mut by_common: FxHashMap<(&str, Level, &[String], Span, &str), usize> = FxHashMap::default();
    for finding in findings {
        let common = finding
            .common
            .as_deref()
            .filter(|_| finding.cause.is_none() && finding.level > Level::Note);
        if let Some(common) = common {
            let key = (
                finding.rule,
                finding.level,
                finding.targets.as_slice(),
                common.at,
                common.of_all.as_str(),
            );
            let at = *by_common.entry(key).or_insert(out.len());
            if let Some(told) = out.get_mut(at) {
                told.members.push(finding);
                continue;
            }
        }
        out.push(Told {
            finding: Cow::Borrowed(finding),
            members: vec![finding],
        });
    }
    for told in &mut out {
        told.speak_for_all();
    }
    out
}

impl Told<'_> {
    fn speak_for_all(&mut self) {
        if let ([_, _, ..], Some(common)) = (self.members.as_slice(), self.finding.common.clone()) {
            let finding = self.finding.to_mut();
            finding.message = format!("{} {}", self.members.len(), common.of_all);
            finding.help = Some(common.help);
        }
    }

    /// Where the others are, a line for each file: `path:12:5 `User`, 40:1 `Group``. Empty where there are none.
    pub(super) fn places_of_others(&self, files: &Files, path: impl Fn(FileId) -> String) -> String {
        let others = self.members.get(1..).unwrap_or_default();
        let mut out = String::new();
        for of_file in others.chunk_by(|one, other| one.span.file == other.span.file) {
            let mut places = of_file.iter().map(|finding| {
                let start = files.start(finding.span);
                let name = finding.common.as_deref().map_or("", |common| &common.of_one);
                let space = if name.is_empty() { "" } else { " " };
                format!("{}:{}{space}{}", start.line, start.column, escape(name))
            });
            let Some(first) = places.next() else { continue };
            let path = of_file.first().map(|finding| path(finding.span.file));
            let path = path.unwrap_or_default();
            out.push_str(&format!("  {}:{first}", escape(&path)));
            places.for_each(|place| out.push_str(&format!(", {place}")));
            out.push('\n');
        }
        out
    }
}

/// What is told together, in the order of the first of each: the finding that is shown whole, and those below it.
pub(super) fn grouped<'f>(findings: &[&'f Finding]) -> Vec<(&'f Finding, Vec<&'f Finding>)> {
    let mut groups: Vec<Vec<(usize, &Finding)>> = Vec::new();
    // Those that are alike are so in this.
    let mut by_sight: FxHashMap<(&str, Option<Span>), Vec<usize>> = FxHashMap::default();
    for (turn, finding) in findings.iter().copied().enumerate() {
        let sight = (finding.rule, finding.related.first().map(|related| related.span));
        let seen = by_sight.entry(sight).or_default();
        let alike = |at: &&usize| {
            let first = groups.get(**at).and_then(|group| group.first());
            first.is_some_and(|(_, first)| are_alike(first, finding))
        };
        match seen.iter().find(alike).copied().and_then(|at| groups.get_mut(at)) {
            Some(group) => group.push((turn, finding)),
            None => {
                seen.push(groups.len());
                groups.push(vec![(turn, finding)]);
            }
        }
    }
    let (many, few): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| group.len() > MANY);
    let mut out: Vec<(usize, &Finding, Vec<&Finding>)> = Vec::new();
    out.extend(
        few.into_iter()
            .flatten()
            .map(|(turn, one)| (turn, one, Vec::new())),
    );
    for group in many {
        let mut group = group.into_iter();
        if let Some((turn, first)) = group.next() {
            out.push((turn, first, group.map(|(_, one)| one).collect()));
        }
    }
    out.sort_by_key(|(turn, ..)| *turn);
    out.into_iter().map(|(_, first, more)| (first, more)).collect()
}

/// Whether two findings differ in their own place alone: what else they show is the same.
fn are_alike(one: &Finding, other: &Finding) -> bool {
    one.rule == other.rule
        && one.level == other.level
        && one.related == other.related
        && one.targets == other.targets
        && one.cause.is_none()
        && other.cause.is_none()
}

/// Those that are told below the first of them.
pub(super) fn render(more: &[&Finding], files: &Files) -> String {
    let Some(first) = more.first() else {
        return String::new();
    };
    let level = match first.level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Note => "note",
    };
    let mut out = format!("{level}[{}]: {} more like it:\n", first.rule, more.len());
    for finding in more {
        out.push_str(&format!(
            "  {}: {}\n",
            at(finding.span, files),
            escape(&finding.message)
        ));
    }
    out.push('\n');
    out
}
