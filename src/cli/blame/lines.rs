//! Which lines of a text an earlier one had already: lines that both have once, in one order, and what grows around them.

use std::collections::HashMap;

/// Lines between two anchors that are compared one with each other.
const MOST: usize = 300;
/// How deep anchors are looked for between anchors.
const DEEPEST: usize = 64;

/// For each line of `after` the line of `before` that it is.
pub(super) fn kept(before: &[&str], after: &[&str]) -> Vec<Option<usize>> {
    let mut out = vec![None; after.len()];
    Between { before, after }.fill((0, before.len()), (0, after.len()), 0, &mut out);
    out
}

struct Between<'t> {
    before: &'t [&'t str],
    after: &'t [&'t str],
}

type Range = (usize, usize);

impl Between<'_> {
    fn same(&self, a: usize, b: usize) -> bool {
        self.before
            .get(a)
            .zip(self.after.get(b))
            .is_some_and(|(a, b)| a == b)
    }

    fn fill(&self, mut a: Range, mut b: Range, depth: usize, out: &mut [Option<usize>]) {
        while a.0 < a.1 && b.0 < b.1 && self.same(a.0, b.0) {
            set(out, b.0, a.0);
            (a.0, b.0) = (a.0 + 1, b.0 + 1);
        }
        while a.0 < a.1 && b.0 < b.1 && self.same(a.1 - 1, b.1 - 1) {
            (a.1, b.1) = (a.1 - 1, b.1 - 1);
            set(out, b.1, a.1);
        }
        if a.0 == a.1 || b.0 == b.1 {
            return;
        }
        let anchors = self.anchors(a, b);
        if anchors.is_empty() || depth > DEEPEST {
            self.small(a, b, out);
            return;
        }
        let (mut from_a, mut from_b) = (a.0, b.0);
        for (at_a, at_b) in anchors.into_iter().chain([(a.1, b.1)]) {
            self.fill((from_a, at_a), (from_b, at_b), depth + 1, out);
            if at_b < b.1 {
                set(out, at_b, at_a);
            }
            (from_a, from_b) = (at_a + 1, at_b + 1);
        }
    }

    /// Lines that each side has once, as many as keep their order.
    fn anchors(&self, a: Range, b: Range) -> Vec<(usize, usize)> {
        let mut seen: HashMap<&str, (usize, usize, usize, usize)> = HashMap::new();
        for at in a.0..a.1 {
            if let Some(line) = self.before.get(at) {
                let entry = seen.entry(line).or_insert((0, at, 0, 0));
                entry.0 += 1;
            }
        }
        for at in b.0..b.1 {
            if let Some(entry) = self.after.get(at).and_then(|line| seen.get_mut(line)) {
                entry.2 += 1;
                entry.3 = at;
            }
        }
        let once = seen.values().filter(|e| e.0 == 1 && e.2 == 1);
        let mut pairs: Vec<(usize, usize)> = once.map(|e| (e.1, e.3)).collect();
        pairs.sort_unstable();
        longest(&pairs)
    }

    /// The longest common part of few lines.
    fn small(&self, a: Range, b: Range, out: &mut [Option<usize>]) {
        let (rows, columns) = (a.1 - a.0, b.1 - b.0);
        if rows > MOST || columns > MOST {
            return;
        }
        let width = columns + 1;
        let mut table = vec![0u16; (rows + 1) * width];
        for i in (0..rows).rev() {
            for j in (0..columns).rev() {
                table[i * width + j] = if self.same(a.0 + i, b.0 + j) {
                    table[(i + 1) * width + j + 1] + 1
                } else {
                    table[(i + 1) * width + j].max(table[i * width + j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < rows && j < columns {
            if self.same(a.0 + i, b.0 + j) {
                set(out, b.0 + j, a.0 + i);
                (i, j) = (i + 1, j + 1);
            } else if table[(i + 1) * width + j] >= table[i * width + j + 1] {
                i += 1;
            } else {
                j += 1;
            }
        }
    }
}

fn set(out: &mut [Option<usize>], at: usize, from: usize) {
    if let Some(slot) = out.get_mut(at) {
        *slot = Some(from);
    }
}

/// The longest run of pairs that rises in both; they come in the order of the first.
fn longest(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; pairs.len()];
    for (at, (_, b)) in pairs.iter().enumerate() {
        let place = tails.partition_point(|tail| pairs[*tail].1 < *b);
        before[at] = place.checked_sub(1).map(|p| tails[p]);
        match tails.get_mut(place) {
            Some(tail) => *tail = at,
            None => tails.push(at),
        }
    }
    let mut out = Vec::new();
    let mut next = tails.last().copied();
    while let Some(at) = next {
        out.push(pairs[at]);
        next = before[at];
    }
    out.reverse();
    out
}

#[cfg(test)]
mod tests {
    use super::kept;

    #[test]
    fn lines_are_found_again() {
        let split = |text: &'static str| text.split(' ').collect::<Vec<_>>();
        assert_eq!(
            kept(&split("a b c d"), &split("a x c d")),
            [Some(0), None, Some(2), Some(3)]
        );
        assert_eq!(
            kept(&split("} a } b }"), &split("} n } a } b }")),
            [Some(0), None, None, Some(1), Some(2), Some(3), Some(4)]
        );
        assert_eq!(kept(&[], &["a"]), [None]);
    }
}
