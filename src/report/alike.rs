//! Errors and warnings of which many say the same of one thing each, and show nothing else: the first is shown whole, the others by a
//! line each below it. Fifty models without a table are one fault, not fifty.

use rustc_hash::FxHashMap;

use super::escape;
use super::notes::at;
use crate::finding::{Finding, Level};
use crate::source::{Files, Span};

/// More than this of one kind are told together.
const MANY: usize = 5;

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
