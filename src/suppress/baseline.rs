//! The baseline: the findings that were there when a repository began to be checked. Keyed by rule and object, so that moved lines do
//! not matter; one sorted line a finding, so that merges stay small.

use std::collections::BTreeMap;

const HEAD: &str = "# Findings that are known and left as they are, by rule and object; `schemalign baseline` writes this file.";

/// Known findings: how many of each key, and the line (from 0) that says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    count: usize,
    left: usize,
    /// Bytes of its line.
    at: (usize, usize),
}

impl Baseline {
    /// Reads a file.
    ///
    /// # Errors
    /// The first line (from 1) that is no entry.
    pub fn read(text: &str) -> Result<Baseline, usize> {
        let mut out = Baseline::default();
        let mut start = 0;
        for (number, whole) in text.split_inclusive('\n').enumerate() {
            let line = whole.trim_end();
            if !line.is_empty() && !line.starts_with('#') {
                let (key, count) = entry(line).ok_or(number + 1)?;
                let held = out.entries.entry(key).or_insert(Entry {
                    count: 0,
                    left: 0,
                    at: (start, start + line.len()),
                });
                held.count += count;
                held.left += count;
            }
            start += whole.len();
        }
        Ok(out)
    }

    /// Whether a finding of this key is known; each entry is used up by as many findings as it counts.
    pub fn take(&mut self, key: &str) -> bool {
        match self.entries.get_mut(key) {
            Some(entry) if entry.left > 0 => {
                entry.left -= 1;
                true
            }
            _ => false,
        }
    }

    /// Entries that no finding used up: the key and the bytes of its line.
    pub fn stale(&self) -> impl Iterator<Item = (&str, (usize, usize))> {
        self.entries
            .iter()
            .filter(|(_, entry)| entry.left > 0)
            .map(|(key, entry)| (key.as_str(), entry.at))
    }

    /// Without what was not used up.
    #[must_use]
    pub fn pruned(&self) -> Baseline {
        let kept = self.entries.iter().filter(|(_, entry)| entry.count > entry.left);
        let entries = kept.map(|(key, entry)| {
            let count = entry.count - entry.left;
            (
                key.clone(),
                Entry {
                    count,
                    left: 0,
                    at: entry.at,
                },
            )
        });
        Baseline {
            entries: entries.collect(),
        }
    }

    /// The baseline of these keys.
    #[must_use]
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a str>) -> Baseline {
        let mut out = Baseline::default();
        for key in keys {
            let entry = out.entries.entry(key.to_owned()).or_insert(Entry {
                count: 0,
                left: 0,
                at: (0, 0),
            });
            entry.count += 1;
        }
        out
    }

    /// How many findings it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.values().map(|entry| entry.count).sum()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The file.
    #[must_use]
    pub fn print(&self) -> String {
        let mut out = format!("{HEAD}\n");
        for (key, entry) in &self.entries {
            let key = escaped(key);
            match entry.count {
                1 => out.push_str(&format!("{key}\n")),
                n => out.push_str(&format!("{key} x{n}\n")),
            }
        }
        out
    }
}

/// `rule:table:column x2`.
fn entry(line: &str) -> Option<(String, usize)> {
    // An odd number of backslashes before it: the ` x2` is of the key's own.
    let own = |key: &str| (key.len() - key.trim_end_matches('\\').len()) % 2 == 1;
    let counted = line
        .rsplit_once(" x")
        .and_then(|(key, n)| Some((key, n.parse::<usize>().ok()?)));
    let counted = counted.filter(|(key, _)| !own(key));
    let (key, count) = counted.unwrap_or((line, 1));
    (key.contains(':') || !key.contains(char::is_whitespace)).then(|| (unescaped(key), count))
}

/// A key in one line: names may hold line ends, and a count at their end.
fn escaped(key: &str) -> String {
    let key = key
        .replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\r', "\\r");
    match key.rsplit_once(" x") {
        Some((head, tail)) if tail.parse::<usize>().is_ok() => format!("{head}\\ x{tail}"),
        _ => key,
    }
}

fn unescaped(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    let mut chars = key.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_comes_back_as_it_was_written() {
        let keys = ["a:public.b:c", "a:public.b:c", "z:x\n y", "m:n x3", "k:\\"];
        let written = Baseline::of(keys);
        let mut read = Baseline::read(&written.print()).unwrap();
        assert_eq!(read.len(), keys.len());
        assert!(keys.iter().all(|key| read.take(key)));
        assert!(!read.take("a:public.b:c") && read.stale().next().is_none());
    }

    #[test]
    fn what_is_gone_is_stale() {
        let mut read = Baseline::read("# x\na:b\nc:d x2\n").unwrap();
        assert!(read.take("c:d"));
        assert_eq!(
            read.stale().map(|(key, _)| key).collect::<Vec<_>>(),
            ["a:b", "c:d"]
        );
        assert_eq!(read.pruned().print().lines().skip(1).collect::<Vec<_>>(), ["c:d"]);
        assert_eq!(Baseline::read("a:b\nno entry at all\n"), Err(2));
    }
}
