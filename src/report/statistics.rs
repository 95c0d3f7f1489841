//! How many findings each rule has: the most frequent first.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::text;
use crate::check::Report;
use crate::finding::Level;

/// The counts, as lines for people or as a JSON list.
#[must_use]
pub fn render(report: &Report, as_json: bool) -> String {
    let mut counts: BTreeMap<(&str, Level), usize> = BTreeMap::new();
    for finding in &report.findings {
        *counts.entry((finding.rule, finding.level)).or_default() += 1;
    }
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by(|((rule, level), count), ((other_rule, other_level), other)| {
        (other, other_level, rule).cmp(&(count, level, other_rule))
    });
    if as_json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|((rule, level), count)| json!({ "rule": rule, "level": level.word(), "count": count }))
            .collect();
        return serde_json::to_string_pretty(&rows).unwrap_or_default() + "\n";
    }
    let mut out = String::new();
    for ((rule, level), count) in rows {
        out.push_str(&format!("{count:6}  {:5}  {rule}\n", level.word()));
    }
    out.push_str(&text::summary(report));
    out
}
