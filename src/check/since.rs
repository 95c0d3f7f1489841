//! What came since an earlier state: the findings of a state without those that the earlier one had. They are matched as a baseline
//! does, by rule and object, so that moved lines do not matter.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Report;
use crate::rules;

impl Report {
    /// Leaves out what an earlier state had too. Of several findings of one key as many are left out as there were; those that were
    /// told in the same words go first.
    pub fn keep_what_came_since(&mut self, earlier: &Report) {
        let (before, now) = (earlier.counts(), self.counts());
        let count = |counts: &FxHashMap<String, usize>, key: &str| counts.get(key).copied().unwrap_or(0);
        let mut told: FxHashSet<(&str, &str)> = FxHashSet::default();
        told.extend(
            earlier
                .findings
                .iter()
                .map(|f| (f.key.as_str(), f.message.as_str())),
        );
        // New ones may be kept of each key: first of those in other words.
        let mut room: FxHashMap<String, usize> = FxHashMap::default();
        for key in now.keys() {
            room.insert(key.clone(), count(&now, key).saturating_sub(count(&before, key)));
        }
        let mut keep = vec![false; self.findings.len()];
        for same_words in [false, true] {
            for (finding, keep) in self.findings.iter().zip(&mut keep) {
                let said = told.contains(&(finding.key.as_str(), finding.message.as_str()));
                let left = room.get_mut(&finding.key).filter(|left| **left > 0);
                if let Some(left) = left.filter(|_| said == same_words) {
                    *left -= 1;
                    *keep = true;
                }
            }
        }
        let all = self.findings.len();
        let mut keep = keep.into_iter();
        self.findings.retain(|_| keep.next().unwrap_or(true));
        self.silenced.earlier = all - self.findings.len();
    }

    /// How many there are of each key, whatever the baseline holds.
    fn counts(&self) -> FxHashMap<String, usize> {
        let mut out: FxHashMap<String, usize> = FxHashMap::default();
        let of_baseline = self
            .findings
            .iter()
            .filter(|f| f.rule == rules::STALE_BASELINE.name);
        let keys = self.silenced.keys.iter().chain(of_baseline.map(|f| &f.key));
        for key in keys {
            *out.entry(key.clone()).or_default() += 1;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Finding;
    use crate::source::{FileId, Span};

    fn report(findings: &[(&str, &str)], known: &[&str]) -> Report {
        let mut out = Report::default();
        for (key, message) in findings {
            let mut finding = Finding::new(Span::new(FileId(0), 0, 1), *message);
            finding.key = (*key).to_owned();
            out.findings.push(finding);
        }
        let told = findings.iter().map(|(key, _)| *key);
        out.silenced.keys = told.chain(known.iter().copied()).map(str::to_owned).collect();
        out
    }

    #[test]
    fn as_many_of_a_key_are_left_out_as_there_were() {
        let earlier = report(&[("a", "one"), ("b", "two")], &["c"]);
        let mut now = report(
            &[
                ("a", "new"),
                ("a", "one"),
                ("b", "other words"),
                ("c", "x"),
                ("d", "y"),
            ],
            &["c"],
        );
        now.keep_what_came_since(&earlier);
        let left: Vec<_> = now
            .findings
            .iter()
            .map(|f| (f.key.as_str(), f.message.as_str()))
            .collect();
        assert_eq!(left, [("a", "new"), ("c", "x"), ("d", "y")]);
        assert_eq!(now.silenced.earlier, 2);
    }
}
