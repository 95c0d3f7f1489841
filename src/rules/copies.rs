//! Files that a repository holds several times over: a note of each is one note, with the others beside it.

use rustc_hash::FxHashMap;

use crate::finding::{Finding, Level, Related};
use crate::source::{FileId, Files, Span};

/// What two findings of copies have in common: all but the files that they are in.
type Likeness<'a> = (&'static str, &'a str, &'a str, u32, u32);

/// Merges notes that differ in nothing but which copy of the files they are in. They are of several targets: in one target two
/// files are two places.
pub(super) fn merge(files: &Files, found: Vec<Finding>) -> Vec<Finding> {
    let mut first: FxHashMap<Likeness<'_>, Vec<usize>> = FxHashMap::default();
    let mut into: Vec<Option<usize>> = vec![None; found.len()];
    for (at, finding) in found.iter().enumerate().filter(|(_, f)| f.level == Level::Note) {
        let likeness = (
            finding.rule,
            finding.message.as_str(),
            finding.label.as_str(),
            finding.span.start,
            finding.span.end,
        );
        let alike = first.entry(likeness).or_default();
        match alike
            .iter()
            .find(|&&earlier| is_copy(files, &found[earlier], finding))
        {
            Some(&earlier) => into[at] = Some(earlier),
            None => alike.push(at),
        }
    }
    let mut others: FxHashMap<usize, Vec<Finding>> = FxHashMap::default();
    let mut kept = Vec::new();
    for (at, finding) in found.into_iter().enumerate() {
        match into[at] {
            Some(earlier) => others.entry(earlier).or_default().push(finding),
            None => kept.push((at, finding)),
        }
    }
    kept.into_iter()
        .map(|(at, mut finding)| {
            for mut other in others.remove(&at).unwrap_or_default() {
                finding.targets.append(&mut other.targets);
                finding.related.push(Related {
                    span: other.span,
                    label: "the same in a copy of the file".to_owned(),
                    migration: None,
                });
            }
            finding.targets.sort();
            finding.targets.dedup();
            finding
        })
        .collect()
}

fn is_copy(files: &Files, a: &Finding, b: &Finding) -> bool {
    let place = |a: Option<Span>, b: Option<Span>| match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => (a.start, a.end) == (b.start, b.end) && same_text(files, a.file, b.file),
        _ => false,
    };
    let of_database = |f: &Finding| f.database.as_ref().map(|d| d.0);
    a.targets.iter().all(|target| !b.targets.contains(target))
        && a.span.file != b.span.file
        && (&a.help, &a.table, &a.column, &a.object, &a.expected, &a.found)
            == (&b.help, &b.table, &b.column, &b.object, &b.expected, &b.found)
        && a.related.len() == b.related.len()
        && a.fix.is_some() == b.fix.is_some()
        && place(Some(a.span), Some(b.span))
        && place(a.model, b.model)
        && place(of_database(a), of_database(b))
        && a.related
            .iter()
            .zip(&b.related)
            .all(|(a, b)| a.label == b.label && place(Some(a.span), Some(b.span)))
}

fn same_text(files: &Files, a: FileId, b: FileId) -> bool {
    a == b || files.text(a) == files.text(b)
}
