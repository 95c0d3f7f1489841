//! Errors and warnings that belong together. Those of one cause are told as one: the first is shown, headed by what is wrong with all,
//! and the places of the others are listed below it. Of many that say the same of one thing each, and show nothing else, the first is
//! shown whole, the others by a line each: fifty models without a table are one fault, not fifty. So it is with what one line of a
//! class gives to each table of the classes that inherit it.

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

/// Findings that are told below the first of them.
struct Group<'f> {
    /// In their turn among all.
    members: Vec<(usize, &'f Finding)>,
    /// They stand at one place, and each is of a table of its own.
    of_one_place: bool,
}

impl Group<'_> {
    /// Whether it takes one more, and then as one of its place.
    fn takes(&self, finding: &Finding) -> Option<bool> {
        let [(_, first), others @ ..] = self.members.as_slice() else {
            return None;
        };
        let is_open = |of_one_place| others.is_empty() || self.of_one_place == of_one_place;
        if is_open(true) && are_of_one_place(first, finding) {
            return Some(true);
        }
        (is_open(false) && are_alike(first, finding)).then_some(false)
    }
}

/// What is told together, in the order of the first of each: the finding that is shown whole, and those below it.
pub(super) fn grouped<'f>(findings: &[&'f Finding]) -> Vec<(&'f Finding, Vec<&'f Finding>)> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    // Those that are told together are the same in one of these.
    let mut by_sight: FxHashMap<(&str, Option<Span>), Vec<usize>> = FxHashMap::default();
    let mut by_place: FxHashMap<(&str, Span), Vec<usize>> = FxHashMap::default();
    for (turn, finding) in findings.iter().copied().enumerate() {
        let sight = by_sight
            .entry((finding.rule, finding.related.first().map(|related| related.span)))
            .or_default();
        let place = by_place.entry((finding.rule, finding.span)).or_default();
        let taken = place.iter().chain(&*sight).find_map(|at| {
            let of_one_place = groups.get(*at)?.takes(finding)?;
            Some((*at, of_one_place))
        });
        match taken.and_then(|(at, of_one_place)| Some((groups.get_mut(at)?, of_one_place))) {
            Some((group, of_one_place)) => {
                group.members.push((turn, finding));
                group.of_one_place = of_one_place;
            }
            None => {
                sight.push(groups.len());
                place.push(groups.len());
                groups.push(Group {
                    members: vec![(turn, finding)],
                    of_one_place: false,
                });
            }
        }
    }
    let mut out: Vec<(usize, &Finding, Vec<&Finding>)> = Vec::new();
    for group in groups {
        let mut members = group.members.into_iter();
        if !group.of_one_place && members.len() <= MANY {
            out.extend(members.map(|(turn, one)| (turn, one, Vec::new())));
        } else if let Some((turn, first)) = members.next() {
            out.push((turn, first, members.map(|(_, one)| one).collect()));
        }
    }
    out.sort_by_key(|(turn, ..)| *turn);
    out.into_iter().map(|(_, first, more)| (first, more)).collect()
}

/// Whether two findings differ in their own place alone: what else they show is the same.
fn are_alike(one: &Finding, other: &Finding) -> bool {
    are_comparable(one, other) && one.related == other.related
}

/// Whether two findings say the same of one place, each for a table of its own.
fn are_of_one_place(one: &Finding, other: &Finding) -> bool {
    let is_alone = |finding: &Finding| finding.common.is_none();
    are_comparable(one, other)
        && is_alone(one)
        && is_alone(other)
        && (one.span, &one.label) == (other.span, &other.label)
        && one.table != other.table
}

fn are_comparable(one: &Finding, other: &Finding) -> bool {
    one.rule == other.rule
        && one.level == other.level
        && one.targets == other.targets
        && one.cause.is_none()
        && other.cause.is_none()
}

/// Those that are told below the first of them.
pub(super) fn render(told: &Finding, more: &[&Finding], files: &Files) -> String {
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
        // The place that they have in common is shown already.
        let other = finding.related.first().map(|related| related.span);
        let place = other
            .filter(|_| finding.span == told.span)
            .unwrap_or(finding.span);
        out.push_str(&format!("  {}: {}\n", at(place, files), escape(&finding.message)));
    }
    out.push('\n');
    out
}
